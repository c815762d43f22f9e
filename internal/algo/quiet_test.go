package algo_test

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"quantdesk/internal/algo"
	"quantdesk/internal/lean"
	"quantdesk/internal/market"
	"quantdesk/internal/num"
	"quantdesk/internal/sim/source"
)

// witness is a strategy that handles no data: it acts at scheduled times, and
// notes there all that an algorithm could see.
type witness struct {
	e       *algo.Engine
	init    func(w *witness) error
	symbols []*algo.Symbol
	saw     strings.Builder
}

func (w *witness) Idle() bool               { return true }
func (w *witness) Initialize() error        { return w.init(w) }
func (w *witness) OnData(*algo.Slice) error { return nil }
func (w *witness) OnOrderEvent(ev *algo.OrderEvent) error {
	return w.note("order", ev.OrderID, ev.Status, ev.FillPrice)
}
func (w *witness) OnSecuritiesChanged(a, r []*algo.Security) error {
	return w.note("changed", len(a), len(r))
}
func (w *witness) OnEndOfDay(s *algo.Security) error                     { return w.note("end of day", s.Symbol) }
func (w *witness) OnWarmupFinished() error                               { return w.note("warm") }
func (w *witness) OnEndOfAlgorithm() error                               { return w.look() }
func (w *witness) OnMarginCall(r []algo.Request) ([]algo.Request, error) { return r, w.note("call", r) }
func (w *witness) OnMarginCallWarning() error                            { return w.note("warning") }
func (w *witness) OnSplits(x []*algo.Split) error                        { return w.note("split", *x[0]) }
func (w *witness) OnDividends(x []*algo.Dividend) error                  { return w.note("dividend", *x[0]) }
func (w *witness) OnDelistings(x []*algo.Delisting) error {
	return w.note("delisting", x[0].Warning, x[0].Price)
}
func (w *witness) OnSymbolChanges([]*algo.SymbolChange) error { return w.note("ticker") }
func (w *witness) OnEndOfTimeStep() error                     { return nil }
func (w *witness) HasOnData() bool                            { return false }
func (w *witness) HasOnEndOfDay() (bool, bool)                { return true, false }

func (w *witness) note(what ...any) error {
	fmt.Fprintln(&w.saw, append([]any{w.e.UTC()}, what...)...)
	return nil
}

// deref prints what a point holds instead of where it is.
func deref(p algo.Point) string {
	switch v := p.(type) {
	case *algo.Bar:
		return fmt.Sprintf("%+v", *v)
	case *algo.QuoteBar:
		return fmt.Sprintf("%+v", *v)
	}
	return fmt.Sprint(p)
}

// look notes all that can be seen now.
func (w *witness) look() error {
	e := w.e
	_ = w.note("value", e.Portfolio.TotalValue(), "points", e.Points, "candles", len(e.Charts.List))
	used, err := e.Portfolio.MarginUsed()
	_ = w.note("margin", used, err)
	for _, c := range e.Portfolio.Cash.All() {
		_ = w.note(c.Symbol, c.Amount, c.Rate)
	}
	for _, s := range e.Securities.Ever() {
		_ = w.note(s.Symbol, s.Price, s.Open, s.High, s.Low, s.Close, s.Volume, s.Bid, s.Ask, s.BidSize, s.AskSize, s.Holding, s.HasData())
		if s.HasData() {
			_ = w.note(deref(s.Last()))
		}
		if b := s.LastTrade(); b != nil {
			_ = w.note(deref(b))
		}
		if q := s.LastQuote(); q != nil {
			_ = w.note(deref(q))
		}
	}
	if x := e.Slice; x != nil {
		_ = w.note("slice", x.UTC, x.Time, x.HasData)
		for _, b := range x.Bars {
			_ = w.note(deref(b))
		}
		for _, q := range x.Quotes {
			_ = w.note(deref(q))
		}
	}
	return nil
}

// at calls at times of some days, in minutes since midnight: between two bars
// where they are not whole.
func (w *witness) at(minutes []float64, every int, call func(n int) error) {
	n := 0
	days := algo.EveryDay(w.e.Local(), w.e.End()).Where(func(day int64) bool { return day/int64(24*time.Hour)%int64(every) == 0 })
	w.e.Schedule.On("acts", algo.At(days, func(day int64) (out []int64) {
		for _, m := range minutes {
			out = append(out, w.e.Zone.UTC(day+int64(m*float64(time.Minute))))
		}
		return out
	}), func(int64) error {
		n++
		if err := w.look(); err != nil {
			return err
		}
		if err := call(n); err != nil {
			return err
		}
		return w.look()
	})
}

