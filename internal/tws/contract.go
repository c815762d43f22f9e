package tws

import "quantdesk/internal/num"

// Contract is an instrument as IBKR names it.
type Contract struct {
	ConID int64
	// Symbol is the underlying's; LocalSymbol the contract's own.
	Symbol  string
	SecType string // STK, OPT, FUT, CASH, IND, CFD, CRYPTO, BAG, …
	// LastTradeDate is yyyymmdd, or yyyymm for a contract month.
	LastTradeDate string
	Strike        num.Decimal
	Right         string // C, P or nothing
	Multiplier    string
	Exchange      string
	// PrimaryExchange tells contracts of one symbol apart; replies leave it out.
	PrimaryExchange string
	Currency        string
	LocalSymbol     string
	TradingClass    string
	SecIDType       string
	SecID           string
	ComboLegs       []ComboLeg
	DeltaNeutral    *DeltaNeutral
}

// ComboLeg is one leg of a BAG.
type ComboLeg struct {
	ConID              int64
	Ratio              int64
	Action             string
	Exchange           string
	OpenClose          int64
	ShortSaleSlot      int64
	DesignatedLocation string
	ExemptCode         int64
}

// DeltaNeutral is the underlying that an order is hedged with.
type DeltaNeutral struct {
	ConID int64
	Delta num.Decimal
	Price num.Decimal
}

func (c *Contract) first(f *Fields) {
	f.Int(&c.ConID)
	f.Str(&c.Symbol)
	f.Str(&c.SecType)
	f.Str(&c.LastTradeDate)
	f.Num(&c.Strike)
	f.Str(&c.Right)
	f.Str(&c.Multiplier)
}

func (c *Contract) last(f *Fields) {
	f.Str(&c.Currency)
	f.Str(&c.LocalSymbol)
	f.Str(&c.TradingClass)
}

// asked is a contract in a request: twelve fields.
func (c *Contract) asked(f *Fields) {
	c.first(f)
	f.Str(&c.Exchange)
	f.Str(&c.PrimaryExchange)
	c.last(f)
}

// told is a contract in a reply: eleven fields.
func (c *Contract) told(f *Fields) {
	c.first(f)
	f.Str(&c.Exchange)
	c.last(f)
}

// legs are the legs of a request for a BAG.
func (c *Contract) legs(f *Fields) {
	if c.SecType == "BAG" {
		List(f, &c.ComboLegs, func(l *ComboLeg) { l.short(f) })
	}
}

func (l *ComboLeg) short(f *Fields) {
	f.Int(&l.ConID)
	f.Int(&l.Ratio)
	f.Str(&l.Action)
	f.Str(&l.Exchange)
}

func (l *ComboLeg) long(f *Fields) {
	l.short(f)
	f.Int(&l.OpenClose)
	f.Int(&l.ShortSaleSlot)
	f.Str(&l.DesignatedLocation)
	f.Int(&l.ExemptCode)
}

// hedge is the delta-neutral contract behind the flag that it is there.
func (c *Contract) hedge(f *Fields) {
	has := c.DeltaNeutral != nil
	f.Bool(&has)
	if !has {
		c.DeltaNeutral = nil
		return
	}
	if c.DeltaNeutral == nil {
		c.DeltaNeutral = &DeltaNeutral{}
	}
	f.Int(&c.DeltaNeutral.ConID)
	f.Num(&c.DeltaNeutral.Delta)
	f.Num(&c.DeltaNeutral.Price)
}

// ReqContractDetails asks for everything about the contracts that match.
type ReqContractDetails struct {
	ReqID          int64
	Contract       Contract
	IncludeExpired bool
	IssuerID       string
}

// ID is 9.
func (*ReqContractDetails) ID() int { return 9 }

// Walk names the fields.
func (m *ReqContractDetails) Walk(f *Fields) {
	f.Version(8)
	f.Int(&m.ReqID)
	m.Contract.asked(f)
	f.Bool(&m.IncludeExpired)
	f.Str(&m.Contract.SecIDType)
	f.Str(&m.Contract.SecID)
	f.Str(&m.IssuerID)
}

