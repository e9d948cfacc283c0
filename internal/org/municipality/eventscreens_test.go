package municipality

import (
	mathrand "math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/webui/webuitest"
)

// TestEventScreens looks at the pages of events, households, corrections and a 除票 in both languages and widths.
func TestEventScreens(t *testing.T) {
	for _, lang := range webuitest.Languages() {
		t.Run(lang, func(t *testing.T) {
			tab := webuitest.Browser(t)
			c := newCountryBy(t, "memory:", mathrand.NewChaCha8([32]byte{2}))
			c.step(c.o, c.o.Alarms.Tasks()...)
			base := c.serve()
			p := c.family("世帯主", "妻", "子")
			look := func(name string) {
				t.Helper()
				tab.Screen(name + "-" + lang)
			}
			status := func(got, want int) {
				t.Helper()
				if got != want {
					t.Fatalf("%s: %d, want %d", tab.Location(), got, want)
				}
				c.run(time.Second)
			}
			visit := func(path string) { t.Helper(); status(tab.Open(base+path), http.StatusOK) }
			visit("/?lang=" + lang)
			visit("/session?next=/municipality-202029/register")
			c.visitBy("clerk-aoki")
			status(tab.Follow(`button[value="clerk-aoki"]`), http.StatusOK)
			head, child := "/resident/"+p[0].String(), "/resident/"+p[2].String()

			visit(head + "/events")
			look("events")
			tab.Fill("#q", "せたい")
			tab.WaitFor(`a[href$="/household/household-split"]`)
			visit(head + "/change/amendment?event=marriage")
			look("marriage")
			// What is wrong is said before the form is sent.
			visit(head + "/change/move-within?event=move-within")
			tab.Fill("#f-arose", today.AddDays(-20).String())
			tab.Fill("#f-address", "東京都足立区中央本町1番17号")
			tab.Press(`label:has(input[value="self"])`)
			tab.WaitFor(`#checks .notice`)
			look("move-checked")

			visit(head + "/household/household-split")
			look("household-split")
			tab.Press(`label:has(#f-moves-` + p[2].String() + `)`)
			tab.Fill("#f-relation-"+p[2].String(), "世帯主")
			tab.Fill("#f-document", "driving-licence")
			status(tab.Follow(`#form .button`), http.StatusOK)
			look("household-split-confirm")
			status(tab.Follow(`#form button[value="file"]`), http.StatusOK)
			visit(strings.TrimPrefix(tab.Location(), base))
			look("household-split-filed")
			visit(child + "/household/household-merge")
			tab.Fill("#f-household", string(c.now(p[0]).Record.Household))
			tab.Fill("#f-relation-"+p[2].String(), "子")
			tab.Fill("#f-document", "driving-licence")
			status(tab.Follow(`#form .button`), http.StatusOK)
			status(tab.Follow(`#form button[value="file"]`), http.StatusOK)

			visit(head + "/change/death?event=death")
			look("death-rest")
			status(tab.Follow(`#form .button`), http.StatusOK)
			look("death-headless")
			status(tab.Follow(`#form button[value="file"]`), http.StatusOK)
			visit("/headless")
			look("headless")
			visit(head)
			look("deleted-record")
			visit(head + "/change/restoration?event=restoration")
			look("restoration")
			must[Filed](t)(c.o.File(as(t, "clerk-aoki"), Amendment{Filing: c.filing(p[2], "order-12"), Name: name("髙𠮷 一")}))
			c.run(time.Second)
			visit(child + "/change/cancellation?event=cancellation")
			look("cancellation")
			visit(child)
			look("headless-person")
		})
	}
}
