package municipality

import (
	"slices"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/resident"
)

// itemChoices are what the fields of the items offer, and which of their parts are open: those that few people need are not, unless
// something was entered in them or is wrong with it.
type itemChoices struct {
	DomicileStates, StayCategories, PensionKinds []webui.Choice
	OpenStay, OpenQualified                      bool
}

// The fields of the parts that can be closed.
var (
	stayFields      = []string{"nationality", "common_name", "stay_category", "stay_status", "stay_period", "stay_until", "stay_card", "foreign_since"}
	qualifiedFields = []string{"voter", "health_since", "health_until", "elderly_since", "elderly_until", "care_since", "care_until", "pension_since", "pension_until",
		"pension_kind", "pension_kind_since", "pension_number", "allowance_since", "allowance_until"}
)

func choicesFor(f *webui.Form) itemChoices {
	c := choicesOfItems
	inUse := func(field string) bool { return has(f, field) }
	c.OpenStay, c.OpenQualified = slices.ContainsFunc(stayFields, inUse), slices.ContainsFunc(qualifiedFields, inUse)
	return c
}

var choicesOfItems = func() (c itemChoices) {
	for _, s := range []resident.DomicileState{resident.DomicileKnown, resident.DomicileUnknown, resident.NoDomicile} {
		c.DomicileStates = append(c.DomicileStates, choice(s.Code(), s.In(plain.JA), s.In(plain.EN)))
	}
	c.StayCategories = []webui.Choice{choice("", "外国人住民ではない", "no foreign resident")}
	for _, s := range resident.StayCategories() {
		c.StayCategories = append(c.StayCategories, choice(s.Code(), s.In(plain.JA), s.In(plain.EN)))
	}
	c.PensionKinds = []webui.Choice{choice("", "被保険者ではない", "not insured")}
	for _, k := range []resident.PensionKind{resident.PensionFirst, resident.PensionVoluntary} {
		c.PensionKinds = append(c.PensionKinds, choice(k.Code(), k.In(plain.JA), k.In(plain.EN)))
	}
	return c
}()

// readItems reads the fields of the items into a record whose nationality is there already.
func readItems(f *webui.Form, r *resident.Record) {
	date := func(name string) resident.Date { return entry(f, name, resident.ParseDate) }
	term := func(name string) resident.Term {
		return resident.Term{Since: date(name + "_since"), Until: date(name + "_until")}
	}
	r.Furigana, r.FormerName = entry(f, "furigana", resident.ParseKana), entry(f, "former_name", resident.ParseFormerName)
	r.FamilyRegister = resident.FamilyRegister{State: entry(f, "domicile_state", resident.ParseDomicileState),
		Domicile: entry(f, "domicile", resident.ParseAddress), Head: entry(f, "domicile_head", resident.ParseName)}
	if r.Foreign() && r.FamilyRegister == (resident.FamilyRegister{State: resident.DomicileKnown}) {
		r.FamilyRegister = resident.FamilyRegister{} // the mark that the form begins with says nothing of a foreign resident
	}
	r.Residence = resident.Residence{Since: date("address_since"), Notified: date("notified"), Earlier: entry(f, "earlier_address", resident.ParseAddress)}
	r.Stay = resident.Stay{Category: entry(f, "stay_category", resident.ParseStayCategory), Status: entry(f, "stay_status", resident.ParseStayStatus),
		Period: entry(f, "stay_period", resident.ParseStayPeriod), Until: date("stay_until"), Card: entry(f, "stay_card", resident.ParseStayCard),
		Since: date("foreign_since")}
	r.Qualified = resident.Qualifications{Voter: ticked(f, "voter"), Health: term("health"), Elderly: term("elderly"), Care: term("care"),
		Pension: resident.Pension{Term: term("pension"), Kind: entry(f, "pension_kind", resident.ParsePensionKind), KindSince: date("pension_kind_since"),
			Number: entry(f, "pension_number", resident.ParsePensionNumber)},
		Allowance: resident.Allowance{Since: entry(f, "allowance_since", resident.ParseMonth), Until: entry(f, "allowance_until", resident.ParseMonth)}}
}

// itemForm says which items stand on the form of a notice: those that the person's record has after it. What is not on the form is
// not on the record either, so that 帰化 and 国籍喪失 swap them as a whole.
type itemForm struct{ Shown, Foreign bool }

func itemFormOf(act counterAct, e Event, r resident.Record) itemForm {
	i := itemForm{Shown: act.key == "amendment" || act.key == "correction", Foreign: r.Foreign()}
	switch e.Key {
	case "naturalisation", "nationality-acquired":
		i.Foreign = false
	case "nationality-lost", "nationality-change":
		i.Foreign = true
	}
	if e.Key != "" && e.May&itemOther == 0 {
		i.Shown = false
	}
	return i
}

// itemsTyped are the items of a form that has them; nil when it has none.
func itemsTyped(f *webui.Form) *resident.Items {
	if f.Value("items") == "" {
		return nil
	}
	var r resident.Record
	readItems(f, &r)
	items := r.Items()
	return &items
}

