package python

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"quantdesk/internal/fault"
)

// Child is a confined process of the same binary. Write to Stdin, read Stdout
// to its end, then Wait.
type Child struct {
	Stdin  io.WriteCloser
	Stdout io.Reader

	limits Limits
	cmd    *exec.Cmd
	ctx    context.Context //nolint:containedctx // it bounds the process, as in os/exec
	in     *os.File
	out    *os.File
	errs   *os.File
	theirs []*os.File // the child's ends, closed here once it runs

	mu     sync.Mutex
	output int64
	cause  error  // why it was killed
	head   []byte // the beginning of stderr
	tail   []byte // and its end

	done    chan struct{} // closed by Wait
	drained chan struct{}
	stops   []func() bool
}

// grace is how long a child may go on after its limit, to report by itself.
const grace = time.Second

// maxHead and maxTail are how much of stderr is kept: where a crash of Go says
// what it is, and where it ends.
const maxHead, maxTail = 4 << 10, 64 << 10

// Command prepares a child with an empty environment, the current folder "/"
// and no descriptors but its three streams. It starts with Start and is killed
// when the context ends.
func Command(ctx context.Context, spec Spec) (*Child, error) { return command(ctx, wire{Spec: spec}) }

func command(ctx context.Context, w wire) (*Child, error) {
	const op = "python.Command"
	switch level := w.level(); {
	case w.Bare:
	case level < Confined && !w.AllowWeak:
		return nil, fault.E(op, fault.Unavailable, "algorithms cannot be confined on this system").
			Hinted("%s Allow it in the configuration to run them nevertheless.", level.Sentence())
	case level == Filtered && w.Scratch != "":
		return nil, fault.E(op, fault.Unavailable, "there is no scratch folder on a kernel without Landlock: the whole disk would be one")
	}
	if _, err := registered(w.Program); err != nil {
		return nil, fault.Wrap(op, fault.Internal, err, "the program %q is not registered", w.Program)
	}
	for _, p := range append([]string{w.Home, w.Scratch}, w.ReadOnly...) {
		if p != "" && !filepath.IsAbs(p) {
			return nil, fault.E(op, fault.Invalid, "the path %q of a child is not absolute", p)
		}
	}
	payload, err := json.Marshal(w)
	if err != nil {
		return nil, fault.Wrap(op, fault.Internal, err, "the child's description cannot be written")
	}
	self, err := ownBinary()
	if err != nil {
		return nil, fault.Wrap(op, fault.Unavailable, err, "the own program cannot be found")
	}
	c := &Child{limits: w.Limits, ctx: ctx, done: make(chan struct{}), drained: make(chan struct{})}
	c.cmd = exec.Command(self, stageArg, "1", string(payload)) //nolint:gosec,noctx // our own binary; the context is watched by Start
	c.cmd.Args[0] = "quantdesk-run"
	if !w.Bare {
		c.cmd.Env = []string{}
	}
	c.cmd.Dir = rootDir
	c.cmd.SysProcAttr = childAttr()
	if err := c.pipes(); err != nil {
		return nil, fault.Wrap(op, fault.Unavailable, err, "no pipes to a child")
	}
	return c, nil
}

// pipes are files, not copies by os/exec: Wait then waits for the process only.
func (c *Child) pipes() error {
	inR, inW, err1 := os.Pipe()
	outR, outW, err2 := os.Pipe()
	errR, errW, err3 := os.Pipe()
	c.theirs = []*os.File{inR, outW, errW}
	c.in, c.out, c.errs = inW, outR, errR
	if err := errors.Join(err1, err2, err3); err != nil {
		c.close()
		return err
	}
	c.cmd.Stdin, c.cmd.Stdout, c.cmd.Stderr = inR, outW, errW
	c.Stdin, c.Stdout = inW, (*counted)(c)
	return nil
}

func (c *Child) close() {
	for _, f := range append(c.theirs, c.in, c.out, c.errs) {
		if f != nil {
			_ = f.Close()
		}
	}
}

// Start starts the child.
func (c *Child) Start() error {
	started := make(chan error)
	// The kernel kills the child when the thread that started it ends: so that
	// is one which stays until the child has ended.
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := c.cmd.Start()
		started <- err
		if err == nil {
			<-c.done
		}
	}()
	if err := <-started; err != nil {
		c.close()
		return fault.Wrap("python.Start", fault.Unavailable, err, "the child does not start")
	}
	for _, f := range c.theirs {
		_ = f.Close()
	}
	go c.drain()
	c.stops = append(c.stops, context.AfterFunc(c.ctx, func() { c.kill(context.Cause(c.ctx)) }))
	if c.limits.Wall > 0 {
		c.stops = append(c.stops, time.AfterFunc(c.limits.Wall+grace, func() { c.kill(c.limits.error(LimitWall)) }).Stop)
	}
	return nil
}

