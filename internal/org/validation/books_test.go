package validation_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/pki/jpki"
	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
)

func (c *country) view(fn func(context.Context, *sqlstore.Tx) error) {
	c.t.Helper()
	if err := c.Store.View(c.t.Context(), fn); err != nil {
		c.t.Fatal(err)
	}
}

// held is the book as the state table says, read in small pages. A key that stands twice has the zero value.
func (c *country) held() map[string]message.Hash {
	c.t.Helper()
	all := map[string]message.Hash{}
	c.view(func(ctx context.Context, tx *sqlstore.Tx) error {
		var keys []string
		for cursor := ""; ; {
			rows, next, err := c.Table().Scan(ctx, tx, ca, cursor, 2)
			if err != nil {
				return err
			}
			for _, r := range rows {
				if len(keys) > 0 && r.Key < keys[len(keys)-1] {
					c.t.Errorf("%s comes after %s", r.Key, keys[len(keys)-1])
				}
				if _, twice := all[r.Key]; twice {
					r.Value = message.Hash{}
				}
				keys, all[r.Key] = append(keys, r.Key), r.Value
			}
			if cursor = next; cursor == "" {
				break
			}
		}
		looked, err := c.Table().Look(ctx, tx, ca, append(keys, "nothing", "99/good", "99/other"))
		if err == nil && !maps.EqualFunc(looked, all, func(a, b message.Hash) bool { return a == b || b == (message.Hash{}) }) {
			c.t.Errorf("looked up %x, scanned %x", looked, all)
		}
		return err
	})
	return all
}

// entries are the book as it was written with the state.
func (c *country) entries() map[string]message.Hash {
	c.t.Helper()
	var all map[string]message.Hash
	c.view(func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		all, err = reconcile.Entries(ctx, tx, message.Statuses, ca)
		return err
	})
	return all
}

func told(statuses ...message.CertStatus) map[string]message.Hash {
	all := map[string]message.Hash{}
	for _, s := range statuses {
		for _, e := range s.Entries() {
			all[e.Key] = e.Is
		}
	}
	return all
}

// agrees fails unless table and book say just what these statuses tell.
func (c *country) agrees(when string, statuses ...message.CertStatus) {
	c.t.Helper()
	want := told(statuses...)
	if got := c.held(); !maps.Equal(got, want) {
		c.t.Errorf("%s: the table says %x, want %x", when, got, want)
	}
	if got := c.entries(); !maps.Equal(got, want) {
		c.t.Errorf("%s: the book says %x, want %x", when, got, want)
	}
}

// TestBook: in whatever order and however often issues, revocations and lists come, the table and the book say what the
// CA told.
func TestBook(t *testing.T) {
	for seed := range uint64(12) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 2))
			c := newCountry(t, "memory:")
			var payloads []message.Payload
			var want []message.CertStatus
			var listed []string
			for i := range 8 {
				number := fmt.Sprintf("47%02d", i)
				a := c.signature
				if r.IntN(3) == 0 {
					a = c.authentication
				}
				if r.IntN(4) > 0 {
					want = append(want, good(t, a, number))
				}
				if r.IntN(2) == 0 {
					// A list says the same of it as its status does.
					ended := revoked(t, a, number, cert.AffiliationChanged, start)
					want = append(want, ended)
					if a == c.signature && r.IntN(2) == 0 {
						listed = append(listed, number)
					}
				}
			}
			for _, s := range want {
				for range 1 + r.IntN(2) {
					payloads = append(payloads, s)
				}
			}
			payloads = append(payloads, c.signature.list(t, 1, start, matsumoto, listed...))
			r.Shuffle(len(payloads), func(i, j int) { payloads[i], payloads[j] = payloads[j], payloads[i] })
			for _, p := range payloads {
				c.send(p)
				if r.IntN(2) == 0 {
					c.run(time.Second)
				}
			}
			c.run(time.Minute)
			if len(c.stuck()) > 0 {
				t.Fatalf("parked: %v", c.stuck())
			}
			c.agrees("in the end", want...)
			c.view(func(ctx context.Context, tx *sqlstore.Tx) error {
				counts, err := c.Counts(ctx, tx, ca, false)
				if n := len(told(want...)); len(counts) != 1 || counts[0].N != int64(n) {
					t.Errorf("counted %+v, want %d", counts, n)
				}
				return err
			})
		})
	}
}

// TestListAlone: what is known from a list alone is in the book as revoked, and not as issued.
func TestListAlone(t *testing.T) {
	c := newCountry(t, "memory:")
	c.send(c.signature.list(t, 1, start, jpki.Partition{Prefecture: "Nagano-ken", Municipality: "Matsumoto-shi"}, "4711"))
	c.run(time.Minute)
	c.agrees("listed", revoked(t, c.signature, "4711", cert.AffiliationChanged, start))
}

