package lean

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strconv"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"quantdesk/internal/fault"
)

// parquetBatch is how many rows are read at a time.
const parquetBatch = 512

// readParquet reads the rows of a flat Parquet file into the importer. Cells
// become text first, so that one set of checks serves both formats.
func (im *importer) readParquet(ctx context.Context, r io.ReaderAt, size int64, progress func(done, total int64)) (err error) {
	const op = "lean.Import"
	broken := func(cause error) error {
		return fault.Wrap(op, fault.Invalid, cause, "%s is no readable Parquet file", im.spec.Path).
			Hinted("Write the file again, or import it as CSV.")
	}
	// The library panics on some damaged files; here that is a bad file.
	defer func() {
		if p := recover(); p != nil {
			err = broken(fmt.Errorf("parquet: %v", p))
		}
	}()
	file, err := parquet.OpenFile(r, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return broken(err)
	}
	var header []string
	var texts []func(parquet.Value) string
	for _, c := range file.Root().Columns() {
		if !c.Leaf() || c.Repeated() {
			return fault.E(op, fault.Invalid, "column %q of %s is nested", c.Name(), im.spec.Path).
				Hinted("Write a flat table of one row a bar.")
		}
		header = append(header, c.Name())
		texts = append(texts, cellText(c.Type()))
	}
	if im.cols, err = findColumns(header, im.spec); err != nil {
		return err
	}
	cells := make([]string, len(header))
	buf := make([]parquet.Row, parquetBatch)
	line := 0
	for _, group := range file.RowGroups() {
		rows := group.Rows()
		for {
			if err := ctx.Err(); err != nil {
				return errors.Join(err, rows.Close())
			}
			n, err := rows.ReadRows(buf)
			for _, row := range buf[:n] {
				clear(cells)
				for _, v := range row {
					if at := v.Column(); at >= 0 && at < len(cells) && !v.IsNull() {
						cells[at] = texts[at](v)
					}
				}
				line++
				im.row(line, cells, fmt.Sprint(cells))
			}
			progress(int64(line), file.NumRows())
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return broken(errors.Join(err, rows.Close()))
			}
		}
		if err := rows.Close(); err != nil {
			return broken(err)
		}
	}
	return nil
}

const naiveLayout = "2006-01-02T15:04:05.999999999"

// cellText gives the writer of a column's values.
func cellText(t parquet.Type) func(parquet.Value) string {
	if l := t.LogicalType(); l != nil {
		switch v := l.Value.(type) {
		case *format.TimestampType:
			unit := time.Nanosecond
			if v.Unit.Value != nil {
				unit = v.Unit.Value.Duration()
			}
			layout := naiveLayout
			if v.IsAdjustedToUTC {
				layout = time.RFC3339Nano
			}
			perSecond := int64(time.Second / unit)
			return func(v parquet.Value) string {
				n := v.Int64()
				return time.Unix(n/perSecond, n%perSecond*int64(unit)).UTC().Format(layout)
			}
		case *format.DateType:
			return func(v parquet.Value) string {
				return time.Unix(int64(v.Int32())*86400, 0).UTC().Format(time.DateOnly)
			}
		case *format.DecimalType:
			exponent := "e-" + strconv.Itoa(int(v.Scale))
			return func(v parquet.Value) string { return integerText(v) + exponent }
		}
	}
	switch t.Kind() {
	case parquet.Double:
		return func(v parquet.Value) string { return strconv.FormatFloat(v.Double(), 'g', -1, 64) }
	case parquet.Float:
		return func(v parquet.Value) string { return strconv.FormatFloat(float64(v.Float()), 'g', -1, 32) }
	case parquet.Int32, parquet.Int64:
		return integerText
	case parquet.Int96:
		return func(v parquet.Value) string {
			// Nanoseconds of the day, then the Julian day; the epoch is day 2440588.
			i := v.Int96()
			nanos := int64(uint64(i[1])<<32 | uint64(i[0]))
			return time.Unix((int64(i[2])-2440588)*86400, nanos).UTC().Format(naiveLayout)
		}
	}
	return func(v parquet.Value) string { return string(v.ByteArray()) }
}

// integerText writes an integer of any physical type; in bytes it is big-endian
// two's complement.
func integerText(v parquet.Value) string {
	switch v.Kind() {
	case parquet.Int32:
		return strconv.FormatInt(int64(v.Int32()), 10)
	case parquet.Int64:
		return strconv.FormatInt(v.Int64(), 10)
	}
	b := v.ByteArray()
	if len(b) <= 8 {
		var full [8]byte
		if len(b) > 0 && b[0]&0x80 != 0 {
			full = [8]byte{255, 255, 255, 255, 255, 255, 255, 255}
		}
		copy(full[8-len(b):], b)
		return strconv.FormatInt(int64(binary.BigEndian.Uint64(full[:])), 10)
	}
	n := new(big.Int).SetBytes(b)
	if b[0]&0x80 != 0 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(len(b))*8))
	}
	return n.String()
}
