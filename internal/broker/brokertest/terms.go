package brokertest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"quantdesk/internal/market"
	"quantdesk/internal/num"
	"quantdesk/internal/order"
	"quantdesk/internal/trade"
)

// quote makes a quote whose last trade is the bid.
func quote(symbol, bid, bidSize, ask, askSize string) market.Quote {
	return market.Quote{
		Symbol: symbol, Bid: num.MustParse(bid), BidSize: num.MustParse(bidSize), Ask: num.MustParse(ask), AskSize: num.MustParse(askSize),
		Last: num.MustParse(bid), Feed: market.FeedSimulated, Source: "brokertest",
	}
}

func rejects(x *bed) {
	for _, c := range []struct {
		name   string
		change func(*trade.Order)
	}{
		{"unknown symbol", func(o *trade.Order) { o.Symbol = "NOPE" }},
		{"fraction of a lot", func(o *trade.Order) { o.Quantity = num.MustParse("0.5") }},
		{"negative quantity", func(o *trade.Order) { o.Quantity = num.FromInt(-1) }},
		{"price off the tick", func(o *trade.Order) { o.LimitPrice = num.MustParse("90.001") }},
		{"no limit price", func(o *trade.Order) { o.LimitPrice = num.Zero }},
		{"unknown type", func(o *trade.Order) { o.Type = "iceberg" }},
		{"beyond all means", func(o *trade.Order) { o.Quantity = num.FromInt(1_000_000) }},
		{"not lent", func(o *trade.Order) { o.Symbol, o.Side, o.LimitPrice = "NOLEND", trade.Sell, num.FromInt(20) }},
		{"astronomic", func(o *trade.Order) { o.Quantity = num.MustParse("70000000000000000000000000000") }},
	} {
		o := x.order(trade.Buy, "1", "90")
		c.change(&o)
		v := x.refused(o)
		e := x.kind(order.EventRejected, o.ID)
		if e.Order.Status != trade.Rejected || e.Order.VenueCode != v.Code || e.Order.VenueText != v.Text {
			x.Errorf("%s: event tells %s %q %q; want the refusal %+v", c.name, e.Order.Status, e.Order.VenueCode, e.Order.VenueText, v)
		}
	}
	o := x.order(trade.Buy, "1", "90")
	o.Account = "nobody"
	x.refused(o)
}

// balancesConserve trades at random and holds the venue's balances against the
// sum of what its events said.
func balancesConserve(x *bed) {
	r := rand.New(rand.NewPCG(7, 7))
	symbols := []string{"AAPL", "MSFT", "EURUSD", "XAUUSD"}
	for range 40 {
		o := x.order([]trade.Side{trade.Buy, trade.Sell}[r.IntN(2)], fmt.Sprint(r.IntN(20)+1), "")
		o.Symbol = symbols[r.IntN(len(symbols))]
		_, _ = x.b.Place(context.Background(), o) // a refusal is as good
	}
	marker := x.order(trade.Buy, "1", "90")
	x.place(marker)
	x.kind(order.EventAccepted, marker.ID)
	cash, fees := num.Zero, num.Zero
	held := map[string]num.Decimal{}
	var seq int64
	ids := map[string]bool{}
	for _, e := range x.heard() {
		for _, tx := range e.Transactions {
			if tx.Seq != seq+1 || ids[tx.ID] || tx.Account != x.v.Account {
				x.Errorf("transaction %s has seq %d after %d", tx.ID, tx.Seq, seq)
			}
			seq, ids[tx.ID] = tx.Seq, true
			cash = cash.Add(tx.Amount)
			if tx.Kind == trade.TxFee {
				fees = fees.Sub(tx.Amount)
			}
		}
		if e.Fill != nil {
			held[e.Fill.Symbol] = held[e.Fill.Symbol].Add(e.Fill.SignedQuantity())
		}
	}
	for range 2 {
		b := x.balances()
		if x.coarse {
			cash = cash.Round(2)
		}
		x.equal("cash", b.Cash, cash.String())
		x.equal("fees", b.Fees, fees.String())
		x.equal("equity", b.Equity, b.Cash.Add(b.MarketValue).String())
		x.equal("market value", b.MarketValue, b.LongValue.Sub(b.ShortValue).String())
		positions, err := x.b.Positions(context.Background(), x.v.Account)
		if err != nil {
			x.Fatal(err)
		}
		got := map[string]num.Decimal{}
		for _, p := range positions {
			got[p.Symbol] = p.Quantity
		}
		for s, q := range held {
			x.equal("position in "+s, got[s], q.String())
		}
		x.restart()
	}
}

