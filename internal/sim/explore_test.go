package sim

import ("testing";"time";"context";"fmt";"math";"quantdesk/internal/market")

func TestExplore(t *testing.T) {
	m := New(Config{})
	d := func(y int, mo time.Month, da int) market.Date { return market.Date{Year:y,Month:mo,Day:da} }
	fs := m.Factors(d(2010,1,1), d(2026,11,20))
	var sum, sq [20]float64
	for _, f := range fs { for i, x := range []float64{f.MktRF,f.SMB,f.HML,f.RMW,f.CMA,f.MOM,f.QMJ,f.RF} { sum[i]+=x; sq[i]+=x*x } }
	n := float64(len(fs))
	for i := range 8 { fmt.Printf("f%d mean %.3f vol %.3f\n", i, sum[i]/n*260, math.Sqrt(sq[i]/n*260)) }
	fmt.Println("rf last", fs[len(fs)-1].RF*260)
	for i, in := range m.Universe() {
		bars, err := m.Bars(context.Background(), market.BarRequest{Symbol: in.Symbol, Resolution: market.Daily, End: time.Date(2026,11,20,22,0,0,0,time.UTC)})
		if err != nil { t.Fatal(err) }
		adj, _ := m.Bars(context.Background(), market.BarRequest{Symbol: in.Symbol, Resolution: market.Daily, End: time.Date(2026,11,20,22,0,0,0,time.UTC), Adjustment: market.Adjusted})
		lo, hi := 1e9, 0.0
		for _, b := range bars { lo=min(lo,b.Low.Float64()); hi=max(hi,b.High.Float64()) }
		r := math.Log(adj[len(adj)-1].Close.Float64()/adj[0].Close.Float64())
		v := 0.0
		for k := 1; k < len(adj); k++ { x := math.Log(adj[k].Close.Float64()/adj[k-1].Close.Float64()); v += x*x }
		acts, _ := m.Actions(in.Symbol, d(2009,1,1), d(2026,11,20))
		ns := 0; for _, a := range acts { if a.Kind == market.Split { ns++ } }
		cap, _ := m.MarketCap(in.Symbol, d(2026,11,20))
		if i%6==0 || i > 148 { fmt.Printf("%-6s n=%d last %-9s lo %.2f hi %.2f annual %.3f vol %.3f acts %d splits %d cap %.0fbn vol %s betas %v\n", in.Symbol, len(bars), bars[len(bars)-1].Close, lo, hi, r/float64(len(adj))*260, math.Sqrt(v/float64(len(adj))*260), len(acts), ns, cap.Float64()/1e9, bars[len(bars)-1].Volume, m.Betas(in.Symbol)) }
	}
	for _, s := range []string{"AAPL","EURUSD","BTCUSD","SPY", "VLO"} {
	 for i := range 5 {
		q, err := m.QuoteAt(context.Background(), s, time.Date(2026,11,20,15,0,i,0,time.UTC)); fmt.Println(q, err) } }
}
