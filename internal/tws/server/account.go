package server

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"quantdesk/internal/num"
	"quantdesk/internal/trade"
	"quantdesk/internal/tws"
)

// How often subscriptions about accounts look for changes. TWS itself waits
// three minutes where nothing has traded.
const (
	positionsEvery = 250 * time.Millisecond
	valuesEvery    = time.Second
	pnlEvery       = time.Second
	mostSummaries  = 2
	kindPositions  = "positions"
	kindMulti      = "positions multi"
	kindUpdates    = "account updates"
	kindAccount    = "account updates multi"
	kindSummary    = "account summary"
	kindPNL        = "pnl"
	kindPNLSingle  = "pnl single"
)

// value is one value of an account.
type value struct{ key, value, currency string }

// money writes an amount with two places.
func money(d num.Decimal) string { return d.Rescale(2).String() }

// values are an account's values as TWS names them.
func (s *Server) values(ctx context.Context, account string) ([]value, error) {
	b, err := s.cfg.Broker.Balances(ctx, account)
	if err != nil {
		return nil, err
	}
	unrealized, realized := num.Zero, num.Zero
	for _, p := range s.positions(ctx, account) {
		unrealized, realized = unrealized.Add(p.unrealized), realized.Add(p.realized)
	}
	cur := b.Currency
	available := b.Equity.Sub(b.InitialMargin).Sub(b.Reserved)
	excess := b.Equity.Sub(b.MaintenanceMargin)
	cushion := num.One
	if b.Equity.Sign() > 0 {
		cushion = excess.Quo(b.Equity).Round(6)
	}
	out := []value{
		{"AccountCode", account, ""}, {"AccountReady", "true", ""}, {"AccountType", "INDIVIDUAL", ""}, {"Currency", cur, cur}, {"Cushion", cushion.String(), ""}, {"DayTradesRemaining", "-1", ""}, {"DayTradesRemainingT+1", "-1", ""}, {"DayTradesRemainingT+2", "-1", ""},
		{"DayTradesRemainingT+3", "-1", ""}, {"DayTradesRemainingT+4", "-1", ""}, {"HighestSeverity", "0", ""}, {"LookAheadNextChange", "0", ""}, {"Leverage", leverage(b), ""}, {"Leverage-S", leverage(b), ""},
	}
	for _, v := range []struct {
		key    string
		amount num.Decimal
	}{
		{"NetLiquidation", b.Equity}, {"NetLiquidationByCurrency", b.Equity}, {"TotalCashValue", b.Cash}, {"SettledCash", b.Cash}, {"TotalCashBalance", b.Cash}, {"CashBalance", b.Cash}, {"AccruedCash", num.Zero},
		{"BuyingPower", b.BuyingPower}, {"EquityWithLoanValue", b.Equity}, {"PreviousDayEquityWithLoanValue", b.Equity.Sub(s.daily(ctx, account))},
		{"GrossPositionValue", b.LongValue.Add(b.ShortValue)}, {"StockMarketValue", b.MarketValue}, {"RegTEquity", b.Equity}, {"RegTMargin", b.InitialMargin}, {"SMA", available},
		{"InitMarginReq", b.InitialMargin.Add(b.Reserved)}, {"MaintMarginReq", b.MaintenanceMargin}, {"AvailableFunds", available}, {"ExcessLiquidity", excess},
		{"FullInitMarginReq", b.InitialMargin.Add(b.Reserved)}, {"FullMaintMarginReq", b.MaintenanceMargin}, {"FullAvailableFunds", available}, {"FullExcessLiquidity", excess},
		{"LookAheadInitMarginReq", b.InitialMargin.Add(b.Reserved)}, {"LookAheadMaintMarginReq", b.MaintenanceMargin}, {"LookAheadAvailableFunds", available}, {"LookAheadExcessLiquidity", excess},
		{"UnrealizedPnL", unrealized}, {"RealizedPnL", realized},
	} {
		out = append(out, value{v.key, money(v.amount), cur})
	}
	return append(out, value{"ExchangeRate", "1.00", cur}), nil
}

func leverage(b trade.Balances) string {
	if b.Equity.Sign() <= 0 {
		return "0.00"
	}
	return money(b.LongValue.Add(b.ShortValue).Quo(b.Equity))
}

// holdingView is a position with its prices.
type holdingView struct {
	account                               string
	f                                     found
	quantity, average, price, marketValue num.Decimal
	unrealized, realized                  num.Decimal
	daily, dayRealized                    num.Decimal
}

