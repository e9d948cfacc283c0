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
	if !endsTown(rest) {
		return "", false
	}
	return of.FullName() + now + rest, true
}

// endsTown tells whether the name of a town may end before what follows it.
func endsTown(rest string) bool {
	next, _ := utf8.DecodeRuneInString(rest)
	return rest == "" || next == '　' || next == ' ' || strings.ContainsRune(counted, next)
}

// townNames are the names of which an address may be in the town: what renamings are looked up by.
func townNames(address string, of resident.Municipality) (names []string) {
	town, ours := strings.CutPrefix(address, of.FullName())
	if !ours {
		return nil
	}
	for i := range town {
		if i > 0 && endsTown(town[i:]) {
			names = append(names, town[:i])
		}
	}
	return append(names, town)
}
