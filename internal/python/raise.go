package python

import (
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"
	"unsafe"
)

const (
	maxTraceback = 64 << 10
	// maxRendered is how deep in nested Funcs an exception still gets its
	// traceback: one that passes a thousand of them would be rendered each time.
	maxRendered = 8
)

// fetch takes the exception that is set and renders it.
func (p *Interp) fetch() error {
	s := heap(new([3]Object)) // type, value, traceback
	a := func(i int) uintptr { return uintptr(unsafe.Pointer(&s[i])) }
	call(lib.errFetch, a(0), a(1), a(2), 0, 0, 0)
	if s[0] == 0 {
		return errors.New("python: no result and no exception")
	}
	call(lib.errNormalize, a(0), a(1), a(2), 0, 0, 0)
	typ, value, tb := s[0], s[1], s[2]
	if tb != 0 {
		call(lib.fn("PyException_SetTraceback"), uintptr(value), uintptr(tb), 0, 0, 0, 0)
	}
	e := p.describe(typ, value)
	p.lastValue.DecRef()
	p.lastErr, p.lastValue = e, value
	typ.DecRef()
	tb.DecRef()
	return e
}

// describe renders an exception. Formatting runs Python code, which may fail
// in turn; what is left then is the type's name and the message.
func (p *Interp) describe(typ, value Object) *Error {
	p.quiet++
	defer func() { p.quiet-- }()
	e := &Error{Type: className(typ)}
	if p.format != 0 && p.depth <= maxRendered {
		if r := Object(call1(p.format, value)); r != 0 {
			e.fill(r)
			r.DecRef()
			return e
		}
		call(lib.errClear, 0, 0, 0, 0, 0, 0)
	}
	if s := Object(call(lib.fn("PyObject_Str"), uintptr(value), 0, 0, 0, 0, 0)); s != 0 {
		e.Message, _ = s.Text()
		s.DecRef()
	}
	call(lib.errClear, 0, 0, 0, 0, 0, 0)
	e.Message = bound(e.Message, maxTraceback)
	e.Traceback = e.Error() + "\n"
	return e
}

// call1 is a call with one argument whose exception stays set.
func call1(fn, arg Object) uintptr {
	b := blocks.Get().(*block) //nolint:forcetypeassert // the pool holds nothing else
	b.args[1] = uintptr(arg)
	r := b.call(lib.vectorcall, uintptr(fn), uintptr(unsafe.Pointer(&b.args[1])), 1|offset, 0, 0, 0)
	blocks.Put(b)
	return r
}

// fill reads what _format of the bootstrap returned.
func (e *Error) fill(r Object) {
	text := func(o Object) string {
		if o == 0 { // the traceback module is not as it was
			return ""
		}
		s, _ := o.Text()
		return bound(s, maxTraceback)
	}
	e.Type, e.Message, e.Traceback = text(r.Item(0)), text(r.Item(1)), text(r.Item(2))
	if r.Item(3) == 0 {
		return
	}
	for _, f := range r.Item(3).Items() {
		if f.Len() < 4 {
			continue
		}
		line, _ := f.Item(1).Int()
		e.Frames = append(e.Frames, Frame{File: text(f.Item(0)), Line: int(line), Func: text(f.Item(2)), Text: text(f.Item(3))})
	}
}

// className is a class's name with its module unless that is builtins.
func className(class Object) string { return cText(word(class, offTypeName)) }

// raise sets the Python exception for a Go error.
func (p *Interp) raise(err error) {
	var raised *Raise
	var e *Error
	class, message := Object(0), err.Error()
	switch {
	case errors.As(err, &e) && e == p.lastErr && p.lastValue != 0:
		// The very exception on its way back: type, cause and traceback stay.
		v := p.lastValue
		p.lastErr, p.lastValue = nil, 0
		tb, _ := p.AttrOr(v, "__traceback__")
		if tb.IsNoneOrZero() {
			tb.DecRef()
			tb = 0
		}
		call(lib.errRestore, uintptr(v.Type().IncRef()), uintptr(v), uintptr(tb), 0, 0, 0)
		return
	case e != nil:
		class, message = p.builtin(e.Type), e.Message
	case errors.As(err, &raised):
		class, message = raised.Class, raised.Message
		if class == 0 {
			class = p.builtin(raised.Type)
		}
	}
	if class == 0 {
		class = p.builtin("RuntimeError")
	}
	m := p.Text(message)
	call(lib.fn("PyErr_SetObject"), uintptr(class), uintptr(m), 0, 0, 0, 0)
	m.DecRef()
}

