package risk

import (
	"strings"
	"testing"
	"time"

	"quantdesk/internal/market"
	"quantdesk/internal/num"
	"quantdesk/internal/trade"
)

func dec(s string) num.Decimal { return num.MustParse(s) }

var noon = time.Date(2024, 3, 14, 16, 0, 0, 0, time.UTC)

// buying is a purchase of 100 shares at a market of 100 that breaks nothing.
func buying() Facts {
	return Facts{
		Account: "A1", Environment: trade.Simulated, Now: noon,
		Instrument: market.Instrument{Symbol: "AAPL", Class: market.Equity},
		Order:      trade.Order{Side: trade.Buy, Type: trade.Limit, Quantity: dec("100"), LimitPrice: dec("100")},
		Quote:      market.Quote{Symbol: "AAPL", Bid: dec("99"), Ask: dec("101"), Last: dec("100"), Feed: market.FeedSimulated, Time: noon},
		Notional:   dec("10000"), Equity: dec("100000"),
	}
}

func rules(list []Breach) string {
	var out []string
	for _, b := range list {
		if b.Text == "" || b.Limit == "" || b.Value == "" {
			return "a breach lacks its text, limit or value: " + b.Rule
		}
		out = append(out, b.Rule)
	}
	return strings.Join(out, " ")
}

