package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"quantdesk/internal/project"
)

// scriptedHomes are the homes whose desks run the scripted runner.
var scriptedHomes sync.Map

func init() {
	real := openRunner
	openRunner = func(a *app) (project.Runner, error) {
		if _, ok := scriptedHomes.Load(a.home.Dir); ok {
			return scripted{}, nil
		}
		return real(a)
	}
}

// scripted is a runner that needs no engine: comments in main.py direct it.
//
//	# error: TEXT    a build error
//	# steps: N       progress in N steps of 10 ms
//	# fail: TEXT     a runtime error
type scripted struct{}

func (scripted) Compile(_ context.Context, s project.Source) ([]project.Problem, error) {
	for _, f := range s.Files {
		n := 0
		for l := range strings.Lines(f.Content) {
			n++
			if text, ok := strings.CutPrefix(strings.TrimSpace(l), "# error: "); ok {
				return []project.Problem{{File: f.Name, Line: n, Column: 1, Severity: project.Error, Message: text}}, nil
			}
		}
	}
	return nil, nil
}

func (scripted) Backtest(ctx context.Context, r project.Run, progress func(project.Progress)) (*project.Result, error) {
	steps, fail := 1, ""
	for _, f := range r.Source.Files {
		for l := range strings.Lines(f.Content) {
			l = strings.TrimSpace(l)
			_, _ = fmt.Sscanf(l, "# steps: %d", &steps)
			if t, ok := strings.CutPrefix(l, "# fail: "); ok {
				fail = t
			}
		}
	}
	start := time.Date(2013, 10, 7, 0, 0, 0, 0, time.UTC)
	for i := range steps {
		progress(project.Progress{Fraction: float64(i) / float64(steps), Reached: start.AddDate(0, 0, i), Equity: "$100,000.00"})
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	res := &project.Result{
		Status: project.Completed, Start: start, End: start.AddDate(0, 0, 4), TradeableDates: 5, EngineVersion: "scripted",
		Statistics:        map[string]string{"Total Orders": "1", "Sharpe Ratio": "1.5", "Alpha": "0.1", "Net Profit": "1.234%"},
		RuntimeStatistics: map[string]string{"Equity": "$100,000.00"},
		TotalPerformance:  json.RawMessage(`{"tradeStatistics":{},"portfolioStatistics":{"sharpeRatio":1.5},"closedTrades":[]}`),
		Charts: map[string]json.RawMessage{
			"Strategy Equity": json.RawMessage(`{"name":"Strategy Equity","chartType":0,"series":{"Equity":{"name":"Equity","seriesType":2,"values":[[1381152660,1,1,1,1],[1381239060,1,2,1,2]]}}}`),
		},
		Orders: []json.RawMessage{json.RawMessage(`{"id":1}`)}, Logs: []string{"parameters: " + fmt.Sprint(r.Parameters)},
	}
	if fail != "" {
		res.Status, res.Error, res.StackTrace = project.RuntimeError, fail, "at main.py line 1"
	}
	return res, nil
}
