// Package report draws what a backtest gave: the equity as a picture, and a page
// that holds everything and needs nothing else. It knows no engine: the caller
// fills a Run.
//
//	report.EquityPNG(file, run)
//	report.HTML(page, run)
package report

import "time"

// Point is a value at a time.
type Point struct {
	At    time.Time
	Value float64
}

// Pair is a name with its value, in the order they are shown.
type Pair struct{ Name, Value string }

// Order is an order as a row of a table.
type Order struct {
	At                                               time.Time
	Symbol, Type, Side, Quantity, Price, Status, Tag string
}

// Run is what there is to show of a backtest.
type Run struct {
	Name       string
	Start, End time.Time
	// Error is what ended it, empty where nothing did.
	Error string
	// Currency is the sign before amounts.
	Currency   string
	Equity     []Point
	Benchmark  []Point // prices; drawn as a holding bought with the first equity
	Drawdown   []Point // percent, zero or below
	Statistics []Pair
	Facts      []Pair
	Orders     []Order
	Log        []string
}
