package tool

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Tokens is the usual estimate of what models are shown of a tool: name,
// description and input schema, four characters a token.
func (d Definition) Tokens() (int, error) {
	raw, err := json.Marshal(d.Input)
	if err != nil {
		return 0, err
	}
	return (len(d.Name) + len(d.Description) + len(raw)) / 4, nil
}

// Markdown renders the reference of all tools.
func (c *Catalogue) Markdown() ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# Tools\n\nGenerated from the declarations: %d tools, %d on the default list. Names in *italics* are optional arguments.\n", len(c.tools), len(c.curated))
	for _, set := range c.Toolsets() {
		fmt.Fprintf(&b, "\n## %s\n", set)
		for _, t := range c.tools {
			if t.Toolset != set {
				continue
			}
			d, err := t.Define()
			if err != nil {
				return nil, err
			}
			n, err := d.Tokens()
			if err != nil {
				return nil, err
			}
			listed := ""
			if !c.curated[t.Name] {
				listed = " · not on the default list"
			}
			fmt.Fprintf(&b, "\n### `%s`\n%s\n\n%s · scopes %s · about %d tokens%s\n", t.Name, t.Description, t.Effect, "`"+strings.Join(t.Scopes, "` `")+"`", n, listed)
			arguments(&b, d.Input)
			for _, e := range t.Examples {
				fmt.Fprintf(&b, "\n`quantdesk call %s --json '%s'`\n", t.Name, e)
			}
		}
	}
	return b.Bytes(), nil
}

func arguments(b *bytes.Buffer, s *Schema) {
	if len(s.Properties) == 0 {
		return
	}
	b.WriteString("\n| argument | type | |\n| --- | --- | --- |\n")
	names := append(slices.Clone(s.Required), slices.DeleteFunc(slices.Sorted(maps.Keys(s.Properties)), func(n string) bool { return slices.Contains(s.Required, n) })...)
	for _, n := range names {
		p := s.Properties[n]
		shown := "`" + n + "`"
		if !slices.Contains(s.Required, n) {
			shown = "*`" + n + "`*"
		}
		kind := p.Type
		if p.Items != nil {
			kind += " of " + p.Items.Type
		}
		if len(p.Enum) > 0 {
			kind = strings.Join(p.Enum, ", ")
		}
		text := p.Description
		if p.Default != nil {
			text += fmt.Sprintf(" Default %v.", p.Default)
		}
		fmt.Fprintf(b, "| %s | %s | %s |\n", shown, kind, text)
	}
}
