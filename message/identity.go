package message

import (
	"encoding/hex"
	"time"

	"github.com/akashi-id/akashi/message/messagepb"
	"github.com/akashi-id/akashi/resident"
	"google.golang.org/protobuf/proto"
)

// Pseudonym stands for one of the staff, or for a passkey: whoever made it can say whom, and nobody else. The zero value is nobody.
type Pseudonym [32]byte

// String is the beginning of the hex, to tell two apart on a page.
func (p Pseudonym) String() string { return hex.EncodeToString(p[:6]) }

// IdentityCheck is one person's check of who an applicant is (本人確認), as the CA is told of it: not who, and by no document's number.
type IdentityCheck struct {
	Staff   Pseudonym
	Passkey Pseudonym // that was shown; zero: none was
	Way     string    // by which kind of evidence: photo, two, inquiry
	At      time.Time // to the second
}

// MostIdentityChecks bounds those of one application.
const MostIdentityChecks = 8

func checksToWire(all []IdentityCheck) (ws []*messagepb.IdentityCheck) {
	for _, i := range all {
		w := &messagepb.IdentityCheck{Staff: i.Staff[:], Way: i.Way, At: i.At.Unix()}
		if i.Passkey != (Pseudonym{}) {
			w.Passkey = i.Passkey[:]
		}
		ws = append(ws, w)
	}
	return ws
}

func checksFromWire(c *check, ws []*messagepb.IdentityCheck) (all []IdentityCheck) {
	required(c, "checks", len(ws) <= MostIdentityChecks)
	for _, w := range ws[:min(len(ws), MostIdentityChecks)] {
		i := IdentityCheck{Staff: pseudonym(c, "staff", w.GetStaff()), Way: w.GetWay(), At: seconds(w.GetAt())}
		if len(w.GetPasskey()) > 0 {
			i.Passkey = pseudonym(c, "passkey", w.GetPasskey())
		}
		required(c, "way", i.Way == "photo" || i.Way == "two" || i.Way == "inquiry")
		required(c, "at", i.At.Year() >= 2000 && i.At.Year() < 10000)
		all = append(all, i)
	}
	return all
}

// pseudonym reads one that must be somebody's.
func pseudonym(c *check, what string, b []byte) (p Pseudonym) {
	copy(p[:], b)
	required(c, what, len(b) == len(p) && p != (Pseudonym{}))
	return p
}

// IdentityRule tells the CA how many of a municipality's staff check who an applicant is, from a day on. The CA then issues nothing that
// fewer have checked, whatever the municipality's own screens let through.
type IdentityRule struct {
	Municipality resident.MunicipalityCode
	Version      uint64 // the newest whose day has come holds
	Persons      uint32
	From         resident.Date
	ProposedBy   Pseudonym
	ConfirmedBy  Pseudonym
}

// Kind is identity.rule.
func (IdentityRule) Kind() Kind { return KindIdentityRule }

// Keys is the municipality.
func (n IdentityRule) Keys() []string { return []string{n.Municipality.String()} }

func (n IdentityRule) wire() proto.Message {
	return &messagepb.IdentityRule{Municipality: n.Municipality.String(), Version: n.Version, Persons: n.Persons, From: n.From.String(),
		ProposedBy: n.ProposedBy[:], ConfirmedBy: n.ConfirmedBy[:]}
}

func identityRuleFromWire(w *messagepb.IdentityRule) (IdentityRule, error) {
	var c check
	n := IdentityRule{Municipality: field(&c, "municipality", w.Municipality, resident.ParseMunicipalityCode), Version: w.Version, Persons: w.Persons,
		From: field(&c, "from", w.From, resident.ParseDate), ProposedBy: pseudonym(&c, "proposed by", w.ProposedBy), ConfirmedBy: pseudonym(&c, "confirmed by", w.ConfirmedBy)}
	required(&c, "version", w.Version > 0 && w.Version>>63 == 0)
	required(&c, "persons", w.Persons > 0 && w.Persons <= MostIdentityChecks)
	return n, c.err()
}
