package resident_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/resident"
)

var onDay = resident.MustDate(2026, 4, 1)

// national is the record of a Japanese national with every item.
func national() resident.Record {
	rec, _ := sample()
	rec.CommonName, rec.Nationality = resident.Name{}, resident.Nationality{}
	rec.Birth = resident.WholeDate(resident.MustDate(1950, 3, 1))
	rec.Furigana = must(resident.ParseKana("", "カサイ　ハナコ"))
	rec.FormerName = must(resident.ParseFormerName("", "髙橋"))
	rec.FamilyRegister = resident.FamilyRegister{State: resident.DomicileKnown, Domicile: must(resident.ParseAddress("", "長野県飯田市大久保町２５３４番地")), Head: must(resident.ParseName("", "葛西　太郎"))}
	rec.Residence = resident.Residence{Since: resident.MustDate(2001, 5, 1), Notified: resident.MustDate(1990, 4, 10), Earlier: must(resident.ParseAddress("", "東京都足立区中央本町1番"))}
	rec.Qualified = resident.Qualifications{Voter: true,
		Health: resident.Term{Since: resident.MustDate(2010, 4, 1), Until: resident.MustDate(2025, 3, 1)}, Elderly: resident.Term{Since: resident.MustDate(2025, 3, 1)},
		Care: resident.Term{Since: resident.MustDate(2015, 2, 28)},
		Pension: resident.Pension{Term: resident.Term{Since: resident.MustDate(1990, 4, 1), Until: resident.MustDate(2010, 2, 28)}, Kind: resident.PensionFirst,
			KindSince: resident.MustDate(1995, 4, 1), Number: must(resident.ParsePensionNumber("", "1234-567890"))},
		Allowance: resident.Allowance{Since: resident.MonthOf(resident.MustDate(1990, 5, 1)), Until: resident.MonthOf(resident.MustDate(1991, 3, 1))}}
	return rec
}

// foreigner is the record of a mid- to long-term resident with every item.
func foreigner() resident.Record {
	rec, _ := sample()
	rec.Birth = resident.WholeDate(resident.MustDate(1990, 3, 1))
	rec.BecameResident = resident.MustDate(2020, 10, 1)
	rec.Stay = resident.Stay{Category: resident.MidToLongTerm, Status: must(resident.ParseStayStatus("", "技術・人文知識・国際業務")), Period: must(resident.ParseStayPeriod("", "5年")),
		Until: resident.MustDate(2027, 9, 30), Card: must(resident.ParseStayCard("", "AB12345678CD")), Since: resident.MustDate(2020, 10, 1)}
	rec.Residence = resident.Residence{Notified: resident.MustDate(2020, 10, 5), Earlier: must(resident.ParseAddress("", "ブラジル"))}
	return rec
}

func TestWholeRecordsAreInOrder(t *testing.T) {
	for name, rec := range map[string]resident.Record{"national": national(), "foreigner": foreigner()} {
		if ps := slices.Concat(rec.Check(), rec.Contradictions(onDay), rec.Missing()); len(ps) > 0 {
			t.Errorf("%s: %v", name, ps)
		}
	}
	rec, _ := sample()
	if ps := rec.Contradictions(onDay); len(ps) > 0 {
		t.Errorf("a record of before contradicts itself: %v", ps)
	}
	if ps := rec.Missing(); len(ps) != 1 || ps[0].Field != "stay_category" {
		t.Errorf("a foreign resident of before lacks %v", ps)
	}
	rec.Nationality = resident.Nationality{}
	if ps := rec.Missing(); len(ps) != 1 || ps[0].Field != "domicile" {
		t.Errorf("a Japanese national of before lacks %v", ps)
	}
	for _, state := range []resident.DomicileState{resident.DomicileUnknown, resident.NoDomicile} {
		rec.FamilyRegister = resident.FamilyRegister{State: state}
		if ps := rec.Missing(); len(ps) > 0 {
			t.Errorf("%s: %v", state.In(plain.EN), ps)
		}
	}
}

// contradiction is a change of a record in order and the field that it must be refused for; "" when it may be.
type contradiction struct {
	name   string
	field  string
	says   string // part of the sentence, where it is of this contradiction alone
	change func(r *resident.Record)
}

