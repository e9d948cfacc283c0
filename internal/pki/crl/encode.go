package crl

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"github.com/akashi-id/akashi/cert"
)

// The tags that a list needs.
const (
	tagBoolean     = 0x01
	tagInteger     = 0x02
	tagBits        = 0x03
	tagOctets      = 0x04
	tagEnumerated  = 0x0a
	tagUTCTime     = 0x17
	tagGeneralized = 0x18
	tagSequence    = 0x30
	tagContext     = 0x80 // + n: [n] IMPLICIT over something primitive
	tagExplicit    = 0xa0 // + n: [n] over something constructed
)

// The object identifiers, with tag and length.
var (
	idAuthorityKey = []byte{0x06, 3, 0x55, 0x1d, 35}
	idNumber       = []byte{0x06, 3, 0x55, 0x1d, 20}
	idReason       = []byte{0x06, 3, 0x55, 0x1d, 21}
	idDelta        = []byte{0x06, 3, 0x55, 0x1d, 27}
	idScope        = []byte{0x06, 3, 0x55, 0x1d, 28}
	idFreshest     = []byte{0x06, 3, 0x55, 0x1d, 46}
)

var derTrue = []byte{tagBoolean, 1, 0xff}

// appendHeader writes a tag and a length in the shortest form (X.690 10.1).
func appendHeader(dst []byte, tag byte, n int64) []byte {
	dst = append(dst, tag)
	if n < 0x80 {
		return append(dst, byte(n))
	}
	octets := 1
	for n>>(8*octets) != 0 {
		octets++
	}
	dst = append(dst, 0x80|byte(octets))
	for i := octets - 1; i >= 0; i-- {
		dst = append(dst, byte(n>>(8*i)))
	}
	return dst
}

// wrap puts parts under a tag.
func wrap(tag byte, parts ...[]byte) []byte {
	n := 0
	for _, p := range parts {
		n += len(p)
	}
	dst := appendHeader(make([]byte, 0, n+6), tag, int64(n))
	for _, p := range parts {
		dst = append(dst, p...)
	}
	return dst
}

// integerContent gives the content octets of a positive INTEGER.
func integerContent(octets []byte) []byte {
	octets = bytes.TrimLeft(octets, "\x00")
	if len(octets) == 0 || octets[0]&0x80 != 0 {
		return append([]byte{0}, octets...) // a leading one bit would make it negative
	}
	return octets
}

// appendTime writes UTCTime until 2049 and GeneralizedTime after, to the second and in UTC (RFC 5280 5.1.2.4).
func appendTime(dst []byte, t time.Time) ([]byte, error) {
	t = t.UTC()
	year, month, day := t.Date()
	if year < 1950 || year > 9999 {
		return nil, fmt.Errorf("the year %d has no place on a revocation list", year)
	}
	if year < 2050 {
		dst = append(dst, tagUTCTime, 13)
	} else {
		dst = append(dst, tagGeneralized, 15)
		dst = appendPair(dst, year/100)
	}
	hour, minute, second := t.Clock()
	for _, v := range [...]int{year % 100, int(month), day, hour, minute, second} {
		dst = appendPair(dst, v)
	}
	return append(dst, 'Z'), nil
}

func appendPair(dst []byte, v int) []byte { return append(dst, byte('0'+v/10), byte('0'+v%10)) }

// appendEntry writes one entry of revokedCertificates (RFC 5280 5.1.2.6). It allocates nothing, whatever the entry.
func appendEntry(dst []byte, e Entry) ([]byte, error) {
	if !e.Reason.Valid() {
		return nil, fmt.Errorf("the revocation of %s has no reason", e.Serial)
	}
	// The longest entry, 21 octets of serial, GeneralizedTime and a reason, has a length of one octet; it is filled in last.
	start := len(dst)
	dst = append(dst, tagSequence, 0)
	octets := e.Serial.Bytes()
	if len(octets) == 0 || len(octets) > cert.MaxSerialOctets {
		return nil, errors.New("an entry has no serial")
	}
	if octets[0]&0x80 != 0 {
		dst = append(dst, tagInteger, byte(len(octets)+1), 0)
	} else {
		dst = append(dst, tagInteger, byte(len(octets)))
	}
	dst = append(dst, octets...)
	dst, err := appendTime(dst, e.At)
	if err != nil {
		return nil, fmt.Errorf("the revocation of %s: %w", e.Serial, err)
	}
	if e.Reason != cert.Unspecified { // RFC 5280 5.3.1: unspecified is expressed by absence
		dst = append(dst, tagSequence, 12, tagSequence, 10)
		dst = append(dst, idReason...)
		dst = append(dst, tagOctets, 3, tagEnumerated, 1, byte(e.Reason.Code()))
	}
	dst[start+1] = byte(len(dst) - start - 2)
	return dst, nil
}

var year2050 = time.Date(2050, 1, 1, 0, 0, 0, 0, time.UTC).Unix()

// entrySize is how many bytes appendEntry writes. It is counted and not written; the writer compares.
func entrySize(e Entry) int64 {
	octets := e.Serial.Bytes()
	n := 2 + 2 + len(octets) + 15
	if len(octets) > 0 && octets[0]&0x80 != 0 {
		n++
	}
	if e.At.Unix() >= year2050 {
		n += 2
	}
	if e.Reason != cert.Unspecified {
		n += 14
	}
	return int64(n)
}

// extension writes one Extension.
func extension(id []byte, critical bool, value []byte) []byte {
	if critical {
		return wrap(tagSequence, id, derTrue, wrap(tagOctets, value))
	}
	return wrap(tagSequence, id, wrap(tagOctets, value))
}

// pointName writes a DistributionPointName: fullName [0] with one directoryName [4].
func pointName(name []byte) []byte {
	return wrap(tagExplicit+0, wrap(tagExplicit+0, wrap(tagExplicit+4, name)))
}
