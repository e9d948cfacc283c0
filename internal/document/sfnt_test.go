package document_test

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// sfnt reads of a TrueType font what the tests of difficult names ask: which characters and sequences it has, and where the ink of a glyph
// lies. It shares nothing with internal/document/font, so that it is a second opinion of the official font and of the parts of it in documents.
type sfnt struct {
	tables     map[string][]byte
	unitsPerEm int
}

func readFont(b []byte) (f sfnt, err error) {
	defer func() { // a cut off table ends in an index out of range; here it is a fault of the font and not of the test
		if r := recover(); r != nil {
			err = fmt.Errorf("the font cannot be read: %v", r)
		}
	}()
	f.tables = map[string][]byte{}
	for i := range int(binary.BigEndian.Uint16(b[4:])) {
		row := b[12+16*i:]
		at, n := binary.BigEndian.Uint32(row[8:]), binary.BigEndian.Uint32(row[12:])
		f.tables[string(row[:4])] = b[at : at+n]
	}
	f.unitsPerEm = int(binary.BigEndian.Uint16(f.tables["head"][18:]))
	if f.unitsPerEm == 0 || len(f.tables["loca"]) == 0 || len(f.tables["glyf"]) == 0 {
		return f, errors.New("the font has no outlines")
	}
	return f, nil
}

// outline is what a glyph is drawn by.
func (f sfnt) outline(glyph int) []byte {
	loca, glyf := f.tables["loca"], f.tables["glyf"]
	if binary.BigEndian.Uint16(f.tables["head"][50:]) == 1 {
		return glyf[binary.BigEndian.Uint32(loca[4*glyph:]):binary.BigEndian.Uint32(loca[4*glyph+4:])]
	}
	return glyf[2*int(binary.BigEndian.Uint16(loca[2*glyph:])) : 2*int(binary.BigEndian.Uint16(loca[2*glyph+2:]))]
}

// ink is the box around what a glyph draws, in units of the font from its origin; ok is false for a blank.
func (f sfnt) ink(glyph int) (left, bottom, right, top int, ok bool) {
	o := f.outline(glyph)
	if len(o) < 10 {
		return 0, 0, 0, 0, false
	}
	n := func(at int) int { return int(int16(binary.BigEndian.Uint16(o[at:]))) }
	return n(2), n(4), n(6), n(8), true
}

// advance is how far a glyph moves the pen.
func (f sfnt) advance(glyph int) int {
	stated := int(binary.BigEndian.Uint16(f.tables["hhea"][34:]))
	return int(binary.BigEndian.Uint16(f.tables["hmtx"][4*min(glyph, stated-1):]))
}

// subtable is the part of cmap with a format.
func (f sfnt) subtable(format uint16) []byte {
	cmap := f.tables["cmap"]
	for i := range int(binary.BigEndian.Uint16(cmap[2:])) {
		if sub := cmap[binary.BigEndian.Uint32(cmap[4+8*i+4:]):]; binary.BigEndian.Uint16(sub) == format {
			return sub
		}
	}
	return nil
}

// characters calls yield for each character with its glyph (format 12), in their order.
func (f sfnt) characters(yield func(r rune, glyph int)) {
	sub := f.subtable(12)
	for i := range int(binary.BigEndian.Uint32(sub[12:])) {
		group := sub[16+12*i:]
		first, last, glyph := binary.BigEndian.Uint32(group), binary.BigEndian.Uint32(group[4:]), binary.BigEndian.Uint32(group[8:])
		for r := first; r <= last; r++ {
			yield(rune(r), int(glyph+r-first))
		}
	}
}

// sequence is a character with a selector (format 14); the glyph is 0 where it is that of the character without.
type sequence struct {
	base, selector rune
	glyph          int
}

// sequences are all of the font, by selector, then by character.
func (f sfnt) sequences() (all []sequence) {
	sub := f.subtable(14)
	u24 := func(b []byte) rune { return rune(b[0])<<16 | rune(b[1])<<8 | rune(b[2]) }
	for i := range int(binary.BigEndian.Uint32(sub[6:])) {
		record := sub[10+11*i:]
		selector := u24(record)
		if at := binary.BigEndian.Uint32(record[3:]); at != 0 {
			for k := range int(binary.BigEndian.Uint32(sub[at:])) {
				row := sub[int(at)+4+4*k:]
				for more := range rune(row[3]) + 1 {
					all = append(all, sequence{u24(row) + more, selector, 0})
				}
			}
		}
		if at := binary.BigEndian.Uint32(record[7:]); at != 0 {
			for k := range int(binary.BigEndian.Uint32(sub[at:])) {
				row := sub[int(at)+4+5*k:]
				all = append(all, sequence{u24(row), selector, int(binary.BigEndian.Uint16(row[3:]))})
			}
		}
	}
	return all
}
