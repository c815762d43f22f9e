package sheet

import (
	"bytes"
	"time"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"

	"quantdesk/internal/fault"
)

// Format is a kind of picture.
type Format string

// The formats of pictures.
const (
	PDF Format = "pdf"
	PNG Format = "png"
	SVG Format = "svg"
)

// dots is the resolution of a PNG, dots an inch.
const dots = 144

// Drawing is something that can be rendered.
type Drawing struct {
	// Title is that of the document.
	Title string
	// Made is the document's date.
	Made  time.Time
	w, h  float64
	pages []func(*canvas)
}

// Pages is how many pages the PDF has; PNG and SVG show the first.
func (d Drawing) Pages() int { return len(d.pages) }

// Render draws into a format.
func (d Drawing) Render(f Format) ([]byte, error) {
	l, err := letters()
	if err != nil {
		return nil, err
	}
	switch f {
	case PDF:
		return d.pdf(l)
	case PNG:
		return d.png(l, dots)
	case SVG:
		to := vgsvg.New(vg.Length(d.w), vg.Length(d.h))
		d.pages[0](&canvas{to: to, lettering: l, w: d.w, h: d.h, script: true})
		var out bytes.Buffer
		if _, err := to.WriteTo(&out); err != nil {
			return nil, err
		}
		// Where the reader lacks the font, others are as wide or nearly so.
		return bytes.ReplaceAll(out.Bytes(), []byte("font-family:Liberation Sans;"), []byte("font-family:'Liberation Sans',Arial,Helvetica,sans-serif;")), nil
	}
	return nil, fault.E("sheet.Render", fault.Invalid, "there is no picture format %.20q", string(f)).Hinted("There is pdf, png and svg.")
}

// Preview draws the first page as a PNG of a resolution, dots an inch.
func (d Drawing) Preview(resolution int) ([]byte, error) {
	l, err := letters()
	if err != nil {
		return nil, err
	}
	return d.png(l, resolution)
}

func (d Drawing) png(l *lettering, resolution int) ([]byte, error) {
	var out bytes.Buffer
	to := vgimg.NewWith(vgimg.UseWH(vg.Length(d.w), vg.Length(d.h)), vgimg.UseDPI(resolution))
	d.pages[0](&canvas{to: to, lettering: l, w: d.w, h: d.h})
	_, err := vgimg.PngCanvas{Canvas: to}.WriteTo(&out)
	return out.Bytes(), err
}
