package prefecture_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/inquiry"
	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/webui/webuitest"
	"github.com/akashi-id/akashi/resident"
)

var clerk = access.Personas()[0]

// TestAPrefectureSearchesItsOwn: for its own work, those whom its municipalities told it of, and the deleted marked as such.
func TestAPrefectureSearchesItsOwn(t *testing.T) {
	c := newCountry(t, "memory:")
	a, gone := newPerson(t, 1, "渡邉　花子"), newPerson(t, 2, "渡辺　花子")
	want(t, c.tell(matsumoto, a.change(resident.MoveIn), gone.change(resident.MoveIn)), "applied", "applied")
	want(t, c.tell(matsumoto, gone.change(resident.Death)), "applied")
	answer, err := c.nagano.Inquiry.Ask(t.Context(), clerk, look.Ground{Purpose: look.Passport, Case: "旅券-17"}, inquiry.Question{Asked: a.BasicFour})
	if err != nil || len(answer.Candidates) != 2 || answer.Candidates[0].Code != a.Code || !answer.Candidates[1].Deleted() || !answer.Candidates[1].Weak() {
		t.Errorf("%d candidates, %v", len(answer.Candidates), err)
	}
	if _, err := c.nagano.Inquiry.Ask(t.Context(), access.Personas()[2], look.Ground{Purpose: look.Passport, Case: "旅券-17"}, inquiry.Question{Asked: a.BasicFour}); err == nil {
		t.Error("an operator of the exchange may search")
	}
}

func TestSearchScreens(t *testing.T) {
	for _, lang := range webuitest.Languages() {
		t.Run(lang, func(t *testing.T) {
			c := newCountry(t, "memory:")
			a, b := newPerson(t, 1, "渡邉　花子"), newPerson(t, 2, "渡辺　花子")
			want(t, c.tell(matsumoto, a.change(resident.MoveIn), b.change(resident.MoveIn)), "applied", "applied")
			server := httptest.NewServer(c.nagano.Handler())
			t.Cleanup(server.Close)
			tab := webuitest.Browser(t)
			tab.Open(server.URL + "/prefecture-20/session?lang=" + lang + "&next=/prefecture-20/search")
			tab.Follow(`button[value="clerk-aoki"]`)
			if status := tab.Follow(`#form .button`); status != http.StatusUnprocessableEntity {
				t.Errorf("an empty search: %d", status)
			}
			seen(t, tab, "search-wrong-"+lang)
			tab.Fill("#f-purpose", "passport")
			tab.Fill("#f-case", "旅券-17")
			tab.Fill("#f-name", "渡邉　花子")
			tab.Fill("#f-birth", "昭和55年5月1日")
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
