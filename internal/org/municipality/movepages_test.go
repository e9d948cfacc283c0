package municipality

import (
	"context"
	"crypto/rand"
	"io"
	mathrand "math/rand/v2"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/webui/webuitest"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// neighbours is a country of 松本市, ours, and 足立区, from which a family of three is about to move to us.
type neighbours struct {
	*country
	there *Municipality
	away  []PersonID // the family there
}

func newNeighbours(t testing.TB, random io.Reader) *neighbours {
	t.Helper()
	c := (&country{t: t, rand: random, next: "municipality-131211"}).found("memory:")
	raw := func(tx *sqlstore.Tx) *sqlstore.Tx { return tx }
	c.peer("prefecture-13", c.next, exchange.On(raw, func(context.Context, *sqlstore.Tx, exchange.Delivery, message.ResidentChange) ([]message.Out, error) {
		return nil, nil
	}),
		exchange.On(raw, func(context.Context, *sqlstore.Tx, exchange.Delivery, message.ResidentInvalidation) ([]message.Out, error) {
			return nil, nil
		}))
	n := &neighbours{country: c, there: c.open("memory:", c.next)}
	c.step(c.o, slices.Concat(n.there.Exchange.Tasks(), n.there.Due.Tasks())...)
	household := resident.HouseholdID("")
	for i, p := range []struct{ name, kana, born, relation string }{{"葛󠄂西　一郎", "カサイ イチロウ", "1980-05-01", "世帯主"}, {"葛󠄂西　花子", "カサイ ハナコ", "1982-11-30", "妻"}, {"葛󠄂西　葵", "カサイ アオイ", "2015-07-07", "子"}} {
		r := Registration{Reason: resident.MoveIn, Basis: "law-22", Another: true, Prior: 3, Record: resident.Record{Code: resident.RecordCodeOf(7_000_000_001 + uint64(i)),
			BasicFour: resident.BasicFour{Name: name(p.name), Birth: birth(p.born), Sex: resident.Sex(1 + i%2), Address: address("東京都足立区中央本町1丁目17番1号")},
			Kana:      kana(p.kana), Relation: relation(p.relation), Household: household, BecameResident: resident.MustDate(2020, 4, 1)}}
		f := must[Filed](t)(n.there.Register(as(t, "clerk-aoki"), r))
		n.away = append(n.away, f.Person)
		household = must[Dossier](t)(n.there.Look(as(t, "clerk-aoki"), f.Person, "test")).Now.Record.Household
	}
	c.run(time.Second)
	return n
}

// leave files the moving out of the family there.
func (n *neighbours) leave(day resident.Date, special bool) {
	n.t.Helper()
	base := map[PersonID]resident.Version{}
	for _, p := range n.away {
		base[p] = 4
	}
	must[[]Filed](n.t)(n.there.FileMoveOut(as(n.t, "clerk-aoki"), MoveOut{Filing: Filing{Arose: day, Basis: "law-24"}, To: address("長野県松本市丸の内3番7号"), Special: special}, base, n.away))
	n.run(time.Second)
}

// TestFamilyAtTheCounter: the clerk finds the family on the list, and registers it without typing who anybody is.
func TestFamilyAtTheCounter(t *testing.T) {
	n := newNeighbours(t, rand.Reader)
	v := n.counter("clerk-aoki")
	if page := v.get("/moves", http.StatusOK); !strings.Contains(page, "転入を待っている方はいません") {
		t.Error("an empty list does not say so")
	}
	n.leave(today, true)
	list := must[MoveList](t)(n.o.Moves(as(t, "clerk-aoki")))
	if len(list.Here) != 3 {
		t.Fatalf("%d are to come", len(list.Here))
	}
	page := v.get("/moves", http.StatusOK)
	for _, want := range []string{"葛󠄂西　一郎", "葛󠄂西　葵", "東京都足立区", "届出待ち", list.Here[0].Move} {
		if !strings.Contains(page, want) {
			t.Errorf("the list lacks %s", want)
		}
	}
	if home := v.get("/", http.StatusOK); !strings.Contains(home, "転入を待っている方") {
		t.Error("the first page does not count them")
	}
	at := "/moves/" + list.Here[0].Move
	page = v.get(at, http.StatusOK)
	for _, want := range []string{"転入を登録する", "カードによる転入（予定日から30日）", "転出証明書情報（消除した）", "2026-05-01"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page of the move lacks %s", want)
		}
	}
	form := url.Values{"became": {"2026-04-01"}, "address": {home}, "basis": {"law-22"}}
	for _, m := range list.Here {
		form.Set("in-"+m.Move, "yes")
		form.Set("relation-"+m.Move, m.Info.Person.Relation.Reveal())
	}
	if page := v.get(at+"/register", http.StatusOK); !strings.Contains(page, `value="長野県松本市丸の内3番7号"`) || strings.Count(page, "この方が転入する") != 3 || strings.Contains(page, `name="name"`) {
		t.Error("the form does not begin with what came, or lets names be typed")
	}
	wrong := url.Values{"became": {"2026-04-01"}, "address": {home}, "basis": {"law-22"}, "in-" + list.Here[1].Move: {"yes"}, "relation-" + list.Here[1].Move: {"妻"}}
	if page := v.post(at+"/register", wrong, http.StatusUnprocessableEntity); !strings.Contains(page, "ちょうど一人を世帯主に") {
		t.Error("a household without a head")
	}
	if page := v.post(at+"/register", url.Values{"became": {"2026-04-01"}, "address": {home}, "basis": {"law-22"}}, http.StatusUnprocessableEntity); !strings.Contains(page, "転入する方を選んで") {
		t.Error("nobody was chosen, and nobody said so")
	}
	form.Set("document", "driving-licence")
	if page := v.post(at+"/register", form, http.StatusOK); !strings.Contains(page, "転入を登録する") || !strings.Contains(page, "まだ記録していません") {
		t.Error("nothing is shown before it is filed")
	}
	form.Set("step", "file")
	v.post(at+"/register", form, http.StatusOK)
	n.run(time.Minute)
	list = must[MoveList](t)(n.o.Moves(as(t, "clerk-aoki")))
	gone := must[MoveList](t)(n.there.Moves(as(t, "clerk-aoki")))
	if len(list.Here) != 0 || len(list.ClosedHere) != 3 || len(gone.Away) != 0 || len(gone.Closed) != 3 || gone.Closed[0].MovedOn != today {
		t.Errorf("here %d open, there %d open", len(list.Here), len(gone.Away))
	}
	if list.ClosedHere[0].Info != nil {
		t.Error("what came is kept after the move is settled")
	}
	if page := v.get(at, http.StatusOK); !strings.Contains(page, "カードの継続利用（転入届から90日）") || !strings.Contains(page, "2026-06-30") || !strings.Contains(page, "転入通知") {
		t.Error("the page of the settled move")
	}
	v.get("/moves/202029-999", http.StatusNotFound)
	v.get(at+"/register", http.StatusNotFound)
}

