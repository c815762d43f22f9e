package indicator

import (
	"fmt"
	"slices"
	"strings"
	"sync"
)

// Spec describes one indicator class.
type Spec struct {
	Class  string  // LEAN's class name, "BollingerBands"
	Params []Param // in constructor order, without the optional leading name
	Subs   []string
	// Fields names the plain numbers of [Fielder], Kind what the indicator feeds on.
	Fields  []string
	Kind    Kind
	Helpers []Helper
	// New makes an indicator. Missing trailing arguments and nil ones take their defaults.
	New func(name string, args []any) (Indicator, error)
	// DefaultName is the name LEAN's constructor gives when it is given none.
	DefaultName func(args []any) string
}

// Param is one parameter of a constructor or helper.
type Param struct {
	Name string // LEAN's, in snake case
	// Type is int, float, bool, string, symbol, symbols, indicator, rate (a number or [RateFunc]) or
	// a type of [EnumNames].
	Type     string
	Default  any
	Required bool
	literal  string // the default as LEAN spells it, for names
}

// Helper describes one overload of an algorithm's helper method.
type Helper struct {
	Method string // "bb"
	// Params stand after the symbol and before resolution and selector. A helper whose first one is of
	// type symbol or symbols has no other leading symbol.
	Params []Param
	// Name is LEAN's text for the indicator's name, "BB({period},{k})"; see [Helper.NameFor].
	Name string
	// Args turns the helper's arguments into the constructor's, where they differ.
	Args func(args []any) []any
	// Selector is the field of a trade bar fed by default, where it is not the value.
	Selector string
}

// NameFor expands the name for the given arguments.
func (h Helper) NameFor(args []any) string { return expand(h.Name, h.Params, args) }

// New makes the indicator of s from the helper's arguments; a helper that takes symbols adds them.
func (h Helper) New(s Spec, name string, args []any) (Indicator, error) {
	vals, err := bind(s.Class, h.Params, args)
	if err != nil {
		return nil, err
	}
	if h.Args != nil {
		vals = h.Args(vals)
	}
	if len(h.Params) == 0 || h.Params[0].Type != "symbols" {
		return s.New(name, vals)
	}
	ind, err := s.New(name, vals[1:])
	if err != nil {
		return nil, err
	}
	for _, symbol := range vals.symbols(0) {
		ind.(AssetSet).Add(symbol)
	}
	return ind, nil
}

var catalogue = sync.OnceValue(func() []Spec {
	all := slices.Concat(averageSpecs, adaptiveSpecs, windowSpecs, momentumSpecs, oscillatorSpecs,
		trendSpecs, bandSpecs, directionSpecs, volumeSpecs, volumeFlowSpecs, profileSpecs, pairSpecs,
		breadthSpecs, statisticSpecs, cycleSpecs, pivotSpecs, candleSpecs())
	slices.SortFunc(all, func(a, b Spec) int { return strings.Compare(a.Class, b.Class) })
	return all
})

// All lists the indicators in order of their class names.
func All() []Spec { return slices.Clone(catalogue()) }

// Lookup finds an indicator by its class name.
func Lookup(class string) (Spec, bool) {
	all := catalogue()
	i, ok := slices.BinarySearchFunc(all, class, func(s Spec, c string) int { return strings.Compare(s.Class, c) })
	if !ok {
		return Spec{}, false
	}
	return all[i], true
}

type maker func(name string, a args) (node, error)

// spec makes a catalogue entry. params, subs and fields are lists in short notation: "period:int
// k:float=2 factor:float?".
func spec(class string, kind Kind, params, name, subs string, make maker, helpers ...Helper) Spec {
	s := Spec{Class: class, Kind: kind, Params: parseParams(params), Helpers: helpers}
	for _, w := range strings.Fields(subs) {
		if f, ok := strings.CutPrefix(w, "#"); ok {
			s.Fields = append(s.Fields, f)
		} else {
			s.Subs = append(s.Subs, w)
		}
	}
	for i := range s.Helpers {
		if s.Helpers[i].Params == nil {
			s.Helpers[i].Params = s.Params
		}
	}
	ps := s.Params
	s.DefaultName = func(given []any) string { return expand(name, ps, given) }
	s.New = func(name string, given []any) (Indicator, error) {
		vals, err := bind(class, ps, given)
		if err != nil {
			return nil, err
		}
		ind, err := make(name, vals)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", class, err)
		}
		return ind, nil
	}
	return s
}

// help describes a helper with its own parameters; same one with the constructor's.
func help(method, params, name string) Helper {
	ps := parseParams(params)
	if ps == nil {
		ps = []Param{}
	}
	return Helper{Method: method, Params: ps, Name: name}
}

func same(method, name string) Helper { return Helper{Method: method, Name: name} }

func (h Helper) args(f func(a []any) []any) Helper {
	h.Args = f
	return h
}

func (h Helper) selector(name string) Helper {
	h.Selector = name
	return h
}

// named sets how the indicator is called by default where a template will not do.
func (s Spec) named(f func(given []any) string) Spec {
	s.DefaultName = f
	return s
}
