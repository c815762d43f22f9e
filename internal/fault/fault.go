// Package fault is the closed set of errors that cross the desk's rooms.
//
// An Error says what is wrong in one sentence and what to do next in another;
// its Code decides the HTTP status and whether a retry makes sense. The codes
// are data (codes.json); constants and docs/errors.md are generated from them.
// Whatever is not an Error is internal: its text never reaches a caller.
//
//	return fault.E("order.Confirm", fault.Expired, "ticket %s expired at %s", id, at).Hinted("Create the order again.")
package fault

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

//go:generate go run ./gen

// Code is one of the closed set of error codes.
type Code string

// Error is what a caller is told.
type Error struct {
	Code Code
	// Op is where it arose, "package.Func": for logs, not for callers.
	Op string
	// Message says what is wrong in one sentence, safe to show.
	Message string
	// Hint says what to do next in one sentence; empty means the code's own.
	Hint string
	// RetryAfter is how long to wait, zero where waiting does not help.
	RetryAfter time.Duration
	// Detail holds safe facts for programs: argument, rule, limit, value,
	// venue_code, venue_text, missing_scopes.
	Detail map[string]any
	// Err is the cause; it is logged, never shown.
	Err error
}

// E makes an Error from a format, as fmt.Sprintf does.
func E(op string, code Code, format string, args ...any) *Error {
	return &Error{Code: code, Op: op, Message: fmt.Sprintf(format, args...)}
}

// Wrap makes an Error with a cause that is logged and not shown.
func Wrap(op string, code Code, err error, format string, args ...any) *Error {
	e := E(op, code, format, args...)
	e.Err = err
	return e
}

// Hinted sets the sentence that says what to do next.
func (e *Error) Hinted(format string, args ...any) *Error {
	e.Hint = fmt.Sprintf(format, args...)
	return e
}

// With adds a fact to the detail.
func (e *Error) With(key string, value any) *Error {
	if e.Detail == nil {
		e.Detail = map[string]any{}
	}
	e.Detail[key] = value
	return e
}

// Clip keeps what an error repeats from growing: s, or its beginning, of at most so
// many bytes.
func Clip(s string, most int) string {
	if len(s) > most {
		return strings.ToValidUTF8(s[:most-3], "") + "..."
	}
	return s
}

// Error is the whole text with operation and cause, for logs.
func (e *Error) Error() string {
	s := string(e.Code) + ": " + e.Message
	if e.Op != "" {
		s = e.Op + ": " + s
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is matches errors of the same code that carry no message: errors.Is(err,
// &fault.Error{Code: fault.NotFound}).
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Message == "" && t.Code == e.Code
}

// Next is the sentence that says what to do next.
func (e *Error) Next() string {
	if e.Hint != "" {
		return e.Hint
	}
	return Lookup(e.Code).Next
}

// As turns any error into an Error: itself, a timeout, a cancellation, or
// internal with a message that tells nothing.
func As(err error) *Error {
	var e *Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &e):
		return e
	case errors.Is(err, context.DeadlineExceeded):
		return Wrap("", Timeout, err, "the answer did not come in time")
	case errors.Is(err, context.Canceled):
		return Wrap("", Cancelled, err, "the call was cancelled")
	}
	return Wrap("", Internal, err, "something went wrong inside the desk")
}

// CodeOf is the code of any error, empty for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	return As(err).Code
}

// Info is what codes.json says of a code.
type Info struct {
	Code      Code   `json:"code"`
	Meaning   string `json:"meaning"`
	HTTP      int    `json:"http"`
	Retryable bool   `json:"retryable"`
	Person    string `json:"person"`
	Next      string `json:"next"`
}

// Lookup gives a code's entry; an unknown code is internal.
func Lookup(c Code) Info {
	for _, i := range codes {
		if i.Code == c {
			return i
		}
	}
	return codes[len(codes)-1]
}

// Codes lists every code in the order of codes.json.
func Codes() []Info { return append([]Info(nil), codes...) }
