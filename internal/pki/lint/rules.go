package lint

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"time"

	tag "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/plain"
)

// rule is one thing that a certificate of some kinds has to be. Each is judged for itself: a rule about the content of a
// field does not speak when the field is not there, because another one does.
type rule struct {
	name  string
	kinds kind
	plain.Sentence
	holds func(s *subject) bool
}

func says(ja, en string) plain.Sentence { return plain.Sentence{JA: ja, EN: en} }

// structure stands for all rules when there is nothing to apply them to.
var structure = rule{"structure", every, says(
	"電子証明書の構造をDERとして読み取れません。作成のプログラムを調べてください。",
	"The structure cannot be read as DER: look into the program that built it."), nil}

var rules = slices.Concat(fieldRules, extensionRules, holderRules)

var fieldRules = []rule{
	{"version", every, says(
		"電子証明書の版がX.509の3版（値2）ではありません。",
		"The version is not that of X.509 version 3 (the value 2)."), // RFC 5280 4.1.2.1
		func(s *subject) bool { return bytes.Equal(s.version, []byte{2}) }},
	{"serial-positive", every, says(
		"発行番号が正の整数として最短の形で書かれていません。",
		"The serial is not a positive integer in its shortest form."), // RFC 5280 4.1.2.2
		func(s *subject) bool {
			n := s.number
			return n[0]&0x80 == 0 && (n[0] != 0 || len(n) > 1 && n[1]&0x80 != 0)
		}},
	{"serial-length", every, says(
		"発行番号の長さが決まりと違います（利用者とOCSP署名者は16オクテット、認証局は4オクテットまで）。",
		"The serial does not have the length that it must: 16 octets for users and OCSP signers, at most 4 for a CA."),
		func(s *subject) bool {
			if s.kind == aCA {
				return len(s.number) <= 4
			}
			return len(s.number) == 16
		}},
	{"serial-recorded", every, says(
		"発行番号が、この発行のために記録した番号と違います。",
		"The serial is not the one that was recorded for this certificate."),
		func(s *subject) bool { return bytes.Equal(bytes.TrimLeft(s.number, "\x00"), s.Serial.Bytes()) }},
	{"signature-algorithm", every, says(
		"署名の方式の記載が、署名する認証局の鍵の方式と違います。",
		"The signature algorithm is not that of the key that will sign."),
		func(s *subject) bool { return bytes.Equal(s.algorithm, algorithms[s.signer].identifier) }},
	{"issuer", every, says(
		"発行者の名前が、この種別の認証局の名前と違います。",
		"The issuer is not named as the CA of this profile is."),
		func(s *subject) bool {
			return isName(s.issuerName, s.caName()) && (s.issuer == nil || bytes.Equal(s.issuerName, s.issuer.RawSubject))
		}},
	{"time-form", every, says(
		"有効期間の日時の書き方がRFC 5280 4.1.2.5に合いません（2049年まではUTCTime、2050年からはGeneralizedTime、秒まで、Zで終わる）。",
		"A time is not written as RFC 5280 4.1.2.5 has it: UTCTime through 2049, GeneralizedTime from 2050, with seconds and Z."),
		func(s *subject) bool {
			_, begins := s.begins.time()
			_, ends := s.ends.time()
			return begins && ends
		}},
	{"not-before", every, says(
		"有効期間の始まりが、記録した発行の日時と違うか、認証局の有効期間より前です。",
		"The validity does not begin when the records say, or begins before the CA's."),
		func(s *subject) bool {
			begins, ok := s.begins.time()
			return !ok || begins.Equal(s.From.Truncate(time.Second)) && (s.issuer == nil || !begins.Before(s.issuer.NotBefore))
		}},
	{"validity", every, says(
		"有効期間の終わりが、誕生日、カード、認証局の有効期限から決まる日時と違います。",
		"The validity does not end when it must, by the birthday, the card and the CA."),
		func(s *subject) bool {
			ends, ok := s.ends.time()
			return !ok || s.endsRight(ends)
		}},
	{"subject", every, says(
		"名義人の名前の項目、順序、文字の型のいずれかが決まりと違います。",
		"The subject's name does not have the attributes, in the order and encoding, that it must."),
		func(s *subject) bool { return s.subjectFits() }},
	{"subject-place", aUser, says(
		"名義人の名前にある都道府県または市区町村が、記録と違います。",
		"The prefecture or the municipality in the subject's name is not the recorded one."),
		func(s *subject) bool {
			names, ok := s.named()
			if !ok || s.Profile != cert.Signature || len(names) != 4 {
				return true
			}
			return names[1].text == s.Prefecture && names[2].text == s.Municipality
		}},
	{"common-name", aUser | aResponder, says(
		"名義人のコモンネームが、発行の日時、通し番号、受付窓口識別記号からなる決まりの形ではありません。",
		"The common name is not made of the time, the sequence number and the counter's sign as it must be."),
		func(s *subject) bool { return s.commonNameFits() }},
	{"public-key", every, says(
		"公開鍵が、申請された鍵と違います。",
		"The public key is not the one that was applied for."),
		func(s *subject) bool { return bytes.Equal(s.key, s.Public) }},
	{"key-algorithm", every, says(
		"公開鍵の方式または強さが、この世代のカードの鍵として認められません。",
		"The public key is not of an algorithm and strength that cards of this generation have."),
		func(s *subject) bool { return s.keyFits() }},
	{"unique-ids", every, says(
		"使ってはならない項目（issuerUniqueIDまたはsubjectUniqueID）があります。",
		"There is a field that must not be used: issuerUniqueID or subjectUniqueID."), // RFC 5280 4.1.2.8
		func(s *subject) bool { return !s.uniqueIDs }},
}

