package ibkr

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"quantdesk/internal/fault"
	"quantdesk/internal/num"
	"quantdesk/internal/order"
	"quantdesk/internal/trade"
	"quantdesk/internal/tws"
	"quantdesk/internal/tws/client"
)

// link is one account over one connection to TWS.
type link struct {
	b      *Broker
	p      Params
	ctx    context.Context
	stop   context.CancelFunc
	done   chan struct{}
	prices *prices

	connMu sync.Mutex // guards c and last
	c      *client.Client
	last   error

	mu      sync.Mutex // guards the books below
	records map[string]*record
	byOrder map[orderKey]*record
	byPerm  map[int64]*record
	events  []order.Event
	grown   chan struct{}               // closed when events has grown
	waiting map[string]*tws.ExecDetails // executions without their commission yet
	unpaid  map[string]*record          // executions counted without their commission
	settled bool                        // what TWS lists has been read since the connection came up
	fell    bool                        // the connection has been down, or IBKR behind it
	breaks  int                         // how often that was
	broken  error                       // the disk failed: nothing is told any more
}

// orderKey names an order for its client.
type orderKey struct{ client, order int64 }

// The waits of a link.
const (
	leastRetry, mostRetry = 500 * time.Millisecond, 15 * time.Second
	// commissionWait is how long an execution waits for what it cost.
	commissionWait = 3 * time.Second
	// TWS's lists are read so often while an order of somebody else works, and
	// every so many times otherwise.
	lookEvery = 2 * time.Second
	seldom    = 15
	// grace is how long TWS must not list an order before it is taken for one that
	// never arrived.
	grace = 3 * time.Second
)

func newLink(b *Broker, p Params) (*link, error) {
	l := &link{
		b: b, p: p, done: make(chan struct{}), records: map[string]*record{}, byOrder: map[orderKey]*record{}, byPerm: map[int64]*record{},
		grown: make(chan struct{}), waiting: map[string]*tws.ExecDetails{}, unpaid: map[string]*record{},
	}
	l.ctx, l.stop = context.WithCancel(context.Background())
	l.prices = newPrices(l)
	records, events, err := b.store.load(l.ctx, p.Account)
	if err != nil {
		l.stop()
		return nil, err
	}
	l.events = events
	for _, r := range records {
		l.keep(r)
	}
	go l.run()
	return l, nil
}

// keep takes a record into the indexes.
func (l *link) keep(r *record) {
	l.records[r.Order.ID] = r
	if r.OrderID != 0 {
		l.byOrder[orderKey{r.ClientID, r.OrderID}] = r
	}
	if r.PermID != 0 {
		l.byPerm[r.PermID] = r
	}
}

// run connects until the link is closed.
func (l *link) run() {
	defer close(l.done)
	for wait := leastRetry; ; wait = min(2*wait, mostRetry) {
		c, err := client.Dial(l.ctx, client.Config{Addr: l.p.Addr, ClientID: l.p.ClientID, Pace: l.b.cfg.Pace, Timeout: l.b.cfg.Timeout, Log: l.b.cfg.Log, OnOrder: l.told, OnState: l.turned})
		if err == nil && !slices.Contains(c.Accounts(), l.p.Account) {
			c.Close()
			err = fault.E("ibkr.link", fault.Conflict, "the TWS at %s is logged in to other accounts than %s", l.p.Addr, l.p.Account).Hinted("Log in to the account's own TWS, or connect the other account.")
		}
		l.connMu.Lock()
		l.c, l.last = c, err
		l.connMu.Unlock()
		if err == nil {
			l.reconcile()
			l.look()
			c.Close()
			return
		}
		l.b.cfg.Log.Info("TWS is not connected", "account", l.p.Account, "err", err)
		select {
		case <-time.After(wait):
		case <-l.ctx.Done():
			return
		}
	}
}