// fillItems puts the items into a form as the record has them.
func fillItems(f *webui.Form, r resident.Record) {
	fr, res, stay, q := r.FamilyRegister, r.Residence, r.Stay, r.Qualified
	for name, value := range map[string]string{
		"furigana": r.Furigana.Reveal(), "former_name": r.FormerName.Reveal(), "domicile_state": fr.State.Code(), "domicile": fr.Domicile.Reveal(), "domicile_head": fr.Head.Reveal(),
		"address_since": res.Since.String(), "notified": res.Notified.String(), "earlier_address": res.Earlier.Reveal(),
		"stay_category": stay.Category.Code(), "stay_status": stay.Status.Reveal(), "stay_period": stay.Period.Text(), "stay_until": stay.Until.String(),
		"stay_card": stay.Card.Reveal(), "foreign_since": stay.Since.String(),
		"health_since": q.Health.Since.String(), "health_until": q.Health.Until.String(), "elderly_since": q.Elderly.Since.String(), "elderly_until": q.Elderly.Until.String(),
		"care_since": q.Care.Since.String(), "care_until": q.Care.Until.String(), "pension_since": q.Pension.Since.String(), "pension_until": q.Pension.Until.String(),
		"pension_kind": q.Pension.Kind.Code(), "pension_kind_since": q.Pension.KindSince.String(), "pension_number": q.Pension.Number.Reveal(),
		"allowance_since": q.Allowance.Since.String(), "allowance_until": q.Allowance.Until.String(),
	} {
		f.Set(name, value)
	}
	if q.Voter {
		f.Set("voter", "yes")
	}
}

// termGroup is a part of a record under its heading.
type termGroup struct {
	Name  plain.Sentence
	Terms []webui.Term
}

// absent is said of an item that the record does not state, so that nobody takes it for one that was left off the page.
var absent = both("記載なし", "not stated")

// stated is a text of the record, or that there is none.
func stated(s string) any {
	if s == "" {
		return absent
	}
	return webui.Spell(s)
}

func statedDay(d resident.Date) any {
	if !d.Valid() {
		return absent
	}
	return day(d)
}

// span is from when to when, in words.
func span(since, until, sinceEN, untilEN string) any {
	switch {
	case since == "":
		return absent
	case until == "":
		return both(since+"から", "since "+sinceEN)
	}
	return both(since+"から"+until+"まで", sinceEN+" to "+untilEN)
}

func termSpan(t resident.Term) any {
	return span(t.Since.Wareki(), t.Until.Wareki(), t.Since.String(), t.Until.String())
}

// recordGroups is the whole record (法7条, 30条の45) as the counter shows it: an item that is absent says so; what the law does not
// put on the record of such a person is left off.
func (w *screens) recordGroups(d Dossier) []termGroup {
	v := d.Now
	r := v.Record
	term := func(ja, en string, value any) webui.Term { return webui.Term{Label: both(ja, en), Value: value} }
	furigana := stated(r.Furigana.Reveal())
	if r.Foreign() {
		furigana = both("外国人住民には記載しません", "not for foreign residents")
	}
	who := termGroup{both("氏名など", "Name"), []webui.Term{
		term("氏名", "Name", webui.Spell(r.Name.Reveal())), term("氏名の振り仮名", "Furigana of the name", furigana)}}
	if r.Kana != r.Furigana {
		who.Terms = append(who.Terms, term("読み（検索用）", "Reading (for searching)", stated(r.Kana.Reveal())))
	}
	if r.Foreign() {
		who.Terms = append(who.Terms, term("通称", "Common name", stated(r.CommonName.Reveal())))
	} else {
		who.Terms = append(who.Terms, term("旧氏", "Former family name", stated(r.FormerName.Reveal())))
		if r.CommonName.Valid() { // entered before it was for foreign residents only
			who.Terms = append(who.Terms, term("通称", "Common name", stated(r.CommonName.Reveal())))
		}
	}
	who.Terms = append(who.Terms, term("生年月日", "Date of birth", bornText(r.Birth)), term("性別", "Sex", sexName(r.Sex)))
	number := any(absent)
	if r.Number.Valid() {
		number = both("記載されています（この画面には出しません）", "stated (not shown here)") // 番号法: for those whose work needs it
	}
	where := termGroup{both("住所と世帯", "Address and household"), []webui.Term{
		term("住所", "Address", webui.Spell(r.Address.Reveal())), term("住所を定めた日", "At the address since", statedDay(r.Residence.Since)),
		term("住民となった日", "Resident since", day(r.BecameResident)), term("届出の日", "Day of the notice", statedDay(r.Residence.Notified)),
		term("従前の住所", "Earlier address", stated(r.Residence.Earlier.Reveal())),
		term("世帯番号・続柄", "Household and relation", webui.Name(string(r.Household)+"・"+r.Relation.Reveal())), headTerm(d)}}
	codes := termGroup{both("番号", "Numbers"), []webui.Term{
		term("住民票コード", "Record code", codeText(r.Code)), term("個人番号", "Individual number", number),
		term("宛名番号", "Number in this register", webui.Code(v.Person.String())), term("記録の版", "Record version", webui.Code(v.Number.String()))}}
	return []termGroup{who, where, statusGroup(r), qualifiedGroup(r), codes}
}

