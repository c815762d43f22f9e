package project_test

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"quantdesk/internal/fault"
	"quantdesk/internal/project"
)

// gated is a runner whose backtests wait to be let go, and tell when they begin.
type gated struct {
	scripted
	began chan string
	free  chan struct{}
	now   atomic.Int32
	most  atomic.Int32
}

func newGated() *gated { return &gated{began: make(chan string, 100), free: make(chan struct{})} }

func (g *gated) Backtest(ctx context.Context, r project.Run, progress func(project.Progress)) (*project.Result, error) {
	n := g.now.Add(1)
	defer g.now.Add(-1)
	for m := g.most.Load(); n > m && !g.most.CompareAndSwap(m, n); m = g.most.Load() {
	}
	progress(project.Progress{Fraction: 0.25, Equity: "$1"})
	g.began <- r.ID
	select {
	case <-g.free:
		return &project.Result{Status: project.Completed}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func TestParallelAndPriority(t *testing.T) {
	t.Parallel()
	g := newGated()
	w := newWorld(t, g, 2)
	w.work()
	p := w.project(ann)
	k := w.compiled(ann, p.ID)
	add := func(priority int) project.Backtest {
		b, err := w.CreateBacktest(t.Context(), ann, p.ID, project.NewBacktest{Compile: k.ID, Name: "x", Priority: priority})
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	all := []project.Backtest{add(0), add(0)}
	busy := map[string]bool{<-g.began: true, <-g.began: true}
	nodes, err := w.Nodes(t.Context(), ann)
	if err != nil || len(nodes) != 2 || !nodes[0].Busy || !nodes[1].Busy || nodes[0].Project != p.ID {
		t.Errorf("nodes while two run: %+v, %v", nodes, err)
	}
	if nodes, err = w.Nodes(t.Context(), ben); err != nil || !nodes[0].Busy || nodes[0].Project != 0 || nodes[0].User != "" {
		t.Errorf("a stranger sees %+v, %v", nodes, err)
	}
	low, high := add(-1), add(5)
	all = append(all, low, high)
	b, err := w.Backtest(t.Context(), ann, p.ID, all[0].ID)
	if err != nil || b.State != project.Running || b.Progress.Fraction != 0.25 || !busy[b.ID] {
		t.Errorf("while it runs: %+v, %v", b, err)
	}
	g.free <- struct{}{}
	if id := <-g.began; id != high.ID {
		t.Errorf("the next is %s, want the urgent %s", id, high.ID)
	}
	for range 3 {
		g.free <- struct{}{}
	}
	for _, b := range all {
		if b = w.final(ann, b); b.State != project.Succeeded || b.Attempts != 1 {
			t.Errorf("%+v", b)
		}
	}
	if n := g.most.Load(); n != 2 {
		t.Errorf("%d ran at a time, want 2", n)
	}
}

func TestMaxOpen(t *testing.T) {
	t.Parallel()
	w := newWorld(t, newGated(), 1)
	w.Service = project.New(project.Config{Store: w.db, Directory: everybody, Runner: newGated(), MaxOpen: 2})
	stop := w.work()
	p := w.project(ann)
	k := w.compiled(ann, p.ID)
	first, _ := w.backtest(ann, p.ID, k.ID), w.backtest(ann, p.ID, k.ID)
	more := project.NewBacktest{Compile: k.ID, Name: "x"}
	wants(t, second(w.CreateBacktest(t.Context(), ann, p.ID, more)), fault.Conflict, "no more may")
	if err := w.CancelBacktest(t.Context(), ann, p.ID, first.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := w.CreateBacktest(t.Context(), ann, p.ID, more); err != nil {
		t.Error(err)
	}
	more.Priority = 6
	wants(t, second(w.CreateBacktest(t.Context(), ann, p.ID, more)), fault.Invalid, "priority")
	stop()
}

func TestCancel(t *testing.T) {
	t.Parallel()
	g := newGated()
	w := newWorld(t, g, 1)
	w.work()
	p := w.project(ann)
	k := w.compiled(ann, p.ID)
	runs, waits, doomed := w.backtest(ann, p.ID, k.ID), w.backtest(ann, p.ID, k.ID), w.backtest(ann, p.ID, k.ID)
	if id := <-g.began; id != runs.ID {
		t.Fatalf("%s began, want the first", id)
	}
	for _, b := range []project.Backtest{waits, runs} {
		if err := w.CancelBacktest(t.Context(), ann, p.ID, b.ID); err != nil {
			t.Error(err)
		}
		if b = w.final(ann, b); b.State != project.Cancelled || b.Summary.Error == "" {
			t.Errorf("%+v %+v", b, b.Summary)
		}
	}
	if id := <-g.began; id != doomed.ID {
		t.Fatalf("%s began, want the one that is left", id)
	}
	if err := w.DeleteBacktest(t.Context(), ann, p.ID, doomed.ID); err != nil {
		t.Error(err)
	}
	wants(t, second(w.Backtest(t.Context(), ann, p.ID, doomed.ID)), fault.NotFound, "no backtest")
	last := w.backtest(ann, p.ID, k.ID)
	<-g.began
	if err := w.DeleteProject(t.Context(), ann, p.ID); err != nil {
		t.Error(err)
	}
	if last = w.final(ann, last); last.State != project.Cancelled {
		t.Errorf("after its project went: %+v", last)
	}
}

// TestRestart ends services in the middle of runs, politely and not, and opens
// new ones on the same store: each backtest has one final result.
func TestRestart(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "desk.db")
	g := newGated()
	life := func() (world, func()) {
		db := open(t, path)
		w := world{project.New(project.Config{Store: db, Directory: everybody, Runner: g, Parallel: 2}), t, db}
		stop := w.work()
		return w, func() {
			stop()
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	w, end := life()
	p := w.project(ann)
	k := w.compiled(ann, p.ID)
	var all []project.Backtest
	for range 10 {
		all = append(all, w.backtest(ann, p.ID, k.ID))
	}
	for range 3 {
		<-g.began
		<-g.began
		end()
		w, end = life()
	}
	go func() {
		for range g.began {
		}
	}()
	close(g.free)
	for _, b := range all {
		if b = w.final(ann, b); b.State != project.Succeeded || b.Attempts != 1 {
			t.Errorf("%+v", b)
		}
	}
	end()
	close(g.began)
}

// TestKilledTooOften has runs that a store says were begun and never ended.
func TestKilledTooOften(t *testing.T) {
	t.Parallel()
	w := newWorld(t, scripted{}, 1)
	stop := w.work()
	p := w.project(ann)
	k := w.compiled(ann, p.ID)
	stop()
	for _, attempts := range []int{1, 3} {
		b := w.backtest(ann, p.ID, k.ID)
		if _, err := w.db.ChangeBacktest(t.Context(), b.ID, func(b *project.Backtest) error {
			b.State, b.Attempts = project.Running, attempts
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	w.work()
	list, err := w.Backtests(t.Context(), ann, p.ID)
	if err != nil || len(list) != 2 {
		t.Fatal(list, err)
	}
	if b := w.final(ann, list[1]); b.State != project.Succeeded || b.Attempts != 2 {
		t.Errorf("killed once: %+v", b)
	}
	if b := w.final(ann, list[0]); b.State != project.Failed || b.Attempts != 4 {
		t.Errorf("killed three times: %+v", b)
	}
}

// TestOpenCompile has a compile that a desk before left open.
func TestOpenCompile(t *testing.T) {
	t.Parallel()
	w := newWorld(t, scripted{}, 1)
	p := w.project(ann)
	k, err := w.CreateCompile(t.Context(), ann, p.ID)
	if err != nil {
		t.Fatal(err)
	}
	next := world{project.New(project.Config{Store: w.db, Directory: everybody, Runner: scripted{}}), t, w.db}
	next.work()
	w.until("the other service compiles it", func() bool {
		if k, err = w.Compile(t.Context(), ann, p.ID, k.ID); err != nil {
			t.Fatal(err)
		}
		return k.State == project.Succeeded
	})
}

// TestFinishOnce has many finish the same backtest: one is kept.
func TestFinishOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, scripted{}, 1)
	stop := w.work()
	p := w.project(ann)
	k := w.compiled(ann, p.ID)
	stop()
	b := w.backtest(ann, p.ID, k.ID)
	var kept atomic.Int32
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			mine := b
			mine.State, mine.Summary = project.Succeeded, &project.Summary{Status: fmt.Sprint(i)}
			ok, err := w.db.FinishBacktest(t.Context(), mine, map[string][]byte{"logs": fmt.Appendf(nil, `["%d"]`, i)})
			if err != nil {
				t.Error(err)
			}
			if ok {
				kept.Add(1)
			}
		})
	}
	wg.Wait()
	have, err := w.Backtest(t.Context(), ann, p.ID, b.ID)
	if err != nil || kept.Load() != 1 {
		t.Fatalf("%d were kept, %v", kept.Load(), err)
	}
	if logs, err := w.Logs(t.Context(), have); err != nil || len(logs) != 1 || logs[0] != have.Summary.Status {
		t.Errorf("the parts %v are not those of %s, %v", logs, have.Summary.Status, err)
	}
}

func TestQueue(t *testing.T) {
	t.Parallel()
	q := project.NewQueue()
	ctx := t.Context()
	for _, i := range []project.Item{{ID: "a"}, {ID: "b", Priority: -1}, {ID: "c", Priority: 2}, {ID: "d"}} {
		if err := q.Put(ctx, i); err != nil {
			t.Fatal(err)
		}
	}
	got := ""
	for range 4 {
		i, err := q.Take(ctx)
		if err != nil {
			t.Fatal(err)
		}
		got += i.ID
	}
	if got != "cadb" {
		t.Errorf("order %s, want cadb", got)
	}
	var wg sync.WaitGroup
	var n atomic.Int32
	done, cancel := context.WithCancel(ctx)
	defer cancel()
	for range 4 {
		wg.Go(func() {
			for {
				if _, err := q.Take(done); err != nil {
					return
				}
				if n.Add(1) == 1000 {
					cancel()
				}
			}
		})
	}
	for range 1000 {
		if err := q.Put(ctx, project.Item{}); err != nil {
			t.Fatal(err)
		}
	}
	wg.Wait()
	if n.Load() != 1000 {
		t.Errorf("%d were taken", n.Load())
	}
}
