package main

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"

	"quantdesk/internal/risk"
	"quantdesk/internal/store"
)

// cmdline runs one command line in this process.
func cmdline(t *testing.T, input string, args ...string) (code int, out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	code = run(t.Context(), args, streams{io.NopCloser(strings.NewReader(input)), &o, &e})
	return code, o.String(), e.String()
}

// settings resolves a serve command line, as run does.
func settings(t *testing.T, home string, args ...string) serveCmd {
	t.Helper()
	var c cli
	p, err := kong.New(&c, kong.Resolvers(layers(home)), kong.Vars{"version": "x"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Parse(append([]string{"serve", "--home", home}, args...)); err != nil {
		t.Fatal(err)
	}
	return c.Serve
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestSettingsPrecedence(t *testing.T) {
	home, elsewhere := t.TempDir(), t.TempDir()
	write(t, filepath.Join(elsewhere, ".env"), "QUANTDESK_SEED=666\nQUANTDESK_ADDR=0.0.0.0:1\n")
	t.Chdir(elsewhere)
	seed := func(args ...string) int64 { return settings(t, home, args...).Desk.Seed }
	steps := []int64{seed()}
	write(t, filepath.Join(home, "config.json"), `{"seed":1,"addr":"127.0.0.1:1","toolsets":["market","desk"],"read_only":true,"rate-limit":7}`)
	steps = append(steps, seed())
	write(t, filepath.Join(home, ".env"), "# a comment\nexport QUANTDESK_SEED='2'\nQUANTDESK_LOG_LEVEL=\"warn\"\nnonsense\n")
	steps = append(steps, seed())
	t.Setenv("QUANTDESK_SEED", "3")
	steps = append(steps, seed(), seed("--seed", "4"))
	t.Setenv("QUANTDESK_SEED", "")
	steps = append(steps, seed())
	if diff := cmp.Diff([]int64{42, 1, 2, 3, 4, 2}, steps); diff != "" {
		t.Errorf("default, config, .env, environment, flag, empty environment (-want +got):\n%s", diff)
	}
	got := settings(t, home)
	if !slices.Equal(got.Desk.Toolsets, []string{"market", "desk"}) || !got.Desk.ReadOnly || got.Desk.RateLimit != 7 || got.Listen.Addr != "127.0.0.1:1" || got.Desk.LogLevel != "warn" {
		t.Errorf("from the home's files: %+v", got)
	}
	write(t, filepath.Join(home, "config.json"), `{"seed":`)
	if code, _, errs := cmdline(t, "", "tools", "--home", home); code != exitUsage || !strings.Contains(errs, "config.json is not valid JSON") {
		t.Errorf("a broken config.json: %d %s", code, errs)
	}
}

func TestAddressAliases(t *testing.T) {
	home := t.TempDir()
	for _, c := range []struct {
		env  map[string]string
		want string
	}{
		{nil, "127.0.0.1:8787"},
		{map[string]string{"PORT": "9000"}, "127.0.0.1:9000"},
		{map[string]string{"MCP_PORT": "9001", "PORT": "9000"}, "127.0.0.1:9001"},
		{map[string]string{"MCP_HOST": "0.0.0.0"}, "0.0.0.0:8787"},
		{map[string]string{"MCP_HOST": "::1", "PORT": "9002"}, "[::1]:9002"},
		{map[string]string{"QUANTDESK_ADDR": "127.0.0.1:1", "MCP_PORT": "9001"}, "127.0.0.1:1"},
	} {
		t.Run(c.want, func(t *testing.T) {
			for k, v := range c.env {
				t.Setenv(k, v)
			}
			if got := settings(t, home).Listen.Addr; got != c.want {
				t.Errorf("%v: %s, want %s", c.env, got, c.want)
			}
			if got := settings(t, home, "--addr", "127.0.0.1:5").Listen.Addr; got != "127.0.0.1:5" {
				t.Errorf("the flag does not win: %s", got)
			}
		})
	}
	t.Setenv("MCP_PATH", "/x")
	t.Setenv("LOG_LEVEL", "error")
	if got := settings(t, home); got.Listen.MCPPath != "/x" || got.Desk.LogLevel != "error" {
		t.Errorf("MCP_PATH and LOG_LEVEL: %+v", got)
	}
	t.Setenv("QUANTDESK_MCP_PATH", "/y")
	if got := settings(t, home); got.Listen.MCPPath != "/y" {
		t.Errorf("our own name comes first: %s", got.Listen.MCPPath)
	}
	for transport, want := range map[string]string{"stdio": "stdio", "HTTP": "serve", "streamable-http": "serve", "sse": "serve", "carrier-pigeon": "--home"} {
		t.Setenv("MCP_TRANSPORT", transport)
		if got := withDefaultCommand([]string{"--home=x"}); !strings.HasPrefix(got[0], want) {
			t.Errorf("MCP_TRANSPORT %s: %v", transport, got)
		}
		if got := withDefaultCommand([]string{"doctor"}); got[0] != "doctor" {
			t.Errorf("a command that is given: %v", got)
		}
	}
}

// Every command's help tells each of its flags and arguments.
func TestHelp(t *testing.T) {
	p, err := kong.New(&cli{}, kong.Name("quantdesk"))
	if err != nil {
		t.Fatal(err)
	}
	var walk func(n *kong.Node, path []string)
	seen := 0
	walk = func(n *kong.Node, path []string) {
		code, out, errs := cmdline(t, "", append(slices.Clone(path), "--help")...)
		if code != 0 || out == "" || errs != "" {
			t.Errorf("%v --help: %d %s", path, code, errs)
		}
		for _, f := range n.Flags {
			if !strings.Contains(out, "--"+f.Name) && !strings.Contains(out, "--[no-]"+f.Name) {
				t.Errorf("%v --help does not tell --%s", path, f.Name)
			}
			if f.Help == "" {
				t.Errorf("%v: --%s has no help", path, f.Name)
			}
			seen++
		}
		for _, a := range n.Positional {
			if !strings.Contains(out, a.Name) {
				t.Errorf("%v --help does not tell <%s>", path, a.Name)
			}
		}
		for _, c := range n.Children {
			if c.Type == kong.CommandNode {
				walk(c, append(slices.Clone(path), c.Name))
			}
		}
	}
	walk(p.Model.Node, nil)
	if seen < 60 {
		t.Errorf("only %d flags were seen", seen)
	}
	if code, _, errs := cmdline(t, "", "serve", "--no-such-flag"); code != exitUsage || !strings.Contains(errs, "no-such-flag") {
		t.Errorf("an unknown flag: %d %s", code, errs)
	}
}

func TestCallCommand(t *testing.T) {
	check := func(t *testing.T, home string) {
		code, out, errs := cmdline(t, "", "call", "get_quotes", "symbols=AAPL,MSFT", "--home", home)
		var got struct {
			Quotes []struct{ Symbol string } `json:"quotes"`
		}
		if err := json.Unmarshal([]byte(out), &got); code != 0 || err != nil || len(got.Quotes) != 2 {
			t.Errorf("%d %v %s %s", code, err, out, errs)
		}
		if code, out, _ := cmdline(t, "", "call", "list_accounts", "--text", "--json", `{"limit":1}`, "--home", home); code != 0 || !strings.Contains(out, "SIM-000001") {
			t.Errorf("with --json and --text: %d %s", code, out)
		}
		for _, c := range []struct {
			args []string
			says []string
		}{
			{[]string{"get_order", "order_id=none"}, []string{"quantdesk: There is no order", "get_orders"}},
			{[]string{"get_quots"}, []string{"There is no tool get_quots.", "Did you mean get_quotes?"}},
			{[]string{"create_order", "symbol=AAPL", "side=buy", "quantity=1", "transmit=true"}, []string{"There is no argument transmit.", "The arguments are account,"}},
			{[]string{"get_quotes", "AAPL"}, []string{"not name=value", "Correct"}},
			{[]string{"get_quotes", "a=1", "--json", "{}"}, []string{"either"}},
			{[]string{"get_quotes", "--json", "{"}, []string{"not valid JSON"}},
		} {
			code, out, errs := cmdline(t, "", append(append([]string{"call"}, c.args...), "--home", home)...)
			if code != exitFailed || out != "" || strings.Count(strings.TrimSpace(errs), "\n") != 1 {
				t.Errorf("%v: %d %q %q", c.args, code, out, errs)
			}
			for _, s := range c.says {
				if !strings.Contains(errs, s) {
					t.Errorf("%v does not say %q: %s", c.args, s, errs)
				}
			}
		}
	}
	t.Run("alone", func(t *testing.T) { check(t, t.TempDir()) })
	t.Run("beside a server", func(t *testing.T) { check(t, startDesk(t, nil).home) })
	t.Run("by a relative home", func(t *testing.T) {
		d := startDesk(t, nil)
		t.Chdir(filepath.Dir(d.home))
		check(t, filepath.Base(d.home))
	})
	t.Run("in a deep home", func(t *testing.T) { // its socket has no room in a socket's address
		d := startDeskIn(t, filepath.Join(t.TempDir(), strings.Repeat("deep/", 20)), nil)
		if _, err := os.Stat(socketPath(d.home)); err != nil || strings.HasPrefix(socketPath(d.home), d.home) {
			t.Fatalf("%s: %v", socketPath(d.home), err)
		}
		check(t, d.home)
	})
}

func TestPolicyFile(t *testing.T) {
	home := t.TempDir()
	path := filepath.Join(home, "policy.json")
	for name, text := range map[string]string{"no JSON": `{`, "a typo": `{"limits":{"max_order_notionel":1}}`, "below zero": `{"limits":{"price_collar":-1}}`} {
		write(t, path, text)
		code, _, errs := cmdline(t, "", "serve", "--addr", "127.0.0.1:0", "--home", home)
		if code != exitFailed || !strings.Contains(errs, "policy.json") || !strings.Contains(errs, "Mend the file") {
			t.Errorf("%s: %d %s", name, code, errs)
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	d := startDeskIn(t, home, unlimited)
	token := d.token(t, "admin")
	d.propose(t, token, "")
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	// Broken while it runs: trading halts, says why, and begins again with the file.
	write(t, path, `{"limits":{"max_order_notional":`)
	eventually(t, "trading halts", func() bool {
		a := d.rest(t, token, "create_order", orderArgs)
		return a.text("error", "code") == "risk_refused"
	})
	if a := d.rest(t, token, "get_policy", "{}"); a.field("may_trade") != false {
		t.Errorf("get_policy: %s", a.body)
	}
	if a := d.rest(t, token, "connection_status", "{}"); !strings.Contains(a.body, "halts all trading") {
		t.Errorf("connection_status does not say what is missing: %s", a.body)
	}
	if code, out, _ := cmdline(t, "", "doctor", "--home", home); code != exitFailed || !strings.Contains(out, "FAIL  policy") {
		t.Errorf("doctor: %d %s", code, out)
	}
	write(t, path, string(good))
	eventually(t, "trading begins again", func() bool { return d.rest(t, token, "create_order", orderArgs).status == http.StatusOK })
}

// Nothing but the file changes the policy: no environment, no setting, no tool.
func TestPolicyComesFromItsFileAlone(t *testing.T) {
	policy := func(home string) string {
		code, out, errs := cmdline(t, "", "call", "get_policy", "--home", home)
		if code != 0 {
			t.Fatalf("%d %s", code, errs)
		}
		return out
	}
	want := policy(t.TempDir())
	var names []string
	for f := range reflect.TypeFor[risk.Limits]().Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		names = append(names, name)
	}
	names = append(names, "halted", "policy", "live_accounts", "limits", "kill_switch", "accounts")
	home := t.TempDir()
	config := map[string]any{}
	dotenv := ""
	for _, n := range names {
		for _, prefix := range []string{"QUANTDESK_", "QUANTDESK_POLICY_", "QUANTDESK_LIMITS_", ""} {
			t.Setenv(prefix+strings.ToUpper(n), "1")
			dotenv += prefix + strings.ToUpper(n) + "=1\n"
		}
		config[n] = 1
	}
	raw, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(home, ".env"), dotenv)
	write(t, filepath.Join(home, "config.json"), string(raw))
	if diff := cmp.Diff(want, policy(home)); diff != "" {
		t.Errorf("the policy changed (-want +got):\n%s", diff)
	}
	for _, group := range []any{desk{}, listen{}, stdioCmd{}, serveCmd{}} {
		for f := range reflect.TypeOf(group).Fields() {
			if slices.Contains(names, strings.ToLower(f.Name)) {
				t.Errorf("a setting is named %s", f.Name)
			}
		}
	}
}

func TestRefusedStarts(t *testing.T) {
	t.Run("a newer home", func(t *testing.T) {
		home := t.TempDir()
		if code, _, errs := cmdline(t, "", "call", "list_accounts", "--home", home); code != 0 {
			t.Fatal(errs)
		}
		db, err := sql.Open("sqlite", store.DSN(filepath.Join(home, "desk.db"), false))
		if err != nil {
			t.Fatal(err)
		}
		_, err = db.Exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (?, 1)`, store.Version+1)
		if cerr := db.Close(); err != nil || cerr != nil {
			t.Fatal(err, cerr)
		}
		code, _, errs := cmdline(t, "", "call", "list_accounts", "--home", home)
		if code != exitFailed || !strings.Contains(errs, "newer quantdesk") || !strings.Contains(errs, "Run the newer version") {
			t.Errorf("%d %s", code, errs)
		}
	})
	t.Run("a port in use", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = l.Close() }()
		code, _, errs := cmdline(t, "", "serve", "--addr", l.Addr().String(), "--home", t.TempDir())
		if code != exitFailed || !strings.Contains(errs, "is in use") || !strings.Contains(errs, "--addr") {
			t.Errorf("%d %s", code, errs)
		}
	})
	t.Run("a path that is taken", func(t *testing.T) {
		code, _, errs := cmdline(t, "", "serve", "--addr", "127.0.0.1:0", "--mcp-path", "/healthz", "--home", t.TempDir())
		if code != exitFailed || !strings.Contains(errs, "--mcp-path") {
			t.Errorf("%d %s", code, errs)
		}
	})
	t.Run("an unknown toolset", func(t *testing.T) {
		code, _, errs := cmdline(t, "", "serve", "--addr", "127.0.0.1:0", "--toolsets", "nonsense", "--home", t.TempDir())
		if code != exitFailed || !strings.Contains(errs, "nonsense") {
			t.Errorf("%d %s", code, errs)
		}
	})
}