// positions are what an account holds and has held, by symbol.
func (s *Server) positions(ctx context.Context, account string) (out []holdingView) {
	list, err := s.cfg.Broker.Positions(ctx, account)
	if err != nil {
		return nil
	}
	at := map[string]trade.Position{}
	for _, p := range list {
		at[p.Symbol] = p
	}
	b := s.book
	b.mu.Lock()
	held := map[string]holding{}
	for k, h := range b.holding {
		if k.account == account {
			held[k.symbol] = *h
		}
	}
	b.mu.Unlock()
	for symbol := range at {
		if _, ok := held[symbol]; !ok {
			held[symbol] = holding{}
		}
	}
	for symbol, h := range held {
		in, ok := s.cfg.Market.Lookup(symbol)
		if !ok {
			continue
		}
		p := at[symbol]
		v := holdingView{account: account, f: found{Contract: s.contracts.contract(in), in: in}, quantity: p.Quantity, price: p.Mark, marketValue: p.MarketValue, realized: h.realized.Round(2)}
		v.average = h.average()
		if h.quantity.IsZero() && !p.Quantity.IsZero() {
			v.average = p.AvgPrice
		}
		if !p.Quantity.IsZero() {
			v.unrealized = p.MarketValue.Sub(p.Quantity.Mul(v.average)).Round(2)
		}
		s.dayOf(ctx, &v, h)
		out = append(out, v)
	}
	slices.SortFunc(out, func(a, b holdingView) int { return strings.Compare(a.f.in.Symbol, b.f.in.Symbol) })
	return out
}

// dayOf works out what a position has earned since the day before: what was held
// then from the close, what was traded since from its price.
func (s *Server) dayOf(ctx context.Context, v *holdingView, h holding) {
	q, err := s.cfg.Market.Quote(ctx, v.f.in.Symbol)
	if err != nil {
		return
	}
	price := v.price
	if price.Sign() <= 0 {
		price = q.Mark()
	}
	multiplier := num.One
	if v.f.in.Multiplier.Sign() > 0 {
		multiplier = v.f.in.Multiplier
	}
	traded, cash := num.Zero, num.Zero
	if h.day == s.day(v.f.in.Symbol, s.cfg.Market.Now()) {
		traded, cash, v.dayRealized = h.dayQuantity, h.dayCash, h.dayRealized.Round(2)
	}
	before := v.quantity.Sub(traded)
	daily := cash.Add(traded.Mul(price).Mul(multiplier))
	if q.PrevClose.Sign() > 0 {
		daily = daily.Add(before.Mul(price.Sub(q.PrevClose)).Mul(multiplier))
	}
	v.daily = daily.Round(2)
}

// daily is what the whole account has earned since the day before.
func (s *Server) daily(ctx context.Context, account string) num.Decimal {
	sum := num.Zero
	for _, v := range s.positions(ctx, account) {
		sum = sum.Add(v.daily)
	}
	return sum
}

func (c *client) accountUpdates(ctx context.Context, m *tws.ReqAccountUpdates) {
	c.end(task{kindUpdates, 0})
	if !m.Subscribe {
		return
	}
	account := m.Account
	if account == "" {
		account = c.s.cfg.Accounts[0]
	}
	if !slices.Contains(c.s.cfg.Accounts, account) {
		c.fail(-1, 321, "Error validating request.-'bV' : cause - Invalid account code '%s'", m.Account)
		return
	}
	c.begin(ctx, task{kindUpdates, 0}, func(ctx context.Context) {
		var told map[string]value
		var portfolio map[string]holdingView
		every(ctx, valuesEvery, func() {
			list, err := c.s.values(ctx, account)
			if err != nil {
				return
			}
			first, changed := told == nil, false
			if first {
				told, portfolio = map[string]value{}, map[string]holdingView{}
			}
			for _, v := range list {
				if was, ok := told[v.key]; !ok || was != v {
					c.send(&tws.AccountValue{Key: v.key, Value: v.value, Currency: v.currency, Account: account})
					told[v.key], changed = v, true
				}
			}
			for _, p := range c.s.positions(ctx, account) {
				was, known := portfolio[p.f.in.Symbol]
				if !known && p.quantity.IsZero() && p.realized.IsZero() || known && samePosition(was, p) {
					continue
				}
				portfolio[p.f.in.Symbol], changed = p, true
				c.send(p.portfolio())
			}
			if changed {
				c.send(&tws.AccountUpdateTime{Time: c.s.cfg.Market.Now().In(eastern).Format("15:04")})
			}
			if first {
				c.send(&tws.AccountDownloadEnd{Account: account})
			}
		})
	})
}

// samePosition tells whether nothing of a position has changed that is told.
func samePosition(a, b holdingView) bool {
	return a.quantity.Equal(b.quantity) && a.price.Equal(b.price) && a.average.Equal(b.average) && a.realized.Equal(b.realized)
}

