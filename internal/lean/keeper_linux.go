package lean

import (
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// lowest is the weakest claim to the processor.
const lowest = 19

// restrain gives the calling goroutine a thread of its own that yields to the
// others of its session, and that ends with it.
func restrain() {
	runtime.LockOSThread()
	_ = unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), lowest)
}

// threadTime is the processor's time that the calling thread has had.
func threadTime() (time.Duration, bool) {
	var u unix.Rusage
	if unix.Getrusage(unix.RUSAGE_THREAD, &u) != nil {
		return 0, false
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), true
}
