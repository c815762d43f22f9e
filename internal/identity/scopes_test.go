package identity_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"quantdesk/internal/fault"
	"quantdesk/internal/identity"
)

func TestScopes(t *testing.T) {
	t.Parallel()
	all := identity.Scopes()
	var qc int
	for _, s := range all {
		if strings.HasPrefix(s, "qc:") {
			qc++
		}
	}
	// 28 as QuantConnect's server publishes them, and the desk's own nine.
	if qc != 28 || len(all) != 37 || !slices.IsSorted(all) || len(slices.Compact(slices.Clone(all))) != 37 {
		t.Errorf("%d of %d scopes are qc's; want 28 of 37, sorted, each once", qc, len(all))
	}
}

const qcReads = "qc:account:read qc:ai:read qc:backtests:read qc:collaboration:read qc:files:read qc:live:read qc:objects:read qc:optimizations:read qc:projects:read"

func TestExpand(t *testing.T) {
	t.Parallel()
	read := "broker:read connections:read desk:read market:read research:read " + qcReads
	for _, tt := range []struct {
		names []string
		want  string
	}{
		{nil, "desk:read"},
		{[]string{" ", ""}, "desk:read"},
		{[]string{"market:read"}, "desk:read market:read"},
		{[]string{"market:read", "market:read", "desk:read"}, "desk:read market:read"},
		{[]string{"read"}, read},
		{[]string{"readonly"}, read},
		{[]string{"trade"}, "broker:read broker:trade connections:read desk:read market:read"},
		{[]string{"trader"}, read + " broker:trade connections:write research:write qc:ai:execute qc:backtests:write qc:compile:execute qc:files:write" +
			" qc:live:execute qc:live:write qc:objects:write qc:optimizations:write qc:projects:write"},
		{[]string{"trade", "qc:admin:read"}, "broker:read broker:trade connections:read desk:read market:read qc:admin:read"},
		{[]string{"admin"}, strings.ReplaceAll(strings.Join(identity.Scopes(), " "), " "+identity.BrokerTradeDirect, "")},
		{[]string{"market:read", "broker:trade:direct"}, "broker:trade:direct desk:read market:read"},
	} {
		want := strings.Fields(tt.want)
		slices.Sort(want)
		got, err := identity.Expand(tt.names)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%q, %v (want -, got +):\n%s", tt.names, err, diff)
		}
	}
	for _, bad := range []string{"root", "broker:*", "Broker:Read", "broker:trade qc:admin:write", "qc:admin"} {
		if got, err := identity.Expand([]string{"read", bad}); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%q: %v, %v; want invalid", bad, got, err)
		}
	}
}

// TestGroups holds what no group but admin may give.
func TestGroups(t *testing.T) {
	t.Parallel()
	for _, g := range identity.Groups() {
		for _, s := range g.Scopes {
			kind := s[strings.LastIndex(s, ":")+1:]
			switch {
			case g.Name == "admin":
			case strings.HasPrefix(s, "qc:admin:") || kind == "delete":
				t.Errorf("%s gives %s", g.Name, s)
			case strings.HasPrefix(g.Name, "read") && kind != "read":
				t.Errorf("%s gives %s", g.Name, s)
			}
			if !slices.Contains(identity.Scopes(), s) {
				t.Errorf("%s gives %s, which is no scope", g.Name, s)
			}
		}
	}
}
