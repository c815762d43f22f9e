package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"

	"quantdesk/internal/fault"
	"quantdesk/internal/feed"
	"quantdesk/internal/lean"
	"quantdesk/internal/market"
	"quantdesk/internal/sim"
)

type dataCmd struct {
	Import  dataImportCmd  `cmd:"" help:"Bring bars from CSV or Parquet into the data folder."`
	List    dataListCmd    `cmd:"" help:"List instruments and how much of them there is."`
	Export  dataExportCmd  `cmd:"" help:"Write bars as CSV or Parquet."`
	Factors dataFactorsCmd `cmd:"" help:"Write the simulated market's own factor returns as CSV, as published factors come."`
}

type dataImportCmd struct {
	Files      []string          `arg:"" help:"CSV or Parquet files." type:"existingfile"`
	Symbol     string            `help:"Symbol of all rows, where the file has no column for it."`
	Class      string            `help:"Class of instruments that are new." default:"equity" enum:"equity,forex,crypto,cfd,index"`
	Market     string            `help:"Market of instruments that are new. Default: the usual one of the class."`
	Resolution string            `help:"second, minute, hour or daily. Default: found from the rows."`
	Zone       string            `help:"Time zone of times without one. Default: that of the market's data." placeholder:"America/New_York"`
	Columns    map[string]string `help:"Columns that have other names: time=Stamp;close=Last." placeholder:"OURS=THEIRS;..." mapsep:";"`
	TimeLayout string            `help:"Layout of times: Go's, unix or unix_ms. Default: found."`
	To         string            `help:"Data folder. Default: --market where that is one, else data in the home." placeholder:"DIR"`
}

type importIn struct {
	Spec lean.ImportSpec `json:"spec"`
	To   string          `json:"to"`
}

// Run imports each file and reports rejected rows.
func (c *dataImportCmd) Run(ctx context.Context, io streams, home place) error {
	in := importIn{To: c.To, Spec: lean.ImportSpec{
		Symbol: c.Symbol, Class: market.Class(c.Class), Market: c.Market, Zone: c.Zone, Columns: c.Columns, TimeLayout: c.TimeLayout,
	}}
	var err error
	if c.Resolution != "" {
		if in.Spec.Resolution, err = market.ParseResolution(c.Resolution); err != nil {
			return fault.E("data import", fault.Invalid, "%s", err)
		}
	}
	if in.To != "" {
		if in.To, err = filepath.Abs(in.To); err != nil {
			return err
		}
	}
	var failed []error
	for _, f := range c.Files {
		if in.Spec.Path, err = filepath.Abs(f); err != nil {
			return err
		}
		bar := newBar(io, filepath.Base(f))
		var r importOut
		err := perform(ctx, string(home), "data-import", in, &r, bar.step)
		bar.close()
		if err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", f, err))
			continue
		}
		printImport(io, f, r)
	}
	return errors.Join(failed...)
}

type importOut struct {
	lean.ImportReport
	Folder string
}

func printImport(io streams, file string, r importOut) {
	fmt.Fprintf(io.out, "%s: %d of %d rows into %s (%s, %s to %s)\n", file, r.Accepted, r.Rows, r.Folder, strings.Join(r.Symbols, " "),
		r.First.Format(time.DateOnly), r.Last.Format(time.DateOnly))
	for _, x := range r.Rejected {
		fmt.Fprintf(io.err, "  line %d rejected: %s: %s\n", x.Line, x.Reason, x.Text)
	}
	if more := r.RejectedTotal - len(r.Rejected); more > 0 {
		fmt.Fprintf(io.err, "  and %d more rejected rows\n", more)
	}
}

// folderOf chooses the data folder an operation works on: the one named, the
// market's own, or the home's.
func (a *app) folderOf(named string) (*lean.Folder, error) {
	dir := named
	if dir == "" && a.set.Market != "sim" {
		dir = a.set.Market
	}
	if dir == "" {
		dir = a.home.Path("data")
	}
	return lean.Create(dir)
}

func importData(ctx context.Context, a *app, in importIn, progress steps) (any, error) {
	f, err := a.folderOf(in.To)
	if err != nil {
		return nil, err
	}
	r, err := f.Import(ctx, in.Spec, progress)
	if err != nil {
		// A file without one good row still has something to say.
		if len(r.Rejected) > 0 {
			x := r.Rejected[0]
			fa := fault.As(err)
			return nil, fault.Wrap("data import", fa.Code, err, "%s; line %d: %s", fa.Message, x.Line, x.Reason).Hinted("%s", fa.Next())
		}
		return nil, err
	}
	a.refresh(f.Dir())
	return importOut{r, f.Dir()}, nil
}

