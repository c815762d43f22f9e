package algo

import (
	"fmt"
	"time"

	"quantdesk/internal/num"
)

// FeeNamed gives a fee model by its name in the API, nil when there is none.
func FeeNamed(name string) FeeModel {
	rate := func(maker, taker int64, scale int) FeeModel {
		return MakerTakerFee{Maker: num.New(maker, scale), Taker: num.New(taker, scale)}
	}
	switch name {
	case "InteractiveBrokersFeeModel":
		return InteractiveBrokersFee{}
	case "BinanceFeeModel", "BybitFeeModel":
		return ReceivedFee{Maker: num.New(1, 3), Taker: num.New(1, 3)}
	case "BitfinexFeeModel":
		return ReceivedFee{Maker: num.New(1, 3), Taker: num.New(2, 3)}
	case "CoinbaseFeeModel", "GDAXFeeModel":
		return CoinbaseFee{}
	case "KrakenFeeModel":
		return rate(16, 26, 4)
	case "AlpacaFeeModel", "CharlesSchwabFeeModel", "TDAmeritradeFeeModel":
		return ConstantFee{}
	case "AxosFeeModel":
		return PerShareFee{Rate: num.New(35, 4)}
	case "IndiaFeeModel", "ZerodhaFeeModel", "SamcoFeeModel":
		return nil
	}
	return nil
}

// ReceivedFee asks a share of what is received: of the base currency when
// buying, of the quote currency when selling.
type ReceivedFee struct{ Maker, Taker num.Decimal }

// Fee is the order's commission.
func (f ReceivedFee) Fee(s *Security, o *Order) (Money, error) {
	rate := f.Taker
	if o.Type == Limit && !marketable(o) {
		rate = f.Maker
	}
	if o.Direction() == Buy && s.Base != nil {
		return Money{o.Quantity.Abs().Mul(rate), s.Base.Symbol}, nil
	}
	price := s.BidPrice()
	if o.Type == Limit {
		price = o.LimitPrice
	}
	return Money{price.Mul(s.Properties.Multiplier).Mul(o.Quantity.Abs()).Mul(rate), s.Quote.Symbol}, nil
}

// CoinbaseFee is that exchange's schedule, which changed with time.
type CoinbaseFee struct{}

// Coinbase's rates as they were from a time on, makers before takers.
var coinbaseRates = []struct {
	from         time.Time
	maker, taker num.Decimal
}{
	{time.Date(2019, 10, 8, 0, 30, 0, 0, time.UTC), num.New(6, 3), num.New(8, 3)},
	{time.Date(2019, 3, 23, 1, 30, 0, 0, time.UTC), num.New(15, 4), num.New(25, 4)},
	{time.Time{}, num.Zero, num.New(3, 3)},
}

// Fee is the order's commission.
func (CoinbaseFee) Fee(s *Security, o *Order) (Money, error) {
	at := time.Unix(0, o.Time).UTC()
	rate := num.Zero
	for _, r := range coinbaseRates {
		if !at.Before(r.from) {
			if rate = r.taker; o.Type == Limit && !marketable(o) {
				rate = r.maker
			}
			break
		}
	}
	price := s.BidPrice()
	if o.Direction() == Buy {
		price = s.AskPrice()
	}
	return Money{price.Mul(s.Properties.Multiplier).Mul(o.Quantity.Abs()).Mul(rate), s.Quote.Symbol}, nil
}

// PerShareFee asks so much for every share.
type PerShareFee struct{ Rate num.Decimal }

// Fee is the order's commission.
func (f PerShareFee) Fee(s *Security, o *Order) (Money, error) {
	return Money{o.Quantity.Abs().Mul(f.Rate), s.Properties.Quote}, nil
}

// DefaultFee is the fee model a security has without a brokerage.
func DefaultFee(s *Security) FeeModel {
	if s.Symbol.Kind == Equity {
		return InteractiveBrokersFee{}
	}
	return ConstantFee{}
}

// named is a brokerage that differs from the default in a few figures.
type named struct {
	DefaultBrokerage
	name      string
	markets   map[Kind]string
	fee       FeeModel
	leverages map[Kind]num.Decimal
	benchmark [2]string // market and ticker of a crypto pair
	none      bool      // there is no benchmark
	slippage  SlippageModel
	check     func(s *Security, o *Order) (bool, string)
}

// Name is the brokerage's name.
func (b *named) Name() string { return b.name }

// Market is the brokerage's own market where it has one.
func (b *named) Market(k Kind) string {
	if m := b.markets[k]; m != "" {
		return m
	}
	return b.DefaultBrokerage.Market(k)
}

// Leverage is the brokerage's own where it has one.
func (b *named) Leverage(s *Security) (num.Decimal, error) {
	if b.Type == CashAccount {
		return num.One, nil
	}
	if l, ok := b.leverages[s.Symbol.Kind]; ok {
		return l, nil
	}
	return b.DefaultBrokerage.Leverage(s)
}

