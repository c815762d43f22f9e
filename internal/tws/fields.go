package tws

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"quantdesk/internal/num"
)

// The errors of decoding, wrapped in a FieldError where a place is known.
var (
	// ErrShort says that a message ends before its last field.
	ErrShort = errors.New("the message is shorter than its kind")
	// ErrValue says that a field is not of its type.
	ErrValue = errors.New("the field is not of its type")
	// ErrUnknown says that nothing here is known by a message's id.
	ErrUnknown = errors.New("the message is unknown")
	// ErrMany says that a list is longer than its message can hold.
	ErrMany = errors.New("the list is longer than the message")
)

// FieldError is a message that cannot be read, and where.
type FieldError struct {
	Message string // the kind's name
	ID      int
	Field   int // the place of the field, the id's being 0
	Err     error
}

// Error is what went wrong where; no content of the message is in it.
func (e *FieldError) Error() string {
	return fmt.Sprintf("tws: message %d %s, field %d: %v", e.ID, e.Message, e.Field, e.Err)
}

// Unwrap gives the cause.
func (e *FieldError) Unwrap() error { return e.Err }

// Fields walks the fields of one message in wire order and either reads or
// writes each. After an error it does nothing, so that a description need not
// look at errors.
type Fields struct {
	buf     []byte // what is read, or what was written so far
	text    string // buf as a text, once one is asked for
	pos     int    // where reading is
	field   int    // how many fields were walked
	version int    // the server version of the connection
	writing bool
	err     error
	at      int // the field of err
}

// Writing tells which way the walk goes.
func (f *Fields) Writing() bool { return f.writing }

// ServerVersion is the version that both ends agreed on.
func (f *Fields) ServerVersion() int { return f.version }

func (f *Fields) fail(err error) {
	if f.err != nil {
		return
	}
	f.err, f.at = err, f.field
	if !errors.Is(err, ErrShort) { // the field was walked already
		f.at--
	}
}

// next gives the bytes of the next field.
func (f *Fields) next() (from, to int) {
	if f.err != nil {
		return 0, 0
	}
	i := bytes.IndexByte(f.buf[f.pos:], 0)
	if i < 0 {
		f.fail(ErrShort)
		return 0, 0
	}
	from, to = f.pos, f.pos+i
	f.pos = to + 1
	f.field++
	return from, to
}

func (f *Fields) put(s string) {
	f.field++
	if strings.IndexByte(s, 0) >= 0 {
		f.fail(ErrValue) // a NUL would make two fields of one
		return
	}
	f.buf = append(append(f.buf, s...), 0)
}

// Str is a text.
func (f *Fields) Str(p *string) {
	if f.writing {
		f.put(*p)
		return
	}
	from, to := f.next()
	if from == to {
		*p = ""
		return
	}
	if f.text == "" {
		f.text = string(f.buf) // one copy for all texts of the message
	}
	*p = f.text[from:to]
}

// Const is a field that always holds the same and whose content nobody reads.
func (f *Fields) Const(s string) {
	if f.writing {
		f.put(s)
		return
	}
	f.next()
}

// Version is the message's own version, which no reader branches on.
func (f *Fields) Version(n int) {
	if f.writing {
		f.field++
		f.buf = append(strconv.AppendInt(f.buf, int64(n), 10), 0)
		return
	}
	f.next()
}

// integer reads an integer; ok is false for an empty field and the sentinels.
func (f *Fields) integer() (n int64, ok bool) {
	from, to := f.next()
	b := f.buf[from:to]
	if len(b) == 0 {
		return 0, false
	}
	neg := b[0] == '-'
	if neg {
		b = b[1:]
	}
	for _, c := range b {
		if c < '0' || c > '9' || n > (unsetLong-9)/10 {
			return f.wide(from, to)
		}
		n = n*10 + int64(c-'0')
	}
	if len(b) == 0 {
		f.fail(ErrValue)
	}
	if neg {
		n = -n
	}
	return n, n != unsetInt
}

// wide reads an integer that is written as a number, such as 1.0, or is large.
func (f *Fields) wide(from, to int) (int64, bool) {
	b := f.buf[from:to]
	if n, err := strconv.ParseInt(string(b), 10, 64); err == nil {
		return n, n != unsetLong
	}
	if tooLarge(b) {
		return 0, false
	}
	d, err := num.Parse(string(b))
	if err == nil {
		if n, exact := d.Int64(); exact {
			return n, n != unsetInt && n != unsetLong
		}
	}
	f.fail(ErrValue)
	return 0, false
}

func (f *Fields) putInt(n int64) {
	f.field++
	f.buf = append(strconv.AppendInt(f.buf, n, 10), 0)
}

// Int is an integer; empty reads as 0.
func (f *Fields) Int(p *int64) {
	if f.writing {
		f.putInt(*p)
		return
	}
	*p, _ = f.integer()
}

// Unset says how an unset number is written.
type Unset uint8

