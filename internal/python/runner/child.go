package runner

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"time"

	"quantdesk/internal/algo"
	"quantdesk/internal/fault"
	"quantdesk/internal/project"
	"quantdesk/internal/python"
	"quantdesk/internal/python/strategy"
)

// backtestProgram is the child that runs one algorithm.
const backtestProgram = "backtest"

// exitProtocol says that parent and child do not understand each other.
const exitProtocol = 96

// Market is what an Opener opens. Rows is a folder of what was decoded of Data
// before, empty where there is none; Told hears of series that are not in it.
type Market struct {
	Data, Rows string
	Told       func(series algo.RowQuery)
}

// Opener opens market data by what Config.Data says: a data folder, or a name.
type Opener func(m Market) (algo.Source, error)

// Register makes the children known to the sandbox. Call it before
// python.RunStage, in the process that asks and in its children alike.
func Register(open Opener) {
	python.Register(libraryProgram, runLibrary)
	python.Register(compileProgram, runCompile)
	python.Register(stubsProgram, runStubs)
	python.Register(backtestProgram, func(ctx context.Context, in io.Reader, out io.Writer) int { return runBacktest(ctx, open, in, out) })
}

// refusal is a fault on its way to the parent.
type refusal struct {
	Code    fault.Code `json:"code"`
	Message string     `json:"message"`
	Hint    string     `json:"hint,omitempty"`
	Cause   string     `json:"cause,omitempty"`
}

// refuse tells the parent what is wrong, and gives the exit code.
func refuse(out io.Writer, err error) int {
	f := fault.As(err)
	r := refusal{Code: f.Code, Message: f.Message, Hint: f.Hint}
	if f.Err != nil {
		r.Cause = f.Err.Error()
	}
	if send(out, frameFault, r) != nil {
		return exitProtocol
	}
	return 0
}

// runBacktest is the body of the child.
func runBacktest(ctx context.Context, open Opener, in io.Reader, out io.Writer) int {
	var job strategy.Job
	if err := json.NewDecoder(in).Decode(&job); err != nil {
		return exitProtocol
	}
	if job.Memory > 0 {
		// Half for the engine's heap, where the collector has a choice; the rest is
		// Python's and what packages take.
		debug.SetMemoryLimit(job.Memory / 2)
	}
	source, err := open(Market{Data: job.Data, Rows: job.Rows, Told: func(q algo.RowQuery) { _ = send(out, frameSeries, q) }})
	if err != nil {
		return refuse(out, err)
	}
	o, err := strategy.Run(ctx, job, source, progressTo(out))
	if code := limitCode(err); code != 0 {
		return code
	}
	if err != nil {
		return refuse(out, err)
	}
	if exhausted(o.Err) {
		return python.ExitMemory
	}
	r, err := resultOf(job, o, source)
	if err != nil {
		return refuse(out, fault.Wrap("runner.result", fault.Internal, err, "the result cannot be made: %s", err))
	}
	// Most of a long result, and in JSON already: by itself it is neither written
	// again nor read into parts.
	rolling := r.RollingWindow
	if r.RollingWindow = nil; sendRaw(out, frameRolling, rolling) != nil {
		return exitProtocol
	}
	if err := send(out, frameResult, r); err != nil {
		return exitProtocol
	}
	return 0
}

// limitCode is the exit code that says which limit ended the context.
func limitCode(err error) int {
	var l *python.LimitError
	if !errors.As(err, &l) {
		return 0
	}
	switch l.Limit {
	case python.LimitCPU:
		return python.ExitCPU
	case python.LimitMemory:
		return python.ExitMemory
	}
	return python.ExitWall
}

func exhausted(err error) bool {
	var e *python.Error
	return errors.As(err, &e) && e.Type == "MemoryError"
}

// tell is how often a run says how far it is.
const tell = 100 * time.Millisecond

