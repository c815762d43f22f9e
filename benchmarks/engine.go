package main

import (
	"archive/zip"
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"quantdesk/internal/lean"
	"quantdesk/internal/market"
)

//go:embed algorithms
var algorithms embed.FS

// The sizes of what the engine is measured on.
const (
	minuteBars   = 1_000_000
	firstYear    = 2010
	dailySymbols = 500
	dailyYears   = 10
)

// engine measures whole backtests through the command, over LEAN folders that
// are written first: a Python handler on every bar beside the same loop in bare
// CPython, a monthly handler, a framework over many symbols, and a minimal run.
func engine(bin, work, python, backtrader string, runs int) error {
	m := machine{bin: bin, work: work}
	if one, err := exec.LookPath("taskset"); err == nil {
		m.pin = one
	}
	if err := os.Mkdir(filepath.Join(work, "algorithms"), 0o700); err != nil {
		return err
	}
	if err := m.lay(); err != nil {
		return err
	}
	minutes, days, err := writeMinutes(filepath.Join(work, "minute"))
	if err != nil {
		return err
	}
	if err := writeDays(filepath.Join(work, "daily")); err != nil {
		return err
	}
	if m.pin == "" {
		fmt.Println("not pinned to one core: there is no taskset here")
	}
	if err := m.minimal(runs); err != nil {
		return err
	}
	last := days[len(days)-1].String()
	if err := m.cross(python, backtrader, minutes, last); err != nil {
		return err
	}
	if err := m.monthly(minutes, len(days), last); err != nil {
		return err
	}
	got, err := m.backtest("framework.py", "daily", fmt.Sprint("symbols=", dailySymbols))
	if err != nil {
		return err
	}
	fmt.Printf("%-34s %s, peak %.0f MB, %s orders\n", fmt.Sprintf("framework, %d symbols, %d years", dailySymbols, dailyYears), got, got.peak, got.orders)
	return nil
}

// monthly runs a handler that is due once a month: on the zips, then on the
// decoded rows that the desk kept of them. It keeps them with processor time to
// spare, so it is given a core until all are there; how long a run takes beside
// that is not looked at.
func (m machine) monthly(bars, days int, last string) error {
	if err := os.RemoveAll(m.rows()); err != nil {
		return err
	}
	tell := func(what string) error {
		got, err := m.backtest("monthly.py", "minute", "end="+last)
		if err == nil {
			fmt.Printf("%-34s %s, %.0f bars/s, peak %.0f MB\n", "monthly handler, "+what, got, float64(bars)/got.wall.Seconds(), got.peak)
		}
		return err
	}
	if err := tell("minute zips"); err != nil {
		return err
	}
	free := m
	free.pin = ""
	for range keepingRuns {
		kept, err := filepath.Glob(filepath.Join(m.rows(), "*", "equity", "usa", "minute", "spy", "*.rows"))
		if err != nil {
			return err
		}
		if len(kept) >= days {
			return tell("kept rows")
		}
		if _, err := free.backtest("monthly.py", "minute", "end="+last); err != nil {
			return err
		}
	}
	fmt.Println("the machine is too busy for decoded rows to be kept")
	return nil
}

// keepingRuns is how many runs the desk is given to keep what it decoded.
const keepingRuns = 10

// rows is where the desk keeps decoded rows.
func (m machine) rows() string { return filepath.Join(m.work, "cache", "quantdesk", "rows") }

// machine runs backtests of a binary and keeps to one core where it can. They
// have a cache of their own.
type machine struct{ bin, work, pin string }

// took is what a process cost.
type took struct {
	wall, cpu time.Duration
	peak      float64 // MB, of the greatest process
	out       []byte
	orders    string
}

func (t took) String() string {
	return fmt.Sprintf("%.2f s (%.2f s of processor)", t.wall.Seconds(), t.cpu.Seconds())
}

func (m machine) lay() error {
	list, err := algorithms.ReadDir("algorithms")
	if err != nil {
		return err
	}
	for _, e := range list {
		text, err := algorithms.ReadFile("algorithms/" + e.Name())
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(m.work, "algorithms", e.Name()), text, 0o600); err != nil {
			return err
		}
	}
	return nil
}

func (m machine) run(name string, args ...string) (took, error) {
	if m.pin != "" {
		name, args = m.pin, append([]string{"-c", "0", name}, args...)
	}
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), "XDG_CACHE_HOME="+filepath.Join(m.work, "cache"))
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	begun := time.Now()
	err := cmd.Run()
	t := took{wall: time.Since(begun), out: out.Bytes()}
	if err != nil {
		return t, fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, said.Bytes())
	}
	t.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	t.peak = peakOf(cmd.ProcessState)
	return t, nil
}

// backtest runs one of the algorithms over a folder, with parameters k=v.
func (m machine) backtest(name, data string, params ...string) (took, error) {
	args := []string{"backtest", filepath.Join(m.work, "algorithms", name), "--home", filepath.Join(m.work, "home"), "--market", filepath.Join(m.work, data), "--json"}
	for _, p := range params {
		args = append(args, "--param", p)
	}
	t, err := m.run(m.bin, args...)
	if err != nil {
		return t, err
	}
	var r struct {
		Status, Error string
		Statistics    map[string]string
	}
	if err := json.Unmarshal(t.out, &r); err != nil {
		return t, err
	}
	if r.Status != "Completed" {
		return t, fmt.Errorf("%s ended %s: %s", name, r.Status, r.Error)
	}
	t.orders = r.Statistics["Total Orders"]
	return t, nil
}

