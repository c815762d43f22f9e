package sheet

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/xml"
	"flag"
	"image/png"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
	"github.com/xuri/excelize/v2"

	"quantdesk/internal/fault"
)

var update = flag.Bool("update", false, "write the golden texts")

// texts are what an SVG says, in the order it is drawn.
func texts(t *testing.T, svg []byte) []string {
	t.Helper()
	var out []string
	d := xml.NewDecoder(bytes.NewReader(svg))
	inside := false
	for {
		tok, err := d.Token()
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatal("the SVG is no XML: ", err)
		}
		switch x := tok.(type) {
		case xml.StartElement:
			inside = x.Name.Local == "text"
			if x.Name.Local == "script" {
				t.Error("the SVG has a script")
			}
		case xml.EndElement:
			inside = false
		case xml.CharData:
			if inside {
				out = append(out, string(x))
			}
		}
	}
}

func mustDraw(t *testing.T, d drawn) Drawing {
	t.Helper()
	out, err := d.Drawing()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// quick tells that all formats would take too long: the drawing is the same code
// for each, and TestFormats renders one of all.
func quick() bool { return testing.Short() || raced }

var noNumber = regexp.MustCompile(`NaN|Inf\b`)

// verify renders a drawing into PDF and SVG and looks whether they are whole; slow
// does so with PNG too, and twice, for both must be the same.
func verify(t *testing.T, d Drawing, slow bool) {
	t.Helper()
	for _, f := range []Format{PDF, PNG, SVG} {
		if f == PNG && !slow || f != SVG && quick() {
			continue
		}
		raw, err := d.Render(f)
		if err != nil {
			t.Fatal(f, err)
		}
		switch f {
		case PDF:
			if !bytes.HasPrefix(raw, []byte("%PDF-")) || !bytes.HasSuffix(bytes.TrimSpace(raw), []byte("%%EOF")) {
				t.Error("the PDF is not whole")
			}
			for _, part := range []string{"/FontFile2", "/ToUnicode"} {
				if !bytes.Contains(raw, []byte(part)) {
					t.Errorf("the PDF has no %s: its text is not embedded or not selectable", part)
				}
			}
			if bytes.Contains(raw, []byte("/Subtype /Image")) {
				t.Error("the PDF has a bitmap")
			}
			if got := len(regexp.MustCompile(`/Type /Page\b`).FindAll(raw, -1)); got != d.Pages() {
				t.Errorf("the PDF has %d pages; want %d", got, d.Pages())
			}
		case PNG:
			img, err := png.Decode(bytes.NewReader(raw))
			if err != nil {
				t.Fatal(err)
			}
			if w := float64(img.Bounds().Dx()); math.Abs(w-d.w*dots/72) > 2 {
				t.Errorf("the PNG is %v wide for %v points", w, d.w)
			}
		case SVG:
			if len(texts(t, raw)) == 0 {
				t.Error("the SVG has no text")
			}
			if noNumber.Match(raw) {
				t.Error("the SVG has a place that is no number")
			}
		}
		if !slow {
			continue
		}
		again, err := d.Render(f)
		if err != nil || !bytes.Equal(raw, again) {
			t.Errorf("the %s differs from one time to the next (%v)", f, err)
		}
	}
}

func TestSamples(t *testing.T) {
	for name, s := range samples() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := mustDraw(t, s)
			if d.Pages() != 2 {
				t.Errorf("%d pages", d.Pages())
			}
			verify(t, d, true)
		})
	}
	for name, c := range charts() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			verify(t, mustDraw(t, c), true)
		})
	}
}

// TestGolden keeps what is said and in which order, not how it looks.
func TestGolden(t *testing.T) {
	all := charts()
	all["tearsheet"] = samples()["three-years"]
	for _, name := range []string{"tearsheet", "equity", "spread", "heat", "scree", "frontier", "weights", "tree", "loadings"} {
		svg, err := mustDraw(t, all[name]).Render(SVG)
		if err != nil {
			t.Fatal(err)
		}
		got := strings.Join(texts(t, svg), "\n") + "\n"
		file := filepath.Join("testdata", name+".txt")
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file) //nolint:gosec // our own
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s says something else (-want +got); go test -update if that is meant:\n%s", name, diff)
		}
	}
}

