package municipality

import (
	"strings"

	"github.com/akashi-id/akashi/resident"
)

// checkItems judges the items of a registration (法7条, 30条の45).
func (r Registration) checkItems(ps *problems, rec resident.Record, today resident.Date) {
	ps.Problems = append(ps.Problems, rec.Contradictions(today)...)
	if r.Reason == resident.Birth && rec.Residence.Earlier.Valid() {
		ps.bad("earlier_address", "出生による記載に、従前の住所はありません。取り除いてください。", "Somebody who was just born has no earlier address: remove it.")
	}
	if !r.Whole {
		return
	}
	ps.Problems = append(ps.Problems, rec.Missing()...)
	if r.Reason == resident.MoveIn {
		// 法7条8号, 22条1項4号.
		ps.need(rec.Residence.Notified.Valid(), "notified", "届出年月日", "the day of the notice")
		ps.need(rec.Residence.Earlier.Valid(), "earlier_address", "従前の住所（国外からの方は国名）", "the earlier address (from abroad, the country)")
	}
	if strings.HasPrefix(r.Basis, "law-30-4") && !rec.Foreign() {
		ps.bad("basis",
			"この根拠は外国人住民の届出のものです。国籍・地域を入力するか、別の根拠を選んでください。",
			"This ground is for foreign residents: enter the nationality, or choose another ground.")
	}
}

// itemsAfter puts into a record what follows from its change by itself, and refuses what contradicts itself only since the change:
// a record that was entered before it was held to its items does not keep a death or a move from being filed.
func itemsAfter(ps *problems, now, next resident.Record, c Change, today resident.Date) resident.Record {
	old := map[string]bool{}
	if c.reason() == resident.MoveWithin {
		next.Residence.Since = c.common().Arose // 法7条7号
		old["address_since"] = true             // what is wrong with that day is said of it already
	}
	if next.Kana != now.Kana && now.Furigana.Valid() && next.Furigana == now.Furigana {
		next.Furigana = next.Kana
	}
	for _, p := range now.Contradictions(today) {
		old[p.Field] = true
	}
	for _, p := range next.Contradictions(today) {
		if !old[p.Field] {
			ps.note(p)
		}
	}
	if next.Foreign() != now.Foreign() {
		// 帰化, 国籍喪失: the items of the one status go, and those of the other are there, in the same version.
		ps.Problems = append(ps.Problems, next.Missing()...)
	}
	return next
}
