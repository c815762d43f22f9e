package python

import "testing"

const benchSource = `
class Algorithm:
    def on_data(self, data):
        pass
def loop(n, fn, a, b):
    for _ in range(n):
        fn(a, b)
def empty(n):
    for _ in range(n):
        pass
def read(n, bar):
    for _ in range(n):
        bar.close
def each(n, bar, algo):
    for _ in range(n):
        algo.on_data(bar)
`

// benchModule is benchSource run, with an Algorithm.
func benchModule(b *testing.B, p *Interp) (m, algo Object) {
	b.Helper()
	m, err := p.Exec("bench.py", benchSource)
	if err != nil {
		b.Error(err)
		return 0, 0
	}
	class, _ := p.Attr(m, "Algorithm")
	algo, err = p.Call(class)
	if err != nil {
		b.Error(err)
	}
	return m, algo
}

func barCell(tb testing.TB, p *Interp) *Type {
	tb.Helper()
	t, err := p.NewType("_host.BarCell", []Field{
		{Name: "open", Kind: Double}, {Name: "high", Kind: Double}, {Name: "low", Kind: Double},
		{Name: "close", Aliases: []string{"value", "price"}, Kind: Double}, {Name: "volume", Kind: Double},
		{Name: "count", Kind: Int64, ReadOnly: true}, {Name: "filled", Kind: Flag},
		{Name: "symbol", Kind: Ref}, {Name: "time", Aliases: []string{"Time"}, Kind: Ref, ReadOnly: true},
	})
	if err != nil {
		tb.Error(err)
	}
	return t
}

func BenchmarkCallMethod(b *testing.B) {
	onPython(b, func(p *Interp) {
		_, algo := benchModule(b, p)
		name, arg := p.Name("on_data"), p.Float(1.5)
		for b.Loop() {
			r, err := p.CallNamed(algo, name, arg)
			if err != nil {
				b.Error(err)
				return
			}
			r.DecRef()
		}
	})
}

func BenchmarkBuiltin(b *testing.B) {
	onPython(b, func(p *Interp) {
		m, _ := benchModule(b, p)
		f := p.Func("f", "", func(args []Object) (Object, error) {
			_, _ = args[0], args[1]
			return 0, nil
		})
		benchLoop(b, p, m, "loop", f, p.Int(1), p.Float(2))
	})
}

func BenchmarkMemberRead(b *testing.B) {
	onPython(b, func(p *Interp) {
		m, _ := benchModule(b, p)
		bar, err := p.New(barCell(b, p).Object)
		if err != nil {
			b.Error(err)
			return
		}
		benchLoop(b, p, m, "read", bar)
	})
}

// BenchmarkLoop is what the loop of the two above costs with nothing in it.
func BenchmarkLoop(b *testing.B) {
	onPython(b, func(p *Interp) {
		m, _ := benchModule(b, p)
		benchLoop(b, p, m, "empty")
	})
}

func benchLoop(b *testing.B, p *Interp, m Object, name string, args ...Object) {
	b.Helper()
	f, err := p.Attr(m, name)
	if err != nil {
		b.Error(err)
		return
	}
	n := p.Int(int64(b.N))
	b.ResetTimer()
	if _, err := p.Call(f, append([]Object{n}, args...)...); err != nil {
		b.Error(err)
	}
}

func BenchmarkCellWrite(b *testing.B) {
	onPython(b, func(p *Interp) {
		t := barCell(b, p)
		bar, err := p.New(t.Object)
		if err != nil {
			b.Error(err)
			return
		}
		off := t.Offset("close")
		x := 0.0
		for b.Loop() {
			bar.SetDouble(off, x)
			x++
		}
	})
}

func BenchmarkFloat(b *testing.B) {
	onPython(b, func(p *Interp) {
		for b.Loop() {
			p.Float(1.5).DecRef()
		}
	})
}

func BenchmarkNew(b *testing.B) {
	onPython(b, func(p *Interp) {
		t := barCell(b, p)
		for b.Loop() {
			o, err := p.New(t.Object)
			if err != nil {
				b.Error(err)
				return
			}
			o.DecRef()
		}
	})
}

func BenchmarkDateTime(b *testing.B) {
	onPython(b, func(p *Interp) {
		for b.Loop() {
			p.NewDateTime(1_700_000_000_000_000, true).DecRef()
		}
	})
}
