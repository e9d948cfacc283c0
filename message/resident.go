package message

import (
	"errors"

	"google.golang.org/protobuf/proto"

	"github.com/akashi-id/akashi/message/messagepb"
	"github.com/akashi-id/akashi/resident"
)

// ResidentChange is 異動: the full state of a resident that a change led to, and the hash of the state before it.
type ResidentChange struct {
	After  resident.IdentificationInfo
	Before resident.StateHash // zero for the first
}

// Kind is resident.change.
func (ResidentChange) Kind() Kind { return KindResidentChange }

// Keys are the resident's code, and the old one when the change is of the code.
func (n ResidentChange) Keys() []string {
	if old := n.After.Change.OldCode; old.Valid() {
		return []string{n.After.Code.Reveal(), old.Reveal()}
	}
	return []string{n.After.Code.Reveal()}
}

// Rebase makes the change build on the state that a withdrawn change had built on.
func (n ResidentChange) Rebase(withdrawn Payload) (Payload, bool) {
	w, ok := withdrawn.(ResidentChange)
	if !ok || w.After.StateHash() != n.Before {
		return nil, false
	}
	n.Before = w.Before
	return n, true
}

func (n ResidentChange) wire() proto.Message {
	w := &messagepb.ResidentChange{After: identificationToWire(n.After)}
	if n.Before != (resident.StateHash{}) {
		w.Before = n.Before[:]
	}
	return w
}

func residentChangeFromWire(w *messagepb.ResidentChange) (ResidentChange, error) {
	var c check
	n := ResidentChange{After: identificationFromWire(&c, w.After), Before: hash(&c, "before", w.Before)}
	if len(c.problems) == 0 {
		c.problems = append(c.problems, n.After.Check()...)
	}
	return n, c.err()
}

// ResidentInvalidation says what dies because of a change. It is safe: whatever becomes of the change's own message,
// and in whatever order they come, it takes effect.
type ResidentInvalidation struct {
	Code    resident.RecordCode
	Version resident.Version // the record version that made it so
	Reason  resident.ChangeReason
	Since   resident.Date // the day the reason arose
	Kills   resident.Effect
}

// Kind is resident.invalidation.
func (ResidentInvalidation) Kind() Kind { return KindResidentInvalidation }

// Keys is the resident's code.
func (n ResidentInvalidation) Keys() []string { return []string{n.Code.Reveal()} }

func (n ResidentInvalidation) wire() proto.Message {
	return &messagepb.ResidentInvalidation{Code: n.Code.Reveal(), Version: uint64(n.Version), Reason: n.Reason.Code(),
		Since: n.Since.String(), Signature: n.Kills.Signature, Authentication: n.Kills.Authentication, Card: n.Kills.Card}
}

func residentInvalidationFromWire(w *messagepb.ResidentInvalidation) (ResidentInvalidation, error) {
	var c check
	n := ResidentInvalidation{
		Code: field(&c, "code", w.Code, resident.ParseRecordCode), Version: version(&c, w.Version),
		Reason: field(&c, "reason", w.Reason, resident.ParseChangeReason), Since: field(&c, "since", w.Since, resident.ParseDate),
		Kills: resident.Effect{Signature: w.Signature, Authentication: w.Authentication, Card: w.Card},
	}
	if n.Kills.Nothing() {
		c.note("kills", errors.New("an invalidation that kills nothing"))
	}
	return n, c.err()
}

func identificationToWire(i resident.IdentificationInfo) *messagepb.Identification {
	sex := ""
	if i.Sex.Valid() {
		sex = string('0' + rune(i.Sex))
	}
	return &messagepb.Identification{Code: i.Code.Reveal(), Version: uint64(i.Version), Name: i.Name.Reveal(), Birth: i.Birth.String(),
		Sex: sex, Address: i.Address.Reveal(), CommonName: i.CommonName.Reveal(), Number: i.Number.Reveal(),
		Municipality: i.Municipality.String(), Reason: i.Change.Reason.Code(), Arose: i.Change.Arose.String(), OldCode: i.Change.OldCode.Reveal()}
}

func identificationFromWire(c *check, w *messagepb.Identification) resident.IdentificationInfo {
	if w == nil {
		required(c, "identification", false)
		return resident.IdentificationInfo{}
	}
	return resident.IdentificationInfo{
		Code: field(c, "code", w.Code, resident.ParseRecordCode),
		BasicFour: resident.BasicFour{
			Name: field(c, "name", w.Name, resident.ParseName), Birth: field(c, "birth", w.Birth, resident.ParsePartialDate),
			Sex: field(c, "sex", w.Sex, resident.ParseSex), Address: field(c, "address", w.Address, resident.ParseAddress),
		},
		CommonName:   optional(c, "common name", w.CommonName, resident.ParseName),
		Number:       optional(c, "number", w.Number, resident.ParseIndividualNumber),
		Municipality: field(c, "municipality", w.Municipality, resident.ParseMunicipalityCode),
		Version:      version(c, w.Version),
		Change: resident.ChangeInfo{
			Reason: field(c, "reason", w.Reason, resident.ParseChangeReason), Arose: field(c, "arose", w.Arose, resident.ParseDate),
			OldCode: optional(c, "old code", w.OldCode, resident.ParseRecordCode),
		},
	}
}
