package tws

import "quantdesk/internal/num"

// Order is an order as TWS knows it. Fields that a plain order does not need are
// zero or unset.
type Order struct {
	OrderID  int64
	ClientID int64
	PermID   int64
	ParentID int64

	Action        string // BUY, SELL
	TotalQuantity num.Decimal
	OrderType     string // MKT, LMT, STP, STP LMT, TRAIL, …
	LimitPrice    OptNum
	AuxPrice      OptNum // the stop price, or the amount of a trail
	TIF           string // DAY, GTC, IOC, GTD, OPG, FOK, …
	OCAGroup      string
	OCAType       int64
	Account       string
	OpenClose     string
	Origin        int64
	// OrderRef is the client's own text; it survives sessions.
	OrderRef      string
	Transmit      bool
	BlockOrder    bool
	SweepToFill   bool
	DisplaySize   OptInt
	TriggerMethod int64
	OutsideRTH    bool
	Hidden        bool

	Allocation       string // obsolete; TWS fills it
	DiscretionaryAmt num.Decimal
	GoodAfterTime    string
	GoodTillDate     string
	FAGroup          string
	FAMethod         string
	FAPercentage     string
	FAProfile        string // below 177 only
	ModelCode        string

	ShortSaleSlot      int64
	DesignatedLocation string
	ExemptCode         int64
	Rule80A            string
	SettlingFirm       string
	AllOrNone          bool
	MinQty             OptInt
	PercentOffset      OptNum
	ETradeOnly         bool
	FirmQuoteOnly      bool
	NBBOPriceCap       OptNum

	AuctionStrategy   int64
	StartingPrice     OptNum
	StockRefPrice     OptNum
	Delta             OptNum
	StockRangeLower   OptNum
	StockRangeUpper   OptNum
	OverridePercent   bool
	Volatility        OptNum
	VolatilityType    OptInt
	DeltaNeutralType  string
	DeltaNeutralAux   OptNum
	DeltaNeutralOrder DeltaNeutralOrder
	ContinuousUpdate  bool
	ReferencePrice    OptInt
	TrailStopPrice    OptNum
	TrailingPercent   OptNum
	BasisPoints       OptNum
	BasisPointsType   OptInt

	ComboLegPrices []OptNum
	ComboRouting   []TagValue
	ComboDescrip   string

	ScaleInitLevel  OptInt
	ScaleSubsLevel  OptInt
	ScaleIncrement  OptNum
	Scale           Scale
	ScaleTable      string
	ActiveStartTime string
	ActiveStopTime  string
	HedgeType       string
	HedgeParam      string

	OptOutSmartRouting bool
	ClearingAccount    string
	ClearingIntent     string
	NotHeld            bool
	AlgoStrategy       string
	AlgoParams         []TagValue
	AlgoID             string
	WhatIf             bool
	MiscOptions        []TagValue
	Solicited          bool
	RandomizeSize      bool
	RandomizePrice     bool
	PegBench           PegBench

	Conditions            []Condition
	ConditionsIgnoreRTH   bool
	ConditionsCancelOrder bool

	AdjustedOrderType      string
	TriggerPrice           OptNum
	LimitPriceOffset       OptNum
	AdjustedStopPrice      OptNum
	AdjustedStopLimitPrice OptNum
	AdjustedTrailingAmount OptNum
	AdjustableTrailingUnit int64

	ExtOperator         string
	SoftDollarTier      SoftDollarTier
	CashQty             OptNum
	MiFID2DecisionMaker string
	MiFID2DecisionAlgo  string
	MiFID2ExecTrader    string
	MiFID2ExecAlgo      string
	DontUseAutoPrice    bool
	OMSContainer        bool
	DiscretionaryUpTo   bool
	UsePriceMgmtAlgo    bool
	Duration            OptInt
	PostToATS           OptInt
	AutoCancelParent    bool
	AdvancedOverride    string
	ManualOrderTime     string

	MinTradeQty      OptInt
	MinCompeteSize   OptInt
	CompeteOffset    OptNum
	MidOffsetAtWhole OptNum
	MidOffsetAtHalf  OptNum
	AutoCancelDate   string
	FilledQuantity   num.Decimal
	RefFuturesConID  OptInt
	Shareholder      string
	ImbalanceOnly    bool
	RouteMarketable  bool
	ParentPermID     OptInt
}

