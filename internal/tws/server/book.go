package server

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"quantdesk/internal/market"
	"quantdesk/internal/num"
	"quantdesk/internal/order"
	"quantdesk/internal/trade"
	"quantdesk/internal/tws"
)

// record is one order as TWS knows it.
type record struct {
	name
	f    found
	o    trade.Order
	last num.Decimal // price of the latest fill
	// executions in their order.
	fills []execution
	ended time.Time
}

// execution is one fill with what it cost and earned.
type execution struct {
	fill     trade.Fill
	id       string
	cum, avg num.Decimal
	realized tws.OptNum
}

// name is what an order's id at the broker holds.
type name struct {
	perm, client, order, parent int64
	ref                         string
}

const nameMark = "tws"

// id writes the name as the broker's id of the order.
func (n name) id() string {
	return fmt.Sprintf("%s.%d.%d.%d.%d.%s", nameMark, n.perm, n.client, n.order, n.parent, base64.RawURLEncoding.EncodeToString([]byte(n.ref)))
}

// parseName reads it back; an order that did not come through a TWS has none.
func parseName(id string) (n name, ok bool) {
	parts := strings.Split(id, ".")
	if len(parts) != 6 || parts[0] != nameMark {
		return n, false
	}
	for i, p := range []*int64{&n.perm, &n.client, &n.order, &n.parent} {
		v, err := strconv.ParseInt(parts[i+1], 10, 64)
		if err != nil {
			return n, false
		}
		*p = v
	}
	ref, err := base64.RawURLEncoding.DecodeString(parts[5])
	n.ref = string(ref)
	return n, err == nil
}

// orderKey names an order for its client.
type orderKey struct{ client, order int64 }

// book is every order of every account, folded from the broker's events.
type book struct {
	s     *Server
	ready chan struct{}

	mu      sync.Mutex
	records []*record // by perm id
	byID    map[string]*record
	byKey   map[orderKey]*record
	held    map[orderKey]*heldOrder // not transmitted
	highest map[int64]int64         // order id by client
	perm    int64
	holding map[holdingKey]*holding
	quiet   map[string]bool // accounts whose past is still being read
}

// holdingKey names a position.
type holdingKey struct{ account, symbol string }

// holding is a position at its average cost, fees included, with the day's
// trades apart.
type holding struct {
	quantity, cost num.Decimal
	realized       num.Decimal
	day            market.Date
	dayQuantity    num.Decimal // bought less sold on that day
	dayCash        num.Decimal // what those trades paid out and took in, fees too
	dayRealized    num.Decimal
}

// firstPerm is what perm ids count from.
const firstPerm = 600_000_000

func newBook(s *Server) *book {
	b := &book{
		s: s, ready: make(chan struct{}), byID: map[string]*record{}, byKey: map[orderKey]*record{}, held: map[orderKey]*heldOrder{},
		highest: map[int64]int64{}, perm: firstPerm, holding: map[holdingKey]*holding{}, quiet: map[string]bool{},
	}
	for _, a := range s.cfg.Accounts {
		b.quiet[a] = true
	}
	return b
}

