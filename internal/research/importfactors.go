package research

import (
	"context"
	"encoding/base64"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"quantdesk/internal/fault"
	"quantdesk/internal/market"
	"quantdesk/internal/quant"
	"quantdesk/internal/quant/factor"
)

// FactorSource is where factor returns come from.
type FactorSource string

// Values lists the sources.
func (FactorSource) Values() []string { return []string{"market", "french", "aqr"} }

// ImportFactorsIn brings factor returns into a workspace.
type ImportFactorsIn struct {
	Source    FactorSource `json:"source" jsonschema:"market: those that come with the simulated market; french or aqr: a file as published."`
	Content   string       `json:"content,omitempty" jsonschema:"The file's text, or its bytes in base64 (a .zip)."`
	Frequency string       `json:"frequency,omitempty" jsonschema:"Of a French file: daily, monthly or annual." default:"daily"`
	Columns   []string     `json:"columns,omitempty" jsonschema:"Only these; of an AQR sheet the country, as USA." maxItems:"200"`
	Name      string       `json:"column_name,omitempty" jsonschema:"New name of a single column, as QMJ for an AQR sheet's USA."`
	Start     string       `json:"start_date,omitempty" jsonschema:"First day."`
	End       string       `json:"end_date,omitempty" jsonschema:"Last day."`
	Book      string       `json:"instance_name,omitempty" jsonschema:"Research workspace." default:"default"`
}

// ImportFactorsOut says what was brought in.
type ImportFactorsOut struct {
	Factors   []string `json:"factors,omitempty" jsonschema:"Columns of the table factors."`
	Frequency string   `json:"frequency,omitempty" jsonschema:"daily, monthly or annual."`
	Missing   int      `json:"missing" jsonschema:"Values that the file marks as missing."`
	Ignored   int      `json:"annual_rows_ignored" jsonschema:"Rows of yearly blocks that were not asked for."`
	Meta
}

// The size of a file of factors, and where it lies in no file.
const maxFactorBytes = 20 << 20

// ImportFactors reads factor returns into a table of a workspace.
func (s *Service) ImportFactors(ctx context.Context, c Caller, in ImportFactorsIn, report Report) (ImportFactorsOut, error) {
	const op = "research.ImportFactors"
	content := in.Content
	in.Content = "" // it is in the table
	if len(content) > maxFactorBytes {
		return ImportFactorsOut{}, fault.E(op, fault.TooLarge, "the file has %d bytes; at most %d are read", len(content), maxFactorBytes).With("argument", "content")
	}
	if (in.Source == "market") != (content == "") {
		return ImportFactorsOut{}, quant.Bad(op, "content", fmt.Sprintf("%d characters", len(content)), "the file's text with french or aqr, and absent with market")
	}
	return do(ctx, s, c, in.Book, "import_factors", in, report, func(ctx context.Context, _ Report) (ImportFactorsOut, []Table, error) {
		out := ImportFactorsOut{Frequency: "daily"}
		var t *factor.Table
		var err error
		switch in.Source {
		case "market":
			t, err = s.marketFactors(ctx, in.Start, in.End)
		case "french":
			if out.Frequency = in.Frequency; out.Frequency == "" {
				out.Frequency = "daily"
			}
			t, err = factor.ParseFrench(bytesOf(content), out.Frequency)
		case "aqr":
			t, err = factor.ParseAQR(bytesOf(content))
		default:
			err = quant.Bad(op, "source", in.Source, "market, french or aqr")
		}
		if err != nil {
			return out, nil, err
		}
		table, dates, err := in.table(t)
		if err != nil {
			return out, nil, err
		}
		if in.Source == "aqr" && spacing(dates) > 20 {
			out.Frequency = "monthly"
		}
		out.Factors, out.Missing, out.Ignored = table.Info().Columns[1:], t.Missing, t.AnnualIgnored
		out.Meta = Meta{NObs: len(dates), Start: dates[0], End: dates[len(dates)-1], Params: in, Method: "returns as fractions"}
		return out, []Table{table}, nil
	})
}

// bytesOf is the file behind an argument: base64 where it is, else the text.
func bytesOf(content string) []byte {
	if raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(content)); err == nil && len(raw) > 0 && !strings.ContainsAny(content, ", ") {
		return raw
	}
	return []byte(content)
}

// marketFactors are those that come with the market, up to its clock.
func (s *Service) marketFactors(ctx context.Context, start, end string) (*factor.Table, error) {
	if start == "" {
		start = "1990-01-01"
	}
	from, to, err := s.dates(start, end, time.UTC)
	if err != nil {
		return nil, err
	}
	dates, names, values, err := s.cfg.Reference.Factors(ctx, market.DateOf(from), market.DateOf(to.Add(-time.Nanosecond)))
	if err != nil {
		return nil, err
	}
	// The session that is not over yet has no return.
	if last := dates[len(dates)-1]; last == market.DateOf(s.cfg.Prices.Now()) {
		dates = dates[:len(dates)-1]
	}
	t := &factor.Table{Columns: names}
	for i, d := range dates {
		n, err := strconv.Atoi(d.Compact())
		if err != nil {
			return nil, err
		}
		row := make([]float64, len(names))
		for k := range names {
			row[k] = values[k][i]
		}
		t.Dates, t.Rows = append(t.Dates, n), append(t.Rows, row)
	}
	return t, nil
}

// table picks columns and dates.
func (in ImportFactorsIn) table(t *factor.Table) (Table, []string, error) {
	const op = "research.ImportFactors"
	names := in.Columns
	if len(names) == 0 {
		names = t.Columns
	}
	var dates []string
	var rows []int
	for i, n := range t.Dates {
		d := dateText(n)
		if in.Start != "" && d < in.Start || in.End != "" && d > in.End {
			continue
		}
		dates, rows = append(dates, d), append(rows, i)
	}
	if len(dates) == 0 {
		return Table{}, nil, fault.E(op, fault.InsufficientData, "the factors have no row from %s to %s", in.Start, in.End).With("argument", "start_date")
	}
	out := Table{"factors", []Column{Texts("date", dates)}}
	for _, name := range names {
		all := t.Column(name)
		if all == nil {
			return out, nil, quant.Bad(op, "columns", clip(name), "one of "+strings.Join(t.Columns, ", "))
		}
		col := make([]float64, len(rows))
		for k, i := range rows {
			col[k] = all[i]
		}
		if in.Name != "" {
			if len(names) != 1 {
				return out, nil, quant.Bad(op, "column_name", in.Name, "given with a single column")
			}
			name = in.Name
		}
		out.Columns = append(out.Columns, Numbers(name, col))
	}
	return out, dates, nil
}

// dateText writes YYYYMMDD, YYYYMM or YYYY with dashes.
func dateText(n int) string {
	switch {
	case n > 9_999_999:
		return fmt.Sprintf("%04d-%02d-%02d", n/10000, n/100%100, n%100)
	case n > 99_999:
		return fmt.Sprintf("%04d-%02d", n/100, n%100)
	}
	return strconv.Itoa(n)
}

// spacing is the usual number of days between dates.
func spacing(dates []string) float64 {
	var gaps []float64
	for i := 1; i < len(dates); i++ {
		a, err := time.Parse("2006-01-02", dates[i-1])
		b, bad := time.Parse("2006-01-02", dates[i])
		if err == nil && bad == nil {
			gaps = append(gaps, b.Sub(a).Hours()/24)
		}
	}
	if len(gaps) == 0 {
		return math.Inf(1)
	}
	slices.Sort(gaps)
	return gaps[len(gaps)/2]
}
