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

// The shapes open the canonical bytes. A shape that is published never changes; a new
// item makes a new shape. A record that has none of the items of shape 2 keeps shape 1,
// so that what was entered before them has the hash that it had.
const (
	identificationShape = "akashi/identification/1"
	recordShape         = "akashi/record/1"
	recordShapeItems    = "akashi/record/2"
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
//
// A record with any of the Items has the shape akashi/record/2: the same fields after
// it, and then
//
//	furigana            UTF-8, or absent
//	former name         UTF-8, or absent
//	domicile state      known, unknown or none; or absent
//	domicile, its head  UTF-8, or absent
//	address since, notified   YYYY-MM-DD, or absent
//	earlier address     UTF-8, or absent
//	stay                category, status, period, until, card, foreign since; or absent
//	voter               1, or absent
//	health, elderly, care     since and until each, YYYY-MM-DD, or absent
//	pension             since, until, kind, kind since, number; or absent
//	allowance           since and until, YYYY-MM, or absent
func (r Record) AppendCanonical(b []byte) []byte {
	items := r.Items()
	shape := recordShape
	if items != (Items{}) {
		shape = recordShapeItems
	}
	b = appendField(b, shape)
	b = appendField(b, r.Code.Reveal())
	b = appendBasicFour(b, r.BasicFour)
	b = appendField(b, r.Kana.Reveal())
	b = appendField(b, r.CommonName.Reveal())
	b = appendField(b, r.Nationality.Reveal())
	b = appendField(b, r.Number.Reveal())
	b = appendField(b, r.Municipality.String())
	b = appendField(b, string(r.Household))
	b = appendField(b, r.Relation.Reveal())
	b = appendField(b, r.BecameResident.String())
	if shape == recordShapeItems {
		b = items.appendCanonical(b)
	}
	return b
}

func (i Items) appendCanonical(b []byte) []byte {
	f, res, stay, q := i.FamilyRegister, i.Residence, i.Stay, i.Qualified
	voter := ""
	if q.Voter {
		voter = "1"
	}
	for _, s := range [...]string{
		i.Furigana.Reveal(), i.FormerName.Reveal(), f.State.Code(), f.Domicile.Reveal(), f.Head.Reveal(),
		res.Since.String(), res.Notified.String(), res.Earlier.Reveal(),
		stay.Category.Code(), stay.Status.Reveal(), stay.Period.Text(), stay.Until.String(), stay.Card.Reveal(), stay.Since.String(),
		voter, q.Health.Since.String(), q.Health.Until.String(), q.Elderly.Since.String(), q.Elderly.Until.String(),
		q.Care.Since.String(), q.Care.Until.String(), q.Pension.Since.String(), q.Pension.Until.String(), q.Pension.Kind.Code(),
		q.Pension.KindSince.String(), q.Pension.Number.Reveal(), q.Allowance.Since.String(), q.Allowance.Until.String(),
	} {
		b = appendField(b, s)
	}
	return b
}

// StateHash is the hash of AppendCanonical. It has no version: a register compares
// what it is about to import with what it holds.
func (r Record) StateHash() StateHash {
	return sha256.Sum256(r.AppendCanonical(make([]byte, 0, 1024)))
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
