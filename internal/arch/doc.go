// Package arch holds tests only: they keep the house as docs/architecture.md
// draws it — who may import whom, that every room says what it is for, that
// money is never a float, and that what is generated is current.
package arch