func (c *country) take(key string, state message.Payload) error {
	c.t.Helper()
	n := must[message.Snapshot](c.t)(message.SnapshotOf(message.Statuses, key, state, "ca/1"))
	return c.Store.Update(c.t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		_, err := c.Table().Take(ctx, tx, exchange.Delivery{ID: message.ID{Sender: ca}, Kind: message.KindSnapshot}, n, state)
		return err
	})
}

func (c *country) tamper(query string, args ...any) {
	c.t.Helper()
	if err := c.Store.Update(c.t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		_, err := tx.Exec(ctx, query, args...)
		return err
	}); err != nil {
		c.t.Fatal(err)
	}
}

// TestTakeState: whatever somebody wrote into the row of a certificate, snapshots make it what the CA says, and what was
// revoked is never answered for as good.
func TestTakeState(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		issue, end := good(t, c.signature, "4711"), revoked(t, c.signature, "4711", cert.AffiliationChanged, start.Add(time.Second))
		other := good(t, c.signature, "4712")
		c.send(issue, end, other)
		c.run(time.Minute)
		c.agrees("told", issue, end, other)
		serial := issue.Serial.Bytes()
		for _, change := range []string{
			`DELETE FROM status WHERE serial = $1`,
			`UPDATE status SET state = 'good', revoked_at = 0, reason = '' WHERE serial = $1`,
			`UPDATE status SET state = 'good' WHERE serial = $1`,
			`UPDATE status SET state = 'revoke' WHERE serial = $1`,
			`UPDATE status SET reason = 'keyCompromise' WHERE serial = $1`,
			`UPDATE status SET reason = '' WHERE serial = $1`,
			`UPDATE status SET revoked_at = revoked_at - 5000000 WHERE serial = $1`,
			`UPDATE status SET not_after = not_after + 5000000 WHERE serial = $1`,
			`UPDATE status SET profile = 'authentication' WHERE serial = $1`,
			`UPDATE status SET municipality = '' WHERE serial = $1`,
			`UPDATE status SET issued_at = 0 WHERE serial = $1`,
			`UPDATE status SET issuer = 'another' WHERE serial = $1`,
			`INSERT INTO status(issuer, serial, profile, municipality, state, issued_at, not_after, revoked_at, reason, why, told_at)
				SELECT 'another', serial, profile, municipality, 'good', issued_at, not_after, 0, '', '', told_at FROM status WHERE serial = $1`,
		} {
			c.tamper(change, serial)
			if got := c.held(); maps.Equal(got, told(issue, end, other)) {
				t.Errorf("%s: the table still agrees", change)
			}
			for i, s := range []message.CertStatus{issue, end} {
				if err := c.take(s.Entries()[0].Key, s); err != nil {
					t.Errorf("%s: %v", change, err)
				}
				if got := c.told(c.signature, "4711"); i == 1 && got != "revoked affiliationChanged 09:00:01" {
					t.Errorf("%s: answered for as %s", change, got)
				}
			}
			c.agrees(change, issue, end, other)
		}
		c.tamper(`UPDATE status SET issuer = 'another' WHERE serial = $1`, serial)
		if err := c.take(issue.Entries()[0].Key, issue); err != nil {
			t.Fatal(err)
		}
		if got := c.told(c.signature, "4711"); got == "valid" {
			t.Error("a revoked certificate was answered for as good between the two snapshots")
		}
		if err := c.take(end.Entries()[0].Key, end); err != nil {
			t.Fatal(err)
		}

		// What the CA does not hold.
		var refused *exchange.Rejected
		if err := c.take(end.Entries()[0].Key, nil); !errors.As(err, &refused) || refused.Code != "revoked-stays" {
			t.Errorf("a revocation was taken back: %v", err)
		}
		c.agrees("refused", issue, end, other)
		for _, s := range []message.CertStatus{issue, other} {
			if err := c.take(s.Entries()[0].Key, nil); err != nil {
				t.Error(err)
			}
		}
		if err := c.take("99/revoked", nil); err != nil {
			t.Error(err)
		}
		c.agrees("struck out", end)
		var struck int64
		c.view(func(ctx context.Context, tx *sqlstore.Tx) error {
			return tx.QueryRow(ctx, `SELECT COUNT(*) FROM struck WHERE case_ref = 'ca/1' AND kind = 'cert.status'`).Scan(&struck)
		})
		if struck < 12 {
			t.Errorf("%d rows of evidence", struck)
		}
		if err := c.take(end.Entries()[0].Key, good(t, newAuthority(t, cert.Signature), "4711")); err == nil {
			t.Error("a state of a strange CA was taken")
		}
	})
}
