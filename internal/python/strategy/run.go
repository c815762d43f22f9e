package strategy

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"quantdesk/internal/algo"
	"quantdesk/internal/market"
	"quantdesk/internal/python"
)

// Job is one run of an algorithm.
type Job struct {
	File         string            `json:"file"`
	Data         string            `json:"data"`
	Home         string            `json:"home"`
	Library      string            `json:"library"`
	SitePackages []string          `json:"site_packages,omitempty"`
	Parameters   map[string]string `json:"parameters,omitempty"`
	Charts       bool              `json:"charts,omitempty"`
}

// Result is what a run gave.
type Result struct {
	Status        algo.Status       `json:"algorithm_status"`
	Error         string            `json:"error,omitempty"`
	Trace         string            `json:"stacktrace,omitempty"`
	Names         []string          `json:"names"`
	Statistics    map[string]string `json:"statistics"`
	DataPoints    int               `json:"data_points"`
	HistoryPoints int               `json:"history_data_points"`
	Log           []string          `json:"log,omitempty"`
	Orders        []string          `json:"orders,omitempty"`
}

// maxLog bounds the lines of log that a run keeps.
const maxLog = 10_000

// Run runs a job on the calling goroutine, which becomes the interpreter's.
func Run(ctx context.Context, job Job, source algo.Source, progress func(float64, int64)) (Result, error) {
	var r Result
	log := func(kind, text string) {
		if len(r.Log) < maxLog {
			r.Log = append(r.Log, kind+": "+text)
		}
	}
	p, err := python.Open(python.Options{Home: job.Home, Path: []string{job.Library, filepath.Dir(job.File)}, SitePackages: job.SitePackages,
		Stdout: func(s string) { log("stdout", s) }, Stderr: func(s string) { log("stderr", s) }})
	if err != nil {
		return r, err
	}
	e := algo.NewEngine(ctx, source)
	e.SetToday(market.DateOf(time.Now()))
	e.OnLog = log
	e.Progress = progress
	s, err := Load(p, e, job.File, job.Parameters)
	if err != nil {
		return r, fmt.Errorf("%s", Traceback(err))
	}
	stop := context.AfterFunc(ctx, func() { p.Interrupt("the run was cancelled") })
	defer stop()
	if err := e.Run(s); err != nil {
		return r, err
	}
	r.Status, r.DataPoints, r.HistoryPoints = e.Status, e.Points, e.HistoryPoints
	if e.Err != nil {
		r.Error, r.Trace = e.Err.Error(), Traceback(e.Err)
	}
	stats, err := e.Statistics()
	if err != nil {
		return r, err
	}
	r.Names, r.Statistics = stats.Names, stats.Values
	for _, t := range e.Tickets() {
		r.Orders = append(r.Orders, algo.OrderJSON(t.Order))
	}
	return r, nil
}
