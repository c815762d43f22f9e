package ledger

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"quantdesk/internal/num"
	"quantdesk/internal/trade"
)

func dec(s string) num.Decimal { return num.MustParse(s) }

// exact compares ledgers digit for digit.
var exact = cmp.AllowUnexported(Ledger{}, position{}, num.Decimal{})

func buy(symbol, quantity, price, amount string) trade.Transaction {
	return trade.Transaction{Kind: trade.TxTrade, Symbol: symbol, Quantity: dec(quantity), Price: dec(price), Amount: dec(amount)}
}

func TestFold(t *testing.T) {
	tests := []struct {
		name                       string
		txs                        []trade.Transaction
		quantity, avg, realized    string
		cash, fees, cost, tradedOf string
	}{
		{
			name:     "average of two buys",
			txs:      []trade.Transaction{buy("A", "10", "100", "-1000"), buy("A", "30", "120", "-3600")},
			quantity: "40", avg: "115", realized: "0", cash: "-4600", fees: "0",
		},
		{
			name:     "partial close realises its share",
			txs:      []trade.Transaction{buy("A", "10", "100", "-1000"), buy("A", "-4", "120", "480")},
			quantity: "6", avg: "100", realized: "80", cash: "-520", fees: "0",
		},
		{
			name:     "short and cover",
			txs:      []trade.Transaction{buy("A", "-10", "100", "1000"), buy("A", "4", "90", "-360")},
			quantity: "-6", avg: "100", realized: "40", cash: "640", fees: "0",
		},
		{
			name:     "flip through zero opens the rest anew",
			txs:      []trade.Transaction{buy("A", "10", "100", "-1000"), buy("A", "-15", "110", "1650")},
			quantity: "-5", avg: "110", realized: "100", cash: "650", fees: "0",
		},
		{
			name: "fee, dividend, interest",
			txs: []trade.Transaction{
				buy("A", "10", "100", "-1000"),
				{Kind: trade.TxFee, Amount: dec("-1.00")},
				{Kind: trade.TxDividend, Symbol: "A", Quantity: dec("10"), Price: dec("0.5"), Amount: dec("5")},
				{Kind: trade.TxInterest, Amount: dec("-0.25")},
			},
			quantity: "10", avg: "100", realized: "0", cash: "-996.25", fees: "1.00",
		},
		{
			name: "split with cash in lieu",
			txs: []trade.Transaction{
				buy("A", "101", "30", "-3030"),
				{Kind: trade.TxSplit, Symbol: "A", Quantity: dec("50.5")},
				{Kind: trade.TxSplit, Symbol: "A", Quantity: dec("-0.5"), Price: dec("20"), Amount: dec("10")},
			},
			quantity: "151", avg: "20", realized: "0", cash: "-3020", fees: "0",
		},
		{
			name: "rename moves the position",
			txs: []trade.Transaction{
				buy("B", "10", "100", "-1000"),
				{Kind: trade.TxRename, Symbol: "B", Note: "A"},
			},
			quantity: "10", avg: "100", realized: "0", cash: "-1000", fees: "0",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := New("acc", "USD")
			for _, tx := range tt.txs {
				if err := l.Fold(tx); err != nil {
					t.Fatal(err)
				}
			}
			if err := l.Check(); err != nil {
				t.Fatal(err)
			}
			p := l.Positions()
			if len(p) != 1 || p[0].Symbol != "A" {
				t.Fatalf("positions %+v; want one of A", p)
			}
			for _, c := range []struct {
				what string
				got  num.Decimal
				want string
			}{
				{"quantity", p[0].Quantity, tt.quantity},
				{"average", p[0].AvgPrice, tt.avg},
				{"realized", l.Realized(), tt.realized},
				{"cash", l.Cash(), tt.cash},
				{"fees", l.Fees(), tt.fees},
			} {
				if !c.got.Equal(dec(c.want)) {
					t.Errorf("%s = %s; want %s", c.what, c.got, c.want)
				}
			}
		})
	}
}

func TestFoldRefuses(t *testing.T) {
	l := New("acc", "USD")
	if err := l.Fold(trade.Transaction{Kind: trade.TxDeposit, Seq: 5, Amount: num.One}); err != nil {
		t.Fatal(err)
	}
	before := l.Clone()
	for _, tx := range []trade.Transaction{
		{Kind: trade.TxDeposit, Seq: 5, Amount: num.One},
		{Kind: "gift", Amount: num.One},
		{Kind: trade.TxTrade, Amount: num.One},
		{Kind: trade.TxSplit, Symbol: "A", Quantity: num.One},
		{Kind: trade.TxRename, Symbol: "A"},
	} {
		if err := l.Fold(tx); err == nil {
			t.Errorf("%+v was folded; want a refusal", tx)
		}
	}
	if d := cmp.Diff(before, l, exact); d != "" {
		t.Errorf("a refused transaction changed the ledger:\n%s", d)
	}
}

