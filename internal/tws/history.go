package tws

import "quantdesk/internal/num"

// ReqHistoricalData asks for bars, and for those that follow with KeepUpToDate.
type ReqHistoricalData struct {
	ReqID          int64
	Contract       Contract
	IncludeExpired bool
	End            string // empty is now
	BarSize        string
	Duration       string
	UseRTH         bool
	WhatToShow     string
	FormatDate     int64 // 1 text, 2 seconds since 1970
	KeepUpToDate   bool
	Options        []TagValue
}

// ID is 20.
func (*ReqHistoricalData) ID() int { return 20 }

// Walk names the fields.
func (m *ReqHistoricalData) Walk(f *Fields) {
	f.Int(&m.ReqID)
	m.Contract.asked(f)
	f.Bool(&m.IncludeExpired)
	f.Str(&m.End)
	f.Str(&m.BarSize)
	f.Str(&m.Duration)
	f.Bool(&m.UseRTH)
	f.Str(&m.WhatToShow)
	f.Int(&m.FormatDate)
	m.Contract.legs(f)
	f.Bool(&m.KeepUpToDate)
	f.Tags(&m.Options)
}

// CancelHistoricalData ends bars that are kept up to date.
type CancelHistoricalData struct {
	ReqID int64
}

// ID is 25.
func (*CancelHistoricalData) ID() int { return 25 }

// Walk names the fields.
func (m *CancelHistoricalData) Walk(f *Fields) {
	f.Version(1)
	f.Int(&m.ReqID)
}

// HistoricalData is all bars of a request, and its end.
type HistoricalData struct {
	ReqID int64
	Start string
	End   string
	Bars  []Bar
}

// ID is 17.
func (*HistoricalData) ID() int { return 17 }

// Walk names the fields.
func (m *HistoricalData) Walk(f *Fields) {
	f.Int(&m.ReqID)
	f.Str(&m.Start)
	f.Str(&m.End)
	List(f, &m.Bars, func(b *Bar) {
		f.Str(&b.Date)
		f.Num(&b.Open)
		f.Num(&b.High)
		f.Num(&b.Low)
		f.Num(&b.Close)
		f.Num(&b.Volume)
		f.Num(&b.WAP)
		f.Int(&b.Count)
	})
}

// Bar is one bar. Volume, WAP and Count are -1 where there are no trades in
// it, as for midpoints.
type Bar struct {
	Date                   string
	Open, High, Low, Close num.Decimal
	Volume, WAP            num.Decimal
	Count                  int64
}

// HistoricalDataUpdate is the bar that goes on: the last one changed, or a new
// one. The close comes before the high on the wire.
type HistoricalDataUpdate struct {
	ReqID int64
	Bar   Bar
}

// ID is 90.
func (*HistoricalDataUpdate) ID() int { return 90 }

// Walk names the fields.
func (m *HistoricalDataUpdate) Walk(f *Fields) {
	f.Int(&m.ReqID)
	f.Int(&m.Bar.Count)
	f.Str(&m.Bar.Date)
	f.Num(&m.Bar.Open)
	f.Num(&m.Bar.Close)
	f.Num(&m.Bar.High)
	f.Num(&m.Bar.Low)
	f.Num(&m.Bar.WAP)
	f.Num(&m.Bar.Volume)
}

// HistoricalSchedule is the answer to bars of SCHEDULE.
type HistoricalSchedule struct {
	ReqID    int64
	Start    string
	End      string
	TimeZone string
	Sessions []ScheduleSession
}

// ID is 106.
func (*HistoricalSchedule) ID() int { return 106 }

// Walk names the fields.
func (m *HistoricalSchedule) Walk(f *Fields) {
	f.Int(&m.ReqID)
	f.Str(&m.Start)
	f.Str(&m.End)
	f.Str(&m.TimeZone)
	List(f, &m.Sessions, func(s *ScheduleSession) {
		f.Str(&s.Start)
		f.Str(&s.End)
		f.Str(&s.RefDate)
	})
}

// ScheduleSession is one session of trading.
type ScheduleSession struct{ Start, End, RefDate string }

// ReqHeadTimestamp asks for the earliest data of a contract.
type ReqHeadTimestamp struct {
	ReqID          int64
	Contract       Contract
	IncludeExpired bool
	UseRTH         bool
	WhatToShow     string
	FormatDate     int64
}

// ID is 87.
func (*ReqHeadTimestamp) ID() int { return 87 }

// Walk names the fields.
func (m *ReqHeadTimestamp) Walk(f *Fields) {
	f.Int(&m.ReqID)
	m.Contract.asked(f)
	f.Bool(&m.IncludeExpired)
	f.Bool(&m.UseRTH)
	f.Str(&m.WhatToShow)
	f.Int(&m.FormatDate)
}

// CancelHeadTimestamp gives up on it.
type CancelHeadTimestamp struct {
	ReqID int64
}

// ID is 90.
func (*CancelHeadTimestamp) ID() int { return 90 }

// Walk names the fields.
func (m *CancelHeadTimestamp) Walk(f *Fields) {
	f.Int(&m.ReqID)
}

// HeadTimestamp is that moment.
type HeadTimestamp struct {
	ReqID int64
	Time  string
}

// ID is 88.
func (*HeadTimestamp) ID() int { return 88 }

// Walk names the fields.
func (m *HeadTimestamp) Walk(f *Fields) {
	f.Int(&m.ReqID)
	f.Str(&m.Time)
}

// ReqHistogramData asks at which prices a contract traded.
type ReqHistogramData struct {
	ReqID          int64
	Contract       Contract
	IncludeExpired bool
	UseRTH         bool
	Period         string
}

// ID is 88.
func (*ReqHistogramData) ID() int { return 88 }

