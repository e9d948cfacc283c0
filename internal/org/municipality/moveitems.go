package municipality

import (
	"slices"

	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// movingItem is an item of the record that moves with the person: what nobody knows better than the old register, and what stays true in the new
// one. Qualifications are the business of each municipality and begin anew.
type movingItem struct {
	name  string // in the message, and for the clerk who reads it
	shows look.Items
	of    func(resident.Record) string
	keep  func(r *resident.Record, value string) error
}

var movingItems = []movingItem{
	{"氏名の振り仮名", look.Kana, func(r resident.Record) string { return r.Furigana.Reveal() },
		func(r *resident.Record, s string) error { return into(&r.Furigana, s, resident.ParseKana) }},
	{"旧氏", look.CommonName, func(r resident.Record) string { return r.FormerName.Reveal() },
		func(r *resident.Record, s string) error { return into(&r.FormerName, s, resident.ParseFormerName) }},
	{"戸籍の有無", look.Origin, func(r resident.Record) string { return r.FamilyRegister.State.In(plain.JA) },
		func(r *resident.Record, s string) error {
			return into(&r.FamilyRegister.State, s, resident.ParseDomicileState)
		}},
	{"本籍", look.Origin, func(r resident.Record) string { return r.FamilyRegister.Domicile.Reveal() },
		func(r *resident.Record, s string) error {
			return into(&r.FamilyRegister.Domicile, s, resident.ParseAddress)
		}},
	{"筆頭者", look.Origin, func(r resident.Record) string { return r.FamilyRegister.Head.Reveal() },
		func(r *resident.Record, s string) error { return into(&r.FamilyRegister.Head, s, resident.ParseName) }},
	{"法30条の45の区分", look.Foreign, func(r resident.Record) string { return r.Stay.Category.In(plain.JA) },
		func(r *resident.Record, s string) error { return into(&r.Stay.Category, s, resident.ParseStayCategory) }},
	{"在留資格", look.Foreign, func(r resident.Record) string { return r.Stay.Status.Reveal() },
		func(r *resident.Record, s string) error { return into(&r.Stay.Status, s, resident.ParseStayStatus) }},
	{"在留期間", look.Foreign, func(r resident.Record) string { return r.Stay.Period.Text() },
		func(r *resident.Record, s string) error { return into(&r.Stay.Period, s, resident.ParseStayPeriod) }},
	{"在留期間の満了の日", look.Foreign, func(r resident.Record) string { return r.Stay.Until.String() },
		func(r *resident.Record, s string) error { return into(&r.Stay.Until, s, resident.ParseDate) }},
	{"在留カード・特別永住者証明書の番号", look.Foreign, func(r resident.Record) string { return r.Stay.Card.Reveal() },
		func(r *resident.Record, s string) error { return into(&r.Stay.Card, s, resident.ParseStayCard) }},
	{"外国人住民となった日", look.Foreign, func(r resident.Record) string { return r.Stay.Since.String() },
		func(r *resident.Record, s string) error { return into(&r.Stay.Since, s, resident.ParseDate) }},
}

func into[T any](to *T, s string, parse func(field, s string) (T, error)) error {
	v, err := parse("items", s)
	if err == nil {
		*to = v
	}
	return err
}

// itemsTold are the items of a record that the new municipality is told of.
func itemsTold(r resident.Record) (items []message.MoveItem) {
	for _, m := range movingItems {
		if value := m.of(r); value != "" {
			items = append(items, message.MoveItem{Name: m.name, Value: value})
		}
	}
	return items
}

// keepTold puts what was told into a record that begins here. What another program calls by another name is shown to the clerk and not kept; so is
// the whole of it when it cannot be read or contradicts itself, which the old municipality alone can put right, and nobody waits for.
func keepTold(r resident.Record, told []message.MoveItem, today resident.Date) resident.Record {
	next := r
	for _, item := range told {
		if i := slices.IndexFunc(movingItems, func(m movingItem) bool { return m.name == item.Name }); i >= 0 && movingItems[i].keep(&next, item.Value) != nil {
			return r
		}
	}
	// 法30条の45: of the day of the category and that of becoming a resident, here, the later one.
	if next.Stay.Since.Valid() && next.Stay.Since.Before(r.BecameResident) {
		next.Stay.Since = r.BecameResident
	}
	if len(next.Contradictions(today)) > len(r.Contradictions(today)) {
		return r
	}
	return next
}

// itemEnded names why the record of somebody who is registered at the new municipality ended at the old one, when it was not this move.
const itemEnded = "消除の事由"

// ended is that item of a deletion.
func ended(v store.Version) []message.MoveItem {
	if v.Present() || v.Change.Reason == resident.MoveOut {
		return nil
	}
	return []message.MoveItem{{Name: itemEnded, Value: v.Change.Reason.In(plain.JA)}}
}

// endedThere is why the old record ended, when it was not this move.
func endedThere(n message.MoveOut) string {
	for _, i := range n.Items {
		if i.Name == itemEnded {
			return i.Value
		}
	}
	return ""
}

// shownOf are the items that the pages of a move show of somebody who is to come.
func shownOf(told *message.MoveOut) (items look.Items) {
	if told == nil {
		return 0
	}
	items = look.Household // the relation
	if told.Person.CommonName.Valid() {
		items |= look.CommonName
	}
	if told.Person.Nationality.Valid() {
		items |= look.Foreign
	}
	for _, item := range told.Items {
		for _, m := range movingItems {
			if m.name == item.Name {
				items |= m.shows
			}
		}
	}
	return items
}
