package issuing

import (
	"slices"

	"github.com/akashi-id/akashi/internal/org/issuing/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// Kind is a kind of document, by the name of its form (internal/document).
type Kind string

// The kinds.
const (
	HouseholdRecord  Kind = "resident-record-household"  // 住民票の写し（世帯連記式）
	IndividualRecord Kind = "resident-record-individual" // 住民票の写し（個人票）
	SealCertificate  Kind = "seal-registration"          // 印鑑登録証明書
)

var kindNames = map[Kind]plain.Sentence{
	HouseholdRecord:  {JA: "住民票の写し（世帯連記式）", EN: "Resident record, household"},
	IndividualRecord: {JA: "住民票の写し（個人票）", EN: "Resident record, one person"},
	SealCertificate:  {JA: "印鑑登録証明書", EN: "Certificate of a registered seal"},
}

// Name is the kind in words; one of another program is shown as it is.
func (k Kind) Name() plain.Sentence {
	if n, known := kindNames[k]; known {
		return n
	}
	return plain.Sentence{JA: string(k), EN: string(k)}
}

// Reason is why no document is made.
type Reason string

// The reasons. Those of a person stand before those of the page.
const (
	Unknown   Reason = "unknown"   // the copy or the register knows nobody under the code
	Damaged   Reason = "damaged"   // the copy's row was changed behind the program's back
	Dead      Reason = "dead"      // 死亡
	Moved     Reason = "moved"     // 転出
	Deleted   Reason = "deleted"   // 消除 of another kind
	Moving    Reason = "moving"    // a moving out is filed (転出予定)
	Protected Reason = "protected" // 支援措置
	Stale     Reason = "stale"     // copy and register hold different states
	UnderAge  Reason = "under-age" // 15歳未満: no seal is certified
	NoSeal    Reason = "no-seal"   // no seal is registered, or its registration has ended
	Household Reason = "household" // others live in the household than the page shows
	TooMany   Reason = "too-many"  // more persons than one document takes
	NoAnswer  Reason = "no-answer" // the register did not answer in time
	Unasked   Reason = "unasked"   // the register answered about others than it was asked about
)

var reasonNames = map[Reason]plain.Sentence{
	Unknown:   {JA: "住民票がない", EN: "nobody has the record code"},
	Damaged:   {JA: "写しの行が壊れている", EN: "the copy's row is damaged"},
	Dead:      {JA: "死亡", EN: "dead"},
	Moved:     {JA: "転出済み", EN: "moved away"},
	Deleted:   {JA: "消除済み", EN: "record deleted"},
	Moving:    {JA: "転出の届出がある", EN: "a moving out is filed"},
	Protected: {JA: "支援措置", EN: "protected"},
	Stale:     {JA: "写しが住民記録と違う版", EN: "the copy is of another version than the register"},
	UnderAge:  {JA: "15歳未満", EN: "under 15"},
	NoSeal:    {JA: "印鑑登録がない、または廃止済み", EN: "no seal, or its registration has ended"},
	Household: {JA: "世帯の人数が住民記録と違う", EN: "the household has others in it"},
	TooMany:   {JA: "一通に載る人数を超える", EN: "more persons than a document takes"},
	NoAnswer:  {JA: "住民記録から時間内に回答がない", EN: "the register did not answer in time"},
	Unasked:   {JA: "住民記録の回答が別の人のもの", EN: "the register answered about others"},
}

// Name is the reason in words, for the staff; one of another program is shown as it is.
func (r Reason) Name() plain.Sentence {
	if n, known := reasonNames[r]; known {
		return n
	}
	return plain.Sentence{JA: string(r), EN: string(r)}
}

// sealAge is the age from which a seal is registered and certified, by the ordinances after the model of the ministry.
const sealAge = 15

// onPage is a person of the page as the copy holds them now.
type onPage struct {
	store.Held
	known bool
}

// verdict is what becomes of a request.
type verdict struct {
	all  []Reason   // each once, in the order in which they were found; none: a document may be made
	each [][]Reason // of each person of the page
}

// judge compares the page of a document, as the copy holds it, with what the register answered about everybody on it; nil: it did not
// answer. household is the one whose whole the page shows; "": it shows those on it. It has no clock and no database: the same page and the same answer are judged alike by every server.
func judge(kind Kind, household resident.HouseholdID, today resident.Date, page []onPage, a *message.IssuingAnswer) (v verdict) {
	v.each = make([][]Reason, len(page))
	note := func(r Reason) {
		if !slices.Contains(v.all, r) {
			v.all = append(v.all, r)
		}
	}
	if a == nil {
		note(NoAnswer)
		return v
	}
	if len(a.Persons) != len(page) {
		note(Unasked)
		return v
	}
	for i, p := range page {
		v.each[i] = judgeOne(kind, today, p, a.Persons[i])
		if household != "" && p.known && p.Record.Record.Household != household {
			v.each[i] = append(v.each[i], Household) // who has left it since the register was asked
		}
		for _, r := range v.each[i] {
			note(r)
		}
	}
	if household != "" && a.Members != len(page) {
		note(Household)
	}
	return v
}

// judgeOne says why nothing is made of a person; nothing: they may stand on the page. What either side says against it counts.
func judgeOne(kind Kind, today resident.Date, p onPage, s message.IssuingStanding) (all []Reason) {
	if p.Key != s.Code.Reveal() {
		return []Reason{Unasked}
	}
	if !p.known || s.Hash == (message.Hash{}) {
		all = append(all, Unknown)
	}
	if p.known && p.Damaged {
		return append(all, Damaged)
	}
	n := p.Record
	for _, ended := range []resident.ChangeReason{s.Deleted, endedBy(p)} {
		r := Deleted
		switch ended {
		case 0:
			continue
		case resident.Death:
			r = Dead
		case resident.MoveOut:
			r = Moved
		}
		if !slices.Contains(all, r) {
			all = append(all, r)
		}
	}
	if s.Leaving || n.Leaves.Valid() {
		all = append(all, Moving)
	}
	if s.Protected || n.Protected {
		all = append(all, Protected)
	}
	if p.known && (s.Version != n.Version || s.Hash != p.Hash) {
		all = append(all, Stale)
	}
	if kind != SealCertificate || !p.known || n.Deleted() {
		return all
	}
	// Of a birth that is partly unknown the latest possible day counts.
	if resident.AgeOn(n.Record.Birth.Latest(), today) < sealAge {
		all = append(all, UnderAge)
	}
	if !s.Seal || !n.Seal.Given() {
		all = append(all, NoSeal)
	}
	return all
}

// endedBy is how the copy says that a record ended; 0: it has not.
func endedBy(p onPage) resident.ChangeReason {
	if p.known && p.Record.Deleted() {
		return p.Record.Reason
	}
	return 0
}
