package tws

import "quantdesk/internal/num"

// ReqNewsBulletins subscribes to IBKR's bulletins.
type ReqNewsBulletins struct {
	All bool // those of the day so far too
}

// ID is 12.
func (*ReqNewsBulletins) ID() int { return 12 }

// Walk names the fields.
func (m *ReqNewsBulletins) Walk(f *Fields) {
	f.Version(1)
	f.Bool(&m.All)
}

// CancelNewsBulletins ends it.
type CancelNewsBulletins struct {
}

// ID is 13.
func (*CancelNewsBulletins) ID() int { return 13 }

// Walk names the fields.
func (*CancelNewsBulletins) Walk(f *Fields) {
	f.Version(1)
}

// NewsBulletin is one bulletin.
type NewsBulletin struct {
	MsgID    int64
	Type     int64 // 1 regular, 2 exchange not available, 3 available again
	Text     string
	Exchange string
}

// ID is 14.
func (*NewsBulletin) ID() int { return 14 }

// Walk names the fields.
func (m *NewsBulletin) Walk(f *Fields) {
	f.Version(1)
	f.Int(&m.MsgID)
	f.Int(&m.Type)
	f.Str(&m.Text)
	f.Str(&m.Exchange)
}

// ReqNewsProviders asks for the subscribed providers of news.
type ReqNewsProviders struct {
}

// ID is 85.
func (*ReqNewsProviders) ID() int { return 85 }

// Walk names the fields: there are none.
func (*ReqNewsProviders) Walk(*Fields) {}

// NewsProviders are the code and name of each.
type NewsProviders struct {
	Providers []TagValue
}

// ID is 85.
func (*NewsProviders) ID() int { return 85 }

// Walk names the fields.
func (m *NewsProviders) Walk(f *Fields) {
	f.TagPairs(&m.Providers)
}

// ReqNewsArticle asks for one article.
type ReqNewsArticle struct {
	ReqID     int64
	Provider  string
	ArticleID string
	Options   []TagValue
}

// ID is 84.
func (*ReqNewsArticle) ID() int { return 84 }

// Walk names the fields.
func (m *ReqNewsArticle) Walk(f *Fields) {
	f.Int(&m.ReqID)
	f.Str(&m.Provider)
	f.Str(&m.ArticleID)
	f.Tags(&m.Options)
}

// NewsArticle is its text.
type NewsArticle struct {
	ReqID int64
	Type  int64 // 0 text or HTML, 1 binary as base64
	Text  string
}

// ID is 83.
func (*NewsArticle) ID() int { return 83 }

// Walk names the fields.
func (m *NewsArticle) Walk(f *Fields) {
	f.Int(&m.ReqID)
	f.Int(&m.Type)
	f.Str(&m.Text)
}

// ReqHistoricalNews asks for past headlines about a contract.
type ReqHistoricalNews struct {
	ReqID     int64
	ConID     int64
	Providers string // codes, joined with +
	Start     string
	End       string
	Total     int64
	Options   []TagValue
}

// ID is 86.
func (*ReqHistoricalNews) ID() int { return 86 }

// Walk names the fields.
func (m *ReqHistoricalNews) Walk(f *Fields) {
	f.Int(&m.ReqID)
	f.Int(&m.ConID)
	f.Str(&m.Providers)
	f.Str(&m.Start)
	f.Str(&m.End)
	f.Int(&m.Total)
	f.Tags(&m.Options)
}

// HistoricalNews is one headline.
type HistoricalNews struct {
	ReqID     int64
	Time      string
	Provider  string
	ArticleID string
	Headline  string
}

// ID is 86.
func (*HistoricalNews) ID() int { return 86 }

// Walk names the fields.
func (m *HistoricalNews) Walk(f *Fields) {
	f.Int(&m.ReqID)
	f.Str(&m.Time)
	f.Str(&m.Provider)
	f.Str(&m.ArticleID)
	f.Str(&m.Headline)
}

// HistoricalNewsEnd ends them.
type HistoricalNewsEnd struct {
	ReqID   int64
	HasMore bool
}

// ID is 87.
func (*HistoricalNewsEnd) ID() int { return 87 }

// Walk names the fields.
func (m *HistoricalNewsEnd) Walk(f *Fields) {
	f.Int(&m.ReqID)
	f.Bool(&m.HasMore)
}

// ReqWSHMetaData asks what Wall Street Horizon's calendar has.
type ReqWSHMetaData struct {
	ReqID int64
}

