// Package feed turns a source of prices into a live market: it puts the venue
// clock to it, tells how old each price is, streams changes without falling
// behind, and can be made to fail by a script.
//
// A source answers for any moment; it does not know the time. The built-in
// simulator and a recorded data folder are both such sources, so live quotes,
// replay at any speed and tests are one mechanism. No answer looks past the
// venue clock.
//
//	f, err := feed.New(feed.Config{Source: folder, Clock: feed.NewReplay(open, close, 1, time.Now), Kind: market.FeedReplay})
//	q, err := f.Quote(ctx, "SPY")
package feed

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"quantdesk/internal/fault"
	"quantdesk/internal/market"
	"quantdesk/internal/num"
)

// Source is where prices come from. All times are on the venue clock.
type Source interface {
	Name() string
	Instruments(ctx context.Context) ([]market.Instrument, error)
	Lookup(symbol string) (market.Instrument, bool)
	Calendar(symbol string) (*market.Calendar, error)
	Bars(ctx context.Context, req market.BarRequest) ([]market.Bar, error)
	QuoteAt(ctx context.Context, symbol string, at time.Time) (market.Quote, error)
	Actions(symbol string, from, to market.Date) ([]market.Action, error)
}

// Config is what a Feed is made of.
type Config struct {
	Source Source
	// Clock is the venue's.
	Clock Clock
	// Kind is what the source's bars are told as; quotes carry their own.
	Kind   market.Feed
	Faults *Script
}

// Feed is a live market over a source. It is safe for concurrent use.
type Feed struct {
	cfg   Config
	begun time.Time

	mu    sync.Mutex // guards rates
	rates map[string]rateLeg
}

// New makes a feed.
func New(cfg Config) (*Feed, error) {
	if cfg.Source == nil || cfg.Clock == nil {
		return nil, fmt.Errorf("feed.New: a source and a clock are needed")
	}
	return &Feed{cfg: cfg, begun: time.Now(), rates: map[string]rateLeg{}}, nil
}

// Now is the venue clock.
func (f *Feed) Now() time.Time { return f.cfg.Clock.Now().UTC() }

// Clock is the venue's clock.
func (f *Feed) Clock() Clock { return f.cfg.Clock }

// Name is the source's name.
func (f *Feed) Name() string { return f.cfg.Source.Name() }

// Kind is what the source's bars are told as.
func (f *Feed) Kind() market.Feed { return f.cfg.Kind }

// Instruments lists everything the source has.
func (f *Feed) Instruments(ctx context.Context) ([]market.Instrument, error) {
	return f.cfg.Source.Instruments(ctx)
}

// Lookup finds an instrument by symbol, case-insensitively.
func (f *Feed) Lookup(symbol string) (market.Instrument, bool) {
	return f.cfg.Source.Lookup(strings.TrimSpace(symbol))
}

// Find is Lookup with an error that says what to do.
func (f *Feed) Find(symbol string) (market.Instrument, error) {
	in, ok := f.Lookup(symbol)
	if !ok {
		return in, fault.E("feed.Find", fault.NotFound, "there is no instrument %q", fault.Clip(symbol, 40)).Hinted("Call search_instruments to find its symbol.")
	}
	return in, nil
}

// Calendar tells when an instrument trades.
func (f *Feed) Calendar(symbol string) (*market.Calendar, error) {
	return f.cfg.Source.Calendar(symbol)
}

// Actions lists corporate actions that take effect in (from, to].
func (f *Feed) Actions(symbol string, from, to market.Date) ([]market.Action, error) {
	return f.cfg.Source.Actions(symbol, from, to)
}

// Bars gives bars that have ended by the venue clock.
func (f *Feed) Bars(ctx context.Context, req market.BarRequest) ([]market.Bar, error) {
	if now := f.Now(); req.End.IsZero() || req.End.After(now) {
		req.End = now
	}
	return f.cfg.Source.Bars(ctx, req)
}

