package ledger

import (
	"fmt"

	"quantdesk/internal/num"
	"quantdesk/internal/trade"
)

// Fold takes one transaction in. Sequence numbers, where given, must rise. What
// each kind does:
//
//   - deposit, interest, dividend: Amount to cash; a dividend's Quantity is
//     what it was paid on and moves nothing.
//   - fee: Amount (below zero) to cash and to the sum of fees.
//   - trade: Quantity (signed) to the position, Amount to cash; a part that
//     closes realises its profit, a flip through zero opens the rest anew.
//   - split: without Price, Quantity is what the split added to the position,
//     whose cost stays; with Price it is a fraction paid out in cash, a trade.
//   - rename: everything held of Symbol becomes the instrument named by Note.
//
// An error says what is wrong with the transaction; the ledger is unchanged.
func (l *Ledger) Fold(tx trade.Transaction) error {
	if tx.Seq != 0 && tx.Seq <= l.lastSeq {
		return fmt.Errorf("ledger %s: transaction %s has sequence %d after %d", l.account, tx.ID, tx.Seq, l.lastSeq)
	}
	switch tx.Kind {
	case trade.TxDeposit, trade.TxInterest, trade.TxDividend:
	case trade.TxFee:
		l.fees = l.fees.Sub(tx.Amount)
	case trade.TxTrade:
		if tx.Symbol == "" || tx.Quantity.IsZero() {
			return fmt.Errorf("ledger %s: trade %s names no instrument or no quantity", l.account, tx.ID)
		}
		l.trade(tx)
	case trade.TxSplit:
		p := l.positions[tx.Symbol]
		if p == nil || p.quantity.IsZero() {
			return fmt.Errorf("ledger %s: split %s of %q, which is not held", l.account, tx.ID, tx.Symbol)
		}
		if tx.Price.Sign() > 0 {
			l.trade(tx)
			break
		}
		if !tx.Amount.IsZero() || p.quantity.Add(tx.Quantity).Sign() != p.quantity.Sign() {
			return fmt.Errorf("ledger %s: split %s would turn %s of %s into %s", l.account, tx.ID, p.quantity, tx.Symbol, p.quantity.Add(tx.Quantity))
		}
		l.split(p, tx)
	case trade.TxRename:
		if tx.Note == "" || tx.Note == tx.Symbol {
			return fmt.Errorf("ledger %s: rename %s of %q names no other symbol", l.account, tx.ID, tx.Symbol)
		}
		if p := l.positions[tx.Note]; p != nil && !p.quantity.IsZero() {
			return fmt.Errorf("ledger %s: rename %s: %q is held already", l.account, tx.ID, tx.Note)
		}
		l.rename(tx.Symbol, tx.Note)
	default:
		return fmt.Errorf("ledger %s: transaction %s is of unknown kind %q", l.account, tx.ID, tx.Kind)
	}
	l.cash = l.cash.Add(tx.Amount)
	l.amounts = num.Sum(l.amounts, tx.Amount)
	l.lastSeq = max(l.lastSeq, tx.Seq)
	return nil
}

func (l *Ledger) trade(tx trade.Transaction) {
	p := l.positions[tx.Symbol]
	if p == nil {
		p = &position{}
		l.positions[tx.Symbol] = p
	}
	l.traded = l.traded.Add(tx.Amount)
	l.quantities[tx.Symbol] = l.quantities[tx.Symbol].Add(tx.Quantity)

	opens, amount := tx.Quantity, tx.Amount
	if p.quantity.Sign()*tx.Quantity.Sign() < 0 {
		closes := num.Min(p.quantity.Abs(), tx.Quantity.Abs())
		// Shares of cost and amount are rounded once and the rest is what is
		// left, so nothing is lost between the parts.
		cost, got := p.cost, tx.Amount
		if closes.Less(p.quantity.Abs()) {
			cost = share(p.cost, closes, p.quantity.Abs())
		}
		if closes.Less(tx.Quantity.Abs()) {
			got = share(tx.Amount, closes, tx.Quantity.Abs())
		}
		profit := got.Sub(cost)
		p.realized = p.realized.Add(profit)
		l.realized = l.realized.Add(profit)
		p.cost = p.cost.Sub(cost)
		amount = amount.Sub(got)
		if tx.Quantity.Sign() < 0 {
			closes = closes.Neg()
		}
		p.quantity = p.quantity.Add(closes)
		opens = opens.Sub(closes)
		if p.quantity.IsZero() {
			p.quantity, p.avg = num.Zero, num.Zero
		}
	}
	if opens.IsZero() {
		return
	}
	total := p.quantity.Add(opens)
	worth := p.avg.Mul(p.quantity.Abs()).Add(tx.Price.Mul(opens.Abs()))
	p.avg = worth.Quo(total.Abs()).Round(places)
	p.quantity = total
	p.cost = p.cost.Sub(amount)
}

// share is part/whole of an amount.
func share(amount, part, whole num.Decimal) num.Decimal {
	return amount.Mul(part).Quo(whole).Round(places)
}

func (l *Ledger) split(p *position, tx trade.Transaction) {
	before := p.quantity
	p.quantity = p.quantity.Add(tx.Quantity)
	p.avg = p.avg.Mul(before).Quo(p.quantity).Round(places)
	l.quantities[tx.Symbol] = l.quantities[tx.Symbol].Add(tx.Quantity)
}

func (l *Ledger) rename(from, to string) {
	p := l.positions[from]
	if p == nil {
		return
	}
	if old := l.positions[to]; old != nil {
		p.realized = p.realized.Add(old.realized)
	}
	l.positions[to], l.quantities[to] = p, l.quantities[from]
	delete(l.positions, from)
	delete(l.quantities, from)
}

// Ratio gives a split's new shares per old share as a fraction of whole
// numbers, from its factor of old shares per new share. Factors come rounded
// (0.142857 for one in seven), so the simplest fraction within one in ten
// thousand is taken; a factor like none of them is taken at its word. An error
// means that the factor is not above zero.
func Ratio(factor num.Decimal) (shares, per num.Decimal, err error) {
	if factor.Sign() <= 0 {
		return num.Zero, num.Zero, fmt.Errorf("split factor must be above zero, not %s", factor)
	}
	near := num.New(1, 4)
	for d := int64(1); d <= 100; d++ {
		den := num.FromInt(d)
		// The smaller number is tried as the denominator of either direction.
		for _, up := range []bool{true, false} {
			x := factor.Mul(den)
			if up {
				x = den.Quo(factor)
			}
			n := x.Round(0)
			if n.Sign() <= 0 || x.Sub(n).Abs().Cmp(near.Mul(n)) > 0 {
				continue
			}
			if up {
				return n, den, nil
			}
			return den, n, nil
		}
	}
	return num.One, factor, nil
}
