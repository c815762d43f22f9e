package server_test

import (
	"slices"
	"sync"
	"testing"

	"quantdesk/internal/num"
	"quantdesk/internal/tws"
)

// Orders are seen by their client and by client 0; everybody may list them all.
func TestWhoSeesOrders(t *testing.T) {
	d := open(t, setup{})
	owner, master, other := d.dial(t, 7), d.dial(t, 0), d.dial(t, 8)
	id := owner.place(limit("1"))
	owner.status(id, tws.Submitted)
	if m := master.status(id, tws.Submitted); m.ClientID != 7 {
		t.Errorf("client 0 sees %+v", m)
	}
	list := func(p *peer, m tws.Message) []*tws.OpenOrder {
		p.sync()
		p.forget()
		p.send(m)
		await(p, "the end of the list", func(*tws.OpenOrderEnd) bool { return true })
		return all[*tws.OpenOrder](p)
	}
	other.sync()
	if seen := all[*tws.OpenOrder](other); len(seen) != 0 {
		t.Errorf("another client is told of %+v", seen)
	}
	if l := list(other, &tws.ReqOpenOrders{}); len(l) != 0 {
		t.Errorf("another client's own orders are %+v", l)
	}
	for _, p := range []*peer{other, master} {
		if l := list(p, &tws.ReqAllOpenOrders{}); len(l) != 1 || l[0].OrderID != id || l[0].Order.ClientID != 7 || l[0].Order.PermID == 0 {
			t.Errorf("all orders are %+v", l)
		}
	}
	other.send(&tws.ReqAutoOpenOrders{AutoBind: true})
	other.failed(-1, 327)
	other.send(&tws.CancelOrder{OrderID: id})
	other.failed(id, 10147)
	// A client that comes back may list its orders at once.
	_ = owner.conn.Close()
	again := d.dial(t, 9)
	if l := list(again, &tws.ReqOpenOrders{}); len(l) != 0 {
		t.Errorf("a new client has orders: %+v", l)
	}
	again.send(&tws.ReqGlobalCancel{})
	master.status(id, tws.Cancelled)
}

// A bracket that is not transmitted is seen by its own client alone, and lives
// as one family once it is.
func TestBracket(t *testing.T) {
	d := open(t, setup{})
	p, master := d.dial(t, 7), d.dial(t, 0)
	parent := p.place(func(o *tws.Order) { limit("1")(o); o.Transmit = false })
	p.status(parent, tws.Inactive)
	p.send(&tws.ReqOpenOrders{})
	await(p, "the end of the list", func(*tws.OpenOrderEnd) bool { return true })
	profit := p.place(func(o *tws.Order) { limit("99999")(o); o.Action, o.ParentID, o.Transmit = "SELL", parent, false })
	p.status(profit, tws.Inactive)
	master.sync()
	if seen := all[*tws.OpenOrder](master); len(seen) != 0 {
		t.Errorf("what is held is told to client 0: %+v", seen)
	}
	stop := p.place(func(o *tws.Order) {
		o.Action, o.OrderType, o.AuxPrice, o.ParentID = "SELL", "STP", tws.Num(num.New(5, 1)), parent
	})
	p.status(parent, tws.Submitted)
	for _, id := range []int64{profit, stop} {
		for _, who := range []*peer{p, master} {
			if m := who.status(id, tws.PreSubmitted); m.ParentID != parent {
				t.Errorf("the parent of %d is %d", id, m.ParentID)
			}
		}
	}
	// The entry is moved to where it fills: its exits wake.
	p.forget()
	p.send(&tws.PlaceOrder{OrderID: parent, Contract: apple, Order: tws.Order{
		Action: "BUY", TotalQuantity: num.FromInt(10), OrderType: "LMT", LimitPrice: tws.Num(num.FromInt(9_999)), TIF: "DAY", Transmit: true, Account: account, ExemptCode: -1,
	}})
	p.status(parent, tws.Filled)
	p.status(profit, tws.Submitted)
	// So is one exit, and the other goes with it.
	p.send(&tws.PlaceOrder{OrderID: profit, Contract: apple, Order: tws.Order{
		Action: "SELL", TotalQuantity: num.FromInt(10), OrderType: "LMT", LimitPrice: tws.Num(num.FromInt(1)), TIF: "DAY", ParentID: parent, Transmit: true, Account: account, ExemptCode: -1,
	}})
	p.status(profit, tws.Filled)
	p.status(stop, tws.Cancelled)
}

