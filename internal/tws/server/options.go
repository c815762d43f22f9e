package server

import (
	"context"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"quantdesk/internal/market"
	"quantdesk/internal/num"
	"quantdesk/internal/tws"
)

// option is a contract derived from an instrument: priced here by Black and
// Scholes without dividends, from the underlying's price and the volatility of
// its daily returns.
type option struct {
	under  string
	expiry string // yyyymmdd
	strike num.Decimal
	right  string // C or P
}

var (
	optionTick       = num.MustParse("0.01")
	optionMultiplier = num.FromInt(100)
)

// The model's constants.
const (
	optionRate = 0.04 // a year, continuously
	yearDays   = 365.0
	volDays    = 60 // daily returns that volatility is taken from
	chainWidth = 20 // strikes on either side of the price
)

func hasOptions(in market.Instrument) bool { return in.Class == market.Equity }

// expirations are the Fridays of the next five weeks and the third Fridays of the
// next twelve months.
func expirations(now time.Time) []string {
	day := market.DateOf(now)
	seen := map[string]bool{}
	var out []string
	add := func(d market.Date) {
		if s := d.Compact(); !d.Before(day) && !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	friday := day
	for friday.Weekday() != time.Friday {
		friday = friday.AddDays(1)
	}
	for week := range 5 {
		add(friday.AddDays(7 * week))
	}
	for month := range 13 {
		first := market.DateOf(time.Date(day.Year, day.Month+time.Month(month), 1, 0, 0, 0, 0, time.UTC))
		third := first
		for third.Weekday() != time.Friday {
			third = third.AddDays(1)
		}
		add(third.AddDays(14))
	}
	slices.Sort(out)
	return out
}

// strikes are the strikes around a price, at a step that suits it.
func strikes(price num.Decimal) []num.Decimal {
	step := num.MustParse("0.5")
	for _, s := range []struct{ above, step string }{{"25", "1"}, {"50", "2.5"}, {"200", "5"}, {"1000", "10"}, {"4000", "50"}} {
		if price.Cmp(num.MustParse(s.above)) >= 0 {
			step = num.MustParse(s.step)
		}
	}
	middle := price.QuantizeTo(step, num.ModeHalfEven)
	var out []num.Decimal
	for i := -chainWidth; i <= chainWidth; i++ {
		if k := middle.Add(step.Mul(num.FromInt(int64(i)))); k.Sign() > 0 {
			out = append(out, k.Normalize())
		}
	}
	return out
}

// anchor is the price that strikes are laid around: that of the beginning of the
// month, so that a chain does not change with every tick.
func (k *contracts) anchor(ctx context.Context, in market.Instrument) (num.Decimal, bool) {
	now := k.market.Now()
	first := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC)
	bars, err := k.market.Bars(ctx, market.BarRequest{Symbol: in.Symbol, Resolution: market.Daily, Start: first.AddDate(0, 0, -10), End: first, Adjustment: market.Raw, Last: 1})
	if err == nil && len(bars) > 0 {
		return bars[len(bars)-1].Close, true
	}
	q, err := k.market.Quote(ctx, in.Symbol)
	return q.Mark(), err == nil && q.Mark().Sign() > 0
}

// localSymbol is an option's OCC symbol.
func (o option) localSymbol() string {
	p := o.strike.Mul(num.FromInt(1000))
	n, _ := p.Int64()
	s := strconv.FormatInt(n, 10)
	return o.under + strings.Repeat(" ", max(0, 6-len(o.under))) + o.expiry[2:] + o.right + strings.Repeat("0", max(0, 8-len(s))) + s
}

// number gives an option its id: a hash, or the next free one where another
// option has that already.
func (k *contracts) number(o option) int64 {
	k.mu.Lock()
	defer k.mu.Unlock()
	id := conID("option:"+o.localSymbol()) | 1<<30
	for {
		other, taken := k.options[id]
		if !taken || other == o {
			k.options[id] = o
			return id
		}
		id = (id+1)&(1<<31-1) | 1<<30
	}
}

func (k *contracts) foundOption(o option) found {
	in := k.byID[k.ids[o.under]]
	return found{in: in, opt: &o, Contract: tws.Contract{
		ConID: k.number(o), Symbol: in.Symbol, SecType: "OPT", LastTradeDate: o.expiry, Strike: o.strike, Right: o.right, Multiplier: optionMultiplier.String(),
		Exchange: "SMART", Currency: in.Currency, LocalSymbol: o.localSymbol(), TradingClass: in.Symbol,
	}}
}

// optionOf finds an option by its number. What nobody has seen since the start
// is looked for in every chain.
func (k *contracts) optionOf(id int64) (option, bool) {
	k.mu.Lock()
	o, ok := k.options[id]
	k.mu.Unlock()
	if ok || id < 1<<30 {
		return o, ok
	}
	for _, in := range k.list {
		if !hasOptions(in) {
			continue
		}
		for _, o := range k.chain(context.Background(), in, tws.Contract{}) {
			if k.number(o) == id {
				return o, true
			}
		}
	}
	return option{}, false
}

