package python

import (
	"strings"
	"unicode/utf8"
	"unsafe"
)

// Object is the address of a Python object. The zero Object is none at all
// (not None). Its methods read memory and must hold the interpreter lock.
type Object uintptr

// IncRef takes one more reference.
func (o Object) IncRef() Object {
	*int64At(uintptr(o) + offRefcnt)++
	return o
}

// DecRef gives one reference back; the last one frees the object.
func (o Object) DecRef() {
	if o == 0 {
		return
	}
	n := int64At(uintptr(o) + offRefcnt)
	if *n--; *n == 0 {
		dealloc(o)
	}
}

// RefCount is the number of references: 1 means the caller's is the only one.
func (o Object) RefCount() int64 { return *int64At(uintptr(o) + offRefcnt) }

// Type is the object's type, borrowed.
func (o Object) Type() Object { return Object(word(o, offType)) }

// TypeName is the name of the object's type, without its module.
func (o Object) TypeName() string {
	name := cText(word(o.Type(), offTypeName))
	return name[strings.LastIndexByte(name, '.')+1:]
}

func (o Object) flags() uintptr { return word(o.Type(), offTypeFlags) }

// IsNone tells None.
func (o Object) IsNone() bool { return o == lib.none }

// IsBool tells True and False.
func (o Object) IsBool() bool { return o == lib.yes || o == lib.no }

// IsFloat tells a float of exactly that type; numpy's float64 is a subclass and
// answers through Float.
func (o Object) IsFloat() bool { return o.Type() == lib.floatType }

// IsInt tells an int or a subclass, bool included.
func (o Object) IsInt() bool { return o.flags()&flagLong != 0 }

// IsText tells a str or a subclass.
func (o Object) IsText() bool { return o.flags()&flagText != 0 }

// IsBytes tells bytes or a subclass.
func (o Object) IsBytes() bool { return o.flags()&flagBytes != 0 }

// IsTuple tells a tuple or a subclass.
func (o Object) IsTuple() bool { return o.flags()&flagTuple != 0 }

// IsList tells a list or a subclass.
func (o Object) IsList() bool { return o.flags()&flagList != 0 }

// IsDict tells a dict or a subclass.
func (o Object) IsDict() bool { return o.flags()&flagDict != 0 }

// IsType tells a class.
func (o Object) IsType() bool { return o.flags()&flagType != 0 }

// Float is the value of a float, an int or a bool, read in place; objects that
// only know __float__ (Decimal) take Interp.ToFloat.
func (o Object) Float() (float64, bool) {
	if t := o.Type(); t == lib.floatType {
		return *floatAt(uintptr(o) + offFloat), true
	}
	if n, ok := o.Int(); ok {
		return float64(n), true
	}
	if o.derives(lib.floatType) {
		return *floatAt(uintptr(o) + offFloat), true
	}
	return 0, false
}

// derives follows the single chain of first bases, enough for layouts.
func (o Object) derives(base Object) bool {
	const offTypeBase = 256 // tp_base
	for t := o.Type(); t != 0; t = Object(word(t, offTypeBase)) {
		if t == base {
			return true
		}
	}
	return false
}

// Int is the value of an int or a bool that fits 64 bits.
func (o Object) Int() (int64, bool) {
	if o.flags()&flagLong == 0 {
		return 0, false
	}
	size := *int64At(uintptr(o) + offSize)
	neg := size < 0
	if neg {
		size = -size
	}
	if size > 3 {
		return 0, false
	}
	var v uint64
	for i := size - 1; i >= 0; i-- {
		d := uint64(*(*uint32)(at(uintptr(o) + offDigits + uintptr(i)*4)))
		if i == 2 && d > 0xf { // 60 bits below it
			return 0, false
		}
		v = v<<30 | d
	}
	switch {
	case neg && v <= 1<<63:
		return -int64(v), true
	case !neg && v < 1<<63:
		return int64(v), true
	}
	return 0, false
}

// Bool is the value of True or False; truth of other objects is Interp.Truth.
func (o Object) Bool() (value, ok bool) { return o == lib.yes, o.IsBool() }

// Text is the value of a str. A lone surrogate becomes U+FFFD.
func (o Object) Text() (string, bool) {
	if o.flags()&flagText == 0 {
		return "", false
	}
	state := *(*uint32)(at(uintptr(o) + offState))
	n := int(*int64At(uintptr(o) + offLength))
	if state&stateCompact == 0 {
		return lib.slowText(o), true // a subclass of str, or made by an old API
	}
	if state&stateASCII != 0 {
		return string(bytesAt(uintptr(o)+offASCII, n)), true
	}
	data := at(uintptr(o) + offWide)
	var b strings.Builder
	b.Grow(n + n/2)
	switch state >> 2 & 7 {
	case 1:
		for _, c := range unsafe.Slice((*byte)(data), n) {
			b.WriteRune(rune(c))
		}
	case 2:
		for _, c := range unsafe.Slice((*uint16)(data), n) {
			b.WriteRune(clean(rune(c)))
		}
	default:
		for _, c := range unsafe.Slice((*int32)(data), n) {
			b.WriteRune(clean(c))
		}
	}
	return b.String(), true
}

func clean(r rune) rune {
	if !utf8.ValidRune(r) {
		return utf8.RuneError
	}
	return r
}

// Bytes is a copy of a bytes object.
func (o Object) Bytes() ([]byte, bool) {
	if o.flags()&flagBytes == 0 {
		return nil, false
	}
	return append([]byte{}, bytesAt(uintptr(o)+offBytes, int(*int64At(uintptr(o) + offSize)))...), true
}

// Len is the length of a tuple, list, dict, str or bytes, and -1 of another.
func (o Object) Len() int {
	f := o.flags()
	switch {
	case f&(flagTuple|flagList|flagBytes) != 0:
		return int(*int64At(uintptr(o) + offSize))
	case f&flagText != 0:
		return int(*int64At(uintptr(o) + offLength))
	case f&flagDict != 0:
		return int(*int64At(uintptr(o) + offUsed))
	}
	return -1
}

// Items is what a tuple or list holds, borrowed: valid as long as the object
// lives and, for a list, does not change. Nil for another object.
func (o Object) Items() []Object {
	f := o.flags()
	switch {
	case f&flagTuple != 0:
		return objectsAt(uintptr(o)+offTuple, o.Len())
	case f&flagList != 0:
		return objectsAt(word(o, offList), o.Len())
	}
	return nil
}

// Item is one element of a tuple or list, borrowed, and zero out of range.
func (o Object) Item(i int) Object {
	items := o.Items()
	if i < 0 || i >= len(items) {
		return 0
	}
	return items[i]
}
