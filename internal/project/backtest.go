package project

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"quantdesk/internal/fault"
)

// NewBacktest is what a backtest is made of.
type NewBacktest struct {
	Compile string
	Name    string
	// Parameters are set on top of the project's.
	Parameters []Parameter
	Priority   int
}

// CreateBacktest queues a run of a compile that succeeded.
func (s *Service) CreateBacktest(ctx context.Context, c Caller, id int64, n NewBacktest) (Backtest, error) {
	const op = "project.CreateBacktest"
	p, err := s.reach(ctx, c, id, toWrite)
	if err != nil {
		return Backtest{}, err
	}
	k, err := s.Compile(ctx, c, id, n.Compile)
	if err != nil {
		return Backtest{}, err
	}
	switch k.State {
	case Succeeded:
	case Failed:
		return Backtest{}, fault.E(op, fault.Conflict, "the compile %s ended in BuildError", k.ID).Hinted("Read the compile, correct the files, and compile again.")
	default:
		return Backtest{}, fault.E(op, fault.Conflict, "the compile %s is not finished", k.ID).Hinted("Read the compile until its state is BuildSuccess.")
	}
	if n.Name = strings.TrimSpace(n.Name); n.Name == "" || len(n.Name) > maxName {
		return Backtest{}, fault.E(op, fault.Invalid, "the backtest's name must have 1 to %d characters", maxName)
	}
	if n.Priority < MinPriority || n.Priority > MaxPriority {
		return Backtest{}, fault.E(op, fault.Invalid, "the priority must be from %d to %d", MinPriority, MaxPriority)
	}
	parameters := overlay(p.Parameters, n.Parameters)
	if err := checkParameters(parameters); err != nil {
		return Backtest{}, err
	}
	if open, err := s.cfg.Store.CountOpen(ctx, c.User); err != nil {
		return Backtest{}, err
	} else if open >= s.cfg.MaxOpen {
		return Backtest{}, fault.E(op, fault.Conflict, "%d of your backtests wait or run, and no more may", open).Hinted("Wait for some to end, or delete them.").With("limit", s.cfg.MaxOpen)
	}
	b := Backtest{
		ID: NewID(), Project: id, User: c.User, Name: n.Name, Compile: k.ID, Snapshot: k.Snapshot, Parameter: parameters,
		Priority: n.Priority, State: Queued, Created: s.now(),
	}
	if err := s.cfg.Store.CreateBacktest(ctx, b); err != nil {
		return Backtest{}, err
	}
	return b, s.cfg.Backtests.Put(ctx, Item{b.ID, b.Priority})
}

// overlay puts further values on top of a project's own.
func overlay(base, top []Parameter) []Parameter {
	out := slices.Clone(base)
	for _, t := range top {
		if i := slices.IndexFunc(out, func(p Parameter) bool { return p.Key == t.Key }); i >= 0 {
			out[i] = t
		} else {
			out = append(out, t)
		}
	}
	return out
}

func noBacktest(id string) error {
	return fault.E("project.Backtest", fault.NotFound, "there is no backtest %q in the project", clip(id)).Hinted("List the backtests of the project for their ids.")
}

// Backtest finds a backtest of a project, with how far it is.
func (s *Service) Backtest(ctx context.Context, c Caller, id int64, backtest string) (Backtest, error) {
	return s.findBacktest(ctx, c, id, backtest, toRead)
}

func (s *Service) findBacktest(ctx context.Context, c Caller, id int64, backtest string, w want) (Backtest, error) {
	if _, err := s.reach(ctx, c, id, w); err != nil {
		return Backtest{}, err
	}
	b, err := s.cfg.Store.Backtest(ctx, backtest)
	if fault.CodeOf(err) == fault.NotFound || err == nil && b.Project != id {
		return Backtest{}, noBacktest(backtest)
	}
	s.withProgress(&b)
	return b, err
}

