package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"quantdesk/internal/python"
)

const cross = `from AlgorithmImports import *
from shared_days import LONG

class Cross(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2020, 1, 1)
        self.set_end_date(2020, 12, 31)
        self.spy = self.add_equity("SPY", Resolution.DAILY).symbol
        self.fast, self.slow = self.sma(self.spy, int(self.get_parameter("fast", 10))), self.sma(self.spy, LONG)

    def on_data(self, data):
        if self.slow.is_ready:
            self.set_holdings(self.spy, 0.9 if self.fast.current.value > self.slow.current.value else 0)
`

// caged skips where algorithms cannot run.
func caged(t *testing.T) {
	t.Helper()
	if python.SandboxLevel() < python.Confined {
		t.Skipf("this system is %s", python.SandboxLevel())
	}
	if raceDetector {
		t.Skip("the race detector's shadow memory does not fit into a child's limits")
	}
	cache := filepath.Join(os.TempDir(), "quantdesk-test-cache")
	t.Setenv("XDG_CACHE_HOME", cache)
	if runtime.GOOS != "linux" {
		t.Skip("no cage")
	}
}

func TestBacktestCommand(t *testing.T) {
	caged(t)
	dir := t.TempDir()
	write(t, filepath.Join(dir, "cross.py"), cross)
	write(t, filepath.Join(dir, "shared_days.py"), "LONG = 30\n")
	write(t, filepath.Join(dir, "unrelated.py"), "syntax error(")
	out := filepath.Join(dir, "report")
	code, text, errs := cmdline(t, "", "backtest", filepath.Join(dir, "cross.py"), "--param", "fast=5", "--report", out, "--home", t.TempDir())
	if code != 0 || !strings.Contains(text, "Sharpe Ratio") || !strings.Contains(text, "2020-01-01 to 2020-12-31: Completed") {
		t.Fatalf("exit %d\n%s\n%s", code, text, errs)
	}
	for _, f := range []string{"equity.png", "report.html", "result.json"} {
		if st, err := os.Stat(filepath.Join(out, f)); err != nil || st.Size() < 5000 {
			t.Errorf("%s: %v", f, err)
		}
	}
	run := func(args ...string) (r resultFile) {
		t.Helper()
		code, text, errs := cmdline(t, "", append([]string{"backtest", filepath.Join(dir, "cross.py"), "--json", "--home", t.TempDir()}, args...)...)
		if code != 0 {
			t.Fatalf("exit %d: %s", code, errs)
		}
		if err := json.Unmarshal([]byte(text), &r); err != nil {
			t.Fatal(err)
		}
		return r
	}
	a, b, c := run(), run("--seed", "42"), run("--seed", "7")
	if a.Statistics["OrderListHash"] != b.Statistics["OrderListHash"] || a.Statistics["OrderListHash"] == c.Statistics["OrderListHash"] || a.DataHash != "sim-42" || len(a.Orders) == 0 {
		t.Errorf("the seed decides: %v %v %v", a.Statistics["OrderListHash"], b.Statistics["OrderListHash"], c.Statistics["OrderListHash"])
	}
}

func TestBacktestCommandRefuses(t *testing.T) {
	caged(t)
	dir := t.TempDir()
	algorithm := func(init string) string {
		return "from AlgorithmImports import *\nclass A(QCAlgorithm):\n    def initialize(self):\n        self.set_start_date(2020, 1, 6)\n        self.set_end_date(2020, 1, 8)\n        " + init + "\n"
	}
	for _, c := range []struct {
		name, text string
		args       []string
		want       []string
	}{
		{"syntax", "class A(:\n", nil, []string{"main.py:1:9: error: SyntaxError", "has an error at main.py:1:9"}},
		{"misspelt", algorithm("self.set_kash(1)"), nil, []string{"main.py:6:14: error", "did you mean 'set_cash'?"}},
		{"in initialize", algorithm("raise ValueError('mine')"), nil, []string{"During the algorithm initialization", "ValueError : mine", "main.py: line 6"}},
		{"unknown symbol", algorithm("self.add_equity('NOSUCH')"), nil, []string{"there are no data of NOSUCH"}},
		{"no data for the range", algorithm("self.set_start_date(1999, 1, 1)\n        self.set_end_date(1999, 2, 1)\n        self.add_equity('SPY')"), nil, []string{"there are no data of SPY (Equity, usa) from 1999-01-01"}},
		{"end before start", algorithm("self.set_end_date(2019, 1, 1)"), nil, []string{"the end date 2019-01-01 is before the start date 2020-01-06"}},
		{"no folder", algorithm("pass"), []string{"--market", filepath.Join(dir, "none")}, []string{"there is no data folder", "--market sim"}},
		{"no LEAN folder", algorithm("pass"), []string{"--market", dir}, []string{"is no LEAN data folder"}},
		{"too much memory", algorithm("x = bytearray(5 << 30)"), []string{"--run-memory", "400"}, []string{"needs more memory than its limit of 400 MB", "run_memory"}},
		{"too long", algorithm("while True: pass"), []string{"--run-cpu", "1s"}, []string{"needs more processor time than its limit of 1s"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "main.py")
			write(t, file, c.text)
			code, _, errs := cmdline(t, "", append([]string{"backtest", file, "--home", t.TempDir()}, c.args...)...)
			if code != exitFailed {
				t.Errorf("exit %d", code)
			}
			for _, w := range c.want {
				if !strings.Contains(errs, w) {
					t.Errorf("got %s; want %q in it", errs, w)
				}
			}
		})
	}
	code, _, errs := cmdline(t, "", "backtest", filepath.Join(dir, "missing.py"), "--home", t.TempDir())
	if code != exitFailed || !strings.Contains(errs, "there is no file") {
		t.Errorf("a missing file: %d %s", code, errs)
	}
}

func TestPythonStubsCommand(t *testing.T) {
	dir := t.TempDir()
	if code, _, errs := cmdline(t, "", "python", "stubs", dir, "--home", t.TempDir()); code != 0 {
		t.Fatal(errs)
	}
	text, err := os.ReadFile(filepath.Join(dir, "AlgorithmImports.pyi"))
	if err != nil || !strings.Contains(string(text), "class QCAlgorithm") {
		t.Errorf("%v: %.100s", err, text)
	}
	if code, _, errs := cmdline(t, "", "python", "install", "--pip", filepath.Join(dir, "none"), "numpy", "--home", t.TempDir()); code != exitFailed || !strings.Contains(errs, "there is no pip here") {
		t.Errorf("exit %d: %s", code, errs)
	}
}

// TestWeakSandboxIsForOne: the setting counts for nobody on a shared server.
func TestWeakSandboxIsForOne(t *testing.T) {
	s := runs{AllowWeak: true}
	if !s.forUsers(false).AllowWeak || s.forUsers(true).AllowWeak {
		t.Error("several users run algorithms that nothing confines")
	}
}
