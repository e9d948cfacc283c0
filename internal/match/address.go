package match

import (
	"strconv"
	"strings"

	"github.com/akashi-id/akashi/internal/plain"
)

// compareAddress is compareText with one step more: the writing of town and numbers (一丁目２番３号, 1丁目2番3号, 1-2-3).
func compareAddress(asked, held string) (Degree, plain.Sentence) {
	d, why := compareText(asked, held)
	if d >= Shape {
		return d, why
	}
	a, h := place(asked), place(held)
	if a == h {
		return Numbered, plain.Sentence{JA: "町字・番地の書き方だけが違います。", EN: "Only the writing of town and numbers differs."}
	}
	if d == Degraded {
		return d, why
	}
	if d, why := compareText(a, h); d == Shape || d == Degraded {
		return d, plain.Sentence{JA: "町字・番地の書き方をそろえて比べました。" + why.JA, EN: "Compared with town and numbers written alike. " + why.EN}
	}
	return Differs, differ
}

// place writes an address in one way: digits for the numbers of blocks and houses, a hyphen between them, and no 大字.
func place(s string) string {
	text := written(s)
	var out []rune
	for i := 0; i < len(text); {
		if n, digits := numeral(text[i:]); n > 0 {
			if unit(text[i+n:]) > 0 || text[i] <= '9' {
				out = append(out, []rune(digits)...)
				i += n
				// Units and hyphens after a number are one separator, until the next number or the end.
				if u := units(text[i:]); u > 0 {
					if i += u; i < len(text) {
						out = append(out, '-')
					}
				}
				continue
			}
		}
		switch text[i] {
		case 'ヶ', 'ケ', 'ｹ': // 霞ヶ関, 霞ケ関: one town
			out = append(out, 'ケ')
		default:
			out = append(out, text[i])
		}
		i++
	}
	return strings.ReplaceAll(string(out), "大字", "")
}

var hyphens = "-‐‑‒–—―−ー－"

// unit is how long the word is that follows a number of an address.
func unit(text []rune) int {
	for _, u := range []string{"丁目", "番地", "番", "号"} {
		if strings.HasPrefix(string(text[:min(len(text), 2)]), u) {
			return len([]rune(u))
		}
	}
	return 0
}

// units is how long all that separates two numbers is: 番地の, 丁目, 番, a hyphen.
func units(text []rune) (n int) {
	for n < len(text) {
		if u := unit(text[n:]); u > 0 {
			n += u
			continue
		}
		if strings.ContainsRune(hyphens, text[n]) && n+1 < len(text) && isDigit(text[n+1]) || text[n] == 'の' && n > 0 && n+1 < len(text) && isDigit(text[n+1]) {
			n++
			continue
		}
		break
	}
	return n
}

func isDigit(r rune) bool { return '0' <= r && r <= '9' || value(r) >= 0 || r == '十' || r == '百' }

// value is that of a Chinese digit; −1 of anything else.
func value(r rune) int {
	if at := strings.IndexRune("〇一二三四五六七八九", r); at >= 0 {
		return at / len("一")
	}
	return -1
}

// numeral reads the number that a text begins with, up to 999 when it is in Chinese digits: how many characters it takes, and its
// digits; 0 when there is none.
func numeral(text []rune) (n int, digits string) {
	for n < len(text) && '0' <= text[n] && text[n] <= '9' {
		n++
	}
	if n > 0 {
		return n, strings.TrimLeft(string(text[:n-1]), "0") + string(text[n-1])
	}
	return chinese(text)
}

// chinese reads 二十三, 二三 and 百五.
func chinese(text []rune) (n int, digits string) {
	sum, one, plainDigits, tens := 0, -1, "", false
	for ; n < len(text) && n < 6; n++ {
		switch r := text[n]; {
		case value(r) >= 0:
			one = value(r)
			plainDigits += string(rune('0' + one))
			continue
		case r == '十' || r == '百':
			weight := map[rune]int{'十': 10, '百': 100}[r]
			if one < 0 {
				one = 1
			}
			sum, one, tens = sum+one*weight, -1, true
			continue
		}
		break
	}
	if n == 0 {
		return 0, ""
	}
	if !tens {
		return n, plainDigits
	}
	return n, strconv.Itoa(sum + max(one, 0))
}