// keyFits also holds the signing key to the generation, when one is given: a card is certified by a CA of its own
// generation.
func (s *subject) keyFits() bool {
	a := s.subject
	if !bytes.Equal(s.key, s.Public) {
		a = algorithmOf(s.key)
	}
	switch {
	case a == 0:
		return false
	case s.kind == aResponder: // its key is on no card; that of the CA may be a generation's
		return s.Generation == 0 || s.signer == cards[s.Generation]
	case s.Generation != 0:
		return a == cards[s.Generation] && s.signer == a
	}
	return onACard(a) || !onACard(s.signer) // a country of replays, whose CA has a key that no card has
}

const (
	idCommonName   = "2.5.4.3"
	idCountry      = "2.5.4.6"
	idLocality     = "2.5.4.7"
	idOrganisation = "2.5.4.10"
	idUnit         = "2.5.4.11"
)

func country() attribute { return attribute{idCountry, tag.PrintableString, "JP"} }

func text(id, value string) attribute { return attribute{id, tag.UTF8String, value} }

func unitName(p cert.Profile) string {
	if p == cert.Authentication {
		return "JPKI for user authentication"
	}
	return "JPKI for digital signature"
}

// caName is the CA's name: of the operator that the records name, or, of what it signs, of the one in its own certificate, which
// was held against the records when the CA was founded.
func (s *subject) caName() []attribute {
	by := cmp.Or(s.Governor, "Japan Agency for Local Authority Information Systems")
	if s.issuer != nil {
		if names, ok := readName(s.issuer.RawSubject); ok && len(names) > 0 {
			by = names[len(names)-1].text
		}
	}
	return []attribute{country(), text(idOrganisation, "JPKI-TEST"), text(idUnit, unitName(s.Profile)), text(idUnit, by)}
}

func (s *subject) caNameJapanese() []attribute {
	use := map[cert.Profile]string{cert.Signature: "署名用", cert.Authentication: "利用者証明用"}[s.Profile]
	by := cmp.Or(s.GovernorJapanese, "地方公共団体情報システム機構")
	if s.issuer != nil {
		for _, e := range s.issuer.Extensions {
			if names, ok := readDirectoryName(e.Value); ok && e.Id.String() == idSubjectAltName && len(names) > 0 {
				by = names[len(names)-1].text
			}
		}
	}
	return []attribute{country(), text(idOrganisation, "公的個人認証サービス（試験用）"), text(idUnit, "公的個人認証サービス"+use), text(idUnit, by)}
}

func isName(element []byte, want []attribute) bool {
	names, ok := readName(element)
	return ok && slices.Equal(names, want)
}

// subjectFits looks at the form; what the attributes say is for other rules, except where it is always the same.
func (s *subject) subjectFits() bool {
	names, ok := s.named()
	if !ok {
		return false
	}
	var want []attribute
	switch {
	case s.kind == aCA:
		return slices.Equal(names, s.caName())
	case s.kind == aResponder:
		want = []attribute{country(), text(idOrganisation, "JPKI-TEST"), text(idUnit, unitName(s.Profile)), text(idCommonName, "")}
	case s.Profile == cert.Signature:
		want = []attribute{country(), text(idLocality, ""), text(idLocality, ""), text(idCommonName, "")}
	default: // no place: the authentication certificate has no personal data
		want = []attribute{country(), text(idCommonName, "")}
	}
	return slices.EqualFunc(names, want, func(has, want attribute) bool {
		return has.id == want.id && has.tag == want.tag && (want.text == "" && has.text != "" || has.text == want.text)
	})
}

// commonNameFits: 14 digits of the time in Japan, for a signature certificate 5 of a sequence number, and the counter's 9
// characters.
func (s *subject) commonNameFits() bool {
	names, ok := s.named()
	if !ok || len(names) == 0 || names[len(names)-1].id != idCommonName {
		return true // the rule of the subject speaks
	}
	name := names[len(names)-1].text
	local := s.From.In(cert.JST)
	if s.kind == aResponder {
		return name == "OCSP "+local.Format("2006-01")
	}
	rest, ok := strings.CutPrefix(name, local.Format("20060102150405"))
	if !ok {
		return false
	}
	if s.Profile == cert.Signature {
		if len(rest) < 5 || strings.Trim(rest[:5], "0123456789") != "" {
			return false
		}
		rest = rest[5:]
	}
	return len(rest) == 9 && strings.Trim(rest, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == "" && rest == s.Counter
}
