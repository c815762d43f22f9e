package algo

import (
	"math"
	"slices"
	"time"

	"quantdesk/internal/num"
)

// Trade is a position or a part of one from its opening fill to its closing
// fill: fills are matched one to one, the oldest first.
type Trade struct {
	Symbol             *Symbol
	Entry, Exit        int64 // utc
	EntryPrice         num.Decimal
	ExitPrice          num.Decimal
	Short              bool
	Quantity           num.Decimal
	Profit             num.Decimal // less no fees, in the account's currency
	Fees               num.Decimal
	MAE, MFE, Drawdown num.Decimal // the worst and the best it stood at, and the fall from the best at its end
	Orders             []int
}

// Win tells whether it earned.
func (t *Trade) Win() bool { return t.Profit.Sign() > 0 }

// Duration is how long it was held.
func (t *Trade) Duration() time.Duration { return time.Duration(t.Exit - t.Entry) }

// trades makes closed trades of fills.
type trades struct {
	closed  []*Trade
	by      map[*Symbol]*openTrades
	charged map[int]bool // orders whose fee a trade bears
}

type openTrades struct {
	list     []*openTrade
	max, min num.Decimal
}

// openTrade is a trade that is not over, with the peak of its profit per unit
// and the deepest fall from a peak.
type openTrade struct {
	Trade
	best, fall num.Decimal
}

func newTrades() *trades { return &trades{by: map[*Symbol]*openTrades{}, charged: map[int]bool{}} }

// price tells a symbol's price.
func (t *trades) price(s *Symbol, p num.Decimal) {
	if len(t.by) == 0 {
		return
	}
	if o := t.by[s]; o != nil {
		o.price(p)
	}
}

func (o *openTrades) price(p num.Decimal) {
	if o.max.Less(p) {
		o.max = p
	} else if p.Less(o.min) {
		o.min = p
	}
	for _, x := range o.list {
		profit := p.Sub(x.EntryPrice)
		if x.Short {
			profit = profit.Neg()
		}
		if x.best.Less(profit) {
			x.best = profit
		} else if fall := x.best.Sub(profit); x.fall.Less(fall) {
			x.fall = fall
		}
	}
}

// split brings what is open to the new share size, where prices are raw.
func (t *trades) split(s *Symbol, factor num.Decimal) {
	o := t.by[s]
	if o == nil || factor.IsZero() {
		return
	}
	o.max, o.min = o.max.Mul(factor), o.min.Mul(factor)
	for _, x := range o.list {
		x.Quantity = x.Quantity.Quo(factor)
		x.EntryPrice, x.best, x.fall = x.EntryPrice.Mul(factor), x.best.Mul(factor), x.fall.Mul(factor)
	}
}

// fill takes a fill; scale is what a point of the price is worth in the
// account's currency, fee is in it.
func (t *trades) fill(ev *OrderEvent, scale, fee num.Decimal) {
	if ev.FillQuantity.IsZero() {
		return
	}
	if t.charged[ev.OrderID] {
		fee = num.Zero
	}
	t.charged[ev.OrderID] = true
	o := t.by[ev.Symbol]
	fresh := func(quantity, fee num.Decimal) *openTrade {
		return &openTrade{Trade: Trade{Symbol: ev.Symbol, Entry: ev.Time, EntryPrice: ev.FillPrice, Short: ev.FillQuantity.Sign() < 0,
			Quantity: quantity, Fees: fee, Orders: []int{ev.OrderID}}}
	}
	quantity := ev.FillQuantity.Abs()
	if o == nil || len(o.list) == 0 {
		t.by[ev.Symbol] = &openTrades{list: []*openTrade{fresh(quantity, fee)}, max: ev.FillPrice, min: ev.FillPrice}
		return
	}
	t.price(ev.Symbol, ev.FillPrice)
	if o.list[0].Short == (ev.FillQuantity.Sign() < 0) {
		o.list = append(o.list, fresh(quantity, fee))
		return
	}
	left := quantity
	for len(o.list) > 0 && left.Sign() > 0 {
		x := o.list[0]
		done := x.Trade
		done.Orders = append(slices.Clone(x.Orders), ev.OrderID)
		if left.Less(x.Quantity) {
			done.Quantity = left
			x.Quantity = x.Quantity.Sub(left)
			x.Fees = num.Zero
		} else {
			o.list = o.list[1:]
		}
		done.Fees = done.Fees.Add(fee)
		fee = num.Zero
		done.Exit, done.ExitPrice = ev.Time, ev.FillPrice
		worth := func(points num.Decimal) num.Decimal { return points.Mul(done.Quantity).Mul(scale).Round(2) }
		if done.Short {
			done.Profit, done.MAE, done.MFE = worth(done.EntryPrice.Sub(done.ExitPrice)), worth(done.EntryPrice.Sub(o.max)), worth(done.EntryPrice.Sub(o.min))
		} else {
			done.Profit, done.MAE, done.MFE = worth(done.ExitPrice.Sub(done.EntryPrice)), worth(o.min.Sub(done.EntryPrice)), worth(o.max.Sub(done.EntryPrice))
		}
		done.Drawdown = worth(x.fall)
		t.closed = append(t.closed, &done)
		left = left.Sub(done.Quantity)
	}
	if left.Sign() > 0 {
		o.list = []*openTrade{fresh(left, num.Zero)}
		o.max, o.min = ev.FillPrice, ev.FillPrice
	} else if len(o.list) == 0 {
		delete(t.by, ev.Symbol)
	}
}

