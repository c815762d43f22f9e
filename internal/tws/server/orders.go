package server

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"quantdesk/internal/num"
	"quantdesk/internal/order"
	"quantdesk/internal/trade"
	"quantdesk/internal/tws"
)

// ocaMark begins the group of orders that cancel each other, bracketMark that of
// the exits of one order.
const (
	ocaMark     = "oca:"
	bracketMark = "bracket:"
	maxRef      = 200
)

// heldOrder is an order that waits for transmit: in TWS it can be seen and
// nothing has been sent.
type heldOrder struct {
	name
	f found
	o trade.Order
}

// reject is an error about an order, in TWS's numbers.
type reject struct {
	code int64
	text string
}

func (r *reject) Error() string { return r.text }

func rejected(code int64, text string, args ...any) *reject {
	return &reject{code, fmt.Sprintf(text, args...)}
}

func (c *client) placeOrder(ctx context.Context, m *tws.PlaceOrder) {
	f, ok := c.one(m.OrderID, m.Contract)
	if !ok {
		return
	}
	if f.opt != nil {
		f.in = c.s.contracts.instrument(*f.opt)
	}
	o, err := c.terms(m, f)
	if err != nil {
		c.fail(m.OrderID, err.code, "%s", err.text)
		return
	}
	if m.Order.WhatIf {
		c.whatIf(ctx, m, f, o)
		return
	}
	b := c.s.book
	key := orderKey{c.id, m.OrderID}
	b.mu.Lock()
	before, held := b.byKey[key], b.held[key]
	if before == nil && held == nil && m.OrderID <= b.highest[c.id] {
		b.mu.Unlock()
		c.fail(m.OrderID, 103, "Duplicate order id")
		return
	}
	if before != nil {
		b.mu.Unlock()
		c.modify(ctx, before, m, o)
		return
	}
	n := name{client: c.id, order: m.OrderID, parent: m.Order.ParentID, ref: m.Order.OrderRef}
	if held != nil {
		n.perm = held.perm
	} else {
		b.perm++
		n.perm = b.perm
	}
	b.highest[c.id] = max(b.highest[c.id], m.OrderID)
	h := &heldOrder{n, f, o}
	b.held[key] = h
	var send []*heldOrder
	if m.Order.Transmit {
		send = b.family(h)
	}
	b.mu.Unlock()
	if send == nil {
		r := h.record()
		c.send(r.openOrder(b))
		c.send(r.orderStatus(b))
		return
	}
	for _, h := range send {
		c.transmit(ctx, h)
	}
}

// record is the held order as if it were placed, and inactive.
func (h *heldOrder) record() *record {
	o := h.o
	o.Status = trade.Rejected // TWS shows what is not transmitted as Inactive
	return &record{name: h.name, f: h.f, o: o}
}

// family takes the orders that a transmitted one sets free: its held parent, the
// parent's other held children, itself and its own held children; parents first,
// then by order id.
func (b *book) family(h *heldOrder) []*heldOrder {
	root := h.order
	if h.parent != 0 && b.held[orderKey{h.client, h.parent}] != nil {
		root = h.parent
	}
	var out []*heldOrder
	for _, key := range slices.SortedFunc(maps.Keys(b.held), func(x, y orderKey) int { return int(x.order - y.order) }) {
		x := b.held[key]
		if key.client == h.client && (x.order == root || x.order == h.order || x.parent == root || h.parent != 0 && x.parent == h.parent) {
			out = append(out, x)
			delete(b.held, key)
		}
	}
	slices.SortStableFunc(out, func(x, y *heldOrder) int {
		switch {
		case x.order == root:
			return -1
		case y.order == root:
			return 1
		}
		return int(x.order - y.order)
	})
	return out
}

// transmit places a held order at the broker. What becomes of it comes as
// events.
func (c *client) transmit(ctx context.Context, h *heldOrder) {
	b := c.s.book
	o := h.o
	o.ID = h.id()
	b.mu.Lock()
	if h.parent != 0 {
		parent := b.byKey[orderKey{h.client, h.parent}]
		if parent == nil {
			b.mu.Unlock()
			c.fail(h.order, 135, "Can't find order with id =%d", h.parent)
			return
		}
		o.ParentID, o.Group = parent.o.ID, fmt.Sprint(bracketMark, parent.perm)
		o.Role = trade.StopLoss
		if o.Type == trade.Limit {
			o.Role = trade.TakeProfit
		}
	}
	o.Status = trade.Submitted
	if b.byID[o.ID] == nil {
		b.add(&record{name: h.name, f: h.f, o: o})
	}
	b.mu.Unlock()
	if _, err := c.s.cfg.Broker.Place(ctx, o); err != nil {
		var no *order.VenueError
		if errors.As(err, &no) { // the refusal comes as an event
			return
		}
		c.s.cfg.Log.Warn("an order's answer was lost", "order", o.ID, "err", err)
	}
}

