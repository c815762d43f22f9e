package research

import (
	"cmp"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"time"

	"quantdesk/internal/fault"
	"quantdesk/internal/report/sheet"
	"quantdesk/internal/research"
)

// rendered finishes a chart.
func rendered(d sheet.Drawing, err error, view any, tables ...research.Table) (delivery, error) {
	if err != nil {
		return delivery{}, err
	}
	out := delivery{drawing: d, view: view}
	for _, t := range tables {
		out.tables = append(out.tables, dataOf(t))
	}
	return out, nil
}

// numbers are a column of a table, nil where there is none.
func numbers(t research.Table, name string) []float64 {
	c, _ := t.Find(name)
	return c.Numbers
}

func words(t research.Table, name string) []string {
	c, _ := t.Find(name)
	return c.Texts
}

// moments reads the times of a table.
func moments(t research.Table) ([]time.Time, error) {
	texts := words(t, "time")
	out := make([]time.Time, len(texts))
	for i, s := range texts {
		var err error
		if out[i], err = time.Parse(time.DateOnly, s); err != nil {
			if out[i], err = time.Parse(time.RFC3339, s); err != nil {
				return nil, fault.E("tools.moments", fault.InvalidParameter, "the times of the table %s are not readable", t.Name).With("argument", "result")
			}
		}
	}
	return out, nil
}

func (s *sketch) equity() (delivery, error) {
	at := slices.IndexFunc(s.r.Tables, func(t research.TableInfo) bool {
		return slices.Contains(t.Columns, "return") && t.Columns[0] == "time"
	})
	t, err := s.table(s.r.Tables[at].Name)
	if err != nil {
		return delivery{}, err
	}
	times, err := moments(t)
	if err != nil {
		return delivery{}, err
	}
	e := sheet.Equity{Caption: s.titled("Equity"), Times: times}
	for _, x := range []struct{ column, name string }{{"return", "Portfolio"}, {"benchmark_return", "Benchmark"}} {
		if r := numbers(t, x.column); r != nil {
			e.Lines = append(e.Lines, sheet.Line{Name: x.name, Values: wealthOf(r)})
		}
	}
	d, err := e.Drawing()
	return rendered(d, err, equityLines(s.caption, times, e.Lines, nil), t)
}

func wealthOf(returns []float64) []float64 {
	out := make([]float64, len(returns))
	w := 1.0
	for i, r := range returns {
		if !math.IsNaN(r) {
			w *= 1 + r
		}
		out[i] = w
	}
	return out
}

func (s *sketch) heat() (delivery, error) {
	t, err := s.table("matrix")
	if err != nil {
		return delivery{}, err
	}
	h := sheet.Heat{Caption: s.titled("Correlations"), Rows: words(t, "symbol"), Most: 1}
	for _, c := range t.Columns[1:] {
		h.Columns = append(h.Columns, c.Name)
	}
	h.Values = rows(t.Columns[1:], len(h.Rows))
	d, err := h.Drawing()
	return rendered(d, err, heatView(h), t)
}

// rows turns columns into rows.
func rows(columns []research.Column, n int) [][]float64 {
	out := make([][]float64, n)
	for i := range out {
		out[i] = make([]float64, len(columns))
		for j, c := range columns {
			out[i][j] = c.Numbers[i]
		}
	}
	return out
}

func (s *sketch) scree() (delivery, error) {
	t, err := s.table("eigenvalues")
	if err != nil {
		return delivery{}, err
	}
	x := sheet.Scree{Caption: s.titled("Explained variance"), Ratio: numbers(t, "explained_variance_ratio")}
	d, err := x.Drawing()
	return rendered(d, err, nil, t)
}

// mostComponents is how many are drawn as loadings.
const mostComponents = 8

