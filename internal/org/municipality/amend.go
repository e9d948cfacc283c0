package municipality

import "github.com/akashi-id/akashi/resident"

// Amendment is 職権修正等 (規則11条; 令12条): the office corrects name, birth, sex or reading, or enters what a family register
// notice has changed. Zero fields stay as they are. Which life event it is (婚姻, 帰化 …) stands in its Event.
type Amendment struct {
	Filing
	Name       resident.Name
	Kana       resident.Kana
	Birth      resident.PartialDate
	Sex        resident.Sex
	Address    resident.Address
	CommonName resident.Name
	AsIs       bool // file an address that the center may be unable to read

	Nationality   resident.Nationality
	NoCommonName  bool            // 通称の削除
	Items         *resident.Items // the items of 法7条 and 30条の45 as they are to be, as a whole; nil: as they were
	NoNationality bool            // the person is a Japanese national now (帰化, 国籍取得)
}

func (Amendment) reason() resident.ChangeReason { return resident.AmendmentExOfficio }

func (c Amendment) kills(changed resident.Attributes) resident.Effect {
	return resident.EffectOf(resident.AmendmentExOfficio, changed)
}

func (c Amendment) next(m *matter, ps *problems) (resident.Record, error) {
	next := m.now.Record
	if c.Arose.Valid() {
		ps.notAfter("arose", c.Arose, m.today)
	}
	set(&next.Name, c.Name)
	set(&next.Kana, c.Kana)
	set(&next.Birth, c.Birth)
	set(&next.Sex, c.Sex)
	set(&next.Address, c.Address)
	set(&next.CommonName, c.CommonName)
	set(&next.Nationality, c.Nationality)
	if c.NoCommonName {
		next.CommonName = resident.Name{}
	}
	if c.NoNationality {
		next.Nationality, next.CommonName = resident.Nationality{}, resident.Name{} // a 通称 is of foreign residents (令30条の26)
	}
	if c.Items != nil {
		next = next.WithItems(*c.Items)
	}
	if next == m.now.Record {
		ps.bad("name", "今の記録と同じです。修正した内容を入力してください。", "Nothing differs from the record: enter what is amended.")
	}
	checkBirth(ps, next, m.today)
	if next.Address != m.now.Record.Address {
		body, err := m.body("municipality", next.Municipality, m.today)
		if err != nil {
			return next, ps.take(err)
		}
		ps.checkAddress("address", next.Address, body, c.AsIs, m.today)
	}
	return next, nil
}

// set replaces what is given.
func set[T comparable](to *T, given T) {
	var zero T
	if given != zero {
		*to = given
	}
}

// checkBirth refuses a birth that has not come, and one after the day of becoming a resident.
func checkBirth(ps *problems, r resident.Record, today resident.Date) {
	first := r.Birth.Earliest()
	if first.After(today) {
		ps.bad("birth", "生年月日がまだ来ていない日です。日付を確かめてください。", "The date of birth has not come yet: check the date.")
		return
	}
	if first.Valid() && r.BecameResident.Valid() && r.BecameResident.Before(first) {
		ps.bad("birth",
			"生年月日が、住民となった日（"+r.BecameResident.Wareki()+"）より後です。どちらかの日付を直してください。",
			"The birth is after the day of becoming a resident ("+r.BecameResident.String()+"): correct one of the dates.")
	}
}
