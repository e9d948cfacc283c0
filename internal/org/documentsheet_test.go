package org_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/document"
	"github.com/akashi-id/akashi/internal/document/making"
	"github.com/akashi-id/akashi/internal/org/municipality"
)

// TestEachPageInTheHand: what is handed over is what the clerk reads from each page of the paper, and not what the file says: a page of the document that was printed
// beside it (徳島市, 2023: page 2 of 3 was another person's) is refused by its number, named, and a case each time, also when the one before was closed as a mistyped number.
func TestEachPageInTheHand(t *testing.T) {
	v := newIssuers(t, inMemory, true)
	var ids []string
	for _, name := range []string{"松本", "長野"} {
		head := v.person(name+"　一子", "1960-05-01", "世帯主", "")
		for _, child := range []string{"二子", "三子", "四子", "五子", "六子"} {
			v.person(name+"　"+child, "2012-05-01", "子", v.household(head.Person))
		}
		v.run(2 * time.Second)
		ids = append(ids, v.heldOf(making.HouseholdRecord, head.Person, document.Items{}))
	}
	mine, other := v.bindings(ids[0]), v.bindings(ids[1])
	if len(mine) < 2 || mine[0] != mine[1] || mine[0] == other[0] || len(mine[0]) != 19 {
		t.Fatalf("the pages bear %q and %q", mine, other)
	}
	for _, id := range ids {
		_, err := v.town.PrintDocument(v.clerk, id)
		check(t, err)
	}
	hand := func(bindings ...string) error {
		return v.town.HandOverDocument(v.clerk, ids[0], len(mine), bindings)
	}
	cases := func(what string, want ...string) {
		t.Helper()
		if got := v.openCases(); !slices.Equal(got, want) {
			t.Errorf("%s: the cases are %q, want %q", what, got, want)
		}
	}
	rest := mine[1:]
	refuses(t, "nothing was looked at", "1ページ目の下にある綴り番号を、紙を見て入力してください。", hand())
	refuses(t, "one page was", "2ページ目の下にある綴り番号を、紙を見て入力してください。", hand(mine[0]))
	refuses(t, "three characters", "1ページ目の下にある綴り番号を、紙を見て入力してください。", hand(append([]string{mine[0][16:]}, rest...)...))
	last := []byte(mine[0][15:])
	slip, swap := slices.Clone(last), slices.Clone(last)
	slip[2] = map[bool]byte{true: '3', false: '7'}[last[2] == '7']
	for i := range 3 { // where two stand that are not the same
		if swap[i] != swap[i+1] {
			swap[i], swap[i+1] = swap[i+1], swap[i]
			break
		}
	}
	for _, typed := range [][]byte{slip, swap} {
		if string(typed) == string(last) { // four of a kind
			continue
		}
		refuses(t, "a slip of the hand", "1ページ目の番号は、打ち間違いのようです。", hand(append([]string{string(typed)}, rest...)...))
	}
	cases("nothing wrong was in the hand")

	mixed := slices.Clone(mine)
	mixed[1] = other[1][15:]
	refuses(t, "mixed", "2ページ目は、この申請の証明書ではありません。渡さないでください。申請 "+ids[1]+" の証明書のページです。", hand(mixed...))
	cases("mixed", "1 sheet")
	if got := v.at(ids[0]); got != "held" {
		t.Errorf("after the refusal it is %s", got)
	}
	refuses(t, "of no document", "番号から分かりません。", hand(append([]string{"UUUU"}, rest...)...))
	c, _ := v.traced(ids[0])
	if !slices.ContainsFunc(c.Steps, func(s municipality.DocumentsStep) bool {
		return s.Act == "document-sheet" && strings.HasSuffix(s.Detail, "page 2: "+ids[1])
	}) {
		t.Errorf("the log does not say whose page it was: %+v", c.Steps)
	}
	v.closes(ids[0]+"-1", municipality.FateCounter, "隣のトレイの紙を取っていた。戻した。")
	cases("sorted")
	refuses(t, "mixed again", "この申請の証明書ではありません。", hand(append([]string{"https://verify.example/202029/x#y"}, rest...)...))
	cases("mixed again", "1 sheet")

	d, err := v.town.DocumentOf(v.clerk, ids[0])
	check(t, err)
	typed := slices.Clone(mine)
	typed[0], typed[1] = d.Verify, strings.ToLower(strings.ReplaceAll(mine[1], "-", " "))
	check(t, hand(typed...))
	if got := v.at(ids[0]); got != "delivered" {
		t.Errorf("by what its pages bear it is %s", got)
	}
	cases("handed over", "1 sheet")
}
