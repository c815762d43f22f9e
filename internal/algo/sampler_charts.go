package algo

import (
	"slices"

	"quantdesk/internal/num"
)

// mostAssets bounds the assets of the sales volume chart.
const mostAssets = 30

// mostSold are the assets that most was sold of, the first first. They are
// sorted again when anything was sold since.
func (r *sampler) mostSold() []*Security {
	all := r.e.Securities.Ever()
	total := r.e.Portfolio.Sum(func(s *Security) num.Decimal { return s.Holding.SaleVolume })
	if r.soldOf == len(all) && r.soldFor.Equal(total) {
		return r.sold
	}
	r.soldOf, r.soldFor, r.sold = len(all), total, nil
	for _, s := range all {
		if s.Holding.SaleVolume.Sign() > 0 {
			r.sold = append(r.sold, s)
		}
	}
	slices.SortStableFunc(r.sold, func(a, b *Security) int { return b.Holding.SaleVolume.Cmp(a.Holding.SaleVolume) })
	r.sold = r.sold[:min(len(r.sold), mostAssets)]
	return r.sold
}

// charts records the day in the charts that no statistic is made of.
func (r *sampler) charts(utc int64, total num.Decimal) {
	e := r.e
	sign := currencySign(e.Portfolio.Cash.Account)
	r.point("Capacity", "Strategy Capacity", 0, 0, sign, ChartPoint{UTC: utc, Y: e.capacity.Value()})
	for _, s := range r.mostSold() {
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
