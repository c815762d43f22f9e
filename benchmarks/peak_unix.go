//go:build unix

package main

import (
	"os"
	"runtime"
	"syscall"
)

// peakOf is the resident memory, in MB, that the greatest of a process and the
// children it waited for had.
func peakOf(s *os.ProcessState) float64 {
	u, ok := s.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	if runtime.GOOS == "darwin" {
		return float64(u.Maxrss) / (1 << 20) // bytes there, kilobytes elsewhere
	}
	return float64(u.Maxrss) / 1024
}
