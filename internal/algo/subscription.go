package algo

import (
	"sort"

	"quantdesk/internal/num"
)

// subscription is a running stream of points with the one that comes next.
type subscription struct {
	cfg      *Config
	sec      *Security
	in       stream
	cur      Point
	emit     int64 // utc, of cur
	start    int64 // utc
	primed   bool
	ended    bool
	universe *universe // of a universe's own subscription
	owner    *universe // that wants it
	removed  bool
	scaleDay int64
	hasScale bool
	scaleTo  int64 // the day that scaled raw prices are of
	ref      *reference
	points   []Point // of the last step, to be used again
	round    int     // of gathering in which packet was its own
	packet   int
	tape     *tape // the rows that come, nil where they are not looked at
}

// move takes up the next point.
func (s *subscription) move(e *Engine) error {
	s.primed = true
	p, err := s.in.next()
	if err != nil {
		return err
	}
	if p == nil {
		s.cur, s.ended = nil, true
		return nil
	}
	if !auxiliary(p) && s.scales() {
		p = s.scale(p)
	}
	s.cur = p
	_, end := p.Times()
	s.emit = s.cfg.Hours.UTC(end)
	return nil
}

// scales tells whether prices are brought to another normalization.
func (s *subscription) scales() bool {
	return s.cfg.scaled() && s.cfg.Norm != Raw && s.ref != nil && len(s.ref.factors) > 0
}

// scale brings a point's prices to the subscription's normalization. Copies of
// a point keep the factor of the point they are copies of.
func (s *subscription) scale(p Point) Point {
	start, _ := p.Times()
	if day := midnight(start); !s.hasScale || day > s.scaleDay && !filled(p) {
		s.scaleDay, s.hasScale = day, true
		s.cfg.scale = s.ref.factor(dateOf(day), s.cfg.Norm)
		if s.cfg.Norm == ScaledRaw { // as prices were at the end
			s.cfg.scale = s.cfg.scale.Quo(s.ref.factor(dateOf(s.scaleTo), s.cfg.Norm))
		}
	}
	return s.adjusted(p)
}

// factor is what prices are multiplied by now, and what is added to that.
func (s *subscription) factor() (f, plus num.Decimal) {
	if !s.scales() {
		return num.One, num.Zero
	}
	if s.cfg.Norm == TotalReturn {
		plus = s.cfg.dividends
	}
	return s.cfg.scale, plus
}

// adjusted brings a point's prices to the scale there is.
func (s *subscription) adjusted(p Point) Point {
	f, plus := s.factor()
	if f.Equal(num.One) && plus.IsZero() {
		return p
	}
	volume := num.One.Quo(f)
	price := func(x num.Decimal) num.Decimal {
		x = x.Mul(f)
		if !plus.IsZero() {
			x = x.Add(plus)
		}
		return x
	}
	size := func(x num.Decimal) num.Decimal { return x.Mul(volume).Round(0) }
	switch v := p.(type) {
	case *Bar:
		c := *v
		c.O, c.H, c.L, c.C, c.Volume = price(v.O), price(v.H), price(v.L), price(v.C), size(v.Volume)
		return &c
	case *QuoteBar:
		c := *v
		for _, side := range []*Side{&c.Bid, &c.Ask} {
			if side.Ok {
				side.O, side.H, side.L, side.C = price(side.O), price(side.H), price(side.L), price(side.C)
			}
		}
		c.BidSize, c.AskSize = size(v.BidSize), size(v.AskSize)
		return &c
	case *Ticks:
		c := *v
		if !v.Quote {
			c.Price, c.Quantity = price(v.Price), size(v.Quantity)
			return &c
		}
		if !c.Bid.IsZero() {
			c.Bid = price(c.Bid)
		}
		if !c.Ask.IsZero() {
			c.Ask = price(c.Ask)
		}
		c.BidSize, c.AskSize = size(v.BidSize), size(v.AskSize)
		c.Price = middle(c.Bid, c.Ask)
		return &c
	}
	return p
}

// subscribe starts a stream of a configuration between two UTC times.
func (e *Engine) subscribe(cfg *Config, sec *Security, owner *universe, from, to int64) (*subscription, error) {
	for _, s := range e.subs {
		if s.cfg == cfg && !s.removed {
			return nil, nil
		}
	}
	s := &subscription{cfg: cfg, sec: sec, owner: owner, start: from}
	if cfg.scaled() {
		ref, err := e.reference(cfg.Symbol)
		if err != nil {
			return nil, err
		}
		s.ref = ref
	}
	e.stepFor(cfg, true)
	in, err := e.streamFor(cfg, sec, from, to)
	if err != nil {
		return nil, err
	}
	s.in, s.tape = in, tapeOf(in, cfg)
	e.insert(s)
	return s, nil
}

