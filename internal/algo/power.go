package algo

import (
	"fmt"

	"quantdesk/internal/num"
)

// PowerModel says how much may be bought.
type PowerModel interface {
	Leverage(s *Security) (num.Decimal, error)
	SetLeverage(s *Security, leverage num.Decimal) error
	// Maintenance is the margin a position holds, in the account's currency.
	Maintenance(s *Security) (num.Decimal, error)
	// Initial is the margin a quantity needs, signed as the quantity.
	Initial(s *Security, quantity num.Decimal) (num.Decimal, error)
	// Sufficient tells whether an order can be paid; why says what lacks.
	Sufficient(s *Security, o *Order) (ok bool, why string, err error)
	// Target gives the quantity to order so that the position uses a share of
	// the portfolio as margin; minimum is the smallest change worth an order.
	Target(s *Security, share, minimum num.Decimal) (quantity num.Decimal, why string, failed bool, err error)
	// Power is what may be spent in a direction.
	Power(s *Security, d Direction) (num.Decimal, error)
}

// MarginPower requires a share of a position's value as margin.
type MarginPower struct {
	initial, maintenance, free num.Decimal
	// Over replaces parts of the model; the algorithm's own subclass.
	Over PowerModel
}

// NewMarginPower makes a model of a leverage; free is the share of the
// portfolio that stays unused.
func NewMarginPower(leverage, free num.Decimal) (*MarginPower, error) {
	if leverage.Less(num.One) {
		return nil, fmt.Errorf("the leverage must be at least 1, not %s", leverage)
	}
	m := num.One.Quo(leverage)
	return &MarginPower{initial: m, maintenance: m, free: free}, nil
}

// NewMarginPowerOf makes a model of its margin requirements.
func NewMarginPowerOf(initial, maintenance, free num.Decimal) (*MarginPower, error) {
	for _, x := range []num.Decimal{initial, maintenance, free} {
		if x.Sign() < 0 || num.One.Less(x) {
			return nil, fmt.Errorf("a margin requirement must lie between 0 and 1, not %s", x)
		}
	}
	return &MarginPower{initial: initial, maintenance: maintenance, free: free}, nil
}

func (m *MarginPower) self() PowerModel {
	if m.Over != nil {
		return m.Over
	}
	return m
}

// Leverage is the inverse of the initial requirement.
func (m *MarginPower) Leverage(*Security) (num.Decimal, error) { return num.One.Quo(m.initial), nil }

// SetLeverage changes both requirements.
func (m *MarginPower) SetLeverage(_ *Security, leverage num.Decimal) error {
	if leverage.Less(num.One) {
		return fmt.Errorf("the leverage must be at least 1, not %s", leverage)
	}
	m.initial = num.One.Quo(leverage)
	m.maintenance = m.initial
	return nil
}

// Maintenance is a share of the position's value.
func (m *MarginPower) Maintenance(s *Security) (num.Decimal, error) {
	return s.HoldingsValue().Abs().Mul(m.maintenance), nil
}

// Initial is a share of the quantity's value at the current price.
func (m *MarginPower) Initial(s *Security, quantity num.Decimal) (num.Decimal, error) {
	return s.rate().Mul(s.Properties.Multiplier).Mul(s.Price).Mul(quantity).Mul(m.initial), nil
}

// Power is the free margin, with what closing the position would free.
func (m *MarginPower) Power(s *Security, d Direction) (num.Decimal, error) {
	p := s.e.Portfolio
	total := p.TotalValue()
	result, err := p.MarginRemaining()
	if err != nil {
		return num.Zero, err
	}
	if q := s.Holding.Quantity.Sign(); q > 0 && d == Sell || q < 0 && d == Buy {
		a, err := m.self().Maintenance(s)
		if err != nil {
			return num.Zero, err
		}
		b, err := m.self().Initial(s, s.Holding.Quantity.Abs())
		if err != nil {
			return num.Zero, err
		}
		result = result.Add(a).Add(b)
	}
	result = result.Sub(total.Mul(m.free))
	return num.Max(result, num.Zero), nil
}

