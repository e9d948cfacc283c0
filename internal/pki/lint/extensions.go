package lint

import (
	"bytes"
	"crypto/sha1"
	"encoding/asn1"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	tag "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/akashi-id/akashi/cert"
)

const (
	idSubjectKeyID     = "2.5.29.14"
	idKeyUsage         = "2.5.29.15"
	idSubjectAltName   = "2.5.29.17"
	idIssuerAltName    = "2.5.29.18"
	idBasicConstraints = "2.5.29.19"
	idCRLPoints        = "2.5.29.31"
	idPolicies         = "2.5.29.32"
	idAuthorityKeyID   = "2.5.29.35"
	idExtKeyUsage      = "2.5.29.37"
	idAuthorityAccess  = "1.3.6.1.5.5.7.1.1"
	idOCSPNoCheck      = "1.3.6.1.5.5.7.48.1.5"
)

// listed is an extension that a certificate must have.
type listed struct {
	id       string
	critical bool
}

// list is the extensions of the certificate's profile, in their order. What of it is unconfirmed is said where the profile is built (package
// jpki).
func (s *subject) list() []listed {
	switch {
	case s.kind == aCA:
		return []listed{{idKeyUsage, true}, {idSubjectAltName, false}, {idBasicConstraints, true}, {idCRLPoints, false}, {idSubjectKeyID, false}}
	case s.kind == aResponder:
		return []listed{{idKeyUsage, true}, {idExtKeyUsage, false}, {idOCSPNoCheck, false}, {idAuthorityKeyID, false}, {idSubjectKeyID, false}}
	case s.Profile == cert.Signature:
		return []listed{{idKeyUsage, true}, {idPolicies, true}, {idSubjectAltName, false}, {idIssuerAltName, false}, {idCRLPoints, false},
			{idAuthorityAccess, false}, {idAuthorityKeyID, false}, {idSubjectKeyID, false}}
	}
	return []listed{{idKeyUsage, true}, {idExtKeyUsage, false}, {idPolicies, true}, {idIssuerAltName, false}, {idCRLPoints, false},
		{idAuthorityAccess, false}, {idAuthorityKeyID, false}, {idSubjectKeyID, false}}
}

