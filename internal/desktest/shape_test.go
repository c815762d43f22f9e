package desktest

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"quantdesk/internal/broker/brokertest"
	"quantdesk/internal/fault"
	"quantdesk/internal/order"
	"quantdesk/internal/trade"
)

func TestUnits(t *testing.T) {
	t.Parallel()
	b := start(t, setup{})
	for _, tt := range []struct {
		name, symbol, quantity, limit string
		unit                          trade.Unit
		want                          string // empty: refused
	}{
		{"shares", "AAPL", "7", "", trade.Shares, "7"},
		{"money at the ask of 100.01", "AAPL", "1000", "", trade.Notional, "9"},
		{"money at the limit", "AAPL", "1000", "95", trade.Notional, "10"},
		{"percent of 100,000", "AAPL", "5", "95", trade.PercentEquity, "52"},
		{"a fraction of a coin at 60000.01", "BTCUSD", "500", "", trade.Notional, "0.0083"},
		{"less than one", "AAPL", "50", "", trade.Notional, ""},
		{"none", "AAPL", "0", "", trade.Shares, ""},
		{"below none", "AAPL", "-5", "", trade.Shares, ""},
		{"off the lot", "AAPL", "1.5", "", trade.Shares, ""},
		{"an unknown unit", "AAPL", "1000", "", "lots", ""},
		{"beyond any number", "AAPL", "79228162514264337593543950335", "", trade.Shares, ""},
		{"money beyond any number", "AAPL", "79228162514264337593543950335", "", trade.Notional, ""},
		{"a price beyond any number", "AAPL", "1", "79228162514264337593543950335", trade.Shares, ""},
	} {
		w := wish(tt.symbol, trade.Buy, tt.quantity, tt.limit)
		w.Unit = tt.unit
		ticket, err := b.desk.Propose(context.Background(), ann, in("A1", w))
		if tt.want == "" {
			if fault.CodeOf(err) != fault.Invalid {
				t.Errorf("%s: %v; want invalid", tt.name, err)
			}
			continue
		}
		if err != nil || !ticket.Legs[0].Order.Quantity.Equal(dec(tt.want)) {
			t.Errorf("%s: %v, %v; want %s", tt.name, ticket.Legs, err, tt.want)
		}
	}
}

// TestShapes looks at the legs that wishes become.
func TestShapes(t *testing.T) {
	t.Parallel()
	b := start(t, setup{})
	pair := exits(wish("AAPL", trade.Sell, "10", ""), "110", "90")
	pair.Class = order.OCO
	limited := exits(wish("AAPL", trade.Buy, "10", "99"), "110", "90")
	limited.StopLossLimit = dec("89.50")
	for _, tt := range []struct {
		name   string
		wishes []order.Wish
		kind   order.Kind
		legs   []string // role side type tif limit stop parent group, by leg
	}{
		{"bracket", []order.Wish{exits(wish("AAPL", trade.Buy, "10", "99"), "110", "90")}, order.KindBracket, []string{
			"parent buy limit gtc 99 0 - -", "take_profit sell limit gtc 110 0 1 g1", "stop_loss sell stop gtc 0 90 1 g1",
		}},
		{"bracket with a stop limit", []order.Wish{limited}, order.KindBracket, []string{
			"parent buy limit gtc 99 0 - -", "take_profit sell limit gtc 110 0 1 g1", "stop_loss sell stop_limit gtc 89.50 90 1 g1",
		}},
		{"oto", []order.Wish{exits(wish("AAPL", trade.Sell, "10", ""), "", "110")}, order.KindOTO, []string{
			"parent sell market day 0 0 - -", "stop_loss buy stop gtc 0 110 1 -",
		}},
		{"oco", []order.Wish{pair}, order.KindOCO, []string{
			"take_profit sell limit gtc 110 0 - g1", "stop_loss sell stop gtc 0 90 - g1",
		}},
		{"basket", []order.Wish{wish("MSFT", trade.Buy, "1", ""), exits(wish("AAPL", trade.Buy, "10", "99"), "110", "90")}, order.KindBasket, []string{
			"single buy market day 0 0 - -", "parent buy limit gtc 99 0 - -", "take_profit sell limit gtc 110 0 2 g2", "stop_loss sell stop gtc 0 90 2 g2",
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ticket := b.propose(ann, in("A1", tt.wishes...))
			var legs []string
			for _, l := range ticket.Legs {
				o := l.Order
				short := func(id string) string {
					if id == "" {
						return "-"
					}
					return strings.TrimPrefix(id, ticket.ID+"-")
				}
				legs = append(legs, strings.Join([]string{
					string(o.Role), string(o.Side), string(o.Type), string(o.TIF), o.LimitPrice.String(), o.StopPrice.String(), short(o.ParentID), short(o.Group),
				}, " "))
			}
			if diff := cmp.Diff(tt.legs, legs); diff != "" || ticket.Kind != tt.kind {
				t.Errorf("%s (want -, got +):\n%s", ticket.Kind, diff)
			}
			orders := b.confirm(ann, ticket.ID)
			for i, o := range orders {
				if v, ok := b.book("A1")[o.ID]; !ok || o.ID != ticket.Legs[i].Order.ID {
					t.Errorf("leg %d: %s is %s at the venue", i+1, o.ID, v.Status)
				}
			}
		})
	}
}