// DeltaNeutralOrder is the hedge of a volatility order.
type DeltaNeutralOrder struct {
	ConID              int64
	SettlingFirm       string
	ClearingAccount    string
	ClearingIntent     string
	OpenClose          string
	ShortSale          bool
	ShortSaleSlot      int64
	DesignatedLocation string
}

// Scale is how a scale order goes on.
type Scale struct {
	PriceAdjustValue    OptNum
	PriceAdjustInterval OptInt
	ProfitOffset        OptNum
	AutoReset           bool
	InitPosition        OptInt
	InitFillQty         OptInt
	RandomPercent       bool
}

// PegBench is what an order is pegged to.
type PegBench struct {
	ReferenceConID    int64
	Decrease          bool
	PeggedChange      OptNum
	ReferenceChange   OptNum
	ReferenceExchange string
}

// SoftDollarTier is how an order is paid for.
type SoftDollarTier struct{ Name, Value, DisplayName string }

// Condition holds an order until something is so.
type Condition struct {
	Type        int64 // 1 price, 3 time, 4 margin, 5 execution, 6 volume, 7 percent change
	Conjunction string
	IsMore      bool
	// Value is the price, time, percent, volume or change.
	Value         string
	ConID         int64
	Exchange      string
	TriggerMethod int64
	SecType       string
	Symbol        string
}

// walk names the fields; an unknown type cannot be stepped over.
func (c *Condition) walk(f *Fields) {
	f.Int(&c.Type)
	f.Str(&c.Conjunction)
	switch c.Type {
	case 1, 6, 7:
		f.Bool(&c.IsMore)
		f.Str(&c.Value)
		f.Int(&c.ConID)
		f.Str(&c.Exchange)
		if c.Type == 1 {
			f.Int(&c.TriggerMethod)
		}
	case 3, 4:
		f.Bool(&c.IsMore)
		f.Str(&c.Value)
	case 5:
		f.Str(&c.SecType)
		f.Str(&c.Exchange)
		f.Str(&c.Symbol)
	default:
		if f.err == nil {
			f.fail(ErrValue)
		}
	}
}

func (o *Order) conditions(f *Fields) {
	List(f, &o.Conditions, func(c *Condition) { c.walk(f) })
	if len(o.Conditions) > 0 {
		f.Bool(&o.ConditionsIgnoreRTH)
		f.Bool(&o.ConditionsCancelOrder)
	}
}

func (o *Order) pegBench(f *Fields) {
	if o.OrderType != "PEG BENCH" && o.OrderType != "PEGBENCH" {
		return
	}
	f.Int(&o.PegBench.ReferenceConID)
	f.Bool(&o.PegBench.Decrease)
	f.OptNum(&o.PegBench.PeggedChange, Empty)
	f.OptNum(&o.PegBench.ReferenceChange, Empty)
	f.Str(&o.PegBench.ReferenceExchange)
}

// scale is what follows the increment of a scale order.
func (o *Order) scale(f *Fields) {
	if !o.ScaleIncrement.Positive() {
		return
	}
	f.OptNum(&o.Scale.PriceAdjustValue, Empty)
	f.OptInt(&o.Scale.PriceAdjustInterval, Empty)
	f.OptNum(&o.Scale.ProfitOffset, Empty)
	f.Bool(&o.Scale.AutoReset)
	f.OptInt(&o.Scale.InitPosition, Empty)
	f.OptInt(&o.Scale.InitFillQty, Empty)
	f.Bool(&o.Scale.RandomPercent)
}

func (o *Order) hedge(f *Fields) {
	f.Str(&o.HedgeType)
	if o.HedgeType != "" {
		f.Str(&o.HedgeParam)
	}
}

func (o *Order) algo(f *Fields) {
	f.Str(&o.AlgoStrategy)
	if o.AlgoStrategy != "" {
		f.TagPairs(&o.AlgoParams)
	}
}

// combo is the legs of a BAG, counted.
func (o *Order) combo(f *Fields, c *Contract) {
	List(f, &c.ComboLegs, func(l *ComboLeg) { l.long(f) })
	List(f, &o.ComboLegPrices, func(p *OptNum) { f.OptNum(p, Empty) })
	f.TagPairs(&o.ComboRouting)
}
