package tool

import (
	"context"
	"encoding/json"
	"sync"
	"testing"

	"quantdesk/internal/audit"
	"quantdesk/internal/identity"
	"quantdesk/internal/num"
)

type wordIn struct {
	Symbol   string      `json:"symbol" jsonschema:"What."`
	Side     side        `json:"side,omitempty" jsonschema:"Which way."`
	Quantity num.Decimal `json:"quantity,omitzero" jsonschema:"How much."`
	Count    int         `json:"count,omitempty" jsonschema:"How many." minimum:"1" maximum:"9"`
	Extended bool        `json:"extended_hours,omitempty" jsonschema:"Yes or no."`
	Names    []string    `json:"names,omitempty" jsonschema:"Words." maxItems:"3"`
	Legs     []legIn     `json:"legs,omitempty" jsonschema:"Parts."`
	Free     freeIn      `json:"free,omitempty" jsonschema:"Anything."`
	Page
}

type freeIn map[string]any

type legIn struct {
	Symbol   string      `json:"symbol" jsonschema:"What."`
	Quantity num.Decimal `json:"quantity,omitzero" jsonschema:"How much."`
}

type side string

func (side) Values() []string { return []string{"buy", "sell", "sell_short"} }

type wordRow struct {
	Name  string      `json:"name" jsonschema:"A name."`
	Price num.Decimal `json:"price" jsonschema:"A price."`
}

type wordOut struct {
	Rows []wordRow `json:"rows" jsonschema:"Rows."`
	Got  wordIn    `json:"got" jsonschema:"What came in."`
	Listing
}

func spec(name string, effect Effect, change ...func(*Spec)) Spec {
	s := Spec{
		Name: name, Title: "T", Description: "D.", Toolset: "a", Scopes: []string{identity.DeskRead}, Effect: effect, Rows: "rows",
		Aliases: map[string]string{"qty": "quantity", "ticker": "symbol"},
	}
	if effect == Trade {
		s.Scopes = []string{identity.BrokerTrade}
	}
	for _, c := range change {
		c(&s)
	}
	return s
}

// echo gives back what it was given, and rows that need care in a table.
func echo(_ context.Context, _ *Call, in wordIn) (wordOut, error) {
	return wordOut{Got: in, Rows: []wordRow{
		{"plain", num.MustParse("-1.5")}, {"=1+1", num.One}, {"-2+3", num.One}, {"＝x", num.One}, {"a,\"b\"\n\x1b[31m\u202e", num.One},
	}}, nil
}

// memory is an audit in memory.
type memory struct {
	mu      sync.Mutex // guards entries
	entries []audit.Entry
	err     error
}

func (m *memory) Record(e audit.Entry) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.entries = append(m.entries, e)
	return m.err
}

func (m *memory) RecordLater(e audit.Entry) { _ = m.Record(e) }

func (m *memory) text() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	raw, err := json.Marshal(m.entries)
	if err != nil {
		return err.Error()
	}
	return string(raw)
}

// catalogue makes one of tools, its schemas generated on the spot.
func catalogue(t testing.TB, curated []string, aliases map[string]string, tools ...Tool) *Catalogue {
	t.Helper()
	raw, err := NewCatalogue(tools, nil, nil, nil).Generate()
	if err != nil {
		t.Fatal(err)
	}
	return NewCatalogue(tools, curated, aliases, raw)
}

func everyone(scopes ...string) identity.Principal {
	all, err := identity.Expand(scopes)
	if err != nil {
		panic(err)
	}
	return identity.Principal{User: "u", Scopes: all}
}

func schemaOf(t testing.TB) (*Schema, map[string]string) {
	t.Helper()
	tl := Define(spec("word", Read), echo)
	s, err := tl.InputSchema()
	if err != nil {
		t.Fatal(err)
	}
	return s, tl.Aliases
}
