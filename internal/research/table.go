package research

import (
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"quantdesk/internal/fault"
)

// Column is one column of a table: numbers, where NaN is no value, or texts, where
// the empty one is. Times are texts in RFC 3339, which sort as they are.
type Column struct {
	Name    string
	Numbers []float64
	Texts   []string
}

// Table is what a result has too much of to be told at once.
type Table struct {
	Name    string
	Columns []Column
}

// TableInfo says what a table has.
type TableInfo struct {
	Name    string   `json:"name" jsonschema:"Pass it as table to query_result."`
	Columns []string `json:"columns" jsonschema:"Names of its columns, the first 40."`
	Width   int      `json:"column_count" jsonschema:"How many there are."`
	Rows    int      `json:"rows" jsonschema:"How many."`
}

// shownColumns is how many columns of a wide table are named.
const shownColumns = 40

// maxCells bounds a table.
const maxCells = 10_000_000

// Numbers makes a column of numbers.
func Numbers(name string, values []float64) Column { return Column{Name: name, Numbers: values} }

// Texts makes a column of texts.
func Texts(name string, values []string) Column { return Column{Name: name, Texts: values} }

func (c Column) len() int { return max(len(c.Numbers), len(c.Texts)) }

// Rows is how many rows the table has.
func (t Table) Rows() int {
	if len(t.Columns) == 0 {
		return 0
	}
	return t.Columns[0].len()
}

// Info says what the table has.
func (t Table) Info() TableInfo {
	i := TableInfo{Name: t.Name, Rows: t.Rows(), Columns: []string{}, Width: len(t.Columns)}
	for _, c := range t.Columns[:min(len(t.Columns), shownColumns)] {
		i.Columns = append(i.Columns, c.Name)
	}
	return i
}

// Find gives a column by its name.
func (t Table) Find(name string) (Column, bool) {
	i := slices.IndexFunc(t.Columns, func(c Column) bool { return c.Name == name })
	if i < 0 {
		return Column{}, false
	}
	return t.Columns[i], true
}

// cell is a value for JSON.
func (c Column) cell(row int) any {
	if c.Texts != nil {
		if c.Texts[row] == "" {
			return nil
		}
		return c.Texts[row]
	}
	if v := c.Numbers[row]; !math.IsNaN(v) && !math.IsInf(v, 0) {
		return v
	}
	return nil
}

// Row is a row with the columns that are named, all where none is.
func (t Table) Row(row int, columns ...string) map[string]any {
	out := map[string]any{}
	for _, c := range t.Columns {
		if len(columns) == 0 || slices.Contains(columns, c.Name) {
			out[c.Name] = c.cell(row)
		}
	}
	return out
}

// Head is the first rows.
func (t Table) Head(n int) []map[string]any {
	out := []map[string]any{}
	for i := range min(n, t.Rows()) {
		out = append(out, t.Row(i))
	}
	return out
}

func (t Table) check() error {
	for _, c := range t.Columns {
		if c.len() != t.Rows() {
			return fault.E("research.Table", fault.Internal, "column %s of table %s has %d rows of %d", c.Name, t.Name, c.len(), t.Rows())
		}
	}
	if n := t.Rows() * len(t.Columns); n > maxCells {
		return fault.E("research.Table", fault.TooLarge, "the result has %d values; at most %d are kept", n, maxCells).With("value", n).With("limit", maxCells).
			Hinted("Take fewer symbols, a shorter period or a coarser resolution.")
	}
	return nil
}

// tableOf makes a table of flat structs: numbers, pointers to numbers, texts and
// booleans by the names of their JSON.
func tableOf[T any](name string, rows []T) Table {
	t := Table{Name: name}
	typ := reflect.TypeFor[T]()
	for i := range typ.NumField() {
		f := typ.Field(i)
		col := Column{}
		col.Name, _, _ = strings.Cut(f.Tag.Get("json"), ",")
		text := f.Type.Kind() == reflect.String || f.Type.Kind() == reflect.Bool
		if text {
			col.Texts = make([]string, len(rows))
		} else {
			col.Numbers = make([]float64, len(rows))
		}
		for r := range rows {
			v := reflect.ValueOf(rows[r]).Field(i)
			switch v.Kind() {
			case reflect.String:
				col.Texts[r] = v.String()
			case reflect.Bool:
				col.Texts[r] = strconv.FormatBool(v.Bool())
			case reflect.Int, reflect.Int64:
				col.Numbers[r] = float64(v.Int())
			case reflect.Float64:
				col.Numbers[r] = v.Float()
			case reflect.Pointer:
				if col.Numbers[r] = nan; !v.IsNil() {
					col.Numbers[r] = v.Elem().Float()
				}
			}
		}
		t.Columns = append(t.Columns, col)
	}
	return t
}
