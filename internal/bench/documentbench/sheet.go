package documentbench

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"slices"

	"github.com/akashi-id/akashi/internal/bench/documentbench/order"
	"github.com/akashi-id/akashi/internal/document"
	"github.com/akashi-id/akashi/internal/document/font"
	"github.com/akashi-id/akashi/internal/document/mm"
	"github.com/akashi-id/akashi/internal/document/readback"
	"github.com/akashi-id/akashi/internal/document/template"
	"github.com/akashi-id/akashi/internal/imprint"
)

func millimetres(l mm.Length) float64 { return float64(l) / float64(mm.Millimetre) }

// sheetOf is what a finished document shows, for others to print: texts and where they stand as they are read back from the file, boxes and
// pictures as the form has them.
func sheetOf(file []byte, p document.Paper) (s order.Sheet, err error) {
	shown, err := readback.Read(file)
	if err != nil {
		return s, err
	}
	plan, err := p.Plan()
	if err != nil {
		return s, err
	}
	if len(plan) != len(shown.Pages) {
		return s, fmt.Errorf("a document of %d pages was read back as %d", len(plan), len(shown.Pages))
	}
	for i, page := range shown.Pages {
		to := order.Page{}
		for _, t := range page.Texts {
			if t.Mark == "" { // no part of the ground
				to.Texts = append(to.Texts, order.Text{X: millimetres(t.X), Y: millimetres(t.Y), Size: millimetres(t.Size), Text: t.Text})
			}
		}
		for _, e := range plan[i].Elements {
			if e.Line > 0 {
				to.Rules = append(to.Rules, order.Rule{X: millimetres(e.X), Y: millimetres(e.Y), W: millimetres(e.W), H: millimetres(e.H), Weight: millimetres(e.Line)})
			}
			if e.Image == "" {
				continue
			}
			picture, err := pictureOf(p, e)
			if err != nil {
				return s, err
			}
			to.Pictures = append(to.Pictures, picture)
		}
		s.Pages = append(s.Pages, to)
	}
	return s, nil
}

// pictureOf is a picture of the paper where it stands.
func pictureOf(p document.Paper, e template.Element) (to order.Picture, err error) {
	w, h := 20.0, 20.0 // the code
	ink := color.RGBA{A: 255}
	if e.Vermilion {
		seal := p.Issuer.Seal
		w, h = float64(seal.Width)/float64(imprint.Millimetre), float64(seal.Height)/float64(imprint.Millimetre)
		ink = color.RGBA{199, 41, 28, 255}
	}
	from := p.Picture(e.Image)
	picture := image.NewPaletted(image.Rect(0, 0, from.Width, from.Height), color.Palette{color.White, ink})
	row := (from.Width + 7) / 8
	for y := range from.Height {
		for x := range from.Width {
			picture.Pix[y*picture.Stride+x] = from.Bits[y*row+x/8] >> (7 - x%8) & 1
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, picture); err != nil {
		return to, err
	}
	return order.Picture{X: millimetres(e.X) + (millimetres(e.W)-w)/2, Y: millimetres(e.Y) + (millimetres(e.H)-h)/2, W: w, H: h, PNG: b.Bytes()}, nil
}

// formsOn are the characters with a variation selector that stand on sheets and that the font draws in another shape than without it.
func formsOn(sheets []order.Sheet, f *font.Font) (forms []string) {
	for _, s := range sheets {
		for _, p := range s.Pages {
			for _, t := range p.Texts {
				runes := []rune(t.Text)
				for i := 1; i < len(runes); i++ {
					if !font.Selector(runes[i]) {
						continue
					}
					bare, _ := f.Glyph(runes[i-1], 0)
					with, _ := f.Glyph(runes[i-1], runes[i])
					if form := string(runes[i-1 : i+1]); with != bare && !slices.Contains(forms, form) {
						forms = append(forms, form)
					}
				}
			}
		}
	}
	return forms
}