// Models equips a security, with the brokerage's fees.
func (b *named) Models(e *Engine, s *Security) error {
	if err := Equip(b, e, s); err != nil {
		return err
	}
	if b.fee != nil {
		s.Fee = b.fee
	}
	if b.slippage != nil {
		s.Slippage = b.slippage
		s.Settlement = ImmediateSettlement{}
	}
	return nil
}

// Benchmark is a pair of the brokerage's market where it trades currencies.
func (b *named) Benchmark() (Kind, string, string) {
	if b.none {
		return Equity, "", ""
	}
	if b.benchmark[1] != "" {
		return Crypto, b.benchmark[0], b.benchmark[1]
	}
	return b.DefaultBrokerage.Benchmark()
}

// CanSubmit asks the brokerage's rule.
func (b *named) CanSubmit(s *Security, o *Order) (bool, string, error) {
	if b.check == nil {
		return true, "", nil
	}
	ok, why := b.check(s, o)
	return ok, why, nil
}

// Brokerage gives a brokerage model by its number in the API.
func Brokerage(number int, account AccountType) (BrokerageModel, error) {
	base := DefaultBrokerage{Type: account}
	pair := func(name, market, ticker, fee string) *named {
		return &named{DefaultBrokerage: base, name: name, markets: map[Kind]string{Crypto: market}, fee: FeeNamed(fee), benchmark: [2]string{market, ticker}}
	}
	switch number {
	case 0, 1:
		return base, nil
	case 2, 34:
		return &named{DefaultBrokerage: base, name: "InteractiveBrokers"}, nil
	case 3:
		return &named{DefaultBrokerage: base, name: "Tradier", fee: ConstantFee{}}, nil
	case 4:
		return &named{DefaultBrokerage: base, name: "Oanda", markets: map[Kind]string{Forex: "oanda", CFD: "oanda"}, fee: ConstantFee{}}, nil
	case 5:
		return &named{DefaultBrokerage: base, name: "Fxcm", markets: map[Kind]string{Forex: "fxcm", CFD: "fxcm"}}, nil
	case 6:
		return pair("Bitfinex", "bitfinex", "BTCUSD", "BitfinexFeeModel"), nil
	case 7, 29:
		b := pair("Coinbase", "coinbase", "BTCUSD", "CoinbaseFeeModel")
		if account == MarginAccount {
			return nil, fmt.Errorf("the Coinbase brokerage does not currently support Margin trading")
		}
		return b, nil
	case 8, 12:
		b := pair("Binance", "binance", "BTCUSDC", "BinanceFeeModel")
		b.leverages = map[Kind]num.Decimal{Crypto: num.FromInt(3)}
		return b, nil
	case 15:
		return &named{DefaultBrokerage: base, name: "Alpaca", fee: ConstantFee{}}, nil
	case 16:
		return &named{DefaultBrokerage: base, name: "Axos", fee: FeeNamed("AxosFeeModel"), none: true, check: func(_ *Security, o *Order) (bool, string) {
			return o.Type == Market || o.Type == MarketOnClose, "the brokerage takes market orders and orders at the close only"
		}}, nil
	case 18, 19:
		return &named{DefaultBrokerage: base, name: "Zerodha", markets: map[Kind]string{Equity: "india", Index: "india"}}, nil
	case 20:
		return pair("Kraken", "kraken", "BTCUSD", "KrakenFeeModel"), nil
	case 21:
		b := pair("Bybit", "bybit", "BTCUSDC", "BybitFeeModel")
		b.leverages = map[Kind]num.Decimal{Crypto: num.FromInt(10)}
		return b, nil
	case 28:
		if account == CashAccount {
			return nil, fmt.Errorf("the Alpha Streams brokerage does not currently support Cash trading")
		}
		one, ten := num.One, num.FromInt(10)
		return &named{DefaultBrokerage: base, name: "AlphaStreams", slippage: ConstantSlippage{num.New(1, 4)},
			leverages: map[Kind]num.Decimal{Equity: one, CryptoFuture: one, Forex: ten, CFD: ten}}, nil
	}
	return nil, fmt.Errorf("the brokerage model %d is not part of this engine yet", number)
}

// SetBrokerage sets the brokerage's model; securities that are there already
// get its models.
func (e *Engine) SetBrokerage(b BrokerageModel) error {
	e.Brokerage = b
	for _, s := range e.Securities.All() {
		if err := b.Models(e, s); err != nil {
			return err
		}
	}
	return nil
}

// LooseTicket gives a ticket of an order that was not sent, so that a model may
// look at it.
func (e *Engine) LooseTicket(o *Order) *Ticket { return &Ticket{e: e, Order: o} }
