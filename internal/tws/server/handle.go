package server

import (
	"context"

	"quantdesk/internal/tws"
)

// handle answers one request.
func (c *client) handle(ctx context.Context, m tws.Message) {
	switch m := m.(type) {
	case *tws.ReqCurrentTime:
		c.send(&tws.CurrentTime{Seconds: c.s.cfg.Now().Unix()})
	case *tws.ReqManagedAccounts:
		c.send(&tws.ManagedAccounts{Accounts: joined(c.s.cfg.Accounts)})
	case *tws.ReqIDs:
		c.send(&tws.NextValidID{OrderID: c.s.book.nextID(c.id)})
	case *tws.SetServerLogLevel, *tws.CancelHeadTimestamp, *tws.CancelHistogramData, *tws.CancelFundamentalData, *tws.CancelCalcImpliedVol, *tws.CancelCalcOptionPrice,
		*tws.CancelWSHMetaData, *tws.CancelWSHEventData: // answered at once, so that nothing is left to cancel
	case *tws.ReqFamilyCodes:
		out := &tws.FamilyCodes{}
		for _, a := range c.s.cfg.Accounts {
			out.Codes = append(out.Codes, tws.TagValue{Tag: a})
		}
		c.send(out)
	case *tws.ReqUserInfo:
		c.send(&tws.UserInfo{ReqID: m.ReqID})

	case *tws.ReqContractDetails:
		c.contractDetails(ctx, m)
	case *tws.ReqMatchingSymbols:
		c.matchingSymbols(m)
	case *tws.ReqMarketRule:
		c.marketRule(m)
	case *tws.ReqSmartComponents:
		c.smartComponents(m)
	case *tws.ReqSecDefOptParams:
		c.optionParams(ctx, m)
	case *tws.ReqCalcOptionPrice:
		c.optionPrice(ctx, m)
	case *tws.ReqCalcImpliedVol:
		c.impliedVolatility(ctx, m)

	case *tws.ReqMktData:
		c.marketData(ctx, m)
	case *tws.CancelMktData:
		c.cancelMarketData(m.ReqID)
	case *tws.ReqMarketDataType:
		c.marketDataType(m.Type)
	case *tws.ReqTickByTick:
		c.tickByTick(ctx, m)
	case *tws.CancelTickByTick:
		c.cancel(task{kindTicks, m.ReqID}, 300)
	case *tws.ReqRealTimeBars:
		c.realTimeBars(ctx, m)
	case *tws.CancelRealTimeBars:
		c.cancel(task{kindBars, m.ReqID}, 300)
	case *tws.ReqMktDepth:
		c.depth(ctx, m)
	case *tws.CancelMktDepth:
		c.cancel(task{kindDepth, m.ReqID}, 310)
	case *tws.ReqMktDepthExchanges:
		c.send(&tws.MktDepthExchanges{Exchanges: []tws.DepthExchange{{Exchange: "NASDAQ", SecType: "STK", ServiceType: "Deep", AggGroup: tws.Int(1)}}})

	case *tws.ReqHistoricalData:
		c.historicalData(ctx, m)
	case *tws.CancelHistoricalData:
		c.cancelHistoricalData(m.ReqID)
	case *tws.ReqHeadTimestamp:
		c.headTimestamp(ctx, m)
	case *tws.ReqHistogramData:
		c.histogram(ctx, m)
	case *tws.ReqHistoricalTicks:
		c.historicalTicks(ctx, m)
	case *tws.ReqFundamentalData:
		c.fundamentals(ctx, m)

	case *tws.ReqAccountUpdates:
		c.accountUpdates(ctx, m)
	case *tws.ReqAccountUpdatesMulti:
		c.accountUpdatesMulti(ctx, m)
	case *tws.CancelAccountUpdatesMulti:
		c.end(task{kindAccount, m.ReqID})
	case *tws.ReqAccountSummary:
		c.accountSummary(ctx, m)
	case *tws.CancelAccountSummary:
		c.end(task{kindSummary, m.ReqID})
	case *tws.ReqPositions:
		c.reqPositions(ctx)
	case *tws.CancelPositions:
		c.end(task{kindPositions, 0})
	case *tws.ReqPositionsMulti:
		c.positionsMulti(ctx, m)
	case *tws.CancelPositionsMulti:
		c.end(task{kindMulti, m.ReqID})
	case *tws.ReqPNL:
		c.pnl(ctx, m)
	case *tws.CancelPNL:
		c.end(task{kindPNL, m.ReqID})
	case *tws.ReqPNLSingle:
		c.pnlSingle(ctx, m)
	case *tws.CancelPNLSingle:
		c.end(task{kindPNLSingle, m.ReqID})

	case *tws.PlaceOrder:
		c.placeOrder(ctx, m)
	case *tws.CancelOrder:
		c.cancelOrder(ctx, m.OrderID)
	case *tws.ReqGlobalCancel:
		c.globalCancel(ctx)
	case *tws.ReqOpenOrders:
		c.openOrders(false)
	case *tws.ReqAllOpenOrders:
		c.openOrders(true)
	case *tws.ReqAutoOpenOrders:
		if c.id != 0 {
			c.fail(-1, 327, "Only the default client (i.e 0) can auto bind orders.")
		}
	case *tws.ReqCompletedOrders:
		c.completedOrders()
	case *tws.ReqExecutions:
		c.executions(m)

	case *tws.ReqNewsProviders:
		c.newsProviders()
	case *tws.ReqHistoricalNews:
		c.historicalNews(ctx, m)
	case *tws.ReqNewsArticle:
		c.newsArticle(ctx, m)
	case *tws.ReqNewsBulletins:
		c.bulletins(ctx, m)
	case *tws.CancelNewsBulletins:
		c.end(task{kindBulletin, 0})
	case *tws.ReqWSHMetaData:
		c.wshMeta(m)
	case *tws.ReqWSHEventData:
		c.wshEvents(m)
	case *tws.ReqScannerParameters:
		c.scannerParameters()
	case *tws.ReqScannerSubscription:
		c.scanner(ctx, m)
	case *tws.CancelScannerSubscription:
		c.cancel(task{kindScan, m.ReqID}, 366)
	}
}

// cancel ends a subscription, or says that there is none.
func (c *client) cancel(t task, code int64) {
	if !c.end(t) {
		c.fail(t.id, code, "Can't find EId with tickerId:%d", t.id)
	}
}
