package research

import (
	"context"
	"math"

	"quantdesk/internal/fault"
	"quantdesk/internal/market"
)

var nan = math.NaN()

// Constituents are what a fund held on the last day that is known, at most on.
func (s *Service) Constituents(ctx context.Context, fund, on string) ([]Member, market.Date, error) {
	const op = "research.Constituents"
	in, ok := s.cfg.Prices.Lookup(fund)
	name := fund
	if ok {
		name = in.Symbol
	}
	now := market.DateOf(s.cfg.Prices.Now())
	d := now
	if on != "" {
		var err error
		if d, err = market.ParseDate(on); err != nil {
			return nil, d, fault.E(op, fault.InvalidParameter, "date %q is not a date", clip(on)).With("argument", "date").With("value", clip(on)).Hinted("Write it as 2023-01-31.")
		}
		if d.After(now) {
			return nil, d, fault.E(op, fault.InvalidParameter, "date %s is after the market's now, %s", on, now).With("argument", "date").With("value", on).With("limit", now.String())
		}
	}
	return s.cfg.Reference.Constituents(ctx, name, d)
}

// AddConstituents subscribes a workspace to what a fund held on a day, survivors
// or not.
func (s *Service) AddConstituents(ctx context.Context, c Caller, book, fund, on, resolution string) ([]Added, market.Date, Book, error) {
	members, asOf, err := s.Constituents(ctx, fund, on)
	if err != nil {
		return nil, asOf, Book{}, err
	}
	symbols := make([]string, len(members))
	for i, m := range members {
		symbols[i] = m.Symbol
	}
	told, b, err := s.AddSecurities(ctx, c, book, symbols, resolution)
	return told, asOf, b, err
}
