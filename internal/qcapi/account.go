package qcapi

import (
	"quantdesk/internal/fault"
	"quantdesk/internal/project"
)

const (
	leanVersionID     = 1
	leanEnvironmentID = 1
)

func accountRoutes() []endpoint {
	return []endpoint{
		handle("authenticate", "", func(*call, struct{}) (any, error) { return nil, nil }),
		handle("account/read", "qc:account:read", readAccount),
		handle("organizations/list", "qc:account:read", listOrganizations),
		handle("organizations/read", "qc:account:read", readOrganization),
		handle("organizations/encryption/keys/list", "qc:account:read", func(*call, struct{}) (any, error) { return fields{"keys": []any{}}, nil }),
		handle("user/read", "qc:account:read", readUser),
		handle("nodes/read", "qc:account:read", readAllNodes),
		handle("lean/versions/read", "qc:admin:read", func(c *call, _ struct{}) (any, error) { return fields{"versions": c.versions()}, nil }),
		handle("lean/environments/read", "qc:account:read", readEnvironments),
		handle("market/data/list", "qc:account:read", func(*call, struct{}) (any, error) { return fields{"list": []any{}}, nil }),
		handle("services/terminal-news", "qc:account:read", func(*call, struct{}) (any, error) { return fields{"news": []any{}}, nil }),
	}
}

func (c *call) versions() []fields {
	return []fields{{
		"id": leanVersionID, "created": "2026-01-01 00:00:00", "description": "The engine of this desk, compatible with LEAN", "leanHash": c.cfg.Version,
		"leanCloudHash": "", "name": "master", "ref": "refs/heads/master", "public": true,
	}}
}

// me is the caller, whose organization must be the one that is named.
func (c *call) me(organization text) (project.Person, error) {
	p, err := c.cfg.Projects.Person(c.ctx, c.who.User)
	if err == nil && organization != "" && string(organization) != p.Organization {
		err = fault.E("qcapi.me", fault.NotFound, "there is no organization %q", clip(string(organization))).Hinted("List the organizations for their ids.")
	}
	return p, err
}

type organizationOnly struct{ OrganizationID text }

func readAccount(c *call, in organizationOnly) (any, error) {
	p, err := c.me(in.OrganizationID)
	return fields{"organizationId": p.Organization, "creditBalance": 0.0, "card": nil}, err
}

func organizationName(p project.Person) string { return "Organization of " + p.Name }

func listOrganizations(c *call, _ struct{}) (any, error) {
	p, err := c.me("")
	return fields{"organizations": []fields{{
		"id": p.Organization, "name": organizationName(p), "type": "desk", "ownerName": p.Name, "members": 1, "preferred": true,
	}}}, err
}

func readOrganization(c *call, in organizationOnly) (any, error) {
	p, err := c.me(in.OrganizationID)
	return fields{"organization": fields{
		"id": p.Organization, "name": organizationName(p), "seats": 1, "type": "desk", "credit": fields{"movements": []any{}, "balance": 0.0},
		"products": []any{}, "data": fields{"signedTime": nil, "current": true},
		"members": []fields{{"id": p.Number, "name": p.Name, "isAdmin": true, "email": ""}},
	}}, err
}

func readUser(c *call, in organizationOnly) (any, error) {
	p, err := c.me(in.OrganizationID)
	return fields{"user": fields{"name": p.Name, "profile": "", "badge": nil}}, err
}

func readAllNodes(c *call, in organizationOnly) (any, error) {
	if _, err := c.me(in.OrganizationID); err != nil {
		return nil, err
	}
	list, err := c.cfg.Projects.Nodes(c.ctx, c.caller(""))
	if err != nil {
		return nil, err
	}
	return c.nodes(list, false)
}

func readEnvironments(*call, struct{}) (any, error) {
	return fields{"environments": []fields{{
		"id": leanEnvironmentID, "name": "Python 3.11", "path": nil, "description": "The interpreter that the desk brings", "public": true,
	}}}, nil
}

// absentRoutes answer what the desk does not serve yet.
func absentRoutes() []endpoint {
	var out []endpoint
	for _, a := range []struct {
		prefix, scope, says, what string
		names                     []string
	}{
		{"optimizations/", "qc:optimizations:read", "", "the desk has no optimizations", []string{"estimate", "create", "read", "list", "update", "abort", "delete"}},
		{"live/", "qc:live:read", "No live deployment found. ", "the desk does not trade projects live", []string{
			"create", "read", "list", "update/stop", "update/liquidate", "portfolio/read", "orders/read", "insights/read", "read/insights", "chart/read",
			"logs/read", "commands/create", "commands/broadcast", "auth0/authorize", "auth0/read",
		}},
		{"object/", "qc:objects:read", "", "the desk has no object store", []string{"set", "get", "properties", "list", "delete"}},
		{"ai/tools/", "qc:ai:read", "", "the desk has no AI tools of its own", []string{"backtest-init", "complete", "error-enhance", "pep8-convert", "syntax-check", "search"}},
		{"modules/", "qc:account:read", "", "the desk has no modules", []string{"list", "read"}},
	} {
		for _, n := range a.names {
			out = append(out, handle(a.prefix+n, a.scope, func(*call, struct{}) (any, error) {
				return nil, fault.E("qcapi.absent", fault.Unavailable, "%s%s is not served yet: %s", a.says, a.prefix+n, a.what).
					Hinted("Use QuantConnect's cloud for it.")
			}))
		}
	}
	return out
}
