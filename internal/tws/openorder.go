package tws

import "quantdesk/internal/num"

// OrderState is what TWS tells of an order beside its terms. The margins are set
// in the answer to a what-if alone.
type OrderState struct {
	Status             string
	InitMarginBefore   OptNum
	MaintMarginBefore  OptNum
	EquityBefore       OptNum
	InitMarginChange   OptNum
	MaintMarginChange  OptNum
	EquityChange       OptNum
	InitMarginAfter    OptNum
	MaintMarginAfter   OptNum
	EquityAfter        OptNum
	Commission         OptNum
	MinCommission      OptNum
	MaxCommission      OptNum
	CommissionCurrency string
	WarningText        string
	CompletedTime      string
	CompletedStatus    string
}

func (s *OrderState) margins(f *Fields) {
	f.Str(&s.Status)
	for _, p := range []*OptNum{
		&s.InitMarginBefore, &s.MaintMarginBefore, &s.EquityBefore, &s.InitMarginChange, &s.MaintMarginChange, &s.EquityChange,
		&s.InitMarginAfter, &s.MaintMarginAfter, &s.EquityAfter,
	} {
		f.OptNum(p, Max)
	}
	f.OptNum(&s.Commission, Empty)
	f.OptNum(&s.MinCommission, Empty)
	f.OptNum(&s.MaxCommission, Empty)
	f.Str(&s.CommissionCurrency)
	f.Str(&s.WarningText)
}

// OpenOrder is an order and its state.
type OpenOrder struct {
	OrderID  int64
	Contract Contract
	Order    Order
	State    OrderState
}

// ID is 5.
func (*OpenOrder) ID() int { return 5 }

// terms are the fields that open and completed orders share first.
func (o *Order) terms(f *Fields) {
	f.Str(&o.Action)
	f.Num(&o.TotalQuantity)
	f.Str(&o.OrderType)
	f.OptNum(&o.LimitPrice, Zero)
	f.OptNum(&o.AuxPrice, Zero)
	f.Str(&o.TIF)
	f.Str(&o.OCAGroup)
	f.Str(&o.Account)
	f.Str(&o.OpenClose)
	f.Int(&o.Origin)
	f.Str(&o.OrderRef)
}

// auction are the prices of orders in auctions and relative to a stock.
func (o *Order) auction(f *Fields) {
	f.OptNum(&o.StartingPrice, Empty)
	f.OptNum(&o.StockRefPrice, Empty)
	f.OptNum(&o.Delta, Empty)
	f.OptNum(&o.StockRangeLower, Empty)
	f.OptNum(&o.StockRangeUpper, Empty)
	f.OptInt(&o.DisplaySize, Max)
}

// word is a text that TWS writes as None where it is empty.
func word(f *Fields, p *string) {
	if f.Writing() {
		s := *p
		if s == "" {
			s = "None"
		}
		f.Str(&s)
		return
	}
	f.Str(p)
	if *p == "None" {
		*p = ""
	}
}

// hedgeOrder is the hedge of a volatility order: TWS writes the type None, and
// then the fields are there nevertheless.
func (o *Order) hedgeOrder(f *Fields, rest func(*DeltaNeutralOrder)) {
	typ := o.DeltaNeutralType
	if f.Writing() && typ == "" {
		typ = "None"
	}
	f.Str(&typ)
	f.OptNum(&o.DeltaNeutralAux, Empty)
	if typ != "" {
		rest(&o.DeltaNeutralOrder)
	}
	if typ == "None" {
		typ = ""
	}
	o.DeltaNeutralType = typ
}

