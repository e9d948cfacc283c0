package document

import (
	"fmt"

	"github.com/akashi-id/akashi/internal/document/mm"
	"github.com/akashi-id/akashi/internal/document/template"
	"github.com/akashi-id/akashi/internal/document/typeset"
	"github.com/akashi-id/akashi/internal/imprint"
)

// Layout is a page in the fonts of its document: what the drawing writes down, and what the gate wants to read back.
type Layout struct {
	Ground   []typeset.Glyph // the word of the ground
	Clear    []mm.Rect       // where the ground leaves the paper clear
	Specimen []Line          // the mark of a sample
	Elements []Laid          // as in the plan
}

// Laid is an element of the plan in its place.
type Laid struct {
	Lines   []Line  // of its text
	Picture mm.Rect // of its picture
}

// Line is one line of a text: where it begins, with the line on which the letters stand, and how large they are.
type Line struct {
	X, Y, Size mm.Length
	Glyphs     []typeset.Glyph
}

// small is below which size a text that the form would have larger stands on clear paper: a dot of the ground is then as large as a dot of 辻, by which
// one form of it differs from another.
const small = 3 * mm.Millimetre

// Lay lays out a page of the plan. What it refuses is a *plain.Problem, as for Draw.
func (p Paper) Lay(fonts Fonts, page template.Page) (l Layout, err error) {
	if l.Ground, err = typeset.Shape(fonts, "", p.Template.Ground); err != nil {
		return l, err
	}
	if fonts.Specimen() {
		mark, err := typeset.Shape(fonts, "", SpecimenMark)
		if err != nil {
			return l, err
		}
		for _, y := range []mm.Length{110, 210} {
			l.Specimen = append(l.Specimen, Line{45 * mm.Millimetre, y * mm.Millimetre, 60 * mm.Millimetre, mark})
		}
	}
	l.Elements = make([]Laid, len(page.Elements))
	for i, e := range page.Elements {
		if e.Image != "" {
			if l.Elements[i].Picture, err = p.placed(e); err != nil {
				return l, err
			}
			if !e.Vermilion {
				l.Clear = append(l.Clear, mm.Rect{X: e.X + 10, Y: e.Y + 10, W: e.W - 20, H: e.H - 20})
			}
			continue
		}
		if e.Text == "" {
			continue
		}
		set, err := set(fonts, e)
		if err != nil {
			return l, err
		}
		if set.Size < e.Size && set.Size < small {
			l.Clear = append(l.Clear, e.Rect)
		}
		l.Elements[i].Lines = lines(e, set)
	}
	return l, nil
}

// set fits the text of an element into its box.
func set(fonts Fonts, e template.Element) (typeset.Set, error) {
	glyphs, err := typeset.Shape(fonts, e.Field, e.Text)
	if err != nil {
		return typeset.Set{}, err
	}
	const margin = mm.Millimetre * 3 / 10 // above and below, so that no letter touches a rule
	return typeset.Fit(glyphs, e.Field, e.W, e.H-2*margin, e.Size, e.Least)
}

// lines are the lines of a text in the middle of their box.
func lines(e template.Element, set typeset.Set) (list []Line) {
	// The letters of Japanese fonts stand on a line 0.12 of their size above their lower edge.
	y := e.Y + (e.H-set.Height())/2 + set.Size*88/100
	for _, line := range set.Lines {
		x := e.X
		switch free := e.W - typeset.Width(line, set.Size); {
		case free <= 0:
		case e.Align == template.Center:
			x += free / 2
		case e.Align == template.Right:
			x += free
		}
		list = append(list, Line{x, y, set.Size, line})
		y += set.Leading()
	}
	return list
}

// placed is where a picture stands: in its own size in the middle of its box.
func (p Paper) placed(e template.Element) (mm.Rect, error) {
	i, there := p.images[e.Image]
	if !there {
		return mm.Rect{}, fmt.Errorf("document: the form %s wants a picture %q", p.Template.Kind, e.Image)
	}
	size := func(l imprint.Length) mm.Length {
		return mm.Length(l * imprint.Length(mm.Millimetre) / imprint.Millimetre)
	}
	w, h := size(i.width), size(i.height)
	if w > e.W || h > e.H {
		return mm.Rect{}, fmt.Errorf("document: the picture %q (%v × %v mm) is larger than its box", e.Image, w, h)
	}
	return mm.Rect{X: e.X + (e.W-w)/2, Y: e.Y + (e.H-h)/2, W: w, H: h}, nil
}
