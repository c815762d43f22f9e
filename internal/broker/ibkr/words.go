package ibkr

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"quantdesk/internal/market"
	"quantdesk/internal/num"
	"quantdesk/internal/order"
	"quantdesk/internal/trade"
	"quantdesk/internal/tws"
)

// Environment tells what kind of money an account holds, by its name.
func Environment(account string) trade.Environment {
	switch {
	case strings.HasPrefix(account, "DUSIM"):
		return trade.Simulated
	case strings.HasPrefix(account, "DU"), strings.HasPrefix(account, "DF"):
		return trade.Paper
	}
	return trade.Live
}

// Symbol is the desk's symbol of a contract: that of the instrument, the two
// currencies of a pair, or an option's own.
func Symbol(c tws.Contract) string {
	switch c.SecType {
	case "CASH", "CRYPTO":
		if strings.HasSuffix(c.Symbol, c.Currency) && len(c.Symbol) > len(c.Currency) {
			return c.Symbol
		}
		return c.Symbol + c.Currency
	case "OPT", "FUT", "FOP":
		local := strings.ReplaceAll(c.LocalSymbol, " ", "")
		if c.SecType == "OPT" && len(local) > 15 { // OCC's name
			return c.Symbol + " " + local[len(local)-15:]
		}
		if local != "" {
			return local
		}
	}
	return c.Symbol
}

var classes = map[string]market.Class{
	"STK": market.Equity, "CASH": market.Forex, "CRYPTO": market.Crypto, "CFD": market.CFD, "IND": market.Index, "OPT": market.Option, "FUT": market.Future,
}

// guesses are the contracts that a desk's symbol may mean, likeliest first.
func guesses(symbol string) []tws.Contract {
	if root, rest, ok := strings.Cut(symbol, " "); ok && optionName.MatchString(symbol) {
		return []tws.Contract{{Symbol: root, SecType: "OPT", Exchange: "SMART", Currency: "USD", LocalSymbol: fmt.Sprintf("%-6s%s", root, strings.TrimSpace(rest))}}
	}
	var out []tws.Contract
	if under, rest, ok := strings.Cut(symbol, " "); ok && len(rest) == 15 { // OCC's name of an option
		if strike, err := num.Parse(rest[7:]); err == nil {
			return []tws.Contract{{
				Symbol: under, SecType: "OPT", Exchange: "SMART", Currency: "USD", LastTradeDate: "20" + rest[:6], Right: rest[6:7], Strike: strike.Quo(num.FromInt(1000)).Normalize(),
			}}
		}
	}
	if len(symbol) == 6 && strings.ToUpper(symbol) == symbol && currencies[symbol[3:]] && currencies[symbol[:3]] {
		out = append(out, tws.Contract{Symbol: symbol[:3], SecType: "CASH", Exchange: "IDEALPRO", Currency: symbol[3:]})
	}
	out = append(out, tws.Contract{Symbol: symbol, SecType: "STK", Exchange: "SMART", Currency: "USD"})
	if base, ok := strings.CutSuffix(symbol, "USD"); ok && base != "" {
		out = append(out, tws.Contract{Symbol: base, SecType: "CRYPTO", Exchange: "PAXOS", Currency: "USD"})
	}
	return append(out, tws.Contract{Symbol: symbol, SecType: "CFD", Exchange: "SMART", Currency: "USD"}, tws.Contract{Symbol: symbol, SecType: "IND", Currency: "USD"})
}

// optionName is an option's own symbol: root, yymmdd, C or P, strike in
// thousandths.
var optionName = regexp.MustCompile(`^[A-Z][A-Z0-9.]{0,5} +[0-9]{6}[CP][0-9]{8}$`)

var currencies = map[string]bool{
	"USD": true, "EUR": true, "GBP": true, "JPY": true, "CHF": true, "AUD": true, "CAD": true, "NZD": true, "SEK": true, "NOK": true, "DKK": true,
	"HKD": true, "SGD": true, "MXN": true, "ZAR": true, "PLN": true, "CZK": true, "HUF": true, "TRY": true, "CNH": true, "ILS": true, "KRW": true, "INR": true,
}

