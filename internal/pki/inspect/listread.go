package inspect

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"math/big"
	"slices"
	"time"
)

// readList is a list, taken apart with encoding/asn1. crypto/x509 would make an object of half a kilobyte of each entry; a list of a million
// is inspected on a machine that does other things too.
type readList struct {
	TBS, Issuer            []byte
	Algorithm              string
	Signature              []byte
	ThisUpdate, NextUpdate time.Time
	Extensions             []pkix.Extension
	Number, Base           *big.Int // nil: none
	KeyID                  []byte
	Entries                []readEntry
	Ordered                bool // by serial, each once
	Usual                  bool // entries have reasons and extensions that are used
	Latest                 time.Time
}

// readEntry is an entry in few bytes.
type readEntry struct {
	serial string // big-endian, without leading zeros
	at     int64  // seconds
	reason int8
}

// ListHead is what somebody remembers of a list who does not keep it.
type ListHead struct {
	Number     *big.Int // nil: none
	ThisUpdate time.Time
	NextUpdate time.Time
	Digest     [sha256.Size]byte // of what is signed
	First      ListEntry         // no serial: it has no entries
}

// ListEntry is an entry of a list, with the code of its reason (RFC 5280 5.3.1).
type ListEntry struct {
	Serial []byte
	At     time.Time
	Reason int
}

// HeadOf reads the head of a list, and the entry with the lowest serial.
func HeadOf(der []byte) (h ListHead, err error) {
	l, err := parseList(der)
	if err != nil {
		return h, err
	}
	h = ListHead{Number: l.Number, ThisUpdate: l.ThisUpdate, NextUpdate: l.NextUpdate, Digest: sha256.Sum256(l.TBS)}
	if len(l.Entries) > 0 {
		e := l.Entries[0]
		h.First = ListEntry{[]byte(e.serial), time.Unix(e.at, 0).UTC(), int(e.reason)}
	}
	return h, nil
}

var errNoList = errors.New("it is no revocation list")

// take reads one element off what is left.
func take(rest *[]byte, to any, params string) error {
	r, err := asn1.UnmarshalWithParams(*rest, to, params)
	*rest = r
	return err
}

func parseList(der []byte) (*readList, error) {
	var outer, tbs, entries, e asn1.RawValue
	var signature asn1.BitString
	var within, without pkix.AlgorithmIdentifier
	rest := der
	if err := take(&rest, &outer, ""); err != nil || len(rest) > 0 || outer.Tag != asn1.TagSequence {
		return nil, errNoList
	}
	rest = outer.Bytes
	if take(&rest, &tbs, "") != nil || take(&rest, &without, "") != nil || take(&rest, &signature, "") != nil || len(rest) > 0 || tbs.Tag != asn1.TagSequence {
		return nil, errNoList
	}
	l := &readList{TBS: tbs.FullBytes, Signature: signature.RightAlign(), Ordered: true, Usual: true}
	var version int
	rest = tbs.Bytes
	if take(&rest, &version, "") != nil || version != 1 || take(&rest, &within, "") != nil || take(&rest, &e, "") != nil || take(&rest, &l.ThisUpdate, "") != nil ||
		!within.Algorithm.Equal(without.Algorithm) || !bytes.Equal(within.Parameters.FullBytes, without.Parameters.FullBytes) {
		return nil, errNoList
	}
	l.Issuer, l.Algorithm = e.FullBytes, within.Algorithm.String()
	if len(rest) > 0 && (rest[0] == asn1.TagUTCTime || rest[0] == asn1.TagGeneralizedTime) {
		if take(&rest, &l.NextUpdate, "") != nil {
			return nil, errNoList
		}
	}
	if len(rest) > 0 && rest[0] == 0x30 {
		if take(&rest, &entries, "") != nil {
			return nil, errNoList
		}
	}
	if len(rest) > 0 && take(&rest, &l.Extensions, "explicit,tag:0") != nil || len(rest) > 0 {
		return nil, errNoList
	}
	if !l.readExtensions() {
		return nil, errNoList
	}
	return l, l.readEntries(entries.Bytes)
}

func (l *readList) readExtensions() bool {
	number := func(value []byte) *big.Int {
		n := new(big.Int)
		if rest, err := asn1.Unmarshal(value, &n); err != nil || len(rest) > 0 {
			return nil
		}
		return n
	}
	for _, x := range l.Extensions {
		switch x.Id.String() {
		case "2.5.29.20":
			if l.Number = number(x.Value); l.Number == nil {
				return false
			}
		case "2.5.29.27":
			if l.Base = number(x.Value); l.Base == nil {
				return false
			}
		case "2.5.29.35":
			var key struct {
				ID []byte `asn1:"optional,tag:0"`
			}
			if _, err := asn1.Unmarshal(x.Value, &key); err != nil {
				return false
			}
			l.KeyID = key.ID
		}
	}
	return true
}

func (l *readList) readEntries(rest []byte) error {
	var last string
	for len(rest) > 0 {
		var e struct {
			Serial     *big.Int
			At         time.Time
			Extensions []pkix.Extension `asn1:"optional"`
		}
		if err := take(&rest, &e, ""); err != nil {
			return errNoList
		}
		r := readEntry{serial: string(e.Serial.Bytes()), at: e.At.Unix()}
		if e.Serial.Sign() <= 0 || len(l.Entries) > 0 && !lower(last, r.serial) {
			l.Ordered = false
		}
		for _, x := range e.Extensions {
			var reason asn1.Enumerated
			tail, err := asn1.Unmarshal(x.Value, &reason)
			if x.Id.String() != "2.5.29.21" || err != nil || len(tail) > 0 || reason < 0 || reason > 6 {
				l.Usual = false
				continue
			}
			r.reason = int8(reason)
		}
		l.Usual = l.Usual && len(e.Extensions) <= 1
		if e.At.After(l.Latest) {
			l.Latest = e.At
		}
		last = r.serial
		l.Entries = append(l.Entries, r)
	}
	if !l.Ordered { // so that it can be searched all the same
		slices.SortStableFunc(l.Entries, bySerial)
	}
	return nil
}

func lower(a, b string) bool { return len(a) < len(b) || len(a) == len(b) && a < b }

func bySerial(a, b readEntry) int {
	switch {
	case lower(a.serial, b.serial):
		return -1
	case a.serial == b.serial:
		return 0
	}
	return 1
}

// find looks an entry up.
func (l *readList) find(serial string) (readEntry, bool) {
	k, there := slices.BinarySearchFunc(l.Entries, readEntry{serial: serial}, bySerial)
	if !there {
		return readEntry{}, false
	}
	return l.Entries[k], true
}

// names tells whether an entry is on a list, which may be nil.
func (l *readList) names(serial string) bool {
	if l == nil {
		return false
	}
	_, there := l.find(serial)
	return there
}

// algorithms are those of the profiles' keys.
var algorithms = map[string]x509.SignatureAlgorithm{"1.2.840.113549.1.1.11": x509.SHA256WithRSA, "1.2.840.10045.4.3.2": x509.ECDSAWithSHA256,
	"1.2.840.10045.4.3.3": x509.ECDSAWithSHA384}

// signedBy tells whether a CA has signed the list, and may.
func (l *readList) signedBy(ca *x509.Certificate) bool {
	a, known := algorithms[l.Algorithm]
	return known && ca.KeyUsage&x509.KeyUsageCRLSign != 0 && ca.CheckSignature(a, l.TBS, l.Signature) == nil
}
