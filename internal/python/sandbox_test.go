package python

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"quantdesk/internal/fault"
)

// registerTestPrograms is called by TestMain before RunStage.
func registerTestPrograms() {
	Register("python", pythonProgram)
	Register("echo", func(_ context.Context, in io.Reader, out io.Writer) int {
		_, _ = io.Copy(out, in)
		return 0
	})
	Register("exit", func(_ context.Context, in io.Reader, _ io.Writer) int {
		b, _ := io.ReadAll(in)
		code, _ := strconv.Atoi(string(b))
		return code
	})
	Register("patient", func(ctx context.Context, _ io.Reader, out io.Writer) int {
		<-ctx.Done()
		fmt.Fprint(out, context.Cause(ctx))
		return ExitWall
	})
	Register("balloon", func(_ context.Context, _ io.Reader, _ io.Writer) int {
		var all [][]byte
		for {
			all = append(all, bytes.Repeat([]byte{1}, 1<<20))
			if len(all) > 1<<20 {
				return 0
			}
		}
	})
}

// script is what pythonProgram reads from the parent.
type script struct {
	Home string
	Path []string
	Site []string
	Code string
	// Interrupt lets the end of the context interrupt Python.
	Interrupt bool
}

// pythonProgram runs a script and sends what it prints to the parent.
func pythonProgram(ctx context.Context, in io.Reader, out io.Writer) int {
	var s script
	if err := json.NewDecoder(in).Decode(&s); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	print := func(text string) { _, _ = io.WriteString(out, text) }
	p, err := Open(Options{Home: s.Home, Path: s.Path, SitePackages: s.Site, Stdout: print, Stderr: print, MaxOutput: 1 << 40})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if s.Interrupt {
		context.AfterFunc(ctx, func() { p.Interrupt(context.Cause(ctx).Error()) })
	}
	_, err = p.Exec("main.py", s.Code)
	var e *Error
	switch {
	case err == nil:
		return 0
	case errors.As(err, &e) && e.Type == "MemoryError":
		return ExitMemory
	case errors.As(err, &e) && p.Interrupted():
		fmt.Fprint(out, e.Message)
		return ExitWall
	case errors.As(err, &e):
		fmt.Fprint(out, e.Traceback)
	}
	return 1
}

// needConfined skips where the system has no sandbox.
func needConfined(t testing.TB) string {
	t.Helper()
	if SandboxLevel() < Confined {
		t.Skipf("this system is %s", SandboxLevel())
	}
	if raceDetector && testing.Short() && !strings.HasPrefix(t.Name(), "TestChild") {
		t.Skip("children are slow with the race detector, and what races is the parent")
	}
	home, err := cachedHome()
	if err != nil {
		t.Fatal(err)
	}
	return home
}

// child runs a program to its end.
func child(t testing.TB, w wire, stdin []byte) (stdout string, err error) {
	t.Helper()
	if raceDetector {
		w.Limits.Memory = 0 // its shadow memory would not fit
	}
	c, err := command(context.Background(), w)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_, _ = c.Stdin.Write(stdin)
		_ = c.Stdin.Close()
	}()
	out, _ := io.ReadAll(c.Stdout)
	err = c.Wait()
	var ee *ExitError
	if errors.As(err, &ee) {
		t.Logf("stderr: %.2000s", ee.Stderr)
	}
	return string(out), err
}

// python runs Python code in a child.
func python(t testing.TB, w wire, s script) (stdout string, err error) {
	t.Helper()
	w.Program, w.Home = "python", s.Home
	b, merr := json.Marshal(s)
	if merr != nil {
		t.Fatal(merr)
	}
	return child(t, w, b)
}

var usual = Limits{Memory: 1 << 30, CPU: 20 * time.Second, Wall: 30 * time.Second, Output: 4 << 20, FileSize: 1 << 20}

func TestChildSpeaks(t *testing.T) {
	needConfined(t)
	big := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	out, err := child(t, wire{Spec: Spec{Program: "echo", Limits: usual}}, big)
	if err != nil || out != string(big) {
		t.Errorf("got %d bytes and %v, want all %d back", len(out), err, len(big))
	}
}

