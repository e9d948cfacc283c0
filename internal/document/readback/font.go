package readback

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"unicode/utf16"
)

// face is a font as a page uses it.
type face struct {
	name   string
	widths []float64 // thousandths of the size, by code
	texts  map[int]string
}

// face reads a font: a Type 0 over a TrueType font that is in the file, whose codes are its glyphs.
func (r *reader) face(v any) (*face, error) {
	n, ok := v.(ref)
	if !ok {
		return nil, errors.New("a font that the page has not")
	}
	if known := r.fonts[n]; known != nil {
		return known, nil
	}
	d, err := r.dict(n)
	if err != nil {
		return nil, err
	}
	if err := d.only("a font", "Type", "Subtype", "BaseFont", "Encoding", "DescendantFonts", "ToUnicode"); err != nil {
		return nil, err
	}
	base, _ := d["BaseFont"].(name)
	under, _ := d["DescendantFonts"].([]any)
	if d["Subtype"] != name("Type0") || d["Encoding"] != name("Identity-H") || len(under) != 1 || len(base) < 8 || base[6] != '+' {
		return nil, errors.New("a font is not of the form that our documents have")
	}
	descendant, err := r.dict(under[0])
	if err != nil {
		return nil, err
	}
	descriptor, err := r.dict(descendant["FontDescriptor"])
	if err != nil {
		return nil, err
	}
	// A second font file beside the first might be the one that a viewer takes.
	if err := errors.Join(descendant.only("a font", "Type", "Subtype", "BaseFont", "CIDSystemInfo", "FontDescriptor", "CIDToGIDMap", "DW", "W"),
		descriptor.only("a font", "Type", "FontName", "Flags", "FontBBox", "ItalicAngle", "Ascent", "Descent", "CapHeight", "StemV", "FontFile2")); err != nil {
		return nil, err
	}
	program, err := r.stream(descriptor["FontFile2"], "a font file", "Length1")
	if err != nil || len(program.data) < 12 || descendant["BaseFont"] != base ||
		descendant["Subtype"] != name("CIDFontType2") || descendant["CIDToGIDMap"] != name("Identity") {
		return nil, errors.New("a font is not in the file")
	}
	f := &face{name: string(base[7:]), texts: map[int]string{}}
	list, _ := descendant["W"].([]any)
	if len(list) != 2 || list[0] != 0.0 {
		return nil, errors.New("a font does not state the widths of its glyphs")
	}
	widths, _ := list[1].([]any)
	for _, w := range widths {
		width, ok := w.(float64)
		if !ok || width < 0 || width > 10_000 || width != math.Trunc(width) {
			return nil, errors.New("a font does not state the widths of its glyphs")
		}
		f.widths = append(f.widths, width)
	}
	unicode, err := r.stream(d["ToUnicode"], "the table of characters of a font")
	if err != nil {
		return nil, err
	}
	if err := f.toUnicode(lexer{b: unicode.data, left: &r.tokens}); err != nil {
		return nil, fmt.Errorf("the table of characters of a font: %w", err)
	}
	r.fonts[n] = f
	listed := Font{Name: f.name, Program: program.data}
	for code := 1; code <= len(f.texts); code++ {
		if f.texts[code] == "" {
			return nil, errors.New("the codes of a font have gaps")
		}
		listed.Texts = append(listed.Texts, f.texts[code])
	}
	for _, w := range f.widths {
		listed.Widths = append(listed.Widths, int(w))
	}
	r.listed = append(r.listed, listed)
	return f, nil
}

// toUnicode reads which text each code stands for (9.10.3), of the forms of a CMap only the list of single codes.
func (f *face) toUnicode(l lexer) error {
	listing := false
	for {
		v, err := l.next(0)
		switch {
		case err != nil:
			return err
		case v == nil && !listing:
			return nil
		case v == nil:
			return errors.New("it does not end")
		case v == keyword("beginbfrange") || v == keyword("usecmap"):
			return errors.New("it is not of the form that our documents have")
		case v == keyword("beginbfchar"):
			listing = true
		case v == keyword("endbfchar"):
			listing = false
		case listing:
			code, ok := v.(octets)
			to, err := l.next(0)
			text, ok2 := to.(octets)
			if err != nil || !ok || !ok2 || len(code) != 2 || len(text) == 0 || len(text)%2 != 0 || len(text) > 16 {
				return errors.New("an entry is damaged")
			}
			n := int(code[0])<<8 | int(code[1])
			if _, twice := f.texts[n]; twice {
				return errors.New("a code stands for two texts")
			}
			var units []uint16
			for i := 0; i < len(text); i += 2 {
				units = append(units, uint16(text[i])<<8|uint16(text[i+1]))
			}
			f.texts[n] = string(utf16.Decode(units))
		}
	}
}

// image reads a picture: bits of ink that are not scaled in colour.
func (r *reader) image(v any) (sum [sha256.Size]byte, err error) {
	n, ok := v.(ref)
	if !ok {
		return sum, errors.New("a picture that the page has not")
	}
	if known, ok := r.images[n]; ok {
		return known, nil
	}
	s, err := r.stream(n, "a picture", "Type", "Subtype", "Width", "Height", "ImageMask", "BitsPerComponent", "Decode")
	if err != nil {
		return sum, err
	}
	width, _ := s.dict["Width"].(float64)
	height, _ := s.dict["Height"].(float64)
	if s.dict["Subtype"] != name("Image") || s.dict["ImageMask"] != keyword("true") || s.dict["BitsPerComponent"] != 1.0 ||
		!same(s.dict["Decode"], 1.0, 0.0) ||
		width < 1 || height < 1 || width > 20_000 || height > 20_000 || len(s.data) != (int(width)+7)/8*int(height) {
		return sum, errors.New("a picture is not of the form that our documents have")
	}
	sum = sha256.Sum256(append(fmt.Appendf(nil, "%d %d\n", int(width), int(height)), s.data...))
	r.images[n] = sum
	return sum, nil
}

// patterns reads the tiles of a page's patterns: each of its own colours, 32 by 32 dots of a 600th of an inch.
func (r *reader) patterns(of dict) (map[string][]byte, error) {
	if len(of) > 2 {
		return nil, errors.New("there are more patterns than our documents have")
	}
	tiles := map[string][]byte{}
	for key, v := range of {
		s, err := r.stream(v, "a pattern", "Type", "PatternType", "PaintType", "TilingType", "BBox", "XStep", "YStep", "Matrix", "Resources")
		if err != nil {
			return nil, err
		}
		resources, ok := s.dict["Resources"].(dict)
		if !ok || len(resources) > 0 || s.dict["PatternType"] != 1.0 || s.dict["PaintType"] != 1.0 || s.dict["TilingType"] != 1.0 ||
			s.dict["XStep"] != 32.0 || s.dict["YStep"] != 32.0 || !same(s.dict["BBox"], 0.0, 0.0, 32.0, 32.0) || !same(s.dict["Matrix"], 0.12, 0.0, 0.0, 0.12, 0.0, 0.0) {
			return nil, errors.New("a pattern is not of the form that our documents have")
		}
		tiles[string(key)] = s.data
	}
	return tiles, nil
}