// streamFor chains reading, filling forward and filtering; during warm-up at
// another resolution it begins with a stream of that.
func (e *Engine) streamFor(cfg *Config, sec *Security, from, to int64) (stream, error) {
	r := e.Settings.WarmupResolution
	if !e.Warming || r == nil || *r == cfg.Resolution || cfg.Type > QuoteBars {
		return e.chain(cfg, sec, from, to, &e.step)
	}
	pivot := e.Zone.UTC(e.start)
	normal, err := e.chain(cfg, sec, max(from, pivot-3*nsDay), to, &e.step)
	if err != nil {
		return nil, err
	}
	end := cfg.Hours.Local(pivot)
	normal = &window{in: normal, from: end, to: never}
	if !validType(cfg.Symbol.Kind, *r, cfg.Type) {
		return normal, nil
	}
	warm := *cfg
	warm.Resolution = *r
	step := int64(r.Span())
	early, err := e.chain(&warm, sec, from, pivot, &step)
	if err != nil {
		return nil, err
	}
	return &concat{streams: []stream{&window{in: early, from: -never, to: end}, normal}}, nil
}

func (e *Engine) chain(cfg *Config, sec *Security, from, to int64, step *int64) (stream, error) {
	start, end := cfg.Hours.Local(from), cfg.Hours.Local(to)
	var in stream
	if cfg.Type == CustomData {
		in = e.newCustom(cfg, start, end)
	} else {
		r, err := e.newReader(cfg, start, end)
		if err != nil {
			return nil, err
		}
		in = r
	}
	if cfg.FillForward && cfg.Resolution != Tick {
		if cfg.Type == QuoteBars {
			in = &carry{in: in}
		}
		in = e.newForward(in, cfg, step, start, end)
	}
	if cfg.Filtered {
		in = &filter{in: in, cfg: cfg, sec: sec, end: end}
	}
	return in, nil
}

// window keeps the points that end between two wall clocks.
type window struct {
	in       stream
	from, to int64
}

func (w *window) next() (Point, error) {
	for {
		p, err := w.in.next()
		if p == nil || err != nil {
			return nil, err
		}
		if _, end := p.Times(); end >= w.from && end <= w.to {
			return p, nil
		}
	}
}

// concat tells one stream after another, without a time twice.
type concat struct {
	streams []stream
	last    int64
	any     bool
}

func (c *concat) next() (Point, error) {
	for len(c.streams) > 0 {
		p, err := c.streams[0].next()
		if err != nil {
			return nil, err
		}
		if p == nil {
			c.streams = c.streams[1:]
			continue
		}
		_, end := p.Times()
		if c.any && end <= c.last && !auxiliary(p) {
			if _, tick := p.(*Ticks); !tick {
				continue
			}
		}
		c.last, c.any = end, true
		return p, nil
	}
	return nil, nil
}

// steps tells whether a subscription has a say in the step of filling forward.
func (c *Config) steps() bool { return !c.Internal && c.Resolution != Tick }

// stepFor brings the step of filling forward to the smallest resolution in use
// when a subscription of another one comes, or the last of its own is taken
// away. One that merely ran out leaves the step as it is.
func (e *Engine) stepFor(c *Config, comes bool) {
	if !c.steps() || (int64(c.Resolution.Span()) == e.step) == comes {
		return
	}
	finest := Resolution(255)
	if comes {
		finest = c.Resolution
	}
	for _, s := range e.subs {
		if s.cfg.steps() {
			if !comes && s.cfg.Resolution == c.Resolution {
				return
			}
			finest = min(finest, s.cfg.Resolution)
		}
	}
	if finest == 255 {
		finest = Minute
	}
	if step := int64(finest.Span()); step != e.step {
		e.step = step
		e.restartTimed()
	}
}

// restartTimed begins the subscriptions of universes that fill forward anew,
// right after now: a change of the step restarts them, and they choose at once.
func (e *Engine) restartTimed() {
	for _, s := range e.subs { // a list is never changed, only replaced
		if s.universe == nil || s.universe.restart == nil || !s.cfg.FillForward || s.cfg.Resolution == Tick {
			continue
		}
		e.forget(s)
		e.insert(&subscription{cfg: s.cfg, universe: s.universe, start: e.utc + 100, in: s.universe.restart(e.utc + 100)})
	}
}

// insert keeps the subscriptions in order: by security type, trades before
// quotes, then by symbol.
func (e *Engine) insert(s *subscription) {
	rank := func(c *Config) int {
		switch c.Type {
		case QuoteBars, QuoteTicks:
			return 1
		}
		return 0
	}
	before := func(a, b *subscription) bool {
		x, y := a.cfg, b.cfg
		if x.Symbol.Kind != y.Symbol.Kind {
			return x.Symbol.Kind < y.Symbol.Kind
		}
		if rank(x) != rank(y) {
			return rank(x) < rank(y)
		}
		return x.Symbol.Value < y.Symbol.Value
	}
	at := sort.Search(len(e.subs), func(i int) bool { return before(s, e.subs[i]) })
	list := make([]*subscription, 0, len(e.subs)+1)
	list = append(append(append(list, e.subs[:at]...), s), e.subs[at:]...)
	e.subs = list
}

// unsubscribe ends a stream.
func (e *Engine) unsubscribe(cfg *Config) bool {
	for _, s := range e.subs {
		if s.cfg == cfg {
			e.forget(s)
			e.stepFor(cfg, false)
			return true
		}
	}
	return false
}

// forget takes a stream away whose points are not to be told any more.
func (e *Engine) forget(s *subscription) {
	s.removed = true
	e.drop(s)
}

// drop takes away a stream.
func (e *Engine) drop(s *subscription) {
	for i, x := range e.subs {
		if x == s {
			e.subs = append(e.subs[:i:i], e.subs[i+1:]...)
			return
		}
	}
}
