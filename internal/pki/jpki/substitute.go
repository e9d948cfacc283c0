package jpki

import (
	"iter"
	"strings"
	"sync"
	"unicode/utf8"

	"golang.org/x/text/encoding/japanese"

	"github.com/akashi-id/akashi/resident/moji"
)

// unknown stands for a character that nothing in the set stands for.
const unknown = '●'

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
// variation selector becomes the character without it ("1", because the set cannot tell the forms apart; "0" when the selector
// only says the form that the character alone has). One outside the set becomes the character that the lists of the registers say it is one with (moji.Reduce), else ● ("1"). Which of several it
// might be is not guessed, and a character that only looks or reads alike is not taken: in a certificate it would be read as the name.
func Substitute(text string) (shown, flags string) {
	var out, marks strings.Builder
	for one := range substitute(text) {
		out.WriteRune(one.To)
		if one.changed {
			marks.WriteByte('1')
		} else {
			marks.WriteByte('0')
		}
	}
	return out.String(), marks.String()
}

// Substitution is a character of a text that the card shows as another.
type Substitution struct {
	At      int    // from 1
	From    string // as in the registry, with its selector
	To      rune   // as on the card; ● when there is none
	Several []rune // what it might have been, when the lists name several with equal right

	changed bool
}

// None tells whether the card shows no character in its place.
func (s Substitution) None() bool { return s.To == unknown }

// Substitutions are what Substitute changes, for whoever has to tell the holder.
func Substitutions(text string) (all []Substitution) {
	for one := range substitute(text) {
		if one.changed {
			all = append(all, one)
		}
	}
	return all
}

func substitute(text string) iter.Seq[Substitution] {
	set := repertoire()
	in := func(r rune) bool { return set[r] }
	return func(yield func(Substitution) bool) {
		at, runes := 0, []rune(text)
		for i := 0; i < len(runes); i++ {
			at++
			r, selector, from := runes[i], rune(0), i
			for i+1 < len(runes) && moji.IsSelector(runes[i+1]) {
				i++
				selector = runes[i]
			}
			one := Substitution{At: at, From: string(runes[from : i+1]), To: r, changed: selector != 0 && !moji.IsBare(r, selector)}
			switch {
			case r == ' ':
				one.To = '　'
			case '!' <= r && r <= '~':
				one.To += '！' - '!'
			}
			if !set[one.To] {
				reduced := moji.Reduce(r, selector, in)
				one.To, one.Several, one.changed = reduced.To, reduced.Several, true
				if one.To == 0 {
					one.To = unknown
				}
			}
			if !yield(one) {
				return
			}
		}
	}
}
