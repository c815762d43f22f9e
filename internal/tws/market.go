package tws

import "quantdesk/internal/num"

// ReqMktData subscribes to the prices of a contract, or asks for a snapshot.
type ReqMktData struct {
	ReqID              int64
	Contract           Contract
	GenericTicks       string // comma list of numbers
	Snapshot           bool
	RegulatorySnapshot bool
	Options            []TagValue
}

// ID is 1.
func (*ReqMktData) ID() int { return 1 }

// Walk names the fields.
func (m *ReqMktData) Walk(f *Fields) {
	f.Version(11)
	f.Int(&m.ReqID)
	m.Contract.asked(f)
	m.Contract.legs(f)
	m.Contract.hedge(f)
	f.Str(&m.GenericTicks)
	f.Bool(&m.Snapshot)
	f.Bool(&m.RegulatorySnapshot)
	f.Tags(&m.Options)
}

// CancelMktData ends a subscription to prices.
type CancelMktData struct {
	ReqID int64
}

// ID is 2.
func (*CancelMktData) ID() int { return 2 }

// Walk names the fields.
func (m *CancelMktData) Walk(f *Fields) {
	f.Version(2)
	f.Int(&m.ReqID)
}

// ReqMarketDataType asks for live (1), frozen (2), delayed (3) or delayed frozen
// (4) prices from then on.
type ReqMarketDataType struct {
	Type int64
}

// ID is 59.
func (*ReqMarketDataType) ID() int { return 59 }

// Walk names the fields.
func (m *ReqMarketDataType) Walk(f *Fields) {
	f.Version(1)
	f.Int(&m.Type)
}

// MarketDataType tells what kind of prices a request gets.
type MarketDataType struct {
	ReqID int64
	Type  int64
}

// ID is 58.
func (*MarketDataType) ID() int { return 58 }

// Walk names the fields.
func (m *MarketDataType) Walk(f *Fields) {
	f.Version(1)
	f.Int(&m.ReqID)
	f.Int(&m.Type)
}

// TickReqParams comes first for a request of prices.
type TickReqParams struct {
	ReqID               int64
	MinTick             num.Decimal
	BBOExchange         string
	SnapshotPermissions int64
}

// ID is 81.
func (*TickReqParams) ID() int { return 81 }

// Walk names the fields.
func (m *TickReqParams) Walk(f *Fields) {
	f.Int(&m.ReqID)
	f.Num(&m.MinTick)
	f.Str(&m.BBOExchange)
	f.Int(&m.SnapshotPermissions)
}

// TickPrice is a price and its size; a price of -1 means none.
type TickPrice struct {
	ReqID    int64
	TickType int64
	Price    OptNum
	Size     num.Decimal
	Mask     int64 // 1 can be executed, 2 past the limit, 4 before the open
}

// ID is 1.
func (*TickPrice) ID() int { return 1 }

// Walk names the fields.
func (m *TickPrice) Walk(f *Fields) {
	f.Version(6)
	f.Int(&m.ReqID)
	f.Int(&m.TickType)
	f.OptNum(&m.Price, Empty)
	f.Num(&m.Size)
	f.Int(&m.Mask)
}

// TickSize is a size alone.
type TickSize struct {
	ReqID    int64
	TickType int64
	Size     num.Decimal
}

// ID is 2.
func (*TickSize) ID() int { return 2 }

// Walk names the fields.
func (m *TickSize) Walk(f *Fields) {
	f.Version(6)
	f.Int(&m.ReqID)
	f.Int(&m.TickType)
	f.Num(&m.Size)
}

// TickGeneric is another value.
type TickGeneric struct {
	ReqID    int64
	TickType int64
	Value    num.Decimal
}

// ID is 45.
func (*TickGeneric) ID() int { return 45 }

// Walk names the fields.
func (m *TickGeneric) Walk(f *Fields) {
	f.Version(6)
	f.Int(&m.ReqID)
	f.Int(&m.TickType)
	f.Num(&m.Value)
}

// TickString is another text.
type TickString struct {
	ReqID    int64
	TickType int64
	Value    string
}

// ID is 46.
func (*TickString) ID() int { return 46 }

// Walk names the fields.
func (m *TickString) Walk(f *Fields) {
	f.Version(6)
	f.Int(&m.ReqID)
	f.Int(&m.TickType)
	f.Str(&m.Value)
}

// TickSnapshotEnd ends a snapshot.
type TickSnapshotEnd struct {
	ReqID int64
}

// ID is 57.
func (*TickSnapshotEnd) ID() int { return 57 }

// Walk names the fields.
func (m *TickSnapshotEnd) Walk(f *Fields) {
	f.Version(1)
	f.Int(&m.ReqID)
}

