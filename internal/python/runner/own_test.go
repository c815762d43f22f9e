package runner

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"quantdesk/internal/project"
)

// own is what a golden keeps of a run of an algorithm of ours.
type own struct {
	Status     string            `json:"status"`
	Error      string            `json:"error,omitempty"`
	Statistics map[string]string `json:"statistics"`
	DataPoints int               `json:"data_points"`
	History    int               `json:"history_data_points"`
	Logs       []string          `json:"logs"`
	// Own counts the points of the chart with that name, by series.
	Own map[string]int `json:"own_chart,omitempty"`
}

// spans are when the algorithms run: with minute data briefly, with daily bars
// longer, by market.
var spans = map[string]map[string][2]string{
	"sim":  {"": {"2024-03-04", "2024-03-08"}, "long": {"2024-01-02", "2024-06-28"}, "weeks": {"2024-03-04", "2024-03-28"}},
	"lean": {"": {"2013-10-07", "2013-10-11"}, "long": {"2014-04-01", "2014-07-31"}, "weeks": {"2014-03-24", "2014-04-04"}},
}

// kinds says which algorithms need more than a few days.
var kinds = map[string]string{"corporate": "long", "framework": "long", "warmup": "weeks", "history": "weeks", "charts": "weeks", "universe": "weeks", "coarse": "weeks", "selection": "weeks", "optimizers": "weeks"}

// TestOwnAlgorithms runs algorithms of every feature class over the simulated
// market, and over LEAN's data where they are, and compares with what was
// reviewed. QUANTDESK_UPDATE=1 writes the goldens anew.
func TestOwnAlgorithms(t *testing.T) {
	files, err := filepath.Glob("testdata/algorithms/*.py")
	if err != nil || len(files) == 0 {
		t.Fatal("no algorithms", err)
	}
	for market, when := range spans {
		t.Run(market, func(t *testing.T) {
			data := "sim:42"
			if market == "lean" {
				data = dataFolder(t)
			}
			r := caged(t, Config{Data: data})
			for _, file := range files {
				name := strings.TrimSuffix(filepath.Base(file), ".py")
				if (name == "coarse" || name == "selection") && market == "sim" {
					continue // the simulated market has no coarse universe
				}
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					text, err := os.ReadFile(file)
					if err != nil {
						t.Fatal(err)
					}
					span := when[kinds[name]]
					got := backtest(t, r, project.Run{ID: name, Source: alone(string(text)), Parameters: map[string]string{"start": span[0], "end": span[1]}})
					reviewed(t, strings.TrimSuffix(file, ".py")+"."+market+".json", got)
				})
			}
		})
	}
}

// reviewed compares a result with its golden.
func reviewed(t *testing.T, golden string, r *project.Result) {
	t.Helper()
	got := own{Status: r.Status, Error: r.Error, Statistics: r.Statistics, DataPoints: r.DataPoints, History: r.HistoryDataPoints, Logs: r.Logs}
	var chart struct {
		Series map[string]struct{ Values []json.RawMessage }
	}
	if text := r.Charts["Own"]; text != nil {
		if err := json.Unmarshal(text, &chart); err != nil {
			t.Fatal(err)
		}
		got.Own = map[string]int{}
		for name, s := range chart.Series {
			got.Own[name] = len(s.Values)
		}
	}
	if os.Getenv("QUANTDESK_UPDATE") != "" {
		text, err := json.MarshalIndent(got, "", "  ")
		if err == nil {
			err = os.WriteFile(golden, append(text, '\n'), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		return
	}
	text, err := os.ReadFile(golden)
	if err != nil {
		t.Fatalf("%v: QUANTDESK_UPDATE=1 writes it, for review", err)
	}
	var want own
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("not as reviewed (-want +got):\n%s", d)
	}
}
