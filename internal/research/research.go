// Package research turns market data into answers: it resolves symbols, aligns
// series, applies the policy on missing data, calls the kernels of quant and keeps
// the results in workspaces ("quantbooks") that belong to users and last.
//
// A table of results stays here. The caller gets a handle, a summary and the first
// rows, and reads on with Query.
//
//	s := research.New(research.Config{Prices: feed, Reference: ref, Store: db, Now: time.Now})
//	out, err := s.Correlation(ctx, research.Caller{User: "local"}, in, report)
package research

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"quantdesk/internal/market"
)

// Prices is the market data that research reads; no answer looks past its clock.
type Prices interface {
	// Now is the venue's clock.
	Now() time.Time
	Lookup(symbol string) (market.Instrument, bool)
	Calendar(symbol string) (*market.Calendar, error)
	Bars(ctx context.Context, req market.BarRequest) ([]market.Bar, error)
	Instruments(ctx context.Context) ([]market.Instrument, error)
}

// Member is a constituent of a fund.
type Member struct {
	Symbol string `json:"symbol"`
	// Weight is a fraction of the fund, 0 where the file has none.
	Weight float64 `json:"weight"`
	// ID is the security's identifier in LEAN's form, empty where there is none.
	ID string `json:"id,omitempty"`
}

// Fundamentals are a company's books as they were public on a day.
type Fundamentals struct {
	Sector    string
	MarketCap float64
	// Book is the book equity last published, and when; 0 where none was.
	Book      float64
	Published market.Date
}

// AltRow is a row of alternative data.
type AltRow struct {
	Date   market.Date
	Values map[string]float64
}

// Reference is what is known of instruments besides their prices. Each method
// fails with fault.NotFound where the data have nothing of the kind.
type Reference interface {
	// Constituents are a fund's on the last date that has them, at most on; that
	// date comes back.
	Constituents(ctx context.Context, fund string, on market.Date) ([]Member, market.Date, error)
	// Fundamentals are what was known on a day.
	Fundamentals(ctx context.Context, symbol string, on market.Date) (Fundamentals, error)
	// Alternative gives the rows of a data set about a symbol.
	Alternative(ctx context.Context, dataset, symbol string, from, to market.Date) ([]AltRow, error)
	// Datasets names the alternative data there are.
	Datasets(ctx context.Context) ([]string, error)
	// Factors are the factor returns that come with the market: dates, and for each
	// name the returns as fractions.
	Factors(ctx context.Context, from, to market.Date) ([]market.Date, []string, [][]float64, error)
}

// Config is what a Service is made of.
type Config struct {
	Prices    Prices
	Reference Reference
	Store     Store
	// Now is the wall clock.
	Now func() time.Time
	Log *slog.Logger
	// Patience is how long a call waits before its work becomes a job; zero means
	// 20 s.
	Patience time.Duration
}

// Service is research for all users. It is safe for concurrent use.
type Service struct {
	cfg Config
	run context.Context
	end context.CancelFunc
	wg  sync.WaitGroup

	mu   sync.Mutex // guards jobs
	jobs map[string]*job
}

// Caller is whose workspaces are meant.
type Caller struct{ User string }

// New makes a service. Close it.
func New(cfg Config) *Service {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Patience == 0 {
		cfg.Patience = 20 * time.Second
	}
	run, end := context.WithCancel(context.Background())
	return &Service{cfg: cfg, run: run, end: end, jobs: map[string]*job{}}
}

// Close ends running work; it is told as interrupted.
func (s *Service) Close() {
	s.end()
	s.wg.Wait()
}
