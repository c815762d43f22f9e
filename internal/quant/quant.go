// Package quant holds what the research kernels share: what they refuse, moments,
// returns, random streams and work over many threads.
//
// A kernel is a pure function on float64 slices: no dates, no input or output, no
// clock. A series is a slice in time order; several series are a slice of columns
// of equal length. Rates are fractions. NaN stands for a missing value and is
// refused; in results it stands for an undefined one. Kernels of one family lie in
// one package below this one.
//
//	if err := quant.Check(quant.Column{Name: "x", Values: x, AtLeast: 20, Varies: true}); err != nil {
//		return nil, err
//	}
package quant

import (
	"fmt"
	"math"
	"strconv"

	"quantdesk/internal/fault"
)

// Column is a series with what a kernel asks of it.
type Column struct {
	// Name is what an error calls the series: a symbol or an argument.
	Name   string
	Values []float64
	// AtLeast is the least number of observations.
	AtLeast int
	// Varies refuses a constant.
	Varies bool
	// Positive refuses zero and less: prices.
	Positive bool
}

// Check refuses what a kernel cannot use: fault.MissingValues, NonFinite or
// NonPositivePrice, then ConstantSeries (of two observations or more), then
// InsufficientData.
func Check(columns ...Column) error {
	const op = "quant.Check"
	for _, c := range columns {
		for i, v := range c.Values {
			switch {
			case math.IsNaN(v):
				return fault.E(op, fault.MissingValues, "%s has no value at row %d", c.Name, i).With("argument", c.Name).With("row", i)
			case math.IsInf(v, 0):
				return fault.E(op, fault.NonFinite, "%s is infinite at row %d", c.Name, i).With("argument", c.Name).With("row", i)
			case c.Positive && v <= 0:
				return fault.E(op, fault.NonPositivePrice, "%s is %g at row %d; it must be above zero", c.Name, v, i).With("argument", c.Name).With("row", i).With("value", v).With("limit", 0)
			}
		}
	}
	for _, c := range columns {
		if c.Varies && len(c.Values) > 1 && Constant(c.Values) {
			return fault.E(op, fault.ConstantSeries, "%s is constant", c.Name).With("argument", c.Name)
		}
	}
	for _, c := range columns {
		if n := len(c.Values); n < c.AtLeast {
			return fault.E(op, fault.InsufficientData, "%s has %d observations; this needs at least %d", c.Name, n, c.AtLeast).With("argument", c.Name).With("value", n).With("limit", c.AtLeast)
		}
	}
	return nil
}

// CheckAll checks columns that belong together under one set of demands and must
// be of equal length; names may be shorter than columns.
func CheckAll(names []string, columns [][]float64, demands Column) error {
	list := make([]Column, len(columns))
	for i, c := range columns {
		list[i] = demands
		list[i].Name, list[i].Values = Name(names, i), c
		if len(c) != len(columns[0]) {
			return fault.E("quant.CheckAll", fault.InvalidParameter, "%s has %d observations and %s has %d; they must be aligned", list[i].Name, len(c), list[0].Name, len(columns[0]))
		}
	}
	return Check(list...)
}

// Name is the name of column i, or one by its number.
func Name(names []string, i int) string {
	if i < len(names) && names[i] != "" {
		return names[i]
	}
	return "series " + strconv.Itoa(i+1)
}

// constantWidth is the relative range below which a series counts as constant.
const constantWidth = 1e-12

// Constant tells that a series does not vary: its range is at most 1e-12 of the
// larger of one and its largest magnitude.
func Constant(x []float64) bool {
	if len(x) == 0 {
		return true
	}
	lo, hi := x[0], x[0]
	for _, v := range x {
		lo, hi = min(lo, v), max(hi, v)
	}
	return hi-lo <= constantWidth*max(1, math.Abs(lo), math.Abs(hi))
}

// maxEcho bounds what an error repeats of a value.
const maxEcho = 60

// Bad is an invalid_parameter error: what, its value and its bound.
func Bad(op, parameter string, value any, bound string) error {
	whole := fmt.Sprint(value)
	shown := fault.Clip(whole, maxEcho)
	if shown != whole {
		value = shown
	}
	return fault.E(op, fault.InvalidParameter, "%s is %s; it must be %s", parameter, shown, bound).With("argument", parameter).With("value", value).With("limit", bound)
}