// randomStream is a plausible life of an account: every kind of transaction in
// any order.
func randomStream(r *rand.Rand, n int) []trade.Transaction {
	held := map[string]num.Decimal{}
	var out []trade.Transaction
	for i := range n {
		tx := trade.Transaction{Seq: int64(i + 1), ID: fmt.Sprint(i), Account: "acc", Symbol: fmt.Sprintf("S%d", r.IntN(4))}
		switch k := r.IntN(20); {
		case k == 0:
			tx.Kind, tx.Symbol, tx.Amount = trade.TxDeposit, "", num.New(r.Int64N(1e8), 2)
		case k == 1:
			tx.Kind, tx.Amount = trade.TxFee, num.New(-r.Int64N(1000), 2)
		case k == 2:
			tx.Kind, tx.Quantity, tx.Amount = trade.TxDividend, held[tx.Symbol], held[tx.Symbol].Mul(num.New(25, 2))
		case k == 3 && held[tx.Symbol].Sign() != 0:
			tx.Kind, tx.Quantity = trade.TxSplit, held[tx.Symbol].Mul(num.FromInt(int64(r.IntN(6)+1)))
		default:
			tx.Kind = trade.TxTrade
			tx.Quantity, tx.Price = num.New(r.Int64N(2000001)-1000000, r.IntN(5)), num.New(r.Int64N(1e6)+1, 2)
			if tx.Quantity.IsZero() {
				tx.Quantity = num.One
			}
			// A conversion rate makes amounts with more digits than prices.
			tx.Amount = tx.Quantity.Mul(tx.Price).Mul(dec("1.0837")).Neg().Round(8)
		}
		if tx.Kind == trade.TxTrade || tx.Kind == trade.TxSplit {
			held[tx.Symbol] = held[tx.Symbol].Add(tx.Quantity)
		}
		out = append(out, tx)
	}
	return out
}

func TestRandomStreamsConserve(t *testing.T) {
	for seed := range uint64(60) {
		txs := randomStream(rand.New(rand.NewPCG(seed, 1)), 400)
		l := New("acc", "USD")
		for i, tx := range txs {
			if err := l.Fold(tx); err != nil {
				t.Fatalf("seed %d, transaction %d: %v", seed, i, err)
			}
			if err := l.Check(); err != nil {
				t.Fatalf("seed %d, transaction %d %+v: %v", seed, i, tx, err)
			}
		}
		again := New("acc", "USD")
		for _, tx := range txs {
			if err := again.Fold(tx); err != nil {
				t.Fatal(err)
			}
		}
		if d := cmp.Diff(l, again, exact); d != "" {
			t.Fatalf("seed %d: a replay gave another ledger:\n%s", seed, d)
		}
		if d := cmp.Diff(l, l.Clone(), exact); d != "" {
			t.Fatalf("seed %d: the clone differs:\n%s", seed, d)
		}
	}
}

func TestValue(t *testing.T) {
	l := New("acc", "EUR")
	for _, tx := range []trade.Transaction{
		{Kind: trade.TxDeposit, Amount: dec("10000")},
		buy("A", "10", "100", "-900"),
		buy("B", "-5", "50", "225"),
		buy("C", "1", "7", "-6.30"),
	} {
		if err := l.Fold(tx); err != nil {
			t.Fatal(err)
		}
	}
	old, newer := time.Unix(100, 0), time.Unix(200, 0)
	b, ps := l.Value(func(symbol string) (Mark, bool) {
		switch symbol {
		case "A":
			return Mark{Price: dec("110"), At: newer, Rate: dec("0.9")}, true
		case "B":
			return Mark{Price: dec("40"), At: old, Multiplier: dec("1"), Rate: dec("0.9")}, true
		}
		return Mark{}, false
	})
	want := trade.Balances{
		Account: "acc", Currency: "EUR", Cash: dec("9318.70"), MarketValue: dec("816.30"), Equity: dec("10135.00"),
		LongValue: dec("996.30"), ShortValue: dec("180"), AsOf: old,
	}
	same := cmp.Comparer(func(a, b num.Decimal) bool { return a.Equal(b) })
	if d := cmp.Diff(want, b, same); d != "" {
		t.Errorf("balances:\n%s", d)
	}
	if len(ps) != 3 || !ps[0].UnrealizedPnL.Equal(dec("90")) || !ps[1].UnrealizedPnL.Equal(dec("45")) || !ps[2].MarkTime.IsZero() {
		t.Errorf("positions %+v", ps)
	}
}

func TestRatio(t *testing.T) {
	for _, tt := range []struct{ factor, shares, per string }{
		{"0.142857", "7", "1"}, {"0.5", "2", "1"}, {"0.6666667", "3", "2"}, {"10", "1", "10"},
		{"1.5", "2", "3"}, {"0.05", "20", "1"}, {"0.98039", "51", "50"},
	} {
		shares, per, err := Ratio(dec(tt.factor))
		if err != nil || !shares.Equal(dec(tt.shares)) || !per.Equal(dec(tt.per)) {
			t.Errorf("Ratio(%s) = %s/%s, %v; want %s/%s", tt.factor, shares, per, err, tt.shares, tt.per)
		}
	}
	if _, _, err := Ratio(num.Zero); err == nil {
		t.Error("a factor of zero was taken")
	}
}

func BenchmarkFold(b *testing.B) {
	txs := randomStream(rand.New(rand.NewPCG(1, 1)), 1000)
	for i := 0; b.Loop(); i++ {
		l := New("acc", "USD")
		for _, tx := range txs {
			_ = l.Fold(tx)
		}
	}
}
