package document

import (
	"strings"

	"golang.org/x/text/width"
)

// Typed is what counts of a number that a person typed from a paper: its letters and digits. Blanks, hyphens, case and the width that an input method gives are
// nothing; the letters that Crockford's base 32 leaves out are read as those that they look like.
func Typed(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == 'O':
			return '0'
		case r == 'I' || r == 'L':
			return '1'
		case '0' <= r && r <= '9' || 'A' <= r && r <= 'Z':
			return r
		}
		return -1
	}, strings.ToUpper(width.Fold.String(s)))
}