// compact is an order type without blanks, as some clients write it.
func compact(s string) string {
	return strings.ReplaceAll(strings.ToUpper(strings.TrimSpace(s)), " ", "")
}

// terms reads an order into the desk's words.
func (c *client) terms(m *tws.PlaceOrder, f found) (trade.Order, *reject) {
	o := m.Order
	var t trade.Order
	if o.Account == "" {
		o.Account = c.s.cfg.Accounts[0]
	}
	if !slices.Contains(c.s.cfg.Accounts, o.Account) {
		return t, rejected(321, "Error validating request.-'bW' : cause - Invalid account code '%s'", o.Account)
	}
	t = trade.Order{
		Role: trade.Single, Account: o.Account, Symbol: f.in.Symbol, Quantity: o.TotalQuantity.Normalize(), Extended: o.OutsideRTH, Created: c.s.cfg.Now().UTC(),
	}
	switch strings.ToUpper(o.Action) {
	case "BUY":
		t.Side = trade.Buy
	case "SELL", "SSHORT":
		t.Side = trade.Sell
	default:
		return t, rejected(321, "Error validating request.-'bW' : cause - Invalid side '%s'", o.Action)
	}
	switch {
	case t.Quantity.Sign() == 0:
		return t, rejected(434, "The order size cannot be zero")
	case t.Quantity.Sign() < 0:
		return t, rejected(321, "Error validating request.-'bW' : cause - The order size must be above zero")
	case len(o.OrderRef) > maxRef:
		return t, rejected(321, "Error validating request.-'bW' : cause - The order reference is longer than %d", maxRef)
	case o.ETradeOnly:
		return t, rejected(10268, "The 'EtradeOnly' order attribute is not supported.")
	case o.FirmQuoteOnly:
		return t, rejected(10269, "The 'FirmQuoteOnly' order attribute is not supported.")
	case o.NBBOPriceCap.Set():
		return t, rejected(10270, "The 'NbboPriceCap' order attribute is not supported.")
	case o.WhatIf && !o.Transmit:
		return t, rejected(413, "What-if order should have transmit flag set to true")
	case o.AlgoStrategy != "" || len(o.Conditions) > 0 || o.HedgeType != "" || o.ScaleIncrement.Positive():
		return t, rejected(201, "Order rejected - reason:Algorithms, conditions, hedges and scales are not served here")
	}
	if err := timeInForce(&t, o); err != nil {
		return t, err
	}
	if err := prices(&t, o); err != nil {
		return t, err
	}
	if o.OCAGroup != "" {
		t.Group, t.Role = ocaMark+o.OCAGroup, trade.OCOLeg
	}
	return t, nil
}

func timeInForce(t *trade.Order, o tws.Order) *reject {
	switch tif := strings.ToUpper(o.TIF); tif {
	case "", "DAY":
		t.TIF = trade.Day
	case "GTC", "GTD", "IOC", "FOK", "OPG":
		t.TIF = trade.TIF(strings.ToLower(tif))
	default:
		return rejected(111, "The TIF (%s) and the order type are incompatible", o.TIF)
	}
	if t.TIF == trade.GTD {
		at, err := parseMoment(o.GoodTillDate, eastern)
		if err != nil {
			return rejected(391, "The time or time-zone entered is invalid. The correct format is hh:mm:ss xxx: %s", err)
		}
		t.GoodTill = at.UTC()
	}
	return nil
}

// unsupported is the answer to an order type that the broker does not take.
func unsupported(typ string) *reject {
	return rejected(387, "Unsupported order type for this exchange and security type: %q. Served are MKT, LMT, STP, STP LMT, TRAIL, MOC and LOC", typ)
}

