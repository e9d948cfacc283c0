package resident

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
)

// StateHash is the SHA-256 of a state's canonical bytes. Two organisations that hold
// the same state compute the same hash, and a change names the hash of the state
// before it. It hides nothing: whoever can guess a state can check the guess, so it
// is kept as the state itself is. The zero value is "no state before".
type StateHash [sha256.Size]byte

// String is the hash in lower-case hexadecimal.
func (h StateHash) String() string { return hex.EncodeToString(h[:]) }

// identificationShape and recordShape open the canonical bytes. A shape that is
// published never changes; a new item makes a new shape.
const (
	identificationShape = "akashi/identification/1"
	recordShape         = "akashi/record/1"
)

// AppendCanonical appends the canonical bytes of the state to b: these fields, each
// as its length in bytes (4 bytes, big-endian) and then its text, absent ones with
// length 0, in this order:
//
//	akashi/identification/1
//	record code         11 digits
//	name                UTF-8, byte for byte
//	birth               YYYY-MM-DD, 00 for unknown parts
//	sex                 1 男, 2 女, 3 不明
//	address             UTF-8, byte for byte
//	common name         UTF-8, byte for byte, or absent
//	individual number   12 digits, or absent
//	municipality        6 digits
//	version             decimal
//	change reason       its code, e.g. move-within
//	arose               YYYY-MM-DD
//	old record code     11 digits, or absent
func (i IdentificationInfo) AppendCanonical(b []byte) []byte {
	b = appendField(b, identificationShape)
	b = appendField(b, i.Code.Reveal())
	b = appendBasicFour(b, i.BasicFour)
	b = appendField(b, i.CommonName.Reveal())
	b = appendField(b, i.Number.Reveal())
	b = appendField(b, i.Municipality.String())
	b = appendField(b, i.Version.String())
	b = appendField(b, i.Change.Reason.Code())
	b = appendField(b, i.Change.Arose.String())
	return appendField(b, i.Change.OldCode.Reveal())
}

// StateHash is the hash of AppendCanonical.
func (i IdentificationInfo) StateHash() StateHash {
	return sha256.Sum256(i.AppendCanonical(make([]byte, 0, 512)))
}

// AppendCanonical appends the canonical bytes of the whole record to b, as that of
// IdentificationInfo does, with these fields in this order:
//
//	akashi/record/1
//	record code, name, birth, sex, address   as in an identification
//	kana                UTF-8, or absent
//	common name         UTF-8, or absent
//	nationality         UTF-8, or absent
//	individual number   12 digits, or absent
//	municipality        6 digits
//	household           its id
//	relation            UTF-8
//	became resident     YYYY-MM-DD
func (r Record) AppendCanonical(b []byte) []byte {
	b = appendField(b, recordShape)
	b = appendField(b, r.Code.Reveal())
	b = appendBasicFour(b, r.BasicFour)
	b = appendField(b, r.Kana.Reveal())
	b = appendField(b, r.CommonName.Reveal())
	b = appendField(b, r.Nationality.Reveal())
	b = appendField(b, r.Number.Reveal())
	b = appendField(b, r.Municipality.String())
	b = appendField(b, string(r.Household))
	b = appendField(b, r.Relation.Reveal())
	return appendField(b, r.BecameResident.String())
}

// StateHash is the hash of AppendCanonical. It has no version: a register compares
// what it is about to import with what it holds.
func (r Record) StateHash() StateHash {
	return sha256.Sum256(r.AppendCanonical(make([]byte, 0, 512)))
}

func appendBasicFour(b []byte, f BasicFour) []byte {
	b = appendField(b, f.Name.Reveal())
	b = appendField(b, f.Birth.String())
	sex := ""
	if f.Sex.Valid() {
		sex = string('0' + rune(f.Sex))
	}
	b = appendField(b, sex)
	return appendField(b, f.Address.Reveal())
}

func appendField(b []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint32(b, uint32(len(s))), s...)
}
