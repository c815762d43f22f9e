package runner

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"quantdesk/internal/fault"
	"quantdesk/internal/project"
	"quantdesk/internal/python"
)

const buyAndHold = `from AlgorithmImports import *

class Hold(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2013, 10, 7)
        self.set_end_date(2013, 10, 11)
        self.set_cash(int(self.get_parameter("cash", "100000")))
        self.add_equity("SPY", Resolution.MINUTE)
        self.set_runtime_statistic("Mine", "yes")

    def on_data(self, data):
        if not self.portfolio.invested and self.time.day == 7:
            self.set_holdings("SPY", 1)
            self.plot("Own", "Price", self.securities["SPY"].price)
            self.debug("bought")
        elif self.time.day == 10 and self.time.hour == 12 and self.time.minute == 0:
            self.liquidate()
`

func backtest(t *testing.T, r *Runner, run project.Run) *project.Result {
	t.Helper()
	got, err := r.Backtest(context.Background(), run, nil)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestBacktest(t *testing.T) {
	r := caged(t, Config{})
	if err := r.Prepare(context.Background()); err != nil {
		t.Fatal(err)
	}
	// A folder of this test's own: others run algorithms in the cache's.
	r.place.runs = t.TempDir()
	var told []project.Progress
	got, err := r.Backtest(context.Background(), project.Run{ID: "one", Source: alone(buyAndHold)}, func(p project.Progress) { told = append(told, p) })
	if err != nil {
		t.Fatal(err)
	}
	if got.Status != project.Completed || got.Error != "" || got.DataPoints != 3943 || got.TradeableDates != 5 || len(got.DataHash) != 64 || got.EngineVersion != "quantdesk test" {
		t.Errorf("got %s %q, %d points, %d dates, hash %q, %q", got.Status, got.Error, got.DataPoints, got.TradeableDates, got.DataHash, got.EngineVersion)
	}
	if got.Start.Format(time.DateTime) != "2013-10-07 00:00:00" || got.End.Format(time.DateTime) != "2013-10-11 23:59:59" {
		t.Errorf("got %s to %s", got.Start, got.End)
	}
	if got.RuntimeStatistics["Mine"] != "yes" || !strings.HasPrefix(got.RuntimeStatistics["Equity"], "$10") || got.RuntimeStatistics["Holdings"] != "$0.00" {
		t.Errorf("got %v", got.RuntimeStatistics)
	}
	for _, name := range []string{"Strategy Equity", "Benchmark", "Drawdown", "Portfolio Turnover", "Exposure", "Capacity", "Assets Sales Volume", "Own"} {
		var c struct {
			Name   string
			Series map[string]struct{ Values [][]any }
		}
		if err := json.Unmarshal(got.Charts[name], &c); err != nil || c.Name != name || len(c.Series) == 0 {
			t.Errorf("chart %s: %v %.200s", name, err, got.Charts[name])
		}
	}
	if len(got.Orders) != 2 || len(got.Logs) != 1 || got.Logs[0] != "2013-10-07 09:31:00 bought" {
		t.Errorf("got %d orders, log %q", len(got.Orders), got.Logs)
	}
	var order struct {
		Quantity float64
		Events   []struct{ Status, Direction, AlgorithmID string }
	}
	if err := json.Unmarshal(got.Orders[0], &order); err != nil || len(order.Events) != 2 || order.Events[1].Status != "filled" || order.Events[0].Direction != "buy" {
		t.Errorf("%v: %s", err, got.Orders[0])
	}
	var total struct {
		TradeStatistics struct {
			TotalNumberOfTrades  int
			AverageTradeDuration string
		}
		ClosedTrades []struct{ ProfitLoss, MAE, MFE, TotalFees float64 }
	}
	if err := json.Unmarshal(got.TotalPerformance, &total); err != nil || total.TradeStatistics.TotalNumberOfTrades != 1 || total.TradeStatistics.AverageTradeDuration != "3.02:29:00" {
		t.Errorf("%v: %s", err, got.TotalPerformance)
	}
	if c := total.ClosedTrades; len(c) != 1 || c[0].MAE > 0 || c[0].MFE < c[0].ProfitLoss || c[0].TotalFees <= 0 {
		t.Errorf("got %+v", c)
	}
	if !strings.Contains(string(got.RollingWindow), "M1_20131011") {
		t.Errorf("got %.300s", got.RollingWindow)
	}
	for i, p := range told {
		if p.Fraction < 0 || p.Fraction > 1 || i > 0 && p.Reached.Before(told[i-1].Reached) {
			t.Errorf("progress %d: %+v", i, p)
		}
	}
	again, err := r.Backtest(context.Background(), project.Run{ID: "two", Source: alone(buyAndHold)}, nil)
	if d := cmp.Diff(got, again); err != nil || d != "" {
		t.Errorf("the second run differs: %v %s", err, d)
	}
	left, err := os.ReadDir(r.place.runs)
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

func TestBacktestParameters(t *testing.T) {
	r := caged(t, Config{})
	got := backtest(t, r, project.Run{Source: alone(buyAndHold), Parameters: map[string]string{"cash": "50000"}})
	if got.Statistics["Start Equity"] != "50000" {
		t.Errorf("got %v %s", got.Statistics, got.Error)
	}
}

func TestBacktestOfSeveralFiles(t *testing.T) {
	r := caged(t, Config{})
	s := alone("from AlgorithmImports import *\nfrom helper import days\nfrom Shared.tool import symbol\nclass A(QCAlgorithm):\n    def initialize(self):\n        self.set_start_date(2013, 10, days())\n        self.set_end_date(2013, 10, 8)\n        self.add_equity(symbol)\n")
	s.Files = append(s.Files, project.File{Name: "helper.py", Content: "def days():\n    return 7\n"})
	s.Libraries = []project.Library{{Name: "Shared", Files: []project.File{{Name: "tool.py", Content: "symbol = 'SPY'\n"}}}}
	if got := backtest(t, r, project.Run{Source: s}); got.Status != project.Completed {
		t.Errorf("got %s: %s", got.Status, got.Error)
	}
	s.Files = append(s.Files, project.File{Name: "../evil.py"})
	if _, err := r.Backtest(context.Background(), project.Run{Source: s}, nil); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("a name that leaves the project gave %v", err)
	}
}

// in puts statements into initialize of an algorithm over two days.
func in(statements string) project.Source {
	return alone("from AlgorithmImports import *\nclass A(QCAlgorithm):\n    def initialize(self):\n        self.set_start_date(2013, 10, 7)\n        self.set_end_date(2013, 10, 8)\n        self.add_equity('SPY')\n" +
		"        " + strings.ReplaceAll(statements, "\n", "\n        ") + "\n")
}

func TestBacktestPrints(t *testing.T) {
	r := caged(t, Config{})
	got := backtest(t, r, project.Run{Source: in("import sys\nprint('one\\ntwo')\nsys.stderr.write('three\\n')\nprint(object())\nsys.stdout.write('four')")})
	want := []string{"one", "two", "Error: three", "<object object>", "four"}
	for i, l := range got.Logs {
		got.Logs[i] = l[len("2013-10-07 00:00:00 "):]
	}
	if d := cmp.Diff(want, got.Logs); d != "" {
		t.Error(d)
	}
	for _, name := range defaultCharts {
		if got.Charts[name] == nil {
			t.Errorf("the chart %s is missing", name)
		}
	}
}

func TestBacktestErrors(t *testing.T) {
	t.Parallel()
	r := caged(t, Config{})
	for _, c := range []struct {
		name   string
		source project.Source
		error  []string
	}{
		{"syntax", alone("from AlgorithmImports import *\nclass A(QCAlgorithm)\n    pass\n"), []string{"SyntaxError", "main.py", "line 2"}},
		{"in initialize", in("self.missing()"), []string{"During the algorithm initialization", "AttributeError : 'A' object has no attribute 'missing'", "at initialize", "self.missing()", "in main.py: line 7"}},
		{"in on_data", alone("from AlgorithmImports import *\nclass A(QCAlgorithm):\n    def initialize(self):\n        self.set_start_date(2013, 10, 7)\n        self.set_end_date(2013, 10, 8)\n        self.add_equity('SPY')\n    def on_data(self, data):\n        1 / 0\n"),
			[]string{"Runtime Error: ZeroDivisionError : division by zero", "at on_data", "in main.py: line 8"}},
		{"of the library", in("self.set_holdings('SPY', 'much')"), []string{"at initialize", "in main.py: line 7"}},
		{"end before start", in("self.set_end_date(2012, 1, 1)"), []string{"the end date 2012-01-01 is before the start date 2013-10-07"}},
		{"no algorithm", alone("x = 1\n"), []string{"defines no class that derives from QCAlgorithm"}},
		{"the process ends", in("import os\nos._exit(0)"), []string{"ended before the run did"}},
		{"the process crashes", in("import ctypes\nctypes.string_at(0)"), []string{"ended before the run did"}},
		{"sys.exit", in("import sys\nsys.exit(3)"), []string{"SystemExit"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := backtest(t, r, project.Run{Source: c.source})
			for _, w := range c.error {
				if !strings.Contains(got.Error, w) {
					t.Errorf("got %q; want %q in it", got.Error, w)
				}
			}
			if got.Status != project.RuntimeError || strings.Contains(got.Error+got.StackTrace, os.TempDir()) {
				t.Errorf("got %s %q %s", got.Status, got.Error, got.StackTrace)
			}
		})
	}
}

func TestBacktestLimits(t *testing.T) {
	t.Parallel()
	r := caged(t, Config{Limits: python.Limits{CPU: time.Second, Memory: 600 << 20, Wall: 20 * time.Second}})
	for _, c := range []struct{ limit, code string }{
		{python.LimitMemory, "x = bytearray(10 << 30)"},
		{python.LimitMemory, "x = []\nwhile True: x.append(bytearray(1 << 20))"},
		{python.LimitCPU, "while True: pass"},
	} {
		_, err := r.Backtest(context.Background(), project.Run{Source: in(c.code)}, nil)
		var l *python.LimitError
		if !errors.As(err, &l) || l.Limit != c.limit || fault.As(err).Hint == "" {
			t.Errorf("%s gave %v", c.code, err)
		}
	}
	r = caged(t, Config{Limits: python.Limits{Wall: time.Second}})
	_, err := r.Backtest(context.Background(), project.Run{Source: in("import time\ntime.sleep(60)")}, nil)
	if !errors.Is(err, &python.LimitError{Limit: python.LimitWall}) {
		t.Errorf("got %v", err)
	}
}

// TestRandomNumbers begin with the seed.
func TestRandomNumbers(t *testing.T) {
	t.Parallel()
	draw := func(seed uint64) []string {
		return backtest(t, caged(t, Config{Seed: seed}), project.Run{Source: in("import random\nself.log(random.random())\nself.log({object(): 1})")}).Logs
	}
	if a, b, c := draw(1), draw(1), draw(2); !cmp.Equal(a, b) || cmp.Equal(a, c) {
		t.Errorf("got %v, %v, %v", a, b, c)
	}
}

// TestLibrary: one that was touched is made anew, and what is old goes.
func TestLibrary(t *testing.T) {
	r := caged(t, Config{Data: t.TempDir()})
	if err := r.Prepare(context.Background()); err != nil {
		t.Fatal(err)
	}
	cache := t.TempDir()
	ensure := func() string {
		t.Helper()
		dir, err := ensureLibrary(context.Background(), cache, r.place.home, false)
		if err != nil {
			t.Fatal(err)
		}
		return dir
	}
	dir := ensure()
	made, err := filepath.Glob(filepath.Join(dir, "lean", "__pycache__", "*.pyc"))
	if err != nil || len(made) < 10 {
		t.Fatalf("%d files of bytecode, %v", len(made), err)
	}
	stale := filepath.Join(cache, "api-old")
	if err := errors.Join(os.WriteFile(made[0], []byte("other"), 0o600), os.Mkdir(stale, 0o700), os.Chtimes(stale, time.Now(), time.Now().AddDate(0, -2, 0))); err != nil {
		t.Fatal(err)
	}
	if again := ensure(); again != dir {
		t.Errorf("got %s after %s", again, dir)
	}
	if text, err := os.ReadFile(made[0]); err != nil || string(text) == "other" {
		t.Errorf("the damage stays: %v", err)
	}
	if _, err := os.Stat(stale); !os.IsNotExist(err) {
		t.Errorf("the old library stays: %v", err)
	}
	left, err := os.ReadDir(cache)
	if err != nil || len(left) != 1 {
		t.Errorf("left: %v, %v", left, err)
	}
}

func TestBacktestCancel(t *testing.T) {
	t.Parallel()
	r := caged(t, Config{})
	if err := r.Prepare(context.Background()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(300*time.Millisecond, cancel)
	_, err := r.Backtest(ctx, project.Run{Source: in("while True: pass")}, nil)
	if fault.CodeOf(err) != fault.Cancelled {
		t.Errorf("got %v", err)
	}
	if got := backtest(t, r, project.Run{Source: in("pass")}); got.Status != project.Completed {
		t.Errorf("the next run: %s %s", got.Status, got.Error)
	}
}

func BenchmarkStart(b *testing.B) {
	r := caged(b, Config{})
	for b.Loop() {
		got, err := r.Backtest(context.Background(), project.Run{Source: in("self.quit()")}, nil)
		if err != nil || got.Status != project.Completed {
			b.Fatal(err, got)
		}
	}
}

// TestPandas needs packages of a system's Python 3.11.
func TestPandas(t *testing.T) {
	t.Parallel()
	site := os.Getenv("QUANTDESK_SITE_PACKAGES")
	if site == "" {
		site = "/usr/lib/python3/dist-packages"
	}
	if _, err := os.Stat(filepath.Join(site, "pandas")); err != nil {
		t.Skip("no pandas: set QUANTDESK_SITE_PACKAGES")
	}
	r := caged(t, Config{SitePackages: []string{site}})
	got := backtest(t, r, project.Run{Source: in(`h = self.history(self.symbol("SPY"), 10, Resolution.DAILY)
assert type(h) is pd.DataFrame and h.shape == (10, 5), type(h)
assert h.loc["SPY"].close.iloc[-1] > 100 and "SPY" in h.close.unstack(level=0).columns
assert np.log(h.close).std() > 0
h.loc["NOPE"]`)})
	if !strings.Contains(got.Error, "KeyError : 'NOPE'\n  at initialize") || strings.Contains(got.Error, "pandas") {
		t.Errorf("got %s", got.Error)
	}
}
