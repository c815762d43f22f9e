package algo

import (
	"fmt"

	"quantdesk/internal/num"
)

// BrokerageModel is what a brokerage allows, and its models of a security.
type BrokerageModel interface {
	Name() string
	// CanSubmit and CanUpdate say no with a reason.
	CanSubmit(s *Security, o *Order) (ok bool, why string, err error)
	CanUpdate(s *Security, o *Order, u *UpdateFields) (ok bool, why string, err error)
	CanExecute(s *Security, o *Order) bool
	Leverage(s *Security) (num.Decimal, error)
	Market(kind Kind) string
	Models(e *Engine, s *Security) error
	Benchmark() (kind Kind, market, ticker string)
	AccountType() AccountType
	Shortable(s *Symbol, local int64) (quantity int64, limited bool)
}

// AccountType tells a margin account from a cash account.
type AccountType uint8

// The account types.
const (
	MarginAccount AccountType = iota
	CashAccount
)

const (
	marketOnCloseBuffer = 15*nsMinute + 30*nsSecond
	maximumOrders       = 10_000
)

// OpenTickets gives the tickets of orders that have not ended, by order id;
// of one symbol unless it is nil.
func (e *Engine) OpenTickets(of *Symbol) (out []*Ticket) {
	for _, t := range e.open {
		if of == nil || t.Order.Symbol == of {
			out = append(out, t)
		}
	}
	return out
}

// Tickets gives all tickets there ever were, by order id.
func (e *Engine) Tickets() []*Ticket { return e.all }

// Ticket gives the ticket of an order, nil when there is none.
func (e *Engine) Ticket(id int) *Ticket { return e.tickets[id] }

// Submit checks a request and makes an order of it. A refused request has an
// invalid ticket.
func (e *Engine) Submit(r Request) (*Ticket, error) {
	resp, err := e.preCheck(&r)
	if err != nil {
		return nil, err
	}
	if resp.Failed() {
		e.Errorf("%s", resp.Message)
		return e.invalidTicket(r, resp), nil
	}
	return e.add(r), nil
}

// unsentOrder is the id of orders that were never sent, as there.
const unsentOrder = -10

// invalidTicket makes the ticket of an order that was never sent: it has no
// number and does not count.
func (e *Engine) invalidTicket(r Request, resp Response) *Ticket {
	o := e.newOrder(r)
	o.ID, o.Status = unsentOrder, Invalid
	t := &Ticket{e: e, Order: o, Request: r, Response: resp, invalid: true}
	return t
}

func (e *Engine) newOrder(r Request) *Order {
	return &Order{ID: e.lastOrder, Type: r.Type, Symbol: r.Symbol, Quantity: r.Quantity, Tag: r.Tag, Properties: r.Properties, Time: e.utc, Created: e.utc,
		LimitPrice: r.LimitPrice, StopPrice: r.StopPrice, TriggerPrice: r.TriggerPrice, Trailing: r.Trailing, AsPercent: r.AsPercent}
}

// DailyOnly tells whether all subscriptions of a symbol are of days.
func (e *Engine) dailyOnly(s *Security) bool {
	for _, c := range s.visible() {
		if c.Resolution != Daily {
			return false
		}
	}
	return len(s.visible()) > 0
}

// closing tells whether the close is too near for market-on-close orders.
func (e *Engine) closing(s *Security) bool {
	local := s.Local()
	return s.Hours.IsOpen(local, false) && s.Hours.NextClose(local, false)-local < e.Settings.closeBuffer()
}

func (s *Settings) closeBuffer() int64 {
	if s.MarketOnCloseBuffer != 0 {
		return int64(s.MarketOnCloseBuffer)
	}
	return marketOnCloseBuffer
}