func (s *Service) withProgress(b *Backtest) {
	switch {
	case b.State.Final():
		b.Progress = Progress{Fraction: 1}
	case b.State == Running:
		s.mu.Lock()
		if l := s.running[b.ID]; l != nil {
			b.Progress = l.progress
		}
		s.mu.Unlock()
	}
}

// Backtests lists the backtests of a project, newest first.
func (s *Service) Backtests(ctx context.Context, c Caller, id int64) ([]Backtest, error) {
	if _, err := s.reach(ctx, c, id, toRead); err != nil {
		return nil, err
	}
	list, err := s.cfg.Store.Backtests(ctx, id)
	for i := range list {
		s.withProgress(&list[i])
	}
	return list, err
}

// UpdateBacktest changes the name and note; nil leaves them.
func (s *Service) UpdateBacktest(ctx context.Context, c Caller, id int64, backtest string, name, note *string) error {
	if name != nil && (strings.TrimSpace(*name) == "" || len(*name) > maxName) {
		return fault.E("project.UpdateBacktest", fault.Invalid, "the backtest's name must have 1 to %d characters", maxName)
	}
	if note != nil {
		if err := checkText("note", *note); err != nil {
			return err
		}
	}
	return s.changeBacktest(ctx, c, id, backtest, func(b *Backtest) {
		if name != nil {
			b.Name = strings.TrimSpace(*name)
		}
		if note != nil {
			b.Note = *note
		}
	})
}

// TagBacktest replaces the tags.
func (s *Service) TagBacktest(ctx context.Context, c Caller, id int64, backtest string, tags []string) error {
	if len(tags) > 100 || slices.ContainsFunc(tags, func(t string) bool { return t == "" || len(t) > maxName }) {
		return fault.E("project.TagBacktest", fault.Invalid, "a backtest has at most 100 tags of 1 to %d characters", maxName)
	}
	return s.changeBacktest(ctx, c, id, backtest, func(b *Backtest) { b.Tags = tags })
}

func (s *Service) changeBacktest(ctx context.Context, c Caller, id int64, backtest string, change func(*Backtest)) error {
	if _, err := s.findBacktest(ctx, c, id, backtest, toWrite); err != nil {
		return err
	}
	_, err := s.cfg.Store.ChangeBacktest(ctx, backtest, func(b *Backtest) error {
		change(b)
		return nil
	})
	return err
}

// CancelBacktest ends a backtest that is not final.
func (s *Service) CancelBacktest(ctx context.Context, c Caller, id int64, backtest string) error {
	b, err := s.findBacktest(ctx, c, id, backtest, toWrite)
	if err != nil {
		return err
	}
	done, err := s.cancel(ctx, b)
	if err == nil && !done {
		err = fault.E("project.CancelBacktest", fault.Conflict, "the backtest %s has ended already", backtest)
	}
	return err
}

// cancel makes it final first: whatever the run still gives is dropped then.
func (s *Service) cancel(ctx context.Context, b Backtest) (bool, error) {
	b.State, b.Ended = Cancelled, s.now()
	b.Summary = &Summary{Status: RuntimeError, Error: "The backtest was cancelled."}
	done, err := s.cfg.Store.FinishBacktest(ctx, b, nil)
	s.stop(b.ID)
	return done, err
}

func (s *Service) stop(backtest string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l := s.running[backtest]; l != nil {
		l.stopped = true
		l.cancel()
	}
}

// DeleteBacktest forgets a backtest; one that runs is stopped.
func (s *Service) DeleteBacktest(ctx context.Context, c Caller, id int64, backtest string) error {
	if _, err := s.findBacktest(ctx, c, id, backtest, toWrite); err != nil {
		return err
	}
	err := s.cfg.Store.DeleteBacktest(ctx, backtest)
	s.stop(backtest)
	return err
}

// stopAll cancels what a project has waiting and running.
func (s *Service) stopAll(ctx context.Context, id int64) error {
	list, err := s.cfg.Store.Backtests(ctx, id)
	if err != nil {
		return err
	}
	for _, b := range list {
		if !b.State.Final() {
			if _, err := s.cancel(ctx, b); err != nil {
				return err
			}
		}
	}
	return nil
}

