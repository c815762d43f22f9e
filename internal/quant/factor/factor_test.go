package factor_test

import (
	"archive/zip"
	"bytes"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"

	"quantdesk/internal/fault"
	"quantdesk/internal/quant"
	"quantdesk/internal/quant/factor"
)

func normal(seed uint64, n, k int) [][]float64 {
	r := quant.Stream(seed, 0)
	out := make([][]float64, k)
	for j := range out {
		out[j] = make([]float64, n)
		for i := range out[j] {
			out[j][i] = .01 * r.NormFloat64()
		}
	}
	return out
}

// TestRecovers: without noise the loadings are exact, residuals are orthogonal, and
// units of the factors do not matter to t.
func TestRecovers(t *testing.T) {
	f := normal(1, 120, 3)
	noise := normal(2, 120, 1)[0]
	y, exact := make([]float64, 120), make([]float64, 120)
	for i := range y {
		exact[i] = .001 + .5*f[0][i] - 2*f[1][i] + .1*f[2][i]
		y[i] = exact[i] + noise[i]
	}
	m, err := factor.Loadings([][]float64{exact, y}, nil, f, factor.Params{})
	if err != nil {
		t.Fatal(err)
	}
	for j, want := range []float64{.5, -2, .1} {
		if got := m.Loadings[0].Betas[j]; math.Abs(got-want) > 1e-12 {
			t.Errorf("beta %d is %v, want %v", j, got, want)
		}
	}
	percent := make([][]float64, 3)
	for j, c := range f {
		percent[j] = slices.Clone(c)
		for i := range percent[j] {
			percent[j][i] *= 100
		}
	}
	p, err := factor.Loadings([][]float64{y}, nil, percent, factor.Params{})
	if err != nil {
		t.Fatal(err)
	}
	for j, want := range m.Loadings[1].T {
		if got := p.Loadings[0].T[j]; math.Abs(got-want) > 1e-9*math.Abs(want) {
			t.Errorf("t %d is %v with percent, %v with fractions", j, got, want)
		}
	}
	risk, err := m.PortfolioRisk([]float64{.5, .5})
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(risk.Contributions[0]+risk.Contributions[1]+risk.Contributions[2]-risk.Factor) > 1e-15 || risk.Total != risk.Factor+risk.Specific {
		t.Errorf("%+v does not add up", risk)
	}
	if _, err := factor.Loadings([][]float64{y}, nil, append(f, f[0]), factor.Params{Factors: []string{"a", "b", "c", "d"}}); fault.CodeOf(err) != fault.SingularCovariance {
		t.Errorf("%v; want singular_covariance for a factor given twice", err)
	}
	if _, err := factor.Loadings([][]float64{y[:14]}, nil, [][]float64{f[0][:14], f[1][:14], f[2][:14]}, factor.Params{}); fault.CodeOf(err) != fault.InsufficientData {
		t.Errorf("%v; want insufficient_data below k+12", err)
	}
}