var extensionRules = []rule{
	{"extension-missing", every, says(
		"この種別の電子証明書に必要な拡張がありません。",
		"An extension that the profile requires is missing."),
		func(s *subject) bool {
			for _, l := range s.list() {
				if _, ok := s.extension(l.id); !ok {
					return false
				}
			}
			return true
		}},
	{"extension-unknown", every, says(
		"この種別の電子証明書にない拡張があるか、同じ拡張が二つあります。",
		"There is an extension that the profile does not have, or one stands twice."),
		func(s *subject) bool {
			var seen []string
			for _, e := range s.extensions {
				if slices.Contains(seen, e.id) || !slices.ContainsFunc(s.list(), func(l listed) bool { return l.id == e.id }) {
					return false
				}
				seen = append(seen, e.id)
			}
			return true
		}},
	{"extension-order", every, says(
		"拡張の並ぶ順序が決まりと違います。",
		"The extensions do not stand in the order of the profile."),
		func(s *subject) bool { // of those that the profile has, each where it stands first
			at := -1
			for _, l := range s.list() {
				i := slices.IndexFunc(s.extensions, func(e extension) bool { return e.id == l.id })
				if i < 0 {
					continue
				}
				if i < at {
					return false
				}
				at = i
			}
			return true
		}},
	{"extension-critical", every, says(
		"拡張の重要度（critical）が決まりと違うか、DERの書き方（真は0xFF、偽は書かない）に合いません。",
		"An extension is critical or not otherwise than the profile has it, or not written as DER: true is 0xFF, false is left out."),
		func(s *subject) bool {
			for _, l := range s.list() {
				for _, e := range s.extensions {
					if e.id == l.id && (l.critical && !bytes.Equal(e.critical, []byte{0xff}) || !l.critical && e.critical != nil) {
						return false
					}
				}
			}
			return true
		}},
	{"key-usage", every, says(
		"鍵用途（keyUsage）が、この種別の用途と違います。",
		"The key usage is not that of the profile."),
		content(idKeyUsage, func(s *subject, v []byte) bool { return bytes.Equal(v, s.usage()) })},
	{"extended-key-usage", aUser | aResponder, says(
		"拡張鍵用途（extKeyUsage）が、この種別の用途と違います。",
		"The extended key usage is not that of the profile."),
		content(idExtKeyUsage, func(s *subject, v []byte) bool {
			id := []byte{0x06, 0x08, 0x2b, 6, 1, 5, 5, 7, 3, 2} // clientAuth
			if s.kind == aResponder {
				id[9] = 9 // OCSPSigning
			}
			return bytes.Equal(v, append([]byte{0x30, 0x0a}, id...))
		})},
	{"basic-constraints", aCA, says(
		"基本制約（basicConstraints）が、経路長の制限のない認証局のものではありません。",
		"The basic constraints are not those of a CA without a limit of the path."),
		content(idBasicConstraints, func(s *subject, v []byte) bool { return bytes.Equal(v, []byte{0x30, 3, 1, 1, 0xff}) })},
	{"ca-alternative-name", aCA, says(
		"認証局の日本語の別名（subjectAltName）が決まりと違います。",
		"The CA's alternative name, in Japanese, is not as it must be."),
		content(idSubjectAltName, func(s *subject, v []byte) bool { return isDirectoryName(v, s.caNameJapanese()) })},
	{"issuer-alternative-name", aUser, says(
		"認証局の日本語の別名（issuerAltName）が決まりと違います。",
		"The issuer's alternative name, in Japanese, is not as it must be."),
		content(idIssuerAltName, func(s *subject, v []byte) bool { return isDirectoryName(v, s.caNameJapanese()) })},
	{"policy", aUser, says(
		"証明書ポリシーが、この種別のポリシーとその運用規程の所在ではありません。",
		"The certificate policy is not that of the profile with the address of its practice statement."),
		content(idPolicies, func(s *subject, v []byte) bool { return s.policyFits(v) })},
	{"crl-partition", aCA | aUser, says(
		"失効情報の配布点が、この認証局のこの市区町村のものではありません。",
		"The CRL distribution point is not the one of this CA and municipality."),
		content(idCRLPoints, func(s *subject, v []byte) bool { return s.partitionFits(v) })},
	{"ocsp-address", aUser, says(
		"OCSPの所在の記載が、設定した所在と違います。",
		"The address of the OCSP service is not the one that is set."),
		content(idAuthorityAccess, func(s *subject, v []byte) bool { return s.addressFits(v) })},
	{"ocsp-nocheck", aResponder, says(
		"OCSP署名者の失効を確認しない旨の拡張の内容がNULLではありません。",
		"The extension that says not to ask about the OCSP signer is not NULL."), // RFC 6960 4.2.2.2.1
		content(idOCSPNoCheck, func(s *subject, v []byte) bool { return bytes.Equal(v, []byte{5, 0}) })},
	{"authority-key-id", aUser | aResponder, says(
		"発行者の鍵の識別子、名前、発行番号のいずれかが、署名する認証局の電子証明書と違います。",
		"The authority key identifier does not name the key, name and serial of the CA that will sign."),
		content(idAuthorityKeyID, func(s *subject, v []byte) bool { return s.authorityFits(v) })},
	{"subject-key-id", every, says(
		"公開鍵の識別子が、公開鍵のSHA-1ではありません。",
		"The subject key identifier is not the SHA-1 of the public key."), // RFC 5280 4.2.1.2 (1)
		content(idSubjectKeyID, func(s *subject, v []byte) bool { return s.keyIDFits(v) })},
}

// content judges the value of an extension that is there.
func content(id string, fits func(s *subject, value []byte) bool) func(*subject) bool {
	return func(s *subject) bool {
		value, ok := s.extension(id)
		return !ok || fits(s, value)
	}
}

// usage is the whole BIT STRING: the number of unused bits, and the bits without trailing zeros.
func (s *subject) usage() []byte {
	switch {
	case s.kind == aCA:
		return []byte{3, 2, 1, 0x06} // keyCertSign, cRLSign
	case s.kind == aUser && s.Profile == cert.Signature:
		return []byte{3, 2, 6, 0xc0} // digitalSignature, nonRepudiation
	}
	return []byte{3, 2, 7, 0x80} // digitalSignature
}

// isDirectoryName: GeneralNames with one directoryName.
func isDirectoryName(value []byte, want []attribute) bool {
	names, ok := readDirectoryName(value)
	return ok && slices.Equal(names, want)
}

