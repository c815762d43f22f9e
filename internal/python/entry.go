//go:build (linux || darwin) && (amd64 || arm64)

package python

// entryAddress is the C function in entry_*.s.
var entryAddress uintptr

// dispatcher is read by entry: a Go func value, whose first word is the code.
var dispatcher = func(f *frame) { f.result = uintptr(dispatch(f.self, f.args, f.nargs)) }

// entryPoint is the C function behind every builtin. Purego's callbacks take
// their arguments by reflection, 400 ns a call; this one does not.
func entryPoint() uintptr {
	_ = dispatcher
	return entryAddress
}

// frame is what entry lays on the C stack.
type frame struct {
	self, args, nargs, result uintptr
}
