package municipality

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/resident"
)

// TestCancelledMove: a 転居 that never was is put back in a version that names it; outside it is an amendment ex officio which
// revokes what was certified meanwhile; and the day since which the address holds is again the one before.
func TestCancelledMove(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		p := c.family("世帯主", "妻")
		must[Filed](t)(c.o.File(as(t, "clerk-aoki"), MoveWithin{Filing: c.filing(p[1], "law-23"), Address: address("長野県松本市大手1番"), OwnHousehold: true}))
		must[Filed](t)(c.o.File(as(t, "clerk-aoki"), Amendment{Filing: c.filing(p[1], "order-12"), Name: name("山﨑 一")}))
		filed := must[Filed](t)(c.o.File(as(t, "clerk-inoue"), Cancellation{Filing: c.filing(p[1], "found-wrong"), Corrects: 2}))
		c.run(time.Second)
		v := c.now(p[1])
		if v.Number != 4 || v.Corrects != 2 || v.Event != "cancellation" || v.EnteredBy != "clerk-inoue" || v.Record.Address != address(home) || v.Record.Name != name("山﨑 一") {
			t.Errorf("version %d corrects %d as %s", v.Number, v.Corrects, v.Event)
		}
		if v.Record.Household != c.now(p[0]).Record.Household || v.Record.Relation != relation("妻") {
			t.Errorf("the household is %s", c.stands(p[1]))
		}
		if told := c.changes[len(c.changes)-1]; told.After.Change.Reason != resident.AmendmentExOfficio || told.After.Version != 4 || !filed.Kills.Signature || filed.Kills.Authentication {
			t.Errorf("told as %s, kills %+v", told.After.Change.Reason, filed.Kills)
		}
		if old := c.versions(p[1])[2]; old.Number != 2 || old.Record.Address != address("長野県松本市大手1番") || old.Corrects != 0 {
			t.Error("the version that was cancelled is not as it was entered")
		}
		since, _ := settledOn(c.versions(p[1]))
		if want := resident.MustDate(2026, 3, 1); since != want {
			t.Errorf("the address holds since %s, want %s", since, want)
		}
	})
}

// TestCancelledAfterAHouseholdAct: what a household act has done between two versions is none of what the later one changed, and stays when that
// one is cancelled.
func TestCancelledAfterAHouseholdAct(t *testing.T) {
	c := newCountry(t, "memory:")
	p := c.family("世帯主", "妻", "子")
	must[HouseholdFiled](t)(c.fileHousehold(HouseholdAct{Event: "household-split", Arose: today, Basis: "law-25", Places: []Placement{{p[1], "", resident.Head}}, Notified: Notified{Evidence: licence}}))
	apart, was := c.stands(p[1]), c.now(p[1]).Record.Name
	must[Filed](t)(c.o.File(as(t, "clerk-aoki"), Amendment{Filing: c.filing(p[1], "order-12"), Name: name("山﨑 一")}))
	must[Filed](t)(c.o.File(as(t, "clerk-inoue"), Cancellation{Filing: c.filing(p[1], "found-wrong"), Corrects: 2}))
	if v := c.now(p[1]); v.Corrects != 2 || v.Record.Name != was || c.stands(p[1]) != apart {
		t.Errorf("version %d corrects %d, and stands as %s, before as %s", v.Number, v.Corrects, c.stands(p[1]), apart)
	}
	// A move after another household act: the place that it was made from comes back, and not the one of before that act.
	must[HouseholdFiled](t)(c.fileHousehold(HouseholdAct{Event: "household-merge", Arose: today, Basis: "law-25", Places: []Placement{{p[1], c.now(p[0]).Record.Household, relation("妻")}}, Notified: Notified{Evidence: licence}}))
	together := c.stands(p[1])
	must[Filed](t)(c.o.File(as(t, "clerk-aoki"), MoveWithin{Filing: c.filing(p[1], "law-23"), Address: address("長野県松本市大手1番"), OwnHousehold: true}))
	must[Filed](t)(c.o.File(as(t, "clerk-inoue"), Cancellation{Filing: c.filing(p[1], "found-wrong"), Corrects: 4}))
	if v := c.now(p[1]); v.Record.Address != address(home) || together == apart || c.stands(p[1]) != together {
		t.Errorf("after the move was cancelled: %s, before %s", c.stands(p[1]), together)
	}
}

// TestCorrection: an error is put right in a version that names the one it came in with.
func TestCorrection(t *testing.T) {
	c := newCountry(t, "memory:")
	who := c.register(movedIn()).Person
	f := c.filing(who, "found-wrong")
	f.Arose = today.AddDays(-3)
	filed := must[Filed](t)(c.o.File(as(t, "clerk-aoki"), Correction{Amendment: Amendment{Filing: f, Birth: birth("1992-02-28")}, Corrects: 1}))
	c.run(time.Second)
	v := c.now(who)
	if v.Corrects != 1 || v.Event != "correction" || v.Change.Reason != resident.AmendmentExOfficio || v.Change.Arose != f.Arose || !v.EnteredAt.After(f.Arose.Start()) || !filed.Kills.Signature {
		t.Errorf("version %d corrects %d as %s on %s", v.Number, v.Corrects, v.Event, v.Change.Arose)
	}
	if since, _ := settledOn(c.versions(who)); since != resident.MustDate(2026, 3, 1) {
		t.Errorf("a correction took the entry back: since %s", since)
	}
}

// TestRestoration: a deletion is taken back by an entry ex officio that builds on it; the record goes on as it stood, and
// what died stays dead. The person can be changed again, and taken out again.
func TestRestoration(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		for _, test := range []struct {
			event string
			end   func(Filing) Change
			basis string
		}{
			{"", func(f Filing) Change { return Death{f} }, "family-86"},
			{"disappearance-cancelled", func(f Filing) Change { f.Event = "disappearance"; return Removal{f} }, "order-12"},
			{"move-out-cancelled", func(f Filing) Change { return MoveOut{Filing: f, To: address("東京都足立区中央本町1番")} }, "law-24"},
		} {
			p := c.family("世帯主", "妻")
			before := c.now(p[1]).Record
			must[Filed](t)(c.o.File(as(t, "clerk-aoki"), test.end(c.filing(p[1], test.basis))))
			gone := c.now(p[1])
			f := c.filing(p[1], "found-wrong")
			f.Event = test.event
			filed := must[Filed](t)(c.o.File(as(t, "clerk-inoue"), Restoration{Filing: f, Corrects: 2}))
			c.run(time.Second)
			v := c.now(p[1])
			if !v.Present() || v.Record != before || v.Number != 3 || v.Corrects != 2 || v.Before != gone.Hash() || !filed.Kills.Nothing() || c.versions(p[1])[1].Kills.Nothing() {
				t.Errorf("%s: restored version %d corrects %d, present %v", test.event, v.Number, v.Corrects, v.Present())
			}
			if told := c.changes[len(c.changes)-1]; told.After != v.Identification() || told.After.Change.Reason != resident.EntryExOfficio || told.Before != gone.Hash() {
				t.Errorf("told as %s", told.After.Change.Reason)
			}
			must[Filed](t)(c.o.File(as(t, "clerk-aoki"), Death{c.filing(p[1], "family-86")}))
		}
	})
}

// TestEntryCancelled: an entry that should not have been is taken back by a deletion that names it.
func TestEntryCancelled(t *testing.T) {
	c := newCountry(t, "memory:")
	who := c.register(movedIn()).Person
	filed := must[Filed](t)(c.o.File(as(t, "clerk-aoki"), EntryCancelled{Removal: Removal{c.filing(who, "found-wrong")}, Corrects: 1}))
	if v := c.now(who); v.Present() || v.Corrects != 1 || v.Event != "entry-cancelled" || v.Change.Reason != resident.DeletionExOfficio || !filed.Kills.Card {
		t.Errorf("corrects %d as %s", v.Corrects, v.Event)
	}
}

// TestRestoredHead: who comes back into a household that has another head by now states the relation to that one; an empty
// household has the person for its head.
func TestRestoredHead(t *testing.T) {
	c := newCountry(t, "memory:")
	p := c.family("世帯主", "妻", "子")
	home := c.now(p[0]).Record.Household
	f := c.filing(p[0], "family-86")
	f.Rest = []Placement{{p[1], home, resident.Head}, {p[2], home, relation("子")}}
	must[Filed](t)(c.o.File(as(t, "clerk-aoki"), Death{f}))
	_, err := c.o.File(as(t, "clerk-aoki"), Restoration{Filing: c.filing(p[0], "found-wrong"), Corrects: 2})
	if got := fieldsOf(t, err); !slices.Equal(got, []string{"relation"}) || !strings.Contains(err.Error(), "いま別の世帯主がいます") {
		t.Errorf("%v: %v", got, err)
	}
	must[Filed](t)(c.o.File(as(t, "clerk-aoki"), Restoration{Filing: c.filing(p[0], "found-wrong"), Corrects: 2, Relation: relation("夫")}))
	if c.stands(p[0]) != string(home)+"/夫" {
		t.Errorf("came back as %s", c.stands(p[0]))
	}

	// The head whom a household has lost comes back to it as such, and nobody else does.
	h := c.family("世帯主", "妻", "子")
	must[Filed](t)(c.o.File(as(t, "clerk-aoki"), MoveWithin{Filing: c.filing(h[0], "law-23"), Address: address("長野県松本市大手1番"), OwnHousehold: true}))
	if len(c.withoutHead()) != 1 {
		t.Fatal("the household is not on the list")
	}
	must[Filed](t)(c.o.File(as(t, "clerk-aoki"), Cancellation{Filing: c.filing(h[0], "found-wrong"), Corrects: 2}))
	if len(c.withoutHead()) != 0 || c.stands(h[0]) != string(c.now(h[1]).Record.Household)+"/世帯主" {
		t.Errorf("the head came back as %s, %d without a head", c.stands(h[0]), len(c.withoutHead()))
	}
	h = c.family("世帯主", "妻", "子", "子")
	must[Filed](t)(c.o.File(as(t, "clerk-aoki"), Death{c.filing(h[3], "family-86")}))
	must[Filed](t)(c.o.File(as(t, "clerk-aoki"), Death{c.filing(h[0], "family-86")}))
	_, err = c.o.File(as(t, "clerk-aoki"), Restoration{Filing: c.filing(h[3], "found-wrong"), Corrects: 2, Relation: resident.Head})
	if got := fieldsOf(t, err); !slices.Equal(got, []string{"relation"}) || !strings.Contains(err.Error(), "戻る世帯には、いま世帯主がいません") {
		t.Errorf("%v: %v", got, err)
	}

	q := c.family("世帯主", "同居人", "同居人")
	must[Filed](t)(c.o.File(as(t, "clerk-aoki"), Death{c.filing(q[0], "family-86")}))
	must[Filed](t)(c.o.File(as(t, "clerk-aoki"), Death{c.filing(q[2], "family-86")}))
	// The second is alone by now, and so the head; without that the household would have none.
	if c.now(q[1]).Record.Relation != resident.Head {
		t.Fatalf("alone as %s", c.stands(q[1]))
	}
	must[Filed](t)(c.o.File(as(t, "clerk-aoki"), Death{c.filing(q[1], "family-86")}))
	must[Filed](t)(c.o.File(as(t, "clerk-aoki"), Restoration{Filing: c.filing(q[2], "found-wrong"), Corrects: 2}))
	if c.now(q[2]).Record.Relation != resident.Head {
		t.Errorf("came back into an empty household as %s", c.stands(q[2]))
	}
}

