// Package python runs CPython 3.11.11 inside this process, without cgo, and
// can put that process into a sandbox.
//
// Extract lays the embedded distribution out on disk, Open loads libpython
// from it with purego, and an Interp moves values between Go and Python.
// Objects are plain addresses: as the layouts of CPython 3.11 are fixed, floats,
// texts, tuples and the members of native types are read and written in place,
// and only what runs Python code is a C call. Command starts the same binary
// again as a restricted child (RunStage, Register) where hostile code may run.
//
// One invariant holds for the bridge: every call on an Interp or an Object is
// made on the thread that called Open, or inside a Func, where the interpreter
// lock is held. Interrupt alone may come from anywhere. References follow CPython: a
// function that returns an Object hands over a new reference unless it says
// "borrowed", and arguments are borrowed unless it says "steals".
//
//	home, err := python.Extract(cacheDir)
//	p, err := python.Open(python.Options{Home: home})
//	m, err := p.Exec("main.py", "def double(x): return 2 * x")
//	f, err := p.Attr(m, "double")
//	v, err := p.Call(f, p.Float(21))
package python
