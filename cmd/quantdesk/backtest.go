package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	goio "io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"

	"quantdesk/internal/fault"
	"quantdesk/internal/project"
	"quantdesk/internal/python/runner"
	reports "quantdesk/internal/report"
)

type backtestCmd struct {
	Algorithm string            `arg:"" help:"Python file with a class that derives from QCAlgorithm; what it imports from its folder comes along." placeholder:"ALGO.py"`
	Market    string            `help:"LEAN data folder, or sim for the simulated market." default:"sim" env:"QUANTDESK_MARKET" placeholder:"DIR|sim"`
	Seed      int64             `help:"Seed of the simulated market." default:"42" env:"QUANTDESK_SEED"`
	Param     map[string]string `help:"A parameter that get_parameter gives; may be repeated." placeholder:"K=V"`
	JSON      bool              `name:"json" help:"Print the whole result as JSON."`
	Report    string            `help:"Write equity.png, report.html and result.json into this folder." placeholder:"DIR"`
	Runs      runs              `embed:""`
}

// Run checks the algorithm, runs it and shows what came of it. It fails when
// the algorithm does.
func (c *backtestCmd) Run(ctx context.Context, io streams, home place) error {
	source, err := sourceOf(c.Algorithm)
	if err != nil {
		return err
	}
	data := c.Market
	if data == "sim" {
		data = fmt.Sprintf("sim:%d", c.Seed)
	} else {
		if st, err := os.Stat(c.Market); err != nil || !st.IsDir() {
			return fault.E("backtest", fault.NotFound, "there is no data folder %s", c.Market).Hinted("Give a LEAN data folder with --market, or --market sim.")
		}
	}
	r, err := newRunner(warnTo(io), string(home), data, c.Runs)
	if err != nil {
		return err
	}
	problems, err := r.Compile(ctx, source)
	if err != nil {
		return err
	}
	if err := tellProblems(io.err, problems); err != nil {
		return err
	}
	name := strings.TrimSuffix(filepath.Base(c.Algorithm), ".py")
	bar := newRunBar(io.err, name)
	begun := time.Now()
	result, err := r.Backtest(ctx, project.Run{ID: name, Source: source, Parameters: c.Param}, bar.tell)
	bar.done()
	if err != nil {
		return err
	}
	took := time.Since(begun)
	if c.Report != "" {
		if err := writeReport(c.Report, reportOf(name, result), fileOf(name, c.Param, result)); err != nil {
			return err
		}
	}
	if c.JSON {
		if err := writeIndented(io.out, fileOf(name, c.Param, result)); err != nil {
			return err
		}
	} else {
		c.print(io, result, took)
	}
	return verdictOf(result)
}

// resultFile is a result as the command prints and writes it; charts, orders,
// insights and performance are in QuantConnect's own form.
type resultFile struct {
	Name              string                     `json:"name"`
	Status            string                     `json:"status"`
	Error             string                     `json:"error,omitempty"`
	StackTrace        string                     `json:"stacktrace,omitempty"`
	Start             time.Time                  `json:"start"`
	End               time.Time                  `json:"end"`
	Parameters        map[string]string          `json:"parameters"`
	Statistics        map[string]string          `json:"statistics"`
	RuntimeStatistics map[string]string          `json:"runtime_statistics"`
	TotalPerformance  json.RawMessage            `json:"total_performance"`
	RollingWindow     json.RawMessage            `json:"rolling_window"`
	Charts            map[string]json.RawMessage `json:"charts"`
	Orders            []json.RawMessage          `json:"orders"`
	Insights          []json.RawMessage          `json:"insights"`
	Logs              []string                   `json:"logs"`
	TradeableDates    int                        `json:"tradeable_dates"`
	DataPoints        int                        `json:"data_points"`
	HistoryDataPoints int                        `json:"history_data_points"`
	DataHash          string                     `json:"data_hash"`
	EngineVersion     string                     `json:"engine_version"`
	Seed              uint64                     `json:"seed"`
}

func fileOf(name string, param map[string]string, r *project.Result) resultFile {
	if param == nil {
		param = map[string]string{}
	}
	return resultFile{
		Name: name, Status: r.Status, Error: r.Error, StackTrace: r.StackTrace, Start: r.Start, End: r.End, Parameters: param, Statistics: r.Statistics,
		RuntimeStatistics: r.RuntimeStatistics, TotalPerformance: r.TotalPerformance, RollingWindow: r.RollingWindow, Charts: r.Charts, Orders: r.Orders, Insights: r.Insights,
		Logs: r.Logs, TradeableDates: r.TradeableDates, DataPoints: r.DataPoints, HistoryDataPoints: r.HistoryDataPoints, DataHash: r.DataHash, EngineVersion: r.EngineVersion, Seed: r.Seed,
	}
}

