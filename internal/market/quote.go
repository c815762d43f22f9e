package market

import (
	"time"

	"quantdesk/internal/num"
)

// Feed says what kind of prices a number comes from.
type Feed string

// The kinds of feed. Simulated prices are invented by the built-in market;
// replay is recorded data run as if live; eod is the last close of recorded
// data with nothing live behind it.
const (
	FeedRealtime  Feed = "realtime"
	FeedDelayed   Feed = "delayed"
	FeedFrozen    Feed = "frozen"
	FeedEOD       Feed = "eod"
	FeedReplay    Feed = "replay"
	FeedSimulated Feed = "simulated"
)

// Values lists the feeds in the order they are documented.
func (Feed) Values() []string {
	return []string{string(FeedRealtime), string(FeedDelayed), string(FeedFrozen), string(FeedEOD), string(FeedReplay), string(FeedSimulated)}
}

// Tradable tells whether an order may be priced on this feed at all: an eod or
// frozen price has nothing live behind it.
func (f Feed) Tradable() bool {
	return f == FeedRealtime || f == FeedDelayed || f == FeedReplay || f == FeedSimulated
}

// Quote is the best bid and ask of an instrument at one moment, with the last
// trade and today's session so far. A zero Bid or Ask means that side is empty.
type Quote struct {
	Symbol string
	// Bid and Ask are prices, BidSize and AskSize quantities on offer there.
	Bid, Ask, BidSize, AskSize num.Decimal
	// Last is the latest trade's price; zero before the first.
	Last num.Decimal
	// Open, High, Low, Volume are of the current session, PrevClose of the one
	// before; zero where unknown.
	Open, High, Low, PrevClose, Volume num.Decimal
	// Time is when the venue last changed this quote, UTC on the venue clock.
	Time time.Time
	// Feed and Source say what the numbers are and where they come from.
	Feed   Feed
	Source string
	// Halted means the venue takes no trades in it now.
	Halted bool
}

// Mid is the middle of bid and ask, the side that exists when one is empty, or
// the last price when both are.
func (q Quote) Mid() num.Decimal {
	switch {
	case q.Bid.Sign() > 0 && q.Ask.Sign() > 0:
		return q.Bid.Add(q.Ask).Quo(num.FromInt(2))
	case q.Bid.Sign() > 0:
		return q.Bid
	case q.Ask.Sign() > 0:
		return q.Ask
	}
	return q.Last
}

// Mark is the price to value a position at: the last trade, else the mid.
func (q Quote) Mark() num.Decimal {
	if q.Last.Sign() > 0 {
		return q.Last
	}
	return q.Mid()
}

// Trade is one print.
type Trade struct {
	Symbol          string
	Price, Quantity num.Decimal
	Time            time.Time
}

// Action is a corporate action that takes effect before the open of Date.
type Action struct {
	Symbol string
	Date   Date
	// Kind is split, dividend, rename or delisting.
	Kind ActionKind
	// SplitFactor is old shares per new share (1/7 for Apple's 7:1 split of
	// 2014): quantity divides by it, price multiplies. Set for a split.
	SplitFactor num.Decimal
	// Dividend is the cash paid per share, in the instrument's currency.
	Dividend num.Decimal
	// NewSymbol is the symbol after a rename.
	NewSymbol string
	// PriorClose is the raw close before the action, zero where unknown.
	PriorClose num.Decimal
}

// ActionKind names a corporate action.
type ActionKind string

// The corporate actions.
const (
	Split     ActionKind = "split"
	Dividend  ActionKind = "dividend"
	Rename    ActionKind = "rename"
	Delisting ActionKind = "delisting"
)
