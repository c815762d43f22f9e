package order

import (
	"context"
	"maps"
	"slices"
	"strings"

	"quantdesk/internal/fault"
	"quantdesk/internal/market"
	"quantdesk/internal/num"
	"quantdesk/internal/trade"
)

// Targets are weights that an account is to have.
type Targets struct {
	Account string
	// Weights are fractions of equity by symbol, negative for short.
	Weights map[string]num.Decimal
	// KeepOthers leaves positions alone that have no weight; else they are closed.
	KeepOthers bool
	// MinTrade leaves out trades worth less, in the account's currency.
	MinTrade  num.Decimal
	ClientRef string
}

// Step is what a rebalancing does about one symbol.
type Step struct {
	Symbol string
	// Held and Wanted are quantities, Price what they are valued at in the
	// instrument's currency.
	Held, Wanted, Price num.Decimal
	// Weight is the one now, Target the one wanted, both of equity.
	Weight, Target num.Decimal
	worth          num.Decimal // of one, in the account's currency
	// Skipped says why nothing is traded, empty where something is.
	Skipped string
}

// Rebalance proposes the trades that lead from an account's positions to target
// weights, as one ticket: what frees money comes first. Quantities are rounded
// toward zero to whole lots. It fails as Propose does, and with conflict where
// nothing is to be traded.
func (d *Desk) Rebalance(ctx context.Context, c Caller, t Targets) (Ticket, []Step, error) {
	const op = "order.Rebalance"
	info, err := d.tradingAccount(ctx, c, t.Account)
	if err != nil {
		return Ticket{}, nil, err
	}
	bal, err := d.Balances(ctx, info)
	if err != nil {
		return Ticket{}, nil, brokerFault(op, err)
	}
	held, err := d.Positions(ctx, info)
	if err != nil {
		return Ticket{}, nil, brokerFault(op, err)
	}
	steps, err := d.steps(ctx, info, bal, held, t)
	if err != nil {
		return Ticket{}, nil, err
	}
	p := Proposal{Account: info.ID, ClientRef: t.ClientRef}
	for i := range steps {
		s := &steps[i]
		change := s.Wanted.Sub(s.Held)
		switch {
		case change.IsZero():
			s.Skipped = "is there already"
			continue
		case change.Abs().Mul(s.worth).Less(t.MinTrade):
			s.Skipped = "is worth less than min_trade"
			continue
		}
		side := trade.Buy
		if change.Sign() < 0 {
			side = trade.Sell
		}
		p.Wishes = append(p.Wishes, Wish{Intent: trade.Intent{Symbol: s.Symbol, Side: side, Quantity: change.Abs(), Unit: trade.Shares, Type: trade.Market, TIF: trade.Day}})
	}
	if len(p.Wishes) == 0 {
		return Ticket{}, steps, fault.E(op, fault.Conflict, "the account has these weights already: nothing is to be traded").Hinted("Lower min_trade, or give other weights.")
	}
	slices.SortStableFunc(p.Wishes, func(a, b Wish) int { return strings.Compare(string(b.Side), string(a.Side)) }) // sell before buy
	ticket, err := d.Propose(ctx, c, p)
	return ticket, steps, err
}

// steps values what is held and what is wanted, by symbol.
func (d *Desk) steps(ctx context.Context, info Account, bal trade.Balances, held []trade.Position, t Targets) ([]Step, error) {
	const op = "order.Rebalance"
	if bal.Equity.Sign() <= 0 {
		return nil, fault.E(op, fault.InsufficientBuyingPower, "the account %s has no equity", info.ID)
	}
	prices := d.prices(info.ID)
	targets := map[string]num.Decimal{}
	for symbol, w := range t.Weights {
		in, ok := prices.Lookup(symbol)
		if !ok {
			return nil, fault.E(op, fault.NotFound, "there is no instrument %q", fault.Clip(symbol, 40)).With("argument", "weights").Hinted("Call search_instruments to find its symbol.")
		}
		if _, twice := targets[in.Symbol]; twice {
			return nil, fault.E(op, fault.Invalid, "%s has two weights", in.Symbol).With("argument", "weights")
		}
		targets[in.Symbol] = w
	}
	now := map[string]num.Decimal{}
	for _, p := range held {
		if p.Quantity.IsZero() {
			continue
		}
		now[p.Symbol] = p.Quantity
		if _, ok := targets[p.Symbol]; !ok && !t.KeepOthers {
			targets[p.Symbol] = num.Zero
		}
	}
	var out []Step
	for _, symbol := range slices.Sorted(maps.Keys(targets)) {
		in, ok := prices.Lookup(symbol)
		if !ok {
			return nil, fault.E(op, fault.NotFound, "there is no price of %s to value it with", symbol).Hinted("Set keep_others, or close it by hand.")
		}
		q, err := prices.Quote(ctx, symbol)
		if err != nil {
			return nil, err
		}
		s := Step{Symbol: symbol, Held: now[symbol], Price: q.Mark(), Target: targets[symbol]}
		if s.worth, err = d.worth(ctx, prices, in, info, s.Price); err != nil {
			return nil, err
		}
		s.Wanted = towardZero(in, bal.Equity.Mul(s.Target).Quo(s.worth))
		s.Weight = s.Held.Mul(s.worth).Quo(bal.Equity).Round(6)
		out = append(out, s)
	}
	return out, nil
}

// worth is what one of an instrument is worth in the account's currency.
func (d *Desk) worth(ctx context.Context, prices Prices, in market.Instrument, info Account, price num.Decimal) (num.Decimal, error) {
	one := in.Notional(price, num.One).Abs()
	if in.Currency != info.Currency {
		rate, err := prices.Rate(ctx, in.Currency, info.Currency)
		if err != nil {
			return num.Zero, err
		}
		one = one.Mul(rate)
	}
	if one.Sign() <= 0 {
		return num.Zero, fault.E("order.Rebalance", fault.Unavailable, "%s has no price now", in.Symbol).Hinted("Wait for its market, or leave it out.")
	}
	return one, nil
}

func towardZero(in market.Instrument, q num.Decimal) num.Decimal {
	if q.Sign() < 0 {
		return in.RoundQuantity(q.Abs()).Neg()
	}
	return in.RoundQuantity(q)
}