// TestHouseholdLeavesAtTheCounter: the form of a moving out takes others of the household along, and a planned one can be taken back from its
// own page.
func TestHouseholdLeavesAtTheCounter(t *testing.T) {
	n := newNeighbours(t, rand.Reader)
	first := n.register(movedIn())
	second := movedIn()
	second.Record.Household, second.Record.Relation, second.Record.Name = n.now(first.Person).Record.Household, relation("夫"), name("髙𠮷　勉")
	other := n.register(second)
	v := n.counter("clerk-aoki")
	at := "/resident/" + first.Person.String() + "/change/move-out"
	box := "with-" + other.Person.String()
	if page := v.get(at, http.StatusOK); !strings.Contains(page, `name="`+box+`"`) {
		t.Fatal("the form does not offer the household")
	}
	form := url.Values{"base": {"1"}, "arose": {"2026-04-20"}, "basis": {"law-24"}, "abroad": {"no"}, "place": {"足立区のどこか"}, "document": {"passport"}, "to": {"131211"}, box: {"yes"}}
	if page := v.post(at, form, http.StatusOK); !strings.Contains(page, "髙𠮷　勉") {
		t.Error("the page before filing does not name who goes along")
	}
	form.Set("to", "202029")
	if page := v.post(at, form, http.StatusUnprocessableEntity); !strings.Contains(page, "転居") {
		t.Error("a moving out to ourselves")
	}
	form.Set("to", "131211")
	form.Set("step", "file")
	v.post(at, form, http.StatusOK)
	n.run(time.Second)
	if l := must[MoveList](t)(n.there.Moves(as(t, "clerk-aoki"))); len(l.Here) != 2 || l.Here[0].State != "planned" {
		t.Fatalf("there: %+v", l.Here)
	}
	l := must[MoveList](t)(n.o.Moves(as(t, "clerk-aoki")))
	if len(l.Away) != 2 || l.Away[0].Family != l.Away[1].Family {
		t.Fatalf("here: %+v", l.Away)
	}
	page := v.get("/moves/"+l.Away[0].Move, http.StatusOK)
	for _, want := range []string{"転出予定", "東京都足立区", "転出を取り消す", "2026-04-20"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page of the move lacks %s", want)
		}
	}
	v.post("/resident/"+l.Away[0].Person.String()+"/planned/cancel", nil, http.StatusOK)
	n.run(time.Second)
	if l := must[MoveList](t)(n.o.Moves(as(t, "clerk-aoki"))); len(l.Away) != 1 || len(l.Closed) != 1 || l.Closed[0].State != "cancelled" {
		t.Errorf("after it was cancelled: %+v", l)
	}
}