// refresh makes the running market see what was just written to its folder.
func (a *app) refresh(dir string) {
	if own, ok := a.feed.Source().(*lean.Folder); ok && own.Dir() == dir {
		own.Refresh()
	}
}

type dataListCmd struct {
	From   string `help:"Data folder, or sim. Default: the market's, else data in the home." placeholder:"DIR|sim"`
	Filter string `arg:"" optional:"" help:"Part of a symbol or name."`
}

type dataIn struct {
	From   string            `json:"from"`
	Filter string            `json:"filter"`
	Req    market.BarRequest `json:"req"`
	Format string            `json:"format"`
	To     string            `json:"to"`
}

type dataRow struct {
	Symbol, Class, Market, Name string
	Minutes                     int
	First, Last                 string
}

// Run lists instruments.
func (c *dataListCmd) Run(ctx context.Context, io streams, home place) error {
	from, err := absFolder(c.From)
	if err != nil {
		return err
	}
	var rows []dataRow
	if err := perform(ctx, string(home), "data-list", dataIn{From: from, Filter: c.Filter}, &rows, nil); err != nil {
		return err
	}
	w := table(io)
	fmt.Fprintln(w, "SYMBOL\tCLASS\tMARKET\tMINUTE DAYS\tFIRST\tLAST\tNAME")
	for _, r := range rows {
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%s\t%s\t%s\n", r.Symbol, r.Class, r.Market, r.Minutes, r.First, r.Last, r.Name)
	}
	return w.Flush()
}

func absFolder(dir string) (string, error) {
	if dir == "" || dir == "sim" {
		return dir, nil
	}
	return filepath.Abs(dir)
}

// sourceOf chooses what a look at data reads.
func (a *app) sourceOf(from string) (feed.Source, error) {
	if from == "" || from == a.set.Market {
		return a.feed.Source(), nil
	}
	if from == "sim" {
		return nil, fault.E("data", fault.Invalid, "this desk does not run the simulated market").Hinted("Run it with --market sim.")
	}
	return lean.Open(from)
}

func listData(ctx context.Context, a *app, in dataIn, _ steps) (any, error) {
	src, err := a.sourceOf(in.From)
	if err != nil {
		return nil, err
	}
	all, err := src.Instruments(ctx)
	if err != nil {
		return nil, err
	}
	rows := []dataRow{}
	for _, i := range market.Select(all, market.Query{Text: in.Filter}) {
		r := dataRow{Symbol: i.Symbol, Class: string(i.Class), Market: i.Market, Name: i.Name}
		if f, ok := src.(*lean.Folder); ok {
			if days, err := f.Sessions(ctx, i.Symbol); err == nil && len(days) > 0 {
				r.Minutes, r.First, r.Last = len(days), days[0].String(), days[len(days)-1].String()
			}
		}
		rows = append(rows, r)
	}
	return rows, nil
}

type dataExportCmd struct {
	Symbol     string `arg:"" help:"The instrument."`
	File       string `arg:"" help:"File to write; its extension chooses csv or parquet. - is stdout."`
	From       string `help:"Data folder, or sim. Default: the market's." placeholder:"DIR|sim"`
	Resolution string `help:"Length of a bar." default:"daily"`
	Start      string `help:"First date." placeholder:"2013-10-01"`
	End        string `help:"Last date." placeholder:"2013-10-31"`
	Adjustment string `help:"raw, adjusted or split_adjusted." default:"raw" enum:"raw,adjusted,split_adjusted"`
	Format     string `help:"csv or parquet. Default: by the extension." enum:",csv,parquet" default:""`
}

// Run exports bars.
func (c *dataExportCmd) Run(ctx context.Context, io streams, home place) error {
	in := dataIn{Format: c.Format, Req: market.BarRequest{Symbol: c.Symbol, Adjustment: market.Adjustment(c.Adjustment)}}
	var err error
	if in.Req.Resolution, err = market.ParseResolution(c.Resolution); err != nil {
		return fault.E("data export", fault.Invalid, "%s", err)
	}
	if in.From, err = absFolder(c.From); err != nil {
		return err
	}
	for _, d := range []struct {
		text string
		to   *time.Time
		plus int
	}{{c.Start, &in.Req.Start, 0}, {c.End, &in.Req.End, 1}} {
		if d.text == "" {
			continue
		}
		date, err := market.ParseDate(d.text)
		if err != nil {
			return fault.E("data export", fault.Invalid, "%s", err)
		}
		*d.to = date.AddDays(d.plus).In(time.UTC)
	}
	if in.Format == "" {
		in.Format = "csv"
		if strings.EqualFold(filepath.Ext(c.File), ".parquet") {
			in.Format = "parquet"
		}
	}
	file := c.File
	if file == "-" {
		f, err := os.CreateTemp("", "quantdesk-export-*")
		if err != nil {
			return err
		}
		file = f.Name()
		defer func() { _ = os.Remove(file) }()
		if err := f.Close(); err != nil {
			return err
		}
	}
	if in.To, err = filepath.Abs(file); err != nil {
		return err
	}
	var out struct{ Rows int }
	if err := perform(ctx, string(home), "data-export", in, &out, nil); err != nil {
		return err
	}
	if c.File == "-" {
		raw, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		_, err = io.out.Write(raw)
		return err
	}
	fmt.Fprintf(io.out, "%s: %d bars\n", c.File, out.Rows)
	return nil
}

