//go:build unix

package main

import (
	"bufio"
	"bytes"
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
	"testing"
	"time"

	"quantdesk/internal/python"
	"quantdesk/internal/store"
)

// asProgram makes the test binary be the program itself, so that processes are
// tested without a build of their own.
const asProgram = "QUANTDESK_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	python.RunStage(os.Args) // the children that run user code are this binary too
	if os.Getenv(asProgram) != "" {
		furnish()
		main()
		return
	}
	os.Exit(m.Run())
}

// process is the program running in a process of its own.
type process struct {
	*exec.Cmd
	in     io.WriteCloser
	lines  chan string // of stdout
	log    *lockedBuffer
	exited chan struct{}
	once   sync.Once
}

func start(t *testing.T, args ...string) *process {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{Cmd: exec.Command(exe, args...), lines: make(chan string, 1000), log: &lockedBuffer{}, exited: make(chan struct{})}
	p.Env = append(os.Environ(), asProgram+"=1")
	p.Stderr = p.log
	if p.in, err = p.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		r := bufio.NewReader(out)
		for {
			l, err := r.ReadString('\n')
			if l != "" {
				p.lines <- l
			}
			if err != nil {
				break
			}
		}
		close(p.lines)
		_ = p.Wait() // its code is in ProcessState
		close(p.exited)
	}()
	t.Cleanup(func() {
		p.once.Do(func() { _ = p.Process.Kill() })
		<-p.exited
		if t.Failed() {
			t.Logf("%v:\n%s", args, p.log)
		}
	})
	return p
}

// line gives the next line of stdout.
func (p *process) line(t *testing.T) string {
	t.Helper()
	select {
	case l, ok := <-p.lines:
		if !ok {
			t.Fatalf("%v ended: %s", p.Args, p.log)
		}
		return l
	case <-time.After(30 * time.Second):
		t.Fatalf("%v says nothing: %s", p.Args, p.log)
	}
	return ""
}

// kill ends it with no time for anything.
func (p *process) kill(t *testing.T) {
	t.Helper()
	p.once.Do(func() {
		if err := p.Process.Kill(); err != nil {
			t.Fatal(err)
		}
	})
	<-p.exited
}

// code waits for its end.
func (p *process) code(t *testing.T) int {
	t.Helper()
	select {
	case <-p.exited:
	case <-time.After(30 * time.Second):
		t.Fatalf("%v does not end", p.Args)
	}
	p.once.Do(func() {})
	return p.ProcessState.ExitCode()
}

// serve starts a server and gives its address.
func serve(t *testing.T, home string, args ...string) (*process, string) {
	t.Helper()
	p := start(t, append([]string{"serve", "--quiet", "--addr", "127.0.0.1:0", "--home", home}, args...)...)
	return p, strings.TrimSuffix(strings.TrimSpace(p.line(t)), "/mcp")
}

// say sends a line to a stdio server.
func (p *process) say(t *testing.T, format string, args ...any) {
	t.Helper()
	if _, err := fmt.Fprintf(p.in, format+"\n", args...); err != nil {
		t.Fatal(err)
	}
}

// heard gives the answer to a request, which must be the next message that is
// one; every line must be protocol.
func (p *process) heard(t *testing.T, id string) map[string]any {
	t.Helper()
	for {
		var m map[string]any
		l := p.line(t)
		if err := json.Unmarshal([]byte(l), &m); err != nil || m["jsonrpc"] != "2.0" {
			t.Fatalf("stdout is not the protocol: %q", l)
		}
		if got, ok := m["id"]; ok && m["method"] == nil {
			if fmt.Sprint(got) != id {
				t.Fatalf("an answer to %v, not to %s: %s", got, id, l)
			}
			return m
		}
	}
}

func (p *process) greet(t *testing.T) {
	t.Helper()
	p.say(t, `{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}`)
	if m := p.heard(t, "0"); m["error"] != nil {
		t.Fatalf("initialize: %v", m)
	}
	p.say(t, `{"jsonrpc":"2.0","method":"notifications/initialized"}`)
}

func (p *process) call(t *testing.T, id, tool, args string) map[string]any {
	t.Helper()
	p.say(t, `{"jsonrpc":"2.0","id":%s,"method":"tools/call","params":{"name":%q,"arguments":%s}}`, id, tool, args)
	m := p.heard(t, id)
	result, ok := m["result"].(map[string]any)
	if !ok || result["isError"] == true {
		t.Fatalf("%s: %v", tool, m)
	}
	out, _ := result["structuredContent"].(map[string]any)
	return out
}