// Walk names the fields.
func (m *OpenOrder) Walk(f *Fields) {
	c, o := &m.Contract, &m.Order
	f.Int(&m.OrderID)
	o.OrderID = m.OrderID
	c.told(f)
	o.terms(f)
	f.Int(&o.ClientID)
	f.Int(&o.PermID)
	f.Bool(&o.OutsideRTH)
	f.Bool(&o.Hidden)
	f.Num(&o.DiscretionaryAmt)
	f.Str(&o.GoodAfterTime)
	f.Str(&o.Allocation)
	o.advisor(f)
	f.Str(&o.ModelCode)
	f.Str(&o.GoodTillDate)
	f.Str(&o.Rule80A)
	f.OptNum(&o.PercentOffset, Empty)
	f.Str(&o.SettlingFirm)
	f.Int(&o.ShortSaleSlot)
	f.Str(&o.DesignatedLocation)
	f.Int(&o.ExemptCode)
	f.Int(&o.AuctionStrategy)
	o.auction(f)
	f.Bool(&o.BlockOrder)
	f.Bool(&o.SweepToFill)
	f.Bool(&o.AllOrNone)
	f.OptInt(&o.MinQty, Empty)
	f.Int(&o.OCAType)
	f.Bool(&o.ETradeOnly)
	f.Bool(&o.FirmQuoteOnly)
	f.OptNum(&o.NBBOPriceCap, Empty)
	f.Int(&o.ParentID)
	f.Int(&o.TriggerMethod)
	f.OptNum(&o.Volatility, Empty)
	f.OptInt(&o.VolatilityType, Zero)
	o.hedgeOrder(f, func(d *DeltaNeutralOrder) { d.long(f) })
	f.Bool(&o.ContinuousUpdate)
	f.OptInt(&o.ReferencePrice, Zero)
	f.OptNum(&o.TrailStopPrice, Empty)
	f.OptNum(&o.TrailingPercent, Empty)
	f.OptNum(&o.BasisPoints, Empty)
	f.OptInt(&o.BasisPointsType, Empty)
	f.Str(&o.ComboDescrip)
	o.combo(f, c)
	f.OptInt(&o.ScaleInitLevel, Max)
	f.OptInt(&o.ScaleSubsLevel, Max)
	f.OptNum(&o.ScaleIncrement, Empty)
	o.scale(f)
	o.hedge(f)
	f.Bool(&o.OptOutSmartRouting)
	f.Str(&o.ClearingAccount)
	f.Str(&o.ClearingIntent)
	f.Bool(&o.NotHeld)
	c.hedge(f)
	o.algo(f)
	f.Bool(&o.Solicited)
	f.Bool(&o.WhatIf)
	m.State.margins(f)
	f.Bool(&o.RandomizeSize)
	f.Bool(&o.RandomizePrice)
	o.pegBench(f)
	o.conditions(f)
	word(f, &o.AdjustedOrderType)
	f.OptNum(&o.TriggerPrice, Max)
	o.trailAgain(f)
	f.OptNum(&o.LimitPriceOffset, Max)
	f.OptNum(&o.AdjustedStopPrice, Max)
	f.OptNum(&o.AdjustedStopLimitPrice, Max)
	f.OptNum(&o.AdjustedTrailingAmount, Max)
	f.Int(&o.AdjustableTrailingUnit)
	f.Str(&o.SoftDollarTier.Name)
	f.Str(&o.SoftDollarTier.Value)
	f.Str(&o.SoftDollarTier.DisplayName)
	f.OptNum(&o.CashQty, Zero)
	f.Bool(&o.DontUseAutoPrice)
	f.Bool(&o.OMSContainer)
	f.Bool(&o.DiscretionaryUpTo)
	f.Bool(&o.UsePriceMgmtAlgo)
	f.OptInt(&o.Duration, Empty)
	f.OptInt(&o.PostToATS, Empty)
	f.Bool(&o.AutoCancelParent)
	o.best(f)
}

// best are the fields that told orders end with.
func (o *Order) best(f *Fields) {
	f.OptInt(&o.MinTradeQty, Empty)
	f.OptInt(&o.MinCompeteSize, Empty)
	f.OptNum(&o.CompeteOffset, Empty)
	f.OptNum(&o.MidOffsetAtWhole, Empty)
	f.OptNum(&o.MidOffsetAtHalf, Empty)
}

// trailAgain is the second copy of the trail's stop price; an unset one takes
// nothing from the first.
func (o *Order) trailAgain(f *Fields) {
	first := o.TrailStopPrice
	f.OptNum(&o.TrailStopPrice, Max)
	if !o.TrailStopPrice.Set() {
		o.TrailStopPrice = first
	}
}

