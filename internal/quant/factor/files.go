package factor

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"quantdesk/internal/fault"
	"quantdesk/internal/quant"
)

// Table is a file of factor returns.
type Table struct {
	// Columns are the names as the file has them, the risk-free rate RF among them.
	Columns []string
	// Dates are YYYYMMDD, YYYYMM or YYYY, ascending as in the file.
	Dates []int
	// Rows are returns as fractions, one row a date; NaN where missing.
	Rows [][]float64
	// Missing counts NaN.
	Missing int
	// AnnualIgnored counts rows of yearly blocks that were not asked for.
	AnnualIgnored int
	// FooterIgnored tells that text followed the last block.
	FooterIgnored bool
}

// Column is the column of that name, nil where there is none.
func (t *Table) Column(name string) []float64 {
	for j, c := range t.Columns {
		if strings.EqualFold(c, name) {
			out := make([]float64, len(t.Rows))
			for i, r := range t.Rows {
				out[i] = r[j]
			}
			return out
		}
	}
	return nil
}

// digits of the first cell, by frequency.
var frequencies = map[string]int{"daily": 8, "monthly": 6, "annual": 4}

// maxFile bounds what a compressed file may become.
const maxFile = 64 << 20

// ParseFrench reads a factor file of Kenneth French's library: CSV with free text
// around it, or a .zip with one such member. Values are percent in the file and
// fractions here; -99 and less is missing. frequency is daily, monthly or annual and
// chooses the block. Repeated column names are fault.InvalidParameter, a file without
// such a block fault.InsufficientData.
func ParseFrench(data []byte, frequency string) (*Table, error) {
	const op = "factor.ParseFrench"
	want, ok := frequencies[frequency]
	if !ok {
		return nil, quant.Bad(op, "frequency", frequency, "daily, monthly or annual")
	}
	data, err := unzip(op, data)
	if err != nil {
		return nil, err
	}
	lines := strings.Split(strings.TrimPrefix(string(data), "\uFEFF"), "\n")
	out := &Table{}
	var header []string
	in, done := false, false
	for i, line := range lines {
		cells := splitCells(line)
		kind := 0
		if len(cells) > 1 {
			kind = dateDigits(cells[0])
		}
		switch {
		case kind == want && !done:
			if !in {
				if header == nil {
					return nil, fault.E(op, fault.InvalidParameter, "line %d holds data before any header", i+1)
				}
				if err := out.name(op, header); err != nil {
					return nil, err
				}
				in = true
			}
			if err := out.add(op, i+1, cells); err != nil {
				return nil, err
			}
		case kind > 0:
			if in {
				in, done = false, true
			}
			if kind == 4 && want != 4 {
				out.AnnualIgnored++
			}
			out.FooterIgnored = false
		default:
			if in {
				in, done = false, true
			}
			if isHeader(cells) {
				header = cells[1:]
				out.FooterIgnored = false
			} else if done && strings.TrimSpace(line) != "" {
				out.FooterIgnored = true
			}
		}
	}
	if len(out.Rows) == 0 {
		return nil, fault.E(op, fault.InsufficientData, "the file has no %s rows: none begins with %d digits", frequency, want).With("argument", "frequency").With("value", frequency)
	}
	return out, nil
}

// splitCells splits at commas and trims; trailing empty cells go.
func splitCells(line string) []string {
	cells := strings.Split(line, ",")
	for i, c := range cells {
		cells[i] = strings.Trim(strings.TrimSpace(c), `"`)
	}
	for len(cells) > 1 && cells[len(cells)-1] == "" {
		cells = cells[:len(cells)-1]
	}
	return cells
}

// isHeader tells a line of factor names: at least two cells, the names without a
// space at their ends being no numbers and not empty.
func isHeader(cells []string) bool {
	if len(cells) < 2 || (cells[0] != "" && strings.ContainsRune(cells[0], ' ')) {
		return false
	}
	for _, c := range cells[1:] {
		if _, err := strconv.ParseFloat(c, 64); err == nil || c == "" {
			return false
		}
	}
	return true
}

// dateDigits is 8, 6 or 4 for a first cell of so many digits, else 0.
func dateDigits(cell string) int {
	switch len(cell) {
	case 4, 6, 8:
	default:
		return 0
	}
	for _, r := range cell {
		if r < '0' || r > '9' {
			return 0
		}
	}
	return len(cell)
}

func (t *Table) name(op string, header []string) error {
	seen := map[string]bool{}
	for _, h := range header {
		key := strings.ToLower(h)
		if seen[key] {
			return fault.E(op, fault.InvalidParameter, "the file has two columns %s", h).With("argument", h)
		}
		seen[key] = true
	}
	t.Columns = header
	return nil
}