func tryContradictions(t *testing.T, whole func() resident.Record, all []contradiction) {
	t.Helper()
	for _, c := range all {
		rec := whole()
		c.change(&rec)
		ps := rec.Contradictions(onDay)
		var fields []string
		for _, p := range ps {
			fields = append(fields, p.Field)
			if p.JA == "" || p.EN == "" || strings.Contains(p.JA, "葛") || strings.Contains(p.EN, "AB12345678CD") {
				t.Errorf("%s: %v lacks a language, or says who it is", c.name, p)
			}
		}
		if want := strings.Fields(c.field); !slices.Equal(fields, want) {
			t.Errorf("%s: refused for %v, want %v", c.name, fields, want)
		} else if len(ps) > 0 && !strings.Contains(ps.Error(), c.says) {
			t.Errorf("%s: %v, want %q", c.name, ps, c.says)
		}
	}
}

func TestContradictionsOfANational(t *testing.T) {
	tryContradictions(t, national, []contradiction{
		{"a common name", "common_name", "通称は、外国人住民だけに記載します", func(r *resident.Record) { r.CommonName = r.Name }},
		{"a stay", "stay_category", "在留資格などは、外国人住民だけに記載します", func(r *resident.Record) { r.Stay = foreigner().Stay }},
		{"no head of the family register", "domicile_head", "", func(r *resident.Record) { r.FamilyRegister.Head = resident.Name{} }},
		{"no domicile", "domicile", "がありません。入力してください。", func(r *resident.Record) { r.FamilyRegister.Domicile = resident.Address{} }},
		{"unknown, but stated", "domicile_state", "「本籍不明」の方に、本籍や筆頭者は記載できません", func(r *resident.Record) { r.FamilyRegister.State = resident.DomicileUnknown }},
		{"none, but stated", "domicile_state", "「無籍」の方に、本籍や筆頭者は記載できません", func(r *resident.Record) { r.FamilyRegister.State = resident.NoDomicile }},
		{"settled before being a resident", "address_since", "住所を定めた年月日（", func(r *resident.Record) { r.Residence.Since = r.BecameResident.AddDays(-1) }},
		{"settled on the day of becoming one", "", "", func(r *resident.Record) { r.Residence.Since = r.BecameResident }},
		{"settled today", "", "", func(r *resident.Record) { r.Residence.Since = onDay }},
		{"settled tomorrow", "address_since", "）がまだ来ていない日です。日付を確かめて", func(r *resident.Record) { r.Residence.Since = onDay.AddDays(1) }},
		{"notified tomorrow", "notified", "", func(r *resident.Record) { r.Residence.Notified = onDay.AddDays(1) }},
		{"notified before the move", "notified", "より前です。どちらかの日付を直してください", func(r *resident.Record) { r.Residence.Notified = r.BecameResident.AddDays(-1) }},
		{"notified on the day", "", "", func(r *resident.Record) { r.Residence.Notified = r.BecameResident }},
		{"a voter of 17", "voter", "選挙人名簿に登録されるのは18歳からです", func(r *resident.Record) {
			r.Birth, r.BecameResident, r.Residence = resident.WholeDate(resident.MustDate(2008, 4, 3)), resident.MustDate(2008, 4, 3), resident.Residence{}
			r.Qualified = resident.Qualifications{Voter: true}
		}},
		{"a voter who attains 18 today", "", "", func(r *resident.Record) {
			r.Birth, r.BecameResident, r.Residence = resident.WholeDate(resident.MustDate(2008, 4, 2)), resident.MustDate(2008, 4, 2), resident.Residence{}
			r.Qualified = resident.Qualifications{Voter: true}
		}},
		{"care insurance a day too early", "care_since", "介護保険の資格を取得した日が、65歳に達した日（平成27年2月28日）より前です", func(r *resident.Record) { r.Qualified.Care.Since = resident.MustDate(2015, 2, 27) }},
		{"care insurance that ends before it begins", "care_until", "介護保険の資格を喪失した日が、取得した日より前です", func(r *resident.Record) { r.Qualified.Care.Until = resident.MustDate(2015, 2, 27) }},
		{"care insurance that ends at once", "", "", func(r *resident.Record) { r.Qualified.Care.Until = resident.MustDate(2015, 2, 28) }},
		{"care insurance without a beginning", "care_since", "介護保険の資格を取得した日がありません", func(r *resident.Record) { r.Qualified.Care = resident.Term{Until: onDay} }},
		{"care insurance from tomorrow", "care_since", "介護保険の資格を取得した日がまだ来ていません", func(r *resident.Record) { r.Qualified.Care.Since = onDay.AddDays(1) }},
		{"insured twice", "health_until", "後期高齢者医療の被保険者は、国民健康保険の被保険者ではありません", func(r *resident.Record) { r.Qualified.Health.Until = resident.Date{} }},
		{"health insurance before the birth", "health_since", "", func(r *resident.Record) { r.Qualified.Health.Since = resident.MustDate(1950, 2, 28) }},
		{"a pension of nobody's kind", "pension_kind", "", func(r *resident.Record) { r.Qualified.Pension.Kind = 0 }},
		{"a pension without a beginning", "pension_since", "国民年金の被保険者となった日がありません", func(r *resident.Record) {
			r.Qualified.Pension.Term, r.Qualified.Pension.KindSince = resident.Term{}, resident.Date{}
		}},
		{"a pension from the day of 20", "", "", func(r *resident.Record) { r.Qualified.Pension.Since = resident.MustDate(1970, 2, 28) }},
		{"a pension at 19", "pension_since", "", func(r *resident.Record) { r.Qualified.Pension.Since = resident.MustDate(1970, 2, 27) }},
		{"its kind changed before it", "pension_kind_since", "国民年金の種別が変わった日が、被保険者となった日より前です", func(r *resident.Record) { r.Qualified.Pension.KindSince = resident.MustDate(1990, 3, 31) }},
		{"an allowance that ends before it begins", "allowance_until", "児童手当の支給の終わった年月が、始まった年月より前です", func(r *resident.Record) {
			r.Qualified.Allowance.Until = resident.MonthOf(resident.MustDate(1990, 4, 1))
		}},
		{"an allowance without a beginning", "allowance_since", "", func(r *resident.Record) { r.Qualified.Allowance.Since = resident.Month{} }},
		// 国籍喪失: the items of a Japanese national go as a whole.
		{"lost the nationality, nothing else", "domicile voter former_name furigana", "", func(r *resident.Record) { r.Nationality = must(resident.ParseNationality("", "米国")) }},
	})
}

