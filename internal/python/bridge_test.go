package python

import (
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
	"unsafe"
)

// run runs source as a module of its own and fails the test on an exception.
func run(t testing.TB, p *Interp, file, source string) Object {
	t.Helper()
	m, err := p.Exec(file, source)
	if err != nil {
		text := err.Error()
		if e := (*Error)(nil); errors.As(err, &e) {
			text = e.Traceback
		}
		panic(text)
	}
	return m
}

// eval is the value of a Python expression.
func eval(t testing.TB, p *Interp, expr string) Object {
	t.Helper()
	m := run(t, p, "eval.py", "import datetime, math, decimal\nvalue = "+expr+"\n")
	defer m.DecRef()
	v, err := p.Attr(m, "value")
	if err != nil {
		panic(err)
	}
	return v
}

func TestTrampoline(t *testing.T) {
	if !supported {
		t.Skip("no bridge on this system")
	}
	// purego's block: fn, 32 words, 8 floats, one more.
	if got := unsafe.Offsetof(block{}.args); got != 42*8 {
		t.Errorf("got the arguments at %d, want them behind purego's 42 words", got)
	}
	onPython(t, func(p *Interp) {
		d := p.NewDateTime(1_700_000_123_456_789, true) // nine words
		defer d.DecRef()
		if got, _ := p.Str(d); got != "2023-11-14 22:15:23.456789" {
			t.Errorf("got %q from nine words", got)
		}
	})
}

func TestValues(t *testing.T) {
	onPython(t, func(p *Interp) {
		for _, c := range []struct {
			name string
			in   any
			want string
		}{
			{"none", nil, "None"}, {"true", true, "True"}, {"false", false, "False"},
			{"zero", 0, "0"}, {"small", int64(-5), "-5"}, {"below small", int64(-6), "-6"}, {"256", 256, "256"}, {"257", 257, "257"},
			{"30 bits", int64(1 << 30), "1073741824"}, {"60 bits", int64(1 << 60), "1152921504606846976"},
			{"greatest", int64(math.MaxInt64), "9223372036854775807"}, {"least", int64(math.MinInt64), "-9223372036854775808"},
			{"float", 0.1, "0.1"}, {"negative float", -1e300, "-1e+300"}, {"inf", math.Inf(1), "inf"}, {"nan", math.NaN(), "nan"},
			{"empty text", "", "''"}, {"text", "SPY", "'SPY'"}, {"latin", "café", "'café'"}, {"wide", "€ 𝄞", "'€ 𝄞'"}, {"bad", "a\xffb", "'a\ufffdb'"},
			{"bytes", []byte{0, 255}, `b'\x00\xff'`}, {"no bytes", []byte{}, "b''"},
			{"list", []any{1, "a", nil}, "[1, 'a', None]"}, {"floats", []float64{1, 2.5}, "[1.0, 2.5]"},
			{"dict", map[string]any{"b": 1, "a": []string{"x"}}, "{'a': ['x'], 'b': 1}"},
		} {
			o, err := p.Value(c.in)
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
				continue
			}
			if got, _ := p.Repr(o); got != c.want {
				t.Errorf("%s: got %s, want %s", c.name, got, c.want)
			}
			back, err := p.Go(o)
			if err != nil {
				t.Errorf("%s: back: %v", c.name, err)
			}
			again, err := p.Value(back)
			if err != nil {
				t.Errorf("%s: again: %v", c.name, err)
				continue
			}
			if got, _ := p.Repr(again); got != c.want {
				t.Errorf("%s: got %s on the way back, want %s", c.name, got, c.want)
			}
			again.DecRef()
			o.DecRef()
		}
	})
}

func TestReads(t *testing.T) {
	onPython(t, func(p *Interp) {
		for _, c := range []struct {
			expr string
			want any
		}{
			{"2**63", nil}, {"-2**63", int64(math.MinInt64)}, {"2**63-1", int64(math.MaxInt64)}, {"-2**63-1", nil}, {"10**40", nil},
			{"2**62 + 2**30 + 1", int64(1<<62 + 1<<30 + 1)},
			{"type('F', (float,), {})(2.5)", 2.5}, {"type('I', (int,), {})(7)", int64(7)}, {"type('S', (str,), {})('sub€')", "sub€"},
			{`"a\ud800b"`, "a\ufffdb"}, {"'x' * 300", strings.Repeat("x", 300)},
		} {
			o := eval(t, p, c.expr)
			got, err := p.Go(o)
			if (err != nil) != (c.want == nil) || got != c.want {
				t.Errorf("%s: got %v, %v; want %v", c.expr, got, err, c.want)
			}
			o.DecRef()
		}
		d := eval(t, p, "decimal.Decimal('1.25')")
		if v, err := p.ToFloat(d); err != nil || v != 1.25 {
			t.Errorf("got %v, %v of a Decimal", v, err)
		}
		l := eval(t, p, "[1, 2, 3]")
		if l.Len() != 3 || len(l.Items()) != 3 || l.Item(3) != 0 || l.Item(-1) != 0 {
			t.Errorf("got %d items of a list of 3", l.Len())
		}
	})
}