// preCheck refuses what no order can be made of.
func (e *Engine) preCheck(r *Request) (Response, error) {
	if e.Warming {
		return refuse("AlgorithmWarmingUp", "This operation is not allowed in Initialize or during warm up: OrderRequest.Submit. Please move this code to the OnWarmupFinished() method."), nil
	}
	s := e.Securities.Get(r.Symbol)
	if s == nil {
		return refuse("MissingSecurity", "You haven't requested %s data. Add this with AddSecurity() in the Initialize() Method.", r.Symbol), nil
	}
	switch {
	case r.Quantity.IsZero():
		return refuse("OrderQuantityZero", "Unable to submit order with id %d that has zero quantity.", -e.lastOrder-1), nil
	case r.Quantity.Abs().Less(s.Properties.Lot):
		return refuse("OrderQuantityLessThanLotSize", "Unable to submit order with id %d which quantity (%s) is less than lot size (%s).", -e.lastOrder-1, r.Quantity.Abs(), s.Properties.Lot), nil
	case !s.Tradable:
		return refuse("NonTradableSecurity", "The security with symbol '%s' is marked as non-tradable.", r.Symbol), nil
	case s.Price.IsZero():
		return refuse("SecurityPriceZero", "%s", zeroPrice(r.Symbol)), nil
	case s.Quote.Rate.IsZero():
		return refuse("ConversionRateZero", "%s: requires %s to have a non-zero conversion rate. This can be caused by lack of data.", r.Symbol, s.Quote.Symbol), nil
	case (s.Symbol.Kind == Forex || s.Symbol.Kind == Crypto) && s.Base.Rate.IsZero():
		return refuse("ForexConversionRateZero", "%s: requires %s and %s to have non-zero conversion rates. This can be caused by lack of data.", r.Symbol, s.Base.Symbol, s.Quote.Symbol), nil
	case !s.HasData():
		return refuse("SecurityHasNoData", "There is no data for this symbol yet, please check the security.HasData flag to ensure there is at least one data point."), nil
	case e.orderCount > e.Settings.maxOrders():
		e.stop(StatusStopped)
		return refuse("ExceededMaximumOrders", "You have exceeded maximum number of orders (%d), for unlimited orders upgrade your account.", e.Settings.maxOrders()), nil
	}
	switch r.Type {
	case MarketOnOpen:
		if s.Hours.Always {
			return Response{}, fmt.Errorf("Market never closes for this symbol %s, can no submit a MarketOnOpen order.", s.Symbol)
		}
		if s.Hours.IsOpen(s.Local(), false) && !e.dailyOnly(s) {
			return refuse("MarketOnOpenNotAllowedDuringRegularHours", "Cannot submit a MarketOnOpen order while the market is open."), nil
		}
	case MarketOnClose:
		if s.Hours.Always {
			return Response{}, fmt.Errorf("Market never closes for this symbol %s, can no submit a MarketOnClose order.", s.Symbol)
		}
		if e.closing(s) {
			return refuse("MarketOnCloseOrderTooLate", "MarketOnClose orders must be placed within %s before market close. Override this TimeSpan buffer by setting Orders.MarketOnCloseOrder.SubmissionTimeBuffer in QCAlgorithm.Initialize().", dotNetSpan(e.Settings.closeBuffer())), nil
		}
	}
	return Response{}, nil
}

func dotNetSpan(ns int64) string {
	return fmt.Sprintf("%02d:%02d:%02d", ns/nsHour, ns/nsMinute%60, ns/nsSecond%60)
}

func (s *Settings) maxOrders() int {
	if s.MaximumOrders != 0 {
		return s.MaximumOrders
	}
	return maximumOrders
}

// add makes an order and sends it to the simulated brokerage.
func (e *Engine) add(r Request) *Ticket {
	e.lastOrder++
	e.orderCount++
	s := e.Securities.Get(r.Symbol)
	o := e.newOrder(r)
	t := &Ticket{e: e, Order: o, Request: r}
	e.tickets[o.ID] = t
	e.all = append(e.all, t)
	if r.Quantity.Sign() < 0 && !e.shortable(s, r.Quantity, 0) {
		t.Response = e.tooShort(s, r.Quantity)
		o.Currency, o.Status, o.Tag = s.Properties.Quote, Invalid, t.Response.Message
		e.handle([]*OrderEvent{e.NewOrderEvent(o, o.Tag)})
		return t
	}
	o.Submission = &SubmissionData{Bid: s.BidPrice(), Ask: s.AskPrice(), Last: s.Close}
	e.open = append(e.open, t)
	// In a backtest an asynchronous order is processed at once as well.
	e.later(func() { e.submit(t) })
	e.drain()
	e.scan()
	return t
}

