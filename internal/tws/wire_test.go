package tws

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"reflect"
	"strings"
	"testing"

	"quantdesk/internal/num"
)

// examples are worked examples of messages, one field a text.
type examples struct {
	ServerToClient map[string][]string
	ClientToServer map[string][]string
}

const shared = "../../../shared/facts/tws-examples.json"

func load(t testing.TB) examples {
	t.Helper()
	raw, err := os.ReadFile(shared)
	if errors.Is(err, os.ErrNotExist) {
		t.Skipf("no worked examples at %s", shared)
	}
	if err != nil {
		t.Fatal(err)
	}
	var e examples
	if err := json.Unmarshal(raw, &e); err != nil {
		t.Fatal(err)
	}
	return e
}

// same tells whether two fields say the same: numbers by value, and what is
// unset in either of its forms.
func same(a, b string) bool {
	if a == b {
		return true
	}
	value := func(s string) (num.Decimal, bool) {
		f := Fields{buf: append([]byte(s), 0)}
		n := f.number()
		return n.Or(num.Zero), f.err == nil
	}
	x, xok := value(a)
	y, yok := value(b)
	// Empty, 0 and the sentinels are read alike: each as the field's default.
	return xok && yok && x.Equal(y)
}

// Every worked example is read to its last field, and written again says the
// same in every field.
func TestExamples(t *testing.T) {
	e := load(t)
	for _, side := range []struct {
		name   string
		list   map[string][]string
		decode func([]byte, int) (Message, error)
	}{{"reply", e.ServerToClient, DecodeReply}, {"request", e.ClientToServer, DecodeRequest}} {
		if len(side.list) < 40 {
			t.Fatalf("%d examples of a %s", len(side.list), side.name)
		}
		for name, fields := range side.list {
			if strings.HasPrefix(name, "hello") || name == "handshakeReply" {
				continue
			}
			t.Run(side.name+"/"+name, func(t *testing.T) {
				frame := AppendFields(nil, fields...)
				payload, err := ReadFrame(bytes.NewReader(frame), nil)
				if err != nil {
					t.Fatal(err)
				}
				m, err := side.decode(payload, MaxVersion)
				if err != nil {
					t.Fatal(err)
				}
				back, err := Append(nil, m, MaxVersion)
				if err != nil {
					t.Fatal(err)
				}
				got := Split(back[4:])
				if len(got) != len(fields) {
					t.Fatalf("%T: %d fields, want %d\n%q\n%q", m, len(got), len(fields), got, fields)
				}
				for i := range fields {
					if _, ok := m.(*CancelMktData); ok && i == 1 {
						continue // a version, which clients write as they like
					}
					if !same(fields[i], got[i]) {
						t.Errorf("%T field %d: %q, want %q", m, i, got[i], fields[i])
					}
				}
				again, err := side.decode(back[4:], MaxVersion)
				if err != nil || !reflect.DeepEqual(m, again) {
					t.Errorf("%T read again is another: %v\n%+v\n%+v", m, err, m, again)
				}
			})
		}
	}
}

// Every message that is cut short says so, whatever the cut.
func TestShort(t *testing.T) {
	e := load(t)
	for name, fields := range e.ServerToClient {
		if name == "handshakeReply" {
			continue
		}
		for n := 1; n < len(fields); n++ {
			payload := AppendFields(nil, fields[:n]...)[4:]
			if m, err := DecodeReply(payload, MaxVersion); !errors.Is(err, ErrShort) && !errors.Is(err, ErrMany) {
				t.Fatalf("%s cut to %d fields: %T %v", name, n, m, err)
			}
		}
	}
}

