package municipality

import (
	"fmt"
	mathrand "math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/webui/webuitest"
)

// TestProtectionByItsPages: an application, a release, a decision, a renewal and an end, by the pages alone, by two clerks; and no page
// says where she lives, but to the clerk to whom it was opened.
func TestProtectionByItsPages(t *testing.T) {
	c := newCountry(t, "memory:")
	him, her := c.couple()
	aoki, inoue := c.counter("clerk-aoki"), c.counter("clerk-inoue")
	person := "/resident/" + her.Person.String()
	nowhere := func(v *counter, path string) string {
		t.Helper()
		page := v.get(path, http.StatusOK)
		if strings.Contains(page, "丸の内") {
			t.Errorf("%s says where she lives", path)
		}
		return page
	}
	if page := aoki.get(person, http.StatusOK); !strings.Contains(page, person+"/protect") {
		t.Error("her page leads to no application")
	}
	form := inputs(aoki.get(person+"/protect", http.StatusOK))
	form.Set("places", "東京都足立区\n火星市")
	if page := aoki.post(person+"/protect", form, http.StatusUnprocessableEntity); !strings.Contains(page, "「火星市」という市区町村はありません") || !strings.Contains(page, "書類の種類を選んでください") {
		t.Error(text(page))
	}
	form.Set("places", "東京都足立区\n272183")
	form.Set("document", "driving-licence")
	page := aoki.post(person+"/protect", form, http.StatusOK)
	measure, _, _ := strings.Cut(strings.TrimPrefix(page, "/municipality-202029"), "\n")
	if !strings.HasPrefix(measure, "/protections/measure/S202029-") || !strings.Contains(page, "仮の措置") {
		t.Fatalf("%s: %s", measure, text(page))
	}
	for _, v := range []*counter{aoki, inoue} {
		nowhere(v, person)
		nowhere(v, "/protections")
		nowhere(v, measure)
		if page := v.post("/search", url.Values{"kana": {"ヤマダ ハナコ"}}, http.StatusOK); strings.Contains(page, "丸の内") || !strings.Contains(page, "支援措置中") {
			t.Error("the search says where she lives, or not that she is protected")
		}
		looks := len(c.looks(her.Code))
		if page := v.get("/resident/"+him.Person.String(), http.StatusOK); strings.Contains(page, "支援措置中") || strings.Contains(page, "花子") || strings.Contains(page, person+`"`) || !strings.Contains(page, "ほか1人（表示しません）") {
			t.Error("his page, on which her address stands, names her, or does not count her")
		}
		for _, form := range []string{"/household/head-change", "/change/move-out", "/change/death", "/protect"} {
			if page := v.get("/resident/"+him.Person.String()+form, http.StatusOK); strings.Contains(page, "花子") || strings.Contains(page, person+`"`) {
				t.Errorf("the form %s names her", form)
			}
		}
		if len(c.looks(her.Code)) != looks {
			t.Error("of her nothing was shown, and a look was written down")
		}
		v.get(person+"/change/move-within", http.StatusUnprocessableEntity)
		v.get(person+"/apply", http.StatusUnprocessableEntity)
		nowhere(v, person+"/loss")
	}
	aoki.post(person+"/release", url.Values{"purpose": {"look"}, "reason": {" "}}, http.StatusUnprocessableEntity)
	aoki.post(person+"/release", url.Values{"purpose": {"everything"}, "reason": {"本人"}}, http.StatusUnprocessableEntity)
	if page := aoki.post(person+"/release", url.Values{"purpose": {"look"}, "document": {"passport"}, "reason": {"本人が来庁。旅券で確認。"}}, http.StatusOK); !strings.Contains(page, "一時解除の承認を待っています") {
		t.Error(text(page))
	}
	release := fmt.Sprintf("/protections/release/%d", c.asked())
	if page := aoki.get("/protections", http.StatusOK); strings.Contains(page, release+`"`) {
		t.Error("who asked is offered to grant it")
	}
	aoki.post(release, url.Values{"step": {"grant"}}, http.StatusUnprocessableEntity)
	nowhere(aoki, person)
	if page := inoue.get("/protections", http.StatusOK); !strings.Contains(page, release+`"`) || !strings.Contains(page, "旅券で確認") {
		t.Error("the other clerk is not asked")
	}
	const asked = "支援措置の一時解除の依頼"
	for _, in := range []struct {
		v    *counter
		says string
	}{{aoki, asked + " あなたが決める 0 ほかの人が決める（あなたの依頼） 1"}, {inoue, asked + " あなたが決める 1 ほかの人が決める（あなたの依頼） 0"}, {c.counter("auditor-onishi"), ""}} {
		if home := text(in.v.get("/", http.StatusOK)); in.says != "" && !strings.Contains(home, in.says) || in.says == "" && strings.Contains(home, "承認待ち") {
			t.Errorf("the inbox: %s", home)
		}
	}
	inoue.post(release, url.Values{"step": {"grant"}}, http.StatusOK)
	if home := text(inoue.get("/", http.StatusOK)); strings.Contains(home, asked) || !strings.Contains(home, "二人目の判断を待つものはありません") {
		t.Errorf("the inbox when all is decided: %s", home)
	}
	if page := aoki.get(person, http.StatusOK); !strings.Contains(page, "丸の内") || !strings.Contains(page, "一時解除で開いています") {
		t.Error("what was granted is not open")
	}
	nowhere(inoue, person)
	c.run(15 * time.Minute)
	nowhere(aoki, person)

	if page := inoue.post(measure+"/decided", nil, http.StatusOK); !strings.Contains(page, "2027") || !strings.Contains(page, "措置中") {
		t.Error(text(page))
	}
	inoue.post(measure+"/decided", nil, http.StatusUnprocessableEntity)
	inoue.post(measure+"/renewed", nil, http.StatusOK)
	inoue.post(measure+"/end", url.Values{"reason": {"本人の申出"}}, http.StatusForbidden) // from a screen that somebody walked away from
	inoue.post("/session", url.Values{"persona": {"clerk-inoue"}}, http.StatusOK)
	aoki.post("/session", url.Values{"persona": {"clerk-aoki"}}, http.StatusOK)
	inoue.post(measure+"/end", url.Values{"reason": {""}}, http.StatusUnprocessableEntity)
	page = inoue.post(measure+"/end", url.Values{"document": {"passport"}, "reason": {"本人の申出"}}, http.StatusOK)
	list, _, _ := strings.Cut(strings.TrimPrefix(page, "/municipality-202029"), "\n")
	inoue.post(list, nil, http.StatusUnprocessableEntity)
	nowhere(inoue, person)
	if page := aoki.post(list, nil, http.StatusOK); !strings.Contains(page, "終了した") {
		t.Error(text(page))
	}
	if page := inoue.get(person, http.StatusOK); !strings.Contains(page, "丸の内") {
		t.Error("it has ended, and her record is hidden")
	}
	if page := aoki.get("/protections/counts", http.StatusOK); strings.Contains(page, "山田") {
		t.Error("the counts name somebody")
	}
	for path, want := range map[string]int{"/protections/measure/S202029-1": http.StatusUnprocessableEntity, "/protections/list/1": http.StatusNotFound} {
		aoki.get(path, want)
	}
	for _, persona := range []string{"operator-ueda", "auditor-onishi"} {
		v := c.counter(persona)
		for _, path := range []string{"/protections", measure, list, person + "/protect"} {
			v.get(path, http.StatusForbidden)
		}
	}
}

