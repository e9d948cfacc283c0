package municipality

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/identity"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/resident"
)

// TestActs files one notice of every kind and looks at the version, what the prefecture got, and what dies.
func TestActs(t *testing.T) {
	signature := resident.Effect{Signature: true}
	everything := resident.Effect{Signature: true, Authentication: true, Card: true}
	for _, test := range []struct {
		name   string
		change func(Filing) Change
		basis  string
		kills  resident.Effect
		after  func(resident.Record) string
		want   string
	}{
		{"move within", func(f Filing) Change {
			return MoveWithin{Filing: f, Address: address("長野県松本市大手4番2号")}
		}, "law-23",
			signature, func(r resident.Record) string { return r.Address.Reveal() }, "長野県松本市大手4番2号"},
		{"minor amendment of the name", func(f Filing) Change { return MinorAmendment{Filing: f, Name: name("高吉 葛子")} }, "rule-21-2-1",
			resident.Effect{}, func(r resident.Record) string { return r.Name.Reveal() }, "高吉 葛子"},
		{"minor amendment of the address", func(f Filing) Change {
			return MinorAmendment{Filing: f, Address: address("長野県松本市丸の内三丁目7番")}
		}, "rule-21-2-5",
			resident.Effect{}, func(r resident.Record) string { return r.Address.Reveal() }, "長野県松本市丸の内三丁目7番"},
		{"amendment of the name", func(f Filing) Change { return Amendment{Filing: f, Name: name("山﨑 葛󠄂子")} }, "family-notice",
			signature, func(r resident.Record) string { return r.Name.Reveal() }, "山﨑 葛󠄂子"},
		{"amendment of the birth", func(f Filing) Change { return Amendment{Filing: f, Birth: birth("1992-02-00")} }, "found-wrong",
			signature, func(r resident.Record) string { return r.Birth.String() }, "1992-02-00"},
		{"amendment of the sex", func(f Filing) Change { return Amendment{Filing: f, Sex: resident.Male} }, "found-wrong",
			signature, func(r resident.Record) string { return r.Sex.String() }, "男"},
		{"amendment of the reading", func(f Filing) Change { return Amendment{Filing: f, Kana: kana("タカヨシ クズコ")} }, "order-12",
			resident.Effect{}, func(r resident.Record) string { return r.Kana.Reveal() }, "タカヨシ クズコ"},
		{"move out", func(f Filing) Change { return MoveOut{Filing: f, To: address("東京都足立区中央本町1番")} }, "law-24",
			signature, nil, ""},
		{"move abroad", func(f Filing) Change {
			return MoveOut{Filing: f, To: address("フランス共和国パリ市"), Abroad: true}
		}, "law-24",
			everything, nil, ""},
		{"move abroad with the card", func(f Filing) Change {
			return MoveOut{Filing: f, To: address("フランス共和国パリ市"), Abroad: true, Continued: true}
		}, "law-24", signature, nil, ""},
		{"death", func(f Filing) Change { return Death{f} }, "family-86", everything, nil, ""},
		{"removal", func(f Filing) Change { return Removal{f} }, "found-wrong", everything, nil, ""},
		{"another code", func(f Filing) Change { return Recode{Filing: f} }, "law-30-3", resident.Effect{Card: true}, nil, ""},
		{"another code ex officio", func(f Filing) Change { return Recode{Filing: f, ExOfficio: true} }, "found-wrong", resident.Effect{Card: true}, nil, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := newCountry(t, "memory:")
			who := c.register(movedIn())
			before := c.now(who.Person)
			change := test.change(c.filing(who.Person, test.basis))
			looked, err := c.o.Preview(as(t, "clerk-aoki"), change)
			if err != nil {
				t.Fatal(err)
			}
			filed, err := c.o.File(as(t, "clerk-inoue"), change)
			if err != nil {
				t.Fatal(err)
			}
			c.run(time.Second)

			now := c.now(who.Person)
			if filed.Kills != test.kills || looked.Kills != test.kills || now.Kills != test.kills {
				t.Errorf("kills: filed %+v, shown %+v, kept %+v, want %+v", filed.Kills, looked.Kills, now.Kills, test.kills)
			}
			if now.Number != 2 || filed.Version != 2 || now.Before != before.Hash() || now.EnteredBy != "clerk-inoue" || now.Trace != filed.Trace ||
				now.Basis != test.basis || now.Change.Arose != today {
				t.Errorf("the version is %d by %s on %s, trace %s of %s, before %s", now.Number, now.EnteredBy, now.Basis, now.Trace, filed.Trace, short(now.Before))
			}
			if test.after != nil && test.after(now.Record) != test.want {
				t.Errorf("the record says %q, want %q", test.after(now.Record), test.want)
			}
			if now.Present() != (change.reason().Act() != resident.Deletion) {
				t.Errorf("present: %v", now.Present())
			}
			if len(c.changes) != 2 || c.changes[1].After != now.Identification() || c.changes[1].Before != before.Hash() {
				t.Fatalf("the prefecture has %d changes", len(c.changes))
			}
			want := 0
			if !test.kills.Nothing() {
				want = 1
				if now.Record.Code != before.Record.Code {
					want = 2 // for both codes
				}
			}
			if len(c.invalidations) != want {
				t.Fatalf("%d invalidations, want %d", len(c.invalidations), want)
			}
			for _, n := range c.invalidations {
				if n.Kills != test.kills || n.Version != 2 || n.Since != today || n.Reason != change.reason() {
					t.Errorf("invalidation %+v", n)
				}
			}
			if acts := c.audited(now.Record.Code); !slices.Contains(acts, "clerk-inoue file-change") {
				t.Errorf("audited: %v", acts)
			}
			if now.Record.Code != before.Record.Code {
				if now.Change.OldCode != before.Record.Code {
					t.Error("the notice does not name the old code")
				}
			} else if acts := c.audited(now.Record.Code); !slices.Contains(acts, "clerk-aoki look") {
				t.Errorf("the preview was not audited: %v", acts)
			}
		})
	}
}

