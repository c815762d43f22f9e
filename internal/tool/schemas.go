package tool

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sync"
)

// Definition is one tool in the generated catalogue: what clients are shown.
type Definition struct {
	Name        string      `json:"name"`
	Title       string      `json:"title"`
	Description string      `json:"description"`
	Toolset     string      `json:"toolset"`
	Scopes      []string    `json:"scopes"`
	Effect      Effect      `json:"effect"`
	Annotations Annotations `json:"annotations"`
	Input       *Schema     `json:"inputSchema"`
	Output      *Schema     `json:"outputSchema"`
}

// Define gives the definition of a tool by reflection; only the generator and
// tests call it.
func (t Tool) Define() (Definition, error) {
	in, err := t.InputSchema()
	if err != nil {
		return Definition{}, err
	}
	out, err := t.OutputSchema()
	if err != nil {
		return Definition{}, err
	}
	return Definition{t.Name, t.Title, t.Description, t.Toolset, t.Scopes, t.Effect, t.Hints(), in, out}, nil
}

// Generate renders the catalogue that is committed.
func (c *Catalogue) Generate() ([]byte, error) {
	defs := make([]Definition, 0, len(c.tools))
	for _, t := range c.tools {
		d, err := t.Define()
		if err != nil {
			return nil, err
		}
		defs = append(defs, d)
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(defs); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// schemas reads the generated catalogue when it is first needed, so that a
// start costs nothing.
type schemas struct {
	raw  []byte
	once sync.Once
	list map[string]*rawSchemas
	err  error
}

// rawSchemas are a tool's schemas, compact, as they go over the wire.
type rawSchemas struct {
	Name   string          `json:"name"`
	Input  json.RawMessage `json:"inputSchema"`
	Output json.RawMessage `json:"outputSchema"`

	once   sync.Once
	parsed *Schema
}

func (s *schemas) of(name string) (*rawSchemas, error) {
	s.once.Do(func() {
		var list []*rawSchemas
		if s.err = json.Unmarshal(s.raw, &list); s.err != nil {
			return
		}
		s.list = make(map[string]*rawSchemas, len(list))
		for _, r := range list {
			r.Input, r.Output = compact(r.Input), compact(r.Output)
			s.list[r.Name] = r
		}
	})
	if s.err != nil {
		return nil, s.err
	}
	r := s.list[name]
	if r == nil {
		return nil, fmt.Errorf("tool %s is not in the generated catalogue: run make golden", name)
	}
	return r, nil
}

func compact(raw json.RawMessage) json.RawMessage {
	var b bytes.Buffer
	if err := json.Compact(&b, raw); err != nil {
		return raw
	}
	return b.Bytes()
}

// Schemas gives a tool's input and output schema as raw JSON.
func (c *Catalogue) Schemas(t *Tool) (input, output json.RawMessage, err error) {
	r, err := c.schemas.of(t.Name)
	if err != nil {
		return nil, nil, err
	}
	return r.Input, r.Output, nil
}

// input gives the parsed input schema, parsed on the tool's first call.
func (c *Catalogue) input(t *Tool) (*Schema, error) {
	r, err := c.schemas.of(t.Name)
	if err != nil {
		return nil, err
	}
	r.once.Do(func() {
		var s Schema
		if json.Unmarshal(r.Input, &s) == nil {
			r.parsed = &s
		}
	})
	if r.parsed == nil {
		return nil, fmt.Errorf("tool %s: its schema is not readable", t.Name)
	}
	return r.parsed, nil
}
