// Package desk holds the tools about the desk itself: finding and calling other
// tools, and the policy that binds orders.
package desk

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"quantdesk/internal/identity"
	"quantdesk/internal/tool"
)

// Search finds tools.
var Search = tool.Define(tool.Spec{
	Name: "search_tools", Title: "Search tools", Toolset: "desk", Scopes: []string{identity.DeskRead}, Effect: tool.Read, Rows: "tools",
	Description: "Find every tool your token may use by what it does, also those not listed. Call a found one with call_tool (reads) or call_write_tool (the rest).",
	Aliases:     map[string]string{"q": "query"},
	Examples:    []string{`{"query":"price history"}`},
}, search)

type searchIn struct {
	Query   string `json:"query,omitempty" jsonschema:"Words; empty lists all."`
	Toolset string `json:"toolset,omitempty" jsonschema:"Only this toolset."`
	Schema  bool   `json:"schema,omitempty" jsonschema:"Give input schemas too."`
	tool.Page
}

type toolRow struct {
	Name        string          `json:"name" jsonschema:"The tool."`
	Title       string          `json:"title" jsonschema:"Its title."`
	Description string          `json:"description" jsonschema:"What it does."`
	Toolset     string          `json:"toolset" jsonschema:"Its toolset."`
	Effect      tool.Effect     `json:"effect" jsonschema:"read, write, destroy or trade."`
	InputSchema json.RawMessage `json:"input_schema,omitempty" jsonschema:"Its arguments."`
}

type searchOut struct {
	Tools []toolRow `json:"tools" jsonschema:"Best match first."`
	Total int       `json:"total" jsonschema:"Matches over all pages."`
	tool.Listing
}

func search(_ context.Context, c *tool.Call, in searchIn) (searchOut, error) {
	cat := c.Gate.Catalogue()
	type hit struct {
		t     *tool.Tool
		score int
	}
	var hits []hit
	words := strings.Fields(strings.ToLower(in.Query))
	for _, t := range cat.All() {
		if in.Toolset != "" && t.Toolset != in.Toolset || !cat.Callable(c.View, c.Gate.Bound(), t) || len(c.Caller.Missing(t.Scopes)) > 0 {
			continue
		}
		if s := score(t, words); s > 0 || len(words) == 0 {
			hits = append(hits, hit{t, s})
		}
	}
	slices.SortStableFunc(hits, func(a, b hit) int { return b.score - a.score })
	page, next, err := tool.Slice(hits, in.Page)
	if err != nil {
		return searchOut{}, err
	}
	out := searchOut{Tools: make([]toolRow, len(page)), Total: len(hits), Listing: tool.Listing{NextCursor: next}}
	for i, h := range page {
		t := h.t
		out.Tools[i] = toolRow{Name: t.Name, Title: t.Title, Description: t.Description, Toolset: t.Toolset, Effect: t.Effect}
		if in.Schema {
			if out.Tools[i].InputSchema, _, err = cat.Schemas(t); err != nil {
				return out, err
			}
		}
	}
	if len(hits) == 0 {
		out.Hints = []string{"Try one word, such as order, quote, bars or account.", "Toolsets: " + strings.Join(cat.Toolsets(), ", ") + "."}
	}
	return out, nil
}

// score weighs where the words are found: the name most, the description least.
func score(t *tool.Tool, words []string) (n int) {
	name, title, text := t.Name, strings.ToLower(t.Title), strings.ToLower(t.Description)
	for _, w := range words {
		w = strings.TrimSuffix(w, "s")
		switch {
		case strings.Contains(name, w):
			n += 4
		case strings.Contains(title, w):
			n += 3
		case strings.Contains(t.Toolset, w):
			n += 2
		case strings.Contains(text, w):
			n++
		}
	}
	return n
}
