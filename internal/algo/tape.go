package algo

import "quantdesk/internal/num"

// tape looks past a subscription's next point at the rows behind it: a run of
// rows is plain when the stream would tell them one by one just as they are in
// the file, with nothing filled, passed over or told between them. Plain rows
// follow each other without a gap on one day, within one stretch of open hours
// and on one offset of the zone, none of their prices is zero, and the scale of
// prices is that of the point before them.
type tape struct {
	r *reader
	f *forward // nil where nothing is filled forward
	c *carry   // of quotes that are filled forward

	day  int // of the reader when it was looked at
	tail int // rows of that day behind the run
}

// tapeOf gives the tape of a stream, nil for one that has none.
func tapeOf(in stream, cfg *Config) *tape {
	if cfg.Resolution != Minute && cfg.Resolution != Second || cfg.Type != TradeBars && cfg.Type != QuoteBars {
		return nil
	}
	t := &tape{day: -1}
	if f, ok := in.(*filter); ok {
		in = f.in
	}
	if f, ok := in.(*forward); ok {
		t.f, in = f, f.in
	}
	if c, ok := in.(*carry); ok {
		t.c, in = c, c.in
	}
	r, ok := in.(*reader)
	if !ok || r.strict {
		return nil
	}
	t.r = r
	return t
}

// ahead counts the plain rows behind a subscription's next point, which must be
// plain itself. Rows that are not behind it at once are none.
func (s *subscription) ahead(step int64) int {
	t := s.tape
	if t == nil || !s.cfg.Hours.same || s.sec == nil || s.sec.DataFilter != nil {
		return 0
	}
	r, span := t.r, s.cfg.span()
	if r.ended || len(r.events) > 0 || t.f != nil && (t.f.hasPending || t.f.delisted != never || span > step || t.f.hours != s.cfg.Hours) {
		return 0
	}
	if left := max(len(r.trades), len(r.quotes)); t.day != r.day || left <= t.tail {
		if left == 0 {
			return 0
		}
		t.day, t.tail = r.day, left-t.plain(left)
	}
	// What comes next has to be one of these rows, too.
	switch v := s.cur.(type) {
	case *Bar:
		if n := len(r.trades) - t.tail; n > 0 && !v.FillForward && v.End-v.Start == span && r.trades[0].At == v.End && priced(v.O, v.H, v.L, v.C) {
			return n
		}
	case *QuoteBar:
		if n := len(r.quotes) - t.tail; n > 0 && !v.FillForward && v.End-v.Start == span && r.quotes[0].At == v.End && sided(&v.Bid) && sided(&v.Ask) {
			return n
		}
	}
	return 0
}

func priced(o, h, l, c num.Decimal) bool {
	return o.Sign() > 0 && h.Sign() > 0 && l.Sign() > 0 && c.Sign() > 0
}

func sided(s *Side) bool { return s.Ok && priced(s.O, s.H, s.L, s.C) }

// plain counts the plain rows at the head of what is left of the day.
func (t *tape) plain(left int) int {
	r := t.r
	at := func(i int) int64 { return r.trades[i].At }
	good := func(i int) bool { x := &r.trades[i]; return priced(x.O, x.H, x.L, x.C) }
	if len(r.trades) == 0 {
		at = func(i int) int64 { return r.quotes[i].At }
		good = func(i int) bool { x := &r.quotes[i]; return sided(&x.Bid) && sided(&x.Ask) }
	}
	h, span, first := r.cfg.Hours, r.cfg.span(), at(0)
	until := int64(-never)
	for _, s := range h.day(first) {
		if first >= s.from && first < s.to && (s.open || r.cfg.Extended) {
			until = s.to
		}
	}
	n := 0
	for n < left && at(n) == first+int64(n)*span && at(n)+span <= until && at(n) <= r.end && good(n) {
		n++
	}
	// A change of the clock within the run moves its end by that much.
	if length := int64(n) * span; n > 0 && h.UTC(first+length)-h.UTC(first) != length {
		n = 0
	}
	return n
}

// row gives one of the rows behind the next point as the point it would be,
// its prices scaled.
func (s *subscription) row(i int) (raw, told Point) {
	span := s.cfg.span()
	if s.cfg.Type == TradeBars {
		x := &s.tape.r.trades[i]
		raw = &Bar{Symbol: s.cfg.Symbol, Start: x.At, End: x.At + span, O: x.O, H: x.H, L: x.L, C: x.C, Volume: x.Volume}
	} else {
		x := &s.tape.r.quotes[i]
		raw = &QuoteBar{Symbol: s.cfg.Symbol, Start: x.At, End: x.At + span, Bid: x.Bid, Ask: x.Ask, BidSize: x.BidSize, AskSize: x.AskSize}
	}
	return raw, s.adjusted(raw)
}

// wind goes forward over rows: the last of them is the next point then, and
// all that read it stand as if they had told every row.
func (s *subscription) wind(rows int) {
	t := s.tape
	raw, told := s.row(rows - 1)
	switch v := raw.(type) {
	case *Bar:
		t.r.trades = t.r.trades[rows:]
		t.r.lastRaw = v.C
	case *QuoteBar:
		t.r.quotes = t.r.quotes[rows:]
		t.r.lastRaw = middle(v.Bid.C, v.Ask.C)
		if t.c != nil {
			t.c.bid, t.c.ask = v.Bid, v.Ask
		}
	}
	_, end := raw.Times()
	t.r.lastEnd, t.r.any = end, true
	if t.f != nil {
		t.f.current = raw // which it makes its previous before it looks at either
	}
	s.cur, s.emit = told, s.cfg.Hours.UTC(end)
}
