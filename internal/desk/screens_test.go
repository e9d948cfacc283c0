package desk_test

import (
	"net/http"
	"net/url"
	"os"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/webui/webuitest"
	"github.com/akashi-id/akashi/message"
)

// screens is a browser that looks at one country in one language.
type screens struct {
	*webuitest.Tab
	t    *testing.T
	c    *country
	lang string
}

// inBoth runs a story in both languages; every run looks at the Japanese pages, and the long one at the English ones too.
func inBoth(t *testing.T, story func(s *screens)) {
	for _, lang := range webuitest.Languages() {
		t.Run(lang, func(t *testing.T) {
			story(&screens{Tab: webuitest.Browser(t), t: t, c: newCountry(t), lang: lang})
		})
	}
}

// be enters an organisation as a persona and opens a page.
func (s *screens) be(persona string, at message.Org, path string) {
	s.t.Helper()
	base := "/" + string(at)
	s.Open(s.c.server.URL + base + "/session?lang=" + s.lang + "&next=" + url.QueryEscape(base+path))
	if status := s.Follow(`button[value="` + persona + `"]`); status != http.StatusOK {
		s.t.Fatalf("%s opens %s: %d", persona, path, status)
	}
}

// judge lets axe look at a page, and fails where a part of it is cut off or it speaks the other language: on a telephone, and
// in the long run at a desk too.
func (s *screens) judge() {
	s.t.Helper()
	widths := webuitest.Widths
	if os.Getenv("AKASHI_FULL") == "" {
		widths = []int64{390}
	}
	s.judgeAt(widths)
}

func (s *screens) judgeAt(widths []int64) {
	s.t.Helper()
	for _, w := range widths {
		for _, f := range s.Axe(w) {
			s.t.Logf("axe could not decide at %d px: %s", w, f)
		}
		s.Fits(w)
	}
	if got := webuitest.Eval[string](s.Tab, "document.documentElement.lang"); got != s.lang {
		s.t.Errorf("the page is in %q, want %q", got, s.lang)
	}
}

// look judges a page at the widths of this run and compares it with its pictures.
func (s *screens) look(name string) {
	s.t.Helper()
	name += "-" + s.lang
	s.judgeAt(webuitest.WidthsOf(name))
	s.Golden(name)
}

// TestScreens looks at the desk in both languages and widths. The way of a parked message is gone as a person goes it.
func TestScreens(t *testing.T) {
	inBoth(t, func(s *screens) {
		s.c.move(1, "新しい団地1号棟", "長野県松本市大手1番1号")
		id := s.c.parked(nagano).ID.String()
		s.be("operator-ueda", nagano, "/messages")
		s.look("overview")
		s.be("operator-ueda", nagano, "/messages/"+id)
		s.Press(`label:has(input[value="inquiry"])`)
		s.Fill("#f-text", "新築の団地でしょうか。所在の市区町村名から始まる住所を教えてください。")
		s.Follow(`form[action$="/note"] .button`)
		s.Press(`label:has(input[value="accept"])`)
		if status := s.Follow(`form[action$="/propose"] .button`); status != http.StatusUnprocessableEntity {
			t.Errorf("a proposal without a reason: %d", status)
		}
		s.look("wrong")
		s.Fill("#f-why", "開発許可の図面で所在を確かめた。")
		s.Follow(`form[action$="/propose"] .button`)
		s.judge()
		s.c.run(time.Second)
		s.be("operator-egawa", nagano, "/messages/"+id)
		s.look("to-confirm")
		s.be("clerk-aoki", matsumoto, "/messages/"+id)
		s.Follow(`form[action$="/look"] .button`)
		s.look("content")
		s.be("operator-egawa", nagano, "/messages/"+id)
		s.Follow(`form[action$="/confirm"] .button`)
		s.c.run(time.Second)
		s.be("operator-ueda", matsumoto, "/messages/"+id)
		s.look("settled")
	})
}

// TestOperationScreens looks at the pages of a bad day: a row deleted by hand, a parked message and a drill at once, and
// the morning after, when both sides have closed a day that nobody can explain.
func TestOperationScreens(t *testing.T) {
	inBoth(t, func(s *screens) {
		c := s.c
		s.be("operator-ueda", nagano, "/alarms")
		s.judge() // none is open
		one := c.differ(1)
		c.move(2, "新しい団地1号棟")
		if _, err := c.hosts[matsumoto].Drills.Begin(t.Context(), nagano, "operator-ueda"); err != nil {
			t.Fatal(err)
		}
		c.run(often)
		s.be("operator-ueda", nagano, "/alarms")
		s.look("alarms")
		s.Follow(`.table a[href$="/alarms/row-changed"]`)
		s.judge()
		s.be("operator-ueda", nagano, "/reconcile")
		s.look("books")
		s.Follow(`.table a[href*="/reconcile/finding/"]`)
		s.judge()
		s.Follow(`.notice a`)
		s.Press(`label:has(input[value="inquiry"])`)
		s.Fill("#f-text", "この人の行が、こちらの表から消えています。そちらの記録は正しいですか。")
		s.Follow(`form[action$="/note"] .button`)
		s.judge()
		c.run(time.Second)
		s.be("operator-ueda", matsumoto, caseURL(one))
		s.Press(`label:has(input[value="resend"])`)
		s.Fill("#f-why", "届出の原本で、この団体の記録が正しいことを確かめた。")
		s.Follow(`form[action$="/propose"] .button`)
		s.judge()
		s.be("operator-egawa", matsumoto, caseURL(one))
		s.look("case")
		s.be("operator-egawa", nagano, "/round")
		s.look("round")
		s.Fill("#f-findings", "消えた1件は松本市に照会し、再送を待っている。")
		s.Follow(`#form .button`)
		s.judge()

		c.byHand(nagano, `DELETE FROM x_in WHERE kind = 'resident.change' AND outcome = 'applied'`)
		c.run(15 * time.Hour)
		s.be("operator-egawa", matsumoto, "/statements?month=2026-04")
		s.look("closes")
		s.Follow(`a[href$="/statements/2026-04-01"]`)
		s.judge()
		s.Follow(`.table a[href*="/day/out/"]`)
		s.look("statement")
		s.be("operator-egawa", matsumoto, caseURL(one))
		s.Follow(`form[action$="/confirm"] .button`)
		c.run(3 * often)
		s.be("operator-egawa", nagano, caseURL(one))
		s.judge() // closed
	})
}
