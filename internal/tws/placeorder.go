package tws

// PlaceOrder places an order, or changes the one of the same order id.
type PlaceOrder struct {
	OrderID  int64
	Contract Contract
	Order    Order
}

// ID is 3.
func (*PlaceOrder) ID() int { return 3 }

// Walk names the fields.
func (m *PlaceOrder) Walk(f *Fields) {
	c, o := &m.Contract, &m.Order
	f.Int(&m.OrderID)
	o.OrderID = m.OrderID
	c.asked(f)
	f.Str(&c.SecIDType)
	f.Str(&c.SecID)
	f.Str(&o.Action)
	f.Num(&o.TotalQuantity)
	f.Str(&o.OrderType)
	f.OptNum(&o.LimitPrice, Empty)
	f.OptNum(&o.AuxPrice, Empty)
	f.Str(&o.TIF)
	f.Str(&o.OCAGroup)
	f.Str(&o.Account)
	f.Str(&o.OpenClose)
	f.Int(&o.Origin)
	f.Str(&o.OrderRef)
	f.Bool(&o.Transmit)
	f.Int(&o.ParentID)
	f.Bool(&o.BlockOrder)
	f.Bool(&o.SweepToFill)
	f.OptInt(&o.DisplaySize, Empty)
	f.Int(&o.TriggerMethod)
	f.Bool(&o.OutsideRTH)
	f.Bool(&o.Hidden)
	if c.SecType == "BAG" {
		o.combo(f, c)
	}
	f.Const("")
	f.Num(&o.DiscretionaryAmt)
	f.Str(&o.GoodAfterTime)
	f.Str(&o.GoodTillDate)
	o.advisor(f)
	f.Str(&o.ModelCode)
	f.Int(&o.ShortSaleSlot)
	f.Str(&o.DesignatedLocation)
	f.Int(&o.ExemptCode)
	f.Int(&o.OCAType)
	f.Str(&o.Rule80A)
	f.Str(&o.SettlingFirm)
	f.Bool(&o.AllOrNone)
	f.OptInt(&o.MinQty, Empty)
	f.OptNum(&o.PercentOffset, Empty)
	f.Bool(&o.ETradeOnly)
	f.Bool(&o.FirmQuoteOnly)
	f.OptNum(&o.NBBOPriceCap, Empty)
	f.Int(&o.AuctionStrategy)
	f.OptNum(&o.StartingPrice, Empty)
	f.OptNum(&o.StockRefPrice, Empty)
	f.OptNum(&o.Delta, Empty)
	f.OptNum(&o.StockRangeLower, Empty)
	f.OptNum(&o.StockRangeUpper, Empty)
	f.Bool(&o.OverridePercent)
	f.OptNum(&o.Volatility, Empty)
	f.OptInt(&o.VolatilityType, Empty)
	f.Str(&o.DeltaNeutralType)
	f.OptNum(&o.DeltaNeutralAux, Empty)
	if o.DeltaNeutralType != "" {
		o.DeltaNeutralOrder.long(f)
	}
	f.Bool(&o.ContinuousUpdate)
	f.OptInt(&o.ReferencePrice, Empty)
	f.OptNum(&o.TrailStopPrice, Empty)
	f.OptNum(&o.TrailingPercent, Empty)
	f.OptInt(&o.ScaleInitLevel, Empty)
	f.OptInt(&o.ScaleSubsLevel, Empty)
	f.OptNum(&o.ScaleIncrement, Empty)
	o.scale(f)
	f.Str(&o.ScaleTable)
	f.Str(&o.ActiveStartTime)
	f.Str(&o.ActiveStopTime)
	o.hedge(f)
	f.Bool(&o.OptOutSmartRouting)
	f.Str(&o.ClearingAccount)
	f.Str(&o.ClearingIntent)
	f.Bool(&o.NotHeld)
	c.hedge(f)
	o.algo(f)
	f.Str(&o.AlgoID)
	f.Bool(&o.WhatIf)
	f.Tags(&o.MiscOptions)
	f.Bool(&o.Solicited)
	f.Bool(&o.RandomizeSize)
	f.Bool(&o.RandomizePrice)
	o.pegBench(f)
	o.conditions(f)
	f.Str(&o.AdjustedOrderType)
	f.OptNum(&o.TriggerPrice, Empty)
	f.OptNum(&o.LimitPriceOffset, Empty)
	f.OptNum(&o.AdjustedStopPrice, Empty)
	f.OptNum(&o.AdjustedStopLimitPrice, Empty)
	f.OptNum(&o.AdjustedTrailingAmount, Empty)
	f.Int(&o.AdjustableTrailingUnit)
	f.Str(&o.ExtOperator)
	f.Str(&o.SoftDollarTier.Name)
	f.Str(&o.SoftDollarTier.Value)
	f.OptNum(&o.CashQty, Empty)
	f.Str(&o.MiFID2DecisionMaker)
	f.Str(&o.MiFID2DecisionAlgo)
	f.Str(&o.MiFID2ExecTrader)
	f.Str(&o.MiFID2ExecAlgo)
	f.Bool(&o.DontUseAutoPrice)
	f.Bool(&o.OMSContainer)
	f.Bool(&o.DiscretionaryUpTo)
	f.Bool(&o.UsePriceMgmtAlgo)
	f.OptInt(&o.Duration, Empty)
	f.OptInt(&o.PostToATS, Empty)
	f.Bool(&o.AutoCancelParent)
	f.Str(&o.AdvancedOverride)
	f.Str(&o.ManualOrderTime)
	o.pegs(f, c)
}