func TestContradictionsOfAForeignResident(t *testing.T) {
	none := func(c resident.StayCategory) func(r *resident.Record) {
		return func(r *resident.Record) { r.Stay = resident.Stay{Category: c, Since: r.Stay.Since} }
	}
	permanent := func(until resident.Date) func(r *resident.Record) {
		return func(r *resident.Record) { r.Stay.Period, r.Stay.Until = resident.Unlimited, until }
	}
	tryContradictions(t, foreigner, []contradiction{
		{"a family register", "domicile", "外国人住民の住民票に、戸籍の表示は記載しません", func(r *resident.Record) { r.FamilyRegister = resident.FamilyRegister{State: resident.NoDomicile} }},
		{"a former name", "former_name", "旧氏は、日本国籍の方だけに記載します", func(r *resident.Record) { r.FormerName = national().FormerName }},
		{"furigana", "furigana", "氏名の振り仮名は、戸籍のある方だけに記載します", func(r *resident.Record) { r.Furigana = national().Furigana }},
		{"a voter", "voter", "外国人住民は選挙人名簿に登録されません", func(r *resident.Record) { r.Qualified.Voter = true }},
		{"no category", "stay_category", "", func(r *resident.Record) { r.Stay.Category = 0 }},
		{"no status", "stay_status", "", func(r *resident.Record) { r.Stay.Status = resident.StayStatus{} }},
		{"no period", "stay_period", "", func(r *resident.Record) { r.Stay.Period = resident.StayPeriod{} }},
		{"no last day", "stay_until", "", func(r *resident.Record) { r.Stay.Until = resident.Date{} }},
		{"no card", "stay_card", "", func(r *resident.Record) { r.Stay.Card = resident.StayCard{} }},
		{"no day", "foreign_since", "", func(r *resident.Record) { r.Stay.Since = resident.Date{} }},
		{"without limit", "", "", permanent(resident.Date{})},
		{"without limit, until a day", "stay_until", "在留期間が無期限の方に、満了の日はありません", permanent(resident.MustDate(2030, 1, 1))},
		{"ends before it begins", "stay_until", "", func(r *resident.Record) { r.Stay.Until = r.Stay.Since.AddDays(-1) }},
		{"ends on its first day", "", "", func(r *resident.Record) { r.Stay.Until = r.Stay.Since }},
		{"foreign before being a resident", "foreign_since", "", func(r *resident.Record) { r.Stay.Since = r.BecameResident.AddDays(-1) }},
		{"foreign resident from tomorrow", "foreign_since", "", func(r *resident.Record) { r.Stay.Since = onDay.AddDays(1) }},
		{"before the register took foreigners", "foreign_since", "", func(r *resident.Record) {
			r.BecameResident, r.Stay.Since = resident.MustDate(2012, 7, 8), resident.MustDate(2012, 7, 8)
		}},
		{"on the day on which it did", "", "", func(r *resident.Record) {
			r.BecameResident, r.Stay.Since = resident.MustDate(2012, 7, 9), resident.MustDate(2012, 7, 9)
		}},
		// 法30条の47: who became a mid- to long-term resident while living here.
		{"lived there before", "", "", func(r *resident.Record) { r.Residence.Since = r.BecameResident.AddDays(-100) }},
		{"special permanent", "", "", func(r *resident.Record) {
			r.Stay = resident.Stay{Category: resident.SpecialPermanent, Card: r.Stay.Card, Since: r.Stay.Since}
		}},
		{"special permanent without the number", "stay_card", "", none(resident.SpecialPermanent)},
		{"special permanent with a status", "stay_status stay_period stay_until", "", func(r *resident.Record) { r.Stay.Category = resident.SpecialPermanent }},
		{"temporary refuge", "", "", func(r *resident.Record) {
			r.Stay = resident.Stay{Category: resident.TemporaryRefuge, Period: must(resident.ParseStayPeriod("", "6月")), Until: r.Stay.Until, Since: r.Stay.Since}
		}},
		{"temporary refuge without its period", "stay_period", "", none(resident.TemporaryRefuge)},
		{"provisional stay without its period", "stay_period", "", none(resident.ProvisionalStay)},
		{"provisional stay with a card", "stay_status stay_card", "", func(r *resident.Record) { r.Stay.Category = resident.ProvisionalStay }},
		{"after birth", "", "", none(resident.TransitBirth)},
		{"after birth, with a card", "stay_status stay_period stay_until stay_card", "", func(r *resident.Record) { r.Stay.Category = resident.TransitBirth }},
		{"after loss of nationality", "", "", none(resident.TransitLostNational)},
		// 帰化: the items of a foreign resident go as a whole.
		{"became Japanese, nothing else", "common_name stay_category", "", func(r *resident.Record) { r.Nationality = resident.Nationality{} }},
	})
}

