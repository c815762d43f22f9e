package project

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"quantdesk/internal/fault"
)

// maxAttempts bounds how often a run is begun that a desk did not survive.
const maxAttempts = 3

// compilers is how many compiles run at a time.
const compilers = 2

// Run takes up what is open and works until ctx ends. What is running then is
// begun anew at the next start.
func (s *Service) Run(ctx context.Context) error {
	if err := s.recover(ctx); err != nil {
		return err
	}
	var wg sync.WaitGroup
	for range compilers {
		wg.Go(func() { s.work(ctx, s.cfg.Compiles, func(id string) { s.compileOne(ctx, id) }) })
	}
	for i := range s.cfg.Parallel {
		wg.Go(func() { s.work(ctx, s.cfg.Backtests, func(id string) { s.backtestOne(ctx, id, i) }) })
	}
	wg.Wait()
	return ctx.Err()
}

func (s *Service) work(ctx context.Context, q Queue, do func(id string)) {
	for {
		i, err := q.Take(ctx)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			s.cfg.Log.Error("the queue gives no work", "err", err)
			select {
			case <-time.After(time.Second):
			case <-ctx.Done():
			}
			continue
		}
		do(i.ID)
	}
}

// recover queues what a desk before left open.
func (s *Service) recover(ctx context.Context) error {
	compiles, err := s.cfg.Store.OpenCompiles(ctx)
	if err != nil {
		return err
	}
	for _, k := range compiles {
		if err := s.cfg.Compiles.Put(ctx, Item{ID: k.ID}); err != nil {
			return err
		}
	}
	list, err := s.cfg.Store.OpenBacktests(ctx)
	if err != nil {
		return err
	}
	for _, b := range list {
		if b.State == Running {
			if err := s.requeue(ctx, b.ID, false); err != nil {
				return err
			}
		}
		if err := s.cfg.Backtests.Put(ctx, Item{b.ID, b.Priority}); err != nil {
			return err
		}
	}
	if len(list) > 0 {
		s.cfg.Log.Info("backtests are taken up again", "count", len(list))
	}
	return nil
}

// errNotNow leaves a change undone.
var errNotNow = errors.New("not in the state for this")

func (s *Service) requeue(ctx context.Context, id string, forgive bool) error {
	_, err := s.cfg.Store.ChangeBacktest(ctx, id, func(b *Backtest) error {
		if b.State != Running {
			return errNotNow
		}
		b.State, b.Node = Queued, ""
		if forgive {
			b.Attempts--
		}
		return nil
	})
	if errors.Is(err, errNotNow) || fault.CodeOf(err) == fault.NotFound {
		return nil
	}
	return err
}

// backtestOne runs a backtest on a node, unless it is not waiting any more: an
// item may come twice.
func (s *Service) backtestOne(ctx context.Context, id string, node int) {
	run, cancel := context.WithCancel(ctx)
	defer cancel()
	l := &live{cancel: cancel}
	s.mu.Lock()
	if s.running[id] != nil {
		s.mu.Unlock()
		return
	}
	s.running[id], s.nodes[node] = l, id
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.running, id)
		s.nodes[node] = ""
		s.mu.Unlock()
	}()
	b, err := s.cfg.Store.ChangeBacktest(ctx, id, func(b *Backtest) error {
		if b.State != Queued {
			return errNotNow
		}
		b.State, b.Started, b.Node = Running, s.now(), nodeName(node)
		b.Attempts++
		return nil
	})
	if err != nil {
		if !errors.Is(err, errNotNow) && fault.CodeOf(err) != fault.NotFound && ctx.Err() == nil {
			s.cfg.Log.Error("backtest not begun", "backtest", id, "err", err)
		}
		return
	}
	s.mu.Lock()
	l.project, l.user = b.Project, b.User
	s.mu.Unlock()
	res, err := s.runBacktest(run, b, l)
	if err != nil && ctx.Err() != nil { // the desk stops: not the backtest's fault
		if err := s.requeue(context.WithoutCancel(ctx), id, true); err != nil {
			s.cfg.Log.Error("backtest not queued again", "backtest", id, "err", err)
		}
		return
	}
	if err != nil {
		s.mu.Lock()
		stopped := l.stopped
		s.mu.Unlock()
		if stopped {
			return // final or gone already
		}
		s.cfg.Log.Warn("backtest failed", "backtest", id, "err", err)
		res = &Result{Status: RuntimeError, Error: said(err)}
	}
	s.finish(context.WithoutCancel(ctx), b, res)
}

