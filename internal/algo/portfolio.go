package algo

import (
	"sort"

	"quantdesk/internal/num"
)

// Portfolio is the account: its cash and what it holds.
type Portfolio struct {
	e         *Engine
	Cash      *CashBook
	Unsettled *CashBook

	valid bool
	total num.Decimal
	// Closed are the profits of closing fills, in the order of their times.
	Closed []ClosedProfit
	// MarginCall makes the orders of a margin call; nil: none are made.
	MarginCall MarginCallModel
	closedAt   map[int64]bool
	cashSet    bool
	foreignSet bool
	rebased    bool
}

// ClosedProfit is what a closing fill brought, less fees.
type ClosedProfit struct {
	Time   int64 // utc
	Profit num.Decimal
	Win    bool
}

// MarginCallModel decides what is sold when the margin is used up.
type MarginCallModel interface {
	Orders(p *Portfolio) (orders []Request, warn bool, err error)
	Execute(p *Portfolio, orders []Request) ([]*Ticket, error)
}

func newPortfolio(e *Engine) *Portfolio {
	p := &Portfolio{e: e, closedAt: map[int64]bool{}}
	p.Cash = newCashBook("USD", p.Invalidate)
	p.Unsettled = newCashBook("USD", p.Invalidate)
	p.MarginCall = DefaultMarginCall{}
	return p
}

// Invalidate makes the next TotalValue reckon anew.
func (p *Portfolio) Invalidate() { p.valid = false }

// SetCash sets the starting cash of the account's currency.
func (p *Portfolio) SetCash(amount num.Decimal) {
	p.cashSet, p.foreignSet = true, false
	p.Cash.Get(p.Cash.Account).Set(amount)
}

// SetCashOf sets the starting cash of any currency.
func (p *Portfolio) SetCashOf(currency string, amount, rate num.Decimal) {
	p.cashSet, p.foreignSet = true, true
	if c := p.Cash.Get(currency); c != nil {
		c.Set(amount)
		if currency != p.Cash.Account {
			c.Rate = rate
		}
		return
	}
	p.Cash.Add(currency, amount, rate)
}

// SetAccountCurrency changes the account's currency, once and before any
// security is added.
func (p *Portfolio) SetAccountCurrency(currency string, start *num.Decimal) error {
	if p.rebased {
		return nil
	}
	p.rebased = true
	if p.e.Securities.Len() > 0 {
		return errf("the account's currency cannot change once a security was added")
	}
	old := *p.Cash.Get(p.Cash.Account)
	if currency != p.Cash.Account {
		p.Cash.rebase(currency)
		p.Unsettled.rebase(currency)
		if p.foreignSet && !old.Amount.IsZero() {
			p.Cash.Get(currency).Set(num.Zero)
			p.Cash.Add(old.Symbol, old.Amount, old.Rate)
		}
	}
	if start != nil {
		p.SetCash(*start)
	}
	return nil
}

// TotalValue is what the account is worth, in its currency.
func (p *Portfolio) TotalValue() num.Decimal {
	if p.valid {
		return p.total
	}
	held, margined := num.Zero, num.Zero
	for _, s := range p.e.Securities.All() {
		if !s.Invested() {
			continue
		}
		switch s.Symbol.Kind {
		case Forex, Crypto:
		case CFD, CryptoFuture:
			profit, err := s.UnrealizedProfit()
			if err != nil {
				p.e.fail(err)
			}
			margined = margined.Add(profit)
		default:
			held = held.Add(s.HoldingsValue())
		}
	}
	p.total = p.Cash.Total().Add(p.Unsettled.Total()).Add(held).Add(margined)
	p.valid = true
	return p.total
}

// TotalLessBuffer is the total less what is kept free.
func (p *Portfolio) TotalLessBuffer() num.Decimal {
	total := p.TotalValue()
	if v := p.e.Settings.FreeValue; v != nil {
		return total.Sub(*v)
	}
	return total.Sub(total.Mul(p.e.Settings.FreePercent))
}

// MarginUsed is what the positions hold of the account.
func (p *Portfolio) MarginUsed() (num.Decimal, error) {
	sum := num.Zero
	for _, s := range p.e.Securities.All() {
		if s.Invested() {
			m, err := s.Power.Maintenance(s)
			if err != nil {
				return num.Zero, err
			}
			sum = sum.Add(m)
		}
	}
	return sum, nil
}

