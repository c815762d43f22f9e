// Package trade holds the words for orders and what comes of them: intents,
// tickets, orders with their state machine, fills, positions and accounts.
//
// Quantities are positive everywhere; the side gives the direction. A Position
// alone is signed. An order's status only moves along the arrows of Status.To,
// so a late or doubled report from a venue can never revive a finished order.
//
//	o := trade.Order{Status: trade.Submitted}
//	o.Status.CanBecome(trade.Working) // true
//	trade.Filled.CanBecome(trade.Working) // false: terminal
package trade