func TestChildEnds(t *testing.T) {
	needConfined(t)
	for _, c := range []struct {
		code string
		want error
		exit int
	}{
		{"0", nil, 0},
		{"7", nil, 7},
		{"81", &LimitError{Limit: LimitMemory}, 0},
		{"82", &LimitError{Limit: LimitCPU}, 0},
		{"83", &LimitError{Limit: LimitWall}, 0},
	} {
		t.Run(c.code, func(t *testing.T) {
			_, err := child(t, wire{Spec: Spec{Program: "exit", Limits: usual}}, []byte(c.code))
			var ee *ExitError
			switch {
			case c.want != nil && !errors.Is(err, c.want):
				t.Errorf("got %v, want %v", err, c.want)
			case c.exit != 0 && (!errors.As(err, &ee) || ee.Code != c.exit):
				t.Errorf("got %v, want code %d", err, c.exit)
			case c.want == nil && c.exit == 0 && err != nil:
				t.Errorf("got %v, want none", err)
			}
		})
	}
}

func TestChildRefused(t *testing.T) {
	for _, c := range []struct {
		name string
		spec Spec
	}{
		{"unknown program", Spec{Program: "nobody"}},
		{"relative path", Spec{Program: "echo", ReadOnly: []string{"data"}}},
		{"relative scratch", Spec{Program: "echo", Scratch: "tmp"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := Command(context.Background(), c.spec); err == nil {
				t.Error("got no error")
			}
		})
	}
	t.Run("missing folder", func(t *testing.T) {
		needConfined(t)
		_, err := child(t, wire{Spec: Spec{Program: "echo", ReadOnly: []string{"/no/such/folder"}, Limits: usual}}, nil)
		if fault.CodeOf(err) != fault.Unavailable {
			t.Errorf("got %v, want unavailable", err)
		}
	})
}

func TestChildCancelled(t *testing.T) {
	needConfined(t)
	ctx, cancel := context.WithCancelCause(context.Background())
	c, err := Command(ctx, Spec{Program: "patient", Limits: Limits{Memory: 1 << 30}})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	why := errors.New("nobody waits")
	cancel(why)
	if _, err := io.ReadAll(c.Stdout); err != nil {
		t.Error(err)
	}
	if err := c.Wait(); !errors.Is(err, why) {
		t.Errorf("got %v, want %v", err, why)
	}
}

