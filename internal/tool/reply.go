package tool

import (
	"bytes"
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"quantdesk/internal/fault"
	"quantdesk/internal/market"
	"quantdesk/internal/trade"
)

// Page is embedded in the input of every listing tool.
type Page struct {
	Limit  int      `json:"limit,omitempty" jsonschema:"Rows per page." default:"50" minimum:"1" maximum:"500"`
	Cursor string   `json:"cursor,omitempty" jsonschema:"next_cursor of the page before."`
	Fields []string `json:"fields,omitempty" jsonschema:"Only these fields of each row."`
	Format Format   `json:"format,omitempty" jsonschema:"json or csv." default:"json"`
}

// Size is the page's limit with its default.
func (p Page) Size() int {
	if p.Limit == 0 {
		return 50
	}
	return p.Limit
}

// Format is how rows are rendered.
type Format string

// Values lists the formats.
func (Format) Values() []string { return []string{"json", "csv"} }

// Listing is embedded in the output of every listing tool.
type Listing struct {
	NextCursor string   `json:"next_cursor,omitempty" jsonschema:"Pass as cursor for the next page; absent on the last."`
	CSV        string   `json:"csv,omitempty" jsonschema:"The rows as CSV when format is csv."`
	Hints      []string `json:"hints,omitempty" jsonschema:"What to try when there are no rows."`
}

// Echo gives back what a caller sent, short and printable.
func Echo(s string) string { return clip(s) }