// Quote gives the quote as the venue shows it now.
func (f *Feed) Quote(ctx context.Context, symbol string) (market.Quote, error) {
	at := f.Now()
	x := f.cfg.Faults.at(symbol, time.Since(f.begun))
	if x.disconnected {
		return market.Quote{}, fault.E("feed.Quote", fault.Unavailable, "the market data feed is disconnected").Hinted("Call connection_status and try again.")
	}
	if x.staleFor > 0 {
		at = f.cfg.Clock.Back(x.staleFor)
	}
	q, err := f.cfg.Source.QuoteAt(ctx, symbol, at)
	q.Halted = q.Halted || x.halted
	return q, err
}

// Age is how old a moment is on the venue clock, never below zero: a replay that
// has begun anew has no future.
func (f *Feed) Age(t time.Time) time.Duration { return max(0, f.Now().Sub(t)) }

// Stream calls sink with the quotes that changed, at most once in every
// interval, beginning with all of them, until ctx ends or sink fails. What
// changes in between is conflated: a slow reader misses ticks, never the newest.
func (f *Feed) Stream(ctx context.Context, symbols []string, every time.Duration, sink func([]market.Quote) error) error {
	every = max(every, 50*time.Millisecond)
	last := map[string]market.Quote{}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		var changed []market.Quote
		for _, s := range symbols {
			q, err := f.Quote(ctx, s)
			if err != nil {
				return err
			}
			if old, seen := last[s]; !seen || old != q {
				last[s] = q
				changed = append(changed, q)
			}
		}
		if len(changed) > 0 {
			if err := sink(changed); err != nil {
				return err
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// rateLeg is a pair to convert through, and whether it is upside down.
type rateLeg struct {
	symbol string
	invert bool
}

// Rate is how many units of to one unit of from buys: one, a pair's mid, its
// inverse, or two pairs over the US dollar.
func (f *Feed) Rate(ctx context.Context, from, to string) (num.Decimal, error) {
	from, to = strings.ToUpper(from), strings.ToUpper(to)
	if from == to || from == "" || to == "" {
		return num.One, nil
	}
	if r, ok, err := f.direct(ctx, from, to); ok || err != nil {
		return r, err
	}
	const pivot = "USD"
	if from != pivot && to != pivot {
		a, okA, err := f.direct(ctx, from, pivot)
		if err != nil {
			return a, err
		}
		b, okB, err := f.direct(ctx, pivot, to)
		if err != nil {
			return b, err
		}
		if okA && okB {
			return a.Mul(b), nil
		}
	}
	return num.Zero, fault.E("feed.Rate", fault.Unavailable, "there is no price to convert %s into %s", from, to)
}

func (f *Feed) direct(ctx context.Context, from, to string) (num.Decimal, bool, error) {
	key := from + "/" + to
	f.mu.Lock()
	leg, known := f.rates[key]
	f.mu.Unlock()
	if !known {
		for _, l := range []rateLeg{{from + to, false}, {to + from, true}} {
			if in, ok := f.Lookup(l.symbol); ok && (in.Class == market.Forex || in.Class == market.Crypto) {
				leg = rateLeg{in.Symbol, l.invert}
				break
			}
		}
		if leg.symbol == "" { // not remembered: an import may bring the pair
			return num.Zero, false, nil
		}
		f.mu.Lock()
		f.rates[key] = leg
		f.mu.Unlock()
	}
	q, err := f.Quote(ctx, leg.symbol)
	if err != nil {
		return num.Zero, false, err
	}
	mid := q.Mid()
	if mid.Sign() <= 0 {
		return num.Zero, false, nil
	}
	if leg.invert {
		mid = num.One.Quo(mid)
	}
	return mid, true, nil
}

// Source is what the prices come from. It does not know the time: it must not be
// asked for what lies after the venue clock.
func (f *Feed) Source() Source { return f.cfg.Source }
