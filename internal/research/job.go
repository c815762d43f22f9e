package research

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"reflect"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"quantdesk/internal/fault"
)

// Report tells how far work is: a fraction from 0 to 1 and what is being done.
type Report func(done float64, message string)

// mostJobs is how many a user may have running at once.
const mostJobs = 4

var errCancelled = errors.New("cancelled by the user")

// job is work that runs.
type job struct {
	user, book string
	cancel     context.CancelCauseFunc
	progress   atomic.Pointer[progress]

	keeping  sync.Mutex // guards over and detached, and the order of what is kept
	over     bool
	detached bool
}

type progress struct {
	done    float64
	message string
}

// Outcome is the head of every answer: embed it.
type Outcome struct {
	Result  string `json:"result,omitempty" jsonschema:"Handle: pass it to query_result, create_tearsheet."`
	State   State  `json:"state" jsonschema:"done, or running: then call query_result with the handle."`
	Message string `json:"message,omitempty" jsonschema:"How far it is while it runs."`
	// Tables are what the handle holds.
	Tables   []TableInfo `json:"tables,omitempty" jsonschema:"Tables that query_result reads."`
	Warnings []string    `json:"warnings,omitempty" jsonschema:"What to know before relying on it."`
}

func (o *Outcome) outcome() *Outcome { return o }

// answer is a type of answer: a struct that embeds Outcome.
type answer[T any] interface {
	*T
	outcome() *Outcome
}

// do runs work and keeps what comes of it. Work that takes longer than the
// service's patience goes on as a job: the answer then holds the handle only. A
// caller that hangs up before ends the work.
func do[T any, P answer[T]](ctx context.Context, s *Service, c Caller, book, kind string, params any, report Report, work func(ctx context.Context, report Report) (T, []Table, error)) (T, error) {
	var none T
	if book == "" {
		book = DefaultBook
	}
	if _, err := s.Book(ctx, c, book); err != nil {
		return none, err
	}
	filled, err := withDefaults(params)
	if err != nil {
		return none, err
	}
	asked, err := json.Marshal(filled)
	if err != nil {
		return none, err
	}
	handle := "r-" + strings.ToLower(rand.Text()[:16])
	r := Result{Handle: handle, User: c.User, Book: book, Kind: kind, State: Running, Created: s.cfg.Now().UTC(), Params: asked}
	run, cancel := context.WithCancelCause(s.run)
	j := &job{user: c.User, book: book, cancel: cancel}
	j.progress.Store(&progress{})
	if err := s.register(handle, j); err != nil {
		cancel(nil)
		return none, err
	}
	type end struct {
		out T
		err error
	}
	ended := make(chan end, 1)
	s.wg.Go(func() {
		defer cancel(nil)
		out, tables, err := guarded(s, kind, func() (T, []Table, error) {
			return work(run, func(done float64, message string) {
				j.progress.Store(&progress{done, message})
				if report != nil && ctx.Err() == nil {
					report(done, message)
				}
			})
		})
		j.keeping.Lock()
		j.over = true
		if err == nil {
			if m, ok := any(&out).(interface{ meta() *Meta }); ok {
				m.meta().Params = filled
			}
			out, err = finish[T, P](s, r, out, tables)
		}
		if err != nil && j.detached {
			s.fail(run, r, err)
		}
		j.keeping.Unlock()
		s.unregister(handle)
		ended <- end{out, err}
	})
	patience := time.NewTimer(s.cfg.Patience)
	defer patience.Stop()
	select {
	case e := <-ended:
		return e.out, e.err
	case <-ctx.Done():
		cancel(ctx.Err())
		return none, ctx.Err()
	case <-patience.C:
	}
	j.keeping.Lock()
	if !j.over { // it becomes a job
		err = s.cfg.Store.PutResult(ctx, r, nil, maxResults)
		j.detached = err == nil
	}
	j.keeping.Unlock()
	if err != nil {
		cancel(err)
		return none, err
	}
	if !j.detached {
		e := <-ended
		return e.out, e.err
	}
	o := P(&none).outcome()
	o.Result, o.State, o.Message = handle, Running, j.progress.Load().message
	return none, nil
}

// guarded keeps a fault in an analysis from taking the desk with it.
func guarded[T any](s *Service, kind string, work func() (T, []Table, error)) (out T, tables []Table, err error) {
	defer func() {
		if p := recover(); p != nil {
			s.cfg.Log.Error("an analysis failed", "kind", kind, "panic", p, "stack", string(debug.Stack()))
			err = fault.E("research."+kind, fault.Internal, "something went wrong inside the desk")
		}
	}()
	return work()
}

