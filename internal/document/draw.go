package document

import (
	"crypto"
	"crypto/sha256"
	"errors"
	"io"

	"github.com/akashi-id/akashi/internal/document/font"
	"github.com/akashi-id/akashi/internal/document/font/builtin"
	"github.com/akashi-id/akashi/internal/document/pades"
	"github.com/akashi-id/akashi/internal/document/pdf"
	"github.com/akashi-id/akashi/internal/document/template"
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
	for _, page := range plan {
		if err := p.page(d.Page(), fonts, page); err != nil {
			return pdf.File{}, err
		}
	}
	return d.Finish(pdf.Signature{Name: p.Issuer.Municipality, Room: room})
}

func (p Paper) page(to *pdf.Page, fonts Fonts, page template.Page) error {
	l, err := p.Lay(fonts, page)
	if err != nil {
		return err
	}
	to.Ground(l.Ground, l.Clear)
	if len(l.Specimen) > 0 {
		to.Specimen(func() { draw(to, l.Specimen, pdf.Grey) })
	}
	for i, e := range page.Elements {
		if e.Line > 0 {
			if e.Box() {
				to.Box(e.Rect, e.Line)
			} else {
				to.Rule(e.X, e.Y, e.X+e.W, e.Y+e.H, e.Line)
			}
		}
		if e.Image != "" {
			ink := pdf.Black
			if e.Vermilion {
				ink = pdf.Vermilion
			}
			to.Draw(p.images[e.Image].image, l.Elements[i].Picture, ink)
		}
		draw(to, l.Elements[i].Lines, pdf.Black)
	}
	return nil
}

func draw(to *pdf.Page, lines []Line, ink pdf.Ink) {
	for _, line := range lines {
		to.Text(line.X, line.Y, line.Size, ink, line.Glyphs)
	}
}

// Manifest is what a finished document is to be: what the gate holds a file against.
type Manifest struct {
	Paper
	Fonts    Fonts
	Specimen bool              // the fonts make it a sample
	Signer   [sha256.Size]byte // of the certificate
	Content  [sha256.Size]byte // of everything but the signature
	File     [sha256.Size]byte // of the whole file
}

// Issue draws a paper and signs it with the municipality's key. chain are certificates (DER), the key's own first. random may be nil for a key
// whose signatures need none; the file is then the same each time, and otherwise the same but for its signature.
func (p Paper) Issue(fonts Fonts, key crypto.Signer, chain [][]byte, random io.Reader) ([]byte, Manifest, error) {
	f, err := p.Draw(fonts, pades.Room(chain))
	if err != nil {
		return nil, Manifest{}, err
	}
	m := Manifest{Paper: p, Fonts: fonts, Specimen: fonts.Specimen(), Content: f.ContentDigest()}
	if err := pades.Sign(f.Bytes, f.HoleStart, f.HoleEnd, key, chain, random); err != nil {
		return nil, Manifest{}, err
	}
	m.Signer, m.File = sha256.Sum256(chain[0]), sha256.Sum256(f.Bytes)
	return f.Bytes, m, nil
}
