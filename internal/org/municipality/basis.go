package municipality

import (
	"slices"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/resident"
)

// Basis is the legal ground of a change: the provision under which the clerk files it. The register keeps its Key.
type Basis struct {
	Key     string // never changes once a register holds it
	Name    plain.Sentence
	Reasons []resident.ChangeReason // that it can be the ground of
}

// importBasis is the ground on which an import enters people. No counter offers it.
const importBasis = "takeover"

// bases are all grounds. The table is the list of choices on the forms, and what a notice is checked against.
var bases = []Basis{
	{"law-22", plain.Sentence{JA: "転入の届出（法22条）", EN: "notice of moving in (Act, art. 22)"}, []resident.ChangeReason{resident.MoveIn}},
	{"law-30-46", plain.Sentence{JA: "外国人住民の転入（法30条の46）", EN: "a foreign resident from abroad (Act, art. 30-46)"}, []resident.ChangeReason{resident.MoveIn}},
	{"law-30-47", plain.Sentence{JA: "外国人住民となった届出（法30条の47）", EN: "having become a foreign resident (Act, art. 30-47)"}, []resident.ChangeReason{resident.MoveIn}},
	{"family-49", plain.Sentence{JA: "出生の届出（戸籍法49条）", EN: "notice of a birth (Family Register Act, art. 49)"}, []resident.ChangeReason{resident.Birth}},
	{"law-23", plain.Sentence{JA: "転居の届出（法23条）", EN: "notice of moving within the municipality (Act, art. 23)"}, []resident.ChangeReason{resident.MoveWithin}},
	{"law-24", plain.Sentence{JA: "転出の届出（法24条）", EN: "notice of moving out (Act, art. 24)"}, []resident.ChangeReason{resident.MoveOut}},
	{"law-25", plain.Sentence{JA: "世帯変更の届出（法25条）", EN: "notice of a change of household (Act, art. 25)"}, nil},
	{"family-86", plain.Sentence{JA: "死亡の届出（戸籍法86条）", EN: "notice of a death (Family Register Act, art. 86)"}, []resident.ChangeReason{resident.Death}},
	// 規則21条の2: the five grounds of a minor amendment.
	{"rule-21-2-1", plain.Sentence{JA: "常用平易な文字への変更（規則21条の2第1号）", EN: "a character replaced by its plain form (Rules, art. 21-2, no. 1)"}, []resident.ChangeReason{resident.MinorAmendment}},
	{"rule-21-2-2", plain.Sentence{JA: "文字の同定（規則21条の2第2号）", EN: "a character identified (Rules, art. 21-2, no. 2)"}, []resident.ChangeReason{resident.MinorAmendment}},
	{"rule-21-2-3", plain.Sentence{JA: "行政区画・町字の名称変更（規則21条の2第3号）", EN: "a district or town renamed (Rules, art. 21-2, no. 3)"}, []resident.ChangeReason{resident.MinorAmendment}},
	{"rule-21-2-4", plain.Sentence{JA: "地番の変更（規則21条の2第4号）", EN: "a lot renumbered (Rules, art. 21-2, no. 4)"}, []resident.ChangeReason{resident.MinorAmendment}},
	{"rule-21-2-5", plain.Sentence{JA: "住居表示の実施・変更（規則21条の2第5号）", EN: "a new system of addresses (Rules, art. 21-2, no. 5)"}, []resident.ChangeReason{resident.MinorAmendment}},
	{"family-notice", plain.Sentence{JA: "戸籍の届出に伴う修正（令12条2項）", EN: "following a family register notice (Order, art. 12, para. 2)"}, []resident.ChangeReason{resident.AmendmentExOfficio}},
	{"found-wrong", plain.Sentence{JA: "誤記・脱漏の発見（法14条, 令12条3項）", EN: "an error or omission found (Act, art. 14; Order, art. 12, para. 3)"}, []resident.ChangeReason{
		resident.EntryExOfficio, resident.AmendmentExOfficio, resident.DeletionExOfficio, resident.CodeExOfficio}},
	{"order-12", plain.Sentence{JA: "職権（令12条）", EN: "ex officio (Order, art. 12)"}, []resident.ChangeReason{
		resident.EntryExOfficio, resident.AmendmentExOfficio, resident.DeletionExOfficio}},
	{"law-30-3", plain.Sentence{JA: "住民票コードの変更請求（法30条の3）", EN: "request for another record code (Act, art. 30-3)"}, []resident.ChangeReason{resident.CodeChangeRequested}},
	{numberBasis, plain.Sentence{JA: "個人番号の指定（番号法7条）", EN: "individual number given (Number Act, art. 7)"}, nil},
	{importBasis, plain.Sentence{JA: "登録簿の取込み", EN: "taken over with a register"}, nil},
}

// BasesOf are the grounds on which a change of a reason can be filed.
func BasesOf(r resident.ChangeReason) []Basis {
	return slices.DeleteFunc(slices.Clone(bases), func(b Basis) bool { return !slices.Contains(b.Reasons, r) })
}

// basisName is a ground's name for people.
func basisName(key string) plain.Sentence {
	for _, b := range bases {
		if b.Key == key {
			return b.Name
		}
	}
	return plain.Sentence{JA: key, EN: key}
}

// checkBasis refuses a ground that is none for the reason: a version without a legal ground cannot be defended later.
func checkBasis(key string, r resident.ChangeReason) *plain.Problem {
	if slices.ContainsFunc(BasesOf(r), func(b Basis) bool { return b.Key == key }) {
		return nil
	}
	return plain.Bad("basis",
		"「"+r.In(plain.JA)+"」の根拠となる規定を、一覧から選んでください。",
		"Choose from the list the provision on which this is filed: "+r.In(plain.EN)+".")
}