// TestEndsAtTheCounter: an item that no message ends is closed with a word, and one that somebody will not make is given up.
func TestEndsAtTheCounter(t *testing.T) {
	n := newNeighbours(t, rand.Reader)
	n.leave(today.AddDays(3), false)
	v := n.counter("clerk-aoki")
	move := must[MoveList](t)(n.o.Moves(as(t, "clerk-aoki"))).Here[0].Move
	if page := v.post("/moves/"+move+"/close", url.Values{"text": {"電話で確かめた"}, "outcome": {"unmade"}}, http.StatusUnprocessableEntity); !strings.Contains(page, "電文で終わる") {
		t.Error("a move that a message ends was closed by hand")
	}
	v.post("/moves/"+move+"/give-up", nil, http.StatusOK)
	n.run(time.Minute)
	if page := v.get("/moves/"+move, http.StatusOK); !strings.Contains(page, "取消し") || strings.Contains(page, "/give-up") {
		t.Error("the page of a move that was given up")
	}
	gone := must[MoveList](t)(n.there.Moves(as(t, "clerk-aoki")))
	if len(gone.Closed) != 1 || gone.Closed[0].Why.JA == "" || len(gone.Away) != 2 {
		t.Errorf("there: %+v", gone.Closed)
	}
}

// TestTypedBesideTheMessage: the form for a certificate on paper asks why, where the message would come.
func TestTypedBesideTheMessage(t *testing.T) {
	n := newNeighbours(t, rand.Reader)
	v := n.counter("clerk-aoki")
	form := url.Values{"reason": {resident.MoveIn.Code()}, "basis": {"law-22"}, "became": {"2026-04-01"}, "name": {"葛󠄂西　一郎"}, "birth": {"1980-05-01"}, "sex": {"男"}, "address": {home},
		"relation": {"世帯主"}, "from": {"131211"}, "code": {resident.RecordCodeOf(7_000_000_001).Reveal()}, "prior": {"5"},
		"domicile_state": {resident.DomicileKnown.Code()}, "domicile": {"東京都足立区中央本町一丁目17番"}, "domicile_head": {"葛󠄂西　一郎"}, "notified": {"2026-04-01"}, "earlier_address": {"東京都足立区中央本町1丁目17番1号"}}
	if page := v.post("/register", form, http.StatusUnprocessableEntity); !strings.Contains(page, `name="paper"`) || !strings.Contains(page, "電文で届きます") {
		t.Error("it was not asked why")
	}
	form.Set("paper", "回線の障害")
	form.Set("document", "passport")
	form.Set("step", "file")
	v.post("/register", form, http.StatusOK)
	l := must[MoveList](t)(n.o.Moves(as(t, "clerk-aoki")))
	if len(l.Here) != 1 || l.Here[0].State != "paper" || l.Here[0].Reason != "回線の障害" {
		t.Fatalf("%+v", l.Here)
	}
	if home := v.get("/", http.StatusOK); !strings.Contains(home, "確かめの要る転出入が1件") {
		t.Error("the first page does not tell of it")
	}
	n.run(time.Second)
	at := "/moves/" + l.Here[0].Move
	said := url.Values{"text": {"足立区の窓口に電話で確かめた"}, "outcome": {"registered"}}
	if page := v.post(at+"/close", said, http.StatusUnprocessableEntity); !strings.Contains(page, "電文でまだ届いていません") || !strings.Contains(page, `name="unknown"`) {
		t.Error("closed as registered, by a record that nobody has named")
	}
	said.Set("unknown", "yes")
	coded := url.Values{"text": {"&J+B9D5;飾区の窓口に電話で確かめた"}, "outcome": {"registered"}, "unknown": {"yes"}}
	if page := v.post(at+"/close", coded, http.StatusOK); !strings.Contains(page, "葛\U000E0103飾区の窓口") || strings.Contains(page, "もう一人の承認を待っています") {
		t.Errorf("a text in which a code became a character is taken before anybody saw it: %s", text(page))
	}
	if page := v.post(at+"/close", said, http.StatusOK); !strings.Contains(page, "もう一人の承認を待っています") || !strings.Contains(page, "clerk-aoki") || strings.Contains(page, "/approve") {
		t.Error("the page does not say who proposed it and that another is awaited")
	}
	second := n.counter("clerk-inoue")
	if home := second.get("/", http.StatusOK); !strings.Contains(home, "転出入を閉じる提案") {
		t.Error("the second clerk's first page does not tell of it")
	}
	page := second.get(at, http.StatusOK)
	approve := regexp.MustCompile(at + `/close/[0-9]+/approve`).FindString(page)
	if approve == "" || !strings.Contains(page, "足立区の窓口に電話で確かめた") {
		t.Fatal("the second clerk cannot read it, or not approve it")
	}
	if page := v.post(approve, nil, http.StatusUnprocessableEntity); !strings.Contains(page, "もう一人の担当者に") {
		t.Error("approved by the one who proposed it")
	}
	if page := second.post(approve, nil, http.StatusOK); !strings.Contains(page, "閉じる提案の経過") {
		t.Error("the closed move does not say by whom")
	}
	if l := must[MoveList](t)(n.o.Moves(as(t, "clerk-aoki"))); len(l.Here) != 0 {
		t.Errorf("%+v", l.Here)
	}
}