func TestDateTime(t *testing.T) {
	onPython(t, func(p *Interp) {
		for _, at := range []string{"0001-01-01T00:00:00Z", "1600-02-29T23:59:59.999999Z", "1969-12-31T23:59:59.5Z", "1970-01-01T00:00:00Z", "2000-02-29T12:00:00Z",
			"2024-12-31T23:59:59.000001Z", "2100-03-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"} {
			when, err := time.Parse(time.RFC3339Nano, at)
			if err != nil {
				t.Error(err)
			}
			for _, naive := range []bool{true, false} {
				o := p.NewDateTime(when.UnixMicro(), naive)
				s, _ := p.CallMethod(o, "isoformat")
				got, _ := s.Text()
				want := when.Format("2006-01-02T15:04:05")
				if us := when.Nanosecond() / 1000; us != 0 {
					want += fmt.Sprintf(".%06d", us)
				}
				if !naive {
					want += "+00:00"
				}
				if got != want {
					t.Errorf("%s: got %s, want %s", at, got, want)
				}
				micros, aware, ok := o.DateTime()
				if micros != when.UnixMicro() || aware == naive || !ok {
					t.Errorf("%s: read %d, %v, %v", at, micros, aware, ok)
				}
				s.DecRef()
				o.DecRef()
			}
		}
		zoned := eval(t, p, "datetime.datetime(2024, 1, 1, 9, 30, tzinfo=datetime.timezone(datetime.timedelta(hours=-5)))")
		if us, err := p.Instant(zoned); err != nil || us != time.Date(2024, 1, 1, 14, 30, 0, 0, time.UTC).UnixMicro() {
			t.Errorf("got %d, %v of 09:30-05:00", us, err)
		}
		date := eval(t, p, "datetime.date(2024, 2, 29)")
		if us, aware, ok := date.DateTime(); us != time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC).UnixMicro() || aware || !ok {
			t.Errorf("got %d of a date", us)
		}
		if got, _ := p.Str(p.NewDate(19782)); got != "2024-02-29" {
			t.Errorf("got date %s", got)
		}
		for _, us := range []int64{0, 1, -1, 86_400_000_000, -86_400_000_001, 1 << 50} {
			o := p.NewTimeDelta(us)
			if got, ok := o.TimeDelta(); got != us || !ok {
				t.Errorf("got %d of timedelta %d", got, us)
			}
			o.DecRef()
		}
	})
}

