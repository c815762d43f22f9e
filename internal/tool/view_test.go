package tool

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"quantdesk/internal/identity"
)

func viewTools() []Tool {
	none := func(context.Context, *Call, nothing) (nothing, error) { return nothing{}, nil }
	in := func(set string) func(*Spec) { return func(s *Spec) { s.Toolset, s.Rows = set, "" } }
	return []Tool{
		Define(spec("a_read", Read, in("a")), none), Define(spec("a_write", Write, in("a")), none), Define(spec("b_read", Read, in("b")), none),
		Define(spec("b_trade", Trade, in("b")), none), Define(spec("c_destroy", Destroy, in("c")), none),
	}
}

func TestViews(t *testing.T) {
	c := catalogue(t, []string{"a_read", "b_trade"}, map[string]string{"old": "b_trade"}, viewTools()...)
	all := everyone("admin")
	for _, x := range []struct {
		name        string
		view, bound View
		who         identity.Principal
		want        string
	}{
		{"default", View{}, View{}, all, "a_read b_trade"},
		{"all", everything, View{}, all, "a_read a_write b_read b_trade c_destroy"},
		{"some sets", View{Toolsets: []string{"b", "c"}}, View{}, all, "b_read b_trade c_destroy"},
		{"default and one", View{Toolsets: []string{"default", "c"}}, View{}, all, "a_read b_trade c_destroy"},
		{"read-only", View{Toolsets: []string{"all"}, ReadOnly: true}, View{}, all, "a_read b_read"},
		{"excluded", View{Toolsets: []string{"all"}, Exclude: []string{"b_trade"}}, View{}, all, "a_read a_write b_read c_destroy"},
		{"by scopes", everything, View{}, everyone(), "a_read a_write b_read c_destroy"},
		{"bound to a set", everything, View{Toolsets: []string{"a"}}, all, "a_read a_write"},
		{"bound, another asked", View{Toolsets: []string{"b"}}, View{Toolsets: []string{"a"}}, all, ""},
		{"bound, nothing asked", View{}, View{Toolsets: []string{"c"}}, all, "c_destroy"},
		{"bound to reads", everything, View{ReadOnly: true}, all, "a_read b_read"},
		{"bound by exclusion", everything, View{Exclude: []string{"a_read"}}, all, "a_write b_read b_trade c_destroy"},
		{"bound to default", everything, View{Toolsets: []string{"default"}}, all, "a_read b_trade"},
	} {
		var got []string
		for _, tl := range c.Listed(x.view.Narrow(x.bound), x.who) {
			got = append(got, tl.Name)
			if !c.Callable(x.view, x.bound, tl) {
				t.Errorf("%s: %s is listed and not callable", x.name, tl.Name)
			}
		}
		if diff := cmp.Diff(strings.Fields(x.want), got); diff != "" && x.want+strings.Join(got, "") != "" {
			t.Errorf("%s (-want +got):\n%s", x.name, diff)
		}
	}
	if tl, ok := c.Find("old"); !ok || tl.Name != "b_trade" || c.Callable(View{ReadOnly: true}, View{}, tl) {
		t.Error("an alias is its tool, with its limits")
	}
	if err := c.CheckToolsets([]string{"a", "all", "default"}); err != nil {
		t.Error(err)
	}
	if err := c.CheckToolsets([]string{"a", "A"}); err == nil {
		t.Error("an unknown toolset is taken")
	}
}

// Narrowing never widens: whatever a caller asks for, what is listed is within
// what the bound alone would list.
func TestNarrowNeverWidens(t *testing.T) {
	c := catalogue(t, []string{"a_read", "b_trade"}, nil, viewTools()...)
	sets := [][]string{nil, {"all"}, {"default"}, {"a"}, {"a", "b"}, {"none"}, {"a", "all"}}
	for _, bound := range sets {
		for _, readOnly := range []bool{false, true} {
			b := View{Toolsets: bound, ReadOnly: readOnly, Exclude: []string{"c_destroy"}}
			wide := b
			if len(bound) == 0 {
				wide.Toolsets = []string{"all"}
			}
			for _, asked := range sets {
				v := View{Toolsets: asked}
				for _, tl := range c.All() {
					within := c.Offers(wide, tl)
					if c.Offers(v.Narrow(b), tl) && !within || c.Callable(v, b, tl) && !within {
						t.Errorf("bound %v, asked %v: %s", b, asked, tl.Name)
					}
				}
			}
		}
	}
}

func TestDefineRefuses(t *testing.T) {
	for name, change := range map[string]func(*Spec){
		"a bad name":            func(s *Spec) { s.Name = "Bad" },
		"a long name":           func(s *Spec) { s.Name = strings.Repeat("a", 41) },
		"no title":              func(s *Spec) { s.Title = "" },
		"no scope":              func(s *Spec) { s.Scopes = nil },
		"an unknown scope":      func(s *Spec) { s.Scopes = []string{"all"} },
		"an unknown effect":     func(s *Spec) { s.Effect = "x" },
		"a trade without scope": func(s *Spec) { s.Effect = Trade },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s is taken", name)
				}
			}()
			Define(spec("fine", Read, change), echo)
		}()
	}
	h := spec("x", Trade).Hints()
	if h.ReadOnly || !h.Destructive || h.Idempotent {
		t.Errorf("hints of a trade: %+v", h)
	}
	if h = spec("x", Read).Hints(); !h.ReadOnly || h.Destructive || !h.Idempotent {
		t.Errorf("hints of a read: %+v", h)
	}
	if !slices.Equal(catalogue(t, nil, nil, viewTools()...).Toolsets(), []string{"a", "b", "c"}) {
		t.Error("toolsets")
	}
}
