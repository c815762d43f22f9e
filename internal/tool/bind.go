package tool

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"quantdesk/internal/fault"
)

const (
	// maxDepth bounds nesting, maxText the length of one text argument.
	maxDepth = 32
	maxText  = 200_000
	// maxDigits keeps numbers far from the edge of exact decimals, so that no
	// arithmetic on an argument can overflow.
	maxDigits = 15
)

// bind makes arguments strict. It takes what models really send — camelCase
// names, JSON in strings, one wrapping "model" object — and refuses what would
// otherwise be silently ignored: unknown names, two spellings of one argument,
// doubled keys. What it gives decodes into the input type.
func bind(raw json.RawMessage, s *Schema, sp spellings) (json.RawMessage, error) {
	if len(bytes.TrimSpace(raw)) == 0 || string(bytes.TrimSpace(raw)) == "null" {
		raw = []byte("{}")
	}
	v, err := parse(raw)
	if err != nil {
		return nil, err
	}
	obj, ok := v.(map[string]any)
	if !ok {
		return nil, invalid("", "the arguments must be a JSON object")
	}
	if inner, ok := obj["model"]; ok && len(obj) == 1 && s.Properties["model"] == nil {
		if text, ok := inner.(string); ok {
			if inner, err = parse([]byte(text)); err != nil {
				return nil, err
			}
		}
		if obj, ok = inner.(map[string]any); !ok {
			return nil, invalid("model", "the wrapping argument model must hold an object")
		}
	}
	out, err := bindObject(obj, s, "", sp)
	if err != nil {
		return nil, err
	}
	return json.Marshal(out)
}

// parse reads one JSON value, refusing doubled keys, trailing text and deep
// nesting. Numbers stay text.
func parse(raw []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	v, err := parseValue(d, 0)
	if err != nil {
		var f *fault.Error
		if errors.As(err, &f) {
			return nil, err
		}
		return nil, invalid("", "the arguments are not valid JSON")
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, invalid("", "there is text after the JSON value")
	}
	return v, nil
}

