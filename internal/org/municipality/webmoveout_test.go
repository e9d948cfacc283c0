package municipality

import (
	"crypto/rand"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/protection"
	"github.com/akashi-id/akashi/resident"
)

// TestWhoGoesAlongDoesNotRemain: the page on which a family's moving out is checked counts those who remain without a head, and neither those who
// go along nor one who remains alone, who is the head then. A protected one of the family stands on form and page as one who is not shown.
func TestWhoGoesAlongDoesNotRemain(t *testing.T) {
	c := newCountry(t, "memory:")
	v := c.counter("clerk-aoki")
	p := c.family("世帯主", "妻", "子")
	c.protect(Protecting{Applicant: p[2]})
	at := "/resident/" + p[0].String() + "/change/move-out"
	form := v.get(at, http.StatusOK)
	v.says(form, "一緒に転出する: ほかの方（表示しません）", "ほかの方（表示しません）の続柄")
	v.silent(form, "another person", "今は「」")
	if strings.Contains(form, p[2].String()) {
		t.Error("the form has her number in the register")
	}
	entered := with(inputs(form), "document", "driving-licence", "place", "東京都足立区中央本町")
	v.says(v.post(at, entered, http.StatusOK), "残る2人の世帯に、世帯主がいなくなります")
	entered = with(entered, regexp.MustCompile(`name="(with-x[^"]*)"`).FindStringSubmatch(form)[1], "yes")
	page := v.post(at, entered, http.StatusOK)
	v.says(page, "一緒に転出する方 ほかの方（表示しません）")
	v.silent(page, "世帯主がいなくなります")
	entered = with(entered, "with-"+p[1].String(), "yes")
	v.silent(v.post(at, entered, http.StatusOK), "世帯主がいなくなります")
}

// TestNoticeOfAFamilyTellsOfNoProtection: the pages of somebody who moves together with a protected person list the messages of their notice, and
// not that of the protection, which goes ahead to where they move.
func TestNoticeOfAFamilyTellsOfNoProtection(t *testing.T) {
	n := newNeighbours(t, rand.Reader)
	p := n.family("世帯主", "妹")
	n.protect(Protecting{Applicant: p[1]})
	n.release(p[1], protection.Look)
	base := map[PersonID]resident.Version{p[0]: 1, p[1]: 1}
	filing := Filing{Person: p[0], Base: 1, Arose: today.AddDays(3), Basis: "law-24"}
	filed := must[[]Filed](t)(n.o.FileMoveOut(as(t, "clerk-aoki"), MoveOut{Filing: filing, To: address("東京都足立区中央本町1丁目17番1号")}, base, p))
	n.run(time.Second)
	if len(n.flags) != 2 {
		t.Fatal("no flag goes ahead")
	}
	for _, clerk := range []string{"clerk-aoki", "clerk-inoue"} {
		v := n.counter(clerk)
		page := v.get("/resident/"+p[0].String()+"/filed/"+filed[0].Trace, http.StatusOK)
		v.says(page, "電文 転出証明書情報 相手 municipality-131211")
		v.silent(page, "電文 支援措置")
		for _, m := range must[MoveList](t)(n.o.Moves(as(t, clerk))).Away {
			v.silent(v.get("/moves/"+m.Move, http.StatusOK), "電文 支援措置")
		}
	}
}
