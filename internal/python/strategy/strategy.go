package strategy

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"quantdesk/internal/algo"
	"quantdesk/internal/python"
)

// Strategy is an algorithm in Python as the engine calls it.
type Strategy struct {
	h        *host
	file     string
	defined  map[string]bool
	onData   python.Object // the name of the handler; 0: it is not defined
	onStep   bool
	names    map[string]python.Object
	wrappers map[string]python.Object
}

// Load makes an engine's strategy of an algorithm's file. The library of the
// API must be on the interpreter's path, and so must the file's folder.
func Load(p *python.Interp, e *algo.Engine, file string, parameters map[string]string) (*Strategy, error) {
	if parameters == nil {
		parameters = map[string]string{}
	}
	h, err := newHost(p, e, parameters)
	if err != nil {
		return nil, err
	}
	return &Strategy{h: h, file: file, defined: map[string]bool{}, names: map[string]python.Object{}, wrappers: map[string]python.Object{}}, nil
}

// handlers are what the engine calls, with the name in the base class.
var handlers = []string{"on_data", "on_order_event", "on_securities_changed", "on_end_of_day", "on_warmup_finished", "on_end_of_algorithm", "on_margin_call", "on_margin_call_warning",
	"on_splits", "on_dividends", "on_delistings", "on_symbol_changed_events", "on_end_of_time_step"}

// Initialize runs the file, makes the algorithm and initializes it.
func (s *Strategy) Initialize() error {
	h := s.h
	source, err := os.ReadFile(s.file)
	if err != nil {
		return err
	}
	module, err := h.p.Exec(filepath.Base(s.file), string(source))
	if err != nil {
		return err
	}
	base, err := h.p.Import("lean.algorithm")
	if err != nil {
		return err
	}
	defer base.DecRef()
	root, err := h.p.Attr(base, "QCAlgorithm")
	if err != nil {
		return err
	}
	defer root.DecRef()
	class, err := s.find(module, root)
	if err != nil {
		return err
	}
	o, err := h.p.Call(class)
	if err != nil {
		return err
	}
	h.algorithm = o
	if err := h.drop(h.p.CallMethod(o, "_begin")); err != nil {
		return err
	}
	if h.portfolioObject, err = h.p.Attr(o, "portfolio"); err != nil {
		return err
	}
	h.e.OnPosition = h.mirrorPortfolio
	h.e.Stored = func(key string) ([]byte, error) {
		store, err := h.p.Attr(o, "object_store")
		if err != nil {
			return nil, err
		}
		defer store.DecRef()
		k := h.p.Text(key)
		defer k.DecRef()
		v, err := h.p.CallMethod(store, "_text", k)
		if err != nil || v.IsNone() {
			return nil, err
		}
		defer v.DecRef()
		text, ok := v.Text()
		if !ok {
			return nil, fmt.Errorf("the value of %s is no text", key)
		}
		return []byte(text), nil
	}
	h.mirrorClock()
	for _, name := range handlers {
		over := h.overrides(o, name, pascal(name))
		s.defined[name] = over[name] || over[pascal(name)]
		s.names[name] = h.p.Name(name)
	}
	if s.defined["on_data"] {
		s.onData = s.names["on_data"]
	}
	s.onStep = s.defined["on_end_of_time_step"]
	if err := h.drop(h.p.CallMethod(o, "initialize")); err != nil {
		return err
	}
	if h.frame {
		return s.framework("initialize")
	}
	return nil
}

func pascal(name string) string {
	var b strings.Builder
	for _, w := range strings.Split(name, "_") {
		b.WriteString(strings.ToUpper(w[:1]) + w[1:])
	}
	return b.String()
}

// find gives the class of the module that derives from QCAlgorithm and that no
// other of the module derives from.
func (s *Strategy) find(module, root python.Object) (python.Object, error) {
	h := s.h
	builtins, err := h.p.Import("builtins")
	if err != nil {
		return 0, err
	}
	defer builtins.DecRef()
	sub, err := h.p.Attr(builtins, "issubclass")
	if err != nil {
		return 0, err
	}
	defer sub.DecRef()
	derives := func(a, b python.Object) bool {
		r, err := h.p.Call(sub, a, b)
		if err != nil {
			return false
		}
		defer r.DecRef()
		ok, _ := r.Bool()
		return ok
	}
	var found []python.Object
	name := filepath.Base(s.file)
	h.p.Each(h.p.ModuleDict(module), func(_, v python.Object) bool {
		if v.IsType() && v != root && derives(v, root) && !strings.HasPrefix(h.attrText(v, "__module__"), "lean") {
			found = append(found, v)
		}
		return true
	})
	var leaves []python.Object
	for _, c := range found {
		leaf := true
		for _, d := range found {
			if d != c && derives(d, c) {
				leaf = false
			}
		}
		if leaf {
			leaves = append(leaves, c)
		}
	}
	want := strings.TrimSuffix(name, ".py")
	for _, c := range leaves {
		if h.attrText(c, "__name__") == want {
			return c, nil
		}
	}
	if len(leaves) == 0 {
		return 0, fmt.Errorf("%s defines no class that derives from QCAlgorithm", name)
	}
	return leaves[len(leaves)-1], nil
}

