package municipality

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/resident"
)

// attend puts somebody on the list.
func (c *country) attend(a look.Attention) {
	c.t.Helper()
	v := c.counter("auditor-onishi")
	page := v.post("/looks/attention", url.Values{"subject": {a.Subject.Reveal()}, "category": {string(a.Category)}, "operator": {a.Operator}}, http.StatusOK)
	if path(page) != "/looks/attention" || !strings.Contains(page, a.Subject.Reveal()) {
		c.t.Fatalf("not on the list: %s", text(page))
	}
}

// TestARecordOnTheListAsksFirst: every way to the person is shut until the case is said again; then it opens, and rings.
func TestARecordOnTheListAsksFirst(t *testing.T) {
	c := newCountry(t, "memory:")
	c.step(c.o, append(c.o.Alarms.Tasks(), c.o.LookWatch.Task())...)
	who := c.register(movedIn())
	person := "/resident/" + who.Person.String()
	before := len(c.looks(who.Code))
	c.attend(look.Attention{Subject: who.Code, Category: look.Known})

	v := c.counter("clerk-aoki")
	page := v.post("/search", url.Values{"name": {"髙"}}, http.StatusOK)
	if !strings.Contains(page, person) || strings.Contains(page, "丸の内") || strings.Contains(page, "タカヨシ") || strings.Contains(page, "1992") {
		t.Errorf("the list of hits shows: %s", text(page))
	}
	v.says(page, "開く前に確認します")
	page = v.get(person, http.StatusConflict)
	v.says(page, "注意して扱う記録です", "いまの用件の番号をもう一度")
	for _, p := range []string{person + "/apply", person + "/loss", person + "/change/death"} {
		if page := v.get(p, http.StatusConflict); strings.Contains(page, "髙") {
			t.Errorf("%s shows who it is", p)
		}
	}
	// The rule refuses by itself, whatever the pages do.
	ctx := as(t, "clerk-aoki")
	var refused *look.NeedsConfirming
	if _, err := c.o.Look(ctx, who.Person, "record"); !errors.As(err, &refused) {
		t.Errorf("the record opens: %v", err)
	}
	if _, err := c.o.Preview(ctx, MoveWithin{Filing: c.filing(who.Person, "law-23"), Address: address("長野県松本市大手1番")}); !errors.As(err, &refused) {
		t.Errorf("a preview opens: %v", err)
	}
	if l := c.looks(who.Code); len(l) != before+1 || l[0].Items != look.Name {
		t.Errorf("recorded: %+v", l)
	}
	form := inputs(page)
	v.says(v.post(person+"/attention", with(form, "again", "B-1"), http.StatusUnprocessableEntity), "いま開いている用件の番号（A-17）と違います")
	page = v.post(person+"/attention", with(form, "again", "A-17"), http.StatusOK)
	if path(page) != person {
		t.Errorf("confirmed, and led to %s", path(page))
	}
	v.says(page, "丸の内")
	c.run(3 * time.Minute)
	// The auditor sees an alarm that names nobody, looks into it, and closes it.
	auditor := c.counter("auditor-onishi")
	page = auditor.get("/alarms", http.StatusOK)
	auditor.says(page, "注意対象の方の閲覧がある", "clerk-aoki")
	if strings.Contains(page, who.Code.Reveal()) || strings.Contains(page, "髙") {
		t.Error("the alarm names who was looked at")
	}
	// It leads those who may look into it there, and tells everybody else whose business it is. Nobody is led to a refusal.
	for persona, leads := range map[string]bool{"auditor-onishi": true, "operator-ueda": false, "clerk-aoki": false} {
		v := c.counter(persona)
		for _, path := range []string{"/alarms", "/alarms/part/open"} {
			page := v.get(path, http.StatusOK)
			if strings.Contains(page, `/looks"`) != leads || strings.Contains(page, "監査人が対応します") == leads {
				t.Errorf("%s is led from %s to the looks, want %v: %s", persona, path, leads, text(page))
			}
			_, table, _ := strings.Cut(page, "出ている警報")
			for _, to := range regexp.MustCompile(`class="link" href="/`+string(c.o.Self)+`(/[^"]*)"`).FindAllStringSubmatch(table, -1) {
				v.get(to[1], http.StatusOK)
			}
		}
	}
	page = auditor.get("/looks", http.StatusOK)
	auditor.says(page, "注意対象の方の閲覧がある", "届出の受付", "12時台")
	finding := "/looks/finding?" + url.Values{"code": {"look-attended"}, "operator": {"clerk-aoki"}, "day": {today.String()}}.Encode()
	page = auditor.get(finding, http.StatusOK)
	auditor.says(page, who.Code.Reveal(), "A-17", "異動の履歴")
	if strings.Contains(page, "髙") {
		t.Error("the auditor is shown a name")
	}
	auditor.says(auditor.post("/looks/finding", inputs(page), http.StatusUnprocessableEntity), "確認した結果を書いてください")
	page = auditor.post("/looks/finding", with(inputs(page), "reason", "受付簿と一致した"), http.StatusOK)
	auditor.says(page, "確認していない所見はありません")
	c.run(3 * time.Minute)
	if page := auditor.get("/alarms", http.StatusOK); strings.Contains(text(page), "いま 注意対象") {
		t.Errorf("the alarm stays: %s", text(page))
	}
	auditor.get("/looks/finding?code=look-attended&operator=nobody&day=2026-04-01", http.StatusUnprocessableEntity)
}

