package runner

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// A child speaks in frames: one byte that says what it is, the length of the
// body as four bytes, big-endian, and the body as JSON.
type kind byte

const (
	frameProgress kind = 'p'
	frameResult   kind = 'r'
	frameRolling  kind = 'w' // the result's rolling windows, before the result
	frameFault    kind = 'x'
	frameFile     kind = 'f'
	frameSeries   kind = 's' // a series that the run had to decode
)

// maxFrame bounds one frame: a result of a hundred thousand orders is below it.
const maxFrame = 512 << 20

func send(w io.Writer, k kind, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return sendRaw(w, k, body)
}

// sendRaw sends what is JSON already.
func sendRaw(w io.Writer, k kind, body []byte) error {
	if len(body) > maxFrame {
		return fmt.Errorf("a result of %d MB is too long", len(body)>>20)
	}
	head := binary.BigEndian.AppendUint32([]byte{byte(k)}, uint32(len(body))) //nolint:gosec // bounded above
	if len(body) < 1<<16 {
		_, err := w.Write(append(head, body...))
		return err
	}
	if _, err := w.Write(head); err != nil {
		return err
	}
	_, err := w.Write(body)
	return err
}

// receive calls got for every frame until the end. The other side runs user
// code: what is not a frame ends it, whatever a frame holds is judged by got.
func receive(r io.Reader, got func(kind, []byte) error) error {
	in := bufio.NewReaderSize(r, 1<<16)
	for {
		var head [5]byte
		if _, err := io.ReadFull(in, head[:]); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		n := binary.BigEndian.Uint32(head[1:])
		if n > maxFrame {
			return fmt.Errorf("a frame of %d bytes", n)
		}
		body, err := readBody(in, int(n))
		if err != nil {
			return err
		}
		if err := got(kind(head[0]), body); err != nil {
			return err
		}
	}
}

// readBody reads so many bytes. The length is the child's word: never is more
// than twice of what came allocated beforehand.
func readBody(in io.Reader, n int) ([]byte, error) {
	body := make([]byte, 0, min(n, 1<<20))
	for len(body) < n {
		if len(body) == cap(body) {
			body = append(make([]byte, 0, min(n, 2*cap(body))), body...)
		}
		k, err := io.ReadFull(in, body[len(body):cap(body)])
		body = body[:len(body)+k]
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return nil, err
		}
	}
	return body, nil
}
