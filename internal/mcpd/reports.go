package mcpd

import (
	"context"
	"encoding/json"
	"strings"
	"unicode/utf8"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"quantdesk/internal/fault"
	"quantdesk/internal/identity"
	"quantdesk/internal/tool"
)

// reportScheme begins the address of a file of a report.
const reportScheme = "report://"

// mostShown bounds a picture that a reply shows; a larger one is only linked to.
const mostShown = 512 << 10

// attached are the files beside a reply: links, and small pictures.
func attached(files []tool.Attachment) []mcp.Content {
	var out []mcp.Content
	for _, f := range files {
		if f.URI != "" {
			size := f.Size
			out = append(out, &mcp.ResourceLink{URI: f.URI, Name: f.Name, Title: f.Title, MIMEType: f.MIME, Size: &size})
		}
		if f.MIME == "image/png" && len(f.Data) > 0 && len(f.Data) <= mostShown {
			out = append(out, &mcp.ImageContent{Data: f.Data, MIMEType: f.MIME})
		}
	}
	return out
}

// addReports serves the files of reports to their owner, text as text and
// everything else as bytes.
func (s *Server) addReports(srv *mcp.Server, who *identity.Principal, view tool.View) {
	srv.AddResourceTemplate(&mcp.ResourceTemplate{
		URITemplate: reportScheme + "{report_id}/{file}", Name: "report", Title: "File of a report", Description: "A file of a tear sheet or a chart that you made.",
	}, func(ctx context.Context, req *mcp.ReadResourceRequest) (*mcp.ReadResourceResult, error) {
		uri := req.Params.URI
		f, err := s.report(ctx, uri, s.caller(ctx, req, who), s.view(req, who, view))
		if err != nil {
			if err.Code == fault.NotFound {
				return nil, mcp.ResourceNotFoundError(uri)
			}
			return nil, protocolFault(err)
		}
		out := &mcp.ResourceContents{URI: uri, MIMEType: f.MIME}
		if kind, _, _ := strings.Cut(f.MIME, ";"); (kind == "text/csv" || kind == "image/svg+xml") && utf8.Valid(f.Data) {
			out.Text = string(f.Data)
		} else {
			out.Blob = f.Data
		}
		return &mcp.ReadResourceResult{Contents: []*mcp.ResourceContents{out}}, nil
	})
}

// report reads a file of a report as the caller, through the gate.
func (s *Server) report(ctx context.Context, uri string, caller identity.Principal, view tool.View) (tool.Attachment, *fault.Error) {
	missing := fault.E("mcpd.report", fault.NotFound, "there is no resource %.100q", uri)
	id, file, ok := strings.Cut(strings.TrimPrefix(uri, reportScheme), "/")
	if !ok || len(uri) > 2*maxPart {
		return tool.Attachment{}, missing
	}
	raw, err := json.Marshal(map[string]any{"report_id": id, "file": file})
	if err != nil {
		return tool.Attachment{}, fault.As(err)
	}
	res := s.cfg.Gate.Call(ctx, tool.Request{Caller: caller, View: view, Via: "resource", Name: "read_report", Args: raw})
	if res.Fault != nil {
		return tool.Attachment{}, res.Fault
	}
	if len(res.Attachments) != 1 || res.Attachments[0].Data == nil {
		return tool.Attachment{}, missing
	}
	return res.Attachments[0], nil
}
