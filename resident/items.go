package resident

import (
	"strconv"

	"github.com/akashi-id/akashi/internal/plain"
)

// Residence is what a record says of how the person came to the address. The zero value says nothing.
type Residence struct {
	Since    Date    // 住所を定めた年月日 (法7条7号)
	Notified Date    // 住所を定めた旨の届出の年月日, or that of the entry ex officio (法7条8号)
	Earlier  Address // 従前の住所 (法7条8号); of somebody from abroad the country
}

// foreignRegister is the day from which foreign residents are in the register (平成21年法律77号) [M].
var foreignRegister = MustDate(2012, 7, 9)

// Foreign reports whether the record is that of a foreign resident (外国人住民).
func (r Record) Foreign() bool { return r.Nationality.Valid() }

// Contradictions are items of which one says what another one, the law or the day on denies. What is absent contradicts
// nothing: see Missing. Fields are named as the columns of a register file.
func (r Record) Contradictions(on Date) plain.Problems {
	ps := r.status()
	ps = append(ps, r.FamilyRegister.Contradictions()...)
	ps = append(ps, r.Stay.Contradictions()...)
	ps = append(ps, r.days(on)...)
	return append(ps, r.qualified(on)...)
}

// Missing are the items that the law asks for beside those of Check, and that the record does not say: of a Japanese national
// the 戸籍の表示 (法7条5号), of a foreign resident those of 法30条の45.
func (r Record) Missing() plain.Problems {
	if r.Foreign() {
		return require(nil, r.Stay.Given(), "stay_category", "法30条の45の区分", "category of art. 30-45")
	}
	if r.FamilyRegister.Given() {
		return nil
	}
	return plain.Problems{plain.Bad("domicile",
		"戸籍の表示（本籍と筆頭者）がありません。日本国籍の方には必要です。分からないときは「本籍不明」、戸籍のない方は「無籍」を選んでください。外国人住民のときは国籍・地域を入力してください。",
		"The family register (本籍 and 筆頭者) is missing, which the record of a Japanese national needs. Choose “not known” or “no family register” where that is so; for a foreign resident enter the nationality.")}
}

// status holds items to the nationality: whoever becomes Japanese (帰化) or ceases to be it swaps them as a whole.
func (r Record) status() (ps plain.Problems) {
	bad := func(given bool, field, ja, en string) {
		if given {
			ps = append(ps, plain.Bad(field, ja, en))
		}
	}
	if r.Foreign() {
		// 法30条の45: of the items of 法7条 those of the numbers 5 (戸籍の表示), 6 and 9 (選挙人名簿) are not on a foreign resident's record.
		bad(r.FamilyRegister.Given(), "domicile",
			"外国人住民の住民票に、戸籍の表示は記載しません（法30条の45）。取り除くか、国籍・地域を直してください。",
			"A foreign resident's record states no family register: remove it, or correct the nationality.")
		bad(r.Qualified.Voter, "voter",
			"外国人住民は選挙人名簿に登録されません（法30条の45）。印を取り除いてください。",
			"A foreign resident is not on the electoral roll: remove the mark.")
		// [M]: 旧氏 (令30条の13) and 氏名の振り仮名 (法7条1号の2) come from the family register.
		bad(r.FormerName.Valid(), "former_name",
			"旧氏は、日本国籍の方だけに記載します。外国人住民には通称を記載してください。",
			"A former family name is for Japanese nationals only: a foreign resident may have a common name (通称).")
		bad(r.Furigana.Valid(), "furigana",
			"氏名の振り仮名は、戸籍のある方だけに記載します。外国人住民の読みは「読み」に入力してください。",
			"The furigana of the law is for those with a family register: enter a foreign resident's reading as the reading.")
		return ps
	}
	// 令30条の26: a 通称 is for foreign residents.
	bad(r.CommonName.Valid(), "common_name",
		"通称は、外国人住民だけに記載します（令30条の26）。取り除くか、国籍・地域を入力してください。",
		"A common name is for foreign residents only: remove it, or enter the nationality.")
	bad(r.Stay.Given(), "stay_category",
		"在留資格などは、外国人住民だけに記載します（法30条の45）。取り除くか、国籍・地域を入力してください。",
		"Category, status and card of a stay are for foreign residents only: remove them, or enter the nationality.")
	return ps
}

