package resident

import "strings"

// Three identifiers, three check digits, all sums modulo 11. They differ in their
// weights and, which is the trap, in what they do with the remainders 0 and 1.

// personCheckDigit is the rule that 住民票コード and 個人番号 share:
// 11 − (Σ Pn·Qn mod 11), and 0 when the remainder is 0 or 1, where n counts from
// the lowest digit, Qn = n+1 for n ≤ 6 and n−5 for n ≥ 7
// (個人番号: 平成26年総務省令85号5条).
func personCheckDigit(payload string) byte {
	sum := 0
	for n := 1; n <= len(payload); n++ {
		q := n + 1
		if n >= 7 {
			q = n - 5
		}
		sum += int(payload[len(payload)-n]-'0') * q
	}
	if r := sum % 11; r > 1 {
		return byte('0' + 11 - r)
	}
	return '0'
}

// bodyCheckDigit is the rule of 全国地方公共団体コード: weights 6,5,4,3,2, the last
// digit of 11 − (Σ mod 11). Remainder 0 therefore gives 1 and remainder 1 gives 0.
func bodyCheckDigit(payload string) byte {
	sum := 0
	for i := range 5 {
		sum += int(payload[i]-'0') * (6 - i)
	}
	return byte('0' + (11-sum%11)%10)
}

// foldDigits accepts the full-width digits that a Japanese keyboard gives. Nothing
// else is folded: a blank or a hyphen in a code is a typing error to be shown.
func foldDigits(s string) string {
	if !strings.ContainsFunc(s, fullWidthDigit) {
		return s
	}
	return strings.Map(func(r rune) rune {
		if fullWidthDigit(r) {
			return r - '０' + '0'
		}
		return r
	}, s)
}

func fullWidthDigit(r rune) bool { return '０' <= r && r <= '９' }

func allDigits(s string, n int) bool {
	if len(s) != n {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
