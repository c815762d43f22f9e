// Package server is a TWS in miniature: it speaks the API's wire over a market
// and a broker of the desk, so that any TWS program can be run against invented
// money.
//
// Nothing is kept here that the broker does not keep: an order's id at the
// broker holds what TWS knows of it beyond its terms (perm id, client, order id,
// reference), so that a server that starts again on the same books shows the
// same orders. What happens to orders comes from the broker's stream of events
// alone, whoever caused it, and goes to every client that may see it.
//
//	s, err := server.New(server.Config{Market: feed, Broker: paper, Accounts: []string{"DUSIM000001"}})
//	go s.Run(ctx)
//	err = s.Serve(ctx, listener)
package server
