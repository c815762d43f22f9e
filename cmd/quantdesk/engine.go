package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"quantdesk/internal/fault"
	"quantdesk/internal/lean"
	"quantdesk/internal/python"
	"quantdesk/internal/python/strategy"
)

// engineProgram is the child that runs one algorithm.
const engineProgram = "backtest"

func init() { python.Register(engineProgram, runEngine) }

// runEngine reads a job from in and writes its result to out.
func runEngine(ctx context.Context, in io.Reader, out io.Writer) int {
	var job strategy.Job
	if err := json.NewDecoder(in).Decode(&job); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return exitFailed
	}
	var r strategy.Result
	f, err := lean.Open(job.Data)
	if err == nil {
		r, err = strategy.Run(ctx, job, f.Source(), nil)
	}
	if err != nil {
		r.Status, r.Error = "RuntimeError", err.Error()
	}
	if err := json.NewEncoder(out).Encode(r); err != nil {
		return exitFailed
	}
	return 0
}

// engineRunner starts children that run algorithms.
type engineRunner struct {
	home, library string
	site          []string
}

// newEngineRunner extracts the interpreter and the library where they are not yet.
func newEngineRunner() (*engineRunner, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return nil, fault.Wrap("engine.start", fault.Unavailable, err, "there is no cache folder for the interpreter").Hinted("Set XDG_CACHE_HOME.")
	}
	cache = filepath.Join(cache, "quantdesk")
	if err := os.MkdirAll(cache, 0o700); err != nil {
		return nil, err
	}
	home, err := python.Extract(cache)
	if err != nil {
		return nil, err
	}
	library, err := os.MkdirTemp(cache, "lib-")
	if err != nil {
		return nil, err
	}
	if err := strategy.WriteLibrary(library); err != nil {
		return nil, err
	}
	return &engineRunner{home: home, library: library}, nil
}

func (r *engineRunner) close() { _ = os.RemoveAll(r.library) }

// run runs one algorithm in a child of its own.
func (r *engineRunner) run(ctx context.Context, job strategy.Job) (strategy.Result, error) {
	job.Home, job.Library, job.SitePackages = r.home, r.library, r.site
	in, err := json.Marshal(job)
	if err != nil {
		return strategy.Result{}, err
	}
	var out, errs bytes.Buffer
	code, err := r.child(ctx, job, bytes.NewReader(in), &out, &errs)
	if err != nil {
		return strategy.Result{}, err
	}
	var result strategy.Result
	if err := json.Unmarshal(out.Bytes(), &result); err != nil {
		return result, fmt.Errorf("the engine ended with code %d: %s", code, clip(errs.String()))
	}
	return result, nil
}

func clip(s string) string { return s[:min(len(s), 12000)] }

type leanCheckCmd struct {
	Algorithms string `required:"" help:"Folder with the algorithms." type:"existingdir" placeholder:"DIR"`
	Expected   string `required:"" help:"What is expected, in the format of lean-corpus.json." type:"existingfile" placeholder:"FILE"`
	Market     string `required:"" help:"LEAN data folder." type:"existingdir" placeholder:"DIR"`
	Only       string `help:"Run only algorithms whose name contains this." placeholder:"NAME"`
	Tier       string `help:"Run only these tiers, as in T1,T2." placeholder:"TIERS"`
	Jobs       int    `help:"Algorithms at a time." default:"2"`
	JSON       bool   `name:"json" help:"Print one array of objects."`
	Verbose    bool   `help:"Print every difference, the log and the orders."`
}

// expectation is what LEAN publishes of one algorithm.
type expectation struct {
	Name          string            `json:"name"`
	File          string            `json:"file"`
	Tier          string            `json:"tier"`
	Statistics    map[string]string `json:"expected_statistics"`
	Status        string            `json:"algorithm_status"`
	DataPoints    int               `json:"data_points"`
	HistoryPoints int               `json:"history_data_points"`
	Present       *bool             `json:"data_present"`
}

type actual struct {
	Statistics    map[string]string `json:"statistics"`
	Status        string            `json:"algorithm_status"`
	DataPoints    int               `json:"data_points"`
	HistoryPoints int               `json:"history_data_points"`
}

type verdict struct {
	Name        string   `json:"name"`
	Tier        string   `json:"tier"`
	Pass        bool     `json:"pass"`
	Differences []string `json:"differences"`
	Actual      actual   `json:"actual"`
	present     bool
	log         []string
}