func (s *Service) runBacktest(ctx context.Context, b Backtest, l *live) (res *Result, err error) {
	if b.Attempts > maxAttempts {
		return nil, fault.E("project.runBacktest", fault.Unavailable, "the desk ended %d times while this backtest ran", b.Attempts-1).
			Hinted("See whether it needs more memory than there is, and create it again.")
	}
	src, err := s.source(ctx, b.Snapshot)
	if err != nil {
		return nil, err
	}
	r := Run{ID: b.ID, Source: src, Parameters: map[string]string{}}
	for _, p := range b.Parameter {
		r.Parameters[p.Key] = p.Text()
	}
	defer func() { err = recovered(recover(), err) }()
	res, err = s.cfg.Runner.Backtest(ctx, r, func(p Progress) {
		s.mu.Lock()
		l.progress = p
		s.mu.Unlock()
	})
	if err == nil && res == nil {
		err = errors.New("the runner gave neither result nor error")
	}
	return res, err
}

// finish keeps a result, once.
func (s *Service) finish(ctx context.Context, b Backtest, r *Result) {
	b.State, b.Ended = Succeeded, s.now()
	if r.Status != Completed {
		b.State = Failed
	}
	b.Summary = summary(r)
	parts, err := split(r)
	if err != nil {
		s.cfg.Log.Error("a result is not readable", "backtest", b.ID, "err", err)
		b.State, parts = Failed, nil
		b.Summary = &Summary{Status: RuntimeError, Error: said(err)}
	}
	for try := 1; ; try++ {
		kept, err := s.cfg.Store.FinishBacktest(ctx, b, parts)
		if err == nil {
			s.cfg.Log.Info("backtest ended", "backtest", b.ID, "project", b.Project, "state", b.State, "kept", kept, "attempts", b.Attempts)
			return
		}
		s.cfg.Log.Error("a result is not kept", "backtest", b.ID, "try", try, "err", err)
		if try == 3 { // it is begun anew at the next start
			return
		}
		time.Sleep(time.Duration(try) * 100 * time.Millisecond)
	}
}

func summary(r *Result) *Summary {
	s := &Summary{
		Status: r.Status, Error: r.Error, StackTrace: r.StackTrace, Start: r.Start, End: r.End, Statistics: r.Statistics, RuntimeStatistics: r.RuntimeStatistics,
		Orders: len(r.Orders), Insights: len(r.Insights), Logs: len(r.Logs), TradeableDates: r.TradeableDates, DataPoints: r.DataPoints,
		HistoryDataPoints: r.HistoryDataPoints, DataHash: r.DataHash, EngineVersion: r.EngineVersion, Seed: r.Seed,
		Charts: slices.Sorted(maps.Keys(r.Charts)),
	}
	if s.Status != Completed && s.Error == "" {
		s.Error = "The algorithm ended with the status " + r.Status + "."
	}
	return s
}

// split cuts a result into the parts that are read by themselves.
func split(r *Result) (map[string][]byte, error) {
	parts := map[string][]byte{}
	put := func(name string, v any) error {
		raw, err := json.Marshal(v)
		parts[name] = raw
		return err
	}
	err := errors.Join(put(partPerformance, Performance{r.TotalPerformance, r.RollingWindow}), put(partLogs, r.Logs))
	for name, c := range r.Charts {
		err = errors.Join(err, put(partChart+name, c))
	}
	for prefix, list := range map[string][]json.RawMessage{partOrders: r.Orders, partInsights: r.Insights} {
		k := 0
		for piece := range slices.Chunk(list, chunk) {
			err = errors.Join(err, put(fmt.Sprint(prefix, k), piece))
			k++
		}
	}
	return parts, err
}
