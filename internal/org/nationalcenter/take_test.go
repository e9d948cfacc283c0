package nationalcenter_test

import (
	"context"
	"testing"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

func (c *country) take(from message.Org, book message.Book, key string, state message.Payload) ([]message.Out, error) {
	c.t.Helper()
	n := must(message.SnapshotOf(book, key, state, string(from)+"/1"))
	var outs []message.Out
	err := c.center.Store.Update(c.t.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		d := exchange.Delivery{ID: message.ID{Sender: from}, Kind: message.KindSnapshot, CreatedAt: c.clk.Now()}
		outs, err = c.table(book).Take(ctx, tx, d, n, state)
		return err
	})
	return outs, err
}

// taken fails unless the snapshot is taken and the CA is told to revoke so many certificates.
func (c *country) taken(from message.Org, book message.Book, key string, state message.Payload, revocations int) {
	c.t.Helper()
	outs, err := c.take(from, book, key, state)
	if err != nil || len(outs) != revocations {
		c.t.Errorf("snapshot of %s %s: %d revocations, want %d; %v", book, key, len(outs), revocations, err)
	}
}

// TestTakeCertificate: whatever somebody did to the row of a certificate, the CA's snapshot makes it right, with what
// follows: one that is dead on arrival is revoked.
func TestTakeCertificate(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		a := newPerson(t, 1, "松本　花子")
		c.tell(nagano, a.change(resident.MoveIn))
		mine := a.certified(cert.Signature)
		sent := mine
		sent.Name, sent.Address = resident.Name{}, resident.Address{} // as the CA's snapshot
		other := a.certified(cert.Authentication)
		want(t, c.tell(theCA, mine, other), "applied", "applied")
		key := mine.Serial.String()
		for _, change := range []string{
			`DELETE FROM certificate WHERE serial = $1`,
			`UPDATE certificate SET code = '1' WHERE serial = $1`,
			`UPDATE certificate SET holder = '10000000018' WHERE serial = $1`,
			`UPDATE certificate SET profile = 'authentication' WHERE serial = $1`,
			`UPDATE certificate SET version = 9 WHERE serial = $1`,
			`UPDATE certificate SET not_after = 0 WHERE serial = $1`,
			`UPDATE certificate SET municipality = '202037' WHERE serial = $1`,
			`UPDATE certificate SET revoked_at = 1000000 WHERE serial = $1`,
			`UPDATE certificate SET told_by = 'nobody' WHERE serial = $1`,
		} {
			c.tamper(change, key)
			if c.held(message.Certificates, theCA)[key] == mine.Entries()[0].Is {
				t.Errorf("%s: the row still agrees", change)
			}
			c.taken(theCA, message.Certificates, key, sent, 0)
			says(c, change, message.Certificates, theCA, mine, other)
		}
		// A row that nobody told of.
		c.tamper(`INSERT INTO certificate(serial, code, holder, profile, version, not_before, not_after, municipality, at, revoked_at)
			SELECT '4711', code, holder, profile, version, not_before, not_after, municipality, at, 0 FROM certificate WHERE serial = $1`, key)
		c.taken(theCA, message.Certificates, "4711", nil, 0)
		c.taken(theCA, message.Certificates, "4712", nil, 0)
		says(c, "struck out", message.Certificates, theCA, mine, other)
		var struck int64
		c.view(func(ctx context.Context, tx *sqlstore.Tx) error {
			return tx.QueryRow(ctx, `SELECT COUNT(*) FROM struck WHERE case_ref = 'ca/1' AND kind = 'cert.issuance'`).Scan(&struck)
		})
		if struck != 9 {
			t.Errorf("%d rows of evidence, want 9", struck)
		}

		// The row is lost, its holder moves, and nobody can tell the CA of the certificate until it is sent again.
		c.tamper(`DELETE FROM certificate WHERE serial = $1`, key)
		a.change(resident.MoveWithin, at("長野県松本市大手1番1号"))
		want(t, c.tell(nagano, a.kill()), "applied")
		c.revoked()
		c.taken(theCA, message.Certificates, key, sent, 1)
		demand := message.CertRevocation{Code: mine.Code, Serial: mine.Serial, Profile: mine.Profile, Version: 2}
		says(c, "dead on arrival", message.Revocations, theCA, demand)
		c.view(func(ctx context.Context, tx *sqlstore.Tx) error {
			p, err := c.table(message.Revocations).Snapshot(ctx, tx, theCA, key)
			n, ok := p.(message.CertRevocation)
			if !ok || n.Serial != mine.Serial || n.Why != resident.MoveWithin || n.Reason != cert.AffiliationChanged || n.Version != 2 || n.Since != day {
				t.Errorf("the demand as a snapshot: %+v, %v", p, err)
			}
			none, e := c.table(message.Revocations).Snapshot(ctx, tx, theCA, "4711")
			if none != nil || e != nil {
				t.Errorf("a demand that there is not: %+v, %v", none, e)
			}
			return err
		})
		c.tamper(`UPDATE demand SET profile = 'other'`)
		if v, there := c.held(message.Revocations, theCA)[key]; !there || v != (message.Hash{}) {
			t.Error("a demand that cannot be read agrees")
		}
	})
}

