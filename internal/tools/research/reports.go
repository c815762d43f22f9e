package research

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"quantdesk/internal/identity"
	"quantdesk/internal/report/shelf"
	"quantdesk/internal/tool"
)

// ReadReport is read_report: it lists, and stands behind the resources report://…
// and the downloads of REST.
var ReadReport = tool.Define(tool.Spec{
	Name: "read_report", Title: "Find a report's files", Toolset: toolset, Scopes: []string{identity.ResearchRead}, Effect: tool.Read, Rows: "reports",
	Description: "The reports that create_tearsheet and create_chart made, newest first, with links to their files; one by its id. The desk keeps the last 100.",
	Aliases:     map[string]string{"id": "report_id"},
	Examples:    []string{`{}`},
}, readReport)

type readReportIn struct {
	ID   string `json:"report_id,omitempty" jsonschema:"One report; default all."`
	File string `json:"file,omitempty" jsonschema:"One of its files; with report_id."`
	tool.Page
}

type reportRow struct {
	ID      string    `json:"report_id" jsonschema:"The report."`
	Title   string    `json:"title" jsonschema:"Its title."`
	Created time.Time `json:"created" jsonschema:"When it was made."`
	Formats []string  `json:"formats" jsonschema:"Formats of its files."`
}

type readReportOut struct {
	Reports []reportRow `json:"reports" jsonschema:"Newest first."`
	Files   []fileOut   `json:"files,omitempty" jsonschema:"Of the one that is asked for."`
	tool.Listing
	tool.Attachments
}

func rowOf(r shelf.Report) reportRow {
	row := reportRow{ID: r.ID, Title: r.Title, Created: r.Created, Formats: []string{}}
	for _, f := range r.Files {
		row.Formats = append(row.Formats, strings.TrimPrefix(filepath.Ext(f.Name), "."))
	}
	slices.Sort(row.Formats)
	row.Formats = slices.Compact(row.Formats)
	return row
}

func readReport(_ context.Context, c *tool.Call, in readReportIn) (readReportOut, error) {
	s := c.Deps.Reports
	if in.ID == "" {
		all, next, err := tool.Slice(s.List(c.Caller.User), in.Page)
		if err != nil {
			return readReportOut{}, err
		}
		out := readReportOut{Reports: []reportRow{}, Listing: tool.Listing{NextCursor: next}}
		for _, r := range all {
			out.Reports = append(out.Reports, rowOf(r))
		}
		if len(all) == 0 {
			out.Hints = []string{"create_tearsheet and create_chart make reports."}
		}
		return out, nil
	}
	r, err := s.Find(c.Caller.User, in.ID)
	if err != nil {
		return readReportOut{}, err
	}
	k := reported(c, r)
	out := readReportOut{Reports: []reportRow{rowOf(r)}, Files: k.Files, Attachments: k.Attachments}
	if in.File == "" {
		return out, nil
	}
	raw, err := s.Read(c.Caller.User, in.ID, in.File)
	if err != nil {
		return readReportOut{}, err
	}
	out.Attachments.Files = nil
	for _, f := range k.Attachments.Files {
		if f.Name == in.File {
			f.Data = raw
			out.Attachments.Files = []tool.Attachment{f}
		}
	}
	return out, nil
}
