package municipality

import (
	"context"
	mathrand "math/rand/v2"
	"net/http"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/identity"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/webui/webuitest"
)

// TestIdentityScreens has a second clerk check an applicant, with a slip first, and looks at the queue and the rule.
func TestIdentityScreens(t *testing.T) {
	for _, lang := range webuitest.Languages() {
		t.Run(lang, func(t *testing.T) {
			tab := webuitest.Browser(t)
			c := newCountryBy(t, "memory:", mathrand.NewChaCha8([32]byte{1}))
			c.twoCheck()
			who := c.register(movedIn())
			base := c.serve()
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
			status(tab.Open(base+"/?lang="+lang), http.StatusOK)
			status(tab.Open(base+"/session?next=/municipality-202029/visit"), http.StatusOK)
			status(tab.Follow(`button[value="clerk-inoue"]`), http.StatusOK)
			tab.Fill("#f-visit_case", "B-3")
			tab.Press(`label:has(input[value="notice"])`)
			status(tab.Follow(`#form .button`), http.StatusOK)
			late := c.taken(who.Person, cert.Authentication, []byte(shownKey))
			c.run(time.Hour)
			a := c.taken(who.Person, cert.Signature, []byte(shownKey))
			if s := c.application(late.Request).Why; s != "check-lapsed" {
				t.Errorf("the other is %q", s)
			}
			status(tab.Open(base+"/visit"), http.StatusOK) // the hour has closed it
			tab.Fill("#f-visit_case", "B-4")
			tab.Press(`label:has(input[value="notice"])`)
			status(tab.Follow(`#form .button`), http.StatusOK)
			status(tab.Open(base+"/checks"), http.StatusOK)
			look("checks")
			status(tab.Open(base+"/application/"+a.Request+"/check"), http.StatusOK)
			tab.Fill("#f-document", "health-insurance")
			status(tab.Follow(`#form .button`), http.StatusUnprocessableEntity)
			look("check-wrong")
			tab.Fill("#f-second_document", "pension")
			status(tab.Follow(`#form .button`), http.StatusOK)
			status(tab.Open(base+"/application/"+a.Request), http.StatusOK)
			look("checked-by-two")
			if _, err := c.o.ProposeIdentityRule(as(t, "clerk-aoki"), identity.Rule{Act: access.IssueCertificate, Persons: 1, From: today.AddDays(7), Reason: "二人目を置けない日があるため"}); err != nil {
				t.Fatal(err)
			}
			status(tab.Open(base+"/identity-rule"), http.StatusOK)
			look("identity-rule")
			// The same rule for seals: what was filed waits on a page of its own.
			if err := c.o.Store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
				_, err := tx.Exec(ctx, `INSERT INTO identity_rule SELECT version + 90, $1, persons, from_day, reason, state, proposed_at, proposed_by, credential, decided_at, decided_by
					FROM identity_rule WHERE state = 'confirmed'`, string(access.KeepSeal))
				return err
			}); err != nil {
				t.Fatal(err)
			}
			if _, err := c.o.RegisterSeal(as(t, "clerk-aoki"), c.sealTyped(who.Person)); err != nil {
				t.Fatal(err)
			}
			var waits []identity.Wait
			c.view(func(ctx context.Context, tx *store.Tx) (err error) {
				waits, err = identity.In(tx.Tx).Queue(ctx)
				return err
			})
			status(tab.Open(base+"/taken/"+waits[len(waits)-1].Case), http.StatusOK)
			look("taken")
			tab.Fill("#f-document", "passport")
			status(tab.Follow(`#form .button`), http.StatusOK)
			if _, live := c.liveSeal(who.Person); !live {
				t.Error("the second check has registered no seal")
			}
		})
	}
}
