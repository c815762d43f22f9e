//go:build linux

package python

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"quantdesk/internal/fault"
)

// An attack is Python code that leaves evidence in the name done when it
// succeeds and raises OSError, or leaves done false, when it is refused. Each
// runs in a confined child, where it must be refused, and in a bare one, where
// it must succeed: a probe that cannot succeed proves nothing.
type attack struct {
	name, code string
	// needs tells why the control cannot succeed on some systems.
	needs string
}

const attackPrelude = `
import ctypes, errno, os, signal, socket, struct, sys, threading, resource, mmap
libc = ctypes.CDLL(None, use_errno=True)
arm = os.uname().machine == "aarch64"
def sys_(amd, arm64, *args):
    ctypes.set_errno(0)
    libc.syscall.restype = ctypes.c_long
    args = [ctypes.c_long(a) if isinstance(a, int) else a for a in args]
    r = libc.syscall(ctypes.c_long(arm64 if arm else amd), *args)
    return r, ctypes.get_errno()
def reached(amd, arm64, *args):
    """Whether the kernel looked at the arguments: the filter answers EPERM or ENOSYS."""
    r, e = sys_(amd, arm64, *args)
    return r >= 0 or e not in (errno.EPERM, errno.ENOSYS, errno.EACCES)
def call(name, *args):
    ctypes.set_errno(0)
    r = getattr(libc, name)(*args)
    if r < 0:
        raise OSError(ctypes.get_errno(), name)
    return r
`

var attacks = []attack{
	// Files.
	{name: "read /etc/passwd", code: "done = open('/etc/passwd').read()"},
	{name: "read a secret of the parent", code: "done = open(secret).read()"},
	{name: "read through ctypes open", code: "fd = call('open', b'/etc/passwd', 0); done = os.read(fd, 10)"},
	{name: "read through ctypes openat", code: "fd = call('openat', -100, secret.encode(), 0); done = os.read(fd, 10)"},
	{name: "read through the system call", code: "r, e = sys_(257, 56, -100, ctypes.c_char_p(b'/etc/passwd'), 0, 0); done = r >= 0"},
	{name: "read through fopen", code: "libc.fopen.restype = ctypes.c_void_p; done = libc.fopen(b'/etc/passwd', b'r')"},
	{name: "list /", code: "done = os.listdir('/')"},
	{name: "list the folder of the secret", code: "done = os.listdir(os.path.dirname(secret))"},
	{name: "walk up from the code", code: "done = open(os.path.join(code, '../secret')).read()"},
	{name: "follow a link out of the code", code: "done = open(os.path.join(code, 'link')).read()"},
	{name: "follow a linked folder out of the code", code: "done = open(os.path.join(code, 'linkdir', 'secret')).read()"},
	{name: "follow /proc/self/root", code: "done = open(os.path.join('/proc/self/root', 'etc/passwd')).read()"},
	{name: "read the parent's environment", code: "done = open(f'/proc/{parent}/environ','rb').read()"},
	{name: "read the parent's memory map", code: "done = open(f'/proc/{parent}/maps').read(10)"},
	{name: "open the parent's memory", code: "done = open(f'/proc/{parent}/mem', 'rb').fileno()"},
	{name: "open the parent's descriptors", code: "done = os.listdir(f'/proc/{parent}/fd')"},
	{name: "read /proc/1", code: "done = open('/proc/1/status').read()"},
	{name: "write own memory", code: "done = open('/proc/self/mem', 'r+b').fileno()"},
	{name: "own name in /proc", code: "f = open('/proc/self/comm', 'w'); f.write('x'); f.close(); done = 1"},
	{name: "write a file", code: "open(os.path.join(outside, 'new'), 'w').write('x'); done = 1"},
	{name: "append to a file", code: "open(secret, 'a').write(''); done = 1"},
	{name: "write into the code", code: "open(os.path.join(code, 'new.py'), 'w').write('x'); done = 1"},
	{name: "write into the interpreter", code: "p = os.path.join(home, 'evil.py'); open(p, 'w').close(); os.unlink(p); done = 1"},
	{name: "make a folder", code: "os.mkdir(os.path.join(outside, 'dir')); done = 1"},
	{name: "delete", code: "os.unlink(os.path.join(outside, 'victim')); done = 1"},
	{name: "rename", code: "os.rename(os.path.join(outside, 'moved'), os.path.join(outside, 'moved2')); done = 1"},
	{name: "change permissions", code: "os.chmod(secret, 0o600); done = 1"},
	{name: "change permissions of the code", code: "os.chmod(os.path.join(code, 'own'), 0o600); done = 1"},
	{name: "change times of the code", code: "os.utime(os.path.join(code, 'own')); done = 1"},
	{name: "symbolic link", code: "os.symlink('/etc/passwd', os.path.join(scratch, 'l')); done = 1"},
	{name: "hard link", code: "os.link(os.path.join(scratch, 'file'), os.path.join(scratch, 'l2')); done = 1"},
	{name: "named pipe", code: "os.mkfifo(os.path.join(scratch, 'fifo')); done = 1"},
	{name: "move out of the scratch folder", code: "os.rename(os.path.join(scratch, 'file'), os.path.join(outside, 'file')); done = 1"},
	{name: "file beyond the limit", code: "f = open(os.path.join(scratch, 'big'), 'wb', buffering=0); f.write(bytes(1 << 20)); f.write(b'x'); done = 1"},
	{name: "fallocate beyond the limit", code: "f = open(os.path.join(scratch, 'big2'), 'wb'); os.posix_fallocate(f.fileno(), 0, 2 << 20); done = 1"},
	{name: "settrace opens a file", code: `
def tracer(frame, event, arg):
    global done
    sys.settrace(None)
    done = open(secret).read()
sys.settrace(tracer)
(lambda: 0)()`},
	{name: "a thread opens a file", code: `
def f():
    global done
    try: done = open(secret).read()
    except OSError: pass
t = threading.Thread(target=f); t.start(); t.join()`},
	{name: "an old thread's rights", code: "done = open('/proc/self/task/%d/environ' % threading.get_native_id()).read() or 1"},

	// The network.
	{name: "TCP connect", code: "socket.create_connection(('127.0.0.1', port), 2); done = 1"},
	{name: "TCP listen", code: "s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen(); done = 1"},
	{name: "UDP", code: "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.sendto(b'x', ('127.0.0.1', 9)); done = 1"},
	{name: "UDP over ctypes", code: "done = call('socket', 2, 2, 0)"},
	{name: "socket by system call", code: "r, e = sys_(41, 198, 2, 1, 0); done = r >= 0"},
	{name: "unix socket", code: "s = socket.socket(socket.AF_UNIX); s.connect(unix); done = 1"},
	{name: "abstract unix socket", code: "s = socket.socket(socket.AF_UNIX); s.connect('\\0' + abstract); done = 1"},
	{name: "socket pair", code: "socket.socketpair(); done = 1"},
	{name: "netlink", code: "s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW); s.bind((0, 0)); done = 1"},
	{name: "raw packets", code: "socket.socket(socket.AF_PACKET, socket.SOCK_RAW); done = 1", needs: "root"},

	// Processes.
	{name: "system()", code: "done = libc.system(b'exit 7') == 7 << 8"},
	{name: "subprocess", code: "import subprocess; done = subprocess.run(['/bin/echo', 'hi'], capture_output=True).stdout"},
	{name: "posix_spawn", code: "pid = os.posix_spawn('/bin/true', ['true'], {}); os.waitpid(pid, 0); done = 1"},
	{name: "vfork", code: "r, e = sys_(58, 220, 17, 0, 0, 0, 0) if arm else sys_(56, 220, 17, 0, 0, 0, 0)\nif r == 0: os._exit(0)\ndone = r > 0"},
	{name: "fork", code: "pid = os.fork()\nif pid == 0: os._exit(0)\nos.waitpid(pid, 0); done = 1"},
	{name: "clone3", code: "done = reached(435, 435, None, 0)"},
	{name: "execve that fails", code: "done = reached(59, 221, None, None, None)"},
	{name: "execveat that fails", code: "done = reached(322, 281, -1, None, None, None, 0)"},
	{name: "signal the parent", code: "os.kill(parent, 0); done = 1"},
	{name: "signal the group of the parent", code: "os.killpg(os.getpgid(parent), 0); done = 1"},
	{name: "signal everybody", code: "os.kill(-1, 0); done = 1"},
	{name: "tgkill the parent", code: "r, e = sys_(234, 131, parent, parent, 0); done = r == 0"},
	{name: "tkill the parent", code: "r, e = sys_(200, 130, parent, 0); done = r == 0"},
	{name: "queue a signal", code: "done = reached(129, 138, parent, 0, None)"},
	{name: "pidfd of the parent", code: "done = reached(434, 434, parent, 0)"},
	{name: "signal by fcntl", code: "import fcntl; r, w = os.pipe(); fcntl.fcntl(r, fcntl.F_SETOWN, parent); fcntl.fcntl(r, 10, 9); done = 1"},
	{name: "ptrace", code: "done = reached(101, 117, 2, parent, 0, 0)"},
	{name: "read the parent by process_vm_readv", code: "done = reached(310, 270, parent, None, 0, None, 0, 0)"},
	{name: "write the parent by process_vm_writev", code: "done = reached(311, 271, parent, None, 0, None, 0, 0)"},
	{name: "kcmp", code: "done = reached(312, 272, parent, parent, 1, 0, 0)", needs: "CONFIG_KCMP"},
	{name: "priority of the parent", code: "os.setpriority(os.PRIO_PROCESS, parent, os.getpriority(os.PRIO_PROCESS, parent)); done = 1"},
	{name: "affinity of the parent", code: "os.sched_setaffinity(parent, os.sched_getaffinity(parent)); done = 1"},
	{name: "limits of the parent", code: "resource.prlimit(parent, resource.RLIMIT_CORE, resource.prlimit(parent, resource.RLIMIT_CORE)); done = 1"},
	{name: "raise a limit", code: "resource.setrlimit(resource.RLIMIT_CPU, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)); done = 1"},
	{name: "set own limit", code: "resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1])); done = 1"},
	{name: "change the user", code: "os.setuid(os.getuid()); done = 1"},
	{name: "process group", code: "done = reached(109, 154, 0, -1)"},

	// The kernel.
	{name: "unshare", code: "done = reached(272, 97, 0x10000000)"},
	{name: "setns", code: "done = reached(308, 268, -1, 0)"},
	{name: "mount", code: "done = reached(165, 40, None, None, None, 0, None)", needs: "root"},
	{name: "umount", code: "done = reached(166, 39, ctypes.c_char_p(b'/no/such'), 0)", needs: "root"},
	{name: "chroot", code: "done = reached(161, 51, ctypes.c_char_p(b'/no/such'))"},
	{name: "io_uring", code: "done = reached(425, 425, 1, None)", needs: "io_uring"},
	{name: "bpf", code: "done = reached(321, 280, 0, None, 0)", needs: "root"},
	{name: "perf", code: "done = reached(298, 241, None, 0, 0, -1, 0)", needs: "perf"},
	{name: "userfaultfd", code: "done = reached(323, 282, 1)", needs: "userfaultfd"},
	{name: "keyctl", code: "done = reached(250, 219, 0, -3, 0)", needs: "keys"},
	{name: "add_key", code: "done = reached(248, 217, None, None, None, 0, 0)", needs: "keys"},
	{name: "memfd", code: "done = reached(319, 279, ctypes.c_char_p(b'x'), 0)"},
	{name: "memfd_secret", code: "done = reached(447, 447, 1 << 30)", needs: "memfd_secret"},
	{name: "inotify", code: "done = reached(294, 26, 0)"},
	{name: "name_to_handle_at", code: "done = reached(303, 264, -100, None, None, None, 0)"},
	{name: "open_by_handle_at", code: "done = reached(304, 265, -1, None, 0)", needs: "root"},
	{name: "open through openat2", code: "done = reached(437, 437, -100, None, None, 0)"},
	{name: "seccomp again", code: "done = reached(317, 277, 99, 0, None)"},
	{name: "landlock again", code: "done = reached(444, 444, None, 0, 9)"},
	{name: "personality", code: "done = reached(135, 92, 0xffffffff)"},
	{name: "modify_ldt or memory policy", code: "done = reached(237, 235, None, 0, 0, 0, 99, 0)", needs: "CONFIG_NUMA"},
	{name: "shared memory", code: "done = reached(29, 194, 0, 4096, 0o600)"},
	{name: "message queue", code: "done = reached(68, 186, 0, 0o600)"},
	{name: "interval timer", code: "done = reached(38, 103, 0, None, None)"},
	{name: "become traceable", code: "done = libc.prctl(4, 1, 0, 0, 0) == 0"},
	{name: "outlive the parent", code: "done = libc.prctl(1, 0, 0, 0, 0) == 0"},
	{name: "type on the terminal", code: "done = reached(16, 29, 0, 0x5412, None)"},
	{name: "a call that is not known", code: "done = reached(467, 467, None, None, None)", needs: "Linux 6.17"},
	{name: "system log", code: "done = reached(103, 116, 10, None, 0)", needs: "root"},
	{name: "splice", code: "done = reached(275, 76, -1, None, -1, None, 0, 0)"},
	{name: "an inherited descriptor", code: "done = os.fstat(leaked) and os.pread(leaked, 10, 0)"},
	{name: "the parent's environment in the own", code: "done = 'PATH' in os.environ or libc.getenv(b'PATH') != 0"},
}

