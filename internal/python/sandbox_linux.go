package python

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// SandboxLevel tells how well this system can confine a child.
func SandboxLevel() Level { return systemLevel() }

var systemLevel = sync.OnceValue(func() Level {
	switch {
	case !seccompWorks():
		return Limited
	case landlockVersion() < 1:
		return Filtered
	}
	return Confined
})

// ownBinary runs the very file that this process runs, should it have been
// replaced since.
func ownBinary() (string, error) { return "/proc/self/exe", nil }

// childAttr puts a child into a session of its own, away from the terminal and
// from signals to the group, and ends it with the thread that started it.
func childAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL}
}

func dup2(from, to int) error { return unix.Dup3(from, to, 0) }

// runStage does the work in two processes, one after the other: what the first
// imposes on its thread (Landlock, capabilities) exec carries over to all
// threads of the second, as a process with purego can not do it to running
// ones. The system call filter comes second, as it forbids exec.
func runStage(stage, payload string) error {
	var w wire
	if err := json.Unmarshal([]byte(payload), &w); err != nil {
		return fmt.Errorf("the description of the child: %w", err)
	}
	switch {
	case w.Bare:
		return runProgram(w)
	case stage == "1":
		return firstStage(w, payload)
	case stage == "2":
		return secondStage(w)
	}
	return errors.New("no such stage")
}

func firstStage(w wire, payload string) error {
	runtime.LockOSThread()
	level := w.level()
	if level < Confined && !w.AllowWeak {
		return errors.New("this system cannot confine a process")
	}
	if err := setLimits(w.Limits); err != nil {
		return err
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("no_new_privs: %w", err)
	}
	if level >= Confined {
		if err := restrictFiles(w.Spec); err != nil {
			return fmt.Errorf("landlock: %w", err)
		}
	}
	if err := dropCapabilities(); err != nil {
		return fmt.Errorf("capabilities: %w", err)
	}
	// What the parent inherited itself is not for the child; a kernel before
	// 5.11 has no such call, and Go's own descriptors close by themselves.
	if err := unix.CloseRange(3, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC); err != nil && !errors.Is(err, unix.ENOSYS) && !errors.Is(err, unix.EINVAL) {
		return fmt.Errorf("descriptors: %w", err)
	}
	err := syscall.Exec("/proc/self/exe", []string{os.Args[0], stageArg, "2", payload}, []string{}) //nolint:gosec // our own binary
	return fmt.Errorf("exec: %w", err)
}

func secondStage(w wire) error {
	// No code of the user has been loaded yet, nor the interpreter.
	if w.level() >= Filtered {
		if err := installFilter(filter(os.Getpid(), w.Scratch != "")); err != nil {
			return fmt.Errorf("seccomp: %w", err)
		}
	}
	return runProgram(w)
}

// dropCapabilities leaves root what any user has; exec gives nothing back under
// no_new_privs.
func dropCapabilities() error {
	head := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var none [2]unix.CapUserData
	return unix.Capset(&head, &none[0])
}

// systemReads are the folders of shared libraries and what goes with them,
// where they exist, and the devices that Python opens.
func systemReads() []string {
	triplet := map[string]string{"amd64": "x86_64-linux-gnu", "arm64": "aarch64-linux-gnu"}[runtime.GOARCH]
	dirs := []string{
		"/lib/" + triplet, "/usr/lib/" + triplet, "/lib64", "/usr/lib64", "/etc/ld.so.cache", "/usr/share/zoneinfo", "/dev/urandom",
	}
	// The folders this very process has its libraries from, wherever they are.
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		return dirs
	}
	for line := range strings.Lines(string(maps)) {
		if i := strings.IndexByte(line, '/'); i >= 0 && strings.Contains(line, ".so") {
			dirs = append(dirs, filepath.Dir(strings.TrimSpace(line[i:])))
		}
	}
	return dirs
}
