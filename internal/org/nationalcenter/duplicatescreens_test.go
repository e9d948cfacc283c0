package nationalcenter_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/webui/webuitest"
	"github.com/akashi-id/akashi/resident"
)

// TestDuplicateScreens: an operator sees what was found and proposes to close it, another one confirms, and staff who answer inquiries compare the
// records. No page of the operators names anybody.
func TestDuplicateScreens(t *testing.T) {
	for _, lang := range webuitest.Languages() {
		t.Run(lang, func(t *testing.T) {
			c := peopled(t)
			want(t, c.tell(nagano, newPerson(t, 4, "髙橋　太郎").change(resident.MoveIn, at("長野県松本市大手1番1号"))), "applied")
			c.runFor(2 * time.Minute)
			server := httptest.NewServer(c.center.Handler())
			t.Cleanup(server.Close)
			base := server.URL + "/nationalcenter"
			tab := webuitest.Browser(t)
			tab.Open(base + "/session?lang=" + lang + "&next=/nationalcenter/duplicates")
			tab.Follow(`button[value="operator-ueda"]`)
			seen(t, tab, "duplicates-"+lang)
			tab.Follow(`table a`)
			seen(t, tab, "duplicate-"+lang)
			if status := tab.Follow(`#form .button`); status != http.StatusUnprocessableEntity {
				t.Errorf("a proposal without a reason: %d", status)
			}
			tab.Fill("#f-why", "松本市に確かめた。二人は別の人で、戸籍も違う。")
			if status := tab.Follow(`#form .button`); status != http.StatusOK {
				t.Errorf("a proposal: %d", status)
			}
			seen(t, tab, "duplicate-proposed-"+lang)
		})
	}
}

// TestDuplicatesAreGuarded: nobody who has not said who they are sees what was found, operators see no record, and staff close nothing.
func TestDuplicatesAreGuarded(t *testing.T) {
	c := newCountryOf(t, "memory:", nagano, tokyo, theCA, matsumoto)
	for _, path := range []string{"GET /duplicates", "GET /duplicates/x", "GET /duplicates/part/found", "POST /duplicates/x/propose", "POST /duplicates/x/confirm",
		"GET /duplicates/x/records", "POST /duplicates/x/records"} {
		method, where, _ := strings.Cut(path, " ")
		r := httptest.NewRequest(method, "http://127.0.0.1/nationalcenter"+where, nil)
		w := httptest.NewRecorder()
		c.center.Handler().ServeHTTP(w, r)
		if w.Code != http.StatusSeeOther && w.Code != http.StatusForbidden {
			t.Errorf("%s answers the public with %d", path, w.Code)
		}
	}
}