// minimal measures a run of five days from the command to its result; the
// first one, which lays the interpreter down, is not counted.
func (m machine) minimal(runs int) error {
	if _, err := m.backtest("minimal.py", "minute"); err != nil {
		return err
	}
	var all []time.Duration
	for range runs {
		t, err := m.backtest("minimal.py", "minute")
		if err != nil {
			return err
		}
		all = append(all, t.wall)
	}
	fmt.Printf("%-34s median %s (min %s, max %s)\n", "minimal run, command to result", ms(quantile(all, 0.5)), ms(quantile(all, 0)), ms(quantile(all, 1)))
	return nil
}

// cross runs the crossing of two averages with a handler on every bar, and
// the same loop in bare CPython over the same files.
func (m machine) cross(python, backtrader string, bars int, last string) error {
	got, err := m.backtest("cross.py", "minute", "end="+last)
	if err != nil {
		return err
	}
	fmt.Printf("%-34s %s, %d bars, %.0f bars/s, peak %.0f MB, %s orders\n", "on_data in Python, minute bars", got, bars, float64(bars)/got.wall.Seconds(), got.peak, got.orders)
	if python == "" {
		if python, err = exec.LookPath("python3.11"); err != nil {
			fmt.Println("the same loop in bare CPython: skipped, there is no python3.11 (-python FILE)")
			return nil
		}
	}
	bare, err := m.run(python, filepath.Join(m.work, "algorithms", "bare.py"), filepath.Join(m.work, "minute"))
	if err != nil {
		return err
	}
	var loop float64
	var trades, read int
	if _, err := fmt.Sscan(string(bare.out), &loop, &trades, &read); err != nil {
		return fmt.Errorf("the bare loop said %q: %w", bare.out, err)
	}
	fmt.Printf("%-34s %s, %d bars, of it the loop without reading %.2f s, %d trades\n", "the same in bare CPython", bare, read, loop, trades)
	fmt.Printf("%-34s %.2f end to end, %.2f to the loop alone\n", "ratio", got.wall.Seconds()/bare.wall.Seconds(), got.wall.Seconds()/loop)
	if backtrader == "" {
		return nil
	}
	peer, err := m.run(python, filepath.Join(m.work, "algorithms", "backtrader_cross.py"), filepath.Join(m.work, "minute"), backtrader)
	if err != nil {
		return err
	}
	fmt.Printf("%-34s %s: %.0f times as long\n", "the same in backtrader", peer, peer.wall.Seconds()/got.wall.Seconds())
	return nil
}

// writeMinutes writes about a million minute bars of SPY, one zip a day, and
// tells how many and on which days.
func writeMinutes(dir string) (bars int, days []market.Date, err error) {
	cal, err := folder(dir)
	if err != nil {
		return 0, nil, err
	}
	price := walk{rng: rand.New(rand.NewPCG(1, 2)), at: 1_500_000, step: 0.0004}
	for d := (market.Date{Year: firstYear, Month: 1, Day: 1}); bars < minuteBars; d = d.AddDays(1) {
		opens, closes, ok := cal.Session(d)
		if !ok {
			continue
		}
		midnight := d.In(cal.DataZone) // rows are on the wall clock of the data
		var text []byte
		for at := opens; at.Before(closes); at = at.Add(time.Minute) {
			text = strconv.AppendInt(text, at.Sub(midnight).Milliseconds(), 10)
			text = price.row(text)
			bars++
		}
		base := filepath.Join(dir, "equity", "usa", "minute", "spy", d.Compact()+"_trade.zip")
		if err := zipped(base, d.Compact()+"_spy_minute_trade.csv", text); err != nil {
			return 0, nil, err
		}
		days = append(days, d)
	}
	return bars, days, nil
}

// writeDays writes daily bars of many symbols.
func writeDays(dir string) error {
	cal, err := folder(dir)
	if err != nil {
		return err
	}
	var days []string
	for d := (market.Date{Year: firstYear, Month: 1, Day: 1}); d.Year < firstYear+dailyYears; d = d.AddDays(1) {
		if _, _, ok := cal.Session(d); ok {
			days = append(days, d.Compact()+" 00:00")
		}
	}
	for n := range dailySymbols {
		price := walk{rng: rand.New(rand.NewPCG(7, uint64(n))), at: 200_000 + 3_000*float64(n), step: 0.015}
		var text []byte
		for _, d := range days {
			text = price.row(append(text, d...))
		}
		name := fmt.Sprintf("s%03d", n)
		if err := zipped(filepath.Join(dir, "equity", "usa", "daily", name+".zip"), name+".csv", text); err != nil {
			return err
		}
	}
	return nil
}

// folder makes a LEAN folder and gives the calendar of its shares.
func folder(dir string) (*market.Calendar, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	if err := zipped(filepath.Join(dir, "equity", "usa", "daily", "spy.zip"), "spy.csv", []byte("20091231 00:00,1500000,1500000,1500000,1500000,1000\n")); err != nil {
		return nil, err
	}
	f, err := lean.Create(dir)
	if err != nil {
		return nil, err
	}
	return f.Calendar("SPY")
}

// walk is a price that wanders, in ten-thousandths.
type walk struct {
	rng      *rand.Rand
	at, step float64
}

// row appends a bar after its time.
func (w *walk) row(text []byte) []byte {
	open := w.at
	w.at *= 1 + w.step*w.rng.NormFloat64()
	if w.at < 10_000 {
		w.at = 10_000
	}
	for _, v := range []float64{open, max(open, w.at) * 1.0002, min(open, w.at) * 0.9998, w.at} {
		text = strconv.AppendInt(append(text, ','), int64(v)/100*100, 10)
	}
	text = strconv.AppendInt(append(text, ','), 1_000+w.rng.Int64N(50_000), 10)
	return append(text, '\n')
}

func zipped(path, inner string, text []byte) error {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create(inner)
	if err != nil {
		return err
	}
	if _, err := w.Write(text); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return os.WriteFile(path, b.Bytes(), 0o600)
}
