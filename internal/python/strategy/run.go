package strategy

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"quantdesk/internal/algo"
	"quantdesk/internal/market"
	"quantdesk/internal/python"
)

// Job is one run of an algorithm, as its process reads it.
type Job struct {
	// ID names the run in what it writes; empty where nobody asks.
	ID string `json:"id,omitempty"`
	// File is the algorithm's file; its folder is on the interpreter's path.
	File string `json:"file"`
	// Path are more folders of the user's code.
	Path []string `json:"path,omitempty"`
	// Data says where market data come from.
	Data string `json:"data"`
	// Rows is a folder of what was decoded of them before.
	Rows         string            `json:"rows,omitempty"`
	Home         string            `json:"home"`
	Library      string            `json:"library"`
	SitePackages []string          `json:"site_packages,omitempty"`
	Parameters   map[string]string `json:"parameters,omitempty"`
	Seed         uint64            `json:"seed,omitempty"`
	// Companies are figures of companies in the form of the file of them, used
	// instead of that.
	Companies string `json:"companies,omitempty"`
	// Memory is the limit that the process lives under, in bytes.
	Memory int64 `json:"memory,omitempty"`
}

// companiesFile holds figures of companies in the data folder: an object of
// objects, by security identifier, then by LEAN's name of the property; "*" is
// for all companies.
const companiesFile = "equity/usa/fundamental/companies.json"

// Outcome is what a run gave.
type Outcome struct {
	Engine *algo.Engine
	// Err is what ended the run before its time, nil where nothing did.
	Err error
	// Log are the lines that the algorithm wrote, each with the algorithm's time.
	Log []string
	// Extras are what the algorithm keeps in Python: statistics of its own, the
	// insights it made, its name and tags.
	Extras Extras
}

// Extras are the parts of a result that live in Python.
type Extras struct {
	Name    string
	Tags    []string
	Runtime map[string]string
	Summary map[string]string
	// Insights hold their symbol as a *algo.Symbol.
	Insights []map[string]any
	Charts   map[string]any
}

// maxLog and maxLogBytes bound what a run keeps of its log.
const (
	maxLog      = 10_000
	maxLogBytes = 4 << 20
)

// Run runs a job on the calling goroutine, which becomes the interpreter's. Its
// error is a failure of the engine or the end of the context; what the
// algorithm does wrong is in the outcome.
func Run(ctx context.Context, job Job, source algo.Source, progress func(e *algo.Engine, done float64, at int64)) (*Outcome, error) {
	out := &Outcome{}
	bytes := 0
	var e *algo.Engine
	log := func(kind, text string) {
		switch {
		case bytes > maxLogBytes:
			return
		case len(out.Log) == maxLog, bytes+len(text) > maxLogBytes:
			out.Log = append(out.Log, fmt.Sprintf("The log ends here: a run keeps %d lines and %d MB.", maxLog, maxLogBytes>>20))
			bytes = maxLogBytes + 1
			return
		}
		bytes += len(text)
		text = Settled(text)
		if kind == "error" {
			text = "Error: " + text
		}
		if e != nil {
			text = time.Unix(0, e.Local()).UTC().Format(time.DateTime) + " " + text
		}
		out.Log = append(out.Log, text)
	}
	path := append([]string{job.Library, filepath.Dir(job.File)}, job.Path...)
	stdout, rest := lines("print", log)
	stderr, more := lines("error", log)
	defer func() { rest(); more() }()
	p, err := python.Open(python.Options{Home: job.Home, Path: path, SitePackages: job.SitePackages, Stdout: stdout, Stderr: stderr})
	if err != nil {
		return nil, err
	}
	e = algo.NewEngine(ctx, source)
	e.SetToday(market.DateOf(time.Now()))
	e.OnLog, e.Seed, out.Engine = log, job.Seed, e
	if progress != nil {
		e.Progress = func(done float64, at int64) { progress(e, done, at) }
	}
	s, err := Load(p, e, job.File, job.Parameters)
	if err != nil {
		return nil, err
	}
	if s.h.companies = job.Companies; job.Companies == "" {
		text, err := source.File(companiesFile)
		if err != nil {
			return nil, err
		}
		s.h.companies = string(text)
	}
	stop := context.AfterFunc(ctx, func() { p.Interrupt("the run was stopped") })
	defer stop()
	if err := s.watch(job.Seed); err != nil {
		return nil, err
	}
	err = e.Run(s)
	switch {
	case ctx.Err() != nil:
		return out, context.Cause(ctx)
	case err != nil:
		e.Status, out.Err = algo.StatusRuntimeError, err
	case e.Err != nil:
		out.Err = e.Err
	}
	out.Extras, err = s.extras()
	return out, err
}

var address = regexp.MustCompile(` at 0x[0-9a-f]{4,16}>`)

// Settled is a text without the addresses that Python prints of objects: they
// differ from run to run.
func Settled(text string) string {
	if !strings.Contains(text, " at 0x") {
		return text
	}
	return address.ReplaceAllString(text, ">")
}

// lines hands whole lines of what Python prints to the log, and at the end
// what is left.
func lines(kind string, log func(kind, text string)) (write func(string), end func()) {
	const longest = 16 << 10
	var rest []byte
	tell := func() { log(kind, string(rest)); rest = rest[:0] }
	write = func(text string) {
		for _, c := range []byte(text) {
			if c == '\n' || len(rest) == longest {
				tell()
			}
			if c != '\n' {
				rest = append(rest, c)
			}
		}
	}
	return write, func() {
		if len(rest) > 0 {
			tell()
		}
	}
}

// watch makes Python keep what a result tells of the framework, and seeds its
// random numbers.
func (s *Strategy) watch(seed uint64) error {
	m, err := s.h.p.Import("lean.results")
	if err != nil {
		return err
	}
	defer m.DecRef()
	n := s.h.p.Int(int64(seed & math.MaxInt64)) //nolint:gosec // masked
	defer n.DecRef()
	return s.h.drop(s.h.p.CallMethod(m, "watch", n))
}

// extras asks Python for its part of the result.
func (s *Strategy) extras() (x Extras, err error) {
	if s.h.algorithm == 0 {
		return x, nil
	}
	m, err := s.h.p.Import("lean.results")
	if err != nil {
		return x, err
	}
	defer m.DecRef()
	o, err := s.h.p.CallMethod(m, "collect", s.h.algorithm)
	if err != nil {
		return x, err
	}
	defer o.DecRef()
	v, err := s.h.p.Go(o)
	if err != nil {
		return x, err
	}
	all, _ := v.(map[string]any)
	x.Name, _ = all["name"].(string)
	x.Runtime, x.Summary = texts(all["runtime"]), texts(all["summary"])
	list, _ := all["insights"].([]any)
	for _, i := range list {
		m, ok := i.(map[string]any)
		n, known := m["symbol"].(int64)
		if ok && known && n >= 0 && int(n) < len(s.h.symbols) {
			m["symbol"] = s.h.symbols[n]
			x.Insights = append(x.Insights, m)
		}
	}
	tags, _ := all["tags"].([]any)
	for _, t := range tags {
		x.Tags = append(x.Tags, fmt.Sprint(t))
	}
	x.Charts, _ = all["charts"].(map[string]any)
	return x, nil
}

func texts(v any) map[string]string {
	m, _ := v.(map[string]any)
	out := make(map[string]string, len(m))
	for k, x := range m {
		out[k] = fmt.Sprint(x)
	}
	return out
}