// Walk names the fields.
func (m *ReqHistogramData) Walk(f *Fields) {
	f.Int(&m.ReqID)
	m.Contract.asked(f)
	f.Bool(&m.IncludeExpired)
	f.Bool(&m.UseRTH)
	f.Str(&m.Period)
}

// CancelHistogramData gives up on it.
type CancelHistogramData struct {
	ReqID int64
}

// ID is 89.
func (*CancelHistogramData) ID() int { return 89 }

// Walk names the fields.
func (m *CancelHistogramData) Walk(f *Fields) {
	f.Int(&m.ReqID)
}

// HistogramData are those prices.
type HistogramData struct {
	ReqID int64
	Items []HistogramItem
}

// ID is 89.
func (*HistogramData) ID() int { return 89 }

// Walk names the fields.
func (m *HistogramData) Walk(f *Fields) {
	f.Int(&m.ReqID)
	List(f, &m.Items, func(h *HistogramItem) {
		f.Num(&h.Price)
		f.Num(&h.Size)
	})
}

// HistogramItem is how much traded at a price.
type HistogramItem struct{ Price, Size num.Decimal }

// ReqHistoricalTicks asks for past ticks: TRADES, BID_ASK or MIDPOINT.
type ReqHistoricalTicks struct {
	ReqID          int64
	Contract       Contract
	IncludeExpired bool
	Start          string
	End            string
	Count          int64
	WhatToShow     string
	UseRTH         bool
	IgnoreSize     bool
	Options        []TagValue
}

// ID is 96.
func (*ReqHistoricalTicks) ID() int { return 96 }

// Walk names the fields.
func (m *ReqHistoricalTicks) Walk(f *Fields) {
	f.Int(&m.ReqID)
	m.Contract.asked(f)
	f.Bool(&m.IncludeExpired)
	f.Str(&m.Start)
	f.Str(&m.End)
	f.Int(&m.Count)
	f.Str(&m.WhatToShow)
	f.Bool(&m.UseRTH)
	f.Bool(&m.IgnoreSize)
	f.Tags(&m.Options)
}

// HistoricalTicks are midpoints.
type HistoricalTicks struct {
	ReqID int64
	Ticks []PastTick
	Done  bool
}

// ID is 96.
func (*HistoricalTicks) ID() int { return 96 }

// Walk names the fields.
func (m *HistoricalTicks) Walk(f *Fields) {
	f.Int(&m.ReqID)
	List(f, &m.Ticks, func(t *PastTick) {
		f.Int(&t.Time)
		f.Int(&t.Mask)
		f.Num(&t.Price)
		f.Num(&t.Size)
	})
	f.Bool(&m.Done)
}

// HistoricalTicksBidAsk are quotes.
type HistoricalTicksBidAsk struct {
	ReqID int64
	Ticks []PastTick
	Done  bool
}

// ID is 97.
func (*HistoricalTicksBidAsk) ID() int { return 97 }

// Walk names the fields.
func (m *HistoricalTicksBidAsk) Walk(f *Fields) {
	f.Int(&m.ReqID)
	List(f, &m.Ticks, func(t *PastTick) {
		f.Int(&t.Time)
		f.Int(&t.Mask)
		f.Num(&t.Price)
		f.Num(&t.Ask)
		f.Num(&t.Size)
		f.Num(&t.AskSize)
	})
	f.Bool(&m.Done)
}

// HistoricalTicksLast are trades.
type HistoricalTicksLast struct {
	ReqID int64
	Ticks []PastTick
	Done  bool
}

// ID is 98.
func (*HistoricalTicksLast) ID() int { return 98 }

// Walk names the fields.
func (m *HistoricalTicksLast) Walk(f *Fields) {
	f.Int(&m.ReqID)
	List(f, &m.Ticks, func(t *PastTick) {
		f.Int(&t.Time)
		f.Int(&t.Mask)
		f.Num(&t.Price)
		f.Num(&t.Size)
		f.Str(&t.Exchange)
		f.Str(&t.Conditions)
	})
	f.Bool(&m.Done)
}

// PastTick is one past tick. For a quote, Price and Size are the bid's.
type PastTick struct {
	Time, Mask           int64
	Price, Size          num.Decimal
	Ask, AskSize         num.Decimal
	Exchange, Conditions string
}

// ReqFundamentalData asks for a report about a company.
type ReqFundamentalData struct {
	ReqID    int64
	Contract Contract
	Report   string
	Options  []TagValue
}

// ID is 52.
func (*ReqFundamentalData) ID() int { return 52 }

// Walk names the fields.
func (m *ReqFundamentalData) Walk(f *Fields) {
	f.Version(2)
	f.Int(&m.ReqID)
	f.Int(&m.Contract.ConID)
	f.Str(&m.Contract.Symbol)
	f.Str(&m.Contract.SecType)
	f.Str(&m.Contract.Exchange)
	f.Str(&m.Contract.PrimaryExchange)
	f.Str(&m.Contract.Currency)
	f.Str(&m.Contract.LocalSymbol)
	f.Str(&m.Report)
	f.Tags(&m.Options)
}

// CancelFundamentalData gives up on it.
type CancelFundamentalData struct {
	ReqID int64
}

// ID is 53.
func (*CancelFundamentalData) ID() int { return 53 }

// Walk names the fields.
func (m *CancelFundamentalData) Walk(f *Fields) {
	f.Version(1)
	f.Int(&m.ReqID)
}

// FundamentalData is the report, as XML.
type FundamentalData struct {
	ReqID int64
	Data  string
}

// ID is 51.
func (*FundamentalData) ID() int { return 51 }

// Walk names the fields.
func (m *FundamentalData) Walk(f *Fields) {
	f.Version(1)
	f.Int(&m.ReqID)
	f.Str(&m.Data)
}
