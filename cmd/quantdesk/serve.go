package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"

	"log/slog"

	"quantdesk/internal/fault"
	"quantdesk/internal/market"
	"quantdesk/internal/obs"
	"quantdesk/internal/qcapi"
	"quantdesk/internal/store"
)

type serveCmd struct {
	Listen listen `embed:""`
	Desk   desk   `embed:""`
	Quiet  bool   `help:"Print only the endpoint."`
}

// Help is shown below the flags.
func (serveCmd) Help() string {
	return "A fresh home needs no configuration: it gets a local user, keys and a simulated account with 100,000 USD. Every request needs a token: quantdesk token."
}

// Run serves until the context ends, then drains.
func (c *serveCmd) Run(ctx context.Context, io streams, home place) error {
	tune()
	h, err := store.Acquire(string(home), "serve", time.Now())
	if err != nil {
		return err
	}
	defer func() { _ = h.Release() }()
	log := obs.Logger(io.err, level(c.Desk.LogLevel), c.Desk.LogJSON)
	a, err := openApp(ctx, h, c.Desk, log)
	if err != nil {
		return err
	}
	defer a.Close()
	s, err := a.listen(h, c.Listen)
	if err != nil {
		return err
	}
	if err := h.Announce(store.Owner{PID: os.Getpid(), Command: "serve", Address: s.url, Started: time.Now().UTC()}); err != nil {
		return errors.Join(err, s.shutdown())
	}
	path := "/" + strings.Trim(c.Listen.MCPPath, "/")
	if c.Quiet {
		fmt.Fprintln(io.out, s.url+path)
	} else {
		welcome(io, a, s, path)
	}
	select {
	case <-ctx.Done():
		log.Info("stopping", "within", drain)
	case err = <-s.failed:
	}
	return errors.Join(err, s.shutdown())
}

// tune trades a little memory for fewer collections: the protocol's decoding
// makes much short-lived garbage. GOGC and GOMEMLIMIT still decide where set.
func tune() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(1 << 30)
	}
}

func level(name string) slog.Level {
	var l slog.Level
	if l.UnmarshalText([]byte(name)) != nil {
		return slog.LevelInfo
	}
	return l
}

// serving is the open listeners of a desk.
type serving struct {
	url string
	// quantconnect is the base of QuantConnect's API, empty when it is not served.
	quantconnect string
	servers      []*http.Server
	stop         context.CancelFunc
	failed       chan error
	home         string
}

// listen opens the HTTP endpoint, when it has an address, and the local socket.
func (a *app) listen(h *store.Home, l listen) (*serving, error) {
	base, stop := context.WithCancel(context.Background())
	s := &serving{stop: stop, failed: make(chan error, 3), home: h.Dir}
	if l.Addr != "" {
		var err error
		if l.MCPPath, err = mcpPath(l.MCPPath); err != nil {
			stop()
			return nil, err
		}
		ln, err := new(net.ListenConfig).Listen(base, "tcp", l.Addr)
		if err != nil {
			stop()
			return nil, listenFault("--addr", l.Addr, err)
		}
		s.url = "http://" + ln.Addr().String()
		s.start(base, ln, a.handler(l))
	}
	if l.QuantConnectAddr != "" {
		ln, err := new(net.ListenConfig).Listen(base, "tcp", l.QuantConnectAddr)
		if err != nil {
			return nil, errors.Join(listenFault("--quantconnect-addr", l.QuantConnectAddr, err), s.shutdown())
		}
		s.quantconnect = "http://" + ln.Addr().String() + strings.TrimSuffix(qcapi.Base, "/")
		s.start(base, ln, a.quantconnect(l))
	}
	a.work()
	local, err := listenLocal(h.Dir)
	if err != nil {
		return nil, errors.Join(err, s.shutdown())
	}
	s.start(base, local, a.localHandler(base.Done()))
	return s, nil
}

// ownPaths begin what the server serves beside MCP.
var ownPaths = []string{"api", "auth", "openapi.json", "healthz", "readyz", "metrics", ".well-known"}

var plainPath = regexp.MustCompile(`^(/[A-Za-z0-9._~-]+)+$`)

// mcpPath checks the path of the MCP endpoint; the leading slash may be left out.
func mcpPath(p string) (string, error) {
	clean := "/" + strings.Trim(p, "/")
	first, _, _ := strings.Cut(clean[1:], "/")
	if !plainPath.MatchString(clean) || slices.Contains(ownPaths, first) {
		return "", fault.E("serve", fault.Invalid, "the MCP endpoint cannot be at %q", p).Hinted("Choose another with --mcp-path, such as /mcp.")
	}
	return clean, nil
}