// TickOptionComputation is a model's view of an option. Unset fields were not
// computed: TWS writes -1, or -2 for the greeks.
type TickOptionComputation struct {
	ReqID      int64
	TickType   int64
	Attrib     int64 // 0 by returns, 1 by prices
	ImpliedVol OptNum
	Delta      OptNum
	Price      OptNum
	PVDividend OptNum
	Gamma      OptNum
	Vega       OptNum
	Theta      OptNum
	UnderPrice OptNum
}

// ID is 21.
func (*TickOptionComputation) ID() int { return 21 }

// Walk names the fields.
func (m *TickOptionComputation) Walk(f *Fields) {
	f.Int(&m.ReqID)
	f.Int(&m.TickType)
	f.Int(&m.Attrib)
	f.computed(&m.ImpliedVol, -1)
	f.computed(&m.Delta, -2)
	f.computed(&m.Price, -1)
	f.computed(&m.PVDividend, -1)
	f.computed(&m.Gamma, -2)
	f.computed(&m.Vega, -2)
	f.computed(&m.Theta, -2)
	f.computed(&m.UnderPrice, -1)
}

// computed is a number that a mark says was not computed.
func (f *Fields) computed(p *OptNum, mark int64) {
	if f.writing {
		v := *p
		if v.state != isSet {
			v = Num(num.FromInt(mark))
		}
		f.OptNum(&v, Empty)
		return
	}
	f.OptNum(p, Empty)
	if v, ok := p.Get(); ok && v.Equal(num.FromInt(mark)) {
		*p = OptNum{}
	}
}

// TickNews is a headline about a contract.
type TickNews struct {
	ReqID     int64
	Time      int64 // milliseconds since 1970
	Provider  string
	ArticleID string
	Headline  string
	Extra     string
}

// ID is 84.
func (*TickNews) ID() int { return 84 }

// Walk names the fields.
func (m *TickNews) Walk(f *Fields) {
	f.Int(&m.ReqID)
	f.Int(&m.Time)
	f.Str(&m.Provider)
	f.Str(&m.ArticleID)
	f.Str(&m.Headline)
	f.Str(&m.Extra)
}

// ReqTickByTick subscribes to every tick: Last, AllLast, BidAsk or MidPoint.
type ReqTickByTick struct {
	ReqID      int64
	Contract   Contract
	TickType   string
	Count      int64 // so many of the past first; at most 1000
	IgnoreSize bool
}

// ID is 97.
func (*ReqTickByTick) ID() int { return 97 }

// Walk names the fields.
func (m *ReqTickByTick) Walk(f *Fields) {
	f.Int(&m.ReqID)
	m.Contract.asked(f)
	f.Str(&m.TickType)
	f.Int(&m.Count)
	f.Bool(&m.IgnoreSize)
}

// CancelTickByTick ends such a subscription.
type CancelTickByTick struct {
	ReqID int64
}

// ID is 98.
func (*CancelTickByTick) ID() int { return 98 }

// Walk names the fields.
func (m *CancelTickByTick) Walk(f *Fields) {
	f.Int(&m.ReqID)
}

// TickByTick is one tick; the kind says which of its fields are meant.
type TickByTick struct {
	ReqID      int64
	Kind       int64 // 1 last, 2 all last, 3 bid and ask, 4 midpoint
	Time       int64 // seconds since 1970
	Price      num.Decimal
	Size       num.Decimal
	Bid        num.Decimal
	Ask        num.Decimal
	BidSize    num.Decimal
	AskSize    num.Decimal
	Mask       int64
	Exchange   string
	Conditions string
}

// ID is 99.
func (*TickByTick) ID() int { return 99 }

// Walk names the fields.
func (m *TickByTick) Walk(f *Fields) {
	f.Int(&m.ReqID)
	f.Int(&m.Kind)
	f.Int(&m.Time)
	switch m.Kind {
	case 1, 2:
		f.Num(&m.Price)
		f.Num(&m.Size)
		f.Int(&m.Mask)
		f.Str(&m.Exchange)
		f.Str(&m.Conditions)
	case 3:
		f.Num(&m.Bid)
		f.Num(&m.Ask)
		f.Num(&m.BidSize)
		f.Num(&m.AskSize)
		f.Int(&m.Mask)
	case 4:
		f.Num(&m.Price)
	}
}

// ReqMktDepth subscribes to an order book.
type ReqMktDepth struct {
	ReqID    int64
	Contract Contract
	Rows     int64
	Smart    bool
	Options  []TagValue
}

// ID is 10.
func (*ReqMktDepth) ID() int { return 10 }

// Walk names the fields.
func (m *ReqMktDepth) Walk(f *Fields) {
	f.Version(5)
	f.Int(&m.ReqID)
	m.Contract.asked(f)
	f.Int(&m.Rows)
	f.Bool(&m.Smart)
	f.Tags(&m.Options)
}

