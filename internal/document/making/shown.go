package making

import (
	"slices"

	"github.com/akashi-id/akashi/internal/plain"
)

// Shown are the items of personal data that a document of a kind shows of each person on it, with the items asked for. It names the boxes that are
// filled in when the record has such an item, and nothing that stands in them.
func Shown(k Kind, items []string) (all []plain.Sentence) {
	say := func(ja, en string) { all = append(all, plain.Sentence{JA: ja, EN: en}) }
	if k == SealCertificate {
		say("印影", "the seal")
		say("氏名", "name")
		say("旧氏又は通称", "former or common name")
		say("生年月日", "date of birth")
		say("住所", "address")
		return all
	}
	asked := func(name string) bool { return slices.Contains(items, name) }
	say("氏名", "name")
	say("氏名の振り仮名", "reading")
	say("旧氏", "former name")
	say("通称", "common name")
	say("生年月日", "date of birth")
	say("性別", "sex")
	say("住所", "address")
	say("住民となった年月日", "resident since")
	say("住所を定めた年月日", "living there since")
	say("届出年月日", "notified on")
	say("前住所", "earlier address")
	if asked(relation) {
		say("世帯主", "head of the household")
		say("続柄", "relation")
	}
	if asked(domicile) {
		say("本籍", "domicile of the family register")
		say("筆頭者", "head of the family register")
		say("国籍・地域", "nationality")
		say("法第30条の45に規定する区分", "category of art. 30-45")
		say("在留資格", "status of residence")
		say("在留期間等", "period of stay")
		say("満了の日", "end of the stay")
		say("在留カード等の番号", "number of the residence card")
		say("外国人住民となった年月日", "foreign resident since")
	}
	if asked(number) {
		say("個人番号", "individual number")
	}
	if asked(code) {
		say("住民票コード", "record code")
	}
	return all
}

// ShowsNumber tells whether the individual number (個人番号) is among the items of a document.
func ShowsNumber(k Kind, items []string) bool {
	return k != SealCertificate && slices.Contains(items, number)
}
