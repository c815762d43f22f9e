package lean

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"strings"

	"quantdesk/internal/fault"
)

// maxLine bounds a line of a CSV file; a longer one is rejected.
const maxLine = 64 << 10

// readCSV reads lines into the importer. The first line is a header unless it
// is a row of time, open, high, low, close itself.
func (im *importer) readCSV(ctx context.Context, r io.Reader, size int64, progress func(done, total int64)) error {
	in := bufio.NewReaderSize(r, maxLine)
	var (
		done  int64
		cells []string
		delim byte
	)
	const every = 1 << 16 // bytes between two looks at the context
	next := int64(0)
	for line, head := 1, true; ; line++ {
		raw, err := in.ReadSlice('\n')
		done += int64(len(raw))
		long := false
		for errors.Is(err, bufio.ErrBufferFull) {
			long = true
			var more []byte
			more, err = in.ReadSlice('\n')
			done += int64(len(more))
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return fault.Wrap("lean.Import", fault.Unavailable, err, "the file %s cannot be read to its end", im.spec.Path).
				Hinted("Check the disk it is on, then import again.")
		}
		if done >= next {
			if err := ctx.Err(); err != nil {
				return err
			}
			progress(done, size)
			next = done + every
		}
		end := errors.Is(err, io.EOF)
		if line == 1 {
			raw = bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf"))
		}
		text := strings.TrimSpace(string(raw))
		switch {
		case text == "":
		case long:
			im.report.Rows++
			im.reject(line, "", "the line is longer than %d bytes", maxLine)
		case head:
			head = false
			delim = delimiter(text)
			im.decimalComma = delim != ','
			cells = splitCSV(cells[:0], text, delim)
			isRow, err := im.header(cells)
			if err != nil {
				return err
			}
			if isRow {
				im.row(line, cells, text)
			}
		default:
			cells = splitCSV(cells[:0], text, delim)
			im.row(line, cells, text)
		}
		if end {
			progress(size, size)
			return nil
		}
	}
}

// header finds the columns; isRow says that the line is data.
func (im *importer) header(cells []string) (isRow bool, err error) {
	if len(im.spec.Columns) == 0 && len(cells) >= 5 {
		_, isTime := im.times.read(cells[0])
		for _, c := range cells[1:5] {
			_, ok := im.number(c)
			isTime = isTime && ok
		}
		if isTime {
			im.cols = positional(len(cells))
			return true, nil
		}
	}
	im.cols, err = findColumns(cells, im.spec)
	return false, err
}

// delimiter is the one of comma, semicolon and tab that occurs most.
func delimiter(line string) byte {
	best, most := byte(','), strings.Count(line, ",")
	for _, c := range []byte{';', '\t'} {
		if n := strings.Count(line, string(c)); n > most {
			best, most = c, n
		}
	}
	return best
}

// splitCSV cuts a line into trimmed cells appended to cells; a cell in double
// quotes may contain the delimiter, and a doubled quote one quote.
func splitCSV(cells []string, line string, delim byte) []string {
	for {
		line = strings.TrimLeft(line, " ")
		if strings.HasPrefix(line, `"`) {
			var b strings.Builder
			i := 1
			for ; i < len(line); i++ {
				if line[i] == '"' {
					if i+1 >= len(line) || line[i+1] != '"' {
						break
					}
					i++
				}
				b.WriteByte(line[i])
			}
			cells = append(cells, strings.TrimSpace(b.String()))
			rest := line[min(i, len(line)):]
			at := strings.IndexByte(rest, delim)
			if at < 0 {
				return cells
			}
			line = rest[at+1:]
			continue
		}
		at := strings.IndexByte(line, delim)
		if at < 0 {
			return append(cells, strings.TrimSpace(line))
		}
		cells = append(cells, strings.TrimSpace(line[:at]))
		line = line[at+1:]
	}
}
