package identity

import (
	"slices"
	"strings"

	"quantdesk/internal/fault"
)

// The desk's own scopes. QuantConnect's follow their published names.
const (
	BrokerRead       = "broker:read"
	BrokerTrade      = "broker:trade"
	MarketRead       = "market:read"
	ResearchRead     = "research:read"
	ResearchWrite    = "research:write"
	ConnectionsRead  = "connections:read"
	ConnectionsWrite = "connections:write"
	// BrokerTradeDirect places an order in one call over REST. The operator grants
	// it to programs by its name: no group holds it, and no agent's endpoint heeds it.
	BrokerTradeDirect = "broker:trade:direct"
	// DeskRead finds tools and tells the desk's state; every token has it.
	DeskRead = "desk:read"
)

var qcScopes = []string{
	"qc:account:read",
	"qc:projects:read", "qc:projects:write", "qc:projects:delete",
	"qc:files:read", "qc:files:write", "qc:files:delete",
	"qc:backtests:read", "qc:backtests:write", "qc:backtests:delete",
	"qc:optimizations:read", "qc:optimizations:write", "qc:optimizations:delete",
	"qc:objects:read", "qc:objects:write", "qc:objects:delete",
	"qc:collaboration:read", "qc:collaboration:write", "qc:collaboration:delete",
	"qc:compile:execute",
	"qc:live:read", "qc:live:write", "qc:live:execute", "qc:live:delete",
	"qc:ai:read", "qc:ai:execute",
	"qc:admin:read", "qc:admin:write",
}

var deskScopes = []string{BrokerRead, BrokerTrade, BrokerTradeDirect, MarketRead, ResearchRead, ResearchWrite, ConnectionsRead, ConnectionsWrite, DeskRead}

// Scopes lists every single scope, sorted.
func Scopes() []string {
	all := append(slices.Clone(qcScopes), deskScopes...)
	slices.Sort(all)
	return all
}

// Group is a name for several scopes.
type Group struct {
	Name    string
	Meaning string
	Scopes  []string
}

// Groups lists the names that stand for several scopes.
func Groups() []Group {
	qcReads := slices.DeleteFunc(slices.Clone(qcScopes), func(s string) bool {
		return !strings.HasSuffix(s, ":read") || s == "qc:admin:read"
	})
	reads := append([]string{BrokerRead, MarketRead, ResearchRead, ConnectionsRead, DeskRead}, qcReads...)
	trades := []string{BrokerTrade, BrokerRead, MarketRead, ConnectionsRead, DeskRead}
	trader := append(append(slices.Clone(reads), BrokerTrade, ResearchWrite, ConnectionsWrite),
		"qc:projects:write", "qc:files:write", "qc:compile:execute", "qc:backtests:write", "qc:optimizations:write",
		"qc:live:write", "qc:live:execute", "qc:objects:write", "qc:ai:execute")
	return []Group{
		{"read", "look at everything, change nothing", sorted(reads)},
		{"readonly", "the same as read", sorted(reads)},
		{"trade", "propose, confirm and cancel orders, and see what they need", sorted(trades)},
		{"trader", "read, trade, research, and run algorithms; no deleting, no administration", sorted(trader)},
		{"admin", "every scope but broker:trade:direct", slices.DeleteFunc(Scopes(), func(s string) bool { return s == BrokerTradeDirect })},
	}
}

func sorted(s []string) []string {
	s = slices.Clone(s)
	slices.Sort(s)
	return slices.Compact(s)
}

// Expand turns names of scopes and groups into single scopes, sorted, with
// desk:read among them. An unknown name is refused.
func Expand(names []string) ([]string, error) {
	out := []string{DeskRead}
	all := Scopes()
	groups := Groups()
next:
	for _, n := range names {
		n = strings.TrimSpace(n)
		if n == "" {
			continue
		}
		for _, g := range groups {
			if g.Name == n {
				out = append(out, g.Scopes...)
				continue next
			}
		}
		if !slices.Contains(all, n) {
			return nil, fault.E("identity.Expand", fault.Invalid, "there is no scope %q", n).
				Hinted("Use read, trade, readonly, trader, admin, or single scopes such as %s.", BrokerRead)
		}
		out = append(out, n)
	}
	return sorted(out), nil
}
