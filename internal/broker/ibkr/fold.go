package ibkr

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"quantdesk/internal/num"
	"quantdesk/internal/order"
	"quantdesk/internal/trade"
	"quantdesk/internal/tws"
)

// turn is what one message, or one look at TWS's lists, changes. The link's lock
// is held for all of it.
type turn struct {
	l       *link
	touched []*record
	events  []order.Event
	after   []func() // answers to callers, once all is on disk
}

func (l *link) turn() *turn { return &turn{l: l} }

func (t *turn) touch(r *record) {
	if !slices.Contains(t.touched, r) {
		t.touched = append(t.touched, r)
	}
}

// of finds the order that something is about, by its ref, its perm id or its
// number; one that this record does not have was placed elsewhere and is taken
// up. Nil where it is of another account.
func (t *turn) of(ref string, perm, client, id int64, c tws.Contract, terms tws.Order, account string) *record {
	l := t.l
	if account != "" && account != l.p.Account {
		return nil
	}
	r := l.records[ref]
	if r == nil && perm != 0 {
		r = l.byPerm[perm]
	}
	if r == nil && id > 0 {
		r = l.byOrder[orderKey{client, id}]
	}
	if r != nil && r.Order.VenueCode == notFound {
		r = l.byPerm[perm] // it arrived after all: it goes on as an order of its own
	}
	if r == nil {
		if perm == 0 || account == "" {
			return nil
		}
		r = &record{OrderID: id, ClientID: client, PermID: perm, Sent: true, Foreign: true}
		r.Order = trade.Order{ID: fmt.Sprintf("tws-%d", perm), Role: trade.Single, Account: account, Symbol: l.prices.learn(c), Status: trade.Submitted, Created: time.Now().UTC(), Reason: "placed in TWS or by another program"}
		if terms.Action != "" {
			wordsOf(&r.Order, terms)
		}
		l.keep(r)
		t.touch(r)
	}
	if r.PermID == 0 && perm != 0 {
		r.PermID = perm
		l.byPerm[perm] = r
		t.touch(r)
	}
	return r
}

// notFound is the code of an order that TWS has no record of.
const notFound = "not_found"

// notConnected is the code of an order that was not sent for want of a
// connection.
const notConnected = "not_connected"

// emit adds an event about an order as it is now.
func (t *turn) emit(r *record, e order.Event) {
	r.Known = true
	r.Order.VenueID, r.Order.Updated = fmt.Sprint(r.PermID), time.Now().UTC()
	e.Seq, e.Account, e.Order = int64(len(t.l.events)+len(t.events)+1), t.l.p.Account, r.Order
	if e.Time.IsZero() {
		e.Time = r.Order.Updated
	}
	t.touch(r)
	t.events = append(t.events, e)
}

// answer tells the callers that wait for an order.
func (t *turn) answer(r *record, err error) {
	wait := r.wait
	r.wait = nil
	t.after = append(t.after, func() {
		for _, w := range wait {
			w <- err
		}
	})
}

// open folds an order that is at TWS.
func (t *turn) open(m *tws.OpenOrder) *record {
	r := t.of(m.Order.OrderRef, m.Order.PermID, m.Order.ClientID, m.OrderID, m.Contract, m.Order, m.Order.Account)
	if r == nil || r.Order.Status.Terminal() {
		return r
	}
	if r.Foreign && r.Known {
		was := r.Order
		wordsOf(&r.Order, m.Order)
		r.Order.TIF = was.TIF
		if !was.Quantity.Equal(r.Order.Quantity) || !was.LimitPrice.Equal(r.Order.LimitPrice) || !was.StopPrice.Equal(r.Order.StopPrice) {
			r.Order.Revision++
			t.emit(r, order.Event{Kind: order.EventReplaced})
		}
	}
	switch m.State.Status {
	case tws.PreSubmitted, tws.Submitted, tws.PendingSubmit:
		t.accepted(r)
	}
	if q := m.Order.TotalQuantity; !r.Foreign && r.replace == nil && q.Sign() > 0 && !q.Equal(r.Order.Quantity) && !q.Less(r.Order.Filled) {
		// TWS follows an order of its group, or its parent, by itself.
		r.Order.Quantity = q
		t.emit(r, order.Event{Kind: order.EventAccepted})
	}
	if x := r.replace; x != nil && sameTerms(x.next, m.Order) && (x.next.Revision > r.Order.Revision) {
		r.replace = nil
		n := x.next
		r.Order.Revision, r.Order.Quantity, r.Order.LimitPrice, r.Order.StopPrice = n.Revision, n.Quantity, n.LimitPrice, n.StopPrice
		r.Order.TrailAmount, r.Order.TrailPercent = n.TrailAmount, n.TrailPercent
		t.emit(r, order.Event{Kind: order.EventReplaced})
		t.after = append(t.after, func() { x.done <- nil })
	}
	return r
}

