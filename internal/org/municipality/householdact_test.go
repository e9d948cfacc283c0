package municipality

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/resident"
)

// family registers a head and members with their relations, at home.
func (c *country) family(relations ...string) (ids []PersonID) {
	c.t.Helper()
	var household resident.HouseholdID
	for i, r := range relations {
		reg := movedIn()
		reg.Record.Household, reg.Record.Relation = household, relation(r)
		reg.Record.Birth = resident.WholeDate(resident.MustDate(1980, 1, 1).AddDays(400 * i))
		f := c.register(reg)
		household = c.now(f.Person).Record.Household
		ids = append(ids, f.Person)
	}
	return ids
}

// file previews a household act and files what was seen.
func (c *country) fileHousehold(act HouseholdAct) (HouseholdFiled, error) {
	c.t.Helper()
	a, err := c.o.PreviewHousehold(as(c.t, "clerk-aoki"), act)
	if err != nil {
		return HouseholdFiled{}, err
	}
	act.Base = a.Stamp
	return c.o.FileHousehold(as(c.t, "clerk-aoki"), act)
}

func (c *country) places(who PersonID) (all []store.Place) {
	c.view(func(ctx context.Context, tx *store.Tx) (err error) {
		all, err = tx.Places(ctx, who)
		return err
	})
	return all
}

func (c *country) withoutHead() (all []store.Headless) {
	c.view(func(ctx context.Context, tx *store.Tx) (err error) {
		all, err = tx.Headless(ctx, 100)
		return err
	})
	return all
}

func household(event string, places ...Placement) HouseholdAct {
	return HouseholdAct{Event: event, Arose: today, Basis: "law-25", Places: places}
}

// standing is household and relation in short.
func (c *country) stands(who PersonID) string {
	r := c.now(who).Record
	return string(r.Household) + "/" + r.Relation.Reveal()
}

// TestHouseholdActs goes through the four acts of 法25条 and a change of relation: everybody stands where the act puts them, one
// after another, the records keep their versions, nobody outside is told, and each statement is kept with day, ground and clerk.
func TestHouseholdActs(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		p := c.family("世帯主", "妻", "子", "子")
		home := c.now(p[0]).Record.Household
		told, book := len(c.changes), c.now(p[2]).Hash()

		split := must[HouseholdFiled](t)(c.fileHousehold(household("household-split", Placement{p[2], "", resident.Head})))
		if c.stands(p[2]) != string(split.Household)+"/世帯主" || split.Household == home || c.stands(p[0]) != string(home)+"/世帯主" {
			t.Fatalf("after the division: %s, %s", c.stands(p[2]), c.stands(p[0]))
		}
		must[HouseholdFiled](t)(c.fileHousehold(household("household-change", Placement{p[3], split.Household, relation("妹")})))
		must[HouseholdFiled](t)(c.fileHousehold(household("head-change", Placement{p[0], home, relation("夫")}, Placement{p[1], home, resident.Head})))
		if c.stands(p[0]) != string(home)+"/夫" || c.stands(p[1]) != string(home)+"/世帯主" || c.stands(p[3]) != string(split.Household)+"/妹" {
			t.Fatalf("after the change of head: %s, %s, %s", c.stands(p[0]), c.stands(p[1]), c.stands(p[3]))
		}
		merged := must[HouseholdFiled](t)(c.fileHousehold(household("household-merge", Placement{p[2], home, relation("子")}, Placement{p[3], home, relation("子")})))
		stated := household("relation-change", Placement{p[3], home, relation("夫の子")})
		stated.Basis = "family-notice"
		must[HouseholdFiled](t)(c.fileHousehold(stated))
		c.run(time.Minute)

		for i, want := range []string{"/夫", "/世帯主", "/子", "/夫の子"} {
			v := c.now(p[i])
			if got := c.stands(p[i]); got != string(home)+want {
				t.Errorf("person %d stands at %s, want %s", i, got, want)
			}
			if v.Number != 1 || len(c.versions(p[i])) != 1 {
				t.Errorf("person %d has version %d", i, v.Number)
			}
		}
		if len(c.changes) != told || c.now(p[2]).Hash() != book {
			t.Errorf("%d changes were told, %d before", len(c.changes), told)
		}
		if all := c.places(p[2]); len(all) != 2 || all[0].Event != "household-merge" || all[0].Trace != merged.Trace || all[1].Event != "household-split" ||
			all[1].Household != split.Household || all[0].Arose != today || all[0].Basis != "law-25" || all[0].EnteredBy != "clerk-aoki" || all[0].Version != 1 {
			t.Errorf("the history of the places is %+v", all)
		}
		if acts := c.audited(c.now(p[3]).Record.Code); strings.Count(strings.Join(acts, "; "), "clerk-aoki file-change") != 3 {
			t.Errorf("audited: %v", acts)
		}
		// The next version takes the place over, and the chain of what is told goes on from the one before.
		must[Filed](t)(c.o.File(as(t, "clerk-aoki"), Amendment{Filing: c.filing(p[2], "order-12"), Name: name("山﨑 一")}))
		c.run(time.Second)
		if last := c.changes[len(c.changes)-1]; last.After.Version != 2 || last.Before != book {
			t.Errorf("version %d builds on %s, want %s", last.After.Version, short(last.Before), short(book))
		}
		if v := c.now(p[2]); v.Placed != 0 || c.stands(p[2]) != string(home)+"/子" || c.versions(p[2])[0].Record.Household != home {
			t.Errorf("after the next version: %s, placed %d", c.stands(p[2]), v.Placed)
		}
	})
}

