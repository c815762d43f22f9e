package rank

import (
	"math"
	"time"

	"quantdesk/internal/fault"
	"quantdesk/internal/quant"
)

// Momentum is P[t-skip]/P[t-lookback] - 1 at the last row t of each price column;
// the zero values mean 252 and 21. Needs lookback+1 prices above zero.
func Momentum(prices [][]float64, names []string, lookback, skip int) ([]float64, error) {
	const op = "rank.Momentum"
	if lookback == 0 {
		lookback, skip = 252, 21
	}
	if skip < 0 || lookback <= skip {
		return nil, quant.Bad(op, "skip", skip, "from 0 to the lookback less 1")
	}
	if err := quant.CheckAll(names, prices, quant.Column{AtLeast: lookback + 1, Positive: true}); err != nil {
		return nil, err
	}
	out := make([]float64, len(prices))
	for i, p := range prices {
		t := len(p) - 1
		out[i] = p[t-skip]/p[t-lookback] - 1
	}
	return out, nil
}

// MomentumMonths is P(F - 1 month)/P(F - 12 months) - 1 at the last date F, each the
// last price on or before: eleven months of return, the newest skipped. Dates ascend.
// months and skip of zero mean 12 and 1. A history that begins later is
// fault.InsufficientData.
func MomentumMonths(dates []time.Time, prices [][]float64, names []string, months, skip int) ([]float64, error) {
	const op = "rank.MomentumMonths"
	if months == 0 {
		months, skip = 12, 1
	}
	if skip < 0 || months <= skip {
		return nil, quant.Bad(op, "skip", skip, "from 0 to the months less 1")
	}
	if err := quant.CheckAll(names, prices, quant.Column{AtLeast: 2, Positive: true}); err != nil {
		return nil, err
	}
	if len(prices) > 0 && len(dates) != len(prices[0]) {
		return nil, quant.Bad(op, "dates", len(dates), "as many as prices")
	}
	last := dates[len(dates)-1]
	from, to := onOrBefore(dates, monthsBefore(last, months)), onOrBefore(dates, monthsBefore(last, skip))
	if from < 0 {
		return nil, fault.E(op, fault.InsufficientData, "prices begin on %s, less than %d months before %s", dates[0].Format(time.DateOnly), months, last.Format(time.DateOnly))
	}
	out := make([]float64, len(prices))
	for i, p := range prices {
		out[i] = p[to]/p[from] - 1
	}
	return out, nil
}

// monthsBefore keeps the day, or takes the last of a shorter month; the last day of a
// month goes to the last day of the other.
func monthsBefore(day time.Time, months int) time.Time {
	first := time.Date(day.Year(), day.Month(), 1, 0, 0, 0, 0, day.Location())
	target := first.AddDate(0, -months, 0)
	end := target.AddDate(0, 1, -1).Day()
	d := min(day.Day(), end)
	if day.AddDate(0, 0, 1).Day() == 1 {
		d = end
	}
	return target.AddDate(0, 0, d-1).Add(24*time.Hour - time.Nanosecond)
}

func onOrBefore(dates []time.Time, day time.Time) int {
	at := -1
	for i, d := range dates {
		if !d.After(day) {
			at = i
		}
	}
	return at
}

// Statement is book equity as it became known.
type Statement struct {
	PeriodEnd time.Time
	// Public is when it was published; zero means the period's end and the lag.
	Public time.Time
	Book   float64
}

// DefaultReportLag is how long after the period's end a statement counts as public
// where its publication is not known.
const DefaultReportLag = 90 * 24 * time.Hour

// BookToMarket is book equity of the latest period that was public at the date, over
// market capitalisation. NaN where no statement was public, or where either is not
// above zero: such names are excluded from a ranking. lag of zero means 90 days.
func BookToMarket(statements []Statement, marketCap float64, at time.Time, lag time.Duration) float64 {
	if lag == 0 {
		lag = DefaultReportLag
	}
	book := math.NaN()
	var latest time.Time
	for _, s := range statements {
		public := s.Public
		if public.IsZero() {
			public = s.PeriodEnd.Add(lag)
		}
		if !public.After(at) && (latest.IsZero() || s.PeriodEnd.After(latest)) {
			latest, book = s.PeriodEnd, s.Book
		}
	}
	if !(book > 0) || !(marketCap > 0) {
		return math.NaN()
	}
	return book / marketCap
}

// Value is book-to-market as a signal: numbers not above zero become NaN.
func Value(bookToMarket []float64) []float64 {
	out := make([]float64, len(bookToMarket))
	for i, v := range bookToMarket {
		if out[i] = math.NaN(); v > 0 {
			out[i] = v
		}
	}
	return out
}
