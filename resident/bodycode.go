package resident

import (
	"errors"
	"strconv"

	"github.com/akashi-id/akashi/internal/plain"
)

// MunicipalityCode is a local public body code (全国地方公共団体コード): two digits of
// prefecture (JIS X 0401), three of municipality or ward (JIS X 0402), one check
// digit. It says nothing about whether the body exists; Lookup does, for a day. The
// zero value is no code.
type MunicipalityCode struct{ digits [6]byte }

// PrefectureCode is the first two digits of a MunicipalityCode, 1 (北海道) to 47
// (沖縄県). The zero value is no prefecture.
type PrefectureCode uint8

// ParseMunicipalityCode reads six digits, half or full width. The error is a
// *plain.Problem for field.
func ParseMunicipalityCode(field, s string) (MunicipalityCode, error) {
	s = foldDigits(s)
	if !allDigits(s, 6) {
		return MunicipalityCode{}, plain.Bad(field,
			"全国地方公共団体コードは検査数字を含む6けたの数字です(例: 松本市 202029)。",
			"A local public body code is 6 digits with its check digit (e.g. Matsumoto 202029).")
	}
	c := MunicipalityCode{[6]byte([]byte(s))}
	if !c.Prefecture().Valid() {
		return MunicipalityCode{}, plain.Bad(field,
			"全国地方公共団体コード"+s+"の先頭2けたに当たる都道府県はありません。01から47で始まるコードを入力してください。",
			"No prefecture has the first two digits of "+s+". A code starts with 01 to 47.")
	}
	if want := bodyCheckDigit(s[:5]); want != s[5] {
		return MunicipalityCode{}, plain.Bad(field,
			"全国地方公共団体コード"+s+"の検査数字が合いません。"+s[:5]+"で始まるコードなら"+s[:5]+string(want)+"です。",
			"The check digit of "+s+" does not fit. A code starting with "+s[:5]+" would be "+s[:5]+string(want)+".")
	}
	return c, nil
}

// Valid reports whether c holds a code at all.
func (c MunicipalityCode) Valid() bool { return c != MunicipalityCode{} }

// Prefecture is the prefecture that the code lies in.
func (c MunicipalityCode) Prefecture() PrefectureCode {
	if !c.Valid() {
		return 0
	}
	return PrefectureCode((c.digits[0]-'0')*10 + c.digits[1] - '0')
}

// IsPrefecture reports whether the code names a prefecture itself, as 200000 does.
func (c MunicipalityCode) IsPrefecture() bool {
	return c.Valid() && string(c.digits[2:5]) == "000"
}

// String is the six digits, or "" for the zero value.
func (c MunicipalityCode) String() string {
	if !c.Valid() {
		return ""
	}
	return string(c.digits[:])
}

// MarshalText is the six digits; the zero value is refused.
func (c MunicipalityCode) MarshalText() ([]byte, error) {
	if !c.Valid() {
		return nil, errors.New("resident: empty municipality code")
	}
	return c.digits[:], nil
}

// UnmarshalText reads what ParseMunicipalityCode reads.
func (c *MunicipalityCode) UnmarshalText(b []byte) (err error) {
	*c, err = ParseMunicipalityCode("municipality", string(b))
	return err
}

// ParsePrefectureCode reads the two digits 01 to 47, half or full width. The error
// is a *plain.Problem for field.
func ParsePrefectureCode(field, s string) (PrefectureCode, error) {
	s = foldDigits(s)
	if n, err := strconv.Atoi(s); err == nil && allDigits(s, 2) && n >= 1 && n <= 47 {
		return PrefectureCode(n), nil
	}
	return 0, plain.Bad(field,
		"都道府県コードは01(北海道)から47(沖縄県)までの2けたの数字です。",
		"A prefecture code is two digits, 01 (Hokkaido) to 47 (Okinawa).")
}

// Valid reports whether p is one of the 47.
func (p PrefectureCode) Valid() bool { return 1 <= p && p <= 47 }

// String is the two digits, or "" when p is none of the 47.
func (p PrefectureCode) String() string {
	if !p.Valid() {
		return ""
	}
	return string([]byte{'0' + byte(p)/10, '0' + byte(p)%10})
}

// Body is the six-digit code of the prefecture itself, e.g. 200000 for 20.
func (p PrefectureCode) Body() MunicipalityCode {
	if !p.Valid() {
		return MunicipalityCode{}
	}
	s := p.String() + "000"
	return MunicipalityCode{[6]byte([]byte(s + string(bodyCheckDigit(s))))}
}