// TestRefusedNotices: every bad notice names its fields, and leaves nothing behind.
func TestRefusedNotices(t *testing.T) {
	type test struct {
		name   string
		basis  string
		change func(*country, Filing) Change
		fields string
		says   string // part of the Japanese sentence
	}
	move := func(a string) func(*country, Filing) Change {
		return func(_ *country, f Filing) Change { return MoveWithin{Filing: f, Address: address(a)} }
	}
	tests := []test{
		{"no ground", "", move("長野県松本市大手1番"), "basis", "の根拠となる規定を、一覧から選んでください"},
		{"the ground of another act", "law-24", move("長野県松本市大手1番"), "basis", "根拠"},
		{"the ground of an import", importBasis, move("長野県松本市大手1番"), "basis", "根拠"},
		{"no day", "law-23", func(_ *country, f Filing) Change {
			f.Arose = resident.Date{}
			return MoveWithin{Filing: f, Address: address("長野県松本市大手1番")}
		}, "arose", "を入力してください。"},
		{"a day to come", "law-23", func(_ *country, f Filing) Change {
			f.Arose = today.AddDays(1)
			return MoveWithin{Filing: f, Address: address("長野県松本市大手1番")}
		}, "arose", "まだ来ていない"},
		{"before having come", "law-23", func(_ *country, f Filing) Change {
			f.Arose = resident.MustDate(2026, 2, 28)
			return MoveWithin{Filing: f, Address: address("長野県松本市大手1番")}
		}, "arose", "は、住民となった日（令和8年3月1日）より前です。日付を確かめてください"},
		{"no address", "law-23", func(_ *country, f Filing) Change { return MoveWithin{Filing: f} }, "address", "新しい住所"},
		{"the same address", "law-23", move(home), "address", "今の住所と同じ"},
		{"an address elsewhere", "law-23", move("東京都足立区中央本町1番17号"), "address", "これは東京都足立区の住所です。長野県松本市の住所を入力してください"},
		{"an address that the center may not read", "law-23", move("松本市大手1番"), "as_is", "このまま届け出る"},
		{"another municipality", "law-23", func(_ *country, f Filing) Change {
			return MoveWithin{Filing: f, Address: address("長野県松本市大手1番"), Municipality: body("131211")}
		}, "municipality", "東京都足立区"},
		{"a municipality that is no more", "law-23", func(_ *country, f Filing) Change {
			return MoveWithin{Filing: f, Address: address("長野県松本市大手1番"), Municipality: body("204439")}
		}, "municipality", "もうありません"},
		{"a household that is not there", "law-23", func(_ *country, f Filing) Change {
			return MoveWithin{Filing: f, Address: address("長野県松本市大手1番"), Household: "H999", Relation: relation("子")}
		}, "household", "世帯はありません"},
		{"a household without a relation", "law-23", func(_ *country, f Filing) Change {
			return MoveWithin{Filing: f, Address: address("長野県松本市大手1番"), Household: "H999"}
		}, "relation household", "続柄"},
		{"nothing amended", "rule-21-2-1", func(_ *country, f Filing) Change { return MinorAmendment{Filing: f} }, "name", "氏名も住所も今の記録と同じです。修正した内容を入力してください。"},
		{"a name under a ground about addresses", "rule-21-2-3", func(_ *country, f Filing) Change { return MinorAmendment{Filing: f, Name: name("山田 花子")} }, "name", "住所についてのもの"},
		{"nothing corrected", "order-12", func(_ *country, f Filing) Change { return Amendment{Filing: f, Name: name("髙𠮷 葛󠄂子")} }, "name", "今の記録と同じです。修正した内容を入力してください。"},
		{"a birth to come", "order-12", func(_ *country, f Filing) Change { return Amendment{Filing: f, Birth: birth("2027-01-01")} }, "birth", "まだ来ていない"},
		{"a birth after becoming a resident", "order-12", func(_ *country, f Filing) Change { return Amendment{Filing: f, Birth: birth("2026-03-15")} }, "birth", "生年月日が、住民となった日（令和8年3月1日）より後です"},
		{"nowhere to go", "law-24", func(_ *country, f Filing) Change { return MoveOut{Filing: f} }, "place", "転出先"},
		{"gone before having come", "law-24", func(_ *country, f Filing) Change {
			f.Arose = resident.MustDate(2025, 12, 1)
			return MoveOut{Filing: f, To: address("東京都足立区中央本町1番")}
		}, "arose", "より前"},
		{"abroad, to a municipality", "law-24", func(_ *country, f Filing) Change {
			return MoveOut{Filing: f, To: address("ブラジル"), ToCode: body("131211"), Abroad: true}
		}, "to", "国外への転出では、転出先の市区町村を空けてください"},
		{"out, to where one is", "law-24", func(_ *country, f Filing) Change {
			return MoveOut{Filing: f, To: address("長野県松本市大手1番")}
		}, "to", "転出先がこの市区町村です"},
		{"planned for the wrong year", "law-24", func(_ *country, f Filing) Change {
			f.Arose = resident.MustDate(2062, 4, 1)
			return MoveOut{Filing: f, To: address("東京都足立区中央本町1番")}
		}, "arose", "年を確かめて"},
		{"dead before being born", "family-86", func(_ *country, f Filing) Change { f.Arose = resident.MustDate(1992, 2, 28); return Death{f} }, "arose", "生年月日"},
		{"dead tomorrow", "family-86", func(_ *country, f Filing) Change { f.Arose = today.AddDays(1); return Death{f} }, "arose", "まだ来ていない"},
		{"removed before having come", "order-12", func(_ *country, f Filing) Change { f.Arose = resident.MustDate(2026, 2, 1); return Removal{f} }, "arose", "より前"},
		{"an older version", "law-23", func(c *country, f Filing) Change {
			f.Base = 0
			return MoveWithin{Filing: f, Address: address("長野県松本市大手1番")}
		}, "base", "画面を開いた後に、この方の記録が第1版に変わりました"},
		{"nobody", "law-23", func(_ *country, f Filing) Change { f.Person++; return Death{f} }, "person", "登録されていません"},
	}
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		who := c.register(movedIn())
		before := c.footprint()
		for _, test := range tests {
			t.Run(test.name, func(t *testing.T) {
				change := test.change(c, c.filing(who.Person, test.basis))
				_, err := c.o.File(as(t, "clerk-aoki"), change)
				if got := strings.Join(fieldsOf(t, err), " "); got != test.fields || !strings.Contains(err.Error(), test.says) {
					t.Errorf("fields %q, want %q: %v", got, test.fields, err)
				}
				if _, err := c.o.Preview(as(t, "clerk-aoki"), change); err == nil {
					t.Error("the preview passes what is refused")
				}
				if after := c.footprint(); after != before {
					t.Errorf("something was written: %s, before %s", after, before)
				}
			})
		}
		if strings.Contains(before, "given_at <> 0 0;") {
			t.Fatal("the footprint does not see the pool")
		}
	})
}

