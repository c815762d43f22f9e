package python

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"unsafe"

	"quantdesk/internal/fault"
)

// Options says how the interpreter starts. Only Home is needed.
type Options struct {
	// Home is what Extract gave.
	Home string
	// Path are the folders that come first in sys.path.
	Path []string
	// SitePackages are folders that come last in it, as a distribution's
	// dist-packages with numpy; their .pth files are not read.
	SitePackages []string
	// Stdout and Stderr get what Python prints, in pieces of at most 64 kB.
	// Nil discards. They run with the interpreter lock held.
	Stdout, Stderr func(text string)
	// MaxOutput is how many bytes the two get in all before the rest is
	// dropped with one line that says so; 0 means 16 MB.
	MaxOutput int64
}

// Interp is the interpreter of this process; there is at most one, and it lives
// as long as the process does.
type Interp struct {
	opts    Options
	home    string
	left    int64 // bytes of output still allowed
	names   map[string]Object
	globals Object // of the bootstrap code
	format  Object // _format of the bootstrap code
	sources Object // dict file -> source, for tracebacks
	depth   int    // how many Funcs are under way
	quiet   int    // above 0, interrupts wait: the host is at work

	lastErr   *Error // the exception fetched last, to be raised again as it was
	lastValue Object

	breaker     *int32 // eval_breaker: not 0 makes the evaluation loop look around
	interrupted atomic.Bool
	reason      atomic.Pointer[string]
	pendMu      sync.Mutex
	pending     bool // a goroutine keeps the interrupt alive
}

var opened atomic.Bool

// Open starts the interpreter on the calling goroutine, which is locked to its
// thread from then on: isolated from the environment and the user's folders,
// hash seed 0, UTF-8, without signal handlers. It can be done once per process.
func Open(o Options) (*Interp, error) {
	const op = "python.Open"
	if !supported {
		return nil, fault.E(op, fault.Unavailable, "Python does not run on %s/%s", runtime.GOOS, runtime.GOARCH)
	}
	if o.Home == "" {
		return nil, fault.E(op, fault.Invalid, "Python's home is not given").Hinted("Take it from Extract.")
	}
	home, err := filepath.Abs(o.Home)
	if err != nil {
		return nil, fault.Wrap(op, fault.Invalid, err, "Python's home %q has no absolute path", o.Home)
	}
	if !opened.CompareAndSwap(false, true) {
		return nil, fault.E(op, fault.Conflict, "Python is already open in this process")
	}
	runtime.LockOSThread()
	p := &Interp{opts: o, home: home, left: o.MaxOutput, names: map[string]Object{}}
	if p.left <= 0 {
		p.left = 16 << 20
	}
	if err := p.load(); err != nil {
		return nil, fault.Wrap(op, fault.Unavailable, err, "Python cannot be loaded from %s: %s", home, err)
	}
	if err := p.start(); err != nil {
		return nil, fault.Wrap(op, fault.Unavailable, err, "Python does not start: %s", err)
	}
	if err := p.boot(); err != nil {
		return nil, fault.Wrap(op, fault.Internal, err, "Python's bootstrap fails: %s", err)
	}
	return p, nil
}

// load opens the library and fills lib.
func (p *Interp) load() error {
	name := "libpython3.11.so.1.0"
	if runtime.GOOS == "darwin" {
		name = "libpython3.11.dylib"
	}
	file := filepath.Join(p.home, "lib", name)
	if _, err := os.Stat(file); err != nil {
		return err
	}
	oneArena()
	handle, err := dlopen(file)
	if err != nil {
		return err
	}
	return lib.resolve(handle)
}

// oneArena keeps glibc from reserving 64 MB of addresses for every thread that
// allocates: they count against the limit.
func oneArena() {
	if runtime.GOOS != "linux" {
		return
	}
	if f, err := dlsym(0, "mallopt"); err == nil {
		const arenaMax = -8
		call(f, uintptr(arenaMax&0xffffffff), 1, 0, 0, 0, 0)
	}
}

// start initialises the interpreter. The offsets are those of PyPreConfig and
// PyConfig in CPython 3.11.
func (p *Interp) start() error {
	const (
		preUTF8, preLocale, preCoerce                  = 28, 16, 20
		useHashSeed, hashSeed, signals, site, bytecode = 20, 24, 16, 168, 196
		stdio, warnings, searchSet, search, safePath   = 212, 256, 296, 304, 252
		programName, homeField, checkHash              = 264, 280, 240
		executable, baseExecutable, prefix, basePrefix = 328, 336, 344, 352
		execPrefix, baseExecPrefix, stdlib, frozen     = 360, 368, 320, 248
	)
	var pre [64]byte
	var cfg [512]byte
	set := func(b []byte, off int, v int32) { *(*int32)(unsafe.Pointer(&b[off])) = v }

	call(lib.fn("PyPreConfig_InitIsolatedConfig"), addr(pre[:]), 0, 0, 0, 0, 0)
	set(pre[:], preUTF8, 1)
	set(pre[:], preLocale, 0)
	set(pre[:], preCoerce, 0)
	var preinit func(unsafe.Pointer) status
	register(&preinit, lib.fn("Py_PreInitialize"))
	if err := preinit(unsafe.Pointer(&pre)).err(); err != nil {
		return err
	}

	call(lib.fn("PyConfig_InitIsolatedConfig"), addr(cfg[:]), 0, 0, 0, 0, 0)
	set(cfg[:], useHashSeed, 1)
	*(*uint64)(unsafe.Pointer(&cfg[hashSeed])) = 0
	set(cfg[:], signals, 0)
	set(cfg[:], site, 0)
	set(cfg[:], bytecode, 0)
	set(cfg[:], stdio, 0)
	set(cfg[:], warnings, 0)
	set(cfg[:], safePath, 1)
	set(cfg[:], frozen, 1)

	var setText func(cfg, field unsafe.Pointer, text *int32) status
	var push func(list unsafe.Pointer, text *int32) status
	var initialise func(cfg unsafe.Pointer) status
	register(&setText, lib.fn("PyConfig_SetString"))
	register(&push, lib.fn("PyWideStringList_Append"))
	register(&initialise, lib.fn("Py_InitializeFromConfig"))
	libDir := filepath.Join(p.home, "lib", "python3.11")
	for field, text := range map[int]string{
		programName: "python3", homeField: p.home, executable: "", baseExecutable: "", prefix: p.home, basePrefix: p.home,
		execPrefix: p.home, baseExecPrefix: p.home, stdlib: libDir, checkHash: "never",
	} {
		if err := setText(unsafe.Pointer(&cfg), unsafe.Pointer(&cfg[field]), wide(text)).err(); err != nil {
			return err
		}
	}
	paths := append([]string{}, p.opts.Path...)
	paths = append(paths, libDir, filepath.Join(libDir, "lib-dynload"))
	paths = append(paths, p.opts.SitePackages...)
	for _, dir := range paths {
		if err := push(unsafe.Pointer(&cfg[search]), wide(dir)).err(); err != nil {
			return err
		}
	}
	set(cfg[:], searchSet, 1)
	if err := initialise(unsafe.Pointer(&cfg)).err(); err != nil {
		return err
	}
	call(lib.fn("PyConfig_Clear"), addr(cfg[:]), 0, 0, 0, 0, 0)
	return nil
}

// status is PyStatus, returned by value.
type status struct {
	kind int64
	fn   uintptr
	text uintptr
	_    int64 // exitcode
}

func (s status) err() error {
	if int32(s.kind) == 0 { //nolint:gosec // the field is an int
		return nil
	}
	return errors.New(cText(s.fn) + ": " + cText(s.text))
}

// addr is the address of a buffer; the callee does not keep it.
func addr(b []byte) uintptr { return uintptr(unsafe.Pointer(heap(&b[0]))) }

// wide is a wchar_t text, four bytes a character on these systems.
func wide(s string) *int32 {
	w := append([]rune(s), 0)
	return &w[0]
}

// probe makes sure that values lie in memory where this package reads them.
func (p *Interp) probe() error {
	version := cText(call(lib.fn("Py_GetVersion"), 0, 0, 0, 0, 0, 0))
	if !strings.HasPrefix(version, "3.11.") {
		return errors.New("it is version " + version)
	}
	f, i, s, w := p.Float(-math.Pi), p.Int(-1<<62-5), p.Text("plain"), p.Text("naïve € 𝄞")
	defer func() { f.DecRef(); i.DecRef(); s.DecRef(); w.DecRef() }()
	fv, ok1 := f.Float()
	iv, ok2 := i.Int()
	sv, ok3 := s.Text()
	wv, ok4 := w.Text()
	if !ok1 || !ok2 || !ok3 || !ok4 || fv != -math.Pi || iv != -1<<62-5 || sv != "plain" || wv != "naïve € 𝄞" || f.RefCount() != 1 {
		return errors.New("its objects have another layout")
	}
	return nil
}

