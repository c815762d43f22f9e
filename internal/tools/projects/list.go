package projects

import (
	"context"
	"time"

	"quantdesk/internal/fault"
	"quantdesk/internal/qc"
	"quantdesk/internal/tool"
)

// List lists projects of both backends.
var List = tool.Define(tool.Spec{
	Name: "list_projects", Title: "List projects", Toolset: "projects", Scopes: []string{"qc:projects:read"}, Effect: tool.Read, Rows: "projects",
	Description: "Your projects and those shared with you, on the embedded engine and, with credentials stored, in QuantConnect's cloud. Pass project_id and backend on.",
	Examples:    []string{`{}`},
}, list)

type listIn struct {
	Backend qc.Backend `json:"backend,omitempty" jsonschema:"Only this one. Default: both."`
	tool.Page
}

type listRow struct {
	ProjectID  int64      `json:"project_id" jsonschema:"Pass it elsewhere."`
	Backend    qc.Backend `json:"backend" jsonschema:"embedded or cloud."`
	Name       string     `json:"name" jsonschema:"Its name."`
	Language   string     `json:"language" jsonschema:"Py or C#."`
	Owner      bool       `json:"owner" jsonschema:"It is yours."`
	ModifiedAt time.Time  `json:"modified_at,omitzero" jsonschema:"When it last changed."`
}

type listOut struct {
	Projects []listRow `json:"projects" jsonschema:"Embedded first."`
	Cloud    string    `json:"cloud" jsonschema:"Whether the cloud was asked, and what it said."`
	tool.Listing
}

func list(ctx context.Context, c *tool.Call, in listIn) (listOut, error) {
	rows := []listRow{}
	add := func(b qc.Backend) error {
		q, err := c.Client(ctx, b)
		if err != nil {
			return err
		}
		all, err := q.Projects(ctx)
		for _, p := range all {
			rows = append(rows, listRow{p.ID, b, p.Name, p.Language, p.Owner, p.Modified.Time})
		}
		return err
	}
	cloud := "not asked"
	if in.Backend != qc.Cloud {
		if err := add(qc.Embedded); err != nil {
			return listOut{}, err
		}
	}
	if in.Backend == qc.Cloud {
		if err := add(qc.Cloud); err != nil {
			return listOut{}, err
		}
		cloud = "listed"
	} else if in.Backend == "" {
		_, origin, err := c.Deps.QuantConnect.Credential(ctx, c.Caller.User)
		switch {
		case err != nil:
			return listOut{}, err
		case origin == qc.Nowhere:
			cloud = "no credentials: configure_quantconnect_auth"
		default:
			// The cloud being away must not hide what is here.
			cloud = "listed"
			if err := add(qc.Cloud); err != nil {
				cloud = fault.As(err).Message
			}
		}
	}
	page, next, err := tool.Slice(rows, in.Page)
	if err != nil {
		return listOut{}, err
	}
	out := listOut{Projects: page, Cloud: cloud, Listing: tool.Listing{NextCursor: next}}
	if len(rows) == 0 {
		out.Hints = []string{"None yet. create_project makes one with a starter algorithm."}
	}
	return out, nil
}
