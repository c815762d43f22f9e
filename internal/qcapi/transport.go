package qcapi

import (
	"bytes"
	"context"
	"io"
	"net/http"
)

// Transport reaches the server in process. The principal of the request's
// context is who asks (web.WithPrincipal); credentials in headers are not looked
// at, and neither limits nor the audit count a call: the gate did.
func (s *Server) Transport() http.RoundTripper { return transport{s} }

type transport struct{ s *Server }

// RoundTrip serves the request on the calling goroutine.
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	in := r.WithContext(context.WithValue(r.Context(), inProcessKey{}, true))
	if in.Body == nil {
		in.Body = http.NoBody
	}
	defer func() { _ = in.Body.Close() }()
	w := &recorder{header: http.Header{}, status: http.StatusOK}
	t.s.ServeHTTP(w, in)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	return &http.Response{
		Status: http.StatusText(w.status), StatusCode: w.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.header, Body: io.NopCloser(&w.body), ContentLength: int64(w.body.Len()), Request: r,
	}, nil
}

// recorder keeps an answer.
type recorder struct {
	header http.Header
	body   bytes.Buffer
	status int
}

func (w *recorder) Header() http.Header         { return w.header }
func (w *recorder) WriteHeader(status int)      { w.status = status }
func (w *recorder) Write(p []byte) (int, error) { return w.body.Write(p) }
