package runner

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	_ "time/tzdata" // the machine may have none

	"quantdesk/internal/algo"
	"quantdesk/internal/lean"
	"quantdesk/internal/project"
	"quantdesk/internal/python"
	"quantdesk/internal/sim/source"
)

func TestMain(m *testing.M) {
	Register(func(m Market) (algo.Source, error) {
		if m.Data == "sim:42" {
			return source.New(42), nil
		}
		f, err := lean.Open(m.Data)
		if err != nil {
			return nil, err
		}
		f.Track()
		s := f.Source()
		s.UseKept(m.Rows, m.Told)
		return s, nil
	})
	python.RunStage(os.Args)
	os.Exit(m.Run())
}

// dataFolder is the shared LEAN data, or the test is skipped.
func dataFolder(tb testing.TB) string {
	tb.Helper()
	dir := os.Getenv("QUANTDESK_LEAN_DATA")
	if dir == "" {
		dir = "../../../../shared/data/lean"
	}
	if _, err := os.Stat(dir); err != nil {
		tb.Skipf("no LEAN data at %s: set QUANTDESK_LEAN_DATA", dir)
	}
	return dir
}

// caged makes a runner, or skips where the system has no sandbox.
func caged(tb testing.TB, cfg Config) *Runner {
	tb.Helper()
	if python.SandboxLevel() < python.Confined {
		tb.Skipf("this system is %s", python.SandboxLevel())
	}
	if raceDetector {
		tb.Skip("the race detector's shadow memory does not fit into a child's limits, and what races is the parent")
	}
	if cfg.Cache == "" {
		cfg.Cache = filepath.Join(os.TempDir(), fmt.Sprint("quantdesk-python-test-", os.Geteuid()))
	}
	if cfg.Data == "" {
		cfg.Data = dataFolder(tb)
	}
	cfg.Version = "quantdesk test"
	return New(cfg)
}

// alone is a source of one file.
func alone(text string) project.Source {
	return project.Source{Language: project.Python, Files: []project.File{{Name: "main.py", Content: text}}}
}