func (v holdingView) portfolio() *tws.PortfolioValue {
	c := v.f.Contract
	if c.Right == "" {
		c.Right = "0"
	}
	return &tws.PortfolioValue{
		Contract: c, Position: v.quantity, MarketPrice: v.price, MarketValue: v.marketValue.Round(2), AverageCost: v.average, UnrealizedPNL: v.unrealized, RealizedPNL: v.realized, Account: v.account,
	}
}

// portfolioContract is a contract as positions show it: without an exchange.
func (v holdingView) positionContract() tws.Contract {
	c := v.f.Contract
	c.Exchange = v.f.PrimaryExchange
	return c
}

func (c *client) accountUpdatesMulti(ctx context.Context, m *tws.ReqAccountUpdatesMulti) {
	accounts := c.s.accounts(m.Account)
	if accounts == nil {
		c.fail(m.ReqID, 321, "Error validating request.-'bV' : cause - Invalid account code '%s'", m.Account)
		return
	}
	told := map[string]value{}
	first := true
	run := func(ctx context.Context) {
		every(ctx, valuesEvery, func() {
			for _, account := range accounts {
				list, err := c.s.values(ctx, account)
				if err != nil {
					return
				}
				for _, v := range list {
					if key := account + v.key; told[key] != v {
						told[key] = v
						c.send(&tws.AccountUpdateMulti{ReqID: m.ReqID, Account: account, Model: m.Model, Key: v.key, Value: v.value, Currency: v.currency})
					}
				}
			}
			if first {
				c.send(&tws.AccountUpdateMultiEnd{ReqID: m.ReqID})
				first = false
			}
		})
	}
	if !c.begin(ctx, task{kindAccount, m.ReqID}, run) {
		c.fail(m.ReqID, 322, "Error processing request.-'bW' : cause - Duplicate request id")
	}
}

// inLedger are the values that $LEDGER asks for.
var inLedger = []string{"CashBalance", "TotalCashBalance", "AccruedCash", "NetLiquidationByCurrency", "StockMarketValue", "RealizedPnL", "UnrealizedPnL", "ExchangeRate"}

// summary chooses from an account's values what the tags ask for: $LEDGER gives
// the cash in the account's currency as BASE, $LEDGER:USD that of a currency, and
// $LEDGER:ALL both.
func summary(tags []string, list []value) (out []value) {
	currency := ""
	for _, v := range list {
		if v.key == "Currency" {
			currency = v.value
		}
		if slices.Contains(tags, v.key) {
			out = append(out, v)
		}
	}
	var kinds []string
	for _, t := range tags {
		switch rest, ok := strings.CutPrefix(t, "$LEDGER"); {
		case !ok:
		case rest == "":
			kinds = append(kinds, "BASE")
		case rest == ":ALL":
			kinds = append(kinds, "BASE", currency)
		case rest == ":"+currency:
			kinds = append(kinds, currency)
		}
	}
	for _, kind := range kinds {
		out = append(out, value{"Currency", kind, kind}, value{"RealCurrency", kind, kind})
		for _, v := range list {
			if slices.Contains(inLedger, v.key) {
				out = append(out, value{v.key, v.value, kind})
			}
		}
	}
	return out
}

func (c *client) accountSummary(ctx context.Context, m *tws.ReqAccountSummary) {
	if c.running(kindSummary) >= mostSummaries {
		c.fail(m.ReqID, 322, "Error processing request.-'bW' : cause - Maximum number of account summary requests exceeded")
		return
	}
	accounts := c.s.accounts(m.Group)
	if accounts == nil {
		c.fail(m.ReqID, 321, "Error validating request.-'bW' : cause - Invalid group '%s'", m.Group)
		return
	}
	tags := strings.Split(m.Tags, ",")
	told := map[string]value{}
	first := true
	run := func(ctx context.Context) {
		every(ctx, valuesEvery, func() {
			for _, account := range accounts {
				list, err := c.s.values(ctx, account)
				if err != nil {
					return
				}
				for _, v := range summary(tags, list) {
					if key := account + v.key + v.currency; told[key] != v {
						told[key] = v
						c.send(&tws.AccountSummary{ReqID: m.ReqID, Account: account, Tag: v.key, Value: v.value, Currency: v.currency})
					}
				}
			}
			if first {
				c.send(&tws.AccountSummaryEnd{ReqID: m.ReqID})
				first = false
			}
		})
	}
	if !c.begin(ctx, task{kindSummary, m.ReqID}, run) {
		c.fail(m.ReqID, 322, "Error processing request.-'bW' : cause - Duplicate request id")
	}
}

