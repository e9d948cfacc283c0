package storybook_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/akashi-id/akashi/internal/webui/storybook"
	"github.com/akashi-id/akashi/internal/webui/webuitest"
)

func TestMain(m *testing.M) { webuitest.Main(m) }

func serve(t *testing.T) string {
	t.Helper()
	h, err := storybook.Handler()
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle(storybook.Base+"/", h)
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s.URL + storybook.Base
}

// be chooses a persona on the chooser, as a person does.
func be(t *testing.T, tab *webuitest.Tab, base, persona, path string) {
	t.Helper()
	tab.Open(base + "/session?next=" + storybook.Base + path)
	if status := tab.Follow(`button[value="` + persona + `"]`); status != http.StatusOK {
		t.Fatalf("choosing %s: %d", persona, status)
	}
	if got := tab.Location(); !strings.HasPrefix(got, base+path) {
		t.Fatalf("choosing %s led to %s", persona, got)
	}
}

// TestScreens looks at every component in both languages and widths: axe finds nothing, nothing is cut off, and each
// looks as it did when somebody last looked.
func TestScreens(t *testing.T) {
	base := serve(t)
	for _, lang := range webuitest.Languages() {
		t.Run(lang, func(t *testing.T) {
			tab := webuitest.Browser(t)
			look := func(name string) {
				t.Helper()
				if got := webuitest.Eval[string](tab, "document.documentElement.lang"); got != lang {
					t.Errorf("%s is in %q, want %q", name, got, lang)
				}
				tab.Screen(name + "-" + lang)
			}
			tab.Open(base + "/?lang=" + lang)
			look("nobody")
			tab.Open(base + "/session")
			look("choose")
			tab.Open(base + "/map")
			look("map")
			be(t, tab, base, "operator-ueda", "/flow")
			look("flow")
			if status := tab.Open(base + "/audit"); status != http.StatusForbidden {
				t.Errorf("an operator opens the audit log: %d", status)
			}
			look("refused")
			be(t, tab, base, "clerk-aoki", "/")
			look("blocks")
			tab.Open(base + "/trace")
			look("trace")
			tab.Open(base + "/form")
			look("form")
			tab.Fill("#f-family", "髙𠮷")
			tab.Fill("#f-birth", "2023-02-29")
			tab.Press(`label:has(input[value="movein"])`)
			if status := tab.Follow(`#form .button`); status != http.StatusUnprocessableEntity {
				t.Errorf("a day that does not exist: %d", status)
			}
			if got := webuitest.Eval[string](tab, "document.activeElement.id"); got != "errors" {
				t.Errorf("after a refusal the focus is on %q", got)
			}
			look("wrong")
			tab.Press(`.errors__list a`)
			if got := webuitest.Eval[string](tab, "document.activeElement.id"); got != "f-birth" {
				t.Errorf("the first line of the summary leads to %q", got)
			}
			tab.Fill("#f-birth", "令和5年2月28日")
			tab.Fill("#f-town", "ote")
			tab.Press(`label:has(#f-seen)`)
			if status := tab.Follow(`#form .button`); status != http.StatusOK {
				t.Errorf("a good form: %d", status)
			}
			look("confirm")
			tab.Follow(`button[name="_back"]`)
			if got := webuitest.Eval[string](tab, `document.getElementById("f-family").value`); got != "髙𠮷" {
				t.Errorf("on the way back from the confirmation the family name became %q", got)
			}
			tab.Follow(`.language`)
			if got := webuitest.Eval[string](tab, `document.getElementById("f-birth").value`); got != "令和5年2月28日" {
				t.Errorf("the language switch lost the date: %q", got)
			}
			if got := webuitest.Eval[string](tab, "document.documentElement.lang"); got == lang {
				t.Errorf("the language switch left the page in %s", got)
			}
		})
	}
}

// TestLiveParts waits for a part to refresh itself, with the line of freshness, and stops it.
func TestLiveParts(t *testing.T) {
	base := serve(t)
	tab := webuitest.Browser(t)
	be(t, tab, base, "operator-ueda", "/flow")
	got := webuitest.Eval[string](tab, `document.getElementById("as-of").textContent = "old",
		new Promise(done => document.addEventListener("htmx:oobAfterSwap", () => done(document.getElementById("as-of").textContent)))`)
	if !strings.Contains(got, "16:50:03") {
		t.Errorf("after a refresh the page is as of %q", got)
	}
	tab.Press(".freshness__stop")
	if !webuitest.Eval[bool](tab, `new Promise(done => document.addEventListener("htmx:beforeRequest", e => done(e.defaultPrevented)))`) {
		t.Error("the refresh goes on after it was stopped")
	}
	if got := webuitest.Eval[int](tab, `document.querySelectorAll("[style], style, script:not([src])").length`); got != 0 {
		t.Errorf("%d inline styles or scripts, which the policy forbids", got)
	}
}