// ID is 100.
func (*ReqWSHMetaData) ID() int { return 100 }

// Walk names the fields.
func (m *ReqWSHMetaData) Walk(f *Fields) {
	f.Int(&m.ReqID)
}

// CancelWSHMetaData gives up on it.
type CancelWSHMetaData struct {
	ReqID int64
}

// ID is 101.
func (*CancelWSHMetaData) ID() int { return 101 }

// Walk names the fields.
func (m *CancelWSHMetaData) Walk(f *Fields) {
	f.Int(&m.ReqID)
}

// WSHMetaData is that, as JSON.
type WSHMetaData struct {
	ReqID int64
	Data  string
}

// ID is 104.
func (*WSHMetaData) ID() int { return 104 }

// Walk names the fields.
func (m *WSHMetaData) Walk(f *Fields) {
	f.Int(&m.ReqID)
	f.Str(&m.Data)
}

// ReqWSHEventData asks for events of the calendar.
type ReqWSHEventData struct {
	ReqID           int64
	ConID           OptInt
	Filter          string
	FillWatchlist   bool
	FillPortfolio   bool
	FillCompetitors bool
	Start           string
	End             string
	Total           OptInt
}

// ID is 102.
func (*ReqWSHEventData) ID() int { return 102 }

// Walk names the fields.
func (m *ReqWSHEventData) Walk(f *Fields) {
	f.Int(&m.ReqID)
	f.OptInt(&m.ConID, Max)
	f.Str(&m.Filter)
	f.Bool(&m.FillWatchlist)
	f.Bool(&m.FillPortfolio)
	f.Bool(&m.FillCompetitors)
	f.Str(&m.Start)
	f.Str(&m.End)
	f.OptInt(&m.Total, Max)
}

// CancelWSHEventData gives up on it.
type CancelWSHEventData struct {
	ReqID int64
}

// ID is 103.
func (*CancelWSHEventData) ID() int { return 103 }

// Walk names the fields.
func (m *CancelWSHEventData) Walk(f *Fields) {
	f.Int(&m.ReqID)
}

// WSHEventData are those events, as JSON.
type WSHEventData struct {
	ReqID int64
	Data  string
}

// ID is 105.
func (*WSHEventData) ID() int { return 105 }

// Walk names the fields.
func (m *WSHEventData) Walk(f *Fields) {
	f.Int(&m.ReqID)
	f.Str(&m.Data)
}

// ReqScannerParameters asks what a scanner can be asked.
type ReqScannerParameters struct {
}

// ID is 24.
func (*ReqScannerParameters) ID() int { return 24 }

// Walk names the fields.
func (*ReqScannerParameters) Walk(f *Fields) {
	f.Version(1)
}

// ScannerParameters is that, as XML.
type ScannerParameters struct {
	XML string
}

// ID is 19.
func (*ScannerParameters) ID() int { return 19 }

// Walk names the fields.
func (m *ScannerParameters) Walk(f *Fields) {
	f.Version(1)
	f.Str(&m.XML)
}

// ReqScannerSubscription subscribes to a scan of the market.
type ReqScannerSubscription struct {
	ReqID              int64
	Rows               OptInt
	Instrument         string
	Location           string
	ScanCode           string
	AbovePrice         OptNum
	BelowPrice         OptNum
	AboveVolume        OptInt
	MarketCapAbove     OptNum
	MarketCapBelow     OptNum
	MoodyAbove         string
	MoodyBelow         string
	SPAbove            string
	SPBelow            string
	MaturityAbove      string
	MaturityBelow      string
	CouponAbove        OptNum
	CouponBelow        OptNum
	ExcludeConvertible bool
	OptionVolumeAbove  OptInt
	SettingPairs       string
	StockTypeFilter    string
	FilterOptions      []TagValue
	Options            []TagValue
}

// ID is 22.
func (*ReqScannerSubscription) ID() int { return 22 }

