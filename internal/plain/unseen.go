package plain

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Unseen refuses a text in which a character stands that does not show: one that a terminal obeys, one that turns the direction of
// writing, a blank of no width. Two texts would look the same and not be it, or one would show otherwise than it is kept. Line breaks and
// tabs are no such characters, and neither is a variation selector, which shows in the character before it.
func Unseen(field, text string) error {
	if !utf8.ValidString(text) {
		return Bad(field, "文字として読めないところがあります。入力し直してください。", "Part of this is not text: enter it again.")
	}
	i := strings.IndexFunc(text, unseen)
	if i < 0 {
		return nil
	}
	r, _ := utf8.DecodeRuneInString(text[i:])
	at := 1 + utf8.RuneCountInString(strings.Map(withoutSelectors, text[:i])) // as a reader counts
	return Bad(field, fmt.Sprintf("%d文字目に、表示されない制御文字（%U）が入っています。貼り付けずに入力し直してください。", at, r),
		fmt.Sprintf("Character %d is a control character that does not show (%U): type this again instead of pasting it.", at, r))
}

func withoutSelectors(r rune) rune {
	if unicode.Is(unicode.Variation_Selector, r) {
		return -1
	}
	return r
}

func unseen(r rune) bool {
	switch r {
	case '\r', '\n', '\t':
		return false
	}
	return unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Other_Default_Ignorable_Code_Point)
}
