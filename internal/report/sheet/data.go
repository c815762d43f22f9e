package sheet

import (
	"bytes"
	"encoding/csv"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go"
	"github.com/xuri/excelize/v2"

	"quantdesk/internal/fault"
)

// Column is a column of a table: one of its lists has a value for each row. NaN
// and the zero time are no value.
type Column struct {
	Name    string
	Numbers []float64
	Texts   []string
	Times   []time.Time
}

func (c Column) len() int { return max(len(c.Numbers), len(c.Texts), len(c.Times)) }

// Data is a table of what a drawing shows.
type Data struct {
	Name    string
	Columns []Column
}

func (d Data) rows() int {
	if len(d.Columns) == 0 {
		return 0
	}
	return d.Columns[0].len()
}

func (d Data) check() error {
	seen := map[string]bool{}
	for _, c := range d.Columns {
		switch {
		case c.len() != d.rows():
			return fault.E("sheet.Data", fault.Internal, "column %s of %s has %d rows of %d", c.Name, d.Name, c.len(), d.rows())
		case seen[c.Name]:
			return fault.E("sheet.Data", fault.InvalidParameter, "two columns of %s are named %q", d.Name, c.Name)
		}
		seen[c.Name] = true
	}
	return nil
}

// CSV writes a table as RFC 4180 with a head line: shortest numbers that read
// back the same, times in RFC 3339. A text that a spreadsheet would take for a
// formula has an apostrophe before it.
func (d Data) CSV() ([]byte, error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	record := make([]string, len(d.Columns))
	for i, c := range d.Columns {
		record[i] = guard(c.Name)
	}
	if err := w.Write(record); err != nil {
		return nil, err
	}
	for row := range d.rows() {
		for i, c := range d.Columns {
			record[i] = ""
			switch {
			case c.Times != nil:
				if t := c.Times[row]; !t.IsZero() {
					record[i] = t.Format(time.RFC3339)
				}
			case c.Texts != nil:
				record[i] = guard(c.Texts[row])
			default:
				if v := c.Numbers[row]; !math.IsNaN(v) {
					record[i] = strconv.FormatFloat(v, 'g', -1, 64)
				}
			}
		}
		if err := w.Write(record); err != nil {
			return nil, err
		}
	}
	w.Flush()
	return out.Bytes(), w.Error()
}

func guard(s string) string {
	first, _ := utf8.DecodeRuneInString(s)
	if s != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", first) {
		return "'" + s
	}
	return s
}

// mostRows is how many rows a sheet of XLSX has, with its head.
const mostRows = 1_048_576

