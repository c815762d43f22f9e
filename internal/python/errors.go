package python

import "strings"

// Frame is one line of a traceback.
type Frame struct {
	File string
	Line int
	// Func is the function's name; empty for the line of a SyntaxError.
	Func string
	// Text is the source line, trimmed.
	Text string
}

// Error is a Python exception that reached Go.
type Error struct {
	// Type is the class as Python prints it: "ValueError", "module.Broken".
	Type string
	// Message is str() of the exception.
	Message string
	// Traceback is what Python prints, with causes and contexts, at most 64 kB.
	Traceback string
	// Frames are the calls of the traceback, outermost first.
	Frames []Frame
}

// Error is the last line of the traceback.
func (e *Error) Error() string {
	if e.Message == "" {
		return e.Type
	}
	return e.Type + ": " + e.Message
}

// Raise is an error that a Func returns to raise a Python exception.
type Raise struct {
	// Type is a built-in exception's name, as "ValueError"; another name
	// becomes a RuntimeError.
	Type    string
	Message string
	// Class is the exception class itself, borrowed; it overrules Type.
	Class Object
}

// Error is the exception as one line.
func (r *Raise) Error() string {
	if r.Type == "" {
		return r.Message
	}
	return r.Type + ": " + r.Message
}

// bound keeps the two ends of a text.
func bound(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	half := limit / 2
	return strings.ToValidUTF8(s[:half], "") + "\n[...]\n" + strings.ToValidUTF8(s[len(s)-half:], "")
}