// advisor is who an order is divided among.
func (o *Order) advisor(f *Fields) {
	f.Str(&o.FAGroup)
	f.Str(&o.FAMethod)
	f.Str(&o.FAPercentage)
	if f.ServerVersion() < 177 {
		f.Str(&o.FAProfile)
	}
}

func (d *DeltaNeutralOrder) long(f *Fields) {
	f.Int(&d.ConID)
	f.Str(&d.SettlingFirm)
	f.Str(&d.ClearingAccount)
	f.Str(&d.ClearingIntent)
	f.Str(&d.OpenClose)
	f.Bool(&d.ShortSale)
	f.Int(&d.ShortSaleSlot)
	f.Str(&d.DesignatedLocation)
}

// pegs are the fields that some orders end with.
func (o *Order) pegs(f *Fields, c *Contract) {
	if c.Exchange == "IBKRATS" {
		f.OptInt(&o.MinTradeQty, Empty)
	}
	middle := o.OrderType == "PEG MID" || o.OrderType == "PEGMID"
	if o.OrderType == "PEG BEST" || o.OrderType == "PEGBEST" {
		f.OptInt(&o.MinCompeteSize, Empty)
		f.OptNum(&o.CompeteOffset, Empty)
		middle = o.CompeteOffset == Infinite
	}
	if middle {
		f.OptNum(&o.MidOffsetAtWhole, Empty)
		f.OptNum(&o.MidOffsetAtHalf, Empty)
	}
}

// CancelOrder cancels an order of this client.
type CancelOrder struct {
	OrderID    int64
	ManualTime string
}

// ID is 4.
func (*CancelOrder) ID() int { return 4 }

// Walk names the fields.
func (m *CancelOrder) Walk(f *Fields) { f.Version(1); f.Int(&m.OrderID); f.Str(&m.ManualTime) }

// ReqGlobalCancel cancels every open order, whoever placed it.
type ReqGlobalCancel struct{}

// ID is 58.
func (*ReqGlobalCancel) ID() int { return 58 }

// Walk names the fields.
func (*ReqGlobalCancel) Walk(f *Fields) { f.Version(1) }

// ReqOpenOrders asks for the open orders of this client.
type ReqOpenOrders struct{}

// ID is 5.
func (*ReqOpenOrders) ID() int { return 5 }

// Walk names the fields.
func (*ReqOpenOrders) Walk(f *Fields) { f.Version(1) }

// ReqAllOpenOrders asks for the open orders of all clients.
type ReqAllOpenOrders struct{}

// ID is 16.
func (*ReqAllOpenOrders) ID() int { return 16 }

// Walk names the fields.
func (*ReqAllOpenOrders) Walk(f *Fields) { f.Version(1) }

// ReqAutoOpenOrders binds orders placed by hand to client 0.
type ReqAutoOpenOrders struct{ AutoBind bool }

// ID is 15.
func (*ReqAutoOpenOrders) ID() int { return 15 }

// Walk names the fields.
func (m *ReqAutoOpenOrders) Walk(f *Fields) { f.Version(1); f.Bool(&m.AutoBind) }

// ReqIDs asks for the next order id.
type ReqIDs struct{ Count int64 }

// ID is 8.
func (*ReqIDs) ID() int { return 8 }

// Walk names the fields.
func (m *ReqIDs) Walk(f *Fields) { f.Version(1); f.Int(&m.Count) }

// ReqCompletedOrders asks for the orders of the day that have ended.
type ReqCompletedOrders struct{ APIOnly bool }

// ID is 99.
func (*ReqCompletedOrders) ID() int { return 99 }

// Walk names the fields.
func (m *ReqCompletedOrders) Walk(f *Fields) { f.Bool(&m.APIOnly) }

// ReqExecutions asks for the day's executions that match; empty fields match
// all.
type ReqExecutions struct {
	ReqID    int64
	ClientID int64
	Account  string
	Time     string // yyyymmdd-hh:mm:ss
	Symbol   string
	SecType  string
	Exchange string
	Side     string
}

// ID is 7.
func (*ReqExecutions) ID() int { return 7 }

// Walk names the fields.
func (m *ReqExecutions) Walk(f *Fields) {
	f.Version(3)
	f.Int(&m.ReqID)
	f.Int(&m.ClientID)
	f.Str(&m.Account)
	f.Str(&m.Time)
	f.Str(&m.Symbol)
	f.Str(&m.SecType)
	f.Str(&m.Exchange)
	f.Str(&m.Side)
}