// Sufficient compares the order's margin and fee with the free margin. Orders
// that only reduce a position always pass.
func (m *MarginPower) Sufficient(s *Security, o *Order) (bool, string, error) {
	if o.Quantity.IsZero() {
		return true, "", nil
	}
	t := s.e.tickets[o.ID]
	if t == nil {
		return false, fmt.Sprintf("there is no ticket of order %d", o.ID), nil
	}
	held := s.Holding.Quantity
	if held.Sign()*o.Quantity.Sign() < 0 && !held.Abs().Less(o.Quantity.Abs()) {
		return true, "", nil
	}
	free, err := m.self().Power(s, o.Direction())
	if err != nil {
		return false, "", err
	}
	need, err := m.ForOrder(s, o)
	if err != nil {
		return false, "", err
	}
	open := o.Quantity.Abs().Sub(t.filled.Abs()).Quo(o.Quantity.Abs())
	if need = open.Mul(need); free.Less(need.Abs()) {
		return false, fmt.Sprintf("Id: %d, Initial Margin: %s, Free Margin: %s", o.ID, need.Normalize(), free.Normalize()), nil
	}
	return true, "", nil
}

// ForOrder is the margin an order needs, its fee included.
func (m *MarginPower) ForOrder(s *Security, o *Order) (num.Decimal, error) {
	fee, err := s.Fee.Fee(s, o)
	if err != nil {
		return num.Zero, err
	}
	margin, err := m.self().Initial(s, o.Quantity)
	if err != nil {
		return num.Zero, err
	}
	f := s.e.Portfolio.Cash.ToAccount(fee)
	if margin.Sign() < 0 {
		f = f.Neg()
	} else if margin.IsZero() {
		f = num.Zero
	}
	return margin.Add(f), nil
}

// Target solves for the quantity whose margin, with the fee of getting there,
// is a share of the portfolio.
func (m *MarginPower) Target(s *Security, share, minimum num.Decimal) (num.Decimal, string, bool, error) {
	p := s.e.Portfolio
	total := p.TotalValue()
	reserve := total.Mul(m.free)
	target := share.Mul(total.Sub(reserve))
	if target.IsZero() {
		return s.Holding.Quantity.Neg(), "", false, nil
	}
	used, err := m.self().Initial(s, s.Holding.Quantity)
	if err != nil {
		return num.Zero, "", true, err
	}
	unit, err := m.self().Initial(s, num.One)
	if err != nil {
		return num.Zero, "", true, err
	}
	if unit.IsZero() {
		return num.Zero, zeroPrice(s.Symbol), true, nil
	}
	if !p.above(minimum, target.Sub(used).Abs()) {
		return num.Zero, "the change is smaller than the smallest order", false, nil
	}
	last := num.Zero
	for {
		quantity, margin, err := m.amount(s, target, unit)
		if err != nil || quantity.IsZero() {
			return num.Zero, "the quantity is less than one lot", false, err
		}
		fee, err := s.Fee.Fee(s, &Order{Type: Market, Symbol: s.Symbol, Quantity: quantity, Time: s.e.utc})
		if err != nil {
			return num.Zero, "", true, err
		}
		target = total.Sub(p.Cash.ToAccount(fee)).Sub(reserve).Mul(share)
		if last.Equal(quantity) {
			return num.Zero, "", true, fmt.Errorf("the quantity of %s for a target of %s did not settle at %s", s.Symbol, share, quantity)
		}
		last = quantity
		if !target.Abs().Less(margin.Abs()) {
			return quantity, "", false, nil
		}
	}
}