func prices(t *trade.Order, o tws.Order) *reject {
	limit, hasLimit := o.LimitPrice.Get()
	aux, hasAux := o.AuxPrice.Get()
	needLimit, needStop := false, false
	switch compact(o.OrderType) {
	case "MKT", "MARKET":
		t.Type = trade.Market
	case "MOC":
		t.Type, t.TIF = trade.Market, trade.CLS
	case "LMT", "LIMIT":
		t.Type, needLimit = trade.Limit, true
	case "LOC":
		t.Type, t.TIF, needLimit = trade.Limit, trade.CLS, true
	case "STP", "STOP":
		t.Type, needStop = trade.Stop, true
	case "STPLMT", "STOPLIMIT":
		t.Type, needLimit, needStop = trade.StopLimit, true, true
	case "TRAIL":
		t.Type = trade.TrailingStop
		if percent, ok := o.TrailingPercent.Get(); ok && percent.Sign() > 0 {
			t.TrailPercent = percent.Normalize()
		} else if hasAux {
			t.TrailAmount = aux.Normalize()
		}
		if t.TrailPercent.IsZero() && t.TrailAmount.IsZero() {
			return rejected(321, "Error validating request.-'bW' : cause - A trailing order needs an amount (auxPrice) or a percentage (trailingPercent)")
		}
	default:
		return unsupported(o.OrderType)
	}
	if needLimit {
		if !hasLimit || limit.Sign() <= 0 {
			return rejected(321, "Error validating request.-'bW' : cause - A %s order needs a limit price (lmtPrice)", o.OrderType)
		}
		t.LimitPrice = limit.Normalize()
	}
	if needStop {
		if !hasAux || aux.Sign() <= 0 {
			return rejected(321, "Error validating request.-'bW' : cause - A %s order needs a stop price (auxPrice)", o.OrderType)
		}
		t.StopPrice = aux.Normalize()
	}
	return nil
}

// whatIf answers what an order would cost.
func (c *client) whatIf(ctx context.Context, m *tws.PlaceOrder, f found, o trade.Order) {
	o.ID = "what-if"
	cost, err := c.s.cfg.Broker.Estimate(ctx, o)
	var bal trade.Balances
	if err == nil {
		bal, err = c.s.cfg.Broker.Balances(ctx, o.Account)
	}
	if err != nil {
		var no *order.VenueError
		if errors.As(err, &no) {
			code, text := refusal(no.Code, no.Text)
			c.fail(m.OrderID, code, "%s", text)
			return
		}
		c.fail(m.OrderID, 201, "Order rejected - reason:the order cannot be estimated now")
		return
	}
	r := &record{name: name{client: c.id, order: m.OrderID, ref: m.Order.OrderRef}, f: f, o: o}
	out := &tws.OpenOrder{OrderID: m.OrderID, Contract: f.told(), Order: r.terms()}
	out.Order.WhatIf = true
	change := cost.InitialMargin
	maintenance := change
	if bal.InitialMargin.Sign() > 0 {
		maintenance = change.Mul(bal.MaintenanceMargin).Quo(bal.InitialMargin).Round(2)
	}
	n := func(d num.Decimal) tws.OptNum { return tws.Num(d.Round(2)) }
	out.State = tws.OrderState{
		Status: tws.PreSubmitted, InitMarginBefore: n(bal.InitialMargin), MaintMarginBefore: n(bal.MaintenanceMargin), EquityBefore: n(bal.Equity),
		InitMarginChange: n(change), MaintMarginChange: n(maintenance), EquityChange: n(cost.Fee.Neg()),
		InitMarginAfter: n(bal.InitialMargin.Add(change)), MaintMarginAfter: n(bal.MaintenanceMargin.Add(maintenance)), EquityAfter: n(bal.Equity.Sub(cost.Fee)),
		Commission: n(cost.Fee), MinCommission: n(cost.Fee), MaxCommission: n(cost.Fee), CommissionCurrency: bal.Currency,
	}
	c.send(out)
}

// modify changes a working order to the terms of a second placeOrder.
func (c *client) modify(ctx context.Context, r *record, m *tws.PlaceOrder, o trade.Order) {
	b := c.s.book
	b.mu.Lock()
	was := r.o
	b.mu.Unlock()
	switch {
	case was.Status == trade.Filled:
		c.fail(m.OrderID, 104, "Cannot modify a filled order.")
		return
	case was.Status.Terminal():
		c.fail(m.OrderID, 104, "Cannot modify an order that has ended: %s.", was.Status)
		return
	case was.Symbol != o.Symbol || was.Side != o.Side || was.Account != o.Account || was.Type != o.Type || was.TIF != o.TIF || was.Extended != o.Extended:
		c.fail(m.OrderID, 105, "Order being modified does not match original order: only quantity and prices can change")
		return
	}
	next := was
	next.Quantity, next.LimitPrice, next.StopPrice, next.TrailAmount, next.TrailPercent = o.Quantity, o.LimitPrice, o.StopPrice, o.TrailAmount, o.TrailPercent
	if was.Type == trade.TrailingStop {
		next.StopPrice = was.StopPrice
	}
	next.Revision++
	if _, err := c.s.cfg.Broker.Replace(ctx, next); err != nil {
		var no *order.VenueError
		if !errors.As(err, &no) {
			c.s.cfg.Log.Warn("a change's answer was lost", "order", was.ID, "err", err)
			return
		}
		if no.Code == order.AlreadyDone {
			c.fail(m.OrderID, 104, "Cannot modify a filled order.")
		} // every other refusal comes as an event
	}
}