// filled hands a fill of the engine on.
func (e *Engine) filled(s *Security, ev *OrderEvent) {
	fee := num.Zero
	if !ev.Fee.Amount.IsZero() {
		fee = e.Portfolio.Cash.ToAccount(ev.Fee)
	}
	e.trades.fill(ev, s.rate().Mul(s.Properties.Multiplier), fee)
}

// Trades are the closed trades of the run, in the order they were closed.
func (e *Engine) Trades() []*Trade { return e.trades.closed }

// TradeStatistics are the figures of closed trades, under QuantConnect's names.
// Profits are in the account's currency and do not count fees.
type TradeStatistics struct {
	Start, End                                        int64 // utc; zero without trades
	Total, Winning, Losing                            int
	ProfitLoss, Profit, Loss                          num.Decimal
	LargestProfit, LargestLoss                        num.Decimal
	AverageProfitLoss, AverageProfit, AverageLoss     num.Decimal
	AverageDuration, AverageWinning, AverageLosing    time.Duration
	MedianDuration, MedianWinning, MedianLosing       time.Duration
	ConsecutiveWinning, ConsecutiveLosing             int
	ProfitLossRatio, WinLossRatio, WinRate, LossRate  num.Decimal
	AverageMAE, AverageMFE, LargestMAE, LargestMFE    num.Decimal
	ClosedDrawdown, IntraDrawdown                     num.Decimal
	Deviation, Downside, ProfitFactor                 num.Decimal
	Sharpe, Sortino, ProfitToDrawdown                 num.Decimal
	LargestEndDrawdown, AverageEndDrawdown, TotalFees num.Decimal
	DrawdownDuration                                  time.Duration
}

var ten = num.FromInt(10)

// running is a mean that takes one value at a time, with the sum of squared
// distances.
type running struct {
	n          int64
	mean, sums num.Decimal
}

func (r *running) add(v num.Decimal) {
	r.n++
	before := r.mean
	r.mean = r.mean.Add(v.Sub(r.mean).Quo(num.FromInt(r.n)))
	r.sums = r.sums.Add(v.Sub(before).Mul(v.Sub(r.mean)))
}

func (r *running) deviation() num.Decimal {
	if r.n < 2 {
		return num.Zero
	}
	return safe(math.Sqrt(r.sums.Quo(num.FromInt(r.n - 1)).Float64()))
}