// MarginRemaining is what is left of the account for new positions.
func (p *Portfolio) MarginRemaining() (num.Decimal, error) {
	used, err := p.MarginUsed()
	return p.TotalValue().Sub(p.Unsettled.Total()).Sub(used), err
}

// Sum adds up a figure of all holdings there ever were.
func (p *Portfolio) Sum(of func(*Security) num.Decimal) num.Decimal {
	sum := num.Zero
	for _, s := range p.e.Securities.Ever() {
		sum = sum.Add(of(s))
	}
	return sum
}

// above tells whether a change of margin is worth an order.
func (p *Portfolio) above(share, change num.Decimal) bool {
	if share.IsZero() {
		return true
	}
	total := p.TotalValue()
	remaining := num.Zero
	least := total.Mul(share)
	if !change.Less(least) {
		return true
	}
	// A small order is let through when the margin is used up, for it frees some.
	if r, err := p.MarginRemaining(); err == nil {
		remaining = r
	}
	return remaining.Sign() <= 0
}

// process folds a fill into cash and position.
func (p *Portfolio) process(s *Security, f *OrderEvent) {
	h := &s.Holding
	was := h.Quantity.Sign()
	h.SaleVolume = h.SaleVolume.Add(s.Value(f.FillQuantity.Abs(), f.FillPrice))
	fee := num.Zero
	if !f.Fee.Amount.IsZero() {
		fee = p.Cash.ToAccount(f.Fee)
		h.Fees = h.Fees.Add(fee)
		if f.kept {
			// The position is smaller by the fee, which was bought all the same.
			s.Quote.Add(f.Fee.Amount.Mul(f.FillPrice).Mul(s.Properties.Multiplier).Neg())
		} else {
			p.Cash.ensure(f.Fee.Currency).Add(f.Fee.Amount.Neg())
		}
	}
	kind := s.Symbol.Kind
	margined := kind == Future || kind == CFD || kind == CryptoFuture
	if !margined {
		s.Settlement.Apply(s, Money{f.FillQuantity.Neg().Mul(f.FillPrice).Mul(s.Properties.Multiplier), s.Quote.Symbol}, f.Time)
	}
	if kind == Forex || kind == Crypto {
		s.Settlement.Apply(s, Money{f.FillQuantity, s.Base.Symbol}, f.Time)
	}
	if was > 0 && f.FillQuantity.Sign() < 0 || was < 0 && f.FillQuantity.Sign() > 0 {
		closed := num.Min(f.FillQuantity.Abs(), h.Quantity.Abs())
		if was < 0 {
			closed = closed.Neg()
		}
		m := s.Properties.Multiplier
		profit := f.FillPrice.Mul(closed).Mul(m).Sub(h.Average.Mul(closed).Mul(m))
		if margined {
			s.Settlement.Apply(s, Money{profit, s.Quote.Symbol}, f.Time)
		}
		profit = profit.Mul(s.rate())
		h.Profit = h.Profit.Add(profit)
		h.LastProfit = profit
		net := profit.Sub(num.FromInt(2).Mul(fee))
		p.record(p.e.utc, net)
	}
	quantity := h.Quantity.Add(f.FillQuantity)
	switch {
	case was == 0:
		h.Average = f.FillPrice
	case was == f.FillQuantity.Sign():
		h.Average = h.Average.Mul(h.Quantity).Add(f.FillQuantity.Mul(f.FillPrice)).Quo(quantity)
	case quantity.IsZero():
		h.Average = num.Zero
	case quantity.Sign() != was:
		h.Average = f.FillPrice
	}
	h.Quantity = quantity
	p.Invalidate()
	s.moved()
}

func (p *Portfolio) record(utc int64, profit num.Decimal) {
	for p.closedAt[utc] {
		utc += 1_000_000
	}
	p.closedAt[utc] = true
	p.Closed = append(p.Closed, ClosedProfit{utc, profit, profit.Sign() > 0})
	sort.SliceStable(p.Closed, func(i, j int) bool { return p.Closed[i].Time < p.Closed[j].Time })
}

// dividend pays a distribution where prices are not adjusted for it.
func (p *Portfolio) dividend(d *Dividend, mode Normalization) {
	if mode != Raw && mode != SplitAdjusted {
		return
	}
	s := p.e.Securities.Get(d.Symbol)
	total := s.Holding.Quantity.Mul(d.Distribution).Mul(s.rate())
	p.Cash.Get(p.Cash.Account).Add(total)
	s.Holding.Dividends = s.Holding.Dividends.Add(total)
}

