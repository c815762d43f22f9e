package runner

import (
	"context"
	"testing"

	"quantdesk/internal/project"
)

// oneDay ends with its first bar.
const oneDay = `from AlgorithmImports import *

class OneDay(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2013, 10, 7)
        self.set_end_date(2013, 10, 11)
        self.add_equity("SPY", Resolution.DAILY)

    def on_data(self, data):
        self.quit("the first bar")
`

// BenchmarkFirstBar is from a request to the first bar, and then to the end of
// the child, with the interpreter extracted and verified as a server has it.
func BenchmarkFirstBar(b *testing.B) {
	r := caged(b, Config{})
	if err := r.Prepare(context.Background()); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		got, err := r.Backtest(context.Background(), project.Run{ID: "one", Source: alone(oneDay)}, nil)
		if err != nil || got.Error != "" || got.DataPoints == 0 {
			b.Fatalf("%v %+v", err, got)
		}
	}
}
