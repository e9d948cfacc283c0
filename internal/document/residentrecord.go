package document

import (
	"github.com/akashi-id/akashi/internal/document/template"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/resident"
)

// The two forms of the copy of a resident record.
const (
	ResidentRecordHousehold  = "resident-record-household"  // 世帯連記式
	ResidentRecordIndividual = "resident-record-individual" // 個人票
)

// Items are what a copy shows only when it is asked for (法12条5項 [M]); what is not is printed as left out.
type Items struct {
	Relation bool // 世帯主と続柄
	Domicile bool // 本籍と筆頭者; of a foreign resident 国籍・地域 and the items of the stay
	Number   bool // 個人番号
	Code     bool // 住民票コード
}

// Copy is an application for a copy of a resident record.
type Copy struct {
	Request
	Form  string // one of the two
	Items Items
	Head  resident.Name // of the household, who need not be among those shown

	// NumberAtKiosk: the municipality prints individual numbers at kiosks, which not all do.
	NumberAtKiosk bool
}

// ResidentRecord makes a copy of the resident records of one household, or of some of it. What it refuses is plain.Problems.
func ResidentRecord(c Copy, by Issuer, persons []Person) (Paper, error) {
	ps := append(judge(c.Request, persons), c.refused(persons)...)
	if err := ps.Err(); err != nil {
		return Paper{}, err
	}
	p, err := newPaper(c.Form, c.Request, by, persons)
	if err != nil {
		return Paper{}, err
	}
	p.values.Shared["address"] = persons[0].Record.Address.Reveal()
	p.values.Shared["head"] = asked(c.Items.Relation, c.Head.Reveal())
	for _, one := range persons {
		block := "japanese"
		if one.Record.Foreign() {
			block = "foreign"
		}
		p.values.Blocks = append(p.values.Blocks, template.Filled{Block: block, Values: c.values(one.Record)})
	}
	p.bind()
	return p, nil
}

// refused says what this application may not have.
func (c Copy) refused(persons []Person) (ps plain.Problems) {
	bad := func(field, ja, en string) { ps = append(ps, plain.Bad(field, ja, en)) }
	if c.Form == ResidentRecordIndividual && len(persons) > 1 {
		bad("person", "個人票に載せるのは一人です。世帯連記式を選ぶか、一人ずつ交付してください。",
			"The individual form shows one person: choose the household form, or issue one for each.")
	}
	for _, p := range persons {
		if r := persons[0].Record; p.Record.Household != r.Household || p.Record.Municipality != r.Municipality || p.Record.Address != r.Address {
			bad("person", "世帯か住所の異なる方が含まれています。世帯ごとに交付してください。",
				"Somebody is of another household or address: issue a document for each household.")
			break
		}
	}
	if c.Items.Relation && !c.Head.Valid() {
		bad("head", "世帯主の氏名がありません。記録を読み直してください。", "The name of the head of the household is missing: read the record again.")
	}
	// 法12条, 12条の3 [M]: only the person, or one of the same household, is given the code and the number.
	if c.Requester.Role == Other && (c.Items.Number || c.Items.Code) {
		bad("items", "本人と同一世帯の方以外に、個人番号や住民票コードを記載した写しは交付できません。どちらも外してください。",
			"Only the person, or one of the same household, may be given a copy with the individual number or the record code: leave both out.")
	}
	if c.Channel == Kiosk {
		if c.Items.Code {
			bad("items", "住民票コードを記載した写しは、窓口だけで交付します。", "A copy with the record code is issued at a counter only.")
		}
		if c.Items.Number && !c.NumberAtKiosk {
			bad("items", "この市区町村では、個人番号を記載した写しを端末で交付しません。窓口にお越しください。",
				"This municipality issues no copies with the individual number at kiosks: please come to the counter.")
		}
		if c.Requester.Role == Other {
			bad("person", "端末で交付できるのは、本人と同一世帯の方の写しだけです。", "A kiosk issues copies only to the person, or to one of the same household.")
		}
	}
	return ps
}

// Words that stand where there is no value, so that no box is empty and nothing can be written into it.
const (
	leftOut = "（省略）"
	none    = "（記載なし）"
)

func or(value string) string {
	if value == "" {
		return none
	}
	return value
}

func asked(yes bool, value string) string {
	if !yes {
		return leftOut
	}
	return or(value)
}

// values are those of one person, for both blocks.
func (c Copy) values(r resident.Record) map[string]string {
	sex := r.Sex.String()
	if r.Sex == resident.SexUnknown {
		sex = "" // 空欄 on the record
	}
	domicile := r.FamilyRegister.Domicile.Reveal()
	if r.FamilyRegister.State == resident.DomicileUnknown || r.FamilyRegister.State == resident.NoDomicile {
		domicile = r.FamilyRegister.State.In(plain.JA)
	}
	v := map[string]string{
		"name": r.Name.Reveal(), "birth": r.Birth.Wareki(), "sex": or(sex), "furigana": or(r.Furigana.Reveal()),
		"former-name": or(r.FormerName.Reveal()), "common-name": or(r.CommonName.Reveal()),
		"became-resident": r.BecameResident.Wareki(), "address-since": or(r.Residence.Since.Wareki()),
		"earlier-address": or(r.Residence.Earlier.Reveal()), "notified": or(r.Residence.Notified.Wareki()),
		"relation": asked(c.Items.Relation, r.Relation.Reveal()),
		"code":     asked(c.Items.Code, r.Code.Reveal()), "number-of-person": asked(c.Items.Number, r.Number.Reveal()),
	}
	if !r.Foreign() {
		v["domicile"], v["domicile-head"] = asked(c.Items.Domicile, domicile), asked(c.Items.Domicile, r.FamilyRegister.Head.Reveal())
		return v
	}
	for key, value := range map[string]string{
		"nationality": r.Nationality.Reveal(), "stay-category": r.Stay.Category.In(plain.JA), "stay-status": r.Stay.Status.Reveal(),
		"stay-period": r.Stay.Period.Text(), "stay-until": r.Stay.Until.Wareki(), "stay-card": r.Stay.Card.Reveal(),
		"foreign-since": r.Stay.Since.Wareki(),
	} {
		v[key] = asked(c.Items.Domicile, value)
	}
	return v
}
