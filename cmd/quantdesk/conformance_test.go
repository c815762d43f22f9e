//go:build fixtures

package main

import (
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"
)

// TestConformance runs the official suite, both requirement sets, against this
// server through its real authentication. The suite cannot send a token, so a
// proxy puts one in and keeps Host and Origin as they came.
//
// It needs the suite and a Node it runs on: `make conformance` installs both and
// names their folder in QUANTDESK_CONFORMANCE.
func TestConformance(t *testing.T) {
	dir := os.Getenv("QUANTDESK_CONFORMANCE")
	if dir == "" {
		t.Skip("QUANTDESK_CONFORMANCE does not name the folder with the suite: run make conformance")
	}
	d := startDesk(t, func(s *desk) { s.RateLimit, s.TradeRateLimit = 1_000_000, 1_000_000 })
	token := d.token(t, "admin")
	target, err := url.Parse(d.url)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httptest.NewServer(&httputil.ReverseProxy{FlushInterval: -1, Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host
		r.Out.Header.Set("Authorization", "Bearer "+token)
	}})
	defer proxy.Close()
	node := filepath.Join(dir, "node_modules", "node", "bin", "node")
	suite := filepath.Join(dir, "node_modules", "@modelcontextprotocol", "conformance", "dist", "index.js")
	for _, set := range []string{"2025-11-25", "2026-07-28"} {
		t.Run(set, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), node, suite, "server", "--url", proxy.URL+"/mcp", "--requirements", set, "-o", t.TempDir())
			cmd.WaitDelay = 5 * time.Second
			out, err := cmd.CombinedOutput()
			if m := regexp.MustCompile(`(?m)^Total: .*$`).Find(out); m != nil {
				t.Logf("%s: %s", set, m)
			}
			if err != nil {
				t.Errorf("%s: %v\n%s", set, err, out)
			}
		})
	}
}
