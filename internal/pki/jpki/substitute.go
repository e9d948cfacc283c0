package jpki

import (
	"strings"
	"sync"
	"unicode/utf8"

	"golang.org/x/text/encoding/japanese"
)

// substitute stands for a character that has no near form in the set.
const substitute = '●'

// nearForms are well-known variants of names and the form of the same character in the card's set. The list is short and
// ours: the official reduction map (縮退) is larger and was not read. What it lacks becomes substitute. The keys are numbers,
// because an editor that normalises would turn 神 (U+FA19) into its near form unseen.
var nearForms = map[rune]rune{
	0x9AD9: '高', 0xFA11: '崎', 0x20BB7: '吉', 0x5FB7: '徳', 0x7028: '瀬', 0x6801: '柳',
	0xFA10: '塚', 0xFA12: '晴', 0xFA19: '神',
	0xFA1A: '祥', 0xFA1B: '福', 0xFA1D: '精', 0xFA1E: '羽', 0xFA22: '諸', 0xFA26: '都',
	0xF9DC: '隆', 0x589E: '増', 0x5BEC: '寛', 0x6A6B: '横', 0x6DF8: '清',
	0x7DA0: '緑', 0x7DD6: '緒', 0x85B0: '薫', 0x8CF4: '頼', 0x90DE: '郎', 0x9ED1: '黒',
}

// repertoire is the card's set: JIS X 0208 (levels 1 and 2) and JIS X 0212 (補助漢字). It is read cell by cell from the
// EUC-JP decoder, because the encoder also knows vendors' characters in rows that the standard leaves empty (髙, ①).
var repertoire = sync.OnceValue(func() map[rune]bool {
	set := make(map[rune]bool)
	decoder := japanese.EUCJP.NewDecoder()
	add := func(cell []byte) {
		text, err := decoder.Bytes(cell)
		if r, n := utf8.DecodeRune(text); err == nil && n == len(text) && r != utf8.RuneError {
			set[r] = true
		}
	}
	for row := byte(1); row <= 94; row++ {
		for column := byte(1); column <= 94; column++ {
			if row <= 8 || 16 <= row && row <= 84 { // JIS X 0208:1997 has characters in these rows
				add([]byte{0xa0 + row, 0xa0 + column})
			}
			add([]byte{0x8f, 0xa0 + row, 0xa0 + column})
		}
	}
	// The decoder maps seven signs of the standard to their full-width twins; both are the same cell.
	for _, r := range "〜−—‖¢£¬" {
		set[r] = true
	}
	return set
})

// Substitute puts a name or an address into the card's set and says what it changed: flags has one "0" or "1" for each
// character of shown, "1" where it is not the character of the registry. A match on a "1" proves nothing.
//
// ASCII characters become their full-width forms, which are the same characters in the set ("0"). A character with a
// variation selector becomes the character without it ("1"), because the set cannot tell the forms apart. Others outside
// the set become a near form or ● ("1").
func Substitute(text string) (shown, flags string) {
	set := repertoire()
	var out, marks strings.Builder
	runes := []rune(text)
	for i := 0; i < len(runes); i++ {
		r, changed := runes[i], false
		switch {
		case r == ' ':
			r = '　'
		case '!' <= r && r <= '~':
			r += '！' - '!'
		}
		for i+1 < len(runes) && isVariationSelector(runes[i+1]) {
			i++
			changed = true
		}
		if !set[r] {
			near, ok := nearForms[r]
			if !ok {
				near = substitute
			}
			r, changed = near, true
		}
		out.WriteRune(r)
		if changed {
			marks.WriteByte('1')
		} else {
			marks.WriteByte('0')
		}
	}
	return out.String(), marks.String()
}

func isVariationSelector(r rune) bool {
	return 0xfe00 <= r && r <= 0xfe0f || 0xe0100 <= r && r <= 0xe01ef
}