func TestTraceback(t *testing.T) {
	onPython(t, func(p *Interp) {
		m := run(t, p, "broken.py", "class Broken(Exception): pass\ndef inner(x):\n    try:\n        return 1 / x\n    except ZeroDivisionError as e:\n        raise Broken('no') from e\ndef outer(x):\n    return inner(x)\n")
		defer m.DecRef()
		zero := p.Int(0)
		_, err := p.CallMethod(m, "outer", zero)
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("got %v", err)
			return
		}
		want := `Traceback (most recent call last):
  File "broken.py", line 4, in inner
    return 1 / x
           ~~^~~
ZeroDivisionError: division by zero

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "broken.py", line 8, in outer
    return inner(x)
           ^^^^^^^^
  File "broken.py", line 6, in inner
    raise Broken('no') from e
broken.Broken: no
`
		if e.Traceback != want || e.Type != "broken.Broken" || e.Message != "no" || len(e.Frames) != 2 || e.Frames[1] != (Frame{"broken.py", 6, "inner", "raise Broken('no') from e"}) {
			t.Errorf("got %s %s %+v\n%s", e.Type, e.Message, e.Frames, e.Traceback)
		}
		_, err = p.Exec("syntax.py", "x = 1\nif x\n  pass\n")
		if !errors.As(err, &e) || e.Type != "SyntaxError" || len(e.Frames) != 1 || e.Frames[0].Line != 2 || e.Frames[0].Text != "if x" {
			t.Errorf("got %+v", err)
		}
		_, err = p.Exec("deep.py", "def f(): f()\nf()\n")
		if !errors.As(err, &e) || e.Type != "RecursionError" || len(e.Frames) > 201 || !strings.Contains(e.Traceback, "Previous line repeated") {
			t.Errorf("got %v", err)
		}
		_, err = p.Exec("nostr.py", "class E(Exception):\n  def __str__(self): raise ValueError()\nraise E\n")
		if !errors.As(err, &e) || e.Type != "nostr.E" {
			t.Errorf("got %v", err)
		}
		_, err = p.Exec("huge.py", "raise ValueError('x' * 10_000_000)\n")
		if !errors.As(err, &e) || len(e.Traceback) > maxTraceback+100 || len(e.Message) > maxTraceback+100 {
			t.Errorf("got a message of %d bytes", len(e.Message))
		}
		_, err = p.Exec("exit.py", "import sys; sys.exit(3)\n")
		if !errors.As(err, &e) || e.Type != "SystemExit" || e.Message != "3" {
			t.Errorf("got %v", err)
		}
	})
}

func TestFunc(t *testing.T) {
	onPython(t, func(p *Interp) {
		fns := map[string]Object{
			"swap": p.Func("swap", "Swaps.", func(a []Object) (Object, error) { return p.Tuple(a[1].IncRef(), a[0].IncRef()), nil }),
			"none": p.Func("none", "", func([]Object) (Object, error) { return 0, nil }),
			"bad":  p.Func("bad", "", func([]Object) (Object, error) { return 0, &Raise{Type: "KeyError", Message: "k"} }),
			"odd":  p.Func("odd", "", func([]Object) (Object, error) { return 0, errors.New("odd") }),
			"wrap": p.Func("wrap", "", func([]Object) (Object, error) { return 0, fmt.Errorf("w: %w", &Raise{Type: "NoSuch", Message: "m"}) }),
			"boom": p.Func("boom", "", func([]Object) (Object, error) { panic("boom") }),
			"call": p.Func("call", "", func(a []Object) (Object, error) { return p.Call(a[0], a[1:]...) }),
		}
		host, err := p.NewModule("_host", fns)
		if err != nil {
			t.Error(err)
			return
		}
		defer host.DecRef()
		m := run(t, p, "funcs.py", `
import _host
assert _host.swap(1, "a") == ("a", 1)
assert _host.swap.__doc__ == "Swaps." and _host.swap.__name__ == "swap"
assert _host.none() is None
def what(f, *a):
    try:
        f(*a)
    except Exception as e:
        return type(e).__name__ + ": " + str(e)
assert what(_host.bad) == "KeyError: 'k'", what(_host.bad)
assert what(_host.odd) == "RuntimeError: odd"
assert what(_host.wrap) == "RuntimeError: m", what(_host.wrap)
assert what(_host.boom) == "RuntimeError: go panic: boom", what(_host.boom)
class Own(Exception): pass
def raise_own(): raise Own("mine")
try:
    _host.call(_host.call, raise_own)
except Own as e:
    import traceback
    assert [f.name for f in traceback.extract_tb(e.__traceback__)] == ["<module>", "raise_own"]
else:
    assert False
def nest(n):
    return n if n == 0 else 1 + _host.call(nest, n - 1)
assert nest(200) == 200
try:
    nest(100000)
except RecursionError:
    pass
assert _host.call(lambda *a: len(a), *range(40)) == 40
def many(*a, k=None): return len(a)
many40 = many
`)
		defer m.DecRef()
		args := make([]Object, 40)
		for i := range args {
			args[i] = p.Int(int64(i))
		}
		if r, err := p.CallMethod(m, "many", args...); err != nil {
			t.Error(err)
		} else if n, _ := r.Int(); n != 40 {
			t.Errorf("got %d arguments of 40", n)
		}
		kw := p.Dict()
		_ = p.SetKey(kw, "k", args[1])
		f, _ := p.Attr(m, "many")
		if r, err := p.CallWith(f, 0, kw); err != nil || r != args[0] {
			t.Errorf("got %v, %v of a call with keywords", r, err)
		}
	})
}

