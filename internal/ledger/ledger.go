package ledger

import (
	"fmt"
	"maps"
	"slices"

	"quantdesk/internal/num"
	"quantdesk/internal/trade"
)

// places is how many decimals shares of costs and average prices keep: more
// than any market quotes, few enough that sums of them stay exact.
const places = 12

// Ledger is one account. It is not safe for concurrent use; Clone gives a copy
// to read elsewhere. Make one with New.
type Ledger struct {
	account, currency string
	cash              num.Decimal
	realized, fees    num.Decimal
	positions         map[string]*position
	lastSeq           int64

	// The rest is kept for Check only: the same facts summed another way.
	amounts, traded num.Decimal
	quantities      map[string]num.Decimal
}

// position is what is held or was held of one instrument.
type position struct {
	quantity, avg num.Decimal
	// cost is what was paid for what is held, in the account's currency; below
	// zero for a short: what was received.
	cost, realized num.Decimal
}

// New gives the empty ledger of an account in a currency.
func New(account, currency string) *Ledger {
	return &Ledger{
		account: account, currency: currency,
		positions: map[string]*position{}, quantities: map[string]num.Decimal{},
	}
}

// Clone gives an independent copy.
func (l *Ledger) Clone() *Ledger {
	c := *l
	c.quantities = maps.Clone(l.quantities)
	c.positions = make(map[string]*position, len(l.positions))
	for s, p := range l.positions {
		held := *p
		c.positions[s] = &held
	}
	return &c
}

// Account is whose ledger it is, Currency what its amounts are in.
func (l *Ledger) Account() string { return l.account }

// Currency is the account's currency.
func (l *Ledger) Currency() string { return l.currency }

// Cash is the sum of all amounts, below zero when borrowed.
func (l *Ledger) Cash() num.Decimal { return l.cash }

// Realized is what closed trades earned before fees, in the account's currency;
// dividends and interest are not in it.
func (l *Ledger) Realized() num.Decimal { return l.realized }

// Fees is the sum of fees paid, above zero.
func (l *Ledger) Fees() num.Decimal { return l.fees }

// LastSeq is the highest sequence number folded.
func (l *Ledger) LastSeq() int64 { return l.lastSeq }

// Quantity is the signed quantity held of an instrument, zero when none.
func (l *Ledger) Quantity(symbol string) num.Decimal {
	if p := l.positions[symbol]; p != nil {
		return p.quantity
	}
	return num.Zero
}

// Positions lists what is held, by symbol, without marks: Value adds them.
func (l *Ledger) Positions() []trade.Position {
	var out []trade.Position
	for _, symbol := range slices.Sorted(maps.Keys(l.positions)) {
		p := l.positions[symbol]
		if p.quantity.IsZero() {
			continue
		}
		out = append(out, trade.Position{
			Account: l.account, Symbol: symbol, Quantity: p.quantity, AvgPrice: p.avg.Normalize(), RealizedPnL: p.realized,
		})
	}
	return out
}

// Check tells whether the ledger still holds its invariants; an error names the
// first that is broken.
func (l *Ledger) Check() error {
	if !l.cash.Equal(l.amounts) {
		return fmt.Errorf("ledger %s: cash %s is not the sum of amounts %s", l.account, l.cash, l.amounts)
	}
	balance := l.realized
	for _, symbol := range slices.Sorted(maps.Keys(l.positions)) {
		p := l.positions[symbol]
		if sum := l.quantities[symbol]; !p.quantity.Equal(sum) {
			return fmt.Errorf("ledger %s: position %s of %s is not the sum of quantities %s", l.account, p.quantity, symbol, sum)
		}
		if p.quantity.IsZero() && !p.cost.IsZero() {
			return fmt.Errorf("ledger %s: nothing of %s is held, yet it cost %s", l.account, symbol, p.cost)
		}
		balance = balance.Sub(p.cost)
	}
	if !balance.Equal(l.traded) {
		return fmt.Errorf("ledger %s: trades moved %s of cash, profit less cost is %s", l.account, l.traded, balance)
	}
	return nil
}
