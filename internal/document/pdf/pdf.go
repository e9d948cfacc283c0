// Package pdf writes documents as PDF 1.7 (文書ファイル), with the parts that PDF/A-2b asks for: embedded fonts, XMP metadata, an output intent.
//
// The same calls make the same bytes, on every machine and with every version of the compiler. Therefore nothing in the file
// depends on a clock, on chance or on the order of a map; places are whole numbers of hundredths of a millimetre, which one matrix at the
// head of each page turns into points; and streams are not compressed, because what a compressor writes changes from release to
// release. A page of form and its glyphs is some tens of kilobytes.
//
// Each character is drawn by a code of its own, which ToUnicode maps back to exactly that character with its variation selector; two
// characters that look the same have two codes. So what is read back from the file is what was set.
//
// A signature has its place in the file, filled with zeros; internal/document/pades signs it.
//
// ISO 32000-1:2008 (PDF 1.7), ISO 19005-2 (PDF/A-2).
package pdf

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"time"

	"github.com/akashi-id/akashi/internal/document/font"
	"github.com/akashi-id/akashi/internal/document/mm"
	"github.com/akashi-id/akashi/internal/document/typeset"
)

// Info is what a file says of itself.
type Info struct {
	Title  string
	Author string // who issues the document
	Made   time.Time
}

// Document is a file being made. It is for one goroutine.
type Document struct {
	info   Info
	fonts  []*used // as the fonts that were given; nil until used
	given  []*font.Font
	pages  []*Page
	images []*Image
}

// used is a font with the characters that the document draws in it.
type used struct {
	codes  map[character]uint16
	glyphs []font.GlyphID // by code
	texts  []string       // by code
}

// character is a glyph as it stands for a text.
type character struct {
	glyph font.GlyphID
	text  string
}

// New begins a document that is set in these fonts.
func New(info Info, fonts []*font.Font) *Document {
	return &Document{info: info, given: fonts, fonts: make([]*used, len(fonts))}
}

// code is the code of a glyph in its font; 0 is the glyph for what is missing, and never given out.
func (d *Document) code(g typeset.Glyph) uint16 {
	u := d.fonts[g.Font]
	if u == nil {
		u = &used{codes: map[character]uint16{}, glyphs: []font.GlyphID{0}, texts: []string{""}}
		d.fonts[g.Font] = u
	}
	c := character{g.ID, g.Text}
	n, known := u.codes[c]
	if !known {
		n = uint16(len(u.glyphs))
		u.codes[c] = n
		u.glyphs, u.texts = append(u.glyphs, g.ID), append(u.texts, g.Text)
	}
	return n
}

// Ink is a colour.
type Ink uint8

// The inks of documents.
const (
	Black Ink = iota
	Grey      // of the mark over a specimen
	Vermilion
	White
)

// fill are the operators that choose an ink for areas and letters; strokes are always black.
var fill = [...]string{Black: "0 g\n", Grey: "0.75 g\n", Vermilion: "0.78 0.16 0.11 rg\n", White: "1 g\n"}

// Page is a sheet of A4.
type Page struct {
	d *Document
	b []byte
}

// Page adds a page.
func (d *Document) Page() *Page {
	p := &Page{d: d, b: make([]byte, 0, 8<<10)}
	d.pages = append(d.pages, p)
	return p
}

func (p *Page) numbers(ns ...mm.Length) {
	for _, n := range ns {
		p.b = append(strconv.AppendInt(p.b, int64(n), 10), ' ')
	}
}

func (p *Page) op(s string) { p.b = append(p.b, s...) }

// up turns a place counted from above into one counted from below.
func up(y mm.Length) mm.Length { return mm.A4Height - y }

// Text draws one line; y is the line on which the letters stand.
func (p *Page) Text(x, y, size mm.Length, ink Ink, line []typeset.Glyph) {
	if len(line) == 0 {
		return
	}
	p.op("BT ")
	p.op(fill[ink])
	p.show(x, y, size, line)
	p.op("ET\n")
}

// show draws a line within a text object. What changes the font within the line begins a new string where the last one ended.
func (p *Page) show(x, y, size mm.Length, line []typeset.Glyph) {
	p.op("1 0 0 1 ")
	p.numbers(x, up(y))
	p.op("Tm\n")
	for i := 0; i < len(line); {
		f := line[i].Font
		p.op("/F" + strconv.Itoa(f) + " ")
		p.numbers(size)
		p.op("Tf <")
		for ; i < len(line) && line[i].Font == f; i++ {
			code := p.d.code(line[i])
			p.b = hex.AppendEncode(p.b, []byte{byte(code >> 8), byte(code)})
		}
		p.op("> Tj\n")
	}
}

// Rule draws a line.
func (p *Page) Rule(x1, y1, x2, y2, weight mm.Length) {
	p.numbers(weight)
	p.op("w ")
	p.numbers(x1, up(y1))
	p.op("m ")
	p.numbers(x2, up(y2))
	p.op("l S\n")
}

// Box draws the edges of a rectangle.
func (p *Page) Box(r mm.Rect, weight mm.Length) {
	p.numbers(weight)
	p.op("w ")
	p.numbers(r.X, up(r.Y+r.H), r.W, r.H)
	p.op("re S\n")
}

// Draw draws a picture.
func (p *Page) Draw(i *Image, r mm.Rect, ink Ink) {
	n := -1
	for k, known := range p.d.images {
		if known.Digest() == i.Digest() {
			n = k
		}
	}
	if n < 0 {
		n = len(p.d.images)
		p.d.images = append(p.d.images, i)
	}
	p.op("q ")
	p.op(fill[ink])
	p.numbers(r.W)
	p.op("0 0 ")
	p.numbers(r.H, r.X, up(r.Y+r.H))
	p.op("cm /I" + strconv.Itoa(n) + " Do Q\n")
}

// Image is a black and white picture: rows of bits from the upper left corner, each row in whole octets, 1 for ink.
type Image struct {
	Width, Height int
	Bits          []byte
}

// Digest is the SHA-256 over width, height and bits.
func (i *Image) Digest() [sha256.Size]byte {
	return sha256.Sum256(append(fmt.Appendf(nil, "%d %d\n", i.Width, i.Height), i.Bits...))
}

// Specimen begins and ends what stands over a page that is only a sample (見本).
func (p *Page) Specimen(draw func()) { p.marked("Specimen", draw) }

// marked draws a marked-content sequence (ISO 32000-1, 14.6), by which a reader tells the ground of a page from its text.
func (p *Page) marked(tag string, draw func()) {
	p.op("/" + tag + " BMC\n")
	draw()
	p.op("EMC\n")
}