// CancelMktDepth ends such a subscription.
type CancelMktDepth struct {
	ReqID int64
	Smart bool
}

// ID is 11.
func (*CancelMktDepth) ID() int { return 11 }

// Walk names the fields.
func (m *CancelMktDepth) Walk(f *Fields) {
	f.Version(1)
	f.Int(&m.ReqID)
	f.Bool(&m.Smart)
}

// MktDepth is a change of one row of an order book.
type MktDepth struct {
	ReqID     int64
	Position  int64
	Operation int64 // 0 insert, 1 update, 2 delete
	Side      int64 // 0 ask, 1 bid
	Price     num.Decimal
	Size      num.Decimal
}

// ID is 12.
func (*MktDepth) ID() int { return 12 }

// Walk names the fields.
func (m *MktDepth) Walk(f *Fields) {
	f.Version(1)
	f.Int(&m.ReqID)
	f.Int(&m.Position)
	f.Int(&m.Operation)
	f.Int(&m.Side)
	f.Num(&m.Price)
	f.Num(&m.Size)
}

// MktDepthL2 is the same with the market maker.
type MktDepthL2 struct {
	ReqID       int64
	Position    int64
	MarketMaker string
	Operation   int64
	Side        int64
	Price       num.Decimal
	Size        num.Decimal
	Smart       bool
}

// ID is 13.
func (*MktDepthL2) ID() int { return 13 }

// Walk names the fields.
func (m *MktDepthL2) Walk(f *Fields) {
	f.Version(1)
	f.Int(&m.ReqID)
	f.Int(&m.Position)
	f.Str(&m.MarketMaker)
	f.Int(&m.Operation)
	f.Int(&m.Side)
	f.Num(&m.Price)
	f.Num(&m.Size)
	f.Bool(&m.Smart)
}

// ReqMktDepthExchanges asks who shows order books.
type ReqMktDepthExchanges struct {
}

// ID is 82.
func (*ReqMktDepthExchanges) ID() int { return 82 }

// Walk names the fields: there are none.
func (*ReqMktDepthExchanges) Walk(*Fields) {}

// MktDepthExchanges are those exchanges.
type MktDepthExchanges struct {
	Exchanges []DepthExchange
}

// ID is 80.
func (*MktDepthExchanges) ID() int { return 80 }

// Walk names the fields.
func (m *MktDepthExchanges) Walk(f *Fields) {
	List(f, &m.Exchanges, func(e *DepthExchange) {
		f.Str(&e.Exchange)
		f.Str(&e.SecType)
		f.Str(&e.ListingExchange)
		f.Str(&e.ServiceType)
		f.OptInt(&e.AggGroup, Empty)
	})
}

// DepthExchange is one of them.
type DepthExchange struct {
	Exchange, SecType, ListingExchange, ServiceType string
	AggGroup                                        OptInt
}

// ReqRealTimeBars subscribes to bars of five seconds.
type ReqRealTimeBars struct {
	ReqID      int64
	Contract   Contract
	BarSize    int64
	WhatToShow string
	UseRTH     bool
	Options    []TagValue
}

// ID is 50.
func (*ReqRealTimeBars) ID() int { return 50 }

// Walk names the fields.
func (m *ReqRealTimeBars) Walk(f *Fields) {
	f.Version(3)
	f.Int(&m.ReqID)
	m.Contract.asked(f)
	f.Int(&m.BarSize)
	f.Str(&m.WhatToShow)
	f.Bool(&m.UseRTH)
	f.Tags(&m.Options)
}

// CancelRealTimeBars ends such a subscription.
type CancelRealTimeBars struct {
	ReqID int64
}

// ID is 51.
func (*CancelRealTimeBars) ID() int { return 51 }

// Walk names the fields.
func (m *CancelRealTimeBars) Walk(f *Fields) {
	f.Version(1)
	f.Int(&m.ReqID)
}

// RealTimeBar is a bar of five seconds.
type RealTimeBar struct {
	ReqID  int64
	Time   int64 // seconds since 1970
	Open   num.Decimal
	High   num.Decimal
	Low    num.Decimal
	Close  num.Decimal
	Volume num.Decimal
	WAP    num.Decimal
	Count  int64
}

// ID is 50.
func (*RealTimeBar) ID() int { return 50 }

// Walk names the fields.
func (m *RealTimeBar) Walk(f *Fields) {
	f.Version(3)
	f.Int(&m.ReqID)
	f.Int(&m.Time)
	f.Num(&m.Open)
	f.Num(&m.High)
	f.Num(&m.Low)
	f.Num(&m.Close)
	f.Num(&m.Volume)
	f.Num(&m.WAP)
	f.Int(&m.Count)
}