// chain lists the options on an instrument that fit a contract's fields.
func (k *contracts) chain(ctx context.Context, in market.Instrument, c tws.Contract) []option {
	price, ok := k.anchor(ctx, in)
	if !ok {
		return nil
	}
	var out []option
	for _, e := range expirations(k.market.Now()) {
		if c.LastTradeDate != "" && !strings.HasPrefix(e, c.LastTradeDate) {
			continue
		}
		for _, s := range strikes(price) {
			if !c.Strike.IsZero() && !c.Strike.Equal(s) {
				continue
			}
			for _, right := range []string{"C", "P"} {
				if c.Right == "" || c.Right == "?" || c.Right == "0" || strings.HasPrefix(strings.ToUpper(c.Right), right) {
					out = append(out, option{in.Symbol, e, s, right})
				}
			}
		}
	}
	return out
}

func (k *contracts) matchOptions(c tws.Contract) (out []found) {
	for _, in := range k.bySymbol[strings.ToUpper(c.Symbol)] {
		if !hasOptions(in) || differs(c.Currency, in.Currency) || c.Multiplier != "" && c.Multiplier != optionMultiplier.String() {
			continue
		}
		for _, o := range k.chain(context.Background(), in, c) {
			if f := k.foundOption(o); !differs(strings.ReplaceAll(c.LocalSymbol, " ", ""), strings.ReplaceAll(f.LocalSymbol, " ", "")) {
				out = append(out, f)
			}
		}
	}
	return out
}

func (c *client) optionParams(ctx context.Context, m *tws.ReqSecDefOptParams) {
	k := c.s.contracts
	in, ok := k.byID[m.ConID]
	if !ok {
		if list := k.bySymbol[strings.ToUpper(m.Symbol)]; len(list) > 0 {
			in, ok = list[0], true
		}
	}
	if ok && hasOptions(in) {
		if price, ok := k.anchor(ctx, in); ok {
			for _, exchange := range []string{"SMART", "CBOE"} {
				c.send(&tws.SecDefOptParams{
					ReqID: m.ReqID, Exchange: exchange, UnderConID: k.ids[in.Symbol], TradingClass: in.Symbol, Multiplier: optionMultiplier.String(),
					Expirations: expirations(k.market.Now()), Strikes: strikes(price),
				})
			}
		}
	}
	c.send(&tws.SecDefOptParamsEnd{ReqID: m.ReqID})
}

// model prices an option.
type model struct {
	spot, strike, years, rate, vol float64
	call                           bool
}

func cdf(x float64) float64 { return 0.5 * math.Erfc(-x/math.Sqrt2) }
func pdf(x float64) float64 { return math.Exp(-x*x/2) / math.Sqrt(2*math.Pi) }

func (m model) d1() float64 {
	return (math.Log(m.spot/m.strike) + (m.rate+m.vol*m.vol/2)*m.years) / (m.vol * math.Sqrt(m.years))
}

// price is the option's value by Black and Scholes (1973).
func (m model) price() float64 {
	if m.years <= 0 || m.vol <= 0 {
		if m.call {
			return math.Max(0, m.spot-m.strike)
		}
		return math.Max(0, m.strike-m.spot)
	}
	d1 := m.d1()
	d2 := d1 - m.vol*math.Sqrt(m.years)
	discounted := m.strike * math.Exp(-m.rate*m.years)
	if m.call {
		return m.spot*cdf(d1) - discounted*cdf(d2)
	}
	return discounted*cdf(-d2) - m.spot*cdf(-d1)
}

// greeks are delta and gamma, vega per point of volatility, theta per day.
func (m model) greeks() (delta, gamma, vega, theta float64) {
	if m.years <= 0 || m.vol <= 0 {
		return 0, 0, 0, 0
	}
	root := math.Sqrt(m.years)
	d1 := m.d1()
	d2 := d1 - m.vol*root
	discounted := m.strike * math.Exp(-m.rate*m.years)
	delta, theta = cdf(d1), -m.spot*pdf(d1)*m.vol/(2*root)-m.rate*discounted*cdf(d2)
	if !m.call {
		delta, theta = delta-1, -m.spot*pdf(d1)*m.vol/(2*root)+m.rate*discounted*cdf(-d2)
	}
	return delta, pdf(d1) / (m.spot * m.vol * root), m.spot * pdf(d1) * root / 100, theta / yearDays
}

// implied finds the volatility at which the option has a price, by bisection;
// false where there is none.
func (m model) implied(price float64) (float64, bool) {
	low, high := 1e-4, 10.0
	m.vol = low
	least := m.price()
	m.vol = high
	if price < least || price > m.price() {
		return 0, false
	}
	for range 100 {
		m.vol = (low + high) / 2
		if m.price() < price {
			low = m.vol
		} else {
			high = m.vol
		}
	}
	return (low + high) / 2, true
}