// watch calls tell for each position that is new or has changed, and end once
// after the first look. A position that is closed is told once more, with 0.
func (c *client) watch(ctx context.Context, accounts []string, tell func(holdingView), end func()) {
	told := map[string]holdingView{}
	first := true
	every(ctx, positionsEvery, func() {
		for _, account := range accounts {
			for _, p := range c.s.positions(ctx, account) {
				key := account + p.f.in.Symbol
				was, known := told[key]
				if !known && p.quantity.IsZero() || known && was.quantity.Equal(p.quantity) && was.average.Equal(p.average) {
					continue
				}
				told[key] = p
				tell(p)
			}
		}
		if first {
			end()
			first = false
		}
	})
}

func (c *client) reqPositions(ctx context.Context) {
	c.end(task{kindPositions, 0})
	c.begin(ctx, task{kindPositions, 0}, func(ctx context.Context) {
		c.watch(ctx, c.s.cfg.Accounts, func(p holdingView) {
			c.send(&tws.Position{Account: p.account, Contract: p.positionContract(), Position: p.quantity, AvgCost: p.average})
		}, func() { c.send(&tws.PositionEnd{}) })
	})
}

func (c *client) positionsMulti(ctx context.Context, m *tws.ReqPositionsMulti) {
	accounts := c.s.accounts(m.Account)
	if accounts == nil {
		c.fail(m.ReqID, 321, "Error validating request.-'bV' : cause - Invalid account code '%s'", m.Account)
		return
	}
	run := func(ctx context.Context) {
		c.watch(ctx, accounts, func(p holdingView) {
			c.send(&tws.PositionMulti{ReqID: m.ReqID, Account: p.account, Contract: p.positionContract(), Position: p.quantity, AvgCost: p.average, Model: m.Model})
		}, func() { c.send(&tws.PositionMultiEnd{ReqID: m.ReqID}) })
	}
	if !c.begin(ctx, task{kindMulti, m.ReqID}, run) {
		c.fail(m.ReqID, 322, "Error processing request.-'bW' : cause - Duplicate request id")
	}
}

func (c *client) pnl(ctx context.Context, m *tws.ReqPNL) {
	accounts := c.s.accounts(m.Account)
	if accounts == nil {
		c.fail(m.ReqID, 321, "Error validating request.-'bW' : cause - Invalid account code '%s'", m.Account)
		return
	}
	run := func(ctx context.Context) {
		var was string
		every(ctx, pnlEvery, func() {
			var daily, unrealized, realized num.Decimal
			for _, a := range accounts {
				for _, p := range c.s.positions(ctx, a) {
					daily, unrealized, realized = daily.Add(p.daily), unrealized.Add(p.unrealized), realized.Add(p.dayRealized)
				}
			}
			if now := fmt.Sprint(daily, unrealized, realized); now != was {
				was = now
				c.send(&tws.PNL{ReqID: m.ReqID, Daily: tws.Num(daily), Unrealized: tws.Num(unrealized), Realized: tws.Num(realized)})
			}
		})
	}
	if !c.begin(ctx, task{kindPNL, m.ReqID}, run) {
		c.fail(m.ReqID, 322, "Error processing request.-'bW' : cause - Duplicate request id")
	}
}

func (c *client) pnlSingle(ctx context.Context, m *tws.ReqPNLSingle) {
	accounts := c.s.accounts(m.Account)
	in, known := c.s.contracts.byID[m.ConID]
	if o, ok := c.s.contracts.optionOf(m.ConID); !known && ok {
		in, known = c.s.contracts.instrument(o), true
	}
	if accounts == nil || !known {
		c.fail(m.ReqID, 321, "Error validating request.-'bW' : cause - Invalid account code '%s' or conId %d", m.Account, m.ConID)
		return
	}
	run := func(ctx context.Context) {
		var was string
		every(ctx, pnlEvery, func() {
			out := &tws.PNLSingle{ReqID: m.ReqID}
			var daily, unrealized, realized, worth num.Decimal
			for _, a := range accounts {
				for _, p := range c.s.positions(ctx, a) {
					if p.f.in.Symbol == in.Symbol {
						out.Position = out.Position.Add(p.quantity)
						daily, unrealized, realized, worth = daily.Add(p.daily), unrealized.Add(p.unrealized), realized.Add(p.dayRealized), worth.Add(p.marketValue)
					}
				}
			}
			out.Daily, out.Unrealized, out.Realized, out.Value = tws.Num(daily), tws.Num(unrealized), tws.Num(realized), tws.Num(worth.Round(2))
			if now := fmt.Sprint(out.Position, daily, unrealized, realized, worth); now != was {
				was = now
				c.send(out)
			}
		})
	}
	if !c.begin(ctx, task{kindPNLSingle, m.ReqID}, run) {
		c.fail(m.ReqID, 322, "Error processing request.-'bW' : cause - Duplicate request id")
	}
}
