package issuing

import (
	"slices"

	"github.com/akashi-id/akashi/internal/document/making"
	"github.com/akashi-id/akashi/internal/org/issuing/internal/store"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// Kind is a kind of document, by the name of its form.
type Kind = making.Kind

// Reason is why no document is made.
type Reason = making.Reason

// sealAge is the age from which a seal is registered and certified, by the ordinances after the model of the ministry.
const sealAge = 15

// onPage is a person of the page as the copy holds them now.
type onPage struct {
	store.Held
	known  bool
	beside bool // only the name is on it: the head of the household
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
		note(making.NoAnswer)
		return v
	}
	if len(a.Persons) != len(page) {
		note(making.Unasked)
		return v
	}
	for i, p := range page {
		of := kind
		if p.beside {
			of = making.IndividualRecord // nobody needs a seal for that
		}
		v.each[i] = judgeOne(of, today, p, a.Persons[i])
		if p.beside { // who is to move out is the head until then
			v.each[i] = slices.DeleteFunc(v.each[i], func(r Reason) bool { return r == making.Moving })
		}
		if household != "" && p.known && p.Record.Record.Household != household {
			v.each[i] = append(v.each[i], making.Household) // who has left it since the register was asked
		}
		for _, r := range v.each[i] {
			note(r)
		}
	}
	if household != "" && a.Members != len(page) {
		note(making.Household)
	}
	return v
}

// judgeOne says why nothing is made of a person; nothing: they may stand on the page. What either side says against it counts.
func judgeOne(kind Kind, today resident.Date, p onPage, s message.IssuingStanding) (all []Reason) {
	if p.Key != s.Code.Reveal() {
		return []Reason{making.Unasked}
	}
	if !p.known || s.Hash == (message.Hash{}) {
		all = append(all, making.Unknown)
	}
	if p.known && p.Damaged {
		return append(all, making.Damaged)
	}
	n := p.Record
	for _, ended := range []resident.ChangeReason{s.Deleted, endedBy(p)} {
		r := making.Deleted
		switch ended {
		case 0:
			continue
		case resident.Death:
			r = making.Dead
		case resident.MoveOut:
			r = making.Moved
		}
		if !slices.Contains(all, r) {
			all = append(all, r)
		}
	}
	if s.Leaving || n.Leaves.Valid() {
		all = append(all, making.Moving)
	}
	// A release (一時解除) is for this one document, and the register alone knows of it.
	if (s.Protected || n.Protected) && s.Release == "" {
		all = append(all, making.Protected)
	}
	if p.known && (s.Version != n.Version || s.Hash != p.Hash) {
		all = append(all, making.Stale)
	}
	if kind != making.SealCertificate || !p.known || n.Deleted() {
		return all
	}
	// Of a birth that is partly unknown the latest possible day counts.
	if resident.AgeOn(n.Record.Birth.Latest(), today) < sealAge {
		all = append(all, making.UnderAge)
	}
	if !s.Seal || !n.Seal.Given() {
		all = append(all, making.NoSeal)
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
