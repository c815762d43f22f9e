package sheet

import (
	"bytes"
	"image"
	"image/color"
	"math"

	"codeberg.org/go-fonts/liberation/liberationsansbold"
	"codeberg.org/go-fonts/liberation/liberationsansregular"
	"codeberg.org/go-pdf/fpdf"
	xfont "golang.org/x/image/font"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
)

const family = "LiberationSans"

// pdf renders all pages: vectors, text as text, the letters in use embedded.
func (d Drawing) pdf(l *lettering) ([]byte, error) {
	doc := fpdf.NewCustom(&fpdf.InitType{OrientationStr: "P", UnitStr: "pt", Size: fpdf.SizeType{Wd: d.w, Ht: d.h}})
	doc.SetCatalogSort(true)
	doc.SetCreationDate(d.Made)
	doc.SetModificationDate(d.Made)
	doc.SetTitle(tame(d.Title), true)
	doc.SetProducer("quantdesk", true)
	doc.SetAutoPageBreak(false, 0)
	doc.SetMargins(0, 0, 0)
	doc.AddUTF8FontFromBytes(family, "", liberationsansregular.TTF)
	doc.AddUTF8FontFromBytes(family, "B", liberationsansbold.TTF)
	doc.SetLineJoinStyle("round")
	for _, page := range d.pages {
		doc.AddPage()
		to := &pdfCanvas{doc: doc, h: d.h, state: state{m: matrix{1, 0, 0, 1, 0, 0}, col: ink}}
		page(&canvas{to: to, lettering: l, w: d.w, h: d.h})
	}
	var out bytes.Buffer
	err := doc.Output(&out)
	return out.Bytes(), err
}

// matrix maps x, y to a·x+c·y+e, b·x+d·y+f.
type matrix [6]float64

func (m matrix) times(n matrix) matrix {
	return matrix{
		m[0]*n[0] + m[2]*n[1], m[1]*n[0] + m[3]*n[1],
		m[0]*n[2] + m[2]*n[3], m[1]*n[2] + m[3]*n[3],
		m[0]*n[4] + m[2]*n[5] + m[4], m[1]*n[4] + m[3]*n[5] + m[5],
	}
}

type state struct {
	m     matrix
	col   color.NRGBA
	width float64
	dash  []float64
	phase float64
}

// pdfCanvas is a vg.Canvas that draws on a page of a PDF.
type pdfCanvas struct {
	doc *fpdf.Fpdf
	h   float64
	state
	stack []state
	alpha float64 // that was set last; 0 is none yet
}

var _ vg.Canvas = (*pdfCanvas)(nil)

func (c *pdfCanvas) SetLineWidth(w vg.Length) { c.width = float64(w) }

func (c *pdfCanvas) SetLineDash(pattern []vg.Length, offset vg.Length) {
	c.dash, c.phase = nil, float64(offset)
	for _, x := range pattern {
		c.dash = append(c.dash, float64(x))
	}
}

// SetColor takes nil as ink, as gonum's own canvases take it as black.
func (c *pdfCanvas) SetColor(col color.Color) {
	if col == nil {
		c.col = ink
		return
	}
	c.col, _ = color.NRGBAModel.Convert(col).(color.NRGBA)
}

func (c *pdfCanvas) Rotate(rad float64) {
	sin, cos := math.Sincos(rad)
	c.m = c.m.times(matrix{cos, sin, -sin, cos, 0, 0})
}

func (c *pdfCanvas) Translate(pt vg.Point) {
	c.m = c.m.times(matrix{1, 0, 0, 1, float64(pt.X), float64(pt.Y)})
}

func (c *pdfCanvas) Scale(x, y float64) { c.m = c.m.times(matrix{x, 0, 0, y, 0, 0}) }

func (c *pdfCanvas) Push() { c.stack = append(c.stack, c.state) }

func (c *pdfCanvas) Pop() {
	c.state = c.stack[len(c.stack)-1]
	c.stack = c.stack[:len(c.stack)-1]
}

