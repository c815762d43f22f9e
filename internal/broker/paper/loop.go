package paper

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"quantdesk/internal/market"
	"quantdesk/internal/match"
	"quantdesk/internal/order"
	"quantdesk/internal/trade"
)

// Run is the venue at work, until ctx ends; it runs once. It looks at the market
// each Tick while orders work, once a second while only positions are held (for
// corporate actions), and not at all otherwise.
func (b *Broker) Run(ctx context.Context) error {
	if !b.ran.CompareAndSwap(false, true) {
		return errors.New("the paper venue has run already")
	}
	defer close(b.done)
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() { b.checkpoints(ctx) })
	defer wg.Wait()
	defer cancel()
	clock := time.NewTimer(0) // what ended while the process was down ends now
	defer clock.Stop()
	due := time.Now()
	for {
		var waiting []message
		var look bool
		select {
		case <-ctx.Done():
			return nil
		case m := <-b.inbox:
			waiting = b.drain(m)
			// A busy inbox must not put off the look at the market.
			look = !time.Now().Before(due)
		case <-clock.C:
			look = true
		case <-b.kick:
			look = true
		}
		pause := b.work(ctx, waiting, look)
		if look || time.Until(due) > pause {
			due = time.Now().Add(pause)
			clock.Reset(pause)
		}
	}
}

// drain takes everything that waits, up to a bound that keeps turns short.
func (b *Broker) drain(first message) []message {
	out := []message{first}
	for len(out) < 256 {
		select {
		case m := <-b.inbox:
			out = append(out, m)
		default:
			return out
		}
	}
	return out
}

// work does one turn and tells how long the venue may sleep.
func (b *Broker) work(ctx context.Context, waiting []message, look bool) time.Duration {
	b.own.Lock()
	defer b.own.Unlock()
	answers := make([]answer, len(waiting))
	err := b.turn(ctx, func(t *turn) {
		for i, m := range waiting {
			answers[i] = t.handle(m)
		}
		if look {
			for symbol := range b.bySymbol {
				t.dirty[symbol] = true
			}
		}
		t.matchAll()
	})
	if err != nil {
		b.cfg.Log.Error("paper venue: a turn was not recorded", "err", err, "messages", len(waiting))
	}
	for i, m := range waiting {
		if err != nil {
			answers[i] = answer{err: fmt.Errorf("the paper venue could not write its record: %w", err)}
		}
		m.reply <- answers[i]
	}
	switch {
	case b.broken:
		return time.Second
	case len(b.bySymbol) > 0:
		return b.cfg.Tick
	}
	for _, a := range b.accounts {
		if len(a.ledger.Positions()) > 0 {
			return time.Second
		}
	}
	return time.Hour
}

// turn is one atomic step of the venue: what happens in it is on disk together
// or not at all.
type turn struct {
	b   *Broker
	ctx context.Context //nolint:containedctx // lives as long as the turn
	*marks

	opened   []*account
	accounts map[*account]bool   // those with new events
	touched  map[*entry]*account // orders to write
	events   []order.Event
	applied  []application
	dirty    map[string]bool // instruments to match
	err      error           // the books cannot be right: nothing is written
}

// application is a date up to which corporate actions have been taken in.
type application struct {
	account, symbol string
	date            market.Date
}

// turn runs f on the books, writes what it did and publishes it. After an error
// the books are read again from disk, since memory may be ahead of it.
func (b *Broker) turn(ctx context.Context, f func(*turn)) error {
	// A turn once begun is finished: stopping halfway would lose answers.
	ctx = context.WithoutCancel(ctx)
	if b.broken {
		if err := b.load(ctx); err != nil {
			return err
		}
	}
	t := &turn{
		b: b, ctx: ctx, marks: newMarks(ctx, b.cfg.Market),
		accounts: map[*account]bool{}, touched: map[*entry]*account{}, dirty: map[string]bool{},
	}
	t.corporateActions()
	f(t)
	err := t.err
	if err == nil {
		err = b.commit(ctx, t)
	}
	if err != nil {
		b.broken = true
		return errors.Join(err, b.load(ctx))
	}
	b.publish(t)
	return nil
}

// commit writes the turn. Stops that only followed the market are written with
// the next thing that happens, or once a second.
func (b *Broker) commit(ctx context.Context, t *turn) error {
	quiet := len(t.touched)+len(t.events)+len(t.opened)+len(t.applied) == 0
	if quiet && (len(b.moved) == 0 || b.cfg.Now().Sub(b.flushed) < time.Second) {
		return nil
	}
	for e := range b.moved {
		if o := e.order(); !o.Status.Terminal() {
			t.touched[e] = b.accounts[o.Account]
		}
	}
	if err := b.store.write(ctx, t); err != nil {
		return err
	}
	clear(b.moved)
	b.flushed = b.cfg.Now()
	return nil
}

// matchAll matches the instruments that need it, until fills set off no more
// orders.
func (t *turn) matchAll() {
	for len(t.dirty) > 0 && t.err == nil {
		symbols := slices.Sorted(maps.Keys(t.dirty))
		clear(t.dirty)
		for _, symbol := range symbols {
			t.match(symbol)
		}
	}
}

// match shows every order on an instrument its quote, oldest first.
func (t *turn) match(symbol string) {
	list := t.b.bySymbol[symbol]
	if len(list) == 0 {
		return
	}
	in, known := t.instrument(symbol)
	s, open := t.session(symbol)
	if !known || !open {
		return // no calendar to judge by; a delisting ends the orders
	}
	l := t.b.liquidity[symbol]
	if l == nil {
		l = match.NewLiquidity(in)
		t.b.liquidity[symbol] = l
	}
	for _, e := range list {
		o := e.order()
		if o.Status.Terminal() {
			continue // ended by another leg in this pass
		}
		a := t.b.accounts[o.Account]
		// Without a quote or a rate nothing trades, yet time goes on: the zero
		// quote is of no feed.
		q, _ := t.quote(symbol)
		if _, err := t.rate(in.Currency, a.currency); err != nil {
			q = market.Quote{}
		}
		if most, ok := t.b.cfg.Faults.capped(symbol); ok && q.Feed.Tradable() {
			l.Update(q)
			l.Limit(o.Side, most)
		}
		r := match.Step(&e.w, q, s, l)
		if r.Moved {
			t.b.moved[e] = true
			if e.w.Triggered {
				t.touched[e] = a
			}
		}
		for _, x := range r.Fills {
			t.b.cfg.Faults.filled(symbol)
			t.book(a, e, in, x, s.Now)
		}
		if r.End != "" && !o.Status.Terminal() {
			t.end(a, e, r.End, r.Reason)
		}
	}
}

// end brings an order to a terminal status other than filled.
func (t *turn) end(a *account, e *entry, status trade.Status, reason string) {
	o := e.order()
	o.Status, o.Reason = status, reason
	kind := order.EventCancelled
	switch status {
	case trade.Expired:
		kind = order.EventExpired
	case trade.Rejected:
		kind = order.EventRejected
	}
	t.b.remove(a, e)
	t.emit(a, e, order.Event{Kind: kind})
	t.entryEnded(a, e)
}
