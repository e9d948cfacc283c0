package jpki

import (
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/crypto/cryptobyte"
	cb "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/plain"
)

// maxAddress is the longest address on a card, in characters.
const maxAddress = 200

// NewHolder makes the holder's attributes from those of the registry: it substitutes characters, and writes sex ("1", "2" or
// "3") and date of birth (0 for an unknown part) in the card's form. Bad input is a *plain.Problem.
func NewHolder(name, sex string, year int, month time.Month, day int, address string) (*cert.Holder, error) {
	h := &cert.Holder{Sex: sex, Birth: birth(year, month, day)}
	h.Name, h.NameSubstitutes = Substitute(name)
	h.Address, h.AddressSubstitutes = Substitute(address)
	return h, checkHolder(h)
}

func checkHolder(h *cert.Holder) error {
	switch {
	case h.Name == "" || utf8.RuneCountInString(h.Name) != len(h.NameSubstitutes):
		return plain.Bad("name", "電子証明書に記載する氏名がないか、代替文字の情報と長さが合いません。氏名を確かめてください。",
			"The certificate needs the holder's name, with one substitution flag per character; check the name.")
	case h.Address == "" || utf8.RuneCountInString(h.Address) != len(h.AddressSubstitutes):
		return plain.Bad("address", "電子証明書に記載する住所がないか、代替文字の情報と長さが合いません。住所を確かめてください。",
			"The certificate needs the holder's address, with one substitution flag per character; check the address.")
	case len(h.AddressSubstitutes) > maxAddress:
		return plain.Bad("address", "電子証明書に記載できる住所は 200 文字までです。住所を短くしてください。",
			"The address in a certificate has at most 200 characters; shorten it.")
	case h.Sex != "1" && h.Sex != "2" && h.Sex != "3":
		return plain.Bad("sex", "電子証明書の性別は 1（男）、2（女）、3（不明）のいずれかです。",
			"The sex in a certificate is 1 (male), 2 (female) or 3 (unknown).")
	case len(h.Birth) != 9 || strings.Trim(h.Birth, "0123456789") != "":
		return plain.Bad("birth", "電子証明書の生年月日は元号 1 桁と西暦 8 桁で表します。生年月日を確かめてください。",
			"The date of birth in a certificate is one digit for the era and eight of the Gregorian date; check it.")
	}
	return nil
}

// eras are the first days of the eras, in the card's numbering; the boundary day belongs to the new era.
var eras = []struct {
	digit byte
	from  string // YYYYMMDD
}{{'1', "18681023"}, {'2', "19120730"}, {'3', "19261225"}, {'4', "19890108"}, {'5', "20190501"}}

// birth is EYYYYMMDD with the Gregorian year. Unknown parts are zeros; the era is 0 when they leave it open.
func birth(year int, month time.Month, day int) string {
	earliest, latest := fmt.Sprintf("%04d%02d%02d", year, max(month, 1), max(day, 1)), fmt.Sprintf("%04d%02d%02d", year, month, day)
	if month == 0 {
		latest = fmt.Sprintf("%04d1231", year)
	} else if day == 0 {
		latest = fmt.Sprintf("%04d%02d31", year, month)
	}
	era := func(date string) byte {
		e := byte('0')
		for _, one := range eras {
			if date >= one.from {
				e = one.digit
			}
		}
		return e
	}
	e := era(earliest)
	if e != era(latest) {
		e = '0'
	}
	return fmt.Sprintf("%c%04d%02d%02d", e, year, month, day)
}

// addHolder writes the six otherNames in the order of the card: birth, sex, name, address, and the two substitution
// flags in the middle and at the end.
func addHolder(b *builder, h *cert.Holder) {
	b.AddASN1(cb.SEQUENCE, func(b *builder) {
		for _, f := range fields(h) {
			b.AddASN1(explicit(0), func(b *builder) { // otherName
				b.AddASN1ObjectIdentifier(f.oid)
				b.AddASN1(explicit(0), func(b *builder) { addUTF8(b, *f.value) })
			})
		}
	})
}

type field struct {
	oid   asn1.ObjectIdentifier
	value *string
}

// fields in the order 1, 4, 3, 5, 2, 6 in which cards have them.
func fields(h *cert.Holder) []field {
	return []field{
		{cert.HolderName, &h.Name}, {cert.HolderBirth, &h.Birth}, {cert.HolderSex, &h.Sex},
		{cert.HolderAddress, &h.Address}, {cert.HolderNameSubstitutes, &h.NameSubstitutes},
		{cert.HolderAddressSubstitutes, &h.AddressSubstitutes},
	}
}

// ReadHolder gives the holder's attributes in a certificate, in whatever order they stand, or nil when it has none.
func ReadHolder(c *x509.Certificate) (*cert.Holder, error) {
	for _, e := range c.Extensions {
		if !e.Id.Equal(oidSubjectAltName) {
			continue
		}
		h, found := new(cert.Holder), false
		names := cryptobyte.String(e.Value)
		if !names.ReadASN1(&names, cb.SEQUENCE) {
			return nil, errors.New("the subject alternative name cannot be read")
		}
		for !names.Empty() {
			var one, value, text cryptobyte.String
			var tag cb.Tag
			var oid asn1.ObjectIdentifier
			if !names.ReadAnyASN1(&one, &tag) {
				return nil, errors.New("the subject alternative name cannot be read")
			}
			if tag != explicit(0) {
				continue
			}
			if !one.ReadASN1ObjectIdentifier(&oid) || !one.ReadASN1(&value, explicit(0)) || !one.Empty() {
				return nil, errors.New("an otherName of the certificate cannot be read")
			}
			for _, f := range fields(h) {
				if !f.oid.Equal(oid) {
					continue
				}
				if *f.value != "" || !value.ReadASN1(&text, cb.UTF8String) || !value.Empty() || !utf8.Valid(text) {
					return nil, errors.New("an attribute of the holder stands twice or is no UTF8String")
				}
				*f.value, found = string(text), true
			}
		}
		if !found {
			return nil, nil
		}
		return h, nil
	}
	return nil, nil
}