func exportData(ctx context.Context, a *app, in dataIn, _ steps) (any, error) {
	src, err := a.sourceOf(in.From)
	if err != nil {
		return nil, err
	}
	if in.Req.End.IsZero() {
		in.Req.End = time.Now()
		if in.From == "" {
			in.Req.End = a.feed.Now()
		}
	}
	f, err := os.OpenFile(in.To, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, fault.Wrap("data export", fault.Invalid, err, "%s cannot be written", in.To).Hinted("Choose a writable file.")
	}
	w := bufio.NewWriter(f)
	n, err := lean.ExportBars(ctx, src, in.Req, in.Format, w)
	if err = errors.Join(err, w.Flush(), f.Close()); err != nil {
		return nil, errors.Join(err, os.Remove(in.To))
	}
	return struct{ Rows int }{n}, nil
}

type dataFactorsCmd struct {
	File  string `arg:"" help:"CSV file to write."`
	Start string `help:"First date." default:"2010-01-04"`
	End   string `help:"Last date. Default: the venue's today." placeholder:"2024-12-31"`
}

type factorsIn struct {
	To         string
	Start, End market.Date
}

// Run writes the factors.
func (c *dataFactorsCmd) Run(ctx context.Context, io streams, home place) error {
	var in factorsIn
	var err error
	if in.Start, err = market.ParseDate(c.Start); err != nil {
		return fault.E("data factors", fault.Invalid, "%s", err)
	}
	if c.End != "" {
		if in.End, err = market.ParseDate(c.End); err != nil {
			return fault.E("data factors", fault.Invalid, "%s", err)
		}
	}
	if in.To, err = filepath.Abs(c.File); err != nil {
		return err
	}
	var out struct{ Rows int }
	if err := perform(ctx, string(home), "data-factors", in, &out, nil); err != nil {
		return err
	}
	fmt.Fprintf(io.out, "%s: %d days\n", c.File, out.Rows)
	return nil
}

func exportFactors(_ context.Context, a *app, in factorsIn, _ steps) (any, error) {
	m, ok := a.feed.Source().(*sim.Market)
	if !ok {
		return nil, fault.E("data factors", fault.Invalid, "recorded data have no factors of their own").Hinted("Run it on the simulated market: --market sim.")
	}
	today := m.SessionDate(a.feed.Now())
	if in.End.IsZero() || in.End.After(today) {
		in.End = today.AddDays(-1) // the running session has no return yet
	}
	f, err := os.OpenFile(in.To, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, fault.Wrap("data factors", fault.Invalid, err, "%s cannot be written", in.To).Hinted("Choose a writable file.")
	}
	if err := errors.Join(m.WriteFactorsCSV(f, in.Start, in.End), f.Close()); err != nil {
		return nil, err
	}
	return struct{ Rows int }{len(m.Factors(in.Start, in.End))}, nil
}

// bar shows progress on a terminal and nothing elsewhere.
type bar struct {
	p *mpb.Progress
	b *mpb.Bar
}

func newBar(io streams, name string) *bar {
	f, ok := io.err.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return &bar{}
	}
	p := mpb.New(mpb.WithOutput(f), mpb.WithWidth(48))
	return &bar{p, p.AddBar(0, mpb.PrependDecorators(decor.Name(name+" ")), mpb.AppendDecorators(decor.Percentage(), decor.Name(" "), decor.AverageETA(decor.ET_STYLE_GO)), mpb.BarRemoveOnComplete())}
}

func (b *bar) step(done, total int64) {
	if b.b != nil {
		b.b.SetTotal(total, false)
		b.b.SetCurrent(done)
	}
}

func (b *bar) close() {
	if b.b != nil {
		b.b.SetTotal(-1, true)
		b.p.Wait()
	}
}