// XLSX writes tables as the sheets of a workbook, the head of each fixed. made is
// its date.
func XLSX(made time.Time, tables ...Data) ([]byte, error) {
	f := excelize.NewFile()
	defer func() { _ = f.Close() }() // it is in memory
	stamp := made.UTC().Format(time.RFC3339)
	if err := f.SetDocProps(&excelize.DocProperties{Creator: "quantdesk", LastModifiedBy: "quantdesk", Created: stamp, Modified: stamp}); err != nil {
		return nil, err
	}
	head, err := f.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true, Color: "FFFFFF"}, Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"113254"}}})
	if err != nil {
		return nil, err
	}
	day := "yyyy-mm-dd hh:mm"
	when, err := f.NewStyle(&excelize.Style{CustomNumFmt: &day})
	if err != nil {
		return nil, err
	}
	for i, d := range tables {
		if err := d.check(); err != nil {
			return nil, err
		}
		if d.rows() >= mostRows {
			return nil, fault.E("sheet.XLSX", fault.TooLarge, "the table %s has %d rows; a sheet of XLSX takes %d", d.Name, d.rows(), mostRows-1).Hinted("Take csv or parquet.")
		}
		name := sheetName(d.Name, i)
		if i == 0 {
			err = f.SetSheetName("Sheet1", name)
		} else {
			_, err = f.NewSheet(name)
		}
		if err == nil {
			err = d.fill(f, name, head, when)
		}
		if err != nil {
			return nil, err
		}
	}
	out, err := f.WriteToBuffer()
	if err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func (d Data) fill(f *excelize.File, name string, head, when int) error {
	w, err := f.NewStreamWriter(name)
	if err != nil {
		return err
	}
	if err := w.SetColWidth(1, max(len(d.Columns), 1), 18); err != nil {
		return err
	}
	if err := w.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return err
	}
	row := make([]any, len(d.Columns))
	for i, c := range d.Columns {
		row[i] = excelize.Cell{StyleID: head, Value: c.Name}
	}
	if err := w.SetRow("A1", row); err != nil {
		return err
	}
	for r := range d.rows() {
		for i, c := range d.Columns {
			row[i] = nil
			switch {
			case c.Times != nil:
				if t := c.Times[r]; !t.IsZero() {
					row[i] = excelize.Cell{StyleID: when, Value: t.UTC()}
				}
			case c.Texts != nil: // a text stays one: no formula is made of it
				row[i] = c.Texts[r]
			default:
				if v := c.Numbers[r]; !math.IsNaN(v) && !math.IsInf(v, 0) {
					row[i] = v
				}
			}
		}
		if err := w.SetRow("A"+strconv.Itoa(r+2), row); err != nil {
			return err
		}
	}
	return w.Flush()
}

// sheetName is a name that a workbook takes: 31 characters, none of []:*?/\.
func sheetName(s string, i int) string {
	s = strings.Trim(strings.Map(func(r rune) rune {
		if strings.ContainsRune(`[]:*?/\'`, r) || r < ' ' {
			return '_'
		}
		return r
	}, s), "' ")
	if list := []rune(s); len(list) > 28 {
		s = string(list[:28])
	}
	if s == "" {
		return "Table " + strconv.Itoa(i+1)
	}
	return s
}

// Parquet writes a table: numbers as doubles, times as milliseconds UTC, all
// optional, compressed with zstd.
func (d Data) Parquet() ([]byte, error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	group := parquet.Group{}
	for _, c := range d.Columns {
		node := parquet.Leaf(parquet.DoubleType)
		switch {
		case c.Times != nil:
			node = parquet.Timestamp(parquet.Millisecond)
		case c.Texts != nil:
			node = parquet.String()
		}
		group[c.Name] = parquet.Optional(node)
	}
	schema := parquet.NewSchema(sheetName(d.Name, 0), group)
	// A group keeps its columns in the order of their names.
	order := slices.Clone(d.Columns)
	slices.SortFunc(order, func(a, b Column) int { return strings.Compare(a.Name, b.Name) })
	var out bytes.Buffer
	w := parquet.NewGenericWriter[any](&out, schema, parquet.Compression(&parquet.Zstd), parquet.CreatedBy("quantdesk", "", ""))
	rows := make([]parquet.Row, 0, 1024)
	for r := range d.rows() {
		row := make(parquet.Row, len(order))
		for i, c := range order {
			row[i] = c.value(r).Level(0, 1, i)
			if row[i].IsNull() {
				row[i] = parquet.NullValue().Level(0, 0, i)
			}
		}
		if rows = append(rows, row); len(rows) == cap(rows) || r == d.rows()-1 {
			if _, err := w.WriteRows(rows); err != nil {
				return nil, err
			}
			rows = rows[:0]
		}
	}
	err := w.Close()
	return out.Bytes(), err
}

func (c Column) value(row int) parquet.Value {
	switch {
	case c.Times != nil:
		if t := c.Times[row]; !t.IsZero() {
			return parquet.Int64Value(t.UnixMilli())
		}
	case c.Texts != nil:
		return parquet.ByteArrayValue([]byte(c.Texts[row]))
	default:
		if v := c.Numbers[row]; !math.IsNaN(v) {
			return parquet.DoubleValue(v)
		}
	}
	return parquet.NullValue()
}
