// Package desktest proves the order path as a whole: the desk on a real store,
// before a paper venue with a database of its own, as they run in the product.
// It holds tests only.
//
// The invariant it proves: kill the process at any step of the path, start
// again, and no order is lost, none is doubled, and the audit is whole.
//
//	go test ./internal/desktest -run TestKilled -v
package desktest
