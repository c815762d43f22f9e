package server_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"quantdesk/internal/num"
	"quantdesk/internal/tws"
)

// everyTag are the tags that ib_async asks for when nobody chooses.
const everyTag = "AccountType,NetLiquidation,TotalCashValue,SettledCash,AccruedCash,BuyingPower,EquityWithLoanValue,PreviousDayEquityWithLoanValue,GrossPositionValue,RegTEquity,RegTMargin,SMA," +
	"InitMarginReq,MaintMarginReq,AvailableFunds,ExcessLiquidity,Cushion,FullInitMarginReq,FullMaintMarginReq,FullAvailableFunds,FullExcessLiquidity,LookAheadNextChange,LookAheadInitMarginReq," +
	"LookAheadMaintMarginReq,LookAheadAvailableFunds,LookAheadExcessLiquidity,HighestSeverity,DayTradesRemaining,DayTradesRemainingT+1,DayTradesRemainingT+2,DayTradesRemainingT+3,DayTradesRemainingT+4,Leverage"

// A summary has every tag that was asked for, per account, and $LEDGER the cash.
func TestSummary(t *testing.T) {
	d := open(t, setup{accounts: 2})
	p := d.dial(t, 1)
	ask := func(id int64, tags string) map[string]string {
		t.Helper()
		p.send(&tws.ReqAccountSummary{ReqID: id, Group: "All", Tags: tags})
		await(p, "the end", func(m *tws.AccountSummaryEnd) bool { return m.ReqID == id })
		p.send(&tws.CancelAccountSummary{ReqID: id})
		out := map[string]string{}
		for _, m := range all[*tws.AccountSummary](p) {
			if m.ReqID == id && m.Account == "DUSIM000002" {
				out[m.Tag+"/"+m.Currency] = m.Value
			}
		}
		return out
	}
	got := ask(1, everyTag)
	for tag := range strings.SplitSeq(everyTag, ",") {
		_, plain := got[tag+"/"]
		if _, money := got[tag+"/USD"]; !plain && !money {
			t.Errorf("no %s", tag)
		}
	}
	if got["NetLiquidation/USD"] != "1000000.00" || got["AccountType/"] != "INDIVIDUAL" {
		t.Errorf("got %v", got)
	}
	for tags, currencies := range map[string][]string{"$LEDGER": {"BASE"}, "$LEDGER:USD": {"USD"}, "$LEDGER:ALL": {"BASE", "USD"}, "$LEDGER:EUR": nil} {
		got := ask(2, tags)
		for _, currency := range []string{"BASE", "USD"} {
			value, has := got["CashBalance/"+currency]
			if has != slices.Contains(currencies, currency) || has && value != "1000000.00" {
				t.Errorf("%s: cash in %s is %q", tags, currency, value)
			}
		}
		p.forget()
	}
	p.send(&tws.ReqAccountSummary{ReqID: 9, Group: "Nobody", Tags: "NetLiquidation"})
	p.failed(9, 321)
	for id := int64(5); id < 8; id++ {
		p.send(&tws.ReqAccountSummary{ReqID: id, Group: "All", Tags: "NetLiquidation"})
	}
	p.failed(7, 322)
}

// A position is told when it opens, and once, with 0, when it closes; what it
// earned adds up in every place where it is told.
func TestPositionsAndProfit(t *testing.T) {
	d := open(t, setup{})
	p := d.dial(t, 1)
	k := p.contract(apple).Contract
	p.send(&tws.ReqPositions{})
	p.send(&tws.ReqPositionsMulti{ReqID: 2, Account: account})
	p.send(&tws.ReqPNL{ReqID: 3, Account: account})
	p.send(&tws.ReqPNLSingle{ReqID: 4, Account: account, ConID: k.ConID})
	p.send(&tws.ReqAccountUpdates{Subscribe: true, Account: account})
	await(p, "the end", func(*tws.PositionEnd) bool { return true })
	await(p, "the end", func(*tws.PositionMultiEnd) bool { return true })
	await(p, "the end", func(*tws.AccountDownloadEnd) bool { return true })
	if n := len(all[*tws.Position](p)) + len(all[*tws.PortfolioValue](p)); n != 0 {
		t.Errorf("%d positions of an empty account", n)
	}
	id := p.place(nil)
	p.status(id, tws.Filled)
	bought := await(p, "the execution", func(m *tws.ExecDetails) bool { return m.OrderID == id })
	fee := await(p, "its fee", func(m *tws.CommissionReport) bool { return m.ExecID == bought.ExecID })
	if fee.RealizedPNL.Set() {
		t.Errorf("an opening fill earned %v", fee.RealizedPNL)
	}
	ten := num.FromInt(10)
	held := await(p, "the position", func(m *tws.Position) bool { return m.Position.Equal(ten) })
	if want := bought.Price.Add(fee.Commission.Quo(ten)); !held.AvgCost.Sub(want).Abs().Less(num.New(1, 6)) || held.Contract.ConID != k.ConID {
		t.Errorf("the average cost is %s, want %s", held.AvgCost, want)
	}
	await(p, "the portfolio", func(m *tws.PortfolioValue) bool { return m.Position.Equal(ten) && m.Contract.Right == "0" })
	one := await(p, "profit of one", func(m *tws.PNLSingle) bool { return m.Position.Equal(ten) })
	if worth := one.Value.Or(num.Zero); !worth.Sub(bought.Price.Mul(ten)).Abs().Less(worth.Mul(num.New(5, 2))) {
		t.Errorf("ten shares bought at %s are worth %s", bought.Price, worth)
	}
	if want := one.Value.Or(num.Zero).Sub(held.AvgCost.Mul(ten)); !one.Unrealized.Or(num.Zero).Sub(want).Abs().Less(num.New(2, 2)) {
		t.Errorf("unrealized is %v, want %s", one.Unrealized, want)
	}
	out := p.place(func(o *tws.Order) { o.Action = "SELL" })
	sold := await(p, "the second execution", func(m *tws.ExecDetails) bool { return m.OrderID == out })
	paid := await(p, "its fee", func(m *tws.CommissionReport) bool { return m.ExecID == sold.ExecID })
	want := sold.Price.Sub(bought.Price).Mul(ten).Sub(fee.Commission).Sub(paid.Commission)
	if got := paid.RealizedPNL.Or(num.Zero); !paid.RealizedPNL.Set() || !got.Sub(want).Abs().Less(num.New(2, 2)) {
		t.Errorf("the closing fill earned %v, want %s", paid.RealizedPNL, want)
	}
	await(p, "the position at its end", func(m *tws.Position) bool { return m.Position.IsZero() })
	near := func(n tws.OptNum) bool { return n.Or(num.Zero).Sub(want).Abs().Less(num.New(2, 2)) }
	await(p, "the day's profit", func(m *tws.PNL) bool { return near(m.Realized) && near(m.Daily) })
	await(p, "the day's profit of one", func(m *tws.PNLSingle) bool { return m.Position.IsZero() && near(m.Realized) })
	await(p, "the portfolio", func(m *tws.PortfolioValue) bool {
		return m.Position.IsZero() && m.RealizedPNL.Sub(want).Abs().Less(num.New(2, 2))
	})
	time.Sleep(600 * time.Millisecond) // two more looks
	p.send(&tws.CancelPositions{})
	p.sync()
	var ends int
	for _, m := range all[*tws.Position](p) {
		if m.Position.IsZero() {
			ends++
		}
	}
	if ends != 1 {
		t.Errorf("the end of a position was told %d times", ends)
	}
}