// amount is the quantity to order for a margin, rounded to lots toward less,
// and the margin the position then has.
func (m *MarginPower) amount(s *Security, target, unit num.Decimal) (quantity, margin num.Decimal, err error) {
	lot := s.Properties.Lot
	mode := num.ModeFloor
	if target.Sign() < 0 {
		mode = num.ModeCeil
	}
	size := target.Quo(unit).Sub(s.Holding.Quantity).QuantizeTo(lot, mode)
	if margin, err = m.self().Initial(s, size.Add(s.Holding.Quantity)); err != nil {
		return
	}
	diff := margin.Sub(target)
	for diff.Sign() != 0 && diff.Sign() == target.Sign() {
		if target.Sign() < 0 {
			size = size.Add(lot)
		} else {
			size = size.Sub(lot)
		}
		if margin, err = m.self().Initial(s, size.Add(s.Holding.Quantity)); err != nil {
			return
		}
		next := margin.Sub(target)
		if diff.Abs().Less(next.Abs()) && next.Sign() == diff.Sign() {
			return num.Zero, num.Zero, fmt.Errorf("the margin of %s grows where it should shrink: target %s, margin of one unit %s", s.Symbol, target, unit)
		}
		diff = next
	}
	return size, margin, nil
}

func zeroPrice(s *Symbol) string {
	return fmt.Sprintf("%s: The security does not have an accurate price as it has not yet received a bar of data. Before placing a trade (or using SetHoldings) warm up your algorithm with SetWarmup, or use slice.ContainsKey(symbol) to confirm the Slice object has price before using the data. Data does not necessarily all arrive at the same time so your algorithm should confirm the data is ready before using it. In live trading this can mean you do not have an active subscription to the asset class you're trying to trade. If using custom data make sure you've set the 'Value' property.", s.Value)
}

// CashPower pays currency pairs with what the account holds: no margin, no
// short positions.
type CashPower struct{}

// Leverage is one.
func (CashPower) Leverage(*Security) (num.Decimal, error) { return num.One, nil }

// SetLeverage accepts one.
func (CashPower) SetLeverage(_ *Security, leverage num.Decimal) error {
	if !leverage.Equal(num.One) {
		return fmt.Errorf("a cash account has a leverage of 1, not %s", leverage)
	}
	return nil
}

// Maintenance is nothing.
func (CashPower) Maintenance(*Security) (num.Decimal, error) { return num.Zero, nil }

// Initial is the whole value.
func (CashPower) Initial(s *Security, quantity num.Decimal) (num.Decimal, error) {
	return s.rate().Mul(s.Properties.Multiplier).Mul(s.Price).Mul(quantity), nil
}

// Power is the quantity the account can pay or deliver, in the base currency.
func (CashPower) Power(s *Security, d Direction) (num.Decimal, error) {
	if s.Base == nil || s.Price.IsZero() {
		return num.Zero, nil
	}
	if d == Buy {
		return s.Quote.Amount.Quo(s.Price.Mul(s.Properties.Multiplier)), nil
	}
	return s.Base.Amount, nil
}

func orderPrice(s *Security, o *Order) num.Decimal {
	switch o.Type {
	case Market:
		return s.Price
	case Limit, StopLimit, LimitIfTouched:
		return o.LimitPrice
	case StopMarket, TrailingStop:
		return o.StopPrice
	}
	return num.Zero
}

// reserved is what open orders will take of the currency an order needs.
func reserved(s *Security, o *Order) num.Decimal {
	target := s.Base
	if o.Direction() == Buy {
		target = s.Quote
	}
	sum := num.Zero
	for _, t := range s.e.OpenTickets(nil) {
		x := t.Order
		other := s.e.Securities.Get(x.Symbol)
		if x.ID == o.ID || other == nil || other.Base == nil || x.Type != Limit && x.Type != StopMarket {
			continue
		}
		switch {
		case other.Base == target && x.Direction() == Sell:
			sum = sum.Add(x.Quantity.Abs())
		case other.Quote == target && x.Direction() == Buy:
			sum = sum.Add(x.Quantity.Abs().Mul(orderPrice(s, x)))
		}
	}
	return sum
}

