package municipality

import (
	"strings"
	"unicode/utf8"

	"github.com/akashi-id/akashi/resident"
)

// counted are the numerals with which what stands behind the name of a town begins: 丁目, 番地, 番, and what lots and houses are called.
const counted = "0123456789０１２３４５６７８９一二三四五六七八九十百甲乙丙丁"

// renamedAddress gives an address with a town's new name; false when it is not in that town. The name of a town ends where a number or a blank
// stands, or the address: 大手 is no part of 大手町.
func renamedAddress(address string, of resident.Municipality, old, now string) (string, bool) {
	rest, ours := strings.CutPrefix(address, of.FullName()+old)
	if !ours {
		return "", false
	}
	next, _ := utf8.DecodeRuneInString(rest)
	if rest != "" && next != '　' && next != ' ' && !strings.ContainsRune(counted, next) {
		return "", false
	}
	return of.FullName() + now + rest, true
}
