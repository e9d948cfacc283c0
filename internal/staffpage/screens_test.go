package staffpage_test

import (
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/webui/webuitest"
)

// TestScreens looks at every page of the staff.
func TestScreens(t *testing.T) {
	for _, lang := range webuitest.Languages() {
		t.Run(lang, func(t *testing.T) {
			test, real := open(t, access.Personas()), open(t, nil)
			v := test.visitor(false)
			look := func(v visitor, name string) {
				t.Helper()
				v.Golden(name + "-" + lang)
				for _, w := range []int64{390, 1280} {
					v.Axe(w)
				}
			}
			for _, p := range access.Personas() {
				_, err := test.h.Staff.Enter(t.Context(), p)
				check(t, err)
			}
			v.page("/session?lang="+lang+"&next="+base+"/staff", 200)
			v.Follow("button[value=administrator-kato]")
			look(v, "staff")
			v.page("/staff/person/clerk-aoki", 200)
			look(v, "person")
			v.page("/staff/person/clerk-aoki/transfer", 200)
			look(v, "transfer")
			v.page("/staff/invite", 200)
			if v.Follow("main button") != 422 {
				t.Error("an empty form was taken")
			}
			look(v, "invite-wrong")
			test.clk.Set(start.Add(access.FreshFor + time.Second))
			v.page("/staff/person/clerk-aoki/revoke", 200)
			v.Fill("#f-why", "退職のため")
			v.Follow("main button")
			look(v, "stepup")

			u := real.visitor(true)
			u.page("/session?lang="+lang, 200)
			look(u, "signin")
			link := real.invite()
			u.Open(link[:strings.Index(link, "#")])
			look(u, "join")
			u.page("/session", 200) // so that the link is another page, and not a place on this one
			u.Open(link)
			u.Follow("main button")
			look(u, "register")
		})
	}
}