// EncodeCursor makes an opaque cursor of a position.
func EncodeCursor(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

// DecodeCursor reads a cursor into v; an empty one leaves v as it is.
func DecodeCursor(cursor string, v any) error {
	if cursor == "" {
		return nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err == nil {
		err = json.Unmarshal(raw, v)
	}
	if err != nil {
		return fault.E("tool.DecodeCursor", fault.Invalid, "cursor is not one that was given").With("argument", "cursor").
			Hinted("Pass next_cursor of the page before, or leave it out for the first page.")
	}
	return nil
}

// Slice pages a list that is at hand by offset.
func Slice[T any](all []T, p Page) (rows []T, next string, err error) {
	var at int
	if err := DecodeCursor(p.Cursor, &at); err != nil {
		return nil, "", err
	}
	at = min(max(at, 0), len(all))
	end := min(at+p.Size(), len(all))
	if end < len(all) {
		next = EncodeCursor(end)
	}
	return append([]T{}, all[at:end]...), next, nil
}

// Provenance says where the numbers of a reply come from and how old they are.
// It is embedded in every output that holds a price or a balance.
type Provenance struct {
	Account     string            `json:"account,omitempty" jsonschema:"The account concerned."`
	Environment trade.Environment `json:"environment" jsonschema:"simulated, paper or live money."`
	Feed        market.Feed       `json:"feed" jsonschema:"Kind of prices."`
	Source      string            `json:"source" jsonschema:"Where prices come from."`
	AsOf        time.Time         `json:"as_of" jsonschema:"When the oldest price was known, on the venue clock."`
	AgeMS       int64             `json:"age_ms" jsonschema:"Age of the oldest price in milliseconds."`
}

// banner is the first line of a text reply on prices that are not the market's.
func (p Provenance) banner() string {
	switch {
	case p.Feed == market.FeedSimulated:
		return "SIMULATED: these prices and this money are not real."
	case p.Feed == market.FeedReplay || p.Feed == market.FeedEOD:
		return fmt.Sprintf("SIMULATED: recorded prices replayed as of %s, not today's market.", p.AsOf.Format("2006-01-02"))
	case p.Environment == trade.Simulated:
		return "SIMULATED: this money is not real."
	}
	return ""
}

// armored escapes what JSON leaves as it is although it steers a terminal or
// turns the direction of writing. Outside of strings JSON has none of it.
func armored(raw []byte) []byte {
	if !bytes.ContainsFunc(raw, steers) {
		return raw
	}
	out := make([]byte, 0, len(raw)+64)
	for _, r := range string(raw) {
		if !steers(r) {
			out = utf8.AppendRune(out, r)
			continue
		}
		if r > 0xffff {
			hi, lo := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, hi, lo)
			continue
		}
		out = fmt.Appendf(out, `\u%04x`, r)
	}
	return out
}

func steers(r rune) bool { return r >= 0x7f && !unicode.IsPrint(r) }

type bannered interface{ banner() string }

// Priced gives the provenance of prices at a moment of the venue clock.
func (c *Call) Priced(asOf time.Time, kind market.Feed) Provenance {
	f := c.Deps.Feed
	return Provenance{Environment: trade.Simulated, Feed: kind, Source: f.Name(), AsOf: asOf.UTC(), AgeMS: f.Age(asOf).Milliseconds()}
}

// render turns a handler's output into the reply: JSON, and text that is the
// same JSON or CSV, under its banner.
func render(t *Tool, out any, args json.RawMessage) (structured json.RawMessage, text string, err error) {
	structured, err = json.Marshal(out)
	if err != nil {
		return nil, "", fmt.Errorf("encode the reply of %s: %w", t.Name, err)
	}
	structured = armored(structured)
	text = string(structured)
	if t.Rows != "" {
		if structured, text, err = shape(t, structured, args); err != nil {
			return nil, "", err
		}
	}
	if b, ok := out.(bannered); ok {
		if line := b.banner(); line != "" {
			text = line + "\n" + text
		}
	}
	return structured, text, nil
}

// shape applies fields and format to the rows of a listing.
func shape(t *Tool, structured, args json.RawMessage) (json.RawMessage, string, error) {
	var page struct {
		Fields []string `json:"fields"`
		Format string   `json:"format"`
	}
	if err := json.Unmarshal(args, &page); err != nil {
		return nil, "", err
	}
	if len(page.Fields) == 0 && page.Format != "csv" {
		return structured, string(structured), nil
	}
	var whole map[string]json.RawMessage
	var rows []map[string]json.RawMessage
	if err := json.Unmarshal(structured, &whole); err != nil {
		return nil, "", err
	}
	if err := json.Unmarshal(whole[t.Rows], &rows); err != nil {
		return nil, "", err
	}
	columns := page.Fields
	if known := rowFields(t); len(columns) == 0 {
		columns = known
	} else {
		for i, f := range columns {
			if slices.Contains(known, f) {
				continue
			}
			if s := snake(f); slices.Contains(known, s) {
				columns[i] = s
				continue
			}
			return nil, "", invalid("fields", "rows have no field %s", clip(f)).Hinted("The fields are %s.", strings.Join(known, ", "))
		}
	}
	if page.Format == "csv" {
		table, err := toCSV(columns, rows)
		if err != nil {
			return nil, "", err
		}
		whole[t.Rows] = json.RawMessage("[]")
		if whole["csv"], err = json.Marshal(table); err != nil {
			return nil, "", err
		}
		structured, err = json.Marshal(whole)
		if next := whole["next_cursor"]; next != nil {
			table += "next_cursor: " + strings.Trim(string(next), `"`) + "\n"
		}
		return structured, table, err
	}
	for i, r := range rows {
		kept := make(map[string]json.RawMessage, len(columns))
		for _, f := range columns {
			if v, ok := r[f]; ok {
				kept[f] = v
			}
		}
		rows[i] = kept
	}
	var err error
	if whole[t.Rows], err = json.Marshal(rows); err != nil {
		return nil, "", err
	}
	structured, err = json.Marshal(whole)
	return structured, string(structured), err
}

// rowFields lists the fields of a listing's rows, from its output type.
func rowFields(t *Tool) []string {
	s, err := t.OutputSchema()
	if err != nil || s.Properties[t.Rows] == nil || s.Properties[t.Rows].Items == nil {
		return nil
	}
	return slices.Sorted(maps.Keys(s.Properties[t.Rows].Items.Properties))
}

// CSV renders rows whose columns are known only when they are read.
func CSV(columns []string, rows []map[string]any) (string, error) {
	raw := make([]map[string]json.RawMessage, len(rows))
	for i, r := range rows {
		raw[i] = map[string]json.RawMessage{}
		for k, v := range r {
			cell, err := json.Marshal(v)
			if err != nil {
				return "", err
			}
			raw[i][k] = cell
		}
	}
	return toCSV(columns, raw)
}

func toCSV(columns []string, rows []map[string]json.RawMessage) (string, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	if err := w.Write(columns); err != nil {
		return "", err
	}
	record := make([]string, len(columns))
	for _, r := range rows {
		for i, c := range columns {
			var text string
			if json.Unmarshal(r[c], &text) != nil {
				text = string(r[c])
			} else {
				text = defuse(plain(text, maxText))
			}
			record[i] = text
		}
		if err := w.Write(record); err != nil {
			return "", err
		}
	}
	w.Flush()
	return b.String(), w.Error()
}

// defuse keeps a spreadsheet from reading text as a formula.
func defuse(s string) string {
	if first, _ := utf8.DecodeRuneInString(s); s != "" && strings.ContainsRune("=+-@\n＝＋－＠", first) {
		return "'" + s
	}
	return s
}
