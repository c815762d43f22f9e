package tool

import (
	"slices"
	"strings"

	"quantdesk/internal/fault"
	"quantdesk/internal/identity"
)

// View is what an endpoint offers: some toolsets, perhaps reads only. The zero
// View offers the default list.
type View struct {
	// Toolsets are offered whole; "default" is the curated list, "all"
	// everything. Empty means default.
	Toolsets []string
	ReadOnly bool
	// Exclude are tools that are not offered.
	Exclude []string
}

// Key is a stable text for the view.
func (v View) Key() string {
	s := strings.Join(v.Toolsets, ",")
	if v.ReadOnly {
		s += "/readonly"
	}
	if len(v.Exclude) > 0 {
		s += "-" + strings.Join(v.Exclude, ",")
	}
	return s
}

// Narrow is v within what bound allows: the operator's settings are an upper
// bound that a caller's wishes only narrow.
func (v View) Narrow(bound View) View {
	out := View{ReadOnly: v.ReadOnly || bound.ReadOnly, Exclude: append(slices.Clone(bound.Exclude), v.Exclude...)}
	sets := v.Toolsets
	if len(sets) == 0 {
		sets = bound.Toolsets
	}
	if len(bound.Toolsets) == 0 || slices.Contains(bound.Toolsets, "all") {
		out.Toolsets = sets
		return out
	}
	for _, s := range sets {
		if slices.Contains(bound.Toolsets, s) {
			out.Toolsets = append(out.Toolsets, s)
		}
	}
	if slices.Contains(sets, "all") {
		out.Toolsets = bound.Toolsets
	}
	if len(out.Toolsets) == 0 {
		out.Toolsets = []string{"none"}
	}
	return out
}

// Catalogue is every declared tool, in a stable order.
type Catalogue struct {
	tools   []*Tool
	byName  map[string]*Tool
	aliases map[string]string
	// curated are the names of the default list.
	curated map[string]bool
	schemas *schemas
}

// NewCatalogue gathers tools. curated names the default list; aliases are
// further names that are callable and unlisted; generated is the committed
// catalogue with the schemas. It panics on a clash, at program start.
func NewCatalogue(tools []Tool, curated []string, aliases map[string]string, generated []byte) *Catalogue {
	c := &Catalogue{byName: map[string]*Tool{}, aliases: aliases, curated: map[string]bool{}, schemas: &schemas{raw: generated}}
	for i := range tools {
		t := &tools[i]
		if c.byName[t.Name] != nil {
			panic("two tools are named " + t.Name)
		}
		c.byName[t.Name] = t
		c.tools = append(c.tools, t)
	}
	slices.SortFunc(c.tools, func(a, b *Tool) int { return strings.Compare(a.Name, b.Name) })
	for _, n := range curated {
		if c.byName[n] == nil {
			panic("the default list names a tool that is not there: " + n)
		}
		c.curated[n] = true
	}
	for from, to := range aliases {
		if c.byName[to] == nil || c.byName[from] != nil {
			panic("alias " + from + " is not usable")
		}
	}
	return c
}

// All lists every tool by name.
func (c *Catalogue) All() []*Tool { return c.tools }

// Find gives a tool by its name or an alias.
func (c *Catalogue) Find(name string) (*Tool, bool) {
	if to, ok := c.aliases[name]; ok {
		name = to
	}
	t, ok := c.byName[name]
	return t, ok
}

// Default tells whether a tool is on the curated list.
func (c *Catalogue) Default(t *Tool) bool { return c.curated[t.Name] }

// Toolsets lists the names of toolsets in use, sorted.
func (c *Catalogue) Toolsets() []string {
	var out []string
	for _, t := range c.tools {
		out = append(out, t.Toolset)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// CheckToolsets refuses names that are no toolset.
func (c *Catalogue) CheckToolsets(names []string) error {
	known := append(c.Toolsets(), "default", "all")
	for _, n := range names {
		if !slices.Contains(known, n) {
			return fault.E("tool.CheckToolsets", fault.Invalid, "there is no toolset %q", n).Hinted("Use one of %s.", strings.Join(known, ", "))
		}
	}
	return nil
}

// Offers tells whether a view holds a tool at all.
func (c *Catalogue) Offers(v View, t *Tool) bool {
	if v.ReadOnly && t.Effect != Read || slices.Contains(v.Exclude, t.Name) {
		return false
	}
	if len(v.Toolsets) == 0 {
		return c.curated[t.Name]
	}
	return slices.ContainsFunc(v.Toolsets, func(s string) bool {
		return s == "all" || s == t.Toolset || s == "default" && c.curated[t.Name]
	})
}

// Listed gives what a caller is shown on a view, in a stable order.
func (c *Catalogue) Listed(v View, p identity.Principal) []*Tool {
	var out []*Tool
	for _, t := range c.tools {
		if c.Offers(v, t) && len(p.Missing(t.Scopes)) == 0 {
			out = append(out, t)
		}
	}
	return out
}

// Callable tells whether a caller on a view may call a tool that perhaps is not
// listed there: the operator's bound and reads-only hold, the choice of
// toolsets is a matter of listing.
func (c *Catalogue) Callable(v, bound View, t *Tool) bool {
	if (v.ReadOnly || bound.ReadOnly) && t.Effect != Read || slices.Contains(v.Exclude, t.Name) || slices.Contains(bound.Exclude, t.Name) {
		return false
	}
	return len(bound.Toolsets) == 0 || c.Offers(View{Toolsets: bound.Toolsets}, t)
}
