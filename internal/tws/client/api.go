package client

import (
	"context"
	"time"

	"quantdesk/internal/tws"
)

// Time asks TWS for its time.
func (c *Client) Time(ctx context.Context) (t time.Time, err error) {
	err = c.askSingle(ctx, kindTime, &tws.ReqCurrentTime{}, func(m tws.Message) bool {
		x, ok := m.(*tws.CurrentTime)
		if ok {
			t = time.Unix(x.Seconds, 0).UTC()
		}
		return ok
	})
	return t, err
}

// last is a take that keeps one reply of a type, which is all there is.
func last[T tws.Message](to *T) func(tws.Message) bool {
	return func(m tws.Message) bool {
		x, ok := m.(T)
		if ok {
			*to = x
		}
		return ok
	}
}

// collect is a take that keeps every reply of a type until one of another.
func collect[T, End tws.Message](to *[]T) func(tws.Message) bool {
	return func(m tws.Message) bool {
		if x, ok := m.(T); ok {
			*to = append(*to, x)
		}
		_, end := m.(End)
		return end
	}
}

// ContractDetails lists the contracts that match; none is an Error 200.
func (c *Client) ContractDetails(ctx context.Context, k tws.Contract) (out []*tws.ContractData, err error) {
	id := c.request()
	err = c.ask(ctx, id, &tws.ReqContractDetails{ReqID: id, Contract: k}, collect[*tws.ContractData, *tws.ContractDataEnd](&out))
	return out, err
}

// MatchingSymbols searches symbols and names.
func (c *Client) MatchingSymbols(ctx context.Context, pattern string) ([]tws.SymbolSample, error) {
	id := c.request()
	out := &tws.SymbolSamples{}
	err := c.ask(ctx, id, &tws.ReqMatchingSymbols{ReqID: id, Pattern: pattern}, last(&out))
	return out.Samples, err
}

// MarketRule tells the price steps of a rule.
func (c *Client) MarketRule(ctx context.Context, rule int64) ([]tws.PriceIncrement, error) {
	out := &tws.MarketRule{}
	err := c.askSingle(ctx, kindRule, &tws.ReqMarketRule{RuleID: rule}, last(&out))
	return out.Increments, err
}

// SmartComponents tells the exchanges of a BBO.
func (c *Client) SmartComponents(ctx context.Context, bbo string) ([]tws.SmartComponent, error) {
	id := c.request()
	out := &tws.SmartComponents{}
	err := c.ask(ctx, id, &tws.ReqSmartComponents{ReqID: id, BBOExchange: bbo}, last(&out))
	return out.Components, err
}

// OptionChains lists the option chains of an underlying.
func (c *Client) OptionChains(ctx context.Context, under tws.Contract) (out []*tws.SecDefOptParams, err error) {
	id := c.request()
	err = c.ask(ctx, id, &tws.ReqSecDefOptParams{ReqID: id, Symbol: under.Symbol, SecType: under.SecType, ConID: under.ConID}, collect[*tws.SecDefOptParams, *tws.SecDefOptParamsEnd](&out))
	return out, err
}

// Compute asks for an option's model: its price at a volatility
// (ReqCalcOptionPrice), or the volatility at a price (ReqCalcImpliedVol).
func (c *Client) Compute(ctx context.Context, m tws.Message) (*tws.TickOptionComputation, error) {
	out := &tws.TickOptionComputation{}
	id := c.request()
	switch m := m.(type) {
	case *tws.ReqCalcOptionPrice:
		m.ReqID = id
	case *tws.ReqCalcImpliedVol:
		m.ReqID = id
	}
	err := c.ask(ctx, id, m, last(&out))
	return out, err
}

// Bars asks for historical bars; ReqID is set here.
func (c *Client) Bars(ctx context.Context, m tws.ReqHistoricalData) (*tws.HistoricalData, error) {
	m.ReqID = c.request()
	out := &tws.HistoricalData{}
	err := c.ask(ctx, m.ReqID, &m, last(&out))
	return out, err
}

// HeadTimestamp asks for the earliest data of a contract.
func (c *Client) HeadTimestamp(ctx context.Context, m tws.ReqHeadTimestamp) (string, error) {
	m.ReqID = c.request()
	out := &tws.HeadTimestamp{}
	err := c.ask(ctx, m.ReqID, &m, last(&out))
	return out.Time, err
}

