// Package strategy joins an algorithm in Python to the engine: the API that
// algorithms are written in, mirrors of what they read most, and the engine's
// calls into their handlers.
package strategy

import (
	"embed"
	"fmt"
	"io/fs"
	"strings"

	"quantdesk/internal/algo"
	"quantdesk/internal/algo/indicator"
	"quantdesk/internal/num"
	"quantdesk/internal/python"
)

//go:embed lib
var library embed.FS

// LibraryFile is a file of the API's library: its path below the library's
// folder, slash separated, and its text.
type LibraryFile struct {
	Name string
	Text []byte
}

// LibraryFiles are the API's Python files, by name. Written into a folder, that
// is to be on the interpreter's path.
func LibraryFiles() (out []LibraryFile, err error) {
	err = fs.WalkDir(library, "lib", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := library.ReadFile(path)
		out = append(out, LibraryFile{Name: strings.TrimPrefix(path, "lib/"), Text: text})
		return err
	})
	return out, err
}

// host is the engine as Python sees it: the module _host.
type host struct {
	p *python.Interp
	e *algo.Engine

	symbols     []*algo.Symbol
	symbolOf    map[*algo.Symbol]int
	securities  []*algo.Security
	securityOf  map[*algo.Security]int
	tickets     []*algo.Ticket
	ticketOf    map[*algo.Ticket]int
	configs     []*algo.Config
	configOf    map[*algo.Config]int
	events      []*algo.Event
	indicators  []*mirrored
	indicatorOf map[indicator.Indicator]int
	makers      []algo.Consolidator
	pythons     map[python.Object]algo.Consolidator
	universes   []algo.UniverseHandle
	customTypes []*customType
	// universeKinds are the kinds of universes, by their number.
	universeKinds []string

	bar, quote, tick, point, slice  *python.Type
	security, holding, portfolio    *python.Type
	indicatorType, clockType        *python.Type
	classBar, classQuote, classTick python.Object
	classPoint, classSlice          python.Object
	symbolFrom                      python.Object // Symbol._of
	symbolObjects                   []python.Object
	clock                           python.Object
	at                              cells
	portfolioObject                 python.Object
	mirrors                         map[*algo.Security]*mirror
	slices                          [keptSlices]*algo.Slice // by the number's rest
	sliceID, oldestSlice            int64
	slicePoints                     int
	parameters                      map[string]string
	companies                       string // JSON: figures by identifier, "*" for all
	algorithm                       python.Object
	funcs                           map[string]python.Object
	frame                           bool
	failures                        error
}

// def declares a function of _host.
func (h *host) def(name string, f func(a *args) (any, error)) {
	h.funcs[name] = h.p.Func(name, "", func(in []python.Object) (python.Object, error) {
		a := &args{h: h, in: in}
		v, err := f(a)
		if a.err != nil {
			return 0, a.err
		}
		if err != nil {
			return 0, err
		}
		return h.value(v)
	})
}

// tuple is a Python tuple to be made of Go values.
type tuple []any

// owned is an object whose reference is handed over.
type owned python.Object

