package algo

import (
	"quantdesk/internal/num"
)

// Holding is a position in a security.
type Holding struct {
	Quantity   num.Decimal
	Average    num.Decimal
	Price      num.Decimal
	Fees       num.Decimal
	Profit     num.Decimal
	LastProfit num.Decimal
	SaleVolume num.Decimal
	Dividends  num.Decimal
}

// Security is what is traded, with its last data, its position and its models.
type Security struct {
	e          *Engine
	Symbol     *Symbol
	Properties Properties
	Hours      *Hours
	Configs    []*Config
	Holding    Holding
	Quote      *Cash
	Base       *Cash // of currency pairs
	fresh      bool  // the initializer has not seen it
	Tradable   bool
	Delisted   bool

	Price, Open, High, Low, Close num.Decimal
	Bid, Ask, BidSize, AskSize    num.Decimal
	Volume                        num.Decimal
	last                          Point
	had                           bool // there were data before it left
	lastTrade                     *Bar
	lastQuote                     *QuoteBar
	lastTradeTick, lastQuoteTick  []*Ticks
	lastCustom                    *Custom
	lastQuoteAt, lastOHLC         int64
	Fundamental                   *Row

	Fill       FillModel
	Fee        FeeModel
	Slippage   SlippageModel
	Power      PowerModel
	Settlement SettlementModel
	Interest   func(*Security, int64) error
	Volatility func(*Security, Point) error
	DataFilter func(*Security, Point) (bool, error)
	Shortable  func(s *Security, local int64) (quantity int64, limited bool)

	session *Session
	// Mirror is told after every change of price or position.
	Mirror func(*Security)
	// Object is the algorithm's own object for it.
	Object any
}

// Engine gives the engine a security belongs to.
func (s *Security) Engine() *Engine { return s.e }

// Local is the exchange's wall clock now.
func (s *Security) Local() int64 { return s.Hours.Local(s.e.utc) }

// ExchangeOpen tells whether the exchange is in regular hours now.
func (s *Security) ExchangeOpen() bool { return s.Hours.IsOpen(s.Local(), false) }

// HasData tells whether there was any data yet.
func (s *Security) HasData() bool { return s.last != nil }

// HadData tells whether there ever was any, also before the security left.
func (s *Security) HadData() bool { return s.had || s.last != nil }

// Last is the last point of the security's main data.
func (s *Security) Last() Point { return s.last }

// LastTrade and LastQuote are the last bars, nil before the first.
func (s *Security) LastTrade() *Bar { return s.lastTrade }

// LastQuote is the last quote bar, nil before the first.
func (s *Security) LastQuote() *QuoteBar { return s.lastQuote }

// Ticks are the ticks of the last step that had any.
func (s *Security) Ticks() []*Ticks {
	return append(append([]*Ticks(nil), s.lastTradeTick...), s.lastQuoteTick...)
}

func keep(to *num.Decimal, v num.Decimal) {
	if !v.IsZero() {
		*to = v
	}
}

// leads tells whether a security's price follows a point: equities follow
// trades alone, everything else follows whatever comes.
func leads(s *Symbol, p Point) bool {
	if s.Kind != Equity {
		return true
	}
	switch v := p.(type) {
	case *QuoteBar:
		return false
	case *Ticks:
		return !v.Quote
	}
	return true
}

// update takes a step's points of one subscription. Copies of old points do not
// change anything.
func (s *Security) update(points []Point, internal bool) error {
	var trades, quotes []*Ticks
	for _, p := range points {
		if filled(p) {
			continue
		}
		switch v := p.(type) {
		case *Ticks:
			if v.Quote {
				quotes = append(quotes, v)
			} else {
				trades = append(trades, v)
			}
		case *Bar:
			s.lastTrade = v
		case *QuoteBar:
			s.lastQuote = v
		case *Custom:
			s.lastCustom = v
		}
	}
	if trades != nil {
		s.lastTradeTick = trades
	}
	if quotes != nil {
		s.lastQuoteTick = quotes
	}
	for _, p := range points {
		if s.session != nil && !internal {
			s.session.update(p)
		}
		if !filled(p) {
			s.take(p)
		}
	}
	last := points[len(points)-1]
	if last.Last().IsZero() {
		return nil
	}
	s.Holding.Price = s.Price
	if s.Volatility != nil {
		if err := s.Volatility(s, last); err != nil {
			return err
		}
	}
	if s.Mirror != nil {
		s.Mirror(s)
	}
	return nil
}

// Seed takes a point as the security's last data, as an initial price.
func (s *Security) Seed(p Point) {
	switch v := p.(type) {
	case *Bar:
		s.lastTrade = v
	case *QuoteBar:
		s.lastQuote = v
	case *Ticks:
		if v.Quote {
			s.lastQuoteTick = []*Ticks{v}
		} else {
			s.lastTradeTick = []*Ticks{v}
		}
	}
	s.take(p)
	s.Holding.Price = s.Price
	if s.Mirror != nil {
		s.Mirror(s)
	}
}

