package brokertest

import (
	"context"

	"quantdesk/internal/num"
	"quantdesk/internal/order"
	"quantdesk/internal/trade"
)

// exits makes the two exits of an entry, as the desk would: one group, both
// children of the entry.
func (x *bed) exits(entry trade.Order, profit, loss string) (tp, sl trade.Order) {
	tp = x.order(entry.Side.Opposite(), entry.Quantity.String(), profit)
	sl = x.order(entry.Side.Opposite(), entry.Quantity.String(), "")
	tp.Role, sl.Role, sl.Type, sl.StopPrice = trade.TakeProfit, trade.StopLoss, trade.Stop, num.MustParse(loss)
	for _, o := range []*trade.Order{&tp, &sl} {
		o.TIF, o.ParentID, o.Group, o.Ticket = trade.GTC, entry.ID, entry.Ticket+"-exits", entry.Ticket
	}
	return tp, sl
}

func (x *bed) bracket(quantity, limit string) (entry, tp, sl trade.Order) {
	entry = x.order(trade.Buy, quantity, limit)
	entry.Role, entry.TIF = trade.Parent, trade.GTC
	tp, sl = x.exits(entry, "110", "90")
	x.place(entry)
	x.place(tp)
	x.place(sl)
	return entry, tp, sl
}

// held waits for nothing: it compares the position in AAPL.
func (x *bed) held(want string) {
	x.Helper()
	p, err := x.b.Positions(context.Background(), x.v.Account)
	if err != nil {
		x.Fatal(err)
	}
	got := num.Zero
	for _, p := range p {
		if p.Symbol == "AAPL" {
			got = p.Quantity
		}
	}
	x.equal("position", got, want)
}

func bracket(x *bed) {
	entry, tp, sl := x.bracket("10", "99")
	// The profit price is reached while the entry has not filled: exits sleep.
	x.m.Price("AAPL", "111", "1000")
	x.place(x.order(trade.Buy, "1", ""))
	x.status("t4-1", trade.Filled)
	x.m.Price("AAPL", "98", "1000")
	x.status(entry.ID, trade.Filled)
	x.m.Price("AAPL", "110.50", "1000")
	x.equal("profit taken at", x.status(tp.ID, trade.Filled).Order.AvgPrice, "110.49")
	x.status(sl.ID, trade.Cancelled)
	x.held("1")
}

func bracketPartial(x *bed) {
	x.m.Price("AAPL", "98", "4")
	entry, tp, sl := x.bracket("10", "99")
	x.status(entry.ID, trade.PartiallyFilled)
	// The stop is reached with 4 of 10 in hand: it closes 4 and no more.
	x.m.SetQuote(quote("AAPL", "89", "1000", "100", "1"))
	e := x.kind(order.EventFill, sl.ID)
	x.equal("stopped out", e.Order.Filled, "4")
	if err := x.b.Cancel(context.Background(), x.v.Account, entry.ID); err != nil {
		x.Fatal(err)
	}
	x.status(entry.ID, trade.Cancelled)
	x.status(tp.ID, trade.Cancelled)
	x.status(sl.ID, trade.Cancelled)
	x.held("0")
}

func bracketCancelled(x *bed) {
	entry, tp, sl := x.bracket("10", "95")
	if err := x.b.Cancel(context.Background(), x.v.Account, entry.ID); err != nil {
		x.Fatal(err)
	}
	for _, o := range []trade.Order{entry, tp, sl} {
		x.status(o.ID, trade.Cancelled)
	}
	late := x.order(trade.Sell, "10", "110")
	late.Role, late.ParentID = trade.Child, "nobody-1"
	x.refused(late)
}

// pair buys 10 and places two exits of 10 that cancel each other.
func (x *bed) pair() (tp, sl trade.Order) {
	entry := x.order(trade.Buy, "10", "")
	x.place(entry)
	x.status(entry.ID, trade.Filled)
	tp, sl = x.exits(entry, "110", "90")
	tp.ParentID, sl.ParentID = "", ""
	x.place(tp)
	x.place(sl)
	return tp, sl
}

func oco(x *bed) {
	tp, sl := x.pair()
	x.m.Price("AAPL", "89", "1000")
	x.equal("stopped at", x.status(sl.ID, trade.Filled).Order.AvgPrice, "88.99")
	x.status(tp.ID, trade.Cancelled)
	x.held("0")
}

func ocoPartial(x *bed) {
	tp, sl := x.pair()
	x.m.SetQuote(quote("AAPL", "110", "4", "111", "4"))
	x.equal("profit taken of", x.status(tp.ID, trade.PartiallyFilled).Order.Filled, "4")
	x.m.Price("AAPL", "89", "1000")
	x.equal("the rest stopped", x.status(sl.ID, trade.Filled).Order.Filled, "6")
	x.status(tp.ID, trade.Cancelled)
	x.held("0")
}

func oto(x *bed) {
	entry := x.order(trade.Buy, "10", "99")
	entry.Role, entry.TIF = trade.Parent, trade.GTC
	_, sl := x.exits(entry, "110", "90")
	sl.Group = ""
	x.place(entry)
	x.place(sl)
	x.m.Price("AAPL", "98", "1000")
	x.status(entry.ID, trade.Filled)
	x.restart() // what an exit knows of its entry outlives the venue
	x.m.Price("AAPL", "89", "1000")
	x.equal("stopped at", x.status(sl.ID, trade.Filled).Order.AvgPrice, "88.99")
	x.held("0")
}
