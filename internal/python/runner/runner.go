package runner

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"quantdesk/internal/algo"
	"quantdesk/internal/fault"
	"quantdesk/internal/project"
	"quantdesk/internal/python"
	"quantdesk/internal/python/strategy"
)

// Config says how algorithms run. Cache and Data are needed.
type Config struct {
	// Cache is the folder, private to this user, that keeps the interpreter,
	// the API's library and the files of runs under way.
	Cache string
	// Data is what the Opener is given: a LEAN data folder, or a name.
	Data string
	// Rows is a folder of what was decoded of Data, which the Opener is given with
	// it; empty: there is none. Runs only read it.
	Rows string
	// Ahead is told, as a run goes on, of series that it had to decode by itself.
	// What it is told comes from where user code runs.
	Ahead func(series algo.RowQuery)
	// SitePackages are folders with packages of the user's own, as numpy.
	SitePackages []string
	// Limits bound each run. Zero fields take those of DefaultLimits.
	Limits python.Limits
	// AllowWeak lets algorithms run where the system cannot confine them.
	AllowWeak bool
	// Warn is told once, in a sentence, when they do.
	Warn func(text string)
	// Version names the program in results.
	Version string
	// Seed is what an algorithm's random numbers start from.
	Seed uint64
}

// DefaultLimits are those of a run where nothing else is said.
func DefaultLimits() python.Limits {
	return python.Limits{Memory: 1 << 30, CPU: time.Hour, Wall: 2 * time.Hour, Output: 1 << 30}
}

// checkLimits are those of what reads code and runs none.
var checkLimits = python.Limits{Memory: 1 << 30, CPU: time.Minute, Wall: 2 * time.Minute, Output: 64 << 20}

// Runner runs and checks algorithms. It is for any number of goroutines.
type Runner struct {
	cfg   Config
	mu    sync.Mutex
	ready bool
	place place
}

var _ project.Runner = (*Runner)(nil)

// place is where the interpreter and the library are.
type place struct{ home, library, runs string }

// New makes a Runner; nothing is read or written before it is first used.
func New(cfg Config) *Runner {
	d := DefaultLimits()
	l := &cfg.Limits
	if l.Memory == 0 {
		l.Memory = d.Memory
	}
	if l.CPU == 0 {
		l.CPU = d.CPU
	}
	if l.Wall == 0 {
		l.Wall = d.Wall
	}
	if l.Output == 0 {
		l.Output = d.Output
	}
	return &Runner{cfg: cfg}
}

// Prepare extracts and verifies the interpreter and the library where that was
// not done yet, so that the first run does not wait for it.
func (r *Runner) Prepare(ctx context.Context) error {
	_, err := r.prepare(ctx)
	return err
}

func (r *Runner) prepare(ctx context.Context) (place, error) {
	const op = "runner.Prepare"
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ready {
		return r.place, nil
	}
	if level := python.SandboxLevel(); level < python.Confined {
		if !r.cfg.AllowWeak {
			return place{}, fault.E(op, fault.Unavailable, "algorithms cannot be confined on this system").Hinted("%s Allow it in the configuration to run them nevertheless.", level.Sentence())
		}
		if r.cfg.Warn != nil {
			r.cfg.Warn(level.Sentence())
		}
	}
	cache, err := filepath.Abs(r.cfg.Cache)
	if err != nil {
		return place{}, fault.Wrap(op, fault.Unavailable, err, "the cache folder has no absolute path")
	}
	runs := filepath.Join(cache, "runs")
	if err := os.MkdirAll(runs, 0o700); err != nil {
		return place{}, fault.Wrap(op, fault.Unavailable, err, "the folder of runs cannot be made in %s", cache)
	}
	sweep(runs, time.Now().Add(-24*time.Hour))
	home, err := python.Extract(cache)
	if err != nil {
		return place{}, err
	}
	library, err := ensureLibrary(ctx, cache, home, r.cfg.AllowWeak)
	if err != nil {
		return place{}, err
	}
	r.place, r.ready = place{home: home, library: library, runs: runs}, true
	return r.place, nil
}