func listenFault(flag, addr string, err error) error {
	f := fault.Wrap("serve", fault.Unavailable, err, "cannot listen on %s", addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		f.Message = fmt.Sprintf("the address %s is in use by another program", addr)
		return f.Hinted("Choose another with %s, such as 127.0.0.1:0 for any free port.", flag)
	}
	return f.Hinted("Choose another with %s.", flag)
}

func (s *serving) start(base context.Context, ln net.Listener, h http.Handler) {
	srv := &http.Server{
		Handler: h, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		BaseContext: func(net.Listener) context.Context { return base },
	}
	s.servers = append(s.servers, srv)
	go func() {
		if err := srv.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			s.failed <- err
		}
	}()
}

// shutdown lets calls finish within the bound, then ends streams and the rest.
func (s *serving) shutdown() error {
	ctx, cancel := context.WithTimeout(context.Background(), drain)
	defer cancel()
	// Streams live as long as their reader: give calls a moment, then end what
	// hangs on the base context.
	timer := time.AfterFunc(drain/5, s.stop)
	defer timer.Stop()
	var errs []error
	for _, srv := range s.servers {
		if err := srv.Shutdown(ctx); err != nil {
			errs = append(errs, srv.Close())
		}
	}
	s.stop()
	if err := os.Remove(socketPath(s.home)); err != nil && !errors.Is(err, os.ErrNotExist) {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// welcome prints what a newcomer needs: the endpoint, a token, and snippets.
func welcome(io streams, a *app, s *serving, path string) {
	url := s.url
	endpoint := url + path
	quantconnect := ""
	if s.quantconnect != "" {
		quantconnect = "\n  QuantConnect API v2  " + s.quantconnect
	}
	prices := "simulated market, seed " + fmt.Sprint(a.set.Seed)
	if a.feed.Kind() == market.FeedReplay {
		prices = fmt.Sprintf("replay of %s from %s", a.feed.Now().Format("2006-01-02"), a.set.Market)
	}
	exe, err := os.Executable()
	if err != nil {
		exe = "quantdesk"
	}
	fmt.Fprintf(io.out, `quantdesk %s

  MCP       %s
  REST      %s/api/v1/<tool>   (%s/openapi.json)
  prices    %s%s
  home      %s

Mint a token:
  %s token --scopes read,trade --ttl 1h --home %s

Then connect a client:
%s
Press Ctrl+C to stop.
`, version(), endpoint, url, url, prices, quantconnect, a.home.Dir, exe, a.home.Dir, snippets(exe, a.home.Dir, endpoint, ""))
}

// snippets are the client configurations; only one when a client is named.
func snippets(exe, home, endpoint, only string) string {
	all := []struct{ name, text string }{
		{"claude-code", fmt.Sprintf("Claude Code\n  claude mcp add --transport http quantdesk %s --header \"Authorization: Bearer $QUANTDESK_TOKEN\"\n  or, without a server: claude mcp add quantdesk -- %s stdio --home %s\n", endpoint, exe, home)},
		{"claude-desktop", fmt.Sprintf("Claude Desktop (claude_desktop_config.json)\n  {\"mcpServers\":{\"quantdesk\":{\"command\":%q,\"args\":[\"stdio\",\"--home\",%q]}}}\n", exe, home)},
		{"cursor", fmt.Sprintf("Cursor (~/.cursor/mcp.json)\n  {\"mcpServers\":{\"quantdesk\":{\"url\":%q,\"headers\":{\"Authorization\":\"Bearer ${env:QUANTDESK_TOKEN}\"}}}}\n", endpoint)},
		{"vscode", fmt.Sprintf("VS Code (.vscode/mcp.json)\n  {\"servers\":{\"quantdesk\":{\"type\":\"http\",\"url\":%q,\"headers\":{\"Authorization\":\"Bearer ${env:QUANTDESK_TOKEN}\"}}}}\n", endpoint)},
		{"codex", fmt.Sprintf("Codex (~/.codex/config.toml)\n  [mcp_servers.quantdesk]\n  url = %q\n  bearer_token_env_var = \"QUANTDESK_TOKEN\"\n", endpoint)},
	}
	var b strings.Builder
	for _, s := range all {
		if only == "" || only == s.name {
			b.WriteString("\n" + s.text)
		}
	}
	return b.String()
}
