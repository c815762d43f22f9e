package arch

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"quantdesk/internal/identity"
	"quantdesk/internal/tools"
)

// TestGeneratedIsCurrent holds what is committed against what is declared.
func TestGeneratedIsCurrent(t *testing.T) {
	cat := tools.Catalogue()
	want, err := cat.Generate()
	if err != nil {
		t.Fatal(err)
	}
	compare(t, "internal/tools/catalogue.json", want)
	if want, err = cat.Markdown(); err != nil {
		t.Fatal(err)
	}
	compare(t, "docs/tools.md", want)
}

func compare(t *testing.T, path string, want []byte) {
	t.Helper()
	got, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not what the declarations give: run make golden", path)
	}
}

// TestTokenBudget bounds what models are shown: name, description and input
// schema, four characters a token.
func TestTokenBudget(t *testing.T) {
	cat := tools.Catalogue()
	var all, listed, nAll, nListed int
	for _, tl := range cat.All() {
		d, err := tl.Define()
		if err != nil {
			t.Fatal(err)
		}
		n, err := d.Tokens()
		if err != nil {
			t.Fatal(err)
		}
		if n > 600 {
			t.Errorf("%s costs %d tokens, at most 600", tl.Name, n)
		}
		all, nAll = all+n, nAll+1
		if cat.Default(tl) {
			listed, nListed = listed+n, nListed+1
		}
	}
	if nListed > 30 {
		t.Errorf("the default list has %d tools, at most 30", nListed)
	}
	if a := all / nAll; a > 250 {
		t.Errorf("a tool costs %d tokens on average, at most 250", a)
	}
	if a := listed / nListed; a > 200 {
		t.Errorf("a tool of the default list costs %d tokens on average, at most 200", a)
	}
	t.Logf("%d tools, %d tokens; default list %d tools, %d tokens (%d a tool)", nAll, all, nListed, listed, listed/nListed)
}

// TestToolRules are the rules every declaration keeps.
func TestToolRules(t *testing.T) {
	cat := tools.Catalogue()
	for _, tl := range cat.All() {
		d, err := tl.Define()
		if err != nil {
			t.Fatal(err)
		}
		if len(d.Description) > 400 {
			t.Errorf("%s: the description has %d characters, at most 400", tl.Name, len(d.Description))
		}
		if d.Output == nil || d.Output.Type != "object" {
			t.Errorf("%s: the output is not an object", tl.Name)
		}
		if tl.Rows != "" && (d.Output.Properties[tl.Rows] == nil || d.Output.Properties["next_cursor"] == nil || d.Input.Properties["limit"] == nil) {
			t.Errorf("%s: a listing has its rows, next_cursor, and limit", tl.Name)
		}
		raw, err := json.Marshal(d.Input)
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range []string{`"anyOf"`, `"oneOf"`, `"allOf"`, `"$ref"`} {
			if bytes.Contains(raw, []byte(word)) {
				t.Errorf("%s: the input schema has %s, which some clients refuse", tl.Name, word)
			}
		}
		for name, p := range d.Input.Properties {
			if p.Description == "" {
				t.Errorf("%s.%s has no description", tl.Name, name)
			}
		}
		for from, to := range tl.Aliases {
			known := false
			for _, p := range d.Input.Properties {
				known = known || p.Properties[to] != nil // of an object within
			}
			if !known && d.Input.Properties[to] == nil && d.Input.Properties[from] == nil && tl.Name != "create_order" && tl.Name != "create_basket" {
				t.Errorf("%s: the alias %s leads to no argument", tl.Name, from)
			}
		}
		for _, e := range tl.Examples {
			if !json.Valid([]byte(e)) {
				t.Errorf("%s: the example %s is not JSON", tl.Name, e)
			}
		}
	}
}

// TestScopesDocumented holds docs/scopes.md against the groups.
func TestScopesDocumented(t *testing.T) {
	compare(t, "docs/scopes.md", []byte(scopesPage()))
}

// scopesPage is written to docs/scopes.md by make golden.
func scopesPage() string {
	var b strings.Builder
	b.WriteString("# Scopes\n\nA token holds scopes; a tool needs all of its own. Groups are names for several. Every token has `desk:read`. A user's scopes bound what its tokens may hold.\n\n")
	for _, g := range identity.Groups() {
		b.WriteString("## `" + g.Name + "`\n\n" + strings.ToUpper(g.Meaning[:1]) + g.Meaning[1:] + ".\n\n`" + strings.Join(g.Scopes, "` `") + "`\n\n")
	}
	b.WriteString("## All scopes\n\n")
	for _, s := range identity.Scopes() {
		b.WriteString("- `" + s + "`\n")
	}
	return b.String()
}

// TestMain lets make golden write the page that only this package can render.
func TestMain(m *testing.M) {
	if os.Getenv("QUANTDESK_UPDATE") != "" {
		if err := os.WriteFile(filepath.Join(root, "docs", "scopes.md"), []byte(scopesPage()), 0o644); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}
