package tws

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// The server versions that are spoken here.
const (
	MinVersion = 176
	MaxVersion = 178
)

// MaxFrame is the largest payload that a frame may have.
const MaxFrame = 0xFFFFFF

// ErrFrame says that what came is no frame: the other end is not a TWS, or the
// stream is broken. The connection is of no use after it.
var ErrFrame = errors.New("tws: not a frame of the API")

// ReadFrame reads one frame and gives its payload, in buf where that is large
// enough. The payload is valid until buf is used again.
func ReadFrame(r io.Reader, buf []byte) ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	n := int(binary.BigEndian.Uint32(head[:]))
	if n == 0 || n > MaxFrame {
		return nil, fmt.Errorf("%w: a length of %d", ErrFrame, n)
	}
	if cap(buf) < n {
		// A length is a claim until its bytes have come.
		if n > 1<<16 {
			return readLong(r, n)
		}
		buf = make([]byte, n, max(n, 512))
	}
	buf = buf[:n]
	if _, err := io.ReadFull(r, buf); err != nil {
		return nil, short(err)
	}
	return buf, nil
}

func readLong(r io.Reader, n int) ([]byte, error) {
	buf, err := io.ReadAll(io.LimitReader(r, int64(n)))
	if err == nil && len(buf) < n {
		err = io.ErrUnexpectedEOF
	}
	return buf, err
}

// short makes an end in the middle of a frame an unexpected one.
func short(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// Message is a request or a reply.
type Message interface {
	// ID is the number that the message begins with.
	ID() int
	// Walk names the fields behind the id in wire order.
	Walk(f *Fields)
}

// Append appends a message as a frame.
func Append(b []byte, m Message, version int) ([]byte, error) {
	at := len(b)
	f := Fields{buf: append(b, 0, 0, 0, 0), version: version, writing: true}
	f.putInt(int64(m.ID()))
	m.Walk(&f)
	n := len(f.buf) - at - 4
	if f.err == nil && n > MaxFrame {
		f.err = ErrMany
	}
	if f.err != nil {
		return b, &FieldError{nameOf(m), m.ID(), f.at, f.err}
	}
	binary.BigEndian.PutUint32(f.buf[at:], uint32(n)) //nolint:gosec // bounded above
	return f.buf, nil
}

// AppendFields appends plain fields as a frame, for what is no message: the
// answer to a handshake.
func AppendFields(b []byte, fields ...string) []byte {
	at := len(b)
	b = append(b, 0, 0, 0, 0)
	for _, s := range fields {
		b = append(append(b, s...), 0)
	}
	binary.BigEndian.PutUint32(b[at:], uint32(len(b)-at-4)) //nolint:gosec // a handshake is short
	return b
}

// DecodeRequest reads what a client sent. Fields behind the last are ignored.
func DecodeRequest(payload []byte, version int) (Message, error) {
	return decode(payload, version, &requests)
}

// DecodeReply reads what TWS sent. Fields behind the last are ignored.
func DecodeReply(payload []byte, version int) (Message, error) {
	return decode(payload, version, &replies)
}

func decode(payload []byte, version int, t *table) (Message, error) {
	var f Fields
	return f.decode(payload, version, t)
}

// Decoder reads many messages of one connection with less garbage than the
// functions. It is for one goroutine; messages are independent of it.
type Decoder struct {
	Version int
	f       Fields
}

// Reply is DecodeReply.
func (d *Decoder) Reply(payload []byte) (Message, error) {
	return d.f.decode(payload, d.Version, &replies)
}

// Request is DecodeRequest.
func (d *Decoder) Request(payload []byte) (Message, error) {
	return d.f.decode(payload, d.Version, &requests)
}

func (f *Fields) decode(payload []byte, version int, t *table) (Message, error) {
	*f = Fields{buf: payload, version: version}
	id, _ := f.integer()
	if f.err != nil {
		return nil, &FieldError{"", 0, 0, f.err}
	}
	if id < 0 || id >= int64(len(t)) || t[id] == nil {
		return nil, &FieldError{"", int(id), 0, ErrUnknown}
	}
	m := t[id]()
	m.Walk(f)
	if f.err != nil {
		return nil, &FieldError{nameOf(m), int(id), f.at, f.err}
	}
	return m, nil
}

// Split splits a payload into its texts.
func Split(payload []byte) []string {
	var out []string
	from := 0
	for i, c := range payload {
		if c == 0 {
			out = append(out, string(payload[from:i]))
			from = i + 1
		}
	}
	return out
}

// nameOf is a message's name as IBKR's clients know it.
func nameOf(m Message) string {
	s := fmt.Sprintf("%T", m)
	return s[len("*tws."):]
}
