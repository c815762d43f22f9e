package python

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

var (
	work    = make(chan func(p *Interp))
	printed strings.Builder
)

// cachedHome is Python extracted for tests: shared between runs, as it is
// verified anyhow.
func cachedHome() (string, error) {
	return Extract(filepath.Join(os.TempDir(), fmt.Sprint("quantdesk-python-test-", os.Geteuid())))
}

func TestMain(m *testing.M) {
	registerTestPrograms()
	RunStage(os.Args)
	go func() {
		runtime.LockOSThread()
		var p *Interp
		for f := range work {
			if p == nil {
				p = openForTests()
			}
			f(p)
		}
	}()
	os.Exit(m.Run())
}

func openForTests() *Interp {
	home, err := cachedHome()
	if err == nil {
		var p *Interp
		p, err = Open(Options{Home: home, MaxOutput: 1 << 20, Stdout: func(s string) { printed.WriteString(s) }, Stderr: func(s string) { printed.WriteString(s) }})
		if err == nil {
			return p
		}
	}
	panic(err)
}

// onPython runs f on the interpreter's thread; a panic or t.Fatal in it fails
// the test.
func onPython(t testing.TB, f func(p *Interp)) {
	t.Helper()
	if !supported {
		t.Skip("no bridge on this system")
	}
	done := make(chan string)
	work <- func(p *Interp) {
		msg := "stopped"
		defer func() { done <- msg }()
		defer func() {
			if r := recover(); r != nil {
				msg = fmt.Sprint("panic: ", r)
			}
		}()
		f(p)
		msg = ""
	}
	if msg := <-done; msg != "" {
		t.Fatal(msg)
	}
}