// Walk names the fields.
func (m *ReqScannerSubscription) Walk(f *Fields) {
	f.Int(&m.ReqID)
	f.OptInt(&m.Rows, Empty)
	f.Str(&m.Instrument)
	f.Str(&m.Location)
	f.Str(&m.ScanCode)
	f.OptNum(&m.AbovePrice, Empty)
	f.OptNum(&m.BelowPrice, Empty)
	f.OptInt(&m.AboveVolume, Empty)
	f.OptNum(&m.MarketCapAbove, Empty)
	f.OptNum(&m.MarketCapBelow, Empty)
	f.Str(&m.MoodyAbove)
	f.Str(&m.MoodyBelow)
	f.Str(&m.SPAbove)
	f.Str(&m.SPBelow)
	f.Str(&m.MaturityAbove)
	f.Str(&m.MaturityBelow)
	f.OptNum(&m.CouponAbove, Empty)
	f.OptNum(&m.CouponBelow, Empty)
	f.Bool(&m.ExcludeConvertible)
	f.OptInt(&m.OptionVolumeAbove, Empty)
	f.Str(&m.SettingPairs)
	f.Str(&m.StockTypeFilter)
	f.Tags(&m.FilterOptions)
	f.Tags(&m.Options)
}

// CancelScannerSubscription ends it.
type CancelScannerSubscription struct {
	ReqID int64
}

// ID is 23.
func (*CancelScannerSubscription) ID() int { return 23 }

// Walk names the fields.
func (m *CancelScannerSubscription) Walk(f *Fields) {
	f.Version(1)
	f.Int(&m.ReqID)
}

// ScannerData is what a scan found.
type ScannerData struct {
	ReqID int64
	Rows  []ScannerRow
}

// ID is 20.
func (*ScannerData) ID() int { return 20 }

// Walk names the fields.
func (m *ScannerData) Walk(f *Fields) {
	f.Version(3)
	f.Int(&m.ReqID)
	List(f, &m.Rows, func(r *ScannerRow) {
		c := &r.Contract
		f.Int(&r.Rank)
		f.Int(&c.ConID)
		f.Str(&c.Symbol)
		f.Str(&c.SecType)
		f.Str(&c.LastTradeDate)
		f.Num(&c.Strike)
		f.Str(&c.Right)
		f.Str(&c.Exchange)
		f.Str(&c.Currency)
		f.Str(&c.LocalSymbol)
		f.Str(&r.MarketName)
		f.Str(&c.TradingClass)
		f.Str(&r.Distance)
		f.Str(&r.Benchmark)
		f.Str(&r.Projection)
		f.Str(&r.Legs)
	})
}

// ScannerRow is one place of a scan.
type ScannerRow struct {
	Rank                                              int64
	Contract                                          Contract
	MarketName, Distance, Benchmark, Projection, Legs string
}

// ReqCalcImpliedVol asks for an option's volatility at a price.
type ReqCalcImpliedVol struct {
	ReqID       int64
	Contract    Contract
	OptionPrice num.Decimal
	UnderPrice  num.Decimal
	Options     []TagValue
}

// ID is 54.
func (*ReqCalcImpliedVol) ID() int { return 54 }

// Walk names the fields.
func (m *ReqCalcImpliedVol) Walk(f *Fields) {
	f.Version(2)
	f.Int(&m.ReqID)
	m.Contract.asked(f)
	f.Num(&m.OptionPrice)
	f.Num(&m.UnderPrice)
	f.Tags(&m.Options)
}

// CancelCalcImpliedVol gives up on it.
type CancelCalcImpliedVol struct {
	ReqID int64
}

// ID is 56.
func (*CancelCalcImpliedVol) ID() int { return 56 }

// Walk names the fields.
func (m *CancelCalcImpliedVol) Walk(f *Fields) {
	f.Version(1)
	f.Int(&m.ReqID)
}

// ReqCalcOptionPrice asks for an option's price at a volatility.
type ReqCalcOptionPrice struct {
	ReqID      int64
	Contract   Contract
	Volatility num.Decimal
	UnderPrice num.Decimal
	Options    []TagValue
}

// ID is 55.
func (*ReqCalcOptionPrice) ID() int { return 55 }

// Walk names the fields.
func (m *ReqCalcOptionPrice) Walk(f *Fields) {
	f.Version(2)
	f.Int(&m.ReqID)
	m.Contract.asked(f)
	f.Num(&m.Volatility)
	f.Num(&m.UnderPrice)
	f.Tags(&m.Options)
}

// CancelCalcOptionPrice gives up on it.
type CancelCalcOptionPrice struct {
	ReqID int64
}

// ID is 57.
func (*CancelCalcOptionPrice) ID() int { return 57 }

// Walk names the fields.
func (m *CancelCalcOptionPrice) Walk(f *Fields) {
	f.Version(1)
	f.Int(&m.ReqID)
}
