package desktest

import (
	"context"
	"testing"

	"quantdesk/internal/fault"
	"quantdesk/internal/num"
	"quantdesk/internal/order"
	"quantdesk/internal/trade"
)

// TestRebalance leads an account to weights, and then has nothing to do.
func TestRebalance(t *testing.T) {
	t.Parallel()
	b := start(t, setup{})
	ctx := context.Background()
	weights := func(pairs ...string) map[string]num.Decimal {
		out := map[string]num.Decimal{}
		for i := 0; i < len(pairs); i += 2 {
			out[pairs[i]] = dec(pairs[i+1])
		}
		return out
	}
	to := order.Targets{Account: "A1", Weights: weights("AAPL", "0.08", "MSFT", "-0.05")}
	ticket, steps, err := b.desk.Rebalance(ctx, ann, to)
	if err != nil {
		t.Fatal(err)
	}
	if len(ticket.Legs) != 2 || ticket.Legs[0].Order.Side != trade.Sell || len(steps) != 2 {
		t.Fatalf("%+v, %+v; want a sale, then a purchase", ticket.Legs, steps)
	}
	for _, o := range b.confirm(ann, ticket.ID) {
		b.becomes(o.ID, trade.Filled)
	}
	info, err := b.desk.AccountFor(ctx, ann, "A1")
	if err != nil {
		t.Fatal(err)
	}
	held, err := b.desk.Positions(ctx, info)
	if err != nil {
		t.Fatal(err)
	}
	bal, err := b.desk.Balances(ctx, info)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range held {
		w := p.MarketValue.Quo(bal.Equity).Float64()
		if want := to.Weights[p.Symbol].Float64(); w-want > .005 || want-w > .005 {
			t.Errorf("%s has %g of the equity, want %g", p.Symbol, w, want)
		}
	}
	// Within a lot of the targets nothing is left to do.
	to.MinTrade = dec("500")
	_, steps, err = b.desk.Rebalance(ctx, ann, to)
	refused(t, err, fault.Conflict)
	for _, s := range steps {
		if s.Skipped == "" {
			t.Errorf("%+v is traded again", s)
		}
	}
	// What has no weight is closed, unless it is to stay.
	ticket, _, err = b.desk.Rebalance(ctx, ann, order.Targets{Account: "A1", Weights: weights("AAPL", "0.08"), MinTrade: dec("500")})
	if err != nil || len(ticket.Legs) != 1 || ticket.Legs[0].Order.Symbol != "MSFT" || ticket.Legs[0].Order.Side != trade.Buy {
		t.Errorf("%v, %+v; want MSFT bought back", err, ticket.Legs)
	}
	_, _, err = b.desk.Rebalance(ctx, ann, order.Targets{Account: "A1", Weights: weights("AAPL", "0.08"), KeepOthers: true, MinTrade: dec("500")})
	refused(t, err, fault.Conflict)
	_, _, err = b.desk.Rebalance(ctx, ann, order.Targets{Account: "A1", Weights: weights("NOSUCH", "0.1")})
	refused(t, err, fault.NotFound)
	_, _, err = b.desk.Rebalance(ctx, bob, to)
	refused(t, err, fault.NotFound)
	_, _, err = b.desk.Rebalance(ctx, ann, order.Targets{Account: "A1", Weights: weights("AAPL", "5")})
	if err == nil {
		t.Error("five times the equity in one name is proposed")
	}
}
