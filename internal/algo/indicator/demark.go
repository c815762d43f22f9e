package indicator

// The phases of a TomDemarkSequential, which are its values too.
const (
	demarkNone = iota
	demarkBuySetup
	demarkSellSetup
	demarkBuyCountdown
	demarkSellCountdown
	demarkBuyPerfect
	demarkSellPerfect
)

// demark counts nine closes beyond the one four bars before, then thirteen beyond the low or high two
// bars before. sign is 1 on the buy side, where closes fall, and -1 on the sell side.
type demark struct {
	base
	close, high, low    ring
	phase               int
	resistance, support float64
	setup, countdown    float64
}

func newDemark(name string) *demark {
	x := &demark{close: newRing(10), high: newRing(10), low: newRing(10)}
	x.init(x, name, Bar, 6)
	x.number("resistance_price", &x.resistance)
	x.number("support_price", &x.support)
	x.number("setup_phase_step_count", &x.setup)
	x.number("countdown_phase_step_count", &x.countdown)
	return x
}

func (x *demark) compute(in *Input) (float64, bool) {
	x.close.add(in.Close)
	x.high.add(in.High)
	x.low.add(in.Low)
	if !x.Ready() {
		return demarkNone, true
	}
	var out int
	switch x.phase {
	case demarkNone:
		out = x.begin()
	case demarkBuySetup, demarkSellSetup:
		out = x.count()
	default:
		out = x.countDown()
	}
	return float64(out), true
}

func (x *demark) begin() int {
	c := &x.close
	switch {
	case c.at(1) > c.at(5) && c.at(0) < c.at(4):
		x.phase, x.setup = demarkBuySetup, 1
	case c.at(1) < c.at(5) && c.at(0) > c.at(4):
		x.phase, x.setup = demarkSellSetup, 1
	}
	return x.phase
}

func (x *demark) count() int {
	buy := x.phase == demarkBuySetup
	now, then := x.close.at(0), x.close.at(4)
	if buy && now >= then || !buy && now <= then {
		x.phase = demarkNone
		return demarkNone
	}
	x.setup++
	if x.setup < 9 {
		return x.phase
	}
	// The window holds ten bars; LEAN leaves out the newest of them.
	if buy {
		x.phase, x.resistance = demarkBuyCountdown, x.high.max(1, x.high.n)
		if now < x.low.at(2) {
			x.countdown = 1
		}
		if perfect(&x.low, -1) {
			return demarkBuyPerfect
		}
		return demarkBuySetup
	}
	x.phase, x.support = demarkSellCountdown, x.low.min(1, x.low.n)
	if now > x.high.at(2) {
		x.countdown = 1
	}
	if perfect(&x.high, 1) {
		return demarkSellPerfect
	}
	return demarkSellSetup
}

// perfect tells whether bar eight or nine goes beyond both six and seven.
func perfect(r *ring, sign float64) bool {
	beyond := func(i int) bool { return sign*r.at(i) > sign*r.at(3) && sign*r.at(i) > sign*r.at(2) }
	return beyond(1) || beyond(0)
}

func (x *demark) countDown() int {
	now, phase := x.close.at(0), x.phase
	buy := phase == demarkBuyCountdown
	if buy && now <= x.low.at(2) || !buy && now >= x.high.at(2) {
		x.countdown++
		if x.countdown == 13 {
			x.phase = demarkNone
		}
		return phase
	}
	if buy && now > x.resistance || !buy && now < x.support {
		x.phase = demarkNone
	}
	return demarkNone
}

func (x *demark) clear() {
	x.close.reset()
	x.high.reset()
	x.low.reset()
	x.phase, x.resistance, x.support, x.setup, x.countdown = demarkNone, 0, 0, 0, 0
}
