package order

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"quantdesk/internal/fault"
	"quantdesk/internal/market"
	"quantdesk/internal/num"
	"quantdesk/internal/risk"
	"quantdesk/internal/trade"
)

// MaxLegs bounds a ticket.
const MaxLegs = 200

// maxRef bounds a caller's own id of a ticket, in bytes.
const maxRef = 128

// Propose checks a proposal against the broker's rules and the policy, prices
// it, and leaves a ticket that Confirm can submit for TicketLife. Nothing is
// sent to the broker. It fails with invalid, not_found, forbidden, conflict,
// market_closed, risk_refused, insufficient_buying_power or unavailable.
func (d *Desk) Propose(ctx context.Context, c Caller, p Proposal) (Ticket, error) {
	const op = "order.Propose"
	if len(p.Wishes) == 0 || len(p.Wishes) > MaxLegs {
		return Ticket{}, fault.E(op, fault.Invalid, "a ticket takes 1 to %d orders, not %d", MaxLegs, len(p.Wishes))
	}
	if len(p.ClientRef) > maxRef || strings.ContainsFunc(p.ClientRef, unicode.IsControl) {
		return Ticket{}, fault.E(op, fault.Invalid, "client_ref takes at most %d characters, none of them a control character", maxRef).With("argument", "client_ref")
	}
	info, err := d.tradingAccount(ctx, c, p.Account)
	if err != nil {
		return Ticket{}, err
	}
	p.Account = info.ID
	asked := p.digest()
	if p.ClientRef != "" {
		old, ok, err := d.cfg.Journal.TicketByRef(ctx, info.User, info.ID, p.ClientRef)
		if err != nil {
			return Ticket{}, err
		}
		if ok {
			return d.repeated(old, asked)
		}
	}
	a, err := d.open(ctx, info)
	if err != nil {
		return Ticket{}, err
	}
	bal, err := a.broker.Balances(ctx, info.ID)
	if err != nil {
		return Ticket{}, brokerFault(op, err)
	}
	now := d.cfg.Now().UTC()
	t := Ticket{
		ID: newTicketID(now), User: info.User, Account: info.ID, Environment: info.Environment, ClientRef: p.ClientRef, Asked: asked,
		Approver: "model", State: Pending, Created: now, Expires: now.Add(TicketLife), Trace: c.Trace, Kind: KindSingle,
	}
	if info.Environment == trade.Live {
		t.Approver = "operator"
	}
	for i, w := range p.Wishes {
		kind, err := d.addWish(ctx, a, &t, w, bal)
		if err != nil {
			if len(p.Wishes) > 1 {
				f := fault.As(err)
				return Ticket{}, (&fault.Error{Code: f.Code, Op: f.Op, Message: fmt.Sprintf("order %d (%s %s): %s", i+1, w.Side, w.Symbol, f.Message), Hint: f.Hint, Detail: f.Detail, Err: f.Err})
			}
			return Ticket{}, err
		}
		t.Kind = kind
	}
	if len(p.Wishes) > 1 {
		t.Kind = KindBasket
	}
	if err := d.finish(ctx, a, &t, bal); err != nil {
		return Ticket{}, err
	}
	err = d.keep(ctx, c, &t)
	return t, err
}

// repeated answers a client reference that has a ticket already.
func (d *Desk) repeated(old Ticket, asked string) (Ticket, error) {
	if old.Asked != asked {
		return Ticket{}, fault.E("order.Propose", fault.Conflict, "client_ref %q was already used for another order", old.ClientRef).
			Hinted("Use a new client_ref for a new order.")
	}
	return d.fresh(old), nil
}

// keep makes a pending ticket durable and known. When another ticket with its
// client reference was first, t becomes that one.
func (d *Desk) keep(ctx context.Context, c Caller, t *Ticket) error {
	t.seal()
	wait := d.cfg.Journal.Append(Batch{Tickets: []Ticket{*t}, Notes: []Note{{
		Trace: c.Trace, Kind: "ticket", User: t.User, Subject: t.ID,
		Body: map[string]any{"account": t.Account, "kind": t.Kind, "digest": t.Digest, "summary": t.Summary, "approver": t.Approver, "expires_at": t.Expires},
	}}})
	d.cfg.Probe("ticket.appended")
	if err := wait(); err != nil {
		if t.ClientRef != "" {
			old, ok, lookup := d.cfg.Journal.TicketByRef(ctx, t.User, t.Account, t.ClientRef)
			if lookup == nil && ok && old.ID != t.ID {
				*t, err = d.repeated(old, t.Asked)
				return err
			}
		}
		return fault.Wrap("order.Propose", fault.Unavailable, err, "the ticket could not be written").Hinted("Free disk space or mend the disk, then try again.")
	}
	d.cfg.Probe("ticket.durable")
	kept := *t
	kept.Legs = slices.Clone(t.Legs)
	d.mu.Lock()
	d.tickets[t.ID] = &kept
	d.mu.Unlock()
	return nil
}

