// Package order is the desk: the one path every order takes to a broker.
//
//	intent → ticket → policy → confirmation → journal → broker → events → reconcile
//
// Propose checks a wish, prices it and leaves a pending ticket. Confirm submits
// that exact ticket once: it checks everything again inside the account's own
// goroutine, reserves what the order will use, puts the orders on disk, and only
// then calls the broker. What the venue does with them comes back as a numbered
// stream of events, folded into orders, fills and transactions in the same
// durable unit as the cursor, so nothing is lost or counted twice over a crash.
//
// An order whose answer was lost is unknown: it is never sent again. The venue's
// complete list, or an operator, decides what became of it.
//
// The invariant: an order is on disk before the broker hears of it, and the
// broker hears of it at most once under an id derived from ticket and leg.
//
//	t, err := desk.Propose(ctx, caller, order.Proposal{Wishes: []order.Wish{{Intent: intent}}})
//	orders, err := desk.Confirm(ctx, caller, t.ID)
package order