func TestMisshapen(t *testing.T) {
	t.Parallel()
	b := start(t, setup{})
	with := func(w order.Wish, change func(*order.Wish)) order.Wish {
		change(&w)
		return w
	}
	buy := wish("AAPL", trade.Buy, "1", "99")
	for name, w := range map[string]order.Wish{
		"bracket without a loss":     with(exits(buy, "110", ""), func(w *order.Wish) { w.Class = order.Bracket }),
		"oto with both":              with(exits(buy, "110", "90"), func(w *order.Wish) { w.Class = order.OTO }),
		"simple with an exit":        with(exits(buy, "110", ""), func(w *order.Wish) { w.Class = order.Simple }),
		"exits on the wrong sides":   exits(buy, "90", "110"),
		"an unknown class":           with(buy, func(w *order.Wish) { w.Class = "ladder" }),
		"a bracket that is ioc":      with(exits(buy, "110", "90"), func(w *order.Wish) { w.TIF = trade.IOC }),
		"a limit without a price":    with(buy, func(w *order.Wish) { w.LimitPrice = dec("0") }),
		"a market with a price":      with(buy, func(w *order.Wish) { w.Type = trade.Market }),
		"a stop without a price":     with(wish("AAPL", trade.Buy, "1", ""), func(w *order.Wish) { w.Type = trade.Stop }),
		"a trail without a trail":    with(wish("AAPL", trade.Buy, "1", ""), func(w *order.Wish) { w.Type = trade.TrailingStop }),
		"a side of its own":          with(buy, func(w *order.Wish) { w.Side = "hold" }),
		"a type of its own":          with(buy, func(w *order.Wish) { w.Type = "iceberg" }),
		"a time in force of its own": with(buy, func(w *order.Wish) { w.TIF = "forever" }),
		"gtd in the past":            with(buy, func(w *order.Wish) { w.TIF, w.GoodTill = trade.GTD, brokertest.Start.Add(-time.Hour) }),
		"a negative price":           with(buy, func(w *order.Wish) { w.LimitPrice = dec("-99") }),
		"off the tick":               with(buy, func(w *order.Wish) { w.LimitPrice = dec("99.001") }),
	} {
		if _, err := b.desk.Propose(context.Background(), ann, in("A1", w)); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%s: %v; want invalid", name, err)
		}
	}
	_, err := b.desk.Propose(context.Background(), ann, in("A1", wish("NOSUCH", trade.Buy, "1", "")))
	refused(t, err, fault.NotFound)
	_, err = b.desk.Propose(context.Background(), ann, in("", buy)) // ann has two accounts
	refused(t, err, fault.Invalid)
	_, err = b.desk.Propose(context.Background(), ann, in("A1"))
	refused(t, err, fault.Invalid)
	if n := len(b.book("A1")); n != 0 {
		t.Errorf("%d orders at the venue; want none", n)
	}
}

func TestMarketClosed(t *testing.T) {
	t.Parallel()
	m := brokertest.NewFakeMarket()
	b := start(t, setup{market: m})
	ctx := context.Background()
	early := b.propose(ann, single(trade.Buy, "1", ""))
	m.SetNow(time.Date(2024, 3, 16, 15, 0, 0, 0, time.UTC)) // a Saturday
	_, err := b.desk.Propose(ctx, ann, single(trade.Buy, "1", ""))
	if f := refused(t, err, fault.MarketClosed); !strings.Contains(f.Message, "2024-03-18 09:30") {
		t.Errorf("%q does not tell the next open", f.Message)
	}
	_, _, err = b.desk.Confirm(ctx, ann, early.ID)
	refused(t, err, fault.MarketClosed)
	waits := b.propose(ann, single(trade.Buy, "1", "95"))
	if len(waits.Warnings) != 1 {
		t.Errorf("warnings %v; want one that it waits", waits.Warnings)
	}
	b.becomes(b.confirm(ann, waits.ID)[0].ID, trade.Working)
	b.propose(ann, in("A1", wish("BTCUSD", trade.Buy, "0.01", ""))) // always open
}

// TestBasket is all or nothing until it is sent, and told order by order after.
func TestBasket(t *testing.T) {
	t.Parallel()
	b := start(t, setup{faults: `[{"kind": "reject", "symbol": "MSFT", "code": "x", "text": "not today"}]`})
	ctx := context.Background()
	_, err := b.desk.Propose(ctx, ann, in("A1", wish("AAPL", trade.Buy, "1", ""), wish("AAPL", trade.Buy, "1.5", "")))
	if f := refused(t, err, fault.Invalid); !strings.HasPrefix(f.Message, "order 2 (buy AAPL)") {
		t.Errorf("%q does not name the order", f.Message)
	}
	// Together they are too much for the account.
	_, err = b.desk.Propose(ctx, ann, in("A1", wish("AAPL", trade.Buy, "900", "99"), wish("MSFT", trade.Buy, "1800", "49"), wish("AAPL", trade.Buy, "900", "98")))
	refused(t, err, fault.InsufficientBuyingPower)
	if n := len(b.book("A1")); n != 0 {
		t.Fatalf("%d orders at the venue; want none", n)
	}
	ticket := b.propose(ann, in("A1", wish("AAPL", trade.Buy, "1", ""), wish("MSFT", trade.Buy, "1", ""), wish("AAPL", trade.Buy, "1", "95")))
	orders := b.confirm(ann, ticket.ID)
	for i, want := range []trade.Status{trade.Filled, trade.Rejected, trade.Working} {
		if got := b.becomes(orders[i].ID, want); want == trade.Rejected && got.VenueText != "not today" {
			t.Errorf("order %d: %q; want the venue's words", i+1, got.VenueText)
		}
	}
}
