package municipality

import (
	"strings"
	"unicode"

	"github.com/akashi-id/akashi/resident"
)

// sealEndings may stand behind a name on a seal and are no part of it (from memory, the ministry's model ordinance).
var sealEndings = []string{"之印", "の印", "之章", "印", "章"}

// expressed tells whether what is cut into a seal is a name of its holder, or parts of it in their order: 氏名, 氏, 名, or a combination (from
// memory, the ministry's model ordinance, and so for 通称 and for 旧氏, with the 名 or alone). A seal is often cut in another form of a character, so variation selectors do not
// count; every other difference does.
func expressed(text string, r resident.Record) bool {
	for _, ending := range append(sealEndings, "") {
		cut, ok := strings.CutSuffix(text, ending)
		if !ok || cut == "" {
			continue
		}
		for _, name := range []string{r.Name.Reveal(), r.CommonName.Reveal()} {
			if partOf(letters(cut), letters(name)) {
				return true
			}
		}
		// A former family name stands for the present one, with the given name or alone.
		if former := r.FormerName; former.Valid() && partOf(letters(cut), letters(former.Reveal()+given(r.Name.Reveal()))) {
			return true
		}
		// Of a foreign resident's name also its reading in katakana (from memory, as above).
		if r.Nationality.Valid() && partOf(letters(cut), letters(r.Kana.Reveal())) {
			return true
		}
	}
	return false
}

// given is the given name of a name, which stands behind a blank; empty when the name is written without one.
func given(name string) string {
	if i := strings.IndexFunc(name, unicode.IsSpace); i >= 0 {
		return name[i:]
	}
	return ""
}

// letters are the characters of a name without blanks and variation selectors, Latin ones in one case.
func letters(s string) (all []rune) {
	for _, r := range s {
		if unicode.IsSpace(r) || unicode.Is(unicode.Variation_Selector, r) {
			continue
		}
		all = append(all, unicode.ToUpper(r))
	}
	return all
}

// partOf tells whether some letters stand in a name, in their order.
func partOf(some, name []rune) bool {
	for _, r := range name {
		if len(some) > 0 && some[0] == r {
			some = some[1:]
		}
	}
	return len(some) == 0
}
