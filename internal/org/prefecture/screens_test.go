package prefecture_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/akashi-id/akashi/internal/webui/webuitest"
	"github.com/akashi-id/akashi/resident"
)

func TestMain(m *testing.M) { webuitest.Main(m) }

func TestScreens(t *testing.T) {
	for _, lang := range webuitest.Languages() {
		t.Run(lang, func(t *testing.T) {
			c := newCountry(t, "memory:")
			a, b, d := newPerson(t, 1, "松本　花子"), newPerson(t, 2, "松本　辰男"), newPerson(t, 3, "飯田　一郎")
			want(t, c.tell(matsumoto, a.change(resident.MoveIn), b.change(resident.MoveIn)), "applied", "applied")
			want(t, c.tell(iida, d.change(resident.MoveIn, in("202053", "長野県飯田市大久保町2534番地"))), "applied")
			server := httptest.NewServer(c.nagano.Handler())
			t.Cleanup(server.Close)
			tab := webuitest.Browser(t)
			tab.Open(server.URL + "/prefecture-20/session?lang=" + lang)
			if status := tab.Follow(`button[value="operator-ueda"]`); status != http.StatusOK {
				t.Fatalf("the front page answers with %d", status)
			}
			tab.Screen("home-" + lang)
			if status := tab.Open(server.URL + "/prefecture-20/messages"); status != http.StatusOK {
				t.Errorf("the message desk answers with %d", status)
			}
		})
	}
}