// TestTakeInvalidation: a fact that never came ends the certificates when the snapshot comes, also one of which only the
// effect is lost; one that the prefecture does not hold goes out of force.
func TestTakeInvalidation(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		a := newPerson(t, 1, "松本　花子")
		c.tell(nagano, a.change(resident.MoveIn))
		c.tell(theCA, a.certified(cert.Signature))
		a.change(resident.MoveWithin, at("長野県松本市大手1番1号"))
		kill := a.kill()
		key := kill.Entries()[0].Key
		c.taken(nagano, message.Invalidations, key, kill, 1)
		c.taken(nagano, message.Invalidations, key, kill, 0)
		says(c, "taken", message.Invalidations, nagano, kill)
		c.tamper(`UPDATE invalidation_notice SET signature = $1`, false)
		c.taken(nagano, message.Invalidations, key, kill, 0)
		says(c, "corrected", message.Invalidations, nagano, kill)
		c.tamper(`DELETE FROM invalidation`)
		c.tamper(`UPDATE certificate SET revoked_at = 0`)
		c.tamper(`DELETE FROM demand`)
		if dead := c.living(); len(dead) != 1 {
			t.Errorf("dead and not demanded: %v", dead)
		}
		if s, err := c.center.UndemandedAlarm().Signals(t.Context(), c.clk.Now()); err != nil || len(s) != 1 || s[0].Value != 1 {
			t.Errorf("the alarm rings %+v, %v", s, err)
		}
		c.taken(nagano, message.Invalidations, key, kill, 1)
		if dead := c.living(); len(dead) != 0 {
			t.Errorf("dead and not demanded: %v", dead)
		}
		if s, err := c.center.UndemandedAlarm().Signals(t.Context(), c.clk.Now()); err != nil || len(s) != 0 {
			t.Errorf("the alarm rings %+v, %v", s, err)
		}
		c.taken(nagano, message.Invalidations, key, nil, 0)
		says[message.ResidentInvalidation](c, "out of force", message.Invalidations, nagano)
		if len(c.held(message.Revocations, theCA)) != 1 {
			t.Error("what the fact ended came back to life")
		}
	})
}