// split changes a position where prices are not adjusted for it; what is not
// a whole share is paid out.
func (p *Portfolio) split(x *Split, s *Security, mode Normalization) {
	if s.Symbol.Kind != Equity || mode != Raw {
		return
	}
	quantity := s.Holding.Quantity.Quo(x.Factor)
	whole := quantity.Trunc(0)
	left := quantity.Sub(whole)
	s.Holding.Average = s.Holding.Average.Mul(x.Factor)
	s.Holding.Quantity = whole
	cash := p.Cash.Get(p.Cash.Account)
	if s.last == nil {
		cash.Add(left.Mul(x.Reference).Mul(x.Factor))
		return
	}
	s.applySplit(x)
	cash.Add(left.Mul(s.last.Last()))
	p.Invalidate()
	s.moved()
}

// applySplit brings a security's last prices to the new share size.
func (s *Security) applySplit(x *Split) {
	scale := func(b *Bar) *Bar {
		c := *b
		c.O, c.H, c.L, c.C = b.O.Mul(x.Factor), b.H.Mul(x.Factor), b.L.Mul(x.Factor), b.C.Mul(x.Factor)
		c.Volume = b.Volume.Mul(num.One.Quo(x.Factor)).Round(0)
		return &c
	}
	if b, ok := s.last.(*Bar); ok {
		c := scale(b)
		s.last, s.lastTrade = c, c
	}
	for _, p := range []*num.Decimal{&s.Price, &s.Open, &s.High, &s.Low, &s.Close, &s.Bid, &s.Ask} {
		*p = p.Mul(x.Factor)
	}
	s.Holding.Price = s.Price
}

// DefaultMarginCall sells a tenth beyond what the margin allows.
type DefaultMarginCall struct{}

var (
	warnShare  = num.New(5, 2)
	callBuffer = num.New(11, 1)
)

// Orders are the sales that bring the margin back.
func (DefaultMarginCall) Orders(p *Portfolio) (out []Request, warn bool, err error) {
	used, err := p.MarginUsed()
	if err != nil || used.Sign() <= 0 {
		return nil, false, err
	}
	total := p.TotalValue()
	remaining, err := p.MarginRemaining()
	if err != nil {
		return nil, false, err
	}
	warn = !total.Mul(warnShare).Less(remaining)
	if remaining.Sign() > 0 || !total.Mul(callBuffer).Less(used) {
		if remaining.Sign() <= 0 {
			warn = false
		}
		return nil, warn, nil
	}
	over := used.Sub(total)
	for _, s := range p.e.Securities.All() {
		if !s.Invested() || s.rate().IsZero() {
			continue
		}
		held, err := s.Power.Maintenance(s)
		if err != nil {
			return nil, false, err
		}
		keep := num.Max(num.Zero, held.Sub(over))
		// The position is to use what is kept as margin, a share of the total.
		if s.Holding.Quantity.Sign() < 0 {
			keep = keep.Neg()
		}
		share := num.Zero
		if !total.IsZero() {
			share = keep.Quo(total)
		}
		quantity, _, failed, err := s.Power.Target(s, share, num.Zero)
		if err != nil || failed || quantity.IsZero() {
			continue
		}
		if quantity = quantity.Abs(); s.Holding.Quantity.Sign() > 0 {
			quantity = quantity.Neg()
		}
		out = append(out, Request{Type: Market, Symbol: s.Symbol, Quantity: quantity, Tag: "Margin Call"})
	}
	return out, len(out) > 0, nil
}

// Execute sends the orders, the greatest losers first, until the margin is back.
func (DefaultMarginCall) Execute(p *Portfolio, orders []Request) (out []*Ticket, err error) {
	if r, err := p.MarginRemaining(); err != nil || r.Sign() >= 0 {
		return nil, err
	}
	profit := map[*Symbol]num.Decimal{}
	for _, o := range orders {
		if profit[o.Symbol], err = p.e.Securities.Get(o.Symbol).UnrealizedProfit(); err != nil {
			return nil, err
		}
	}
	sort.SliceStable(orders, func(i, j int) bool { return profit[orders[i].Symbol].Less(profit[orders[j].Symbol]) })
	for _, o := range orders {
		t := p.e.add(o)
		out = append(out, t)
		if r, err := p.MarginRemaining(); err != nil || r.Sign() >= 0 {
			return out, err
		}
	}
	return out, nil
}

// moved tells those who look on that a position changed.
func (s *Security) moved() {
	if s.Mirror != nil {
		s.Mirror(s)
	}
	if s.e.OnPosition != nil {
		s.e.OnPosition()
	}
}
