package lint

import (
	"encoding/asn1"
	"time"
	"unicode/utf8"

	"golang.org/x/crypto/cryptobyte"
	tag "golang.org/x/crypto/cryptobyte/asn1"
)

// largest bounds the bytes that are read at all; a certificate of a person has some 1,300.
const largest = 16 << 10

// certificate is a TBSCertificate taken apart, not yet judged. What a field says is judged by the rules; here only what has no
// place in any certificate is refused.
type certificate struct {
	version    []byte // content of the INTEGER, nil when it is not there
	number     []byte // content of the serial
	algorithm  []byte // AlgorithmIdentifier, element
	issuerName []byte // element
	begins     stamp
	ends       stamp
	name       []byte // element
	key        []byte // SubjectPublicKeyInfo, element
	uniqueIDs  bool   // one of the two fields of version 2
	extensions []extension
}

// stamp is a Time as it is encoded.
type stamp struct {
	tag  tag.Tag
	text string
}

type extension struct {
	id       string
	critical []byte // content of the BOOLEAN, nil when it is not there
	value    []byte
}

func tagged(n uint8) tag.Tag    { return tag.Tag(n).ContextSpecific().Constructed() }
func primitive(n uint8) tag.Tag { return tag.Tag(n).ContextSpecific() }

// read takes a TBSCertificate apart (RFC 5280 4.1). It reports whether it is one, in DER, with nothing after it.
func read(tbs []byte) (c certificate, ok bool) {
	if len(tbs) > largest {
		return c, false
	}
	outer := cryptobyte.String(tbs)
	var in, version, number, validity, list cryptobyte.String
	var versioned, extended bool
	if !outer.ReadASN1(&in, tag.SEQUENCE) || !outer.Empty() ||
		!in.ReadOptionalASN1(&version, &versioned, tagged(0)) {
		return c, false
	}
	if versioned {
		var n cryptobyte.String
		if !version.ReadASN1(&n, tag.INTEGER) || !version.Empty() {
			return c, false
		}
		c.version = n
	}
	var algorithm, issuer, name, key cryptobyte.String
	if !in.ReadASN1(&number, tag.INTEGER) || len(number) == 0 ||
		!in.ReadASN1Element(&algorithm, tag.SEQUENCE) ||
		!in.ReadASN1Element(&issuer, tag.SEQUENCE) ||
		!in.ReadASN1(&validity, tag.SEQUENCE) || !readStamp(&validity, &c.begins) || !readStamp(&validity, &c.ends) || !validity.Empty() ||
		!in.ReadASN1Element(&name, tag.SEQUENCE) ||
		!in.ReadASN1Element(&key, tag.SEQUENCE) {
		return c, false
	}
	c.number, c.algorithm, c.issuerName, c.name, c.key = number, algorithm, issuer, name, key
	for _, n := range []uint8{1, 2} {
		if in.PeekASN1Tag(primitive(n)) || in.PeekASN1Tag(tagged(n)) {
			var skipped cryptobyte.String
			var t tag.Tag
			if !in.ReadAnyASN1(&skipped, &t) {
				return c, false
			}
			c.uniqueIDs = true
		}
	}
	if !in.ReadOptionalASN1(&list, &extended, tagged(3)) || !in.Empty() {
		return c, false
	}
	if !extended {
		return c, true
	}
	var one cryptobyte.String
	if !list.ReadASN1(&one, tag.SEQUENCE) || !list.Empty() {
		return c, false
	}
	for !one.Empty() {
		var e extension
		if !readExtension(&one, &e) {
			return c, false
		}
		c.extensions = append(c.extensions, e)
	}
	return c, true
}

func readStamp(s *cryptobyte.String, t *stamp) bool {
	var text cryptobyte.String
	if !s.ReadAnyASN1(&text, &t.tag) || t.tag != tag.UTCTime && t.tag != tag.GeneralizedTime {
		return false
	}
	t.text = string(text)
	return true
}

func readExtension(s *cryptobyte.String, e *extension) bool {
	var in, critical, value cryptobyte.String
	var id asn1.ObjectIdentifier
	var flagged bool
	if !s.ReadASN1(&in, tag.SEQUENCE) || !in.ReadASN1ObjectIdentifier(&id) ||
		!in.ReadOptionalASN1(&critical, &flagged, tag.BOOLEAN) || flagged && len(critical) != 1 ||
		!in.ReadASN1(&value, tag.OCTET_STRING) || !in.Empty() {
		return false
	}
	e.id, e.value = id.String(), value
	if flagged {
		e.critical = critical
	}
	return true
}

// extension gives the value of an extension, the first when there are two.
func (c *certificate) extension(id string) ([]byte, bool) {
	for _, e := range c.extensions {
		if e.id == id {
			return e.value, true
		}
	}
	return nil, false
}

// time reads a Time: UTCTime with seconds and Z through 2049, GeneralizedTime with seconds and Z, without fractions, from
// 2050 on (RFC 5280 4.1.2.5).
func (t stamp) time() (time.Time, bool) {
	layout, text := "20060102150405Z", t.text
	if t.tag == tag.UTCTime {
		if len(text) != 13 {
			return time.Time{}, false
		}
		century := "20"
		if text[0] >= '5' {
			century = "19" // 4.1.2.5.1: 50 and more are of the last century
		}
		text = century + text
	}
	if len(text) != len(layout) {
		return time.Time{}, false
	}
	at, err := time.Parse(layout, text)
	if err != nil || at.Format(layout) != text || (at.Year() >= 2050) != (t.tag == tag.GeneralizedTime) {
		return time.Time{}, false
	}
	return at, true
}

// attribute is one RDN of a name.
type attribute struct {
	id   string
	tag  tag.Tag
	text string
}

// readName takes a Name apart, when each RDN of it has one attribute and all are text.
func readName(element []byte) (all []attribute, ok bool) {
	s := cryptobyte.String(element)
	var in cryptobyte.String
	if !s.ReadASN1(&in, tag.SEQUENCE) || !s.Empty() {
		return nil, false
	}
	for !in.Empty() {
		var set, pair, text cryptobyte.String
		var id asn1.ObjectIdentifier
		var a attribute
		if !in.ReadASN1(&set, tag.SET) || !set.ReadASN1(&pair, tag.SEQUENCE) || !set.Empty() ||
			!pair.ReadASN1ObjectIdentifier(&id) || !pair.ReadAnyASN1(&text, &a.tag) || !pair.Empty() || !utf8.Valid(text) {
			return nil, false
		}
		a.id, a.text = id.String(), string(text)
		all = append(all, a)
	}
	return all, true
}
