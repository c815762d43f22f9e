package lean

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"quantdesk/internal/fault"
	"quantdesk/internal/market"
)

// maxRejects is how many rejected rows a report names; all are counted.
const maxRejects = 100

// ImportSpec says what a file of bars holds. Only Path is always needed: the
// rest is detected or has a default.
type ImportSpec struct {
	Path string
	// Format is csv or parquet; empty goes by the file's extension.
	Format string
	// Symbol of all rows; empty needs a symbol column.
	Symbol string
	// Class and Market of symbols the folder does not have yet: equity and the
	// class's default market when empty.
	Class  market.Class
	Market string
	// Resolution is second, minute, hour or daily; zero goes by the smallest
	// distance between rows.
	Resolution market.Resolution
	// Zone is the IANA zone of times without an offset; empty is the zone the
	// folder keeps the market's data in.
	Zone string
	// Columns maps our names (time, clock for a time of day beside a date, open,
	// high, low, close, volume, symbol, bid_open … bid_close, bid_size,
	// ask_open … ask_size) to the file's, where its header does not tell.
	Columns map[string]string
	// TimeLayout is a Go layout, unix or unix_ms; empty detects.
	TimeLayout string
	// PriceDecimals rounds prices half-even to so many places; zero keeps all.
	// Equity prices are always stored to 4.
	PriceDecimals int
}

// ImportReport tells what became of each row of a file.
type ImportReport struct {
	Rows, Accepted int
	// Rejected names the first 100 bad rows by line, RejectedTotal counts all.
	Rejected      []RejectedRow
	RejectedTotal int
	// Symbols are those written, First and Last the bar starts they span, UTC.
	Symbols     []string
	First, Last time.Time
}

// RejectedRow is a row that was not imported. Line counts from 1 and includes
// the header; in a Parquet file it is the row's number.
type RejectedRow struct {
	Line         int
	Reason, Text string
}

// Import reads a CSV or Parquet file of bars into the folder and merges them
// with what is stored. A bad row is rejected and reported; it never stops the
// others, and rows out of order are sorted. Each symbol is written once the
// whole file was read. When no row is acceptable nothing is written and the
// error, fault.Invalid, gives the first reason; the report is valid then too.
// progress, which may be nil, is told bytes or rows done of a total.
func (f *Folder) Import(ctx context.Context, spec ImportSpec, progress func(done, total int64)) (ImportReport, error) {
	const op = "lean.Import"
	if progress == nil {
		progress = func(int64, int64) {}
	}
	im, err := f.newImporter(op, spec)
	if err != nil {
		return ImportReport{}, err
	}
	file, err := os.Open(spec.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return ImportReport{}, fault.Wrap(op, fault.NotFound, err, "the file %s does not exist", spec.Path).Hinted("Check the path.")
	}
	if err != nil {
		return ImportReport{}, fault.Wrap(op, fault.Invalid, err, "the file %s cannot be read", spec.Path).
			Hinted("Check that the desk's user may read it.")
	}
	defer func() { _ = file.Close() }() // it was only read
	info, err := file.Stat()
	if err != nil || info.IsDir() {
		return ImportReport{}, fault.E(op, fault.Invalid, "%s is no file", spec.Path).Hinted("Give the path of a CSV or Parquet file.")
	}
	format := strings.ToLower(spec.Format)
	if format == "" {
		switch strings.ToLower(filepath.Ext(spec.Path)) {
		case ".parquet", ".pq":
			format = "parquet"
		default:
			format = "csv"
		}
	}
	switch format {
	case "csv":
		err = im.readCSV(ctx, file, info.Size(), progress)
	case "parquet":
		err = im.readParquet(ctx, file, info.Size(), progress)
	default:
		err = fault.E(op, fault.Invalid, "the format %q is not known", spec.Format).Hinted("Use csv or parquet.")
	}
	if err != nil {
		return im.finished(), err
	}
	err = im.store(ctx)
	return im.finished(), err
}

func (f *Folder) newImporter(op string, spec ImportSpec) (*importer, error) {
	im := &importer{f: f, spec: spec, bySymbol: map[string]*series{}, times: stampReader{layout: spec.TimeLayout}}
	if r := spec.Resolution; r != (market.Resolution{}) && resolutionDirs[r] == "" {
		return nil, fault.E(op, fault.Invalid, "bars of %s cannot be stored", r).
			Hinted("Import second, minute, hour or daily bars; others are made of them.")
	}
	if spec.Class != "" && !slices.Contains(classOrder, spec.Class) {
		return nil, fault.E(op, fault.Invalid, "the class %q cannot be imported", spec.Class).
			Hinted("Use equity, index, forex, crypto or cfd.")
	}
	if spec.Zone != "" {
		var err error
		if im.zone, err = loadZone(spec.Zone); err != nil {
			return nil, fault.E(op, fault.Invalid, "%v", err).Hinted("Give an IANA name such as America/New_York.")
		}
	}
	if spec.PriceDecimals < 0 || spec.PriceDecimals > 28 {
		return nil, fault.E(op, fault.Invalid, "price decimals are 0 to 28, not %d", spec.PriceDecimals).Hinted("Leave it out to keep all.")
	}
	return im, nil
}

// finished orders the rejected rows by line and keeps the first.
func (im *importer) finished() ImportReport {
	r := &im.report
	slices.SortStableFunc(r.Rejected, func(a, b RejectedRow) int { return a.Line - b.Line })
	r.Rejected = r.Rejected[:min(len(r.Rejected), maxRejects)]
	slices.Sort(r.Symbols)
	return *r
}