// differences compares as LEAN's own tests do: strings, "-0" being "0", and -1
// points meaning any.
func (x *expectation) differences(r *strategy.Result) (out []string) {
	same := func(a, b string) bool {
		return a == b || strings.TrimPrefix(a, "-") == "0" && strings.TrimPrefix(b, "-") == "0"
	}
	names := make([]string, 0, len(x.Statistics))
	for n := range x.Statistics {
		names = append(names, n)
	}
	slices.Sort(names)
	if r.Error != "" && x.Status != "RuntimeError" {
		out = append(out, "error: "+r.Error)
	}
	if x.Status != "" && x.Status != string(r.Status) {
		out = append(out, fmt.Sprintf("algorithm_status: %s, expected %s", r.Status, x.Status))
	}
	if x.DataPoints >= 0 && x.DataPoints != r.DataPoints {
		out = append(out, fmt.Sprintf("data_points: %d, expected %d", r.DataPoints, x.DataPoints))
	}
	if x.HistoryPoints >= 0 && x.HistoryPoints != r.HistoryPoints {
		out = append(out, fmt.Sprintf("history_data_points: %d, expected %d", r.HistoryPoints, x.HistoryPoints))
	}
	for _, n := range names {
		if got := r.Statistics[n]; !same(got, x.Statistics[n]) {
			out = append(out, fmt.Sprintf("%s: %s, expected %s", n, got, x.Statistics[n]))
		}
	}
	return out
}

// Run runs the algorithms and prints how they compare; it exits 0 whatever the
// score.
func (c *leanCheckCmd) Run(ctx context.Context, io streams) error {
	data, err := os.ReadFile(c.Expected)
	if err != nil {
		return err
	}
	var all []expectation
	if err := json.Unmarshal(data, &all); err != nil {
		return fault.Wrap("lean-check", fault.Invalid, err, "%s is not in the format of lean-corpus.json", c.Expected)
	}
	runner, err := newEngineRunner()
	if err != nil {
		return err
	}
	defer runner.close()
	var list []expectation
	for _, x := range all {
		if strings.Contains(x.Name, c.Only) && (c.Tier == "" || slices.Contains(strings.Split(c.Tier, ","), x.Tier)) {
			list = append(list, x)
		}
	}
	out := make([]verdict, len(list))
	var wg sync.WaitGroup
	next := make(chan int)
	for range max(1, c.Jobs) {
		wg.Go(func() {
			for i := range next {
				out[i] = c.one(ctx, runner, &list[i])
			}
		})
	}
	for i := range list {
		next <- i
	}
	close(next)
	wg.Wait()
	if c.JSON {
		return json.NewEncoder(io.out).Encode(out)
	}
	return c.print(io, out)
}

// one runs an algorithm. LEAN's own test configuration gives every algorithm
// the parameters ema-fast and ema-slow.
func (c *leanCheckCmd) one(ctx context.Context, runner *engineRunner, x *expectation) verdict {
	v := verdict{Name: x.Name, Tier: x.Tier, present: x.Present == nil || *x.Present}
	file := filepath.Join(c.Algorithms, filepath.Base(x.File))
	r, err := runner.run(ctx, strategy.Job{File: file, Data: c.Market, Parameters: map[string]string{"ema-fast": "10", "ema-slow": "20"}})
	if err != nil {
		v.Differences = []string{err.Error()}
		return v
	}
	v.Actual = actual{r.Statistics, string(r.Status), r.DataPoints, r.HistoryPoints}
	v.Differences = x.differences(&r)
	v.Pass = len(v.Differences) == 0
	if c.Verbose {
		v.log = append(append(r.Log, r.Trace), r.Orders...)
	}
	return v
}

func (c *leanCheckCmd) print(io streams, out []verdict) error {
	type score struct{ pass, all, presentPass, present int }
	tiers := map[string]*score{}
	for _, v := range out {
		t := tiers[v.Tier]
		if t == nil {
			t = &score{}
			tiers[v.Tier] = t
		}
		t.all++
		if v.present {
			t.present++
		}
		word := "FAIL"
		if v.Pass {
			word = "pass"
			t.pass++
			if v.present {
				t.presentPass++
			}
		}
		first := ""
		if len(v.Differences) > 0 {
			first = "  " + v.Differences[0]
			if i := strings.IndexByte(first, '\n'); i >= 0 {
				first = first[:i]
			}
		}
		fmt.Fprintf(io.out, "%s %s %s%s\n", word, v.Tier, v.Name, first)
		if c.Verbose {
			for _, d := range v.Differences {
				fmt.Fprintln(io.out, "      ", d)
			}
			for _, l := range v.log {
				fmt.Fprintln(io.out, "      |", l)
			}
		}
	}
	names := make([]string, 0, len(tiers))
	for n := range tiers {
		names = append(names, n)
	}
	slices.Sort(names)
	for _, n := range names {
		t := tiers[n]
		fmt.Fprintf(io.out, "%s: %d of %d identical; of those whose data is present %d of %d\n", n, t.pass, t.all, t.presentPass, t.present)
	}
	return nil
}