// ContractData is one contract that matches.
type ContractData struct {
	ReqID    int64
	Contract Contract
	// MarketName is the exchange's name for the product.
	MarketName      string
	MinTick         num.Decimal
	OrderTypes      string // comma list
	ValidExchanges  string // comma list
	PriceMagnifier  int64
	UnderConID      int64
	LongName        string
	ContractMonth   string
	Industry        string
	Category        string
	Subcategory     string
	TimeZoneID      string
	TradingHours    string
	LiquidHours     string
	EVRule          string
	EVMultiplier    OptNum
	SecIDs          []TagValue
	AggGroup        OptInt
	UnderSymbol     string
	UnderSecType    string
	MarketRuleIDs   string // comma list, parallel to ValidExchanges
	RealExpiration  string
	StockType       string
	MinSize         num.Decimal
	SizeIncrement   num.Decimal
	SuggestedSizing num.Decimal
}

// ID is 10.
func (*ContractData) ID() int { return 10 }

// Walk names the fields.
func (m *ContractData) Walk(f *Fields) {
	c := &m.Contract
	f.Int(&m.ReqID)
	f.Str(&c.Symbol)
	f.Str(&c.SecType)
	f.Str(&c.LastTradeDate)
	f.Num(&c.Strike)
	f.Str(&c.Right)
	f.Str(&c.Exchange)
	f.Str(&c.Currency)
	f.Str(&c.LocalSymbol)
	f.Str(&m.MarketName)
	f.Str(&c.TradingClass)
	f.Int(&c.ConID)
	f.Num(&m.MinTick)
	f.Str(&c.Multiplier)
	f.Str(&m.OrderTypes)
	f.Str(&m.ValidExchanges)
	f.Int(&m.PriceMagnifier)
	f.Int(&m.UnderConID)
	f.Str(&m.LongName)
	f.Str(&c.PrimaryExchange)
	f.Str(&m.ContractMonth)
	f.Str(&m.Industry)
	f.Str(&m.Category)
	f.Str(&m.Subcategory)
	f.Str(&m.TimeZoneID)
	f.Str(&m.TradingHours)
	f.Str(&m.LiquidHours)
	f.Str(&m.EVRule)
	f.OptNum(&m.EVMultiplier, Empty)
	f.TagPairs(&m.SecIDs)
	f.OptInt(&m.AggGroup, Empty)
	f.Str(&m.UnderSymbol)
	f.Str(&m.UnderSecType)
	f.Str(&m.MarketRuleIDs)
	f.Str(&m.RealExpiration)
	f.Str(&m.StockType)
	f.Num(&m.MinSize)
	f.Num(&m.SizeIncrement)
	f.Num(&m.SuggestedSizing)
}

// ContractDataEnd ends the contracts of a request.
type ContractDataEnd struct{ ReqID int64 }

// ID is 52.
func (*ContractDataEnd) ID() int { return 52 }

// Walk names the fields.
func (m *ContractDataEnd) Walk(f *Fields) { f.Version(1); f.Int(&m.ReqID) }

// ReqMatchingSymbols searches symbols and names.
type ReqMatchingSymbols struct {
	ReqID   int64
	Pattern string
}

// ID is 81.
func (*ReqMatchingSymbols) ID() int { return 81 }

// Walk names the fields.
func (m *ReqMatchingSymbols) Walk(f *Fields) { f.Int(&m.ReqID); f.Str(&m.Pattern) }

// SymbolSamples is what a search found, at most 16.
type SymbolSamples struct {
	ReqID   int64
	Samples []SymbolSample
}

// SymbolSample is one of them.
type SymbolSample struct {
	Contract    Contract
	Derivatives []string // their security types
	Description string
	IssuerID    string
}

// ID is 79.
func (*SymbolSamples) ID() int { return 79 }

