// Package font reads a TrueType font (書体) as far as a document needs it: which glyph stands for a character with its variation
// selector (異体字, IVS), how wide it is, and a font file with just the glyphs that a document uses.
//
// A name on paper is right only when each of its characters has the shape that the register holds. So a character that the font lacks, and
// a variation selector that its cmap (format 14) lacks for that character, have no glyph here; nobody is given the shape without the
// selector instead, as most programs do. Nor has a character a glyph that would draw nothing.
//
// Only the tables of places, widths and characters are kept in memory, about a megabyte of the 46 of IPAmj Mincho; outlines are read from
// the file when a document needs them. The file stays open: a font that is installed anew later is not met before the next start, and its digest
// tells it from the old one.
//
// It refuses what is no TrueType (OpenType with CFF outlines, collections), a font without a cmap of format 12, and one whose maker forbids
// embedding (fsType).
//
// Specification: OpenType 1.9, chapters cmap, glyf, head, hhea, hmtx, loca, maxp, name, OS/2.
package font

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"unicode/utf16"
)

// GlyphID numbers a glyph within a font. 0 is the glyph for what is missing, and never a character's.
type GlyphID uint16

// Font is an opened font. Its methods may run concurrently.
type Font struct {
	src    io.ReaderAt
	closer io.Closer

	name            string
	digest          [sha256.Size]byte
	unitsPerEm      int
	box             [4]int // of all glyphs: left, bottom, right, top
	ascent, descent int
	glyphs          int
	outlines        table // glyf
	outlinesLong    bool
	loca            []byte
	hmtx            []byte
	widths          int // how many glyphs state a width; the others have that of the last
	head, hhea      []byte
	maxp            []byte
	characters      []byte // cmap, format 12: its groups
	sequences       []byte // cmap, format 14
}

// table is where a table lies in the file.
type table struct{ at, length int64 }

// IPAmj is where Debian's package fonts-ipamj-mincho puts the official font, IPAmj Mincho.
const IPAmj = "/usr/share/fonts/truetype/ipamj/ipamjm.ttf"

const (
	mostTables = 64
	mostTable  = 64 << 20 // of those that are kept in memory
	mostGlyph  = 1 << 20  // octets of one outline
)

// OpenFile opens a font file, and keeps it open until Close.
func OpenFile(path string) (*Font, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("couldn't open the font: %w", err)
	}
	info, err := file.Stat()
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("couldn't open the font: %w", err)
	}
	f, err := Open(file, info.Size())
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("the font %s: %w", path, err)
	}
	f.closer = file
	return f, nil
}

// Close closes the file of OpenFile. Documents that are being made with the font fail.
func (f *Font) Close() error {
	if f.closer == nil {
		return nil
	}
	return f.closer.Close()
}

// Open reads a font, which must not change while it is used.
func Open(src io.ReaderAt, size int64) (*Font, error) {
	f := &Font{src: src}
	sum := sha256.New()
	if _, err := io.Copy(sum, io.NewSectionReader(src, 0, size)); err != nil {
		return nil, err
	}
	sum.Sum(f.digest[:0])
	tables, err := directory(src, size)
	if err != nil {
		return nil, err
	}
	for _, t := range []struct {
		tag   string
		to    *[]byte
		least int64
	}{{"head", &f.head, 54}, {"hhea", &f.hhea, 36}, {"maxp", &f.maxp, 32}, {"loca", &f.loca, 4}, {"hmtx", &f.hmtx, 4}} {
		if *t.to, err = load(src, tables, t.tag, t.least); err != nil {
			return nil, err
		}
	}
	if err := f.measures(); err != nil {
		return nil, err
	}
	f.outlines = tables["glyf"]
	if f.outlines.length == 0 {
		return nil, errors.New("it has no TrueType outlines (table glyf)")
	}
	if os2, err := load(src, tables, "OS/2", 10); err == nil {
		// OS/2 fsType: 0x0002 restricted licence embedding, 0x0100 no subsetting.
		if fsType := binary.BigEndian.Uint16(os2[8:]); fsType&0x000F == 0x0002 || fsType&0x0100 != 0 {
			return nil, errors.New("its maker forbids to embed it, or a part of it, in documents (fsType)")
		}
	}
	cmap, err := load(src, tables, "cmap", 4)
	if err != nil {
		return nil, err
	}
	if f.characters, f.sequences, err = subtables(cmap); err != nil {
		return nil, err
	}
	names, _ := load(src, tables, "name", 6)
	f.name = postScriptName(names)
	return f, nil
}

