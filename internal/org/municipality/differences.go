package municipality

import (
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/resident"
)

// difference is an item of a record that a change alters.
type difference struct {
	label         plain.Sentence
	before, after string
}

// mainItems is how many of items are always shown; the others only when they change.
const mainItems = 5

// items are the items of a record that a change at the counter can alter, as texts; the record code is the last.
func items(r resident.Record) []difference {
	all := []difference{
		{label: both("氏名", "Name"), after: r.Name.Reveal()},
		{label: both("読み", "Reading"), after: r.Kana.Reveal()},
		{label: both("生年月日", "Date of birth"), after: r.Birth.Wareki()},
		{label: both("性別", "Sex"), after: r.Sex.String()},
		{label: both("住所", "Address"), after: r.Address.Reveal()},
		{label: both("区", "Ward"), after: r.Municipality.String()},
		{label: both("世帯番号", "Household"), after: string(r.Household)},
		{label: both("続柄", "Relation"), after: r.Relation.Reveal()},
	}
	return append(append(all, moreItems(r)...), difference{label: both("住民票コード", "Record code"), after: grouped(r.Code)})
}

func differences(before, after resident.Record) (all []difference) {
	was := items(before)
	for i, d := range items(after) {
		if d.before = was[i].after; d.before != d.after {
			all = append(all, d)
		}
	}
	return all
}

// moreItems are the items beside the main ones, as texts; empty where the record does not say.
func moreItems(r resident.Record) []difference {
	f, res, stay, q := r.FamilyRegister, r.Residence, r.Stay, r.Qualified
	voter := ""
	if q.Voter {
		voter = "登録"
	}
	return []difference{
		{label: both("氏名の振り仮名", "Furigana of the name"), after: r.Furigana.Reveal()},
		{label: both("旧氏", "Former family name"), after: r.FormerName.Reveal()},
		{label: both("戸籍の有無", "Family register"), after: f.State.In(plain.JA)},
		{label: both("本籍", "Domicile"), after: f.Domicile.Reveal()},
		{label: both("筆頭者", "Head of the family register"), after: f.Head.Reveal()},
		{label: both("住所を定めた日", "At the address since"), after: res.Since.Wareki()},
		{label: both("届出の日", "Day of the notice"), after: res.Notified.Wareki()},
		{label: both("従前の住所", "Earlier address"), after: res.Earlier.Reveal()},
		{label: both("国籍・地域", "Nationality"), after: r.Nationality.Reveal()},
		{label: both("通称", "Common name"), after: r.CommonName.Reveal()},
		{label: both("法30条の45の区分", "Category (art. 30-45)"), after: stay.Category.In(plain.JA)},
		{label: both("在留資格", "Status of residence"), after: stay.Status.Reveal()},
		{label: both("在留期間", "Period of stay"), after: stay.Period.Text()},
		{label: both("在留期間の満了の日", "Last day of the stay"), after: stay.Until.Wareki()},
		{label: both("在留カード等の番号", "Number of the card"), after: stay.Card.Reveal()},
		{label: both("外国人住民となった日", "Foreign resident since"), after: stay.Since.Wareki()},
		{label: both("選挙人名簿", "Electoral roll"), after: voter},
		{label: both("国民健康保険", "National health insurance"), after: termText(q.Health)},
		{label: both("後期高齢者医療", "Medical care of the elderly"), after: termText(q.Elderly)},
		{label: both("介護保険", "Long-term care insurance"), after: termText(q.Care)},
		{label: both("国民年金", "National pension"), after: termText(q.Pension.Term)},
		{label: both("国民年金の種別", "Kind of the pension"), after: q.Pension.Kind.In(plain.JA)},
		{label: both("種別の変わった日", "Kind changed on"), after: q.Pension.KindSince.Wareki()},
		{label: both("基礎年金番号", "Basic pension number"), after: q.Pension.Number.Reveal()},
		{label: both("児童手当", "Child allowance"), after: spanText(q.Allowance.Since.Wareki(), q.Allowance.Until.Wareki())},
	}
}

func termText(t resident.Term) string { return spanText(t.Since.Wareki(), t.Until.Wareki()) }

// spanText is from when to when; empty when neither is said.
func spanText(since, until string) string {
	if since == "" && until == "" {
		return ""
	}
	return since + "〜" + until
}

// changes is what changed from version to version, the newest first.
func (w *screens) changes(versions []store.Version) webui.Table {
	t := webui.Table{
		Caption: both("版ごとの変更", "What changed from version to version"),
		Columns: []webui.Column{{Name: both("項目", "Item")}, {Name: both("変更前", "Before")}, {Name: both("変更後", "After")}, {Name: both("版", "Version"), Right: true},
			{Name: both("異動事由", "Reason")}, {Name: both("事由の生じた日", "Day")}},
		Empty: webui.Empty{Text: both("最初の記載から、何も変わっていません。", "Nothing has changed since the first entry.")},
	}
	text := func(s string) any {
		if s == "" {
			return both("記載なし", "not stated")
		}
		return webui.Name(s)
	}
	for i := 0; i+1 < len(versions); i++ {
		v := versions[i]
		for _, c := range differences(versions[i+1].Record, v.Record) {
			t.Rows = append(t.Rows, []any{c.label, text(c.before), text(c.after), uint64(v.Number), reasonName(v.Change.Reason), day(v.Change.Arose)})
		}
	}
	return t
}
