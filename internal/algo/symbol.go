package algo

import (
	"fmt"
	"strings"
	"time"

	"quantdesk/internal/market"
	"quantdesk/internal/num"
)

// Kind is a security type, numbered as in security identifiers and order JSON.
type Kind uint8

// The security types.
const (
	Base Kind = iota
	Equity
	Option
	Commodity
	Forex
	Future
	CFD
	Crypto
	FutureOption
	Index
	IndexOption
	CryptoFuture
)

var kindNames = [...]string{"Base", "Equity", "Option", "Commodity", "Forex", "Future", "Cfd", "Crypto", "FutureOption", "Index", "IndexOption", "CryptoFuture"}

// String is LEAN's name of the kind.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("SecurityType(%d)", uint8(k))
}

// marketCodes are the markets' numbers within security identifiers.
var marketCodes = map[string]uint64{
	"empty": 0, "usa": 1, "fxcm": 2, "oanda": 3, "dukascopy": 4, "bitfinex": 5, "globex": 6, "nymex": 7, "cbot": 8,
	"ice": 9, "cboe": 10, "india": 11, "gdax": 12, "kraken": 13, "bittrex": 14, "bithumb": 15, "binance": 16,
	"poloniex": 17, "coinone": 18, "hitbtc": 19, "okcoin": 20, "bitstamp": 21, "comex": 22, "cme": 23, "sgx": 24,
	"hkfe": 25, "nyseliffe": 26, "cfe": 33, "ftx": 34, "ftxus": 35, "binanceus": 36, "bybit": 37, "coinbase": 38,
	"interactivebrokers": 39, "eurex": 40, "ose": 41, "dydx": 42, "krx": 43,
}

// defaultMarkets are the markets of securities added without one.
var defaultMarkets = map[Kind]string{
	Base: "usa", Equity: "usa", Option: "usa", Forex: "oanda", Future: "cme", CFD: "oanda", Crypto: "coinbase",
	FutureOption: "cme", Index: "usa", IndexOption: "usa", CryptoFuture: "binance",
}

// Symbol names a security. Symbols are interned by an Engine: equal pointers
// are equal securities.
type Symbol struct {
	ID     string // the security identifier, for example "SPY R735QTJ8XC9X"
	Root   string // the ticker within ID
	Value  string // the ticker as it trades today
	Kind   Kind
	Market string
	// Date is the first trading day of an equity or an expiry; zero otherwise.
	Date market.Date
	// Type is the name of the custom data type of a Base symbol.
	Type string
	// Underlying is the security a custom data symbol is mapped with, if any.
	Underlying *Symbol
}

// String is the ticker.
func (s *Symbol) String() string {
	if s == nil {
		return ""
	}
	return s.Value
}

var oaEpoch = market.Date{Year: 1899, Month: time.December, Day: 30}

// newSymbol makes a symbol and its identifier.
func newSymbol(kind Kind, marketName, root, value string, date market.Date) (*Symbol, error) {
	code, ok := marketCodes[marketName]
	if !ok {
		return nil, fmt.Errorf("the market %q is not known", marketName)
	}
	props := uint64(kind) + code*100
	if !date.IsZero() {
		props += uint64(date.Days()-oaEpoch.Days()) * 100_000_000_000_000
	}
	return &Symbol{ID: root + " " + base36(props), Root: root, Value: value, Kind: kind, Market: marketName, Date: date}, nil
}

func base36(n uint64) string {
	const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	if n == 0 {
		return "0"
	}
	var b [13]byte
	i := len(b)
	for ; n > 0; n /= 36 {
		i--
		b[i] = digits[n%36]
	}
	return string(b[i:])
}

// fromBase36 reads what base36 writes.
func fromBase36(s string) (n uint64, ok bool) {
	if s == "" || len(s) > 13 {
		return 0, false
	}
	for _, c := range []byte(s) {
		var d uint64
		switch {
		case c >= '0' && c <= '9':
			d = uint64(c - '0')
		case c >= 'A' && c <= 'Z':
			d = uint64(c-'A') + 10
		default:
			return 0, false
		}
		n = n*36 + d
	}
	return n, true
}

// parseID takes an identifier such as "SPY R735QTJ8XC9X" apart.
func parseID(id string) (*Symbol, error) {
	root, props, ok := strings.Cut(id, " ")
	n, fine := fromBase36(props)
	if !ok || !fine || root == "" {
		return nil, fmt.Errorf("%q is no security identifier", id)
	}
	kind, code, days := Kind(n%100), n/100%1000, n/100_000_000_000_000%100_000
	s := &Symbol{ID: id, Root: root, Value: root, Kind: kind}
	for name, c := range marketCodes {
		if c == code {
			s.Market = name
		}
	}
	if int(kind) >= len(kindNames) || s.Market == "" {
		return nil, fmt.Errorf("%q is no security identifier", id)
	}
	if days > 0 {
		s.Date = oaEpoch.AddDays(int(days))
	}
	return s, nil
}

// Properties are the trading conventions of a security.
type Properties struct {
	Description  string
	Quote        string      // the currency prices are in
	Multiplier   num.Decimal // currency per point and unit
	Tick         num.Decimal // smallest price variation
	Lot          num.Decimal // quantities are multiples of it
	Ticker       string      // the market's own name of it
	MinOrderSize num.Decimal // zero: none
	Magnifier    num.Decimal // prices in the data are this many times the real ones
}

// Resolution is how often a subscription has data.
type Resolution uint8

// The resolutions.
const (
	Tick Resolution = iota
	Second
	Minute
	Hour
	Daily
)

var resolutionNames = [...]string{"Tick", "Second", "Minute", "Hour", "Daily"}

// String is LEAN's name of the resolution.
func (r Resolution) String() string { return resolutionNames[r] }

// Span is the length of a bar; zero for ticks.
func (r Resolution) Span() time.Duration {
	return [...]time.Duration{0, time.Second, time.Minute, time.Hour, 24 * time.Hour}[r]
}

// Normalization is how past prices are made comparable with today's.
type Normalization uint8

// The normalization modes of data without contracts that roll.
const (
	Raw Normalization = iota
	Adjusted
	SplitAdjusted
	TotalReturn
	ScaledRaw Normalization = 7
)
