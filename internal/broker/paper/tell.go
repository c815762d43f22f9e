package paper

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"quantdesk/internal/ledger"
	"quantdesk/internal/match"
	"quantdesk/internal/order"
	"quantdesk/internal/trade"
)

// Everything here reads the committed views and waits for no write to disk.

// Balances values the account at the market's last prices; AsOf is the oldest
// mark used. An unknown account is a VenueError unknown_account.
func (b *Broker) Balances(ctx context.Context, account string) (trade.Balances, error) {
	l, open, err := b.see(account)
	if err != nil {
		return trade.Balances{}, err
	}
	k := newMarks(ctx, b.cfg.Market)
	bal, _ := k.value(l, k.claimsOf(open, "", l.Currency()))
	return bal, nil
}

// Positions lists what is held, by symbol, valued at the market's last prices.
func (b *Broker) Positions(ctx context.Context, account string) ([]trade.Position, error) {
	l, _, err := b.see(account)
	if err != nil {
		return nil, err
	}
	_, positions := newMarks(ctx, b.cfg.Market).value(l, nil)
	return positions, nil
}

// Estimate tells what an order would cost; for one that works already, what it
// would cost in its place. BuyingPowerAfter is below zero by what is missing.
// An order whose price nothing tells is a VenueError no_price.
func (b *Broker) Estimate(ctx context.Context, o trade.Order) (order.Cost, error) {
	l, open, err := b.see(o.Account)
	if err != nil {
		return order.Cost{}, err
	}
	k := newMarks(ctx, b.cfg.Market)
	in, known := k.instrument(o.Symbol)
	if !known {
		return order.Cost{}, refuse("unknown_symbol", "there is no instrument %q", o.Symbol)
	}
	quantity := o.Remaining()
	price, priced := k.reckon(&o)
	switch {
	case quantity.Sign() <= 0 || quantity.Cmp(largestQuantity) > 0:
		return order.Cost{}, refuse("bad_quantity", "quantity %s cannot be reckoned", quantity)
	case !priced:
		return order.Cost{}, refuse("no_price", "there is no price for %s", o.Symbol)
	case price.Cmp(largestPrice) > 0 || price.Mul(quantity).Cmp(largest) > 0:
		return order.Cost{}, refuse("bad_price", "%s at %s cannot be reckoned", quantity, price)
	}
	if _, err := k.rate(in.Currency, l.Currency()); err != nil {
		return order.Cost{}, fmt.Errorf("estimate %s: %w", o.Symbol, err)
	}
	x := k.cost(l, k.claimsOf(open, o.ID, l.Currency()), &o, quantity, b.cfg.Fees)
	return order.Cost{Fee: x.fee, InitialMargin: x.margin, BuyingPowerAfter: x.after}, nil
}

// Book lists the account's orders, oldest first: all of them for the zero time,
// else those that are open or changed since, on the wall clock. The venue's list
// is always complete.
func (b *Broker) Book(ctx context.Context, account string, since time.Time) (order.Book, error) {
	if _, _, err := b.see(account); err != nil {
		return order.Book{}, err
	}
	orders, err := b.store.book(ctx, account, since)
	if err != nil {
		return order.Book{}, fmt.Errorf("book of account %s: %w", account, err)
	}
	return order.Book{Orders: orders, Complete: true}, nil
}

// see copies the committed state of an account.
func (b *Broker) see(account string) (*ledger.Ledger, []working, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	v := b.views[account]
	if v == nil {
		return nil, nil, refuse("unknown_account", "there is no account %q", account)
	}
	return v.ledger, slices.Collect(maps.Values(v.open)), nil
}

// claimsOf lists what orders ask of an account's margin, but for one of them,
// oldest first. An exit asks for what of it is awake: the rest closes what its
// entry has yet to open.
func (k *marks) claimsOf(list []working, but, currency string) []match.Claim {
	slices.SortFunc(list, func(x, y working) int { return cmp.Compare(x.number, y.number) })
	claims := make([]match.Claim, 0, len(list))
	for i := range list {
		o := list[i].order
		quantity := list[i].active
		if o.ParentID == "" {
			quantity = o.Remaining()
		}
		if o.ID != but && quantity.Sign() > 0 {
			claims = append(claims, k.claim(o, quantity, currency))
		}
	}
	return claims
}