// tradingAccount finds the account and refuses one that may not trade.
func (d *Desk) tradingAccount(ctx context.Context, c Caller, id string) (Account, error) {
	info, err := d.AccountFor(ctx, c, id)
	if err != nil {
		return Account{}, err
	}
	if !info.Trading {
		return Account{}, fault.E("order.Propose", fault.Forbidden, "account %s is connected read-only", info.ID).
			Hinted("Connect it again with the trade permission.")
	}
	return info, nil
}

// addWish turns one wish into legs of the ticket.
func (d *Desk) addWish(ctx context.Context, a *account, t *Ticket, w Wish, bal trade.Balances) (Kind, error) {
	const op = "order.Propose"
	in, ok := d.prices(a.info.ID).Lookup(w.Symbol)
	if !ok {
		return "", fault.E(op, fault.NotFound, "there is no instrument %q", w.Symbol).Hinted("Call search_instruments to find its symbol.")
	}
	caps := a.broker.Capabilities()
	if !slices.Contains(caps.Classes, in.Class) {
		return "", fault.E(op, fault.Invalid, "%s does not trade %s instruments such as %s", caps.Broker, in.Class, in.Symbol)
	}
	q, err := d.prices(a.info.ID).Quote(ctx, in.Symbol)
	if err != nil {
		return "", fault.Wrap(op, fault.Unavailable, err, "there is no price for %s", in.Symbol).Hinted("Call get_quotes to see what is known of it.")
	}
	entry := trade.Order{
		Ticket: t.ID, Role: trade.Single, Account: t.Account, User: t.User, Symbol: in.Symbol, Side: w.Side, Type: w.Type, TIF: w.TIF,
		LimitPrice: w.LimitPrice, StopPrice: w.StopPrice, TrailAmount: w.TrailAmount, TrailPercent: w.TrailPercent,
		GoodTill: w.GoodTill, Extended: w.Extended, Status: trade.PendingConfirmation, Trace: t.Trace, Created: t.Created, Updated: t.Created,
	}
	if err := checkSize(w.Quantity, entry, w.TakeProfit, w.StopLoss, w.StopLossLimit); err != nil {
		return "", err
	}
	legs, kind, err := expand(w, entry, caps)
	if err != nil {
		return "", err
	}
	rate, err := d.prices(a.info.ID).Rate(ctx, in.Currency, bal.Currency)
	if err != nil {
		return "", fault.Wrap(op, fault.Unavailable, err, "there is no rate from %s to %s", in.Currency, bal.Currency)
	}
	var parent string
	for i := range legs {
		o := &legs[i]
		if err := d.checkShape(*o, in, caps); err != nil {
			return "", err
		}
		price := reckonPrice(*o, q)
		if i == 0 {
			if o.Quantity, err = toUnits(w, in, price.Mul(rate), bal.Equity); err != nil {
				return "", err
			}
		} else {
			o.Quantity = legs[0].Quantity
		}
		if err := in.CheckQuantity(o.Quantity); err != nil {
			return "", fault.E(op, fault.Invalid, "%s", err)
		}
		o.Leg = len(t.Legs)
		o.ID = orderID(t.ID, o.Leg)
		if o.Role == trade.Parent {
			parent = o.ID
		} else if parent != "" {
			o.ParentID = parent
		}
		if o.Group != "" {
			o.Group = fmt.Sprintf("%s-g%d", t.ID, t.groupOf(i, o.Leg))
		}
		warning, err := d.checkHours(*o, in)
		if err != nil {
			return "", err
		}
		if warning != "" && !slices.Contains(t.Warnings, warning) {
			t.Warnings = append(t.Warnings, warning)
		}
		t.Legs = append(t.Legs, Leg{Order: *o, Asked: w.Quantity, Unit: w.Unit, Price: price, Notional: in.Notional(price, o.Quantity).Mul(rate)})
	}
	return kind, nil
}

