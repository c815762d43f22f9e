package python

import (
	"path"
	"runtime"
	"strings"
	"sync"
	"unsafe"
)

// offset is PY_VECTORCALL_ARGUMENTS_OFFSET: the callee may use the word before
// the arguments, as block.args leaves one.
const offset = 1 << (8*unsafe.Sizeof(uintptr(0)) - 1)

// blocks are kept apart per call, as a call may lead back into Go and out again.
var blocks = sync.Pool{New: func() any { return new(block) }}

// Call calls an object. The arguments are borrowed.
func (p *Interp) Call(fn Object, args ...Object) (Object, error) {
	b := blocks.Get().(*block) //nolint:forcetypeassert // the pool holds nothing else
	v := b.vector(args)
	r := Object(b.call(lib.vectorcall, uintptr(fn), v, uintptr(len(args))|offset, 0, 0, 0))
	runtime.KeepAlive(args)
	blocks.Put(b)
	if r == 0 {
		return 0, p.fetch()
	}
	return r, nil
}

// vector copies arguments into the block, if they fit, and gives their address.
func (b *block) vector(args []Object) uintptr {
	if len(args) < len(b.args) {
		for i, a := range args {
			b.args[i+1] = uintptr(a)
		}
		return uintptr(unsafe.Pointer(&b.args[1]))
	}
	own := make([]Object, len(args)+1)
	copy(own[1:], args)
	b.long = own
	return uintptr(unsafe.Pointer(&own[1]))
}

// CallMethod calls a method by name.
func (p *Interp) CallMethod(self Object, name string, args ...Object) (Object, error) {
	return p.CallNamed(self, p.name(name), args...)
}

// CallNamed is CallMethod with a name that Name made: the fastest way into
// Python, as neither the name is looked up nor a bound method made.
func (p *Interp) CallNamed(self, name Object, args ...Object) (Object, error) {
	b := blocks.Get().(*block) //nolint:forcetypeassert // the pool holds nothing else
	var v uintptr
	if len(args) < len(b.args)-1 {
		b.args[1] = uintptr(self)
		for i, a := range args {
			b.args[i+2] = uintptr(a)
		}
		v = uintptr(unsafe.Pointer(&b.args[1]))
	} else {
		v = b.vector(append([]Object{self}, args...))
	}
	r := Object(b.call(lib.vectorMethod, uintptr(name), v, uintptr(len(args)+1)|offset, 0, 0, 0))
	blocks.Put(b)
	if r == 0 {
		return 0, p.fetch()
	}
	return r, nil
}

// CallWith calls an object with a tuple of arguments and a dict of keywords,
// which may be zero.
func (p *Interp) CallWith(fn, args, keywords Object) (Object, error) {
	if args == 0 {
		args = p.Tuple()
	} else {
		args.IncRef()
	}
	defer args.DecRef()
	return p.result(call(lib.fn("PyObject_Call"), uintptr(fn), uintptr(args), uintptr(keywords), 0, 0, 0))
}

// result is a new reference or the exception that is set.
func (p *Interp) result(r uintptr) (Object, error) {
	if r == 0 {
		return 0, p.fetch()
	}
	return Object(r), nil
}

// done is nil unless a C function answered -1.
func (p *Interp) done(r uintptr) error {
	if int32(r) < 0 { //nolint:gosec // the functions return int
		return p.fetch()
	}
	return nil
}

// Name is an interned text for CallNamed, AttrNamed and SetItem, borrowed and
// kept for ever.
func (p *Interp) Name(s string) Object { return p.name(s) }

func (p *Interp) name(s string) Object {
	if o, ok := p.names[s]; ok {
		return o
	}
	slot := p.Text(s)
	call(lib.fn("PyUnicode_InternInPlace"), uintptr(unsafe.Pointer(heap(&slot))), 0, 0, 0, 0, 0)
	if len(p.names) < 1<<16 {
		p.names[strings.Clone(s)] = slot
	}
	return slot
}

// Attr is an attribute.
func (p *Interp) Attr(o Object, name string) (Object, error) { return p.AttrNamed(o, p.name(name)) }

// AttrNamed is Attr with a name that Name made.
func (p *Interp) AttrNamed(o, name Object) (Object, error) {
	return p.result(call(lib.getAttr, uintptr(o), uintptr(name), 0, 0, 0, 0))
}

