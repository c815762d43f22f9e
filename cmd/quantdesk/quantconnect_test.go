//go:build unix

package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"quantdesk/internal/identity"
	"quantdesk/internal/project"
	"quantdesk/internal/store"
)

// asTestHome makes a process of the test binary furnish its home with user 123
// and token abc, and run the scripted runner.
const asTestHome = "QUANTDESK_TEST_HOME"

func furnish() {
	if os.Getenv(asTestHome) == "" {
		return
	}
	openRunner = func(*app) (project.Runner, error) { return scripted{}, nil }
	fixtureHome = func(ctx context.Context, a *app) error {
		have, err := a.db.APITokens(ctx, identity.LocalUser)
		if err != nil || len(have) > 0 {
			return err
		}
		_, err = a.identity.AddAPIToken(ctx, identity.LocalUser, 123, "abc", []string{"admin"}, time.Hour)
		return err
	}
}

// qcAnswer is an envelope with what the tests look at.
type qcAnswer struct {
	Success  bool
	Errors   []string
	Projects []struct {
		ProjectID int64
		Name      string
	}
	CompileID, State string
	Backtest         struct{ BacktestID, Status string }
	Backtests        []struct{ BacktestID, Status string }
}

// ask sends one call of QuantConnect's protocol.
func qcAsk(t *testing.T, base, user, token, path, body string, headers ...string) (qcAnswer, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"/"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	stamp := fmt.Sprint(time.Now().Unix())
	sum := sha256.Sum256([]byte(token + ":" + stamp))
	req.SetBasicAuth(user, hex.EncodeToString(sum[:]))
	req.Header.Set("Timestamp", stamp)
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
		if headers[i] == "Host" {
			req.Host = headers[i+1]
		}
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	var a qcAnswer
	if err := json.Unmarshal(raw, &a); err != nil {
		t.Fatalf("%s: %s is not an envelope", path, raw)
	}
	return a, string(raw)
}

// TestQuantConnectCredential mints an API token on the command line while the
// desk runs, and uses it.
func TestQuantConnectCredential(t *testing.T) {
	t.Parallel()
	r := open(t, func(s *setup) { s.listen.QuantConnectAddr = "127.0.0.1:0" })
	var out, errs bytes.Buffer
	if code := run(t.Context(), []string{"token", "--quantconnect", "--scopes", "trader", "--home", r.home}, streams{nil, &out, &errs}); code != 0 {
		t.Fatalf("exit %d: %s", code, errs.String())
	}
	var user, token string
	if _, err := fmt.Sscanf(out.String(), "user-id: %s\napi-token: %s\n", &user, &token); err != nil {
		t.Fatalf("%v in %q", err, out.String())
	}
	ask := func(user, token, path, body string, headers ...string) (qcAnswer, string) {
		t.Helper()
		return qcAsk(t, r.quantconnect, user, token, path, body, headers...)
	}
	if a, raw := ask(user, token, "authenticate", ""); !a.Success {
		t.Error(raw)
	}
	a, raw := ask(user, token, "projects/create", `{"name":"Mine","language":"Py"}`)
	if !a.Success || len(a.Projects) != 1 {
		t.Fatal(raw)
	}
	if a, raw = ask(user, token, "projects/delete", fmt.Sprintf(`{"projectId":%d}`, a.Projects[0].ProjectID)); a.Success || !strings.Contains(raw, "qc:projects:delete") {
		t.Errorf("a trader deletes: %s", raw)
	}
	if a, raw = ask("123", "abc", "authenticate", ""); a.Success || !strings.Contains(raw, "UserID not valid") {
		t.Errorf("user 123 of the tests in an ordinary home: %s", raw)
	}
	if _, raw = ask(user, token, "authenticate", "", "Host", "evil.example"); !strings.Contains(raw, "evil.example") {
		t.Errorf("another host: %s", raw)
	}
	if _, raw = ask(user, token, "authenticate", "", "Origin", "https://evil.example"); !strings.Contains(raw, "web page") {
		t.Errorf("a foreign page: %s", raw)
	}
	eventually(t, "the audit has the call", func() bool {
		list, err := r.db.Audit(t.Context(), store.AuditFilter{Limit: 50})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range list {
			if e.Kind == "qcapi" && e.Subject == "projects/create" && e.User == identity.LocalUser {
				return true
			}
		}
		return false
	})
	if strings.Contains(r.log.String(), token) || strings.Contains(errs.String(), token) {
		t.Error("the API token is in a log")
	}
	out.Reset()
	if code := run(t.Context(), []string{"token", "list", "--home", r.home}, streams{nil, &out, &errs}); code != 0 {
		t.Fatal(errs.String())
	}
	for l := range strings.Lines(out.String()) {
		if id, _, _ := strings.Cut(l, " "); strings.HasPrefix(id, "tok_") {
			if code := run(t.Context(), []string{"token", "revoke", id, "--home", r.home}, streams{nil, &out, &errs}); code != 0 {
				t.Fatal(errs.String())
			}
		}
	}
	if a, raw = ask(user, token, "authenticate", ""); a.Success {
		t.Errorf("a revoked API token: %s", raw)
	}
}

