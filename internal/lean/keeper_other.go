//go:build !linux

package lean

import "time"

// restrain does nothing where a thread has no priority of its own.
func restrain() {}

// threadTime is not known here.
func threadTime() (time.Duration, bool) { return 0, false }
