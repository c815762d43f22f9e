package jobs

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"quantdesk/internal/fault"
	"quantdesk/internal/project"
)

func open(t testing.TB) *Hub {
	t.Helper()
	h := New(Config{Dir: t.TempDir()})
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

func TestOrder(t *testing.T) {
	t.Parallel()
	h := open(t)
	q, other := h.Queue("backtests"), h.Queue("compiles")
	ctx := t.Context()
	for _, i := range []project.Item{{ID: "a"}, {ID: "b", Priority: -1}, {ID: "c", Priority: 2}, {ID: "d"}, {ID: "e", Priority: 5}} {
		if err := q.Put(ctx, i); err != nil {
			t.Fatal(err)
		}
	}
	if err := other.Put(ctx, project.Item{ID: "x"}); err != nil {
		t.Fatal(err)
	}
	got := ""
	for range 5 {
		i, err := q.Take(ctx)
		if err != nil {
			t.Fatal(err)
		}
		got += i.ID
	}
	if got != "ecadb" {
		t.Errorf("order %s, want ecadb", got)
	}
	if i, err := other.Take(ctx); err != nil || i.ID != "x" {
		t.Errorf("%+v, %v", i, err)
	}
}

// TestOnce has many take what many put: each item comes once.
func TestOnce(t *testing.T) {
	t.Parallel()
	q := open(t).Queue("backtests")
	const count = 300
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var n atomic.Int32
	var wg sync.WaitGroup
	for range 4 { // they wait before the server runs
		wg.Go(func() {
			for {
				if _, err := q.Take(ctx); err != nil {
					if ctx.Err() == nil {
						t.Error(err)
					}
					return
				}
				if n.Add(1) == count {
					cancel()
				}
			}
		})
	}
	for range 3 {
		wg.Go(func() {
			for range count / 3 {
				if err := q.Put(context.Background(), project.Item{ID: "i"}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if n.Load() != count {
		t.Errorf("%d were taken, want %d", n.Load(), count)
	}
}

func TestClosed(t *testing.T) {
	t.Parallel()
	h := open(t)
	q := h.Queue("backtests")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := q.Take(ctx); err == nil {
		t.Error("took from nothing")
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	if err := q.Put(t.Context(), project.Item{ID: "a"}); fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("put into a closed queue: %v", err)
	}
}

func BenchmarkPutTake(b *testing.B) {
	q := open(b).Queue("backtests")
	for b.Loop() {
		if err := q.Put(b.Context(), project.Item{ID: "i"}); err != nil {
			b.Fatal(err)
		}
		if _, err := q.Take(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	for b.Loop() {
		h := New(Config{Dir: b.TempDir()})
		if err := h.Queue("backtests").Put(b.Context(), project.Item{ID: "i"}); err != nil {
			b.Fatal(err)
		}
		if err := h.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// TestWake puts one item after the other before workers that wait: none is left
// lying, although the server tells its consumers of an item after its publisher.
func TestWake(t *testing.T) {
	t.Parallel()
	q := open(t).Queue("backtests")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	taken := make(chan struct{})
	for range 2 {
		go func() {
			for {
				if _, err := q.Take(ctx); err != nil {
					return
				}
				select {
				case taken <- struct{}{}:
				case <-ctx.Done():
				}
			}
		}()
	}
	for i := range 1500 {
		if err := q.Put(ctx, project.Item{ID: "i"}); err != nil {
			t.Fatal(err)
		}
		select {
		case <-taken:
		case <-time.After(10 * time.Second):
			t.Fatalf("item %d is not taken", i)
		}
	}
}
