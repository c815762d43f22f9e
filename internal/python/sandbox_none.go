//go:build !linux && !darwin

package python

import (
	"os"
	"syscall"
)

// rootDir leaves the current folder as it is: "/" is none.
const rootDir = ""

// SandboxLevel tells how well this system can confine a child.
func SandboxLevel() Level { return Unconfined }

func childAttr() *syscall.SysProcAttr { return nil }

func setLimits(Limits) error { return nil }

func takeStreams() (stdin, stdout *os.File, err error) { return os.Stdin, os.Stdout, nil }

func onCPULimit(func()) {}

func exitSignal(*os.ProcessState) string { return "" }

func killGroup(int) {}