// attackField is what the attacks know of the parent.
func attackField(t *testing.T) (w wire, vars map[string]any) {
	t.Helper()
	dir := t.TempDir()
	for _, d := range []string{"code", "outside", "scratch"} {
		if err := os.Mkdir(filepath.Join(dir, d), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range []string{"secret", "code/own", "outside/victim", "outside/moved", "scratch/file"} {
		if err := os.WriteFile(filepath.Join(dir, f), []byte("the crown jewels"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for from, to := range map[string]string{"code/link": filepath.Join(dir, "secret"), "code/linkdir": dir} {
		if err := os.Symlink(to, filepath.Join(dir, from)); err != nil {
			t.Fatal(err)
		}
	}
	accept := func(network, address string) net.Listener {
		l, err := net.Listen(network, address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = l.Close() })
		return l
	}
	port := accept("tcp", "127.0.0.1:0").Addr().(*net.TCPAddr).Port
	accept("unix", filepath.Join(dir, "socket"))
	accept("unix", "@"+filepath.Base(dir)+fmt.Sprint(os.Getpid()))
	// A descriptor that somebody forgot to mark close-on-exec.
	fd, err := syscall.Open(filepath.Join(dir, "secret"), syscall.O_RDONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(fd) })
	vars = map[string]any{
		"secret": filepath.Join(dir, "secret"), "code": filepath.Join(dir, "code"), "outside": filepath.Join(dir, "outside"),
		"scratch": filepath.Join(dir, "scratch"), "parent": os.Getpid(), "port": port, "unix": filepath.Join(dir, "socket"),
		"abstract": filepath.Base(dir) + fmt.Sprint(os.Getpid()), "leaked": fd,
	}
	return wire{Spec: Spec{ReadOnly: []string{filepath.Join(dir, "code")}, Scratch: filepath.Join(dir, "scratch"), Limits: usual}}, vars
}

// outcome is what became of one attack.
type outcome struct {
	Done bool
	Text string
}

// runAttacks runs all of them in one child.
func runAttacks(t *testing.T, home string, bare bool) map[string]outcome {
	t.Helper()
	w, vars := attackField(t)
	w.Bare = bare
	vars["home"] = home
	list := map[string]string{}
	for _, a := range attacks {
		list[a.name] = a.code
	}
	v, err := json.Marshal(vars)
	if err != nil {
		t.Fatal(err)
	}
	l, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	// JSON of texts and numbers is Python, too.
	code := attackPrelude + "_vars = " + string(v) + "\n_attacks = " + string(l) + `
import json
def attack(code):
    g = {**globals(), **_vars, "done": False}
    try:
        exec(code, g)
    except Exception as e:
        return {"done": False, "text": repr(e)[:200]}
    return {"done": bool(g["done"]), "text": repr(g["done"])[:200]}
print(json.dumps({k: attack(v) for k, v in _attacks.items()}))
`
	out, err := python(t, w, script{Home: home, Code: code})
	if err != nil {
		t.Fatalf("the child ends with %v: %.3000s", err, out)
	}
	var got map[string]outcome
	if err := json.Unmarshal([]byte(out[strings.LastIndex(strings.TrimSpace(out), "\n")+1:]), &got); err != nil {
		t.Fatalf("%v: %.3000s", err, out)
	}
	return got
}

func TestAttacks(t *testing.T) {
	home := needConfined(t)
	confined := runAttacks(t, home, false)
	bare := runAttacks(t, home, true)
	for _, a := range attacks {
		t.Run(a.name, func(t *testing.T) {
			c, b := confined[a.name], bare[a.name]
			if c.Done || c.Text == "" {
				t.Errorf("it succeeded: %s", c.Text)
			}
			switch {
			case b.Done:
			case a.needs != "":
				t.Logf("the control fails without %s: %s", a.needs, b.Text)
			default:
				t.Errorf("the control fails, so this proves nothing: %s", b.Text)
			}
		})
	}
	if err := Verify(home); err != nil {
		t.Errorf("the interpreter is damaged: %v", err)
	}
}

// TestAllowed are things that algorithms do and the sandbox lets them.
func TestAllowed(t *testing.T) {
	home := needConfined(t)
	w, vars := attackField(t)
	vars["home"] = home
	v, err := json.Marshal(vars)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, code string }{
		{"read the code", "assert open(code + '/own').read()"},
		{"list the code", "assert os.listdir(code)"},
		{"write to the scratch folder", "open(scratch + '/new', 'w').write('x'); assert open(scratch + '/new').read() == 'x'"},
		{"folders in the scratch folder", "os.makedirs(scratch + '/a/b'); os.rename(scratch + '/a/b', scratch + '/a/c'); os.rmdir(scratch + '/a/c')"},
		{"threads", "l = []\nt = [threading.Thread(target=l.append, args=(i,)) for i in range(50)]\n[x.start() for x in t]; [x.join() for x in t]\nassert len(l) == 50"},
		{"thread pool", "from concurrent.futures import ThreadPoolExecutor\nwith ThreadPoolExecutor(4) as e: assert sum(e.map(abs, range(100))) == 4950"},
		{"random numbers", "import random, secrets, uuid; random.random(); secrets.token_hex(); uuid.uuid4()"},
		{"time", "import time, datetime; time.time(); time.sleep(0.01); datetime.datetime.now()"},
		{"zones, as far as the system has them", "import zoneinfo\ntry: zoneinfo.ZoneInfo('America/New_York')\nexcept zoneinfo.ZoneInfoNotFoundError: pass"},
		{"standard library", "import json, decimal, statistics, csv, sqlite3, logging, typing, dataclasses, ctypes, hashlib, zlib, lzma, ssl, asyncio, multiprocessing"},
		{"sqlite in memory", "import sqlite3; c = sqlite3.connect(':memory:'); c.execute('create table t(x)'); c.execute('insert into t values(1)'); assert c.execute('select * from t').fetchall() == [(1,)]"},
		{"sqlite in the scratch folder", "import sqlite3; c = sqlite3.connect(scratch + '/db'); c.execute('create table t(x)'); c.commit(); c.close()"},
		{"temporary files in the scratch folder", "import tempfile\nwith tempfile.NamedTemporaryFile(dir=scratch) as f: f.write(b'x')"},
		{"ctypes callbacks", "f = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)(lambda x: x + 1); assert f(1) == 2"},
		{"own signals", "signal.signal(signal.SIGUSR1, lambda *a: None); os.kill(os.getpid(), 0)"},
		{"subclassing and gc", "import gc; [object() for _ in range(10**5)]; gc.collect()"},
		{"memory map", "m = mmap.mmap(-1, 1 << 20); m[0] = 1; m.close()"},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, err := python(t, w, script{Home: home, Code: attackPrelude + "globals().update(" + string(v) + ")\n" + c.code})
			if err != nil {
				t.Errorf("got %v: %s", err, out)
			}
		})
	}
}

