package indicator

// node is what an indicator of this package offers the others: [Indicator] and an update by value.
type node interface {
	Indicator
	Fielder
	push(end int64, v float64) bool
}

// computer is the part each type writes itself.
type computer interface {
	Ready() bool
	// compute returns the next value, or false where there is none to publish.
	compute(in *Input) (float64, bool)
	// clear forgets the inner state.
	clear()
}

type part struct {
	name string
	ind  Indicator
}

type field struct {
	name string
	at   *float64
}

type moment struct {
	value float64
	end   int64
}

// base carries what all indicators share. A type embeds it and calls init with itself.
type base struct {
	self    computer
	name    string
	kind    Kind
	needBar bool
	warm    int
	readyAt int
	samples int

	// Times are kept per symbol; the last symbol's own is beside the map to spare it.
	symbol string
	last   int64
	seen   bool
	others map[string]int64

	value float64
	end   int64
	past  []moment // ring, newest at head; it starts with a zero, as LEAN's does
	head  int
	count int

	parts  []part
	fields []field
	heard  []func()
	point  Input // of push, kept so that it is not allocated
}

func (b *base) init(self computer, name string, kind Kind, warm int) {
	b.self, b.name, b.kind, b.needBar = self, name, kind, kind != Point
	b.warm, b.readyAt = warm, warm
	b.past, b.count = make([]moment, 2), 1
}

func (b *base) Update(in *Input) bool {
	if b.needBar && !in.Bar {
		return b.self.Ready()
	}
	if in.Symbol != b.symbol {
		b.turn(in.Symbol)
	}
	if b.seen && in.End < b.last {
		return b.self.Ready()
	}
	b.last, b.seen = in.End, true
	b.samples++
	if v, ok := b.self.compute(in); ok {
		b.set(v, in.End)
	}
	return b.self.Ready()
}

// turn makes symbol the one whose last time is at hand.
func (b *base) turn(symbol string) {
	if b.seen {
		if b.others == nil {
			b.others = map[string]int64{}
		}
		b.others[b.symbol] = b.last
	}
	b.symbol = symbol
	last, ok := b.others[symbol]
	b.last, b.seen = last, ok
}

func (b *base) set(v float64, end int64) {
	b.value, b.end = v, end
	b.head++
	if b.head == len(b.past) {
		b.head = 0
	}
	b.past[b.head] = moment{v, end}
	if b.count < len(b.past) {
		b.count++
	}
	for _, f := range b.heard {
		f()
	}
}

// push updates a point indicator with a bare value.
func (b *base) push(end int64, v float64) bool {
	b.point.End, b.point.Value = end, v
	return b.Update(&b.point)
}

func (b *base) Value() float64 { return b.value }

func (b *base) Previous() float64 {
	v, _, _ := b.At(1)
	return v
}

func (b *base) At(i int) (float64, int64, bool) {
	if i < 0 {
		return 0, 0, false
	}
	if i >= len(b.past) {
		b.SetWindow(i + 1)
		return 0, 0, false
	}
	if i >= b.count {
		return 0, 0, false
	}
	k := b.head - i
	if k < 0 {
		k += len(b.past)
	}
	return b.past[k].value, b.past[k].end, true
}

func (b *base) SetWindow(n int) {
	if n < 1 || n == len(b.past) {
		return
	}
	next := make([]moment, n)
	count := min(n, b.count)
	for i := range count {
		v, end, _ := b.At(i)
		next[count-1-i] = moment{v, end}
	}
	b.past, b.head, b.count = next, count-1, count
}

func (b *base) Ready() bool  { return b.samples >= b.readyAt }
func (b *base) Samples() int { return b.samples }
func (b *base) Name() string { return b.name }
func (b *base) WarmUp() int  { return b.warm }

func (b *base) Reset() {
	b.samples, b.seen, b.symbol, b.last = 0, false, "", 0
	clear(b.others)
	b.value, b.end, b.head, b.count = 0, 0, 0, 1
	clear(b.past)
	b.self.clear()
}

func (b *base) clear() {}

func (b *base) OnUpdate(f func()) { b.heard = append(b.heard, f) }

func (b *base) Sub(name string) Indicator {
	for _, p := range b.parts {
		if p.name == name {
			return p.ind
		}
	}
	return nil
}

func (b *base) Field(name string) (float64, bool) {
	for _, f := range b.fields {
		if f.name == name {
			return *f.at, true
		}
	}
	return 0, false
}

// part publishes ind under the property name.
func (b *base) part(name string, ind Indicator) { b.parts = append(b.parts, part{name, ind}) }

// number publishes the number at v under the property name.
func (b *base) number(name string, v *float64) { b.fields = append(b.fields, field{name, v}) }

func (b *base) partNames() (names []string) {
	for _, p := range b.parts {
		names = append(names, p.name)
	}
	return names
}

func (b *base) fieldNames() (names []string) {
	for _, f := range b.fields {
		names = append(names, f.name)
	}
	return names
}

// resetAll resets the parts of an indicator.
func resetAll(list ...Indicator) {
	for _, ind := range list {
		ind.Reset()
	}
}

// pass hands the current value of first to second.
func pass(second node, first *base) bool { return second.push(first.end, first.value) }