// TestShapeOfItems: a record without the newer items keeps shape 1, one with any of them has shape 2.
func TestShapeOfItems(t *testing.T) {
	rec := national()
	want := canonical("akashi/record/2", "24727059608", "葛\U000E0102西　花子", "1950-03-01", "2", "長野県松本市丸の内３番７号",
		"カサイ　ハナコ", "", "", "983205673214", "202029", "H-1", "同居人", "1990-04-01",
		"カサイ　ハナコ", "髙橋", "known", "長野県飯田市大久保町２５３４番地", "葛西　太郎", "2001-05-01", "1990-04-10", "東京都足立区中央本町1番",
		"", "", "", "", "", "", "1", "2010-04-01", "2025-03-01", "2025-03-01", "", "2015-02-28", "",
		"1990-04-01", "2010-02-28", "first", "1995-04-01", "1234567890", "1990-05", "1991-03")
	if got := rec.AppendCanonical(nil); !bytes.Equal(got, want) {
		t.Errorf("national:\n got %q\nwant %q", got, want)
	}
	abroad := foreigner()
	tail := canonical("", "", "", "", "", "", "2020-10-05", "ブラジル", "mid-to-long-term", "技術・人文知識・国際業務", "5年", "2027-09-30", "AB12345678CD", "2020-10-01",
		"", "", "", "", "", "", "", "", "", "", "", "", "", "")
	if got := abroad.AppendCanonical(nil); !bytes.HasSuffix(got, tail) {
		t.Errorf("foreigner:\n got %q\nwant …%q", got, tail)
	}
}

