package web

import (
	"errors"
	"io"
	"net/http"
	"time"
)

const (
	// WriteWait is how long one write to a reader may take before the reader is
	// dropped.
	WriteWait = 15 * time.Second
	// ReadWait is how long a request's body may take to arrive.
	ReadWait = 30 * time.Second
)

// Patient bounds every single write of a response, so that a reader that stops
// reading holds up nobody else, however long the stream lives, and bounds how
// long a body may take to come.
func Patient(c Config, next http.Handler) http.Handler {
	if c.WriteWait == 0 {
		c.WriteWait = WriteWait
	}
	if c.ReadWait == 0 {
		c.ReadWait = ReadWait
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctl := http.NewResponseController(w)
		if r.Body != nil && r.Body != http.NoBody {
			// Without support for deadlines the body is as before.
			_ = ctl.SetReadDeadline(time.Now().Add(c.ReadWait))
			r.Body = &promptBody{r.Body, ctl}
		}
		next.ServeHTTP(&deadlineWriter{w, ctl, c.WriteWait}, r)
	})
}

// promptBody takes the read deadline away once the body has come: a stream
// that answers it lives as long as it likes.
type promptBody struct {
	io.ReadCloser
	ctl *http.ResponseController
}

func (b *promptBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if errors.Is(err, io.EOF) {
		_ = b.ctl.SetReadDeadline(time.Time{})
	}
	return n, err
}

type deadlineWriter struct {
	http.ResponseWriter
	ctl  *http.ResponseController
	wait time.Duration
}

func (d *deadlineWriter) Write(p []byte) (int, error) {
	// Without support for deadlines the write is as before.
	_ = d.ctl.SetWriteDeadline(time.Now().Add(d.wait))
	return d.ResponseWriter.Write(p)
}

// Flush sends what is buffered, within the deadline.
func (d *deadlineWriter) Flush() {
	_ = d.ctl.SetWriteDeadline(time.Now().Add(d.wait))
	_ = d.ctl.Flush()
}

// Unwrap gives the response controller the writer underneath.
func (d *deadlineWriter) Unwrap() http.ResponseWriter { return d.ResponseWriter }