func (w *witness) add(r algo.Resolution, change func(*algo.AddRequest), tickers ...string) error {
	for _, t := range tickers {
		s, err := w.e.Symbol(algo.Equity, "usa", t)
		if err != nil {
			return err
		}
		q := algo.AddRequest{Symbol: s, Resolution: &r}
		if change != nil {
			change(&q)
		}
		if _, err := w.e.AddSecurity(q); err != nil {
			return err
		}
		w.symbols = append(w.symbols, s)
	}
	return nil
}

func (w *witness) hold(s *algo.Symbol, share num.Decimal) error {
	_, err := w.e.SetHoldings(s, share, false, false, nil, algo.OrderProperties{})
	return err
}

// result is everything there is to a run, as text.
func (w *witness) result(t *testing.T) string {
	e, out := w.e, &strings.Builder{}
	stats, err := e.Statistics()
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range stats.Names {
		fmt.Fprintln(out, n, stats.Values[n])
	}
	fmt.Fprintln(out, e.Status, e.Points, e.HistoryPoints)
	for _, c := range e.Charts.List {
		for _, s := range c.Series {
			fmt.Fprintln(out, c.Name, s.Name, s.Points)
		}
	}
	for _, ev := range e.OrderEvents {
		fmt.Fprintln(out, ev.Time, ev.OrderID, ev.Status, ev.FillPrice, ev.FillQuantity, ev.Fee, ev.Message)
	}
	for _, x := range e.Trades() {
		fmt.Fprintf(out, "%+v\n", *x)
	}
	fmt.Fprintln(out, e.Portfolio.Closed)
	return out.String() + w.saw.String()
}

// both runs an algorithm with quiet steps and step by step.
func both(t *testing.T, open func(t *testing.T) algo.Source, from, to market.Date, init func(w *witness) error) {
	t.Helper()
	run := func(every bool) string {
		e := algo.NewEngine(context.Background(), open(t))
		e.EveryStep = every
		w := &witness{e: e}
		e.OnLog = func(kind, text string) { _ = w.note(kind, text) }
		w.init = func(w *witness) error {
			e.SetStart(from)
			e.SetEnd(to)
			return init(w)
		}
		if err := e.Run(w); err != nil || e.Err != nil {
			t.Fatal(err, e.Err)
		}
		if quiet := e.QuietPoints(); every == (quiet > 0) {
			t.Errorf("step by step is %v, and %d of %d points were passed over", every, quiet, e.Points)
		} else {
			t.Logf("%d of %d points passed over", quiet, e.Points)
		}
		return w.result(t)
	}
	got, want := run(false), run(true)
	if got != want {
		t.Error(cmp.Diff(strings.Split(want, "\n"), strings.Split(got, "\n")))
	}
}

func share(n int64) num.Decimal { return num.New(n, 2) }

