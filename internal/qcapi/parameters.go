package qcapi

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"quantdesk/internal/fault"
	"quantdesk/internal/project"
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// stamp is a time as the API writes it: UTC, to the second, without a zone.
func stamp(t time.Time) string { return t.UTC().Format(time.DateTime) }

// stampOrNil is null for no time.
func stampOrNil(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return stamp(t)
}

// parameters reads parameters as any client writes them: "" and [] for none, a
// list of {key or name, value}, or an object of values or of such objects. The
// order is kept.
func parameters(raw json.RawMessage) ([]project.Parameter, error) {
	raw = bytes.TrimSpace(raw)
	out := []project.Parameter{}
	if len(raw) == 0 || string(raw) == `""` || string(raw) == "null" {
		return out, nil
	}
	if raw[0] == '[' {
		var list []json.RawMessage
		if err := json.Unmarshal(raw, &list); err != nil {
			return nil, err
		}
		for _, item := range list {
			p, err := parameter("", item)
			if err != nil {
				return nil, err
			}
			out = append(out, p)
		}
		return out, nil
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, badParameters()
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, badParameters()
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, badParameters()
		}
		name, _ := key.(string)
		p, err := parameter(name, value)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

func badParameters() error {
	return fault.E("qcapi.parameters", fault.Invalid, "parameters must be an object of texts and numbers")
}

func parameter(key string, raw json.RawMessage) (project.Parameter, error) {
	if len(raw) == 0 || raw[0] != '{' {
		if key == "" {
			return project.Parameter{}, badParameters()
		}
		return project.Parameter{Key: key, Value: raw}, nil
	}
	var in struct {
		Key, Name      string
		Value          json.RawMessage
		Min, Max, Step json.RawMessage
		Type           string
	}
	if err := json.Unmarshal(raw, &in); err != nil || in.Value == nil {
		return project.Parameter{}, badParameters()
	}
	if in.Key == "" {
		in.Key = in.Name
	}
	if in.Key == "" {
		in.Key = key
	}
	return project.Parameter{Key: in.Key, Value: in.Value, Min: in.Min, Max: in.Max, Step: in.Step, Type: in.Type}, nil
}

// projectParameters writes them as a list that each client finds its names in.
func projectParameters(list []project.Parameter) []fields {
	out := []fields{}
	for _, p := range list {
		f := fields{"key": p.Key, "name": p.Key, "value": p.Text()}
		for name, raw := range map[string]json.RawMessage{"min": p.Min, "max": p.Max, "step": p.Step} {
			if raw != nil {
				f[name] = raw
			}
		}
		if p.Type != "" {
			f["type"] = p.Type
		}
		out = append(out, f)
	}
	return out
}

// parameterSet writes a backtest's parameters: an object, or [] for none.
func parameterSet(list []project.Parameter) any {
	if len(list) == 0 {
		return []any{}
	}
	out := map[string]json.RawMessage{}
	for _, p := range list {
		out[p.Key] = p.Value
	}
	return out
}
