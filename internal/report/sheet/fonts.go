package sheet

import (
	"strings"
	"sync"
	"unicode"

	"codeberg.org/go-fonts/liberation/liberationsansbold"
	"codeberg.org/go-fonts/liberation/liberationsansregular"
	xfont "golang.org/x/image/font"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/font/sfnt"
	"gonum.org/v1/plot/font"
)

// lettering is the two faces that everything is written in.
type lettering struct {
	cache         *font.Cache
	regular, bold *opentype.Font
}

var letters = sync.OnceValues(func() (*lettering, error) {
	l := &lettering{}
	var collection font.Collection
	for _, x := range []struct {
		to     **opentype.Font
		data   []byte
		weight xfont.Weight
	}{{&l.regular, liberationsansregular.TTF, xfont.WeightNormal}, {&l.bold, liberationsansbold.TTF, xfont.WeightBold}} {
		parsed, err := opentype.Parse(x.data)
		if err != nil {
			return nil, err
		}
		*x.to = parsed
		collection = append(collection, font.Face{Font: font.Font{Typeface: "Liberation", Variant: "Sans", Weight: x.weight}, Face: parsed})
	}
	l.cache = font.NewCache(collection)
	return l, nil
})

func (l *lettering) face(st style) font.Face {
	f := font.Font{Typeface: "Liberation", Variant: "Sans"}
	if st.bold {
		f.Weight = xfont.WeightBold
	}
	return l.cache.Lookup(f, font.Length(st.size))
}

// tame keeps a text to one line of printable characters.
func tame(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r) || r == unicode.ReplacementChar:
			return -1
		}
		return r
	}, s)
}

// shown marks what the faces have no sign for, so that nobody reads an empty box
// as a letter.
func (l *lettering) shown(s string, bold bool) string { return l.replaced(s, bold, '?') }

func (l *lettering) replaced(s string, bold bool, by rune) string {
	f := l.regular
	if bold {
		f = l.bold
	}
	var b sfnt.Buffer
	return strings.Map(func(r rune) rune {
		if i, err := f.GlyphIndex(&b, r); err != nil || i == 0 {
			return by
		}
		return r
	}, s)
}