func TestBadFrames(t *testing.T) {
	for name, c := range map[string]struct {
		in   string
		want error
	}{
		"nothing":      {"", io.EOF},
		"half a head":  {"\x00\x00", io.ErrUnexpectedEOF},
		"half a frame": {"\x00\x00\x00\x05ab", io.ErrUnexpectedEOF},
		"long claim":   {"\x00\xff\xff\xffab", io.ErrUnexpectedEOF},
		"no length":    {"\x00\x00\x00\x00", ErrFrame},
		"HTTP":         {"HTTP/1.1 400 Bad Request\r\n", ErrFrame},
	} {
		if _, err := ReadFrame(strings.NewReader(c.in), nil); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	for name, c := range map[string]struct {
		fields []string
		want   error
	}{
		"no id":         {[]string{""}, ErrUnknown},
		"a word":        {[]string{"x"}, ErrValue},
		"unknown":       {[]string{"200", "1"}, ErrUnknown},
		"negative":      {[]string{"-1"}, ErrUnknown},
		"bad integer":   {[]string{"9", "1", "1x"}, ErrValue},
		"bad number":    {[]string{"2", "6", "1", "0", "many"}, ErrValue},
		"endless list":  {[]string{"17", "1", "", "", "999999999"}, ErrMany},
		"negative list": {[]string{"17", "1", "", "", "-4"}, ErrMany},
	} {
		_, err := DecodeReply(AppendFields(nil, c.fields...)[4:], MaxVersion)
		var at *FieldError
		if !errors.Is(err, c.want) || !errors.As(err, &at) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	// A NUL inside a text would make two fields of one.
	if _, err := Append(nil, &ReqMatchingSymbols{ReqID: 1, Pattern: "A\x00B"}, MaxVersion); !errors.Is(err, ErrValue) {
		t.Errorf("a NUL was written: %v", err)
	}
}

func TestSentinels(t *testing.T) {
	for text, want := range map[string]OptNum{
		"": {}, "1.7976931348623157E308": {}, "1.7976931348623157e+308": {}, "1" + strings.Repeat("0", 308): {}, "1" + strings.Repeat("7", 308) + ".0": {},
		"Infinity": Infinite, "Infinite": Infinite, "0": Num(num.Zero), "258.60": Num(num.MustParse("258.60")), "-1": Num(num.FromInt(-1)), "1,234.5": Num(num.MustParse("1234.5")),
		"1E-7": Num(num.MustParse("0.0000001")), "0." + strings.Repeat("1", 400): Num(num.MustParse("0." + strings.Repeat("1", 28))),
	} {
		f := Fields{buf: append([]byte(text), 0)}
		if got := f.number(); f.err != nil || got != want {
			t.Errorf("%.40q reads as %v %v, want %v", text, got, f.err, want)
		}
	}
	for text, want := range map[string]OptInt{
		"": {}, "2147483647": {N: unsetInt}, "9223372036854775807": {N: unsetLong}, "0": Int(0), "-1": Int(-1), "1.0": Int(1), "9223372036854775806": Int(unsetLong - 1),
	} {
		f := Fields{buf: append([]byte(text), 0)}
		n, ok := f.integer()
		if f.err != nil || ok != want.OK || ok && n != want.N {
			t.Errorf("%q reads as %d %v %v, want %v", text, n, ok, f.err, want)
		}
	}
}

// fill sets everything in a message, so that each conditional block is there.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.Struct:
		switch v.Addr().Interface().(type) {
		case *num.Decimal:
			v.Set(reflect.ValueOf(num.MustParse("12.5")))
			return
		case *OptNum:
			v.Set(reflect.ValueOf(Num(num.MustParse("7.25"))))
			return
		case *OptInt:
			v.Set(reflect.ValueOf(Int(9)))
			return
		}
		for i := range v.NumField() {
			fill(v.Field(i))
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range 2 {
			fill(v.Index(i))
		}
	case reflect.String:
		v.SetString("text")
	case reflect.Int64:
		v.SetInt(3)
	case reflect.Bool:
		v.SetBool(true)
	}
}

// Every message of either table, with everything in it set, is written and read
// alike at each version: what the writer puts the reader takes, field by field.
func TestWriteAndRead(t *testing.T) {
	for name, side := range map[string]struct {
		t      *table
		decode func([]byte, int) (Message, error)
	}{"request": {&requests, DecodeRequest}, "reply": {&replies, DecodeReply}} {
		for id, make := range side.t {
			if make == nil {
				continue
			}
			for version := MinVersion; version <= MaxVersion; version++ {
				for _, kind := range []string{"BAG", "PEG BENCH", "PEG BEST", "PEG MID"} {
					m := make()
					fill(reflect.ValueOf(m).Elem())
					if m.ID() != id {
						t.Fatalf("%s %T is at %d of the table", name, m, id)
					}
					if p, ok := m.(*PlaceOrder); ok {
						p.Contract.SecType, p.Contract.Exchange, p.Order.OrderType = "BAG", "IBKRATS", kind
						p.Order.CompeteOffset = Infinite
					}
					first, err := Append(nil, m, version)
					if err != nil {
						t.Fatalf("%T: %v", m, err)
					}
					read, err := side.decode(first[4:], version)
					if err != nil {
						t.Fatalf("%T at %d: %v", m, version, err)
					}
					second, err := Append(nil, read, version)
					if err != nil || !bytes.Equal(first, second) {
						t.Fatalf("%T at %d: %v\n%q\n%q", m, version, err, first, second)
					}
				}
			}
		}
	}
}

func FuzzReply(f *testing.F)   { fuzz(f, &replies, DecodeReply) }
func FuzzRequest(f *testing.F) { fuzz(f, &requests, DecodeRequest) }

// What can be read can be written, and what was written reads the same: no input
// makes the codec panic, or take more than its input is worth.
func fuzz(f *testing.F, t *table, decode func([]byte, int) (Message, error)) {
	for _, make := range t {
		if make == nil {
			continue
		}
		for _, full := range []bool{true, false} {
			m := make()
			if full {
				fill(reflect.ValueOf(m).Elem())
			}
			frame, err := Append(nil, m, MaxVersion)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(frame[4:], MaxVersion)
		}
	}
	f.Fuzz(func(t *testing.T, payload []byte, version int) {
		m, err := decode(payload, version)
		if err != nil {
			var at *FieldError
			if !errors.As(err, &at) {
				t.Fatalf("an error without a place: %v", err)
			}
			return
		}
		frame, err := Append(nil, m, version)
		if err != nil {
			t.Fatalf("%T was read and cannot be written: %v", m, err)
		}
		again, err := decode(frame[4:], version)
		if err != nil {
			t.Fatalf("%T was written and cannot be read: %v", m, err)
		}
		back, err := Append(nil, again, version)
		if err != nil || !bytes.Equal(frame, back) {
			t.Fatalf("%T: %v\n%q\n%q", m, err, frame, back)
		}
	})
}
