package municipality

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/resident"
	"github.com/akashi-id/akashi/resident/registerfile"
)

// wholeNational is the registration of a Japanese national with all that the counter asks for.
func wholeNational() Registration {
	r := movedIn()
	r.Whole = true
	r.Record.Furigana = kana("タカヨシ カツコ")
	r.Record.FamilyRegister = resident.FamilyRegister{Domicile: address("長野県飯田市大久保町2534番地"), Head: name("髙𠮷 一郎")}
	r.Record.Residence = resident.Residence{Notified: resident.MustDate(2026, 3, 5), Earlier: address("ブラジル")}
	return r
}

// wholeForeigner is that of a foreign resident.
func wholeForeigner() Registration {
	r := movedIn()
	r.Whole, r.Basis = true, "law-30-46"
	r.Record.Name, r.Record.Nationality = name("SILVA ANA"), ok(resident.ParseNationality("", "ブラジル"))
	r.Record.CommonName = name("髙橋 アナ")
	r.Record.Stay = resident.Stay{Category: resident.MidToLongTerm, Status: ok(resident.ParseStayStatus("", "定住者")), Period: ok(resident.ParseStayPeriod("", "3年")),
		Until: resident.MustDate(2029, 2, 28), Card: ok(resident.ParseStayCard("", "AB12345678CD")), Since: resident.MustDate(2026, 3, 1)}
	r.Record.Residence = resident.Residence{Notified: resident.MustDate(2026, 3, 5), Earlier: address("ブラジル")}
	return r
}

func TestWholeRegistrations(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		for _, r := range []Registration{wholeNational(), wholeForeigner()} {
			got := c.now(c.register(r).Person).Record
			if got.FamilyRegister != r.Record.FamilyRegister.Stated() || got.Stay != r.Record.Stay || got.Residence != r.Record.Residence || got.Furigana != r.Record.Furigana {
				t.Error("the register has other items")
			}
		}
		// None of them leaves the municipality.
		for _, n := range c.changes {
			if n.After.StateHash() != c.stateOf(n.After.Code).StateHash() {
				t.Error("the prefecture has another state")
			}
		}
	})
}

// stateOf is the identification that the register has under a code.
func (c *country) stateOf(code resident.RecordCode) resident.IdentificationInfo {
	found, _, err := c.o.Search(as(c.t, "clerk-aoki"), Query{Code: code})
	if err != nil || len(found) != 1 {
		c.t.Fatalf("%d found, %v", len(found), err)
	}
	return found[0].Identification()
}

