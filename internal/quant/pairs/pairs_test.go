package pairs_test

import (
	"fmt"
	"math"
	"reflect"
	"testing"

	"quantdesk/internal/fault"
	"quantdesk/internal/quant"
	"quantdesk/internal/quant/pairs"
)

// spreads are k pairs whose z-scores return to zero.
func spreads(n, k int) []pairs.Pair {
	out := make([]pairs.Pair, k)
	for i := range out {
		r := quant.Stream(41, uint64(i))
		p := &out[i]
		p.HalfLife = 3 + float64(i)
		b, z := 50.0, 0.0
		for range n {
			z = 0.85*z + 0.7*r.NormFloat64()
			b *= 1 + 0.01*r.NormFloat64()
			a := 30 + b + z
			p.Fill1, p.Fill2 = append(p.Fill1, a+0.1*r.NormFloat64()), append(p.Fill2, b+0.1*r.NormFloat64())
			p.Close1, p.Close2 = append(p.Close1, a), append(p.Close2, b)
			p.Z, p.Beta = append(p.Z, z*1.2), append(p.Beta, 1+0.1*r.NormFloat64())
		}
	}
	return out
}

func cut(list []pairs.Pair, n int) []pairs.Pair {
	out := append([]pairs.Pair(nil), list...)
	for i := range out {
		p := &out[i]
		for _, x := range []*[]float64{&p.Close1, &p.Close2, &p.Fill1, &p.Fill2, &p.Z, &p.Beta} {
			*x = (*x)[:n]
		}
	}
	return out
}

func TestAccount(t *testing.T) {
	list := spreads(600, 6)
	for _, p := range []pairs.Params{{}, {Cap: 0.8, GrossMax: 1.5, CostBPS: 3, BorrowBPS: 80}, {Confirm: 1, Exit: -0.5, Stop: 3}} {
		r, err := pairs.Backtest(list, p)
		if err != nil {
			t.Fatal(err)
		}
		if len(r.Trades) < 20 || !r.InSample {
			t.Fatalf("%+v: %d trades", p, len(r.Trades))
		}
		var sum float64
		held := map[int]int{}
		for _, x := range r.Trades {
			sum += x.PnL
			if x.EntryBar != x.SignalBar+1 || x.ExitBar < x.EntryBar || x.EntryBar < held[x.Pair] {
				t.Errorf("%+v does not follow the bars", x)
			}
			held[x.Pair] = x.ExitBar
		}
		if d := r.NAV[len(r.NAV)-1] - 1e6 - sum; math.Abs(d) > 1e-6 {
			t.Errorf("%+v: the trades miss the change of NAV by %v", p, d)
		}
		for name, key := range map[string]func(*pairs.Trade) string{
			"side": (*pairs.Trade).SideName, "reason": func(x *pairs.Trade) string { return string(x.Reason) }, "pair": func(x *pairs.Trade) string { return fmt.Sprint(x.Pair) },
		} {
			whole := -sum
			for _, g := range pairs.By(r.Trades, key) {
				whole += g.PnL
			}
			if math.Abs(whole) > 1e-6 {
				t.Errorf("by %s the groups miss %v", name, whole)
			}
		}
		a, b, costs := pairs.Legs(r.Trades)
		if math.Abs(a+b-costs-sum) > 1e-6 {
			t.Errorf("the legs miss %v", a+b-costs-sum)
		}
	}
}

// TestPrefix: what happened before the data end does not depend on what comes after.
func TestPrefix(t *testing.T) {
	list := spreads(400, 4)
	p := pairs.Params{CostBPS: 2, Cap: 0.5, GrossMax: 1}
	whole, err := pairs.Backtest(list, p)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{50, 200, 333} {
		part, err := pairs.Backtest(cut(list, n), p)
		if err != nil {
			t.Fatal(err)
		}
		// no entry is decided in the last two bars, so none is filled in the last
		if !reflect.DeepEqual(part.NAV[:n-1], whole.NAV[:n-1]) {
			t.Errorf("NAV before bar %d depends on what comes after", n-1)
		}
	}
}

func TestFormation(t *testing.T) {
	r, err := pairs.Backtest(spreads(400, 4), pairs.Params{FormationEnd: 200})
	if err != nil || r.InSample {
		t.Fatal(err, r)
	}
	for _, x := range r.Trades {
		if x.SignalBar < 201 {
			t.Errorf("%+v was decided in the formation window", x)
		}
	}
}

func TestRefused(t *testing.T) {
	good := spreads(50, 1)
	for name, p := range map[string]pairs.Params{"entry": {Entry: -1}, "stop": {Stop: 1}, "exit": {Exit: 3}, "costs": {CostBPS: -1}, "confirm": {Confirm: -1}} {
		if _, err := pairs.Backtest(good, p); fault.CodeOf(err) != fault.InvalidParameter {
			t.Errorf("%s: %v", name, err)
		}
	}
	bad := spreads(50, 1)
	bad[0].Close1[3] = -1
	if _, err := pairs.Backtest(bad, pairs.Params{}); fault.CodeOf(err) != fault.NonPositivePrice {
		t.Errorf("a negative price: %v", err)
	}
	bad = spreads(50, 1)
	bad[0].HalfLife = math.NaN()
	if _, err := pairs.Backtest(bad, pairs.Params{}); fault.CodeOf(err) != fault.InvalidParameter {
		t.Errorf("no half-life: %v", err)
	}
}
