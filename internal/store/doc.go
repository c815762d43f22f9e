// Package store keeps the desk's state: one SQL text for SQLite and, later,
// PostgreSQL; migrations; the home folder with its single owner; backups.
//
// One writer commits everything. Whoever has something to write joins the batch
// that is being gathered, and all of a batch is one transaction with one fsync:
// sixteen callers share what one would pay. A write that fails does not take
// its neighbours with it.
//
//	db, err := store.Open(ctx, filepath.Join(home, "desk.db"), store.Options{AuditKey: key})
//	wait := db.Append(order.Batch{...})
//	err = wait() // on disk
package store
