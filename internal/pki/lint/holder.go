package lint

import (
	"encoding/asn1"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/crypto/cryptobyte"
	tag "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/akashi-id/akashi/cert"
)

// The rules of what a signature certificate says of its holder. They quote none of it.
var holderRules = []rule{
	{"holder", aUser, says(
		"利用者の氏名、生年月日、性別、住所と代替文字の情報が、決まりの六つの項目、順序、文字の型で書かれていません。",
		"The holder's attributes are not the six that there are, in their order and encoding."),
		func(s *subject) bool {
			if _, said := s.extension(idSubjectAltName); !said || s.Profile != cert.Signature {
				return true
			}
			_, ok := s.holder()
			return ok
		}},
	{"holder-recorded", aUser, says(
		"利用者の記載が、この申請から記録したものと違います。",
		"What is said of the holder is not what was recorded from the application."),
		holds(func(s *subject, h *cert.Holder) bool { return *h == *s.Holder })},
	{"substitutes", aUser, says(
		"代替文字の情報が、氏名と住所の一文字に一つずつの0か1ではありません。",
		"The substitution flags are not one 0 or 1 for each character of the name and of the address."),
		holds(func(s *subject, h *cert.Holder) bool {
			return flags(h.Name, h.NameSubstitutes) && flags(h.Address, h.AddressSubstitutes)
		})},
	{"holder-characters", aUser, says(
		"氏名または住所に、カードの文字にない種類の文字（半角、制御文字、異体字の選択子、私用の文字など）があります。",
		"The name or the address has a character of a kind that the card does not know: half-width, control, variation selector, private use."),
		holds(func(s *subject, h *cert.Holder) bool { return onCard(h.Name) && onCard(h.Address) })},
	{"address-length", aUser, says(
		"住所が200文字を超えています。",
		"The address has more than 200 characters."),
		holds(func(s *subject, h *cert.Holder) bool { return utf8.RuneCountInString(h.Address) <= 200 })},
	{"sex", aUser, says(
		"性別が1（男）、2（女）、3（不明）のいずれでもありません。",
		"The sex is none of 1 (male), 2 (female) and 3 (unknown)."),
		holds(func(s *subject, h *cert.Holder) bool { return h.Sex == "1" || h.Sex == "2" || h.Sex == "3" })},
	{"birth", aUser, says(
		"生年月日が、元号1桁と西暦の8桁による、暦にある日付ではありません。",
		"The date of birth is not the digit of the era and eight digits of a date in the calendar."),
		holds(func(s *subject, h *cert.Holder) bool { return birth(h.Birth) })},
	{"birthday-recorded", aUser, says(
		"生年月日の月日が、有効期間を決めた誕生日と違います。",
		"The month and day of the date of birth are not the birthday by which the validity was decided."),
		holds(func(s *subject, h *cert.Holder) bool {
			if len(h.Birth) != 9 {
				return true
			}
			two := func(n int) string { return string([]byte{'0' + byte(n/10%10), '0' + byte(n%10)}) }
			return h.Birth[5:] == two(int(s.Birth.Month))+two(s.Birth.Day)
		})},
}

// holds judges what can be read of the holder.
func holds(fits func(s *subject, h *cert.Holder) bool) func(*subject) bool {
	return func(s *subject) bool {
		h, ok := s.holder()
		return !ok || fits(s, h)
	}
}

// readHolder reads six otherNames, each a UTF8String, in the order of the card: name, birth, sex, address, and the flags of
// name and address.
func readHolder(value []byte) (*cert.Holder, bool) {
	h := new(cert.Holder)
	v := cryptobyte.String(value)
	var in cryptobyte.String
	if !v.ReadASN1(&in, tag.SEQUENCE) || !v.Empty() {
		return nil, false
	}
	for _, f := range []struct {
		last string
		to   *string
	}{{"1", &h.Name}, {"4", &h.Birth}, {"3", &h.Sex}, {"5", &h.Address}, {"2", &h.NameSubstitutes}, {"6", &h.AddressSubstitutes}} {
		var one, wrapped, text cryptobyte.String
		var id asn1.ObjectIdentifier
		if !in.ReadASN1(&one, tagged(0)) || !one.ReadASN1ObjectIdentifier(&id) || id.String() != "1.2.392.200149.8.5.5."+f.last ||
			!one.ReadASN1(&wrapped, tagged(0)) || !one.Empty() || !wrapped.ReadASN1(&text, tag.UTF8String) || !wrapped.Empty() ||
			len(text) == 0 || !utf8.Valid(text) {
			return nil, false
		}
		*f.to = string(text)
	}
	return h, in.Empty()
}

func flags(text, flags string) bool {
	return utf8.RuneCountInString(text) == len(flags) && strings.Trim(flags, "01") == ""
}

// onCard knows kinds of characters, not the whole set: what no character set of the card has.
func onCard(text string) bool {
	for _, r := range text {
		switch {
		case r < 0x80, 0xff61 <= r && r <= 0xffdc, // ASCII, half-width forms
			unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs, unicode.Variation_Selector),
			r > 0xffff: // JIS X 0208 and X 0212 are in the first plane
			return false
		}
	}
	return true
}

// birth reads EYYYYMMDD. Unknown parts are zeros from the right; the era is 0 when they leave it open, and also before 1868-10-23.
func birth(text string) bool {
	if len(text) != 9 || strings.Trim(text, "0123456789") != "" {
		return false
	}
	era, date := text[0], text[1:]
	first, last := date, date
	switch {
	case date == "00000000":
		return era == '0'
	case date[4:] == "0000":
		first, last = date[:4]+"0101", date[:4]+"1231"
	case date[6:] == "00":
		first = date[:6] + "01"
		last = first
		if at, err := time.Parse("20060102", first); err == nil {
			last = at.AddDate(0, 1, -1).Format("20060102")
		}
	}
	for _, d := range []string{first, last} {
		if at, err := time.Parse("20060102", d); err != nil || at.Format("20060102") != d {
			return false
		}
	}
	if eraOf(first) != eraOf(last) {
		return era == '0'
	}
	return era == eraOf(first)
}

// eraOf: the day on which an era begins belongs to it (明治, 大正, 昭和, 平成, 令和).
func eraOf(date string) byte {
	switch {
	case date >= "20190501":
		return '5'
	case date >= "19890108":
		return '4'
	case date >= "19261225":
		return '3'
	case date >= "19120730":
		return '2'
	case date >= "18681023":
		return '1'
	}
	return '0'
}
