package algo

import (
	"time"

	"quantdesk/internal/num"
)

// sampler records what the statistics and charts are made of.
type sampler struct {
	e        *Engine
	period   int64
	next     int64
	start    num.Decimal
	daily    num.Decimal
	peak     num.Decimal
	seen     num.Decimal // the total that the candle took last, to all its places
	candle   *ChartPoint
	sales    [2]num.Decimal // newest first
	turnedAt int64
	turned   bool
	sold     []*Security // the most sold, when soldOf securities had sold for so much
	soldOf   int
	soldFor  num.Decimal
}

func newSampler(e *Engine) *sampler { return &sampler{e: e} }

// begin sets the figures of the start.
func (r *sampler) begin() {
	minutes := float64(r.e.end-r.e.start) / float64(nsMinute) / 4000
	r.period = int64(max(minutes, 4) * float64(time.Minute))
	r.value()
	v := r.e.Portfolio.TotalValue()
	r.start, r.daily, r.peak = v, v, v
	r.next = r.e.utc
}

// warm reads the starting value again once the warm-up is over.
func (r *sampler) warm() {
	v := r.e.Portfolio.TotalValue()
	for _, p := range []*num.Decimal{&r.peak, &r.daily, &r.start} {
		if !p.Equal(v) {
			*p = v
		}
	}
	r.candle = nil
}

// value adds the portfolio's value to the running candle.
func (r *sampler) value() {
	total := r.e.Portfolio.TotalValue()
	if r.candle != nil && total == r.seen {
		return
	}
	r.seen = total
	v := total.Round(4)
	if r.candle == nil {
		r.candle = &ChartPoint{Candle: true, O: v, H: v, L: v, Y: v}
		return
	}
	c := r.candle
	if c.H.Less(v) {
		c.H = v
	} else if v.Less(c.L) {
		c.L = v
	}
	c.Y = v
}

// point appends to a series; a time is told once, turnover apart.
func (r *sampler) point(chart, series string, kind, index int, unit string, p ChartPoint) {
	if r.e.Warming {
		return
	}
	s := r.e.Charts.Get(chart).Get(series, kind, index, unit)
	if n := len(s.Points); n > 0 && p.UTC <= s.Points[n-1].UTC && chart != "Portfolio Turnover" {
		return
	}
	p.Y = SmartRound(p.Y)
	if p.Candle {
		p.O, p.H, p.L = SmartRound(p.O), SmartRound(p.H), SmartRound(p.L)
	}
	s.Points = append(s.Points, p)
}

func (r *sampler) equity(utc int64) {
	if r.candle == nil {
		r.value()
	}
	c := *r.candle
	c.UTC = utc
	r.point("Strategy Equity", "Equity", 2, 0, "$", c)
	r.candle = nil
}

// step records the equity after a step, when the last record is old enough.
func (r *sampler) step(force bool) {
	r.value()
	if r.e.utc > r.next || force {
		r.next = r.e.utc + r.period
		r.equity(r.e.utc)
	}
}

// sample records the day.
func (r *sampler) sample(utc int64) {
	e := r.e
	v := e.Portfolio.TotalValue()
	benchmark := num.Zero
	if e.BenchmarkFn != nil {
		b, err := e.BenchmarkFn(utc)
		if err != nil {
			e.fail(err)
			return
		}
		benchmark = b
	} else if e.benchmark != nil {
		benchmark = e.benchmark.Price.Mul(e.benchmark.rate())
	}
	performance := num.Zero
	if !r.daily.IsZero() {
		performance = v.Sub(r.daily).Mul(num.FromInt(100)).Quo(r.daily).Round(10)
	}
	r.peak = num.Max(r.peak, v)
	r.value()
	r.equity(utc)
	r.point("Benchmark", "Benchmark", 0, 0, "$", ChartPoint{UTC: utc, Y: SmartRound(benchmark)})
	r.point("Strategy Equity", "Return", 3, 1, "%", ChartPoint{UTC: utc, Y: performance})
	if !r.peak.IsZero() {
		drawdown := v.Quo(r.peak).Sub(num.One).Mul(num.FromInt(100)).Round(2)
		r.point("Drawdown", "Equity Drawdown", 0, 0, "%", ChartPoint{UTC: utc, Y: drawdown})
	}
	r.exposure(utc, v)
	r.turnover(utc, v)
	r.charts(utc, v)
	r.daily = v
}

func (r *sampler) turnover(utc int64, v num.Decimal) {
	if v.IsZero() || r.e.start == r.e.Zone.Local(utc) {
		return
	}
	total := r.e.Portfolio.Sum(func(s *Security) num.Decimal { return s.Holding.SaleVolume })
	before := r.sales[0]
	if r.turned && r.turnedAt == utc {
		before = r.sales[1]
	}
	r.sales[1], r.sales[0] = r.sales[0], total
	r.turned, r.turnedAt = true, utc
	r.point("Portfolio Turnover", "Portfolio Turnover", 0, 0, "%", ChartPoint{UTC: utc, Y: total.Sub(before).Quo(v)})
}

// exposure records the shares held long and short, by security type.
func (r *sampler) exposure(utc int64, v num.Decimal) {
	if v.IsZero() {
		return
	}
	type sides struct{ long, short num.Decimal }
	by := map[Kind]*sides{}
	var order []Kind
	for _, s := range r.e.Securities.All() {
		x := by[s.Symbol.Kind]
		if x == nil {
			x = &sides{}
			by[s.Symbol.Kind] = x
			order = append(order, s.Symbol.Kind)
		}
		if h := s.HoldingsValue(); h.Sign() > 0 {
			x.long = x.long.Add(h)
		} else {
			x.short = x.short.Add(h)
		}
	}
	for _, k := range order {
		r.point("Exposure", k.String()+" - Long Ratio", 0, 0, "", ChartPoint{UTC: utc, Y: by[k].long.Quo(v).Round(4)})
		r.point("Exposure", k.String()+" - Short Ratio", 0, 0, "", ChartPoint{UTC: utc, Y: by[k].short.Quo(v).Round(4)})
	}
}
