package tool

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"quantdesk/internal/market"
	"quantdesk/internal/num"
)

// Schema is the part of JSON Schema that tools use. Its field order is that of
// the generated catalogue.
type Schema struct {
	Type        string             `json:"type,omitempty"`
	Description string             `json:"description,omitempty"`
	Enum        []string           `json:"enum,omitempty"`
	Default     any                `json:"default,omitempty"`
	Minimum     *float64           `json:"minimum,omitempty"`
	Maximum     *float64           `json:"maximum,omitempty"`
	Format      string             `json:"format,omitempty"`
	Items       *Schema            `json:"items,omitempty"`
	MaxItems    int                `json:"maxItems,omitempty"`
	Properties  map[string]*Schema `json:"properties,omitempty"`
	Required    []string           `json:"required,omitempty"`
	// Additional is false on inputs, absent on outputs and on free objects.
	Additional *bool `json:"additionalProperties,omitempty"`
}

// InputSchema reflects the input type; only the generator calls it.
func (t Tool) InputSchema() (*Schema, error) { return reflectSchema(t.in, true, t.Name) }

// OutputSchema reflects the output type; only the generator calls it.
func (t Tool) OutputSchema() (*Schema, error) { return reflectSchema(t.out, false, t.Name) }

var (
	decimalType    = reflect.TypeFor[num.Decimal]()
	timeType       = reflect.TypeFor[time.Time]()
	dateType       = reflect.TypeFor[market.Date]()
	resolutionType = reflect.TypeFor[market.Resolution]()
	numberType     = reflect.TypeFor[json.Number]()
	textType       = reflect.TypeFor[encoding.TextMarshaler]()
)

func reflectSchema(t reflect.Type, input bool, path string) (*Schema, error) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t {
	case decimalType, numberType:
		return &Schema{Type: "number"}, nil
	case timeType:
		return &Schema{Type: "string", Format: "date-time"}, nil
	case dateType:
		return &Schema{Type: "string", Format: "date"}, nil
	case resolutionType:
		return &Schema{Type: "string"}, nil
	}
	if t.Implements(textType) {
		return &Schema{Type: "string"}, nil
	}
	switch t.Kind() {
	case reflect.Bool:
		return &Schema{Type: "boolean"}, nil
	case reflect.String:
		s := &Schema{Type: "string"}
		if v, ok := reflect.Zero(t).Interface().(interface{ Values() []string }); ok {
			s.Enum = v.Values()
		}
		return s, nil
	case reflect.Int, reflect.Int64, reflect.Int32:
		return &Schema{Type: "integer"}, nil
	case reflect.Float64:
		return &Schema{Type: "number"}, nil
	case reflect.Slice, reflect.Array:
		if t.Elem().Kind() == reflect.Uint8 {
			return &Schema{}, nil // raw JSON: any value
		}
		items, err := reflectSchema(t.Elem(), input, path+"[]")
		return &Schema{Type: "array", Items: items}, err
	case reflect.Map:
		return &Schema{Type: "object"}, nil
	case reflect.Interface:
		return &Schema{}, nil
	case reflect.Struct:
		return structSchema(t, input, path)
	}
	return nil, fmt.Errorf("%s: type %s has no schema", path, t)
}

func structSchema(t reflect.Type, input bool, path string) (*Schema, error) {
	s := &Schema{Type: "object", Properties: map[string]*Schema{}}
	if input {
		closed := false
		s.Additional = &closed
	}
	for f := range fields(t) {
		name, opts, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "-" || !f.IsExported() {
			continue
		}
		if name == "" {
			return nil, fmt.Errorf("%s.%s: a field needs a json name", path, f.Name)
		}
		p, err := reflectSchema(f.Type, input, path+"."+name)
		if err != nil {
			return nil, err
		}
		if !input && f.Type.Kind() == reflect.Pointer && !strings.Contains(opts, "omit") {
			p.Type = "" // it may be null
		}
		p.Description = f.Tag.Get("jsonschema")
		if p.Description == "" && input {
			return nil, fmt.Errorf("%s.%s: an argument needs a description in its jsonschema tag", path, name)
		}
		if err := bounds(p, f.Tag, path+"."+name); err != nil {
			return nil, err
		}
		s.Properties[name] = p
		if input && !strings.Contains(opts, "omitempty") && !strings.Contains(opts, "omitzero") {
			s.Required = append(s.Required, name)
		}
	}
	return s, nil
}

// fields walks the fields of a struct, those of embedded structs in place.
func fields(t reflect.Type) func(yield func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for i := range t.NumField() {
			f := t.Field(i)
			if f.Anonymous && f.Tag.Get("json") == "" {
				embedded := f.Type
				if embedded.Kind() == reflect.Pointer {
					embedded = embedded.Elem()
				}
				for g := range fields(embedded) {
					if !yield(g) {
						return
					}
				}
				continue
			}
			if !yield(f) {
				return
			}
		}
	}
}

func bounds(p *Schema, tag reflect.StructTag, path string) error {
	number := func(name string, to **float64) error {
		text, ok := tag.Lookup(name)
		if !ok {
			return nil
		}
		v, err := strconv.ParseFloat(text, 64)
		*to = &v
		if err != nil {
			return fmt.Errorf("%s: %s: %w", path, name, err)
		}
		return nil
	}
	if err := number("minimum", &p.Minimum); err != nil {
		return err
	}
	if err := number("maximum", &p.Maximum); err != nil {
		return err
	}
	if text, ok := tag.Lookup("maxItems"); ok {
		n, err := strconv.Atoi(text)
		if err != nil {
			return fmt.Errorf("%s: maxItems: %w", path, err)
		}
		p.MaxItems = n
	}
	if text, ok := tag.Lookup("default"); ok {
		switch p.Type {
		case "integer", "number":
			v, err := strconv.ParseFloat(text, 64)
			if err != nil {
				return fmt.Errorf("%s: default: %w", path, err)
			}
			p.Default = v
		case "boolean":
			p.Default = text == "true"
		default:
			p.Default = text
		}
	}
	return nil
}
