package provision

import (
	"math/bits"

	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/match"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/received"
	"github.com/akashi-id/akashi/resident"
)

// Items is a set of what a use lets be given of the 本人確認情報. The individual number is none of them.
type Items uint32

// The items. A bit is never given a second meaning: rows are kept for years.
const (
	Resides Items = 1 << iota // whether the person is a resident
	Name
	Birth
	Sex
	Address
	CommonName
	Code
	Change // the last change: its reason and its day (変更情報)
)

const allItems = Change<<1 - 1

// item is one of the set: what it is called, and how it is read from a record.
type item struct {
	one  Items
	key  string // of a form's field
	name plain.Sentence
	look look.Items
	of   func(resident.IdentificationInfo) string
}

var items = []item{
	{Resides, "resides", say("住民かどうか", "Whether a resident"), look.History, func(i resident.IdentificationInfo) string {
		if i.Deleted() {
			return "消除"
		}
		return "住民"
	}},
	{Name, "name", say("氏名", "Name"), look.Four, func(i resident.IdentificationInfo) string { return i.Name.Reveal() }},
	{Birth, "birth", say("生年月日", "Date of birth"), look.Four, func(i resident.IdentificationInfo) string { return i.Birth.String() }},
	{Sex, "sex", say("性別", "Sex"), look.Four, func(i resident.IdentificationInfo) string {
		return map[resident.Sex]string{resident.Male: "男", resident.Female: "女"}[i.Sex]
	}},
	{Address, "address", say("住所", "Address"), look.Four, func(i resident.IdentificationInfo) string { return i.Address.Reveal() }},
	{CommonName, "common", say("通称", "Common name"), look.CommonName, func(i resident.IdentificationInfo) string { return i.CommonName.Reveal() }},
	{Code, "code", say("住民票コード", "Record code"), look.Code, func(i resident.IdentificationInfo) string { return i.Code.Reveal() }},
	{Change, "change", say("異動事由と年月日", "Last change"), look.History, func(i resident.IdentificationInfo) string {
		return i.Change.Reason.In(plain.JA) + " " + i.Change.Arose.String()
	}},
}

// each calls f with each item of the set, in the order of the table.
func (s Items) each(f func(item)) {
	for _, i := range items {
		if s&i.one != 0 {
			f(i)
		}
	}
}

// Name is the set in one sentence.
func (s Items) Name() (all plain.Sentence) {
	s.each(func(i item) {
		if all.JA != "" {
			all.JA, all.EN = all.JA+"、", all.EN+"; "
		}
		all.JA, all.EN = all.JA+i.name.JA, all.EN+i.name.EN
	})
	return all
}

// looked is what a look at the set shows of a person.
func (s Items) looked() (l look.Items) {
	s.each(func(i item) { l |= i.look })
	return l
}

// Count is how many items there are.
func (s Items) Count() int { return bits.OnesCount32(uint32(s & allItems)) }

// Given is what a provision gave of one person: the items of the set and nothing else.
type Given struct {
	Items  Items
	values map[Items]string
	Match  match.Result // how far what was asked agrees
}

// Of reads one item; "" when it was not given, or the record has none.
func (g Given) Of(one Items) string { return g.values[one] }

// give takes what the set lets be given from a candidate. All else stays behind: what is not in the values cannot be shown.
func (s Items) give(c received.Candidate) Given {
	g := Given{Items: s, values: map[Items]string{}, Match: c.Result}
	s.each(func(i item) { g.values[i.one] = i.of(c.IdentificationInfo) })
	return g
}