func (s *Service) register(handle string, j *job) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.run.Err() != nil {
		return fault.E("research.do", fault.Unavailable, "the desk is closing")
	}
	n := 0
	for _, other := range s.jobs {
		if other.user == j.user {
			n++
		}
	}
	if n >= mostJobs {
		return fault.E("research.do", fault.RateLimited, "%d analyses are running already", n).With("limit", mostJobs).
			Hinted("Wait for one, or end it with cancel_research.")
	}
	s.jobs[handle] = j
	return nil
}

func (s *Service) unregister(handle string) {
	s.mu.Lock()
	delete(s.jobs, handle)
	s.mu.Unlock()
}

// finish keeps an answer with its tables.
func finish[T any, P answer[T]](s *Service, r Result, out T, tables []Table) (T, error) {
	o := P(&out).outcome()
	o.Result, o.State = r.Handle, Done
	for _, t := range tables {
		if err := t.check(); err != nil {
			return out, err
		}
		o.Tables = append(o.Tables, t.Info())
	}
	r.State, r.Finished, r.Tables = Done, s.cfg.Now().UTC(), o.Tables
	var err error
	if r.Summary, err = json.Marshal(out); err != nil {
		return out, err
	}
	return out, s.cfg.Store.PutResult(context.WithoutCancel(s.run), r, tables, maxResults)
}

// fail keeps that work which nobody waits for came to nothing.
func (s *Service) fail(run context.Context, r Result, err error) {
	f := fault.As(err)
	r.State, r.Finished, r.Error, r.Code = Failed, s.cfg.Now().UTC(), f.Message, string(f.Code)
	switch cause := context.Cause(run); {
	case errors.Is(cause, errCancelled):
		r.State, r.Error, r.Code = Cancelled, "", ""
	case s.run.Err() != nil:
		r.State, r.Error, r.Code = Interrupted, "", ""
	}
	if err := s.cfg.Store.PutResult(context.WithoutCancel(run), r, nil, maxResults); err != nil {
		s.cfg.Log.Error("a failed analysis is not kept", "result", r.Handle, "err", err)
	}
}

// Recover marks what was running when the desk ended.
func (s *Service) Recover(ctx context.Context) error {
	open, err := s.cfg.Store.OpenResults(ctx)
	if err != nil {
		return err
	}
	for _, r := range open {
		r.State, r.Finished = Interrupted, s.cfg.Now().UTC()
		if err := s.cfg.Store.PutResult(ctx, r, nil, maxResults); err != nil {
			return err
		}
	}
	return nil
}

// Progress tells how far a running result is.
func (s *Service) Progress(handle string) (done float64, message string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if j := s.jobs[handle]; j != nil {
		p := j.progress.Load()
		return p.done, p.message
	}
	return 0, ""
}

// Cancel ends a running analysis; one that is over stays what it is.
func (s *Service) Cancel(ctx context.Context, c Caller, handle string) (Result, error) {
	r, err := s.Find(ctx, c, handle)
	if err != nil {
		return r, err
	}
	s.mu.Lock()
	j := s.jobs[handle]
	s.mu.Unlock()
	if j != nil {
		j.cancel(errCancelled)
		r.State = Cancelled
	}
	return r, nil
}

// withDefaults are the arguments as they were understood: what was not given has
// its declared default.
func withDefaults(params any) (map[string]any, error) {
	raw, err := json.Marshal(params)
	if err != nil {
		return nil, err
	}
	out := map[string]any{}
	if err := json.Unmarshal(raw, &out); err != nil {
		return nil, err
	}
	for k, v := range out {
		if text, ok := v.(string); ok {
			out[k] = clip(text)
		}
	}
	var walk func(t reflect.Type)
	walk = func(t reflect.Type) {
		for i := range t.NumField() {
			f := t.Field(i)
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if f.Anonymous && name == "" {
				walk(f.Type)
				continue
			}
			text, ok := f.Tag.Lookup("default")
			if _, given := out[name]; given || !ok {
				continue
			}
			out[name] = text
			if v, err := strconv.ParseFloat(text, 64); err == nil {
				out[name] = v
			} else if text == "true" || text == "false" {
				out[name] = text == "true"
			}
		}
	}
	walk(reflect.TypeOf(params))
	return out, nil
}
