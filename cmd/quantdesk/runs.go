package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"quantdesk/internal/algo"
	"quantdesk/internal/fault"
	"quantdesk/internal/lean"
	"quantdesk/internal/project"
	"quantdesk/internal/python"
	"quantdesk/internal/python/runner"
	"quantdesk/internal/sim/source"
)

// runs are the settings of how algorithms run.
type runs struct {
	RunMemory    int           `help:"Megabytes of memory that an algorithm may use." default:"1024" env:"QUANTDESK_RUN_MEMORY" placeholder:"MB" group:"Runs"`
	RunCPU       time.Duration `name:"run-cpu" help:"Processor time that an algorithm may use." default:"1h" env:"QUANTDESK_RUN_CPU" group:"Runs"`
	RunTime      time.Duration `help:"Time by the clock that an algorithm may take." default:"2h" env:"QUANTDESK_RUN_TIME" group:"Runs"`
	SitePackages []string      `help:"Folders with Python packages for algorithms, as numpy and pandas for CPython 3.11. Those that quantdesk python install laid down come first." env:"QUANTDESK_SITE_PACKAGES" placeholder:"DIR,..." group:"Runs"`
	AllowWeak    bool          `name:"allow-weak-sandbox" help:"Run algorithms where the system cannot confine them: they can then read what the desk can read. Never on a server with several users." env:"QUANTDESK_ALLOW_WEAK_SANDBOX" group:"Runs"`
}

// forUsers are the settings of a server: one with several users never runs
// algorithms that can read what the desk can read.
func (s runs) forUsers(several bool) runs {
	s.AllowWeak = s.AllowWeak && !several
	return s
}

// limits are the settings as the runner takes them.
func (s runs) limits() python.Limits {
	return python.Limits{Memory: int64(s.RunMemory) << 20, CPU: s.RunCPU, Wall: s.RunTime}
}

func init() { runner.Register(openMarket) }

// openMarket opens the data of a run, in its child.
func openMarket(m runner.Market) (algo.Source, error) {
	data := m.Data
	if data == "sim" || strings.HasPrefix(data, "sim:") {
		seed := int64(42)
		if text := strings.TrimPrefix(data, "sim:"); text != data {
			n, err := strconv.ParseInt(text, 10, 64)
			if err != nil {
				return nil, fault.Wrap("runs.open", fault.Invalid, err, "the simulated market's seed %q is no number", text)
			}
			seed = n
		}
		return source.New(seed), nil
	}
	f, err := lean.Open(data)
	if err != nil {
		return nil, err
	}
	f.Track()
	rows := f.Source()
	rows.UseKept(m.Rows, m.Told)
	return rows, nil
}

// warnTo writes warnings to a terminal.
func warnTo(io streams) func(string) {
	return func(text string) { fmt.Fprintf(io.err, "WARNING: %s\n", text) }
}

// newRunner makes the runner of a desk or of one command; home may be empty.
func newRunner(warn func(string), home, data string, s runs) (*runner.Runner, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return nil, fault.Wrap("runs.cache", fault.Unavailable, err, "there is no cache folder for the interpreter").Hinted("Set XDG_CACHE_HOME.")
	}
	site, err := sitePackages(home, s.SitePackages)
	if err != nil {
		return nil, err
	}
	seed := uint64(42)
	if n, err := strconv.ParseUint(strings.TrimPrefix(data, "sim:"), 10, 64); err == nil {
		seed = n // one seed for the market and for what the algorithm draws
	}
	kept, ahead, err := keepRows(filepath.Join(cache, "quantdesk"), data)
	if err != nil {
		return nil, err
	}
	return runner.New(runner.Config{
		Rows: kept, Ahead: ahead, Cache: filepath.Join(cache, "quantdesk"), Data: data, SitePackages: site, Limits: s.limits(), AllowWeak: s.AllowWeak, Version: "quantdesk " + version(), Seed: seed,
		Warn: warn,
	}), nil
}

