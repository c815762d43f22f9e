package lean

import (
	"os"
	"strings"
	"sync"

	"quantdesk/internal/fault"
	"quantdesk/internal/market"
	"quantdesk/internal/num"
)

// propsDB is the symbol-properties database, kept as text: a key is the first
// three columns of its own line, so indexing 15 000 lines copies nothing.
type propsDB struct {
	path string
	once sync.Once
	rows map[string]string // "market,SYMBOL,class" to the rest of the line
	keys []string          // in the order of the file
	err  error
}

var cent = num.New(1, 2)

// homeCurrency is the quote currency where the database has no row at all.
var homeCurrency = map[string]string{"india": "INR", "hkfe": "HKD", "eurex": "EUR", "ose": "JPY", "krx": "KRW"}

func (p *propsDB) load() {
	data, err := os.ReadFile(p.path)
	if err != nil {
		p.err = fault.Wrap("lean.Instruments", fault.Unavailable, err, "the symbol properties database cannot be read").
			Hinted("Check that %s is there and readable.", propsFile)
		return
	}
	text := strings.TrimPrefix(string(data), "\ufeff")
	p.rows = make(map[string]string, len(text)/48)
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		if line == "" || line[0] == '#' {
			continue
		}
		at, commas := 0, 0
		for at < len(line) {
			if line[at] == ',' {
				if commas++; commas == 3 {
					break
				}
			}
			at++
		}
		if commas == 3 {
			p.rows[line[:at]] = line[at+1:]
			p.keys = append(p.keys, line[:at])
		}
	}
}

// fill sets an instrument's name, currencies and steps from the exact row, else
// the market's wildcard row, else LEAN's defaults (USD, 1, 0.01, 1).
func (p *propsDB) fill(i *market.Instrument, ticker string) error {
	p.once.Do(p.load)
	if p.err != nil {
		return p.err
	}
	i.Currency, i.Tick, i.Lot, i.Multiplier = "USD", cent, num.One, num.One
	if c := homeCurrency[i.Market]; c != "" {
		i.Currency = c
	}
	symbol := strings.ToUpper(ticker)
	row, exact := p.rows[i.Market+","+symbol+","+string(i.Class)]
	found := exact
	if !exact {
		row, found = p.rows[i.Market+",[*],"+string(i.Class)]
	}
	if found {
		fields := strings.Split(row, ",")
		field := func(n int) string {
			if n < len(fields) {
				return strings.TrimSpace(fields[n])
			}
			return ""
		}
		i.Name = field(0)
		if c := field(1); c != "" {
			i.Currency = c
		}
		// A number that cannot be used leaves the default: one bad cell must
		// not take the symbol away.
		positive(&i.Multiplier, field(2))
		positive(&i.Tick, field(3))
		positive(&i.Lot, field(4))
		positive(&i.MinQuantity, field(6))
	}
	if i.Class == market.Forex || i.Class == market.Crypto {
		if !exact {
			i.Currency = guessQuote(symbol)
		}
		i.Base = strings.TrimSuffix(symbol, i.Currency)
	}
	i.Shortable = i.Class == market.Equity
	return nil
}

func positive(to *num.Decimal, text string) {
	if d, ok := parseDecimal([]byte(text)); ok && d.Sign() > 0 {
		*to = d
	}
}

// guessQuote names the quote currency of a pair no row describes.
func guessQuote(symbol string) string {
	for _, q := range []string{"USDT", "USDC", "BUSD"} {
		if strings.HasSuffix(symbol, q) && len(symbol) > len(q) {
			return q
		}
	}
	if len(symbol) > 3 {
		return symbol[len(symbol)-3:]
	}
	return "USD"
}
