package desk_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/webui/webuitest"
	"github.com/akashi-id/akashi/message"
)

// TestScreens looks at the desk in both languages and widths. The way of a parked message is gone as a person goes it.
func TestScreens(t *testing.T) {
	for _, lang := range []string{"ja", "en"} {
		t.Run(lang, func(t *testing.T) {
			c := newCountry(t)
			c.move(1, "新しい団地1号棟", "長野県松本市大手1番1号")
			c.move(2, "長野県松本市丸の内3番7号")
			tab := webuitest.Browser(t)
			be := func(persona string, at message.Org, path string) {
				t.Helper()
				base := "/" + string(at)
				tab.Open(c.server.URL + base + "/session?lang=" + lang + "&next=" + base + path)
				if status := tab.Follow(`button[value="` + persona + `"]`); status != http.StatusOK {
					t.Fatalf("%s opens %s: %d", persona, path, status)
				}
			}
			look := func(name string) {
				t.Helper()
				for _, w := range webuitest.Widths {
					for _, f := range tab.Axe(w) {
						t.Logf("axe could not decide at %d px: %s", w, f)
					}
				}
				tab.Golden(name + "-" + lang)
			}
			id := c.parked(nagano).ID.String()
			be("operator-ueda", nagano, "/messages")
			look("overview")
			be("operator-ueda", nagano, "/messages/"+id)
			tab.Press(`label:has(input[value="inquiry"])`)
			tab.Fill("#f-text", "新築の団地でしょうか。所在の市区町村名から始まる住所を教えてください。")
			tab.Follow(`form[action$="/note"] .button`)
			tab.Press(`label:has(input[value="accept"])`)
			if status := tab.Follow(`form[action$="/propose"] .button`); status != http.StatusUnprocessableEntity {
				t.Errorf("a proposal without a reason: %d", status)
			}
			look("wrong")
			tab.Fill("#f-why", "開発許可の図面で所在を確かめた。")
			tab.Follow(`form[action$="/propose"] .button`)
			look("proposed")
			c.run(time.Second)
			be("operator-egawa", nagano, "/messages/"+id)
			look("to-confirm")
			be("clerk-aoki", matsumoto, "/messages/"+id)
			tab.Follow(`form[action$="/look"] .button`)
			look("content")
			be("operator-egawa", nagano, "/messages/"+id)
			tab.Follow(`form[action$="/confirm"] .button`)
			c.run(time.Second)
			be("operator-ueda", matsumoto, "/messages/"+id)
			look("settled")
		})
	}
}