// TestRefusedHouseholdActs: every refusal has its sentence, and leaves nothing behind.
func TestRefusedHouseholdActs(t *testing.T) {
	c := newCountry(t, "memory:")
	p := c.family("世帯主", "妻", "子")
	q := c.family("世帯主", "同居人")
	home, other := c.now(p[0]).Record.Household, c.now(q[0]).Record.Household
	far := c.family("世帯主")
	must[Filed](t)(c.o.File(as(t, "clerk-aoki"), MoveWithin{Filing: c.filing(far[0], "law-23"), Address: address("長野県松本市大手1番")}))
	away := c.now(far[0]).Record.Household
	dead := c.family("世帯主")
	must[Filed](t)(c.o.File(as(t, "clerk-aoki"), Death{c.filing(dead[0], "family-86")}))
	c.run(time.Second)
	head, wife, child := Placement{p[0], home, resident.Head}, Placement{p[1], home, relation("妻")}, Placement{p[2], home, relation("子")}
	later := func(act HouseholdAct, change func(*HouseholdAct)) HouseholdAct { change(&act); return act }
	before := c.footprint()
	for _, test := range []struct {
		name, fields, says string
		act                HouseholdAct
	}{
		{"no such event", "event", "世帯の異動（世帯分離・世帯合併・世帯変更・世帯主変更・続柄の変更）から選んでください", household("marriage", head)},
		{"another ground", "basis", "「世帯主変更」の根拠", later(household("head-change", head), func(a *HouseholdAct) { a.Basis = "law-23" })},
		{"another filer", "by", "「世帯主変更」を届け出られるのは", later(household("head-change", head), func(a *HouseholdAct) { a.By = FilerFamily })},
		{"no day", "arose", "世帯が変わった日", later(household("head-change", Placement{p[0], home, relation("夫")}, Placement{p[1], home, resident.Head}, child), func(a *HouseholdAct) { a.Arose = resident.Date{} })},
		{"a day to come", "arose", "まだ来ていない", later(household("head-change", Placement{p[0], home, relation("夫")}, Placement{p[1], home, resident.Head}, child), func(a *HouseholdAct) { a.Arose = today.AddDays(1) })},
		{"before having come", "arose", "住民となった日（令和8年3月1日）より前", later(household("household-split", Placement{p[2], "", resident.Head}), func(a *HouseholdAct) { a.Arose = resident.MustDate(2026, 2, 28) })},
		{"nobody", "places", "一人以上", household("head-change")},
		{"an unknown person", "person", "登録されていません", household("head-change", Placement{9999, home, resident.Head})},
		{"somebody who is gone", "person", "消除されている方", household("household-change", Placement{dead[0], home, relation("子")})},
		{"twice", "person", "同じ方が二度入っています。一度だけにしてください", household("household-split", Placement{p[2], "", resident.Head}, Placement{p[2], "", resident.Head})},
		{"no relation", relationField(p[2]), "続柄", household("household-split", Placement{Person: p[2]})},
		{"no such household", "household", "この世帯番号の世帯はありません", household("household-change", Placement{p[2], "H999", relation("子")})},
		{"division without anybody going", "places", "新しい世帯に移る方", household("household-split", child)},
		{"division into an existing one", "event", "世帯変更で届け出てください", household("household-split", Placement{p[2], other, relation("子")})},
		{"division from two", "event", "一つの世帯から", household("household-split", Placement{p[2], "", resident.Head}, Placement{q[1], "", relation("友人")})},
		{"division of everybody", "places", "元の世帯がなくなります。世帯主を替える", household("household-split", Placement{p[0], "", resident.Head}, Placement{p[1], "", relation("妻")}, Placement{p[2], "", relation("子")})},
		{"joining without anybody", "places", "移る先の世帯", household("household-merge", child)},
		{"joining a new one", "event", "世帯分離で届け出てください", household("household-merge", Placement{p[2], "", resident.Head})},
		{"joining with some left", "places", "残る方がいるときは世帯変更", household("household-merge", Placement{p[2], other, relation("子")})},
		{"going over with nobody left", "places", "世帯合併で届け出てください", household("household-change", Placement{q[0], home, relation("同居人")}, Placement{q[1], home, relation("同居人")})},
		{"another address", "household", "住所が違います。住所も変わるときは転居", household("household-change", Placement{p[2], away, relation("子")})},
		{"another head with somebody going", "event", "移る方はいません", household("head-change", Placement{p[2], other, relation("子")})},
		{"the same head", "head", "世帯主が今と同じ", household("head-change", head, wife, child)},
		{"a relation and another head", "event", "続柄の変更では", later(household("relation-change", Placement{p[0], home, relation("夫")}, Placement{p[1], home, resident.Head}, child), func(a *HouseholdAct) { a.Basis = "order-12" })},
		{"the same relation", "places", "続柄が今の記録と同じ", later(household("relation-change", child), func(a *HouseholdAct) { a.Basis = "order-12" })},
		{"no head left behind", "head", "世帯主のいない世帯", household("household-split", Placement{p[0], "", resident.Head})},
		{"no head in the new one", "head", "世帯主のいない世帯", household("household-split", Placement{p[2], "", relation("子")})},
		{"two heads", "head", "世帯主が二人以上いる世帯ができます", household("head-change", Placement{p[1], home, resident.Head})},
		{"a relation to the head before", relationField(p[2]), "この方の続柄も", household("head-change", Placement{p[0], home, relation("夫")}, Placement{p[1], home, resident.Head})},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := c.o.PreviewHousehold(as(t, "clerk-aoki"), test.act)
			if got := strings.Join(fieldsOf(t, err), " "); got != test.fields || !strings.Contains(err.Error(), test.says) {
				t.Errorf("fields %q, want %q: %v", got, test.fields, err)
			}
			if _, err := c.o.FileHousehold(as(t, "clerk-aoki"), test.act); err == nil {
				t.Error("filed what the preview refuses")
			}
		})
	}
	// Whom a preview shows is looked at, also when it refuses.
	acts := func(footprint string) string { return strings.Split(footprint, "audit WHERE")[0] }
	if after := c.footprint(); acts(after) != acts(before) {
		t.Errorf("something was written: %s, before %s", after, before)
	}
	if _, err := c.o.FileHousehold(as(t, "operator-ueda"), household("household-split", Placement{p[2], "", resident.Head})); err == nil {
		t.Error("filed by somebody who may not")
	}
}

