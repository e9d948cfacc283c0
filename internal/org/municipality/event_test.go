package municipality

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/resident"
)

// TestEventList holds the list together: keys are said once, names are in both languages, each event has grounds that its
// reason can be filed on and a form that files it, what it must change it may change, and each of the eleven reasons of
// 規則11条 is that of some event, the default one among them.
func TestEventList(t *testing.T) {
	seen, reasons := map[string]bool{}, map[resident.ChangeReason]bool{}
	forms := map[string]bool{"register": true, formHousehold: true}
	for _, a := range slices.Concat(counterActs, correctingActs) {
		forms[a.key] = true
	}
	for _, e := range Events() {
		if !forms[e.Form] {
			t.Errorf("%s has no form: %q", e.Key, e.Form)
		}
		if e.Key == "" || seen[e.Key] {
			t.Errorf("%q stands twice", e.Key)
		}
		seen[e.Key], reasons[e.Reason] = true, true
		if e.Name.JA == "" || e.Name.EN == "" || e.Yomi == "" || e.Group.Name().JA == "" || e.By == 0 || e.By.Name().JA == "" {
			t.Errorf("%s lacks a name, a reading, a group or who files it", e.Key)
		}
		if e.Must&^e.May != 0 {
			t.Errorf("%s must change what it may not", e.Key)
		}
		if e.Silent() != (e.Form == formHousehold) {
			t.Errorf("%s: only what changes nothing but the household stays here (法30条の5)", e.Key)
		}
		if len(e.bases()) != len(e.Grounds) || len(e.Grounds) == 0 {
			t.Errorf("%s has a ground that does not exist, or none: %v", e.Key, e.Grounds)
		}
		for _, g := range e.Grounds {
			if bad := checkBasis(g, e.Reason); !e.Silent() && bad != nil {
				t.Errorf("%s: %s is no ground of %s", e.Key, g, e.Reason)
			}
		}
	}
	for _, r := range resident.ChangeReasons() {
		if !reasons[r] {
			t.Errorf("no event has the reason %s", r)
		}
		for _, b := range BasesOf(r) {
			e, known := EventOf(defaultEvent(r, b.Key))
			if !known || e.Reason != r {
				t.Errorf("%s on %s is filed as %q, which is not of it", r, b.Key, defaultEvent(r, b.Key))
				continue
			}
			if !strings.Contains(" "+strings.Join(e.Grounds, " ")+" ", " "+b.Key+" ") {
				t.Errorf("%s on %s is filed as %q, which has not that ground", r, b.Key, e.Key)
			}
		}
	}
}

// TestFindEvents: an event is found by what is typed of its name, of how that is read, of its legal reason, and of what happened.
func TestFindEvents(t *testing.T) {
	for words, want := range map[string]string{"婚姻": "marriage", "りこん": "divorce", "せたい ぶんり": "household-split", "marriage": "marriage", "職権修正 養子": "adoption", "引っ越": "move-within"} {
		found := FindEvents(words)
		there := false
		for _, e := range found {
			there = there || e.Key == want
		}
		if !there {
			t.Errorf("%q does not find %s: %d others", words, want, len(found))
		}
	}
	if n := len(FindEvents("")); n != len(events) {
		t.Errorf("nothing typed shows %d of %d", n, len(events))
	}
	if n := len(FindEvents("こんいん りこん")); n != 0 {
		t.Errorf("words that never stand together find %d", n)
	}
}

