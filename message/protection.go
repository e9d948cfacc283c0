package message

import (
	"errors"

	"google.golang.org/protobuf/proto"

	"github.com/akashi-id/akashi/message/messagepb"
	"github.com/akashi-id/akashi/resident"
)

// ResidentProtection says that a person is protected (DV等支援措置): whoever holds the person shows and issues nothing of her until a
// release by two persons. It is safe: it is a fact that nothing takes back but the end of exactly this version, so that it
// means the same in whatever order, and however often, it comes.
type ResidentProtection struct {
	Code        resident.RecordCode
	Owner       Org              // the municipality that decided, and alone counts the versions of its flag
	Version     resident.Version // of the flag, from 1; not of the record
	Measure     string           // 措置番号, common to those who are protected together (同伴者)
	Provisional bool             // 仮の措置: applied for, and not yet decided
	Until       resident.Date    // the last day of the term; zero while it is provisional
	// Places are municipalities beside the owner that the owner knows to hold the person: where she lived, where she goes.
	Places []resident.MunicipalityCode
}

// ResidentProtectionEnd ends one version of a flag, and no other: a flag that was set again has another one. It is not safe, and so
// waits behind whatever came before it about the person.
type ResidentProtectionEnd struct {
	Code    resident.RecordCode
	Owner   Org
	Version resident.Version
}

// Kind is resident.protection.
func (ResidentProtection) Kind() Kind { return KindResidentProtection }

// Kind is resident.protection.end.
func (ResidentProtectionEnd) Kind() Kind { return KindResidentProtectionEnd }

// Keys is the resident's code.
func (n ResidentProtection) Keys() []string { return []string{n.Code.Reveal()} }

// Keys is the resident's code.
func (n ResidentProtectionEnd) Keys() []string { return []string{n.Code.Reveal()} }

// mostPlaces bounds the municipalities that one flag names.
const mostPlaces = 50

func (n ResidentProtection) wire() proto.Message {
	w := &messagepb.ResidentProtection{Code: n.Code.Reveal(), Owner: string(n.Owner), Version: uint64(n.Version), Measure: n.Measure,
		Provisional: n.Provisional}
	if n.Until.Valid() {
		w.Until = n.Until.String()
	}
	for _, p := range n.Places {
		w.Places = append(w.Places, p.String())
	}
	return w
}

func protectionFromWire(w *messagepb.ResidentProtection) (ResidentProtection, error) {
	var c check
	n := ResidentProtection{Code: field(&c, "code", w.Code, resident.ParseRecordCode), Owner: municipalityOrg(&c, w.Owner),
		Version: version(&c, w.Version), Measure: w.Measure, Provisional: w.Provisional, Until: optional(&c, "until", w.Until, resident.ParseDate)}
	required(&c, "measure", n.Measure != "" && inLine(n.Measure, maxPerson))
	if n.Provisional == n.Until.Valid() {
		c.note("until", errors.New("a flag is provisional, or has a term"))
	}
	required(&c, "places", len(w.Places) <= mostPlaces)
	if len(w.Places) <= mostPlaces {
		for _, p := range w.Places {
			n.Places = append(n.Places, field(&c, "places", p, resident.ParseMunicipalityCode))
		}
	}
	return n, c.err()
}

func (n ResidentProtectionEnd) wire() proto.Message {
	return &messagepb.ResidentProtectionEnd{Code: n.Code.Reveal(), Owner: string(n.Owner), Version: uint64(n.Version)}
}

func protectionEndFromWire(w *messagepb.ResidentProtectionEnd) (ResidentProtectionEnd, error) {
	var c check
	n := ResidentProtectionEnd{Code: field(&c, "code", w.Code, resident.ParseRecordCode), Owner: municipalityOrg(&c, w.Owner), Version: version(&c, w.Version)}
	return n, c.err()
}

// municipalityOrg reads who owns a flag: the organisation of a municipality.
func municipalityOrg(c *check, s string) Org {
	o := Org(s)
	_, err := resident.ParseMunicipalityCode("owner", o.Code())
	if o.Role() != Municipality || err != nil || s != string(Municipality)+"-"+o.Code() {
		c.note("owner", errors.New("no municipality"))
	}
	return o
}

// The two books tell the same facts: one is what municipalities tell upwards, the other what the center tells those that hold the
// person elsewhere. No pair holds one of them in both directions.
var protectionBooks = []Book{Protections, ProtectionsElsewhere}

// Entries is one fact: that this version of the owner's flag was set. Which places it named is no part of it.
func (n ResidentProtection) Entries() (all []Entry) {
	state, until := "in-force", n.Until.String()
	if n.Provisional {
		state, until = "provisional", ""
	}
	for _, b := range protectionBooks {
		all = append(all, Entry{Book: b, Key: ProtectionKey(n.Code, n.Owner, n.Version), Is: EntryValue(b, n.Measure, state, until)})
	}
	return all
}

// Entries is one fact: that this version of the owner's flag has ended.
func (n ResidentProtectionEnd) Entries() (all []Entry) {
	for _, b := range protectionBooks {
		all = append(all, Entry{Book: b, Key: ProtectionKey(n.Code, n.Owner, n.Version) + "/end", Is: EntryValue(b, "end")})
	}
	return all
}

// ProtectionKey is the key of a version of a flag in the books; that of its end has "/end" behind it.
func ProtectionKey(code resident.RecordCode, owner Org, v resident.Version) string {
	return code.Reveal() + "/" + string(owner) + "/" + v.String()
}
