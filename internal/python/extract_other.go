//go:build !((linux || darwin) && (amd64 || arm64))

package python

import (
	"runtime"

	"quantdesk/internal/fault"
)

// Extract answers fault.Unavailable: no Python is embedded for this system.
func Extract(string) (string, error) {
	return "", fault.E("python.Extract", fault.Unavailable, "no Python is embedded for %s/%s", runtime.GOOS, runtime.GOARCH)
}

// Verify answers fault.Unavailable: no Python is embedded for this system.
func Verify(string) error {
	return fault.E("python.Verify", fault.Unavailable, "no Python is embedded for %s/%s", runtime.GOOS, runtime.GOARCH)
}

// Version is the CPython release that other systems embed.
const Version = "3.11.11"
