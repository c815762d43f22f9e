// Package client speaks to TWS or IB Gateway. It keeps the connection, matches
// replies to requests, carries subscriptions over a reconnect, and stays below
// the limits on messages and historical data.
//
//	c, err := client.Dial(ctx, client.Config{Addr: "127.0.0.1:7497", ClientID: 7})
//	defer c.Close()
//	list, err := c.ContractDetails(ctx, tws.Contract{Symbol: "AAPL", SecType: "STK", Exchange: "SMART", Currency: "USD"})
//
// Ids of requests and of orders share a field of the wire; requests here count
// from 2^30, so that an error's id tells which it is of.
//
// A subscription's channel holds so many messages; when it is full the oldest is
// dropped and counted, for prices that nobody read are worth less than new ones.
// What happens to orders is never dropped.
package client