func parseValue(d *json.Decoder, depth int) (any, error) {
	if depth > maxDepth {
		return nil, invalid("", "the arguments are nested deeper than %d levels", maxDepth)
	}
	tok, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch tok {
	case json.Delim('{'):
		obj := map[string]any{}
		for d.More() {
			key, err := d.Token()
			if err != nil {
				return nil, err
			}
			name, _ := key.(string)
			if _, twice := obj[name]; twice {
				return nil, invalid(name, "the argument %s is given twice", clip(name))
			}
			if obj[name], err = parseValue(d, depth+1); err != nil {
				return nil, err
			}
		}
		_, err := d.Token()
		return obj, err
	case json.Delim('['):
		list := []any{}
		for d.More() {
			v, err := parseValue(d, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err := d.Token()
		return list, err
	}
	return tok, nil
}

// spellings are what a tool takes beside its own names and words.
type spellings struct{ names, words map[string]string }

// alike finds the argument that differs from a key in case and underscores only.
func alike(key string, s *Schema) string {
	bare := func(k string) string { return strings.ToLower(strings.ReplaceAll(k, "_", "")) }
	for name := range s.Properties {
		if bare(name) == bare(key) {
			return name
		}
	}
	return key
}

func bindObject(obj map[string]any, s *Schema, path string, sp spellings) (map[string]any, error) {
	if len(s.Properties) == 0 && s.Additional == nil {
		return obj, nil // a free object
	}
	out := make(map[string]any, len(obj))
	from := make(map[string]string, len(obj))
	for _, key := range slices.Sorted(maps.Keys(obj)) {
		name := key
		if s.Properties[name] == nil {
			name = snake(key)
		}
		if s.Properties[name] == nil {
			if to, ok := sp.names[name]; ok {
				name = to
			}
		}
		if s.Properties[name] == nil {
			name = alike(key, s)
		}
		p := s.Properties[name]
		if p == nil {
			return nil, unknownArgument(key, s, path)
		}
		if other, twice := from[name]; twice {
			return nil, invalid(join(path, name), "%s and %s are two spellings of one argument: give one", clip(other), clip(key))
		}
		from[name] = key
		if obj[key] == nil {
			continue // null is the same as left out
		}
		v, err := bindValue(obj[key], p, join(path, name), sp)
		if err != nil {
			return nil, err
		}
		out[name] = v
	}
	for _, name := range s.Required {
		if _, ok := out[name]; !ok {
			return nil, invalid(join(path, name), "%s is required: %s", join(path, name), s.Properties[name].Description)
		}
	}
	return out, nil
}

func bindValue(v any, p *Schema, path string, sp spellings) (any, error) {
	if text, ok := v.(string); ok && (p.Type == "object" || p.Type == "array") {
		parsed, err := parse([]byte(text))
		if err == nil {
			v = parsed
		} else if p.Type == "array" && p.Items != nil && p.Items.Type == "string" {
			// "AAPL, MSFT" is what a model writes for a list of words.
			list := []any{}
			for w := range strings.SplitSeq(text, ",") {
				if w = strings.TrimSpace(w); w != "" {
					list = append(list, w)
				}
			}
			v = list
		}
	}
	switch p.Type {
	case "string":
		return bindText(v, p, path, sp)
	case "integer", "number":
		return bindNumber(v, p, path)
	case "boolean":
		switch v {
		case true, "true", "True":
			return true, nil
		case false, "false", "False":
			return false, nil
		}
		return nil, invalid(path, "%s must be true or false, not %s", path, show(v))
	case "array":
		list, ok := v.([]any)
		if !ok {
			if p.Items == nil || p.Items.Type == "object" || p.Items.Type == "array" {
				return nil, invalid(path, "%s must be a list, not %s", path, show(v))
			}
			list = []any{v}
		}
		if p.MaxItems > 0 && len(list) > p.MaxItems {
			return nil, invalid(path, "%s has %d entries and takes at most %d", path, len(list), p.MaxItems)
		}
		for i, item := range list {
			b, err := bindValue(item, p.Items, fmt.Sprintf("%s[%d]", path, i), sp)
			if err != nil {
				return nil, err
			}
			list[i] = b
		}
		return list, nil
	case "object":
		obj, ok := v.(map[string]any)
		if !ok {
			return nil, invalid(path, "%s must be an object, not %s", path, show(v))
		}
		return bindObject(obj, p, path, sp)
	}
	return v, nil
}

func bindText(v any, p *Schema, path string, sp spellings) (any, error) {
	var text string
	switch t := v.(type) {
	case string:
		text = t
	case json.Number:
		text = t.String()
	default:
		return nil, invalid(path, "%s must be text, not %s", path, show(v))
	}
	if len(text) > maxText || strings.ContainsRune(text, 0) {
		return nil, invalid(path, "%s is longer than %d characters or holds a null character", path, maxText)
	}
	if len(p.Enum) == 0 {
		return text, nil
	}
	word := strings.ToLower(strings.NewReplacer(" ", "_", "-", "_").Replace(strings.TrimSpace(text)))
	for _, e := range p.Enum {
		if word == e || sp.words[word] == e {
			return e, nil
		}
	}
	return nil, invalid(path, "%s must be one of %s, not %s", path, strings.Join(p.Enum, ", "), show(v)).With("allowed", p.Enum)
}

func bindNumber(v any, p *Schema, path string) (any, error) {
	var text string
	switch t := v.(type) {
	case json.Number:
		text = t.String()
	case string:
		text = strings.TrimSpace(t)
	default:
		return nil, invalid(path, "%s must be a number, not %s", path, show(v))
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || f != f || strings.ContainsAny(text, "xXpP_nN") {
		return nil, invalid(path, "%s must be a number, not %s", path, show(v))
	}
	if f >= 1e15 || f <= -1e15 || len(strings.TrimLeft(text, "-+0")) > maxDigits+15 || f != 0 && f < 1e-15 && f > -1e-15 {
		return nil, invalid(path, "%s is not within what a desk counts: at most %d digits before the point", path, maxDigits)
	}
	if p.Type == "integer" {
		if f != float64(int64(f)) {
			return nil, invalid(path, "%s must be a whole number, not %s", path, clip(text))
		}
		text = strconv.FormatInt(int64(f), 10)
	}
	if p.Minimum != nil && f < *p.Minimum {
		return nil, invalid(path, "%s must be at least %v, not %s", path, *p.Minimum, clip(text))
	}
	if p.Maximum != nil && f > *p.Maximum {
		return nil, invalid(path, "%s must be at most %v, not %s", path, *p.Maximum, clip(text))
	}
	return json.Number(literal(text)), nil
}

// literal writes a number that ParseFloat takes as JSON does: no plus, no zeros
// before the first digit, a digit on both sides of the point.
func literal(text string) string {
	text, negative := strings.CutPrefix(strings.TrimPrefix(text, "+"), "-")
	mantissa, exponent, scaled := strings.Cut(strings.ToLower(text), "e")
	whole, fraction, _ := strings.Cut(mantissa, ".")
	if whole = strings.TrimLeft(whole, "0"); whole == "" {
		whole = "0"
	}
	if fraction != "" {
		whole += "." + fraction
	}
	if scaled {
		whole += "e" + exponent
	}
	if negative {
		whole = "-" + whole
	}
	return whole
}

func unknownArgument(key string, s *Schema, path string) error {
	names := slices.Sorted(maps.Keys(s.Properties))
	e := invalid(join(path, key), "there is no argument %s", join(path, clip(key)))
	if len(names) == 0 {
		return e.Hinted("This takes no arguments.")
	}
	if near := nearest(snake(key), names); near != "" {
		return e.Hinted("Did you mean %s? The arguments are %s.", join(path, near), strings.Join(names, ", ")).With("nearest", near)
	}
	return e.Hinted("The arguments are %s.", strings.Join(names, ", "))
}

func invalid(argument, format string, args ...any) *fault.Error {
	e := fault.E("tool.bind", fault.Invalid, format, args...)
	if argument != "" {
		e.With("argument", clip(argument))
	}
	return e
}

// argumentFault tells what the types refuse beyond the schema, such as a date.
func argumentFault(err error) error {
	var t *json.UnmarshalTypeError
	if errors.As(err, &t) {
		return invalid(t.Field, "%s must be %s, not %s", t.Field, t.Type, t.Value)
	}
	return invalid("", "an argument is not understood: %s", clip(strings.TrimPrefix(err.Error(), "json: ")))
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func show(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		return "that"
	}
	return clip(string(raw))
}

// clip keeps echoes of what a caller sent short and printable.
func clip(s string) string { return plain(s, 60) }

// plain gives text without what steers a terminal or turns the direction of
// writing, cut to a length.
func plain(s string, most int) string {
	if len(s) > 4*most { // more is not looked at
		s = s[:4*most]
	}
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsPrint(r) || r == '\n':
			return r
		}
		return ' '
	}, s)
	return fault.Clip(s, most)
}

// snake turns camelCase into snake_case.
func snake(s string) string {
	var b strings.Builder
	for i, r := range s {
		if r >= 'A' && r <= 'Z' {
			if i > 0 && s[i-1] != '_' && (s[i-1] < 'A' || s[i-1] > 'Z') {
				b.WriteByte('_')
			}
			r += 'a' - 'A'
		}
		if r == '-' {
			r = '_'
		}
		b.WriteRune(r)
	}
	return b.String()
}