// OpenOrderEnd ends a list of open orders.
type OpenOrderEnd struct{}

// ID is 53.
func (*OpenOrderEnd) ID() int { return 53 }

// Walk names the fields.
func (*OpenOrderEnd) Walk(f *Fields) { f.Version(1) }

// OrderStatus is how far an order is.
type OrderStatus struct {
	OrderID       int64
	Status        string
	Filled        num.Decimal
	Remaining     num.Decimal
	AvgFillPrice  num.Decimal
	PermID        int64
	ParentID      int64
	LastFillPrice num.Decimal
	ClientID      int64
	WhyHeld       string
	MktCapPrice   num.Decimal
}

// ID is 3.
func (*OrderStatus) ID() int { return 3 }

// Walk names the fields.
func (m *OrderStatus) Walk(f *Fields) {
	f.Int(&m.OrderID)
	f.Str(&m.Status)
	f.Num(&m.Filled)
	f.Num(&m.Remaining)
	f.Num(&m.AvgFillPrice)
	f.Int(&m.PermID)
	f.Int(&m.ParentID)
	f.Num(&m.LastFillPrice)
	f.Int(&m.ClientID)
	f.Str(&m.WhyHeld)
	f.Num(&m.MktCapPrice)
}

// The statuses of an order.
const (
	PendingSubmit = "PendingSubmit"
	PreSubmitted  = "PreSubmitted"
	Submitted     = "Submitted"
	PendingCancel = "PendingCancel"
	APICancelled  = "ApiCancelled"
	Cancelled     = "Cancelled"
	Filled        = "Filled"
	Inactive      = "Inactive"
)

// Expired is how TWS words the end of an order whose time was over: its status
// is Cancelled.
const Expired = "Expired"

// CompletedOrder is an order that has ended. It has no order id.
type CompletedOrder struct {
	Contract Contract
	Order    Order
	State    OrderState
}

// ID is 101.
func (*CompletedOrder) ID() int { return 101 }

// Walk names the fields.
func (m *CompletedOrder) Walk(f *Fields) {
	c, o := &m.Contract, &m.Order
	c.told(f)
	o.terms(f)
	f.Int(&o.PermID)
	f.Bool(&o.OutsideRTH)
	f.Bool(&o.Hidden)
	f.Num(&o.DiscretionaryAmt)
	f.Str(&o.GoodAfterTime)
	o.advisor(f)
	f.Str(&o.ModelCode)
	f.Str(&o.GoodTillDate)
	f.Str(&o.Rule80A)
	f.OptNum(&o.PercentOffset, Empty)
	f.Str(&o.SettlingFirm)
	f.Int(&o.ShortSaleSlot)
	f.Str(&o.DesignatedLocation)
	f.Int(&o.ExemptCode)
	o.auction(f)
	f.Bool(&o.SweepToFill)
	f.Bool(&o.AllOrNone)
	f.OptInt(&o.MinQty, Empty)
	f.Int(&o.OCAType)
	f.Int(&o.TriggerMethod)
	f.OptNum(&o.Volatility, Empty)
	f.OptInt(&o.VolatilityType, Zero)
	o.hedgeOrder(f, func(d *DeltaNeutralOrder) {
		f.Int(&d.ConID)
		f.Bool(&d.ShortSale)
		f.Int(&d.ShortSaleSlot)
		f.Str(&d.DesignatedLocation)
	})
	f.Bool(&o.ContinuousUpdate)
	f.OptInt(&o.ReferencePrice, Zero)
	f.OptNum(&o.TrailStopPrice, Empty)
	f.OptNum(&o.TrailingPercent, Empty)
	f.Str(&o.ComboDescrip)
	o.combo(f, c)
	f.OptInt(&o.ScaleInitLevel, Max)
	f.OptInt(&o.ScaleSubsLevel, Max)
	f.OptNum(&o.ScaleIncrement, Empty)
	o.scale(f)
	o.hedge(f)
	f.Str(&o.ClearingAccount)
	f.Str(&o.ClearingIntent)
	f.Bool(&o.NotHeld)
	c.hedge(f)
	o.algo(f)
	f.Bool(&o.Solicited)
	f.Str(&m.State.Status)
	f.Bool(&o.RandomizeSize)
	f.Bool(&o.RandomizePrice)
	o.pegBench(f)
	o.conditions(f)
	o.trailAgain(f)
	f.OptNum(&o.LimitPriceOffset, Max)
	f.OptNum(&o.CashQty, Zero)
	f.Bool(&o.DontUseAutoPrice)
	f.Bool(&o.OMSContainer)
	f.Str(&o.AutoCancelDate)
	f.Num(&o.FilledQuantity)
	f.OptInt(&o.RefFuturesConID, Max)
	f.Bool(&o.AutoCancelParent)
	f.Str(&o.Shareholder)
	f.Bool(&o.ImbalanceOnly)
	f.Bool(&o.RouteMarketable)
	f.OptLong(&o.ParentPermID)
	f.Str(&m.State.CompletedTime)
	f.Str(&m.State.CompletedStatus)
	o.best(f)
}