// groupOf numbers a wish's OCO group by its first leg.
func (t *Ticket) groupOf(withinWish, leg int) int { return leg - withinWish + 1 }

// toUnits turns the asked quantity into the instrument's units.
func toUnits(w Wish, in market.Instrument, price, equity num.Decimal) (num.Decimal, error) {
	const op = "order.Propose"
	if w.Quantity.Sign() <= 0 {
		return num.Zero, fault.E(op, fault.Invalid, "quantity must be above zero, not %s", w.Quantity).Hinted("Use side sell to sell.")
	}
	money := w.Quantity
	switch w.Unit {
	case trade.Shares, "":
		return w.Quantity, nil
	case trade.PercentEquity:
		money = equity.Mul(w.Quantity).Quo(num.FromInt(100))
	case trade.Notional:
	default:
		return num.Zero, fault.E(op, fault.Invalid, "unit %q is not known: use shares, notional or percent_equity", w.Unit)
	}
	if in.Multiplier.Sign() > 0 {
		price = price.Mul(in.Multiplier)
	}
	if price.Sign() <= 0 {
		return num.Zero, fault.E(op, fault.Unavailable, "there is no price to turn %s %s into a quantity of %s", w.Quantity, w.Unit, in.Symbol)
	}
	q := in.RoundQuantity(money.Quo(price))
	if q.Sign() <= 0 {
		return num.Zero, fault.E(op, fault.Invalid, "%s %s buys less than one lot of %s at %s", w.Quantity, w.Unit, in.Symbol, price.Rescale(2)).
			Hinted("Raise the quantity to at least %s in money.", price.Mul(in.Lot).Rescale(2))
	}
	return q, nil
}

// finish estimates, checks the policy and writes the summary.
func (d *Desk) finish(ctx context.Context, a *account, t *Ticket, bal trade.Balances) error {
	if err := d.estimate(ctx, a, t, bal); err != nil {
		return err
	}
	err := a.do(ctx, func() error {
		_, err := a.admit(ctx, t, nil)
		return err
	})
	if err != nil {
		return err
	}
	d.summarise(t)
	return nil
}

// estimate asks the broker what each leg would cost.
func (d *Desk) estimate(ctx context.Context, a *account, t *Ticket, bal trade.Balances) error {
	t.Totals = Totals{Currency: bal.Currency, BuyingPowerAfter: bal.BuyingPower}
	for i := range t.Legs {
		l := &t.Legs[i]
		cost, err := a.broker.Estimate(ctx, l.Order)
		if err != nil {
			return brokerFault("order.Propose", err)
		}
		l.Fee, l.InitialMargin, l.PowerUsed = cost.Fee, cost.InitialMargin, bal.BuyingPower.Sub(cost.BuyingPowerAfter)
		if bal.Equity.Sign() > 0 {
			l.EquityShare = l.Notional.Quo(bal.Equity).Round(6)
		}
		l.Notional = l.Notional.Round(2)
		if !counts(l.Order) {
			continue
		}
		t.Totals.Notional = t.Totals.Notional.Add(l.Notional)
		t.Totals.Fee = t.Totals.Fee.Add(l.Fee)
		t.Totals.InitialMargin = t.Totals.InitialMargin.Add(l.InitialMargin)
		t.Totals.EquityShare = t.Totals.EquityShare.Add(l.EquityShare)
		t.Totals.BuyingPowerAfter = t.Totals.BuyingPowerAfter.Sub(l.PowerUsed)
	}
	return nil
}

// counts tells whether a leg adds to what its ticket uses: children and the
// second leg of a pair of exits do not.
func counts(o trade.Order) bool {
	return o.ParentID == "" && (o.Group == "" || o.Role == trade.TakeProfit)
}

