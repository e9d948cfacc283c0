package document

import (
	"crypto"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"

	"github.com/akashi-id/akashi/internal/document/font"
	"github.com/akashi-id/akashi/internal/document/font/builtin"
	"github.com/akashi-id/akashi/internal/document/mm"
	"github.com/akashi-id/akashi/internal/document/pades"
	"github.com/akashi-id/akashi/internal/document/pdf"
	"github.com/akashi-id/akashi/internal/document/template"
	"github.com/akashi-id/akashi/internal/document/typeset"
	"github.com/akashi-id/akashi/internal/imprint"
)

// Fonts are those of a document: a character is drawn in the first that has it.
type Fonts []*font.Font

// Specimen reports whether a document in these fonts is only a sample (見本), because the built-in font is among them.
func (fs Fonts) Specimen() bool {
	for _, f := range fs {
		if f.Digest() == builtin.Font().Digest() {
			return true
		}
	}
	return false
}

// SpecimenMark stands over every page of a sample.
const SpecimenMark = "見本"

// Draw makes the file of a paper, with room for a signature: the same bytes for the same paper and fonts. What it refuses (a text too long
// for its box, a character without a glyph) is a *plain.Problem; nothing is made then.
func (p Paper) Draw(fonts Fonts, room int) (pdf.File, error) {
	if len(fonts) == 0 {
		return pdf.File{}, errors.New("document: there is no font")
	}
	plan, err := p.Plan()
	if err != nil {
		return pdf.File{}, err
	}
	d := pdf.New(pdf.Info{Title: p.Template.Title + " " + p.Request.Number, Author: p.Issuer.Municipality, Made: p.Request.At}, fonts)
	ground, err := typeset.Shape(fonts, "", p.Template.Ground)
	if err != nil {
		return pdf.File{}, err
	}
	for _, page := range plan {
		if err := p.page(d.Page(), fonts, ground, page); err != nil {
			return pdf.File{}, err
		}
	}
	return d.Finish(pdf.Signature{Name: p.Issuer.Municipality, Room: room})
}

// small is below which size a text that the form would have larger stands on clear paper: a dot of the ground is then as large as a dot of 辻, by which
// one form of it differs from another.
const small = 3 * mm.Millimetre

func (p Paper) page(to *pdf.Page, fonts Fonts, ground []typeset.Glyph, page template.Page) error {
	var clear []mm.Rect
	sets := make([]typeset.Set, len(page.Elements))
	for i, e := range page.Elements {
		if e.Image != "" && !e.Vermilion {
			clear = append(clear, mm.Rect{X: e.X + 10, Y: e.Y + 10, W: e.W - 20, H: e.H - 20})
		}
		var err error
		if sets[i], err = set(fonts, e); err != nil {
			return err
		}
		if s := sets[i].Size; s < e.Size && s < small && len(sets[i].Lines) > 0 {
			clear = append(clear, e.Rect)
		}
	}
	to.Ground(ground, clear)
	if fonts.Specimen() {
		if err := specimen(to, fonts); err != nil {
			return err
		}
	}
	for i, e := range page.Elements {
		if err := p.element(to, e, sets[i]); err != nil {
			return err
		}
	}
	return nil
}

// specimen draws the mark over the whole sheet.
func specimen(to *pdf.Page, fonts Fonts) error {
	mark, err := typeset.Shape(fonts, "", SpecimenMark)
	if err != nil {
		return err
	}
	to.Specimen(func() {
		for _, y := range []mm.Length{110, 210} {
			to.Text(45*mm.Millimetre, y*mm.Millimetre, 60*mm.Millimetre, pdf.Grey, mark)
		}
	})
	return nil
}

// set fits the text of an element into its box; the zero value is that of an element without.
func set(fonts Fonts, e template.Element) (typeset.Set, error) {
	if e.Text == "" {
		return typeset.Set{}, nil
	}
	glyphs, err := typeset.Shape(fonts, e.Field, e.Text)
	if err != nil {
		return typeset.Set{}, err
	}
	const margin = mm.Millimetre * 3 / 10 // above and below, so that no letter touches a rule
	return typeset.Fit(glyphs, e.Field, e.W, e.H-2*margin, e.Size, e.Least)
}

func (p Paper) element(to *pdf.Page, e template.Element, set typeset.Set) error {
	if e.Line > 0 {
		if e.W == 0 || e.H == 0 {
			to.Rule(e.X, e.Y, e.X+e.W, e.Y+e.H, e.Line)
		} else {
			to.Box(e.Rect, e.Line)
		}
	}
	if e.Image != "" {
		return p.picture(to, e)
	}
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
		to.Text(x, y, set.Size, pdf.Black, line)
		y += set.Leading()
	}
	return nil
}

// picture draws a picture in its own size in the middle of its box.
func (p Paper) picture(to *pdf.Page, e template.Element) error {
	i, there := p.images[e.Image]
	if !there {
		return fmt.Errorf("document: the form %s wants a picture %q", p.Template.Kind, e.Image)
	}
	size := func(l imprint.Length) mm.Length {
		return mm.Length(l * imprint.Length(mm.Millimetre) / imprint.Millimetre)
	}
	w, h := size(i.width), size(i.height)
	if w > e.W || h > e.H {
		return fmt.Errorf("document: the picture %q (%v × %v mm) is larger than its box", e.Image, w, h)
	}
	ink := pdf.Black
	if e.Vermilion {
		ink = pdf.Vermilion
	}
	to.Draw(i.image, mm.Rect{X: e.X + (e.W-w)/2, Y: e.Y + (e.H-h)/2, W: w, H: h}, ink)
	return nil
}

// Manifest is what a finished document is to be: what the gate holds a file against.
type Manifest struct {
	Paper
	Fonts    []FontMark
	Specimen bool              // the fonts make it a sample
	Signer   [sha256.Size]byte // of the certificate
	Content  [sha256.Size]byte // of everything but the signature
	File     [sha256.Size]byte // of the whole file
}

// FontMark tells a font from others.
type FontMark struct {
	Name   string
	Digest [sha256.Size]byte
}

// Issue draws a paper and signs it with the municipality's key. chain are certificates (DER), the key's own first. random may be nil for a key
// whose signatures need none; the file is then the same each time, and otherwise the same but for its signature.
func (p Paper) Issue(fonts Fonts, key crypto.Signer, chain [][]byte, random io.Reader) ([]byte, Manifest, error) {
	f, err := p.Draw(fonts, pades.Room(chain))
	if err != nil {
		return nil, Manifest{}, err
	}
	m := Manifest{Paper: p, Specimen: fonts.Specimen(), Content: f.ContentDigest()}
	for _, f := range fonts {
		m.Fonts = append(m.Fonts, FontMark{f.Name(), f.Digest()})
	}
	if err := pades.Sign(f.Bytes, f.HoleStart, f.HoleEnd, key, chain, random); err != nil {
		return nil, Manifest{}, err
	}
	m.Signer, m.File = sha256.Sum256(chain[0]), sha256.Sum256(f.Bytes)
	return f.Bytes, m, nil
}