// TestCheck holds each rule at its limit and a step to either side.
func TestCheck(t *testing.T) {
	t.Parallel()
	limit := func(change func(*Limits)) func(*Policy) { return func(p *Policy) { change(&p.Limits) } }
	for _, tt := range []struct {
		name   string
		policy func(*Policy)
		facts  func(*Facts)
		want   string
	}{
		{"nothing", nil, nil, ""},
		{"halted", func(p *Policy) { p.Halted = true }, nil, "halted"},
		{"halted, even what reduces", func(p *Policy) { p.Halted = true }, func(f *Facts) { f.Reduces = true }, "halted"},
		{"kill switch", nil, func(f *Facts) { f.KillSwitch = true }, "kill_switch"},
		{"kill switch, reducing", nil, func(f *Facts) { f.KillSwitch, f.Reduces = true, true }, ""},
		{"live, not named", nil, func(f *Facts) { f.Environment = trade.Live }, "live_accounts"},
		{"live, another named", func(p *Policy) { p.LiveAccounts = []string{"A10", "a1"} }, func(f *Facts) { f.Environment = trade.Live }, "live_accounts"},
		{"live, named", func(p *Policy) { p.LiveAccounts = []string{"A1"} }, func(f *Facts) { f.Environment = trade.Live }, ""},
		{"paper needs no name", nil, func(f *Facts) { f.Environment = trade.Paper }, ""},

		{"notional below", limit(func(l *Limits) { l.MaxOrderNotional = dec("10000.01") }), nil, ""},
		{"notional at", limit(func(l *Limits) { l.MaxOrderNotional = dec("10000") }), nil, ""},
		{"notional above", limit(func(l *Limits) { l.MaxOrderNotional = dec("9999.99") }), nil, "max_order_notional"},
		{"quantity below", limit(func(l *Limits) { l.MaxOrderQuantity = dec("101") }), nil, ""},
		{"quantity at", limit(func(l *Limits) { l.MaxOrderQuantity = dec("100") }), nil, ""},
		{"quantity above", limit(func(l *Limits) { l.MaxOrderQuantity = dec("99.9") }), nil, "max_order_quantity"},
		{"equity share below", limit(func(l *Limits) { l.MaxOrderEquityShare = dec("0.11") }), nil, ""},
		{"equity share at", limit(func(l *Limits) { l.MaxOrderEquityShare = dec("0.1") }), nil, ""},
		{"equity share above", limit(func(l *Limits) { l.MaxOrderEquityShare = dec("0.0999") }), nil, "max_order_equity_share"},
		{"no equity", nil, func(f *Facts) { f.Equity = num.Zero }, "max_order_equity_share"},
		{"equity below zero", nil, func(f *Facts) { f.Equity = dec("-1") }, "max_order_equity_share"},
		{"day notional below", limit(func(l *Limits) { l.MaxDayNotional = dec("15000") }), func(f *Facts) { f.DayNotional = dec("4999.99") }, ""},
		{"day notional at", limit(func(l *Limits) { l.MaxDayNotional = dec("15000") }), func(f *Facts) { f.DayNotional = dec("5000") }, ""},
		{"day notional above", limit(func(l *Limits) { l.MaxDayNotional = dec("15000") }), func(f *Facts) { f.DayNotional = dec("5000.01") }, "max_day_notional"},
		{"day quantity below", limit(func(l *Limits) { l.MaxDayQuantity = dec("150") }), func(f *Facts) { f.DayQuantity = dec("49") }, ""},
		{"day quantity at", limit(func(l *Limits) { l.MaxDayQuantity = dec("150") }), func(f *Facts) { f.DayQuantity = dec("50") }, ""},
		{"day quantity above", limit(func(l *Limits) { l.MaxDayQuantity = dec("150") }), func(f *Facts) { f.DayQuantity = dec("51") }, "max_day_quantity"},
		{"day orders below", limit(func(l *Limits) { l.MaxDayOrders = 3 }), func(f *Facts) { f.DayOrders = 1 }, ""},
		{"day orders at", limit(func(l *Limits) { l.MaxDayOrders = 3 }), func(f *Facts) { f.DayOrders = 2 }, ""},
		{"day orders above", limit(func(l *Limits) { l.MaxDayOrders = 3 }), func(f *Facts) { f.DayOrders = 3 }, "max_day_orders"},
		{"sizes do not bind what reduces", limit(func(l *Limits) {
			l.MaxOrderNotional, l.MaxOrderQuantity, l.MaxOrderEquityShare, l.MaxDayNotional, l.MaxDayQuantity, l.MaxDayOrders = num.Zero, num.Zero, num.Zero, num.Zero, num.Zero, 0
		}), func(f *Facts) { f.Reduces = true }, ""},
		{"a limit of zero refuses all", limit(func(l *Limits) { l.MaxOrderQuantity = num.Zero }), nil, "max_order_quantity"},

		{"buy limit at the collar", limit(func(l *Limits) { l.PriceCollar = dec("0.05") }), func(f *Facts) { f.Order.LimitPrice = dec("105") }, ""},
		{"buy limit beyond the collar", limit(func(l *Limits) { l.PriceCollar = dec("0.05") }), func(f *Facts) { f.Order.LimitPrice = dec("105.01") }, "price_collar"},
		{"buy limit far below", nil, func(f *Facts) { f.Order.LimitPrice = dec("1") }, ""},
		{"sell limit at the collar", limit(func(l *Limits) { l.PriceCollar = dec("0.05") }), func(f *Facts) { f.Order.Side, f.Order.LimitPrice = trade.Sell, dec("95") }, ""},
		{"sell limit beyond the collar", limit(func(l *Limits) { l.PriceCollar = dec("0.05") }), func(f *Facts) { f.Order.Side, f.Order.LimitPrice = trade.Sell, dec("94.99") }, "price_collar"},
		{"sell limit far above", nil, func(f *Facts) { f.Order.Side, f.Order.LimitPrice = trade.Sell, dec("900") }, ""},
		{"the collar binds what reduces", nil, func(f *Facts) { f.Order.LimitPrice, f.Reduces = dec("200"), true }, "price_collar"},
		{"a stop loss far below waits", nil, func(f *Facts) {
			f.Order.Side, f.Order.Type, f.Order.StopPrice, f.Order.LimitPrice = trade.Sell, trade.StopLimit, dec("80"), dec("79")
		}, ""},
		{"its limit too far from its stop", nil, func(f *Facts) {
			f.Order.Side, f.Order.Type, f.Order.StopPrice, f.Order.LimitPrice = trade.Sell, trade.StopLimit, dec("80"), dec("71")
		}, "price_collar"},
		{"a stop the market has passed", nil, func(f *Facts) {
			f.Order.Side, f.Order.Type, f.Order.StopPrice, f.Order.LimitPrice = trade.Sell, trade.StopLimit, dec("120"), dec("80")
		}, "price_collar"},
		{"a buy stop above waits", nil, func(f *Facts) {
			f.Order.Type, f.Order.StopPrice, f.Order.LimitPrice = trade.StopLimit, dec("120"), dec("125")
		}, ""},

		{"quote as old as it may be", limit(func(l *Limits) { l.MaxQuoteAge = Duration(time.Minute) }), func(f *Facts) { f.Quote.Time = noon.Add(-time.Minute) }, ""},
		{"quote too old", limit(func(l *Limits) { l.MaxQuoteAge = Duration(time.Minute) }), func(f *Facts) { f.Quote.Time = noon.Add(-time.Minute - 1) }, "max_quote_age"},
		{"an old quote, reducing", limit(func(l *Limits) { l.MaxQuoteAge = Duration(time.Minute) }), func(f *Facts) { f.Quote.Time, f.Reduces = noon.Add(-time.Hour), true }, "max_quote_age"},
		{"no quote", nil, func(f *Facts) { f.Quote = market.Quote{} }, "live_quote"},

		{"short allowed", nil, func(f *Facts) { f.Order.Side = trade.Sell }, ""},
		{"short not allowed", limit(func(l *Limits) { l.AllowShort = false }), func(f *Facts) { f.Order.Side = trade.Sell }, "allow_short"},
		{"sell what is held", limit(func(l *Limits) { l.AllowShort = false }), func(f *Facts) { f.Order.Side, f.Held = trade.Sell, dec("100") }, ""},
		{"sell one more", limit(func(l *Limits) { l.AllowShort = false }), func(f *Facts) { f.Order.Side, f.Held = trade.Sell, dec("99") }, "allow_short"},
		{"sell what is being sold", limit(func(l *Limits) { l.AllowShort = false }), func(f *Facts) { f.Order.Side, f.Held, f.Selling = trade.Sell, dec("100"), dec("1") }, "allow_short"},

		{"class allowed", limit(func(l *Limits) { l.Classes = []market.Class{market.Crypto, market.Equity} }), nil, ""},
		{"class not allowed", limit(func(l *Limits) { l.Classes = []market.Class{market.Crypto} }), nil, "classes"},
		{"symbol allowed", limit(func(l *Limits) { l.Allow = []string{"msft", "aapl"} }), nil, ""},
		{"symbol not allowed", limit(func(l *Limits) { l.Allow = []string{"AAPLX"} }), nil, "allow"},
		{"symbol denied", limit(func(l *Limits) { l.Deny = []string{"aapl"} }), nil, "deny"},
		{"denied wins", limit(func(l *Limits) { l.Allow, l.Deny = []string{"AAPL"}, []string{"AAPL"} }), nil, "deny"},
		{"all that is broken is told", func(p *Policy) { p.Halted, p.Limits.MaxOrderQuantity, p.Limits.Deny = true, dec("1"), []string{"AAPL"} }, nil, "halted deny max_order_quantity"},
		{"an override binds its account", func(p *Policy) {
			p.Accounts = map[string]Limits{"A1": {MaxQuoteAge: Duration(time.Hour), PriceCollar: num.One, AllowShort: true}}
		}, nil,
			"max_order_notional max_order_quantity max_day_notional max_day_quantity max_day_orders max_order_equity_share"},
		{"an override binds no other", func(p *Policy) { p.Accounts = map[string]Limits{"A2": {}} }, nil, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p, f := Default(), buying()
			if tt.policy != nil {
				tt.policy(&p)
			}
			if tt.facts != nil {
				tt.facts(&f)
			}
			if got := rules(Check(p, f)); got != tt.want {
				t.Errorf("breaches %q; want %q", got, tt.want)
			}
		})
	}
}
