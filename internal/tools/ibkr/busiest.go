package ibkr

import (
	"slices"

	"quantdesk/internal/tws"
)

// busiest keeps the rows of a histogram at which most traded, by price.
func busiest(items []tws.HistogramItem, most int) []tws.HistogramItem {
	items = slices.Clone(items)
	slices.SortStableFunc(items, func(a, b tws.HistogramItem) int { return b.Size.Cmp(a.Size) })
	items = items[:min(len(items), most)]
	slices.SortFunc(items, func(a, b tws.HistogramItem) int { return a.Price.Cmp(b.Price) })
	return items
}