// call calls a handler that is defined.
func (s *Strategy) call(name string, args ...python.Object) (python.Object, error) {
	s.h.mirrorClock()
	return s.h.p.CallNamed(s.h.algorithm, s.names[name], args...)
}

func (s *Strategy) framework(what string, args ...python.Object) error {
	f, err := s.h.p.Attr(s.h.algorithm, "_framework")
	if err != nil {
		return err
	}
	defer f.DecRef()
	s.h.mirrorClock()
	return s.h.drop(s.h.p.CallMethod(f, what, args...))
}

// HasOnData tells whether the algorithm looks at data.
func (s *Strategy) HasOnData() bool { return s.onData != 0 }

// HasOnEndOfDay tells that the end of the day is a handler.
func (s *Strategy) HasOnEndOfDay() (bySymbol, whole bool) {
	if !s.defined["on_end_of_day"] {
		return false, false
	}
	n := s.arity("on_end_of_day")
	return n >= 1, n == 0
}

func (s *Strategy) arity(name string) int {
	m, err := s.h.p.Import("lean.schedule")
	if err != nil {
		return 0
	}
	defer m.DecRef()
	f, err := s.h.p.Attr(s.h.algorithm, name)
	if err != nil {
		return 0
	}
	defer f.DecRef()
	r, err := s.h.p.CallMethod(m, "_arity", f)
	if err != nil {
		return 0
	}
	defer r.DecRef()
	n, _ := r.Int()
	return int(n)
}

// Idle tells whether a step that has only data calls nothing of the algorithm.
func (s *Strategy) Idle() bool {
	return s.onData == 0 && !s.onStep && !s.h.frame && s.h.failures == nil
}

// OnData hands a step's data over.
func (s *Strategy) OnData(x *algo.Slice) error {
	if s.h.failures != nil {
		return s.h.failures
	}
	kept := x.Kept() // by someone else, as a scheduled handler
	if s.onData != 0 && x.HasData {
		o, err := s.h.sliceObject(x)
		if err != nil {
			return err
		}
		id := s.h.sliceID
		s.h.mirrorClock()
		err = s.h.drop(s.h.p.CallNamed(s.h.algorithm, s.onData, o))
		s.h.leaveSlice(o, id, x, kept)
		if err != nil {
			return err
		}
	}
	if s.h.frame {
		o, err := s.h.sliceObject(x)
		if err != nil {
			return err
		}
		id := s.h.sliceID
		err = s.framework("data", o)
		s.h.leaveSlice(o, id, x, kept)
		return err
	}
	return nil
}

// OnOrderEvent tells of an order.
func (s *Strategy) OnOrderEvent(ev *algo.OrderEvent) error {
	h := s.h
	if !s.defined["on_order_event"] && !h.frame {
		return nil
	}
	m, err := h.p.Import("lean.orders")
	if err != nil {
		return err
	}
	defer m.DecRef()
	c, err := h.p.Attr(m, "OrderEvent")
	if err != nil {
		return err
	}
	defer c.DecRef()
	f, err := h.value(h.eventFields(ev))
	if err != nil {
		return err
	}
	defer f.DecRef()
	o, err := h.p.CallMethod(c, "_of", f)
	if err != nil {
		return err
	}
	defer o.DecRef()
	if s.defined["on_order_event"] {
		if err := h.drop(s.call("on_order_event", o)); err != nil {
			return err
		}
	}
	if h.frame {
		return s.framework("order_event", o)
	}
	return nil
}

// OnSecuritiesChanged tells who came and went.
func (s *Strategy) OnSecuritiesChanged(added, removed []*algo.Security) error {
	h := s.h
	if len(added)+len(removed) == 0 || !s.defined["on_securities_changed"] && !h.frame {
		return nil
	}
	list := func(in []*algo.Security) (python.Object, error) {
		l := h.p.List()
		for _, x := range in {
			o, err := h.securityObject(x)
			if err != nil {
				return 0, err
			}
			err = h.p.Append(l, o)
			o.DecRef()
			if err != nil {
				return 0, err
			}
		}
		return l, nil
	}
	m, err := h.p.Import("lean.universe")
	if err != nil {
		return err
	}
	defer m.DecRef()
	a, err := list(added)
	if err != nil {
		return err
	}
	defer a.DecRef()
	r, err := list(removed)
	if err != nil {
		return err
	}
	defer r.DecRef()
	o, err := h.p.CallMethod(m, "SecurityChanges", a, r)
	if err != nil {
		return err
	}
	defer o.DecRef()
	if s.defined["on_securities_changed"] {
		if err := h.drop(s.call("on_securities_changed", o)); err != nil {
			return err
		}
	}
	if h.frame {
		return s.framework("changed", o)
	}
	return nil
}

