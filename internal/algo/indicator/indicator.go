// Package indicator is the library of technical indicators of the backtesting engine.
//
// Each indicator follows LEAN's definition: what counts as a sample, when a value is ready, what a
// value is before that. Arithmetic is in float64 and an update allocates nothing. [All] is the one
// list of what exists; the Python API, its helper methods and its documentation are made from it.
package indicator

// Kind tells what an indicator feeds on.
type Kind int

const (
	// Point indicators take one number at a time.
	Point Kind = iota
	// Bar indicators need open, high, low and close.
	Bar
	// TradeBar indicators need the volume as well.
	TradeBar
	// Multi indicators take the bars of several symbols and tell them apart by [Input.Symbol].
	Multi
)

// Input is one data point: a value with its time, or a whole bar.
type Input struct {
	Symbol string
	// Start and End are wall-clock nanoseconds since 1970; the calendar day is End / 86400e9.
	Start, End             int64
	Open, High, Low, Close float64
	Volume                 float64
	Value                  float64
	// Bar is false where only Value (and, for a trade tick, Volume) means something.
	Bar bool
}

// Indicator is a value that follows a series.
type Indicator interface {
	// Update takes the next point and tells whether the value is ready. A point older than the last
	// one of its symbol is ignored, and so is a bare value given to an indicator that needs bars.
	Update(in *Input) bool
	Value() float64
	Previous() float64
	// At returns a past value, 0 being the current one. Asking beyond the window lets it grow, so
	// that later calls find an answer.
	At(i int) (value float64, end int64, ok bool)
	// SetWindow sets how many values At can return; it is 2 at first.
	SetWindow(n int)
	Ready() bool
	Samples() int
	Reset()
	Name() string
	// WarmUp returns the number of samples that makes the indicator ready, 0 where LEAN names none.
	WarmUp() int
	// Sub returns a part by its property name ("upper_band", "signal"), nil if there is none.
	Sub(name string) Indicator
	// OnUpdate registers a function called after each new value.
	OnUpdate(f func())
}

// Fielder is implemented by every indicator here: it gives the plain numbers LEAN publishes beside
// the value, as the two basic bands of a SuperTrend.
type Fielder interface {
	Field(name string) (value float64, ok bool)
}

// AssetSet is implemented by the market-breadth indicators, whose symbols come and go.
type AssetSet interface {
	Add(symbol string)
	Remove(symbol string)
}

// Zoned is implemented by indicators that match bars of several symbols by their instant. Without a
// converter all wall clocks count as one zone. SetZones belongs before the first update; differ tells
// that the zones are not all the same, which takes one more bar to warm up.
type Zoned interface {
	SetZones(utc func(symbol string, wall int64) int64, differ bool)
}

// RateFunc gives the annual risk-free rate in force at a time.
type RateFunc func(end int64) float64
