// Package match decides what an order does against a quote: whether it fills,
// at what price and how much of it, when a stop triggers and when time in force
// ends it. Fee and margin schedules are here too.
//
// It has no clock, no randomness and no I/O: the same calls give the same fills.
// The invariants: nothing fills on a price that is stale, halted, one-sided, not
// positive or of a feed with nothing live behind it; a buy pays the ask and a
// sell gets the bid, never worse than its limit; what one quote offers is given
// away once.
//
//	w := match.New(order, instrument, calendar, now)
//	r := match.Step(&w, quote, match.SessionAt(calendar, now), liquidity)
//	for _, f := range r.Fills { … }
package match
