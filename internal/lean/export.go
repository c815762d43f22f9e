package lean

import (
	"bufio"
	"context"
	"io"
	"strings"
	"time"

	"github.com/parquet-go/parquet-go"

	"quantdesk/internal/fault"
	"quantdesk/internal/market"
)

// exportBatch is how many rows are written between two looks at the context.
const exportBatch = 1024

// exportRow is a row of an exported Parquet file. Prices are doubles, as every
// reader of Parquet expects: they give back the decimal exactly up to 15
// digits, which an adjusted price may exceed.
type exportRow struct {
	Time   time.Time `parquet:"time,timestamp(millisecond)"`
	Open   float64   `parquet:"open"`
	High   float64   `parquet:"high"`
	Low    float64   `parquet:"low"`
	Close  float64   `parquet:"close"`
	Volume float64   `parquet:"volume"`
	Symbol string    `parquet:"symbol,dict"`
}

// BarSource gives bars: a folder, or any other market.
type BarSource interface {
	Lookup(symbol string) (market.Instrument, bool)
	Bars(ctx context.Context, req market.BarRequest) ([]market.Bar, error)
}

// Export is ExportBars of the folder.
func (f *Folder) Export(ctx context.Context, req market.BarRequest, format string, w io.Writer) (rows int, err error) {
	return ExportBars(ctx, f, req, format, w)
}

// ExportBars writes the bars of a request as CSV or Parquet with the columns
// time (of the bar's start; RFC 3339 UTC in CSV), open, high, low, close, volume
// and symbol, and tells how many there were. It fails as the source's Bars does,
// and with fault.Invalid for another format.
func ExportBars(ctx context.Context, src BarSource, req market.BarRequest, format string, w io.Writer) (rows int, err error) {
	const op = "lean.Export"
	format = strings.ToLower(format)
	if format != "csv" && format != "parquet" {
		return 0, fault.E(op, fault.Invalid, "the format %q is not known", format).Hinted("Use csv or parquet.")
	}
	bars, err := src.Bars(ctx, req)
	if err != nil {
		return 0, err
	}
	inst, _ := src.Lookup(req.Symbol)
	if format == "csv" {
		err = exportCSV(ctx, bars, inst.Symbol, w)
	} else {
		err = exportParquet(ctx, bars, inst.Symbol, w)
	}
	if err == nil {
		return len(bars), nil
	}
	if ctx.Err() != nil {
		return 0, ctx.Err()
	}
	return 0, fault.Wrap(op, fault.Unavailable, err, "the export cannot be written").Hinted("Check the free space where it goes.")
}

func exportCSV(ctx context.Context, bars []market.Bar, symbol string, w io.Writer) error {
	out := bufio.NewWriter(w)
	line := []byte("time,open,high,low,close,volume,symbol\n")
	for i := range bars {
		if i%exportBatch == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if _, err := out.Write(line); err != nil {
			return err
		}
		b := &bars[i]
		line = append(b.Start.UTC().AppendFormat(line[:0], time.RFC3339Nano), ',')
		line = append(b.Open.AppendText(line), ',')
		line = append(b.High.AppendText(line), ',')
		line = append(b.Low.AppendText(line), ',')
		line = append(b.Close.AppendText(line), ',')
		line = append(b.Volume.AppendText(line), ',')
		line = append(append(line, symbol...), '\n')
	}
	if _, err := out.Write(line); err != nil {
		return err
	}
	return out.Flush()
}

func exportParquet(ctx context.Context, bars []market.Bar, symbol string, w io.Writer) error {
	out := parquet.NewGenericWriter[exportRow](w, parquet.Compression(&parquet.Snappy))
	batch := make([]exportRow, 0, exportBatch)
	for len(bars) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := min(len(bars), exportBatch)
		batch = batch[:0]
		for _, b := range bars[:n] {
			batch = append(batch, exportRow{
				b.Start.UTC(), b.Open.Float64(), b.High.Float64(), b.Low.Float64(), b.Close.Float64(), b.Volume.Float64(), symbol,
			})
		}
		if _, err := out.Write(batch); err != nil {
			return err
		}
		bars = bars[n:]
	}
	return out.Close()
}
