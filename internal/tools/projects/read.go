package projects

import (
	"context"

	"quantdesk/internal/fault"
	"quantdesk/internal/qc"
	"quantdesk/internal/tool"
)

// Read reads one project, or a stretch of all.
var Read = tool.Define(tool.Spec{
	Name: "read_project", Title: "Read a project", Toolset: "projects", Scopes: []string{"qc:projects:read"}, Effect: tool.Read,
	Description: "One project with parameters, libraries and collaborators; without project_id the projects from start to before end. list_projects pages and shows both backends.",
	Examples:    []string{`{}`},
}, read)

// mostRead is how many projects one read gives.
const mostRead = 50

type readIn struct {
	ProjectID int64 `json:"project_id,omitempty" jsonschema:"The project. Default: all."`
	Start     int   `json:"start,omitempty" jsonschema:"First project, from 0." minimum:"0"`
	End       int   `json:"end,omitempty" jsonschema:"After the last; at most 50 more than start."`
	tool.Backend
}

type readOut struct {
	Backend  qc.Backend   `json:"backend" jsonschema:"Who answered."`
	Projects []projectRow `json:"projects" jsonschema:"What was found."`
	Total    int          `json:"total" jsonschema:"How many there are."`
}

func read(ctx context.Context, c *tool.Call, in readIn) (readOut, error) {
	const op = "read_project"
	q, err := c.Client(ctx, in.Backend.Backend)
	if err != nil {
		return readOut{}, err
	}
	out := readOut{Backend: q.Backend(), Projects: []projectRow{}}
	if in.ProjectID != 0 {
		if in.Start != 0 || in.End != 0 {
			return readOut{}, fault.E(op, fault.Invalid, "project_id and start or end exclude each other").With("argument", "start").Hinted("Give project_id alone.")
		}
		p, err := q.Project(ctx, in.ProjectID)
		if err != nil {
			return readOut{}, err
		}
		out.Projects, out.Total = append(out.Projects, rowOf(p, q.Backend())), 1
		return out, nil
	}
	if in.End == 0 {
		in.End = in.Start + mostRead
	}
	if in.End <= in.Start || in.End-in.Start > mostRead {
		return readOut{}, fault.E(op, fault.Invalid, "end must be 1 to %d more than start", mostRead).With("argument", "end").Hinted("Read on from where the last stretch ended.")
	}
	all, err := q.Projects(ctx)
	if err != nil {
		return readOut{}, err
	}
	out.Total = len(all)
	for _, p := range all[min(in.Start, len(all)):min(in.End, len(all))] {
		out.Projects = append(out.Projects, rowOf(p, q.Backend()))
	}
	return out, nil
}