// Walk names the fields.
func (m *SymbolSamples) Walk(f *Fields) {
	f.Int(&m.ReqID)
	List(f, &m.Samples, func(s *SymbolSample) {
		f.Int(&s.Contract.ConID)
		f.Str(&s.Contract.Symbol)
		f.Str(&s.Contract.SecType)
		f.Str(&s.Contract.PrimaryExchange)
		f.Str(&s.Contract.Currency)
		f.Texts(&s.Derivatives)
		f.Str(&s.Description)
		f.Str(&s.IssuerID)
	})
}

// ReqMarketRule asks for the price steps of a rule.
type ReqMarketRule struct{ RuleID int64 }

// ID is 91.
func (*ReqMarketRule) ID() int { return 91 }

// Walk names the fields.
func (m *ReqMarketRule) Walk(f *Fields) { f.Int(&m.RuleID) }

// MarketRule is the price steps of a rule: each from a price on.
type MarketRule struct {
	RuleID     int64
	Increments []PriceIncrement
}

// PriceIncrement is a step from LowEdge on.
type PriceIncrement struct{ LowEdge, Increment num.Decimal }

// ID is 93.
func (*MarketRule) ID() int { return 93 }

// Walk names the fields.
func (m *MarketRule) Walk(f *Fields) {
	f.Int(&m.RuleID)
	List(f, &m.Increments, func(p *PriceIncrement) { f.Num(&p.LowEdge); f.Num(&p.Increment) })
}

// ReqSmartComponents asks which exchanges the letters of a BBO stand for.
type ReqSmartComponents struct {
	ReqID       int64
	BBOExchange string
}

// ID is 83.
func (*ReqSmartComponents) ID() int { return 83 }

// Walk names the fields.
func (m *ReqSmartComponents) Walk(f *Fields) { f.Int(&m.ReqID); f.Str(&m.BBOExchange) }

// SmartComponents are those exchanges.
type SmartComponents struct {
	ReqID      int64
	Components []SmartComponent
}

// SmartComponent is one exchange.
type SmartComponent struct {
	Bit      int64
	Exchange string
	Letter   string
}

// ID is 82.
func (*SmartComponents) ID() int { return 82 }

// Walk names the fields.
func (m *SmartComponents) Walk(f *Fields) {
	f.Int(&m.ReqID)
	List(f, &m.Components, func(s *SmartComponent) { f.Int(&s.Bit); f.Str(&s.Exchange); f.Str(&s.Letter) })
}

// ReqSecDefOptParams asks for the option chains of an underlying.
type ReqSecDefOptParams struct {
	ReqID          int64
	Symbol         string
	FutFopExchange string
	SecType        string
	ConID          int64
}

// ID is 78.
func (*ReqSecDefOptParams) ID() int { return 78 }

// Walk names the fields.
func (m *ReqSecDefOptParams) Walk(f *Fields) {
	f.Int(&m.ReqID)
	f.Str(&m.Symbol)
	f.Str(&m.FutFopExchange)
	f.Str(&m.SecType)
	f.Int(&m.ConID)
}

// SecDefOptParams is one option chain: every expiration with every strike.
type SecDefOptParams struct {
	ReqID        int64
	Exchange     string
	UnderConID   int64
	TradingClass string
	Multiplier   string
	Expirations  []string
	Strikes      []num.Decimal
}

// ID is 75.
func (*SecDefOptParams) ID() int { return 75 }

// Walk names the fields.
func (m *SecDefOptParams) Walk(f *Fields) {
	f.Int(&m.ReqID)
	f.Str(&m.Exchange)
	f.Int(&m.UnderConID)
	f.Str(&m.TradingClass)
	f.Str(&m.Multiplier)
	f.Texts(&m.Expirations)
	List(f, &m.Strikes, f.Num)
}

// SecDefOptParamsEnd ends the chains.
type SecDefOptParamsEnd struct{ ReqID int64 }

// ID is 76.
func (*SecDefOptParamsEnd) ID() int { return 76 }

// Walk names the fields.
func (m *SecDefOptParamsEnd) Walk(f *Fields) { f.Int(&m.ReqID) }