// TestHashSeesEveryNewItem changes each item alone, from the record that has none and from the one that has all.
func TestHashSeesEveryNewItem(t *testing.T) {
	date := resident.MustDate(2019, 9, 9)
	month := resident.MonthOf(date)
	changes := []func(r *resident.Record){
		func(r *resident.Record) { r.Furigana = must(resident.ParseKana("", "カサイ　キヨウコ")) },
		func(r *resident.Record) { r.FormerName = must(resident.ParseFormerName("", "辻")) },
		func(r *resident.Record) { r.FamilyRegister.State = resident.NoDomicile },
		func(r *resident.Record) { r.FamilyRegister.Domicile = must(resident.ParseAddress("", "東京都")) },
		func(r *resident.Record) { r.FamilyRegister.Head = must(resident.ParseName("", "辻　一郎")) },
		func(r *resident.Record) { r.Residence.Since = date },
		func(r *resident.Record) { r.Residence.Notified = date },
		func(r *resident.Record) { r.Residence.Earlier = must(resident.ParseAddress("", "大阪府")) },
		func(r *resident.Record) { r.Stay.Category = resident.TransitBirth },
		func(r *resident.Record) { r.Stay.Status = must(resident.ParseStayStatus("", "留学")) },
		func(r *resident.Record) { r.Stay.Period = resident.Unlimited },
		func(r *resident.Record) { r.Stay.Until = date },
		func(r *resident.Record) { r.Stay.Card = must(resident.ParseStayCard("", "zz00000000zz")) },
		func(r *resident.Record) { r.Stay.Since = date },
		func(r *resident.Record) { r.Qualified.Voter = !r.Qualified.Voter },
		func(r *resident.Record) { r.Qualified.Health.Since = date },
		func(r *resident.Record) { r.Qualified.Health.Until = date },
		func(r *resident.Record) { r.Qualified.Elderly.Since = date },
		func(r *resident.Record) { r.Qualified.Elderly.Until = date },
		func(r *resident.Record) { r.Qualified.Care.Since = date },
		func(r *resident.Record) { r.Qualified.Care.Until = date },
		func(r *resident.Record) { r.Qualified.Pension.Since = date },
		func(r *resident.Record) { r.Qualified.Pension.Until = date },
		func(r *resident.Record) { r.Qualified.Pension.Kind = resident.PensionVoluntary },
		func(r *resident.Record) { r.Qualified.Pension.KindSince = date },
		func(r *resident.Record) {
			r.Qualified.Pension.Number = must(resident.ParsePensionNumber("", "0000000001"))
		},
		func(r *resident.Record) { r.Qualified.Allowance.Since = month },
		func(r *resident.Record) { r.Qualified.Allowance.Until = month },
	}
	bare, _ := sample()
	for name, from := range map[string]resident.Record{"bare": bare, "national": national()} {
		seen := map[resident.StateHash]int{from.StateHash(): -1}
		for n, change := range changes {
			rec := from
			change(&rec)
			if other, twice := seen[rec.StateHash()]; twice {
				t.Errorf("%s: change %d has the hash of %d", name, n, other)
			}
			seen[rec.StateHash()] = n
		}
	}
}