// Kill ends the child at once; Wait gives the cause, which may be nil.
func (c *Child) Kill(cause error) {
	if cause == nil {
		cause = fault.E("python.Kill", fault.Cancelled, "the run was stopped")
	}
	c.kill(cause)
}

func (c *Child) kill(cause error) {
	c.mu.Lock()
	if c.cause == nil {
		c.cause = cause
	}
	c.mu.Unlock()
	// It has ended already: as wished.
	_ = c.cmd.Process.Kill()
	select {
	case <-c.done:
	default:
		killGroup(c.cmd.Process.Pid)
	}
}

// Wait waits for the child to end and closes Stdin and Stdout. Its error is nil
// for exit code 0, a *LimitError for a limit, the context's cause, or an
// *ExitError.
func (c *Child) Wait() error {
	err := c.cmd.Wait()
	close(c.done)
	// Where forks are possible one of them may hold the pipe.
	_ = c.errs.SetReadDeadline(time.Now().Add(grace))
	<-c.drained
	for _, stop := range c.stops {
		stop()
	}
	c.close()
	return c.verdict(err)
}

func (c *Child) verdict(err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	state := c.cmd.ProcessState
	switch {
	case err == nil:
		return nil
	case c.cause != nil:
		return c.cause
	case state == nil:
		return fault.Wrap("python.Wait", fault.Internal, err, "the child is lost")
	}
	text := string(c.tail)
	code, signal := state.ExitCode(), exitSignal(state)
	used := state.UserTime() + state.SystemTime()
	switch {
	case code == exitSetup:
		return fault.Wrap("python.Wait", fault.Unavailable, errors.New(strings.TrimSpace(text)), "the sandbox cannot be put up")
	case code == ExitMemory, code != 0 && outOfMemory(c.head, c.tail):
		return c.limits.error(LimitMemory)
	case code == ExitCPU, c.limits.CPU > 0 && signal != "" && used >= wholeSeconds(c.limits.CPU)-100*time.Millisecond:
		return c.limits.error(LimitCPU)
	case code == ExitWall:
		return c.limits.error(LimitWall)
	}
	return &ExitError{Code: code, Signal: signal, Stderr: text}
}

// outOfMemory finds what Go's runtime says when it gets no memory or thread.
func outOfMemory(text ...[]byte) bool {
	for _, words := range []string{"out of memory", "cannot allocate memory", "pthread_create failed"} {
		if slices.ContainsFunc(text, func(t []byte) bool { return bytes.Contains(t, []byte(words)) }) {
			return true
		}
	}
	return false
}

func wholeSeconds(d time.Duration) time.Duration {
	return (d + time.Second - 1).Truncate(time.Second)
}

// Stderr is the end of what the child wrote to its stderr, 64 kB at most.
func (c *Child) Stderr() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return string(c.tail)
}

// CPU is the processor time that the child used, after Wait.
func (c *Child) CPU() time.Duration {
	if s := c.cmd.ProcessState; s != nil {
		return s.UserTime() + s.SystemTime()
	}
	return 0
}

// counted is the child's stdout with the limit on output.
type counted Child

// Read reads and counts.
func (r *counted) Read(p []byte) (int, error) {
	c := (*Child)(r)
	n, err := c.out.Read(p)
	c.count(n)
	return n, err
}

func (c *Child) count(n int) {
	c.mu.Lock()
	c.output += int64(n)
	over := c.limits.Output > 0 && c.output > c.limits.Output
	c.mu.Unlock()
	if over {
		c.kill(c.limits.error(LimitOutput))
	}
}

// drain keeps the end of stderr.
func (c *Child) drain() {
	defer close(c.drained)
	buf := make([]byte, 16<<10)
	for {
		n, err := c.errs.Read(buf)
		c.mu.Lock()
		c.head = append(c.head, buf[:min(n, maxHead-len(c.head))]...)
		c.tail = append(c.tail, buf[:n]...)
		if over := len(c.tail) - maxTail; over > 0 {
			c.tail = append(c.tail[:0], c.tail[over:]...)
		}
		c.mu.Unlock()
		c.count(n)
		if err != nil {
			return
		}
	}
}

// ExitError is a child that ended by itself and not well.
type ExitError struct {
	// Code is the exit code, -1 for a signal.
	Code int
	// Signal is the signal's name, or empty.
	Signal string
	// Stderr is the end of what it wrote there.
	Stderr string
}

// Error is a sentence without the text of stderr.
func (e *ExitError) Error() string {
	if e.Signal != "" {
		return "the run was ended by the signal " + e.Signal
	}
	return fmt.Sprintf("the run ended with code %d", e.Code)
}
