package python

import "unsafe"

// The layouts below are those of CPython 3.11 on 64 bit (Include/cpython/*.h);
// they do not change between patch releases. Open probes them before use.
const (
	offRefcnt = 0
	offType   = 8
	offSize   = 16 // PyVarObject.ob_size
	offFloat  = 16 // PyFloatObject.ob_fval
	offDigits = 24 // PyLongObject.ob_digit, 30 bits each
	offTuple  = 24 // PyTupleObject.ob_item
	offList   = 24 // PyListObject.ob_item, a pointer
	offBytes  = 32 // PyBytesObject.ob_sval
	offLength = 16 // PyASCIIObject.length
	offState  = 32 // PyASCIIObject.state: interned 2 bits, kind 3, compact, ascii, ready
	offASCII  = 48 // data behind a PyASCIIObject
	offWide   = 72 // data behind a PyCompactUnicodeObject
	offUsed   = 16 // PyDictObject.ma_used
	offSelf   = 24 // PyCFunctionObject.m_self

	offTypeName     = 24  // tp_name
	offTypeSize     = 32  // tp_basicsize
	offTypeDealloc  = 48  // tp_dealloc
	offTypeFlags    = 168 // tp_flags
	offTypeTraverse = 184 // tp_traverse
	offTypeClear    = 192 // tp_clear
	offTypeAlloc    = 304 // tp_alloc
	// PyInterpreterState.ceval.eval_breaker, behind recursion_limit.
	offBreaker = 100

	offMember = 40 // PyMemberDescrObject.d_member

	offDate       = 25 // PyDateTime_Date.data and PyDateTime_DateTime.data
	offHasZone    = 24 // hastzinfo
	offZone       = 40 // PyDateTime_DateTime.tzinfo
	offDays       = 24 // PyDateTime_Delta.days, then seconds, microseconds
	stateCompact  = 1 << 5
	stateASCII    = 1 << 6
	flagLong      = 1 << 24
	flagList      = 1 << 25
	flagTuple     = 1 << 26
	flagBytes     = 1 << 27
	flagText      = 1 << 28
	flagDict      = 1 << 29
	flagException = 1 << 30
	flagType      = 1 << 31
	flagGC        = 1 << 14
	flagBase      = 1 << 10
)

// at is the pointer to an address that C gave us. It is C's memory, or the
// arguments of a block that waits in Call and has gone through C: checkptr
// cannot know.
//
//go:nocheckptr
func at(addr uintptr) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&addr)) }

func word(o Object, off uintptr) uintptr { return *(*uintptr)(at(uintptr(o) + off)) }
func wordAt(addr uintptr) *uintptr       { return (*uintptr)(at(addr)) }
func int64At(addr uintptr) *int64        { return (*int64)(at(addr)) }
func int32At(addr uintptr) *int32        { return (*int32)(at(addr)) }
func floatAt(addr uintptr) *float64      { return (*float64)(at(addr)) }
func byteAt(addr uintptr) *byte          { return (*byte)(at(addr)) }
func bytesAt(addr uintptr, n int) []byte { return unsafe.Slice((*byte)(at(addr)), n) }
func objectsAt(addr uintptr, n int) []Object {
	if n == 0 {
		return nil
	}
	return unsafe.Slice((*Object)(at(addr)), n)
}

// cText is the text at a char pointer, at most 64 kB of it.
func cText(addr uintptr) string {
	if addr == 0 {
		return ""
	}
	n := 0
	for n < 1<<16 && *byteAt(addr + uintptr(n)) != 0 {
		n++
	}
	return string(bytesAt(addr, n))
}

// heap makes sure that a variable is on the heap: the stack may be moved while
// C looks at it, as an address in a uintptr holds nothing in place.
func heap[T any](v *T) *T {
	if never {
		sink = v
	}
	return v
}

var (
	never bool
	sink  any //nolint:unused // that something could be stored is the point
)
