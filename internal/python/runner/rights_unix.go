//go:build unix

package runner

// rights tells that permissions of files mean something.
const rights = true
