package main

import (
	"bufio"
	"encoding/json"
	goio "io"
)

// writeIndented writes a value as an encoder that indents by two blanks does,
// without having the indented text in memory: that of a long result is twice
// as long as the result.
func writeIndented(w goio.Writer, v any) error {
	out := bufio.NewWriterSize(w, 1<<16)
	if err := json.NewEncoder(&indenter{out: out}).Encode(v); err != nil {
		return err
	}
	return out.Flush()
}

// indenter indents JSON without blanks, as encoding/json writes it. What is
// written to a bufio.Writer fails at the end, when it is flushed.
type indenter struct {
	out     *bufio.Writer
	depth   int
	text    bool // within a string
	escaped bool // after its backslash
	opened  bool // after a bracket, which stays on its line when it is empty
}

func (i *indenter) Write(p []byte) (int, error) {
	for _, c := range p {
		if i.text {
			switch {
			case i.escaped:
				i.escaped = false
			case c == '\\':
				i.escaped = true
			case c == '"':
				i.text = false
			}
			_ = i.out.WriteByte(c)
			continue
		}
		if closing := c == '}' || c == ']'; closing {
			i.depth--
			if !i.opened {
				i.line()
			}
			i.opened = false
		} else if i.opened {
			i.opened = false
			i.line()
		}
		_ = i.out.WriteByte(c)
		switch c {
		case '"':
			i.text = true
		case '{', '[':
			i.depth++
			i.opened = true
		case ',':
			i.line()
		case ':':
			_ = i.out.WriteByte(' ')
		}
	}
	return len(p), nil
}

func (i *indenter) line() {
	_ = i.out.WriteByte('\n')
	for range i.depth {
		_, _ = i.out.WriteString("  ")
	}
}
