package server

import (
	"context"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"sync"
	"time"

	"quantdesk/internal/market"
	"quantdesk/internal/num"
	"quantdesk/internal/tws"
)

// contracts knows every contract by its id: the instruments of the market, and
// the options that are derived from them.
type contracts struct {
	market   Market
	list     []market.Instrument
	byID     map[int64]market.Instrument
	ids      map[string]int64 // by instrument symbol
	bySymbol map[string][]market.Instrument

	mu      sync.Mutex
	options map[int64]option // those that somebody has seen
}

// newContracts numbers the instruments. A number is a hash of what the
// instrument is, so that it is the same in every server and every run.
func newContracts(m Market, all []market.Instrument) *contracts {
	k := &contracts{market: m, byID: map[int64]market.Instrument{}, ids: map[string]int64{}, bySymbol: map[string][]market.Instrument{}, options: map[int64]option{}}
	k.list = slices.Clone(all)
	slices.SortFunc(k.list, func(a, b market.Instrument) int { return strings.Compare(a.Symbol, b.Symbol) })
	for _, in := range k.list {
		id := conID(string(in.Class) + ":" + in.Symbol)
		for k.byID[id].Symbol != "" {
			id++
		}
		k.byID[id], k.ids[in.Symbol] = in, id
		c := k.contract(in)
		for _, name := range []string{c.Symbol, c.LocalSymbol} {
			if name = strings.ToUpper(name); !slices.ContainsFunc(k.bySymbol[name], func(x market.Instrument) bool { return x.Symbol == in.Symbol }) {
				k.bySymbol[name] = append(k.bySymbol[name], in)
			}
		}
	}
	return k
}

// conID is a positive 31-bit number for a text.
func conID(text string) int64 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(text))
	return int64(h.Sum32()&0x3fffffff) | 1<<24
}

// secTypes are IBKR's words for the classes.
var secTypes = map[market.Class]string{
	market.Equity: "STK", market.Forex: "CASH", market.Crypto: "CRYPTO", market.CFD: "CFD", market.Index: "IND", market.Option: "OPT", market.Future: "FUT",
}

// split gives the two currencies of a pair.
func split(in market.Instrument) (base, quote string) {
	if in.Base != "" {
		return in.Base, in.Currency
	}
	return strings.TrimSuffix(in.Symbol, in.Currency), in.Currency
}

// contract is an instrument in IBKR's words.
func (k *contracts) contract(in market.Instrument) tws.Contract {
	if in.Class == market.Option {
		if o, ok := k.parseOption(in.Symbol); ok {
			return k.foundOption(o).Contract
		}
	}
	symbol := in.Symbol
	if _, bare, ok := strings.Cut(symbol, ":"); ok {
		symbol = bare
	}
	c := tws.Contract{ConID: k.ids[in.Symbol], Symbol: symbol, SecType: secTypes[in.Class], Exchange: "SMART", Currency: in.Currency, LocalSymbol: symbol, TradingClass: symbol}
	switch in.Class {
	case market.Equity:
		c.PrimaryExchange, c.TradingClass = listing(in)
	case market.Forex:
		base, quote := split(in)
		c.Symbol, c.LocalSymbol, c.TradingClass, c.Exchange = base, base+"."+quote, base+"."+quote, "IDEALPRO"
	case market.Crypto:
		base, quote := split(in)
		c.Symbol, c.LocalSymbol, c.TradingClass, c.Exchange = base, base+"."+quote, base, "PAXOS"
	case market.Index:
		c.Exchange = "CBOE"
	}
	return c
}

// listing is where a share is listed, as the length of US symbols tells it.
func listing(in market.Instrument) (exchange, class string) {
	switch {
	case in.ETF:
		return "ARCA", in.Symbol
	case len(in.Symbol) >= 4:
		return "NASDAQ", "NMS"
	}
	return "NYSE", in.Symbol
}

// found is a contract that a request means: an instrument, or an option on one.
type found struct {
	tws.Contract
	in  market.Instrument // of the option, its underlying
	opt *option
}