// tellProblems prints what compiling found, and fails where there are errors.
func tellProblems(w goio.Writer, list []project.Problem) error {
	n, first := 0, ""
	for _, p := range list {
		where := p.File
		if p.Line > 0 {
			where += fmt.Sprintf(":%d", p.Line)
		}
		if p.Column > 0 {
			where += fmt.Sprintf(":%d", p.Column)
		}
		fmt.Fprintf(w, "%s: %s: %s\n", where, p.Severity, p.Message)
		if p.Severity == project.Error {
			if n++; first == "" {
				first = where
			}
		}
	}
	switch n {
	case 0:
		return nil
	case 1:
		return fault.E("backtest", fault.Invalid, "the algorithm has an error at %s", first).Hinted("Mend it and run it again.")
	}
	return fault.E("backtest", fault.Invalid, "the algorithm has %d errors, the first at %s", n, first).Hinted("Mend them and run it again.")
}

// verdictOf is the failure of a run that has a result.
func verdictOf(r *project.Result) error {
	switch {
	case r.Status == project.RuntimeError:
		return fault.E("backtest", fault.Invalid, "%s", strings.TrimSuffix(r.Error, ".")).Hinted("The trace above shows where.")
	case len(r.Orders) == 0:
		for _, l := range r.Logs {
			if text, ok := strings.CutPrefix(l, runner.NoData); ok {
				return fault.E("backtest", fault.NotFound, "there are no data of %s, and nothing was traded", text).
					Hinted("Check the symbol, the dates and the resolution; quantdesk data list shows what there is.")
			}
		}
	}
	return nil
}

// statistics are the table's rows, in LEAN's order.
func statistics(r *project.Result) (out []reports.Pair) {
	seen := map[string]bool{}
	for _, n := range []string{
		"Total Orders", "Average Win", "Average Loss", "Compounding Annual Return", "Drawdown", "Expectancy", "Start Equity", "End Equity", "Net Profit", "Sharpe Ratio", "Sortino Ratio",
		"Probabilistic Sharpe Ratio", "Loss Rate", "Win Rate", "Profit-Loss Ratio", "Alpha", "Beta", "Annual Standard Deviation", "Annual Variance", "Information Ratio", "Tracking Error",
		"Treynor Ratio", "Total Fees", "Estimated Strategy Capacity", "Lowest Capacity Asset", "Portfolio Turnover", "Drawdown Recovery", "OrderListHash",
	} {
		if v, ok := r.Statistics[n]; ok {
			out = append(out, reports.Pair{Name: n, Value: v})
			seen[n] = true
		}
	}
	var rest []string
	for n := range r.Statistics {
		if !seen[n] {
			rest = append(rest, n)
		}
	}
	slices.Sort(rest)
	for _, n := range rest {
		out = append(out, reports.Pair{Name: n, Value: r.Statistics[n]})
	}
	return out
}

// print shows the table, the log's last lines and what ended the run.
func (c *backtestCmd) print(io streams, r *project.Result, took time.Duration) {
	const lastLines = 20
	if n := len(r.Logs); n > lastLines {
		fmt.Fprintf(io.err, "[%d lines of log before these]\n", n-lastLines)
	}
	for _, l := range r.Logs[max(0, len(r.Logs)-lastLines):] {
		fmt.Fprintln(io.err, l)
	}
	w := tabwriter.NewWriter(io.out, 0, 0, 2, ' ', 0)
	for _, p := range statistics(r) {
		fmt.Fprintf(w, "%s\t%s\n", p.Name, p.Value)
	}
	_ = w.Flush() // writes to a terminal
	fmt.Fprintf(io.out, "\n%s to %s: %s, %d data points, %d orders, %.1f s\n", r.Start.Format(time.DateOnly), r.End.Format(time.DateOnly), r.Status, r.DataPoints, len(r.Orders), took.Seconds())
	if c.Report != "" {
		fmt.Fprintf(io.out, "The report is %s.\n", filepath.Join(c.Report, "report.html"))
	}
	if r.StackTrace != "" {
		fmt.Fprintln(io.err, r.StackTrace)
	}
}