func readDirectoryName(value []byte) (names []attribute, ok bool) {
	s := cryptobyte.String(value)
	var in, name cryptobyte.String
	if !s.ReadASN1(&in, tag.SEQUENCE) || !s.Empty() || !in.ReadASN1(&name, tagged(4)) || !in.Empty() {
		return nil, false
	}
	return readName(name)
}

func isGeneralName(s cryptobyte.String, want []attribute) bool {
	var name cryptobyte.String
	return s.ReadASN1(&name, tagged(4)) && s.Empty() && isName(name, want)
}

func (s *subject) policyFits(value []byte) bool {
	want := map[cert.Profile]string{cert.Signature: "1.2.392.200149.8.5.1.1.20", cert.Authentication: "1.2.392.200149.8.5.1.3.30"}[s.Profile]
	v := cryptobyte.String(value)
	var in, one, qualifiers, qualifier, address cryptobyte.String
	var policy, kind asn1.ObjectIdentifier
	return v.ReadASN1(&in, tag.SEQUENCE) && v.Empty() && in.ReadASN1(&one, tag.SEQUENCE) && in.Empty() &&
		one.ReadASN1ObjectIdentifier(&policy) && policy.String() == want &&
		one.ReadASN1(&qualifiers, tag.SEQUENCE) && one.Empty() && qualifiers.ReadASN1(&qualifier, tag.SEQUENCE) && qualifiers.Empty() &&
		qualifier.ReadASN1ObjectIdentifier(&kind) && kind.String() == "1.3.6.1.5.5.7.2.1" &&
		qualifier.ReadASN1(&address, tag.IA5String) && qualifier.Empty() && string(address) == "http://www.jpki.go.jp/cps.html"
}

// partitionFits: one distribution point, whose fullName is one directoryName. A CA's is its own name.
func (s *subject) partitionFits(value []byte) bool {
	want := s.caName()
	if s.kind == aUser {
		want = append(want[:3:3], text(idUnit, "CRL Distribution Points"), text(idUnit, s.Prefecture), text(idCommonName, s.Municipality+" CRLDP"))
	}
	v := cryptobyte.String(value)
	var points, point, name, full cryptobyte.String
	return v.ReadASN1(&points, tag.SEQUENCE) && v.Empty() && points.ReadASN1(&point, tag.SEQUENCE) && points.Empty() &&
		point.ReadASN1(&name, tagged(0)) && point.Empty() && name.ReadASN1(&full, tagged(0)) && name.Empty() && isGeneralName(full, want)
}

func (s *subject) addressFits(value []byte) bool {
	v := cryptobyte.String(value)
	var in, one, address cryptobyte.String
	var method asn1.ObjectIdentifier
	return v.ReadASN1(&in, tag.SEQUENCE) && v.Empty() && in.ReadASN1(&one, tag.SEQUENCE) && in.Empty() &&
		one.ReadASN1ObjectIdentifier(&method) && method.String() == "1.3.6.1.5.5.7.48.1" &&
		one.ReadASN1(&address, primitive(6)) && one.Empty() && string(address) == s.OCSP
}

func (s *subject) authorityFits(value []byte) bool {
	v := cryptobyte.String(value)
	var in, id, names, name, number cryptobyte.String
	return v.ReadASN1(&in, tag.SEQUENCE) && v.Empty() && in.ReadASN1(&id, primitive(0)) && in.ReadASN1(&names, tagged(1)) &&
		in.ReadASN1(&number, primitive(2)) && in.Empty() && names.ReadASN1(&name, tagged(4)) && names.Empty() &&
		bytes.Equal(id, s.issuer.SubjectKeyId) && bytes.Equal(name, s.issuer.RawIssuer) &&
		len(number) > 0 && number[0]&0x80 == 0 && bytes.Equal(bytes.TrimLeft(number, "\x00"), s.issuer.SerialNumber.Bytes()) &&
		(len(number) == 1 || number[0] != 0 || number[1]&0x80 != 0)
}

func (s *subject) keyIDFits(value []byte) bool {
	key, v := cryptobyte.String(s.key), cryptobyte.String(value)
	var in, id cryptobyte.String
	var bits asn1.BitString
	if !key.ReadASN1(&in, tag.SEQUENCE) || !in.SkipASN1(tag.SEQUENCE) || !in.ReadASN1BitString(&bits) {
		return true // the rule of the key speaks
	}
	sum := sha1.Sum(bits.Bytes)
	return v.ReadASN1(&id, tag.OCTET_STRING) && v.Empty() && bytes.Equal(id, sum[:])
}
