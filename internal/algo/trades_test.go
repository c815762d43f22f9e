package algo

import (
	"testing"
	"time"

	"quantdesk/internal/num"
)

func dec(t *testing.T, s string) num.Decimal {
	t.Helper()
	d, err := num.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// fills is a text table of fills and prices, as "1 +10 @ 100": order, quantity,
// price; "p 95" is a price of the market. A step is a minute.
type fillOrPrice struct {
	order           int
	quantity, price string
}

func closedBy(t *testing.T, list []fillOrPrice) []*Trade {
	t.Helper()
	b := newTrades()
	s := &Symbol{ID: "SPY R735QTJ8XC9X", Value: "SPY"}
	for i, f := range list {
		at := int64(time.Date(2013, 10, 7, 13, 31+i, 0, 0, time.UTC).UnixNano())
		if f.order == 0 {
			b.price(s, dec(t, f.price))
			continue
		}
		b.fill(&OrderEvent{OrderID: f.order, Symbol: s, Time: at, FillQuantity: dec(t, f.quantity), FillPrice: dec(t, f.price)}, num.One, num.One)
	}
	return b.closed
}

func TestTrades(t *testing.T) {
	type row struct {
		quantity, profit, fees, mae, mfe string
		short                            bool
	}
	for _, c := range []struct {
		name  string
		fills []fillOrPrice
		want  []row
	}{
		{"nothing closed", []fillOrPrice{{1, "10", "100"}}, nil},
		{"one", []fillOrPrice{{1, "10", "100"}, {0, "", "95"}, {0, "", "112"}, {2, "-10", "110"}}, []row{{"10", "100", "2", "-50", "120", false}}},
		{"short", []fillOrPrice{{1, "-10", "100"}, {0, "", "105"}, {2, "10", "90"}}, []row{{"10", "100", "2", "-50", "100", true}}},
		// The oldest goes first; the closing order's fee is borne once, by the first.
		{"first in, first out", []fillOrPrice{{1, "10", "100"}, {2, "10", "110"}, {3, "-15", "120"}}, []row{{"10", "200", "2", "0", "200", false}, {"5", "50", "1", "-50", "50", false}}},
		// What is left of a trade has paid its fee already.
		{"in parts", []fillOrPrice{{1, "10", "100"}, {2, "-4", "101"}, {3, "-6", "102"}}, []row{{"4", "4", "2", "0", "4", false}, {"6", "12", "1", "0", "12", false}}},
		{"an order of two fills", []fillOrPrice{{1, "5", "100"}, {1, "5", "100"}, {2, "-10", "101"}}, []row{{"5", "5", "2", "0", "5", false}, {"5", "5", "0", "0", "5", false}}},
		{"turned", []fillOrPrice{{1, "10", "100"}, {2, "-15", "110"}, {3, "5", "100"}}, []row{{"10", "100", "2", "0", "100", false}, {"5", "50", "1", "0", "50", true}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := closedBy(t, c.fills)
			if len(got) != len(c.want) {
				t.Fatalf("got %d trades; want %d", len(got), len(c.want))
			}
			for i, w := range c.want {
				g := got[i]
				for name, x := range map[string][2]num.Decimal{"quantity": {g.Quantity, dec(t, w.quantity)}, "profit": {g.Profit, dec(t, w.profit)}, "fees": {g.Fees, dec(t, w.fees)},
					"mae": {g.MAE, dec(t, w.mae)}, "mfe": {g.MFE, dec(t, w.mfe)}} {
					if !x[0].Equal(x[1]) {
						t.Errorf("trade %d: %s %s; want %s", i, name, x[0], x[1])
					}
				}
				if g.Short != w.short {
					t.Errorf("trade %d: short %v", i, g.Short)
				}
			}
		})
	}
}

func TestStatisticsOf(t *testing.T) {
	// 100 won, 50 lost, 30 lost, 60 won: the sums by hand.
	var list []*Trade
	at := time.Date(2013, 10, 7, 13, 31, 0, 0, time.UTC)
	for i, p := range []string{"100", "-50", "-30", "60"} {
		entry := at.Add(time.Duration(i) * time.Hour)
		list = append(list, &Trade{Entry: entry.UnixNano(), Exit: entry.Add(time.Duration(10*(i+1)) * time.Minute).UnixNano(), Profit: dec(t, p), Fees: num.One, MAE: dec(t, "-60"), MFE: dec(t, "110")})
	}
	s := StatisticsOf(list)
	for name, x := range map[string][2]num.Decimal{
		"profit": {s.Profit, dec(t, "160")}, "loss": {s.Loss, dec(t, "-80")}, "sum": {s.ProfitLoss, dec(t, "80")}, "win rate": {s.WinRate, dec(t, "0.5")},
		"factor": {s.ProfitFactor, dec(t, "2")}, "closed drawdown": {s.ClosedDrawdown, dec(t, "-80")}, "average": {s.AverageProfitLoss, dec(t, "20")},
		"ratio": {s.ProfitLossRatio, dec(t, "2")}, "to drawdown": {s.ProfitToDrawdown, num.One}, "fees": {s.TotalFees, dec(t, "4")},
		"intra drawdown": {s.IntraDrawdown, dec(t, "-250")}, // at best 100 and 110 more, at worst 20 less 60
	} {
		if !x[0].Equal(x[1]) {
			t.Errorf("%s %s; want %s", name, x[0], x[1])
		}
	}
	if s.Total != 4 || s.Winning != 2 || s.ConsecutiveLosing != 2 || s.AverageDuration != 25*time.Minute || s.MedianDuration != 25*time.Minute || s.MedianWinning != 25*time.Minute {
		t.Errorf("got %+v", s)
	}
	// Deviation over n-1: distances 80, 70, 50, 40 squared are 15400.
	if got := s.Deviation.Float64(); got < 71.647 || got > 71.648 {
		t.Errorf("deviation %v", got)
	}
	if z := StatisticsOf(nil); z.Total != 0 || !z.WinRate.IsZero() || z.Start != 0 {
		t.Errorf("of nothing: %+v", z)
	}
}

func TestThousands(t *testing.T) {
	for in, want := range map[string]string{"0": "0.00", "999.995": "1,000.00", "1234567.891": "1,234,567.89", "-1234.5": "-1,234.50", "100": "100.00"} {
		if got := thousands(dec(t, in)); got != want {
			t.Errorf("%s is %s; want %s", in, got, want)
		}
	}
}
