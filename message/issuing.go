package message

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/message/messagepb"
	"github.com/akashi-id/akashi/resident"
)

// IssuingRecord is a person as the issuing server (証明発行サーバ) makes documents of them: what the municipality's register holds now of one
// resident, item by item, with the seal. It is a full state, so that the last one wins.
//
// Its version counts whatever of it changed: a new version of the record, another place in the household, a seal, a planned moving
// out, a protection. The register's own version counts the first of these alone (decision 0044).
type IssuingRecord struct {
	Code    resident.RecordCode
	OldCode resident.RecordCode // under which the receiver holds the person, when that is another
	Version resident.Version    // of this record, from 1
	Before  Hash                // of the record before; zero for the first

	Register  resident.Version // the version of the register
	Reason    resident.ChangeReason
	Arose     resident.Date
	Leaves    resident.Date // the day of a planned moving out (転出予定); zero: none
	Protected bool          // 支援措置

	// Record has the items that documents show: no qualifications. Its code is Code. Of a deleted record it is the zero value, and
	// only that it is deleted is told.
	Record resident.Record
	Seal   RegisteredSeal // zero: none
}

// RegisteredSeal is a registered seal (印鑑登録).
type RegisteredSeal struct {
	Card       int64  // number of the registration card
	Text       string // what is cut into it
	Imprint    []byte // PNG
	Registered time.Time
}

// Given reports whether there is one.
func (s RegisteredSeal) Given() bool { return s.Card != 0 }

// LogValue shows nothing of the seal: whoever has its picture can have it cut.
func (s RegisteredSeal) LogValue() slog.Value { return slog.StringValue("印影") }

// Format likewise, under every verb.
func (s RegisteredSeal) Format(f fmt.State, _ rune) { fmt.Fprint(f, "印影") }

// Deleted reports whether the record is deleted (消除).
func (n IssuingRecord) Deleted() bool { return n.Reason.Act() == resident.Deletion }

// Kind is issuing.record.
func (IssuingRecord) Kind() Kind { return KindIssuingRecord }

// Keys are the code, and the one before.
func (n IssuingRecord) Keys() []string {
	if n.OldCode.Valid() {
		return []string{n.Code.Reveal(), n.OldCode.Reveal()}
	}
	return []string{n.Code.Reveal()}
}

// Printed leaves in a record what documents show, and so what the issuing server is told: no qualifications (法7条10号 to 11号の2), of which
// no document says anything.
func Printed(r resident.Record) resident.Record {
	r.Qualified = resident.Qualifications{}
	return r
}

// StateHash is the SHA-256 by which both ends tell one state from another: over the line "akashi issuing record v1" and, each with a
// newline behind it, the version, the version of the register, the reason and day of its change, the day of a planned moving out, whether
// the person is protected, the hash of the record in hexadecimal, and of the seal the number of the card, the text, the SHA-256 of
// the picture in hexadecimal and the second in which it was registered. Of what is not there the line is empty.
func (n IssuingRecord) StateHash() Hash {
	record, seal := "", make([]string, 4)
	if !n.Deleted() {
		h := n.Record.StateHash()
		record = h.String()
	}
	if n.Seal.Given() {
		image := sha256.Sum256(n.Seal.Imprint)
		seal = []string{strconv.FormatInt(n.Seal.Card, 10), n.Seal.Text, hex.EncodeToString(image[:]), strconv.FormatInt(n.Seal.Registered.Unix(), 10)}
	}
	h := sha256.New()
	fmt.Fprintf(h, "akashi issuing record v1\n%s\n%s\n%s\n%s\n%s\n%t\n%s\n", n.Version, n.Register, n.Reason.Code(), n.Arose, n.Leaves, n.Protected, record)
	for _, line := range seal {
		fmt.Fprintf(h, "%s\n", line)
	}
	return Hash(h.Sum(nil))
}

// Entries is that of the code, and of the code before. A deleted record leaves the book.
func (n IssuingRecord) Entries() []Entry {
	is := n.StateHash()
	if n.Deleted() {
		is = Hash{}
	}
	if n.OldCode.Valid() {
		return []Entry{{IssuingRecords, n.OldCode.Reveal(), n.Before, Hash{}}, {IssuingRecords, n.Code.Reveal(), Hash{}, is}}
	}
	return []Entry{{IssuingRecords, n.Code.Reveal(), n.Before, is}}
}