// point is where a point stands on the page, from its top left corner.
func (c *pdfCanvas) point(p vg.Point) (x, y float64) {
	px, py := float64(p.X), float64(p.Y)
	return c.m[0]*px + c.m[2]*py + c.m[4], c.h - (c.m[1]*px + c.m[3]*py + c.m[5])
}

func (c *pdfCanvas) opaque() {
	if a := float64(c.col.A) / 255; a != c.alpha {
		c.doc.SetAlpha(a, "Normal")
		c.alpha = a
	}
}

func (c *pdfCanvas) Stroke(p vg.Path) {
	if c.width <= 0 {
		return
	}
	c.opaque()
	c.doc.SetDrawColor(int(c.col.R), int(c.col.G), int(c.col.B))
	c.doc.SetLineWidth(c.width)
	c.doc.SetDashPattern(c.dash, c.phase)
	c.trace(p)
	c.doc.DrawPath("D")
}

func (c *pdfCanvas) Fill(p vg.Path) {
	c.opaque()
	c.doc.SetFillColor(int(c.col.R), int(c.col.G), int(c.col.B))
	c.trace(p)
	c.doc.DrawPath("F")
}

func (c *pdfCanvas) trace(p vg.Path) {
	var last vg.Point
	for _, x := range p {
		switch x.Type {
		case vg.MoveComp:
			c.doc.MoveTo(c.point(x.Pos))
		case vg.LineComp:
			c.doc.LineTo(c.point(x.Pos))
		case vg.ArcComp:
			const steps = 32
			for i := range steps + 1 {
				sin, cos := math.Sincos(x.Start + x.Angle*float64(i)/steps)
				c.doc.LineTo(c.point(vg.Point{X: x.Pos.X + x.Radius*vg.Length(cos), Y: x.Pos.Y + x.Radius*vg.Length(sin)}))
			}
		case vg.CurveComp:
			a, b := x.Pos, x.Pos
			switch len(x.Control) {
			case 1: // a quadratic curve, raised
				q := x.Control[0]
				a = vg.Point{X: last.X + (q.X-last.X)*2/3, Y: last.Y + (q.Y-last.Y)*2/3}
				b = vg.Point{X: x.Pos.X + (q.X-x.Pos.X)*2/3, Y: x.Pos.Y + (q.Y-x.Pos.Y)*2/3}
			case 2:
				a, b = x.Control[0], x.Control[1]
			}
			ax, ay := c.point(a)
			bx, by := c.point(b)
			ex, ey := c.point(x.Pos)
			c.doc.CurveBezierCubicTo(ax, ay, bx, by, ex, ey)
		case vg.CloseComp:
			c.doc.ClosePath()
		}
		last = x.Pos
	}
}

// FillString writes text as text. The PDF knows no kerning, so a text is made as
// wide as it was measured.
func (c *pdfCanvas) FillString(f font.Face, pt vg.Point, s string) {
	weight := ""
	if f.Font.Weight == xfont.WeightBold {
		weight = "B"
	}
	c.opaque()
	c.doc.SetFont(family, weight, float64(f.Font.Size))
	c.doc.SetTextColor(int(c.col.R), int(c.col.G), int(c.col.B))
	x, y := c.point(pt)
	turn := math.Atan2(c.m[1], c.m[0]) * 180 / math.Pi
	ratio := 1.0
	if natural := c.doc.GetStringWidth(s); natural > 0 {
		ratio = float64(f.Width(s)) / natural
	}
	if math.Abs(turn) < 1e-9 && math.Abs(ratio-1) < 1e-4 {
		c.doc.Text(x, y, s)
		return
	}
	c.doc.TransformBegin()
	if math.Abs(turn) >= 1e-9 {
		c.doc.TransformRotate(turn, x, y)
	}
	c.doc.TransformScaleX(100*ratio, x, y)
	c.doc.Text(x, y, s)
	c.doc.TransformEnd()
}

// DrawImage is there for the interface: drawings are vectors.
func (c *pdfCanvas) DrawImage(vg.Rectangle, image.Image) {}
