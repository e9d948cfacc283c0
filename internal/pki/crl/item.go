package crl

import (
	"bytes"
	"errors"
	"math/big"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cb "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/akashi-id/akashi/cert"
)

// Item is an entry as it stands on a list. It may say what our profile does not know.
type Item struct {
	Number   []byte // content octets of the serial; another CA's may be negative or none of ours
	At       time.Time
	Reason   int  // CRLReason; 0 also where the entry gives none
	Foreign  bool // it names the CA of its certificate (RFC 5280 5.3.3): the list is for several
	Critical bool // it has a critical extension of another kind
	Others   int  // extensions beside the reason
}

// What Item.Check says.
var (
	ErrSerial    = errors.New("an entry has a serial that no certificate may have")
	ErrReason    = errors.New("an entry has a reason that is not used")
	ErrExtension = errors.New("an entry has an extension that is not used")
)

// Check says whether the entry has a place in our profile.
func (i Item) Check() error {
	switch {
	case len(i.Number) == 0 || i.Number[0]&0x80 != 0 || len(i.Number) > cert.MaxSerialOctets || len(i.Number) == 1 && i.Number[0] == 0:
		return ErrSerial // RFC 5280 4.1.2.2
	case i.Reason < 0 || i.Reason >= len(cert.Reasons):
		return ErrReason
	case i.Others > 0:
		return ErrExtension
	}
	return nil
}

// Entry gives the entry in the words of our profile, or says why it has none.
func (i Item) Entry() (Entry, error) {
	if err := i.Check(); err != nil {
		return Entry{}, err
	}
	serial, err := cert.SerialFromBytes(i.Number)
	return Entry{Serial: serial, At: i.At, Reason: cert.Reasons[i.Reason]}, err
}

// Compare orders entries as their serials are as numbers. A negative one comes before all others; two negative ones are told apart, no more.
func (i Item) Compare(o Item) int {
	a, b := i.Number, o.Number
	if an, bn := a[0]&0x80 != 0, b[0]&0x80 != 0; an != bn {
		if an {
			return -1
		}
		return 1
	}
	a, b = bytes.TrimLeft(a, "\x00"), bytes.TrimLeft(b, "\x00")
	switch {
	case len(a) < len(b):
		return -1
	case len(a) > len(b):
		return 1
	}
	return bytes.Compare(a, b)
}

// The extensions that RFC 5280 5.3 gives an entry.
const (
	reasonCode        = "\x55\x1d\x15"
	invalidityDate    = "\x55\x1d\x18"
	certificateIssuer = "\x55\x1d\x1d"
)

func readItem(e cryptobyte.String) (i Item, ok bool) {
	var body, number cryptobyte.String
	if !e.ReadASN1(&body, cb.SEQUENCE) || !e.Empty() || !body.ReadASN1(&number, cb.INTEGER) || !isInteger(number) {
		return Item{}, false
	}
	i.Number = number
	if i.At, ok = readTime(&body); !ok {
		return Item{}, false
	}
	if body.Empty() {
		return i, true
	}
	var extensions cryptobyte.String
	if !body.ReadASN1(&extensions, cb.SEQUENCE) || !body.Empty() || extensions.Empty() {
		return Item{}, false
	}
	var seen [3]bool // the few that are known; others are counted
	for !extensions.Empty() {
		id, critical, value, ok := readExtension(&extensions)
		if !ok {
			return Item{}, false
		}
		known := 0
		switch string(id) {
		case reasonCode:
			var code cryptobyte.String
			// RFC 5280 5.3.1: 0 to 10 without 7.
			if !value.ReadASN1(&code, cb.ENUM) || !value.Empty() || len(code) != 1 || code[0] > 10 || code[0] == 7 {
				return Item{}, false
			}
			i.Reason = int(code[0])
		case invalidityDate:
			known = 1
			if _, ok := readGeneralized(&value); !ok || !value.Empty() {
				return Item{}, false
			}
			i.Others++
		case certificateIssuer:
			known = 2
			if !critical { // RFC 5280 5.3.3
				return Item{}, false
			}
			i.Foreign = true
			i.Others++
		default:
			i.Others++
			i.Critical = i.Critical || critical
			continue
		}
		if seen[known] {
			return Item{}, false
		}
		seen[known] = true
	}
	return i, true
}

// readExtension reads an Extension, whose value is never empty.
func readExtension(s *cryptobyte.String) (id []byte, critical bool, value cryptobyte.String, ok bool) {
	var e, oid, octets cryptobyte.String
	if !s.ReadASN1(&e, cb.SEQUENCE) || !e.ReadASN1(&oid, cb.OBJECT_IDENTIFIER) || !isOID(oid) {
		return nil, false, nil, false
	}
	if e.PeekASN1Tag(cb.BOOLEAN) {
		// X.690 11.5: what is said by default is not said.
		if !e.ReadASN1Boolean(&critical) || !critical {
			return nil, false, nil, false
		}
	}
	if !e.ReadASN1(&octets, cb.OCTET_STRING) || !e.Empty() || octets.Empty() {
		return nil, false, nil, false
	}
	return oid, critical, octets, true
}

