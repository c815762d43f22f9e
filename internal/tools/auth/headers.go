package auth

import (
	"context"

	"quantdesk/internal/identity"
	"quantdesk/internal/qc"
	"quantdesk/internal/tool"
)

// Headers tells how requests to the cloud are signed; no value is shown.
var Headers = tool.Define(tool.Spec{
	Name: "get_auth_headers_info", Title: "How requests are signed", Toolset: "auth", Scopes: []string{identity.ConnectionsRead}, Effect: tool.Read,
	Description: "Which headers sign your requests to QuantConnect's cloud, and whether you have the credentials for them. Values are never shown.",
	Examples:    []string{`{}`},
}, headers)

type headersOut struct {
	Status           string   `json:"status" jsonschema:"configured or not_configured."`
	HeaderFields     []string `json:"header_fields" jsonschema:"Names of the headers."`
	HasAuthorization bool     `json:"has_authorization" jsonschema:"Requests carry the signature."`
	HasTimestamp     bool     `json:"has_timestamp" jsonschema:"Requests carry the time it was made at."`
	TimestampFormat  string   `json:"timestamp_format" jsonschema:"How that time is written."`
	AuthMethod       string   `json:"auth_method" jsonschema:"How the signature is made."`
}

func headers(ctx context.Context, c *tool.Call, _ emptyIn) (headersOut, error) {
	_, origin, err := c.Deps.QuantConnect.Credential(ctx, c.Caller.User)
	out := headersOut{
		Status: "not_configured", HeaderFields: []string{"Content-Type", "User-Agent"},
		TimestampFormat: "seconds since 1970, UTC", AuthMethod: "Basic of user id and SHA-256 of \"token:timestamp\" in hex",
	}
	if origin != qc.Nowhere {
		out.Status, out.HasAuthorization, out.HasTimestamp = "configured", true, true
		out.HeaderFields = append(out.HeaderFields, "Authorization", "Timestamp")
	}
	return out, err
}
