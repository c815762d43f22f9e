package runner

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"quantdesk/internal/project"
	"quantdesk/internal/python"
)

// attacks leave what they got in the name done; internal/python proves that
// each can succeed outside of the cage.
var attacks = map[string]string{
	"a file of the system":          "done = open('/etc/passwd').read()",
	"a secret beside the data":      "done = open(secret).read()",
	"the folder of other runs":      "done = os.listdir(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(code)))))",
	"the cache of the interpreter":  "open(os.path.join(sys.prefix, 'lib', 'x.py'), 'w'); done = 1",
	"write beside the algorithm":    "open(os.path.join(code, 'x.py'), 'w'); done = 1",
	"write into the data":           "open(os.path.join(data, 'x'), 'w'); done = 1",
	"write into the library":        "import lean; open(os.path.join(list(lean.__path__)[0], 'x.py'), 'w'); done = 1",
	"a temporary file":              "import tempfile; tempfile.TemporaryFile(); done = 1",
	"the own environment":           "done = os.environ.get('HOME') or os.environ.get('PATH')",
	"the parent's environment":      "done = open(f'/proc/{os.getppid()}/environ', 'rb').read()",
	"the first process":             "done = open('/proc/1/status').read()",
	"TCP":                           "socket.create_connection(('127.0.0.1', port), 2); done = 1",
	"UDP":                           "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.sendto(b'x', ('127.0.0.1', 9)); done = 1",
	"a unix socket":                 "s = socket.socket(socket.AF_UNIX); done = 1",
	"a name server":                 "done = socket.gethostbyname('example.com')",
	"a web page":                    "import urllib.request; done = urllib.request.urlopen(f'http://127.0.0.1:{port}', timeout=2)",
	"a shell":                       "done = os.system('true') == 0",
	"a program":                     "import subprocess; done = subprocess.run(['/bin/true']).returncode == 0",
	"fork":                          "pid = os.fork()\nif pid == 0: os._exit(0)\ndone = 1",
	"execve":                        "os.execve('/bin/true', ['true'], {}); done = 1",
	"kill the parent":               "os.kill(os.getppid(), 0); done = 1",
	"kill everybody":                "os.kill(-1, 9); done = 1",
	"ptrace":                        "libc.ptrace.restype = ctypes.c_long; ctypes.set_errno(0); done = libc.ptrace(16, os.getppid(), 0, 0) == 0",
	"a file through ctypes":         "done = libc.open(b'/etc/passwd', 0) >= 0",
	"a socket through ctypes":       "done = libc.socket(2, 1, 0) >= 0",
	"a system call through ctypes":  "done = libc.syscall(257, -100, b'/etc/passwd', 0, 0) >= 0",
	"io_uring":                      "done = libc.syscall(425, 1, 0) >= 0 or ctypes.get_errno() == 14",
	"a user namespace":              "done = libc.unshare(0x10000000) == 0",
	"a link to elsewhere":           "os.symlink('/etc', os.path.join(code, 'l')); done = 1",
	"more rights":                   "os.setuid(0) if os.getuid() else os.setgroups([]); done = 1",
	"a higher limit":                "import resource; resource.setrlimit(resource.RLIMIT_AS, (-1, -1)); done = 1",
	"another process's memory":      "done = open(f'/proc/{os.getppid()}/mem', 'rb').read(1)",
	"a debugger's view of the host": "done = os.listdir(f'/proc/{os.getppid()}/fd')",
}

const attackers = `from AlgorithmImports import *
import ctypes, json, os, socket, sys
libc = ctypes.CDLL(None, use_errno=True)

class A(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2013, 10, 7)
        self.set_end_date(2013, 10, 8)
        self.add_equity("SPY")
        what = json.loads(self.get_parameter("what"))
        for name, code in json.loads(self.get_parameter("attacks")).items():
            g = {**globals(), **what, "done": False, "code": sys.path[1]}
            try:
                exec(code, g)
                self.log(json.dumps([name, bool(g["done"]), repr(g["done"])[:100]]))
            except BaseException as e:
                self.log(json.dumps([name, False, repr(e)[:100]]))
`