func TestMethod(t *testing.T) {
	onPython(t, func(p *Interp) {
		m := run(t, p, "methods.py", "class A:\n    def __init__(self): self.x = 5\n")
		class, _ := p.Attr(m, "A")
		if err := p.SetAttr(class, "twice", p.Method("twice", "", func(a []Object) (Object, error) {
			x, err := p.Attr(a[0], "x")
			if err != nil {
				return 0, err
			}
			defer x.DecRef()
			n, _ := x.Int()
			return p.Int(2 * n), nil
		})); err != nil {
			t.Error(err)
		}
		o, _ := p.Call(class)
		r, err := p.CallMethod(o, "twice")
		if err != nil {
			t.Error(err)
		} else if n, _ := r.Int(); n != 10 {
			t.Errorf("got %d", n)
		}
		if ok, err := p.IsInstance(o, class); !ok || err != nil || o.TypeName() != "A" {
			t.Errorf("got %v, %v, %s", ok, err, o.TypeName())
		}
		if _, ok := p.AttrOr(o, "missing"); ok {
			t.Error("got an attribute that is not there")
		}
	})
}

func TestNewType(t *testing.T) {
	onPython(t, func(p *Interp) {
		cell := barCell(t, p)
		host, err := p.NewModule("_cells", map[string]Object{"BarCell": cell.Object})
		if err != nil {
			t.Error(err)
			return
		}
		m := run(t, p, "cells.py", `
import _cells, gc, weakref
class TradeBar(_cells.BarCell):
    def __init__(self): raise AssertionError("called")
    @property
    def mid(self): return (self.high + self.low) / 2
def check(bar):
    assert bar.close == bar.value == bar.price == 101.5, bar.close
    assert bar.mid == 101.0 and bar.count == 7 and bar.filled is True and bar.symbol == "SPY"
    assert bar.time == bar.Time == 5
    for name in "count", "time", "Time":
        try:
            setattr(bar, name, 1)
        except AttributeError:
            continue
        raise AssertionError(name + " was written")
    bar.note = "kept"
    assert weakref.ref(bar)() is bar
    bar.close = 7
    bar.symbol = bar      # a cycle
def empty(bar):
    assert bar.close == 0.0 and bar.filled is False
    try:
        bar.symbol
    except AttributeError:
        return True
def cycles():
    before = len(gc.get_objects())
    class Probe: pass
    probes = []
    for _ in range(100):
        b = _cells.BarCell(); b.symbol = b
        c = TradeBar.__new__(TradeBar); c.symbol = [c]; c.p = Probe(); probes.append(weakref.ref(c.p))
    del b, c
    gc.collect()
    return sum(r() is not None for r in probes)
assert TradeBar.__mro__[1] is _cells.BarCell and _cells.BarCell.__module__ == "_host"
`)
		class, _ := p.Attr(m, "TradeBar")
		bar, err := p.New(class)
		if err != nil {
			t.Error(err)
			return
		}
		r, err := p.CallMethod(m, "empty", bar)
		if err != nil || r != lib.yes {
			t.Errorf("got %v, %v of an empty cell", r, err)
		}
		stamp := p.Int(5)
		marker := p.Text("a text of its own")
		bar.SetDouble(cell.Offset("price"), 101.5)
		bar.SetDouble(cell.Offset("high"), 102)
		bar.SetDouble(cell.Offset("low"), 100)
		bar.SetInt64(cell.Offset("count"), 7)
		bar.SetFlag(cell.Offset("filled"), true)
		bar.SetRef(cell.Offset("symbol"), p.Text("SPY"))
		bar.SetRef(cell.Offset("time"), marker.IncRef())
		if marker.RefCount() != 2 {
			t.Errorf("got %d references of a text in a cell", marker.RefCount())
		}
		bar.SetRef(cell.Offset("time"), stamp.IncRef())
		if marker.RefCount() != 1 {
			t.Errorf("got %d references of a text no longer in a cell", marker.RefCount())
		}
		if _, err := p.CallMethod(m, "check", bar); err != nil {
			t.Error(err, err.(*Error).Traceback)
		}
		if bar.Double(cell.Offset("close")) != 7 || bar.Ref(cell.Offset("symbol")) != bar || bar.RefCount() != 2 {
			t.Errorf("got close %v, %d references", bar.Double(cell.Offset("close")), bar.RefCount())
		}
		left, err := p.CallMethod(m, "cycles")
		if err != nil {
			t.Error(err)
		} else if n, _ := left.Int(); n != 0 {
			t.Errorf("%d cells in cycles were not collected", n)
		}
		// A read-only reference is dropped with its instance.
		o, _ := p.New(cell.Object)
		o.SetRef(cell.Offset("time"), marker.IncRef())
		o.DecRef()
		if marker.RefCount() != 1 {
			t.Errorf("got %d references after the cell died", marker.RefCount())
		}
		host.DecRef()
		if _, err := p.NewType("_host.Twice", []Field{{Name: "a"}, {Name: "a"}}); err == nil {
			t.Error("a field named twice was taken")
		}
		if _, err := p.NewType("_host.Alias", []Field{{Name: "a", Aliases: []string{"b"}}, {Name: "b"}}); err == nil {
			t.Error("an alias that is a field was taken")
		}
	})
}

