package cert

import "log/slog"

// Holder is what a signature certificate says of its holder: the four attributes as they stand in the certificate, which
// is not always how they stand in the registry, because characters outside the card's set are substituted.
type Holder struct {
	Name               string // 氏名, family and given name separated by U+3000
	NameSubstitutes    string // one "0" or "1" per character of Name: "1" where the character is a substitute
	Sex                string // "1" male 男, "2" female 女, "3" unknown 不明
	Birth              string // EYYYYMMDD: E is the era (1 明治 … 5 令和, 0 unknown), YYYY the Gregorian year
	Address            string // 住所, from the prefecture on
	AddressSubstitutes string // as NameSubstitutes, for Address
}

// LogValue shows nothing of a person in logs.
func (h Holder) LogValue() slog.Value { return slog.StringValue("[holder, redacted]") }

// String shows nothing either, because errors are often formatted with %v.
func (h Holder) String() string { return "[holder, redacted]" }

// GoString is String, for %#v.
func (h Holder) GoString() string { return h.String() }