// match finds what a request's contract means, best first. Empty fields match
// everything.
func (k *contracts) match(c tws.Contract) []found {
	if c.ConID != 0 {
		if in, ok := k.byID[c.ConID]; ok {
			return []found{{Contract: k.contract(in), in: in}}
		}
		if o, ok := k.optionOf(c.ConID); ok {
			return []found{k.foundOption(o)}
		}
		return nil
	}
	if c.SecType == "OPT" {
		return k.matchOptions(c)
	}
	symbol := strings.ToUpper(strings.TrimSpace(c.Symbol))
	if symbol == "" {
		symbol = strings.ToUpper(c.LocalSymbol)
	}
	var out []found
	for _, in := range k.bySymbol[symbol] {
		x := k.contract(in)
		if differs(c.SecType, x.SecType) || differs(c.Currency, x.Currency) || differs(c.LocalSymbol, x.LocalSymbol) || differs(c.PrimaryExchange, x.PrimaryExchange) && c.PrimaryExchange != "ISLAND" ||
			c.Exchange != "" && !slices.Contains(strings.Split(validExchanges(in), ","), strings.ToUpper(c.Exchange)) {
			continue
		}
		out = append(out, found{Contract: x, in: in})
	}
	return out
}

func differs(asked, has string) bool { return asked != "" && !strings.EqualFold(asked, has) }

// errNone and errMany are what TWS says where a contract means none or several.
var (
	errNone = "No security definition has been found for the request"
	errMany = "The contract description specified for %s is ambiguous; you must specify the multiplier or trading class, or one of: %s"
)

// one finds the one contract that a request means, or tells the client.
func (c *client) one(id int64, asked tws.Contract) (found, bool) {
	if asked.SecType == "BAG" {
		c.fail(id, 200, "Combinations are not traded here")
		return found{}, false
	}
	list := c.s.contracts.match(asked)
	switch len(list) {
	case 0:
		c.fail(id, 200, "%s", errNone)
		return found{}, false
	case 1:
		return list[0], true
	}
	var names []string
	for _, f := range list[:min(len(list), 8)] {
		names = append(names, fmt.Sprintf("conId %d %s %s %s %s", f.ConID, f.LocalSymbol, f.SecType, f.Exchange, f.Currency))
	}
	c.fail(id, 200, errMany, asked.Symbol, strings.Join(names, "; "))
	return found{}, false
}

func validExchanges(in market.Instrument) string {
	switch in.Class {
	case market.Equity:
		return "SMART,AMEX,NYSE,ARCA,NASDAQ,ISLAND,BATS,IEX"
	case market.Forex:
		return "IDEALPRO"
	case market.Crypto:
		return "PAXOS,ZEROHASH"
	case market.Index:
		return "CBOE"
	}
	return "SMART"
}

const orderTypes = "ACTIVETIM,AD,ALERT,DAY,GTC,GTD,IOC,FOK,OPG,LMT,LOC,MKT,MOC,STP,STPLMT,TRAIL,WHATIF"

func (c *client) contractDetails(ctx context.Context, m *tws.ReqContractDetails) {
	list := c.s.contracts.match(m.Contract)
	if len(list) == 0 {
		c.fail(m.ReqID, 200, "%s", errNone)
		return
	}
	for _, f := range list {
		c.send(c.s.contracts.details(ctx, m.ReqID, f))
	}
	c.send(&tws.ContractDataEnd{ReqID: m.ReqID})
}

func (k *contracts) details(_ context.Context, id int64, f found) *tws.ContractData {
	in := f.in
	d := &tws.ContractData{
		ReqID: id, Contract: f.Contract, MarketName: f.TradingClass, MinTick: in.Tick, OrderTypes: orderTypes, ValidExchanges: validExchanges(in), PriceMagnifier: 1,
		LongName: strings.ToUpper(in.Name), AggGroup: tws.Int(1), MarketRuleIDs: "", MinSize: in.Lot, SizeIncrement: in.Lot, SuggestedSizing: in.Lot,
	}
	if in.MinQuantity.Sign() > 0 {
		d.MinSize = in.MinQuantity
	}
	rule := fmt.Sprint(ruleOf(in.Tick))
	d.MarketRuleIDs = strings.TrimSuffix(strings.Repeat(rule+",", strings.Count(d.ValidExchanges, ",")+1), ",")
	switch in.Class {
	case market.Equity:
		d.StockType = "COMMON"
		if in.ETF {
			d.StockType = "ETF"
		}
		d.Industry, d.Category = in.Sector, in.Sector
		d.SuggestedSizing = num.FromInt(100)
	case market.Forex:
		d.LongName = strings.TrimSpace(in.Name)
	}
	if f.opt != nil {
		d.UnderConID, d.UnderSymbol, d.UnderSecType = k.ids[in.Symbol], in.Symbol, secTypes[in.Class]
		d.ContractMonth, d.RealExpiration = f.opt.expiry[:6], f.opt.expiry
		d.StockType, d.MinTick, d.MinSize, d.SizeIncrement, d.SuggestedSizing = "", optionTick, num.One, num.One, num.One
		d.ValidExchanges = "SMART,CBOE"
		d.MarketRuleIDs = fmt.Sprintf("%d,%d", ruleOf(optionTick), ruleOf(optionTick))
	}
	if cal, err := k.market.Calendar(in.Symbol); err == nil {
		d.TimeZoneID = zoneName(cal.Zone)
		d.TradingHours = hours(cal, k.market.Now(), true)
		d.LiquidHours = hours(cal, k.market.Now(), false)
	}
	return d
}

