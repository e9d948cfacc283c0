package municipality

import (
	"slices"

	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/resident"
)

// counterAct is a kind of notice as the counter offers it.
type counterAct struct {
	key        string // in addresses
	name, says plain.Sentence
	dies       plain.Sentence // what it ends, said before anything is entered
	day        plain.Sentence // what its day is called
	yes        plain.Sentence // the button that files it
	danger     bool           // the record ends
	corrects   bool           // it asks which version is put right
	reasons    []resident.ChangeReason
	fill       func(f *webui.Form, now store.Version, start string) // what the form holds at first
	read       func(f *webui.Form, filing Filing) Change
}

var (
	diesSignature = both("署名用電子証明書が失効します。", "The signature certificate is revoked.")
	diesAll       = both("署名用・利用者証明用の電子証明書と個人番号カードが失効します。", "Both certificates and the card end.")
	diesNothing   = both("失効するものはありません。", "Nothing is revoked.")
)

// counterActs are all notices, in the order of the buttons.
var counterActs = []counterAct{
	{key: "move-within", name: both("転居", "Move within the municipality"), says: both("この市区町村の中で引っ越した届出です。", "For somebody who has moved within this municipality."),
		dies: diesSignature, day: both("転居した日", "Day of the move"), yes: both("転居を届け出る", "File the move"), reasons: []resident.ChangeReason{resident.MoveWithin},
		fill: func(f *webui.Form, _ store.Version, start string) {
			f.Set("address", start)
			f.Set("basis", "law-23")
		},
		read: func(f *webui.Form, filing Filing) Change {
			return MoveWithin{Filing: filing, Address: entry(f, "address", resident.ParseAddress), Household: entry(f, "household", resident.ParseHouseholdID),
				Relation: entry(f, "relation", resident.ParseRelation), Municipality: entry(f, "municipality", resident.ParseMunicipalityCode), AsIs: ticked(f, fieldAsIs), OwnHousehold: ticked(f, "own_household")}
		}},
	{key: "minor-amendment", name: both("軽微な修正", "Minor amendment"), says: both("文字の同定、町名の変更、住居表示など、暮らしの変わらない修正です（規則21条の2）。", "A character identified, a town renamed, a new address system: the text changes, the person's circumstances do not."),
		dies: diesNothing, day: both("修正した日", "Day of the amendment"), yes: both("軽微な修正を届け出る", "File the minor amendment"), reasons: []resident.ChangeReason{resident.MinorAmendment},
		fill: func(f *webui.Form, now store.Version, _ string) {
			f.Set("name", now.Record.Name.Reveal())
			f.Set("address", now.Record.Address.Reveal())
		},
		read: func(f *webui.Form, filing Filing) Change {
			return MinorAmendment{Filing: filing, Name: entry(f, "name", resident.ParseName), Address: entry(f, "address", resident.ParseAddress), AsIs: ticked(f, fieldAsIs)}
		}},
	{key: "amendment", name: both("職権修正等", "Amendment ex officio"), says: both("氏名・生年月日・性別・住所の訂正や、婚姻などの戸籍の届出に伴う修正です。", "A correction of name, birth, sex or address, or what a family register notice has changed."),
		dies: both("氏名・生年月日・性別・住所のどれかが変わると、署名用電子証明書が失効します。", "When name, birth, sex or address changes, the signature certificate is revoked."),
		day:  both("事由の生じた日", "Day on which it happened"), yes: both("修正を届け出る", "File the amendment"), reasons: []resident.ChangeReason{resident.AmendmentExOfficio},
		fill: fillAmendment,
		read: func(f *webui.Form, filing Filing) Change { return readAmendment(f, filing) }},
	{key: moveOutAct, name: both("転出", "Move out"), says: both("ほかの市区町村か国外へ引っ越す届出です。前もって届け出られます。", "For somebody who moves to another municipality or abroad; it can be filed in advance."),
		dies: both("転出の日に住民票が消除され、署名用電子証明書が失効します。", "On the day of the move the record is deleted and the signature certificate is revoked."),
		day:  both("転出する日（予定日）", "Day of the move, planned or past"), yes: both("転出を届け出る", "File the move out"), danger: true, reasons: []resident.ChangeReason{resident.MoveOut},
		fill: func(f *webui.Form, _ store.Version, _ string) {
			f.Set("abroad", "no")
			f.Set("basis", "law-24")
		},
		read: func(f *webui.Form, filing Filing) Change {
			return MoveOut{Filing: filing, To: entry(f, "place", resident.ParseAddress), ToCode: entry(f, "to", resident.ParseMunicipalityCode),
				Special: ticked(f, "special"), Abroad: f.Value("abroad") == "yes", Continued: ticked(f, "continued")}
		}},
	{key: "death", name: both("死亡", "Death"), says: both("亡くなった届出です。住民票を消除します。", "For somebody who has died; the record is deleted."),
		dies: diesAll, day: both("死亡した日", "Day of the death"), yes: both("死亡を届け出る", "File the death"), danger: true, reasons: []resident.ChangeReason{resident.Death},
		fill: func(f *webui.Form, _ store.Version, _ string) { f.Set("basis", "family-86") },
		read: func(_ *webui.Form, filing Filing) Change { return Death{filing} }},
	{key: "deletion", name: both("職権消除等", "Deletion ex officio"), says: both("実態調査の結果や二重登録などのため、職権で住民票を消除します。", "The office deletes the record, after an inquiry or because it was entered twice."),
		dies: diesAll, day: both("事由の生じた日", "Day on which it happened"), yes: both("住民票を消除する", "Delete the record"), danger: true, reasons: []resident.ChangeReason{resident.DeletionExOfficio},
		read: func(_ *webui.Form, filing Filing) Change { return Removal{filing} }},
	{key: "code-change", name: both("住民票コードの変更", "Another record code"), says: both("新しい住民票コードを割り当てます。理由は問いません（法30条の3）。", "A new record code is given; nobody needs to say why."),
		dies: both("個人番号カードが失効します。電子証明書は残ります。", "The card ends; the certificates stay."),
		day:  both("請求のあった日", "Day of the request"), yes: both("住民票コードを変更する", "Change the record code"), reasons: []resident.ChangeReason{resident.CodeChangeRequested, resident.CodeExOfficio},
		fill: func(f *webui.Form, _ store.Version, _ string) { f.Set("basis", "law-30-3") },
		read: func(f *webui.Form, filing Filing) Change {
			return Recode{Filing: filing, ExOfficio: filing.Basis != "law-30-3"}
		}},
}

