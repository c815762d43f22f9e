package desktest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"quantdesk/internal/broker/brokertest"
	"quantdesk/internal/fault"
	"quantdesk/internal/num"
	"quantdesk/internal/order"
	"quantdesk/internal/risk"
	"quantdesk/internal/trade"
)

// childVar makes a process of this test the trader that is killed.
const childVar = "QUANTDESK_DESKTEST"

// task is what the trader is told: where to work, and the step at whose nth
// time it kills itself (none: it works until it is done or killed from outside).
type task struct {
	Dir  string
	Step string
	Nth  int64
	Seed uint64
	// Faults adds a misbehaving venue.
	Faults bool
}

func TestMain(m *testing.M) {
	raw := os.Getenv(childVar)
	if raw == "" {
		os.Exit(m.Run())
	}
	var c task
	err := json.Unmarshal([]byte(raw), &c)
	if err == nil {
		err = trader(c)
	}
	if err != nil {
		say("E %v", err)
		os.Exit(3)
	}
	os.Exit(0)
}

// say tells the parent what was acknowledged: one write, so that a line is told
// whole or not at all.
func say(format string, args ...any) {
	_, _ = os.Stdout.WriteString(strings.ReplaceAll(fmt.Sprintf(format, args...), "\n", " ") + "\n") // the parent may be gone
}

// suicide kills this process at the nth time of a step.
func suicide(step string, nth int64) func(string) {
	var seen atomic.Int64
	return func(s string) {
		if s != step || seen.Add(1) != nth {
			return
		}
		say("K %s", s)
		p, err := os.FindProcess(os.Getpid())
		if err == nil {
			err = p.Kill()
		}
		if err != nil {
			panic(err)
		}
		select {} // the signal is on its way: go no further
	}
}

// misbehaviour loses answers and messages, and refuses an order that is in no
// bracket.
const misbehaviour = `[
	{"kind": "lost_answer", "call": "place", "symbol": "AAPL", "nth": 5},
	{"kind": "disconnect", "call": "place", "symbol": "AAPL", "nth": 9},
	{"kind": "disconnect", "call": "place", "symbol": "AAPL", "nth": 14},
	{"kind": "lost_answer", "call": "place", "symbol": "AAPL", "nth": 19},
	{"kind": "reject", "symbol": "MSFT", "nth": 2, "times": 2},
	{"kind": "disconnect", "call": "place", "symbol": "MSFT", "nth": 5},
	{"kind": "disconnect", "call": "replace", "nth": 1},
	{"kind": "lost_answer", "call": "replace", "nth": 3},
	{"kind": "disconnect", "call": "cancel", "nth": 2},
	{"kind": "lost_answer", "call": "cancel", "nth": 4}]`

// trader works a mix of orders at once and tells what it was answered.
func trader(c task) error {
	s := setup{
		dir: c.Dir, probe: suicide(c.Step, c.Nth), settle: 20 * time.Millisecond, policy: generous,
		wrap: func(b order.Broker) order.Broker { return &counted{Broker: b, path: filepath.Join(c.Dir, "sent")} },
	}
	if c.Faults {
		s.faults = misbehaviour
	}
	w, err := open(s)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	var market, work sync.WaitGroup
	market.Go(func() { weather(ctx, w.market) })
	for i, job := range []func(*hand){(*hand).singles, (*hand).resting, (*hand).brackets, (*hand).pairs, (*hand).baskets, (*hand).resting} {
		h := &hand{w: w, account: accounts[i%2], rng: rand.New(rand.NewPCG(c.Seed, uint64(i)))}
		work.Go(func() {
			for range 4 {
				job(h)
			}
		})
	}
	work.Wait()
	cancel()
	market.Wait()
	// What was lost near the end is settled before a clean stop.
	time.Sleep(3 * s.settle)
	return w.end()
}

// generous lets the whole mix through.
func generous() risk.Policy {
	p := risk.Default()
	p.Limits.MaxDayOrders, p.Limits.MaxDayNotional = 100_000, num.FromInt(1_000_000_000)
	return p
}

