package python

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"sync"
	"time"
)

// Limits bound one child. Zero is no limit, except where a default is named.
type Limits struct {
	// Memory is how many bytes the child may have to write to: Go, Python,
	// extension modules and the stacks of threads together. Go and Python alone
	// take some 200 MB of it. Python sees a MemoryError.
	Memory int64
	// CPU is the processor time of all its threads, in whole seconds rounded up.
	CPU time.Duration
	// Wall is the time by the clock from Start.
	Wall time.Duration
	// Output is how many bytes it may write to stdout and stderr.
	Output int64
	// FileSize is the length a file in Scratch may reach.
	FileSize int64
	// Files is how many descriptors may be open; 0 means 256.
	Files int
}

// Spec describes a child.
type Spec struct {
	// Program is the name under which Register was called.
	Program string
	// Home is what Extract gave; it becomes readable. Empty for none.
	Home string
	// ReadOnly are more files and folders to read: code, data, site-packages.
	ReadOnly []string
	// Scratch is the one folder to write to; empty for none. Limits.FileSize
	// bounds each file in it, not their number. It needs Confined.
	Scratch string
	Limits  Limits
	// AllowWeak starts the child on a system whose SandboxLevel is below
	// Confined; without it Command refuses.
	AllowWeak bool
}

// A program may end with one of these codes to say that it met a limit itself,
// as when Python raised a MemoryError; Wait gives the LimitError.
const (
	ExitMemory = 81
	ExitCPU    = 82
	ExitWall   = 83
	// exitSetup says that the sandbox could not be put up.
	exitSetup = 97
)

// The limits that a LimitError names.
const (
	LimitMemory = "memory"
	LimitCPU    = "cpu"
	LimitWall   = "wall"
	LimitOutput = "output"
)

// LimitError says which limit ended a child. In the child it is the cause of
// the context's end.
type LimitError struct {
	Limit string
	// Allowed is the limit as text: "2s", "512 MB".
	Allowed string
}

// Error is a sentence for the user.
func (e *LimitError) Error() string {
	what := map[string]string{
		LimitMemory: "memory", LimitCPU: "processor time", LimitWall: "time", LimitOutput: "output",
	}[e.Limit]
	return fmt.Sprintf("the run needs more %s than its limit of %s", what, e.Allowed)
}

// Is matches an error of the same Limit, whatever was allowed.
func (e *LimitError) Is(target error) bool {
	t, ok := target.(*LimitError)
	return ok && t.Limit == e.Limit && (t.Allowed == "" || t.Allowed == e.Allowed)
}

func (l Limits) error(limit string) *LimitError {
	allowed := map[string]string{
		LimitMemory: megabytes(l.Memory), LimitCPU: l.CPU.String(), LimitWall: l.Wall.String(), LimitOutput: megabytes(l.Output),
	}[limit]
	return &LimitError{Limit: limit, Allowed: allowed}
}

func megabytes(n int64) string {
	if n < 10<<20 {
		return fmt.Sprintf("%d kB", n>>10)
	}
	return fmt.Sprintf("%d MB", n>>20)
}

// Level is how well this system can confine a child.
type Level int

// The levels, from none to all.
const (
	// Unconfined: nothing but the limits that the parent watches.
	Unconfined Level = iota
	// Limited: resource limits; files and the network are open.
	Limited
	// Filtered: resource limits and the system call filter; files that the
	// user may read are open.
	Filtered
	// Confined: resource limits, the filter, and only the files of the Spec.
	Confined
)

// String is the level's name.
func (l Level) String() string {
	return [...]string{"unconfined", "limited", "filtered", "confined"}[l]
}

// Sentence says what the level means, for people.
func (l Level) Sentence() string {
	return [...]string{
		"Algorithms run with all rights of the server: this system has no sandbox that is supported.",
		"Algorithms run under resource limits only; they can read the server's files and use the network.",
		"Algorithms cannot use the network or start programs, but this kernel has no Landlock: they can read the server's files.",
		"Algorithms can read their own files and the interpreter, and nothing else.",
	}[l]
}

// Program is the body of a child. stdin and stdout lead to the parent; the
// standard streams of the process do not. The context ends when the time limit
// or the processor limit has come, with a LimitError as its cause, one second
// before the child is killed. The result is the exit code.
type Program func(ctx context.Context, stdin io.Reader, stdout io.Writer) int

var programs struct {
	sync.Mutex
	m map[string]Program
}

// Register names a program for Spec.Program; call it before RunStage.
func Register(name string, p Program) {
	programs.Lock()
	defer programs.Unlock()
	if programs.m == nil {
		programs.m = map[string]Program{}
	}
	programs.m[name] = p
}

func registered(name string) (Program, error) {
	programs.Lock()
	defer programs.Unlock()
	p, ok := programs.m[name]
	if !ok {
		return nil, fmt.Errorf("no program %q among %q", name, slices.Sorted(maps.Keys(programs.m)))
	}
	return p, nil
}

// stageArg is the first argument of a child.
const stageArg = "__sandbox"

// wire is what the parent hands to the stages.
type wire struct {
	Spec
	// Bare leaves the confinement out, for the control runs of tests.
	Bare bool
	// AtMost lowers the level, for tests; nil is the system's own.
	AtMost *Level
}

func (w wire) level() Level {
	level := SandboxLevel()
	if w.AtMost != nil {
		level = min(level, *w.AtMost)
	}
	return level
}

// RunStage must be the first call of main, after Register: with the arguments
// of a child it runs that and exits, with others it returns at once.
func RunStage(args []string) {
	if len(args) != 4 || args[1] != stageArg {
		return
	}
	err := runStage(args[2], args[3])
	fmt.Fprintf(os.Stderr, "sandbox stage %s: %v\n", args[2], err)
	os.Exit(exitSetup)
}

// runProgram is the end of the last stage; it does not return.
func runProgram(w wire) error {
	run, err := registered(w.Program)
	if err != nil {
		return err
	}
	stdin, stdout, err := takeStreams()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	if w.Limits.Wall > 0 {
		time.AfterFunc(w.Limits.Wall, func() { cancel(w.Limits.error(LimitWall)) })
	}
	onCPULimit(func() { cancel(w.Limits.error(LimitCPU)) })
	os.Exit(run(ctx, stdin, stdout))
	return nil
}