// AddOrder sends an order without the checks of an algorithm's own orders.
func (e *Engine) AddOrder(r Request) *Ticket {
	if e.Securities.Get(r.Symbol) == nil {
		return e.invalidTicket(r, refuse("MissingSecurity", "You haven't requested %s data.", r.Symbol))
	}
	return e.add(r)
}

// trailingWord is a trailing amount as text: an amount of money or a percentage.
func trailingWord(o *Order) string {
	if o.AsPercent {
		return o.Trailing.Mul(num.FromInt(100)).String() + "%"
	}
	return currencySign(o.Currency) + o.Trailing.String()
}

// submit takes an order through the checks to the brokerage.
func (e *Engine) submit(t *Ticket) {
	o := t.Order
	s := e.Securities.Get(o.Symbol)
	o.Currency = s.Properties.Quote
	if o.Tag == "" && o.Type == TrailingStop {
		o.Tag = "Trailing Amount: " + trailingWord(o)
	}
	o.Quantity = o.Quantity.Sub(o.Quantity.Rem(s.Properties.Lot))
	e.roundPrices(o, s)
	o.Adjustment = e.adjustment(s)
	invalidate := func(code, message string) {
		t.Response = Response{Code: code, Message: message, Done: true}
		e.Errorf("%s", message)
		ev := e.NewOrderEvent(o, message)
		ev.Status = Invalid
		e.handle([]*OrderEvent{ev})
	}
	if o.Quantity.IsZero() {
		invalidate("OrderQuantityZero", fmt.Sprintf("Unable to submit order with id %d that has zero quantity.", o.ID))
		return
	}
	ok, why, err := s.Power.Sufficient(s, o)
	if err != nil {
		e.Errorf("Order Error: id: %d, Error executing margin models: %v", o.ID, err)
		e.handle([]*OrderEvent{e.NewOrderEvent(o, "Error executing margin models")})
		t.Response = refuse("ProcessingError", "An error occurred while checking sufficient buying power for the orders.")
		return
	}
	if !ok {
		invalidate("InsufficientBuyingPower", fmt.Sprintf("Order Error: ids: [%d], Insufficient buying power to complete orders (Value:[%s]), Reason: %s.", o.ID, valueOf(s, o).Normalize(), why))
		return
	}
	ok, why, err = e.Brokerage.CanSubmit(s, o)
	if err != nil {
		e.fail(err)
		return
	}
	if !ok {
		invalidate("BrokerageModelRefusedToSubmitOrder", fmt.Sprintf("BrokerageModel declared unable to submit order: [%d] %s", o.ID, why))
		return
	}
	e.pending = append(e.pending, t)
	o.BrokerIDs = []string{fmt.Sprint(o.ID)}
	t.Response.Done = true
	ev := e.NewOrderEvent(o, "")
	ev.Status = Submitted
	e.handle([]*OrderEvent{ev})
}

func (e *Engine) adjustment(s *Security) Normalization {
	if len(s.Configs) > 0 {
		return s.Configs[0].Norm
	}
	return Adjusted
}

// roundPrices brings an order's prices to the security's smallest variation.
func (e *Engine) roundPrices(o *Order, s *Security) {
	tick := s.Properties.Tick
	if tick.IsZero() || s.Symbol.Kind == Equity && e.adjustment(s) != Raw {
		return // adjusted prices are no prices a market trades at
	}
	if s.Symbol.Kind == Equity && s.Price.Less(num.One) && s.Symbol.Market == "usa" {
		tick = num.New(1, 4)
	}
	round := func(what string, p *num.Decimal) {
		if p.IsZero() {
			return
		}
		// Half-even on the number of ticks, as decimals are rounded there.
		r := p.Quo(tick).Round(0).Mul(tick)
		if !r.Equal(*p) {
			e.Errorf("Warning: To meet brokerage precision requirements, order with Id %d was rounded: %s %s => %s", o.ID, what, *p, r)
			*p = r
		}
	}
	switch o.Type {
	case Limit:
		round("LimitPrice", &o.LimitPrice)
	case StopMarket, TrailingStop:
		round("StopPrice", &o.StopPrice)
		if o.Type == TrailingStop && !o.AsPercent {
			round("TrailingAmount", &o.Trailing)
		}
	case StopLimit:
		round("LimitPrice", &o.LimitPrice)
		round("StopPrice", &o.StopPrice)
	case LimitIfTouched:
		round("LimitPrice", &o.LimitPrice)
		round("TriggerPrice", &o.TriggerPrice)
	}
}

