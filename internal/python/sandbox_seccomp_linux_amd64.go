package python

import "golang.org/x/sys/unix"

const auditArch = unix.AUDIT_ARCH_X86_64

// ownHarmless are the older names that only this architecture has.
var ownHarmless = []uint32{
	unix.SYS_NEWFSTATAT, unix.SYS_STAT, unix.SYS_LSTAT, unix.SYS_ACCESS, unix.SYS_READLINK, unix.SYS_GETDENTS, unix.SYS_PIPE,
	unix.SYS_DUP2, unix.SYS_POLL, unix.SYS_SELECT, unix.SYS_EPOLL_WAIT, unix.SYS_EPOLL_CREATE, unix.SYS_EVENTFD, unix.SYS_TIME,
	unix.SYS_GETRLIMIT, unix.SYS_GETPGRP,
}

var ownWriting = []uint32{unix.SYS_OPEN, unix.SYS_MKDIR, unix.SYS_RMDIR, unix.SYS_UNLINK, unix.SYS_RENAME}

func (p *program) ownOpen(writes uint32) { p.when(unix.SYS_OPEN, 1, writes, unix.O_RDONLY) }
