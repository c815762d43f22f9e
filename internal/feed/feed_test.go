package feed

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"quantdesk/internal/fault"
	"quantdesk/internal/market"
	"quantdesk/internal/num"
)

// table is a source whose quotes change once a second: the bid is the second of
// the minute over the base price.
type table struct {
	base map[string]string
	asks []time.Time // moments that bars were asked to
}

func (*table) Name() string { return "table" }

func (s *table) Lookup(symbol string) (market.Instrument, bool) {
	symbol = strings.ToUpper(symbol)
	if _, ok := s.base[symbol]; !ok {
		return market.Instrument{}, false
	}
	class := market.Equity
	if len(symbol) == 6 {
		class = market.Forex
	}
	return market.Instrument{Symbol: symbol, Class: class}, true
}

func (s *table) Instruments(context.Context) (out []market.Instrument, err error) {
	for symbol := range s.base {
		in, _ := s.Lookup(symbol)
		out = append(out, in)
	}
	return out, nil
}

func (*table) Calendar(string) (*market.Calendar, error) { return nil, errors.New("none") }

func (*table) Actions(string, market.Date, market.Date) ([]market.Action, error) { return nil, nil }

func (s *table) Bars(_ context.Context, req market.BarRequest) ([]market.Bar, error) {
	s.asks = append(s.asks, req.End)
	return nil, nil
}

