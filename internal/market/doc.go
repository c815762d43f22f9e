// Package market holds the words for what is traded and how its prices are
// told: instruments, quotes, trades, bars, calendars and corporate actions.
//
// It does no I/O and reads no clock; every time is an argument. Prices and
// quantities are exact decimals (package num) and every time is UTC unless its
// name says otherwise. A Bar is known by its start and its end: it may be used
// only by those whose clock has reached the end.
//
//	aapl := market.Instrument{Symbol: "AAPL", Class: market.Equity, Market: "usa", Currency: "USD",
//		Tick: num.MustParse("0.01"), Lot: num.One}
//	aapl.RoundPrice(num.MustParse("187.123")) // 187.12
package market
