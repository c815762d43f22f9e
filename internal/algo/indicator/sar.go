package indicator

import "math"

// sarPace is how the acceleration factor of a parabolic stop starts, grows and ends.
type sarPace struct{ start, step, limit float64 }

// sar is the parabolic stop and reverse; its sign tells the side, a minus the short one.
type sar struct {
	base
	start, offset      float64
	short, long        sarPace
	unsigned           bool
	isLong             bool
	prevHigh, prevLow  float64
	stop, extreme, out float64
	afShort, afLong    float64
}

func newSAR(name string, start, offset float64, short, long sarPace) *sar {
	x := &sar{start: start, offset: offset, short: short, long: long, afShort: short.start, afLong: long.start}
	x.init(x, name, Bar, 2)
	return x
}

func (x *sar) compute(in *Input) (float64, bool) {
	v := in.Close
	switch {
	case x.samples > 1:
		if x.samples == 2 {
			x.begin(in)
			// LEAN takes the second bar for its own predecessor from here on.
			x.prevHigh, x.prevLow = in.High, in.Low
		}
		if x.isLong {
			x.holdLong(in)
		} else {
			x.holdShort(in)
		}
		v = x.out
	case x.start != 0:
		v = x.start
	}
	x.prevHigh, x.prevLow = in.High, in.Low
	if x.unsigned {
		v = math.Abs(v)
	}
	return v, true
}

func (x *sar) begin(in *Input) {
	fall := x.prevLow - in.Low
	switch {
	case x.start != 0:
		x.isLong, x.stop = x.start > 0, math.Abs(x.start)
	case fall > 0 && in.High-x.prevHigh < fall:
		x.isLong, x.stop = false, x.prevHigh
	default:
		x.isLong, x.stop = true, x.prevLow
	}
	x.extreme = in.Low
	if x.isLong {
		x.extreme = in.High
	}
}

func (x *sar) holdLong(in *Input) {
	if in.Low <= x.stop {
		x.isLong = false
		x.stop = max(x.extreme, x.prevHigh, in.High) * (1 + x.offset)
		x.out = -x.stop
		x.afShort, x.extreme = x.short.start, in.Low
		x.stop += x.afShort * (x.extreme - x.stop)
		x.stop = max(x.stop, x.prevHigh, in.High)
		return
	}
	x.out = x.stop
	if in.High > x.extreme {
		x.extreme = in.High
		x.afLong = min(x.afLong+x.long.step, x.long.limit)
	}
	x.stop += x.afLong * (x.extreme - x.stop)
	x.stop = min(x.stop, x.prevLow, in.Low)
}

func (x *sar) holdShort(in *Input) {
	if in.High >= x.stop {
		x.isLong = true
		x.stop = min(x.extreme, x.prevLow, in.Low) * (1 - x.offset)
		x.out = x.stop
		x.afLong, x.extreme = x.long.start, in.High
		x.stop += x.afLong * (x.extreme - x.stop)
		x.stop = min(x.stop, x.prevLow, in.Low)
		return
	}
	x.out = -x.stop
	if in.Low < x.extreme {
		x.extreme = in.Low
		x.afShort = min(x.afShort+x.short.step, x.short.limit)
	}
	x.stop += x.afShort * (x.extreme - x.stop)
	x.stop = max(x.stop, x.prevHigh, in.High)
}

func (x *sar) clear() {
	x.isLong, x.prevHigh, x.prevLow, x.stop, x.extreme, x.out = false, 0, 0, 0, 0, 0
	x.afShort, x.afLong = x.short.start, x.long.start
}