// Orders of a group end each other.
func TestOCA(t *testing.T) {
	d := open(t, setup{})
	p := d.dial(t, 7)
	rest := p.place(func(o *tws.Order) { limit("1")(o); o.OCAGroup = "pair"; o.OCAType = 1 })
	p.status(rest, tws.Submitted)
	if m := await(p, "its group", func(m *tws.OpenOrder) bool { return m.OrderID == rest }); m.Order.OCAGroup != "pair" {
		t.Errorf("the group is %q", m.Order.OCAGroup)
	}
	hit := p.place(func(o *tws.Order) { limit("9999")(o); o.OCAGroup = "pair"; o.OCAType = 1 })
	p.status(hit, tws.Filled)
	p.status(rest, tws.Cancelled)
	p.failed(rest, 202)
}

// A what-if tells margins and fee, and leaves nothing: no order, no position, and
// its id is free.
func TestWhatIf(t *testing.T) {
	d := open(t, setup{})
	p := d.dial(t, 7)
	id := p.place(func(o *tws.Order) { o.WhatIf = true })
	m := await(p, "the answer", func(m *tws.OpenOrder) bool { return m.OrderID == id })
	s := m.State
	if !m.Order.WhatIf || s.Status != tws.PreSubmitted || !s.InitMarginChange.Positive() || !s.InitMarginAfter.Positive() || !s.Commission.Positive() || s.CommissionCurrency != "USD" {
		t.Errorf("got %+v", s)
	}
	p.sync()
	if n := len(all[*tws.OrderStatus](p)); n != 0 {
		t.Errorf("%d states of an order that is none", n)
	}
	p.send(&tws.ReqAllOpenOrders{})
	await(p, "the end", func(*tws.OpenOrderEnd) bool { return true })
	p.send(&tws.ReqCompletedOrders{})
	await(p, "the end", func(*tws.CompletedOrdersEnd) bool { return true })
	p.send(&tws.ReqPositions{})
	await(p, "the end", func(*tws.PositionEnd) bool { return true })
	if n := len(all[*tws.OpenOrder](p)) + len(all[*tws.CompletedOrder](p)) + len(all[*tws.Position](p)); n != 1 {
		t.Errorf("a what-if left something: %d messages", n)
	}
	p.next = id // the same id, for good
	if again := p.place(nil); again != id {
		t.Fatal("the test lost its count")
	}
	p.status(id, tws.Filled)
	p.place(func(o *tws.Order) { o.WhatIf, o.Transmit = true, false })
	p.failed(id+1, 413)
	p.next = id
	p.place(nil)
	p.failed(id, 104)
}

// Partial fills, by the broker's script, are told one by one.
func TestPartialFills(t *testing.T) {
	d := open(t, setup{faults: `[{"kind":"partial_fill","quantity":"4","times":3}]`})
	p := d.dial(t, 7)
	id := p.place(nil)
	last := p.status(id, tws.Filled)
	if !last.Filled.Equal(num.FromInt(10)) || !last.Remaining.IsZero() || last.AvgFillPrice.Sign() <= 0 {
		t.Errorf("at last %+v", last)
	}
	var cum []string
	ids := map[string]bool{}
	for _, x := range all[*tws.ExecDetails](p) {
		cum = append(cum, x.CumQty.String())
		ids[x.ExecID] = true
	}
	if !slices.Equal(cum, []string{"4", "8", "10"}) || len(ids) != 3 {
		t.Errorf("cumulative quantities %v of %d executions, want 4 8 10", cum, len(ids))
	}
	if m := p.status(id, tws.Submitted); m.OrderID != id {
		t.Errorf("got %+v", m)
	}
	await(p, "the last commission", func(m *tws.CommissionReport) bool { return len(all[*tws.CommissionReport](p)) == 3 && ids[m.ExecID] })
	p.send(&tws.ReqExecutions{ReqID: 5})
	await(p, "the end", func(m *tws.ExecDetailsEnd) bool { return m.ReqID == 5 })
	var listed int
	for _, x := range all[*tws.ExecDetails](p) {
		if x.ReqID == 5 && ids[x.ExecID] {
			listed++
		}
	}
	if listed != 3 {
		t.Errorf("%d executions are listed", listed)
	}
}