// sweep removes what runs left behind whose process was killed.
func sweep(runs string, before time.Time) {
	list, err := os.ReadDir(runs)
	if err != nil {
		return
	}
	for _, d := range list {
		if i, err := d.Info(); err == nil && i.ModTime().Before(before) {
			_ = os.RemoveAll(filepath.Join(runs, d.Name()))
		}
	}
}

// Backtest runs an algorithm in a confined child and gives its result. Its
// error is a limit that struck (a python.LimitError is in it), the end of the
// context, or a failure of the runner; what the algorithm does wrong is in the
// result.
func (r *Runner) Backtest(ctx context.Context, run project.Run, progress func(project.Progress)) (*project.Result, error) {
	const op = "runner.Backtest"
	at, err := r.prepare(ctx)
	if err != nil {
		return nil, err
	}
	files, err := unpack(at.runs, run.Source)
	if err != nil {
		return nil, err
	}
	defer files.remove()
	job := strategy.Job{
		ID: run.ID, File: files.main, Path: []string{files.libraries}, Data: r.cfg.Data, Home: at.home, Library: at.library,
		SitePackages: r.cfg.SitePackages, Parameters: run.Parameters, Companies: run.Companies, Seed: r.cfg.Seed, Memory: r.cfg.Limits.Memory,
	}
	spec := python.Spec{
		Program: backtestProgram, Home: at.home, ReadOnly: append([]string{at.library, files.root}, r.cfg.SitePackages...),
		Limits: r.cfg.Limits, AllowWeak: r.cfg.AllowWeak,
	}
	if st, err := os.Stat(r.cfg.Data); err == nil && st.IsDir() {
		if job.Data, err = filepath.Abs(r.cfg.Data); err != nil {
			return nil, fault.Wrap(op, fault.Invalid, err, "the data folder has no absolute path")
		}
		spec.ReadOnly = append(spec.ReadOnly, job.Data)
		if r.cfg.Rows != "" && os.MkdirAll(r.cfg.Rows, 0o700) == nil {
			if job.Rows, err = filepath.Abs(r.cfg.Rows); err != nil {
				return nil, fault.Wrap(op, fault.Invalid, err, "the folder of decoded rows has no absolute path")
			}
			spec.ReadOnly = append(spec.ReadOnly, job.Rows)
		}
	}
	var result *project.Result
	var rolling json.RawMessage
	var last time.Time
	err = converse(ctx, spec, job, func(k kind, body []byte) error {
		switch k {
		case frameProgress:
			var p project.Progress
			if err := json.Unmarshal(body, &p); err != nil {
				return err
			}
			// As often as the engine tells; user code could tell more.
			if now := time.Now(); progress != nil && result == nil && now.Sub(last) > tell/2 {
				last = now
				p.Fraction = min(max(p.Fraction, 0), 1)
				progress(p)
			}
		case frameSeries:
			var q algo.RowQuery
			if err := json.Unmarshal(body, &q); err != nil {
				return err
			}
			if r.cfg.Ahead != nil {
				r.cfg.Ahead(q)
			}
		case frameRolling:
			if !json.Valid(body) {
				return errors.New("the rolling windows are no JSON")
			}
			rolling = body
		case frameResult:
			result = &project.Result{}
			if err := json.Unmarshal(body, result); err != nil {
				return err
			}
			result.RollingWindow = rolling
		}
		return nil
	})
	var exit *python.ExitError
	switch {
	case errors.Is(err, errGarbled):
		return &project.Result{Status: project.RuntimeError, Error: "The run's process did not speak as the engine does: the algorithm wrote into its answer.", EngineVersion: r.cfg.Version, Seed: r.cfg.Seed}, nil
	case errors.As(err, &exit) && result == nil:
		// What ends a process from within is the algorithm's own doing.
		return &project.Result{Status: project.RuntimeError, Error: "The run's process ended before the run did: " + exit.Error() + ".", StackTrace: clip(lastWords(exit.Stderr)),
			EngineVersion: r.cfg.Version, Seed: r.cfg.Seed}, nil
	case err != nil:
		return nil, err
	case result == nil:
		return &project.Result{Status: project.RuntimeError, Error: "The run's process ended before the run did.", EngineVersion: r.cfg.Version, Seed: r.cfg.Seed}, nil
	}
	result.EngineVersion = r.cfg.Version
	return result, nil
}