// builtin is a built-in exception class by its name, borrowed, or zero.
func (p *Interp) builtin(name string) Object {
	o := p.Key(Object(call(lib.fn("PyEval_GetBuiltins"), 0, 0, 0, 0, 0, 0)), name)
	if o == 0 || !o.IsType() || word(o, offTypeFlags)&flagException == 0 {
		return 0
	}
	return o
}

// IsNoneOrZero tells None and the zero Object.
func (o Object) IsNoneOrZero() bool { return o == 0 || o == lib.none }

// Interrupt makes running Python code raise KeyboardInterrupt with a message, from
// any goroutine, and goes on doing so, should the code catch it, until Resume. C
// code that does not return (time.sleep, a huge sum) is not stopped by it: that
// is for the limits of the sandbox.
func (p *Interp) Interrupt(reason string) {
	p.reason.Store(&reason)
	p.interrupted.Store(true)
	p.pendMu.Lock()
	defer p.pendMu.Unlock()
	p.queue()
	if p.pending {
		return
	}
	p.pending = true
	go p.keepInterrupting()
}

func (p *Interp) keepInterrupting() {
	for {
		time.Sleep(5 * time.Millisecond)
		p.pendMu.Lock()
		if !p.interrupted.Load() {
			p.pending = false
			p.pendMu.Unlock()
			return
		}
		p.queue()
		p.pendMu.Unlock()
	}
}

// Interrupted tells whether Interrupt was called and Resume was not.
func (p *Interp) Interrupted() bool { return p.interrupted.Load() }

// Resume lets Python run again after Interrupt.
func (p *Interp) Resume() { p.interrupted.Store(false) }

// queue asks for a pending call and makes the evaluation loop look: in 3.11
// Py_AddPendingCall does the latter only on the interpreter's own thread
// (Python/ceval.c, COMPUTE_EVAL_BREAKER), so the flag is set here.
func (p *Interp) queue() {
	call(lib.addPending, entryPoint(), uintptr(lib.none), 0, 0, 0, 0)
	atomic.StoreInt32(p.breaker, 1)
}

// pendingInit finds eval_breaker in PyInterpreterState of CPython 3.11, by its
// place and by what lies around it, and remembers the interpreter for pending
// calls, which C makes with None for self.
func (p *Interp) pendingInit() error {
	current = p
	state := call(lib.fn("PyInterpreterState_Get"), 0, 0, 0, 0, 0, 0)
	limit := int32(call(lib.fn("Py_GetRecursionLimit"), 0, 0, 0, 0, 0, 0)) //nolint:gosec // the function returns int
	a := state + offBreaker
	p.breaker = int32At(a)
	before := *p.breaker
	call(lib.addPending, entryPoint(), uintptr(lib.none), 0, 0, 0, 0)
	if *int32At(a - 4) != limit || before != 0 || *p.breaker != 1 {
		return errors.New("its interpreter state has another layout")
	}
	return nil
}

var current *Interp

// onPending is the pending call: 0 or, with an exception set, -1.
func onPending() Object {
	p := current
	if p == nil || p.quiet > 0 || !p.interrupted.Load() {
		return 0
	}
	p.raise(&Raise{Type: "KeyboardInterrupt", Message: *p.reason.Load()})
	return ^Object(0)
}

// panicError renders a Go panic for the exception that replaces it.
func panicError(r any) error {
	if err, ok := r.(runtime.Error); ok {
		return fmt.Errorf("go panic: %w", err)
	}
	return fmt.Errorf("go panic: %v", r)
}