// Sufficient compares the order with the currency it is paid in.
func (m CashPower) Sufficient(s *Security, o *Order) (bool, string, error) {
	if s.Base == nil {
		return false, fmt.Sprintf("the %s security is not supported by this cash model", s.Symbol), nil
	}
	held := reserved(s, o)
	quantity := o.Quantity.Abs()
	if o.Direction() != Buy {
		if free := s.Base.Amount.Sub(held); free.Less(quantity) {
			return false, fmt.Sprintf("your portfolio holds %s %s, %s of it reserved for open orders: an order for %s cannot be delivered", s.Base.Amount.Normalize(), s.Base.Symbol, held.Normalize(), quantity.Normalize()), nil
		}
		return true, "", nil
	}
	cost := quantity.Mul(orderPrice(s, o))
	free := s.Quote.Amount.Sub(held)
	most := free
	book := s.e.Portfolio.Cash
	if o.Type == Market {
		worth := book.Convert(s.Base.Amount, s.Base.Symbol, s.Quote.Symbol)
		value := book.Convert(free.Add(worth), s.Quote.Symbol, book.Account)
		share := num.Zero
		if total := s.e.Portfolio.TotalValue(); !total.IsZero() {
			share = value.Quo(total)
		}
		q, _, _, err := m.Target(s, share, num.Zero)
		if err != nil {
			return false, "", err
		}
		most = q.Mul(orderPrice(s, o)).Abs()
	} else if o.Type == Limit {
		fee, err := s.Fee.Fee(s, o)
		if err != nil {
			return false, "", err
		}
		most = free.Sub(book.Convert(fee.Amount, fee.Currency, s.Quote.Symbol))
	}
	if most.Less(cost) {
		return false, fmt.Sprintf("your portfolio holds %s %s, %s of it reserved for open orders: an order for %s cannot be paid", s.Quote.Amount.Normalize(), s.Quote.Symbol, held.Normalize(), cost.Normalize()), nil
	}
	return true, "", nil
}

// Target solves for the quantity whose value, with the fee, is a share of the
// portfolio.
func (CashPower) Target(s *Security, share, _ num.Decimal) (num.Decimal, string, bool, error) {
	book := s.e.Portfolio.Cash
	want := share.Mul(s.e.Portfolio.TotalValue())
	if want.Sign() < 0 {
		return num.Zero, "a cash account cannot go short", true, nil
	}
	if s.Base == nil {
		return num.Zero, fmt.Sprintf("the %s security is not supported by this cash model", s.Symbol), true, nil
	}
	if want.IsZero() {
		return s.Base.Amount.Neg(), "", false, nil
	}
	have := book.Convert(s.Base.Amount, s.Base.Symbol, book.Account)
	value := want.Sub(have).Abs()
	buying := have.Less(want)
	unit := s.BidPrice()
	if buying {
		unit = s.AskPrice()
	}
	unit = unit.Mul(s.rate().Mul(s.Properties.Multiplier))
	if unit.IsZero() {
		return num.Zero, zeroPrice(s.Symbol), true, nil
	}
	lot := s.Properties.Lot
	quantity := value.Quo(unit)
	quantity = quantity.Sub(quantity.Rem(lot))
	if quantity.IsZero() {
		return num.Zero, "the quantity is less than one lot", false, nil
	}
	last, cost := num.Zero, num.Zero
	for {
		if value.Less(cost) {
			remove := cost.Sub(value).Quo(cost.Quo(quantity))
			quantity = quantity.Sub(num.Max(remove, lot))
		}
		quantity = quantity.Sub(quantity.Rem(lot))
		if quantity.Sign() <= 0 {
			return num.Zero, "the quantity is less than one lot", true, nil
		}
		if last.Equal(quantity) {
			return num.Zero, "", true, fmt.Errorf("the quantity of %s for a value of %s did not settle at %s", s.Symbol, value, quantity)
		}
		last = quantity
		fee, err := s.Fee.Fee(s, &Order{Type: Market, Symbol: s.Symbol, Quantity: quantity, Time: s.e.utc})
		if err != nil {
			return num.Zero, "", true, err
		}
		cost = quantity.Mul(unit).Add(book.ToAccount(fee))
		if !value.Less(cost) {
			if !buying {
				quantity = quantity.Neg()
			}
			return quantity, "", false, nil
		}
	}
}

// ConstantPower lets everything pass: a model for data that is not traded.
type ConstantPower struct{ *MarginPower }

// Sufficient is always true.
func (ConstantPower) Sufficient(*Security, *Order) (bool, string, error) { return true, "", nil }