// wait waits until the past of every account has been read.
func (b *book) wait(ctx context.Context) error {
	select {
	case <-b.ready:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// follow reads the events of every account until ctx ends.
func (b *book) follow(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	errs := make(chan error, len(b.s.cfg.Accounts))
	for _, account := range b.s.cfg.Accounts {
		go func() {
			err := b.followOne(ctx, account)
			stop()
			errs <- err
		}()
	}
	var all error
	for range b.s.cfg.Accounts {
		if err := <-errs; !errors.Is(err, context.Canceled) {
			all = errors.Join(all, err)
		}
	}
	return all
}

func (b *book) followOne(ctx context.Context, account string) error {
	past, err := b.s.cfg.Broker.Book(ctx, account, time.Time{})
	if err != nil {
		return err
	}
	caught := func() {
		if b.quiet[account] && b.has(past.Orders) {
			delete(b.quiet, account)
			if len(b.quiet) == 0 {
				close(b.ready)
			}
		}
	}
	b.mu.Lock()
	caught()
	b.mu.Unlock()
	return b.s.cfg.Broker.Events(ctx, account, 0, func(events []order.Event) error {
		for _, e := range events {
			b.mu.Lock()
			say := b.apply(e)
			loud := !b.quiet[account]
			b.mu.Unlock()
			if loud {
				for range b.s.faults.acknowledge(ctx, e) {
					for _, m := range say {
						b.s.tell(m)
					}
				}
			}
		}
		b.mu.Lock()
		caught()
		b.mu.Unlock()
		return nil
	})
}

// has tells whether the orders are known in the state they are in, or later.
func (b *book) has(orders []trade.Order) bool {
	for _, o := range orders {
		if _, ours := parseName(o.ID); !ours {
			continue
		}
		r := b.byID[o.ID]
		if r == nil || r.o.Filled.Less(o.Filled) || o.Status.Terminal() && !r.o.Status.Terminal() {
			return false
		}
	}
	return true
}

// told is a message for whoever may see an order.
type told struct {
	client int64
	m      tws.Message
}

// tell sends a message to the order's client, and to the master client 0.
func (s *Server) tell(t told) {
	s.each(func(c *client) {
		if c.id == t.client || c.id == 0 {
			c.send(t.m)
		}
	})
}

// record gives the record of an order at the broker; nil where it did not come
// through a TWS.
func (b *book) record(o trade.Order) *record {
	if r := b.byID[o.ID]; r != nil {
		return r
	}
	n, ok := parseName(o.ID)
	if !ok {
		return nil
	}
	in, known := b.s.cfg.Market.Lookup(o.Symbol)
	if !known {
		in = market.Instrument{Symbol: o.Symbol, Class: market.Equity, Currency: "USD", Tick: num.New(1, 2)}
	}
	return b.add(&record{name: n, o: o, f: found{Contract: b.s.contracts.contract(in), in: in}})
}

func (b *book) add(r *record) *record {
	b.records = append(b.records, r)
	b.byID[r.o.ID] = r
	b.byKey[orderKey{r.client, r.order}] = r
	b.highest[r.client] = max(b.highest[r.client], r.order)
	b.perm = max(b.perm, r.perm)
	return r
}

// apply folds one event and gives what is to be told of it.
func (b *book) apply(e order.Event) (say []told) {
	if e.Kind == order.EventLedger {
		b.ledger(e)
		return nil
	}
	r := b.record(e.Order)
	if r == nil {
		return nil
	}
	r.o = e.Order
	add := func(m tws.Message) { say = append(say, told{r.client, m}) }
	status := func() { add(r.openOrder(b)); add(r.orderStatus(b)) }
	if r.o.Status.Terminal() {
		r.ended = e.Time
	}
	switch e.Kind {
	case order.EventAccepted, order.EventReplaced:
		status()
	case order.EventFill:
		if e.Fill == nil {
			return nil
		}
		x := b.fill(r, *e.Fill, e.Seq)
		add(r.execDetails(-1, x))
		status()
		add(r.commission(x))
		if r.o.Status.Terminal() { // its exits wake
			for _, child := range b.open(func(x *record) bool { return x.o.ParentID == r.o.ID }) {
				say = append(say, told{child.client, child.openOrder(b)}, told{child.client, child.orderStatus(b)})
			}
		}
	case order.EventExpired:
		add(&tws.ErrMsg{ReqID: r.order, Code: 202, Text: "Order Canceled - reason:" + tws.Expired + ". " + e.Order.Reason})
		add(r.orderStatus(b))
	case order.EventCancelled:
		add(r.orderStatus(b))
		add(&tws.ErrMsg{ReqID: r.order, Code: 202, Text: "Order Canceled - reason:" + e.Order.Reason})
	case order.EventRejected:
		code, text := refusal(e.Order.VenueCode, e.Order.VenueText)
		add(&tws.ErrMsg{ReqID: r.order, Code: code, Text: text})
		add(r.orderStatus(b))
	case order.EventReplaceFail:
		_, text := refusal(e.Order.VenueCode, e.Order.VenueText)
		add(&tws.ErrMsg{ReqID: r.order, Code: 201, Text: text})
	case order.EventCancelFail:
		add(&tws.ErrMsg{ReqID: r.order, Code: 10148, Text: fmt.Sprintf("OrderId %d that needs to be cancelled can not be cancelled, state: %s.", r.order, r.status(b))})
	}
	return say
}

// refusal is TWS's number for a refusal of the venue.
func refusal(code, text string) (int64, string) {
	switch code {
	case "bad_price":
		return 110, "The price does not conform to the minimum price variation for this contract. " + text
	case "bad_tif":
		return 111, "The TIF (Tif type) and the order type are incompatible. " + text
	case "bad_type":
		return 387, "Unsupported order type for this exchange and security type. " + text
	}
	return 201, "Order rejected - reason:" + text
}

// fill folds one execution into its order and its position.
func (b *book) fill(r *record, f trade.Fill, seq int64) execution {
	h := fnv.New32a()
	_, _ = h.Write([]byte(f.Account))
	x := execution{fill: f, id: fmt.Sprintf("%08x.%08x.01.01", h.Sum32(), seq), cum: r.o.Filled, avg: r.o.AvgPrice}
	r.last = f.Price
	k := holdingKey{f.Account, f.Symbol}
	p := b.holding[k]
	if p == nil {
		p = &holding{}
		b.holding[k] = p
	}
	multiplier := num.One
	if r.f.in.Multiplier.Sign() > 0 {
		multiplier = r.f.in.Multiplier
	}
	if earned, closed := p.trade(f, multiplier, b.s.day(f.Symbol, f.Time)); closed {
		x.realized = tws.Num(earned)
	}
	r.fills = append(r.fills, x)
	return x
}

// trade folds a fill: what closes earns its distance from the average cost, and
// the rest opens at its price with its fee. The fee is divided by quantity.
func (p *holding) trade(f trade.Fill, multiplier num.Decimal, day market.Date) (earned num.Decimal, closed bool) {
	if p.day != day {
		p.day, p.dayQuantity, p.dayCash, p.dayRealized = day, num.Zero, num.Zero, num.Zero
	}
	signed := f.SignedQuantity()
	value := signed.Mul(f.Price).Mul(multiplier)
	p.dayQuantity = p.dayQuantity.Add(signed)
	p.dayCash = p.dayCash.Sub(value).Sub(f.Fee)
	if p.quantity.IsZero() || p.quantity.Sign() == signed.Sign() {
		p.quantity, p.cost = p.quantity.Add(signed), p.cost.Add(value).Add(f.Fee)
		return num.Zero, false
	}
	closing := num.Min(signed.Abs(), p.quantity.Abs())
	share := closing.Quo(p.quantity.Abs())
	cost := p.cost.Mul(share).Round(8)
	fee := f.Fee.Mul(closing.Quo(signed.Abs())).Round(8)
	proceeds := closing.Mul(f.Price).Mul(multiplier)
	if p.quantity.Sign() < 0 {
		proceeds = proceeds.Neg()
	}
	earned = proceeds.Sub(cost).Sub(fee)
	p.realized, p.dayRealized = p.realized.Add(earned), p.dayRealized.Add(earned)
	left := signed.Abs().Sub(closing)
	p.quantity, p.cost = p.quantity.Add(signed), p.cost.Sub(cost)
	switch {
	case left.Sign() > 0: // it turned round
		p.cost = p.quantity.Mul(f.Price).Mul(multiplier).Add(f.Fee.Sub(fee))
	case p.quantity.IsZero():
		p.cost = num.Zero
	}
	return earned.Round(2), true
}

// ledger folds what no order did: splits, and options that expire.
func (b *book) ledger(e order.Event) {
	for _, t := range e.Transactions {
		p := b.holding[holdingKey{e.Account, t.Symbol}]
		switch {
		case p == nil:
		case t.Kind == trade.TxSplit:
			p.quantity = p.quantity.Add(t.Quantity)
		case t.Kind == trade.TxTrade: // the expiry of an option
			f := trade.Fill{Account: e.Account, Symbol: t.Symbol, Side: trade.Buy, Quantity: t.Quantity.Abs(), Price: t.Price, Time: e.Time}
			if t.Quantity.Sign() < 0 {
				f.Side = trade.Sell
			}
			p.trade(f, optionMultiplier, b.s.day(t.Symbol, e.Time))
		}
	}
}

// average is the cost of one unit.
func (p *holding) average() num.Decimal {
	if p == nil || p.quantity.IsZero() {
		return num.Zero
	}
	return p.cost.Quo(p.quantity).Round(8).Normalize()
}

// day is the trading day of an instrument at a moment.
func (s *Server) day(symbol string, t time.Time) market.Date {
	if cal, err := s.cfg.Market.Calendar(symbol); err == nil {
		return cal.SessionDate(t)
	}
	return market.DateOf(t)
}

// nextID is the order id that a client goes on from.
func (b *book) nextID(client int64) int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.highest[client] + 1
}

// --- what is told of a record ---

func (r *record) status(b *book) string {
	switch r.o.Status {
	case trade.Filled:
		return tws.Filled
	case trade.Cancelled, trade.Expired:
		return tws.Cancelled
	case trade.Rejected:
		return tws.Inactive
	case trade.PendingCancel:
		return tws.PendingCancel
	case trade.Submitted, trade.Unknown, trade.PendingConfirmation:
		return tws.PendingSubmit
	case trade.PartiallyFilled:
		return tws.Submitted
	}
	if p := b.byID[r.o.ParentID]; p != nil && !p.o.Status.Terminal() {
		return tws.PreSubmitted
	}
	if r.o.Type == trade.Stop || r.o.Type == trade.StopLimit || r.o.Type == trade.TrailingStop || !b.s.takes(r.o) {
		return tws.PreSubmitted
	}
	return tws.Submitted
}

// takes tells whether the market of an order trades now.
func (s *Server) takes(o trade.Order) bool {
	cal, err := s.cfg.Market.Calendar(o.Symbol)
	return err == nil && cal.IsOpen(s.cfg.Market.Now(), o.Extended)
}

func (r *record) orderStatus(b *book) *tws.OrderStatus {
	return &tws.OrderStatus{
		OrderID: r.order, Status: r.status(b), Filled: r.o.Filled, Remaining: r.o.Remaining(), AvgFillPrice: r.o.AvgPrice, PermID: r.perm,
		ParentID: r.parent, LastFillPrice: r.last, ClientID: r.client,
	}
}

func optional(d num.Decimal) tws.OptNum {
	if d.IsZero() {
		return tws.OptNum{}
	}
	return tws.Num(d)
}

// told is a contract as orders show it.
func (f found) told() tws.Contract {
	c := f.Contract
	if c.Right == "" {
		c.Right = "?"
	}
	return c
}

// terms are an order's terms in TWS's words.
func (r *record) terms() tws.Order {
	o := tws.Order{
		OrderID: r.order, ClientID: r.client, PermID: r.perm, ParentID: r.parent, Action: strings.ToUpper(string(r.o.Side)), TotalQuantity: r.o.Quantity,
		LimitPrice: optional(r.o.LimitPrice), AuxPrice: optional(r.o.StopPrice), TIF: strings.ToUpper(string(r.o.TIF)), Account: r.o.Account, OrderRef: r.ref,
		OutsideRTH: r.o.Extended, Transmit: true, ExemptCode: -1, OCAType: 3, ClearingIntent: "IB", DontUseAutoPrice: true,
		Allocation: fmt.Sprintf("%d.0/%s/%s", r.perm, r.o.Account, r.o.Quantity), TrailingPercent: optional(r.o.TrailPercent),
	}
	switch r.o.Type {
	case trade.Market:
		o.OrderType = "MKT"
	case trade.Limit:
		o.OrderType = "LMT"
	case trade.Stop:
		o.OrderType = "STP"
	case trade.StopLimit:
		o.OrderType = "STP LMT"
	case trade.TrailingStop:
		o.OrderType, o.AuxPrice, o.TrailStopPrice = "TRAIL", optional(r.o.TrailAmount), optional(r.o.StopPrice)
	}
	if r.o.TIF == trade.CLS {
		o.OrderType, o.TIF = map[trade.OrderType]string{trade.Market: "MOC", trade.Limit: "LOC"}[r.o.Type], "DAY"
	}
	if !r.o.GoodTill.IsZero() {
		o.GoodTillDate = stamp(r.o.GoodTill.In(eastern))
	}
	if group, ok := strings.CutPrefix(r.o.Group, ocaMark); ok {
		o.OCAGroup = group
	}
	return o
}

func (r *record) openOrder(b *book) *tws.OpenOrder {
	m := &tws.OpenOrder{OrderID: r.order, Contract: r.f.told(), Order: r.terms(), State: tws.OrderState{Status: r.status(b)}}
	if r.o.Filled.Sign() > 0 {
		m.State.Commission, m.State.CommissionCurrency = tws.Num(r.o.Fees), "USD"
	}
	return m
}

func (r *record) execDetails(id int64, x execution) *tws.ExecDetails {
	side := "BOT"
	if x.fill.Side == trade.Sell {
		side = "SLD"
	}
	exchange := r.f.PrimaryExchange
	if exchange == "" {
		exchange = r.f.Exchange
	}
	c := r.f.Contract
	c.Exchange = exchange
	return &tws.ExecDetails{
		ReqID: id, OrderID: r.order, Contract: c, ExecID: x.id, Time: stamp(x.fill.Time.In(eastern)), Account: x.fill.Account, Exchange: exchange, Side: side,
		Shares: x.fill.Quantity, Price: x.fill.Price, PermID: r.perm, ClientID: r.client, CumQty: x.cum, AvgPrice: x.avg, OrderRef: r.ref, LastLiquidity: 2,
	}
}

func (r *record) commission(x execution) *tws.CommissionReport {
	return &tws.CommissionReport{ExecID: x.id, Commission: x.fill.Fee, Currency: "USD", RealizedPNL: x.realized}
}

func (r *record) completed() *tws.CompletedOrder {
	m := &tws.CompletedOrder{Contract: r.f.told(), Order: r.terms(), State: tws.OrderState{Status: tws.Cancelled, CompletedTime: stamp(r.ended.In(eastern)), CompletedStatus: "Cancelled by Trader"}}
	m.Order.TotalQuantity, m.Order.FilledQuantity, m.Order.Shareholder = num.Zero, r.o.Filled, "Not an insider or substantial shareholder"
	switch r.o.Status {
	case trade.Filled:
		m.State.Status, m.State.CompletedStatus = tws.Filled, "Filled Size: "+r.o.Filled.String()
	case trade.Expired:
		m.State.CompletedStatus = tws.Expired
	case trade.Rejected:
		m.State.Status, m.State.CompletedStatus = tws.Inactive, "Rejected: "+r.o.VenueText
	}
	return m
}

// open lists the records that are not ended, by perm id.
func (b *book) open(keep func(*record) bool) (out []*record) {
	for _, r := range b.records {
		if !r.o.Status.Terminal() && keep(r) {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(x, y *record) int { return int(x.perm - y.perm) })
	return out
}