// days holds the days of the residence and the stay to each other.
func (r Record) days(on Date) (ps plain.Problems) {
	res, stay, became := r.Residence, r.Stay, r.BecameResident
	notAfter := func(d Date, field, ja, en string) {
		if d.After(on) {
			ps = append(ps, plain.Bad(field, ja+"（"+d.Wareki()+"）がまだ来ていない日です。日付を確かめてください。",
				"The "+en+" ("+d.String()+") has not come yet: check the date."))
		}
	}
	notBefore := func(d, first Date, field, ja, en, thanJA, thanEN string) {
		if d.Valid() && d.Before(first) {
			ps = append(ps, plain.Bad(field, ja+"（"+d.Wareki()+"）が、"+thanJA+"（"+first.Wareki()+"）より前です。どちらかの日付を直してください。",
				"The "+en+" ("+d.String()+") is before the "+thanEN+" ("+first.String()+"): correct one of the dates."))
		}
	}
	notAfter(res.Since, "address_since", "住所を定めた年月日", "day of settling at the address")
	notAfter(res.Notified, "notified", "届出年月日", "day of the notice")
	notAfter(stay.Since, "foreign_since", "外国人住民となった年月日", "day of becoming a foreign resident")
	notBefore(res.Since, r.Birth.Earliest(), "address_since", "住所を定めた年月日", "day of settling at the address", "生年月日", "birth")
	if !r.Foreign() {
		// A foreign national may have lived at the address before becoming a resident in the sense of the law (法30条の47).
		notBefore(res.Since, became, "address_since", "住所を定めた年月日", "day of settling at the address", "住民となった年月日", "day of becoming a resident")
	}
	// A move in is notified after it (法22条: within 14 days of having moved in).
	notBefore(res.Notified, became, "notified", "届出年月日", "day of the notice", "住民となった年月日", "day of becoming a resident")
	// 法30条の45: the later of the day on which the person came into the category and 住民となった年月日.
	notBefore(stay.Since, became, "foreign_since", "外国人住民となった年月日", "day of becoming a foreign resident", "住民となった年月日", "day of becoming a resident")
	notBefore(stay.Since, foreignRegister, "foreign_since", "外国人住民となった年月日", "day of becoming a foreign resident", "外国人住民の制度が始まった日", "day on which foreign residents entered the register")
	notBefore(stay.Until, stay.Since, "stay_until", "在留期間の満了の日", "last day of the stay", "外国人住民となった年月日", "day of becoming a foreign resident")
	return ps
}

// The ages of the qualifications [M]: 公職選挙法9条 (18), 国民年金法7条 (20), 介護保険法9条 (65), 高齢者の医療の確保に関する法律50条 (75, or 65
// with a disability).
const (
	voterAge   = 18
	pensionAge = 20
	careAge    = 65
)

// qualified holds the qualifications to age and to each other.
func (r Record) qualified(on Date) (ps plain.Problems) {
	q, born := r.Qualified, r.Birth.Earliest()
	bad := func(field, ja, en string) { ps = append(ps, plain.Bad(field, ja, en)) }
	term := func(t Term, field, ja, en string, age int) {
		if !t.Given() {
			return
		}
		from, name := born, plain.Sentence{JA: "生年月日", EN: "birth"}
		if born.Valid() && age > 0 {
			from, name = Attains(born, age), plain.Sentence{JA: strconv.Itoa(age) + "歳に達した日", EN: "day of attaining the age of " + strconv.Itoa(age)}
		}
		switch {
		case !t.Since.Valid():
			bad(field+"_since", ja+"の資格を取得した日がありません。入力してください。", "The day on which the "+en+" began is missing. Fill it in.")
		case t.Since.After(on):
			bad(field+"_since", ja+"の資格を取得した日がまだ来ていません。日付を確かめてください。", "The "+en+" has not begun yet: check the date.")
		case t.Since.Before(from):
			bad(field+"_since", ja+"の資格を取得した日が、"+name.JA+"（"+from.Wareki()+"）より前です。日付を確かめてください。",
				"The "+en+" begins before the "+name.EN+" ("+from.String()+"): check the date.")
		case t.Until.Valid() && t.Until.Before(t.Since):
			bad(field+"_until", ja+"の資格を喪失した日が、取得した日より前です。どちらかの日付を直してください。",
				"The "+en+" ends before it begins: correct one of the dates.")
		}
	}
	if q.Voter && born.Valid() && AgeAtEndOf(born, on) < voterAge {
		bad("voter", "選挙人名簿に登録されるのは18歳からです。生年月日を確かめるか、印を取り除いてください。",
			"Nobody under 18 is on the electoral roll: check the birth, or remove the mark.")
	}
	term(q.Health, "health", "国民健康保険", "national health insurance", 0)
	term(q.Elderly, "elderly", "後期高齢者医療", "medical care of the elderly", careAge)
	term(q.Care, "care", "介護保険", "long-term care insurance", careAge)
	if q.Health.Lasts() && q.Elderly.Lasts() {
		bad("health_until", "後期高齢者医療の被保険者は、国民健康保険の被保険者ではありません。国民健康保険の資格を喪失した日を入力してください。",
			"Whoever is insured as an elderly person is not insured with the national health insurance: enter the day on which that ended.")
	}
	if p := q.Pension; p != (Pension{}) {
		age := 0
		if p.Kind == PensionFirst {
			age = pensionAge
		}
		if !p.Term.Given() {
			bad("pension_since", "国民年金の被保険者となった日がありません。入力してください。", "The day on which the national pension began is missing. Fill it in.")
		}
		term(p.Term, "pension", "国民年金", "national pension", age)
		ps = require(ps, p.Kind.Valid(), "pension_kind", "国民年金の種別", "kind of the national pension")
		if p.KindSince.Valid() && p.KindSince.Before(p.Since) {
			bad("pension_kind_since", "国民年金の種別が変わった日が、被保険者となった日より前です。日付を確かめてください。",
				"The kind of the national pension changed before it began: check the date.")
		}
	}
	if a := q.Allowance; a.Given() {
		ps = require(ps, a.Since.Valid(), "allowance_since", "児童手当の支給が始まった年月", "month in which the child allowance began")
		if a.Until.Valid() && a.Until.Before(a.Since) {
			bad("allowance_until", "児童手当の支給の終わった年月が、始まった年月より前です。どちらかを直してください。",
				"The child allowance ends before it begins: correct one of the months.")
		}
	}
	return ps
}