func (s *sketch) loadings() (delivery, error) {
	name := "loadings"
	if slices.ContainsFunc(s.r.Tables, func(t research.TableInfo) bool { return t.Name == "components" }) {
		name = "components"
	}
	t, err := s.table(name)
	if err != nil {
		return delivery{}, err
	}
	h := sheet.Heat{Caption: s.titled("Loadings"), Rows: words(t, "symbol")}
	var kept []research.Column
	for _, c := range t.Columns {
		// Of factors the coefficients are drawn, not their errors.
		if c.Numbers == nil || len(kept) == mostComponents || name == "loadings" && !coefficient(c.Name) {
			continue
		}
		kept = append(kept, c)
		h.Columns = append(h.Columns, c.Name)
	}
	if len(kept) == 0 {
		return delivery{}, fault.E("tools.loadings", fault.InvalidParameter, "the result %s has no loadings", s.r.Handle).With("argument", "kind")
	}
	h.Values = rows(kept, len(h.Rows))
	d, err := h.Drawing()
	return rendered(d, err, heatView(h), t)
}

// coefficient tells a factor's loading from what is said about it.
func coefficient(column string) bool {
	for _, x := range []string{"_t", "_p", "_se"} {
		if strings.HasSuffix(column, x) {
			return false
		}
	}
	return !slices.Contains([]string{"alpha_annual", "r_squared", "adjusted_r_squared", "residual_volatility", "durbin_watson"}, column)
}

func (s *sketch) frontier() (delivery, error) {
	t, err := s.table("frontier")
	if err != nil {
		return delivery{}, err
	}
	f := sheet.Frontier{Caption: s.titled("Efficient frontier"), Curve: spots(t)}
	tables := []research.Table{t}
	if slices.ContainsFunc(s.r.Tables, func(t research.TableInfo) bool { return t.Name == "assets" }) {
		a, err := s.table("assets")
		if err != nil {
			return delivery{}, err
		}
		f.Assets = spots(a)
		tables = append(tables, a)
	}
	// The portfolio with the best Sharpe ratio is the one to look for.
	if sharpe := numbers(t, "sharpe_ratio"); len(sharpe) == len(f.Curve) {
		best := -1
		for i, v := range sharpe {
			if !math.IsNaN(v) && (best < 0 || v > sharpe[best]) {
				best = i
			}
		}
		if best >= 0 {
			f.Chosen = &sheet.Spot{Name: "best Sharpe", Volatility: f.Curve[best].Volatility, Return: f.Curve[best].Return}
		}
	}
	d, err := f.Drawing()
	return rendered(d, err, frontierView(f), tables...)
}

func spots(t research.Table) []sheet.Spot {
	vol, ret, names := numbers(t, "volatility"), numbers(t, "expected_return"), words(t, "symbol")
	out := make([]sheet.Spot, min(len(vol), len(ret)))
	for i := range out {
		out[i] = sheet.Spot{Volatility: vol[i], Return: ret[i]}
		if i < len(names) {
			out[i].Name = names[i]
		}
	}
	return out
}

func (s *sketch) weights() (delivery, error) {
	name := "weights"
	if !slices.ContainsFunc(s.r.Tables, func(t research.TableInfo) bool { return t.Name == name }) {
		name = "contribution"
	}
	t, err := s.table(name)
	if err != nil {
		return delivery{}, err
	}
	b := sheet.Bars{Caption: s.titled("Weights"), Percent: true}
	symbols, weights := words(t, "symbol"), numbers(t, "weight")
	for i, w := range weights {
		if w != 0 {
			b.Names, b.Values = append(b.Names, symbols[i]), append(b.Values, w)
		}
	}
	d, err := b.Drawing()
	return rendered(d, err, nil, t)
}