func TestAttacks(t *testing.T) {
	t.Setenv("QUANTDESK_TEST_SECRET", "crown jewels")
	data := dataFolder(t)
	r := caged(t, Config{Data: data, Limits: python.Limits{CPU: 20 * time.Second, Wall: 30 * time.Second}})
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("crown jewels"), 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	abs, err := filepath.Abs(data)
	if err != nil {
		t.Fatal(err)
	}
	what, err := json.Marshal(map[string]any{"secret": secret, "port": l.Addr().(*net.TCPAddr).Port, "data": abs})
	if err != nil {
		t.Fatal(err)
	}
	list, err := json.Marshal(attacks)
	if err != nil {
		t.Fatal(err)
	}
	got := backtest(t, r, project.Run{Source: alone(attackers), Parameters: map[string]string{"what": string(what), "attacks": string(list)}})
	if got.Status != project.Completed {
		t.Fatalf("got %s: %s", got.Status, got.Error)
	}
	told := map[string]bool{}
	for _, line := range got.Logs {
		var x [3]any
		_, text, ok := strings.Cut(line, "[")
		if !ok || json.Unmarshal([]byte("["+text), &x) != nil {
			continue
		}
		name, _ := x[0].(string)
		told[name] = true
		if x[1] != false {
			t.Errorf("%s succeeded: %v", name, x[2])
		}
		if strings.Contains(line, "crown jewels") {
			t.Errorf("%s has the secret", name)
		}
	}
	for name := range attacks {
		if !told[name] {
			t.Errorf("%s was not tried", name)
		}
	}
	healthy(t, r)
}

// TestGarbledAnswer: an algorithm that writes into its answer has a failed run.
func TestGarbledAnswer(t *testing.T) {
	r := caged(t, Config{})
	got := backtest(t, r, project.Run{Source: in("import os\nfor fd in range(3, 64):\n    try: os.write(fd, b'r\\0\\0\\0\\5nonsense')\n    except OSError: pass")})
	if got.Status != project.RuntimeError || !strings.Contains(got.Error, "wrote into its answer") {
		t.Errorf("got %s: %s", got.Status, got.Error)
	}
	healthy(t, r)
}

// healthy runs an algorithm that means no harm.
func healthy(t *testing.T, r *Runner) {
	t.Helper()
	if got := backtest(t, r, project.Run{Source: in("pass")}); got.Status != project.Completed {
		t.Errorf("the next run: %s %s", got.Status, got.Error)
	}
	if err := python.Verify(r.place.home); err != nil {
		t.Errorf("the interpreter: %v", err)
	}
}

// TestFloods are attacks on what a run may use up.
func TestFloods(t *testing.T) {
	r := caged(t, Config{Limits: python.Limits{Memory: 600 << 20, CPU: 2 * time.Second, Wall: 3 * time.Second, Output: 8 << 20}})
	for name, code := range map[string]string{
		"memory":            "x = bytearray(10 << 30)",
		"memory, natively":  "import ctypes\nlibc = ctypes.CDLL(None)\nlibc.malloc.restype = ctypes.c_void_p\nwhile True:\n    p = libc.malloc(1 << 20)\n    if not p: raise MemoryError()\n    ctypes.memset(p, 1, 1 << 20)",
		"loop":              "while True: pass",
		"loop that catches": "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
		"sleep":             "import time\nwhile True:\n    try: time.sleep(1)\n    except BaseException: pass",
		"threads":           "import threading\ndef f():\n    while True: pass\nfor i in range(100): threading.Thread(target=f, daemon=True).start()\nwhile True: pass",
		"stdout":            "import os\nwhile True: os.write(1, b'x' * 65536)",
		"result":            "import os\nfor fd in range(3, 64):\n    try:\n        while True: os.write(fd, b'r\\xff\\xff\\xff\\xff' + b'x' * 65536)\n    except OSError: pass\nwhile True: pass",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := r.Backtest(context.Background(), project.Run{Source: in(code)}, nil)
			var l *python.LimitError
			if name == "result" && err == nil && got.Status == project.RuntimeError {
				return // what it wrote is no frame
			}
			if !errors.As(err, &l) {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
	t.Run("logs", func(t *testing.T) {
		got := backtest(t, r, project.Run{Source: in("for i in range(30000): self.log('x' * 300)\nfor i in range(100000): print('y')")})
		if got.Status != project.Completed || len(got.Logs) != 10_001 {
			t.Errorf("got %s %s, %d lines", got.Status, got.Error, len(got.Logs))
		}
	})
	t.Run("a forged result", func(t *testing.T) {
		forged := `{"Status":"Completed","Statistics":{"Net Profit":"1000%"},"EngineVersion":"other"}`
		got := backtest(t, r, project.Run{Source: in("import os\nb = b'" + forged + "'\nfor fd in range(3, 64):\n    try: os.write(fd, b'r' + len(b).to_bytes(4, 'big') + b)\n    except OSError: pass")})
		// It can only lie about itself, and the engine's own result comes last.
		if got.Statistics["Net Profit"] == "1000%" || got.EngineVersion != "quantdesk test" {
			t.Errorf("got %v", got.Statistics)
		}
	})
	healthy(t, r)
}
