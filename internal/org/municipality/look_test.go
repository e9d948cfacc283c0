package municipality

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/resident"
)

// looks are those at somebody, the newest first.
func (c *country) looks(code resident.RecordCode) (rows []look.Row) {
	c.t.Helper()
	c.view(func(ctx context.Context, tx *store.Tx) (err error) {
		rows, err = look.List(ctx, tx.Tx, look.Filter{Subject: code.Reveal()})
		return err
	})
	return rows
}

// groundless is the clerk who has not said what for.
func groundless(t *testing.T) context.Context {
	return look.With(as(t, "clerk-aoki"), look.Ground{})
}

// TestNobodyIsShownWithoutAGround: no way to a person gives anything, or leaves anything, before it is said what for.
func TestNobodyIsShownWithoutAGround(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		who := c.register(movedIn())
		move := MoveWithin{Filing: c.filing(who.Person, "law-23"), Address: address("長野県松本市大手1番")}
		before := c.footprint()
		for name, try := range map[string]func(context.Context) (bool, error){
			"record": func(ctx context.Context) (bool, error) {
				d, err := c.o.Look(ctx, who.Person, "record")
				return d.Now.Record.Code.Valid() && err == nil, err
			},
			"form": func(ctx context.Context) (bool, error) {
				_, err := c.o.Look(ctx, who.Person, "form death")
				return false, err
			},
			"search": func(ctx context.Context) (bool, error) {
				l, _, err := c.o.Search(ctx, Query{Name: "髙"})
				return len(l) > 0, err
			},
			"search for nobody": func(ctx context.Context) (bool, error) {
				_, _, err := c.o.Search(ctx, Query{Name: "誰"})
				return false, err
			},
			"preview": func(ctx context.Context) (bool, error) { _, err := c.o.Preview(ctx, move); return false, err },
		} {
			shown, err := try(groundless(t))
			if fields := fieldsOf(t, err); shown || !slices.Equal(fields, []string{"purpose"}) {
				t.Errorf("%s: shown %v, refused for %v", name, shown, fields)
			}
			_, err = try(look.With(groundless(t), look.Ground{Purpose: look.Notice}))
			if fields := fieldsOf(t, err); !slices.Equal(fields, []string{"case"}) {
				t.Errorf("%s without a case: refused for %v", name, fields)
			}
		}
		if after := c.footprint(); after != before {
			t.Errorf("something was written: %s, before %s", after, before)
		}
	})
}

// TestEachPersonOnAPageIsLookedAt: those in the household whom the page shows too, and with what was shown of whom.
func TestEachPersonOnAPageIsLookedAt(t *testing.T) {
	c := newCountry(t, "memory:")
	one := c.register(movedIn())
	second := movedIn()
	second.Record.BasicFour.Name, second.Record.Kana = name("髙𠮷 太郎"), kana("タカヨシ タロウ")
	second.Record.Household = c.now(one.Person).Record.Household
	second.Record.Relation = relation("夫")
	other := c.register(second)
	c.clk.Set(c.clk.Now().Add(time.Minute))
	since := c.clk.Now()
	must[Dossier](t)(c.o.Look(as(t, "clerk-aoki"), one.Person, "record"))
	of := func(code resident.RecordCode) (text string) {
		for _, r := range c.looks(code) {
			if !r.At.Before(since) {
				text += fmt.Sprintf("%s %s %s %s [%s] %s; ", r.Operator, r.Office, r.Ground.Purpose, r.Ground.Case, r.Items.Name().EN, r.How)
			}
		}
		return text
	}
	if got, want := of(one.Code), "clerk-aoki municipality-202029 notice 17 [name, date of birth, sex, address; reading; record code; family register; household and relation; history of the record; certificates] record; "; got != want {
		t.Errorf("of the person: %s", got)
	}
	if got, want := of(other.Code), "clerk-aoki municipality-202029 notice 17 [name, date of birth, sex, address; reading] with a member of the household; "; got != want {
		t.Errorf("of the member of the household: %s", got)
	}
	// A form shows the person alone.
	since = c.clk.Now().Add(time.Second)
	c.clk.Set(since)
	must[Dossier](t)(c.o.Look(as(t, "clerk-aoki"), one.Person, "form death"))
	if got := of(other.Code); got != "" || of(one.Code) == "" {
		t.Errorf("a form: of the person %q, of the household %q", of(one.Code), got)
	}
}

