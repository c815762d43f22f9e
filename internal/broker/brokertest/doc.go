// Package brokertest is the suite every order.Broker passes, with a market in
// memory whose clock and prices the test sets.
//
// The suite knows a venue only by the interface: it places, restarts, listens
// and asks. What it holds a venue to is what the desk relies on: one order per
// client id whatever is repeated, events numbered without gaps, refusals in the
// venue's own words, money conserved, and a claimed capability that works.
//
//	func TestConformance(t *testing.T) {
//		brokertest.Run(t, brokertest.Harness{Open: openVenue})
//	}
package brokertest
