package nationalcenter_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/webui/webuitest"
	"github.com/akashi-id/akashi/resident"
)

func TestMain(m *testing.M) { webuitest.Main(m) }

// peopled is a country with some residents and certificates.
func peopled(t *testing.T) *country {
	c := newCountryOf(t, "memory:", nagano, tokyo, theCA, matsumoto)
	a, b, d := newPerson(t, 1, "髙橋　太郎"), newPerson(t, 2, "高橋　太郎"), newPerson(t, 3, "足立　京子")
	want(t, c.tell(nagano, a.change(resident.MoveIn), b.change(resident.MoveIn, at("長野県松本市大手1番1号"))), "applied", "applied")
	want(t, c.tell(tokyo, d.change(resident.MoveIn, in("131211", "東京都足立区中央本町1丁目17番1号"))), "applied")
	want(t, c.tell(theCA, a.certified(cert.Signature), a.certified(cert.Authentication), b.certified(cert.Signature), d.certified(cert.Authentication)),
		"applied", "applied", "applied", "applied")
	b.change(resident.MoveWithin)
	want(t, c.tell(nagano, b.kill()), "applied")
	return c
}

func TestScreens(t *testing.T) {
	for _, lang := range webuitest.Languages() {
		t.Run(lang, func(t *testing.T) {
			c := peopled(t)
			server := httptest.NewServer(c.center.Handler())
			t.Cleanup(server.Close)
			tab := webuitest.Browser(t)
			tab.Open(server.URL + "/nationalcenter/?lang=" + lang)
			seen(t, tab, "home-"+lang)

			tab.Open(server.URL + "/nationalcenter/session?lang=" + lang + "&next=/nationalcenter/search")
			tab.Follow(`button[value="clerk-aoki"]`)
			tab.Fill("#f-name", "髙橋　太郎")
			tab.Fill("#f-birth", "1980-02-30")
			if status := tab.Follow(`#form .button`); status != http.StatusUnprocessableEntity {
				t.Errorf("a day that does not exist: %d", status)
			}
			seen(t, tab, "search-wrong-"+lang)
			tab.Fill("#f-birth", "昭和55年5月1日")
			tab.Fill("#f-address", "長野県松本市丸の内3番7号")
			tab.Fill("#f-purpose", "confirm")
			tab.Fill("#f-case", "受付-17")
			if status := tab.Follow(`#form .button`); status != http.StatusOK {
				t.Errorf("a good search: %d", status)
			}
			seen(t, tab, "search-found-"+lang)
		})
	}
}

func seen(t *testing.T, tab *webuitest.Tab, name string) {
	t.Helper()
	tab.Screen(name)
}

// TestSearchIsGuarded: nobody who has not said who they are sees the search or its answers.
func TestSearchIsGuarded(t *testing.T) {
	c := newCountryOf(t, "memory:", nagano, tokyo, theCA, matsumoto)
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		r := httptest.NewRequest(method, "http://127.0.0.1/nationalcenter/search", nil)
		w := httptest.NewRecorder()
		c.center.Handler().ServeHTTP(w, r)
		if w.Code != http.StatusSeeOther && w.Code != http.StatusForbidden {
			t.Errorf("%s /search answers the public with %d", method, w.Code)
		}
	}
}