func (s *table) QuoteAt(_ context.Context, symbol string, at time.Time) (market.Quote, error) {
	base, ok := s.base[strings.ToUpper(symbol)]
	if !ok {
		return market.Quote{}, fmt.Errorf("no %s", symbol)
	}
	at = at.UTC().Truncate(time.Second)
	price := num.MustParse(base)
	if !strings.HasPrefix(symbol, "FLAT") && price.Sign() > 0 && len(symbol) < 6 {
		price = price.Add(num.FromInt(int64(at.Second())))
	} else {
		at = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	return market.Quote{Symbol: strings.ToUpper(symbol), Bid: price, Ask: price, Time: at}, nil
}

func feedOf(t *testing.T, clock Clock, script string) (*Feed, *table) {
	t.Helper()
	src := &table{base: map[string]string{"AAA": "100", "BBB": "200", "FLATX": "7", "EURUSD": "1.25", "USDJPY": "150", "GBPUSD": "1.5", "DEDUSD": "0", "ABCXYZ": "3"}}
	cfg := Config{Source: src, Clock: clock, Kind: market.FeedSimulated}
	if script != "" {
		var err error
		if cfg.Faults, err = ParseScript([]byte(script)); err != nil {
			t.Fatal(err)
		}
	}
	f, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return f, src
}

func TestReplayLoops(t *testing.T) {
	open := time.Date(2013, 10, 11, 13, 30, 0, 0, time.UTC)
	closes := open.Add(10 * time.Minute)
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	begun := now
	r := NewReplay(open, closes, 60, func() time.Time { return now })
	for _, c := range []struct{ passed, into time.Duration }{
		{0, 0}, {time.Second, time.Minute}, {9999 * time.Millisecond, 599_940 * time.Millisecond},
		{10 * time.Second, 0}, {25 * time.Second, 5 * time.Minute}, {240 * time.Hour, 0}, {240*time.Hour + time.Second, time.Minute},
	} {
		now = begun.Add(c.passed)
		if got := r.Now(); !got.Equal(open.Add(c.into)) || got.Before(open) || !got.Before(closes) {
			t.Errorf("after %s it is %s, want %s", c.passed, got, open.Add(c.into))
		}
	}
	now = begun.Add(5 * time.Second) // five minutes in
	for back, want := range map[time.Duration]time.Duration{0: 5 * time.Minute, 2 * time.Second: 3 * time.Minute, time.Hour: 0} {
		if got := r.Back(back); !got.Equal(open.Add(want)) {
			t.Errorf("%s back is %s", back, got)
		}
	}
	if NewReplay(open, closes, 0, nil).Speed() != 1 {
		t.Error("a speed of zero is not real time")
	}
	if got := NewReplay(open, open, 1, nil).Now(); got.Before(open) {
		t.Errorf("an empty stretch: %s", got)
	}
	// A replay that begins anew has no future: what was last seen is not older
	// than nothing.
	f, src := feedOf(t, r, "")
	now = begun.Add(11 * time.Second)
	if age := f.Age(closes); age != 0 {
		t.Errorf("the close of the round before is %s old", age)
	}
	if _, err := f.Bars(t.Context(), market.BarRequest{Symbol: "AAA", End: closes.AddDate(1, 0, 0)}); err != nil || !src.asks[0].Equal(f.Now()) {
		t.Errorf("bars were asked to %v, and it is %s: %v", src.asks, f.Now(), err)
	}
}

func TestFaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, _ := feedOf(t, Wall{}, `[{"kind":"halt","symbol":"aaa","after_s":10,"for_s":5},{"kind":"stale","after_s":20,"for_s":10},{"kind":"stale","symbol":"BBB","after_s":25},
			{"kind":"disconnect_feed","after_s":40,"for_s":2},{"kind":"lost_answer","nth":2}]`)
		begun := time.Now()
		type seen struct {
			Halted, Gone bool
			Age          time.Duration
		}
		look := func(symbol string) seen {
			q, err := f.Quote(t.Context(), symbol)
			if err != nil {
				return seen{Gone: fault.CodeOf(err) == fault.Unavailable}
			}
			return seen{Halted: q.Halted, Age: f.Age(q.Time)}
		}
		for _, c := range []struct {
			at     time.Duration
			symbol string
			want   seen
		}{
			{5, "AAA", seen{}}, {10, "AAA", seen{Halted: true}}, {10, "BBB", seen{}}, {14, "AAA", seen{Halted: true}}, {15, "AAA", seen{}},
			{20, "AAA", seen{}}, {24, "AAA", seen{Age: 4 * time.Second}}, {29, "BBB", seen{Age: 9 * time.Second}}, {30, "AAA", seen{}}, {35, "BBB", seen{Age: 10 * time.Second}},
			{40, "AAA", seen{Gone: true}}, {41, "BBB", seen{Gone: true}}, {42, "AAA", seen{}},
		} {
			time.Sleep(c.at*time.Second - time.Since(begun))
			if diff := cmp.Diff(c.want, look(c.symbol)); diff != "" {
				t.Errorf("%s after %d s (-want +got):\n%s", c.symbol, c.at, diff)
			}
		}
	})
	for text, ok := range map[string]bool{`[]`: true, `[{"kind":"reject","nth":1}]`: true, `{}`: false, `[1]`: false, `[{"kind":"stale","after_s":-1}]`: false, `[{"kind":"halt","for_s":-1}]`: false, `[{"kind":"stale","after_s":"x"}]`: false} {
		if _, err := ParseScript([]byte(text)); (err == nil) != ok {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestRate(t *testing.T) {
	f, src := feedOf(t, Wall{}, "")
	for _, c := range []struct{ from, to, want string }{
		{"USD", "USD", "1"}, {"", "USD", "1"}, {"eur", "usd", "1.25"}, {"USD", "EUR", "0.8"}, {"USD", "JPY", "150"}, {"EUR", "JPY", "187.5"}, {"ABC", "XYZ", "3"},
	} {
		got, err := f.Rate(t.Context(), c.from, c.to)
		if err != nil || !got.Equal(num.MustParse(c.want)) {
			t.Errorf("%s in %s: %s, want %s, %v", c.from, c.to, got, c.want, err)
		}
	}
	there, err := f.Rate(t.Context(), "JPY", "GBP")
	if err != nil {
		t.Fatal(err)
	}
	if back := num.One.Quo(there); back.Sub(num.MustParse("225")).Abs().Cmp(num.MustParse("0.000001")) > 0 {
		t.Errorf("JPY in GBP is %s, whose inverse is %s", there, back)
	}
	for _, pair := range [][2]string{{"DED", "USD"}, {"EUR", "CHF"}, {"XXX", "YYY"}, {"AAA", "USD"}} {
		if got, err := f.Rate(t.Context(), pair[0], pair[1]); fault.CodeOf(err) != fault.Unavailable {
			t.Errorf("%v: %s, %v", pair, got, err)
		}
	}
	// A pair that comes later, by an import, is found.
	src.base["USDCHF"] = "0.9"
	if got, err := f.Rate(t.Context(), "EUR", "CHF"); err != nil || !got.Equal(num.MustParse("1.125")) {
		t.Errorf("EUR in CHF once there is a pair: %s, %v", got, err)
	}
}

func TestStreamConflates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, _ := feedOf(t, Wall{}, "")
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second+time.Millisecond)
		defer cancel()
		var got []string
		err := f.Stream(ctx, []string{"AAA", "FLATX"}, time.Second, func(changed []market.Quote) error {
			for _, q := range changed {
				if q.Symbol == "AAA" && f.Age(q.Time) >= time.Second {
					t.Errorf("a quote of %s is told at %s", q.Time, f.Now())
				}
				got = append(got, q.Symbol+" "+q.Bid.String())
			}
			if len(got) == 4 {
				time.Sleep(10 * time.Second) // a slow reader
			}
			return nil
		})
		// All at first; then what changed; after ten seconds asleep the newest, not
		// the ten between; what does not change is told once.
		if !errors.Is(err, context.DeadlineExceeded) || len(got) < 20 || len(got) > 24 {
			t.Errorf("%d: %v, %v", len(got), got, err)
		}
		if diff := cmp.Diff([]string{"AAA 100", "FLATX 7", "AAA 101", "AAA 102", "AAA 112"}, got[:5]); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		for _, g := range got[5:] {
			if strings.HasPrefix(g, "FLATX") {
				t.Errorf("told again without a change: %s", g)
			}
		}
		enough := errors.New("enough")
		if err := f.Stream(t.Context(), []string{"AAA"}, 0, func([]market.Quote) error { return enough }); !errors.Is(err, enough) {
			t.Errorf("a sink that fails: %v", err)
		}
		if err := f.Stream(t.Context(), []string{"NONE"}, time.Second, func([]market.Quote) error { return nil }); err == nil {
			t.Error("an unknown symbol streams")
		}
	})
}

func TestFindAndNew(t *testing.T) {
	f, _ := feedOf(t, Wall{}, "")
	if in, err := f.Find(" aaa "); err != nil || in.Symbol != "AAA" {
		t.Errorf("%v %v", in, err)
	}
	_, err := f.Find(strings.Repeat("x", 100_000))
	if e := fault.As(err); e.Code != fault.NotFound || len(e.Message) > 200 || !strings.Contains(e.Hint, "search_instruments") {
		t.Errorf("%.300v", err)
	}
	if _, err := New(Config{}); err == nil {
		t.Error("a feed of nothing")
	}
}
