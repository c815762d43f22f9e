//go:build linux || darwin

package python

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// rootDir is the current folder of a child.
const rootDir = "/"

// setLimits applies the limits of processes that every Unix has. The soft limit
// on processor time comes a second before the hard one.
func setLimits(l Limits) error {
	files := uint64(256)
	if l.Files > 0 {
		files = uint64(l.Files)
	}
	type limit struct {
		what       int
		soft, hard uint64
	}
	list := []limit{{unix.RLIMIT_CORE, 0, 0}, {unix.RLIMIT_NOFILE, files, files}}
	if l.CPU > 0 {
		s := uint64(wholeSeconds(l.CPU).Seconds())
		list = append(list, limit{unix.RLIMIT_CPU, s, s + 1})
	}
	if l.FileSize > 0 {
		list = append(list, limit{unix.RLIMIT_FSIZE, uint64(l.FileSize), uint64(l.FileSize)})
	}
	if l.Memory > 0 {
		// RLIMIT_DATA counts what can be written to; Go and glibc reserve far
		// more addresses than they use, so those get room of their own.
		const reserved = 4 << 30
		list = append(list, limit{unix.RLIMIT_DATA, uint64(l.Memory), uint64(l.Memory)},
			limit{unix.RLIMIT_AS, uint64(l.Memory) + reserved, uint64(l.Memory) + reserved})
	}
	for _, r := range list {
		// A harder limit that is there already stays.
		var old unix.Rlimit
		if err := unix.Getrlimit(r.what, &old); err != nil {
			return fmt.Errorf("resource limit %d: %w", r.what, err)
		}
		lim := unix.Rlimit{Cur: min(r.soft, uint64(old.Max)), Max: min(r.hard, uint64(old.Max))}
		if err := unix.Setrlimit(r.what, &lim); err != nil {
			return fmt.Errorf("resource limit %d: %w", r.what, err)
		}
	}
	return nil
}

// takeStreams moves the pipes to the parent out of the places where C code and
// os.write(1) would meet them: 0 becomes /dev/null and 1 what 2 is.
func takeStreams() (stdin, stdout *os.File, err error) {
	in, err := unix.FcntlInt(0, unix.F_DUPFD_CLOEXEC, 10)
	if err != nil {
		return nil, nil, fmt.Errorf("stdin: %w", err)
	}
	out, err := unix.FcntlInt(1, unix.F_DUPFD_CLOEXEC, 10)
	if err != nil {
		return nil, nil, fmt.Errorf("stdout: %w", err)
	}
	null, err := unix.Open(os.DevNull, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", os.DevNull, err)
	}
	if err := dup2(null, 0); err != nil {
		return nil, nil, fmt.Errorf("stdin: %w", err)
	}
	if err := dup2(2, 1); err != nil {
		return nil, nil, fmt.Errorf("stdout: %w", err)
	}
	return os.NewFile(uintptr(in), "stdin"), os.NewFile(uintptr(out), "stdout"), unix.Close(null)
}

// onCPULimit calls f when the soft limit on processor time is met.
func onCPULimit(f func()) {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGXCPU)
	go func() {
		<-c
		f()
	}()
}

// exitSignal names the signal that ended a process.
func exitSignal(s *os.ProcessState) string {
	if w, ok := s.Sys().(syscall.WaitStatus); ok && w.Signaled() {
		return unix.SignalName(w.Signal())
	}
	return ""
}

// killGroup ends what a child on a weak system may have started.
func killGroup(pid int) { _ = unix.Kill(-pid, unix.SIGKILL) }