// headTerm names the head of the household (法7条4号).
func headTerm(d Dossier) webui.Term {
	t := webui.Term{Label: both("世帯主", "Head of the household"), Value: absent}
	if d.Now.Record.Relation == resident.Head {
		t.Value = both("この方", "this person")
		return t
	}
	for _, v := range d.Household {
		if v.Record.Relation == resident.Head {
			t.Value = webui.Name(v.Record.Name.Reveal())
			return t
		}
	}
	if withheld(d.Household) > 0 {
		t.Value = both("表示しません", "not shown")
	}
	return t
}

// statusGroup is the family register of a Japanese national, or the stay of a foreign resident.
func statusGroup(r resident.Record) termGroup {
	term := func(ja, en string, value any) webui.Term { return webui.Term{Label: both(ja, en), Value: value} }
	if !r.Foreign() {
		f := r.FamilyRegister
		if f.State == resident.DomicileUnknown || f.State == resident.NoDomicile {
			return termGroup{both("戸籍の表示", "Family register"), []webui.Term{term("戸籍の有無", "Family register", both(f.State.In(plain.JA), f.State.In(plain.EN)))}}
		}
		return termGroup{both("戸籍の表示", "Family register"), []webui.Term{
			term("本籍", "Domicile", stated(f.Domicile.Reveal())), term("筆頭者", "Head of the family register", stated(f.Head.Reveal()))}}
	}
	s := r.Stay
	category := any(absent)
	if s.Category.Valid() {
		category = both(s.Category.In(plain.JA), s.Category.In(plain.EN))
	}
	g := termGroup{both("外国人住民", "Foreign resident"), []webui.Term{term("国籍・地域", "Nationality", webui.Name(r.Nationality.Reveal())),
		term("法30条の45の区分", "Category (art. 30-45)", category), term("外国人住民となった日", "Foreign resident since", statedDay(s.Since))}}
	switch s.Category {
	case resident.SpecialPermanent:
		g.Terms = append(g.Terms, term("特別永住者証明書の番号", "Number of the certificate", stated(s.Card.Reveal())))
	case resident.TemporaryRefuge, resident.ProvisionalStay:
		g.Terms = append(g.Terms, term("上陸・仮滞在の期間", "Period of the permit", stated(s.Period.Text())), term("満了の日", "Last day", statedDay(s.Until)))
	case resident.TransitBirth, resident.TransitLostNational:
	default:
		until := statedDay(s.Until)
		if s.Period == resident.Unlimited {
			until = both("ありません（無期限）", "none: without limit")
		}
		g.Terms = append(g.Terms, term("在留資格", "Status of residence", stated(s.Status.Reveal())), term("在留期間", "Period of stay", stated(s.Period.Text())),
			term("在留期間の満了の日", "Last day of the stay", until), term("在留カードの番号", "Number of the residence card", stated(s.Card.Reveal())))
	}
	return g
}

// qualifiedGroup is elections, insurance, pension and allowance.
func qualifiedGroup(r resident.Record) termGroup {
	q := r.Qualified
	term := func(ja, en string, value any) webui.Term { return webui.Term{Label: both(ja, en), Value: value} }
	g := termGroup{Name: both("選挙・保険・年金・手当", "Elections, insurance, pension, allowance")}
	if !r.Foreign() {
		voter := absent
		if q.Voter {
			voter = both("登録されています", "on it")
		}
		g.Terms = append(g.Terms, term("選挙人名簿", "Electoral roll", voter))
	}
	g.Terms = append(g.Terms, term("国民健康保険", "National health insurance", termSpan(q.Health)), term("後期高齢者医療", "Medical care of the elderly", termSpan(q.Elderly)),
		term("介護保険", "Long-term care insurance", termSpan(q.Care)), term("国民年金", "National pension", termSpan(q.Pension.Term)))
	if p := q.Pension; p.Kind.Valid() {
		g.Terms = append(g.Terms, term("国民年金の種別", "Kind of the pension", both(p.Kind.In(plain.JA), p.Kind.In(plain.EN))))
		if p.KindSince.Valid() {
			g.Terms = append(g.Terms, term("種別の変わった日", "Kind changed on", day(p.KindSince)))
		}
		g.Terms = append(g.Terms, term("基礎年金番号", "Basic pension number", stated(p.Number.Reveal())))
	}
	a := q.Allowance
	return termGroup{g.Name, append(g.Terms, term("児童手当", "Child allowance", span(a.Since.Wareki(), a.Until.Wareki(), a.Since.String(), a.Until.String())))}
}
