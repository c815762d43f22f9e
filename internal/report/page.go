package report

import (
	"bytes"
	_ "embed"
	"encoding/base64"
	"html/template"
	"io"
	"time"
)

//go:embed page.html
var pageText string

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"day":  func(t time.Time) string { return t.Format(time.DateOnly) },
	"when": func(t time.Time) string { return t.UTC().Format(time.DateTime) },
}).Parse(pageText))

// mostRows bounds the orders and the lines of log that a page shows.
const mostRows = 2000

// HTML writes a page with the picture, the statistics, the orders and the log.
// It loads nothing: it can be mailed.
func HTML(w io.Writer, r Run) error {
	var picture bytes.Buffer
	if err := EquityPNG(&picture, r); err != nil {
		return err
	}
	more := max(0, len(r.Orders)-mostRows)
	r.Orders = r.Orders[:len(r.Orders)-more]
	moreLog := max(0, len(r.Log)-mostRows)
	r.Log = r.Log[:len(r.Log)-moreLog]
	return page.Execute(w, struct {
		Run
		Picture       template.URL
		More, MoreLog int
	}{r, template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(picture.Bytes())), more, moreLog}) //nolint:gosec // our own picture
}
