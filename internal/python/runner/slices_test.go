package runner

import (
	"strings"
	"testing"

	"quantdesk/internal/project"
)

// The engine uses a slice again once nobody holds it: those that an algorithm
// keeps, and those that it asked for outside its handler, stay what they were.
const keeper = `from AlgorithmImports import *

class Keeper(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2013, 10, 7)
        self.set_end_date(2013, 10, 8)
        self.spy = self.add_equity("SPY", Resolution.MINUTE).symbol
        self.kept, self.read, self.asked = [], [], []
        self.schedule.on(self.date_rules.every_day(), self.time_rules.every(timedelta(minutes=7)), self.ask)

    def ask(self):
        if self.current_slice is not None:
            self.asked.append(self.current_slice)

    def on_data(self, data):
        n = len(self.read)
        self.read.append((self.time, self.securities[self.spy].price))
        if n % 3 == 0:
            self.kept.append((n, data))

    def on_end_of_algorithm(self):
        by_time = dict(self.read)
        for n, s in self.kept:
            assert (s.time, s.bars[self.spy].close) == self.read[n], (n, s.time)
        for s in self.asked:
            if self.spy in s.bars:
                assert s.bars[self.spy].end_time == s.time and s.bars[self.spy].close == by_time[s.time], s.time
        self.debug(f"{len(self.kept)} kept, {len(self.asked) > 100}")
`

func TestKeptSlices(t *testing.T) {
	got := backtest(t, caged(t, Config{}), project.Run{Source: alone(keeper)})
	if got.Status != project.Completed || len(got.Logs) != 1 || !strings.HasSuffix(got.Logs[0], "260 kept, True") {
		t.Errorf("got %s %q, log %q", got.Status, got.Error, got.Logs)
	}
}

// A bar of a whole-file resolution that ends as the algorithm begins is its first:
// of what never closes, yesterday's.
const early = `from AlgorithmImports import *

class Early(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2015, 11, 12)
        self.set_end_date(2015, 11, 13)
        self.set_time_zone(TimeZones.UTC)
        self.coin = self.add_crypto("BTCUSD", Resolution.DAILY).symbol

    def on_data(self, data):
        if self.coin in data.bars:
            self.log(f"{data.bars[self.coin].time.day} seen on {self.time.day}")
`

func TestFirstBar(t *testing.T) {
	got := backtest(t, caged(t, Config{}), project.Run{Source: alone(early)})
	var days []string
	for _, line := range got.Logs {
		days = append(days, line[strings.LastIndex(line, "00 ")+3:])
	}
	if want := "11 seen on 12,12 seen on 13,13 seen on 14"; got.Status != project.Completed || strings.Join(days, ",") != want {
		t.Errorf("got %s %q, log %q; want %s", got.Status, got.Error, got.Logs, want)
	}
}
