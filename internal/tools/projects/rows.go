// Package projects holds the tools about projects and the nodes that run them,
// on the embedded engine and in QuantConnect's cloud.
package projects

import (
	"fmt"
	"time"

	"quantdesk/internal/qc"
)

type projectRow struct {
	ProjectID      int64             `json:"project_id" jsonschema:"Pass it elsewhere."`
	Backend        qc.Backend        `json:"backend" jsonschema:"Where it lives: embedded or cloud."`
	Name           string            `json:"name" jsonschema:"Its name; slashes make folders."`
	Description    string            `json:"description,omitempty" jsonschema:"Free text."`
	Language       string            `json:"language" jsonschema:"Py or C#."`
	OrganizationID string            `json:"organization_id,omitempty" jsonschema:"Its organization."`
	Owner          bool              `json:"owner" jsonschema:"It is yours."`
	CreatedAt      time.Time         `json:"created_at,omitzero" jsonschema:"When it was made."`
	ModifiedAt     time.Time         `json:"modified_at,omitzero" jsonschema:"When it last changed."`
	Parameters     map[string]string `json:"parameters" jsonschema:"Parameters by name."`
	Libraries      []int64           `json:"libraries" jsonschema:"Projects it imports."`
	Collaborators  int               `json:"collaborators" jsonschema:"Who may reach it, the owner among them."`
}

func rowOf(p qc.Project, b qc.Backend) projectRow {
	r := projectRow{
		ProjectID: p.ID, Backend: b, Name: p.Name, Description: p.Description, Language: p.Language, OrganizationID: p.Organization, Owner: p.Owner,
		CreatedAt: p.Created.Time, ModifiedAt: p.Modified.Time, Parameters: map[string]string{}, Libraries: []int64{}, Collaborators: len(p.Collaborators),
	}
	for _, x := range p.Parameters {
		r.Parameters[x.Key] = fmt.Sprint(x.Value)
	}
	for _, l := range p.Libraries {
		r.Libraries = append(r.Libraries, l.ID)
	}
	return r
}
