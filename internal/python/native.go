package python

import (
	"fmt"

	"quantdesk/internal/fault"
)

// Kind is how a native field lies in memory.
type Kind int

// The kinds of fields.
const (
	// Double is a float64.
	Double Kind = iota
	// Int64 is an int64.
	Int64
	// Flag is a bool in one byte.
	Flag
	// Ref is a reference to an object; reading one that is not set is an
	// AttributeError.
	Ref
)

// Field is a member of a native type.
type Field struct {
	Name string
	// Aliases are more names for the same memory.
	Aliases []string
	Kind    Kind
	// ReadOnly makes Python's writes fail; Go's do not.
	ReadOnly bool
	Doc      string
}

// Type is a class whose instances have fields in memory that Go writes and
// Python reads as native members.
type Type struct {
	// Object is the class; Python classes may derive from it.
	Object Object
	// Size is an instance's size in bytes before subclasses add to it.
	Size    uintptr
	offsets map[string]uintptr
}

// Offset is where a field lies in an instance, by any of its names; it panics
// for a name that is none.
func (t *Type) Offset(name string) uintptr {
	off, ok := t.offsets[name]
	if !ok {
		panic("python: no field " + name)
	}
	return off
}

// NewType makes a class of the full name "module.Name". Its instances start as
// zeros; a subclass has a __dict__ and weak references as Python classes have.
func (p *Interp) NewType(name string, fields []Field) (*Type, error) {
	const (
		op                                   = "python.NewType"
		header                               = 16
		slotMembers, slotTraverse, slotClear = 72, 71, 51
		memberSize                           = 40
	)
	t := &Type{Size: header, offsets: map[string]uintptr{}}
	// The wide fields first, so that flags need no padding.
	place := func(want func(Kind) bool, width uintptr) {
		for _, f := range fields {
			if want(f.Kind) {
				t.offsets[f.Name] = t.Size
				t.Size += width
			}
		}
	}
	place(func(k Kind) bool { return k != Flag }, 8)
	place(func(k Kind) bool { return k == Flag }, 1)
	t.Size = (t.Size + 7) &^ 7
	if len(t.offsets) != len(fields) {
		return nil, fault.E(op, fault.Invalid, "type %s names a field twice", name)
	}

	members := cAlloc((len(fields) + 1) * memberSize)
	refs := false
	for i, f := range fields {
		m := members + uintptr(i*memberSize)
		*wordAt(m), *int32At(m + 8), *int64At(m + 16) = cString(f.Name), memberType(f.Kind), int64(t.offsets[f.Name])
		if f.ReadOnly && f.Kind != Ref {
			*int32At(m + 24) = 1
		}
		if f.Doc != "" {
			*wordAt(m + 32) = cString(f.Doc)
		}
		refs = refs || f.Kind == Ref
	}
	slots := cAlloc(4 * 16)
	*int32At(slots), *wordAt(slots + 8) = slotMembers, members
	flags := uint32(flagBase)
	if refs {
		// Instances can be part of cycles. The type's collector functions
		// are those that Python gives to classes with __slots__.
		plain, err := p.plainClass()
		if err != nil {
			return nil, err
		}
		flags |= flagGC
		*int32At(slots + 16), *wordAt(slots + 24) = slotTraverse, word(plain, offTypeTraverse)
		*int32At(slots + 32), *wordAt(slots + 40) = slotClear, word(plain, offTypeClear)
		plain.DecRef()
	}
	// PyType_Spec: name, basicsize, itemsize, flags, slots.
	spec := cAlloc(32)
	*wordAt(spec), *int32At(spec + 8), *int32At(spec + 16), *wordAt(spec + 24) = cString(name), int32(t.Size), int32(flags), slots //nolint:gosec // small
	class, err := p.result(call(lib.fn("PyType_FromSpec"), spec, 0, 0, 0, 0, 0))
	if err != nil {
		return nil, fmt.Errorf("make type %s: %w", name, err)
	}
	t.Object = class
	if err := p.finishMembers(t, fields, members); err != nil {
		return nil, fmt.Errorf("make type %s: %w", name, err)
	}
	return t, nil
}

// finishMembers makes references read-only where asked and adds the aliases.
//
// A read-only reference cannot be declared as such: CPython would not drop it
// when an instance dies (Objects/typeobject.c, clear_slots). So the class keeps
// the writable declaration and the descriptor gets a read-only copy. An alias
// is the same descriptor under a second name: a second declaration of a
// reference would be counted twice by the collector.
func (p *Interp) finishMembers(t *Type, fields []Field, members uintptr) error {
	const memberSize = 40
	dict := Object(word(t.Object, 264)) // tp_dict
	for i, f := range fields {
		d := p.Key(dict, f.Name)
		if f.ReadOnly && f.Kind == Ref {
			m := members + uintptr(i*memberSize)
			*int32At(m + 24) = 1
			*wordAt(uintptr(d) + offMember) = m
		}
		for _, a := range f.Aliases {
			if _, taken := t.offsets[a]; taken {
				return fault.E("python.NewType", fault.Invalid, "the name %s is used twice", a)
			}
			t.offsets[a] = t.offsets[f.Name]
			if err := p.SetAttr(t.Object, a, d); err != nil {
				return err
			}
		}
	}
	return nil
}

// memberType is structmember.h's number for a kind.
func memberType(k Kind) int32 {
	switch k {
	case Double:
		return 4
	case Int64:
		return 17
	case Flag:
		return 14
	case Ref:
		return 16
	}
	panic("python: unknown kind")
}

// plainClass is an empty Python class.
func (p *Interp) plainClass() (Object, error) {
	name, bases, dict := p.Text("_plain"), p.Tuple(), p.Dict()
	defer func() { name.DecRef(); bases.DecRef(); dict.DecRef() }()
	return p.Call(lib.typeType, name, bases, dict)
}

// New makes an instance of a native type or of a Python class derived from
// one, without calling __new__ or __init__.
func (p *Interp) New(class Object) (Object, error) {
	return p.result(call(word(class, offTypeAlloc), uintptr(class), 0, 0, 0, 0, 0))
}

// SetDouble writes a Double field: a store.
func (o Object) SetDouble(off uintptr, v float64) { *floatAt(uintptr(o) + off) = v }

// SetInt64 writes an Int64 field: a store.
func (o Object) SetInt64(off uintptr, v int64) { *int64At(uintptr(o) + off) = v }

// SetFlag writes a Flag field: a store.
func (o Object) SetFlag(off uintptr, v bool) {
	b := byte(0)
	if v {
		b = 1
	}
	*byteAt(uintptr(o) + off) = b
}

// SetRef writes a Ref field: it steals v, which may be zero, and drops what
// was there.
func (o Object) SetRef(off uintptr, v Object) {
	slot := wordAt(uintptr(o) + off)
	old := Object(*slot)
	*slot = uintptr(v)
	old.DecRef()
}

// Double reads a Double field.
func (o Object) Double(off uintptr) float64 { return *floatAt(uintptr(o) + off) }

// Int64 reads an Int64 field.
func (o Object) Int64(off uintptr) int64 { return *int64At(uintptr(o) + off) }

// Flag reads a Flag field.
func (o Object) Flag(off uintptr) bool { return *byteAt(uintptr(o) + off) != 0 }

// Ref reads a Ref field, borrowed; zero if it is not set.
func (o Object) Ref(off uintptr) Object { return Object(word(o, off)) }
