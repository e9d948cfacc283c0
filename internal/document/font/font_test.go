package font_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"os"
	"slices"
	"testing"

	"github.com/akashi-id/akashi/internal/document/font"
)

func official(t *testing.T) *font.Font {
	t.Helper()
	f, err := font.OpenFile(font.IPAmj)
	if os.IsNotExist(err) {
		t.Skip("the official font is not installed (Debian: fonts-ipamj-mincho): ", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// TestSelectors: what the font lists has a glyph, two variants have two, and what it does not list has none.
func TestSelectors(t *testing.T) {
	f := official(t)
	if f.Name() != "IPAmjMincho" {
		t.Errorf("its name is %q", f.Name())
	}
	glyph := map[[2]rune]font.GlyphID{}
	for _, c := range []struct {
		base, selector rune
		want           bool
	}{
		{'葛', 0, true}, {'葛', 0xE0102, true}, {'葛', 0xE0103, true}, {'葛', 0xE0100, false}, {'葛', 0xE0101, false},
		{'辻', 0xE0102, true}, {'辻', 0xE0103, true}, {'辻', 0xE0100, false},
		{'邊', 0xE0108, true}, {'邊', 0xE0109, true}, {'邊', 0xE0112, true}, {'邊', 0xE0113, false}, {'邊', 0xE0100, false},
		{'𠮷', 0, true}, {'髙', 0, true}, {'﨑', 0, true}, {' ', 0, true}, {'　', 0, true},
		{'A', 0xE0100, false}, {0x1F600, 0, false}, {0x10FFFF, 0, false}, {0, 0, false},
	} {
		g, found := f.Glyph(c.base, c.selector)
		if found != c.want {
			t.Errorf("%U %U: found %v, want %v", c.base, c.selector, found, c.want)
		}
		glyph[[2]rune{c.base, c.selector}] = g
	}
	if glyph[[2]rune{'葛', 0xE0102}] == glyph[[2]rune{'葛', 0xE0103}] || glyph[[2]rune{'葛', 0xE0103}] != glyph[[2]rune{'葛', 0}] {
		t.Error("the two forms of 葛 are not told apart, or its common form is not that without a selector")
	}
	// As another reader of the same file found them (the lookups of go-text/typesetting).
	if a, b := glyph[[2]rune{'葛', 0xE0102}], glyph[[2]rune{'葛', 0xE0103}]; a != 23477 || b != 23478 {
		t.Errorf("the glyphs of 葛 are %d and %d", a, b)
	}
	if got := f.Advance(glyph[[2]rune{'葛', 0}]); got != 1000 {
		t.Errorf("葛 is %d wide", got)
	}
}

// tables of a font file, by a reader of its own.
func tables(t *testing.T, b []byte) map[string][]byte {
	t.Helper()
	m := map[string][]byte{}
	for i := range int(binary.BigEndian.Uint16(b[4:])) {
		row := b[12+16*i:]
		at, n := binary.BigEndian.Uint32(row[8:]), binary.BigEndian.Uint32(row[12:])
		m[string(row[:4])] = b[at : at+n]
	}
	return m
}

// TestSubset: a composite brings its parts along under their new numbers, one shape can stand twice, and the file adds up.
func TestSubset(t *testing.T) {
	// None of our fonts has composites today, and the specification has them: 永 becomes one of 木 and 口, with instructions.
	whole, err := os.ReadFile("builtin/mplus-1p-regular.ttf")
	if err != nil {
		t.Fatal(err)
	}
	f, err := font.Open(bytes.NewReader(whole), int64(len(whole)))
	if err != nil {
		t.Fatal(err)
	}
	composite, _ := f.Glyph('永', 0)
	plain, _ := f.Glyph('田', 0)
	wood, _ := f.Glyph('木', 0)
	mouth, _ := f.Glyph('口', 0)
	made := []byte{0xFF, 0xFF, 0, 0, 0, 0, 0, 0, 0, 0}
	for i, part := range []font.GlyphID{wood, mouth} {
		flags := []uint16{0x0021, 0x0102}[i] // words as arguments and more to come; instructions
		made = binary.BigEndian.AppendUint16(made, flags)
		made = binary.BigEndian.AppendUint16(made, uint16(part))
		made = append(made, make([]byte, 4-2*i)...)
	}
	made = append(made, 0, 2, 0x4F, 0x4F) // two octets of instructions
	copy(whole[f.Place(composite):], made)
	b, err := f.Subset([]font.GlyphID{0, composite, plain, composite})
	if err != nil {
		t.Fatal(err)
	}
	m := tables(t, b)
	glyphs := int(binary.BigEndian.Uint16(m["maxp"][4:]))
	outline := func(i int) []byte {
		return m["glyf"][binary.BigEndian.Uint32(m["loca"][4*i:]):binary.BigEndian.Uint32(m["loca"][4*i+4:])]
	}
	if len(m["loca"]) != 4*(glyphs+1) || len(m["hmtx"]) != 4*glyphs || binary.BigEndian.Uint16(m["hhea"][34:]) != uint16(glyphs) {
		t.Fatalf("%d glyphs do not go with the other tables", glyphs)
	}
	// Its parts stand behind what was asked for, and it has lost its instructions.
	if got, want := outline(1), append(slices.Concat(made[:10], []byte{0, 0x21, 0, 4}, made[14:18], []byte{0, 2, 0, 5}, made[22:24]), 0, 0)[:24]; !bytes.Equal(got, want) {
		t.Errorf("the composite is %x, want %x", got, want)
	}
	if glyphs != 6 || len(outline(4)) == 0 || len(outline(5)) == 0 || bytes.Equal(outline(4), outline(5)) {
		t.Errorf("of %d glyphs the parts are not the last two", glyphs)
	}
	if !bytes.Equal(outline(1), outline(3)) || bytes.Equal(outline(1), outline(2)) {
		t.Error("a glyph that was asked for twice is not there twice")
	}
	var sum uint32
	for i := 0; i < len(b); i += 4 {
		sum += binary.BigEndian.Uint32(b[i:])
	}
	if sum != 0xB1B0AFBA {
		t.Errorf("the file adds up to %#x", sum)
	}
	if _, err := f.Subset([]font.GlyphID{0xFFFF}); err == nil {
		t.Error("a glyph that the font does not have was taken")
	}
}

func TestOpenRefuses(t *testing.T) {
	whole, err := os.ReadFile("builtin/mplus-1p-regular.ttf")
	if err != nil {
		t.Fatal(err)
	}
	open := func(b []byte) error {
		_, err := font.Open(bytes.NewReader(b), int64(len(b)))
		return err
	}
	renamed := func(tag string) []byte {
		b := bytes.Clone(whole)
		at := bytes.Index(b[:512], []byte(tag))
		copy(b[at:], "none")
		return b
	}
	collection, restricted := bytes.Clone(whole), bytes.Clone(whole)
	copy(collection, "ttcf")
	at := bytes.Index(restricted[:512], []byte("OS/2"))
	os2 := binary.BigEndian.Uint32(restricted[at+8:])
	binary.BigEndian.PutUint16(restricted[os2+8:], 0x0002)
	for name, b := range map[string][]byte{
		"nothing": nil, "text": []byte("no font, but text that is long enough"), "half": whole[:len(whole)/2], "a collection": collection, "not to be embedded": restricted,
		"no cmap": renamed("cmap"), "no glyf": renamed("glyf"), "no loca": renamed("loca"),
	} {
		if open(b) == nil {
			t.Errorf("%s was opened as a font", name)
		}
	}
	if err := open(whole); err != nil {
		t.Error(err)
	}
}

// patched is a file of which some octets are others.
type patched struct {
	whole []byte
	at    int
	value []byte
}

func (p patched) ReadAt(b []byte, off int64) (int, error) {
	n, err := bytes.NewReader(p.whole).ReadAt(b, off)
	for i, v := range p.value {
		if at := int64(p.at+i) - off; at >= 0 && at < int64(n) {
			b[at] = v
		}
	}
	return n, err
}

// FuzzOpen: whatever stands in a font file, it is refused or read, and nothing else happens.
func FuzzOpen(f *testing.F) {
	whole, err := os.ReadFile("builtin/mplus-1p-regular.ttf")
	if err != nil {
		f.Fatal(err)
	}
	at := func(tag string) uint32 {
		i := bytes.Index(whole[:512], []byte(tag))
		return binary.BigEndian.Uint32(whole[i+8:])
	}
	for _, tag := range []string{"cmap", "glyf", "head", "hhea", "hmtx", "loca", "maxp", "name"} {
		for off := range uint32(4) {
			f.Add(at(tag)+9*off, []byte{0xFF, 0xFF, 0xFF, 0xFF})
		}
	}
	f.Add(uint32(4), []byte{0, 99})
	f.Add(uint32(20), []byte{0xFF, 0xFF, 0xFF, 0xFF})
	f.Fuzz(func(t *testing.T, at uint32, value []byte) {
		if len(value) > 1024 {
			return
		}
		opened, err := font.Open(io.ReaderAt(patched{whole, int(at) % len(whole), value}), int64(len(whole)))
		if err != nil {
			return
		}
		glyphs := []font.GlyphID{0}
		for _, r := range "Á永𠮷 葛" {
			for _, selector := range []rune{0, 0xFE00, 0xE0100} {
				if g, found := opened.Glyph(r, selector); found {
					opened.Advance(g)
					glyphs = append(glyphs, g)
				}
			}
		}
		opened.Subset(glyphs)
	})
}
