package python

import (
	"fmt"
	"math"
	"runtime"
	"sort"
	"sync"
	"unsafe"
)

// None is None, with a new reference.
func (p *Interp) None() Object { return lib.none.IncRef() }

// Bool is True or False.
func (p *Interp) Bool(v bool) Object {
	if v {
		return lib.yes.IncRef()
	}
	return lib.no.IncRef()
}

// Int makes an int.
func (p *Interp) Int(v int64) Object {
	if v >= smallMin && v < smallMin+small {
		return lib.small[v-smallMin].IncRef()
	}
	return Object(call(lib.newInt, uintptr(v), 0, 0, 0, 0, 0))
}

// Float makes a float.
func (p *Interp) Float(v float64) Object { return Object(callFloat(lib.newFloat, math.Float64bits(v))) }

// Text makes a str; bytes that are no UTF-8 become U+FFFD.
func (p *Interp) Text(s string) Object {
	data := unsafe.StringData(s)
	if data != nil {
		data = heap(data)
	}
	o := Object(call(lib.newText, uintptr(unsafe.Pointer(data)), uintptr(len(s)), cString("replace"), 0, 0, 0))
	runtime.KeepAlive(data)
	return o
}

// Bytes makes a bytes object.
func (p *Interp) Bytes(b []byte) Object {
	o := Object(call(lib.fn("PyBytes_FromStringAndSize"), 0, uintptr(len(b)), 0, 0, 0, 0))
	if o != 0 {
		copy(bytesAt(uintptr(o)+offBytes, len(b)), b)
	}
	return o
}

// Tuple makes a tuple and steals the items.
func (p *Interp) Tuple(items ...Object) Object {
	o := Object(call(lib.newTuple, uintptr(len(items)), 0, 0, 0, 0, 0))
	copy(o.Items(), items)
	return o
}

// List makes a list and steals the items.
func (p *Interp) List(items ...Object) Object {
	o := Object(call(lib.newList, uintptr(len(items)), 0, 0, 0, 0, 0))
	copy(o.Items(), items)
	return o
}

// Dict makes an empty dict.
func (p *Interp) Dict() Object { return Object(call(lib.fn("PyDict_New"), 0, 0, 0, 0, 0, 0)) }

// Value makes a Python value of a Go one: nil, bool, the ints, floats, string,
// []byte, Object (a new reference to it), slices of any, Object, string,
// float64 and int64 (lists), map[string]any (a dict in key order).
func (p *Interp) Value(v any) (Object, error) {
	switch v := v.(type) {
	case nil:
		return p.None(), nil
	case Object:
		return v.IncRef(), nil
	case bool:
		return p.Bool(v), nil
	case int:
		return p.Int(int64(v)), nil
	case int32:
		return p.Int(int64(v)), nil
	case int64:
		return p.Int(v), nil
	case float64:
		return p.Float(v), nil
	case string:
		return p.Text(v), nil
	case []byte:
		return p.Bytes(v), nil
	case []any:
		return list(p, v, p.Value)
	case []Object:
		return list(p, v, func(o Object) (Object, error) { return o.IncRef(), nil })
	case []string:
		return list(p, v, func(s string) (Object, error) { return p.Text(s), nil })
	case []float64:
		return list(p, v, func(f float64) (Object, error) { return p.Float(f), nil })
	case []int64:
		return list(p, v, func(n int64) (Object, error) { return p.Int(n), nil })
	case map[string]any:
		d := p.Dict()
		for _, k := range sortedKeys(v) {
			o, err := p.Value(v[k])
			if err == nil {
				err = p.SetKey(d, k, o)
				o.DecRef()
			}
			if err != nil {
				d.DecRef()
				return 0, err
			}
		}
		return d, nil
	}
	return 0, &Raise{Type: "TypeError", Message: fmt.Sprintf("no Python value for a Go %T", v)}
}

func list[T any](p *Interp, items []T, make func(T) (Object, error)) (Object, error) {
	l := p.List()
	for _, it := range items {
		o, err := make(it)
		if err == nil {
			err = p.Append(l, o)
			o.DecRef()
		}
		if err != nil {
			l.DecRef()
			return 0, err
		}
	}
	return l, nil
}

func sortedKeys(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

// Go makes a Go value of None, a bool, int, float, str, bytes, tuple or list
// ([]any) or dict (map[string]any, the keys as str() tells them), to a depth of
// 100. Another object is a TypeError.
func (p *Interp) Go(o Object) (any, error) { return p.toGo(o, 0) }

func (p *Interp) toGo(o Object, depth int) (any, error) {
	if depth > 100 {
		return nil, &Raise{Type: "ValueError", Message: "nested more than 100 deep"}
	}
	f := o.flags()
	switch {
	case o == 0 || o.IsNone():
		return nil, nil
	case o.IsBool():
		return o == lib.yes, nil
	case f&flagLong != 0:
		if n, ok := o.Int(); ok {
			return n, nil
		}
		return nil, &Raise{Type: "OverflowError", Message: "int too large for 64 bits"}
	case f&flagText != 0:
		s, _ := o.Text()
		return s, nil
	case f&flagBytes != 0:
		b, _ := o.Bytes()
		return b, nil
	case f&(flagTuple|flagList) != 0:
		out := make([]any, 0, o.Len())
		for i := 0; ; i++ { // a list may change under str() of a key
			item := o.Item(i)
			if item == 0 {
				break
			}
			v, err := p.toGo(item.IncRef(), depth+1)
			item.DecRef()
			if err != nil {
				return nil, err
			}
			out = append(out, v)
		}
		return out, nil
	case f&flagDict != 0:
		out := make(map[string]any, o.Len())
		var bad error
		p.Each(o, func(k, v Object) bool {
			key, ok := k.Text()
			if !ok {
				if key, bad = p.Str(k); bad != nil {
					return false
				}
			}
			out[key], bad = p.toGo(v, depth+1)
			return bad == nil
		})
		return out, bad
	}
	if v, ok := o.Float(); ok {
		return v, nil
	}
	return nil, &Raise{Type: "TypeError", Message: "no Go value for a " + o.TypeName()}
}

// cString is a C text that is kept for ever: for names known when written.
func cString(s string) uintptr {
	cStrings.Lock()
	defer cStrings.Unlock()
	if a, ok := cStrings.m[s]; ok {
		return a
	}
	if cStrings.m == nil {
		cStrings.m = map[string]uintptr{}
	}
	a := cAlloc(len(s) + 1)
	copy(bytesAt(a, len(s)+1), s)
	*byteAt(a + uintptr(len(s))) = 0
	cStrings.m[s] = a
	return a
}

var cStrings struct {
	sync.Mutex
	m map[string]uintptr
}

// cAlloc is zeroed C memory, never freed.
func cAlloc(n int) uintptr {
	a := call(lib.fn("PyMem_RawMalloc"), uintptr(n), 0, 0, 0, 0, 0)
	if a == 0 {
		panic("python: out of memory")
	}
	clear(bytesAt(a, n))
	return a
}