// Histogram asks at which prices a contract traded.
func (c *Client) Histogram(ctx context.Context, m tws.ReqHistogramData) ([]tws.HistogramItem, error) {
	m.ReqID = c.request()
	out := &tws.HistogramData{}
	err := c.ask(ctx, m.ReqID, &m, last(&out))
	return out.Items, err
}

// HistoricalTicks asks for past ticks of one of the three kinds.
func (c *Client) HistoricalTicks(ctx context.Context, m tws.ReqHistoricalTicks) (out []tws.PastTick, err error) {
	m.ReqID = c.request()
	err = c.ask(ctx, m.ReqID, &m, func(r tws.Message) bool {
		switch r := r.(type) {
		case *tws.HistoricalTicks:
			out = append(out, r.Ticks...)
			return r.Done
		case *tws.HistoricalTicksBidAsk:
			out = append(out, r.Ticks...)
			return r.Done
		case *tws.HistoricalTicksLast:
			out = append(out, r.Ticks...)
			return r.Done
		}
		return false
	})
	return out, err
}

// Fundamentals asks for a report about a company, as XML.
func (c *Client) Fundamentals(ctx context.Context, k tws.Contract, report string) (string, error) {
	id := c.request()
	out := &tws.FundamentalData{}
	err := c.ask(ctx, id, &tws.ReqFundamentalData{ReqID: id, Contract: k, Report: report}, last(&out))
	return out.Data, err
}

// Snapshot collects the ticks of a market-data snapshot.
func (c *Client) Snapshot(ctx context.Context, k tws.Contract) (out []tws.Message, err error) {
	id := c.request()
	err = c.ask(ctx, id, &tws.ReqMktData{ReqID: id, Contract: k, Snapshot: true}, func(m tws.Message) bool {
		out = append(out, m)
		_, end := m.(*tws.TickSnapshotEnd)
		return end
	})
	return out, err
}

// MarketDataType sets the kind of prices of requests from now on: 1 live, 2
// frozen, 3 delayed, 4 delayed frozen.
func (c *Client) MarketDataType(ctx context.Context, kind int64) error {
	return c.write(ctx, &tws.ReqMarketDataType{Type: kind})
}

// MarketData subscribes to the prices of a contract.
func (c *Client) MarketData(ctx context.Context, k tws.Contract, generic string, buffer int) (*Sub, error) {
	id := c.request()
	return c.subscribe(ctx, id, &tws.ReqMktData{ReqID: id, Contract: k, GenericTicks: generic}, &tws.CancelMktData{ReqID: id}, buffer)
}

// TickByTick subscribes to every tick: Last, AllLast, BidAsk or MidPoint.
func (c *Client) TickByTick(ctx context.Context, k tws.Contract, kind string, past int64, buffer int) (*Sub, error) {
	id := c.request()
	return c.subscribe(ctx, id, &tws.ReqTickByTick{ReqID: id, Contract: k, TickType: kind, Count: past}, &tws.CancelTickByTick{ReqID: id}, buffer)
}

// KeptBars subscribes to historical bars that go on.
func (c *Client) KeptBars(ctx context.Context, m tws.ReqHistoricalData, buffer int) (*Sub, error) {
	m.ReqID, m.KeepUpToDate, m.End = c.request(), true, ""
	return c.subscribe(ctx, m.ReqID, &m, &tws.CancelHistoricalData{ReqID: m.ReqID}, buffer)
}

// RealTimeBars subscribes to bars of five seconds.
func (c *Client) RealTimeBars(ctx context.Context, k tws.Contract, what string, rth bool, buffer int) (*Sub, error) {
	id := c.request()
	return c.subscribe(ctx, id, &tws.ReqRealTimeBars{ReqID: id, Contract: k, BarSize: 5, WhatToShow: what, UseRTH: rth}, &tws.CancelRealTimeBars{ReqID: id}, buffer)
}

// PNL subscribes to the day's profit of an account; AccountPNL to a position's.
func (c *Client) PNL(ctx context.Context, account string) (*Sub, error) {
	id := c.request()
	return c.subscribe(ctx, id, &tws.ReqPNL{ReqID: id, Account: account}, &tws.CancelPNL{ReqID: id}, 0)
}