func TestBombs(t *testing.T) {
	home := needConfined(t)
	for _, c := range []struct{ name, code string }{
		{"threads", "import threading, time\nn = 0\ntry:\n  while n < 100000:\n    threading.Thread(target=time.sleep, args=(60,), daemon=True).start(); n += 1\nexcept RuntimeError as e: print(e)"},
		{"forks", "import os\nn = 0\nfor _ in range(1000):\n  try: n += os.fork() >= 0\n  except PermissionError: pass\nassert n == 0"},
		{"files", "l = []\ntry:\n  while True: l.append(open('/dev/null'))\nexcept OSError: pass\nassert len(l) < 256"},
		{"pipes", "import os\ntry:\n  while True: os.pipe()\nexcept OSError: pass"},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, err := python(t, wire{Spec: Spec{Limits: usual}}, script{Home: home, Code: c.code})
			var le *LimitError
			if err != nil && !errors.As(err, &le) {
				t.Errorf("got %v: %s", err, out)
			}
			t.Logf("%v: %.200s", err, out)
			if out, err := python(t, wire{Spec: Spec{Limits: usual}}, script{Home: home, Code: "print(6 * 7)"}); err != nil || out != "42\n" {
				t.Errorf("the next run gives %q and %v", out, err)
			}
		})
	}
}

