// Package files holds the tools about the files of projects.
package files

import (
	"context"
	"time"
	"unicode/utf8"

	"quantdesk/internal/qc"
	"quantdesk/internal/tool"
)

// Source is what edits through the tools are labelled with, unless the caller
// names another program.
const Source = "MCP Server"

// project is embedded in the input of every tool here.
type project struct {
	ProjectID    int64  `json:"project_id" jsonschema:"The project."`
	CodeSourceID string `json:"code_source_id,omitempty" jsonschema:"Your label as an editor." default:"MCP Server"`
	tool.Backend
}

// edit gives the client and whose edit it is.
func (p project) edit(ctx context.Context, c *tool.Call) (*qc.Client, qc.Edit, error) {
	q, err := c.Client(ctx, p.Backend.Backend)
	e := qc.Edit{Project: p.ProjectID, Source: p.CodeSourceID}
	if e.Source == "" {
		e.Source = Source
	}
	return q, e, err
}

type doneOut struct {
	ProjectID int64      `json:"project_id" jsonschema:"The project."`
	Backend   qc.Backend `json:"backend" jsonschema:"Where it lives."`
	Name      string     `json:"name,omitempty" jsonschema:"The file."`
	Status    string     `json:"status" jsonschema:"What was done."`
}

func done(q *qc.Client, p project, name, status string) doneOut {
	return doneOut{p.ProjectID, q.Backend(), tool.Echo(name), status}
}

type fileRow struct {
	Name       string    `json:"name" jsonschema:"The file."`
	Content    string    `json:"content" jsonschema:"Its text from offset on, as much as fits."`
	Size       int       `json:"size" jsonschema:"Bytes of the whole file."`
	NextOffset int       `json:"next_offset,omitempty" jsonschema:"Read on from here with name and offset; absent at the end."`
	ModifiedAt time.Time `json:"modified_at,omitzero" jsonschema:"When it last changed."`
}

// rowOf shows at most so many bytes of a file and tells how many it took. Whole
// characters stay whole.
func rowOf(f qc.File, offset, most int) (fileRow, int) {
	text := f.Content
	r := fileRow{Name: f.Name, Size: len(text), ModifiedAt: f.Modified.Time}
	offset = min(max(offset, 0), len(text))
	for offset < len(text) && !utf8.RuneStart(text[offset]) {
		offset++
	}
	end := min(offset+max(most, 0), len(text))
	for end > offset && end < len(text) && !utf8.RuneStart(text[end]) {
		end--
	}
	r.Content = text[offset:end]
	if end < len(text) {
		r.NextOffset = max(end, 1) // 0 would be absent
	}
	return r, end - offset
}
