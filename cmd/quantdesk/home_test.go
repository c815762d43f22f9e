package main

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A backup taken while the desk serves restores into an empty home, whole.
func TestBackupAndRestore(t *testing.T) {
	d := startDesk(t, unlimited)
	token := d.token(t, "admin")
	for range 3 {
		d.must(t, token, "confirm_trade", `{"confirmation_id":"`+d.propose(t, token, "").ID+`"}`, nil)
	}
	want := map[string]string{}
	looks := []string{"list_accounts", "get_orders", "list_connections", "get_transactions", "list_pending_trades"}
	stop := make(chan struct{})
	done := make(chan struct{})
	go func() { // there is traffic all the while
		defer close(done)
		for {
			select {
			case <-stop:
				return
			default:
				d.rest(t, token, "get_balances", "{}")
			}
		}
	}()
	for _, n := range looks {
		want[n] = rowsOf(t, d.rest(t, token, n, `{"limit":100}`).body)
	}
	file := filepath.Join(t.TempDir(), "home.zip")
	code, out, errs := cmdline(t, "", "backup", file, "--home", d.home)
	close(stop)
	<-done
	if code != 0 || !strings.Contains(out, "keep it private") {
		t.Fatalf("backup: %d %s", code, errs)
	}
	if st, err := os.Stat(file); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("the backup's permissions: %v %v", st.Mode(), err)
	}
	if code, _, errs := cmdline(t, "", "restore", file, "--home", d.home); code != exitHeld {
		t.Errorf("restore over a running desk: %d %s", code, errs)
	}
	home := t.TempDir()
	if code, _, errs := cmdline(t, "", "restore", file, "--home", home); code != 0 {
		t.Fatalf("restore: %d %s", code, errs)
	}
	back := startDeskIn(t, home, unlimited)
	if a := back.rest(t, token, "list_accounts", "{}"); a.status != http.StatusOK {
		t.Errorf("a token of before: %d", a.status)
	}
	for _, n := range looks {
		got := rowsOf(t, back.rest(t, token, n, `{"limit":100}`).body)
		if diff := cmp.Diff(want[n], got); diff != "" {
			t.Errorf("%s (-before +restored):\n%s", n, diff)
		}
	}
	if r, err := back.db.VerifyAudit(context.Background()); err != nil || !r.OK || r.Entries < 10 {
		t.Errorf("the audit: %+v %v", r, err)
	}
	if code, _, errs := cmdline(t, "", "restore", file, "--home", home); code != exitHeld {
		t.Errorf("restore over a desk that runs: %d %s", code, errs)
	}
}

// rowsOf gives the rows of a listing without what time changes.
func rowsOf(t *testing.T, body string) string {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(body), &m); err != nil {
		t.Fatal(err)
	}
	for _, k := range []string{"as_of", "age_ms"} {
		delete(m, k)
	}
	raw, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestDoctor(t *testing.T) {
	home := filepath.Join(t.TempDir(), "h")
	if code, out, errs := cmdline(t, "", "doctor", "--home", home); code != 0 || strings.Contains(out, "FAIL") || strings.Count(out, "ok  ") < 7 {
		t.Errorf("a fresh home: %d %s %s", code, out, errs)
	}
	if err := os.Chmod(home, 0o755); err != nil {
		t.Fatal(err)
	}
	if code, out, _ := cmdline(t, "", "doctor", "--home", home); code != exitFailed || !strings.Contains(out, "chmod 700") {
		t.Errorf("an open home: %d %s", code, out)
	}
	if err := os.Chmod(home, 0o700); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := cmdline(t, "", "kill", "--reason", "a test", "--home", home); code != 0 {
		t.Fatal(errs)
	}
	if code, out, _ := cmdline(t, "", "doctor", "--home", home); code != exitFailed || !strings.Contains(out, "FAIL  kill switch") || !strings.Contains(out, "quantdesk kill --release") {
		t.Errorf("with the kill switch: %d %s", code, out)
	}
	if code, _, errs := cmdline(t, "", "kill", "--release", "--home", home); code != 0 {
		t.Fatal(errs)
	}
	write(t, filepath.Join(home, "keys", "secrets.key"), "short")
	if code, out, _ := cmdline(t, "", "doctor", "--home", home); code != exitFailed || !strings.Contains(out, "FAIL  desk") || !strings.Contains(out, "damaged") {
		t.Errorf("with a damaged key: %d %s", code, out)
	}
}
