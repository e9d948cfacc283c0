package store

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// TownKey is what the name of a town is compared by: without variation selectors, and with the number before 丁目 in one writing, because the
// register, the clerk and the master write 三丁目, ３丁目 and 3丁目. at says for each byte of the key where its character begins in s, and
// behind the last one how long s is. It is never shown.
func TownKey(s string) (key string, at []int) {
	var b strings.Builder
	put := func(text string, from int) {
		for range len(text) {
			at = append(at, from)
		}
		b.WriteString(text)
	}
	for i := 0; i < len(s); {
		if n, length := chome(s[i:]); length > 0 {
			put(strconv.Itoa(n), i)
			put("丁目", i+length-len("丁目"))
			i += length
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if (r < 0xFE00 || r > 0xFE0F) && (r < 0xE0100 || r > 0xE01EF) {
			put(s[i:i+size], i)
		}
		i += size
	}
	return b.String(), append(at, len(s))
}

// chome reads N丁目 at the beginning of s.
func chome(s string) (n, length int) {
	numeral, rest, found := strings.Cut(s, "丁目")
	if !found || numeral == "" || utf8.RuneCountInString(numeral) > 3 {
		return 0, 0
	}
	tens, unit, kanji := 0, 0, false
	for i, r := range numeral {
		switch digit := strings.IndexRune("〇一二三四五六七八九", r); {
		case '0' <= r && r <= '9':
			unit = unit*10 + int(r-'0')
		case '０' <= r && r <= '９':
			unit = unit*10 + int(r-'０')
		case r == '十' && !kanji:
			tens, unit, kanji = max(unit, 1), 0, true
			if i == 0 {
				tens = 1
			}
		case digit >= 0:
			unit = unit*10 + digit/len("一")
		default:
			return 0, 0
		}
	}
	return tens*10 + unit, len(s) - len(rest)
}

// KanaKey is what a reading is found by: katakana without blanks, digits in one width.
func KanaKey(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ' || r == '　':
			return -1
		case 'ぁ' <= r && r <= 'ゖ':
			return r + 'ァ' - 'ぁ'
		case '０' <= r && r <= '９':
			return r - '０' + '0'
		}
		return r
	}, s)
}
