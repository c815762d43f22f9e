package algo

import (
	"sort"

	"quantdesk/internal/num"
)

// Cash is an amount of one currency.
type Cash struct {
	Symbol string
	Amount num.Decimal
	// Rate converts to the account's currency; zero until data say it.
	Rate num.Decimal
	// legs are the securities whose prices make the rate; pegged says that it
	// needs none.
	legs   []leg
	pegged bool
	book   *CashBook
}

// Add changes the amount.
func (c *Cash) Add(amount num.Decimal) { c.Amount = c.Amount.Add(amount); c.book.changed() }

// Set replaces the amount.
func (c *Cash) Set(amount num.Decimal) { c.Amount = amount; c.book.changed() }

// Value is the amount in the account's currency.
func (c *Cash) Value() num.Decimal { return c.Amount.Mul(c.Rate) }

// Security gives where the rate comes from, nil for the account's currency.
func (c *Cash) Security() *Security {
	if len(c.legs) == 0 {
		return nil
	}
	return c.legs[0].of
}

// Path gives the securities whose prices make the rate, one after another.
func (c *Cash) Path() (out []*Security) {
	for _, l := range c.legs {
		out = append(out, l.of)
	}
	return out
}

// leg is one step of a conversion, by a price or by one over it.
type leg struct {
	of       *Security
	inverted bool
}

func (c *Cash) update() {
	if len(c.legs) == 0 {
		return
	}
	rate := num.One
	for _, l := range c.legs {
		if l.of.last == nil || l.of.last.Last().IsZero() {
			return
		}
		// By the last point, which need not be the security's price.
		if p := l.of.last.Last(); l.inverted {
			rate = rate.Quo(p)
		} else {
			rate = rate.Mul(p)
		}
	}
	c.Rate = rate
}

// CashBook holds the account's currencies.
type CashBook struct {
	Account string
	by      map[string]*Cash
	order   []*Cash
	changed func()
}

func newCashBook(account string, changed func()) *CashBook {
	b := &CashBook{Account: account, by: map[string]*Cash{}, changed: changed}
	b.Add(account, num.Zero, num.One)
	return b
}

// Get gives a currency, nil when it is not held.
func (b *CashBook) Get(symbol string) *Cash { return b.by[symbol] }

// All gives the currencies in the order they were added.
func (b *CashBook) All() []*Cash { return b.order }

// Names gives the currencies' names, sorted.
func (b *CashBook) Names() []string {
	var out []string
	for _, c := range b.order {
		out = append(out, c.Symbol)
	}
	sort.Strings(out)
	return out
}

// Add puts a currency into the book.
func (b *CashBook) Add(symbol string, amount, rate num.Decimal) *Cash {
	if symbol == b.Account {
		rate = num.One
	}
	c := b.by[symbol]
	if c == nil {
		c = &Cash{Symbol: symbol, book: b}
		b.by[symbol] = c
		b.order = append(b.order, c)
	}
	c.Amount, c.Rate = amount, rate
	b.changed()
	return c
}

// ensure gives a currency, added with nothing in it when it is new.
func (b *CashBook) ensure(symbol string) *Cash {
	if c := b.by[symbol]; c != nil {
		return c
	}
	return b.Add(symbol, num.Zero, num.Zero)
}

// rebase changes the account's currency.
func (b *CashBook) rebase(account string) {
	old := b.by[b.Account]
	delete(b.by, b.Account)
	b.order = b.order[1:]
	b.Account = account
	if c := b.by[account]; c == nil {
		n := &Cash{Symbol: account, book: b, Rate: num.One, Amount: old.Amount}
		b.by[account] = n
		b.order = append([]*Cash{n}, b.order...)
	}
	b.changed()
}

// Total is the whole book in the account's currency.
func (b *CashBook) Total() num.Decimal {
	sum := num.Zero
	for _, c := range b.order {
		sum = sum.Add(c.Value())
	}
	return sum
}

// Convert turns an amount of one currency into another.
func (b *CashBook) Convert(amount num.Decimal, from, to string) num.Decimal {
	if from == to || amount.IsZero() {
		return amount
	}
	x, y := b.by[from], b.by[to]
	if x == nil || y == nil || y.Rate.IsZero() {
		return num.Zero
	}
	return amount.Mul(x.Rate).Quo(y.Rate)
}

// ToAccount turns an amount into the account's currency.
func (b *CashBook) ToAccount(m Money) num.Decimal {
	if m.Currency == "" {
		return m.Amount
	}
	return b.Convert(m.Amount, m.Currency, b.Account)
}

// decompose splits a currency pair into base and quote by the quote's name.
func decompose(s *Security) (base, quote string) {
	quote = s.Properties.Quote
	v := s.Symbol.Value
	if n := len(v) - len(quote); n > 0 && v[n:] == quote {
		return v[:n], quote
	}
	if len(v) > 3 {
		return v[:3], quote
	}
	return v, quote
}