func TestPDFText(t *testing.T) {
	tool, err := exec.LookPath("pdftotext")
	if err != nil {
		t.Skip("pdftotext is not here")
	}
	raw, err := mustDraw(t, samples()["odd"]).Render(PDF)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "x.pdf")
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	text, err := exec.CommandContext(context.Background(), tool, file, "-").Output() //nolint:gosec // a tool of the tests
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Портфель <b>&\"αβγ\"", "SIMULATED", "Sharpe ratio", "IN SAMPLE: chosen on the returns", "Deepest drawdowns", "5 basis points of what is traded"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the PDF does not say %q", want)
		}
	}
}

// TestHostile draws what is hardly there: each input gives a whole drawing or a
// fault that names a code, never a panic.
func TestHostile(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	times := func(n int) (out []time.Time) {
		for i := range n {
			out = append(out, time.Date(2020, 1, 1+i, 0, 0, 0, 0, time.UTC))
		}
		return out
	}
	series := map[string][]float64{
		"empty": {}, "one": {1.5}, "nan": {nan, nan, nan}, "one number": {nan, 2, nan}, "constant": {3, 3, 3, 3}, "zero": {0, 0, 0}, "infinite": {1, inf, 2}, "huge": {1e300, -1e300, 1e299},
		"tiny": {1e-300, 2e-300, 3e-300}, "negative": {-1, -2, -3}, "long": walk(5000, 0.1),
	}
	for name, x := range series {
		names := make([]string, len(x))
		var spots []Spot
		m := make([][]float64, len(x))
		tree := Dendrogram{Caption: caption, Leaves: names}
		for i, v := range x {
			names[i] = strings.Repeat("長い名前", 9)
			spots = append(spots, Spot{"x", v, v})
			if len(x) < 100 {
				m[i] = x
			}
			if i > 0 {
				left := len(x) + i - 2
				if i == 1 {
					left = 0
				}
				tree.Merges = append(tree.Merges, Merge{left, i, math.Abs(v)})
			}
		}
		for kind, d := range map[string]drawn{
			"equity": Equity{caption, times(len(x)), []Line{{"a", x}}}, "spread": Spread{Caption: caption, Times: times(len(x)), Z: x, Level: x, Entry: 2, Exit: 0.5, Stop: 4, Trades: []Visit{{-1, 2, true}, {2, 1, true}, {0, 99999, false}, {0, 0, true}}},
			"heat": Heat{Caption: caption, Rows: names, Columns: names, Values: m}, "scree": Scree{caption, x}, "frontier": Frontier{Caption: caption, Curve: spots, Assets: spots},
			"bars": Bars{Caption: caption, Names: names, Values: x, Percent: true}, "tree": tree, "sheet": Tearsheet{Title: "x", Times: times(len(x)), Returns: x, Benchmark: x, Gross: x, Turnover: x},
			"torn": Equity{caption, times(3), []Line{{"a", x}}},
		} {
			t.Run(kind+" "+name, func(t *testing.T) {
				t.Parallel()
				out, err := d.Drawing()
				if err != nil {
					if code := fault.CodeOf(err); code == "" || code == fault.Internal {
						t.Errorf("%v has the code %q", err, code)
					}
					return
				}
				verify(t, out, name == "long")
			})
		}
	}
}

// TestFormats renders into all formats at once, as calls of several users do.
func TestFormats(t *testing.T) {
	d := mustDraw(t, sample(120, 24*time.Hour))
	for _, f := range []Format{PDF, PNG, SVG, PDF, PNG, SVG} {
		t.Run(string(f), func(t *testing.T) {
			t.Parallel()
			if raw, err := d.Render(f); err != nil || len(raw) < 10_000 {
				t.Error(err, len(raw))
			}
		})
	}
}

func TestFormatUnknown(t *testing.T) {
	if _, err := mustDraw(t, charts()["scree"]).Render("gif"); fault.CodeOf(err) != fault.Invalid {
		t.Error(err)
	}
}