// TestDamagedRecord: a record that somebody has made unreadable stops nobody. Its own next change builds on nothing that
// can be read, is a gap, and takes its place with the full state.
func TestDamagedRecord(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		a, b := newPerson(t, 1, "松本　花子"), newPerson(t, 2, "髙橋　辰男")
		want(t, c.tell(nagano, a.change(resident.MoveIn), b.change(resident.MoveIn)), "applied", "applied")
		c.tamper(`UPDATE resident SET hash = $1 WHERE code = $2`, []byte{1}, a.Code.Reveal())
		if held := c.held(message.Residents, nagano); held[a.Code.Reveal()] != (message.Hash{}) || held[b.Code.Reveal()] == (message.Hash{}) {
			t.Errorf("the book says %x", held)
		}
		first, second := a.change(resident.MoveWithin, at("長野県松本市大手1番1号")), b.change(resident.MoveWithin, at("長野県松本市大手2番2号"))
		want(t, c.tell(nagano, first, second), "applied", "applied")
		says(c, "mended", message.Residents, nagano, first, second)
	})
}

// TestTakeResident: the record becomes what the prefecture says, and what a change may not do a snapshot may not either.
func TestTakeResident(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		a := newPerson(t, 1, "松本　花子")
		key := a.Code.Reveal()
		c.tell(nagano, a.change(resident.MoveIn))
		lost := a.change(resident.MoveWithin, at("長野県松本市大手1番1号"))
		c.taken(nagano, message.Residents, key, lost, 0)
		says(c, "taken", message.Residents, nagano, lost)
		c.tamper(`UPDATE resident SET address = '長野県松本市大手2番2号'`)
		if v := c.held(message.Residents, nagano)[key]; v != (message.Hash{}) {
			t.Error("a record that was changed by hand still agrees")
		}
		c.taken(nagano, message.Residents, key, lost, 0)
		says(c, "corrected", message.Residents, nagano, lost)

		if _, err := c.take(tokyo, message.Residents, key, lost); err == nil {
			t.Error("a prefecture told of another's resident")
		}
		moved := *a
		in("131211", "東京都足立区中央本町1丁目17番1号")(&moved.IdentificationInfo)
		if _, err := c.take(tokyo, message.Residents, key, moved.change(resident.MoveIn)); err == nil {
			t.Error("somebody became a resident of two prefectures")
		}
		c.taken(tokyo, message.Residents, key, nil, 0)
		says(c, "not Tokyo's", message.Residents, nagano, lost)

		left := a.change(resident.MoveOut)
		c.taken(nagano, message.Residents, key, left, 0)
		says(c, "left", message.Residents, nagano, left)
		stranger := *a
		stranger.Name = must(resident.ParseName("name", "別人　太郎"))
		if _, err := c.take(tokyo, message.Residents, key, stranger.change(resident.MoveIn, in("131211", "東京都足立区中央本町1丁目17番1号"))); err == nil {
			t.Error("a namesake's code was taken over")
		}
		arrived := a.change(resident.MoveIn, in("131211", "東京都足立区中央本町1丁目17番1号"))
		c.taken(tokyo, message.Residents, key, arrived, 0)
		says(c, "arrived", message.Residents, tokyo, arrived)
		says(c, "arrived", message.Residents, nagano, left)
		c.taken(tokyo, message.Residents, key, nil, 0)
		says[message.ResidentChange](c, "unknown", message.Residents, tokyo)

		// A change of code that never came, and that the snapshot tells: what was told of the old code holds for the new.
		b := newPerson(t, 2, "髙橋　辰男")
		c.tell(nagano, b.change(resident.MoveIn))
		c.tell(theCA, b.certified(cert.Signature))
		recoded := b.change(resident.CodeChangeRequested, func(i *resident.IdentificationInfo) { i.Change.OldCode, i.Code = i.Code, resident.RecordCodeOf(7) })
		c.taken(nagano, message.Residents, b.Code.Reveal(), recoded, 0)
		b.Change.OldCode = resident.RecordCode{}
		b.change(resident.MoveWithin, at("長野県松本市大手1番1号"), func(i *resident.IdentificationInfo) { i.Change.OldCode = resident.RecordCode{} })
		outs := len(c.revocations)
		want(t, c.tell(nagano, b.kill()), "applied")
		if len(c.revocations) != outs+1 {
			t.Error("the certificate that was issued under the old code was not revoked")
		}
	})
}
