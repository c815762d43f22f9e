package web

import (
	"net/http"
	"time"
)

// WriteWait is how long one write to a reader may take before the reader is
// dropped.
const WriteWait = 15 * time.Second

// Patient bounds every single write of a response, so that a reader that stops
// reading holds up nobody else, however long the stream lives.
func Patient(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(&deadlineWriter{ResponseWriter: w, ctl: http.NewResponseController(w)}, r)
	})
}

type deadlineWriter struct {
	http.ResponseWriter
	ctl *http.ResponseController
}

func (d *deadlineWriter) Write(p []byte) (int, error) {
	// Without support for deadlines the write is as before.
	_ = d.ctl.SetWriteDeadline(time.Now().Add(WriteWait))
	return d.ResponseWriter.Write(p)
}

// Flush sends what is buffered, within the deadline.
func (d *deadlineWriter) Flush() {
	_ = d.ctl.SetWriteDeadline(time.Now().Add(WriteWait))
	_ = d.ctl.Flush()
}

// Unwrap gives the response controller the writer underneath.
func (d *deadlineWriter) Unwrap() http.ResponseWriter { return d.ResponseWriter }