func actOf(key string) (counterAct, bool) {
	for _, a := range slices.Concat(counterActs, correctingActs) {
		if a.key == key {
			return a, true
		}
	}
	return counterAct{}, false
}

func fillAmendment(f *webui.Form, now store.Version, _ string) {
	r := now.Record
	for name, value := range map[string]string{"name": r.Name.Reveal(), "kana": r.Kana.Reveal(), "birth": r.Birth.String(), "address": r.Address.Reveal(),
		"common_name": r.CommonName.Reveal(), "sex": r.Sex.String(), "nationality": r.Nationality.Reveal()} {
		f.Set(name, value)
	}
	fillItems(f, r)
}

func readAmendment(f *webui.Form, filing Filing) Amendment {
	return Amendment{Filing: filing, Items: itemsTyped(f),
		Name: entry(f, "name", resident.ParseName), Kana: entry(f, "kana", resident.ParseKana),
		Birth: entry(f, "birth", resident.ParsePartialDate), Sex: entry(f, "sex", resident.ParseSex), Address: entry(f, "address", resident.ParseAddress),
		CommonName: entry(f, "common_name", resident.ParseName), Nationality: entry(f, "nationality", resident.ParseNationality), AsIs: ticked(f, fieldAsIs),
		NoCommonName: filing.Event == "common-name-deletion", NoNationality: filing.Event == "naturalisation" || filing.Event == "nationality-acquired"}
}