// directory reads where the tables lie.
func directory(src io.ReaderAt, size int64) (map[string]table, error) {
	var start [12]byte
	if _, err := src.ReadAt(start[:], 0); err != nil {
		return nil, errors.New("it is no font file")
	}
	switch version := binary.BigEndian.Uint32(start[:]); version {
	case 0x00010000, 0x74727565: // 1.0, "true"
	case 0x4F54544F, 0x74746366: // "OTTO", "ttcf"
		return nil, errors.New("it has CFF outlines or is a collection; a TrueType font (.ttf) is wanted")
	default:
		return nil, errors.New("it is no font file")
	}
	n := int(binary.BigEndian.Uint16(start[4:]))
	if n == 0 || n > mostTables {
		return nil, fmt.Errorf("it says that it has %d tables", n)
	}
	rows := make([]byte, 16*n)
	if _, err := src.ReadAt(rows, 12); err != nil {
		return nil, errors.New("its table of contents is cut off")
	}
	tables := make(map[string]table, n)
	for ; len(rows) > 0; rows = rows[16:] {
		t := table{int64(binary.BigEndian.Uint32(rows[8:])), int64(binary.BigEndian.Uint32(rows[12:]))}
		if t.at+t.length > size {
			return nil, fmt.Errorf("its table %q is cut off", rows[:4])
		}
		tables[string(rows[:4])] = t
	}
	return tables, nil
}

func load(src io.ReaderAt, tables map[string]table, tag string, least int64) ([]byte, error) {
	t, there := tables[tag]
	if !there || t.length < least || t.length > mostTable {
		return nil, fmt.Errorf("its table %q is missing or has %d octets", tag, t.length)
	}
	b := make([]byte, t.length)
	if _, err := src.ReadAt(b, t.at); err != nil {
		return nil, fmt.Errorf("its table %q cannot be read", tag)
	}
	return b, nil
}

// measures takes from the small tables what is asked often, and holds them to each other.
func (f *Font) measures() error {
	f.unitsPerEm = int(binary.BigEndian.Uint16(f.head[18:]))
	if f.unitsPerEm < 16 || f.unitsPerEm > 16384 {
		return fmt.Errorf("it says that an em has %d units", f.unitsPerEm)
	}
	for i := range f.box {
		f.box[i] = int(int16(binary.BigEndian.Uint16(f.head[36+2*i:])))
	}
	f.outlinesLong = binary.BigEndian.Uint16(f.head[50:]) == 1
	f.ascent = int(int16(binary.BigEndian.Uint16(f.hhea[4:])))
	f.descent = int(int16(binary.BigEndian.Uint16(f.hhea[6:])))
	f.widths = int(binary.BigEndian.Uint16(f.hhea[34:]))
	f.glyphs = int(binary.BigEndian.Uint16(f.maxp[4:]))
	places := 2
	if f.outlinesLong {
		places = 4
	}
	if f.glyphs == 0 || len(f.loca) < places*(f.glyphs+1) {
		return errors.New("it does not say where the outlines of all glyphs lie (table loca)")
	}
	if f.widths == 0 || f.widths > f.glyphs || len(f.hmtx) < 4*f.widths+2*(f.glyphs-f.widths) {
		return errors.New("it does not state the widths of all glyphs (table hmtx)")
	}
	return nil
}

// Name is the PostScript name, e.g. IPAmjMincho.
func (f *Font) Name() string { return f.name }

// Digest is the SHA-256 of the whole file.
func (f *Font) Digest() [sha256.Size]byte { return f.digest }

