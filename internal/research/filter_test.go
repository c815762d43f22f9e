package research

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"quantdesk/internal/fault"
)

var sample = Table{"t", []Column{
	Texts("symbol", []string{"KO", "PEP", "XOM", "", "it's"}),
	Numbers("p", []float64{.01, .2, math.NaN(), .05, -.5}),
	Numbers("half life", []float64{5, 10, 15, 20, 25}),
}}

func passing(t *testing.T, filter string) string {
	t.Helper()
	pass, err := parseFilter(sample, filter)
	if err != nil {
		t.Fatalf("%s: %v", filter, err)
	}
	out := ""
	for i := range sample.Rows() {
		if pass(i) == yes {
			out += fmt.Sprint(i)
		}
	}
	return out
}

func TestFilter(t *testing.T) {
	for filter, want := range map[string]string{
		"":                               "01234",
		"p < 0.05":                       "04",
		"p <= .05 and symbol = 'KO'":     "0",
		"p IS NULL":                      "2",
		"p is not null":                  "0134",
		"NOT p < 0.05":                   "13",
		"symbol IN ('KO','PEP')":         "01",
		"symbol NOT IN ('KO', 'PEP')":    "24",
		"symbol like '%e%'":              "1",
		"symbol LIKE '_O'":               "0",
		"symbol not like 'K%'":           "124",
		"symbol = 'it''s'":               "4",
		`"half life" BETWEEN 10 AND 20`:  "123",
		`"half life" / 5 - 1 = 2`:        "2",
		"abs(p) >= 0.2":                  "14",
		"-p > 0":                         "4",
		"(p < 0 or p > .1) and p < 1":    "14",
		"(p + 1) * 2 > 2.3":              "1",
		"((p)) < 0":                      "4",
		"p <> 0.2":                       "034",
		"symbol > 'L'":                   "124",
		"p = 'KO'":                       "",
		"p > 1e-1 OR symbol = 'XOM'":     "12",
		"p / 0 > 1":                      "",
		`p < 0.1 AND NOT (symbol='KO')`:  "4",
		`"half life">=10 AND p IS NULL `: "2",
	} {
		if got := passing(t, filter); got != want {
			t.Errorf("%s: rows %s, want %s", filter, got, want)
		}
	}
}

func TestBadFilter(t *testing.T) {
	for filter, want := range map[string]string{
		"q < 1":                        "no column",
		"p <":                          "missing",
		"p < 1 1":                      "does not belong",
		"symbol = 'KO":                 "not closed",
		"p ; DROP TABLE x":             "no meaning",
		"p LIKE 3":                     "single quotes",
		"p IN 3":                       "( is missing",
		"p BETWEEN 1 OR 2":             "AND is missing",
		"(p < 1":                       ") is missing",
		"p":                            "comparison",
		strings.Repeat("(", 500):       "nested",
		strings.Repeat("not ", 400):    "nested",
		strings.Repeat("p<1 or ", 999): "longer",
	} {
		_, err := parseFilter(sample, filter)
		if fault.CodeOf(err) != fault.InvalidParameter || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40s: %v, want %q", filter, err, want)
		}
	}
}

func FuzzFilter(f *testing.F) {
	for _, s := range []string{"p < 0.05", "symbol IN ('KO','PEP') AND NOT abs(p) >= 2", `"half life" BETWEEN 1 AND (2+3)*4`, "߀\xdf", "1e", ".", "1.2.3", "symbol like '%a_%'"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		pass, err := parseFilter(sample, s)
		if err != nil {
			if fault.CodeOf(err) != fault.InvalidParameter {
				t.Fatal(err)
			}
			return
		}
		for i := range sample.Rows() {
			pass(i)
		}
	})
}

func TestFill(t *testing.T) {
	all := []series{{[]int64{1, 2, 3, 4, 5, 6}, [][]float64{{1, 2, 3, 4, 5, 6}}}, {[]int64{2, 6}, [][]float64{{20, 60}}}}
	if n := fill(all, 2); n != 2 {
		t.Errorf("%d filled, want 2", n)
	}
	if got := fmt.Sprint(all[1]); got != "{[2 3 4 6] [[20 20 20 60]]}" {
		t.Errorf("%s; want two values after the first, none before it", got)
	}
}
