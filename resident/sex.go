package resident

import (
	"strings"

	"github.com/akashi-id/akashi/internal/plain"
)

// Sex is the sex (性別) on the resident record; its numbers are those of a JPKI
// certificate. The zero value is no answer and is refused.
type Sex uint8

// The sexes that a record can state.
const (
	Male       Sex = 1 // 男
	Female     Sex = 2 // 女
	SexUnknown Sex = 3 // 不明: 空欄 on the record
)

// ParseSex reads 男, 女, 不明, their English words or their numbers. The error is a
// *plain.Problem for field.
func ParseSex(field, s string) (Sex, error) {
	switch strings.ToLower(foldDigits(s)) {
	case "男", "male", "1":
		return Male, nil
	case "女", "female", "2":
		return Female, nil
	case "不明", "unknown", "3":
		return SexUnknown, nil
	}
	return 0, plain.Bad(field,
		"性別は「男」「女」「不明」のいずれかを入力してください。",
		"Enter the sex as 男 (male), 女 (female) or 不明 (unknown).")
}

// Valid reports whether s is one of the three.
func (s Sex) Valid() bool { return Male <= s && s <= SexUnknown }

// String is the Japanese word, or "" for the zero value.
func (s Sex) String() string {
	switch s {
	case Male:
		return "男"
	case Female:
		return "女"
	case SexUnknown:
		return "不明"
	}
	return ""
}
