package desktest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"quantdesk/internal/broker/brokertest"
	"quantdesk/internal/fault"
	"quantdesk/internal/market"
	"quantdesk/internal/num"
	"quantdesk/internal/order"
	"quantdesk/internal/risk"
	"quantdesk/internal/trade"
)

// law is a policy that a test changes while the desk runs.
type law struct {
	mu sync.Mutex
	p  risk.Policy
}

func (l *law) get() risk.Policy {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.p
}

func (l *law) set(change func(*risk.Policy)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.p = risk.Default()
	change(&l.p)
}

// TestPolicyRefuses breaks each rule, at proposal and again at confirmation.
func TestPolicyRefuses(t *testing.T) {
	t.Parallel()
	buy := single(trade.Buy, "100", "95")
	for _, tt := range []struct {
		rule, limit, value string
		p                  order.Proposal
		change             func(*risk.Policy)
	}{
		{"halted", "false", "true", buy, func(p *risk.Policy) { p.Halted = true }},
		{"classes", "[crypto]", "equity", buy, func(p *risk.Policy) { p.Limits.Classes = []market.Class{market.Crypto} }},
		{"deny", "not in the list", "AAPL", buy, func(p *risk.Policy) { p.Limits.Deny = []string{"aapl"} }},
		{"allow", "MSFT", "AAPL", buy, func(p *risk.Policy) { p.Limits.Allow = []string{"MSFT"} }},
		{"allow_short", "false", "-100", single(trade.Sell, "100", "105"), func(p *risk.Policy) { p.Limits.AllowShort = false }},
		{"max_order_notional", "9499", "9500.00", buy, func(p *risk.Policy) { p.Limits.MaxOrderNotional = num.FromInt(9_499) }},
		{"max_order_quantity", "99", "100", buy, func(p *risk.Policy) { p.Limits.MaxOrderQuantity = num.FromInt(99) }},
		{"max_order_equity_share", "9.40%", "9.50%", buy, func(p *risk.Policy) { p.Limits.MaxOrderEquityShare = dec("0.094") }},
		{"max_day_notional", "9499", "9500.00", buy, func(p *risk.Policy) { p.Limits.MaxDayNotional = num.FromInt(9_499) }},
		{"max_day_quantity", "99", "100", buy, func(p *risk.Policy) { p.Limits.MaxDayQuantity = num.FromInt(99) }},
		{"max_day_orders", "0", "1", buy, func(p *risk.Policy) { p.Limits.MaxDayOrders = 0 }},
		{"price_collar", "1.00%", "5.00%", single(trade.Buy, "100", "105"), func(p *risk.Policy) { p.Limits.PriceCollar = dec("0.01") }},
	} {
		t.Run(tt.rule, func(t *testing.T) {
			t.Parallel()
			l := &law{p: risk.Default()}
			b := start(t, setup{policy: l.get})
			check := func(err error) {
				t.Helper()
				f := refused(t, err, fault.RiskRefused)
				if f.Detail["rule"] != tt.rule || f.Detail["limit"] != tt.limit || f.Detail["value"] != tt.value {
					t.Errorf("rule %v, limit %v, value %v; want %s, %s, %s", f.Detail["rule"], f.Detail["limit"], f.Detail["value"], tt.rule, tt.limit, tt.value)
				}
			}
			ticket := b.propose(ann, tt.p) // while the policy allows it
			l.set(tt.change)
			_, err := b.desk.Propose(context.Background(), ann, tt.p)
			check(err)
			_, _, err = b.desk.Confirm(context.Background(), ann, ticket.ID)
			check(err)
			if n := len(b.book("A1")); n != 0 {
				t.Errorf("%d orders at the venue; want none", n)
			}
			l.set(func(*risk.Policy) {}) // a refusal leaves the ticket as it was
			b.confirm(ann, ticket.ID)
		})
	}
}

func TestStaleQuote(t *testing.T) {
	t.Parallel()
	m := brokertest.NewFakeMarket()
	b := start(t, setup{market: m})
	fresh := b.propose(ann, single(trade.Buy, "1", ""))
	q, err := m.Quote(context.Background(), "AAPL")
	if err != nil {
		t.Fatal(err)
	}
	q.Time = m.Now().Add(-10 * time.Minute)
	m.SetQuote(q)
	_, err = b.desk.Propose(context.Background(), ann, single(trade.Buy, "1", ""))
	if f := refused(t, err, fault.RiskRefused); f.Detail["rule"] != "max_quote_age" {
		t.Errorf("rule %v; want max_quote_age", f.Detail["rule"])
	}
	_, _, err = b.desk.Confirm(context.Background(), ann, fresh.ID)
	refused(t, err, fault.RiskRefused)
	if n := len(b.book("A1")); n != 0 {
		t.Errorf("%d orders at the venue; want none", n)
	}
}

// claimsLive is a venue that says its money is real.
type claimsLive struct{ order.Broker }

func (c claimsLive) Capabilities() order.Capabilities {
	caps := c.Broker.Capabilities()
	caps.Environment = trade.Live
	return caps
}

