package font

import (
	"encoding/binary"
	"errors"
	"sort"
)

// Selector reports whether a character selects a variant of the one before it (U+FE00 … FE0F, U+E0100 … E01EF).
func Selector(r rune) bool { return 0xFE00 <= r && r <= 0xFE0F || 0xE0100 <= r && r <= 0xE01EF }

// Blank reports whether a character is meant to draw nothing.
func Blank(r rune) bool { return r == ' ' || r == '\u3000' }

// Glyph finds the glyph of a character, with its variation selector (0 for none). It is not found where the font does not list exactly
// this, or would draw nothing for it.
func (f *Font) Glyph(base, selector rune) (GlyphID, bool) {
	g, found := f.character(base)
	if selector != 0 {
		var own GlyphID
		var byDefault bool
		if own, byDefault, found = f.sequence(base, selector, found); !byDefault {
			g = own
		}
	}
	if !found || g == 0 || int(g) >= f.glyphs {
		return 0, false
	}
	if t, err := f.place(g); err != nil || t.length == 0 && !Blank(base) {
		return 0, false
	}
	return g, true
}

// character looks in the groups of format 12: first, last, glyph of the first; 12 octets each, in order.
func (f *Font) character(r rune) (GlyphID, bool) {
	groups := len(f.characters) / 12
	i := sort.Search(groups, func(i int) bool { return u32(f.characters[12*i+4:]) >= uint32(r) })
	if i == groups {
		return 0, false
	}
	first, glyph := u32(f.characters[12*i:]), u32(f.characters[12*i+8:])
	if uint32(r) < first {
		return 0, false
	}
	glyph += uint32(r) - first
	return GlyphID(glyph), glyph <= 0xFFFF
}

// sequence looks in format 14. byDefault: the variant is the shape that the character has without a selector, which the font must have then.
func (f *Font) sequence(base, selector rune, has bool) (g GlyphID, byDefault, found bool) {
	b := f.sequences
	if len(b) < 10 {
		return 0, false, false
	}
	records, _ := part(b, 10, 11, u32(b[6:]))
	n := len(records) / 11
	i := sort.Search(n, func(i int) bool { return u24(records[11*i:]) >= uint32(selector) })
	if i == n || u24(records[11*i:]) != uint32(selector) {
		return 0, false, false
	}
	record := records[11*i:]
	if at := u32(record[3:]); at != 0 { // ranges that have the default shape: first, how many more
		ranges, _ := counted(b, at, 4)
		n := len(ranges) / 4
		i := sort.Search(n, func(i int) bool { return u24(ranges[4*i:])+uint32(ranges[4*i+3]) >= uint32(base) })
		if i < n && u24(ranges[4*i:]) <= uint32(base) {
			return 0, true, has
		}
	}
	if at := u32(record[7:]); at != 0 { // characters with a glyph of their own
		pairs, _ := counted(b, at, 5)
		n := len(pairs) / 5
		i := sort.Search(n, func(i int) bool { return u24(pairs[5*i:]) >= uint32(base) })
		if i < n && u24(pairs[5*i:]) == uint32(base) {
			return GlyphID(binary.BigEndian.Uint16(pairs[5*i+3:])), false, true
		}
	}
	return 0, false, false
}

// subtables finds the groups of format 12 and the whole of format 14.
func subtables(cmap []byte) (characters, sequences []byte, err error) {
	n := int(binary.BigEndian.Uint16(cmap[2:]))
	for i := range n {
		at := 4 + 8*i
		if at+8 > len(cmap) {
			return nil, nil, errors.New("its table cmap is cut off")
		}
		offset := u32(cmap[at+4:])
		if uint64(offset)+2 > uint64(len(cmap)) {
			return nil, nil, errors.New("its table cmap is cut off")
		}
		sub := cmap[offset:]
		switch format := binary.BigEndian.Uint16(sub); {
		case format == 12 && len(sub) >= 16:
			groups, whole := part(sub, 16, 12, u32(sub[12:]))
			if !whole {
				return nil, nil, errors.New("its table cmap (format 12) is cut off")
			}
			characters = groups
		case format == 14 && len(sub) >= 10:
			if _, whole := part(sub, 10, 11, u32(sub[6:])); !whole {
				return nil, nil, errors.New("its table cmap (format 14) is cut off")
			}
			sequences = sub
		}
	}
	if len(characters) == 0 {
		return nil, nil, errors.New("it has no cmap of format 12, which says which glyph stands for which character")
	}
	return characters, sequences, nil
}

// counted is a list that begins with its number of entries.
func counted(b []byte, at uint32, entry uint64) ([]byte, bool) {
	if uint64(at)+4 > uint64(len(b)) {
		return nil, false
	}
	return part(b, uint64(at)+4, entry, u32(b[at:]))
}

// part is n entries of b; nothing when b ends before them.
func part(b []byte, at, entry uint64, n uint32) ([]byte, bool) {
	end := at + entry*uint64(n)
	if end > uint64(len(b)) {
		return nil, false
	}
	return b[at:end], true
}

func u32(b []byte) uint32 { return binary.BigEndian.Uint32(b) }
func u24(b []byte) uint32 { return uint32(b[0])<<16 | uint32(b[1])<<8 | uint32(b[2]) }