// TestBacktestsSurviveKill kills the server with SIGKILL again and again in the
// middle of fifty backtests: each has exactly one final result, and one that was
// final stays as it was.
func TestBacktestsSurviveKill(t *testing.T) {
	t.Setenv(asTestHome, "1")
	home := t.TempDir()
	const count = 50
	serve := func() (*process, func(path, body string) (qcAnswer, string)) {
		p := start(t, "serve", "--home", home, "--addr", "127.0.0.1:0", "--quantconnect-addr", "127.0.0.1:0", "--backtests", "4", "--rate-limit", "1000000")
		for {
			if _, base, ok := strings.Cut(p.line(t), "QuantConnect API v2"); ok {
				return p, func(path, body string) (qcAnswer, string) {
					t.Helper()
					a, raw := qcAsk(t, strings.TrimSpace(base), "123", "abc", path, body)
					if !a.Success {
						t.Fatalf("%s: %s", path, raw)
					}
					return a, raw
				}
			}
		}
	}
	p, ask := serve()
	a, _ := ask("projects/create", `{"name":"Killed","language":"Py"}`)
	id := a.Projects[0].ProjectID
	ask("files/update", fmt.Sprintf(`{"projectId":%d,"name":"main.py","content":"# steps: 8"}`, id))
	a, _ = ask("compile/create", fmt.Sprintf(`{"projectId":%d}`, id))
	compile := a.CompileID
	eventually(t, "the compile ends", func() bool {
		a, _ = ask("compile/read", fmt.Sprintf(`{"projectId":%d,"compileId":%q}`, id, compile))
		return a.State == "BuildSuccess"
	})
	for i := range count {
		ask("backtests/create", fmt.Sprintf(`{"projectId":%d,"compileId":%q,"backtestName":"run %d","parameters":{"n":%d}}`, id, compile, i, i))
	}
	results := map[string]string{} // of the final ones
	look := func() (final int) {
		a, _ := ask("backtests/list", fmt.Sprintf(`{"projectId":%d}`, id))
		if len(a.Backtests) != count {
			t.Fatalf("%d backtests, want %d", len(a.Backtests), count)
		}
		for _, b := range a.Backtests {
			if b.Status != "Completed." {
				if was, ok := results[b.BacktestID]; ok {
					t.Fatalf("%s is %s and was %s", b.BacktestID, b.Status, was)
				}
				continue
			}
			final++
			_, raw := ask("backtests/read", fmt.Sprintf(`{"projectId":%d,"backtestId":%q}`, id, b.BacktestID))
			if was, ok := results[b.BacktestID]; ok && was != raw {
				t.Fatalf("a final result changed:\n%s\n%s", was, raw)
			}
			results[b.BacktestID] = raw
		}
		return final
	}
	for kill := 1; kill <= 3; kill++ {
		eventually(t, "some have ended", func() bool { return look() >= kill*10 })
		p.kill(t)
		p, ask = serve()
	}
	eventually(t, "all have ended", func() bool { return look() == count })
	p.kill(t)
	db, err := store.OpenSQLite(home+"/desk.db", 1)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for what, q := range map[string]string{
		"final backtests":      `SELECT COUNT(*) FROM backtests WHERE state = 'succeeded'`,
		"results":              `SELECT COUNT(*) FROM backtest_parts WHERE name = 'logs'`,
		"backtests with parts": `SELECT COUNT(DISTINCT backtest) FROM backtest_parts`,
	} {
		var n int
		if err := db.QueryRow(q).Scan(&n); err != nil || n != count {
			t.Errorf("%s: %d, %v; want %d", what, n, err, count)
		}
	}
}

// TestLeanCLI runs the LEAN CLI's own tests of its API client against a desk:
// QUANTDESK_LEAN_CLI names its repository, QUANTDESK_PYTHON an interpreter that
// has what it requires. The address is the one that QC_API=local means.
func TestLeanCLI(t *testing.T) {
	repo := os.Getenv("QUANTDESK_LEAN_CLI")
	if repo == "" {
		t.Skip("QUANTDESK_LEAN_CLI names no repository")
	}
	python := os.Getenv("QUANTDESK_PYTHON")
	if python == "" {
		python = "python3"
	}
	t.Setenv(asTestHome, "1")
	p := start(t, "serve", "--home", t.TempDir(), "--addr", "127.0.0.1:0", "--quantconnect-addr", "127.0.0.1:5612")
	for !strings.Contains(p.line(t), "QuantConnect API v2") {
	}
	cmd := exec.CommandContext(t.Context(), python, "-m", "pytest", "tests/components/api", "-q", "-p", "no:cacheprovider")
	cmd.Dir, cmd.Env = repo, append(os.Environ(), "QC_API=local")
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Error(err)
	}
}