// AttrOr is an attribute if there is one: a missing one costs no traceback.
func (p *Interp) AttrOr(o Object, name string) (Object, bool) {
	r := Object(call(lib.getAttr, uintptr(o), uintptr(p.name(name)), 0, 0, 0, 0))
	if r == 0 {
		call(lib.errClear, 0, 0, 0, 0, 0, 0)
		return 0, false
	}
	return r, true
}

// SetAttr sets an attribute; the value is borrowed.
func (p *Interp) SetAttr(o Object, name string, v Object) error {
	return p.done(call(lib.setAttr, uintptr(o), uintptr(p.name(name)), uintptr(v), 0, 0, 0))
}

// Import imports a module by its full name.
func (p *Interp) Import(name string) (Object, error) {
	return p.result(callText(lib.fn("PyImport_ImportModule"), name, 0, 0))
}

// Key is what a dict holds under a text, borrowed, and zero if nothing.
func (p *Interp) Key(dict Object, key string) Object { return p.DictGet(dict, p.name(key)) }

// DictGet is what a dict holds under a key, borrowed, and zero if nothing or
// the key cannot be hashed.
func (p *Interp) DictGet(dict, key Object) Object {
	r := Object(call(lib.dictGet, uintptr(dict), uintptr(key), 0, 0, 0, 0))
	if r == 0 {
		call(lib.errClear, 0, 0, 0, 0, 0, 0)
	}
	return r
}

// dictGet is Key with a new reference.
func (p *Interp) dictGet(dict Object, key string) Object {
	if o := p.Key(dict, key); o != 0 {
		return o.IncRef()
	}
	return 0
}

// SetKey sets a dict's entry under a text; the value is borrowed.
func (p *Interp) SetKey(dict Object, key string, v Object) error {
	k := p.Text(key)
	defer k.DecRef()
	return p.SetItem(dict, k, v)
}

// SetItem sets a dict's entry; both are borrowed.
func (p *Interp) SetItem(dict, key, v Object) error {
	return p.done(call(lib.dictSet, uintptr(dict), uintptr(key), uintptr(v), 0, 0, 0))
}

// DelItem removes a dict's entry.
func (p *Interp) DelItem(dict, key Object) error {
	return p.done(call(lib.fn("PyDict_DelItem"), uintptr(dict), uintptr(key), 0, 0, 0, 0))
}

// Each shows a dict's entries, borrowed, until fn says false. fn must not
// change the dict.
func (p *Interp) Each(dict Object, fn func(key, value Object) bool) {
	s := heap(new([3]uintptr))
	for {
		r := call(lib.fn("PyDict_Next"), uintptr(dict), uintptr(unsafe.Pointer(&s[0])), uintptr(unsafe.Pointer(&s[1])), uintptr(unsafe.Pointer(&s[2])), 0, 0)
		if int32(r) == 0 || !fn(Object(s[1]), Object(s[2])) { //nolint:gosec // the function returns int
			return
		}
	}
}

// Append adds to a list; the item is borrowed.
func (p *Interp) Append(list, item Object) error {
	return p.done(call(lib.fn("PyList_Append"), uintptr(list), uintptr(item), 0, 0, 0, 0))
}

// Get is o[key] of any object.
func (p *Interp) Get(o, key Object) (Object, error) {
	return p.result(call(lib.fn("PyObject_GetItem"), uintptr(o), uintptr(key), 0, 0, 0, 0))
}

// Set is o[key] = v of any object.
func (p *Interp) Set(o, key, v Object) error {
	return p.done(call(lib.fn("PyObject_SetItem"), uintptr(o), uintptr(key), uintptr(v), 0, 0, 0))
}

// ToList is list(o) of anything that can be iterated.
func (p *Interp) ToList(o Object) (Object, error) {
	return p.result(call(lib.fn("PySequence_List"), uintptr(o), 0, 0, 0, 0, 0))
}

// ToFloat is float(o): what has __float__ or __index__ has a value.
func (p *Interp) ToFloat(o Object) (float64, error) {
	if v, ok := o.Float(); ok {
		return v, nil
	}
	f, err := p.result(call(lib.fn("PyNumber_Float"), uintptr(o), 0, 0, 0, 0, 0))
	if err != nil {
		return 0, err
	}
	defer f.DecRef()
	v, _ := f.Float()
	return v, nil
}

// Truth is bool(o).
func (p *Interp) Truth(o Object) (bool, error) {
	if o.IsBool() || o.IsNone() {
		return o == lib.yes, nil
	}
	r := int32(call(lib.isTrue, uintptr(o), 0, 0, 0, 0, 0)) //nolint:gosec // the function returns int
	if r < 0 {
		return false, p.fetch()
	}
	return r == 1, nil
}