// Many clients at once each see their own orders, filled once.
func TestManyClients(t *testing.T) {
	d := open(t, setup{accounts: 4})
	const orders = 10
	var wg sync.WaitGroup
	for i := range 8 {
		p := d.dial(t, int64(i+1))
		wg.Go(func() {
			for range orders {
				p.place(func(o *tws.Order) { o.Account = "DUSIM00000" + string(rune('1'+i%4)) })
			}
		})
		t.Cleanup(func() {
			_ = p.conn.Close()
		})
		defer func() {
			for id := int64(1); id <= orders; id++ {
				p.status(id, tws.Filled)
			}
			if n := len(all[*tws.ExecDetails](p)); n != orders {
				t.Errorf("client %d saw %d executions, want %d", i+1, n, orders)
			}
		}()
	}
	wg.Wait()
}

// A server that starts again on the same books shows the same orders, positions
// and executions.
func TestRestart(t *testing.T) {
	dir := t.TempDir()
	d := open(t, setup{dir: dir})
	p := d.dial(t, 7)
	filled := p.place(func(o *tws.Order) { o.OrderRef = "first" })
	p.status(filled, tws.Filled)
	was := await(p, "the execution", func(m *tws.ExecDetails) bool { return m.OrderID == filled })
	parent := p.place(func(o *tws.Order) { limit("1")(o); o.Transmit, o.TIF = false, "GTC" })
	exit := p.place(func(o *tws.Order) { limit("99999")(o); o.Action, o.ParentID, o.TIF = "SELL", parent, "GTC" })
	p.status(parent, tws.Submitted)
	before := await(p, "the entry", func(m *tws.OpenOrder) bool { return m.OrderID == parent })
	d.Stop()
	d = open(t, setup{dir: dir})
	p = d.dial(t, 7)
	if p.next <= exit {
		t.Errorf("the next id is %d, and %d is taken", p.next, exit)
	}
	p.send(&tws.ReqOpenOrders{})
	await(p, "the end", func(*tws.OpenOrderEnd) bool { return true })
	list := all[*tws.OpenOrder](p)
	if len(list) != 2 || list[0].OrderID != parent || list[0].Order.PermID != before.Order.PermID || list[1].Order.ParentID != parent || list[1].State.Status != tws.PreSubmitted {
		t.Errorf("open orders %+v", list)
	}
	p.send(&tws.ReqExecutions{ReqID: 5})
	await(p, "the end", func(*tws.ExecDetailsEnd) bool { return true })
	if x := all[*tws.ExecDetails](p); len(x) != 1 || x[0].ExecID != was.ExecID || x[0].OrderRef != "first" || !x[0].Price.Equal(was.Price) {
		t.Errorf("executions %+v", x)
	}
	p.send(&tws.ReqPositions{})
	await(p, "the position", func(m *tws.Position) bool { return m.Position.Equal(num.FromInt(10)) && m.Contract.Symbol == "AAPL" })
	p.place(func(o *tws.Order) { o.Action, o.TotalQuantity = "SELL", num.FromInt(10) })
	await(p, "the position at its end", func(m *tws.Position) bool { return m.Position.IsZero() })
}