// strategies are what runs both ways.
var strategies = map[string]func(w *witness) error{
	"one security, in and out": func(w *witness) error {
		if err := w.add(algo.Minute, nil, "SPY"); err != nil {
			return err
		}
		w.at([]float64{600.5, 955.25}, 2, func(n int) error { return w.hold(w.symbols[0], share([]int64{90, 30, 0}[n%3])) })
		return nil
	},
	"three securities, at odd times": func(w *witness) error {
		if err := w.add(algo.Minute, nil, "SPY", "AAPL", "IBM"); err != nil {
			return err
		}
		w.at([]float64{575, 719.5, 955, 1000}, 1, func(n int) error { return w.hold(w.symbols[n%3], share(int64(n*7%33))) })
		return nil
	},
	"resting orders": func(w *witness) error {
		if err := w.add(algo.Minute, nil, "SPY", "IBM"); err != nil {
			return err
		}
		w.at([]float64{600}, 1, func(n int) error {
			s := w.symbols[n%2]
			price := w.e.Get(s).Price
			_, err := w.e.Submit(algo.Request{Type: algo.Limit, Symbol: s, Quantity: num.FromInt(100), LimitPrice: price.Mul(num.New(998, 3)).Round(2)})
			if err == nil && n%3 == 0 {
				_, err = w.e.Liquidate(nil, false, nil, algo.OrderProperties{})
			}
			return err
		})
		return nil
	},
	"short, then nothing left to spare": func(w *witness) error {
		if err := w.add(algo.Minute, func(r *algo.AddRequest) { r.Leverage = num.FromInt(1) }, "SPY", "AAPL"); err != nil {
			return err
		}
		w.at([]float64{601}, 1, func(n int) error {
			if n%4 < 2 {
				return w.hold(w.symbols[n%2], share(-40))
			}
			return w.hold(w.symbols[n%2], share(49))
		})
		return nil
	},
	"raw and total return, extended hours": func(w *witness) error {
		raw, total := algo.Raw, algo.TotalReturn
		yes := true
		if err := w.add(algo.Minute, func(r *algo.AddRequest) { r.Norm, r.Extended = &raw, &yes }, "SPY"); err != nil {
			return err
		}
		if err := w.add(algo.Minute, func(r *algo.AddRequest) { r.Norm = &total }, "AAPL"); err != nil {
			return err
		}
		w.at([]float64{660}, 3, func(n int) error { return w.hold(w.symbols[n%2], share(int64(20+n%20))) })
		return nil
	},
	"without filling forward, one daily": func(w *witness) error {
		no := false
		if err := w.add(algo.Minute, func(r *algo.AddRequest) { r.FillForward = &no }, "SPY"); err != nil {
			return err
		}
		if err := w.add(algo.Daily, nil, "IBM"); err != nil {
			return err
		}
		w.e.Get(w.symbols[0]).Interest = func(s *algo.Security, utc int64) error { return w.note("interest", utc, s.Price) }
		w.at([]float64{660}, 2, func(n int) error { return w.hold(w.symbols[n%2], share(int64(20+n%20))) })
		return nil
	},
	"comes and goes, with a delayed settlement": func(w *witness) error {
		if err := w.add(algo.Minute, nil, "SPY"); err != nil {
			return err
		}
		w.e.Get(w.symbols[0]).Settlement = &algo.DelayedSettlement{Days: 2, At: int64(12 * time.Hour)}
		w.at([]float64{640}, 1, func(n int) error {
			switch n % 5 {
			case 1:
				return w.add(algo.Minute, nil, "IBM")
			case 4:
				_, err := w.e.RemoveSecurity(w.symbols[1], nil)
				w.symbols = w.symbols[:1]
				return err
			}
			return w.hold(w.symbols[n%len(w.symbols)], share(int64(n*9%40)))
		})
		return nil
	},
	"all in, all out": func(w *witness) error {
		if err := w.add(algo.Minute, func(r *algo.AddRequest) { r.Leverage = num.FromInt(1) }, "SPY"); err != nil {
			return err
		}
		w.at([]float64{603.5, 841}, 1, func(n int) error { return w.hold(w.symbols[0], share(int64(n%2*98))) })
		return nil
	},
	"warm-up": func(w *witness) error {
		if err := w.add(algo.Minute, nil, "SPY"); err != nil {
			return err
		}
		if err := w.e.SetWarmup(2*24*time.Hour, 0, nil); err != nil {
			return err
		}
		w.at([]float64{600}, 1, func(n int) error { return w.hold(w.symbols[0], share(int64(n%2*80))) })
		return nil
	},
}

func ymd(y, m, d int) market.Date { return market.Date{Year: y, Month: time.Month(m), Day: d} }

func TestQuietSimulator(t *testing.T) {
	market := source.New(42)
	for name, init := range strategies {
		t.Run(name, func(t *testing.T) {
			both(t, func(*testing.T) algo.Source { return market }, ymd(2020, 3, 2), ymd(2020, 3, 20), init)
		})
	}
}

// TestQuietFolder runs over files with all that goes wrong in files.
func TestQuietFolder(t *testing.T) {
	dir := t.TempDir()
	write(t, dir)
	f, err := lean.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	for name, init := range strategies {
		t.Run(name, func(t *testing.T) {
			both(t, func(*testing.T) algo.Source { return f.Source() }, ymd(2019, 10, 28), ymd(2019, 12, 5), init)
		})
	}
}