// scan fills what can be filled, in the order of the order's ids.
func (e *Engine) scan() {
	if len(e.pending) == 0 || e.scanning {
		return
	}
	e.scanning = true
	defer func() { e.scanning = false }()
	for _, t := range append([]*Ticket(nil), e.pending...) {
		o := t.Order
		if o.Status.Closed() {
			e.unpend(t)
			continue
		}
		if o.Time == e.utc && o.Type != Market {
			continue
		}
		s := e.Securities.Get(o.Symbol)
		if s == nil {
			e.remove(t, Invalid, "the security no longer exists")
			continue
		}
		if o.Type == MarketOnOpen {
			if s.last == nil {
				continue
			}
			if _, end := s.last.Times(); s.Hours.Local(o.Time) >= end {
				continue
			}
		}
		if e.expired(s, o) {
			e.remove(t, Canceled, "The order has expired.")
			continue
		}
		if !e.Brokerage.CanExecute(s, o) {
			continue
		}
		ok, why, err := s.Power.Sufficient(s, o)
		if err != nil {
			e.remove(t, Invalid, err.Error())
			e.Errorf("Order Error: ids: [%d], Error executing margin models: %v", o.ID, err)
			continue
		}
		if !ok {
			if o.Status == CancelPending {
				continue
			}
			message := fmt.Sprintf("Order Error: ids: [%d], Insufficient buying power to complete orders (Value:[%s]), Reason: %s.", o.ID, valueOf(s, o).Normalize(), why)
			e.remove(t, Invalid, message)
			e.Errorf("%s", message)
			continue
		}
		fill, err := s.Fill.Fill(s, o)
		if err != nil {
			e.Errorf("Order Error: id: %d, Transaction model failed to fill for order type: %s with error: %v", o.ID, o.Type, err)
			continue
		}
		if fill == nil {
			continue
		}
		if fill.Status == Filled && fill.Fee.Amount.IsZero() {
			if fill.Fee, err = s.Fee.Fee(s, o); err != nil {
				e.Errorf("Order Error: id: %d, Transaction model failed to fill for order type: %s with error: %v", o.ID, o.Type, err)
				continue
			}
		}
		if o.Status != fill.Status || !fill.FillQuantity.IsZero() {
			o.Status = fill.Status
			e.handle([]*OrderEvent{fill})
		}
		if fill.Status.Closed() {
			e.unpend(t)
		}
	}
}

func (e *Engine) remove(t *Ticket, status OrderStatus, message string) {
	e.unpend(t)
	ev := e.NewOrderEvent(t.Order, message)
	ev.Status = status
	e.handle([]*OrderEvent{ev})
}

// expired tells whether an order's time in force is over.
func (e *Engine) expired(s *Security, o *Order) bool {
	switch o.Properties.TIF.Kind {
	case GoodTilCanceled:
	case DayOrder:
		sent := s.Hours.Local(o.Time)
		now := s.Local()
		switch s.Symbol.Kind {
		case Forex, CFD:
			// The currency day ends at five in New York.
			ny := e.newYork
			cut := midnight(ny.Local(o.Time)) + 17*nsHour
			if ny.Local(o.Time) >= cut {
				cut += nsDay
			}
			return ny.Local(e.utc) >= cut
		case Crypto:
			return midnight(e.utc) > midnight(o.Time)
		}
		return now >= s.Hours.NextClose(sent, false)
	case GoodTilDate:
		expiry := o.Properties.TIF.Expiry
		switch s.Symbol.Kind {
		case Forex, CFD:
			return e.newYork.Local(e.utc) >= midnight(expiry)+17*nsHour
		case Crypto:
			return e.utc >= midnight(expiry)+nsDay
		}
		from := s.Hours.NextClose(midnight(expiry), false)
		return s.Local() >= from
	}
	return false
}