// The ways to write what is unset.
const (
	Empty Unset = iota // nothing
	Max                // the type's largest value
	Zero               // 0
)

// OptInt is an integer that may be unset.
func (f *Fields) OptInt(p *OptInt, unset Unset) {
	if !f.writing {
		n, ok := f.integer()
		*p = OptInt{n, ok}
		return
	}
	switch {
	case p.OK:
		f.putInt(p.N)
	case unset == Max:
		f.putInt(unsetInt)
	case unset == Zero:
		f.putInt(0)
	default:
		f.put("")
	}
}

// OptLong is OptInt with the larger sentinel.
func (f *Fields) OptLong(p *OptInt) {
	if !f.writing {
		n, ok := f.integer()
		*p = OptInt{n, ok}
		return
	}
	if !p.OK {
		f.putInt(unsetLong)
		return
	}
	f.putInt(p.N)
}

// Bool is 1 or 0; empty reads as false.
func (f *Fields) Bool(p *bool) {
	if f.writing {
		if *p {
			f.put("1")
		} else {
			f.put("0")
		}
		return
	}
	from, to := f.next()
	switch string(f.buf[from:to]) {
	case "", "0", "false":
		*p = false
	case "1", "true":
		*p = true
	default:
		// Official clients write any integer; what is not zero is true.
		n, err := strconv.Atoi(string(f.buf[from:to]))
		if err != nil {
			f.fail(ErrValue)
		}
		*p = n != 0
	}
}

// number reads a number.
func (f *Fields) number() OptNum {
	from, to := f.next()
	b := f.buf[from:to]
	if len(b) == 0 {
		return OptNum{}
	}
	if bytes.IndexByte(b, ',') >= 0 {
		b = bytes.ReplaceAll(b, []byte(","), nil) // some servers group thousands
		if len(b) == 0 {
			f.fail(ErrValue)
			return OptNum{}
		}
	}
	// A large number is unset, and not an error of range.
	if len(b) > 20 && tooLarge(b) {
		return OptNum{}
	}
	if b[0] == 'I' || b[0] == 'N' {
		switch string(b) {
		case infinite, "Infinite":
			return Infinite
		case "NaN":
			return OptNum{}
		}
	}
	var d num.Decimal
	if err := d.UnmarshalText(b); err != nil {
		if tooLarge(b) {
			return OptNum{}
		}
		f.fail(ErrValue)
		return OptNum{}
	}
	return Num(d)
}

func (f *Fields) putNum(d num.Decimal) {
	f.field++
	f.buf = append(d.AppendText(f.buf), 0)
}

// Num is a number; empty and the sentinel read as 0.
func (f *Fields) Num(p *num.Decimal) {
	if f.writing {
		f.putNum(*p)
		return
	}
	*p = f.number().Or(num.Zero)
}

// OptNum is a number that may be unset.
func (f *Fields) OptNum(p *OptNum, unset Unset) {
	if !f.writing {
		*p = f.number()
		return
	}
	switch {
	case p.state == isSet:
		f.putNum(p.d)
	case p.state == isInfinite:
		f.put(infinite)
	case unset == Max:
		f.put(unsetDouble)
	case unset == Zero:
		f.put("0.0")
	default:
		f.put("")
	}
}

// Tags is a list of options in one field.
func (f *Fields) Tags(p *[]TagValue) {
	if f.writing {
		var b strings.Builder
		for _, t := range *p {
			b.WriteString(t.Tag + "=" + t.Value + ";")
		}
		f.put(b.String())
		return
	}
	var s string
	f.Str(&s)
	*p = nil
	for part := range strings.SplitSeq(s, ";") {
		if tag, value, ok := strings.Cut(part, "="); ok {
			*p = append(*p, TagValue{tag, value})
		}
	}
}

// count walks the length of a list. Each entry takes at least one byte, which
// bounds what a reader makes room for.
func (f *Fields) count(n int) int {
	if f.writing {
		f.putInt(int64(n))
		return n
	}
	got, _ := f.integer()
	if got < 0 || got > int64(len(f.buf)-f.pos) {
		f.fail(ErrMany)
		return 0
	}
	return int(got)
}

// List is a count and then so many entries, each walked by entry.
func List[T any](f *Fields, p *[]T, entry func(*T)) {
	n := f.count(len(*p))
	if !f.writing {
		*p = nil
		if n > 0 {
			*p = make([]T, 0, min(n, 4096))
		}
		for range n {
			if f.err != nil {
				return
			}
			var v T
			entry(&v)
			*p = append(*p, v)
		}
		return
	}
	for i := range *p {
		entry(&(*p)[i])
	}
}

// TagPairs is a count and then a field for each tag and value.
func (f *Fields) TagPairs(p *[]TagValue) {
	List(f, p, func(t *TagValue) { f.Str(&t.Tag); f.Str(&t.Value) })
}

// Texts is a count and then so many texts.
func (f *Fields) Texts(p *[]string) { List(f, p, f.Str) }
