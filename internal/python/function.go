package python

import (
	"sync"
	"sync/atomic"
)

// funcs are the Go functions behind builtins; the int that a builtin carries
// as self is the index. The list is only added to.
var funcs struct {
	mu   sync.Mutex
	list atomic.Pointer[[]builtin]
}

type builtin struct {
	fn func(args []Object) (Object, error)
	p  *Interp
}

// Func makes a builtin function of a Go one. The arguments are borrowed and
// their slice ends with the call; the result is handed over, and zero means
// None. An error raises an exception: *Raise what it says, an *Error from a
// call the same exception again, another a RuntimeError; a panic too. The
// function is never freed: make it once.
func (p *Interp) Func(name, doc string, fn func(args []Object) (Object, error)) Object {
	const fastcall = 0x80
	funcs.mu.Lock()
	var list []builtin
	if old := funcs.list.Load(); old != nil {
		list = *old
	}
	index := len(list)
	list = append(list, builtin{fn: fn, p: p})
	funcs.list.Store(&list)
	funcs.mu.Unlock()

	// PyMethodDef: name, function, flags, doc.
	def := cAlloc(32)
	*wordAt(def), *wordAt(def + 8), *int32At(def + 16) = cString(name), entryPoint(), fastcall
	if doc != "" {
		*wordAt(def + 24) = cString(doc)
	}
	self := p.Int(int64(index))
	defer self.DecRef()
	return Object(call(lib.fn("PyCFunction_NewEx"), def, uintptr(self), 0, 0, 0, 0))
}

// Method is Func for the body of a class: called on an instance, it gets the
// instance as the first argument.
func (p *Interp) Method(name, doc string, fn func(args []Object) (Object, error)) Object {
	f := p.Func(name, doc, fn)
	defer f.DecRef()
	return Object(call(lib.fn("PyInstanceMethod_New"), uintptr(f), 0, 0, 0, 0, 0))
}

// dispatch is where every builtin arrives.
func dispatch(self, args, nargs uintptr) (result Object) {
	if Object(self) == lib.none {
		return onPending()
	}
	ordered()
	defer ordered()
	// An int of one digit: there are never 2^30 functions.
	index := *(*uint32)(at(self + offDigits))
	if *int64At(self + offSize) == 0 {
		index = 0
	}
	f := &(*funcs.list.Load())[index]
	f.p.depth++
	defer f.done(&result)
	r, err := f.fn(objectsAt(args, int(nargs)))
	switch {
	case err != nil:
		f.p.raise(err)
		return 0
	case r == 0:
		return lib.none.IncRef()
	}
	return r
}

func (f *builtin) done(result *Object) {
	f.p.depth--
	if r := recover(); r != nil {
		*result = 0
		call(lib.errClear, 0, 0, 0, 0, 0, 0)
		f.p.raise(panicError(r))
	}
}
