package ca_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

func (c *country) table(book message.Book) reconcile.Table {
	c.t.Helper()
	i := slices.IndexFunc(c.Tables(), func(t reconcile.Table) bool { return t.Book == book })
	if i < 0 {
		c.t.Fatalf("the CA holds no book %s", book)
	}
	return c.Tables()[i]
}

func peerOf(book message.Book) message.Org {
	if book == message.Statuses {
		return validation
	}
	return center
}

// held is a book as the state tables say, read in small pages.
func (c *country) held(book message.Book) map[string]message.Hash {
	c.t.Helper()
	table, all := c.table(book), map[string]message.Hash{}
	c.view(func(ctx context.Context, tx *sqlstore.Tx) error {
		var keys []string
		for cursor := ""; ; {
			rows, next, err := table.Scan(ctx, tx, peerOf(book), cursor, 2)
			if err != nil {
				return err
			}
			for _, r := range rows {
				if len(keys) > 0 && r.Key <= keys[len(keys)-1] {
					c.t.Errorf("%s: %s comes after %s", book, r.Key, keys[len(keys)-1])
				}
				keys, all[r.Key] = append(keys, r.Key), r.Value
			}
			if cursor = next; cursor == "" {
				break
			}
		}
		looked, err := table.Look(ctx, tx, peerOf(book), append(keys, "nothing", "4711/good"))
		if !maps.Equal(looked, all) {
			c.t.Errorf("%s: looked up %x, scanned %x", book, looked, all)
		}
		return err
	})
	return all
}

// entries are a book as it was written with the state.
func (c *country) entries(book message.Book) map[string]message.Hash {
	c.t.Helper()
	var all map[string]message.Hash
	c.view(func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		all, err = reconcile.Entries(ctx, tx, book, peerOf(book))
		return err
	})
	return all
}

func (c *country) view(fn func(context.Context, *sqlstore.Tx) error) {
	c.t.Helper()
	if err := c.Store.View(c.t.Context(), fn); err != nil {
		c.t.Fatal(err)
	}
}

// tamper writes past the program.
func (c *country) tamper(query string, args ...any) {
	c.t.Helper()
	if err := c.Store.Update(c.t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		_, err := tx.Exec(ctx, query, args...)
		return err
	}); err != nil {
		c.t.Fatal(err)
	}
}

// told are the entries of messages.
func told[P message.Booked](of []P) map[string]message.Hash {
	all := map[string]message.Hash{}
	for _, p := range of {
		for _, e := range p.Entries() {
			all[e.Key] = e.Is
		}
	}
	return all
}

func same(t testing.TB, what string, got, want map[string]message.Hash) {
	t.Helper()
	for k, v := range want {
		if got[k] != v {
			t.Errorf("%s: %s is %x, want %x", what, k, got[k], v)
		}
	}
	for k := range got {
		if _, ok := want[k]; !ok {
			t.Errorf("%s: %s is there and should not", what, k)
		}
	}
}

// TestBooks: in whatever order applications, notices and the holders' own requests come, what the tables say, what was
// written into the books and what the peers were told and told us is the same.
func TestBooks(t *testing.T) {
	for seed := range uint64(12) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 1))
			c := newCountry(t, "memory:")
			var demands []message.CertRevocation
			demand := func(n message.CertRevocation) {
				demands = append(demands, n)
				c.send(center, n)
			}
			for i := range 14 {
				p := cert.Profiles[r.IntN(2)]
				holder := person(t, r.Uint64N(3), resident.Version(1+r.IntN(4)))
				notice := message.CertRevocation{Code: holder.Code, Profile: p, Version: resident.Version(1 + r.IntN(5)),
					Reason: cert.AffiliationChanged, Since: resident.MustDate(2026, 4, 1), Why: resident.MoveWithin}
				issued := received[message.CertIssuance](c, center)
				switch r.IntN(5) {
				case 0, 1:
					c.send(matsumoto, request(t, fmt.Sprint(i), p, holder))
				case 2:
					demand(notice)
				case 3:
					if len(issued) > 0 {
						of := issued[r.IntN(len(issued))]
						notice.Code, notice.Profile, notice.Serial = of.Code, of.Profile, of.Serial
						demand(notice)
					}
				case 4:
					notice.Reason = cert.KeyCompromise
					c.send(matsumoto, message.CertRevoke(notice))
				}
				if r.IntN(2) == 0 {
					c.runOthers(time.Second) // what was taken is not yet signed when the next one comes
				} else {
					c.run(time.Second)
				}
			}
			c.run(time.Minute)
			if len(c.stuck()) > 0 {
				t.Fatalf("parked: %v", c.stuck())
			}
			for book, want := range map[message.Book]map[string]message.Hash{
				message.Certificates: told(received[message.CertIssuance](c, center)),
				message.Statuses:     told(received[message.CertStatus](c, validation)),
				message.Revocations:  told(demands),
			} {
				same(t, "the tables of "+string(book), c.held(book), want)
				same(t, "the book "+string(book), c.entries(book), want)
				c.view(func(ctx context.Context, tx *sqlstore.Tx) error {
					counts, err := c.Counts(ctx, tx, peerOf(book), book != message.Revocations)
					if len(counts) != 1 || counts[0].Book != book || counts[0].N != int64(len(want)) {
						t.Errorf("counted %+v, want %d of %s", counts, len(want), book)
					}
					return err
				})
			}
		})
	}
}