// TestHouseholdMeanwhile: what another clerk changed after the page was opened is not overwritten.
func TestHouseholdMeanwhile(t *testing.T) {
	c := newCountry(t, "memory:")
	p := c.family("世帯主", "妻", "子")
	act := household("household-split", Placement{p[2], "", resident.Head})
	seen := must[Arrangement](t)(c.o.PreviewHousehold(as(t, "clerk-aoki"), act))
	home := c.now(p[0]).Record.Household
	must[HouseholdFiled](t)(c.fileHousehold(household("head-change", Placement{p[0], home, relation("夫")}, Placement{p[1], home, resident.Head}, Placement{p[2], home, relation("子")})))
	act.Base = seen.Stamp
	_, err := c.o.FileHousehold(as(t, "clerk-inoue"), act)
	if got := strings.Join(fieldsOf(t, err), " "); got != "base" || !strings.Contains(err.Error(), "画面を開いた後に、この世帯のどなたかの記録が変わりました") {
		t.Errorf("%s: %v", got, err)
	}
}

// TestHeadIsGone: when the head dies or goes, those who remain get a head in the same act, or the household is on the list with
// an owner until somebody gives it one; one alone becomes the head.
func TestHeadIsGone(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)

		p := c.family("世帯主", "妻", "子")
		home := c.now(p[0]).Record.Household
		seen := must[Preview](t)(c.o.Preview(as(t, "clerk-aoki"), Death{c.filing(p[0], "family-86")}))
		if seen.Headless != 2 || len(seen.Rest) != 0 {
			t.Errorf("the preview says %d without a head", seen.Headless)
		}
		must[Filed](t)(c.o.File(as(t, "clerk-inoue"), Death{c.filing(p[0], "family-86")}))
		if list := c.withoutHead(); len(list) != 1 || list[0].Household != home || list[0].Owner != "clerk-inoue" || list[0].Person != p[0] || list[0].Trace != c.now(p[0]).Trace {
			t.Fatalf("the list is %+v", list)
		}
		must[HouseholdFiled](t)(c.fileHousehold(household("head-change", Placement{p[1], home, resident.Head}, Placement{p[2], home, relation("子")})))
		if list := c.withoutHead(); len(list) != 0 {
			t.Errorf("after another head: %+v", list)
		}

		p = c.family("世帯主", "妻", "子")
		home = c.now(p[0]).Record.Household
		f := c.filing(p[0], "family-86")
		f.Rest = []Placement{{p[1], home, resident.Head}, {p[2], home, relation("子")}}
		seen = must[Preview](t)(c.o.Preview(as(t, "clerk-aoki"), Death{f}))
		if len(seen.Rest) != 2 || seen.Headless != 0 {
			t.Errorf("the preview shows %d of those who remain", len(seen.Rest))
		}
		filed := must[Filed](t)(c.o.File(as(t, "clerk-aoki"), Death{f}))
		if list := c.withoutHead(); len(list) != 0 || c.stands(p[1]) != string(home)+"/世帯主" || c.places(p[2])[0].Trace != filed.Trace {
			t.Errorf("after a death with its new head: %s, %+v", c.stands(p[1]), list)
		}
		if got := c.places(p[2]); len(got) != 1 || got[0].Relation != relation("子") {
			t.Errorf("the child's relation was not stated anew: %+v", got)
		}

		p = c.family("世帯主", "夫")
		must[Filed](t)(c.o.File(as(t, "clerk-aoki"), MoveWithin{Filing: c.filing(p[0], "law-23"), Address: address("長野県松本市大手1番"), OwnHousehold: true}))
		if list := c.withoutHead(); len(list) != 0 || c.now(p[1]).Record.Relation != resident.Head || c.now(p[0]).Record.Household == c.now(p[1]).Record.Household {
			t.Errorf("one alone: %s and %s, %+v", c.stands(p[0]), c.stands(p[1]), list)
		}

		// A planned move takes the head away on its day, and nobody is at the counter then.
		p = c.family("世帯主", "夫", "子")
		plan := c.filing(p[0], "law-24")
		plan.Arose = today.AddDays(3)
		must[Filed](t)(c.o.File(as(t, "clerk-aoki"), MoveOut{Filing: plan, To: address("東京都足立区中央本町1番")}))
		if list := c.withoutHead(); len(list) != 0 {
			t.Errorf("before the day: %+v", list)
		}
		c.run(4 * 24 * time.Hour)
		if list := c.withoutHead(); len(list) != 1 || list[0].Owner != "clerk-aoki" {
			t.Errorf("after the planned day: %+v", list)
		}
		// Nobody comes into it before it is known who the head is.
		home = c.now(p[1]).Record.Household
		for _, stands := range []resident.Relation{resident.Head, relation("子")} {
			reg := movedIn()
			reg.Record.Household, reg.Record.Relation = home, stands
			_, err := c.o.Register(as(t, "clerk-aoki"), reg)
			if got := strings.Join(fieldsOf(t, err), " "); got != "household" || !strings.Contains(err.Error(), "いま世帯主がいません。先に世帯主変更を") {
				t.Errorf("registered into a household without a head: %s: %v", got, err)
			}
		}
		must[HouseholdFiled](t)(c.fileHousehold(household("head-change", Placement{p[1], home, resident.Head}, Placement{p[2], home, relation("子")})))
		if list := c.withoutHead(); len(list) != 0 {
			t.Errorf("after another head: %+v", list)
		}
	})
}

