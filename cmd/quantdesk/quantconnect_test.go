//go:build unix

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"quantdesk/internal/identity"
	"quantdesk/internal/project"
)

// asTestHome makes a process of the test binary furnish its home with user 123
// and token abc, and run the scripted runner.
const asTestHome = "QUANTDESK_TEST_HOME"

func furnish() {
	if os.Getenv(asTestHome) == "" {
		return
	}
	newRunner = func(*app) (project.Runner, error) { return scripted{}, nil }
	fixtureHome = func(ctx context.Context, a *app) error {
		have, err := a.db.APITokens(ctx, identity.LocalUser)
		if err != nil || len(have) > 0 {
			return err
		}
		_, err = a.identity.AddAPIToken(ctx, identity.LocalUser, 123, "abc", []string{"admin"}, time.Hour)
		return err
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
