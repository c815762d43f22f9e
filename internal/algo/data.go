package algo

import (
	"quantdesk/internal/num"
)

// Point is anything a subscription emits.
type Point interface {
	Of() *Symbol
	// Times are the start and end on the exchange's wall clock.
	Times() (start, end int64)
	// Last is the price a point stands for.
	Last() num.Decimal
}

// Bar is a trade bar.
type Bar struct {
	Symbol      *Symbol
	Start, End  int64
	O, H, L, C  num.Decimal
	Volume      num.Decimal
	FillForward bool
}

// Of gives the bar's symbol.
func (b *Bar) Of() *Symbol { return b.Symbol }

// Times gives the bar's bounds on the exchange's wall clock.
func (b *Bar) Times() (int64, int64) { return b.Start, b.End }

// Last is the close.
func (b *Bar) Last() num.Decimal { return b.C }

// Side is one side of a quote bar. A side without prices is absent.
type Side struct {
	O, H, L, C num.Decimal
	Ok         bool
}

// QuoteBar is the best bid and ask over a stretch of time.
type QuoteBar struct {
	Symbol           *Symbol
	Start, End       int64
	Bid, Ask         Side
	BidSize, AskSize num.Decimal
	FillForward      bool
}

// Of gives the bar's symbol.
func (q *QuoteBar) Of() *Symbol { return q.Symbol }

// Times gives the bar's bounds on the exchange's wall clock.
func (q *QuoteBar) Times() (int64, int64) { return q.Start, q.End }

// Last is the middle of the closes, or the close of the only side.
func (q *QuoteBar) Last() num.Decimal { return q.Close() }

func middle(bid, ask num.Decimal) num.Decimal {
	switch {
	case bid.IsZero():
		return ask
	case ask.IsZero():
		return bid
	}
	return bid.Add(ask).Quo(num.FromInt(2))
}

// Open is the middle of the opens.
func (q *QuoteBar) Open() num.Decimal { return middle(q.Bid.O, q.Ask.O) }

// High is the middle of the highs.
func (q *QuoteBar) High() num.Decimal { return middle(q.Bid.H, q.Ask.H) }

// Low is the middle of the lows.
func (q *QuoteBar) Low() num.Decimal { return middle(q.Bid.L, q.Ask.L) }

// Close is the middle of the closes.
func (q *QuoteBar) Close() num.Decimal { return middle(q.Bid.C, q.Ask.C) }

// Ticks are trades or quotes, one by one.
type Ticks struct {
	Symbol           *Symbol
	Time             int64
	Quote            bool // a quote, else a trade
	Price            num.Decimal
	Quantity         num.Decimal
	Bid, Ask         num.Decimal
	BidSize, AskSize num.Decimal
	Exchange         string
	Condition        string
	Suspicious       bool
}

// Of gives the tick's symbol.
func (t *Ticks) Of() *Symbol { return t.Symbol }

// Times gives the moment of the tick, twice.
func (t *Ticks) Times() (int64, int64) { return t.Time, t.Time }

// Last is the trade's price or the middle of the quote.
func (t *Ticks) Last() num.Decimal { return t.Price }

// Split is a change of a share's size.
type Split struct {
	Symbol    *Symbol
	Time      int64
	Warning   bool        // on the day before, else it has happened
	Factor    num.Decimal // old shares times 1/Factor are new shares
	Reference num.Decimal // the price before
}

// Of gives the split's symbol.
func (s *Split) Of() *Symbol { return s.Symbol }

// Times gives the start of the day, twice.
func (s *Split) Times() (int64, int64) { return s.Time, s.Time }

// Last is the reference price.
func (s *Split) Last() num.Decimal { return s.Reference }

// Dividend is a distribution of cash.
type Dividend struct {
	Symbol       *Symbol
	Time         int64
	Distribution num.Decimal // currency per share
	Reference    num.Decimal // the close before
}

// Of gives the dividend's symbol.
func (d *Dividend) Of() *Symbol { return d.Symbol }

// Times gives the start of the day, twice.
func (d *Dividend) Times() (int64, int64) { return d.Time, d.Time }

// Last is the distribution.
func (d *Dividend) Last() num.Decimal { return d.Distribution }

// Delisting tells that a security stops trading.
type Delisting struct {
	Symbol  *Symbol
	Time    int64
	Warning bool // at the start of the last day, else it is gone
	Price   num.Decimal
	Ticket  *Ticket // of the liquidation
}

// Of gives the delisting's symbol.
func (d *Delisting) Of() *Symbol { return d.Symbol }

// Times gives the start of the day, twice.
func (d *Delisting) Times() (int64, int64) { return d.Time, d.Time }

// Last is the last price.
func (d *Delisting) Last() num.Decimal { return d.Price }

// SymbolChange tells that a security trades under another ticker.
type SymbolChange struct {
	Symbol   *Symbol
	Time     int64
	Old, New string
}

// Of gives the symbol.
func (c *SymbolChange) Of() *Symbol { return c.Symbol }

// Times gives the start of the day, twice.
func (c *SymbolChange) Times() (int64, int64) { return c.Time, c.Time }

// Last is nothing.
func (c *SymbolChange) Last() num.Decimal { return num.Decimal{} }

// Custom is a point of a data type that the algorithm declares.
type Custom struct {
	Symbol     *Symbol
	Start, End int64
	Value      num.Decimal
	Object     any // the algorithm's own object
	Fill       bool
}

// Of gives the point's symbol.
func (c *Custom) Of() *Symbol { return c.Symbol }

// Times gives the point's bounds on the exchange's wall clock.
func (c *Custom) Times() (int64, int64) { return c.Start, c.End }

// Last is the point's value.
func (c *Custom) Last() num.Decimal { return c.Value }

// Collection is what a universe chooses from.
type Collection struct {
	Symbol     *Symbol
	Start, End int64
	Rows       []*Row
	Objects    []any // of a custom universe
	ended      bool  // the universe is no more
	filtered   bool  // a second selection counts instead of what came
	passed     int   // to it
}

// Pass says how many points went on to a second selection: they count as data
// instead of all that came.
func (c *Collection) Pass(n int) { c.filtered, c.passed = true, n }

// points is how many data points the collection counts for.
func (c *Collection) points() int {
	n := len(c.Rows) + len(c.Objects)
	if c.filtered {
		n = c.passed
	}
	if c.ended {
		n++
	}
	return n
}

// Of gives the universe's symbol.
func (c *Collection) Of() *Symbol { return c.Symbol }

// Times gives the collection's bounds on the exchange's wall clock.
func (c *Collection) Times() (int64, int64) { return c.Start, c.End }

// Last is nothing.
func (c *Collection) Last() num.Decimal { return num.Decimal{} }

// Row is one security of a universe file.
type Row struct {
	Symbol       *Symbol
	Price        num.Decimal // raw
	Volume       num.Decimal
	DollarVolume num.Decimal
	Fundamental  bool
	PriceFactor  num.Decimal
	SplitFactor  num.Decimal
	// Of an ETF's constituents; Has tells which are known.
	Weight, Shares, Value num.Decimal
	HasWeight, HasShares  bool
	HasValue              bool
	LastUpdate            int64
}

func auxiliary(p Point) bool {
	switch p.(type) {
	case *Split, *Dividend, *Delisting, *SymbolChange:
		return true
	}
	return false
}

func filled(p Point) bool {
	switch v := p.(type) {
	case *Bar:
		return v.FillForward
	case *QuoteBar:
		return v.FillForward
	case *Custom:
		return v.Fill
	}
	return false
}
