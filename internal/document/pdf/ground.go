package pdf

import (
	"bytes"

	"github.com/akashi-id/akashi/internal/document/font"
	"github.com/akashi-id/akashi/internal/document/mm"
	"github.com/akashi-id/akashi/internal/document/typeset"
)

// The ground (地紋) of a page is dots over the whole sheet: small ones, and larger ones where the warning word (けん制文字) stands, of the same
// tone. The eye sees an even grey; a copier loses the small dots and keeps the large ones, and the word comes out.
//
// Dots are squares on a raster of 600 to the inch: 2 by 2 of every 8 by 8 (0.085 mm), and 4 by 4 of every 16 by 16 (0.17 mm), each a sixteenth of the
// area.
var (
	smallDots = dots(2, 8)
	largeDots = dots(4, 16)
)

const dotTile = 32 // both rasters begin anew at its edges

// Places of the warning word, as parts of the sheet in hundredths.
var warnings = [][2]mm.Length{{8, 20}, {52, 30}, {8, 44}, {52, 54}, {8, 68}, {52, 78}, {8, 92}}

const warningSize = 26 * mm.Millimetre

// bold are the places at which the word is drawn, one over the other: the level strokes of a Mincho letter of this size are thinner than the large
// dots are apart, and would come out as one row of dots or as none.
var bold = [][2]mm.Length{{0, 0}, {-25, -35}, {25, 35}}

// GroundOf is the ground of a page as it is written in a file, for whoever judges one: what Ground draws on each page before anything else, and the tiles
// of the patterns by their names.
func GroundOf(fonts []*font.Font, word []typeset.Glyph, clear []mm.Rect) (content []byte, tiles map[string][]byte) {
	p := New(Info{}, fonts).Page()
	p.Ground(word, clear)
	return bytes.TrimSuffix(p.b, []byte("\n")), map[string][]byte{"P0": []byte(smallDots), "P1": []byte(largeDots)}
}

// Ground draws the ground with a warning word, before anything else is drawn. It leaves the areas free that are to stay clear, because what stands there
// is compared or scanned.
func (p *Page) Ground(word []typeset.Glyph, clear []mm.Rect) {
	all := func() {
		p.op("/Pattern cs ")
	}
	area := func() {
		p.numbers(0, 0, mm.A4Width, mm.A4Height)
		p.op("re f\n")
	}
	words := func() {
		for _, w := range warnings {
			for _, b := range bold {
				p.show(w[0]*mm.A4Width/100+b[0], w[1]*mm.A4Height/100+b[1], warningSize, word)
			}
		}
	}
	p.marked("Ground", func() {
		p.op("q ")
		all()
		p.op("/P0 scn ")
		area()
		p.op("Q\nq BT 1 g\n")
		words()
		p.op("ET Q\nq BT 7 Tr\n")
		words()
		p.op("ET ")
		all()
		p.op("/P1 scn ")
		area()
		p.op("Q\n")
		for _, r := range clear {
			p.op(fill[White])
			p.numbers(r.X, up(r.Y+r.H), r.W, r.H)
			p.op("re f\n")
		}
	})
}

// dots are the squares of a tile.
func dots(side, pitch int) string {
	var p Page
	p.op("0 g\n")
	for y := 0; y < dotTile; y += pitch {
		for x := 0; x < dotTile; x += pitch {
			p.numbers(mm.Length(x), mm.Length(y), mm.Length(side), mm.Length(side))
			p.op("re\n")
		}
	}
	p.op("f\n")
	return string(p.b)
}