// hoursDays is how many days ahead hours are told.
const hoursDays = 6

// hours writes the sessions of the days to come as TWS does.
func hours(cal *market.Calendar, now time.Time, extended bool) string {
	var out []string
	day := market.DateOf(now.In(zone(cal)))
	for i := range hoursDays {
		d := day.AddDays(i)
		var parts []string
		for _, s := range cal.Segments(d) {
			if s.State == market.Open || extended && s.State != market.Closed {
				from, to := d.In(zone(cal)).Add(s.From), d.In(zone(cal)).Add(s.To)
				if s.To >= 24*time.Hour {
					to = d.In(zone(cal)).Add(24*time.Hour - time.Minute)
				}
				span := from.Format("20060102:1504") + "-" + to.Format("20060102:1504")
				if n := len(parts); n > 0 && strings.HasSuffix(parts[n-1], "-"+from.Format("20060102:1504")) {
					parts[n-1] = strings.TrimSuffix(parts[n-1], from.Format("20060102:1504")) + to.Format("20060102:1504")
				} else {
					parts = append(parts, span)
				}
			}
		}
		if len(parts) == 0 {
			parts = []string{d.Compact() + ":CLOSED"}
		}
		out = append(out, strings.Join(parts, ","))
	}
	return strings.Join(out, ";")
}

func zone(cal *market.Calendar) *time.Location {
	if cal == nil || cal.Zone == nil {
		return time.UTC
	}
	return cal.Zone
}

// eastern is the zone TWS itself speaks in.
var eastern = func() *time.Location {
	l, err := time.LoadLocation("America/New_York")
	if err != nil {
		return time.UTC
	}
	return l
}()

// zoneName is IBKR's name of a zone.
func zoneName(l *time.Location) string {
	switch l.String() {
	case "America/New_York":
		return "US/Eastern"
	case "America/Chicago":
		return "US/Central"
	}
	return l.String()
}

// stamp writes a moment with its zone, as TWS does.
func stamp(t time.Time) string { return t.Format("20060102 15:04:05 ") + zoneName(t.Location()) }

func (c *client) matchingSymbols(m *tws.ReqMatchingSymbols) {
	k := c.s.contracts
	out := &tws.SymbolSamples{ReqID: m.ReqID}
	for _, in := range market.Select(k.list, market.Query{Text: m.Pattern}) {
		if len(out.Samples) == 16 {
			break
		}
		s := tws.SymbolSample{Contract: k.contract(in), Description: strings.ToUpper(in.Name)}
		if hasOptions(in) {
			s.Derivatives = []string{"OPT"}
		}
		out.Samples = append(out.Samples, s)
	}
	c.send(out)
}

// ruleOf numbers a market rule by its one step, so that it can be told again.
func ruleOf(tick num.Decimal) int64 {
	t := tick.Normalize()
	_, lo := t.Coef()
	return int64(t.Scale())*1000 + int64(lo%1000) //nolint:gosec // below 1000
}

func (c *client) marketRule(m *tws.ReqMarketRule) {
	tick := num.New(m.RuleID%1000, int(min(m.RuleID/1000, num.MaxScale)))
	if m.RuleID <= 0 || tick.Sign() <= 0 {
		c.fail(-1, 321, "Error validating request.-'bW' : cause - Invalid market rule id %d", m.RuleID)
		return
	}
	c.send(&tws.MarketRule{RuleID: m.RuleID, Increments: []tws.PriceIncrement{{Increment: tick}}})
}

func (c *client) smartComponents(m *tws.ReqSmartComponents) {
	out := &tws.SmartComponents{ReqID: m.ReqID}
	for i, e := range []struct{ exchange, letter string }{{"AMEX", "A"}, {"NYSE", "N"}, {"ARCA", "P"}, {"NASDAQ", "Q"}, {"BATS", "Z"}, {"IEX", "V"}} {
		out.Components = append(out.Components, tws.SmartComponent{Bit: int64(i), Exchange: e.exchange, Letter: e.letter})
	}
	c.send(out)
}