// StatisticsOf computes the figures of trades that are given in the order they
// were closed.
func StatisticsOf(list []*Trade) (s TradeStatistics) {
	var all, won, lost, mae, mfe running
	var durations, winning, losing []time.Duration
	peak, peakMFE := num.Zero, num.Zero
	var peakAt int64
	wins, losses, fallen := 0, 0, false
	for i, t := range list {
		if i == 0 {
			peakAt = t.Entry
		}
		if s.Start == 0 || t.Entry < s.Start {
			s.Start = t.Entry
		}
		s.End = max(s.End, t.Exit)
		s.Total++
		peakMFE = num.Max(peakMFE, s.ProfitLoss.Add(t.MFE))
		s.IntraDrawdown = num.Min(s.IntraDrawdown, s.ProfitLoss.Add(t.MAE).Sub(peakMFE))
		s.ProfitLoss = s.ProfitLoss.Add(t.Profit)
		if t.Win() {
			s.Winning++
			s.Profit = s.Profit.Add(t.Profit)
			won.add(t.Profit)
			winning = append(winning, t.Duration())
			s.LargestProfit = num.Max(s.LargestProfit, t.Profit)
			wins, losses = wins+1, 0
			s.ConsecutiveWinning = max(s.ConsecutiveWinning, wins)
			if peak.Less(s.ProfitLoss) {
				peak = s.ProfitLoss
				if fallen {
					s.DrawdownDuration = max(s.DrawdownDuration, time.Duration(t.Exit-peakAt))
				}
				peakAt, fallen = t.Exit, false
			}
		} else {
			s.Losing++
			s.Loss = s.Loss.Add(t.Profit)
			lost.add(t.Profit)
			losing = append(losing, t.Duration())
			s.LargestLoss = num.Min(s.LargestLoss, t.Profit)
			wins, losses = 0, losses+1
			s.ConsecutiveLosing = max(s.ConsecutiveLosing, losses)
			s.ClosedDrawdown = num.Min(s.ClosedDrawdown, s.ProfitLoss.Sub(peak))
			fallen = true
		}
		all.add(t.Profit)
		mae.add(t.MAE)
		mfe.add(t.MFE)
		durations = append(durations, t.Duration())
		s.LargestMAE, s.LargestMFE = num.Min(s.LargestMAE, t.MAE), num.Max(s.LargestMFE, t.MFE)
		s.LargestEndDrawdown = num.Max(s.LargestEndDrawdown, t.Drawdown)
		s.TotalFees = s.TotalFees.Add(t.Fees)
	}
	s.AverageProfitLoss, s.AverageProfit, s.AverageLoss = all.mean, won.mean, lost.mean
	s.AverageMAE, s.AverageMFE = mae.mean, mfe.mean
	s.Deviation, s.Downside = all.deviation(), lost.deviation()
	s.AverageDuration, s.AverageWinning, s.AverageLosing = averageOf(durations), averageOf(winning), averageOf(losing)
	s.MedianDuration, s.MedianWinning, s.MedianLosing = medianOf(durations), medianOf(winning), medianOf(losing)
	s.AverageEndDrawdown = s.AverageProfitLoss.Sub(s.AverageMFE)
	s.ratios()
	return s
}

// ratios are what follows from the sums; where a divisor is missing they are
// LEAN's ten, or zero.
func (s *TradeStatistics) ratios() {
	quo := func(a, b num.Decimal) num.Decimal {
		if b.IsZero() {
			return num.Zero
		}
		return a.Quo(b)
	}
	orTen := func(has bool, a, b num.Decimal) num.Decimal {
		switch {
		case !has:
			return num.Zero
		case b.IsZero():
			return ten
		}
		return a.Quo(b)
	}
	s.ProfitLossRatio = quo(s.AverageProfit, s.AverageLoss.Abs())
	s.WinLossRatio = orTen(s.Total > 0, num.FromInt(int64(s.Winning)), num.FromInt(int64(s.Losing)))
	if s.Total > 0 {
		s.WinRate = num.FromInt(int64(s.Winning)).Quo(num.FromInt(int64(s.Total)))
		s.LossRate = num.One.Sub(s.WinRate)
	}
	s.ProfitFactor = orTen(!s.Profit.IsZero(), s.Profit, s.Loss.Abs())
	s.Sharpe, s.Sortino = quo(s.AverageProfitLoss, s.Deviation), quo(s.AverageProfitLoss, s.Downside)
	s.ProfitToDrawdown = orTen(!s.ProfitLoss.IsZero(), s.ProfitLoss, s.ClosedDrawdown.Abs())
}

// averageOf is the mean, in .NET's ticks of 100 ns.
func averageOf(list []time.Duration) time.Duration {
	if len(list) == 0 {
		return 0
	}
	sum := time.Duration(0)
	for _, d := range list {
		sum += d
	}
	return (sum / time.Duration(len(list))).Truncate(100)
}

func medianOf(list []time.Duration) time.Duration {
	if len(list) == 0 {
		return 0
	}
	list = slices.Sorted(slices.Values(list))
	n := len(list)
	if n%2 == 1 {
		return list[n/2]
	}
	return ((list[n/2-1] + list[n/2]) / 2).Truncate(100)
}