// instrument is a contract as the desk trades it.
func instrument(d *tws.ContractData) market.Instrument {
	in := market.Instrument{
		Symbol: Symbol(d.Contract), Name: d.LongName, Class: classes[d.Contract.SecType], Market: "ibkr", Currency: d.Contract.Currency, Sector: d.Industry,
		ETF: d.StockType == "ETF", Tick: d.MinTick, Lot: d.SizeIncrement, MinQuantity: d.MinSize, Multiplier: num.One, Shortable: true,
	}
	if in.Class == market.Forex || in.Class == market.Crypto {
		in.Base = d.Contract.Symbol
	}
	if m, err := num.Parse(d.Contract.Multiplier); err == nil && m.Sign() > 0 {
		in.Multiplier = m
	}
	if in.Tick.Sign() <= 0 {
		in.Tick = num.New(1, 2)
	}
	if in.Lot.Sign() <= 0 {
		in.Lot = num.One
	}
	return in
}

var orderTypes = map[trade.OrderType]string{trade.Market: "MKT", trade.Limit: "LMT", trade.Stop: "STP", trade.StopLimit: "STP LMT", trade.TrailingStop: "TRAIL"}

func optional(d num.Decimal) tws.OptNum {
	if d.IsZero() {
		return tws.OptNum{}
	}
	return tws.Num(d)
}

// terms are an order in TWS's words.
func terms(o trade.Order) tws.Order {
	t := tws.Order{
		Action: strings.ToUpper(string(o.Side)), TotalQuantity: o.Quantity, OrderType: orderTypes[o.Type], LimitPrice: optional(o.LimitPrice), AuxPrice: optional(o.StopPrice),
		TIF: strings.ToUpper(string(o.TIF)), Account: o.Account, OrderRef: o.ID, Transmit: true, OutsideRTH: o.Extended, OCAGroup: o.Group, ExemptCode: -1,
	}
	if o.Group != "" {
		t.OCAType = 2 // what one fills is taken from the others
	}
	switch {
	case o.TIF == trade.CLS && o.Type == trade.Limit:
		t.OrderType, t.TIF = "LOC", "DAY"
	case o.TIF == trade.CLS:
		t.OrderType, t.TIF = "MOC", "DAY"
	}
	if o.Type == trade.TrailingStop {
		t.AuxPrice, t.TrailingPercent = optional(o.TrailAmount), optional(o.TrailPercent)
	}
	if !o.GoodTill.IsZero() {
		t.GoodTillDate = o.GoodTill.UTC().Format("20060102-15:04:05")
	}
	return t
}

// wordsOf reads the terms of an order that TWS shows.
func wordsOf(o *trade.Order, t tws.Order) {
	o.Side = trade.Buy
	if strings.HasPrefix(t.Action, "S") {
		o.Side = trade.Sell
	}
	o.Quantity, o.Account, o.Extended = t.TotalQuantity, t.Account, t.OutsideRTH
	o.LimitPrice, o.StopPrice = t.LimitPrice.Or(num.Zero), t.AuxPrice.Or(num.Zero)
	o.TIF = trade.TIF(strings.ToLower(t.TIF))
	switch strings.ReplaceAll(t.OrderType, " ", "") {
	case "LMT":
		o.Type = trade.Limit
	case "STP":
		o.Type = trade.Stop
	case "STPLMT":
		o.Type = trade.StopLimit
	case "TRAIL":
		o.Type, o.TrailAmount, o.TrailPercent, o.StopPrice = trade.TrailingStop, t.AuxPrice.Or(num.Zero), t.TrailingPercent.Or(num.Zero), t.TrailStopPrice.Or(num.Zero)
	case "MOC":
		o.Type, o.TIF = trade.Market, trade.CLS
	case "LOC":
		o.Type, o.TIF = trade.Limit, trade.CLS
	default:
		o.Type = trade.Market
	}
	if o.Type == trade.Market {
		o.LimitPrice, o.StopPrice = num.Zero, num.Zero
	}
}

// refusal is a number of TWS as the desk's venue error.
func refusal(code int64, text string) *order.VenueError {
	return &order.VenueError{Code: fmt.Sprint(code), Text: text}
}

// final tells a number that refuses an order, and not merely remarks on it.
func final(code int64) bool {
	switch code {
	case 103, 104, 105, 106, 107, 110, 111, 135, 200, 201, 203, 321, 387, 388, 391, 413, 434, 10268, 10269, 10270:
		return true
	}
	return false
}

// parseTime reads the time of an execution: with a zone's name, or in UTC.
func parseTime(s string) time.Time {
	for _, layout := range []string{"20060102-15:04:05", "20060102  15:04:05"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t
		}
	}
	parts := strings.SplitN(s, " ", 3)
	if len(parts) >= 2 {
		loc := time.UTC
		if len(parts) == 3 {
			if l, err := time.LoadLocation(parts[2]); err == nil {
				loc = l
			}
		}
		if t, err := time.ParseInLocation("20060102 15:04:05", parts[0]+" "+parts[1], loc); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}