// progressTo sends progress now and then. It reads what the charts hold and
// asks the engine nothing: when it is called depends on the clock, and a result
// must not.
func progressTo(out io.Writer) func(*algo.Engine, float64, int64) {
	var last time.Time
	heap := newThrift()
	return func(e *algo.Engine, done float64, at int64) {
		now := time.Now()
		if now.Sub(last) < tell {
			return
		}
		last = now
		heap.look()
		p := project.Progress{Fraction: min(max(done, 0), 1), Reached: time.Unix(0, at).UTC()}
		for _, c := range e.Charts.List {
			if c.Name != "Strategy Equity" {
				continue
			}
			if s := c.Find("Equity"); s != nil && len(s.Points) > 0 {
				p.Equity = s.Points[len(s.Points)-1].Y.String()
			}
		}
		_ = send(out, frameProgress, p) // a parent that is gone ends this process anyway
	}
}

// converse starts a child, hands it a job and takes its frames until it ends.
func converse(ctx context.Context, spec python.Spec, job any, got func(kind, []byte) error) error {
	const op = "runner.child"
	text, err := json.Marshal(job)
	if err != nil {
		return fault.Wrap(op, fault.Internal, err, "the job cannot be written")
	}
	c, err := python.Command(ctx, spec)
	if err != nil {
		return err
	}
	if err := c.Start(); err != nil {
		return err
	}
	go func() {
		_, _ = c.Stdin.Write(text) // a child that ended early says why by itself
		_ = c.Stdin.Close()
	}()
	var refused *fault.Error
	err = receive(c.Stdout, func(k kind, body []byte) error {
		if k != frameFault {
			return got(k, body)
		}
		var r refusal
		if err := json.Unmarshal(body, &r); err != nil {
			return err
		}
		refused = fault.E(op, known(r.Code), "%s", r.Message)
		refused.Hint = r.Hint
		if r.Cause != "" {
			refused.Err = errors.New(r.Cause)
		}
		return nil
	})
	if err != nil {
		c.Kill(fault.Wrap(op, fault.Internal, err, "the run's process says what makes no sense"))
	}
	switch ended := c.Wait(); {
	case ctx.Err() != nil && ended != nil:
		return told(spec.Limits, ended)
	case ended != nil && err == nil, ended != nil && isLimit(ended):
		return told(spec.Limits, ended)
	case err != nil:
		return fault.Wrap(op, fault.Internal, fmt.Errorf("%w: %w", errGarbled, err), "the run's process says what makes no sense")
	}
	if refused != nil {
		return refused
	}
	return nil
}

// errGarbled says that what a child wrote is no answer: only user code does so.
var errGarbled = errors.New("no frames")

// known keeps a code that user code may have forged within the closed set.
func known(c fault.Code) fault.Code {
	for _, i := range fault.Codes() {
		if i.Code == c {
			return c
		}
	}
	return fault.Internal
}

func isLimit(err error) bool {
	var l *python.LimitError
	return errors.As(err, &l)
}

// told makes a fault of how a child ended; errors.As finds the LimitError or
// the ExitError in it.
func told(l python.Limits, err error) error {
	const op = "runner.child"
	var limit *python.LimitError
	var f *fault.Error
	switch {
	case errors.As(err, &limit):
		code := fault.Conflict
		if limit.Limit == python.LimitCPU || limit.Limit == python.LimitWall {
			code = fault.Timeout
		}
		setting := map[string]string{python.LimitMemory: "run_memory", python.LimitCPU: "run_cpu", python.LimitWall: "run_time"}[limit.Limit]
		e := fault.Wrap(op, code, err, "%s", limit.Error()).With("limit", limit.Limit).With("allowed", limit.Allowed)
		if setting == "" {
			return e.Hinted("Write less: the output of a run is bounded.")
		}
		return e.Hinted("Make the algorithm need less, or let the operator raise the setting %s.", setting)
	case errors.As(err, &f):
		return err
	case errors.Is(err, context.Canceled):
		return fault.Wrap(op, fault.Cancelled, err, "the run was stopped")
	case errors.Is(err, context.DeadlineExceeded):
		return fault.Wrap(op, fault.Timeout, err, "the run took longer than its caller waits")
	}
	return fault.Wrap(op, fault.Internal, err, "%s", fmt.Sprint(err))
}