// Rebase makes the record build on what a withdrawn one had built on.
func (n IssuingRecord) Rebase(withdrawn Payload) (Payload, bool) {
	w, ok := withdrawn.(IssuingRecord)
	if !ok || w.StateHash() != n.Before {
		return nil, false
	}
	n.Before = w.Before
	return n, true
}

// BuildOn makes the record build on what its receiver holds.
func (n IssuingRecord) BuildOn(holds Hash) (Payload, bool) {
	if n.Before == holds {
		return nil, false
	}
	n.Before = holds
	return n, true
}

func (n IssuingRecord) wire() proto.Message {
	w := &messagepb.IssuingRecord{Code: n.Code.Reveal(), OldCode: n.OldCode.Reveal(), Version: uint64(n.Version), RecordVersion: uint64(n.Register),
		Reason: n.Reason.Code(), Arose: n.Arose.String(), Leaves: n.Leaves.String(), Protected: n.Protected}
	if n.Before != (Hash{}) {
		w.Before = n.Before[:]
	}
	if !n.Deleted() {
		w.Items = registerItemsToWire(n.Record)
	}
	if s := n.Seal; s.Given() {
		w.Seal = &messagepb.SealOfRecord{Card: s.Card, Text: s.Text, Imprint: s.Imprint, RegisteredAt: s.Registered.Unix()}
	}
	return w
}

func registerItemsToWire(r resident.Record) *messagepb.RegisterItems {
	sex := ""
	if r.Sex.Valid() {
		sex = string('0' + rune(r.Sex))
	}
	f, res, stay := r.FamilyRegister, r.Residence, r.Stay
	return &messagepb.RegisterItems{Name: r.Name.Reveal(), Kana: r.Kana.Reveal(), Birth: r.Birth.String(), Sex: sex, Address: r.Address.Reveal(),
		CommonName: r.CommonName.Reveal(), Nationality: r.Nationality.Reveal(), Municipality: r.Municipality.String(), Household: string(r.Household),
		Relation: r.Relation.Reveal(), BecameResident: r.BecameResident.String(), Number: r.Number.Reveal(), Furigana: r.Furigana.Reveal(),
		FormerName: r.FormerName.Reveal(), Domicile: f.Domicile.Reveal(), DomicileHead: f.Head.Reveal(), DomicileState: f.State.Code(),
		AddressSince: res.Since.String(), Notified: res.Notified.String(), EarlierAddress: res.Earlier.Reveal(),
		StayCategory: stay.Category.Code(), StayStatus: stay.Status.Reveal(), StayPeriod: stay.Period.Text(), StayUntil: stay.Until.String(),
		StayCard: stay.Card.Reveal(), ForeignSince: stay.Since.String()}
}

// maxImprint bounds the picture of a seal, which with the record has to fit into an envelope. One of 2,400 by 2,400 dots stays far below it.
const maxImprint = 512 << 10

func issuingRecordFromWire(w *messagepb.IssuingRecord) (IssuingRecord, error) {
	var c check
	n := IssuingRecord{Code: field(&c, "code", w.Code, resident.ParseRecordCode), OldCode: optional(&c, "old code", w.OldCode, resident.ParseRecordCode),
		Version: version(&c, w.Version), Before: Hash(hash(&c, "before", w.Before)), Register: version(&c, w.RecordVersion),
		Reason: field(&c, "reason", w.Reason, resident.ParseChangeReason), Arose: field(&c, "arose", w.Arose, resident.ParseDate),
		Leaves: optional(&c, "leaves", w.Leaves, resident.ParseDate), Protected: w.Protected}
	if n.OldCode.Valid() && n.OldCode == n.Code {
		c.note("old code", errors.New("the code itself"))
	}
	if deleted := n.Deleted(); deleted != (w.Items == nil) || deleted && (w.Seal != nil || w.Leaves != "") {
		c.note("items", errors.New("a deleted record has no items, and every other one has"))
		return n, c.err()
	}
	if w.Items != nil {
		n.Record = registerItemsFromWire(&c, n.Code, w.Items)
	}
	if s := w.Seal; s != nil {
		n.Seal = RegisteredSeal{Card: s.Card, Text: s.Text, Imprint: s.Imprint, Registered: seconds(s.RegisteredAt)}
		required(&c, "seal", s.Card > 0 && len(s.Text) <= 4*maxPerson && inLine(s.Text, 4*maxPerson) && len(s.Imprint) > 0 && len(s.Imprint) <= maxImprint)
	}
	return n, c.err()
}