// OnEndOfDay tells that a day ends, of a security or as a whole.
func (s *Strategy) OnEndOfDay(sec *algo.Security) error {
	if sec == nil {
		return s.h.drop(s.call("on_end_of_day"))
	}
	o, err := s.h.symbolObject(sec.Symbol)
	if err != nil {
		return err
	}
	return s.h.drop(s.call("on_end_of_day", o))
}

func (s *Strategy) plain(name string) error {
	if !s.defined[name] {
		return nil
	}
	return s.h.drop(s.call(name))
}

// OnWarmupFinished tells that the algorithm is warm.
func (s *Strategy) OnWarmupFinished() error { return s.plain("on_warmup_finished") }

// OnEndOfAlgorithm tells that the run is over.
func (s *Strategy) OnEndOfAlgorithm() error { return s.plain("on_end_of_algorithm") }

// OnMarginCallWarning warns that the margin is nearly used up.
func (s *Strategy) OnMarginCallWarning() error { return s.plain("on_margin_call_warning") }

// OnEndOfTimeStep tells that a step is over.
func (s *Strategy) OnEndOfTimeStep() error {
	if !s.onStep {
		return nil
	}
	return s.plain("on_end_of_time_step")
}

// OnMarginCall offers the orders of a margin call, which may be changed.
func (s *Strategy) OnMarginCall(orders []algo.Request) ([]algo.Request, error) {
	if !s.defined["on_margin_call"] {
		return orders, nil
	}
	h := s.h
	m, err := h.p.Import("lean.models")
	if err != nil {
		return nil, err
	}
	defer m.DecRef()
	l := h.p.List()
	defer l.DecRef()
	for i, r := range orders {
		p := &pythonPower{h: h}
		sym, err := h.symbolObject(r.Symbol)
		if err != nil {
			return nil, err
		}
		o, err := p.params(map[string]any{"symbol": sym, "quantity": r.Quantity, "security_type": int(r.Symbol.Kind), "order_type": int(r.Type), "stop_price": r.StopPrice, "limit_price": r.LimitPrice, "tag": r.Tag, "_index": i})
		if err != nil {
			return nil, err
		}
		if err := h.p.Append(l, o); err != nil {
			return nil, err
		}
	}
	got, err := s.call("on_margin_call", l)
	if err != nil {
		return nil, err
	}
	defer got.DecRef()
	if got.IsNone() {
		return orders, nil
	}
	var out []algo.Request
	for i := range got.Len() {
		x := got.Item(i)
		r := orders[min(i, len(orders)-1)]
		if v, err := h.path(x, "_index"); err == nil {
			r = orders[int(v)]
		}
		a := &args{h: h}
		q, err := h.p.Attr(x, "quantity")
		if err != nil {
			return nil, err
		}
		a.in = []python.Object{q}
		r.Quantity = a.decimal(0)
		q.DecRef()
		if a.err != nil {
			return nil, a.err
		}
		out = append(out, r)
	}
	return out, nil
}

// dictionary hands events over by symbol.
func (s *Strategy) dictionary(name, class string, list []algo.Point) error {
	if !s.defined[name] {
		return nil
	}
	h := s.h
	d := h.p.Dict()
	defer d.DecRef()
	for _, p := range list {
		k, err := h.symbolObject(p.Of())
		if err != nil {
			return err
		}
		v, err := h.object(p)
		if err != nil {
			return err
		}
		err = h.p.SetItem(d, k, v)
		v.DecRef()
		if err != nil {
			return err
		}
	}
	m, err := h.p.Import("lean.data")
	if err != nil {
		return err
	}
	defer m.DecRef()
	o, err := h.p.CallMethod(m, class, d)
	if err != nil {
		return err
	}
	defer o.DecRef()
	return h.drop(s.call(name, o))
}

// OnSplits tells of splits.
func (s *Strategy) OnSplits(x []*algo.Split) error {
	return s.dictionary("on_splits", "Splits", points(x))
}

// OnDividends tells of dividends.
func (s *Strategy) OnDividends(x []*algo.Dividend) error {
	return s.dictionary("on_dividends", "Dividends", points(x))
}

// OnDelistings tells of delistings.
func (s *Strategy) OnDelistings(x []*algo.Delisting) error {
	return s.dictionary("on_delistings", "Delistings", points(x))
}

// OnSymbolChanges tells of new tickers.
func (s *Strategy) OnSymbolChanges(x []*algo.SymbolChange) error {
	return s.dictionary("on_symbol_changed_events", "SymbolChangedEvents", points(x))
}

// Traceback is a Python error's text for the user, an other error's own.
func Traceback(err error) string {
	var p *python.Error
	if errors.As(err, &p) {
		return p.Traceback
	}
	return err.Error()
}