// TestRegistrationItemsRefused: what the counter must say, each at its border, and that the same may be absent where a register
// is taken over.
func TestRegistrationItemsRefused(t *testing.T) {
	c := newCountry(t, "memory:")
	for _, x := range []struct {
		name   string
		base   func() Registration
		change func(r *Registration)
		field  string
	}{
		{"no family register", wholeNational, func(r *Registration) { r.Record.FamilyRegister = resident.FamilyRegister{} }, "domicile"},
		{"not known", wholeNational, func(r *Registration) {
			r.Record.FamilyRegister = resident.FamilyRegister{State: resident.DomicileUnknown}
		}, ""},
		{"none", wholeNational, func(r *Registration) { r.Record.FamilyRegister = resident.FamilyRegister{State: resident.NoDomicile} }, ""},
		{"may follow", wholeNational, func(r *Registration) { r.Whole, r.Record.FamilyRegister = false, resident.FamilyRegister{} }, ""},
		{"no head", wholeNational, func(r *Registration) { r.Record.FamilyRegister.Head = resident.Name{} }, "domicile_head"},
		{"no earlier address", wholeNational, func(r *Registration) { r.Record.Residence.Earlier = resident.Address{} }, "earlier_address"},
		{"ex officio without one", wholeNational, func(r *Registration) {
			r.Reason, r.Basis, r.Record.Residence = resident.EntryExOfficio, "order-12", resident.Residence{}
		}, ""},
		{"no day of the notice", wholeNational, func(r *Registration) { r.Record.Residence.Notified = resident.Date{} }, "notified"},
		{"notified on the day", wholeNational, func(r *Registration) { r.Record.Residence.Notified = r.Record.BecameResident }, ""},
		{"notified before", wholeNational, func(r *Registration) { r.Record.Residence.Notified = r.Record.BecameResident.AddDays(-1) }, "notified"},
		{"a ground for foreigners", wholeNational, func(r *Registration) { r.Basis = "law-30-47" }, "basis"},
		{"a common name", wholeNational, func(r *Registration) { r.Whole, r.Record.CommonName = false, name("髙橋") }, "common_name"},
		{"no category", wholeForeigner, func(r *Registration) { r.Record.Stay = resident.Stay{} }, "stay_category"},
		{"no card", wholeForeigner, func(r *Registration) { r.Record.Stay.Card = resident.StayCard{} }, "stay_card"},
		{"the stay ended before", wholeForeigner, func(r *Registration) { r.Record.Stay.Until = r.Record.BecameResident.AddDays(-1) }, "stay_until"},
		{"a family register", wholeForeigner, func(r *Registration) { r.Record.FamilyRegister = wholeNational().Record.FamilyRegister }, "domicile"},
	} {
		r := x.base()
		x.change(&r)
		err := c.o.CheckRegistration(as(t, "clerk-aoki"), r)
		if x.field == "" {
			if err != nil {
				t.Errorf("%s: %v", x.name, err)
			}
			continue
		}
		if err == nil {
			t.Errorf("%s was taken", x.name)
		} else if fields := fieldsOf(t, err); !slices.Equal(fields, []string{x.field}) {
			t.Errorf("%s: refused for %v", x.name, fields)
		}
	}
	foreign := wholeNational()
	foreign.Basis = "law-30-47"
	if err := c.o.CheckRegistration(as(t, "clerk-aoki"), foreign); err == nil || !strings.Contains(err.Error(), "この根拠は外国人住民の届出のものです") {
		t.Errorf("a ground for foreigners: %v", err)
	}
	mother := c.register(wholeNational())
	child := born(c.now(mother.Person).Record.Household)
	child.Record.Residence.Earlier = address(home)
	if err := c.o.CheckRegistration(as(t, "clerk-aoki"), child); err == nil || !slices.Equal(fieldsOf(t, err), []string{"earlier_address"}) || !strings.Contains(err.Error(), "出生による記載に、従前の住所はありません") {
		t.Errorf("an earlier address of somebody just born: %v", err)
	}
}

// TestItemsFollowAChange: 転居 sets the day of settling, a corrected reading is the furigana's, and nothing else of the items moves.
func TestItemsFollowAChange(t *testing.T) {
	c := newCountry(t, "memory:")
	who := c.register(wholeNational())
	before := c.now(who.Person).Record
	if _, err := c.o.File(as(t, "clerk-aoki"), MoveWithin{Filing: c.filing(who.Person, "law-23"), Address: address("長野県松本市大手4番2号")}); err != nil {
		t.Fatal(err)
	}
	moved := c.now(who.Person).Record
	if want := before.Residence; moved.Residence.Since != today || moved.Residence.Notified != want.Notified || moved.Residence.Earlier != want.Earlier || moved.FamilyRegister != before.FamilyRegister {
		t.Error("the items after a move are others than the day of settling")
	}
	if _, err := c.o.File(as(t, "clerk-aoki"), Amendment{Filing: c.filing(who.Person, "found-wrong"), Kana: kana("タカヨシ カズコ")}); err != nil {
		t.Fatal(err)
	}
	if got := c.now(who.Person).Record; got.Furigana != kana("タカヨシ カズコ") || got.Residence != moved.Residence {
		t.Error("the furigana did not follow the corrected reading")
	}
	_, err := c.o.File(as(t, "clerk-aoki"), Amendment{Filing: c.filing(who.Person, "found-wrong"), CommonName: name("髙橋")})
	if fields := fieldsOf(t, err); !slices.Equal(fields, []string{"common_name"}) {
		t.Errorf("a common name for a Japanese national: %v", fields)
	}
}

// TestOldContradictionsHoldNobodyUp: somebody who was taken over with what would be refused today can move and die.
func TestOldContradictionsHoldNobodyUp(t *testing.T) {
	c := newCountry(t, "memory:")
	rec := made(7)
	rec.CommonName = name("髙橋 アナ")
	var file strings.Builder
	w := registerfile.NewWriter(&file, plain.JA)
	if err := errors.Join(w.Write(rec), w.Flush()); err != nil {
		t.Fatal(err)
	}
	result, err := c.o.Import(t.Context(), strings.NewReader(file.String()), ImportOptions{})
	if err != nil || result.Added != 1 {
		t.Fatalf("%+v, %v", result, err)
	}
	found, _, err := c.o.Search(as(t, "clerk-aoki"), Query{Code: rec.Code})
	if err != nil || len(found) != 1 {
		t.Fatalf("%d found, %v", len(found), err)
	}
	who := found[0].Person
	c.run(1)
	for _, change := range []func() Change{
		func() Change {
			return MoveWithin{Filing: c.filing(who, "law-23"), Address: address("長野県松本市大手4番2号")}
		},
		func() Change { return Death{c.filing(who, "family-86")} },
	} {
		if _, err := c.o.File(as(t, "clerk-aoki"), change()); err != nil {
			t.Error(err)
		}
	}
}

