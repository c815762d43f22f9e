package algo

import "quantdesk/internal/num"

// SettlementModel says when the cash of a fill can be used.
type SettlementModel interface {
	Apply(s *Security, m Money, utc int64)
	Scan(s *Security, utc int64)
}

// ImmediateSettlement settles at once.
type ImmediateSettlement struct{}

// Apply adds the cash.
func (ImmediateSettlement) Apply(s *Security, m Money, _ int64) {
	s.e.Portfolio.Cash.ensure(m.Currency).Add(m.Amount)
}

// Scan has nothing to do.
func (ImmediateSettlement) Scan(*Security, int64) {}

// AccountSettlement settles at once, in the account's currency.
type AccountSettlement struct{}

// Apply adds the cash.
func (AccountSettlement) Apply(s *Security, m Money, _ int64) {
	b := s.e.Portfolio.Cash
	b.Get(b.Account).Add(b.ToAccount(m))
}

// Scan has nothing to do.
func (AccountSettlement) Scan(*Security, int64) {}

// DelayedSettlement settles what sales bring some trading days later.
type DelayedSettlement struct {
	Days int
	At   int64 // on the exchange's wall clock, since midnight
	due  []unsettled
}

type unsettled struct {
	utc int64
	Money
}

// Apply takes cash out at once and keeps what comes in apart.
func (d *DelayedSettlement) Apply(s *Security, m Money, utc int64) {
	p := s.e.Portfolio
	if m.Amount.Sign() <= 0 {
		p.Cash.ensure(m.Currency).Add(m.Amount)
		return
	}
	p.Unsettled.ensure(m.Currency).Add(m.Amount)
	day := midnight(s.Hours.Local(utc))
	for i := 0; i < d.Days; {
		if day += nsDay; s.Hours.IsDateOpen(day, false) {
			i++
		}
	}
	d.due = append(d.due, unsettled{s.Hours.UTC(day + d.At), m})
}

// Scan moves what has settled.
func (d *DelayedSettlement) Scan(s *Security, utc int64) {
	p := s.e.Portfolio
	for len(d.due) > 0 && utc >= d.due[0].utc {
		m := d.due[0].Money
		d.due = d.due[1:]
		p.Unsettled.ensure(m.Currency).Add(m.Amount.Neg())
		p.Cash.ensure(m.Currency).Add(m.Amount)
	}
}

// Unsettled is what has not settled yet, in the account's currency.
func (d *DelayedSettlement) Unsettled(b *CashBook) num.Decimal {
	sum := num.Zero
	for _, u := range d.due {
		sum = sum.Add(b.ToAccount(u.Money))
	}
	return sum
}
