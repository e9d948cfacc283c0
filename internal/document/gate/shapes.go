package gate

import (
	"bytes"
	"unicode/utf8"

	"github.com/akashi-id/akashi/internal/document"
	"github.com/akashi-id/akashi/internal/document/font"
	"github.com/akashi-id/akashi/internal/document/readback"
)

// shapes judges whether what a file draws for each character is the shape that the gate's own fonts have for it, with its variation selector. All else
// knows characters only by what the file says that its codes stand for; a file that says 葛󠄃 and draws 葛󠄂, or says 1 and draws 4, is found here.
//
// It makes the part of each font again, from the characters that the file names, and wants the same octets.
func (c *check) shapes(d readback.Document) {
	for _, embedded := range d.Fonts {
		if !sameShapes(embedded, c.Fonts) {
			c.find(Shape, 0, "", "文字の字形が、書体にあるものと異なります。", "A character is not drawn in the shape that the font has for it.")
			return
		}
	}
}

// sameShapes makes the part of a font again.
func sameShapes(embedded readback.Font, fonts document.Fonts) bool {
	var of *font.Font
	glyphs := []font.GlyphID{0}
	for _, text := range embedded.Texts {
		base, size := utf8.DecodeRuneInString(text)
		selector, rest := rune(0), text[size:]
		if rest != "" {
			if selector, size = utf8.DecodeRuneInString(rest); size != len(rest) || !font.Selector(selector) {
				return false
			}
		}
		first, glyph := firstWith(fonts, base, selector)
		if first == nil || first.Name() != embedded.Name || of != nil && of != first {
			return false
		}
		of = first
		glyphs = append(glyphs, glyph)
	}
	if of == nil || len(embedded.Widths) != len(glyphs) {
		return false
	}
	for i, g := range glyphs {
		if embedded.Widths[i] != of.Advance(g) {
			return false
		}
	}
	program, err := of.Subset(glyphs)
	return err == nil && bytes.Equal(program, embedded.Program)
}

func firstWith(fonts document.Fonts, base, selector rune) (*font.Font, font.GlyphID) {
	for _, f := range fonts {
		if g, found := f.Glyph(base, selector); found {
			return f, g
		}
	}
	return nil, 0
}