func TestInterrupt(t *testing.T) {
	onPython(t, func(p *Interp) {
		for _, c := range []struct{ name, source string }{
			{"loop", "while True: pass\n"},
			{"stubborn", "for _ in range(20):\n  try:\n    while True: pass\n  except BaseException: pass\nwhile True: pass\n"},
			{"calls", "def f(): pass\nwhile True: f()\n"},
		} {
			stop := time.AfterFunc(30*time.Millisecond, func() { p.Interrupt("cancelled") })
			start := time.Now()
			_, err := p.Exec(c.name+".py", c.source)
			stop.Stop()
			var e *Error
			if !errors.As(err, &e) || e.Type != "KeyboardInterrupt" || e.Message != "cancelled" || time.Since(start) > 5*time.Second {
				t.Errorf("%s: got %v after %v", c.name, err, time.Since(start))
			}
			if !p.Interrupted() {
				t.Errorf("%s: not interrupted any more", c.name)
			}
			p.Resume()
			run(t, p, "after.py", "x = sum(range(100000))\n").DecRef()
		}
	})
}

func TestThreads(t *testing.T) {
	onPython(t, func(p *Interp) {
		n := 0
		host, _ := p.NewModule("_threads", map[string]Object{"hit": p.Func("hit", "", func(a []Object) (Object, error) {
			n++
			runtime.GC()
			return p.Call(a[0], a[1])
		})})
		defer host.DecRef()
		m := run(t, p, "threads.py", `
import threading, _threads
out = []
def work(i):
    for k in range(50):
        out.append(_threads.hit(lambda x: x + 1, k))
    print("thread", i)
ts = [threading.Thread(target=work, args=(i,)) for i in range(8)]
for t in ts: t.start()
for t in ts: t.join()
assert len(out) == 400 and sum(out) == 8 * sum(range(51)) - 0, sum(out)
`)
		m.DecRef()
		if n != 400 {
			t.Errorf("got %d hits of 400", n)
		}
	})
}

func TestReferences(t *testing.T) {
	onPython(t, func(p *Interp) {
		m := run(t, p, "refs.py", "def f(*a): return a\ndef g(*a): raise ValueError(a)\n")
		f, _ := p.Attr(m, "f")
		g, _ := p.Attr(m, "g")
		arg := p.Text("an argument")
		for range 100 {
			r, err := p.Call(f, arg, arg)
			if err != nil {
				t.Error(err)
				return
			}
			r.DecRef()
			_, _ = p.Call(g, arg)
			d := p.Dict()
			_ = p.SetKey(d, "k", arg)
			_ = p.SetItem(d, arg, arg)
			p.Each(d, func(k, v Object) bool { return k != 0 && v == arg })
			d.DecRef()
			l := p.List(arg.IncRef())
			_ = p.Append(l, arg)
			l.DecRef()
		}
		// The last exception is kept, for a Func to raise it again.
		_, _ = p.Exec("other.py", "raise ValueError")
		if arg.RefCount() != 1 {
			t.Errorf("got %d references, want 1", arg.RefCount())
		}
	})
}

func TestCollector(t *testing.T) {
	onPython(t, func(p *Interp) {
		m := run(t, p, "collect.py", "def f(n, s): return [s] * n\n")
		for i := range 2000 {
			n, s := p.Int(int64(i)), p.Text(fmt.Sprint("text ", i))
			r, err := p.CallMethod(m, "f", n, s)
			if err != nil {
				t.Error(err)
				return
			}
			if i%100 == 0 {
				runtime.GC()
			}
			n.DecRef()
			s.DecRef()
			r.DecRef()
		}
	})
}

