package main

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"quantdesk/internal/store"
)

// running is a whole desk on a free port, in this process.
type running struct {
	*app
	url  string
	home string
}

// startDesk opens a desk in a fresh home and listens; change may alter its
// settings.
func startDesk(t *testing.T, change func(*desk)) running {
	t.Helper()
	return startDeskIn(t, t.TempDir(), change)
}

func startDeskIn(t *testing.T, dir string, change func(*desk)) running {
	t.Helper()
	h, err := store.Acquire(dir, "test", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	set := desk{Market: "sim", Seed: 42, ReplaySpeed: 1, RateLimit: 60, TradeRateLimit: 30, LogLevel: "info"}
	if change != nil {
		change(&set)
	}
	var log io.Writer = io.Discard
	if os.Getenv("QUANTDESK_TEST_LOG") != "" {
		log = os.Stderr
	}
	a, err := openApp(context.Background(), h, set, slog.New(slog.NewTextHandler(log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	s, err := a.listen(h, listen{Addr: "127.0.0.1:0", MCPPath: "/mcp"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.shutdown(); err != nil {
			t.Errorf("shutdown: %v", err)
		}
		a.Close()
		if err := h.Release(); err != nil {
			t.Errorf("release: %v", err)
		}
	})
	return running{a, s.url, dir}
}

// token mints a token of the local user.
func (r running) token(t *testing.T, scopes ...string) string {
	t.Helper()
	m, err := r.identity.Mint(t.Context(), "local", scopes, time.Hour, false)
	if err != nil {
		t.Fatal(err)
	}
	return m.Token
}

// session connects an MCP client with a token, over HTTP.
func (r running) session(t *testing.T, path, token string) *mcp.ClientSession {
	t.Helper()
	c := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, nil)
	s, err := c.Connect(t.Context(), &mcp.StreamableClientTransport{Endpoint: r.url + path, HTTPClient: &http.Client{Transport: bearer{token}}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}
