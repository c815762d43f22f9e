//go:build race

package python

import "sync/atomic"

// lockSeen tells the race detector of the interpreter lock, which it cannot
// see: Go code on Python's threads runs one at a time.
var lockSeen atomic.Int64

func ordered() { lockSeen.Add(1) }