func (s *sketch) dendrogram() (delivery, error) {
	t, err := s.table("tree")
	if err != nil {
		return delivery{}, err
	}
	leaves, err := s.table("tree_leaves")
	if err != nil {
		return delivery{}, err
	}
	x := sheet.Dendrogram{Caption: s.titled("Clusters"), Leaves: words(leaves, "asset")}
	left, right, height := numbers(t, "left"), numbers(t, "right"), numbers(t, "height")
	for i := range left {
		x.Merges = append(x.Merges, sheet.Merge{Left: int(left[i]), Right: int(right[i]), Height: height[i]})
	}
	d, err := x.Drawing()
	return rendered(d, err, nil, t, leaves)
}

// spread draws the spread of a cointegration test, or one pair of a backtest.
func (s *sketch) spread() (delivery, error) {
	if slices.ContainsFunc(s.r.Tables, func(t research.TableInfo) bool { return t.Name == "spread" }) {
		t, err := s.table("spread")
		if err != nil {
			return delivery{}, err
		}
		times, err := moments(t)
		if err != nil {
			return delivery{}, err
		}
		x := sheet.Spread{Caption: s.titled("Spread"), Times: times, Z: numbers(t, "z"), Level: numbers(t, "spread"), Bands: []float64{1, 2}}
		d, err := x.Drawing()
		return rendered(d, err, spreadView(x), t)
	}
	t, err := s.table("spreads")
	if err != nil {
		return delivery{}, err
	}
	trades, err := s.table("trades")
	if err != nil {
		return delivery{}, err
	}
	times, err := moments(t)
	if err != nil {
		return delivery{}, err
	}
	pair, err := s.pair(t, trades)
	if err != nil {
		return delivery{}, err
	}
	x := sheet.Spread{Caption: s.titled(pair), Times: times, Z: numbers(t, pair+" z")}
	var rules struct {
		Entry float64 `json:"entry"`
		Exit  float64 `json:"exit"`
		Stop  float64 `json:"stop"`
	}
	if err := json.Unmarshal(s.r.Params, &rules); err == nil {
		x.Entry, x.Exit, x.Stop = rules.Entry, rules.Exit, rules.Stop
	}
	if x.Entry == 0 && x.Stop == 0 {
		x.Bands = []float64{1, 2}
	}
	at := map[string]int{}
	for i, text := range words(t, "time") {
		at[text] = i
	}
	of, sides, entries, exits := words(trades, "pair"), words(trades, "side"), words(trades, "entry_time"), words(trades, "exit_time")
	for i, name := range of {
		from, begun := at[entries[i]]
		to, ended := at[exits[i]]
		if name == pair && begun && ended {
			x.Trades = append(x.Trades, sheet.Visit{From: from, To: to, Long: sides[i] == "long"})
		}
	}
	d, err := x.Drawing()
	return rendered(d, err, spreadView(x), research.Table{Name: "spread", Columns: []research.Column{t.Columns[0], research.Numbers("z", x.Z)}}, trades)
}

// pair is the one that is asked for, or the one that was traded most.
func (s *sketch) pair(spreads, trades research.Table) (string, error) {
	var all []string
	for _, c := range spreads.Columns {
		if name, ok := strings.CutSuffix(c.Name, " z"); ok {
			all = append(all, name)
		}
	}
	if len(all) == 0 {
		return "", fault.E("tools.pair", fault.InsufficientData, "the result %s has no spread", s.r.Handle).With("argument", "result")
	}
	if s.in.Pair != "" {
		i := slices.IndexFunc(all, func(n string) bool { return strings.EqualFold(n, s.in.Pair) })
		if i < 0 {
			return "", fault.E("tools.pair", fault.NotFound, "the result %s has no pair %.60q", s.r.Handle, s.in.Pair).With("argument", "pair").Hinted("It has %s.", strings.Join(all[:min(len(all), 10)], ", "))
		}
		return all[i], nil
	}
	count := map[string]int{}
	for _, p := range words(trades, "pair") {
		count[p]++
	}
	return slices.MaxFunc(all, func(a, b string) int { return cmp.Compare(count[a], count[b]) }), nil
}