func ioc(x *bed) {
	x.m.Price("AAPL", "100", "4")
	o := x.order(trade.Buy, "10", "101")
	o.TIF = trade.IOC
	x.place(o)
	x.equal("filled", x.status(o.ID, trade.Cancelled).Order.Filled, "4")
	far := x.order(trade.Buy, "10", "90")
	far.TIF = trade.IOC
	x.place(far)
	x.equal("filled", x.status(far.ID, trade.Cancelled).Order.Filled, "0")
}

func fok(x *bed) {
	x.m.Price("AAPL", "100", "4")
	o := x.order(trade.Buy, "5", "101")
	o.TIF = trade.FOK
	x.place(o)
	x.equal("filled", x.status(o.ID, trade.Cancelled).Order.Filled, "0")
	o = x.order(trade.Buy, "4", "101")
	o.TIF = trade.FOK
	x.place(o)
	x.equal("filled", x.status(o.ID, trade.Filled).Fill.Quantity, "4")
}

func dayExpires(x *bed) {
	o := x.order(trade.Buy, "10", "90")
	x.place(o)
	x.m.SetNow(Start.Add(6 * time.Hour)) // an hour after the close
	e := x.status(o.ID, trade.Expired)
	if e.Kind != order.EventExpired || e.Order.Reason == "" {
		x.Errorf("expired as %s with reason %q", e.Kind, e.Order.Reason)
	}
}

func gtdExpires(x *bed) {
	o := x.order(trade.Buy, "10", "90")
	o.TIF, o.GoodTill = trade.GTD, Start.Add(24*time.Hour)
	x.place(o)
	x.m.SetNow(Start.Add(23 * time.Hour))
	x.place(x.order(trade.Buy, "1", ""))
	x.status("t2-1", trade.Filled)
	if s := x.book()[o.ID].Status; s != trade.Working {
		x.Errorf("the order is %s before its time", s)
	}
	x.m.SetNow(Start.Add(24 * time.Hour))
	x.status(o.ID, trade.Expired)
}

func gtcStays(x *bed) {
	o := x.order(trade.Buy, "10", "90")
	o.TIF = trade.GTC
	x.place(o)
	x.m.SetNow(Start.Add(24 * time.Hour))
	x.restart()
	x.m.Price("AAPL", "89", "1000")
	x.equal("price", x.status(o.ID, trade.Filled).Order.AvgPrice, "89.01")
}

func expiresWhileDown(x *bed) {
	o := x.order(trade.Buy, "10", "90")
	x.place(o)
	x.stop()
	x.m.SetNow(Start.Add(24 * time.Hour)) // open again, the next day
	x.m.Price("AAPL", "80", "1000")
	x.b = x.v.Restart(x.T)
	x.listen(0)
	for _, e := range x.heard() {
		if e.Kind == order.EventFill {
			x.Fatal("a day order filled on the next day")
		}
	}
	x.status(o.ID, trade.Expired)
}