func registerItemsFromWire(c *check, code resident.RecordCode, w *messagepb.RegisterItems) resident.Record {
	r := resident.Record{Code: code,
		BasicFour: resident.BasicFour{
			Name: field(c, "name", w.Name, resident.ParseName), Birth: field(c, "birth", w.Birth, resident.ParsePartialDate),
			Sex: field(c, "sex", w.Sex, resident.ParseSex), Address: field(c, "address", w.Address, resident.ParseAddress),
		},
		Kana: optional(c, "kana", w.Kana, resident.ParseKana), CommonName: optional(c, "common name", w.CommonName, resident.ParseName),
		Nationality:  optional(c, "nationality", w.Nationality, resident.ParseNationality),
		Municipality: field(c, "municipality", w.Municipality, resident.ParseMunicipalityCode), Household: resident.HouseholdID(w.Household),
		Relation: field(c, "relation", w.Relation, resident.ParseRelation), BecameResident: field(c, "became resident", w.BecameResident, resident.ParseDate),
		Number:   optional(c, "number", w.Number, resident.ParseIndividualNumber),
		Furigana: optional(c, "furigana", w.Furigana, resident.ParseKana), FormerName: optional(c, "former name", w.FormerName, resident.ParseFormerName),
		FamilyRegister: resident.FamilyRegister{State: optional(c, "domicile state", w.DomicileState, resident.ParseDomicileState),
			Domicile: optional(c, "domicile", w.Domicile, resident.ParseAddress), Head: optional(c, "domicile head", w.DomicileHead, resident.ParseName)},
		Residence: resident.Residence{Since: optional(c, "address since", w.AddressSince, resident.ParseDate),
			Notified: optional(c, "notified", w.Notified, resident.ParseDate), Earlier: optional(c, "earlier address", w.EarlierAddress, resident.ParseAddress)},
		Stay: resident.Stay{Category: optional(c, "stay category", w.StayCategory, resident.ParseStayCategory),
			Status: optional(c, "stay status", w.StayStatus, resident.ParseStayStatus), Period: optional(c, "stay period", w.StayPeriod, resident.ParseStayPeriod),
			Until: optional(c, "stay until", w.StayUntil, resident.ParseDate), Card: optional(c, "stay card", w.StayCard, resident.ParseStayCard),
			Since: optional(c, "foreign since", w.ForeignSince, resident.ParseDate)},
	}
	required(c, "household", w.Household != "" && inLine(w.Household, maxPerson))
	return r
}

// MaxIssuingPersons bounds the persons of one document.
const MaxIssuingPersons = 100

// IssuingQuestion asks the register how everybody stands of whom a document is about to be made.
type IssuingQuestion struct {
	Request string
	Persons []IssuingAsked // in the order of the page
	// Household is the one whose whole the page shows: whoever lives in it and is not named makes the page wrong. Empty: the page shows
	// those named.
	Household resident.HouseholdID
}

// IssuingAsked is a person as the issuing server holds them.
type IssuingAsked struct {
	Code    resident.RecordCode
	Version resident.Version // 0: it holds no record
}

// Kind is issuing.question.
func (IssuingQuestion) Kind() Kind { return KindIssuingQuestion }

// Keys is the request: the answer to one waits for nothing that is stuck about anybody, and says so instead.
func (n IssuingQuestion) Keys() []string { return []string{"request/" + n.Request} }

func (n IssuingQuestion) wire() proto.Message {
	w := &messagepb.IssuingQuestion{Request: n.Request, Household: string(n.Household)}
	for _, p := range n.Persons {
		w.Persons = append(w.Persons, &messagepb.IssuingAsked{Code: p.Code.Reveal(), Version: uint64(p.Version)})
	}
	return w
}

func issuingQuestionFromWire(w *messagepb.IssuingQuestion) (IssuingQuestion, error) {
	var c check
	n := IssuingQuestion{Request: w.Request, Household: resident.HouseholdID(w.Household)}
	required(&c, "request", n.Request != "" && inLine(n.Request, maxName))
	required(&c, "household", inLine(w.Household, maxPerson))
	required(&c, "persons", len(w.Persons) > 0 && len(w.Persons) <= MaxIssuingPersons)
	if len(w.Persons) > MaxIssuingPersons {
		return n, c.err()
	}
	for _, p := range w.Persons {
		n.Persons = append(n.Persons, IssuingAsked{field(&c, "code", p.Code, resident.ParseRecordCode), resident.Version(p.Version)})
		if p.Version>>63 != 0 {
			c.note("version", errors.New("no version"))
		}
	}
	return n, c.err()
}

