//go:build !race

package desktest

const slow = false