func (t *Table) add(op string, line int, cells []string) error {
	date, err := strconv.Atoi(cells[0])
	if err != nil {
		return fault.E(op, fault.InvalidParameter, "line %d: %q is no date", line, cells[0])
	}
	if n := len(t.Dates); n > 0 && date <= t.Dates[n-1] {
		return fault.E(op, fault.InvalidParameter, "line %d: %d does not follow %d", line, date, t.Dates[n-1])
	}
	if len(cells)-1 > len(t.Columns) {
		return fault.E(op, fault.InvalidParameter, "line %d has %d values for %d columns", line, len(cells)-1, len(t.Columns))
	}
	row := make([]float64, len(t.Columns))
	for j := range row {
		row[j] = math.NaN()
		if j+1 < len(cells) && cells[j+1] != "" {
			v, err := strconv.ParseFloat(cells[j+1], 64)
			if err != nil || math.IsInf(v, 0) {
				return fault.E(op, fault.InvalidParameter, "line %d: %q is no number", line, cells[j+1])
			}
			if v > -99 {
				row[j] = v / 100
			}
		}
		if math.IsNaN(row[j]) {
			t.Missing++
		}
	}
	t.Dates, t.Rows = append(t.Dates, date), append(t.Rows, row)
	return nil
}

// unzip is the one member of a .zip, or the data as they are.
func unzip(op string, data []byte) ([]byte, error) {
	if !bytes.HasPrefix(data, []byte("PK\x03\x04")) {
		return data, nil
	}
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, fault.Wrap(op, fault.InvalidParameter, err, "the .zip cannot be read")
	}
	if len(z.File) != 1 {
		return nil, quant.Bad(op, "members of the .zip", len(z.File), "one")
	}
	r, err := z.File[0].Open()
	if err != nil {
		return nil, fault.Wrap(op, fault.InvalidParameter, err, "the .zip cannot be read")
	}
	out, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err = errors.Join(err, r.Close()); err != nil {
		return nil, fault.Wrap(op, fault.InvalidParameter, err, "the .zip cannot be read")
	}
	if len(out) > maxFile {
		return nil, fault.E(op, fault.TooLarge, "the file is larger than %d MB", maxFile>>20)
	}
	return out, nil
}

// ParseAQR reads an exported sheet of AQR's data library: text until a row whose
// first cell is DATE, dates as M/D/YYYY, fractions, empty cells missing. All columns
// are kept; Column picks a country.
func ParseAQR(data []byte) (*Table, error) {
	const op = "factor.ParseAQR"
	data, err := unzip(op, data)
	if err != nil {
		return nil, err
	}
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(data, []byte("\xEF\xBB\xBF"))))
	r.FieldsPerRecord, r.LazyQuotes = -1, true
	out := &Table{}
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fault.Wrap(op, fault.InvalidParameter, err, "the sheet cannot be read")
		}
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		line, _ := r.FieldPos(0)
		switch {
		case out.Columns == nil:
			if strings.EqualFold(cells[0], "DATE") {
				for len(cells) > 1 && cells[len(cells)-1] == "" {
					cells = cells[:len(cells)-1]
				}
				if err := out.name(op, cells[1:]); err != nil {
					return nil, err
				}
			}
		case strings.Join(cells, "") == "":
		default:
			day, err := time.Parse("1/2/2006", cells[0])
			if err != nil {
				out.FooterIgnored = true
				continue
			}
			if err := out.addFractions(op, line, day, cells[1:]); err != nil {
				return nil, err
			}
		}
	}
	if len(out.Rows) == 0 {
		return nil, fault.E(op, fault.InsufficientData, "the sheet has no row DATE with dates below it")
	}
	return out, nil
}

func (t *Table) addFractions(op string, line int, day time.Time, cells []string) error {
	date := day.Year()*10000 + int(day.Month())*100 + day.Day()
	if n := len(t.Dates); n > 0 && date <= t.Dates[n-1] {
		return fault.E(op, fault.InvalidParameter, "line %d: %d does not follow %d", line, date, t.Dates[n-1])
	}
	row := make([]float64, len(t.Columns))
	for j := range row {
		row[j] = math.NaN()
		if j < len(cells) && cells[j] != "" {
			v, err := strconv.ParseFloat(cells[j], 64)
			if err != nil || math.IsInf(v, 0) {
				return fault.E(op, fault.InvalidParameter, "line %d: %q is no number", line, cells[j])
			}
			row[j] = v
		} else {
			t.Missing++
		}
	}
	t.Dates, t.Rows = append(t.Dates, date), append(t.Rows, row)
	return nil
}

// Pick is the dates and values of one column, without the rows where it is missing.
func (t *Table) Pick(name string) (dates []int, values []float64, err error) {
	col := t.Column(name)
	if col == nil {
		return nil, nil, quant.Bad("factor.Pick", "column", name, fmt.Sprintf("one of %s", strings.Join(t.Columns, ", ")))
	}
	for i, v := range col {
		if !math.IsNaN(v) {
			dates, values = append(dates, t.Dates[i]), append(values, v)
		}
	}
	return dates, values, nil
}
