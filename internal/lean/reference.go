package lean

import (
	"context"
	"encoding/csv"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"

	"quantdesk/internal/fault"
	"quantdesk/internal/market"
	"quantdesk/internal/research"
)

var _ research.Reference = (*Folder)(nil)

// The folders of reference data.
const (
	etfFolder         = "equity/usa/universes/etf"
	alternativeFolder = "alternative"
)

// fileName is a ticker as part of a path; false where it cannot be one.
func fileName(ticker string) (string, bool) {
	t := strings.ToLower(strings.TrimSpace(ticker))
	ok := t != "" && len(t) <= 24 && !strings.HasPrefix(t, ".") && strings.Trim(t, "abcdefghijklmnopqrstuvwxyz0123456789._-") == ""
	return t, ok
}

// Constituents reads the newest file of a fund's holdings that is not after a
// day: lines of ticker, identifier, date, weight, shares and value.
func (f *Folder) Constituents(_ context.Context, fund string, on market.Date) ([]research.Member, market.Date, error) {
	const op = "lean.Constituents"
	var none market.Date
	name, ok := fileName(fund)
	var files []fs.DirEntry
	var err error
	if ok {
		files, err = os.ReadDir(f.path(path.Join(etfFolder, name)))
	}
	if !ok || errors.Is(err, fs.ErrNotExist) {
		return nil, none, fault.E(op, fault.NotFound, "the data folder has no holdings of %s", strings.ToUpper(name)).With("argument", "etf_ticker").
			Hinted("%s", f.funds())
	}
	if err != nil {
		return nil, none, err
	}
	var dates []market.Date
	for _, file := range files {
		if d, err := market.ParseDate(strings.TrimSuffix(file.Name(), ".csv")); err == nil && strings.HasSuffix(file.Name(), ".csv") {
			dates = append(dates, d)
		}
	}
	slices.SortFunc(dates, market.Date.Compare)
	at, found := slices.BinarySearchFunc(dates, on, market.Date.Compare)
	if !found {
		at--
	}
	if at < 0 {
		e := fault.E(op, fault.NotFound, "the data folder has no holdings of %s on or before %s", strings.ToUpper(name), on).With("argument", "date")
		if len(dates) > 0 {
			e = e.Hinted("The first day that has them is %s.", dates[0])
		}
		return nil, none, e
	}
	rel := path.Join(etfFolder, name, dates[at].Compact()+".csv")
	var out []research.Member
	err = f.lines(rel, func(cells []string) error {
		if len(cells) < 4 {
			return errors.New("fewer than four columns")
		}
		m := research.Member{Symbol: strings.ToUpper(cells[0]), ID: cells[1]}
		if cells[3] != "" {
			var err error
			if m.Weight, err = strconv.ParseFloat(cells[3], 64); err != nil {
				return err
			}
		}
		out = append(out, m)
		return nil
	})
	return out, dates[at], err
}

// lines reads a CSV file; what do says is wrong is told with the line.
func (f *Folder) lines(rel string, do func(cells []string) error) error {
	const op = "lean.lines"
	file, err := os.Open(f.path(rel))
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	r := csv.NewReader(file)
	r.FieldsPerRecord, r.ReuseRecord = -1, true
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		line, _ := r.FieldPos(0)
		if err == nil {
			err = do(cells)
		}
		if err != nil {
			return damaged(op, rel, line, "data file %s cannot be read: %s", rel, err)
		}
	}
}

// funds says which holdings there are.
func (f *Folder) funds() string {
	files, err := os.ReadDir(f.path(etfFolder))
	if err != nil || len(files) == 0 {
		return "It has those of no fund: put them into " + etfFolder + "/<fund>/<yyyymmdd>.csv."
	}
	var names []string
	for _, file := range files[:min(len(files), 20)] {
		names = append(names, strings.ToUpper(file.Name()))
	}
	return "It has those of " + strings.Join(names, ", ") + "."
}

// Fundamentals are not in a LEAN folder in a form that is read here.
func (f *Folder) Fundamentals(_ context.Context, symbol string, _ market.Date) (research.Fundamentals, error) {
	return research.Fundamentals{}, fault.E("lean.Fundamentals", fault.NotFound, "the data folder has no fundamentals of %s", symbol)
}

// Datasets names the folders below alternative/ that hold CSV files: vendor or
// vendor/set.
func (f *Folder) Datasets(context.Context) ([]string, error) {
	root := f.path(alternativeFolder)
	var out []string
	err := fs.WalkDir(os.DirFS(root), ".", func(p string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && p == "." {
			return nil
		}
		if err != nil {
			return err
		}
		if d.IsDir() && strings.Count(p, "/") > 1 {
			return fs.SkipDir
		}
		if dir := path.Dir(p); !d.IsDir() && dir != "." && strings.HasSuffix(p, ".csv") && (len(out) == 0 || out[len(out)-1] != dir) {
			out = append(out, dir)
		}
		return nil
	})
	slices.Sort(out)
	return slices.Compact(out), err
}

// Alternative reads alternative/<set>/<ticker>.csv: a header, then a date in the
// first column and numbers in the others. Columns that hold texts are left out.
func (f *Folder) Alternative(_ context.Context, set, symbol string, from, to market.Date) ([]research.AltRow, error) {
	const op = "lean.Alternative"
	name, ok := fileName(symbol)
	if !ok || !fs.ValidPath(set) {
		return nil, fault.E(op, fault.NotFound, "the data folder has no %s of %s", set, symbol)
	}
	rel := path.Join(alternativeFolder, set, name+".csv")
	if _, err := os.Stat(f.path(rel)); errors.Is(err, fs.ErrNotExist) {
		return nil, fault.E(op, fault.NotFound, "the data folder has no %s of %s", set, symbol)
	}
	var header []string
	var out []research.AltRow
	err := f.lines(rel, func(cells []string) error {
		if header == nil {
			header = slices.Clone(cells)
			return nil
		}
		d, err := market.ParseDate(strings.ReplaceAll(cells[0], "-", ""))
		if err != nil {
			return err
		}
		if d.Before(from) || d.After(to) {
			return nil
		}
		row := research.AltRow{Date: d, Values: map[string]float64{}}
		for i, c := range cells[1:] {
			if v, err := strconv.ParseFloat(c, 64); err == nil && i+1 < len(header) {
				row.Values[header[i+1]] = v
			}
		}
		out = append(out, row)
		return nil
	})
	return out, err
}

// Factors do not come with a data folder: they are imported.
func (f *Folder) Factors(context.Context, market.Date, market.Date) ([]market.Date, []string, [][]float64, error) {
	return nil, nil, nil, fault.E("lean.Factors", fault.NotFound, "the data folder has no factor returns").Hinted("Bring them in with import_factors.")
}
