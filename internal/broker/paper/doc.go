// Package paper is a venue in miniature: a broker that fills orders against the
// desk's market with invented money and keeps its own durable record, as a venue
// elsewhere would.
//
// One goroutine owns the books. It takes every message that waits, works them
// out in memory, writes one transaction and only then answers and tells of
// events; so many callers share one write to disk. The invariant: whatever was
// answered or told is on disk, and nothing that is not on disk can be read.
// Opening the database again rebuilds the same orders, balances and numbering,
// and the ledger proves itself before the venue opens.
//
// Cash is in the account's currency; amounts in others are converted at the
// market's rate when they arise, to eight decimals. Margin is as package match
// has it. An account below its maintenance margin can only reduce its positions:
// forced liquidation, borrowing costs and interest are not modelled.
//
//	b, err := paper.Open(paper.Config{DB: db, Market: sim})
//	err = b.OpenAccount(ctx, "sim-1", "USD", num.FromInt(100000))
//	go b.Run(ctx)
//	ack, err := b.Place(ctx, o)
package paper
