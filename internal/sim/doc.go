// Package sim is the market the desk begins with: a seeded, always open,
// simulated world of shares, funds, currencies and coins whose every price is a
// function of (seed, symbol, time).
//
// The invariant: the same seed gives the same prices, byte for byte, on every
// machine, in any order of asking and from any number of goroutines, and what is
// told about a time never depends on anything later. The package does no I/O,
// save that Calendar loads New York's time zone, and reads no clock.
// Floating-point products are rounded before they are added (float64(a*b)), so
// that no compiler fuses them, and exp and ln are the package's own.
//
// Time. Session D is a weekday and runs from 16:00 New York of the weekday
// before to 16:00 of D, so that Monday's holds the weekend and the market never
// closes; there are no holidays. The first is 2010-01-04, the last 2099-12-31.
// A corporate action dated D takes effect when session D begins.
//
// Prices. The simple return of a share in a session is
//
//	RF + Σ beta·factor + sector + surprise of its web traffic + its own noise
//
// with factors and noise that have fat tails and GARCH volatility; Betas,
// Factors, CointegratedPairs and Alternative tell the truth that was planted.
// Each session's open, high, low, close and volume are drawn first; hours,
// minutes and seconds are carved out of them in whole ticks and lots, so that
// finer bars add up to coarser ones exactly and a quote never leaves its bar.
// The spread between bid and ask holds for a minute, the sizes for a second.
// Bending a path to its bar leaves a trace: the returns of neighbouring hours
// have a correlation of some -0.07, an artefact and no planted truth.
//
//	m := sim.New(sim.Config{Seed: 42})
//	q, err := m.QuoteAt(ctx, "AAPL", time.Date(2026, 3, 2, 15, 0, 0, 0, time.UTC))
package sim