func TestLimits(t *testing.T) {
	home := needConfined(t)
	run := func(code string, l Limits) (string, error) {
		return python(t, wire{Spec: Spec{Limits: l}}, script{Home: home, Code: code})
	}
	for _, c := range []struct {
		name, code string
		limits     Limits
		want       string
	}{
		{"loop", "while True: pass", Limits{CPU: time.Second, Wall: time.Minute}, LimitCPU},
		{"loop in C", "sum(range(10**12))", Limits{CPU: time.Second, Wall: time.Minute}, LimitCPU},
		{"loop in threads", "import threading\nfor _ in range(4): threading.Thread(target=lambda: sum(range(10**12))).start()", Limits{CPU: time.Second, Wall: time.Minute}, LimitCPU},
		{"trace function that loops", "import sys\ndef t(*a):\n  while True: pass\nsys.settrace(t)\n(lambda: 0)()", Limits{CPU: time.Second, Wall: time.Minute}, LimitCPU},
		{"ignores everything", "import time\nwhile True:\n  try: time.sleep(10)\n  except BaseException: pass", Limits{Wall: 300 * time.Millisecond}, LimitWall},
		{"sleep", "import time; time.sleep(60)", Limits{Wall: 300 * time.Millisecond}, LimitWall},
		{"memory at once", "b = bytearray(10 << 30)", Limits{Memory: 512 << 20}, LimitMemory},
		{"memory by and by", "l = []\nwhile True: l.append(bytearray(1 << 20))", Limits{Memory: 512 << 20, Wall: time.Minute}, LimitMemory},
		{"print flood", "while True: print('x' * 1000)", Limits{Output: 1 << 20, Wall: time.Minute}, LimitOutput},
		{"write flood", "import os\nwhile True: os.write(1, b'x' * 1000)", Limits{Output: 1 << 20, Wall: time.Minute}, LimitOutput},
		{"write flood on stderr", "import os\nwhile True: os.write(2, b'x' * 1000)", Limits{Output: 1 << 20, Wall: time.Minute}, LimitOutput},
	} {
		t.Run(c.name, func(t *testing.T) {
			start := time.Now()
			_, err := run(c.code, c.limits)
			if !errors.Is(err, &LimitError{Limit: c.want}) {
				t.Errorf("got %v, want the limit %s", err, c.want)
			}
			if took := time.Since(start); took > 20*time.Second {
				t.Errorf("it took %v to end", took)
			}
			if out, err := run("print(6 * 7)", usual); err != nil || out != "42\n" {
				t.Errorf("the next run gives %q and %v", out, err)
			}
		})
	}
	t.Run("memory error can be caught", func(t *testing.T) {
		out, err := run("try: bytearray(10 << 30)\nexcept MemoryError: print('caught')", usual)
		if err != nil || out != "caught\n" {
			t.Errorf("got %q and %v", out, err)
		}
	})
	t.Run("without the limits", func(t *testing.T) {
		out, err := python(t, wire{Bare: true}, script{Home: home, Code: "b = bytearray(2 << 30); print(len(b) >> 30)"})
		if err != nil || out != "2\n" {
			t.Errorf("got %q and %v: the probe would not have succeeded anyway", out, err)
		}
	})
	t.Run("Go's memory", func(t *testing.T) {
		_, err := child(t, wire{Spec: Spec{Program: "balloon", Limits: Limits{Memory: 256 << 20, Wall: time.Minute}}}, nil)
		if !errors.Is(err, &LimitError{Limit: LimitMemory}) {
			t.Errorf("got %v, want the limit memory", err)
		}
	})
	t.Run("told before", func(t *testing.T) {
		out, err := python(t, wire{Spec: Spec{Limits: Limits{Wall: 300 * time.Millisecond}}}, script{Home: home, Code: "while True: pass", Interrupt: true})
		if !errors.Is(err, &LimitError{Limit: LimitWall}) || out != "the run needs more time than its limit of 300ms" {
			t.Errorf("got %q and %v", out, err)
		}
	})
}

func TestCrash(t *testing.T) {
	home := needConfined(t)
	for _, code := range []string{
		"import ctypes; ctypes.string_at(0)", "import os; os.abort()", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
		"import sys; sys.setrecursionlimit(10**9)\ndef f(x): return repr(x)\nl = []\nfor _ in range(10**6): l = [l]\nf(l)",
	} {
		t.Run(code, func(t *testing.T) {
			_, err := python(t, wire{Spec: Spec{Limits: usual}}, script{Home: home, Code: code})
			var ee *ExitError
			if !errors.As(err, &ee) {
				t.Errorf("got %v, want an exit error", err)
			}
			if out, err := python(t, wire{Spec: Spec{Limits: usual}}, script{Home: home, Code: "print(6 * 7)"}); err != nil || out != "42\n" {
				t.Errorf("the next run gives %q and %v", out, err)
			}
		})
	}
}

func TestLimitErrorText(t *testing.T) {
	l := Limits{Memory: 512 << 20, CPU: 2 * time.Second, Wall: time.Minute, Output: 100 << 10}
	for limit, want := range map[string]string{
		LimitMemory: "the run needs more memory than its limit of 512 MB",
		LimitCPU:    "the run needs more processor time than its limit of 2s",
		LimitWall:   "the run needs more time than its limit of 1m0s",
		LimitOutput: "the run needs more output than its limit of 100 kB",
	} {
		if got := l.error(limit).Error(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// BenchmarkChild is a child from Start to the first line that Python prints.
func BenchmarkChild(b *testing.B) {
	home := needConfined(b)
	for b.Loop() {
		if out, err := python(b, wire{Spec: Spec{Limits: usual}}, script{Home: home, Code: "print('ready')"}); err != nil || out != "ready\n" {
			b.Fatal(out, err)
		}
	}
}