// TestEventsFiled: a notice is filed under its event, or the plainest of its reason; outside only the reason is told.
func TestEventsFiled(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		for _, test := range []struct {
			event, basis string
			change       func(Filing) Change
			want         string
			reason       resident.ChangeReason
		}{
			{"", "law-23", func(f Filing) Change {
				return MoveWithin{Filing: f, Address: address("長野県松本市大手4番2号")}
			}, "move-within", resident.MoveWithin},
			{"marriage", "family-notice", func(f Filing) Change { return Amendment{Filing: f, Name: name("山田 葛󠄂子")} }, "marriage", resident.AmendmentExOfficio},
			{"sex-change", "family-notice", func(f Filing) Change { return Amendment{Filing: f, Sex: resident.Male} }, "sex-change", resident.AmendmentExOfficio},
			{"common-name-entry", "order-12", func(f Filing) Change { return Amendment{Filing: f, CommonName: name("山田 花")} }, "common-name-entry", resident.AmendmentExOfficio},
			{"common-name-deletion", "order-12", func(f Filing) Change { return Amendment{Filing: f, NoCommonName: true} }, "common-name-deletion", resident.AmendmentExOfficio},
			{"", "rule-21-2-5", func(f Filing) Change {
				return MinorAmendment{Filing: f, Address: address("長野県松本市大手四丁目2番")}
			}, "minor-address", resident.MinorAmendment},
			{"", "law-24", func(f Filing) Change {
				return MoveOut{Filing: f, To: address("フランス共和国パリ市"), Abroad: true}
			}, "move-abroad", resident.MoveOut},
			{"disappearance", "order-12", func(f Filing) Change { return Removal{f} }, "disappearance", resident.DeletionExOfficio},
			{"", "family-86", func(f Filing) Change { return Death{f} }, "death", resident.Death},
		} {
			r := movedIn()
			if strings.HasPrefix(test.event, "common-name") { // 令30条の26
				r.Record.Nationality = ok(resident.ParseNationality("nationality", "ブラジル"))
			}
			who := c.register(r)
			if got := c.now(who.Person).Event; got != "move-in" {
				t.Fatalf("registered as %q", got)
			}
			if test.event == "common-name-deletion" {
				must[Filed](t)(c.o.File(as(t, "clerk-aoki"), Amendment{Filing: c.filing(who.Person, "order-12"), CommonName: name("山田 花")}))
			}
			f := c.filing(who.Person, test.basis)
			f.Event = test.event
			must[Filed](t)(c.o.File(as(t, "clerk-aoki"), test.change(f)))
			c.run(time.Second)
			if v := c.now(who.Person); v.Event != test.want || v.Change.Reason != test.reason || v.Corrects != 0 {
				t.Errorf("%s is kept as %s, %s, corrects %d", test.want, v.Event, v.Change.Reason, v.Corrects)
			}
			if told := c.changes[len(c.changes)-1].After; told.Change.Reason != test.reason {
				t.Errorf("%s is told as %s", test.want, told.Change.Reason)
			}
		}
	})
}

// TestRefusedEvents: an event is refused with its sentence when there is none such, the notice does not file it, its ground or
// its filer is another, it changes what it cannot or leaves what it must change.
func TestRefusedEvents(t *testing.T) {
	c := newCountry(t, "memory:")
	who := c.register(movedIn())
	before := c.footprint()
	for _, test := range []struct {
		event, basis, fields, says string
		by                         Filer
		change                     func(Filing) Change
	}{
		{"wedding", "family-notice", "event", "一覧にない異動事由", 0, func(f Filing) Change { return Amendment{Filing: f, Name: name("山田 花")} }},
		{"marriage", "law-23", "event", "「婚姻」は「転居」の届出では扱えません", 0, func(f Filing) Change { return MoveWithin{Filing: f, Address: address("長野県松本市大手1番")} }},
		{"household-split", "order-12", "event", "「世帯分離」は「職権修正等」の届出では扱えません", 0, func(f Filing) Change { return Amendment{Filing: f, Name: name("山田 花")} }},
		{"restoration", "order-12", "event", "扱えません", 0, func(f Filing) Change { return Amendment{Filing: f, Name: name("山田 花")} }},
		{"correction", "order-12", "event", "「訂正」は「職権修正等」の届出では扱えません", 0, func(f Filing) Change { return Amendment{Filing: f, Name: name("山田 花")} }},
		{"marriage", "family-notice", "event", "「婚姻」は", 0, func(f Filing) Change {
			return Correction{Amendment: Amendment{Filing: f, Name: name("山田 花")}, Corrects: 1}
		}},
		{"marriage", "found-wrong", "basis", "「婚姻」の根拠となる規定", 0, func(f Filing) Change { return Amendment{Filing: f, Name: name("山田 花")} }},
		{"amendment-ex-officio", "order-12", "by", "届け出られるのは、戸籍の届出・通知・職権です", FilerSelf, func(f Filing) Change { return Amendment{Filing: f, Name: name("山田 花")} }},
		{"move-within", "law-23", "by", "本人・世帯主・代理人", FilerOffice, func(f Filing) Change { return MoveWithin{Filing: f, Address: address("長野県松本市大手1番")} }},
		{"marriage", "family-notice", "birth", "「婚姻」で生年月日は変わりません", 0, func(f Filing) Change {
			return Amendment{Filing: f, Name: name("山田 花"), Birth: birth("1993-01-01")}
		}},
		{"sex-change", "family-notice", "sex", "「性別の変更」では性別が変わります", 0, func(f Filing) Change { return Amendment{Filing: f, Name: name("山田 花")} }},
		{"surname-change", "family-notice", "name", "「氏の変更」では氏名が変わります", 0, func(f Filing) Change { return Amendment{Filing: f, Kana: kana("ヤマダ ハナ")} }},
		{"naturalisation", "family-notice", "nationality", "「帰化」では国籍・地域が変わります", 0, func(f Filing) Change { return Amendment{Filing: f, Name: name("山田 花")} }},
		{"common-name-entry", "order-12", "name common_name", "「通称の記載・変更」で氏名は変わりません", 0, func(f Filing) Change { return Amendment{Filing: f, Name: name("山田 花")} }},
	} {
		f := c.filing(who.Person, test.basis)
		f.Event, f.By = test.event, test.by
		_, err := c.o.File(as(t, "clerk-aoki"), test.change(f))
		if got := strings.Join(fieldsOf(t, err), " "); got != test.fields || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: fields %q, want %q: %v", test.event, got, test.fields, err)
		}
	}
	if after := c.footprint(); after != before {
		t.Errorf("something was written: %s, before %s", after, before)
	}
}

