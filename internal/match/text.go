package match

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/resident/moji"
)

// Key is the text under which a stored name is found: without blanks, variation selectors and the width and case of letters,
// each character replaced by the one that stands for its variants. Two names of one key may be different names; Compare tells.
//
// Keys are stored. Who changes this, or variants.txt, empties the stored ones in a migration, and they are made anew.
func Key(name string) string {
	v := load()
	var b strings.Builder
	for _, r := range bare(written(name)) {
		b.WriteRune(v.key(r))
	}
	return b.String()
}

// Keys are the keys of all names that Compare can find to agree with a name: its own, and those of names in which a character is
// replaced by one of another group. ok is false when they would be more than most, and none are given.
func Keys(name string, most int) (keys []string, ok bool) {
	v := load()
	keys = []string{""}
	for _, r := range bare(written(name)) {
		ends := v.near(r)
		if len(keys)*len(ends) > most {
			return nil, false
		}
		longer := make([]string, 0, len(keys)*len(ends))
		for _, k := range keys {
			for _, end := range ends {
				longer = append(longer, k+string(end))
			}
		}
		keys = longer
	}
	return keys, true
}

// written leaves out how a text is written: blanks, the width of Latin letters and digits, and the case of letters.
func written(s string) []rune {
	var out []rune
	for _, r := range s {
		if unicode.IsSpace(r) {
			continue
		}
		if 0xFF01 <= r && r <= 0xFF5E {
			r -= 0xFF01 - '!'
		}
		if 'a' <= r && r <= 'z' {
			r -= 'a' - 'A'
		}
		out = append(out, r)
	}
	return out
}

// bare leaves out variation selectors.
func bare(text []rune) []rune {
	out := make([]rune, 0, len(text))
	for _, r := range text {
		if !moji.IsSelector(r) {
			out = append(out, r)
		}
	}
	return out
}

// plainShapes leaves out the variation selectors that say no other shape than the character has alone.
func plainShapes(text []rune) []rune {
	out := make([]rune, 0, len(text))
	for i, r := range text {
		if i > 0 && moji.IsSelector(r) && moji.IsBare(text[i-1], r) {
			continue
		}
		out = append(out, r)
	}
	return out
}

// compareText tells how far two texts agree, and why.
func compareText(asked, held string) (Degree, plain.Sentence) {
	if asked == held {
		return Same, plain.Sentence{JA: "1文字も違いません。", EN: "Not a character differs."}
	}
	a, h := written(asked), written(held)
	if string(a) == string(h) {
		return Written, plain.Sentence{JA: "空白、または英字の大小・全角半角だけが違います。", EN: "Only blanks, or the case or width of letters, differ."}
	}
	if string(plainShapes(a)) == string(plainShapes(h)) {
		return Written, plain.Sentence{JA: "字形の指定（異体字セレクタ）があるかないかだけが違います。字形は同じです。", EN: "Only one has a variation selector; the shape is the same."}
	}
	a, h = bare(a), bare(h)
	if string(a) == string(h) {
		return Shape, plain.Sentence{JA: "字形の指定（異体字セレクタ）だけが違います。同じ文字の別の字形です。", EN: "Only the variation selector differs: another shape of the same character."}
	}
	if len(a) != len(h) {
		return Differs, differ
	}
	v := load()
	var at []string
	var by plain.Sentence
	for i := range a {
		if a[i] == h[i] {
			continue
		}
		table, ok := v.joined(a[i], h[i])
		if !ok {
			return Differs, differ
		}
		if len(at) == 0 {
			by = table
		}
		at = append(at, fmt.Sprint(i+1))
	}
	return Degraded, plain.Sentence{
		JA: fmt.Sprintf("%s文字目は、異体字を置き換えると合います（%s）。置き換えて合っても、同じ人とは決まりません。", strings.Join(at, "・"), by.JA),
		EN: fmt.Sprintf("Character %s agrees when a variant is replaced (%s). That is no proof that it is the same person.", strings.Join(at, ", "), by.EN),
	}
}

var differ = plain.Sentence{JA: "違います。", EN: "It differs."}
