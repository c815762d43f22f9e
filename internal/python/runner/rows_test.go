package runner

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"quantdesk/internal/algo"
	"quantdesk/internal/lean"
	"quantdesk/internal/project"
)

// TestKeptRows: what one run had to decode the next finds decoded, and the
// results are the same.
func TestKeptRows(t *testing.T) {
	data := dataFolder(t)
	dir, err := lean.KeptDir(t.TempDir(), data)
	if err != nil {
		t.Fatal(err)
	}
	f, err := lean.Open(data)
	if err != nil {
		t.Fatal(err)
	}
	keeper := lean.NewKeeper(f, dir, 1<<30)
	var mu sync.Mutex
	told := 0
	r := caged(t, Config{Data: data, Rows: dir, Ahead: func(q algo.RowQuery) {
		mu.Lock()
		told++
		mu.Unlock()
		keeper.Want(q)
	}})
	source := alone(`from AlgorithmImports import *
class Twice(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2013, 10, 7)
        self.set_end_date(2013, 10, 11)
        self.add_equity("SPY", Resolution.MINUTE)
        self.schedule.on(self.date_rules.every_day("SPY"), self.time_rules.after_market_open("SPY", 30), self.act)
    def act(self):
        self.set_holdings("SPY", 0.5 if self.time.day % 2 else 0.9)
`)
	run := func() *project.Result {
		t.Helper()
		told = 0
		got, err := r.Backtest(context.Background(), project.Run{ID: "twice", Source: source}, nil)
		if err != nil || got.Status != project.Completed {
			t.Fatal(got, err)
		}
		return got
	}
	first := run()
	if told == 0 {
		t.Error("nothing is told of what had to be decoded")
	}
	keeper.Wait()
	if kept, _ := filepath.Glob(filepath.Join(dir, "equity/usa/minute/spy/*.rows")); len(kept) < 10 {
		t.Errorf("%d files are kept", len(kept))
	}
	second := run()
	if told != 0 {
		t.Errorf("the second run decodes %d series", told)
	}
	if d := cmp.Diff(first, second); d != "" {
		t.Error(d)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(first, run()); d != "" {
		t.Error(d)
	}
}
