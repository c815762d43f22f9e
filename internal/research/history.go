package research

import (
	"context"
	"fmt"
	"slices"
	"time"

	"quantdesk/internal/fault"
	"quantdesk/internal/market"
)

// HistoryIn asks for prices.
type HistoryIn struct {
	Sample
	Fields []Field `json:"fields,omitempty" jsonschema:"Columns to keep: open, high, low, close, volume." maxItems:"5"`
}

// HistoryOut says what was read; the rows are in the table bars.
type HistoryOut struct {
	Symbols []string         `json:"symbols,omitempty" jsonschema:"The instruments."`
	Rows    int              `json:"rows" jsonschema:"Rows of the table bars: a row for each symbol and time."`
	First   []map[string]any `json:"first_rows,omitempty" jsonschema:"The first rows."`
	Summary []SymbolSpan     `json:"summary,omitempty" jsonschema:"What there is of each symbol."`
	Meta
}

// SymbolSpan is what there is of one symbol.
type SymbolSpan struct {
	Symbol string   `json:"symbol" jsonschema:"The instrument."`
	Rows   int      `json:"rows" jsonschema:"How many bars."`
	Start  string   `json:"start" jsonschema:"The first."`
	End    string   `json:"end" jsonschema:"The last."`
	First  *float64 `json:"first_price" jsonschema:"Close of the first, or the field that was asked for."`
	Last   *float64 `json:"last_price" jsonschema:"Of the last."`
}

// firstRows is how many rows an answer shows of a table.
const firstRows = 5

// History reads prices of all symbols, none aligned, into a table with a row for
// each symbol and time.
func (s *Service) History(ctx context.Context, c Caller, in HistoryIn, report Report) (HistoryOut, error) {
	list, err := s.resolve(ctx, c, in.Symbols, in.Book)
	if err != nil {
		return HistoryOut{}, err
	}
	if len(in.Fields) == 0 {
		in.Fields = []Field{"open", "high", "low", "close", "volume"}
	}
	for i, f := range in.Fields {
		if !slices.Contains(Field("").Values(), string(f)) || slices.Contains(in.Fields[:i], f) {
			return HistoryOut{}, fault.E("research.History", fault.InvalidParameter, "fields has %q, which is none or twice", clip(string(f))).With("argument", "fields").
				Hinted("The fields are open, high, low, close and volume.")
		}
	}
	return do(ctx, s, c, in.Book, "get_history", in, report, func(ctx context.Context, report Report) (HistoryOut, []Table, error) {
		var out HistoryOut
		p, all, err := s.read(ctx, list, in.Sample, in.Fields, report)
		if err != nil {
			return out, nil, err
		}
		var stamps, symbols []string
		columns := make([][]float64, len(in.Fields))
		for i, x := range all {
			for _, key := range x.keys {
				stamps, symbols = append(stamps, p.Stamp(p.time(key))), append(symbols, list[i].Symbol)
			}
			for k := range columns {
				columns[k] = append(columns[k], x.values[k]...)
			}
			n, shown := len(x.keys)-1, x.values[max(slices.Index(in.Fields, "close"), 0)]
			out.Summary = append(out.Summary, SymbolSpan{list[i].Symbol, n + 1, p.Stamp(p.time(x.keys[0])), p.Stamp(p.time(x.keys[n])), Maybe(shown[0]), Maybe(shown[n])})
		}
		t := Table{"bars", []Column{Texts("time", stamps), Texts("symbol", symbols)}}
		for k, f := range in.Fields {
			t.Columns = append(t.Columns, Numbers(string(f), columns[k]))
		}
		out.Symbols, out.Rows, out.First = p.Symbols, t.Rows(), t.Head(firstRows)
		out.Meta = Meta{NObs: t.Rows(), Start: slices.Min(stamps), End: slices.Max(stamps), Params: in, Method: "bars as they are, not aligned"}
		if len(out.Summary) > 20 {
			out.Summary = out.Summary[:20]
			out.Warnings = append(out.Warnings, "the summary shows the first 20 symbols; the table has all")
		}
		return out, []Table{t}, nil
	})
}