// lastWords are what a process said before it ended, without the engine's own
// stacks and addresses where it crashed: they help no user and tell of the machine.
func lastWords(s string) string {
	var kept []string
	for line := range strings.Lines(s) {
		if strings.HasPrefix(line, "goroutine ") || strings.HasPrefix(line, "runtime stack:") {
			break
		}
		if !strings.HasPrefix(line, "PC=") && !strings.HasPrefix(line, "[signal ") {
			kept = append(kept, line)
		}
	}
	return strings.TrimSpace(strings.Join(kept, ""))
}

// clip keeps the end of a text.
func clip(s string) string {
	const most = 8 << 10
	if len(s) > most {
		s = strings.ToValidUTF8(s[len(s)-most:], "")
	}
	return s
}

// unpacked are a source's files on disk, private and for one run.
type unpacked struct{ root, main, project, libraries string }

func (u unpacked) remove() { _ = os.RemoveAll(u.root) }

// unpack writes a source into a private folder.
func unpack(runs string, s project.Source) (u unpacked, err error) {
	const op = "runner.unpack"
	main, err := mainFile(s)
	if err != nil {
		return u, err
	}
	if u.root, err = os.MkdirTemp(runs, "run-"); err != nil {
		return u, fault.Wrap(op, fault.Unavailable, err, "the files of the run cannot be written")
	}
	defer func() {
		if err != nil {
			u.remove()
		}
	}()
	u.project, u.libraries = filepath.Join(u.root, "project"), filepath.Join(u.root, "libraries")
	u.main = filepath.Join(u.project, filepath.FromSlash(main))
	if err := os.Mkdir(u.libraries, 0o700); err != nil {
		return u, fault.Wrap(op, fault.Unavailable, err, "the files of the run cannot be written")
	}
	write := func(dir string, files []project.File) error {
		for _, f := range files {
			if !filepath.IsLocal(filepath.FromSlash(f.Name)) || strings.ContainsRune(f.Name, 0) {
				return fault.E(op, fault.Invalid, "the file name %q leaves the project", f.Name).Hinted("Use a path within the project, without \"..\".")
			}
			if err := put(dir, f.Name, []byte(f.Content)); err != nil {
				return fault.Wrap(op, fault.Unavailable, err, "the file %s of the run cannot be written", f.Name)
			}
		}
		return nil
	}
	if err := write(u.project, s.Files); err != nil {
		return u, err
	}
	for _, l := range s.Libraries {
		if l.Name == "" || !filepath.IsLocal(filepath.FromSlash(l.Name)) {
			return u, fault.E(op, fault.Invalid, "the library name %q is no name of a package", l.Name)
		}
		if err := write(filepath.Join(u.libraries, filepath.FromSlash(l.Name)), l.Files); err != nil {
			return u, err
		}
	}
	return u, nil
}

// mainFile is the file that holds the algorithm: main.py, else the first
// Python file.
func mainFile(s project.Source) (string, error) {
	const op = "runner.main"
	if s.Language == project.CSharp {
		return "", fault.E(op, fault.Invalid, "the embedded engine runs Python, and this project is in C#").Hinted("Run it on QuantConnect's cloud, which compiles C#.")
	}
	first := ""
	for _, f := range s.Files {
		if f.Name == "main.py" {
			return f.Name, nil
		}
		if first == "" && strings.HasSuffix(f.Name, ".py") {
			first = f.Name
		}
	}
	if first == "" {
		return "", fault.E(op, fault.Invalid, "the project has no Python file").Hinted("Create main.py with a class that derives from QCAlgorithm.")
	}
	return first, nil
}

// String names the runner for logs.
func (r *Runner) String() string { return fmt.Sprintf("runner on %s", r.cfg.Data) }
