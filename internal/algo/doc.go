// Package algo is a backtesting engine with LEAN's semantics: subscriptions
// merged into time slices, securities with their models, orders, a portfolio,
// a schedule, universes, consolidators and the sampling that statistics are
// made from. Data come in through Source, the algorithm through Strategy; the
// engine has no clock, no file and no network of its own, so the same inputs
// give the same result.
//
// Prices, quantities and cash are num.Decimal with .NET's rules, for LEAN's
// published figures depend on its decimals to the last digit. Times are
// nanoseconds since 1970-01-01 as int64: "utc" is UTC, "local" is the wall
// clock of the zone named beside it.
package algo