// modelOf sets up the model of an option at a price of its underlying.
func (k *contracts) modelOf(ctx context.Context, o option, spot float64) model {
	now := k.market.Now()
	expiry, err := time.ParseInLocation("20060102 15", o.expiry+" 16", eastern)
	years := 0.0
	if err == nil {
		years = math.Max(0, expiry.Sub(now).Hours()/24/yearDays)
	}
	return model{spot: spot, strike: o.strike.Float64(), years: years, rate: optionRate, vol: k.volatility(ctx, o.under), call: o.right == "C"}
}

// volatility is that of the daily returns, a year; a fifth where there are none.
func (k *contracts) volatility(ctx context.Context, symbol string) float64 {
	const usual, tradingDays = 0.2, 252
	now := k.market.Now()
	bars, err := k.market.Bars(ctx, market.BarRequest{Symbol: symbol, Resolution: market.Daily, Start: now.AddDate(0, -4, 0), End: now, Adjustment: market.Adjusted, Last: volDays + 1})
	if err != nil || len(bars) < 10 {
		return usual
	}
	var sum, squares float64
	n := float64(len(bars) - 1)
	for i := 1; i < len(bars); i++ {
		r := math.Log(bars[i].Close.Float64() / bars[i-1].Close.Float64())
		sum += r
		squares += r * r
	}
	if v := math.Sqrt((squares - sum*sum/n) / (n - 1) * tradingDays); v > 0.01 && !math.IsNaN(v) {
		return v
	}
	return usual
}

// optionQuote is what an option is bid and asked at: the model's price less and
// plus half a spread of 2 % or two ticks.
func (k *contracts) optionQuote(ctx context.Context, o option) (market.Quote, model, bool) {
	under, err := k.market.Quote(ctx, o.under)
	spot := under.Mark()
	if err != nil || spot.Sign() <= 0 {
		return market.Quote{}, model{}, false
	}
	m := k.modelOf(ctx, o, spot.Float64())
	price := m.price()
	half := math.Max(0.01, price*0.01)
	size := num.FromInt(10)
	q := market.Quote{
		Symbol: o.localSymbol(), Bid: cents(math.Max(0, price-half)), Ask: cents(price + half), BidSize: size, AskSize: size, Last: cents(price),
		Time: under.Time, Feed: under.Feed, Source: under.Source,
	}
	if under.PrevClose.Sign() > 0 {
		before := m
		before.spot = under.PrevClose.Float64()
		q.PrevClose = cents(before.price())
	}
	return q, m, true
}

func cents(f float64) num.Decimal { return places(f, 2) }

// places rounds a float of the model for the wire.
func places(f float64, n int) num.Decimal {
	d, err := num.FromFloat(f)
	if err != nil {
		return num.Zero
	}
	return d.Round(n)
}

// computation writes the model's view of an option.
func computation(id, tick int64, m model, price float64) *tws.TickOptionComputation {
	delta, gamma, vega, theta := m.greeks()
	set := func(f float64) tws.OptNum { return tws.Num(places(f, 8)) }
	return &tws.TickOptionComputation{
		ReqID: id, TickType: tick, ImpliedVol: set(m.vol), Delta: set(delta), Price: set(price), PVDividend: set(0),
		Gamma: set(gamma), Vega: set(vega), Theta: set(theta), UnderPrice: set(m.spot),
	}
}

// tickCustomOption is the tick type of an answered calculation.
const tickCustomOption = 53

func (c *client) optionPrice(ctx context.Context, m *tws.ReqCalcOptionPrice) {
	f, ok := c.one(m.ReqID, m.Contract)
	if !ok {
		return
	}
	if f.opt == nil || m.Volatility.Sign() <= 0 || m.UnderPrice.Sign() <= 0 {
		c.fail(m.ReqID, 321, "Error validating request: an option, a volatility and a price of its underlying above zero are needed")
		return
	}
	k := c.s.contracts.modelOf(ctx, *f.opt, m.UnderPrice.Float64())
	k.vol = m.Volatility.Float64()
	c.send(computation(m.ReqID, tickCustomOption, k, k.price()))
}

func (c *client) impliedVolatility(ctx context.Context, m *tws.ReqCalcImpliedVol) {
	f, ok := c.one(m.ReqID, m.Contract)
	if !ok {
		return
	}
	if f.opt == nil || m.OptionPrice.Sign() <= 0 || m.UnderPrice.Sign() <= 0 {
		c.fail(m.ReqID, 321, "Error validating request: an option, its price and that of its underlying above zero are needed")
		return
	}
	k := c.s.contracts.modelOf(ctx, *f.opt, m.UnderPrice.Float64())
	vol, ok := k.implied(m.OptionPrice.Float64())
	if !ok {
		c.fail(m.ReqID, 321, "Error validating request: no volatility gives the option that price")
		return
	}
	k.vol = vol
	c.send(computation(m.ReqID, tickCustomOption, k, m.OptionPrice.Float64()))
}