// CompletedOrdersEnd ends the completed orders.
type CompletedOrdersEnd struct{}

// ID is 102.
func (*CompletedOrdersEnd) ID() int { return 102 }

// Walk names the fields: there are none.
func (*CompletedOrdersEnd) Walk(*Fields) {}

// ExecDetails is one execution; ReqID is -1 for one that has just happened.
type ExecDetails struct {
	ReqID           int64
	OrderID         int64
	Contract        Contract
	ExecID          string
	Time            string
	Account         string
	Exchange        string
	Side            string // BOT, SLD
	Shares          num.Decimal
	Price           num.Decimal
	PermID          int64
	ClientID        int64
	Liquidation     int64
	CumQty          num.Decimal
	AvgPrice        num.Decimal
	OrderRef        string
	EVRule          string
	EVMultiplier    OptNum
	ModelCode       string
	LastLiquidity   int64
	PendingRevision bool // from 178 on
}

// ID is 11.
func (*ExecDetails) ID() int { return 11 }

// Walk names the fields.
func (m *ExecDetails) Walk(f *Fields) {
	f.Int(&m.ReqID)
	f.Int(&m.OrderID)
	m.Contract.told(f)
	f.Str(&m.ExecID)
	f.Str(&m.Time)
	f.Str(&m.Account)
	f.Str(&m.Exchange)
	f.Str(&m.Side)
	f.Num(&m.Shares)
	f.Num(&m.Price)
	f.Int(&m.PermID)
	f.Int(&m.ClientID)
	f.Int(&m.Liquidation)
	f.Num(&m.CumQty)
	f.Num(&m.AvgPrice)
	f.Str(&m.OrderRef)
	f.Str(&m.EVRule)
	f.OptNum(&m.EVMultiplier, Empty)
	f.Str(&m.ModelCode)
	f.Int(&m.LastLiquidity)
	if f.ServerVersion() >= 178 {
		f.Bool(&m.PendingRevision)
	}
}

// ExecDetailsEnd ends the executions of a request.
type ExecDetailsEnd struct{ ReqID int64 }

// ID is 55.
func (*ExecDetailsEnd) ID() int { return 55 }

// Walk names the fields.
func (m *ExecDetailsEnd) Walk(f *Fields) { f.Version(1); f.Int(&m.ReqID) }

// CommissionReport is what an execution cost.
type CommissionReport struct {
	ExecID          string
	Commission      num.Decimal
	Currency        string
	RealizedPNL     OptNum
	Yield           OptNum
	YieldRedemption OptInt
}

// ID is 59.
func (*CommissionReport) ID() int { return 59 }

// Walk names the fields.
func (m *CommissionReport) Walk(f *Fields) {
	f.Version(1)
	f.Str(&m.ExecID)
	f.Num(&m.Commission)
	f.Str(&m.Currency)
	f.OptNum(&m.RealizedPNL, Max)
	f.OptNum(&m.Yield, Max)
	f.OptInt(&m.YieldRedemption, Empty)
}
