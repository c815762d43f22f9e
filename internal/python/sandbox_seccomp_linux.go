package python

import (
	"fmt"
	"slices"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The filter allows what Go's runtime, glibc's threads, CPython and numerical
// libraries do with their own process and open files, and nothing else: no
// sockets, processes, tracing, mounts, keys, new executable files or system
// calls that are not known here.

// verdicts and instruction codes of <linux/seccomp.h> and <linux/bpf_common.h>.
const (
	retAllow = unix.SECCOMP_RET_ALLOW
	retKill  = unix.SECCOMP_RET_KILL_PROCESS
	retErrno = unix.SECCOMP_RET_ERRNO

	ldWord = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS
	jmpEq  = unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K
	jmpGe  = unix.BPF_JMP | unix.BPF_JGE | unix.BPF_K
	aluAnd = unix.BPF_ALU | unix.BPF_AND | unix.BPF_K
	ret    = unix.BPF_RET | unix.BPF_K

	offNr, offArch, offArgs = 0, 4, 16 // struct seccomp_data, little endian

	fionclex, fioclex, fionbio = 0x5450, 0x5451, 0x5421 // <asm-generic/ioctls.h>
)

// program builds a filter; each rule tests the number that is in the
// accumulator and leaves it there for the next.
type program []unix.SockFilter

func (p *program) add(code uint16, k uint32, jt, jf uint8) {
	*p = append(*p, unix.SockFilter{Code: code, K: k, Jt: jt, Jf: jf})
}

// verdict is for a number, whatever its arguments.
func (p *program) verdict(v uint32, numbers ...uint32) {
	for _, nr := range numbers {
		p.add(jmpEq, nr, 0, 1)
		p.add(ret, v, 0, 0)
	}
}

// when allows a number if the low word of one argument, masked, is one of the
// values, and otherwise answers EPERM. Arguments that are C ints have nothing
// in the high word that the kernel looks at.
func (p *program) when(nr uint32, arg int, mask uint32, values ...uint32) {
	body := program{}
	body.add(ldWord, offArgs+8*uint32(arg), 0, 0) //nolint:gosec // at most 5
	if mask != 0 {
		body.add(aluAnd, mask, 0, 0)
	}
	for i, v := range values {
		body.add(jmpEq, v, uint8(len(values)-i), 0) //nolint:gosec // a handful
	}
	body.add(ret, retErrno|uint32(unix.EPERM), 0, 0)
	body.add(ret, retAllow, 0, 0)
	p.add(jmpEq, nr, 0, uint8(len(body))) //nolint:gosec // a handful
	*p = append(*p, body...)
}

// whenNull allows a number if a pointer argument is nil.
func (p *program) whenNull(nr uint32, arg int) {
	at := offArgs + 8*uint32(arg) //nolint:gosec // at most 5
	p.add(jmpEq, nr, 0, 6)
	p.add(ldWord, at, 0, 0)
	p.add(jmpEq, 0, 0, 2)
	p.add(ldWord, at+4, 0, 0)
	p.add(jmpEq, 0, 1, 0)
	p.add(ret, retErrno|uint32(unix.EPERM), 0, 0)
	p.add(ret, retAllow, 0, 0)
}

// filter is the program for the process pid.
func filter(pid int, scratch bool) []unix.SockFilter {
	var p program
	p.add(ldWord, offArch, 0, 0)
	p.add(jmpEq, auditArch, 1, 0)
	p.add(ret, retKill, 0, 0)
	p.add(ldWord, offNr, 0, 0)
	// Other tables of numbers (x32), then numbers newer than this list, for
	// which glibc has an older way.
	p.add(jmpGe, 0x40000000, 0, 1)
	p.add(ret, retKill, 0, 0)
	p.verdict(retErrno|uint32(unix.ENOSYS), unix.SYS_CLONE3, unix.SYS_OPENAT2)
	p.add(jmpGe, unix.SYS_LANDLOCK_RESTRICT_SELF+1, 0, 1)
	p.add(ret, retErrno|uint32(unix.ENOSYS), 0, 0)

	p.verdict(retAllow, slices.Concat(harmless, ownHarmless)...)

	own := uint32(pid) //nolint:gosec // process ids are positive ints
	p.when(unix.SYS_KILL, 0, 0, own)
	p.when(unix.SYS_TGKILL, 0, 0, own)
	const threadFlags = unix.CLONE_THREAD | unix.CLONE_VM | unix.CLONE_SIGHAND
	const newThings = unix.CLONE_NEWNS | unix.CLONE_NEWCGROUP | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC | unix.CLONE_NEWUSER |
		unix.CLONE_NEWPID | unix.CLONE_NEWNET | unix.CLONE_PTRACE | unix.CLONE_VFORK
	p.when(unix.SYS_CLONE, 0, threadFlags|newThings, threadFlags)
	p.when(unix.SYS_PRCTL, 0, 0, unix.PR_SET_NAME, unix.PR_GET_NAME, unix.PR_GET_DUMPABLE, unix.PR_SET_VMA)
	p.when(unix.SYS_IOCTL, 1, 0, unix.TCGETS, unix.TIOCGWINSZ, unix.TIOCINQ, fionbio, fioclex, fionclex)
	p.whenNull(unix.SYS_PRLIMIT64, 2)
	// F_SETOWN and F_SETSIG would have the kernel send signals for us.
	fcntl := []uint32{unix.F_DUPFD, unix.F_DUPFD_CLOEXEC, unix.F_GETFD, unix.F_SETFD, unix.F_GETFL, unix.F_SETFL}
	if scratch {
		p.verdict(retAllow, slices.Concat(writing, ownWriting)...)
		fcntl = append(fcntl, unix.F_GETLK, unix.F_SETLK, unix.F_SETLKW)
	} else {
		// Opening for reading only.
		const writes = unix.O_ACCMODE | unix.O_CREAT | unix.O_TRUNC | (unix.O_TMPFILE &^ unix.O_DIRECTORY)
		p.when(unix.SYS_OPENAT, 2, writes, unix.O_RDONLY)
		p.ownOpen(writes)
	}
	p.when(unix.SYS_FCNTL, 1, 0, fcntl...)
	p.add(ret, retErrno|uint32(unix.EPERM), 0, 0)
	return p
}

// harmless are allowed with any arguments, the frequent ones first.
var harmless = []uint32{
	unix.SYS_FUTEX, unix.SYS_READ, unix.SYS_WRITE, unix.SYS_CLOCK_GETTIME, unix.SYS_NANOSLEEP, unix.SYS_CLOCK_NANOSLEEP,
	unix.SYS_EPOLL_PWAIT, unix.SYS_SCHED_YIELD, unix.SYS_MADVISE, unix.SYS_MMAP, unix.SYS_MUNMAP, unix.SYS_MPROTECT,
	unix.SYS_RT_SIGRETURN, unix.SYS_RT_SIGPROCMASK, unix.SYS_RT_SIGACTION, unix.SYS_SIGALTSTACK, unix.SYS_GETTID, unix.SYS_GETPID,
	unix.SYS_MREMAP, unix.SYS_BRK, unix.SYS_MSYNC, unix.SYS_MINCORE, unix.SYS_MEMBARRIER, unix.SYS_RSEQ, unix.SYS_SET_ROBUST_LIST,
	unix.SYS_GET_ROBUST_LIST, unix.SYS_SET_TID_ADDRESS, unix.SYS_EXIT, unix.SYS_EXIT_GROUP, unix.SYS_RESTART_SYSCALL,
	unix.SYS_RT_SIGSUSPEND, unix.SYS_RT_SIGTIMEDWAIT, unix.SYS_RT_SIGPENDING, unix.SYS_GETRANDOM,

	unix.SYS_READV, unix.SYS_WRITEV, unix.SYS_PREAD64, unix.SYS_PWRITE64, unix.SYS_PREADV, unix.SYS_PREADV2, unix.SYS_LSEEK,
	unix.SYS_CLOSE, unix.SYS_CLOSE_RANGE, unix.SYS_DUP, unix.SYS_DUP3, unix.SYS_PIPE2, unix.SYS_FSTAT, unix.SYS_STATX, unix.SYS_FSTATFS,
	unix.SYS_STATFS, unix.SYS_FACCESSAT, unix.SYS_FACCESSAT2, unix.SYS_READLINKAT, unix.SYS_GETDENTS64, unix.SYS_GETCWD, unix.SYS_CHDIR,
	unix.SYS_FADVISE64, unix.SYS_READAHEAD,

	unix.SYS_EPOLL_CREATE1, unix.SYS_EPOLL_CTL, unix.SYS_EPOLL_PWAIT2, unix.SYS_EVENTFD2, unix.SYS_PPOLL, unix.SYS_PSELECT6,

	unix.SYS_GETPPID, unix.SYS_GETUID, unix.SYS_GETEUID, unix.SYS_GETGID, unix.SYS_GETEGID, unix.SYS_GETRESUID, unix.SYS_GETRESGID,
	unix.SYS_GETGROUPS, unix.SYS_GETPGID, unix.SYS_GETSID, unix.SYS_UNAME, unix.SYS_SYSINFO, unix.SYS_GETRUSAGE, unix.SYS_TIMES,
	unix.SYS_GETCPU, unix.SYS_UMASK, unix.SYS_GETTIMEOFDAY, unix.SYS_CLOCK_GETRES, unix.SYS_GETPRIORITY, unix.SYS_SCHED_GETAFFINITY,
	unix.SYS_SCHED_GETSCHEDULER, unix.SYS_SCHED_GETPARAM, unix.SYS_SCHED_GET_PRIORITY_MAX, unix.SYS_SCHED_GET_PRIORITY_MIN,
}

// writing are allowed with a scratch folder; Landlock keeps them inside. Links
// of either kind are not among them: the parent may read the folder later.
var writing = []uint32{
	unix.SYS_OPENAT, unix.SYS_MKDIRAT, unix.SYS_UNLINKAT, unix.SYS_RENAMEAT, unix.SYS_RENAMEAT2, unix.SYS_FTRUNCATE, unix.SYS_TRUNCATE,
	unix.SYS_FALLOCATE, unix.SYS_FSYNC, unix.SYS_FDATASYNC, unix.SYS_PWRITEV, unix.SYS_PWRITEV2, unix.SYS_FLOCK,
}

func seccompWorks() bool {
	const getActionAvail = unix.SECCOMP_GET_ACTION_AVAIL
	action := uint32(retKill)
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, getActionAvail, 0, uintptr(unsafe.Pointer(&action)))
	return errno == 0
}

// installFilter puts all threads of the process under the filter at once.
func installFilter(code []unix.SockFilter) error {
	prog := unix.SockFprog{Len: uint16(len(code)), Filter: &code[0]} //nolint:gosec // some hundred
	const setModeFilter = 1
	thread, _, errno := unix.Syscall(unix.SYS_SECCOMP, setModeFilter, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&prog)))
	if errno != 0 {
		return errno
	}
	if thread != 0 {
		return fmt.Errorf("thread %d does not follow", thread)
	}
	return nil
}