// TestWhoKeepsTheList: auditors, and nobody who looks.
func TestWhoKeepsTheList(t *testing.T) {
	c := newCountry(t, "memory:")
	for persona, want := range map[string]int{"clerk-aoki": http.StatusForbidden, "operator-ueda": http.StatusForbidden, "auditor-onishi": http.StatusOK} {
		v := c.counter(persona)
		v.get("/looks", want)
		v.get("/looks/attention", want)
		v.post("/looks/attention", url.Values{"subject": {resident.RecordCodeOf(5).Reveal()}, "category": {"known"}}, want)
		v.post("/looks/attention/drop", url.Values{"subject": {resident.RecordCodeOf(5).Reveal()}, "category": {"known"}}, want)
	}
	v := c.counter("auditor-onishi")
	v.says(v.post("/looks/attention", url.Values{"subject": {"12345678901"}, "category": {"known"}}, http.StatusUnprocessableEntity), "検査数字")
	v.says(v.post("/looks/attention", url.Values{"subject": {resident.RecordCodeOf(5).Reveal()}}, http.StatusUnprocessableEntity), "区分を一覧から")
	v.says(v.get("/looks/attention", http.StatusOK), "まだだれもいません")
}

// TestTheListFollowsARecode: a new record code takes nobody off the list.
func TestTheListFollowsARecode(t *testing.T) {
	c := newCountry(t, "memory:")
	who := c.register(movedIn())
	c.attend(look.Attention{Subject: who.Code, Category: look.Family, Operator: "clerk-aoki"})
	if _, err := c.o.File(as(t, "clerk-inoue"), Recode{Filing: c.filing(who.Person, "law-30-3")}); err != nil {
		t.Fatal(err)
	}
	code := c.now(who.Person).Record.Code
	if code == who.Code {
		t.Fatal("the code is the same")
	}
	c.view(func(ctx context.Context, tx *store.Tx) error {
		is, err := look.Unconfirmed(ctx, tx.Tx, "clerk-aoki", code, "17")
		if !is || err != nil {
			t.Errorf("off the list: %v", err)
		}
		return nil
	})
	if _, err := c.o.Look(as(t, "clerk-inoue"), who.Person, "record"); err != nil {
		t.Errorf("another operator: %v", err)
	}
	if err := c.o.AffirmLook(access.With(t.Context(), access.Personas()[0]), who.Person, "17"); err == nil {
		t.Error("confirmed without a visit")
	}
}