// sameTerms tells whether TWS shows an order as a change would have it.
func sameTerms(o trade.Order, t tws.Order) bool {
	var shown trade.Order
	wordsOf(&shown, t)
	return shown.Quantity.Equal(o.Quantity) && shown.LimitPrice.Equal(o.LimitPrice) && (o.Type == trade.TrailingStop || shown.StopPrice.Equal(o.StopPrice)) &&
		shown.TrailAmount.Equal(o.TrailAmount) && shown.TrailPercent.Equal(o.TrailPercent)
}

// accepted notes the first sign that TWS has an order.
func (t *turn) accepted(r *record) {
	if r.Order.Status == trade.Submitted || r.Order.Status == trade.Unknown {
		r.Order.Status = trade.Working
		t.emit(r, order.Event{Kind: order.EventAccepted})
	}
	t.answer(r, nil)
}

func (t *turn) status(m *tws.OrderStatus) {
	l := t.l
	r := l.byPerm[m.PermID]
	if r == nil {
		r = l.byOrder[orderKey{m.ClientID, m.OrderID}]
	}
	if r == nil || r.Order.Status.Terminal() {
		return
	}
	if r.PermID == 0 && m.PermID != 0 {
		r.PermID = m.PermID
		l.byPerm[m.PermID] = r
		t.touch(r)
	}
	switch m.Status {
	case tws.PreSubmitted, tws.Submitted:
		t.accepted(r)
	case tws.Cancelled, tws.APICancelled:
		t.cancelled(r, "cancelled at TWS")
	}
}

// cancelled ends an order; executions that wait for what they cost come first.
func (t *turn) cancelled(r *record, why string) {
	for id, x := range t.l.waiting {
		if t.l.byPerm[x.PermID] == r {
			t.execution(r, x, nil)
			t.l.unpaid[id] = r
		}
	}
	t.end(r, order.EventCancelled, trade.Cancelled, "", why)
}

// paid books what an execution cost that was counted without it.
func (t *turn) paid(r *record, m *tws.CommissionReport) {
	delete(t.l.unpaid, m.ExecID)
	if m.Commission.IsZero() {
		return
	}
	t.ledger(trade.Transaction{
		ID: string(trade.TxFee) + "-" + m.ExecID, Account: t.l.p.Account, Kind: trade.TxFee, Symbol: r.Order.Symbol, Amount: m.Commission.Neg(),
		OrderID: r.Order.ID, FillID: m.ExecID, Time: time.Now().UTC(),
	})
}

// ledger adds an event that is a ledger line alone.
func (t *turn) ledger(tx trade.Transaction) {
	tx.Seq = t.transactions() + 1
	e := order.Event{Kind: order.EventLedger, Account: t.l.p.Account, Transactions: []trade.Transaction{tx}, Time: tx.Time}
	e.Seq = int64(len(t.l.events) + len(t.events) + 1)
	t.events = append(t.events, e)
}

// transactions counts the ledger lines so far.
func (t *turn) transactions() (n int64) {
	for _, list := range [][]order.Event{t.l.events, t.events} {
		for _, e := range list {
			n += int64(len(e.Transactions))
		}
	}
	return n
}

// end ends an order.
func (t *turn) end(r *record, kind order.EventKind, s trade.Status, code, text string) {
	if r.Order.Status.Terminal() {
		return
	}
	r.Order.Status, r.Order.Reason = s, text
	if code != "" {
		r.Order.VenueCode, r.Order.VenueText = code, text
	}
	t.emit(r, order.Event{Kind: kind})
	var err error
	if s == trade.Rejected {
		err = &order.VenueError{Code: code, Text: text}
	}
	t.answer(r, err)
	if x := r.replace; x != nil {
		r.replace = nil
		t.after = append(t.after, func() {
			x.done <- &order.VenueError{Code: order.AlreadyDone, Text: "the order has ended: " + string(s)}
		})
	}
}

// failed folds an error about an order of this connection.
func (t *turn) failed(m *tws.ErrMsg) {
	r := t.l.byOrder[orderKey{t.l.p.ClientID, m.ReqID}]
	if r == nil || r.Order.Status.Terminal() {
		return
	}
	no := refusal(m.Code, m.Text)
	switch {
	case m.Code == 202 && strings.Contains(m.Text, "reason:"+tws.Expired):
		t.end(r, order.EventExpired, trade.Expired, "", "expired at TWS")
	case m.Code == 202:
		t.cancelled(r, m.Text)
	case m.Code == 161 || m.Code == 10147 || m.Code == 10148:
		r.Order.VenueCode, r.Order.VenueText = no.Code, no.Text
		t.emit(r, order.Event{Kind: order.EventCancelFail})
	case !final(m.Code): // a remark: the order goes on
	case r.replace != nil:
		x := r.replace
		r.replace = nil
		r.Order.VenueCode, r.Order.VenueText = no.Code, no.Text
		t.emit(r, order.Event{Kind: order.EventReplaceFail})
		t.after = append(t.after, func() { x.done <- no })
	case r.Order.Status == trade.Submitted || r.Order.Status == trade.Unknown, m.Code == 201:
		t.end(r, order.EventRejected, trade.Rejected, no.Code, no.Text)
	}
}