func (s *Security) take(p Point) {
	_, end := p.Times()
	main := leads(s.Symbol, p)
	_, trade := p.(*Bar)
	if (s.last == nil || s.lastQuoteAt != end || !trade) && main {
		s.last = p
	}
	if s.Symbol.Kind == Crypto {
		// A coin's price is that of its last trade bar as soon as there is one.
		defer func() {
			if s.lastTrade != nil {
				s.Price = s.lastTrade.C
			}
		}()
	}
	switch v := p.(type) {
	case *Ticks:
		keep(&s.Price, v.Price)
		if v.Quote {
			keep(&s.Bid, v.Bid)
			keep(&s.BidSize, v.BidSize)
			keep(&s.Ask, v.Ask)
			keep(&s.AskSize, v.AskSize)
		} else {
			keep(&s.Volume, v.Quantity)
		}
	case *Bar:
		if (s.lastQuoteAt != end || s.lastOHLC != end) && main {
			s.lastOHLC = end
			keep(&s.Open, v.O)
			keep(&s.High, v.H)
			keep(&s.Low, v.L)
			keep(&s.Price, v.C)
			keep(&s.Close, v.C)
		}
		keep(&s.Volume, v.Volume)
	case *QuoteBar:
		if (s.lastQuoteAt != end || s.lastOHLC != end) && main {
			s.lastOHLC = end
			keep(&s.Open, v.Open())
			keep(&s.High, v.High())
			keep(&s.Low, v.Low())
			c := v.Close()
			keep(&s.Price, c)
			keep(&s.Close, c)
		}
		s.lastQuoteAt = end
		if v.Ask.Ok {
			keep(&s.Ask, v.Ask.C)
		}
		if v.Bid.Ok {
			keep(&s.Bid, v.Bid.C)
		}
		keep(&s.BidSize, v.BidSize)
		keep(&s.AskSize, v.AskSize)
	default:
		keep(&s.Price, p.Last())
	}
}

// BidPrice is the last bid, or the price where no quote was seen.
func (s *Security) BidPrice() num.Decimal {
	if s.Bid.IsZero() {
		return s.Price
	}
	return s.Bid
}

// AskPrice is the last ask, or the price where no quote was seen.
func (s *Security) AskPrice() num.Decimal {
	if s.Ask.IsZero() {
		return s.Price
	}
	return s.Ask
}

// rate is the value of a point of price, in the account's currency.
func (s *Security) rate() num.Decimal { return s.Quote.Rate }

// Value is what a quantity is worth at a price, in the account's currency.
func (s *Security) Value(quantity, price num.Decimal) num.Decimal {
	return price.Mul(quantity).Mul(s.Properties.Multiplier).Mul(s.rate())
}

// HoldingsValue is what the position is worth, in the account's currency.
func (s *Security) HoldingsValue() num.Decimal {
	if s.Holding.Quantity.IsZero() {
		return num.Zero
	}
	return s.Value(s.Holding.Quantity, s.Holding.Price)
}

// HoldingsCost is what the position cost, in the account's currency.
func (s *Security) HoldingsCost() num.Decimal {
	if s.Holding.Quantity.IsZero() {
		return num.Zero
	}
	return s.Value(s.Holding.Quantity, s.Holding.Average)
}

// UnrealizedProfit is what closing at bid or ask would bring, less the fee.
func (s *Security) UnrealizedProfit() (num.Decimal, error) {
	if s.Holding.Quantity.IsZero() {
		return num.Zero, nil
	}
	price := s.BidPrice()
	if s.Holding.Quantity.Sign() < 0 {
		price = s.AskPrice()
	}
	if price.IsZero() {
		return num.Zero, nil
	}
	o := &Order{Type: Market, Symbol: s.Symbol, Quantity: s.Holding.Quantity.Neg(), Time: s.e.utc}
	fee, err := s.Fee.Fee(s, o)
	if err != nil {
		return num.Zero, err
	}
	return s.Value(s.Holding.Quantity, price).Sub(s.HoldingsCost()).Sub(s.e.Portfolio.Cash.ToAccount(fee)), nil
}

// Invested tells whether there is a position.
func (s *Security) Invested() bool { return !s.Holding.Quantity.IsZero() }

// config gives the visible subscriptions of a security.
func (s *Security) visible() (out []*Config) {
	for _, c := range s.Configs {
		if !c.Internal {
			out = append(out, c)
		}
	}
	return out
}

func (s *Security) extended() bool {
	for _, c := range s.Configs {
		if c.Extended && !c.Internal {
			return true
		}
	}
	return false
}

// subscribed tells whether any visible subscription has a data type.
func (s *Security) subscribed(types ...DataType) bool {
	for _, c := range s.Configs {
		if c.Internal {
			continue
		}
		for _, t := range types {
			if c.Type == t {
				return true
			}
		}
	}
	return false
}

// reset forgets the data of a security that left and came back.
func (s *Security) reset() {
	s.had = s.HadData()
	s.Price, s.Open, s.High, s.Low, s.Close = num.Zero, num.Zero, num.Zero, num.Zero, num.Zero
	s.Bid, s.Ask, s.BidSize, s.AskSize, s.Volume = num.Zero, num.Zero, num.Zero, num.Zero, num.Zero
	s.last, s.lastTrade, s.lastQuote, s.lastTradeTick, s.lastQuoteTick, s.lastCustom = nil, nil, nil, nil, nil, nil
	s.lastQuoteAt, s.lastOHLC = 0, 0
}