// TestProtectedHead: whose head is protected, the page neither names the head nor says that there is none.
func TestProtectedHead(t *testing.T) {
	c := newCountry(t, "memory:")
	him, her := c.couple()
	c.protect(Protecting{Applicant: him.Person})
	page := text(c.counter("clerk-aoki").get("/resident/"+her.Person.String(), http.StatusOK))
	if strings.Contains(page, "太郎") || !strings.Contains(page, "世帯主 表示しません") || strings.Contains(page, "世帯主がいません") {
		t.Error(page)
	}
}

// TestProtectionScreens looks at the pages about protected persons in both languages and widths.
func TestProtectionScreens(t *testing.T) {
	for _, lang := range webuitest.Languages() {
		t.Run(lang, func(t *testing.T) {
			tab := webuitest.Browser(t)
			c := newCountryBy(t, "memory:", mathrand.NewChaCha8([32]byte{1}))
			c.step(c.o, c.o.Alarms.Tasks()...)
			_, her := c.couple()
			base := c.serve()
			visit := func(path string) {
				t.Helper()
				if got := tab.Open(base + path); got != http.StatusOK {
					t.Fatalf("%s: %d", path, got)
				}
				c.run(time.Second)
			}
			look := func(name string) {
				t.Helper()
				tab.Screen(name + "-" + lang)
			}
			visit("/?lang=" + lang)
			visit("/session?next=/municipality-202029/search")
			c.visitBy("clerk-inoue")
			if got := tab.Follow(`button[value="clerk-inoue"]`); got != http.StatusOK {
				t.Fatal(got)
			}
			person := "/resident/" + her.Person.String()
			visit(person + "/protect")
			look("protect")
			m := c.protect(Protecting{Applicant: her.Person})
			visit("/protections/measure/" + m)
			look("protection")
			if err := c.o.AskRelease(as(t, "clerk-aoki"), her.Person, "look", "本人が転居の届出に来庁。", licence); err != nil {
				t.Fatal(err)
			}
			visit("/protections")
			look("protections")
			visit(person)
			look("protected")
			id, err := c.o.ListToEnd(as(t, "clerk-aoki"), m, "本人の申出により終了", licence)
			if err != nil {
				t.Fatal(err)
			}
			visit(fmt.Sprintf("/protections/list/%d", id))
			look("protection-list")
			visit("/protections/counts")
			look("protection-counts")
		})
	}
}
