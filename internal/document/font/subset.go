package font

import (
	"encoding/binary"
	"fmt"
)

// Flags of the parts of a composite glyph (OpenType, glyf).
const (
	wordArguments   = 0x0001
	oneScale        = 0x0008
	moreComponents  = 0x0020
	twoScales       = 0x0040
	fourScales      = 0x0080
	hasInstructions = 0x0100
)

// Subset makes a font file with these glyphs, numbered in this order from 0, and with the parts of those that are composed of others
// behind them. A glyph may be asked for several times, so that one shape can stand for several characters. Instructions for
// small screens are left out; outlines and widths are as they were.
func (f *Font) Subset(glyphs []GlyphID) ([]byte, error) {
	order := append([]GlyphID(nil), glyphs...)
	number := make(map[GlyphID]int, len(order)) // what a part is called in the new font
	for i, g := range order {
		if _, known := number[g]; !known {
			number[g] = i
		}
	}
	places := make([]byte, 0, 4*len(order)+64)
	outlines := make([]byte, 0, 400*len(order))
	for i := 0; i < len(order); i++ {
		places = binary.BigEndian.AppendUint32(places, uint32(len(outlines)))
		b, err := f.outline(order[i])
		if err != nil {
			return nil, err
		}
		if len(b) == 0 {
			continue
		}
		if b, err = bare(b, func(part GlyphID) (GlyphID, error) {
			n, known := number[part]
			if !known {
				if n = len(order); n > 0xFFFF {
					return 0, fmt.Errorf("a font has at most 65,536 glyphs")
				}
				number[part] = n
				order = append(order, part)
			}
			return GlyphID(n), nil
		}); err != nil {
			return nil, fmt.Errorf("the outline of glyph %d: %w", order[i], err)
		}
		outlines = append(outlines, b...)
		for len(outlines)%4 != 0 {
			outlines = append(outlines, 0)
		}
	}
	places = binary.BigEndian.AppendUint32(places, uint32(len(outlines)))
	metrics := make([]byte, 0, 4*len(order))
	for _, g := range order {
		advance, bearing := f.metric(g)
		metrics = append(binary.BigEndian.AppendUint16(metrics, advance), bearing[:]...)
	}

	head := append([]byte(nil), f.head[:54]...)
	binary.BigEndian.PutUint32(head[8:], 0)  // the sum of the file, below
	binary.BigEndian.PutUint16(head[50:], 1) // long places
	hhea := append([]byte(nil), f.hhea[:36]...)
	binary.BigEndian.PutUint16(hhea[34:], uint16(len(order)))
	maxp := append([]byte(nil), f.maxp[:32]...)
	binary.BigEndian.PutUint16(maxp[4:], uint16(len(order)))
	for _, at := range []int{16, 18, 20, 22, 24, 26} { // storage, definitions, stack and size of instructions: there are none
		binary.BigEndian.PutUint16(maxp[at:], 0)
	}
	return assemble([]named{{"glyf", outlines}, {"head", head}, {"hhea", hhea}, {"hmtx", metrics}, {"loca", places}, {"maxp", maxp}}), nil
}

// bare is an outline without its instructions, with the numbers of its parts changed.
func bare(b []byte, renumber func(GlyphID) (GlyphID, error)) ([]byte, error) {
	cut := fmt.Errorf("it is cut off")
	if len(b) < 10 {
		return nil, cut
	}
	if contours := int16(binary.BigEndian.Uint16(b)); contours >= 0 {
		at := 10 + 2*int(contours)
		if at+2 > len(b) {
			return nil, cut
		}
		end := at + 2 + int(binary.BigEndian.Uint16(b[at:]))
		if end > len(b) {
			return nil, cut
		}
		copy(b[at+2:], b[end:])
		b[at], b[at+1] = 0, 0
		return b[:len(b)-(end-at-2)], nil
	}
	for at := 10; ; {
		if at+4 > len(b) {
			return nil, cut
		}
		flags := binary.BigEndian.Uint16(b[at:])
		part, err := renumber(GlyphID(binary.BigEndian.Uint16(b[at+2:])))
		if err != nil {
			return nil, err
		}
		binary.BigEndian.PutUint16(b[at:], flags&^hasInstructions)
		binary.BigEndian.PutUint16(b[at+2:], uint16(part))
		size := 6
		if flags&wordArguments != 0 {
			size = 8
		}
		switch {
		case flags&oneScale != 0:
			size += 2
		case flags&twoScales != 0:
			size += 4
		case flags&fourScales != 0:
			size += 8
		}
		if at += size; at > len(b) {
			return nil, cut
		}
		if flags&moreComponents == 0 {
			return b[:at], nil
		}
	}
}

type named struct {
	tag  string
	data []byte
}

// assemble writes a font file; the tables come in the order of their tags.
func assemble(tables []named) []byte {
	n := len(tables)
	entries := 1
	selector := 0
	for entries*2 <= n {
		entries *= 2
		selector++
	}
	size := 12 + 16*n
	for _, t := range tables {
		size += (len(t.data) + 3) &^ 3
	}
	b := make([]byte, 0, size)
	b = binary.BigEndian.AppendUint32(b, 0x00010000)
	for _, v := range []int{n, 16 * entries, selector, 16 * (n - entries)} {
		b = binary.BigEndian.AppendUint16(b, uint16(v))
	}
	at, headAt := 12+16*n, 0
	for _, t := range tables {
		if t.tag == "head" {
			headAt = at
		}
		b = append(b, t.tag...)
		b = binary.BigEndian.AppendUint32(b, sum(t.data))
		b = binary.BigEndian.AppendUint32(b, uint32(at))
		b = binary.BigEndian.AppendUint32(b, uint32(len(t.data)))
		at += (len(t.data) + 3) &^ 3
	}
	for _, t := range tables {
		b = append(b, t.data...)
		for len(b)%4 != 0 {
			b = append(b, 0)
		}
	}
	binary.BigEndian.PutUint32(b[headAt+8:], 0xB1B0AFBA-sum(b)) // head.checksumAdjustment
	return b
}

// sum adds a table as numbers of 32 bits.
func sum(b []byte) (s uint32) {
	for ; len(b) >= 4; b = b[4:] {
		s += binary.BigEndian.Uint32(b)
	}
	var rest [4]byte
	copy(rest[:], b)
	return s + binary.BigEndian.Uint32(rest[:])
}