// TestRecordPage: the page shows every item under its heading, in the Japanese calendar, and says what is absent.
func TestRecordPage(t *testing.T) {
	c := newCountry(t, "memory:")
	national := c.register(wholeNational())
	foreigner := c.register(wholeForeigner())
	v := c.counter("clerk-aoki")
	page := func(f Filed, lang plain.Lang) string {
		v.get("/?lang="+string(lang), http.StatusOK)
		return v.get("/resident/"+f.Person.String(), http.StatusOK)
	}
	v.says(page(foreigner, plain.EN), "Foreign resident", "mid- to long-term resident", "Furigana of the name not for foreign residents", "Child allowance not stated")
	v.says(page(foreigner, plain.JA), "国籍・地域 ブラジル", "在留資格 定住者", "在留期間 3年", "令和11年2月28日", "在留カードの番号 AB12345678CD", "通称 髙橋 アナ", "介護保険 記載なし")
	ja := page(national, plain.JA)
	v.says(ja, "本籍 長野県飯田市大久保町2534番地", "筆頭者 髙𠮷 一郎", "氏名の振り仮名 タカヨシ カツコ", "届出の日 令和8年3月5日", "従前の住所 ブラジル", "旧氏 記載なし",
		"住所を定めた日 記載なし", "選挙人名簿 記載なし", "個人番号 全国センターに求めています", "世帯主 この方")
	for _, not := range []string{"在留", "通称"} {
		if strings.Contains(text(ja), not) {
			t.Errorf("the page of a Japanese national says %s", not)
		}
	}
	if _, err := c.o.File(as(t, "clerk-aoki"), MoveWithin{Filing: c.filing(national.Person, "law-23"), Address: address("長野県松本市大手4番2号")}); err != nil {
		t.Fatal(err)
	}
	v.says(page(national, plain.JA), "項目 住所 変更前 長野県松本市丸の内3番7号 変更後 長野県松本市大手4番2号 版 2 異動事由 転居",
		"項目 住所を定めた日 変更前 記載なし 変更後 "+today.Wareki()+" 版 2 異動事由 転居")
	// The last day of the stay has passed.
	r := wholeForeigner()
	r.Record.Stay.Until = r.Record.BecameResident
	v.says(page(c.register(r), plain.JA), "在留期間は令和8年3月1日に満了しています")
}

// TestRegisterAForeignResident: the form takes a foreign resident without asking for a family register.
func TestRegisterAForeignResident(t *testing.T) {
	c := newCountry(t, "memory:")
	v := c.counter("clerk-aoki")
	entered := with(inputs(v.get("/register", http.StatusOK)), "basis", "law-30-46", "document", "residence-card", "name", "SILVA ANA", "birth", "1990-03-01", "sex", "女", "address", home,
		"earlier_address", "ブラジル", "nationality", "ブラジル", "stay_category", "special-permanent", "stay_status", "定住者")
	v.says(v.post("/register", entered, http.StatusUnprocessableEntity), "特別永住者の方に、在留資格は記載しません", "特別永住者証明書の番号がありません", "外国人住民となった年月日がありません")
	entered = with(entered, "stay_status", "", "stay_card", "ab12345678cd", "foreign_since", "令和8年4月1日", "became", "令和8年4月1日", "notified", "令和8年4月1日")
	page := v.post("/register", entered, http.StatusOK)
	v.says(page, "特別永住者", "AB12345678CD")
	v.says(v.post("/register", with(inputs(page), "step", "file"), http.StatusOK), "「国外からの転入」を受け付けました")
}

// TestRecodeIsConfirmed: the page before a change of code says that the new one is not known yet.
func TestRecodeIsConfirmed(t *testing.T) {
	c := newCountry(t, "memory:")
	who := c.register(wholeNational())
	v := c.counter("clerk-aoki")
	at := "/resident/" + who.Person.String() + "/change/code-change"
	v.says(v.post(at, inputs(v.get(at, http.StatusOK)), http.StatusOK), "新しいコード（届け出ると決まります）")
}