// TestMoveScreens looks at the pages of moves in both languages and widths.
func TestMoveScreens(t *testing.T) {
	for _, lang := range webuitest.Languages() {
		t.Run(lang, func(t *testing.T) {
			tab := webuitest.Browser(t)
			n := newNeighbours(t, mathrand.NewChaCha8([32]byte{1}))
			n.leave(today.AddDays(2), true)
			n.step(n.o, slices.Concat(n.there.Exchange.Tasks(), n.there.Due.Tasks(), n.o.Alarms.Tasks())...)
			base := n.serve()
			look := func(name string) {
				t.Helper()
				tab.Screen(name + "-" + lang)
			}
			visit := func(path string) {
				t.Helper()
				if got := tab.Open(base + path); got != http.StatusOK {
					t.Fatalf("%s: %d", path, got)
				}
			}
			visit("/?lang=" + lang)
			visit("/session?next=/municipality-202029/moves")
			n.visitBy("clerk-aoki")
			tab.Follow(`button[value="clerk-aoki"]`)
			look("moves")
			move := must[MoveList](t)(n.o.Moves(as(t, "clerk-aoki"))).Here[0].Move
			visit("/moves/" + move)
			look("move-in")
			visit("/moves/" + move + "/register")
			look("move-in-register")
			who := n.register(movedIn())
			f := n.filing(who.Person, "law-24")
			if _, err := n.o.File(as(t, "clerk-aoki"), MoveOut{Filing: f, To: address("東京都足立区中央本町1丁目17番1号")}); err != nil {
				t.Fatal(err)
			}
			n.run(time.Minute)
			visit("/moves/" + must[MoveList](t)(n.o.Moves(as(t, "clerk-aoki"))).Away[0].Move)
			look("move-out")
			typed := must[MoveList](t)(n.o.Moves(as(t, "clerk-aoki"))).Here[0]
			typed.State, typed.Person = store.InPaper, who.Person
			if err := n.o.Store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error { return n.o.in(tx).PutMoveHere(ctx, typed) }); err != nil {
				t.Fatal(err)
			}
			visit("/moves/" + typed.Move)
			look("move-close")
			if err := n.o.ProposeClosing(as(t, "clerk-inoue"), Closing{Move: typed.Move, Outcome: store.MoveIsRegistered, Said: "足立区の窓口に電話で確かめた"}); err != nil {
				t.Fatal(err)
			}
			visit("/moves/" + typed.Move)
			look("move-closing")
		})
	}
}