func stops(x *bed) {
	stop, limit, trail := x.order(trade.Buy, "1", ""), x.order(trade.Buy, "1", "106"), x.order(trade.Buy, "1", "")
	stop.Type, stop.StopPrice = trade.Stop, num.FromInt(105)
	limit.Type, limit.StopPrice = trade.StopLimit, num.FromInt(105)
	trail.Type, trail.TrailAmount = trade.TrailingStop, num.FromInt(3)
	x.place(stop)
	x.place(limit)
	x.place(trail)
	x.m.Price("AAPL", "95", "1000")
	settle := x.order(trade.Buy, "1", "")
	x.place(settle)
	x.status(settle.ID, trade.Filled)
	x.m.Price("AAPL", "98", "1000")
	x.equal("trailing stop at", x.status(trail.ID, trade.Filled).Order.AvgPrice, "98.01")
	x.m.Price("AAPL", "107", "1000")
	x.equal("stop at", x.status(stop.ID, trade.Filled).Order.AvgPrice, "107.01")
	if s := x.book()[limit.ID].Status; s != trade.Working {
		x.Errorf("the stop-limit is %s above its limit", s)
	}
	x.restart() // a stop that has been set off stays so
	x.m.Price("AAPL", "104", "1000")
	x.equal("stop-limit at", x.status(limit.ID, trade.Filled).Order.AvgPrice, "104.01")
}

// capabilities places one order of everything the venue claims.
func capabilities(x *bed) {
	caps := x.b.Capabilities()
	if caps.Broker == "" || caps.Environment == "" {
		x.Errorf("capabilities name no broker or environment: %+v", caps)
	}
	symbols := map[market.Class]string{market.Equity: "AAPL", market.Forex: "EURUSD", market.Crypto: "BTCUSD", market.CFD: "XAUUSD"}
	for _, c := range caps.Classes {
		symbol, ok := symbols[c]
		if !ok {
			continue // the suite's market has none
		}
		o := x.order(trade.Buy, "1", "")
		if o.Symbol = symbol; c == market.Crypto {
			o.Quantity = num.MustParse("0.01")
		}
		x.place(o)
		x.status(o.ID, trade.Filled)
	}
	for _, typ := range caps.Types {
		for _, tif := range caps.TIFs {
			auction := tif == trade.OPG || tif == trade.CLS
			if auction && typ != trade.Market && typ != trade.Limit {
				continue
			}
			o := x.order(trade.Buy, "1", "")
			o.Type, o.TIF = typ, tif
			switch typ {
			case trade.Limit:
				o.LimitPrice = num.FromInt(90)
			case trade.Stop:
				o.StopPrice = num.FromInt(120)
			case trade.StopLimit:
				o.StopPrice, o.LimitPrice = num.FromInt(120), num.FromInt(121)
			case trade.TrailingStop:
				o.TrailPercent = num.FromInt(5)
			case trade.Market:
			}
			if tif == trade.GTD {
				o.GoodTill = Start.Add(time.Hour)
			}
			x.place(o)
		}
	}
	if caps.Extended {
		o := x.order(trade.Buy, "1", "90")
		o.Extended = true
		x.place(o)
	}
	if caps.Short {
		o := x.order(trade.Sell, "1", "")
		o.Symbol = "MSFT"
		x.place(o)
		x.status(o.ID, trade.Filled)
	}
}

func estimate(x *bed) {
	o := x.order(trade.Buy, "100", "90")
	before := x.balances()
	c, err := x.b.Estimate(context.Background(), o)
	if err != nil {
		x.Fatal(err)
	}
	if c.Fee.Sign() < 0 || c.InitialMargin.Sign() <= 0 || !c.BuyingPowerAfter.Less(before.BuyingPower) {
		x.Errorf("cost of opening a position: %+v", c)
	}
	x.place(o)
	x.kind(order.EventAccepted, o.ID)
	after := x.balances()
	if !x.coarse {
		x.equal("reserved", after.Reserved, c.InitialMargin.String())
	}
	if err := x.b.Cancel(context.Background(), x.v.Account, o.ID); err != nil {
		x.Fatal(err)
	}
	x.status(o.ID, trade.Cancelled)
	x.equal("reserved after the end", x.balances().Reserved, "0")
	x.place(x.order(trade.Buy, "100", ""))
	x.status("t2-1", trade.Filled)
	if c, err = x.b.Estimate(context.Background(), x.order(trade.Sell, "100", "")); err != nil || c.InitialMargin.Sign() >= 0 {
		x.Errorf("cost of closing it: %+v, %v; want margin freed", c, err)
	}
}
