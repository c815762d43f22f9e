package python

import (
	"syscall"

	"golang.org/x/sys/unix"
)

func dup2(from, to int) error { return unix.Dup2(from, to) }

// SandboxLevel tells how well this system can confine a child.
func SandboxLevel() Level { return Limited }

func childAttr() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }
