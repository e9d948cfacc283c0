package municipality

import (
	"crypto/rand"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// TestItemsMove: what the old register says of the family register, of names and of the stay stands in the new one, and the clerk sees it before.
func TestItemsMove(t *testing.T) {
	n := newNeighbours(t, rand.Reader)
	national, foreigner := wholeNational(), wholeForeigner()
	national.Record.FormerName = ok(resident.ParseFormerName("former_name", "辻󠄃"))
	national.Record.Qualified = resident.Qualifications{Voter: true}
	for i, r := range []*Registration{&national, &foreigner} {
		r.Basis, r.Whole, r.Prior, r.Record.Code = "law-22", false, 3, resident.RecordCodeOf(8_000_000_001+uint64(i))
		r.Record.Address = address("東京都足立区中央本町1丁目17番2号")
	}
	for _, want := range []resident.Record{national.Record, foreigner.Record} {
		r := national
		if want.Foreign() {
			r = foreigner
		}
		f := must[Filed](t)(n.there.Register(as(t, "clerk-aoki"), r))
		n.away = []PersonID{f.Person}
		n.leave(today, false)
		m := must[MoveList](t)(n.o.Moves(as(t, "clerk-aoki"))).Here[0]
		page := n.counter("clerk-aoki").get("/moves/"+m.Move+"/register", http.StatusOK)
		for _, item := range itemsTold(want) {
			if !strings.Contains(page, item.Name) {
				t.Errorf("the form does not show %s", item.Name)
			}
		}
		seen := n.looks(want.Code)[0].Items
		if origin, foreign := seen&look.Origin != 0, seen&look.Foreign != 0; origin == want.Foreign() || foreign != want.Foreign() {
			t.Errorf("the look is at %s", seen.Name().EN)
		}
		filed := must[[]Filed](t)(n.o.RegisterArrivals(as(t, "clerk-aoki"), MoveIn{People: []Arrival{{Move: m.Move, Relation: resident.Head}}, Became: today, Address: address(home), Basis: "law-22"}))
		n.run(time.Minute)
		got := n.now(filed[0].Person).Record
		stay := want.Stay
		if stay.Since.Valid() {
			stay.Since = today
		}
		if got.Furigana != want.Furigana || got.FormerName != want.FormerName || got.FamilyRegister != want.FamilyRegister.Stated() || got.Stay != stay {
			t.Errorf("the new register has %v", itemsTold(got))
		}
		if got.Residence != (resident.Residence{Notified: today, Earlier: r.Record.Address}) || got.Qualified.Given() {
			t.Error("the earlier address, or what is each municipality's own")
		}
	}
}

// TestItemsToldAreJudged: what cannot be read, or contradicts itself, keeps nobody from being registered.
func TestItemsToldAreJudged(t *testing.T) {
	r := movedIn().Record
	domicile := message.MoveItem{Name: "本籍", Value: "長野県飯田市大久保町2534番地"}
	head := message.MoveItem{Name: "筆頭者", Value: "髙𠮷 一郎"}
	for name, x := range map[string]struct {
		told []message.MoveItem
		kept bool
	}{
		"all":             {[]message.MoveItem{domicile, head}, true},
		"another name":    {[]message.MoveItem{domicile, head, {Name: "児童手当", Value: "2026-04"}}, true},
		"unreadable":      {[]message.MoveItem{domicile, head, {Name: "旧氏", Value: "辻 葛子"}}, false},
		"no head":         {[]message.MoveItem{domicile}, false},
		"of a foreigner":  {[]message.MoveItem{domicile, head, {Name: "在留資格", Value: "定住者"}}, false},
		"nothing":         {nil, false},
		"not known, and ": {[]message.MoveItem{domicile, head, {Name: "戸籍の有無", Value: "本籍不明"}}, false},
	} {
		if got := keepTold(r, x.told, today); (got != r) != x.kept {
			t.Errorf("%s: kept %v", name, got != r)
		}
	}
	var names []string
	for _, m := range movingItems {
		names = append(names, m.name)
	}
	if slices.Sort(names); len(slices.Compact(names)) != len(movingItems) {
		t.Error("two items of one name")
	}
}