// reportOf is a result as a report shows it.
func reportOf(name string, r *project.Result) reports.Run {
	out := reports.Run{Name: name, Start: r.Start, End: r.End, Error: r.Error, Currency: "$", Statistics: statistics(r), Log: r.Logs,
		Equity: points(r, "Strategy Equity", "Equity"), Benchmark: points(r, "Benchmark", "Benchmark"), Drawdown: points(r, "Drawdown", "Equity Drawdown"),
		Facts: []reports.Pair{
			{Name: "Status", Value: r.Status}, {Name: "Data points", Value: strconv.Itoa(r.DataPoints)}, {Name: "History points", Value: strconv.Itoa(r.HistoryDataPoints)},
			{Name: "Tradeable dates", Value: strconv.Itoa(r.TradeableDates)}, {Name: "Engine", Value: r.EngineVersion}, {Name: "Seed", Value: strconv.FormatUint(r.Seed, 10)}, {Name: "Data hash", Value: r.DataHash},
		},
	}
	if e := r.RuntimeStatistics["Equity"]; e != "" {
		out.Currency = strings.TrimRight(e, "-0123456789.,")
		if i := strings.IndexAny(e, "-0123456789"); i >= 0 {
			out.Currency = e[:i]
		}
	}
	types := [...]string{"market", "limit", "stop market", "stop limit", "market on open", "market on close", "option exercise", "limit if touched", "combo market", "combo limit", "combo leg limit", "trailing stop"}
	states := map[int]string{0: "new", 1: "submitted", 2: "partially filled", 3: "filled", 5: "canceled", 6: "none", 7: "invalid", 8: "cancel pending", 9: "updated"}
	for _, raw := range r.Orders {
		var o struct {
			Symbol          struct{ Value string }
			Quantity, Price json.Number
			Type, Status    int
			Tag             string
			Direction       int
			Time            time.Time
		}
		if json.Unmarshal(raw, &o) != nil {
			continue
		}
		row := reports.Order{At: o.Time, Symbol: o.Symbol.Value, Side: "buy", Quantity: strings.TrimSuffix(strings.TrimPrefix(o.Quantity.String(), "-"), ".0"), Price: o.Price.String(), Status: states[o.Status], Tag: o.Tag}
		if o.Direction == 1 {
			row.Side = "sell"
		}
		if o.Type >= 0 && o.Type < len(types) {
			row.Type = types[o.Type]
		}
		out.Orders = append(out.Orders, row)
	}
	return out
}

// points are a series' values; of candles their closes.
func points(r *project.Result, chart, series string) (out []reports.Point) {
	var c struct {
		Series map[string]struct{ Values [][]*float64 }
	}
	if raw, ok := r.Charts[chart]; !ok || json.Unmarshal(raw, &c) != nil {
		return nil
	}
	for _, v := range c.Series[series].Values {
		if len(v) >= 2 && v[0] != nil && v[len(v)-1] != nil {
			out = append(out, reports.Point{At: time.Unix(int64(*v[0]), 0).UTC(), Value: *v[len(v)-1]})
		}
	}
	return out
}

// writeReport writes the three files of a report.
func writeReport(dir string, run reports.Run, r resultFile) error {
	const op = "backtest.report"
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // the user's own folder
		return fault.Wrap(op, fault.Invalid, err, "the folder %s cannot be made", dir)
	}
	write := func(name string, fill func(goio.Writer) error) error {
		f, err := os.Create(filepath.Join(dir, name)) //nolint:gosec // the user's own folder
		if err == nil {
			err = errors.Join(fill(f), f.Close())
		}
		if err != nil {
			return fault.Wrap(op, fault.Invalid, err, "the file %s cannot be written in %s", name, dir)
		}
		return nil
	}
	if err := write("equity.png", func(w goio.Writer) error { return reports.EquityPNG(w, run) }); err != nil {
		return err
	}
	if err := write("report.html", func(w goio.Writer) error { return reports.HTML(w, run) }); err != nil {
		return err
	}
	return write("result.json", func(w goio.Writer) error {
		return writeIndented(w, r)
	})
}

// runBar shows how far a run is, on a terminal only.
type runBar struct {
	p   *mpb.Progress
	b   *mpb.Bar
	day string
}

func newRunBar(w goio.Writer, name string) *runBar {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) { //nolint:gosec // a descriptor
		return &runBar{}
	}
	r := &runBar{p: mpb.New(mpb.WithOutput(f), mpb.WithWidth(48))}
	r.b = r.p.AddBar(1000, mpb.PrependDecorators(decor.Name(name+" ")), mpb.AppendDecorators(decor.Percentage(), decor.Any(func(decor.Statistics) string { return " " + r.day })), mpb.BarRemoveOnComplete())
	return r
}

func (r *runBar) tell(p project.Progress) {
	if r.b == nil {
		return
	}
	r.day = p.Reached.Format(time.DateOnly)
	if p.Equity != "" {
		r.day += "  equity " + p.Equity
	}
	r.b.SetCurrent(min(int64(p.Fraction*1000), 999))
}

func (r *runBar) done() {
	if r.b != nil {
		r.b.Abort(true)
		r.p.Wait()
	}
}