// look reads TWS's lists again now and then: what others do with the account is
// told to their own connections alone.
func (l *link) look() {
	t := time.NewTicker(lookEvery)
	defer t.Stop()
	for n := 1; ; n++ {
		select {
		case <-t.C:
		case <-l.ctx.Done():
			return
		}
		l.mu.Lock()
		due := l.settled && n%seldom == 0
		for _, r := range l.records {
			due = due || l.settled && r.Foreign && !r.Order.Status.Terminal()
		}
		l.mu.Unlock()
		if due {
			l.reconcile()
		}
	}
}

func (l *link) close() {
	l.stop()
	<-l.done
}

// wait waits until the account is connected and its orders are read.
func (l *link) wait(ctx context.Context) error {
	t := time.NewTicker(20 * time.Millisecond)
	defer t.Stop()
	end := time.After(l.b.cfg.Timeout)
	for {
		l.mu.Lock()
		ready := l.settled
		l.mu.Unlock()
		if ready {
			return nil
		}
		select {
		case <-t.C:
		case <-end:
			_, err := l.up()
			if err == nil {
				err = fault.E("ibkr.Connect", fault.Timeout, "TWS did not list its orders in time").Hinted("Try again.")
			}
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// up gives the connection, or why there is none.
func (l *link) up() (*client.Client, error) {
	l.connMu.Lock()
	defer l.connMu.Unlock()
	if l.c == nil {
		if l.last != nil {
			return nil, faultOf("ibkr", l.last)
		}
		return nil, fault.E("ibkr", fault.Unavailable, "TWS at %s is being connected", l.p.Addr).Hinted("Try again in a moment.")
	}
	if s := l.c.Status(); s.State != client.Up {
		if s.Why != nil {
			return nil, faultOf("ibkr", s.Why)
		}
		return nil, fault.E("ibkr", fault.Unavailable, "the connection to TWS at %s is %s", l.p.Addr, s.State).Hinted("Try again in a moment.")
	}
	return l.c, nil
}

func (l *link) status() client.Status {
	l.connMu.Lock()
	defer l.connMu.Unlock()
	if l.c == nil {
		return client.Status{State: client.Down, Why: l.last}
	}
	return l.c.Status()
}

// turned is told when the connection changes.
func (l *link) turned(s client.State) {
	l.mu.Lock()
	again := l.fell && s == client.Up // the first time run does it
	l.fell = s != client.Up
	l.settled = l.settled && !l.fell
	l.mu.Unlock()
	if again {
		l.reconcile()
	}
}

// reconcile reads what TWS lists and folds it: executions first, so that an
// order that has filled is not taken for one that has vanished.
func (l *link) reconcile() {
	l.connMu.Lock()
	c := l.c
	l.connMu.Unlock()
	ctx, stop := context.WithTimeout(l.ctx, 4*l.b.cfg.Timeout)
	defer stop()
	began := time.Now()
	open, err := c.OpenOrders(ctx, true)
	var completed []*tws.CompletedOrder
	if err == nil {
		completed, err = c.CompletedOrders(ctx, false)
	}
	var runs []client.Execution
	if err == nil {
		runs, err = c.Executions(ctx, tws.ReqExecutions{Account: l.p.Account})
	}
	if err != nil {
		l.b.cfg.Log.Warn("what TWS lists cannot be read", "account", l.p.Account, "err", err)
		if l.ctx.Err() == nil { // the next look, unless the connection breaks first
			time.AfterFunc(leastRetry, func() {
				if l.ctx.Err() == nil && l.status().State == client.Up {
					l.reconcile()
				}
			})
		}
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	t := l.turn()
	there := map[*record]bool{}
	for _, o := range open {
		if r := t.open(o.Open); r != nil {
			there[r] = true
			if o.Status != nil {
				t.status(o.Status)
			}
		}
	}
	for _, x := range runs {
		if r := t.of(x.Details.OrderRef, x.Details.PermID, x.Details.ClientID, x.Details.OrderID, x.Details.Contract, tws.Order{}, x.Details.Account); r != nil {
			there[r] = true
			t.execution(r, x.Details, x.Commission)
		}
	}
	for _, o := range completed {
		if o.Order.Account != l.p.Account {
			continue
		}
		if r := t.of(o.Order.OrderRef, o.Order.PermID, 0, 0, o.Contract, o.Order, o.Order.Account); r != nil {
			there[r] = true
			t.completed(r, o)
		}
	}
	undecided := false
	for _, r := range l.records {
		if there[r] || r.Order.Status.Terminal() || !r.Sent || r.sentAt.After(began) {
			r.missed = time.Time{}
			continue
		}
		// What was on its way when the line broke may still arrive: one look does
		// not prove that an order is not there.
		if r.missed.IsZero() {
			r.missed = began
		}
		if began.Sub(r.missed) < grace {
			undecided = true
			continue
		}
		if !r.Known {
			t.end(r, order.EventRejected, trade.Rejected, notFound, "TWS has no record of this order")
		} else {
			t.end(r, order.EventExpired, trade.Expired, "", "TWS no longer lists it")
		}
	}
	if undecided {
		time.AfterFunc(grace+leastRetry, func() {
			if l.ctx.Err() == nil && l.status().State == client.Up {
				l.reconcile()
			}
		})
	}
	if t.commit() && !l.settled {
		l.settled = true
		l.breaks++
		close(l.grown) // so that who follows asks for the book again
		l.grown = make(chan struct{})
	}
}

// told folds what happens to orders as it happens.
func (l *link) told(m tws.Message) {
	l.mu.Lock()
	defer l.mu.Unlock()
	t := l.turn()
	switch m := m.(type) {
	case *tws.OpenOrder:
		if !m.Order.WhatIf {
			t.open(m)
		}
	case *tws.OrderStatus:
		t.status(m)
	case *tws.ExecDetails:
		if m.Account == l.p.Account {
			if r := t.of(m.OrderRef, m.PermID, m.ClientID, m.OrderID, m.Contract, tws.Order{}, m.Account); r != nil && !slices.Contains(r.Execs, m.ExecID) {
				l.waiting[m.ExecID] = m
				time.AfterFunc(commissionWait, func() { l.late(m) })
			}
		}
	case *tws.CommissionReport:
		if r := l.unpaid[m.ExecID]; r != nil {
			t.paid(r, m)
		} else if x := l.waiting[m.ExecID]; x != nil {
			delete(l.waiting, m.ExecID)
			if r := t.of(x.OrderRef, x.PermID, x.ClientID, x.OrderID, x.Contract, tws.Order{}, x.Account); r != nil {
				t.execution(r, x, m)
			}
		}
	case *tws.ErrMsg:
		t.failed(m)
	}
	t.commit()
}

// late counts an execution whose commission was never told.
func (l *link) late(x *tws.ExecDetails) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.waiting[x.ExecID] == nil {
		return
	}
	delete(l.waiting, x.ExecID)
	t := l.turn()
	if r := t.of(x.OrderRef, x.PermID, x.ClientID, x.OrderID, x.Contract, tws.Order{}, x.Account); r != nil {
		t.execution(r, x, nil)
		l.unpaid[x.ExecID] = r
	}
	t.commit()
}

// errBroken is what callers get once the disk has failed.
var errBroken = errors.New("the record of Interactive Brokers cannot be written")

// errAgain ends a stream of events whose connection was made again.
var errAgain = fault.E("ibkr.Events", fault.Unavailable, "the connection to TWS was made again").Hinted("Read the book.")

// follow tells events after a number until ctx ends.
//
// It ends when the connection has come back, so that the desk compares its
// orders with the book again.
func (l *link) follow(ctx context.Context, after int64, sink func([]order.Event) error) error {
	l.mu.Lock()
	breaks := l.breaks
	l.mu.Unlock()
	for {
		l.mu.Lock()
		grown, again := l.grown, l.breaks != breaks
		var batch []order.Event
		if n := int64(len(l.events)); after < n {
			batch = slices.Clone(l.events[max(after, 0):n])
		}
		broken := l.broken
		l.mu.Unlock()
		if broken != nil {
			return broken
		}
		if len(batch) > 0 {
			if err := sink(batch); err != nil {
				return err
			}
			after = batch[len(batch)-1].Seq
			continue
		}
		if again {
			return errAgain
		}
		select {
		case <-grown:
		case <-ctx.Done():
			return ctx.Err()
		case <-l.ctx.Done():
			return fault.E("ibkr.Events", fault.Unavailable, "the connection of %s was deleted", l.p.Account)
		}
	}
}

func (l *link) book(context.Context) (order.Book, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := order.Book{Complete: l.settled}
	for _, r := range l.records {
		if r.Known || r.Sent && !r.Order.Status.Terminal() {
			out.Orders = append(out.Orders, r.Order)
		}
	}
	return out, nil
}

// --- orders ---

func (l *link) place(ctx context.Context, o trade.Order) (order.Ack, error) {
	c, away := l.up()
	l.mu.Lock()
	if r := l.records[o.ID]; r != nil { // as the first time
		ack, err := order.Ack{VenueID: fmt.Sprint(r.PermID), Status: r.Order.Status}, error(nil)
		if r.Order.Status == trade.Rejected {
			err = &order.VenueError{Code: r.Order.VenueCode, Text: r.Order.VenueText}
		}
		l.mu.Unlock()
		return ack, err
	}
	l.mu.Unlock()
	if away != nil { // nothing went out, and nothing will
		return order.Ack{}, &order.VenueError{Code: notConnected, Text: fault.As(away).Message}
	}
	contract, in, err := l.prices.contract(ctx, o.Symbol)
	if err != nil {
		return order.Ack{}, l.refuse(o, "200", "No security definition has been found for "+o.Symbol)
	}
	m := &tws.PlaceOrder{OrderID: c.NextOrderID(), Contract: contract, Order: terms(o)}
	r := &record{Order: o, OrderID: m.OrderID, ClientID: c.ClientID(), Sent: true, sentAt: time.Now()}
	r.Order.Symbol, r.Order.Status = in.Symbol, trade.Submitted
	answer := make(chan error, 1)
	r.wait = append(r.wait, answer)
	l.mu.Lock()
	if o.ParentID != "" {
		parent := l.records[o.ParentID]
		if parent == nil || parent.ClientID != r.ClientID {
			l.mu.Unlock()
			return order.Ack{}, &order.VenueError{Code: "135", Text: "the order it belongs to is not of this connection"}
		}
		m.Order.ParentID = parent.OrderID
	}
	// It is on disk before it goes out: after a crash it is asked for by its ref.
	if err := l.b.store.save(ctx, l.p.Account, []*record{r}, nil); err != nil {
		l.mu.Unlock()
		return order.Ack{}, fmt.Errorf("%w: %w", errBroken, err)
	}
	l.keep(r)
	l.mu.Unlock()
	if err := c.Place(ctx, m); err != nil {
		return order.Ack{}, faultOf("ibkr.Place", err)
	}
	if err := l.await(ctx, answer); err != nil {
		return order.Ack{}, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return order.Ack{VenueID: strconv.FormatInt(r.PermID, 10), Status: r.Order.Status}, nil
}

// refuse records an order that was not sent, for a reason that will not change.
func (l *link) refuse(o trade.Order, code, text string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := &record{Order: o}
	r.Order.Status = trade.Submitted
	l.keep(r)
	t := l.turn()
	t.end(r, order.EventRejected, trade.Rejected, code, text)
	t.commit()
	return &order.VenueError{Code: code, Text: text}
}

// opening notes what an account holds in cash when it is connected first, so
// that its ledger adds up from there.
func (l *link) opening(ctx context.Context) error {
	bal, err := l.balances(ctx)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.events) > 0 {
		return nil
	}
	t := l.turn()
	now := time.Now().UTC()
	t.ledger(trade.Transaction{ID: "opening", Account: l.p.Account, Kind: trade.TxDeposit, Amount: bal.Cash, Time: now, Note: "cash when the account was connected"})
	if !t.commit() {
		return l.broken
	}
	return nil
}

// await waits for the answer to an order or a change.
func (l *link) await(ctx context.Context, answer chan error) error {
	t := time.NewTimer(l.b.cfg.Timeout)
	defer t.Stop()
	select {
	case err := <-answer:
		return err
	case <-t.C:
		return fault.E("ibkr", fault.Timeout, "TWS did not answer in time").Hinted("The order may be there: get_order tells.")
	case <-ctx.Done():
		return ctx.Err()
	case <-l.ctx.Done():
		return l.ctx.Err()
	}
}

func (l *link) change(ctx context.Context, o trade.Order) (order.Ack, error) {
	c, err := l.up()
	if err != nil {
		return order.Ack{}, err
	}
	l.mu.Lock()
	r := l.records[o.ID]
	switch {
	case r == nil:
		err = &order.VenueError{Code: "10147", Text: "the order is not known"}
	case r.Order.Revision >= o.Revision: // it has that revision
		ack := order.Ack{VenueID: fmt.Sprint(r.PermID), Status: r.Order.Status}
		l.mu.Unlock()
		return ack, nil
	case r.Order.Status.Terminal():
		err = &order.VenueError{Code: order.AlreadyDone, Text: "the order has ended: " + string(r.Order.Status)}
	case o.Revision != r.Order.Revision+1:
		err = &order.VenueError{Code: "stale_revision", Text: fmt.Sprintf("the order is at revision %d", r.Order.Revision)}
	case r.ClientID != c.ClientID() || r.OrderID <= 0:
		err = &order.VenueError{Code: "not_ours", Text: "the order was placed by another program or by hand: change it where it was placed"}
	case r.replace != nil:
		err = &order.VenueError{Code: "in_flight", Text: "another change of the order is under way"}
	}
	if err != nil {
		l.mu.Unlock()
		return order.Ack{}, err
	}
	done := make(chan error, 1)
	r.replace = &replacing{next: o, done: done}
	id := r.OrderID
	l.mu.Unlock()
	contract, _, err := l.prices.contract(ctx, o.Symbol)
	if err == nil {
		err = c.Place(ctx, &tws.PlaceOrder{OrderID: id, Contract: contract, Order: terms(o)})
	}
	if err == nil {
		err = l.await(ctx, done)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		return order.Ack{}, faultOf("ibkr.Replace", err)
	}
	return order.Ack{VenueID: fmt.Sprint(r.PermID), Status: r.Order.Status}, nil
}

func (l *link) cancel(ctx context.Context, id string) error {
	c, err := l.up()
	if err != nil {
		return err
	}
	l.mu.Lock()
	r := l.records[id]
	var no *order.VenueError
	switch {
	case r == nil:
		no = &order.VenueError{Code: "10147", Text: "the order is not known"}
	case r.Order.Status.Terminal():
		no = &order.VenueError{Code: order.AlreadyDone, Text: "the order has ended: " + string(r.Order.Status)}
	case r.ClientID != c.ClientID() || r.OrderID <= 0:
		no = &order.VenueError{Code: "not_ours", Text: "the order was placed by another program or by hand: cancel it where it was placed"}
	}
	var orderID int64
	if r != nil {
		orderID = r.OrderID
	}
	l.mu.Unlock()
	if no != nil {
		return no
	}
	return faultOf("ibkr.Cancel", c.CancelOrder(ctx, orderID))
}

func (l *link) estimate(ctx context.Context, o trade.Order) (order.Cost, error) {
	c, err := l.up()
	if err != nil {
		return order.Cost{}, err
	}
	contract, _, err := l.prices.contract(ctx, o.Symbol)
	if err != nil {
		return order.Cost{}, err
	}
	t := terms(o)
	t.OrderRef, t.OCAGroup = "", ""
	w, err := c.WhatIf(ctx, contract, t)
	if err != nil {
		var no *client.Error
		if errors.As(err, &no) {
			return order.Cost{}, refusal(no.Code, no.Text)
		}
		return order.Cost{}, faultOf("ibkr.Estimate", err)
	}
	bal, err := l.balances(ctx)
	if err != nil {
		return order.Cost{}, err
	}
	cost := order.Cost{Fee: w.State.Commission.Or(w.State.MaxCommission.Or(num.Zero)), InitialMargin: w.State.InitMarginChange.Or(num.Zero)}
	cost.BuyingPowerAfter = bal.BuyingPower
	if bal.Equity.Sign() > 0 && cost.InitialMargin.Sign() > 0 && bal.InitialMargin.Less(bal.Equity) {
		// Buying power goes as what is left of the equity.
		left := bal.Equity.Sub(bal.InitialMargin)
		cost.BuyingPowerAfter = bal.BuyingPower.Mul(left.Sub(cost.InitialMargin)).Quo(left).Round(2)
	}
	return cost, nil
}

// --- money ---

func (l *link) balances(ctx context.Context) (trade.Balances, error) {
	c, err := l.up()
	if err != nil {
		return trade.Balances{}, err
	}
	list, err := c.AccountSummary(ctx, "NetLiquidation,TotalCashValue,BuyingPower,GrossPositionValue,InitMarginReq,MaintMarginReq")
	if err != nil {
		return trade.Balances{}, faultOf("ibkr.Balances", err)
	}
	out := trade.Balances{Account: l.p.Account, Currency: "USD", AsOf: time.Now().UTC()}
	for _, v := range list {
		if v.Account != l.p.Account {
			continue
		}
		d, err := num.Parse(v.Value)
		if err != nil {
			continue
		}
		switch v.Tag {
		case "NetLiquidation":
			out.Equity, out.Currency = d, v.Currency
		case "TotalCashValue":
			out.Cash = d
		case "BuyingPower":
			out.BuyingPower = d
		case "GrossPositionValue":
			out.LongValue = d
		case "InitMarginReq":
			out.InitialMargin = d
		case "MaintMarginReq":
			out.MaintenanceMargin = d
		}
	}
	out.MarketValue = out.Equity.Sub(out.Cash)
	// Gross is long and short together, market value their difference.
	short := out.LongValue.Sub(out.MarketValue).Quo(num.FromInt(2)).Round(2)
	out.ShortValue = num.Max(num.Zero, short)
	out.LongValue = num.Max(num.Zero, out.LongValue.Sub(out.ShortValue))
	l.mu.Lock()
	for _, e := range l.events {
		for _, tx := range e.Transactions {
			if tx.Kind == trade.TxFee {
				out.Fees = out.Fees.Sub(tx.Amount)
			}
		}
	}
	l.mu.Unlock()
	return out, nil
}

func (l *link) positions(ctx context.Context) ([]trade.Position, error) {
	c, err := l.up()
	if err != nil {
		return nil, err
	}
	list, err := c.Positions(ctx)
	if err != nil {
		return nil, faultOf("ibkr.Positions", err)
	}
	out := []trade.Position{}
	for _, p := range list {
		if p.Account != l.p.Account || p.Position.IsZero() {
			continue
		}
		multiplier := num.One
		if m, err := num.Parse(p.Contract.Multiplier); err == nil && m.Sign() > 0 {
			multiplier = m
		}
		symbol := l.prices.learn(p.Contract)
		x := trade.Position{Account: l.p.Account, Symbol: symbol, Quantity: p.Position, AvgPrice: p.AvgCost.Quo(multiplier).Round(8).Normalize()}
		if q, err := l.prices.Quote(ctx, symbol); err == nil {
			x.Mark, x.MarkTime = q.Mark(), q.Time
		} else {
			x.Mark = x.AvgPrice
		}
		x.MarketValue = x.Mark.Mul(x.Quantity).Mul(multiplier).Round(2)
		x.UnrealizedPnL = x.MarketValue.Sub(p.AvgCost.Mul(x.Quantity)).Round(2)
		out = append(out, x)
	}
	return out, nil
}