func TestFormsOfItems(t *testing.T) {
	for in, want := range map[string]string{"5年": "5年", "１年３月": "1年3月", "6か月": "6月", "3ヶ月": "3月", "90日": "90日", "無期限": "無期限", " 1年 ": "1年"} {
		if p, err := resident.ParseStayPeriod("", in); err != nil || p.Text() != want {
			t.Errorf("period %q: %s, %v", in, p.Text(), err)
		}
	}
	for _, in := range []string{"", "5", "年", "0年", "-1年", "+1年", "3月1年", "1年1年", "永久", "100年", "1年無期限"} {
		_, err := resident.ParseStayPeriod("stay_period", in)
		wantProblem(t, err, "stay_period", "在留期間として読めません")
	}
	for _, in := range []string{"AB12345678CD", "ab12345678cd", "ＡＢ１２３４５６７８ＣＤ", " AB12345678CD "} {
		if c, err := resident.ParseStayCard("", in); err != nil || c.Reveal() != "AB12345678CD" {
			t.Errorf("card %q: %v", in, err)
		}
	}
	for _, in := range []string{"", "AB1234567CD", "A112345678CD", "AB12345678C1", "AB123456789CD", "ABあ45678CD"} {
		_, err := resident.ParseStayCard("stay_card", in)
		wantProblem(t, err, "stay_card", "番号は英字2文字・数字8けた・英字2文字です")
		if in != "" && strings.Contains(err.Error(), in) {
			t.Errorf("the refusal repeats %q", in)
		}
	}
	for _, in := range []string{"2024-06", "2024年6月", "令和6年6月", "R06.06", "r6.6"} {
		if m, err := resident.ParseMonth("", in); err != nil || m.String() != "2024-06" || m.Wareki() != "令和6年6月" {
			t.Errorf("month %q: %s, %v", in, m, err)
		}
	}
	for _, in := range []string{"", "2024", "2024-13", "2024-00", "令和6年", "2024-06-01", "6月"} {
		_, err := resident.ParseMonth("allowance_since", in)
		wantProblem(t, err, "allowance_since", "年月として読めません。2024-06、令和6年6月")
	}
	// The month in which the era changed is one of the new era, and the month before of the old one.
	if m := must(resident.ParseMonth("", "2019-04")); m.Wareki() != "平成31年4月" {
		t.Error(m.Wareki())
	}
	if m := must(resident.ParseMonth("", "1989-01")); m.Wareki() != "平成元年1月" {
		t.Error(m.Wareki())
	}
	for _, in := range []string{"1234567890", "1234-567890", "１２３４567890"} {
		if n, err := resident.ParsePensionNumber("", in); err != nil || n.Reveal() != "1234567890" {
			t.Errorf("pension number %q: %v", in, err)
		}
	}
	for _, in := range []string{"", "123456789", "12345-67890", "12345678901"} {
		_, err := resident.ParsePensionNumber("pension_number", in)
		wantProblem(t, err, "pension_number", "基礎年金番号は10けたの数字です")
	}
	for _, in := range []string{"", "髙橋 花子", "髙橋　花子", " 髙橋", "ｱ"} {
		if _, err := resident.ParseFormerName("former_name", in); err == nil {
			t.Errorf("the former name %q was taken", in)
		} else if in == "髙橋　花子" && !strings.Contains(err.Error(), "旧氏は氏だけを、空白を入れずに入力してください") {
			t.Errorf("%q: %v", in, err)
		}
	}
	for _, c := range resident.StayCategories() {
		for _, in := range []string{c.Code(), c.In(plain.JA)} {
			if got, err := resident.ParseStayCategory("", in); err != nil || got != c {
				t.Errorf("category %q: %v", in, err)
			}
		}
	}
	_, err := resident.ParseStayCategory("stay_category", "観光")
	wantProblem(t, err, "stay_category", "法30条の45の区分が正しくありません")
	_, err = resident.ParseDomicileState("domicile_state", "")
	wantProblem(t, err, "domicile_state", "戸籍の有無は「本籍あり」「本籍不明」「無籍」のいずれかを")
	_, err = resident.ParsePensionKind("pension_kind", "第3号被保険者")
	wantProblem(t, err, "pension_kind", "国民年金の種別は「第1号被保険者」か「任意加入被保険者」です")
	_, err = resident.ParseFlag("voter", "たぶん")
	wantProblem(t, err, "voter", "登録されているときは「登録」と入力し、そうでなければ空けてください")
}

func TestItemsPrintNothing(t *testing.T) {
	rec, abroad := national(), foreigner()
	for _, v := range []any{rec.FormerName, rec.FamilyRegister, rec.Qualified, rec.Qualified.Pension.Number, abroad.Stay, abroad.Stay.Status, abroad.Stay.Card, rec, abroad, rec.Items()} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
			got := fmt.Sprintf(verb, v)
			for _, s := range []string{"髙橋", "飯田", "葛", "1234567890", "技術", "AB12345678CD"} {
				if strings.Contains(got, s) || strings.Contains(got, fmt.Sprintf("%x", s)) {
					t.Errorf("%s of %T leaks %s: %s", verb, v, s, got)
				}
			}
		}
	}
}
