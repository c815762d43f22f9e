package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// server is a process that serves MCP.
type server struct {
	cmd   *exec.Cmd
	url   string
	token string
}

func (s server) stop() error {
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	return s.cmd.Wait()
}

// serve starts the desk with limits out of the way and mints a token.
func serve(bin, home string, more ...string) (server, error) {
	args := append([]string{"serve", "--home", home, "--addr", "127.0.0.1:0", "--quiet", "--log-level", "error", "--rate-limit", "100000000", "--trade-rate-limit", "100000000"}, more...)
	s := server{cmd: exec.Command(bin, args...)}
	s.cmd.Stderr = os.Stderr
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return s, err
	}
	if err := s.cmd.Start(); err != nil {
		return s, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return s, err
	}
	s.url = strings.TrimSpace(line)
	raw, err := exec.Command(bin, "token", "--home", home, "--scopes", "admin").Output()
	s.token = strings.TrimSpace(string(raw))
	return s, err
}

// bare is the SDK's own server at its defaults with one trivial typed tool.
func bare(addr string) error {
	type in struct {
		Text string `json:"text" jsonschema:"any text"`
	}
	type out struct {
		Text string `json:"text"`
	}
	srv := mcp.NewServer(&mcp.Implementation{Name: "bare", Version: "1"}, nil)
	mcp.AddTool(srv, &mcp.Tool{Name: "echo", Description: "Echo a text."}, func(_ context.Context, _ *mcp.CallToolRequest, i in) (*mcp.CallToolResult, out, error) {
		return nil, out(i), nil
	})
	get := func(*http.Request) *mcp.Server { return srv }
	mux := http.NewServeMux()
	mux.Handle("/legacy", mcp.NewStreamableHTTPHandler(get, nil))
	mux.Handle("/new", mcp.NewStreamableHTTPHandler(get, &mcp.StreamableHTTPOptions{Stateless: true}))
	return http.ListenAndServe(addr, mux) //nolint:gosec // a benchmark's peer on loopback
}

// calls measures a trivial tool at 1, 16 and 64 clients, ours and the bare
// SDK's in turn, in both protocol eras.
func calls(bin, work string, span time.Duration) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	const at = "127.0.0.1:39471"
	peer := server{cmd: exec.Command(self, "bare", "-addr", at)}
	if err := peer.cmd.Start(); err != nil {
		return err
	}
	defer func() { _ = peer.cmd.Process.Kill() }()
	ours, err := serve(bin, filepath.Join(work, "calls"))
	if err != nil {
		return err
	}
	defer func() { _ = ours.stop() }()
	time.Sleep(500 * time.Millisecond)
	fmt.Printf("%-8s %7s  %26s  %26s  %s\n", "era", "clients", "bare SDK calls/s (p99)", "quantdesk calls/s (p99)", "ratio")
	for _, era := range []string{"2025-11-25", "2026-07-28"} {
		path := map[bool]string{true: "/legacy", false: "/new"}[era == "2025-11-25"]
		theirs := target{url: "http://" + at + path, tool: "echo", args: `{"text":"hello"}`, era: era}
		us := target{url: ours.url, token: ours.token, tool: "list_brokers", args: `{}`, era: era}
		for _, n := range []int{1, 16, 64} {
			for _, t := range []target{theirs, us} { // warm up
				if _, _, err := t.load(n, span/3); err != nil {
					return err
				}
			}
			r1, p1, err := theirs.load(n, span)
			if err != nil {
				return err
			}
			r2, p2, err := us.load(n, span)
			if err != nil {
				return err
			}
			fmt.Printf("%-8s %7d  %14.0f (%s)  %14.0f (%s)  %.2f\n", era, n, r1, ms(p1), r2, ms(p2), r2/r1)
		}
	}
	fmt.Printf("resident after the load: %s\n", resident(ours.cmd.Process.Pid))
	return nil
}

