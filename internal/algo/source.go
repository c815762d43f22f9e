package algo

import (
	"sort"

	"quantdesk/internal/market"
	"quantdesk/internal/num"
)

// Source is where market data come from; a LEAN data folder is one. What a
// source does not have is nil without an error.
type Source interface {
	// Calendar gives the hours of a market or of one of its tickers.
	Calendar(kind Kind, market, ticker string) (*market.Calendar, error)
	// Properties gives the conventions of a ticker, false when it is not listed.
	Properties(kind Kind, market, ticker string) (Properties, bool, error)
	// Pairs lists the tickers of a market with what they are quoted in.
	Pairs(kind Kind, market string) ([]Pair, error)
	// Map gives the tickers of the equity that bore a ticker on a day, by date
	// ascending; of the last that bore it where the day is zero.
	Map(kind Kind, market, ticker string, on market.Date) ([]MapRow, error)
	// Factors gives the price factors of an equity, by date ascending.
	Factors(kind Kind, market, ticker string) ([]FactorRow, error)
	// Rows gives the decoded rows of one file, shared and not to be changed.
	Rows(q RowQuery) (*Rows, error)
	// File gives the bytes of a file of the folder.
	File(path string) ([]byte, error)
}

// Pair is a ticker and the currency it is quoted in.
type Pair struct{ Ticker, Quote string }

// MapRow says: up to and including Date the security traded as Ticker.
type MapRow struct {
	Date   market.Date
	Ticker string // upper case
}

// FactorRow holds for days up to and including Date.
type FactorRow struct {
	Date                    market.Date
	Price, Split, Reference num.Decimal
}

// RowQuery asks for the rows of a file: of one day in the data's zone for
// minutes, seconds and ticks, of all days otherwise.
type RowQuery struct {
	Kind       Kind
	Market     string
	Ticker     string
	Resolution Resolution
	Quote      bool
	Date       market.Date
}

// Rows are the decoded rows of one file; one of the lists is filled.
type Rows struct {
	Trades []TradeRow
	Quotes []QuoteRow
	Ticks  []TickRow
}

// TradeRow is a trade bar; At is its start on the wall clock of the data.
type TradeRow struct {
	At         int64
	O, H, L, C num.Decimal
	Volume     num.Decimal
}

// QuoteRow is a quote bar; At is its start on the wall clock of the data.
type QuoteRow struct {
	At               int64
	Bid, Ask         Side
	BidSize, AskSize num.Decimal
}

// TickRow is a trade or a quote; At is on the wall clock of the data.
type TickRow struct {
	At                int64
	Price, Size       num.Decimal
	Bid, BidSize      num.Decimal
	Ask, AskSize      num.Decimal
	Exchange, Special string
	Suspicious        bool
}

// reference is what is known of a security from its map and factor files.
type reference struct {
	maps    []MapRow
	factors []FactorRow
}

// farFuture is the date of an open end.
var farFuture = market.Date{Year: 2050, Month: 12, Day: 31}

// ticker is the name on disk on a day; ok is false outside the map's days.
func (r *reference) ticker(d market.Date, otherwise string) (string, bool) {
	if len(r.maps) == 0 {
		return otherwise, true
	}
	i := sort.Search(len(r.maps), func(i int) bool { return !r.maps[i].Date.Before(d) })
	if i == len(r.maps) {
		return otherwise, false
	}
	return r.maps[i].Ticker, !d.Before(r.maps[0].Date)
}

// delisted is the last trading day, or far in the future.
func (r *reference) delisted() market.Date {
	if len(r.maps) == 0 {
		return farFuture
	}
	return r.maps[len(r.maps)-1].Date
}

// first is the first trading day, zero where it is unknown.
func (r *reference) first() market.Date {
	if len(r.maps) == 0 {
		return market.Date{}
	}
	return r.maps[0].Date
}

// factor is the price scale of a day; one where nothing is known.
func (r *reference) factor(d market.Date, mode Normalization) num.Decimal {
	i := sort.Search(len(r.factors), func(i int) bool { return !r.factors[i].Date.Before(d) })
	if i == len(r.factors) || mode == Raw {
		return num.One
	}
	f := r.factors[i]
	if mode == SplitAdjusted || mode == TotalReturn {
		return f.Split
	}
	return f.Price.Mul(f.Split)
}

// changes gives the factors' ratios when a row of this very date is followed by
// another: one means that nothing happens on the next trading day.
func (r *reference) changes(d market.Date) (price, split, last num.Decimal, found bool) {
	i := sort.Search(len(r.factors), func(i int) bool { return !r.factors[i].Date.Before(d) })
	if i >= len(r.factors)-1 || r.factors[i].Date != d {
		return
	}
	a, b := r.factors[i], r.factors[i+1]
	price, split = num.One, num.One
	if !a.Price.Equal(b.Price) {
		price = a.Price.Quo(b.Price)
	}
	if !a.Split.Equal(b.Split) {
		split = a.Split.Quo(b.Split)
	}
	return price, split, a.Reference, true
}