// handle folds order events into the order, the portfolio and the ticket, and
// tells the algorithm.
func (e *Engine) handle(events []*OrderEvent) {
	for _, ev := range events {
		t := e.tickets[ev.OrderID]
		o := t.Order
		if ev.Status.Closed() {
			for i, x := range e.open {
				if x == t {
					e.open = append(e.open[:i:i], e.open[i+1:]...)
					break
				}
			}
		}
		if o.Status != Filled && o.Status != Canceled || ev.Status != Invalid {
			o.Status = ev.Status
		}
		o.events++
		ev.ID, ev.Ticket = o.events, t
		switch ev.Status {
		case Canceled:
			o.CanceledAt = ev.Time
		case PartiallyFilled, Filled:
			o.LastFill = ev.Time
		case UpdateSubmitted, Submitted:
			if len(t.Updates) > 0 {
				o.LastUpdate = ev.Time
			}
		}
		ev.Quantity = o.Quantity
		limit, stop, trigger := o.LimitPrice, o.StopPrice, o.TriggerPrice
		switch o.Type {
		case Limit:
			ev.LimitPrice = &limit
		case StopMarket, TrailingStop:
			ev.StopPrice = &stop
		case StopLimit:
			ev.LimitPrice, ev.StopPrice = &limit, &stop
		case LimitIfTouched:
			ev.LimitPrice, ev.TriggerPrice = &limit, &trigger
		}
		s := e.Securities.Get(ev.Symbol)
		if ev.Status == Filled || ev.Status == PartiallyFilled {
			if s.Symbol.Kind == Crypto && o.Direction() == Buy && s.Base != nil && ev.Fee.Currency == s.Base.Symbol {
				ev.FillQuantity = ev.FillQuantity.Sub(ev.Fee.Amount)
				ev.kept = true
				e.once("When buying currency pairs, using Cash account types, fees in base currency will be deducted from the filled quantity so virtual positions reflect actual holdings.")
			}
			e.Portfolio.process(s, ev)
			e.filled(s, ev)
			t.add(ev)
			o.Price = t.AverageFill()
		}
		t.Events = append(t.Events, ev)
	}
	for _, ev := range events {
		if ev.Status == NoStatus {
			continue
		}
		e.OrderEvents = append(e.OrderEvents, ev)
		e.capacity.onOrderEvent(ev)
		if err := e.strategy.OnOrderEvent(ev); err != nil {
			e.fail(err)
		}
	}
}

// add counts a fill.
func (t *Ticket) add(ev *OrderEvent) {
	t.filled = t.filled.Add(ev.FillQuantity)
	t.fillValue = t.fillValue.Add(ev.FillQuantity.Abs().Mul(ev.FillPrice))
}

func (e *Engine) tooShort(s *Security, quantity num.Decimal) Response {
	limit := ""
	if most, limited := e.shortableQuantity(s); limited {
		limit = fmt.Sprint(most)
	}
	return refuse("ExceedsShortableQuantity", "Order exceeds shortable quantity %s for Symbol %s requested %s)", limit, s.Symbol, quantity)
}

// shortable tells whether so much may be sold short; not counting one order.
func (e *Engine) shortable(s *Security, quantity num.Decimal, except int) bool {
	most, limited := e.shortableQuantity(s)
	if !limited {
		return true
	}
	position := s.Holding.Quantity.Add(quantity)
	for _, t := range e.OpenTickets(s.Symbol) {
		if t.Order.ID != except {
			position = position.Add(t.Remaining())
		}
	}
	return position.Sign() >= 0 || !num.FromInt(most).Less(position.Abs())
}

func (e *Engine) shortableQuantity(s *Security) (int64, bool) {
	if s.Shortable != nil {
		return s.Shortable(s, s.Local())
	}
	return e.Brokerage.Shortable(s.Symbol, s.Local())
}
