// Package ledger folds an account's transactions into cash, positions, profit
// and fees, by average cost.
//
// The invariant, which Check tells: cash is the sum of all amounts, each
// position the sum of its signed quantities (splits told as the quantity they
// add, renames as a move), and money is conserved: what trades did to cash is
// realised profit less the cost of what is still held. The same transactions
// give the same ledger, digit for digit.
//
// Amounts are in the account's currency, prices in the instrument's. Positions
// are signed: below zero is short.
//
//	l := ledger.New("sim-1", "USD")
//	err := l.Fold(trade.Transaction{Kind: trade.TxDeposit, Amount: num.FromInt(100000)})
//	l.Cash() // 100000
package ledger
