package jpki

import (
	"cmp"
	"encoding/asn1"
	"fmt"
	"strings"
	"time"

	cb "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/akashi-id/akashi/cert"
)

// Name is a distinguished name: one attribute per RDN, C as PrintableString and all others as UTF8String.
type Name []Attribute

// Attribute is one RDN of a Name.
type Attribute struct {
	Type  asn1.ObjectIdentifier
	Value string
}

var (
	country      = asn1.ObjectIdentifier{2, 5, 4, 6}
	locality     = asn1.ObjectIdentifier{2, 5, 4, 7}
	organisation = asn1.ObjectIdentifier{2, 5, 4, 10}
	unit         = asn1.ObjectIdentifier{2, 5, 4, 11}
	commonName   = asn1.ObjectIdentifier{2, 5, 4, 3}
)

func (n Name) add(b *builder) {
	b.AddASN1(cb.SEQUENCE, func(b *builder) {
		for _, a := range n {
			if a.Value == "" {
				b.SetError(fmt.Errorf("the name attribute %v is empty", a.Type))
				return
			}
			b.AddASN1(cb.SET, func(b *builder) {
				b.AddASN1(cb.SEQUENCE, func(b *builder) {
					b.AddASN1ObjectIdentifier(a.Type)
					if a.Type.Equal(country) {
						b.AddASN1(cb.PrintableString, func(b *builder) { b.AddBytes([]byte(a.Value)) })
						return
					}
					addUTF8(b, a.Value)
				})
			})
		}
	})
}

// DER is the encoded name.
func (n Name) DER() ([]byte, error) {
	var b builder
	n.add(&b)
	return b.Bytes()
}

const (
	testOrganisation         = "JPKI-TEST"
	testOrganisationJapanese = "公的個人認証サービス（試験用）"
	operator                 = "Japan Agency for Local Authority Information Systems"
	operatorJapanese         = "地方公共団体情報システム機構"
)

func unitOf(p cert.Profile) string {
	if p == cert.Signature {
		return "JPKI for digital signature"
	}
	return "JPKI for user authentication"
}

// Operator is who runs a CA, as its certificates say it. The zero value is the agency that runs the CA of every municipality whose
// prefecture has none of its own.
type Operator struct {
	Latin    string // "Governor of Tokyo-to"
	Japanese string // "東京都知事"
}

// governorLatin and governorJapanese make a governor's name of the prefecture's.
const governorLatin, governorJapanese = "Governor of ", "知事"

// Governor is the operator of a prefecture's own CA (都道府県知事の認証局), whose name is in Latin letters and in Japanese: 公的個人認証法
// 12条 of 2013 has the governor record what is revoked. That the governor stands where the agency stands in the published CA
// certificates is ours: no certificate of such a CA was read.
func Governor(latin, japanese string) Operator {
	return Operator{Latin: governorLatin + latin, Japanese: japanese + governorJapanese}
}

// CAName is the distinguished name of a profile's CA. All its generations share it, so that an issuer is told by its key
// identifier and signature, never by its name; those of two operators differ in it.
func CAName(p cert.Profile, by Operator) Name {
	return Name{{country, "JP"}, {organisation, testOrganisation}, {unit, unitOf(p)}, {unit, cmp.Or(by.Latin, operator)}}
}

// caNameJapanese is the CA's subjectAltName, and its users' issuerAltName.
func caNameJapanese(p cert.Profile, by Operator) Name {
	service := "公的個人認証サービス署名用"
	if p == cert.Authentication {
		service = "公的個人認証サービス利用者証明用"
	}
	return Name{{country, "JP"}, {organisation, testOrganisationJapanese}, {unit, service}, {unit, cmp.Or(by.Japanese, operatorJapanese)}}
}

// Partition names the part of a CA's CRL that covers one municipality: it stands in the certificate (CRL distribution
// point) and in the CRL (issuing distribution point), and there is no address beside it.
type Partition struct {
	Prefecture   string // in Latin letters: "Nagano-ken"
	Municipality string // in Latin letters: "Matsumoto-shi"
}

// Name is the distinguished name of the partition under a profile's CA.
func (p Partition) Name(profile cert.Profile) Name {
	return Name{{country, "JP"}, {organisation, testOrganisation}, {unit, unitOf(profile)},
		{unit, "CRL Distribution Points"}, {unit, p.Prefecture}, {commonName, p.Municipality + " CRLDP"}}
}

// CommonName is the CN of a user certificate: the time of the request in Japan (YYYYMMDDhhmmss), for a signature
// certificate a sequence number of 5 digits, and the 9 characters that name the counter (受付窓口識別記号, for example the
// 5 digits of the municipality's code and 4 of its own). It names no person.
func CommonName(p cert.Profile, at time.Time, sequence int, counter string) (string, error) {
	if len(counter) != 9 || strings.Trim(counter, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return "", fmt.Errorf("the counter's sign %q must be 9 digits or capital letters", counter)
	}
	stamp := at.In(cert.JST).Format("20060102150405")
	switch p {
	case cert.Authentication:
		return stamp + counter, nil
	case cert.Signature:
		if sequence < 0 || sequence > 99999 {
			return "", fmt.Errorf("the sequence number %d must have at most 5 digits", sequence)
		}
		return fmt.Sprintf("%s%05d%s", stamp, sequence, counter), nil
	}
	return "", fmt.Errorf("there is no common name for %s", p)
}

// subject is the name in a user certificate. Only a signature certificate says where its holder lives.
func (u *User) subject() Name {
	if u.Holder == nil {
		return Name{{country, "JP"}, {commonName, u.CommonName}}
	}
	return Name{{country, "JP"}, {locality, u.Partition.Prefecture}, {locality, u.Partition.Municipality}, {commonName, u.CommonName}}
}
