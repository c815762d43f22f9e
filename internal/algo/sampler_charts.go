package algo

import (
	"slices"

	"quantdesk/internal/num"
)

// mostAssets bounds the assets of the sales volume chart.
const mostAssets = 30

// charts records the day in the charts that no statistic is made of.
func (r *sampler) charts(utc int64, total num.Decimal) {
	e := r.e
	sign := currencySign(e.Portfolio.Cash.Account)
	r.point("Capacity", "Strategy Capacity", 0, 0, sign, ChartPoint{UTC: utc, Y: e.capacity.Value()})
	var sold []*Security
	for _, s := range e.Securities.Ever() {
		if s.Holding.SaleVolume.Sign() > 0 {
			sold = append(sold, s)
		}
	}
	slices.SortStableFunc(sold, func(a, b *Security) int { return b.Holding.SaleVolume.Cmp(a.Holding.SaleVolume) })
	for _, s := range sold[:min(len(sold), mostAssets)] {
		r.point("Assets Sales Volume", s.Symbol.Value, 7, 0, sign, ChartPoint{UTC: utc, Y: s.Holding.SaleVolume})
	}
	if total.IsZero() {
		return
	}
	for _, s := range e.Securities.All() {
		if !s.Invested() || s.Price.IsZero() {
			continue
		}
		if m, err := s.Power.Maintenance(s); err == nil {
			r.point("Portfolio Margin", s.Symbol.Value, 5, 0, "%", ChartPoint{UTC: utc, Y: m.Mul(num.FromInt(100)).Quo(total).Round(2)})
		}
	}
}