// AlternativeIn asks for alternative data.
type AlternativeIn struct {
	Dataset string   `json:"data_type" jsonschema:"Name of the data set."`
	Symbols []string `json:"symbols,omitempty" jsonschema:"Instruments; default: those the workspace follows." maxItems:"1000"`
	Start   string   `json:"start_date" jsonschema:"First day."`
	End     string   `json:"end_date,omitempty" jsonschema:"Last day; default the market's now."`
	Book    string   `json:"instance_name,omitempty" jsonschema:"Research workspace." default:"default"`
}

// AlternativeOut says what was read; the rows are in the table rows.
type AlternativeOut struct {
	Dataset string           `json:"data_type,omitempty" jsonschema:"The data set."`
	Symbols []string         `json:"symbols,omitempty" jsonschema:"The instruments."`
	Rows    int              `json:"rows" jsonschema:"Rows of the table rows."`
	First   []map[string]any `json:"first_rows,omitempty" jsonschema:"The first rows."`
	Meta
}

// AlternativeHistory reads alternative data; a row may be used from its date on.
func (s *Service) AlternativeHistory(ctx context.Context, c Caller, in AlternativeIn, report Report) (AlternativeOut, error) {
	set, err := s.dataset(ctx, in.Dataset)
	if err != nil {
		return AlternativeOut{}, err
	}
	in.Dataset = set
	if len(in.Symbols) == 0 {
		b, err := s.Book(ctx, c, in.Book)
		if err != nil {
			return AlternativeOut{}, err
		}
		for _, a := range b.Alternative {
			if a.Dataset == set {
				in.Symbols = append(in.Symbols, a.Symbol)
			}
		}
	}
	list, err := s.resolve(ctx, c, in.Symbols, in.Book)
	if err != nil {
		return AlternativeOut{}, err
	}
	from, to, err := s.dates(in.Start, in.End, time.UTC)
	if err != nil {
		return AlternativeOut{}, err
	}
	return do(ctx, s, c, in.Book, "get_alternative_data_history", in, report, func(ctx context.Context, report Report) (AlternativeOut, []Table, error) {
		out := AlternativeOut{Dataset: set}
		var dates, symbols, names []string
		var rows []map[string]float64
		for i, x := range list {
			got, err := s.cfg.Reference.Alternative(ctx, set, x.Symbol, market.DateOf(from), market.DateOf(to.Add(-time.Nanosecond)))
			if err != nil {
				return out, nil, err
			}
			out.Symbols = append(out.Symbols, x.Symbol)
			if len(got) == 0 {
				out.Warnings = append(out.Warnings, fmt.Sprintf("%s has no rows in that time", x.Symbol))
			}
			for _, r := range got {
				dates, symbols, rows = append(dates, r.Date.String()), append(symbols, x.Symbol), append(rows, r.Values)
				for name := range r.Values {
					if !slices.Contains(names, name) {
						names = append(names, name)
					}
				}
			}
			report(float64(i+1)/float64(len(list)), "read "+x.Symbol)
		}
		if len(rows) == 0 {
			return out, nil, fault.E("research.AlternativeHistory", fault.InsufficientData, "%s has no rows of these symbols from %s to %s", set, in.Start, in.End)
		}
		slices.Sort(names)
		t := Table{"rows", []Column{Texts("date", dates), Texts("symbol", symbols)}}
		for _, name := range names {
			col := make([]float64, len(rows))
			for i, r := range rows {
				v, ok := r[name]
				if col[i] = v; !ok {
					col[i] = nan
				}
			}
			t.Columns = append(t.Columns, Numbers(name, col))
		}
		warnings := out.Warnings
		out.Rows, out.First = t.Rows(), t.Head(firstRows)
		out.Meta = Meta{NObs: t.Rows(), Start: slices.Min(dates), End: slices.Max(dates), Params: in, Method: "rows as they were known on their date"}
		out.Warnings = warnings
		return out, []Table{t}, nil
	})
}
