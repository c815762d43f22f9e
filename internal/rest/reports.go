package rest

import (
	"encoding/json"
	"net/http"
	"strconv"

	"quantdesk/internal/fault"
	"quantdesk/internal/tool"
	"quantdesk/internal/web"
)

// report hands out a file of a report of the caller's own, to be saved: no
// browser runs what is in it.
func (s *Server) report(w http.ResponseWriter, r *http.Request) {
	p, ok := web.PrincipalOf(r.Context())
	if !ok {
		web.Fail(w, r, fault.E("rest.report", fault.Unauthenticated, "a bearer token is required"))
		return
	}
	args, err := json.Marshal(map[string]any{"report_id": r.PathValue("id"), "file": r.PathValue("file")})
	if err != nil {
		web.Fail(w, r, err)
		return
	}
	res := s.cfg.Gate.Call(r.Context(), tool.Request{Caller: p, View: tool.View{Toolsets: []string{"all"}}, Via: "rest", Name: "read_report", Args: args})
	w.Header().Set("X-Request-Id", res.Trace)
	if res.Fault != nil {
		s.fail(w, r, res)
		return
	}
	if len(res.Attachments) != 1 || res.Attachments[0].Data == nil {
		web.Fail(w, r, fault.E("rest.report", fault.NotFound, "there is no such file"))
		return
	}
	f := res.Attachments[0]
	h := w.Header()
	h.Set("Content-Type", f.MIME)
	h.Set("Content-Length", strconv.Itoa(len(f.Data)))
	h.Set("Content-Disposition", `attachment; filename="`+f.Name+`"`)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("Cache-Control", "private, no-store")
	_, _ = w.Write(f.Data) // the reader may be gone
}
