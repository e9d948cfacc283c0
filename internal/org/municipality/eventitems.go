package municipality

import (
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/resident"
)

// itemSet is a set of the items of a record that an event may change.
type itemSet uint16

const (
	itemName itemSet = 1 << iota
	itemKana
	itemBirth
	itemSex
	itemAddress
	itemWard
	itemCommonName
	itemNationality
	itemHousehold
	itemRelation
	itemNumber
	itemCode
	itemOther // of the items of 法7条 that no entry of this list names

	itemsOfName = itemName | itemKana
	itemsOfAll  = itemOther<<1 - 1
)

// itemNames are what the items are called, and the fields of the forms that they are typed into.
var itemNames = []struct {
	item  itemSet
	field string
	name  plain.Sentence
}{
	{itemName, "name", plain.Sentence{JA: "氏名", EN: "name"}},
	{itemKana, "kana", plain.Sentence{JA: "振り仮名", EN: "reading"}},
	{itemBirth, "birth", plain.Sentence{JA: "生年月日", EN: "date of birth"}},
	{itemSex, "sex", plain.Sentence{JA: "性別", EN: "sex"}},
	{itemAddress, "address", plain.Sentence{JA: "住所", EN: "address"}},
	{itemWard, "municipality", plain.Sentence{JA: "区", EN: "ward"}},
	{itemCommonName, "common_name", plain.Sentence{JA: "通称", EN: "common name"}},
	{itemNationality, "nationality", plain.Sentence{JA: "国籍・地域", EN: "nationality"}},
	{itemHousehold, "household", plain.Sentence{JA: "世帯", EN: "household"}},
	{itemRelation, "relation", plain.Sentence{JA: "続柄", EN: "relation"}},
	{itemNumber, "number", plain.Sentence{JA: "個人番号", EN: "individual number"}},
	{itemCode, "code", plain.Sentence{JA: "住民票コード", EN: "record code"}},
	{itemOther, "other", plain.Sentence{JA: "その他の項目", EN: "other items"}},
}

// changedItems are the items in which two states of a record differ.
func changedItems(before, after resident.Record) (changed itemSet) {
	note := func(differs bool, i itemSet) {
		if differs {
			changed |= i
		}
	}
	note(before.Name != after.Name, itemName)
	note(before.Kana != after.Kana, itemKana)
	note(before.Birth != after.Birth, itemBirth)
	note(before.Sex != after.Sex, itemSex)
	note(before.Address != after.Address, itemAddress)
	note(before.Municipality != after.Municipality, itemWard)
	note(before.CommonName != after.CommonName, itemCommonName)
	note(before.Nationality != after.Nationality, itemNationality)
	note(before.Household != after.Household, itemHousehold)
	note(before.Relation != after.Relation, itemRelation)
	note(before.Number != after.Number, itemNumber)
	note(before.Code != after.Code, itemCode)
	rest := after
	rest.BasicFour, rest.Kana, rest.Municipality, rest.CommonName, rest.Nationality = before.BasicFour, before.Kana, before.Municipality, before.CommonName, before.Nationality
	rest.Household, rest.Relation, rest.Number, rest.Code = before.Household, before.Relation, before.Number, before.Code
	note(rest != before, itemOther)
	return changed
}

// checkItems refuses what an event does not change, and an event that does not change what it is about. A new code is
// drawn when the notice is filed, so that it is not asked for here.
func checkItems(e Event, before, after resident.Record, ps *problems) {
	changed := changedItems(before, after) &^ itemCode
	for _, n := range itemNames {
		switch {
		case changed&n.item != 0 && e.May&n.item == 0:
			ps.bad(n.field,
				"「"+e.Name.JA+"」で"+n.name.JA+"は変わりません。元に戻すか、別の異動事由で届け出てください。",
				"“"+e.Name.EN+"” does not change the "+n.name.EN+": put it back, or file another event.")
		case e.Must&n.item != 0 && changed&n.item == 0:
			ps.bad(n.field,
				"「"+e.Name.JA+"」では"+n.name.JA+"が変わります。変わった後の"+n.name.JA+"を入力してください。",
				"“"+e.Name.EN+"” changes the "+n.name.EN+": enter it as it is now.")
		}
	}
}