// IssuingAnswer says how they stand, as of the transaction in which it was written.
type IssuingAnswer struct {
	Request string
	Persons []IssuingStanding // those asked about, in the same order
	Members int               // residents of the household that was asked about
}

// IssuingStanding is how a person stands in the register.
type IssuingStanding struct {
	Code       resident.RecordCode
	Version    resident.Version // of the IssuingRecord; 0: nobody is known under the code
	Hash       Hash             // of that record
	Deleted    resident.ChangeReason
	Leaving    bool   // a moving out is filed
	Protected  bool   // 支援措置
	Protection uint64 // the highest version of the flags that hold
	Seal       bool   // a seal is registered
	Release    string // the two persons' decision that this one document may be given out though the person is protected; "": none
}

// Kind is issuing.answer.
func (IssuingAnswer) Kind() Kind { return KindIssuingAnswer }

// Keys is the request.
func (n IssuingAnswer) Keys() []string { return []string{"request/" + n.Request} }

func (n IssuingAnswer) wire() proto.Message {
	w := &messagepb.IssuingAnswer{Request: n.Request, Members: uint32(n.Members)}
	for _, p := range n.Persons {
		one := &messagepb.IssuingStanding{Code: p.Code.Reveal(), Version: uint64(p.Version), Leaving: p.Leaving, Protected: p.Protected,
			Protection: p.Protection, Seal: p.Seal, Release: p.Release, Reason: p.Deleted.Code()}
		if p.Hash != (Hash{}) {
			one.Hash = p.Hash[:]
		}
		w.Persons = append(w.Persons, one)
	}
	return w
}

func issuingAnswerFromWire(w *messagepb.IssuingAnswer) (IssuingAnswer, error) {
	var c check
	n := IssuingAnswer{Request: w.Request, Members: int(w.Members)}
	required(&c, "request", n.Request != "" && inLine(n.Request, maxName))
	required(&c, "persons", len(w.Persons) > 0 && len(w.Persons) <= MaxIssuingPersons)
	if len(w.Persons) > MaxIssuingPersons {
		return n, c.err()
	}
	for _, p := range w.Persons {
		one := IssuingStanding{Code: field(&c, "code", p.Code, resident.ParseRecordCode), Version: resident.Version(p.Version), Hash: Hash(hash(&c, "hash", p.Hash)),
			Deleted: optional(&c, "reason", p.Reason, resident.ParseChangeReason), Leaving: p.Leaving, Protected: p.Protected, Protection: p.Protection, Seal: p.Seal, Release: p.Release}
		if p.Version>>63 != 0 || p.Protection>>63 != 0 {
			c.note("version", errors.New("no version"))
		}
		required(&c, "release", inLine(p.Release, maxName))
		n.Persons = append(n.Persons, one)
	}
	return n, c.err()
}

// DescribeIssuing tells one record from another and names nobody.
func DescribeIssuing(n IssuingRecord) plain.Sentence {
	if n.Deleted() {
		return plain.Sentence{JA: fmt.Sprintf("第%s版（住民票の第%s版、%s、%s、消除）。", n.Version, n.Register, n.Reason.In(plain.JA), n.Arose),
			EN: fmt.Sprintf("Version %s (version %s of the record, %s, %s, deleted).", n.Version, n.Register, n.Reason.In(plain.EN), n.Arose)}
	}
	seal, sealEN := "印鑑登録なし", "no seal"
	if n.Seal.Given() {
		seal, sealEN = "印鑑登録あり", "a seal"
	}
	flags, flagsEN := "", ""
	if n.Leaves.Valid() {
		flags, flagsEN = "、転出予定"+n.Leaves.String(), ", leaves on "+n.Leaves.String()
	}
	if n.Protected {
		flags, flagsEN = flags+"、支援措置", flagsEN+", protected"
	}
	h := n.StateHash()
	return plain.Sentence{JA: fmt.Sprintf("第%s版（住民票の第%s版、%s%s）。ハッシュ%.8x。", n.Version, n.Register, seal, flags, h[:]),
		EN: fmt.Sprintf("Version %s (version %s of the record, %s%s). Hash %.8x.", n.Version, n.Register, sealEN, flagsEN, h[:])}
}
