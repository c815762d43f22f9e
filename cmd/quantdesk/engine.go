package main

import (
	"context"
	_ "embed" // the figures of companies
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"quantdesk/internal/fault"
	"quantdesk/internal/project"
	"quantdesk/internal/python/runner"
)

type leanCheckCmd struct {
	Algorithms string `required:"" help:"Folder with the algorithms." type:"existingdir" placeholder:"DIR"`
	Expected   string `required:"" help:"What is expected, in the format of lean-corpus.json." type:"existingfile" placeholder:"FILE"`
	Market     string `required:"" help:"LEAN data folder." type:"existingdir" placeholder:"DIR"`
	Only       string `help:"Run only algorithms whose name contains this." placeholder:"NAME"`
	Tier       string `help:"Run only these tiers, as in T1,T2." placeholder:"TIERS"`
	Jobs       int    `help:"Algorithms at a time." default:"2"`
	JSON       bool   `name:"json" help:"Print one array of objects."`
	Markdown   bool   `help:"Print a page in Markdown."`
	Verbose    bool   `help:"Print every difference, the log and the orders."`
	Runs       runs   `embed:""`
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
func (x *expectation) differences(r *project.Result) (out []string) {
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
	if x.Status != "" && x.Status != r.Status {
		out = append(out, fmt.Sprintf("algorithm_status: %s, expected %s", r.Status, x.Status))
	}
	if x.DataPoints >= 0 && x.DataPoints != r.DataPoints {
		out = append(out, fmt.Sprintf("data_points: %d, expected %d", r.DataPoints, x.DataPoints))
	}
	if x.HistoryPoints >= 0 && x.HistoryPoints != r.HistoryDataPoints {
		out = append(out, fmt.Sprintf("history_data_points: %d, expected %d", r.HistoryDataPoints, x.HistoryPoints))
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
func (c *leanCheckCmd) Run(ctx context.Context, io streams, home place) error {
	data, err := os.ReadFile(c.Expected)
	if err != nil {
		return err
	}
	var all []expectation
	if err := json.Unmarshal(data, &all); err != nil {
		return fault.Wrap("lean-check", fault.Invalid, err, "%s is not in the format of lean-corpus.json", c.Expected)
	}
	runner, err := newRunner(warnTo(io), string(home), c.Market, c.Runs)
	if err != nil {
		return err
	}
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
	if c.Markdown {
		return leanPage(io.out, out)
	}
	return c.print(io, out)
}

// leanCompanies are the figures of companies that LEAN's own tests run with:
// its data folder has none.
//
//go:embed lean_companies.json
var leanCompanies string

// one runs an algorithm. LEAN's own test configuration gives every algorithm
// the parameters ema-fast and ema-slow, and figures of some companies.
func (c *leanCheckCmd) one(ctx context.Context, runner *runner.Runner, x *expectation) verdict {
	v := verdict{Name: x.Name, Tier: x.Tier, Differences: []string{}, present: x.Present == nil || *x.Present}
	source, err := sourceOf(filepath.Join(c.Algorithms, filepath.Base(x.File)))
	var r *project.Result
	if err == nil {
		r, err = runner.Backtest(ctx, project.Run{ID: x.Name, Source: source, Parameters: map[string]string{"ema-fast": "10", "ema-slow": "20"}, Companies: leanCompanies}, nil)
	}
	if err != nil {
		// Not with the folder's path: the page that is made of this is published.
		v.Differences = []string{strings.ReplaceAll(err.Error(), c.Algorithms+string(filepath.Separator), "")}
		return v
	}
	v.Actual = actual{r.Statistics, r.Status, r.DataPoints, r.HistoryDataPoints}
	v.Differences = append(v.Differences, x.differences(r)...)
	v.Pass = len(v.Differences) == 0
	if c.Verbose {
		v.log = append(v.log, r.Logs...)
		v.log = append(v.log, r.StackTrace)
		for _, o := range r.Orders {
			v.log = append(v.log, string(o))
		}
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