// TestSnapshots: what the CA sends as a snapshot is what it told at first, less what it does not keep.
func TestSnapshots(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		mine := c.issue("r1", cert.Signature, person(t, 1, 1))
		c.issue("r2", cert.Authentication, person(t, 1, 1))
		c.send(center, revocation(mine, 2))
		c.run(time.Minute)
		c.view(func(ctx context.Context, tx *sqlstore.Tx) (err error) {
			for _, first := range received[message.CertIssuance](c, center) {
				p, e := c.table(message.Certificates).Snapshot(ctx, tx, center, first.Serial.String())
				first.Name, first.Address = resident.Name{}, resident.Address{}
				if p != first || e != nil {
					t.Errorf("told %+v, sent again %+v, %v", first, p, e)
				}
			}
			for _, s := range received[message.CertStatus](c, validation) {
				key := s.Entries()[0].Key
				p, e := c.table(message.Statuses).Snapshot(ctx, tx, validation, key)
				again, ok := p.(message.CertStatus)
				if e != nil || !ok || again.Entries()[0] != s.Entries()[0] || again.Why != s.Why {
					t.Errorf("told %+v, sent again %+v, %v", s, p, e)
				}
			}
			for _, key := range []string{"4711", mine.Serial.String() + "/other", "x", "4711/good", "4711/revoked"} {
				p, e := c.table(message.Statuses).Snapshot(ctx, tx, validation, key)
				if p != nil || e != nil {
					t.Errorf("%s: %+v, %v", key, p, e)
				}
			}
			return err
		})
	})
}

func (c *country) take(book message.Book, key string, state message.Payload) ([]message.Out, error) {
	c.t.Helper()
	n := must[message.Snapshot](c.t)(message.SnapshotOf(book, key, state, "nationalcenter/1"))
	var outs []message.Out
	err := c.Store.Update(c.t.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		outs, err = c.table(book).Take(ctx, tx, exchange.Delivery{ID: message.ID{Sender: center}, Kind: message.KindSnapshot}, n, state)
		return err
	})
	return outs, err
}

// TestTakeDemand: a demand that never came, or that a handler swallowed, ends the certificate when the snapshot comes; one
// that the center does not hold is struck out, and the certificate stays ended.
func TestTakeDemand(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		mine := c.issue("r1", cert.Signature, person(t, 1, 1))
		demand := revocation(mine, 2)
		outs, err := c.take(message.Revocations, mine.Serial.String(), demand)
		if err != nil || len(outs) != 1 || !outs[0].Body.(message.CertStatus).Revoked {
			t.Fatalf("taken: %+v, %v", outs, err)
		}
		same(t, "taken", c.entries(message.Revocations), told([]message.CertRevocation{demand}))
		if outs, err := c.take(message.Revocations, mine.Serial.String(), demand); err != nil || len(outs) != 0 {
			t.Errorf("taken twice: %+v, %v", outs, err)
		}
		// Somebody writes past the program: the row is of another profile, so it agrees with nothing.
		c.tamper(`UPDATE notice SET profile = 'authentication'`)
		if got := c.held(message.Revocations); got[mine.Serial.String()] == demand.Entries()[0].Is {
			t.Error("a row that was changed by hand still agrees")
		}
		if _, err := c.take(message.Revocations, mine.Serial.String(), demand); err != nil {
			t.Fatal(err)
		}
		same(t, "mended", c.held(message.Revocations), told([]message.CertRevocation{demand}))
		if _, err := c.take(message.Revocations, mine.Serial.String(), nil); err != nil {
			t.Fatal(err)
		}
		same(t, "struck out", c.held(message.Revocations), nil)
		same(t, "struck out", c.entries(message.Revocations), nil)
		if s := c.held(message.Statuses); len(s) != 2 {
			t.Error("the certificate came back to life")
		}
		var struck []string
		c.view(func(ctx context.Context, tx *sqlstore.Tx) (err error) {
			struck, err = sqlstore.List(ctx, tx, func(r *sqlstore.Rows, s *string) error { return r.Scan(s) },
				`SELECT key FROM struck WHERE case_ref = 'nationalcenter/1' AND kind = 'cert.revocation' ORDER BY id`)
			return err
		})
		if !slices.Equal(struck, []string{mine.Serial.String(), mine.Serial.String()}) {
			t.Errorf("evidence: %v", struck)
		}
		unknown := demand
		unknown.Serial = must[cert.Serial](t)(cert.ParseSerial("4711"))
		if _, err := c.take(message.Revocations, "4711", unknown); err == nil {
			t.Error("a demand about a certificate that was never issued was taken")
		}
	})
}