func TestAuditor24StdoutIsTheProtocol(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	p := start(t, "stdio", "--home", home, "--log-level", "debug")
	p.greet(t)
	p.call(t, "1", "list_accounts", "{}")
	p.say(t, `this is no JSON`)
	p.say(t, `{"jsonrpc":"2.0","id":2,"method":"no/such"}`)
	for { // whatever is answered to nonsense is protocol
		var m map[string]any
		if l := p.line(t); json.Unmarshal([]byte(l), &m) != nil || m["jsonrpc"] != "2.0" {
			t.Fatalf("stdout is not the protocol: %q", l)
		}
		if fmt.Sprint(m["id"]) == "2" {
			if m["error"] == nil {
				t.Errorf("an unknown method: %v", m)
			}
			break
		}
	}
	p.call(t, "3", "get_quotes", `{"symbols":["AAPL"]}`)
	p.say(t, `{"jsonrpc":"2.0","id":4,"method":"tools/list"}`)
	if err := p.in.Close(); err != nil { // the last answer is not lost
		t.Fatal(err)
	}
	p.heard(t, "4")
	if code := p.code(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
	for l := range p.lines {
		if !json.Valid([]byte(l)) {
			t.Errorf("after the end: %q", l)
		}
	}
	if _, err := os.Stat(socketPath(home)); !os.IsNotExist(err) {
		t.Errorf("the socket is left behind: %v", err)
	}
}

func TestScopesOfStdio(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	owner := start(t, "stdio", "--home", home)
	owner.greet(t)
	reader := start(t, "stdio", "--home", home, "--scopes", "read")
	reader.greet(t)
	for id, p := range map[string]*process{"5": owner, "6": reader} {
		p.say(t, `{"jsonrpc":"2.0","id":%s,"method":"tools/list"}`, id)
		raw, err := json.Marshal(p.heard(t, id))
		if err != nil {
			t.Fatal(err)
		}
		if got := bytes.Contains(raw, []byte(`"create_order"`)); got != (p == owner) {
			t.Errorf("process %s is shown create_order: %v", id, got)
		}
	}
	reader.say(t, `{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"create_order","arguments":%s}}`, orderArgs)
	if m := reader.heard(t, "7"); !strings.Contains(fmt.Sprint(m), "insufficient_scope") {
		t.Errorf("a reader orders: %v", m)
	}
}

// When the owner dies an attached one takes over, and its client goes on as if
// nothing had been.
func TestTakeover(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	owner := start(t, "stdio", "--home", home)
	owner.greet(t)
	second, third := start(t, "stdio", "--home", home), start(t, "stdio", "--home", home)
	second.greet(t)
	third.greet(t)
	if o := store.ReadOwner(home); o.PID != owner.Process.Pid {
		t.Fatalf("the owner is %d, not %d", o.PID, owner.Process.Pid)
	}
	ticket := second.call(t, "1", "create_order", `{"symbol":"BTCUSD","side":"buy","quantity":0.01,"client_ref":"kept"}`)
	// One request is under way when the owner dies: it gets an answer, not silence.
	second.say(t, `{"jsonrpc":"2.0","id":"pending","method":"tools/call","params":{"name":"stream_quotes","arguments":{"symbols":["BTCUSD"],"seconds":50}}}`)
	second.call(t, "2", "list_accounts", "{}")
	owner.kill(t)
	m := second.heard(t, "pending")
	e, _ := m["error"].(map[string]any)
	if text := fmt.Sprint(e["message"]); !strings.Contains(text, "restarted") || !strings.Contains(text, "Read the state") {
		t.Errorf("the request under way: %v", m)
	}
	// The ticket was on disk: the new owner sends it, once.
	confirmed := second.call(t, "3", "confirm_trade", fmt.Sprintf(`{"confirmation_id":%q}`, ticket["confirmation_id"]))
	if orders, _ := confirmed["orders"].([]any); len(orders) != 1 {
		t.Errorf("confirmed: %v", confirmed)
	}
	third.call(t, "4", "list_accounts", "{}")
	if o := store.ReadOwner(home); o.PID != second.Process.Pid && o.PID != third.Process.Pid {
		t.Errorf("the owner is %d", o.PID)
	}
	// And once more, down to the last.
	first, last := second, third
	if o := store.ReadOwner(home); o.PID == third.Process.Pid {
		first, last = third, second
	}
	first.kill(t)
	if got := last.call(t, "5", "get_orders", `{"status":"all"}`); len(got["orders"].([]any)) != 1 {
		t.Errorf("after two owners: %v", got)
	}
}

// A client whose beginning was not answered when the owner died gets that
// answer from the next.
func TestTakeoverBeforeTheGreeting(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	owner := start(t, "stdio", "--home", home)
	owner.greet(t)
	second := start(t, "stdio", "--home", home)
	second.greet(t)
	third := start(t, "stdio", "--home", home)
	third.say(t, `{"jsonrpc":"2.0","id":"there","method":"ping"}`)
	third.heard(t, "there")
	if err := owner.Process.Signal(syscall.SIGSTOP); err != nil { // it takes, and answers nothing
		t.Fatal(err)
	}
	third.say(t, `{"jsonrpc":"2.0","id":"hello","method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}`)
	second.say(t, `{"jsonrpc":"2.0","id":9,"method":"tools/call","params":{"name":"list_accounts"}}`)
	owner.kill(t)
	if m := third.heard(t, "hello"); m["result"] == nil {
		t.Errorf("the beginning is answered with %v", m)
	}
	third.say(t, `{"jsonrpc":"2.0","method":"notifications/initialized"}`)
	third.call(t, "10", "list_accounts", "{}")
	if m := second.heard(t, "9"); m["error"] == nil && m["result"] == nil {
		t.Errorf("the request on the way: %v", m)
	}
	second.call(t, "11", "list_accounts", "{}")
}

func TestStdioBesideServe(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	server, url := serve(t, home)
	p := start(t, "stdio", "--home", home)
	p.greet(t)
	ticket := p.call(t, "1", "create_order", orderArgs)
	code, out, errs := cmdline(t, "", "call", "list_pending_trades", "--home", home)
	if code != 0 || !strings.Contains(out, fmt.Sprint(ticket["confirmation_id"])) {
		t.Errorf("one desk for all: %d %s %s", code, out, errs)
	}
	if res, err := http.Get(url + "/readyz"); err != nil || res.StatusCode != http.StatusOK {
		t.Errorf("readyz: %v %v", res, err)
	}
	again := start(t, "serve", "--addr", "127.0.0.1:0", "--home", home)
	if code := again.code(t); code != exitHeld {
		t.Errorf("a second serve exits %d", code)
	}
	for _, has := range []string{"held by process " + fmt.Sprint(server.Process.Pid), "quantdesk serve", url} {
		if !strings.Contains(again.log.String(), has) {
			t.Errorf("it does not say %q: %s", has, again.log)
		}
	}
	server.kill(t)
	p.call(t, "2", "list_accounts", "{}")
}

// A stop ends open streams within the bound and leaves nothing behind.
func TestStopDrains(t *testing.T) {
	t.Parallel()
	home := filepath.Join(t.TempDir(), "home")
	code, token, errs := cmdline(t, "", "token", "--scopes", "admin", "--home", home)
	if code != 0 || strings.Count(token, "\n") != 1 {
		t.Fatalf("token: %d %q %s", code, token, errs)
	}
	token = strings.TrimSpace(token)
	server, url := serve(t, home)
	req, err := http.NewRequest("POST", url+"/api/v1/stream_quotes", strings.NewReader(`{"symbols":["BTCUSD"],"seconds":50,"interval_s":0.1}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "text/event-stream")
	long, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = long.Body.Close() }()
	if _, err := long.Body.Read(make([]byte, 16)); err != nil {
		t.Fatal(err)
	}
	if err := server.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	text, _ := io.ReadAll(long.Body) // it ends, however
	if !strings.Contains(string(text), "event: ") {
		t.Errorf("the stream: %q", text)
	}
	if code := server.code(t); code != 0 {
		t.Errorf("exit code %d: %s", code, server.log)
	}
	if !strings.Contains(server.log.String(), "stopping") {
		t.Errorf("the log: %s", server.log)
	}
	if _, err := os.Stat(filepath.Join(home, "run.sock")); !os.IsNotExist(err) {
		t.Errorf("the socket is left behind: %v", err)
	}
	if code, out, errs := cmdline(t, "", "doctor", "--home", home); code != 0 {
		t.Errorf("after the stop: %s %s", out, errs)
	}
}