// TestGone: nothing can be filed for a person who has left or died.
func TestGone(t *testing.T) {
	c := newCountry(t, "memory:")
	for _, end := range []func(Filing) Change{
		func(f Filing) Change {
			f.Basis = "law-24"
			return MoveOut{Filing: f, To: address("東京都足立区中央本町1番")}
		},
		func(f Filing) Change { f.Basis = "family-86"; return Death{f} },
		func(f Filing) Change { f.Basis = "order-12"; return Removal{f} },
	} {
		who := c.register(movedIn())
		if _, err := c.o.File(as(t, "clerk-aoki"), end(c.filing(who.Person, ""))); err != nil {
			t.Fatal(err)
		}
		before := c.footprint()
		_, err := c.o.File(as(t, "clerk-aoki"), MoveWithin{Filing: c.filing(who.Person, "law-23"), Address: address("長野県松本市大手1番")})
		if got := fieldsOf(t, err); !slices.Equal(got, []string{"person"}) || !strings.Contains(err.Error(), "消除されています") {
			t.Errorf("%v: %v", got, err)
		}
		if _, err := c.o.Apply(as(t, "clerk-aoki"), Application{Evidence: identity.Evidence{identity.MyNumberCard}, Person: who.Person, Base: 2, Profile: 2}); !slices.Equal(fieldsOf(t, err), []string{"person"}) {
			t.Errorf("a certificate for somebody who is gone: %v", err)
		}
		if after := c.footprint(); after != before {
			t.Errorf("something was written: %s, before %s", after, before)
		}
	}
}