// Em converts units of the font to thousandths of an em, to the nearest.
func (f *Font) Em(units int) int {
	n := 2000*units + f.unitsPerEm
	if n < 0 { // to the nearest below zero too
		return -((-2000*units + f.unitsPerEm) / (2 * f.unitsPerEm))
	}
	return n / (2 * f.unitsPerEm)
}

// Box encloses all glyphs: left, bottom, right and top in thousandths of an em.
func (f *Font) Box() (b [4]int) {
	for i, v := range f.box {
		b[i] = f.Em(v)
	}
	return b
}

// Ascent and Descent are the heights over and (negative) below the line, in thousandths of an em.
func (f *Font) Ascent() int  { return f.Em(f.ascent) }
func (f *Font) Descent() int { return f.Em(f.descent) }

// Advance is how wide a glyph is, in thousandths of an em.
func (f *Font) Advance(g GlyphID) int {
	advance, _ := f.metric(g)
	return f.Em(int(advance))
}

// metric gives width and left bearing as the font states them.
func (f *Font) metric(g GlyphID) (advance uint16, bearing [2]byte) {
	i := min(int(g), f.widths-1)
	advance = binary.BigEndian.Uint16(f.hmtx[4*i:])
	at := 4*int(g) + 2
	if int(g) >= f.widths {
		at = 4*f.widths + 2*(int(g)-f.widths)
	}
	if at+2 <= len(f.hmtx) {
		copy(bearing[:], f.hmtx[at:])
	}
	return advance, bearing
}

// place says where the outline of a glyph lies; it is empty for a glyph that draws nothing.
func (f *Font) place(g GlyphID) (table, error) {
	var from, to int64
	if f.outlinesLong {
		from, to = int64(binary.BigEndian.Uint32(f.loca[4*int(g):])), int64(binary.BigEndian.Uint32(f.loca[4*int(g)+4:]))
	} else {
		from, to = 2*int64(binary.BigEndian.Uint16(f.loca[2*int(g):])), 2*int64(binary.BigEndian.Uint16(f.loca[2*int(g)+2:]))
	}
	if from > to || to > f.outlines.length || to-from > mostGlyph {
		return table{}, fmt.Errorf("the outline of glyph %d is cut off", g)
	}
	return table{f.outlines.at + from, to - from}, nil
}

// outline reads the outline of a glyph.
func (f *Font) outline(g GlyphID) ([]byte, error) {
	if int(g) >= f.glyphs {
		return nil, fmt.Errorf("the font has no glyph %d", g)
	}
	t, err := f.place(g)
	if err != nil || t.length == 0 {
		return nil, err
	}
	b := make([]byte, t.length)
	if _, err := f.src.ReadAt(b, t.at); err != nil {
		return nil, fmt.Errorf("couldn't read the outline of glyph %d: %w", g, err)
	}
	return b, nil
}

// postScriptName finds name 6 of the font, and keeps of it what a PDF name may hold.
func postScriptName(names []byte) string {
	const unnamed = "Unnamed"
	if len(names) < 6 {
		return unnamed
	}
	n, texts := int(binary.BigEndian.Uint16(names[2:])), int(binary.BigEndian.Uint16(names[4:]))
	for i := range n {
		at := 6 + 12*i
		if at+12 > len(names) {
			break
		}
		platform, id := binary.BigEndian.Uint16(names[at:]), binary.BigEndian.Uint16(names[at+6:])
		from := texts + int(binary.BigEndian.Uint16(names[at+10:]))
		to := from + int(binary.BigEndian.Uint16(names[at+8:]))
		if id != 6 || to > len(names) {
			continue
		}
		text := names[from:to]
		if platform != 1 { // all but Macintosh: UTF-16
			var units []uint16
			for ; len(text) > 1; text = text[2:] {
				units = append(units, binary.BigEndian.Uint16(text))
			}
			text = []byte(string(utf16.Decode(units)))
		}
		text = bytes.Map(func(r rune) rune {
			if r == '-' || r == '_' || '0' <= r && r <= '9' || 'A' <= r && r <= 'Z' || 'a' <= r && r <= 'z' {
				return r
			}
			return -1
		}, text)
		if len(text) > 0 && len(text) <= 63 {
			return string(text)
		}
	}
	return unnamed
}
