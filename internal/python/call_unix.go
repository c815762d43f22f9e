//go:build (linux || darwin) && (amd64 || arm64)

package python

import (
	"runtime"
	"unsafe"

	"github.com/ebitengine/purego"
)

// A C call goes through purego's trampoline with a block of arguments that is
// kept, not through purego.SyscallN: 30 ns instead of 90, and nothing is
// allocated. The layout of the block is that of purego v0.11.3 and
// TestTrampoline holds it.

//go:linkname cgocall runtime.cgocall
func cgocall(fn uintptr, arg unsafe.Pointer) int32

//go:linkname trampoline github.com/ebitengine/purego.syscallXABI0
var trampoline uintptr

// block is purego's syscallArgs, followed by room for vectorcall arguments.
type block struct {
	fn   uintptr
	a    [32]uintptr
	f    [8]uintptr
	r8   uintptr
	args [16]uintptr
	long []Object // arguments that did not fit, kept while C reads them
}

// supported tells that this system has a bridge.
const supported = true

// call calls a C function with up to six words and gives the word it returns.
func call(fn, a1, a2, a3, a4, a5, a6 uintptr) uintptr {
	b := blocks.Get().(*block) //nolint:forcetypeassert // the pool holds nothing else
	r := b.call(fn, a1, a2, a3, a4, a5, a6)
	blocks.Put(b)
	return r
}

func (b *block) call(fn, a1, a2, a3, a4, a5, a6 uintptr) uintptr {
	b.fn = fn
	b.a[0], b.a[1], b.a[2], b.a[3], b.a[4], b.a[5] = a1, a2, a3, a4, a5, a6
	ordered()
	cgocall(trampoline, unsafe.Pointer(b))
	ordered()
	return b.a[0]
}

// call9 is call with nine words.
func call9(fn uintptr, a [9]uintptr) uintptr {
	b := blocks.Get().(*block) //nolint:forcetypeassert // the pool holds nothing else
	b.fn = fn
	copy(b.a[:], a[:])
	ordered()
	cgocall(trampoline, unsafe.Pointer(b))
	ordered()
	r := b.a[0]
	blocks.Put(b)
	return r
}

// callFloat calls a C function of one double.
func callFloat(fn uintptr, bits uint64) uintptr {
	b := blocks.Get().(*block) //nolint:forcetypeassert // the pool holds nothing else
	b.fn = fn
	b.f[0] = uintptr(bits)
	ordered()
	cgocall(trampoline, unsafe.Pointer(b))
	ordered()
	r := b.a[0]
	blocks.Put(b)
	return r
}

// callText is call with a C text, which lives as long as the call, first.
func callText(fn uintptr, s string, a2, a3 uintptr) uintptr {
	z := append(append(make([]byte, 0, len(s)+1), s...), 0)
	r := call(fn, addr(z), a2, a3, 0, 0, 0)
	runtime.KeepAlive(z)
	return r
}

// dlopen loads a library for all that are loaded after it, as extension
// modules take their symbols from libpython without naming it.
func dlopen(path string) (uintptr, error) {
	return purego.Dlopen(path, purego.RTLD_LAZY|purego.RTLD_GLOBAL)
}

func dlsym(handle uintptr, name string) (uintptr, error) { return purego.Dlsym(handle, name) }

// register makes a Go func of a C function, for the few that return structs.
func register(fn any, addr uintptr) { purego.RegisterFunc(fn, addr) }