func (h *host) value(v any) (python.Object, error) {
	switch v := v.(type) {
	case nil:
		return h.p.None(), nil
	case owned:
		return python.Object(v), nil
	case num.Decimal:
		return h.p.Float(v.Float64()), nil
	case *num.Decimal:
		if v == nil {
			return h.p.None(), nil
		}
		return h.p.Float(v.Float64()), nil
	case uint8:
		return h.p.Int(int64(v)), nil
	case *algo.Symbol:
		return h.p.Int(int64(h.symbolHandle(v))), nil
	case *algo.Security:
		return h.p.Int(int64(h.securityHandle(v))), nil
	case *algo.Ticket:
		return h.p.Int(int64(h.ticketHandle(v))), nil
	case []*algo.Ticket:
		out := make([]any, len(v))
		for i, t := range v {
			out[i] = t
		}
		return h.value(out)
	case []int:
		out := make([]any, len(v))
		for i, n := range v {
			out[i] = n
		}
		return h.value(out)
	case tuple:
		items := make([]python.Object, len(v))
		for i, x := range v {
			o, err := h.value(x)
			if err != nil {
				return 0, err
			}
			items[i] = o
		}
		return h.p.Tuple(items...), nil
	case []any:
		l := h.p.List()
		for _, x := range v {
			o, err := h.value(x)
			if err != nil {
				l.DecRef()
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
	return h.p.Value(v)
}

func (h *host) symbolHandle(s *algo.Symbol) int {
	if s == nil {
		return -1
	}
	i, ok := h.symbolOf[s]
	if !ok {
		i = len(h.symbols)
		h.symbolOf[s] = i
		h.symbols = append(h.symbols, s)
		h.symbolObjects = append(h.symbolObjects, 0)
	}
	return i
}

// symbolObject is the Python object of a symbol; the reference stays the host's.
func (h *host) symbolObject(s *algo.Symbol) (python.Object, error) {
	i := h.symbolHandle(s)
	if o := h.symbolObjects[i]; o != 0 {
		return o, nil
	}
	n := h.p.Int(int64(i))
	defer n.DecRef()
	o, err := h.p.Call(h.symbolFrom, n)
	if err != nil {
		return 0, err
	}
	h.symbolObjects[i] = o
	return o, nil
}

func (h *host) securityHandle(s *algo.Security) int {
	if s == nil {
		return -1
	}
	return handle(h.securityOf, &h.securities, s)
}

func (h *host) ticketHandle(t *algo.Ticket) int {
	if t == nil {
		return -1
	}
	return handle(h.ticketOf, &h.tickets, t)
}

func (h *host) configHandle(c *algo.Config) int {
	return handle(h.configOf, &h.configs, c)
}

// handle is the number by which Python names a thing, given at first sight.
func handle[T comparable](of map[T]int, list *[]T, x T) int {
	i, ok := of[x]
	if !ok {
		i = len(*list)
		of[x] = i
		*list = append(*list, x)
	}
	return i
}

func (a *args) symbol(i int) *algo.Symbol {
	n := a.int(i)
	if n < 0 || n >= len(a.h.symbols) {
		return nil
	}
	return a.h.symbols[n]
}

func (a *args) security(i int) *algo.Security {
	n := a.int(i)
	if n < 0 || n >= len(a.h.securities) {
		a.bad(i, "a security")
		return nil
	}
	return a.h.securities[n]
}

func (a *args) ticket(i int) *algo.Ticket {
	n := a.int(i)
	if n < 0 || n >= len(a.h.tickets) {
		a.bad(i, "a ticket")
		return nil
	}
	return a.h.tickets[n]
}

// newHost makes the module _host and its native types.
func newHost(p *python.Interp, e *algo.Engine, parameters map[string]string) (*host, error) {
	h := &host{p: p, e: e, parameters: parameters, symbolOf: map[*algo.Symbol]int{}, securityOf: map[*algo.Security]int{}, ticketOf: map[*algo.Ticket]int{},
		configOf: map[*algo.Config]int{}, indicatorOf: map[indicator.Indicator]int{}, pythons: map[python.Object]algo.Consolidator{},
		mirrors: map[*algo.Security]*mirror{}, oldestSlice: 1, funcs: map[string]python.Object{}}
	attrs, err := h.types()
	if err != nil {
		return nil, err
	}
	h.declareAlgorithm()
	h.declareOrders()
	h.declareSecurities()
	h.declareData()
	h.declareIndicators()
	h.declareSchedule()
	h.declareModels()
	h.declareTimes()
	for name, f := range h.funcs {
		attrs[name] = f
	}
	m, err := p.NewModule("_host", attrs)
	if err != nil {
		return nil, err
	}
	m.DecRef()
	data, err := p.Import("lean.data")
	if err != nil {
		return nil, err
	}
	defer data.DecRef()
	for name, to := range map[string]*python.Object{"TradeBar": &h.classBar, "QuoteBar": &h.classQuote, "Tick": &h.classTick, "IndicatorDataPoint": &h.classPoint, "Slice": &h.classSlice} {
		if *to, err = p.Attr(data, name); err != nil {
			return nil, err
		}
	}
	class, err := p.Attr(data, "Symbol")
	if err != nil {
		return nil, err
	}
	defer class.DecRef()
	if h.symbolFrom, err = p.Attr(class, "_of"); err != nil {
		return nil, err
	}
	return h, nil
}

// types makes the native classes that Python's derive from.
func (h *host) types() (map[string]python.Object, error) {
	attrs := map[string]python.Object{}
	double := func(name string, aliases ...string) python.Field {
		return python.Field{Name: name, Aliases: aliases, Kind: python.Double}
	}
	long := func(name string) python.Field { return python.Field{Name: name, Kind: python.Int64} }
	flag := func(name string, aliases ...string) python.Field {
		return python.Field{Name: name, Aliases: aliases, Kind: python.Flag}
	}
	ref := func(name string, aliases ...string) python.Field {
		return python.Field{Name: name, Aliases: aliases, Kind: python.Ref}
	}
	for _, t := range []struct {
		name   string
		to     **python.Type
		fields []python.Field
	}{
		{"BarCell", &h.bar, []python.Field{double("open", "Open"), double("high", "High"), double("low", "Low"), double("close", "Close", "value", "Value"), double("volume", "Volume"),
			long("_start"), long("_end"), flag("_ff"), ref("symbol", "Symbol")}},
		{"QuoteCell", &h.quote, []python.Field{double("open", "Open"), double("high", "High"), double("low", "Low"), double("close", "Close", "value", "Value"),
			double("last_bid_size", "LastBidSize"), double("last_ask_size", "LastAskSize"), double("_bo"), double("_bh"), double("_bl"), double("_bc"), double("_ao"), double("_ah"), double("_al"), double("_ac"),
			long("_start"), long("_end"), flag("_ff"), flag("_native"), flag("_hasbid"), flag("_hasask"), ref("symbol", "Symbol")}},
		{"TickCell", &h.tick, []python.Field{double("value", "Value"), double("quantity", "Quantity"), double("bid_price", "BidPrice"), double("ask_price", "AskPrice"), double("bid_size", "BidSize"),
			double("ask_size", "AskSize"), long("_start"), long("_end"), flag("_quote"), flag("suspicious", "Suspicious"), ref("symbol", "Symbol"), ref("_exchange"), ref("_condition")}},
		{"PointCell", &h.point, []python.Field{double("value", "Value"), long("_start"), long("_end"), ref("symbol", "Symbol")}},
		{"SliceCell", &h.slice, []python.Field{long("_time"), long("_utc"), long("_id")}},
		{"SecurityCell", &h.security, []python.Field{double("price", "Price"), double("open", "Open"), double("high", "High"), double("low", "Low"), double("close", "Close"), double("volume", "Volume"),
			double("bid_price", "BidPrice"), double("ask_price", "AskPrice"), double("bid_size", "BidSize"), double("ask_size", "AskSize")}},
		{"HoldingCell", &h.holding, []python.Field{double("quantity", "Quantity"), double("average_price", "AveragePrice"), double("price", "Price"), flag("invested", "Invested")}},
		{"PortfolioCell", &h.portfolio, []python.Field{flag("invested", "Invested")}},
		{"IndicatorCell", &h.indicatorType, []python.Field{double("_value"), long("samples"), long("_at"), flag("is_ready", "IsReady")}},
		{"Clock", &h.clockType, []python.Field{long("local"), long("utc"), flag("warming")}},
	} {
		made, err := h.p.NewType("_host."+t.name, t.fields)
		if err != nil {
			return nil, fmt.Errorf("the native type %s: %w", t.name, err)
		}
		*t.to = made
		attrs[t.name] = made.Object
	}
	h.locate()
	clock, err := h.p.New(h.clockType.Object)
	if err != nil {
		return nil, err
	}
	h.clock = clock
	attrs["CLOCK"] = clock
	return attrs, nil
}
