package order

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"quantdesk/internal/fault"
	"quantdesk/internal/num"
	"quantdesk/internal/trade"
)

// account is one account's goroutine: everything that decides about its orders
// runs in do, one thing at a time, and nothing there waits for disk or venue.
// Batches are appended inside do, so the journal's order is the order of the
// decisions.
type account struct {
	desk   *Desk
	info   Account
	broker Broker
	inbox  chan func()

	// The rest belongs to the goroutine behind inbox.
	orders  map[string]*trade.Order // not ended, or not yet so on disk
	intents map[string]SentIntent   // by id, not yet answered
	day     dayUse
	// held is the buying power of intents the venue has not answered yet.
	held   map[string]num.Decimal
	cursor int64
	// sent is closed when the broker has answered the placing or replacing of
	// an order.
	sent map[string]chan struct{}
	// landing is, by ticket, the confirmation that is being written, or that
	// could not be.
	landing  map[string]*landing
	watchers map[string][]chan trade.Order
	// broken is set when a batch failed: memory is ahead of the disk and must be
	// read again before anything else is decided.
	broken bool
	ready  chan struct{} // closed once reconciled
	ended  chan struct{} // closed when run has returned
	once   sync.Once
	// settling is held over a reconciliation and the steps it asks for, so that
	// no two of them decide on the same order. It is taken before mu.
	settling sync.Mutex
	due      atomic.Bool // a reconciliation is due after SettleWait
}

// landing is a confirmation on its way to the disk; err is set before done closes.
type landing struct {
	done chan struct{}
	err  error
}

type dayUse struct {
	day      string
	notional num.Decimal
	quantity num.Decimal
	orders   int
}

func (u dayUse) stored(account string) *DayUse {
	return &DayUse{Account: account, Day: u.day, Notional: u.notional.String(), Quantity: u.quantity.String(), Orders: u.orders}
}

// open gives the running account, starting it on first use.
func (d *Desk) open(ctx context.Context, info Account) (*account, error) {
	d.mu.Lock()
	if a, ok := d.accounts[info.ID]; ok {
		// The permission may have changed since; the rest cannot.
		a.info.Trading = info.Trading
		d.mu.Unlock()
		return a, nil
	}
	run := d.runCtx
	d.mu.Unlock()
	if run == nil || run.Err() != nil {
		return nil, fault.E("order.open", fault.Unavailable, "the desk is not running")
	}
	b, err := d.broker(info)
	if err != nil {
		return nil, err
	}
	a := &account{desk: d, info: info, broker: b, inbox: make(chan func(), 64), ready: make(chan struct{}), ended: make(chan struct{})}
	if err := a.load(ctx); err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if other, ok := d.accounts[info.ID]; ok {
		return other, nil
	}
	d.accounts[info.ID] = a
	d.wg.Add(2)
	go func() { defer d.wg.Done(); a.run(run) }()
	go func() { defer d.wg.Done(); a.follow(run) }()
	return a, nil
}

// running lists the open accounts.
func (d *Desk) running() []*account {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Collect(maps.Values(d.accounts))
}

// load reads the account's state from the journal.
func (a *account) load(ctx context.Context) error {
	st, err := a.desk.cfg.Journal.LoadAccount(ctx, a.info.ID, a.desk.prices(a.info.ID).Now())
	if err != nil {
		return err
	}
	a.orders = map[string]*trade.Order{}
	a.intents = map[string]SentIntent{}
	held := a.held
	a.held = map[string]num.Decimal{}
	if a.sent == nil {
		a.sent = map[string]chan struct{}{}
		a.landing = map[string]*landing{}
		a.watchers = map[string][]chan trade.Order{}
	}
	for _, o := range st.Orders {
		a.orders[o.ID] = &o
	}
	for _, i := range st.Intents {
		a.intents[i.ID] = i
		if m, ok := held[i.ID]; ok { // still unanswered after a reload
			a.held[i.ID] = m
		}
	}
	a.cursor = st.Cursor
	a.day = dayUse{day: st.DayUse.Day, orders: st.DayUse.Orders}
	for _, f := range []struct {
		to   *num.Decimal
		text string
	}{{&a.day.notional, st.DayUse.Notional}, {&a.day.quantity, st.DayUse.Quantity}} {
		if f.text == "" {
			continue
		}
		if *f.to, err = num.Parse(f.text); err != nil {
			return fmt.Errorf("day use of account %s: %w", a.info.ID, err)
		}
	}
	return nil
}

func (a *account) run(ctx context.Context) {
	defer close(a.ended)
	for {
		select {
		case f := <-a.inbox:
			f()
		case <-ctx.Done():
			return
		}
	}
}

// do runs f in the account's goroutine and waits for it.
func (a *account) do(ctx context.Context, f func() error) error {
	var err error
	done := make(chan struct{})
	task := func() {
		defer close(done)
		if a.broken {
			// What was queued behind the failed batch has landed or failed once
			// this has: only then does the disk tell everything.
			if err = a.desk.cfg.Journal.Append(Batch{})(); err == nil {
				err = a.load(ctx)
			}
			if err != nil {
				err = fault.Wrap("order.account", fault.Unavailable, err, "the journal of account %s cannot be read", a.info.ID).
					Hinted("Check the disk; nothing was sent.")
				return
			}
			a.broken = false
		}
		err = f()
	}
	select {
	case a.inbox <- task:
	case <-ctx.Done():
		return ctx.Err()
	case <-a.ended:
		return stopping()
	}
	select {
	case <-done:
		return err
	case <-a.ended: // the task has run or never will
		select {
		case <-done:
			return err
		default:
			return stopping()
		}
	}
}

func stopping() error {
	return fault.E("order.account", fault.Unavailable, "the desk is shutting down").Hinted("Read the orders again once it runs; nothing more is sent.")
}

// failed marks memory as ahead of the disk after a batch that did not land.
func (a *account) failed(err error) error {
	_ = a.do(context.Background(), func() error { a.broken = true; return nil })
	return fault.Wrap("order.journal", fault.Unavailable, err, "the journal could not be written, so nothing was sent").
		Hinted("Free disk space or mend the disk, then try again.")
}

// today rolls the day use over when the venue's day changes.
func (a *account) today(now time.Time) *dayUse {
	if day := now.UTC().Format(time.DateOnly); a.day.day != day {
		a.day = dayUse{day: day}
	}
	return &a.day
}

// release closes the sent channels of orders the broker is done with.
func (a *account) release(ids ...string) {
	_ = a.do(context.Background(), func() error {
		for _, id := range ids {
			if ch := a.sent[id]; ch != nil {
				close(ch)
				delete(a.sent, id)
			}
		}
		return nil
	})
}

// watch gives a channel that gets the order's next states; it holds one.
func (a *account) watch(id string) chan trade.Order {
	ch := make(chan trade.Order, 1)
	a.watchers[id] = append(a.watchers[id], ch)
	return ch
}

func (a *account) unwatch(id string, ch chan trade.Order) {
	list := a.watchers[id]
	for i, c := range list {
		if c == ch {
			list = append(list[:i], list[i+1:]...)
			break
		}
	}
	if len(list) == 0 {
		delete(a.watchers, id)
		return
	}
	a.watchers[id] = list
}

func (a *account) notify(o trade.Order) {
	for _, ch := range a.watchers[o.ID] {
		select { // keep only the newest
		case <-ch:
		default:
		}
		ch <- o
	}
}
