package prefecture_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/webui/webuitest"
	"github.com/akashi-id/akashi/resident"
)

// TestErrorScreens: a clerk reports an error; who opens the report has looked at the person.
func TestErrorScreens(t *testing.T) {
	for _, lang := range webuitest.Languages() {
		t.Run(lang, func(t *testing.T) {
			c := newCountry(t, "memory:")
			a := newPerson(t, 1, "松本　花子")
			want(t, c.tell(matsumoto, a.change(resident.MoveIn)), "applied")
			server := httptest.NewServer(c.nagano.Handler())
			t.Cleanup(server.Close)
			tab := webuitest.Browser(t)
			base := server.URL + "/prefecture-20"
			tab.Open(base + "/session?lang=" + lang + "&next=/prefecture-20/errors")
			tab.Follow(`button[value="clerk-aoki"]`)
			tab.Fill("#f-code", "12345678901")
			if status := tab.Follow(`#form .button`); status != http.StatusUnprocessableEntity {
				t.Errorf("a code that cannot be: %d", status)
			}
			seen(t, tab, "errors-wrong-"+lang)
			tab.Fill("#f-code", a.Code.Reveal())
			tab.Press("#f-doubt-name")
			tab.Fill("#f-text", "旅券の申請書と名の字が違う。")
			tab.Fill("#f-case", "旅券-17")
			if status := tab.Follow(`#form .button`); status != http.StatusOK || !strings.Contains(tab.Text("main"), "旅券の申請書") {
				t.Errorf("a report: %d", status)
			}
			var rows []look.Row
			if err := c.nagano.Store.View(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
				rows, err = look.List(ctx, tx, look.Filter{Subject: a.Code.Reveal()})
				return err
			}); err != nil || len(rows) != 1 || rows[0].Ground.Purpose != look.Correction {
				t.Errorf("looks %+v, %v", rows, err)
			}
			tab.Open(base + "/errors")
			if got := tab.Text("main"); !strings.Contains(got, "prefecture-20/") {
				t.Errorf("the list says %s", got)
			}
		})
	}
}