// target is a tool at an endpoint.
type target struct{ url, token, tool, args, era string }

// load calls in closed loops of n clients and gives calls a second and p99.
func (t target) load(n int, span time.Duration) (rate float64, p99 time.Duration, err error) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: n, MaxConnsPerHost: n}}
	defer client.CloseIdleConnections()
	var mu sync.Mutex
	var all []time.Duration
	var wg sync.WaitGroup
	begun := time.Now()
	for range n {
		wg.Go(func() {
			session, serr := t.open(client)
			var mine []time.Duration
			for serr == nil && time.Since(begun) < span {
				at := time.Now()
				serr = t.call(client, session)
				mine = append(mine, time.Since(at))
			}
			mu.Lock()
			defer mu.Unlock()
			all = append(all, mine...)
			if serr != nil {
				err = serr
			}
		})
	}
	wg.Wait()
	return float64(len(all)) / time.Since(begun).Seconds(), quantile(all, 0.99), err
}

func (t target) post(client *http.Client, session, method, body string) (*http.Response, []byte, error) {
	req, err := http.NewRequest(http.MethodPost, t.url, strings.NewReader(body))
	if err != nil {
		return nil, nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json, text/event-stream")
	if t.token != "" {
		req.Header.Set("Authorization", "Bearer "+t.token)
	}
	if session != "" {
		req.Header.Set("Mcp-Session-Id", session)
	}
	req.Header.Set("MCP-Protocol-Version", t.era)
	if t.era > "2026" {
		req.Header.Set("Mcp-Method", method)
		if method == "tools/call" {
			req.Header.Set("Mcp-Name", t.tool)
		}
	}
	res, err := client.Do(req)
	if err != nil {
		return nil, nil, err
	}
	raw, err := io.ReadAll(res.Body)
	if cerr := res.Body.Close(); err == nil {
		err = cerr
	}
	if err == nil && res.StatusCode >= 300 {
		err = fmt.Errorf("%s: %s", res.Status, raw)
	}
	return res, raw, err
}

// open begins a session where the era has them.
func (t target) open(client *http.Client) (string, error) {
	if t.era > "2026" {
		return "", nil
	}
	res, _, err := t.post(client, "", "initialize", strings.TrimSpace(hello))
	if err != nil {
		return "", err
	}
	id := res.Header.Get("Mcp-Session-Id")
	_, _, err = t.post(client, id, "notifications/initialized", `{"jsonrpc":"2.0","method":"notifications/initialized"}`)
	return id, err
}

func (t target) call(client *http.Client, session string) error {
	_, err := t.ask(client, session, t.tool, t.args)
	return err
}

// ask calls a tool and gives its structured reply.
func (t target) ask(client *http.Client, session, name, args string) (json.RawMessage, error) {
	meta := ""
	if t.era > "2026" {
		meta = `,"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{},"io.modelcontextprotocol/clientInfo":{"name":"bench","version":"1"}}`
	}
	t.tool = name
	_, raw, err := t.post(client, session, "tools/call", `{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"`+name+`","arguments":`+args+meta+`}}`)
	if err != nil {
		return nil, err
	}
	if !bytes.HasPrefix(raw, []byte("{")) { // a stream: the answer is its last event
		raw = raw[bytes.LastIndex(raw, []byte("\ndata: "))+7:]
	}
	var msg struct {
		Result struct {
			IsError    bool            `json:"isError"`
			Structured json.RawMessage `json:"structuredContent"`
		} `json:"result"`
		Error json.RawMessage `json:"error"`
	}
	if err := json.NewDecoder(bytes.NewReader(raw)).Decode(&msg); err != nil {
		return nil, fmt.Errorf("not an answer: %w: %.200s", err, raw)
	}
	if msg.Error != nil || msg.Result.IsError {
		return nil, fmt.Errorf("%s failed: %s%s", name, msg.Error, msg.Result.Structured)
	}
	return msg.Result.Structured, nil
}
