package municipality

import (
	mathrand "math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/webui/webuitest"
	"github.com/akashi-id/akashi/resident"
)

// TestNumberNotice: the notice is opened by a clerk, which is recorded, and sent once.
func TestNumberNotice(t *testing.T) {
	c := newCountry(t, "memory:")
	c.numbers.give = counting()
	who := c.register(movedIn())
	request := c.numbers.asked[0].Request
	v := c.counter("clerk-aoki")
	list := text(v.get("/numbers", http.StatusOK))
	if !strings.Contains(list, "送る通知書が1通あります") || !strings.Contains(list, request) || strings.Contains(list, "葛") || strings.Contains(list, "0000") {
		t.Errorf("the list says %s", list)
	}
	if person := text(v.get("/resident/"+who.Person.String(), http.StatusOK)); !strings.Contains(person, "個人番号通知書を送っていません") || strings.Contains(person, "0000 0000") {
		t.Errorf("the person's page says %s", person)
	}
	looks := len(c.audited(who.Code))
	if notice := text(v.get("/numbers/"+request, http.StatusOK)); !strings.Contains(notice, inFours(resident.IndividualNumberOf(1).Reveal())) || !strings.Contains(notice, "葛󠄂子") {
		t.Errorf("the notice says %s", notice)
	}
	if acts := c.audited(who.Code); len(acts) != looks+1 || acts[0] != "clerk-aoki look" {
		t.Errorf("audited: %v", acts)
	}
	if rows := c.looks(who.Code); rows[0].Items != look.Four|look.Number || rows[0].Ground != (look.Ground{Purpose: look.Notice, Case: "A-17"}) {
		t.Errorf("looked at: %+v", rows[0])
	}
	if n, err := c.o.NumberNotice(look.With(as(t, "clerk-inoue"), look.Ground{}), request); err == nil || n.Now.Record.Number.Valid() {
		t.Errorf("shown without a ground: %v", err)
	}
	v.post("/numbers/"+request+"/sent", nil, http.StatusOK)
	if acts := c.audited(who.Code); acts[0] != "clerk-aoki send-number-notice" {
		t.Errorf("audited: %v", acts)
	}
	v.post("/numbers/"+request+"/sent", nil, http.StatusUnprocessableEntity)
	if notice := text(v.get("/numbers/"+request, http.StatusOK)); strings.Contains(notice, inFours(resident.IndividualNumberOf(1).Reveal())) {
		t.Errorf("the number is shown after it was sent: %s", notice)
	}
	if rows := c.looks(who.Code); rows[0].Items != look.Four {
		t.Errorf("looked at: %+v", rows[0])
	}
	c.attend(look.Attention{Subject: who.Code, Category: look.Known})
	if n, err := c.o.NumberNotice(as(t, "clerk-aoki"), request); err != look.ErrUnconfirmed || n.Now.Record.Name.Valid() {
		t.Errorf("somebody on the list for attention is shown: %v", err)
	}
	if list := text(v.get("/numbers", http.StatusOK)); !strings.Contains(list, "送る通知書はありません") {
		t.Errorf("the list says %s", list)
	}
	v.get("/numbers/nothing", http.StatusUnprocessableEntity)
	for _, id := range []string{"operator-ueda", "auditor-onishi"} {
		_, err := c.o.NumberNotice(as(t, id), request)
		refusedBy(t, err)
		refusedBy(t, c.o.SendNumberNotice(as(t, id), request))
	}
}

// TestAttachmentIsShown: a person's page names the agreement under which a code from elsewhere was attached.
func TestAttachmentIsShown(t *testing.T) {
	c := newCountry(t, "memory:")
	who := c.register(fromElsewhere(resident.RecordCodeOf(42), 7))
	v := c.counter("clerk-aoki")
	page := text(v.get("/resident/"+who.Person.String(), http.StatusOK))
	if !strings.Contains(page, "住民票コードを付けることへの同意 "+c.attach.asked[0].Request) || !strings.Contains(page, "全国センターに求めています") {
		t.Errorf("the page says %s", page)
	}
}

// TestNumberScreens looks at the notices, and at a registration that the center refuses.
func TestNumberScreens(t *testing.T) {
	for _, lang := range webuitest.Languages() {
		t.Run(lang, func(t *testing.T) {
			tab := webuitest.Browser(t)
			c := newCountryBy(t, "memory:", mathrand.NewChaCha8([32]byte{1}))
			c.numbers.give = counting()
			c.step(c.o, c.o.Alarms.Tasks()...)
			c.register(movedIn())
			base := c.serve()
			look := func(name string) {
				t.Helper()
				tab.Screen(name + "-" + lang)
			}
			tab.Open(base + "/?lang=" + lang)
			tab.Open(base + "/session?next=/municipality-202029/numbers")
			c.visitBy("clerk-aoki")
			tab.Follow(`button[value="clerk-aoki"]`)
			look("numbers")
			tab.Follow(`table a`)
			look("number")
			c.run(time.Second)
		})
	}
}