// TestNaturalisationSwapsTheItems: 帰化 and 国籍喪失 take the items of the one status away and want those of the other, in one version.
func TestNaturalisationSwapsTheItems(t *testing.T) {
	c := newCountry(t, "memory:")
	who := c.register(wholeForeigner()).Person
	change := Amendment{Filing: c.filing(who, "family-notice"), NoNationality: true, Name: name("髙橋 アナ"), Items: &resident.Items{Residence: c.now(who).Record.Residence}}
	change.Event = "naturalisation"
	_, err := c.o.File(as(t, "clerk-aoki"), change)
	if fields := fieldsOf(t, err); !slices.Equal(fields, []string{"domicile"}) {
		t.Errorf("without a family register: %v", fields)
	}
	kept := change
	kept.Items = nil
	_, err = c.o.File(as(t, "clerk-aoki"), kept)
	if fields := fieldsOf(t, err); !slices.Equal(fields, []string{"stay_category", "domicile"}) {
		t.Errorf("with the residence card: %v", fields)
	}
	change.Items.FamilyRegister, change.Items.Furigana = wholeNational().Record.FamilyRegister, kana("タカハシ アナ")
	if _, err := c.o.File(as(t, "clerk-aoki"), change); err != nil {
		t.Fatal(err)
	}
	got := c.now(who).Record
	if got.Foreign() || got.Stay.Given() || got.CommonName.Valid() || !got.FamilyRegister.Given() || len(got.Contradictions(today)) > 0 || len(got.Missing()) > 0 {
		t.Error("the record is not that of a Japanese national")
	}
	lost := Amendment{Filing: c.filing(who, "family-notice"), Nationality: ok(resident.ParseNationality("", "ブラジル")), Items: &resident.Items{Residence: got.Residence}}
	lost.Event = "nationality-lost"
	_, err = c.o.File(as(t, "clerk-aoki"), lost)
	if fields := fieldsOf(t, err); !slices.Equal(fields, []string{"stay_category"}) {
		t.Errorf("without a stay: %v", fields)
	}
	lost.Items.Stay = resident.Stay{Category: resident.TransitLostNational, Since: today}
	if _, err := c.o.File(as(t, "clerk-aoki"), lost); err != nil {
		t.Fatal(err)
	}
	if got := c.now(who).Record; !got.Foreign() || got.FamilyRegister.Given() || got.Furigana.Valid() {
		t.Error("the record is not that of a foreign resident")
	}
}

// TestNaturalisationAtTheCounter: the form of 帰化 asks for the family register and not for the stay, and that of an ordinary
// amendment leaves what it shows as it was.
func TestNaturalisationAtTheCounter(t *testing.T) {
	c := newCountry(t, "memory:")
	v := c.counter("clerk-aoki")
	who := c.register(wholeForeigner()).Person
	at := "/resident/" + who.String() + "/change/amendment"
	form := inputs(v.get(at+"?event=naturalisation", http.StatusOK))
	if form.Has("stay_card") || !form.Has("domicile") {
		t.Errorf("the form has %v", form)
	}
	v.says(v.post(at, with(form, "by", "family"), http.StatusUnprocessableEntity), "戸籍の表示（本籍と筆頭者）がありません")
	page := v.post(at, with(form, "by", "family", "name", "髙橋 アナ", "furigana", "タカハシ アナ", "domicile", "長野県松本市丸の内3番", "domicile_head", "髙橋 アナ"), http.StatusOK)
	v.says(page, "在留カード等の番号 今の記録 AB12345678CD 届出の後", "本籍")
	v.post(at, with(inputs(page), "step", "file"), http.StatusOK)
	before := c.now(who).Record
	if before.Foreign() || before.FamilyRegister.Head != name("髙橋 アナ") {
		t.Fatal("nobody became Japanese")
	}
	page = v.post(at, with(inputs(v.get(at, http.StatusOK)), "health_since", "令和8年4月1日", "basis", "order-12", "by", "office"), http.StatusOK)
	v.post(at, with(inputs(page), "step", "file"), http.StatusOK)
	after := c.now(who).Record
	before.Qualified.Health.Since = today
	if after != before {
		t.Error("an amendment of one item changed others")
	}
}
