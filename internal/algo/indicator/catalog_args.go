package indicator

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// parseParams reads the short notation of [spec].
func parseParams(text string) (list []Param) {
	for _, w := range strings.Fields(text) {
		name, rest, _ := strings.Cut(w, ":")
		typ, lit, hasDefault := strings.Cut(rest, "=")
		p := Param{Name: name, Type: typ, Required: !hasDefault, literal: lit}
		if t, ok := strings.CutSuffix(typ, "?"); ok {
			p.Type, p.Required = t, false
		}
		if hasDefault {
			p.Default = parseDefault(p.Type, lit)
		}
		list = append(list, p)
	}
	return list
}

func parseDefault(typ, lit string) any {
	switch typ {
	case "int":
		n, _ := strconv.Atoi(lit)
		return n
	case "float", "rate":
		x, _ := strconv.ParseFloat(lit, 64)
		return x
	case "bool":
		return lit == "True"
	}
	return lit
}

// args are checked constructor arguments, one per parameter; a missing optional one is nil.
type args []any

func (a args) int(i int) int          { return a[i].(int) }
func (a args) float(i int) float64    { return a[i].(float64) }
func (a args) bool(i int) bool        { return a[i].(bool) }
func (a args) str(i int) string       { return a[i].(string) }
func (a args) has(i int) bool         { return a[i] != nil }
func (a args) symbols(i int) []string { return a[i].([]string) }
func (a args) ma(i int) MovingAverageType {
	return MovingAverageType(a.enum(i, "MovingAverageType"))
}

func (a args) enum(i int, typ string) int {
	n, _ := enumIndex(typ, a[i])
	return n
}

// intOr returns argument i, or other where it is missing.
func (a args) intOr(i, other int) int {
	if a[i] == nil {
		return other
	}
	return a.int(i)
}

func (a args) rate(i int) RateFunc {
	switch r := a[i].(type) {
	case RateFunc:
		return r
	case float64:
		return func(int64) float64 { return r }
	}
	return func(int64) float64 { return 0 }
}

// bind checks given against params and fills in the defaults.
func bind(class string, params []Param, given []any) (args, error) {
	if len(given) > len(params) {
		return nil, fmt.Errorf("%s takes at most %d arguments, %d given", class, len(params), len(given))
	}
	vals := make(args, len(params))
	for i, p := range params {
		if i >= len(given) || given[i] == nil {
			if p.Required {
				return nil, fmt.Errorf("%s: missing argument %s (%s)", class, p.Name, p.Type)
			}
			vals[i] = p.Default
			continue
		}
		v, err := convert(p, given[i])
		if err != nil {
			return nil, fmt.Errorf("%s: argument %s: %w", class, p.Name, err)
		}
		vals[i] = v
	}
	return vals, nil
}

// convert brings v to the type of p.
func convert(p Param, v any) (any, error) {
	switch x := v.(type) {
	case int64:
		v = int(x)
	case float32:
		v = float64(x)
	}
	switch p.Type {
	case "int":
		n, ok := v.(int)
		if f, isFloat := v.(float64); isFloat && f == math.Trunc(f) && math.Abs(f) < 1<<31 {
			n, ok = int(f), true
		}
		if !ok {
			return nil, fmt.Errorf("%v is no int", v)
		}
		if n < 1 && strings.Contains(p.Name, "period") {
			return nil, fmt.Errorf("a period must be at least 1, not %d", n)
		}
		return n, nil
	case "float", "rate":
		switch x := v.(type) {
		case int:
			return float64(x), nil
		case float64:
			if math.IsNaN(x) || math.IsInf(x, 0) {
				return nil, fmt.Errorf("%v is no finite number", x)
			}
			return x, nil
		case RateFunc:
			if p.Type == "rate" {
				return x, nil
			}
		}
	case "bool":
		if b, ok := v.(bool); ok {
			return b, nil
		}
	case "string", "symbol":
		if s, ok := v.(string); ok {
			return s, nil
		}
	case "symbols":
		if s, ok := v.([]string); ok {
			return s, nil
		}
	default:
		n, err := enumIndex(p.Type, v)
		if err != nil {
			return nil, err
		}
		return enums[p.Type][n], nil
	}
	return nil, fmt.Errorf("%v is no %s", v, p.Type)
}

// expand fills the {parameters} of a name; {,parameter} takes its comma along when it has no value.
func expand(name string, params []Param, given []any) string {
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(name, "{")
		out.WriteString(before)
		if !found {
			return out.String()
		}
		key, after, _ := strings.Cut(rest, "}")
		key, optional := strings.CutPrefix(key, ",")
		text := ""
		for i, p := range params {
			if p.Name == key {
				text = p.text(given, i)
			}
		}
		if optional && text != "" {
			out.WriteByte(',')
		}
		out.WriteString(text)
		name = after
	}
}

// text spells argument i as C# would.
func (p Param) text(given []any, i int) string {
	if i >= len(given) || given[i] == nil {
		return p.literal
	}
	v, err := convert(p, given[i])
	if err != nil {
		return ""
	}
	switch x := v.(type) {
	case int:
		return strconv.Itoa(x)
	case float64:
		return strconv.FormatFloat(x, 'f', -1, 64)
	case bool:
		if x {
			return "True"
		}
		return "False"
	case string:
		return x
	}
	return ""
}