// bootstrap is the Python side of the host: the standard streams and the
// rendering of exceptions. Modules that cost time are imported when needed.
const bootstrap = `
import sys, io

class _Stream(io.TextIOBase):
    encoding = "utf-8"
    errors = "backslashreplace"
    def __init__(self, name, number):
        self.name = name
        self._number = number
    def write(self, s):
        if not isinstance(s, str):
            raise TypeError("write() argument must be str, not " + type(s).__name__)
        _write(self._number, s)
        return len(s)
    def writable(self):
        return True
    def isatty(self):
        return False
    def close(self):
        pass

sys.stdout = sys.__stdout__ = _Stream("<stdout>", 1)
sys.stderr = sys.__stderr__ = _Stream("<stderr>", 2)
sys.stdin = sys.__stdin__ = io.StringIO("")
sys.argv = [""]

def _name(t):
    m = t.__module__
    return t.__qualname__ if m in ("builtins", "__main__") else "%s.%s" % (m, t.__qualname__)

def _format(exc):
    import traceback, linecache
    for file, text in _sources.items():
        if file not in linecache.cache:
            linecache.cache[file] = (len(text), None, text.splitlines(True), file)
    frames = []
    for f in traceback.extract_tb(exc.__traceback__):
        frames.append((f.filename, f.lineno or 0, f.name, f.line or ""))
        if len(frames) > 200:
            del frames[100]
    if isinstance(exc, SyntaxError) and exc.filename:
        frames.append((exc.filename, exc.lineno or 0, "", (exc.text or "").strip()))
    try:
        message = str(exc)
    except Exception:
        message = "<exception str() failed>"
    return _name(type(exc)), message, "".join(traceback.format_exception(exc)), frames
`

func (p *Interp) boot() error {
	if err := lib.constants(); err != nil {
		return err
	}
	if err := p.probe(); err != nil {
		return err
	}
	p.globals = Object(call(lib.fn("PyDict_New"), 0, 0, 0, 0, 0, 0))
	p.sources = Object(call(lib.fn("PyDict_New"), 0, 0, 0, 0, 0, 0))
	write := p.Func("_write", "", p.write)
	builtins := Object(call(lib.fn("PyEval_GetBuiltins"), 0, 0, 0, 0, 0, 0))
	name := p.Text("_host_boot")
	for k, v := range map[string]Object{"_write": write, "_sources": p.sources, "__builtins__": builtins, "__name__": name} {
		if err := p.SetItem(p.globals, p.name(k), v); err != nil {
			return err
		}
	}
	write.DecRef()
	name.DecRef()
	code, err := p.Compile("<host>", bootstrap)
	if err != nil {
		return err
	}
	defer code.DecRef()
	if err := p.Run(code, p.globals); err != nil {
		return err
	}
	p.format = p.dictGet(p.globals, "_format")
	return p.pendingInit()
}

// write is what sys.stdout and sys.stderr call.
func (p *Interp) write(args []Object) (Object, error) {
	const piece = 64 << 10
	if len(args) != 2 {
		return 0, &Raise{Type: "TypeError", Message: "_write takes 2 arguments"}
	}
	to := p.opts.Stdout
	if n, _ := args[0].Int(); n == 2 {
		to = p.opts.Stderr
	}
	if to == nil || p.left <= 0 {
		return 0, nil
	}
	if n := int64(args[1].Len()); n > p.left {
		// Not to copy what will not be taken.
		cut := Object(call(lib.fn("PyUnicode_Substring"), uintptr(args[1]), 0, uintptr(p.left), 0, 0, 0))
		if cut == 0 {
			return 0, p.fetch()
		}
		defer cut.DecRef()
		args = []Object{args[0], cut}
		p.left = int64(cut.Len())
	}
	text, _ := args[1].Text()
	whole := int64(len(text)) < p.left
	p.left -= int64(len(text))
	for len(text) > piece {
		to(text[:piece])
		text = text[piece:]
	}
	if text != "" {
		to(text)
	}
	if !whole {
		p.left = 0
		to("\n[output limit reached: the rest is dropped]\n")
	}
	return 0, nil
}