// TestThreads: a bootstrap is the same on one thread and on several.
func TestThreads(t *testing.T) {
	f := normal(3, 200, 2)
	ys := normal(4, 200, 5)
	run := func() *factor.Reality {
		r, err := factor.RealityCheck(t.Context(), ys, nil, f, factor.BootstrapParams{Replicates: 500})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	one := run()
	runtime.GOMAXPROCS(2)
	two := run()
	if one.P != two.P || one.Best != two.Best {
		t.Errorf("p %v and %v", one.P, two.P)
	}
	for i := range ys {
		if !slices.Equal(one.Strategies[i].TStar, two.Strategies[i].TStar) {
			t.Errorf("replicates of strategy %d depend on threads", i)
		}
		if one.P < one.Strategies[one.Best].PGreater {
			t.Errorf("p of the best of five %v is below its own, %v", one.P, one.Strategies[one.Best].PGreater)
		}
	}
}

// TestBootstrapIsRegression: rows given one by one are the regression of those rows.
func TestBootstrapIsRegression(t *testing.T) {
	f := normal(5, 60, 3)
	y := normal(6, 60, 1)[0]
	r := quant.Stream(7, 7)
	rows := make([]int, 60)
	for i := range rows {
		rows[i] = r.IntN(60)
	}
	lags := 2
	a, err := factor.AlphaBootstrap(t.Context(), y, f, factor.BootstrapParams{Indices: [][]int{rows}, Lags: &lags})
	if err != nil {
		t.Fatal(err)
	}
	pick := func(x []float64, less float64) []float64 {
		out := make([]float64, len(rows))
		for i, row := range rows {
			out[i] = x[row] - less
		}
		return out
	}
	d, err := factor.NewDesign(60, [][]float64{pick(f[0], 0), pick(f[1], 0), pick(f[2], 0)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	fit, err := d.Estimate(pick(y, a.Alpha), lags)
	if err != nil {
		t.Fatal(err)
	}
	if want := fit.Coefficients[0] / fit.HAC[0]; math.Abs(a.TStar[0]-want) > 1e-9 {
		t.Errorf("t* is %v, want %v", a.TStar[0], want)
	}
}

// TestStationaryRows: blocks have their expected length and every row its chance.
func TestStationaryRows(t *testing.T) {
	const n, block = 20000, 8
	rows, err := factor.StationaryRows(n, block, 1, 2)
	if err != nil {
		t.Fatal(err)
	}
	breaks, sum := 1, 0
	for i, row := range rows {
		sum += row
		if i > 0 && row != (rows[i-1]+1)%n {
			breaks++
		}
	}
	if mean := float64(n) / float64(breaks); len(rows) != n || math.Abs(mean-block) > .8 {
		t.Errorf("%d rows in blocks of %v, want %d of %d", len(rows), mean, n, block)
	}
	if mean := float64(sum) / n; math.Abs(mean-n/2) > n/20 {
		t.Errorf("the mean row is %v", mean)
	}
}

func TestBlockLengthGrowsWithMemory(t *testing.T) {
	e := normal(8, 500, 1)[0]
	x := slices.Clone(e)
	for i := 1; i < len(x); i++ {
		x[i] += .8 * x[i-1]
	}
	short, err := factor.BlockLength(e)
	if err != nil {
		t.Fatal(err)
	}
	long, err := factor.BlockLength(x)
	if err != nil {
		t.Fatal(err)
	}
	if short.Stationary >= long.Stationary || short.Stationary < 1 || long.Stationary > 68 {
		t.Errorf("%v and %v", short.Stationary, long.Stationary)
	}
}

func TestFrench(t *testing.T) {
	const text = "\uFEFFSome words, and more.\r\n\r\n,Mkt-RF , SMB,RF,\r\n 202201, -6.25,-99.99, 0.01,\r\n202202,1.5,-999,0.02\r\n\r\n Annual\r\n,Mkt-RF,SMB,RF\r\n 2022, -20, 1, 1.4\r\nCopyright 2025\r\n"
	var packed bytes.Buffer
	z := zip.NewWriter(&packed)
	w, err := z.Create("F-F.csv")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"plain": []byte(text), "zip": packed.Bytes()} {
		m, err := factor.ParseFrench(data, "monthly")
		if err != nil {
			t.Fatal(name, err)
		}
		if !slices.Equal(m.Columns, []string{"Mkt-RF", "SMB", "RF"}) || !slices.Equal(m.Dates, []int{202201, 202202}) || m.Missing != 2 || m.AnnualIgnored != 1 || !m.FooterIgnored || m.Rows[0][0] != -.0625 {
			t.Errorf("%s: %+v", name, m)
		}
		a, err := factor.ParseFrench(data, "annual")
		if err != nil {
			t.Fatal(name, err)
		}
		if !slices.Equal(a.Dates, []int{2022}) || math.Abs(a.Rows[0][2]-.014) > 1e-15 {
			t.Errorf("%s: %+v", name, a)
		}
	}
	if _, err := factor.ParseFrench([]byte(strings.ReplaceAll(text, "SMB", "RF")), "monthly"); fault.CodeOf(err) != fault.InvalidParameter {
		t.Errorf("%v; want invalid_parameter for a repeated column", err)
	}
	if _, err := factor.ParseFrench([]byte(text), "daily"); fault.CodeOf(err) != fault.InsufficientData {
		t.Errorf("%v; want insufficient_data", err)
	}
}

func TestAQR(t *testing.T) {
	a, err := factor.ParseAQR([]byte("Title, with comma\n\nDATE,AUS,USA\n1/3/2022,,-0.01\n01/04/2022,0.5,\n"))
	if err != nil {
		t.Fatal(err)
	}
	dates, values, err := a.Pick("USA")
	if err != nil || !slices.Equal(dates, []int{20220103}) || !slices.Equal(values, []float64{-.01}) || a.Missing != 2 {
		t.Errorf("%v %v %v %+v", dates, values, err, a)
	}
	if _, _, err := a.Pick("XYZ"); fault.CodeOf(err) != fault.InvalidParameter {
		t.Errorf("%v", err)
	}
}

func FuzzFiles(f *testing.F) {
	f.Add([]byte(",A,B\n20220103,1,2\n"))
	f.Add([]byte("DATE,A\n1/2/2022,0.1\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, frequency := range []string{"daily", "monthly", "annual"} {
			if m, err := factor.ParseFrench(data, frequency); err == nil && len(m.Rows) != len(m.Dates) {
				t.Error("rows and dates differ")
			}
		}
		if m, err := factor.ParseAQR(data); err == nil && len(m.Rows[0]) != len(m.Columns) {
			t.Error("values and columns differ")
		}
	})
}

// TestLongDesign prepares a year of minutes: memory grows with the columns, not
// with the square of the rows.
func TestLongDesign(t *testing.T) {
	const n = 100_000
	x, y := make([]float64, n), make([]float64, n)
	r := quant.Stream(1, 0)
	for i := range x {
		x[i] = r.NormFloat64()
		y[i] = .5 + 2*x[i] + r.NormFloat64()
	}
	d, err := factor.NewDesign(n, [][]float64{x}, nil)
	if err != nil {
		t.Fatal(err)
	}
	fit, err := d.Fit(y, factor.AutoLags)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := fit.Coefficients[0], fit.Coefficients[1]; math.Abs(a-.5) > .02 || math.Abs(b-2) > .02 {
		t.Errorf("%g + %g x; want 0.5 + 2 x", a, b)
	}
}
