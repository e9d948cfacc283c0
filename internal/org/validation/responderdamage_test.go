package validation_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
)

// TestDamagedKeysStopNoAnswer: keys whose certificates somebody cut by hand are passed over, however many they are, before
// and after a start, and are counted on the screen.
func TestDamagedKeysStopNoAnswer(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		a := c.signature
		c.send(good(t, a, "11"))
		c.run(time.Minute)
		ask := func(when string) {
			t.Helper()
			if got := c.told(a, "11"); got != "valid" {
				t.Errorf("%s: answered %v", when, got)
			}
		}
		ask("before the damage")
		if err := c.Store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
			for i := range 30 {
				if _, err := tx.Exec(ctx, `INSERT INTO responder(issuer, name, public_key, asked_at, not_before, not_after, certificate)
					SELECT issuer, $2, public_key, asked_at, not_before, not_after + 1000, substr(certificate, 1, 99) FROM responder WHERE issuer = $1 AND name NOT LIKE 'cut%'`,
					a.id, "cut"+string(rune('a'+i))); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		c.open()
		c.run(time.Second)
		ask("after a start with the damage")
		page, err := http.Get(c.server.URL + "/validation/?lang=en")
		if err != nil {
			t.Fatal(err)
		}
		defer page.Body.Close()
		text, err := io.ReadAll(page.Body)
		if err != nil || !strings.Contains(string(text), "30 keys cannot be used") {
			t.Errorf("the screen does not say that 30 keys cannot be used (%v)", err)
		}
	})
}

// TestDamagedListStopsNoNext: a published list that somebody cut by hand is replaced by the next one, as long as that
// names what is known as revoked.
func TestDamagedListStopsNoNext(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		c.send(good(t, c.signature, "4711"), good(t, c.signature, "4712"))
		c.send(c.signature.list(t, 1, start, matsumoto, "4711"))
		c.run(time.Minute)
		if err := c.Store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE list_part SET body = substr(body, 1, 99)`)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		c.run(time.Hour)
		c.send(c.signature.list(t, 2, start.Add(time.Hour), matsumoto, "4712"))
		c.run(time.Minute)
		if n := c.openFindings("refused"); len(n) != 1 {
			t.Errorf("a list that leaves a revocation out: %v", n)
		}
		c.send(c.signature.list(t, 3, start.Add(time.Hour), matsumoto, "4711", "4712"))
		c.run(time.Minute)
		if got := c.number("/crl/202029.crl"); got != 3 {
			t.Errorf("the list %d is served, want the third; parked: %v", got, c.stuck())
		}
	})
}