func (c *client) cancelOrder(ctx context.Context, id int64) {
	b := c.s.book
	key := orderKey{c.id, id}
	b.mu.Lock()
	r, held := b.byKey[key], b.held[key]
	delete(b.held, key)
	var status *tws.OrderStatus
	var o trade.Order
	if r != nil {
		o, status = r.o, r.orderStatus(b)
	}
	b.mu.Unlock()
	switch {
	case held != nil:
		h := held.record()
		h.o.Status = trade.Cancelled
		c.send(h.orderStatus(b))
		c.fail(id, 202, "Order Canceled - reason:")
	case r == nil:
		c.fail(id, 10147, "OrderId %d that needs to be cancelled is not found.", id)
	case o.Status.Terminal():
		c.fail(id, 10148, "OrderId %d that needs to be cancelled can not be cancelled, state: %s.", id, status.Status)
	default:
		status.Status = tws.PendingCancel
		c.send(status)
		c.s.cancel(ctx, o)
	}
}

// cancel asks the broker for the end of an order; the outcome comes as an event.
func (s *Server) cancel(ctx context.Context, o trade.Order) {
	if err := s.cfg.Broker.Cancel(ctx, o.Account, o.ID); err != nil {
		var no *order.VenueError
		if !errors.As(err, &no) {
			s.cfg.Log.Warn("a cancel's answer was lost", "order", o.ID, "err", err)
		}
	}
}

func (c *client) globalCancel(ctx context.Context) {
	b := c.s.book
	b.mu.Lock()
	var all []trade.Order
	for _, r := range b.open(func(*record) bool { return true }) {
		all = append(all, r.o)
	}
	clear(b.held)
	b.mu.Unlock()
	for _, o := range all {
		c.s.cancel(ctx, o)
	}
}

func (c *client) openOrders(all bool) {
	b := c.s.book
	b.mu.Lock()
	var out []tws.Message
	for _, r := range b.open(func(r *record) bool { return all || r.client == c.id }) {
		out = append(out, r.openOrder(b), r.orderStatus(b))
	}
	for _, key := range slices.SortedFunc(maps.Keys(b.held), func(x, y orderKey) int { return int(x.order - y.order) }) {
		if all || key.client == c.id {
			r := b.held[key].record()
			out = append(out, r.openOrder(b), r.orderStatus(b))
		}
	}
	b.mu.Unlock()
	for _, m := range out {
		c.send(m)
	}
	c.send(&tws.OpenOrderEnd{})
}

// today tells whether something happened in the current session of its market.
func (s *Server) today(symbol string, t time.Time) bool {
	return s.day(symbol, t) == s.day(symbol, s.cfg.Market.Now())
}

func (c *client) completedOrders() {
	b := c.s.book
	b.mu.Lock()
	var out []tws.Message
	for _, r := range b.records {
		if r.o.Status.Terminal() && c.s.today(r.o.Symbol, r.ended) {
			out = append(out, r.completed())
		}
	}
	b.mu.Unlock()
	for _, m := range out {
		c.send(m)
	}
	c.send(&tws.CompletedOrdersEnd{})
}

func (c *client) executions(m *tws.ReqExecutions) {
	b := c.s.book
	var since time.Time
	if m.Time != "" {
		at, err := parseMoment(m.Time, eastern)
		if err != nil {
			c.fail(m.ReqID, 321, "Error validating request.-'bW' : cause - %s", err)
			return
		}
		since = at
	}
	b.mu.Lock()
	var out []tws.Message
	for _, r := range b.records {
		if m.ClientID != 0 && r.client != m.ClientID || differs(m.Account, r.o.Account) || differs(m.Symbol, r.f.Symbol) || differs(m.SecType, r.f.SecType) {
			continue
		}
		for _, x := range r.fills {
			d := r.execDetails(m.ReqID, x)
			if !c.s.today(r.o.Symbol, x.fill.Time) || x.fill.Time.Before(since) || differs(m.Exchange, d.Exchange) && !strings.EqualFold(m.Exchange, "SMART") || !sideFits(m.Side, d.Side) {
				continue
			}
			out = append(out, d, r.commission(x))
		}
	}
	b.mu.Unlock()
	for _, m := range out {
		c.send(m)
	}
	c.send(&tws.ExecDetailsEnd{ReqID: m.ReqID})
}

// sideFits reads the side of a filter, which some write as BUY and SELL.
func sideFits(asked, side string) bool {
	switch strings.ToUpper(asked) {
	case "":
		return true
	case "BUY", "BOT":
		return side == "BOT"
	}
	return side == "SLD"
}
