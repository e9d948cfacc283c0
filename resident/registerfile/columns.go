package registerfile

import "github.com/akashi-id/akashi/internal/plain"

// column is one item of a line.
type column int

const (
	recordCode column = iota
	name
	kana
	birth
	sex
	address
	municipality
	household
	relation
	commonName
	nationality
	becameResident
	number
	// Those of files made before are above; what came later is appended.
	furigana
	formerName
	domicile
	domicileHead
	domicileState
	addressSince
	notified
	earlierAddress
	voter
	healthSince
	healthUntil
	elderlySince
	elderlyUntil
	careSince
	careUntil
	pensionSince
	pensionUntil
	pensionKind
	pensionKindSince
	pensionNumber
	allowanceSince
	allowanceUntil
	stayCategory
	stayStatus
	stayPeriod
	stayUntil
	stayCard
	foreignSince
	columns // how many there are
)

// ids are the words of the header, in the order that a Writer writes them.
var ids = [columns]struct {
	plain.Sentence
	optional bool
}{
	recordCode:       {plain.Sentence{JA: "住民票コード", EN: "record_code"}, false},
	name:             {plain.Sentence{JA: "氏名", EN: "name"}, false},
	kana:             {plain.Sentence{JA: "振り仮名", EN: "kana"}, true},
	birth:            {plain.Sentence{JA: "生年月日", EN: "birth"}, false},
	sex:              {plain.Sentence{JA: "性別", EN: "sex"}, false},
	address:          {plain.Sentence{JA: "住所", EN: "address"}, false},
	municipality:     {plain.Sentence{JA: "市区町村コード", EN: "municipality"}, false},
	household:        {plain.Sentence{JA: "世帯番号", EN: "household"}, false},
	relation:         {plain.Sentence{JA: "続柄", EN: "relation"}, false},
	commonName:       {plain.Sentence{JA: "通称", EN: "common_name"}, true},
	nationality:      {plain.Sentence{JA: "国籍・地域", EN: "nationality"}, true},
	becameResident:   {plain.Sentence{JA: "住民となった年月日", EN: "became_resident"}, false},
	number:           {plain.Sentence{JA: "個人番号", EN: "number"}, true},
	furigana:         {plain.Sentence{JA: "氏名の振り仮名", EN: "furigana"}, true},
	formerName:       {plain.Sentence{JA: "旧氏", EN: "former_name"}, true},
	domicile:         {plain.Sentence{JA: "本籍", EN: "domicile"}, true},
	domicileHead:     {plain.Sentence{JA: "筆頭者", EN: "domicile_head"}, true},
	domicileState:    {plain.Sentence{JA: "戸籍の有無", EN: "domicile_state"}, true},
	addressSince:     {plain.Sentence{JA: "住所を定めた年月日", EN: "address_since"}, true},
	notified:         {plain.Sentence{JA: "届出年月日", EN: "notified"}, true},
	earlierAddress:   {plain.Sentence{JA: "従前の住所", EN: "earlier_address"}, true},
	voter:            {plain.Sentence{JA: "選挙人名簿", EN: "voter"}, true},
	healthSince:      {plain.Sentence{JA: "国民健康保険の取得", EN: "health_since"}, true},
	healthUntil:      {plain.Sentence{JA: "国民健康保険の喪失", EN: "health_until"}, true},
	elderlySince:     {plain.Sentence{JA: "後期高齢者医療の取得", EN: "elderly_since"}, true},
	elderlyUntil:     {plain.Sentence{JA: "後期高齢者医療の喪失", EN: "elderly_until"}, true},
	careSince:        {plain.Sentence{JA: "介護保険の取得", EN: "care_since"}, true},
	careUntil:        {plain.Sentence{JA: "介護保険の喪失", EN: "care_until"}, true},
	pensionSince:     {plain.Sentence{JA: "国民年金の取得", EN: "pension_since"}, true},
	pensionUntil:     {plain.Sentence{JA: "国民年金の喪失", EN: "pension_until"}, true},
	pensionKind:      {plain.Sentence{JA: "国民年金の種別", EN: "pension_kind"}, true},
	pensionKindSince: {plain.Sentence{JA: "国民年金の種別変更", EN: "pension_kind_since"}, true},
	pensionNumber:    {plain.Sentence{JA: "基礎年金番号", EN: "pension_number"}, true},
	allowanceSince:   {plain.Sentence{JA: "児童手当の開始", EN: "allowance_since"}, true},
	allowanceUntil:   {plain.Sentence{JA: "児童手当の終了", EN: "allowance_until"}, true},
	stayCategory:     {plain.Sentence{JA: "30条の45の区分", EN: "stay_category"}, true},
	stayStatus:       {plain.Sentence{JA: "在留資格", EN: "stay_status"}, true},
	stayPeriod:       {plain.Sentence{JA: "在留期間", EN: "stay_period"}, true},
	stayUntil:        {plain.Sentence{JA: "在留期間の満了の日", EN: "stay_until"}, true},
	stayCard:         {plain.Sentence{JA: "在留カード等の番号", EN: "stay_card"}, true},
	foreignSince:     {plain.Sentence{JA: "外国人住民となった年月日", EN: "foreign_since"}, true},
}

func columnOf(id string) (column, bool) {
	for c := range columns {
		if ids[c].JA == id || ids[c].EN == id {
			return c, true
		}
	}
	return 0, false
}

// readHeader maps the positions of a header to columns, or says everything that is
// wrong with it.
func readHeader(line int, fields []string) ([]column, plain.Problems) {
	var ps plain.Problems
	bad := func(field, ja, en string) {
		p := plain.Bad(field, ja, en)
		p.Line = line
		ps = append(ps, p)
	}
	var seen [columns]bool
	order := make([]column, len(fields))
	for i, id := range fields {
		c, ok := columnOf(id)
		switch {
		case !ok:
			bad(id, "見出し「"+id+"」は項目名ではありません。項目名を直すか、この列を取り除いてください。",
				"“"+id+"” is not a column. Correct its name or remove the column.")
		case seen[c]:
			bad(id, "見出し「"+id+"」が二つあります。一つにしてください。", "The column “"+id+"” occurs twice. Keep one.")
		}
		order[i] = c
		seen[c] = seen[c] || ok
	}
	for c := range columns {
		if !seen[c] && !ids[c].optional {
			bad(ids[c].JA, "必要な列「"+ids[c].JA+"」("+ids[c].EN+")がありません。追加してください。",
				"The required column “"+ids[c].EN+"” ("+ids[c].JA+") is missing. Add it.")
		}
	}
	return order, ps
}
