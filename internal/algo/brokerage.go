package algo

import (
	"quantdesk/internal/num"
)

// DefaultBrokerage allows everything.
type DefaultBrokerage struct{ Type AccountType }

// Name is the brokerage's name.
func (DefaultBrokerage) Name() string { return "Default" }

// CanSubmit is true.
func (DefaultBrokerage) CanSubmit(*Security, *Order) (bool, string, error) { return true, "", nil }

// CanUpdate is true.
func (DefaultBrokerage) CanUpdate(*Security, *Order, *UpdateFields) (bool, string, error) {
	return true, "", nil
}

// CanExecute is true.
func (DefaultBrokerage) CanExecute(*Security, *Order) bool { return true }

// Market is the market of a kind of securities.
func (DefaultBrokerage) Market(k Kind) string { return defaultMarkets[k] }

// Benchmark is SPY.
func (DefaultBrokerage) Benchmark() (Kind, string, string) { return Equity, "usa", "SPY" }

// AccountType is a margin account's.
func (b DefaultBrokerage) AccountType() AccountType { return b.Type }

// Shortable is everything.
func (DefaultBrokerage) Shortable(*Symbol, int64) (int64, bool) { return 0, false }

// Leverage is two for equities, fifty for currencies and CFDs, else one; a cash
// account has none.
func (b DefaultBrokerage) Leverage(s *Security) (num.Decimal, error) {
	if b.Type == CashAccount {
		return num.One, nil
	}
	switch s.Symbol.Kind {
	case Equity:
		return num.FromInt(2), nil
	case Forex, CFD:
		return num.FromInt(50), nil
	case CryptoFuture:
		return num.FromInt(25), nil
	}
	return num.One, nil
}

// Models equips a security.
func (b DefaultBrokerage) Models(e *Engine, s *Security) error { return Equip(b, e, s) }

// Equip gives a security the models that follow from a brokerage's leverage and
// account type, with the fees of the default brokerage.
func Equip(b BrokerageModel, _ *Engine, s *Security) error {
	s.Fill = ImmediateFill{}
	if s.Symbol.Kind == Equity {
		s.Fill = EquityFill{}
	}
	switch s.Symbol.Kind {
	case Equity, Option, Future, FutureOption, IndexOption:
		s.Fee = InteractiveBrokersFee{}
	default:
		s.Fee = ConstantFee{}
	}
	leverage, err := b.Leverage(s)
	if err != nil {
		return err
	}
	cash := b.AccountType() == CashAccount
	if cash && (s.Symbol.Kind == Crypto || s.Symbol.Kind == Forex) {
		s.Power = CashPower{}
	} else if s.Power, err = NewMarginPower(leverage, num.Zero); err != nil {
		return err
	}
	s.Settlement = ImmediateSettlement{}
	switch {
	case s.Symbol.Kind == CFD:
		s.Settlement = AccountSettlement{}
	case cash && s.Symbol.Kind == Equity:
		s.Settlement = &DelayedSettlement{Days: 1, At: 6 * nsHour}
	}
	return nil
}