// TestQuietRealData runs over a copy of LEAN's data where there is one.
func TestQuietRealData(t *testing.T) {
	dir := os.Getenv("QUANTDESK_LEAN_DATA")
	if dir == "" {
		t.Skip("set QUANTDESK_LEAN_DATA")
	}
	f, err := lean.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"one security, in and out", "three securities, at odd times", "resting orders", "short, then nothing left to spare"} {
		t.Run(name, func(t *testing.T) {
			both(t, func(*testing.T) algo.Source { return f.Source() }, ymd(2013, 10, 4), ymd(2013, 10, 11), strategies[name])
		})
	}
}

// write makes a LEAN folder of minutes: splits and dividends, an end, gaps, volumes, sizes and prices of
// zero, sides that are absent, rows twice and out of order, days without a
// file, shortened days, and rows outside of the hours.
func write(t *testing.T, dir string) {
	f, err := lean.Create(dir)
	if err != nil {
		t.Fatal(err)
	}
	pack := func(rel, text string) {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		w, err := z.Create(strings.TrimSuffix(filepath.Base(rel), ".zip") + ".csv")
		if err == nil {
			_, err = w.Write([]byte(text))
		}
		if err == nil {
			err = z.Close()
		}
		name := filepath.Join(dir, filepath.FromSlash(rel))
		if err == nil {
			err = os.MkdirAll(filepath.Dir(name), 0o700)
		}
		if err == nil {
			err = os.WriteFile(name, b.Bytes(), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, ticker := range []string{"spy", "aapl", "ibm"} {
		pack("equity/usa/daily/"+ticker+".zip", "20191101 00:00,1000000,1010000,990000,1000000,5000\n20191115 00:00,1000000,1010000,990000,1005000,0\n")
	}
	for name, text := range map[string]string{
		"factor_files/aapl.csv": "20190101,0.9,0.25,90\n20191106,0.95,0.25,120\n20191120,0.97,0.5,125\n20501231,1,1,0\n",
		"factor_files/spy.csv":  "20190101,0.98,1,90\n20191112,0.99,1,120\n20501231,1,1,0\n",
		"map_files/ibm.csv":     "19980102,ibm,N\n20191126,ibm,N\n",
	} {
		name = filepath.Join(dir, "equity", "usa", filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cal, err := f.Calendar("SPY")
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(3, 5))
	for i, ticker := range []string{"spy", "aapl", "ibm"} {
		price := 1_000_000 + 300_000*int64(i)
		for d := ymd(2019, 10, 20); d.Before(ymd(2019, 12, 8)); d = d.AddDays(1) {
			opens, closes, ok := cal.Session(d)
			if !ok || rng.IntN(12) == 0 {
				continue
			}
			midnight := d.In(cal.DataZone)
			var trades, quotes []string
			for at := opens.Add(-20 * time.Minute); at.Before(closes.Add(15 * time.Minute)); at = at.Add(time.Minute) {
				price += rng.Int64N(1200) - 600
				ms := strconv.FormatInt(at.Sub(midnight).Milliseconds(), 10)
				volume := rng.Int64N(9000) * min(1, rng.Int64N(7))
				row := fmt.Sprintf("%s,%d,%d,%d,%d,%d", ms, price, price+300, price-200, price+rng.Int64N(200), volume)
				switch rng.IntN(60) {
				case 0: // a gap
				case 1:
					row = fmt.Sprintf("%s,%d,%d,0,%d,%d", ms, price, price, price, volume)
					trades = append(trades, row)
				case 2:
					trades = append(trades, row, row)
				default:
					trades = append(trades, row)
				}
				bid, ask := price-100, price+100
				row = fmt.Sprintf("%s,%d,%d,%d,%d,%d,%d,%d,%d,%d,%d", ms, bid, bid+100, bid-100, bid, rng.IntN(5), ask, ask+100, ask-100, ask, rng.IntN(5))
				switch rng.IntN(40) {
				case 0:
				case 1:
					row = fmt.Sprintf("%s,,,,,,%d,%d,%d,%d,%d", ms, ask, ask, ask, ask, 7)
					quotes = append(quotes, row)
				default:
					quotes = append(quotes, row)
				}
			}
			if rng.IntN(6) == 0 {
				trades[50], trades[51] = trades[51], trades[50]
			}
			base := "equity/usa/minute/" + ticker + "/" + d.Compact()
			pack(base+"_trade.zip", strings.Join(trades, "\n"))
			if rng.IntN(8) > 0 && ticker != "ibm" {
				pack(base+"_quote.zip", strings.Join(quotes, "\n"))
			}
		}
	}
}