func TestData(t *testing.T) {
	s := samples()["three-years"]
	tables, err := s.Tables()
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range tables {
		for kind, write := range map[string]func() ([]byte, error){"csv": d.CSV, "parquet": d.Parquet, "xlsx": func() ([]byte, error) { return XLSX(s.Times[0], d) }} {
			a, err := write()
			b, again := write()
			if err != nil || again != nil || !bytes.Equal(a, b) {
				t.Errorf("%s as %s: %v, %v, or it differs from one time to the next", d.Name, kind, err, again)
			}
		}
	}
	raw, err := XLSX(s.Times[0], tables...)
	if err != nil {
		t.Fatal(err)
	}
	book, err := excelize.OpenReader(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"series", "months", "drawdowns", "statistics", "positions", "assumptions"}, book.GetSheetList()); diff != "" {
		t.Error(diff)
	}
	rows, err := book.GetRows("series")
	if err != nil || len(rows) != len(s.Returns)+1 || rows[0][1] != "return" || rows[1][0] != "2016-01-04 00:00" {
		t.Fatal(err, len(rows), rows[:2])
	}

	raw, err = tables[0].Parquet()
	if err != nil {
		t.Fatal(err)
	}
	type row struct {
		Time    *time.Time `parquet:"time,optional,timestamp(millisecond)"`
		Return  *float64   `parquet:"return,optional"`
		Rolling *float64   `parquet:"rolling_sharpe,optional"`
	}
	list, err := parquet.Read[row](bytes.NewReader(raw), int64(len(raw)))
	if err != nil || len(list) != len(s.Returns) {
		t.Fatal(err, len(list))
	}
	for i, r := range list {
		if *r.Return != s.Returns[i] || !r.Time.Equal(s.Times[i]) || (r.Rolling == nil) != (i < 62) {
			t.Fatalf("row %d is %v", i, r)
		}
	}
}

func TestCSVGuard(t *testing.T) {
	d := Data{"x", []Column{{Name: "=name", Texts: []string{"=1+1", "+1", "-1", "@A1", "plain", "", "\tx", "＝1"}}, {Name: "n", Numbers: []float64{-1, math.NaN(), 0.1, 1e-9, 1e21, 3, 4, 5}}}}
	raw, err := d.CSV()
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(raw)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{{"'=name", "n"}, {"'=1+1", "-1"}, {"'+1", ""}, {"'-1", "0.1"}, {"'@A1", "1e-09"}, {"plain", "1e+21"}, {"", "3"}, {"'\tx", "4"}, {"'＝1", "5"}}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Error(diff)
	}
	raw, err = XLSX(time.Time{}, d)
	if err != nil {
		t.Fatal(err)
	}
	book, err := excelize.OpenReader(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	if f, err := book.GetCellFormula("x", "A2"); err != nil || f != "" {
		t.Errorf("the workbook has the formula %q (%v)", f, err)
	}
}

func TestNumbers(t *testing.T) {
	for _, c := range []struct {
		v      float64
		u      unit
		digits int
		want   string
	}{
		{0.1234, percent, 2, "12.34%"}, {-0.00001, percent, 2, "0.00%"}, {math.NaN(), number, 2, "–"}, {math.Inf(-1), percent, 0, "−∞%"}, {1234567, number, 2, "1,234,567"}, {1.36e12, percent, 2, "1.36e14%"},
		{0.0004, number, 2, "4.0e−04"}, {-12.345, number, 1, "−12.3"}, {0, number, 2, "0.00"},
	} {
		if got := show(c.v, c.u, c.digits); got != c.want {
			t.Errorf("show(%v) is %q; want %q", c.v, got, c.want)
		}
	}
}

func BenchmarkTearsheet(b *testing.B) {
	s := sample(754, 24*time.Hour)
	for b.Loop() {
		d, err := s.Drawing()
		if err != nil {
			b.Fatal(err)
		}
		for _, f := range []Format{PDF, PNG, SVG} {
			if _, err := d.Render(f); err != nil {
				b.Fatal(err)
			}
		}
	}
}