// TestClocks: the terms of the Act at their borders, over the end of a February with and without its 29th, a year's end and
// the change of an era.
func TestClocks(t *testing.T) {
	day := resident.MustDate
	for _, test := range []struct {
		arose, last resident.Date
		says        string
	}{
		{day(2026, 4, 1), day(2026, 4, 15), "令和8年4月15日"},
		{day(2024, 2, 15), day(2024, 2, 29), "令和6年2月29日"}, // a leap year
		{day(2024, 2, 16), day(2024, 3, 1), "令和6年3月1日"},
		{day(2023, 2, 14), day(2023, 2, 28), "令和5年2月28日"},
		{day(2023, 2, 15), day(2023, 3, 1), "令和5年3月1日"}, // none
		{day(2000, 2, 29), day(2000, 3, 14), "平成12年3月14日"},
		{day(2025, 12, 20), day(2026, 1, 3), "令和8年1月3日"},
		{day(2019, 4, 16), day(2019, 4, 30), "平成31年4月30日"}, // the last day of an era
		{day(2019, 4, 17), day(2019, 5, 1), "令和元年5月1日"},    // the first of the next
		{day(1989, 1, 1), day(1989, 1, 15), "平成元年1月15日"},
	} {
		last, bound := Within14.LastDay(test.arose)
		if !bound || last != test.last {
			t.Errorf("%s: the last day is %s, want %s", test.arose, last, test.last)
		}
		if s, late := Within14.Late(test.arose, test.last); late {
			t.Errorf("%s: on its last day it is late: %s", test.arose, s.JA)
		}
		s, late := Within14.Late(test.arose, test.last.AddDays(1))
		if !late || !strings.Contains(s.JA, test.says) || !strings.Contains(s.JA, "1日過ぎています") || !strings.Contains(s.JA, "5万円以下の過料") || !strings.Contains(s.EN, "50,000 yen") {
			t.Errorf("%s: the day after it says %q", test.arose, s.JA)
		}
	}
	for _, test := range []struct {
		filed resident.Date
		late  bool
	}{{day(2024, 2, 28), false}, {day(2024, 2, 29), false}, {day(2024, 3, 1), true}} {
		if _, late := InAdvance.Late(day(2024, 2, 29), test.filed); late != test.late {
			t.Errorf("a move out on 2024-02-29 filed on %s: late is %v", test.filed, late)
		}
	}
	if _, late := Clock(0).Late(day(1950, 1, 1), day(2026, 1, 1)); late {
		t.Error("an event without a clock is late")
	}
}

// TestLateIsAccepted: a notice after its term is previewed with what to say, and filed.
func TestLateIsAccepted(t *testing.T) {
	c := newCountry(t, "memory:")
	who := c.register(movedIn())
	for _, test := range []struct {
		ago  int
		late bool
	}{{14, false}, {15, true}} {
		f := c.filing(who.Person, "law-23")
		f.Arose = today.AddDays(-test.ago)
		p := must[Preview](t)(c.o.Preview(as(t, "clerk-aoki"), MoveWithin{Filing: f, Address: address("長野県松本市大手1番")}))
		if (p.Late.JA != "") != test.late {
			t.Errorf("%d days ago: %q", test.ago, p.Late.JA)
		}
	}
	f := c.filing(who.Person, "law-23")
	f.Arose = today.AddDays(-15)
	must[Filed](t)(c.o.File(as(t, "clerk-aoki"), MoveWithin{Filing: f, Address: address("長野県松本市大手1番")}))
}