// TestRefusedCorrections: every refusal has its sentence, and leaves nothing behind.
func TestRefusedCorrections(t *testing.T) {
	c := newCountry(t, "memory:")
	clerk := as(t, "clerk-aoki")
	file := func(change Change) { t.Helper(); must[Filed](t)(c.o.File(clerk, change)) }
	here := c.register(movedIn()).Person
	file(MoveWithin{Filing: c.filing(here, "law-23"), Address: address("長野県松本市大手1番")}) // 2
	file(MoveWithin{Filing: c.filing(here, "law-23"), Address: address("長野県松本市大手2番")}) // 3
	file(Recode{Filing: c.filing(here, "law-30-3")})                                   // 4
	file(MinorAmendment{Filing: c.filing(here, "rule-21-2-1"), Name: name("高吉 葛子")})   // 5
	file(Amendment{Filing: c.filing(here, "order-12"), Sex: resident.Male})            // 6
	file(Cancellation{Filing: c.filing(here, "found-wrong"), Corrects: 6})             // 7
	gone := c.register(movedIn()).Person
	file(Death{c.filing(gone, "family-86")})
	before := c.footprint()
	cancel := func(n resident.Version) func() Change {
		return func() Change { return Cancellation{Filing: c.filing(here, "found-wrong"), Corrects: n} }
	}
	restore := func(event string, n resident.Version) func() Change {
		return func() Change {
			f := c.filing(gone, "found-wrong")
			f.Event = event
			return Restoration{Filing: f, Corrects: n}
		}
	}
	for _, test := range []struct {
		name, fields, says string
		change             func() Change
	}{
		{"no such version", "corrects", "この方の記録にありません", cancel(99)},
		{"an entry", "corrects", "「記載の取消」で", cancel(1)},
		{"changed again", "corrects", "取り消す版の後に、同じ項目（住所・世帯）がまた変わっています", cancel(2)},
		{"a change of code", "corrects", "住民票コードの変更は取り消せません", cancel(4)},
		{"a minor amendment", "corrects", "もう一度「軽微な修正」で", cancel(5)},
		{"twice", "corrects", "その版は、第7版ですでに取り消されています", cancel(6)},
		{"a day to come", "arose", "まだ来ていない", func() Change {
			f := c.filing(here, "found-wrong")
			f.Arose = today.AddDays(1)
			return Cancellation{Filing: f, Corrects: 3}
		}},
		{"a correction of nothing", "corrects", "訂正する版が", func() Change {
			return Correction{Amendment: Amendment{Filing: c.filing(here, "found-wrong"), Name: name("山田 花")}, Corrects: 99}
		}},
		{"a correction that changes nothing", "name", "同じ", func() Change {
			return Correction{Amendment: Amendment{Filing: c.filing(here, "found-wrong")}, Corrects: 1}
		}},
		{"a move as an entry", "corrects", "取り消せる記載ではありません", func() Change {
			return EntryCancelled{Removal: Removal{c.filing(here, "found-wrong")}, Corrects: 3}
		}},
		{"restoring who is here", "person", "消除されていません", func() Change {
			return Restoration{Filing: c.filing(here, "found-wrong"), Corrects: 7}
		}},
		{"restoring an older state", "corrects", "回復できるのは、いちばん新しい消除（第2版）だけです", restore("", 1)},
		{"restoring a death as a move", "event", "この消除は「死亡」によるものです", restore("move-out-cancelled", 2)},
		{"restoring a death as a disappearance", "event", "異動事由を「回復」に", restore("disappearance-cancelled", 2)},
		{"restoring tomorrow", "arose", "まだ来ていない", func() Change {
			f := c.filing(gone, "found-wrong")
			f.Arose = today.AddDays(1)
			return Restoration{Filing: f, Corrects: 2}
		}},
		{"restoring in front of an older state", "base", "画面を開いた後に", func() Change {
			f := c.filing(gone, "found-wrong")
			f.Base = 1
			return Restoration{Filing: f, Corrects: 2}
		}},
		{"a 除票 amended", "person", "消除されています", func() Change { return Amendment{Filing: c.filing(gone, "order-12"), Name: name("山田 花")} }},
		{"a 除票 corrected without restoring it", "person", "消除されています", func() Change {
			return Correction{Amendment: Amendment{Filing: c.filing(gone, "found-wrong"), Name: name("山田 花")}, Corrects: 1}
		}},
		{"a 除票 cancelled", "person", "消除されています", func() Change { return Cancellation{Filing: c.filing(gone, "found-wrong"), Corrects: 2} }},
		{"a 除票 recoded", "person", "消除されています", func() Change { return Recode{Filing: c.filing(gone, "law-30-3")} }},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := c.o.File(clerk, test.change())
			if got := strings.Join(fieldsOf(t, err), " "); got != test.fields || !strings.Contains(err.Error(), test.says) {
				t.Errorf("fields %q, want %q: %v", got, test.fields, err)
			}
		})
	}
	if after := c.footprint(); after != before {
		t.Errorf("something was written: %s, before %s", after, before)
	}
}

// TestDeletedOn: a death of six years ago that is entered today is kept from today on.
func TestDeletedOn(t *testing.T) {
	v := store.Version{EnteredAt: today.Start()}
	v.Change.Arose = resident.MustDate(today.Year()-6, 1, 1)
	if got := keptUntil(deletedOn(v), retention2004); got.Year() != today.Year()+5 {
		t.Errorf("kept until %s", got)
	}
}

// TestKeptUntil: the term of a 除票 at a leap day and over the change of an era.
func TestKeptUntil(t *testing.T) {
	day := resident.MustDate
	for _, test := range []struct {
		deleted resident.Date
		years   int
		want    resident.Date
		wareki  string
	}{
		{day(2026, 4, 1), retention2004, day(2031, 4, 1), "令和13年4月1日"},
		{day(2024, 2, 29), retention2004, day(2029, 2, 28), "令和11年2月28日"},
		{day(2024, 2, 28), retention2004, day(2029, 2, 28), "令和11年2月28日"},
		{day(2014, 4, 30), retention2004, day(2019, 4, 30), "平成31年4月30日"},
		{day(2014, 5, 1), retention2004, day(2019, 5, 1), "令和元年5月1日"},
		{day(2024, 2, 29), retentionNow, day(2174, 2, 28), "令和156年2月28日"},
	} {
		if got := keptUntil(test.deleted, test.years); got != test.want || got.Wareki() != test.wareki {
			t.Errorf("deleted on %s it is kept until %s, want %s", test.deleted, got.Wareki(), test.wareki)
		}
	}
}