func TestIsolation(t *testing.T) {
	onPython(t, func(p *Interp) {
		run(t, p, "isolated.py", `
import sys, os, signal
assert sys.flags.isolated and sys.flags.no_site and sys.flags.utf8_mode and sys.flags.safe_path and sys.flags.ignore_environment
assert sys.flags.hash_randomization == 0 and hash("SPY") == hash("SPY")
assert "site" not in sys.modules
assert all(p.startswith(sys.prefix) for p in sys.path), sys.path
assert signal.getsignal(signal.SIGINT) in (signal.SIG_DFL, signal.SIG_IGN, None)
assert sys.stdin.read() == "" and not sys.stdout.isatty()
assert sys.getfilesystemencoding() == "utf-8"
import json, datetime, typing, decimal, collections, re, enum, dataclasses
`).DecRef()
		if _, err := Open(Options{Home: p.home}); err == nil {
			t.Error("a second interpreter was opened")
		}
	})
}

func TestUnlocked(t *testing.T) {
	onPython(t, func(p *Interp) {
		m := run(t, p, "background.py", "import threading\nn = 0\ndef run():\n    global n\n    while n < 1000: n += 1\nt = threading.Thread(target=run)\nt.start()\n")
		deadline := time.Now().Add(5 * time.Second)
		for time.Now().Before(deadline) {
			p.Unlocked(func() { time.Sleep(10 * time.Millisecond) })
			v, _ := p.Attr(m, "n")
			if n, _ := v.Int(); n == 1000 {
				return
			}
		}
		t.Error("the thread did not run")
	})
}

func TestOutput(t *testing.T) {
	onPython(t, func(p *Interp) {
		printed.Reset()
		run(t, p, "prints.py", "import sys\nprint('a', 'b')\nprint('err', file=sys.stderr)\nprint('€' * 3, flush=True)\nassert sys.stdout.write('xyz') == 3\n").DecRef()
		if got := printed.String(); got != "a b\nerr\n€€€\nxyz" {
			t.Errorf("got %q", got)
		}
		run(t, p, "flood.py", "for _ in range(100): print('x' * 100_000)\nprint('y' * 50_000_000)\n").DecRef()
		if got := printed.String(); len(got) > 1<<20+200 || !strings.HasSuffix(got, "the rest is dropped]\n") || strings.Contains(got, "yy") {
			t.Errorf("got %d bytes ending in %q", len(got), got[max(0, len(got)-60):])
		}
		p.left = 1 << 20
	})
}

// TestNumpy uses a distribution's numpy and pandas, built for CPython 3.11.
func TestNumpy(t *testing.T) {
	const dir = "/usr/lib/python3/dist-packages"
	if testing.Short() {
		t.Skip("takes seconds")
	}
	if found, _ := filepath.Glob(dir + "/numpy/core/_multiarray_umath.cpython-311-*"); len(found) == 0 {
		t.Skip("no numpy for CPython 3.11 on this machine")
	}
	onPython(t, func(p *Interp) {
		m := run(t, p, "frames.py", `
import sys
sys.path.append("`+dir+`")
import numpy as np
x = np.float64(2.5)
n = np.int64(3)
total = float(np.linalg.norm(np.arange(5.0)))
try:
    import pandas as pd
    frame = pd.DataFrame({"close": [1.0, 2.0]}, index=pd.to_datetime(["2024-01-01", "2024-01-02"]))
    assert frame.close.mean() == 1.5
    stamp = frame.index[1]
except ImportError:
    import datetime
    stamp = datetime.datetime(2024, 1, 2)
`)
		defer m.DecRef()
		for name, want := range map[string]float64{"x": 2.5, "n": 3, "total": math.Sqrt(30)} {
			o, _ := p.Attr(m, name)
			if got, err := p.ToFloat(o); err != nil || math.Abs(got-want) > 1e-12 {
				t.Errorf("%s: got %v, %v, want %v", name, got, err, want)
			}
			o.DecRef()
		}
		o, _ := p.Attr(m, "stamp") // a Timestamp is a datetime
		defer o.DecRef()
		if us, _, ok := o.DateTime(); !ok || us != time.Date(2024, 1, 2, 0, 0, 0, 0, time.UTC).UnixMicro() {
			t.Errorf("got %d, %v of a Timestamp", us, ok)
		}
	})
}