// TestDistribution runs numpy and pandas of the system in the sandbox.
func TestDistribution(t *testing.T) {
	home := needConfined(t)
	const site = "/usr/lib/python3/dist-packages"
	if _, err := os.Stat(site + "/pandas"); err != nil {
		t.Skip("python3-pandas is not installed")
	}
	code := "import numpy as np, pandas as pd\nprint(int((np.ones((200, 200)) @ np.ones((200, 200))).sum()), pd.DataFrame({'a': [1, 2, 3]}).a.rolling(2).mean().sum())"
	out, err := python(t, wire{Spec: Spec{ReadOnly: []string{site}, Limits: usual}}, script{Home: home, Site: []string{site}, Code: code})
	if err != nil || out != "8000000 4.0\n" {
		t.Errorf("got %q and %v", out, err)
	}
}

// TestWeak is a kernel without Landlock, and one without the filter, too.
func TestWeak(t *testing.T) {
	home := needConfined(t)
	for _, c := range []struct {
		level    Level
		code     string
		succeeds bool
	}{
		{Filtered, "open('/etc/passwd').read()", true},
		{Filtered, "open('/tmp/quantdesk-never', 'w')", false},
		{Filtered, "import socket; socket.socket()", false},
		{Filtered, "import os; os.fork() or os._exit(0)", false},
		{Limited, "import socket; socket.socket()", true},
		{Limited, "bytearray(10 << 30)", false},
	} {
		t.Run(c.level.String()+" "+c.code, func(t *testing.T) {
			w := wire{AtMost: &c.level, Spec: Spec{AllowWeak: true, Limits: usual}}
			if _, err := python(t, w, script{Home: home, Code: c.code}); (err == nil) != c.succeeds {
				t.Errorf("got %v, want success: %v", err, c.succeeds)
			}
		})
	}
	for _, s := range []Spec{{Program: "echo"}, {Program: "echo", AllowWeak: true, Scratch: "/tmp"}} {
		level := Filtered
		if _, err := command(t.Context(), wire{AtMost: &level, Spec: s}); fault.CodeOf(err) != fault.Unavailable {
			t.Errorf("got %v for %+v, want unavailable", err, s)
		}
	}
}