func TestLiveNeedsAPerson(t *testing.T) {
	t.Parallel()
	l := &law{p: risk.Default()}
	b := start(t, setup{env: trade.Live, policy: l.get, wrap: func(v order.Broker) order.Broker { return claimsLive{v} }})
	ctx := context.Background()
	_, err := b.desk.Propose(ctx, ann, single(trade.Buy, "1", "95"))
	if f := refused(t, err, fault.RiskRefused); f.Detail["rule"] != "live_accounts" {
		t.Errorf("rule %v; want live_accounts", f.Detail["rule"])
	}
	l.set(func(p *risk.Policy) { p.LiveAccounts = []string{"A1"} })
	ticket := b.propose(ann, single(trade.Buy, "1", "95"))
	if ticket.Approver != "operator" || ticket.Environment != trade.Live {
		t.Errorf("approver %s in %s; want operator in live", ticket.Approver, ticket.Environment)
	}
	_, _, err = b.desk.Confirm(ctx, ann, ticket.ID)
	refused(t, err, fault.Forbidden)
	if n := len(b.book("A1")); n != 0 {
		t.Fatalf("%d orders at the venue; want none", n)
	}
	o := b.confirm(person, ticket.ID)[0]
	b.becomes(o.ID, trade.Working)
	change, err := b.desk.ProposeReplace(ctx, ann, order.Change{OrderID: o.ID, LimitPrice: dec("96")})
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = b.desk.Confirm(ctx, ann, change.ID)
	refused(t, err, fault.Forbidden)
	if _, err := b.desk.Cancel(ctx, ann, o.ID); err != nil { // getting out needs nobody
		t.Error(err)
	}
}

func TestReadOnlyConnection(t *testing.T) {
	t.Parallel()
	b := start(t, setup{})
	ctx := context.Background()
	o := b.place(single(trade.Buy, "1", "95"))[0]
	ticket := b.propose(ann, single(trade.Buy, "1", "95"))
	b.restart(func(s *setup) { s.closed = true })
	_, err := b.desk.Propose(ctx, ann, single(trade.Buy, "1", "95"))
	refused(t, err, fault.Forbidden)
	_, _, err = b.desk.Confirm(ctx, ann, ticket.ID)
	refused(t, err, fault.Forbidden)
	_, err = b.desk.ProposeReplace(ctx, ann, order.Change{OrderID: o.ID, Quantity: dec("2")})
	refused(t, err, fault.Forbidden)
	if n := len(b.book("A1")); n != 1 {
		t.Errorf("%d orders at the venue; want 1", n)
	}
}

func TestKillSwitch(t *testing.T) {
	t.Parallel()
	b := start(t, setup{})
	ctx := context.Background()
	held := b.place(single(trade.Buy, "10", ""))[0]
	b.becomes(held.ID, trade.Filled)
	pending := b.propose(ann, single(trade.Buy, "1", "95"))
	if _, err := b.desk.SetKill(ctx, ann, true, "the model is unsure"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		_, err := b.desk.SetKill(ctx, ann, false, "")
		refused(t, err, fault.Forbidden)
		if k := b.desk.Kill(); !k.Engaged || k.By != "ann" || k.Reason != "the model is unsure" {
			t.Errorf("kill switch %+v; want engaged by ann", k)
		}
		_, err = b.desk.Propose(ctx, ann, single(trade.Buy, "1", "95"))
		if f := refused(t, err, fault.RiskRefused); f.Detail["rule"] != "kill_switch" {
			t.Errorf("rule %v; want kill_switch", f.Detail["rule"])
		}
		_, _, err = b.desk.Confirm(ctx, ann, pending.ID)
		refused(t, err, fault.RiskRefused)
		_, err = b.desk.Propose(ctx, ann, single(trade.Sell, "11", "")) // beyond what is held
		refused(t, err, fault.RiskRefused)
		b.restart(nil)
	}
	// Reducing stays possible, but not twice over.
	b.place(single(trade.Sell, "6", "105"))
	_, err := b.desk.Propose(ctx, ann, single(trade.Sell, "6", "105"))
	refused(t, err, fault.RiskRefused)
	b.becomes(b.place(single(trade.Sell, "4", ""))[0].ID, trade.Filled)
	if k, err := b.desk.SetKill(ctx, person, false, "checked"); err != nil || k.Engaged {
		t.Fatalf("release: %+v, %v", k, err)
	}
	b.confirm(ann, pending.ID)
	b.restart(nil)
	if b.desk.Kill().Engaged {
		t.Error("a released kill switch is engaged after a restart")
	}
}

// TestCoverTwice holds that orders to buy a short back are counted together:
// under the kill switch the second would open a position.
func TestCoverTwice(t *testing.T) {
	t.Parallel()
	b := start(t, setup{})
	ctx := context.Background()
	b.becomes(b.place(single(trade.Sell, "10", ""))[0].ID, trade.Filled)
	if _, err := b.desk.SetKill(ctx, ann, true, "test"); err != nil {
		t.Fatal(err)
	}
	b.place(single(trade.Buy, "7", "95"))
	_, err := b.desk.Propose(ctx, ann, single(trade.Buy, "7", "95"))
	refused(t, err, fault.RiskRefused)
	_, err = b.desk.Propose(ctx, ann, in("A1", wish("AAPL", trade.Buy, "2", "95"), wish("AAPL", trade.Buy, "2", "95")))
	refused(t, err, fault.RiskRefused)
	b.place(single(trade.Buy, "3", "95"))
}

// TestCancelAll cancels what works in the caller's accounts.
func TestCancelAll(t *testing.T) {
	t.Parallel()
	b := start(t, setup{})
	var ids []string
	for i := range 3 {
		ids = append(ids, b.place(single(trade.Buy, "1", fmt.Sprint(90+i)))[0].ID)
	}
	asked, err := b.desk.CancelAll(context.Background(), ann)
	if err != nil || len(asked) != 3 {
		t.Fatalf("asked %v, %v; want 3", asked, err)
	}
	for _, id := range ids {
		b.becomes(id, trade.Cancelled)
	}
}