// admit is the decision, run in the account's goroutine at proposal and again
// at confirmation: policy, day limits and buying power over what is reserved. It
// gives the use of the day as it would be afterwards. The venue's money is read
// here, so that every order is in it or in what is held for it. before is the
// order a replacement stands in for.
func (a *account) admit(ctx context.Context, t *Ticket, before *trade.Order) (dayUse, error) {
	const op = "order.admit"
	d := a.desk
	policy := d.cfg.Policy()
	now := d.prices(a.info.ID).Now()
	use := *a.today(now)
	kill := d.Kill()
	bal, err := a.broker.Balances(ctx, a.info.ID)
	if err != nil {
		return use, brokerFault(op, err)
	}
	positions, err := a.broker.Positions(ctx, a.info.ID)
	if err != nil {
		return use, brokerFault(op, err)
	}
	held, selling, buying := map[string]num.Decimal{}, map[string]num.Decimal{}, map[string]num.Decimal{}
	for _, p := range positions {
		held[p.Symbol] = p.Quantity
	}
	for _, o := range a.orders {
		if o.Status.AtVenue() && o.ParentID == "" && o.Group == "" && (before == nil || o.ID != before.ID) {
			side := buying
			if o.Side == trade.Sell {
				side = selling
			}
			side[o.Symbol] = side[o.Symbol].Add(o.Remaining())
		}
	}
	var breaches []risk.Breach
	var adds bool
	for _, l := range t.Legs {
		in, ok := d.prices(a.info.ID).Lookup(l.Order.Symbol)
		if !ok {
			return use, fault.E(op, fault.NotFound, "there is no instrument %q any more", l.Order.Symbol)
		}
		q, err := d.prices(a.info.ID).Quote(ctx, in.Symbol)
		if err != nil {
			return use, fault.Wrap(op, fault.Unavailable, err, "there is no price for %s", in.Symbol)
		}
		reduces := !counts(l.Order) || reducing(l.Order, held[in.Symbol], selling[in.Symbol], buying[in.Symbol])
		adds = adds || !reduces
		breaches = append(breaches, risk.Check(policy, risk.Facts{
			Account: a.info.ID, Environment: a.info.Environment, KillSwitch: kill.Engaged, Instrument: in, Order: l.Order, Quote: q, Now: now,
			Notional: l.Notional, Equity: bal.Equity, DayNotional: use.notional, DayQuantity: use.quantity, DayOrders: use.orders,
			Held: held[in.Symbol], Selling: selling[in.Symbol], Reduces: reduces,
		})...)
		if counts(l.Order) {
			use.notional = use.notional.Add(l.Notional)
			use.quantity = use.quantity.Add(l.Order.Quantity)
			use.orders++
			if l.Order.Side == trade.Sell {
				selling[in.Symbol] = selling[in.Symbol].Add(l.Order.Quantity)
			} else {
				buying[in.Symbol] = buying[in.Symbol].Add(l.Order.Quantity)
			}
		}
	}
	if len(breaches) > 0 {
		b := breaches[0]
		return use, fault.E(op, fault.RiskRefused, "%s", b.Text).With("rule", b.Rule).With("limit", b.Limit).With("value", b.Value).With("breaches", breaches).
			Hinted("Stay within %s = %s; only the operator changes the policy.", b.Rule, b.Limit)
	}
	left := bal.BuyingPower
	for _, l := range t.Legs {
		if counts(l.Order) {
			left = left.Sub(l.PowerUsed)
		}
	}
	for _, m := range a.held {
		left = left.Sub(m)
	}
	if adds && left.Sign() < 0 {
		return use, fault.E(op, fault.InsufficientBuyingPower, "the order needs %s %s more buying power than account %s has", left.Neg().Rescale(2), bal.Currency, a.info.ID).
			With("rule", "buying_power").With("limit", bal.BuyingPower.Rescale(2).String()).With("value", bal.BuyingPower.Sub(left).Rescale(2).String())
	}
	return use, nil
}

// reducing tells whether an order can only make the position smaller, even if
// all that works on its side fills before it.
func reducing(o trade.Order, held, selling, buying num.Decimal) bool {
	if o.Side == trade.Sell {
		return o.Quantity.Cmp(held.Sub(selling)) <= 0 && held.Sign() > 0
	}
	return held.Sign() < 0 && o.Quantity.Cmp(held.Neg().Sub(buying)) <= 0
}

// brokerFault tells a broker's error in our words, keeping its own.
func brokerFault(op string, err error) error {
	if v := refusal(err); v != nil {
		return fault.Wrap(op, fault.RejectedByVenue, err, "the broker refused: %s", v.Text).With("venue_code", v.Code).With("venue_text", v.Text)
	}
	if f := fault.As(err); f.Code != fault.Internal {
		return err
	}
	return fault.Wrap(op, fault.Unavailable, err, "the broker did not answer").Hinted("Call connection_status, then read the state before trying again.")
}
