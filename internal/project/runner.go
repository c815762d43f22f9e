// Package project is projects, their files, compiles and backtests.
//
// The store is the truth: what waits or runs is in it, the queue only carries
// ids. A compile keeps the source as it was; a backtest runs that source, and
// has exactly one final result however often the desk is killed while it runs.
// A user's project is not found by another who is not its collaborator.
//
//	s := project.New(project.Config{Store: db, Directory: users, Runner: engine})
//	go s.Run(ctx)
//	p, err := s.CreateProject(ctx, project.Caller{User: "local"}, "First", project.Python, "")
//	c, err := s.CreateCompile(ctx, caller, p.ID)
package project

import (
	"context"
	"encoding/json"
	"time"
)

// Languages of a project, as QuantConnect spells them.
const (
	Python = "Py"
	CSharp = "C#"
)

// File is a source file: its path inside the project with forward slashes, and
// its text.
type File struct {
	Name    string
	Content string
}

// Library is a project whose files another imports, under a package of its name.
type Library struct {
	Name  string
	Files []File
}

// Source is what is compiled and run.
type Source struct {
	Language  string
	Files     []File
	Libraries []Library
}

// Severities of a Problem.
const (
	Error   = "error"
	Warning = "warning"
)

// Problem is what a compiler finds at a place. Line and Column begin at 1; 0
// means the whole file.
type Problem struct {
	File         string
	Line, Column int
	Severity     string
	Message      string
}

// Run is one backtest to be run.
type Run struct {
	ID         string
	Source     Source
	Parameters map[string]string
	// Companies are figures of companies instead of the data folder's, as JSON.
	Companies string
}

// Progress is how far a run is: the fraction of its period, 0 to 1, the moment
// of the algorithm's time that was reached, and the equity there.
type Progress struct {
	Fraction float64
	Reached  time.Time
	Equity   string
}

// Statuses a run ends with, as LEAN spells them.
const (
	Completed    = "Completed"
	RuntimeError = "RuntimeError"
)

// Result is what a run gave. Raw members are in the form of QuantConnect's REST
// API v2.
type Result struct {
	Status            string
	Error, StackTrace string
	Start, End        time.Time
	Statistics        map[string]string
	RuntimeStatistics map[string]string
	TotalPerformance  json.RawMessage
	RollingWindow     json.RawMessage
	// Charts by name.
	Charts   map[string]json.RawMessage
	Orders   []json.RawMessage
	Insights []json.RawMessage
	Logs     []string

	TradeableDates    int
	DataPoints        int
	HistoryDataPoints int
	DataHash          string
	EngineVersion     string
	Seed              uint64
}

// Runner compiles and runs user code, caged. An error is the runner's own
// failure (a limit that struck, a cancelled context); what user code does wrong
// is in the Problems and in the Result.
type Runner interface {
	Compile(ctx context.Context, s Source) ([]Problem, error)
	Backtest(ctx context.Context, r Run, progress func(Progress)) (*Result, error)
}