// weather moves the price through the levels of entries, profits and losses.
func weather(ctx context.Context, m *brokertest.FakeMarket) {
	path := []string{"100", "99.50", "98.50", "100", "100", "106", "100", "100", "94", "100"}
	for i := 0; ; i++ {
		select {
		case <-ctx.Done():
			return
		case <-time.After(12 * time.Millisecond):
			m.Price("AAPL", path[i%len(path)], "7")
		}
	}
}

// hand is one of the trader's concurrent hands.
type hand struct {
	w       *world
	account string
	rng     *rand.Rand
}

// confirmed proposes, confirms, and tells both.
func (h *hand) confirmed(wishes ...order.Wish) []trade.Order {
	t, err := h.w.desk.Propose(context.Background(), ann, in(h.account, wishes...))
	if err != nil {
		complain("propose", err)
		return nil
	}
	say("T %s", t.ID)
	return h.confirm(t)
}

func (h *hand) confirm(t order.Ticket) []trade.Order {
	orders, _, err := h.w.desk.Confirm(context.Background(), ann, t.ID)
	if err != nil {
		complain("confirm", err)
		return nil
	}
	var b strings.Builder
	for _, o := range orders {
		fmt.Fprintf(&b, " %s=%s=%s", o.ID, o.Status, o.Filled)
	}
	say("C %s%s", t.ID, b.String())
	return orders
}

// complain ends the process over an error that the mix cannot explain.
func complain(what string, err error) {
	var f *fault.Error
	if errors.As(err, &f) {
		switch f.Code {
		case fault.Conflict, fault.RejectedByVenue, fault.Timeout, fault.InsufficientBuyingPower:
			return
		}
	}
	say("E %s: %v", what, err)
	os.Exit(3)
}

func (h *hand) pick(list ...string) string { return list[h.rng.IntN(len(list))] }

func (h *hand) singles() {
	h.confirmed(wish("AAPL", trade.Buy, h.pick("1", "3", "9"), ""))
	h.confirmed(wish("MSFT", trade.Sell, h.pick("1", "2"), ""))
	h.confirmed(wish("MSFT", trade.Buy, h.pick("1", "2"), ""))
}

// resting places limit orders, changes them, and cancels them.
func (h *hand) resting() {
	orders := h.confirmed(wish("AAPL", trade.Buy, "5", h.pick("95", "90", "99")))
	if len(orders) != 1 {
		return
	}
	id := orders[0].ID
	for _, quantity := range []string{"8", "6"} {
		t, err := h.w.desk.ProposeReplace(context.Background(), ann, order.Change{OrderID: id, Quantity: dec(quantity), LimitPrice: dec(h.pick("94", "93", "92"))})
		if err != nil {
			if fault.CodeOf(err) != fault.Invalid { // it has filled beyond the new total
				complain("propose replace", err)
			}
			break
		}
		h.confirm(t)
	}
	o, err := h.w.desk.Cancel(context.Background(), ann, id)
	if err != nil {
		complain("cancel", err)
		return
	}
	say("X %s=%s=%s", o.ID, o.Status, o.Filled)
}

func (h *hand) brackets() {
	h.confirmed(exits(wish("AAPL", trade.Buy, "10", ""), h.pick("105", "109"), h.pick("95", "91")))
	h.confirmed(exits(wish("AAPL", trade.Buy, "10", h.pick("99", "98.60")), "105", "95"))
	h.confirmed(exits(wish("AAPL", trade.Buy, "4", ""), "", "93"))
}

// pairs buys and leaves two exits of which one cancels the other.
func (h *hand) pairs() {
	if orders := h.confirmed(wish("AAPL", trade.Buy, "5", "")); len(orders) == 1 {
		pair := exits(wish("AAPL", trade.Sell, "5", ""), "105", "95")
		pair.Class = order.OCO
		h.confirmed(pair)
	}
}

func (h *hand) baskets() {
	h.confirmed(wish("AAPL", trade.Buy, "2", ""), wish("MSFT", trade.Buy, "2", ""), exits(wish("AAPL", trade.Buy, "3", ""), "109", "91"))
}
