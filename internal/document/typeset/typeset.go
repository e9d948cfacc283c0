// Package typeset sets text into the boxes of a form (組版): which glyphs, how large, and where a line ends.
//
// Everything is shown, or nothing is: a text that is too long for its box gets smaller letters and more lines, down to the smallest size
// that the form allows, and is refused when it does not fit even so. A character without a glyph in any of the document's fonts is refused
// with its number and its selector.
package typeset

import (
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/akashi-id/akashi/internal/document/font"
	"github.com/akashi-id/akashi/internal/document/mm"
	"github.com/akashi-id/akashi/internal/plain"
)

// Glyph is one character as it is drawn.
type Glyph struct {
	Font    int // which of the document's fonts
	ID      font.GlyphID
	Text    string // the character, with its variation selector
	Advance int    // in thousandths of the size
}

// Format redacts under every verb: it is personal data.
func (Glyph) Format(f fmt.State, _ rune) { io.WriteString(f, "[非表示 文字]") }

// LogValue redacts.
func (Glyph) LogValue() slog.Value { return slog.StringValue("[非表示 文字]") }

// Shape finds the glyphs of a text, each in the first font that has it. The error is a *plain.Problem for field.
func Shape(fonts []*font.Font, field, text string) ([]Glyph, error) {
	glyphs := make([]Glyph, 0, len(text)/3+1)
	runes := []rune(text)
	for i := 0; i < len(runes); i++ {
		base, selector := runes[i], rune(0)
		if i+1 < len(runes) && font.Selector(runes[i+1]) {
			i++
			selector = runes[i]
		}
		g, err := find(fonts, field, base, selector)
		if err != nil {
			return nil, err
		}
		glyphs = append(glyphs, g)
	}
	return glyphs, nil
}

func find(fonts []*font.Font, field string, base, selector rune) (Glyph, error) {
	text := string(base)
	if selector != 0 {
		text += string(selector)
	}
	for i, f := range fonts {
		if id, found := f.Glyph(base, selector); found {
			return Glyph{Font: i, ID: id, Text: text, Advance: f.Advance(id)}, nil
		}
	}
	var names []string
	for _, f := range fonts {
		names = append(names, f.Name())
	}
	list := strings.Join(names, ", ")
	if selector != 0 {
		return Glyph{}, plain.Bad(field,
			fmt.Sprintf("「%s」（%U %U）の字形は、証明書の書体（%s）にありません。別の字形で代えることはできません。公式の書体を導入するか、文字の同定を行ってください。", text, base, selector, list),
			fmt.Sprintf("The form of %s (%U %U) is in none of the document's fonts (%s), and no other form may stand for it: install the official font, or have the character identified.", text, base, selector, list))
	}
	return Glyph{}, plain.Bad(field,
		fmt.Sprintf("「%s」（%U）の字形は、証明書の書体（%s）にありません。公式の書体を導入するか、文字の同定を行ってください。", text, base, list),
		fmt.Sprintf("The character %s (%U) is in none of the document's fonts (%s): install the official font, or have the character identified.", text, base, list))
}

// Width is how wide glyphs are at a size.
func Width(glyphs []Glyph, size mm.Length) mm.Length {
	sum := 0
	for _, g := range glyphs {
		sum += g.Advance
	}
	return mm.Length((sum*int(size) + 999) / 1000)
}

// Set is a text at the size at which it fits.
type Set struct {
	Size  mm.Length
	Lines [][]Glyph
}

// Leading is from one line to the next.
func (s Set) Leading() mm.Length { return s.Size * 6 / 5 }

// Height is that of all lines.
func (s Set) Height() mm.Length {
	return s.Size + s.Leading()*mm.Length(len(s.Lines)-1)
}

// step is by how much letters get smaller at a time.
const step = mm.Millimetre / 20

// Fit sets a text into a box: at the size wished for on one line; if that does not do, on more lines at the same size; then smaller. Lines end
// after a blank, as that between family and given name, if so they are not too many for the box, and otherwise between words; only where the text
// would have to be refused, as one of two words that are each longer than a line, they end within them. The error is a *plain.Problem for field,
// which tells the length and not the text.
func Fit(glyphs []Glyph, field string, width, height, size, least mm.Length) (Set, error) {
	for _, ends := range [][]func([]Glyph, int) int{{atBlank, breakAt}, {anywhere}} {
		for s := size; s >= least; s -= step {
			for _, end := range ends {
				set := Set{Size: s, Lines: lines(glyphs, s, width, end)}
				if set.Lines != nil && set.Height() <= height {
					return set, nil
				}
			}
		}
	}
	return Set{}, plain.Bad(field,
		fmt.Sprintf("長すぎて証明書の欄に収まりません（%d文字）。切り詰めて交付することはできません。手書きの様式で交付してください。", len(glyphs)),
		fmt.Sprintf("This is too long for its box on the document (%d characters), and nothing may be cut off: issue the document on the form that is written by hand.", len(glyphs)))
}

// lines breaks a text where end says; nil when a line cannot hold even one character. A blank at which a line ends stays at its end, so that the
// lines joined are the text.
func lines(glyphs []Glyph, size, width mm.Length, end func(glyphs []Glyph, n int) int) (set [][]Glyph) {
	for len(glyphs) > 0 {
		n := fitting(glyphs, size, width)
		if n == 0 {
			return nil
		}
		if n < len(glyphs) {
			n = end(glyphs, n)
		}
		set = append(set, glyphs[:n])
		glyphs = glyphs[n:]
	}
	if set == nil {
		return [][]Glyph{{}}
	}
	return set
}

// fitting is how many glyphs a line holds; blanks after the last one need no room.
func fitting(glyphs []Glyph, size, width mm.Length) int {
	sum := 0
	for i, g := range glyphs {
		sum += g.Advance
		if !blank(g) && sum*int(size) > 1000*int(width) {
			return i
		}
	}
	return len(glyphs)
}

// breakAt finds the place nearest before n at which a line may end: after a blank, or where the characters beside the break are no
// letters of one word, and no closing mark comes first on the next line. Where there is none, words are broken.
func breakAt(glyphs []Glyph, n int) int {
	for i := n; i > 0; i-- {
		before, after := glyphs[i-1], glyphs[i]
		switch {
		case blank(after), closing(after), opening(before):
		case blank(before), !letter(before), !letter(after):
			return i
		}
	}
	return n
}

// atBlank is after the last blank before n, and where breakAt is when there is none.
func atBlank(glyphs []Glyph, n int) int {
	for i := n; i > 0; i-- {
		if blank(glyphs[i-1]) && !blank(glyphs[i]) {
			return i
		}
	}
	return breakAt(glyphs, n)
}

// anywhere ends a line where it is full.
func anywhere(_ []Glyph, n int) int { return n }

func blank(g Glyph) bool  { return g.Text == " " || g.Text == "\u3000" }
func letter(g Glyph) bool { return len(g.Text) == 1 && g.Text != " " || len(g.Text) == 2 } // ASCII, and Latin with marks
func closing(g Glyph) bool {
	return strings.Contains("、。，．・）」』】〕ーァィゥェォッャュョヮヵヶぁぃぅぇぉっゃゅょ々,.)", g.Text)
}
func opening(g Glyph) bool { return strings.Contains("（「『【〔(", g.Text) }
