package research

import (
	"mime"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"quantdesk/internal/fault"
	"quantdesk/internal/market"
	"quantdesk/internal/report/sheet"
	"quantdesk/internal/report/shelf"
	"quantdesk/internal/tool"
)

// View is the address of the view that draws charts inside a chat.
const View = "ui://quantdesk/chart"

// ReportScheme begins the address of a file of a report.
const ReportScheme = "report://"

// FileFormat is a format of a report's file.
type FileFormat string

// Values lists the formats.
func (FileFormat) Values() []string { return []string{"pdf", "png", "svg", "csv", "xlsx", "parquet"} }

// preview is the resolution of the picture in a reply, dots an inch.
const preview = 84

// delivery is what is to be drawn and written.
type delivery struct {
	name, title string
	drawing     sheet.Drawing
	tables      []sheet.Data
	formats     []FileFormat
	// view is what the view in a chat draws.
	view any
}

// reportOut is the part of an answer about a report that was made.
type reportOut struct {
	ID    string    `json:"report_id" jsonschema:"Pass it to read_report."`
	Title string    `json:"title" jsonschema:"Its title."`
	Files []fileOut `json:"files" jsonschema:"Each is a resource too, and a download over REST."`
	tool.Attachments
}

type fileOut struct {
	Name string `json:"name" jsonschema:"The file."`
	MIME string `json:"mime_type" jsonschema:"Its type."`
	Size int64  `json:"size" jsonschema:"Bytes."`
	URI  string `json:"uri" jsonschema:"Read it as a resource."`
	URL  string `json:"url" jsonschema:"Download it there, with the same token."`
	Path string `json:"path,omitempty" jsonschema:"Where it is on the desk's own machine; told to its user only."`
}

// types are those of the files, for systems that do not know them.
var types = map[string]string{
	".pdf": "application/pdf", ".png": "image/png", ".svg": "image/svg+xml", ".csv": "text/csv; charset=utf-8",
	".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ".parquet": "application/vnd.apache.parquet",
}

func typeOf(name string) string {
	ext := filepath.Ext(name)
	if t, ok := types[ext]; ok {
		return t
	}
	if t := mime.TypeByExtension(ext); t != "" {
		return t
	}
	return "application/octet-stream"
}

// mostTitle bounds a title, in characters.
const mostTitle = 200

func checkTitle(title string) error {
	if n := utf8.RuneCountInString(title); n > mostTitle {
		return fault.E("tools.title", fault.InvalidParameter, "the title has %d characters; at most %d are taken", n, mostTitle).With("argument", "title").Hinted("Give a shorter one.")
	}
	return nil
}

// deliver renders what is asked for, keeps it, and links to it.
func deliver(c *tool.Call, d delivery) (reportOut, error) {
	if len(d.formats) == 0 {
		d.formats = []FileFormat{"pdf", "png"}
	}
	slices.Sort(d.formats)
	var files []shelf.File
	add := func(name string, raw []byte, err error) error {
		if err == nil {
			files = append(files, shelf.File{Name: name, Bytes: raw})
		}
		return err
	}
	for _, f := range slices.Compact(d.formats) {
		var err error
		switch f {
		case "pdf", "png", "svg":
			raw, e := d.drawing.Render(sheet.Format(f))
			err = add(d.name+"."+string(f), raw, e)
		case "xlsx":
			raw, e := sheet.XLSX(d.drawing.Made, d.tables...)
			err = add(d.name+".xlsx", raw, e)
		case "csv", "parquet":
			for i, t := range d.tables {
				name := d.name + "-" + t.Name
				if i == 0 {
					name = d.name
				}
				write := t.CSV
				if f == "parquet" {
					write = t.Parquet
				}
				raw, e := write()
				if err = add(strings.ReplaceAll(name, " ", "-")+"."+string(f), raw, e); err != nil {
					break
				}
			}
		default:
			err = fault.E("tools.deliver", fault.InvalidParameter, "there is no format %.20q", string(f)).With("argument", "formats")
		}
		if err != nil {
			return reportOut{}, err
		}
	}
	r, err := c.Deps.Reports.Put(c.Caller.User, d.title, files)
	if err != nil {
		return reportOut{}, err
	}
	out := reported(c, r)
	picture, err := d.drawing.Preview(preview)
	if err != nil {
		return out, err
	}
	out.Attachments.Files = append(out.Attachments.Files, tool.Attachment{Name: "preview.png", MIME: "image/png", Data: picture, Size: int64(len(picture))})
	out.Drawing = d.view
	return out, nil
}

// reported tells of a report that is kept.
func reported(c *tool.Call, r shelf.Report) reportOut {
	out := reportOut{ID: r.ID, Title: r.Title, Files: []fileOut{}}
	for _, f := range r.Files {
		k := fileOut{Name: f.Name, MIME: typeOf(f.Name), Size: f.Size, URI: ReportScheme + r.ID + "/" + f.Name, URL: "/api/v1/reports/" + r.ID + "/" + f.Name}
		if c.Caller.Local {
			k.Path = c.Deps.Reports.Path(c.Caller.User, r.ID, f.Name)
		}
		out.Files = append(out.Files, k)
		out.Attachments.Files = append(out.Attachments.Files, tool.Attachment{URI: k.URI, Name: f.Name, Title: r.Title, MIME: k.MIME, Size: f.Size})
	}
	return out
}

// sourced is where the prices of a picture come from, and whether of no market.
func sourced(p tool.Provenance) (source string, simulated bool) {
	switch p.Feed {
	case market.FeedSimulated:
		return p.Source + ", the desk's simulated market", true
	case market.FeedReplay, market.FeedEOD:
		return p.Source + ", recorded prices", false
	}
	return p.Source, false
}

// made is the date of a document: the market's now, so that the same question at
// the same time gives the same bytes.
func made(p tool.Provenance) time.Time { return p.AsOf.UTC().Truncate(24 * time.Hour) }
