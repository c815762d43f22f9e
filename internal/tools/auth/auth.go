// Package auth holds the tools about a user's own credentials of QuantConnect's
// cloud. They are sealed with the user's connections, never shared, and never
// shown.
package auth

import (
	"context"
	"strings"

	"quantdesk/internal/fault"
	"quantdesk/internal/identity"
	"quantdesk/internal/qc"
	"quantdesk/internal/tool"
)

// Configure keeps credentials of the cloud.
var Configure = tool.Define(tool.Spec{
	Name: "configure_quantconnect_auth", Title: "Store QuantConnect credentials", Toolset: "auth", Scopes: []string{identity.ConnectionsWrite}, Effect: tool.Write, Idempotent: true, OpenWorld: true,
	Description: "Check your QuantConnect user id and API token with its cloud and, if accepted, store them sealed, for you alone, in place of those before. Then tools take backend cloud.",
	Aliases:     map[string]string{"token": "api_token"},
	Secret:      []string{"api_token"},
}, configure)

type configureIn struct {
	UserID         string `json:"user_id" jsonschema:"A number, from your QuantConnect account page."`
	APIToken       string `json:"api_token" jsonschema:"From there too. It is never shown."`
	OrganizationID string `json:"organization_id,omitempty" jsonschema:"Default organization."`
}

// Status is what the tools tell of credentials; none of it is secret.
type Status struct {
	Status          string    `json:"status" jsonschema:"configured, valid, refused, not_configured or cleared."`
	Authenticated   bool      `json:"authenticated" jsonschema:"The cloud has accepted them in this call."`
	Source          qc.Origin `json:"source" jsonschema:"none, stored (sealed) or environment."`
	UserID          string    `json:"user_id,omitempty" jsonschema:"QuantConnect's user id."`
	OrganizationID  string    `json:"organization_id,omitempty" jsonschema:"Default organization."`
	HasOrganization bool      `json:"has_organization" jsonschema:"One is set."`
	APIBaseURL      string    `json:"api_base_url" jsonschema:"Where the cloud is."`
	Backends        []string  `json:"backends" jsonschema:"Backends that tools can use for you now."`
	Message         string    `json:"message" jsonschema:"What to know."`
}

func tell(c *tool.Call, cred qc.Credential, origin qc.Origin, status, message string) Status {
	s := Status{
		Status: status, Source: origin, UserID: cred.UserID, OrganizationID: cred.Organization, HasOrganization: cred.Organization != "",
		APIBaseURL: c.Deps.QuantConnect.Base(), Backends: []string{string(qc.Embedded)}, Message: message,
	}
	if origin != qc.Nowhere {
		s.Backends = append(s.Backends, string(qc.Cloud))
	}
	return s
}

const most = 200

func configure(ctx context.Context, c *tool.Call, in configureIn) (Status, error) {
	const op = "configure_quantconnect_auth"
	cred := qc.Credential{UserID: strings.TrimSpace(in.UserID), Token: strings.TrimSpace(in.APIToken), Organization: strings.TrimSpace(in.OrganizationID)}
	switch {
	case cred.UserID == "" || len(cred.UserID) > 20 || strings.Trim(cred.UserID, "0123456789") != "":
		return Status{}, fault.E(op, fault.Invalid, "user_id must be a number").With("argument", "user_id").Hinted("It is on your QuantConnect account page.")
	case cred.Token == "" || len(cred.Token) > most:
		return Status{}, fault.E(op, fault.Invalid, "api_token is not one").With("argument", "api_token").Hinted("It is on your QuantConnect account page.")
	case len(cred.Organization) > most:
		return Status{}, fault.E(op, fault.Invalid, "organization_id is not one").With("argument", "organization_id").Hinted("Leave it out for your preferred organization.")
	}
	b := c.Deps.QuantConnect
	if err := b.With(cred).Authenticate(ctx); err != nil {
		return Status{}, err
	}
	if err := b.Configure(ctx, c.Caller.User, cred); err != nil {
		return Status{}, err
	}
	s := tell(c, cred, qc.Stored, "configured", "Accepted and stored. Pass backend cloud to reach the cloud; without it tools use the embedded engine.")
	s.Authenticated = true
	return s, nil
}

// Validate asks the cloud whether the stored credentials are accepted.
var Validate = tool.Define(tool.Spec{
	Name: "validate_quantconnect_auth", Title: "Validate QuantConnect credentials", Toolset: "auth", Scopes: []string{identity.ConnectionsRead}, Effect: tool.Read, OpenWorld: true,
	Description: "Ask QuantConnect's cloud whether your stored credentials are accepted.",
	Examples:    []string{`{}`},
}, validate)

type emptyIn struct{}

const none = "There are no credentials: configure_quantconnect_auth stores them. The embedded engine needs none."

func validate(ctx context.Context, c *tool.Call, _ emptyIn) (Status, error) {
	b := c.Deps.QuantConnect
	cred, origin, err := b.Credential(ctx, c.Caller.User)
	if err != nil || origin == qc.Nowhere {
		return tell(c, cred, origin, "not_configured", none), err
	}
	err = b.With(cred).Authenticate(ctx)
	switch {
	case err == nil:
		s := tell(c, cred, origin, "valid", "The cloud accepts them.")
		s.Authenticated = true
		return s, nil
	case qc.Refused(err):
		return tell(c, cred, origin, "refused", "The cloud refuses them: check the token and the machine's clock, then configure_quantconnect_auth."), nil
	}
	return Status{}, err
}

// GetStatus tells what is stored, without asking the cloud.
var GetStatus = tool.Define(tool.Spec{
	Name: "get_auth_status", Title: "QuantConnect credentials", Toolset: "auth", Scopes: []string{identity.ConnectionsRead}, Effect: tool.Read,
	Description: "Whether you have credentials of QuantConnect's cloud here, from where, and which backends tools can use. validate_quantconnect_auth asks the cloud.",
	Examples:    []string{`{}`},
}, status)

func status(ctx context.Context, c *tool.Call, _ emptyIn) (Status, error) {
	cred, origin, err := c.Deps.QuantConnect.Credential(ctx, c.Caller.User)
	if err != nil || origin == qc.Nowhere {
		return tell(c, cred, origin, "not_configured", none), err
	}
	return tell(c, cred, origin, "configured", "Tools use the embedded engine unless backend is cloud."), nil
}

// Clear forgets the stored credentials.
var Clear = tool.Define(tool.Spec{
	Name: "clear_quantconnect_auth", Title: "Forget QuantConnect credentials", Toolset: "auth", Scopes: []string{identity.ConnectionsWrite}, Effect: tool.Destroy, Idempotent: true,
	Description: "Forget your stored credentials of QuantConnect's cloud. Those of the machine's environment stay.",
	Examples:    []string{`{}`},
}, clearAuth)

func clearAuth(ctx context.Context, c *tool.Call, _ emptyIn) (Status, error) {
	b := c.Deps.QuantConnect
	had, err := b.Clear(ctx, c.Caller.User)
	if err != nil {
		return Status{}, err
	}
	cred, origin, err := b.Credential(ctx, c.Caller.User)
	message := "There was nothing to forget."
	if had {
		message = "Forgotten."
	}
	if origin == qc.Environment {
		message += " Those of the machine's environment are still used."
	}
	return tell(c, cred, origin, "cleared", message), err
}