// readExtensions reads the block of a list's extensions, those that are numbers as such.
func (i *Info) readExtensions(block cryptobyte.String) bool {
	var outer, all cryptobyte.String
	if !block.ReadASN1(&outer, cb.Tag(0).ContextSpecific().Constructed()) || !outer.ReadASN1(&all, cb.SEQUENCE) || !outer.Empty() || all.Empty() {
		return false
	}
	for !all.Empty() {
		id, critical, value, ok := readExtension(&all)
		if !ok || i.Extension(string(id)) != nil {
			return false
		}
		i.Extensions = append(i.Extensions, Extension{ID: string(id), Critical: critical, Value: bytes.Clone(value)})
		switch string(id) {
		case Number:
			i.Number, ok = readNumber(value)
		case Delta:
			i.Base, ok = readNumber(value)
		}
		if !ok {
			return false
		}
	}
	return true
}

// readNumber reads a CRLNumber: at most 20 octets, and not negative (RFC 5280 5.2.3).
func readNumber(s cryptobyte.String) (*big.Int, bool) {
	var octets cryptobyte.String
	if !s.ReadASN1(&octets, cb.INTEGER) || !s.Empty() || !isInteger(octets) || len(octets) > 20 || octets[0]&0x80 != 0 {
		return nil, false
	}
	return new(big.Int).SetBytes(octets), true
}

// isInteger: the content octets of an INTEGER in their shortest form (X.690 8.3.2).
func isInteger(b []byte) bool {
	if len(b) < 2 {
		return len(b) == 1
	}
	return !(b[0] == 0 && b[1]&0x80 == 0) && !(b[0] == 0xff && b[1]&0x80 != 0)
}

// isOID: the content octets of an OBJECT IDENTIFIER (X.690 8.19).
func isOID(b []byte) bool {
	starts := true
	for _, o := range b {
		if starts && o == 0x80 {
			return false
		}
		starts = o&0x80 == 0
	}
	return len(b) > 0 && starts
}

func isAlgorithm(e cryptobyte.String) bool {
	var body, oid, parameters cryptobyte.String
	if !e.ReadASN1(&body, cb.SEQUENCE) || !body.ReadASN1(&oid, cb.OBJECT_IDENTIFIER) || !isOID(oid) {
		return false
	}
	var tag cb.Tag
	return body.Empty() || body.ReadAnyASN1(&parameters, &tag) && body.Empty()
}

// isName: a Name with something in it (RFC 5280 5.1.2.3). What its attributes hold is nobody's business here.
func isName(e cryptobyte.String) bool {
	var rdns cryptobyte.String
	if !e.ReadASN1(&rdns, cb.SEQUENCE) || rdns.Empty() {
		return false
	}
	for !rdns.Empty() {
		var rdn cryptobyte.String
		if !rdns.ReadASN1(&rdn, cb.SET) || rdn.Empty() {
			return false
		}
		for !rdn.Empty() {
			var pair, oid, value cryptobyte.String
			var tag cb.Tag
			if !rdn.ReadASN1(&pair, cb.SEQUENCE) || !pair.ReadASN1(&oid, cb.OBJECT_IDENTIFIER) || !isOID(oid) ||
				!pair.ReadAnyASN1(&value, &tag) || !pair.Empty() {
				return false
			}
		}
	}
	return true
}

// readTime reads UTCTime for the years until 2049 and GeneralizedTime after, to the second and in UTC (RFC 5280 5.1.2.4).
func readTime(s *cryptobyte.String) (time.Time, bool) {
	if s.PeekASN1Tag(cb.GeneralizedTime) {
		t, ok := readGeneralized(s)
		return t, ok && t.Year() >= 2050
	}
	var d cryptobyte.String
	if !s.ReadASN1(&d, cb.UTCTime) || len(d) != 13 {
		return time.Time{}, false
	}
	year, ok := pair(d)
	if year < 50 {
		year += 100
	}
	if !ok {
		return time.Time{}, false
	}
	return readClock(1900+year, d[2:])
}

func readGeneralized(s *cryptobyte.String) (time.Time, bool) {
	var d cryptobyte.String
	if !s.ReadASN1(&d, cb.GeneralizedTime) || len(d) != 15 {
		return time.Time{}, false
	}
	century, ok1 := pair(d)
	year, ok2 := pair(d[2:])
	if !ok1 || !ok2 {
		return time.Time{}, false
	}
	return readClock(century*100+year, d[4:])
}

// readClock reads "MMDDhhmmssZ".
func readClock(year int, d []byte) (time.Time, bool) {
	var v [5]int
	for k := range v {
		var ok bool
		if v[k], ok = pair(d[2*k:]); !ok {
			return time.Time{}, false
		}
	}
	if d[10] != 'Z' || v[0] < 1 || v[0] > 12 || v[1] < 1 || v[2] > 23 || v[3] > 59 || v[4] > 59 {
		return time.Time{}, false
	}
	t := time.Date(year, time.Month(v[0]), v[1], v[2], v[3], v[4], 0, time.UTC)
	return t, t.Day() == v[1] // there is no 30 February
}

func pair(d []byte) (int, bool) {
	a, b := d[0]-'0', d[1]-'0'
	return int(a)*10 + int(b), a <= 9 && b <= 9
}