// TestVisitAtTheCounter: it is asked once, kept while somebody looks, asked again after half an hour, and what a form sent
// meanwhile is not lost.
func TestVisitAtTheCounter(t *testing.T) {
	c := newCountry(t, "memory:")
	who := c.register(movedIn())
	person := "/resident/" + who.Person.String()
	v := c.counter("")
	v.post("/session", url.Values{"persona": {"clerk-aoki"}}, http.StatusOK)
	v.says(v.get("/search", http.StatusConflict), "だれの、何の用件ですか", "受付番号・文書番号", "住民基本台帳法第22条から第25条まで")
	page := v.get(person, http.StatusConflict)
	if strings.Contains(page, "髙") || len(c.looks(who.Code)) != 0 {
		t.Error("the page that asks what for shows the person")
	}
	form := inputs(page)
	v.says(v.post("/visit", form, http.StatusUnprocessableEntity), "目的のない閲覧はできません")
	form.Set(visitPurpose, "copy")
	v.says(v.post("/visit", form, http.StatusUnprocessableEntity), "番号が必要です")
	form.Set(visitCase, "申請7")
	page = v.post("/visit", form, http.StatusOK)
	if path(page) != person {
		t.Errorf("opened, and led to %s", path(page))
	}
	v.says(page, "番号 申請7（住民票の写しなどの交付（本人等））", "この方の用件を終える", "髙𠮷")
	if l := c.looks(who.Code); len(l) != 1 || l[0].Ground != (look.Ground{Purpose: look.Copy, Case: "申請7"}) {
		t.Errorf("recorded: %+v", l)
	}
	// Others have visits of their own.
	w := c.counter("")
	w.post("/session", url.Values{"persona": {"clerk-inoue"}}, http.StatusOK)
	w.get(person, http.StatusConflict)

	// Half an hour passes in front of a form.
	form = inputs(v.get(person+"/change/move-within", http.StatusOK))
	with(form, "document", "driving-licence", "address", "長野県松本市大手4番2号")
	c.clk.Set(c.clk.Now().Add(look.Idle + time.Minute))
	page = v.postOnce(person+"/change/move-within", form, http.StatusConflict)
	v.says(page, "30分のあいだ操作がなかった")
	kept := inputs(page)
	if kept.Get("address") != "長野県松本市大手4番2号" || kept.Get(visitCase) != "申請7" || kept.Get(visitPurpose) != "copy" {
		t.Fatalf("kept: %v", kept)
	}
	page = v.post(person+"/change/move-within", with(maps.Clone(kept), visitCase, ""), http.StatusUnprocessableEntity)
	v.says(page, "番号が必要です")
	page = v.post(person+"/change/move-within", kept, http.StatusOK)
	v.says(page, "大手4番2号", "番号 申請7")
	if again := inputs(page); again.Has(visitCase) || again.Has(visitPurpose) {
		t.Errorf("the page's own form carries the visit along: %v", again)
	}
	// Done: nobody is shown any more, and a new visit begins empty.
	v.post("/visit/close", nil, http.StatusOK)
	page = v.get(person, http.StatusConflict)
	if f := inputs(page); f.Get(visitCase) != "" || strings.Contains(page, "30分") {
		t.Errorf("after it was closed, the page offers %v", f)
	}
	// Nobody is led elsewhere.
	for _, next := range []string{"https://example.com/", "//example.com/", "/prefecture-20/", "/municipality-202029/../x", "\\\\example.com"} {
		page := v.post("/visit", url.Values{visitPurpose: {"copy"}, visitCase: {"7"}, visitNext: {next}}, http.StatusOK)
		if path(page) != "/search" {
			t.Errorf("next %q led to %s", next, path(page))
		}
	}
}

// postOnce does not open a visit when the page asks for one.
func (v *counter) postOnce(path string, form url.Values, want int) string {
	v.t.Helper()
	r, err := v.client.PostForm(v.base+path, form)
	return v.read("POST "+path, r, err, want)
}

// TestAVisitIsForThoseWhoLook: nobody else is asked for one, or has one.
func TestAVisitIsForThoseWhoLook(t *testing.T) {
	c := newCountry(t, "memory:")
	for _, id := range []string{"operator-ueda", "auditor-onishi"} {
		v := c.counter(id)
		v.get("/visit", http.StatusForbidden)
		v.post("/visit", url.Values{visitPurpose: {"notice"}, visitCase: {"7"}}, http.StatusForbidden)
		v.get("/register", http.StatusForbidden)
		refusedBy(t, c.o.OpenVisit(as(t, id), look.Ground{Purpose: look.Notice, Case: "7"}))
	}
	if err := c.o.OpenVisit(access.With(t.Context(), access.Person{}), look.Ground{Purpose: look.Notice, Case: "7"}); err == nil {
		t.Error("the public has a visit")
	}
}
