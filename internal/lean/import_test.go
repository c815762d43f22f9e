package lean

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"

	"quantdesk/internal/fault"
	"quantdesk/internal/market"
)

func importText(t *testing.T, f *Folder, text string, spec ImportSpec) (ImportReport, error) {
	t.Helper()
	spec.Path = filepath.Join(t.TempDir(), "in.csv")
	if err := os.WriteFile(spec.Path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return f.Import(context.Background(), spec, nil)
}

func TestImportRejectsByLine(t *testing.T) {
	f := tempFolder(t)
	report, err := importText(t, f, strings.Join([]string{
		"\ufeffDate,Open,High,Low,Close,Adj Close,Volume", // 1
		"2024-03-08,10,11,9,10.5,1,1000",
		"2024-03-11,10,11,9,ten,1,1000", // 3 bad number
		"2024-03-12,10,9,11,10,1,1000",  // 4 high below low
		"2024-03-13,10,11,9,12,1,1000",  // 5 close outside
		"2024-03-14,10,11,9",            // 6 missing column
		"",                              // 7 skipped
		"2024-03-08,10,11,9,10,1,1",     // 8 duplicate
		"yesterday,10,11,9,10,1,1",      // 9 time
		"2024-03-15,-10,11,-11,10,1,1",  // 10 negative
		"2024-03-18,10,11,9,10,1,-1",    // 11 negative volume
		"2024-03-07,10,11,9,10,1,7\r",   // 12 earlier than the row before: sorted
		"2024-03-19,10,11,9,NaN,1,1",    // 13 bad number
		"\"2024-03-20\",10,11,9,10,1,1", // 14 quoted
		"2024-03-21,10,11,9,1e300,1,1",  // 15 too large
		"2024-03-22,10,11,9,0,1,1",      // 16 zero
	}, "\n"), ImportSpec{Symbol: "TEST"})
	if err != nil {
		t.Fatal(err)
	}
	want := []RejectedRow{
		{3, `bad number "ten" in close`, ""}, {4, "high 9 is below low 11", ""}, {5, "close 12 is outside low 9 to high 11", ""},
		{6, "missing column close", ""}, {8, "duplicate time 2024-03-08", ""}, {9, `time "yesterday" is not understood`, ""},
		{10, "negative price -10 in open", ""}, {11, "negative volume -1", ""}, {13, `bad number "NaN" in close`, ""},
		{15, `bad number "1e300" in close`, ""}, {16, "price of zero in close", ""},
	}
	if len(report.Rejected) != len(want) || report.RejectedTotal != len(want) {
		t.Fatalf("rejected %+v", report.Rejected)
	}
	for i, w := range want {
		got := report.Rejected[i]
		if got.Line != w.Line || got.Reason != w.Reason || got.Text == "" {
			t.Errorf("rejected %+v, want %+v", got, w)
		}
	}
	if report.Rows != 14 || report.Accepted != 3 || !reflect.DeepEqual(report.Symbols, []string{"TEST"}) {
		t.Errorf("report %+v", report)
	}
	if !report.First.Equal(newYork(t, "2024-03-07 09:30:00")) || !report.Last.Equal(newYork(t, "2024-03-20 09:30:00")) {
		t.Errorf("from %v to %v", report.First, report.Last)
	}
	bars := mustBars(t, f, market.BarRequest{Symbol: "TEST", Resolution: market.Daily})
	if len(bars) != 3 || !bars[0].Volume.Equal(bars[0].Volume) || bars[1].Close.String() != "10.5000" {
		t.Errorf("stored %v", bars)
	}
}

func TestImportNothingAcceptable(t *testing.T) {
	f := tempFolder(t)
	report, err := importText(t, f, "Date,Open,High,Low,Close\n2024-03-08,1,1,1,x\n", ImportSpec{Symbol: "TEST", Resolution: market.Daily})
	if fault.CodeOf(err) != fault.Invalid || !strings.Contains(err.Error(), `line 2: bad number "x" in close`) || report.RejectedTotal != 1 {
		t.Errorf("%v, %+v", err, report)
	}
	if names, err := f.list("equity"); err != nil || len(names) != 0 {
		t.Errorf("something was written: %v, %v", names, err)
	}
	for text, want := range map[string]string{
		"":                             "has no rows",
		"a,b,x\n1,2,3\n":               "no column for time, close",
		"Date,Close\n2024-03-08,1\n":   "no column for open, high, low",
		"Date;Open;High;Low;Close\n;;": "no row",
	} {
		if _, err := importText(t, f, text, ImportSpec{Symbol: "TEST", Resolution: market.Daily}); fault.CodeOf(err) != fault.Invalid || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := f.Import(context.Background(), ImportSpec{Path: filepath.Join(t.TempDir(), "none.csv")}, nil); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("no file: %v", err)
	}
}

func TestImportCapsRejects(t *testing.T) {
	f := tempFolder(t)
	var b strings.Builder
	b.WriteString("time,open,high,low,close\n2024-03-08,1,1,1,1\n")
	for i := range 250 {
		fmt.Fprintf(&b, "%d bad,1,1,1,1\n", i)
	}
	report, err := importText(t, f, b.String(), ImportSpec{Symbol: "TEST", Resolution: market.Daily})
	if err != nil || len(report.Rejected) != 100 || report.RejectedTotal != 250 || report.Rejected[99].Line != 102 {
		t.Errorf("%v: %d of %d", err, len(report.Rejected), report.RejectedTotal)
	}
}

func TestImportShapes(t *testing.T) {
	minute := newYork(t, "2024-03-08 09:30:00")
	for name, c := range map[string]struct {
		text  string
		spec  ImportSpec
		ask   string
		r     market.Resolution
		start time.Time
	}{
		"semicolons and decimal commas": {"Datum;Open;High;Low;Close\n08.03.2024;1,5;2;1;1,75\n", ImportSpec{Symbol: "T", Columns: map[string]string{"time": "datum"}, Resolution: market.Daily}, "T", market.Daily, minute},
		"no header":                     {"20240308 093000,1.5,2,1,1.75,10\n", ImportSpec{Symbol: "T", Resolution: market.Minute}, "T", market.Minute, minute},
		"date and time columns, tabs":   {"Date\tTime\tOpen\tHigh\tLow\tClose\n2024-03-08\t09:30\t1.5\t2\t1\t1.75\n", ImportSpec{Symbol: "T", Resolution: market.Minute}, "T", market.Minute, minute},
		"zone of the times":             {"time,open,high,low,close\n2024-03-08 15:30,1.5,2,1,1.75\n", ImportSpec{Symbol: "T", Resolution: market.Minute, Zone: "Europe/Berlin"}, "T", market.Minute, minute},
		"unix seconds":                  {"timestamp,open,high,low,close\n1709908200,1.5,2,1,1.75\n", ImportSpec{Symbol: "T", Resolution: market.Minute}, "T", market.Minute, minute},
		"unix milliseconds":             {"timestamp,open,high,low,close\n1709908200000,1.5,2,1,1.75\n", ImportSpec{Symbol: "T", Resolution: market.Minute, TimeLayout: "unix_ms"}, "T", market.Minute, minute},
		"detected minutes":              {"time,open,high,low,close\n2024-03-08T14:30:00Z,1.5,2,1,1.75\n2024-03-08T14:31:00Z,1.5,2,1,1.75\n", ImportSpec{Symbol: "T"}, "T", market.Minute, minute},
		"midnight UTC is a date":        {"time,open,high,low,close\n1709856000,1.5,2,1,1.75\n", ImportSpec{Symbol: "T", Resolution: market.Daily}, "T", market.Daily, minute},
		"a symbol column, crypto":       {"ticker,time,open,high,low,close,volume\nBTC-USD,2024-03-08 00:00,1.5,2,1,1.75,0.5\n", ImportSpec{Class: market.Crypto, Market: "binance", Resolution: market.Hour}, "binance:BTCUSD", market.Hour, time.Date(2024, 3, 8, 0, 0, 0, 0, time.UTC)},
		"quotes":                        {"time,bid_open,bid_high,bid_low,bid_close,ask_open,ask_high,ask_low,ask_close\n2024-03-08 14:30,1.4,1.9,0.9,1.65,1.6,2.1,1.1,1.85\n", ImportSpec{Symbol: "EUR/USD", Class: market.Forex, Resolution: market.Minute}, "EURUSD", market.Minute, minute},
		"a Go layout":                   {"time,open,high,low,close\n8|3|24 9h30,1.5,2,1,1.75\n", ImportSpec{Symbol: "T", Resolution: market.Minute, TimeLayout: "2|1|06 15h04"}, "T", market.Minute, minute},
	} {
		t.Run(name, func(t *testing.T) {
			f := tempFolder(t)
			report, err := importText(t, f, c.text, c.spec)
			if err != nil {
				t.Fatal(err, report)
			}
			bars := mustBars(t, f, market.BarRequest{Symbol: c.ask, Resolution: c.r, Extended: true})
			if len(bars) == 0 || !bars[0].Start.Equal(c.start) {
				t.Fatalf("stored %v, want one at %v", bars, c.start)
			}
			wantDecimal(t, "open", bars[0].Open, "1.5")
			wantDecimal(t, "close", bars[0].Close, "1.75")
		})
	}
}

func TestImportProgressAndCancel(t *testing.T) {
	f := tempFolder(t)
	path := filepath.Join(t.TempDir(), "in.csv")
	if err := os.WriteFile(path, []byte("time,open,high,low,close\n2024-03-08,1,1,1,1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var done, total int64
	spec := ImportSpec{Path: path, Symbol: "T", Resolution: market.Daily}
	if _, err := f.Import(context.Background(), spec, func(d, n int64) { done, total = d, n }); err != nil || done != total || total != 44 {
		t.Errorf("progress %d of %d, %v", done, total, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := f.Import(ctx, spec, nil); fault.CodeOf(err) != fault.Cancelled {
		t.Errorf("cancelled: %v", err)
	}
}

func TestExportAndBack(t *testing.T) {
	ctx := context.Background()
	f := tempFolder(t)
	if _, err := importText(t, f, "time,open,high,low,close,volume\n2024-03-08,10.01,11,9,10.5,1000\n2024-03-11,10.51,11,9,10.25,7\n", ImportSpec{Symbol: "TEST"}); err != nil {
		t.Fatal(err)
	}
	req := market.BarRequest{Symbol: "TEST", Resolution: market.Daily}
	want := mustBars(t, f, req)
	for _, format := range []string{"csv", "parquet"} {
		var out bytes.Buffer
		rows, err := f.Export(ctx, req, format, &out)
		if err != nil || rows != 2 {
			t.Fatalf("%s: %d rows, %v", format, rows, err)
		}
		if format == "csv" && out.String() != "time,open,high,low,close,volume,symbol\n"+
			"2024-03-08T14:30:00Z,10.0100,11.0000,9.0000,10.5000,1000,TEST\n2024-03-11T13:30:00Z,10.5100,11.0000,9.0000,10.2500,7,TEST\n" {
			t.Errorf("csv: %s", out.String())
		}
		path := filepath.Join(t.TempDir(), "out."+format)
		if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		other := tempFolder(t)
		report, err := other.Import(ctx, ImportSpec{Path: path}, nil)
		if err != nil || report.Accepted != 2 {
			t.Fatalf("%s back: %+v, %v", format, report, err)
		}
		if got := mustBars(t, other, req); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v came back as %v", format, want, got)
		}
	}
	if _, err := f.Export(ctx, req, "xls", &bytes.Buffer{}); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("xls: %v", err)
	}
}

func TestImportParquetTypes(t *testing.T) {
	type row struct {
		Day    int32   `parquet:"Date,date"`
		Open   int64   `parquet:"Open,decimal(2:18)"`
		High   float32 `parquet:"High"`
		Low    string  `parquet:"Low"`
		Close  float64 `parquet:"Close"`
		Volume *int64  `parquet:"Volume,optional"`
	}
	n := int64(77)
	path := filepath.Join(t.TempDir(), "in.parquet")
	rows := []row{{19790, 1050, 11.5, "9.25", 10.1, &n}, {19791, 1050, 11.5, "9.25", 10.1, nil}, {19792, 1050, 1.5, "9.25", 10.1, nil}}
	if err := parquet.WriteFile(path, rows); err != nil {
		t.Fatal(err)
	}
	f := tempFolder(t)
	report, err := f.Import(context.Background(), ImportSpec{Path: path, Symbol: "T"}, nil)
	if err != nil || report.Accepted != 2 || len(report.Rejected) != 1 || report.Rejected[0].Line != 3 || report.Rejected[0].Reason != "high 1.5 is below low 9.25" {
		t.Fatalf("%+v, %v", report, err)
	}
	bars := mustBars(t, f, market.BarRequest{Symbol: "T", Resolution: market.Daily})
	if len(bars) != 2 || !bars[0].Start.Equal(newYork(t, "2024-03-08 09:30:00")) {
		t.Fatalf("stored %v", bars)
	}
	wantDecimal(t, "open", bars[0].Open, "10.5")
	wantDecimal(t, "volume", bars[0].Volume, "77")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for cut := 0; cut < len(whole); cut += 37 {
		if err := os.WriteFile(path, whole[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := f.Import(context.Background(), ImportSpec{Path: path, Symbol: "T"}, nil); fault.CodeOf(err) != fault.Invalid {
			t.Fatalf("cut at %d: %v", cut, err)
		}
	}
}