// TestMeanwhile: a record that another clerk changed while the form was open is not overwritten.
func TestMeanwhile(t *testing.T) {
	c := newCountry(t, "memory:")
	who := c.register(movedIn())
	open := c.filing(who.Person, "law-23")
	if _, err := c.o.File(as(t, "clerk-inoue"), MoveWithin{Filing: c.filing(who.Person, "law-23"), Address: address("長野県松本市大手1番")}); err != nil {
		t.Fatal(err)
	}
	_, err := c.o.File(as(t, "clerk-aoki"), MoveWithin{Filing: open, Address: address("長野県松本市大手2番")})
	if got := fieldsOf(t, err); !slices.Equal(got, []string{"base"}) || !strings.Contains(err.Error(), "clerk-inoue") {
		t.Errorf("%v: %v", got, err)
	}
	if got := c.now(who.Person).Record.Address.Reveal(); got != "長野県松本市大手1番" {
		t.Errorf("the address is %s", got)
	}
}

// TestOnlyClerks: the counter's acts are for clerks.
func TestOnlyClerks(t *testing.T) {
	c := newCountry(t, "memory:")
	who := c.register(movedIn())
	move := MoveWithin{Filing: c.filing(who.Person, "law-23"), Address: address("長野県松本市大手1番")}
	before := c.footprint()
	for _, id := range []string{"operator-ueda", "auditor-onishi"} {
		ctx := as(t, id)
		_, err := c.o.File(ctx, move)
		refusedBy(t, err)
		_, err = c.o.Preview(ctx, move)
		refusedBy(t, err)
		_, err = c.o.Register(ctx, movedIn())
		refusedBy(t, err)
		_, err = c.o.Look(ctx, who.Person, "")
		refusedBy(t, err)
		_, _, err = c.o.Search(ctx, Query{Name: "髙"})
		refusedBy(t, err)
		_, err = c.o.Apply(ctx, Application{Evidence: identity.Evidence{identity.MyNumberCard}, Person: who.Person, Base: 1, Profile: 1})
		refusedBy(t, err)
		refusedBy(t, c.o.CancelPlan(ctx, who.Person))
	}
	_, err := c.o.File(t.Context(), move)
	refusedBy(t, err)
	if after := c.footprint(); after != before {
		t.Errorf("something was written: %s, before %s", after, before)
	}
}

// TestUnreadableAddress: with the box ticked the notice goes out as it is, and what dies is told although the notice parks.
func TestUnreadableAddress(t *testing.T) {
	c := newCountry(t, "memory:")
	who := c.register(movedIn())
	c.refuse = unreadable
	if _, err := c.o.File(as(t, "clerk-aoki"), MoveWithin{Filing: c.filing(who.Person, "law-23"), Address: address("松本市大手1番"), AsIs: true}); err != nil {
		t.Fatal(err)
	}
	c.run(time.Second)
	pairs := must[[]pair](t)(c.o.Exchange.Pairs(t.Context()))
	if p := pairs[0]; p.Parked != 1 || len(c.changes) != 1 || len(c.invalidations) != 1 {
		t.Errorf("%d parked, %d changes, %d invalidations", p.Parked, len(c.changes), len(c.invalidations))
	}
}
