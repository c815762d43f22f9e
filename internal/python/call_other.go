//go:build !((linux || darwin) && (amd64 || arm64))

package python

// There is no bridge on this system: Extract and Open say so, and as there is
// no other way to an Object nothing below is ever called.

const unsupported = "python: there is no bridge on this system"

type block struct {
	args [16]uintptr
	long []Object
}

func (*block) call(_, _, _, _, _, _, _ uintptr) uintptr  { panic(unsupported) }
func call(_, _, _, _, _, _, _ uintptr) uintptr           { panic(unsupported) }
func call9(uintptr, [9]uintptr) uintptr                  { panic(unsupported) }
func callFloat(uintptr, uint64) uintptr                  { panic(unsupported) }
func callText(uintptr, string, uintptr, uintptr) uintptr { panic(unsupported) }
func dlopen(string) (uintptr, error)                     { panic(unsupported) }
func dlsym(uintptr, string) (uintptr, error)             { panic(unsupported) }
func register(any, uintptr)                              { panic(unsupported) }
func entryPoint() uintptr                                { panic(unsupported) }

const supported = false
