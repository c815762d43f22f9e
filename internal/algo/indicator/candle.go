package indicator

import (
	"math"
	"strconv"
	"strings"
	"unicode"
)

// measure is a yardstick for parts of a candle: the mean of a range over the bars before, times a factor.
type measure struct {
	span   func(b *ohlc) float64
	n      int // bars; 0 stands for the candle's own range
	factor float64
}

var (
	bodyLong        = measure{(*ohlc).body, 10, 1}
	bodyShort       = measure{(*ohlc).body, 10, 1}
	bodyDoji        = measure{(*ohlc).reach, 10, 0.1}
	shadowLong      = measure{(*ohlc).body, 0, 1}
	shadowVeryLong  = measure{(*ohlc).body, 0, 2}
	shadowShort     = measure{(*ohlc).shadows, 10, 0.5} // the mean of both shadows
	shadowVeryShort = measure{(*ohlc).reach, 10, 0.1}
	near            = measure{(*ohlc).reach, 5, 0.2}
	far             = measure{(*ohlc).reach, 5, 0.6}
	equal           = measure{(*ohlc).reach, 5, 0.05}
)

type ohlc struct{ open, high, low, close float64 }

func (b *ohlc) body() float64    { return math.Abs(b.close - b.open) }
func (b *ohlc) reach() float64   { return b.high - b.low }
func (b *ohlc) top() float64     { return max(b.open, b.close) }
func (b *ohlc) bottom() float64  { return min(b.open, b.close) }
func (b *ohlc) upper() float64   { return b.high - b.top() }
func (b *ohlc) lower() float64   { return b.bottom() - b.low }
func (b *ohlc) shadows() float64 { return b.upper() + b.lower() }
func (b *ohlc) white() bool      { return b.close >= b.open }

// color is 1 for a white candle, -1 for a black one.
func (b *ohlc) color() float64 {
	if b.white() {
		return 1
	}
	return -1
}

// between tells whether v lies within d of mid.
func between(v, mid, d float64) bool { return math.Abs(v-mid) <= d+noise(mid) }

// noise is what float arithmetic may leave of a difference that decimals find to be none.
func noise(price float64) float64 { return 1e-12 * math.Abs(price) }

const candleBars = 16

// candle is a candlestick pattern: 1 where it is found and means a rise, -1 where it means a fall, else 0.
type candle struct {
	base
	bars        [candleBars]ohlc
	head        int
	find        func(c *candle) float64
	penetration float64
	excess      [3]float64 // what LEAN's running totals have too much, in the patterns whose totals are off
	result      float64    // of the last Hikkake
	at          int
}

func newCandle(name string, p pattern, penetration float64) *candle {
	x := &candle{find: p.find, penetration: penetration}
	x.init(x, name, Bar, p.bars)
	if p.later {
		x.readyAt++
	}
	return x
}

// bar returns the candle i steps back.
func (x *candle) bar(i int) *ohlc { return &x.bars[(x.head-i)&(candleBars-1)] }

func (x *candle) compute(in *Input) (float64, bool) {
	x.head = (x.head + 1) & (candleBars - 1)
	x.bars[x.head] = ohlc{in.Open, in.High, in.Low, in.Close}
	v := x.find(x)
	if !x.Ready() {
		return 0, true
	}
	return v, true
}

func (x *candle) clear() {
	x.bars, x.head, x.excess, x.result, x.at = [candleBars]ohlc{}, 0, [3]float64{}, 0, 0
}

// avg applies a measure to the candle i steps back.
func (x *candle) avg(m measure, i int) float64 { return x.avgWith(m, i, 0) }

func (x *candle) avgWith(m measure, i int, excess float64) float64 {
	if m.n == 0 {
		return m.factor * m.span(x.bar(i))
	}
	for j := 1; j <= m.n; j++ {
		excess += m.span(x.bar(i + j))
	}
	return m.factor * excess / float64(m.n)
}

func (x *candle) eps() float64 { return noise(x.bar(0).high) }

func (x *candle) more(a, b float64) bool { return a > b+x.eps() }

func (x *candle) long(i int) bool  { return x.more(x.bar(i).body(), x.avg(bodyLong, i)) }
func (x *candle) short(i int) bool { return x.more(x.avg(bodyShort, i), x.bar(i).body()) }
func (x *candle) small(i int) bool { return !x.more(x.bar(i).body(), x.avg(bodyShort, i)) }
func (x *candle) solid(i int) bool { return x.more(x.bar(i).body(), x.avg(bodyShort, i)) }
func (x *candle) doji(i int) bool  { return !x.more(x.bar(i).body(), x.avg(bodyDoji, i)) }

func (x *candle) noUpper(i int) bool { return x.more(x.avg(shadowVeryShort, i), x.bar(i).upper()) }
func (x *candle) noLower(i int) bool { return x.more(x.avg(shadowVeryShort, i), x.bar(i).lower()) }

// colors tells whether the last candles, the newest first, are white (w) or black (b).
func (x *candle) colors(s string) bool {
	for i := range s {
		if x.bar(i).white() != (s[i] == 'w') {
			return false
		}
	}
	return true
}

// opposite tells whether candles i and j differ in color.
func (x *candle) opposite(i, j int) bool { return x.bar(i).white() != x.bar(j).white() }

func (x *candle) gapUp(i, j int) bool       { return x.bar(i).low > x.bar(j).high }
func (x *candle) gapDown(i, j int) bool     { return x.bar(i).high < x.bar(j).low }
func (x *candle) bodyGapUp(i, j int) bool   { return x.bar(i).bottom() > x.bar(j).top() }
func (x *candle) bodyGapDown(i, j int) bool { return x.bar(i).top() < x.bar(j).bottom() }

// inside tells whether the body of candle i lies within that of candle j.
func (x *candle) inside(i, j int) bool {
	return x.bar(i).top() < x.bar(j).top() && x.bar(i).bottom() > x.bar(j).bottom()
}

// when returns v where the condition holds, else 0.
func when(ok bool, v float64) float64 {
	if ok {
		return v
	}
	return 0
}

type pattern struct {
	class       string
	bars        int // LEAN's window, which is the warm-up period
	penetration float64
	later       bool // ready one sample after the warm-up
	find        func(c *candle) float64
}

func candleSpecs() []Spec {
	var out []Spec
	for _, p := range append(append(singlePatterns, doublePatterns...), multiPatterns...) {
		params := ""
		if p.penetration > 0 {
			params = "penetration:float=" + strconv.FormatFloat(p.penetration, 'f', -1, 64)
		}
		name := strings.ToUpper(p.class)
		out = append(out, spec(p.class, Bar, params, name, "", func(name string, a args) (node, error) {
			if len(a) > 0 {
				return newCandle(name, p, a.float(0)), nil
			}
			return newCandle(name, p, 0), nil
		}, same("candlestick_patterns."+snake(p.class), name)))
	}
	return out
}

// snake writes a class name as Python names its helper.
func snake(class string) string {
	var out strings.Builder
	for i, r := range class {
		if unicode.IsUpper(r) && i > 0 {
			out.WriteByte('_')
		}
		out.WriteRune(unicode.ToLower(r))
	}
	return out.String()
}