// execution counts one execution, once.
func (t *turn) execution(r *record, x *tws.ExecDetails, cost *tws.CommissionReport) {
	if slices.Contains(r.Execs, x.ExecID) || r.Order.Status == trade.Rejected {
		return
	}
	delete(t.l.waiting, x.ExecID)
	r.Execs = append(r.Execs, x.ExecID)
	if !r.Known {
		t.accepted(r)
	}
	at := parseTime(x.Time)
	if at.IsZero() {
		at = time.Now().UTC()
	}
	f := trade.Fill{ID: x.ExecID, OrderID: r.Order.ID, Account: t.l.p.Account, Symbol: r.Order.Symbol, Side: trade.Buy, Quantity: x.Shares, Price: x.Price, Time: at}
	if x.Side == "SLD" {
		f.Side = trade.Sell
	}
	if cost != nil {
		f.Fee = cost.Commission
	}
	o := &r.Order
	if r.Foreign && o.Quantity.IsZero() {
		o.Side, o.Quantity, o.Type, o.TIF = f.Side, x.CumQty, trade.Market, trade.Day
	}
	worth := o.AvgPrice.Mul(o.Filled).Add(f.Price.Mul(f.Quantity))
	o.Filled = o.Filled.Add(f.Quantity)
	if o.Quantity.Less(o.Filled) {
		o.Quantity = o.Filled // it was raised at TWS
	}
	o.AvgPrice = worth.Quo(o.Filled).Round(8).Normalize()
	o.Fees = o.Fees.Add(f.Fee)
	if !o.Status.Terminal() {
		o.Status = trade.PartiallyFilled
		if o.Filled.Equal(o.Quantity) {
			o.Status = trade.Filled
		}
	}
	multiplier := num.One
	if m, err := num.Parse(x.Contract.Multiplier); err == nil && m.Sign() > 0 {
		multiplier = m
	}
	id := func(kind trade.TransactionKind) string { return string(kind) + "-" + x.ExecID }
	txs := []trade.Transaction{{
		ID: id(trade.TxTrade), Account: f.Account, Kind: trade.TxTrade, Symbol: f.Symbol, Quantity: f.SignedQuantity(), Price: f.Price,
		Amount: f.SignedQuantity().Mul(f.Price).Mul(multiplier).Neg(), OrderID: o.ID, FillID: f.ID, Time: at,
	}}
	if !f.Fee.IsZero() {
		txs = append(txs, trade.Transaction{ID: id(trade.TxFee), Account: f.Account, Kind: trade.TxFee, Symbol: f.Symbol, Amount: f.Fee.Neg(), OrderID: o.ID, FillID: f.ID, Time: at})
	}
	n := t.transactions()
	for i := range txs {
		n++
		txs[i].Seq = n
	}
	t.emit(r, order.Event{Kind: order.EventFill, Fill: &f, Transactions: txs, Time: at})
}

// completed folds an order that TWS lists as ended.
func (t *turn) completed(r *record, m *tws.CompletedOrder) {
	if r.Order.Status.Terminal() {
		return
	}
	switch m.State.Status {
	case tws.Cancelled, tws.APICancelled:
		if strings.HasPrefix(m.State.CompletedStatus, tws.Expired) {
			t.end(r, order.EventExpired, trade.Expired, "", "expired at TWS")
			return
		}
		t.end(r, order.EventCancelled, trade.Cancelled, "", m.State.CompletedStatus)
	case tws.Inactive:
		t.end(r, order.EventRejected, trade.Rejected, "201", m.State.CompletedStatus)
	}
}

// commit puts the turn on disk, and then tells of it.
func (t *turn) commit() bool {
	l := t.l
	if l.broken != nil {
		return false
	}
	if len(t.touched) > 0 || len(t.events) > 0 {
		if err := l.b.store.save(context.WithoutCancel(l.ctx), l.p.Account, t.touched, t.events); err != nil {
			// Memory is ahead of the disk: nothing of it may be told.
			l.broken = fmt.Errorf("%w: %w", errBroken, err)
			l.b.cfg.Log.Error("the record of Interactive Brokers is not written", "account", l.p.Account, "err", err)
			close(l.grown)
			l.grown = make(chan struct{})
			return false
		}
	}
	if len(t.events) > 0 {
		l.events = append(l.events, t.events...)
		close(l.grown)
		l.grown = make(chan struct{})
	}
	for _, f := range t.after {
		f()
	}
	return true
}
