package research_test

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"quantdesk/internal/fault"
	"quantdesk/internal/feed"
	"quantdesk/internal/market"
	"quantdesk/internal/research"
	"quantdesk/internal/sim"
	"quantdesk/internal/store"
)

// noReference is a market of prices only.
type noReference struct{ research.Reference }

func (noReference) Datasets(context.Context) ([]string, error) { return nil, nil }

// stopped is a clock that stands.
type stopped struct{ at time.Time }

func (c stopped) Now() time.Time                    { return c.at }
func (c stopped) Back(wall time.Duration) time.Time { return c.at.Add(-wall) }

var (
	me    = research.Caller{User: "me"}
	other = research.Caller{User: "other"}
	today = time.Date(2024, 6, 3, 15, 0, 0, 0, time.UTC)
)

func open(t *testing.T, patience time.Duration) *research.Service {
	t.Helper()
	db, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "desk.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	f, err := feed.New(feed.Config{Source: sim.New(sim.Config{Seed: 42}), Clock: stopped{today}, Kind: market.FeedSimulated})
	if err != nil {
		t.Fatal(err)
	}
	s := research.New(research.Config{Prices: f, Reference: noReference{}, Store: db, Now: func() time.Time { return today }, Patience: patience})
	t.Cleanup(func() {
		s.Close()
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestBooks(t *testing.T) {
	t.Parallel()
	s := open(t, 0)
	ctx := t.Context()
	if b, err := s.Book(ctx, me, ""); err != nil || b.Name != research.DefaultBook {
		t.Errorf("%v %+v; the default workspace is always there", err, b)
	}
	if _, fresh, err := s.OpenBook(ctx, me, "pairs"); err != nil || !fresh {
		t.Errorf("%v, fresh %v", err, fresh)
	}
	if _, fresh, err := s.OpenBook(ctx, me, "pairs"); err != nil || fresh {
		t.Errorf("%v, fresh %v", err, fresh)
	}
	told, b, err := s.AddSecurities(ctx, me, "pairs", []string{"ko", "PEP", "NOPE", "KO"}, "")
	if err != nil || len(told) != 4 || !told[0].Added || told[2].Added || told[3].Reason == "" || !slices.Equal(b.Symbols(), []string{"KO", "PEP"}) {
		t.Errorf("%v %+v %+v", err, told, b)
	}
	if _, err := s.Book(ctx, other, "pairs"); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("%v; the workspace is not another's", err)
	}
	for _, name := range []string{" x", "a\nb", strings.Repeat("x", 65)} {
		if _, _, err := s.OpenBook(ctx, me, name); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%q: %v", name, err)
		}
	}
	if err := s.DropBook(ctx, me, "pairs"); err != nil {
		t.Error(err)
	}
	if err := s.DropBook(ctx, me, "pairs"); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("%v; it is gone", err)
	}
}