// maxKept bounds what is kept on disk of decoded rows, in bytes.
const maxKept = 2 << 30

// keepRows is where decoded rows of a data folder are kept, and what is told of
// series to keep there; neither for other data.
func keepRows(cache, data string) (dir string, ahead func(algo.RowQuery), err error) {
	f, err := lean.Open(data)
	if err != nil {
		return "", nil, nil //nolint:nilerr // a run says what is wrong with its data
	}
	if dir, err = lean.KeptDir(cache, data); err != nil {
		return "", nil, err
	}
	return dir, lean.NewKeeper(f, dir, maxKept).Want, nil
}

// installedPackages is where quantdesk python install puts packages.
func installedPackages(home string) string { return filepath.Join(home, "site-packages") }

// sitePackages are the folders of packages that are there.
func sitePackages(home string, more []string) (out []string, err error) {
	if home != "" {
		if st, err := os.Stat(installedPackages(home)); err == nil && st.IsDir() {
			out = append(out, installedPackages(home))
		}
	}
	for _, dir := range more {
		abs, err := filepath.Abs(dir)
		if err == nil {
			_, err = os.Stat(abs)
		}
		if err != nil {
			return nil, fault.Wrap("runs.site", fault.NotFound, err, "the folder of packages %s is not there", dir).Hinted("Correct the setting site_packages.")
		}
		out = append(out, abs)
	}
	return out, nil
}

// maxSourceFile bounds one file of an algorithm.
const maxSourceFile = 16 << 20

var importLine = regexp.MustCompile(`(?m)^[ \t]*(?:from[ \t]+([\w.]+)[ \t]+import|import[ \t]+([\w., \t]+))`)

// sourceOf is an algorithm's file with those that it imports from its own
// folder, and what they import.
func sourceOf(file string) (project.Source, error) {
	const op = "backtest.source"
	s := project.Source{Language: project.Python}
	dir := filepath.Dir(file)
	seen := map[string]bool{}
	var add func(rel string, must bool) error
	add = func(rel string, must bool) error {
		if seen[rel] {
			return nil
		}
		path := filepath.Join(dir, filepath.FromSlash(rel))
		st, err := os.Stat(path)
		switch {
		case err != nil && !must, err == nil && !st.Mode().IsRegular() && !must:
			return nil
		case errors.Is(err, os.ErrNotExist):
			return fault.Wrap(op, fault.NotFound, err, "there is no file %s", file).Hinted("Give the path of a Python file with a class that derives from QCAlgorithm.")
		case err != nil:
			return fault.Wrap(op, fault.Invalid, err, "the file %s cannot be read", path)
		case !st.Mode().IsRegular():
			return fault.E(op, fault.Invalid, "%s is no file", path)
		case st.Size() > maxSourceFile:
			return fault.E(op, fault.Invalid, "%s has %d MB; a source file has at most %d", path, st.Size()>>20, maxSourceFile>>20)
		}
		text, err := os.ReadFile(path) //nolint:gosec // the user's own
		if err != nil {
			return fault.Wrap(op, fault.Invalid, err, "the file %s cannot be read", path)
		}
		seen[rel] = true
		s.Files = append(s.Files, project.File{Name: rel, Content: string(text)})
		for _, m := range importLine.FindAllStringSubmatch(string(text), -1) {
			for _, name := range strings.Split(m[1]+m[2], ",") {
				name, _, _ = strings.Cut(strings.TrimSpace(name), " ")
				if name = strings.Trim(name, "."); name == "" {
					continue
				}
				parts := strings.Split(name, ".")
				for i := range parts {
					to := strings.Join(parts[:i+1], "/")
					for _, f := range []string{to + ".py", to + "/__init__.py"} {
						if err := add(f, false); err != nil {
							return err
						}
					}
				}
			}
		}
		return nil
	}
	return s, add(filepath.Base(file), true)
}