// TestDamagedRows: whatever is written into a row by hand, its entry is another one, and those of the other rows are read.
func TestDamagedRows(t *testing.T) {
	c := newCountry(t, "memory:")
	one, other := c.issue("r1", cert.Signature, person(t, 1, 1)), c.issue("r2", cert.Signature, person(t, 2, 1))
	c.send(center, revocation(one, 2), revocation(other, 2))
	c.run(time.Minute)
	for _, change := range []struct {
		set  string
		book message.Book
		key  string
	}{
		{"version = 9", message.Certificates, ""},
		{"version = 'nine'", message.Certificates, ""}, // SQLite takes it
		{"holder = '1'", message.Certificates, ""},
		{"municipality = '202037'", message.Certificates, ""},
		{"not_after = not_after + 1000000", message.Certificates, ""},
		{"issuer = 'other'", message.Statuses, "/good"},
		{"profile = ''", message.Statuses, "/good"},
		{"state = 'valid'", message.Statuses, "/revoked"},
		{"reason = ''", message.Statuses, "/revoked"},
		{"reason = 'unspecified'", message.Statuses, "/revoked"},
		{"revoked_at = revoked_at + 1000000", message.Statuses, "/revoked"},
		{"state = 'revoke'", message.Statuses, "/revoked"},
	} {
		before, key := c.held(change.book), one.Serial.String()+change.key
		c.tamper(`UPDATE certificate SET `+change.set+` WHERE serial = $1`, one.Serial.Bytes())
		after := c.held(change.book)
		if before[key] == (message.Hash{}) || after[key] == before[key] {
			t.Errorf("%s: the entry is %x before and %x after", change.set, before[key], after[key])
		}
		if k := other.Serial.String() + change.key; after[k] != before[k] {
			t.Errorf("%s: the other certificate's entry changed", change.set)
		}
		c.restore(one)
	}
}

// restore writes a certificate's row as it was.
func (c *country) restore(n message.CertIssued) {
	c.t.Helper()
	c.tamper(`UPDATE certificate SET (version, holder, municipality, not_after, issuer, profile, state, reason, revoked_at) =
		(SELECT version, $2, municipality, not_after, issuer, profile, state, reason, revoked_at FROM certificate WHERE serial <> $1) WHERE serial = $1`,
		n.Serial.Bytes(), n.Code.Reveal())
}

// TestUnheeded: a notice that was taken and whose certificate lives is found, by serial and by holder, and nothing else is.
func TestUnheeded(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		bySerial, byHolder := c.issue("r1", cert.Signature, person(t, 1, 1)), c.issue("r2", cert.Signature, person(t, 2, 1))
		holder := revocation(byHolder, 2)
		holder.Serial = cert.Serial{}
		c.send(center, revocation(bySerial, 2), holder)
		c.run(time.Minute)
		c.issue("r3", cert.Signature, person(t, 2, 2)) // for the new version, after the notice
		if got := c.unheeded(); len(got) != 0 {
			t.Errorf("nothing is wrong, found %v", got)
		}
		rings := func() (n int64) {
			t.Helper()
			for _, s := range must[[]alarm.Signal](t)(c.UnheededAlarm().Signals(t.Context(), c.clk.Now())) {
				n += s.Value
			}
			return n
		}
		if n := rings(); n != 0 {
			t.Errorf("nothing is wrong, and it rings for %d", n)
		}
		c.tamper(`UPDATE certificate SET state = 'expired' WHERE state = 'valid'`) // there may be one of a kind only
		c.tamper(`UPDATE certificate SET state = 'valid' WHERE state = 'revoked'`)
		want := []string{bySerial.Serial.String(), byHolder.Serial.String()}
		slices.Sort(want)
		if got := c.unheeded(); !slices.Equal(got, want) {
			t.Errorf("found %v, want %v", got, want)
		}
		if n := rings(); n != 2 {
			t.Errorf("it rings for %d, want 2", n)
		}
	})
}

func (c *country) unheeded() (serials []string) {
	c.t.Helper()
	c.view(func(ctx context.Context, tx *sqlstore.Tx) error {
		for cursor := ""; ; {
			found, next, err := c.Unheeded(ctx, tx, cursor, 1)
			if err != nil {
				return err
			}
			for _, u := range found {
				serials = append(serials, u.Serial.String())
			}
			if cursor = next; cursor == "" {
				break
			}
		}
		return nil
	})
	slices.Sort(serials)
	return serials
}