func TestHistory(t *testing.T) {
	t.Parallel()
	s := open(t, 0)
	ctx := t.Context()
	in := research.HistoryIn{Sample: research.Sample{Symbols: []string{"KO", "PEP"}, Start: "2024-01-02", End: "2024-03-29"}}
	out, err := s.History(ctx, me, in, nil)
	if err != nil {
		t.Fatal(err)
	}
	if out.State != research.Done || out.Result == "" || out.Rows != len(out.Summary)*out.Summary[0].Rows || len(out.First) != 5 || out.Start != "2024-01-02" {
		t.Errorf("%+v", out)
	}
	a, err := s.Query(ctx, me, research.Question{Handle: out.Result, Filter: "symbol = 'PEP' AND close > open", Order: "close DESC", Columns: []string{"time", "close"}, Limit: 3})
	if err != nil || len(a.Rows) != 3 || a.Matched < 3 || a.Rows[0]["close"].(float64) < a.Rows[1]["close"].(float64) || len(a.Rows[0]) != 2 {
		t.Errorf("%v %+v", err, a)
	}
	if _, err := s.Query(ctx, other, research.Question{Handle: out.Result, Limit: 1}); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("%v; the result is not another's", err)
	}
	for _, c := range []struct {
		symbols    []string
		start, end string
		want       fault.Code
	}{
		{[]string{"KO", "ko"}, "2024-01-02", "", fault.DuplicateSymbol},
		{[]string{"KO", "NOPE"}, "2024-01-02", "", fault.UnknownSymbol},
		{[]string{"KO"}, "yesterday", "", fault.InvalidParameter},
		{[]string{"KO"}, "2024-02-02", "2024-01-02", fault.InvalidParameter},
		{[]string{"KO"}, "2030-02-02", "", fault.InvalidParameter},
		{nil, "2024-01-02", "", fault.InvalidParameter},
		{[]string{"KO"}, "2024-06-01", "2024-06-02", fault.InsufficientData},
	} {
		if _, err := s.History(ctx, me, research.HistoryIn{Sample: research.Sample{Symbols: c.symbols, Start: c.start, End: c.end}}, nil); fault.CodeOf(err) != c.want {
			t.Errorf("%v %s %s: %v, want %s", c.symbols, c.start, c.end, err, c.want)
		}
	}
	big := research.HistoryIn{Sample: research.Sample{Symbols: []string{"KO", "PEP", "XOM"}, Start: "2010-01-04", Span: research.Span{Where: research.Where{Resolution: "second"}}}}
	if _, err := s.History(ctx, me, big, nil); fault.CodeOf(err) != fault.TooLarge {
		t.Errorf("%v, want too_large", err)
	}
}

// TestPanel aligns series of different length and knows nothing of the future.
func TestPanel(t *testing.T) {
	t.Parallel()
	s := open(t, 0)
	ctx := t.Context()
	var late sim.Info
	for _, x := range sim.New(sim.Config{Seed: 42}).Universe() {
		if x.Listed.Year >= 2015 && x.Listed.Year < 2024 {
			late = x
			break
		}
	}
	in := research.Sample{Symbols: []string{"KO", late.Symbol}, Start: "2014-01-02"}
	p, err := s.Load(ctx, me, in, nil)
	if err != nil {
		t.Fatal(err)
	}
	n := len(p.Times)
	if p.Times[0].Format("2006-01-02") != late.Listed.String() || p.Times[n-1].After(today) || p.Dropped == 0 || len(p.Warnings) == 0 || !strings.Contains(p.Warnings[0], late.Symbol+" limits the sample") {
		t.Errorf("%d times from %v to %v, %d dropped, %v", n, p.Times[0], p.Times[n-1], p.Dropped, p.Warnings)
	}
	in = research.Sample{Symbols: []string{"KO"}, Start: "2024-05-01", End: "2024-05-15"}
	short, err := s.Load(ctx, me, in, nil)
	if err != nil {
		t.Fatal(err)
	}
	in.End = "2024-05-31"
	long, err := s.Load(ctx, me, in, nil)
	if err != nil || !slices.Equal(long.Prices[0][:len(short.Prices[0])], short.Prices[0]) {
		t.Errorf("%v: what comes later changes what was", err)
	}
}

// TestJob has work outlast the caller's patience.
func TestJob(t *testing.T) {
	t.Parallel()
	s := open(t, time.Nanosecond)
	ctx := t.Context()
	in := research.HistoryIn{Sample: research.Sample{Symbols: []string{"KO", "PEP", "XOM"}, Start: "2012-01-03"}}
	out, err := s.History(ctx, me, in, nil)
	if err != nil || out.Result == "" {
		t.Fatalf("%v %+v", err, out)
	}
	for range 200 {
		r, err := s.Find(ctx, me, out.Result)
		if err != nil {
			t.Fatal(err)
		}
		if r.State == research.Done {
			if a, err := s.Query(ctx, me, research.Question{Handle: out.Result, Limit: 1}); err != nil || a.Matched < 9000 {
				t.Errorf("%v %+v", err, a)
			}
			if r, err := s.Cancel(ctx, me, out.Result); err != nil || r.State != research.Done {
				t.Errorf("%v, %s; it is over", err, r.State)
			}
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Error("the job does not end")
}