// PNLSingle subscribes to the day's profit of a position.
func (c *Client) PNLSingle(ctx context.Context, account string, conID int64) (*Sub, error) {
	id := c.request()
	return c.subscribe(ctx, id, &tws.ReqPNLSingle{ReqID: id, Account: account, ConID: conID}, &tws.CancelPNLSingle{ReqID: id}, 0)
}

// AccountUpdates subscribes to values and portfolio of an account. TWS serves one
// account at a time.
func (c *Client) AccountUpdates(ctx context.Context, account string) (*Sub, error) {
	return c.subscribe(ctx, singleSub(kindAccount), &tws.ReqAccountUpdates{Subscribe: true, Account: account}, &tws.ReqAccountUpdates{Account: account}, 0)
}

// Bulletins subscribes to IBKR's bulletins.
func (c *Client) Bulletins(ctx context.Context, all bool) (*Sub, error) {
	return c.subscribe(ctx, singleSub(kindBulletins), &tws.ReqNewsBulletins{All: all}, &tws.CancelNewsBulletins{}, 0)
}

// AccountSummary reads chosen values of all accounts once.
func (c *Client) AccountSummary(ctx context.Context, tags string) (out []*tws.AccountSummary, err error) {
	select {
	case c.summaries <- struct{}{}:
		defer func() { <-c.summaries }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	id := c.request()
	err = c.ask(ctx, id, &tws.ReqAccountSummary{ReqID: id, Group: "All", Tags: tags}, collect[*tws.AccountSummary, *tws.AccountSummaryEnd](&out))
	// TWS holds the subscription until it is cancelled, and two at most.
	_ = c.write(context.WithoutCancel(ctx), &tws.CancelAccountSummary{ReqID: id})
	return out, err
}

// AccountValues reads all values of an account once.
func (c *Client) AccountValues(ctx context.Context, account string) (out []*tws.AccountUpdateMulti, err error) {
	id := c.request()
	err = c.ask(ctx, id, &tws.ReqAccountUpdatesMulti{ReqID: id, Account: account}, collect[*tws.AccountUpdateMulti, *tws.AccountUpdateMultiEnd](&out))
	_ = c.write(context.WithoutCancel(ctx), &tws.CancelAccountUpdatesMulti{ReqID: id})
	return out, err
}

// Positions reads the positions of all accounts once.
func (c *Client) Positions(ctx context.Context) (out []*tws.Position, err error) {
	err = c.askSingle(ctx, kindPositions, &tws.ReqPositions{}, collect[*tws.Position, *tws.PositionEnd](&out))
	_ = c.write(context.WithoutCancel(ctx), &tws.CancelPositions{})
	return out, err
}

// OrderView is an open order with its status.
type OrderView struct {
	Open   *tws.OpenOrder
	Status *tws.OrderStatus
}

// OpenOrders lists the open orders of this client, or of all.
func (c *Client) OpenOrders(ctx context.Context, all bool) (out []OrderView, err error) {
	var m tws.Message = &tws.ReqOpenOrders{}
	if all {
		m = &tws.ReqAllOpenOrders{}
	}
	at := map[int64]int{} // by perm id
	err = c.askSingle(ctx, kindOpenOrders, m, func(m tws.Message) bool {
		switch m := m.(type) {
		case *tws.OpenOrder:
			if m.Order.WhatIf {
				break
			}
			if i, ok := at[m.Order.PermID]; ok {
				out[i].Open = m
				break
			}
			at[m.Order.PermID] = len(out)
			out = append(out, OrderView{Open: m})
		case *tws.OrderStatus:
			if i, ok := at[m.PermID]; ok {
				out[i].Status = m
			}
		case *tws.OpenOrderEnd:
			return true
		}
		return false
	})
	return out, err
}

// CompletedOrders lists the orders of the day that have ended.
func (c *Client) CompletedOrders(ctx context.Context, apiOnly bool) (out []*tws.CompletedOrder, err error) {
	err = c.askSingle(ctx, kindCompleted, &tws.ReqCompletedOrders{APIOnly: apiOnly}, collect[*tws.CompletedOrder, *tws.CompletedOrdersEnd](&out))
	return out, err
}

// Execution is one execution with what it cost, where TWS has told that.
type Execution struct {
	Details    *tws.ExecDetails
	Commission *tws.CommissionReport
}

// Executions lists the day's executions that match.
func (c *Client) Executions(ctx context.Context, m tws.ReqExecutions) (out []Execution, err error) {
	m.ReqID = c.request()
	at := map[string]int{}
	err = c.ask(ctx, m.ReqID, &m, func(r tws.Message) bool {
		switch r := r.(type) {
		case *tws.ExecDetails:
			at[r.ExecID] = len(out)
			out = append(out, Execution{Details: r})
		case *tws.CommissionReport:
			if i, ok := at[r.ExecID]; ok {
				out[i].Commission = r
			}
		case *tws.ExecDetailsEnd:
			return true
		}
		return false
	})
	return out, err
}

// Place sends an order under its id. What becomes of it comes to OnOrder.
func (c *Client) Place(ctx context.Context, m *tws.PlaceOrder) error { return c.write(ctx, m) }

// CancelOrder asks for the end of an order of this client.
func (c *Client) CancelOrder(ctx context.Context, id int64) error {
	return c.write(ctx, &tws.CancelOrder{OrderID: id})
}

// WhatIf asks what an order would cost; nothing is placed.
func (c *Client) WhatIf(ctx context.Context, k tws.Contract, o tws.Order) (*tws.OpenOrder, error) {
	id := c.NextOrderID()
	o.WhatIf, o.Transmit = true, true
	out := &tws.OpenOrder{}
	err := c.ask(ctx, id, &tws.PlaceOrder{OrderID: id, Contract: k, Order: o}, func(m tws.Message) bool {
		x, ok := m.(*tws.OpenOrder)
		if ok && (x.State.InitMarginChange.Set() || x.State.Commission.Set()) {
			out = x
			return true
		}
		return false
	})
	return out, err
}

// NewsProviders lists the login's providers of news.
func (c *Client) NewsProviders(ctx context.Context) ([]tws.TagValue, error) {
	out := &tws.NewsProviders{}
	err := c.askSingle(ctx, kindProviders, &tws.ReqNewsProviders{}, last(&out))
	return out.Providers, err
}

// HistoricalNews lists past headlines about a contract.
func (c *Client) HistoricalNews(ctx context.Context, m tws.ReqHistoricalNews) (out []*tws.HistoricalNews, err error) {
	m.ReqID = c.request()
	err = c.ask(ctx, m.ReqID, &m, collect[*tws.HistoricalNews, *tws.HistoricalNewsEnd](&out))
	return out, err
}

// NewsArticle reads one article.
func (c *Client) NewsArticle(ctx context.Context, provider, article string) (*tws.NewsArticle, error) {
	id := c.request()
	out := &tws.NewsArticle{}
	err := c.ask(ctx, id, &tws.ReqNewsArticle{ReqID: id, Provider: provider, ArticleID: article}, last(&out))
	return out, err
}

// ScannerParameters asks what a scanner can be asked, as XML.
func (c *Client) ScannerParameters(ctx context.Context) (string, error) {
	out := &tws.ScannerParameters{}
	err := c.askSingle(ctx, kindScanner, &tws.ReqScannerParameters{}, last(&out))
	return out.XML, err
}

// Scan runs a scan once.
func (c *Client) Scan(ctx context.Context, m tws.ReqScannerSubscription) ([]tws.ScannerRow, error) {
	m.ReqID = c.request()
	out := &tws.ScannerData{}
	err := c.ask(ctx, m.ReqID, &m, last(&out))
	_ = c.write(context.WithoutCancel(ctx), &tws.CancelScannerSubscription{ReqID: m.ReqID})
	return out.Rows, err
}

// WSHMetaData asks what the calendar of Wall Street Horizon has, as JSON.
func (c *Client) WSHMetaData(ctx context.Context) (string, error) {
	id := c.request()
	out := &tws.WSHMetaData{}
	err := c.ask(ctx, id, &tws.ReqWSHMetaData{ReqID: id}, last(&out))
	return out.Data, err
}

// WSHEvents asks for events of that calendar, as JSON.
func (c *Client) WSHEvents(ctx context.Context, m tws.ReqWSHEventData) (string, error) {
	m.ReqID = c.request()
	out := &tws.WSHEventData{}
	err := c.ask(ctx, m.ReqID, &m, last(&out))
	return out.Data, err
}
