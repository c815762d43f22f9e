package lean

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"quantdesk/internal/fault"
	"quantdesk/internal/market"
)

// cryptoVenues are the markets a new folder knows besides the default ones.
var cryptoVenues = []string{"coinbase", "binance", "bitfinex", "bybit", "kraken"}

// Create makes an empty folder with hours and properties databases of the
// desk's own making: US shares and indexes, oanda forex and CFD, and crypto.
// What exists is left as it is, so calling it again changes nothing. It fails
// with fault.Unavailable when the folder cannot be written.
func Create(dir string) (*Folder, error) {
	hours, err := json.MarshalIndent(map[string]any{"entries": ownHours()}, "", "  ")
	if err != nil {
		return nil, fault.Wrap("lean.Create", fault.Internal, err, "the market hours cannot be written down")
	}
	for name, data := range map[string][]byte{hoursFile: append(hours, '\n'), propsFile: []byte(ownProperties())} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		_, err := os.Stat(path)
		if errors.Is(err, fs.ErrNotExist) {
			err = replaceFile(path, data)
		}
		if err != nil {
			return nil, fault.Wrap("lean.Create", fault.Unavailable, err, "the data folder %s cannot be created", dir).
				Hinted("Check that the path is a folder the desk's user may write to.")
		}
	}
	return Open(dir)
}

func ownHours() map[string]hoursEntry {
	const newYork = "America/New_York"
	span := func(from, to, state string) hoursSegment { return hoursSegment{from, to, state} }
	const midnight, dayEnd = "00:00:00", "1.00:00:00"
	none := []hoursSegment{}

	shares := hoursEntry{DataTimeZone: newYork, ExchangeTimeZone: newYork, Sunday: none, Saturday: none}
	day := []hoursSegment{
		span("04:00:00", "09:30:00", "premarket"), span("09:30:00", "16:00:00", "market"), span("16:00:00", "20:00:00", "postmarket"),
	}
	shares.Monday, shares.Tuesday, shares.Wednesday, shares.Thursday, shares.Friday = day, day, day, day, day
	shares.Holidays, shares.EarlyCloses = nyseHolidays(), nyseEarlyCloses()

	index := shares
	day = []hoursSegment{span("09:30:00", "16:00:00", "market")}
	index.Monday, index.Tuesday, index.Wednesday, index.Thursday, index.Friday = day, day, day, day, day

	// Currencies trade from Sunday to Friday, 17:00 in New York.
	all := []hoursSegment{span(midnight, dayEnd, "market")}
	pairs := hoursEntry{
		DataTimeZone: "UTC", ExchangeTimeZone: newYork, Holidays: []string{}, Saturday: none,
		Sunday: []hoursSegment{span("17:00:00", dayEnd, "market")}, Friday: []hoursSegment{span(midnight, "17:00:00", "market")},
		Monday: all, Tuesday: all, Wednesday: all, Thursday: all,
	}
	coins := hoursEntry{
		DataTimeZone: "UTC", ExchangeTimeZone: "UTC", Holidays: []string{},
		Sunday: all, Monday: all, Tuesday: all, Wednesday: all, Thursday: all, Friday: all, Saturday: all,
	}
	out := map[string]hoursEntry{
		"Equity-usa-[*]": shares, "Index-usa-[*]": index, "Forex-oanda-[*]": pairs, "Cfd-oanda-[*]": pairs,
	}
	for _, venue := range cryptoVenues {
		out["Crypto-"+venue+"-[*]"] = coins
	}
	return out
}

func ownProperties() string {
	var b strings.Builder
	b.WriteString("market,symbol,type,description,quote_currency,contract_multiplier,minimum_price_variation,lot_size," +
		"market_ticker,minimum_order_size,price_magnifier,strike_multiplier\n\n")
	b.WriteString("usa,[*],equity,,USD,1,0.01,1\nusa,[*],index,,USD,1,0.01,1\noanda,[*],cfd,,USD,1,0.01,1\n")
	names := map[string]string{
		"AUD": "Australian dollar", "CAD": "Canadian dollar", "CHF": "Swiss franc", "EUR": "Euro", "GBP": "Pound sterling",
		"JPY": "Yen", "NZD": "New Zealand dollar", "USD": "US dollar",
	}
	for _, base := range sortedKeys(names) {
		for _, quoted := range sortedKeys(names) {
			if base == quoted {
				continue
			}
			step := "0.00001"
			if quoted == "JPY" {
				step = "0.001"
			}
			fmt.Fprintf(&b, "oanda,%s%s,%s,%s in %s,%s,1,%s,1\n", base, quoted, market.Forex, names[base], names[quoted], quoted, step)
		}
	}
	for _, venue := range cryptoVenues {
		for _, coin := range []string{"BTC", "ETH", "LTC", "SOL", "XRP"} {
			for _, quoted := range []string{"USD", "USDT", "EUR"} {
				fmt.Fprintf(&b, "%s,%s%s,%s,%s in %s,%s,1,0.01,0.00000001\n", venue, coin, quoted, market.Crypto, coin, quoted, quoted)
			}
		}
	}
	return b.String()
}
