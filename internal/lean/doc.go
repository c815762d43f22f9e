// Package lean reads and writes a LEAN data folder, the desk's store of market
// data: instruments, calendars, bars, quotes and corporate actions on disk in
// the layout of QuantConnect's LEAN engine.
//
// The invariant is that a folder has one reading: whatever this package writes
// (WriteBars, WriteQuoteBars, Import) LEAN reads, and what it reads back is
// what was written. Nothing here knows the present time, and no answer contains
// a number that was not known at the time asked about: a bar counts from its
// end. A damaged file is an error that names the file and the line; it never
// stops another symbol from being read.
//
// Prices are raw unless an adjustment is asked for. A Folder may be used by
// many goroutines; a change made to the files by another process is seen after
// Refresh.
//
//	f, err := lean.Open("/var/lib/quantdesk/data")
//	bars, err := f.Bars(ctx, market.BarRequest{Symbol: "AAPL", Resolution: market.Daily,
//		Start: from, End: now, Adjustment: market.Adjusted})
package lean
