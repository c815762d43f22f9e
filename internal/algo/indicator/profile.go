package indicator

import (
	"errors"
	"math"
	"slices"
)

const profileParams = "period:int=2 value_area_volume_percentage:float=0.70 price_range_round_off:float=0.05"

const profileFields = "#profile_high #profile_low #poc_price #poc_volume #value_area_volume #value_area_high #value_area_low"

var profileSpecs = []Spec{
	spec("VolumeProfile", TradeBar, profileParams, "VP({period},{value_area_volume_percentage},{price_range_round_off})", profileFields,
		func(name string, a args) (node, error) { return newProfile(name, a, false) },
		same("vp", "VP({period},{value_area_volume_percentage},{price_range_round_off})")),
	spec("TimeProfile", TradeBar, profileParams, "TP({period},{value_area_volume_percentage},{price_range_round_off})", profileFields,
		func(name string, a args) (node, error) { return newProfile(name, a, true) },
		same("tp", "TP({period},{value_area_volume_percentage},{price_range_round_off})")),
}

type level struct{ price, volume float64 }

// profile spreads the volume of the last bars, or the time spent, over the price levels of their closes.
type profile struct {
	base
	byTime       bool
	share, steps float64
	close        ring
	volume       total
	levels       []level // in order of price

	high, low, poc, pocVolume, area, areaHigh, areaLow float64
}

func newProfile(name string, a args, byTime bool) (*profile, error) {
	if a.float(2) <= 0 {
		return nil, errors.New("the price range must be positive")
	}
	n := a.int(0)
	x := &profile{byTime: byTime, share: a.float(1), steps: 1 / a.float(2), close: newRing(n), volume: newTotal(n)}
	x.init(x, name, TradeBar, n)
	x.number("profile_high", &x.high)
	x.number("profile_low", &x.low)
	x.number("poc_price", &x.poc)
	x.number("poc_volume", &x.pocVolume)
	x.number("value_area_volume", &x.area)
	x.number("value_area_high", &x.areaHigh)
	x.number("value_area_low", &x.areaLow)
	return x, nil
}

// bin rounds a price up to its level; the tolerance keeps a price on a level there.
func (x *profile) bin(price float64) float64 { return math.Ceil(price*x.steps-1e-9) / x.steps }

func (x *profile) find(price float64) (int, bool) {
	return slices.BinarySearchFunc(x.levels, price, func(l level, p float64) int {
		switch {
		case l.price < p:
			return -1
		case l.price > p:
			return 1
		}
		return 0
	})
}

func (x *profile) compute(in *Input) (float64, bool) {
	v := in.Volume
	if x.byTime {
		v = 1
	}
	full := x.close.full()
	x.close.add(in.Close)
	x.volume.add(v)
	i, ok := x.find(x.bin(in.Close))
	if ok {
		x.levels[i].volume += v
	} else {
		x.levels = slices.Insert(x.levels, i, level{x.bin(in.Close), v})
	}
	if full {
		if i, ok := x.find(x.bin(x.close.removed)); ok {
			x.levels[i].volume -= x.volume.removed
			if math.Abs(x.levels[i].volume) < 1e-9 {
				x.levels = slices.Delete(x.levels, i, i+1)
			}
		}
	}
	x.measure()
	return x.poc, true
}

func (x *profile) measure() {
	x.high, x.low, x.poc, x.pocVolume, x.areaHigh, x.areaLow = 0, 0, 0, 0, 0, 0
	x.area = x.volume.sum * x.share
	if len(x.levels) == 0 {
		return
	}
	at := x.control()
	x.poc, x.pocVolume = x.levels[at].price, x.levels[at].volume
	x.low, x.high = x.levels[0].price, x.levels[len(x.levels)-1].price
	lo, hi, sum := at, at, x.pocVolume
	for sum <= x.area && x.area != 0 {
		below, over := 0.0, 0.0
		if lo > 0 {
			below = x.levels[lo-1].volume
		}
		if hi < len(x.levels)-1 {
			over = x.levels[hi+1].volume
		}
		switch {
		case below == 0 && over == 0:
			sum = math.Inf(1) // the whole profile is in
		case over == 0 || below > over:
			sum += below
			lo--
		default:
			sum += over
			hi++
		}
	}
	x.areaLow, x.areaHigh = x.levels[lo].price, x.levels[hi].price
}

// control finds the level of most volume; of equal ones the nearest to the middle.
func (x *profile) control() int {
	best, mid := 0, (len(x.levels)-1)/2
	for i, l := range x.levels {
		if top := x.levels[best].volume; l.volume > top || l.volume == top && abs(mid-i) < abs(mid-best) {
			best = i
		}
	}
	return best
}

func abs(n int) int { return max(n, -n) }

func (x *profile) clear() {
	x.close.reset()
	x.volume.reset()
	x.levels = x.levels[:0]
	x.high, x.low, x.poc, x.pocVolume, x.area, x.areaHigh, x.areaLow = 0, 0, 0, 0, 0, 0, 0
}