// TestRefusedRest: what is said of those who remain is refused where nobody goes, before the day, of others, and without a head.
func TestRefusedRest(t *testing.T) {
	c := newCountry(t, "memory:")
	p := c.family("世帯主", "妻", "子")
	q := c.family("世帯主")
	home := c.now(p[0]).Record.Household
	both := []Placement{{p[1], home, resident.Head}, {p[2], home, relation("子")}}
	before := c.footprint()
	for _, test := range []struct {
		name, fields, says string
		change             func() Change
	}{
		{"nobody goes", "rest", "だれも世帯からいなくなりません", func() Change {
			f := c.filing(p[0], "order-12")
			f.Rest = both
			return Amendment{Filing: f, Name: name("山﨑 一")}
		}},
		{"before the day", "rest", "転出の日が来るまで", func() Change {
			f := c.filing(p[0], "law-24")
			f.Arose, f.Rest = today.AddDays(1), both
			return MoveOut{Filing: f, To: address("東京都足立区中央本町1番")}
		}},
		{"somebody else's household", "rest", "今の世帯に残る方だけ", func() Change {
			f := c.filing(p[0], "family-86")
			f.Rest = []Placement{{q[0], c.now(q[0]).Record.Household, resident.Head}}
			return Death{f}
		}},
		{"the one who goes", "rest", "この届出で世帯からいなくなる方", func() Change {
			f := c.filing(p[0], "family-86")
			f.Rest = append([]Placement{{p[0], home, relation("夫")}}, both...)
			return Death{f}
		}},
		{"no head", "head", "世帯主のいない世帯", func() Change {
			f := c.filing(p[0], "family-86")
			f.Rest = []Placement{{p[1], home, relation("妻")}, {p[2], home, relation("子")}}
			return Death{f}
		}},
		{"one of them forgotten", relationField(p[2]), "この方の続柄も", func() Change {
			f := c.filing(p[0], "family-86")
			f.Rest = both[:1]
			return Death{f}
		}},
		{"alone, and not said where to", "own_household", "世帯主になる方を先に届け出て", func() Change {
			return MoveWithin{Filing: c.filing(p[1], "law-23"), Address: address("長野県松本市大手1番"), Relation: resident.Head}
		}},
		{"with the household of the old address", "household", "前の住所の世帯です", func() Change {
			return MoveWithin{Filing: c.filing(p[1], "law-23"), Address: address("長野県松本市大手1番"), Household: home, Relation: relation("妻")}
		}},
		{"into a household elsewhere", "household", "この世帯の住所は、入力された住所と違います", func() Change {
			return MoveWithin{Filing: c.filing(p[1], "law-23"), Address: address("長野県松本市大手1番"), Household: c.now(q[0]).Record.Household, Relation: relation("同居人")}
		}},
		{"alone, and as a child", "relation", "その世帯主です", func() Change {
			return MoveWithin{Filing: c.filing(q[0], "law-23"), Address: address("長野県松本市大手1番"), Relation: relation("子")}
		}},
		{"an own household and another one", "household", "新しい世帯を作るときは、世帯番号を空けてください", func() Change {
			return MoveWithin{Filing: c.filing(p[1], "law-23"), Address: address("長野県松本市大手1番"), OwnHousehold: true, Household: "H1"}
		}},
	} {
		_, err := c.o.File(as(t, "clerk-aoki"), test.change())
		if got := strings.Join(fieldsOf(t, err), " "); got != test.fields || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: fields %q, want %q: %v", test.name, got, test.fields, err)
		}
	}
	if after := c.footprint(); after != before {
		t.Errorf("something was written: %s, before %s", after, before)
	}
}