// Performance is the large part of a result that comes with it.
type Performance struct {
	Total   json.RawMessage `json:"total,omitempty"`
	Rolling json.RawMessage `json:"rolling,omitempty"`
}

// Parts of a result that are stored by themselves.
const (
	partPerformance = "performance"
	partLogs        = "logs"
	partChart       = "chart/"
	partOrders      = "orders/"
	partInsights    = "insights/"
	// chunk is how many orders or insights stand in one part.
	chunk = 1000
	// MaxWindow is how many orders or insights one read gives.
	MaxWindow = 100
)

// Performance reads the performance of a final backtest that was found before.
func (s *Service) Performance(ctx context.Context, b Backtest) (Performance, error) {
	var p Performance
	raw, err := s.cfg.Store.Part(ctx, b.ID, partPerformance)
	if err != nil || raw == nil {
		return p, err
	}
	return p, json.Unmarshal(raw, &p)
}

// Logs reads the lines that a backtest logged.
func (s *Service) Logs(ctx context.Context, b Backtest) ([]string, error) {
	var out []string
	raw, err := s.cfg.Store.Part(ctx, b.ID, partLogs)
	if err != nil || raw == nil {
		return out, err
	}
	return out, json.Unmarshal(raw, &out)
}

// Chart reads a chart of a final backtest that was found before.
func (s *Service) Chart(ctx context.Context, b Backtest, name string) (json.RawMessage, error) {
	if b.Summary == nil || !slices.Contains(b.Summary.Charts, name) {
		have := "none"
		if b.Summary != nil && len(b.Summary.Charts) > 0 {
			have = strings.Join(b.Summary.Charts, ", ")
		}
		return nil, fault.E("project.Chart", fault.NotFound, "the backtest has no chart %q", clip(name)).Hinted("Its charts: %s.", have)
	}
	return s.cfg.Store.Part(ctx, b.ID, partChart+name)
}

// Orders reads the orders from start to before end, at most MaxWindow.
func (s *Service) Orders(ctx context.Context, b Backtest, start, end int) ([]json.RawMessage, error) {
	if b.Summary == nil {
		return []json.RawMessage{}, window(start, end)
	}
	return s.window(ctx, b.ID, partOrders, b.Summary.Orders, start, end)
}

// Insights reads the insights from start to before end, at most MaxWindow.
func (s *Service) Insights(ctx context.Context, b Backtest, start, end int) ([]json.RawMessage, error) {
	if b.Summary == nil {
		return []json.RawMessage{}, window(start, end)
	}
	return s.window(ctx, b.ID, partInsights, b.Summary.Insights, start, end)
}

func window(start, end int) error {
	if start < 0 || end < start || end-start > MaxWindow {
		return fault.E("project.window", fault.Invalid, "start %d and end %d do not enclose 0 to %d entries", start, end, MaxWindow).
			Hinted("Ask for at most %d at a time, end after start.", MaxWindow)
	}
	return nil
}

func (s *Service) window(ctx context.Context, id, prefix string, total, start, end int) ([]json.RawMessage, error) {
	if err := window(start, end); err != nil {
		return nil, err
	}
	out := []json.RawMessage{}
	for end = min(end, total); start < end; {
		k := start / chunk
		raw, err := s.cfg.Store.Part(ctx, id, fmt.Sprint(prefix, k))
		if err != nil {
			return nil, err
		}
		var list []json.RawMessage
		if err := json.Unmarshal(raw, &list); err != nil {
			return nil, err
		}
		until := min(end, (k+1)*chunk)
		if until-k*chunk > len(list) {
			return nil, fault.E("project.window", fault.Internal, "a stored part is shorter than it should be")
		}
		out = append(out, list[start-k*chunk:until-k*chunk]...)
		start = until
	}
	return out, nil
}
