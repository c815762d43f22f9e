package lean

import (
	"context"
	"testing"
	"time"

	"quantdesk/internal/algo"
	"quantdesk/internal/market"
	"quantdesk/internal/num"
)

// quiet is a strategy of functions; what is nil is not defined.
type quiet struct {
	init func() error
	data func(*algo.Slice) error
}

func (q *quiet) Initialize() error { return q.init() }
func (q *quiet) OnData(s *algo.Slice) error {
	if q.data == nil || !s.HasData {
		return nil
	}
	return q.data(s)
}
func (*quiet) OnOrderEvent(*algo.OrderEvent) error                   { return nil }
func (*quiet) OnSecuritiesChanged(_, _ []*algo.Security) error       { return nil }
func (*quiet) OnEndOfDay(*algo.Security) error                       { return nil }
func (*quiet) OnWarmupFinished() error                               { return nil }
func (*quiet) OnEndOfAlgorithm() error                               { return nil }
func (*quiet) OnMarginCall(r []algo.Request) ([]algo.Request, error) { return r, nil }
func (*quiet) OnMarginCallWarning() error                            { return nil }
func (*quiet) OnSplits([]*algo.Split) error                          { return nil }
func (*quiet) OnDividends([]*algo.Dividend) error                    { return nil }
func (*quiet) OnDelistings([]*algo.Delisting) error                  { return nil }
func (*quiet) OnSymbolChanges([]*algo.SymbolChange) error            { return nil }
func (*quiet) OnEndOfTimeStep() error                                { return nil }
func (*quiet) HasOnData() bool                                       { return true }
func (*quiet) HasOnEndOfDay() (bool, bool)                           { return false, false }

func ymd(y, m, d int) market.Date { return market.Date{Year: y, Month: time.Month(m), Day: d} }

// TestEngineBuyAndHold compares a whole run with LEAN's published figures.
func TestEngineBuyAndHold(t *testing.T) {
	f := realFolder(t)
	for _, tt := range []struct {
		name   string
		from   market.Date
		to     market.Date
		res    algo.Resolution
		points int
		want   map[string]string
	}{
		{"daily", ymd(2013, 10, 8), ymd(2013, 10, 17), algo.Daily, 72, map[string]string{"End Equity": "104486.22", "Sharpe Ratio": "17.304", "Information Ratio": "-19", "Estimated Strategy Capacity": "$1200000000.00", "OrderListHash": "70f21e930175a2ec9d465b21edc1b6d9"}},
		{"minute", ymd(2013, 10, 7), ymd(2013, 10, 11), algo.Minute, 3943, map[string]string{"Total Orders": "1", "End Equity": "101691.92", "OrderListHash": "3da9fa60bf95b9ed148b95e02e0cfc9e"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := algo.NewEngine(context.Background(), f.Source())
			e.OnLog = func(kind, text string) { t.Log(kind, text) }
			var spy *algo.Symbol
			s := &quiet{}
			s.init = func() (err error) {
				e.SetStart(tt.from)
				e.SetEnd(tt.to)
				e.Portfolio.SetCash(num.FromInt(100_000))
				if spy, err = e.Symbol(algo.Equity, "usa", "SPY"); err != nil {
					return err
				}
				_, err = e.AddSecurity(algo.AddRequest{Symbol: spy, Resolution: &tt.res})
				return err
			}
			s.data = func(*algo.Slice) error {
				if e.Securities.Get(spy).Invested() {
					return nil
				}
				_, err := e.SetHoldings(spy, num.One, false, false, nil, algo.OrderProperties{})
				return err
			}
			if err := e.Run(s); err != nil || e.Err != nil {
				t.Fatal(err, e.Err)
			}
			stats, err := e.Statistics()
			if err != nil {
				t.Fatal(err)
			}
			if e.Points != tt.points {
				t.Errorf("data points %d; want %d", e.Points, tt.points)
			}
			for _, n := range stats.Names {
				t.Log(n, stats.Values[n])
			}
			for n, v := range tt.want {
				if stats.Values[n] != v {
					t.Errorf("%s %s; want %s", n, stats.Values[n], v)
				}
			}
		})
	}
}
