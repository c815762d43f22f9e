//go:build race

package desktest

// slow tells that the race detector is on: SQLite takes ten times as long.
const slow = true