// IsInstance is isinstance(o, class).
func (p *Interp) IsInstance(o, class Object) (bool, error) {
	if o.Type() == class {
		return true, nil
	}
	r := int32(call(lib.isInstance, uintptr(o), uintptr(class), 0, 0, 0, 0)) //nolint:gosec // the function returns int
	if r < 0 {
		return false, p.fetch()
	}
	return r == 1, nil
}

// Str is str(o).
func (p *Interp) Str(o Object) (string, error) { return p.render("PyObject_Str", o) }

// Repr is repr(o).
func (p *Interp) Repr(o Object) (string, error) { return p.render("PyObject_Repr", o) }

func (p *Interp) render(fn string, o Object) (string, error) {
	s, err := p.result(call(lib.fn(fn), uintptr(o), 0, 0, 0, 0, 0))
	if err != nil {
		return "", err
	}
	defer s.DecRef()
	text, _ := s.Text()
	return text, nil
}

// Compile compiles a file's source; tracebacks will show its lines, whether or
// not the file exists.
func (p *Interp) Compile(file, source string) (Object, error) {
	const fileInput = 257
	src, name := append([]byte(source), 0), append([]byte(file), 0)
	if i := strings.IndexByte(source, 0); i >= 0 {
		return 0, &Error{Type: "SyntaxError", Message: "source code cannot contain null bytes", Traceback: "SyntaxError: source code cannot contain null bytes\n"}
	}
	if p.sources != 0 && file != "<host>" {
		s := p.Text(source)
		err := p.SetKey(p.sources, file, s)
		s.DecRef()
		if err != nil {
			return 0, err
		}
	}
	r := call(lib.fn("Py_CompileStringExFlags"), addr(src), addr(name), fileInput, 0, ^uintptr(0), 0)
	runtime.KeepAlive(src)
	runtime.KeepAlive(name)
	return p.result(r)
}

// Run runs compiled code in a dict of globals.
func (p *Interp) Run(code, globals Object) error {
	r, err := p.result(call(lib.fn("PyEval_EvalCode"), uintptr(code), uintptr(globals), uintptr(globals), 0, 0, 0))
	r.DecRef()
	return err
}

// Exec makes a module of a file's source, named as the file without ".py",
// puts it into sys.modules and runs it.
func (p *Interp) Exec(file, source string) (Object, error) {
	code, err := p.Compile(file, source)
	if err != nil {
		return 0, err
	}
	defer code.DecRef()
	f := p.Text(file)
	defer f.DecRef()
	m, err := p.NewModule(strings.TrimSuffix(path.Base(file), ".py"), map[string]Object{"__file__": f})
	if err != nil {
		return 0, err
	}
	if err := p.Run(code, p.ModuleDict(m)); err != nil {
		m.DecRef()
		return 0, err
	}
	return m, nil
}

// NewModule makes a module with attributes, which are borrowed, and puts it
// into sys.modules.
func (p *Interp) NewModule(name string, attrs map[string]Object) (Object, error) {
	n := p.Text(name)
	defer n.DecRef()
	m, err := p.result(call(lib.fn("PyModule_NewObject"), uintptr(n), 0, 0, 0, 0, 0))
	if err != nil {
		return 0, err
	}
	dict := p.ModuleDict(m)
	err = p.SetKey(dict, "__builtins__", Object(call(lib.fn("PyEval_GetBuiltins"), 0, 0, 0, 0, 0, 0)))
	for k, v := range attrs {
		if err == nil {
			err = p.SetKey(dict, k, v)
		}
	}
	if err == nil {
		err = p.SetItem(Object(call(lib.fn("PyImport_GetModuleDict"), 0, 0, 0, 0, 0, 0)), n, m)
	}
	if err != nil {
		m.DecRef()
		return 0, err
	}
	return m, nil
}

// ModuleDict is a module's globals, borrowed.
func (p *Interp) ModuleDict(m Object) Object {
	return Object(call(lib.fn("PyModule_GetDict"), uintptr(m), 0, 0, 0, 0, 0))
}

// Unlocked runs fn without the interpreter lock, so that Python's threads go on
// meanwhile; fn must not touch objects.
func (p *Interp) Unlocked(fn func()) {
	state := call(lib.fn("PyEval_SaveThread"), 0, 0, 0, 0, 0, 0)
	defer call(lib.fn("PyEval_RestoreThread"), state, 0, 0, 0, 0, 0)
	fn()
}
