package nationalcenter_test

import (
	"testing"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// revoked fails unless the CA was told exactly of these serials; the zero serial stands for a holder alone.
func (c *country) revoked(serials ...cert.Serial) {
	c.t.Helper()
	left := map[cert.Serial]int{}
	for _, s := range serials {
		left[s]++
	}
	for _, r := range c.revocations {
		left[r.Serial]--
	}
	for s, n := range left {
		if n != 0 {
			c.t.Errorf("certificate %s: %+d revocations missing", s, n)
		}
	}
}

func TestRiversCross(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		a, b := newPerson(t, 1, "松本　花子"), newPerson(t, 2, "髙橋　辰男")
		want(t, c.tell(nagano, a.change(resident.MoveIn), b.change(resident.MoveIn)), "applied", "applied")
		first, second := a.certified(cert.Signature), b.certified(cert.Signature)
		login := a.certified(cert.Authentication)

		want(t, c.tell(theCA, first, login), "applied", "applied")
		moveA, moveB := a.change(resident.MoveWithin, at("長野県松本市大手1番1号")), b.change(resident.MoveWithin, at("長野県松本市大手2番2号"))
		want(t, c.tell(nagano, moveA, a.kill(), moveB, b.kill()), "applied", "applied", "applied", "applied")
		c.revoked(first.Serial)
		want(t, c.tell(theCA, second), "applied") // the notice comes after the change that killed its certificate
		c.revoked(first.Serial, second.Serial)
		r := c.revocations[0]
		if r.Reason != cert.AffiliationChanged || r.Why != resident.MoveWithin || r.Since != day || r.Version != 2 {
			t.Errorf("revoked for %s, because of %s since %s, version %s", r.Reason, r.Why.Code(), r.Since, r.Version)
		}
		want(t, c.tell(nagano, a.kill()), "applied") // and again, as after a restored database
		want(t, c.tell(theCA, first), "applied")
		c.revoked(first.Serial, second.Serial)

		renewed := a.certified(cert.Signature)
		want(t, c.tell(theCA, renewed), "applied")
		want(t, c.tell(nagano, a.change(resident.MinorAmendment)), "applied")
		c.revoked(first.Serial, second.Serial)
		death := a.change(resident.Death)
		want(t, c.tell(nagano, a.kill(), death), "applied", "applied")
		c.revoked(first.Serial, second.Serial, renewed.Serial, login.Serial)
		if r := c.revocations[len(c.revocations)-1]; r.Reason != cert.CessationOfOperation {
			t.Errorf("a dead person's certificate is revoked for %s", r.Reason)
		}
	})
}

// TestUnreadableAddressDelaysNoRevocation: the change parks, and the certificate dies all the same.
func TestUnreadableAddressDelaysNoRevocation(t *testing.T) {
	c := newCountry(t, "memory:")
	a := newPerson(t, 1, "松本　花子")
	want(t, c.tell(nagano, a.change(resident.MoveIn)), "applied")
	issued := a.certified(cert.Signature)
	want(t, c.tell(theCA, issued), "applied")
	move := a.change(resident.MoveWithin, at("新しい団地1号棟"))
	want(t, c.tell(nagano, move, a.kill()), "unreadable-address", "applied")
	c.revoked(issued.Serial)
}

// TestUnreadNotice is decision 0007: the notice of issuance is parked, so the holder is named without a serial; when the
// notice is taken after all, the revocation goes again, with the serial.
func TestUnreadNotice(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		a := newPerson(t, 1, "松本　花子")
		want(t, c.tell(nagano, a.change(resident.MoveIn)), "applied")
		wrong := a.certified(cert.Signature)
		wrong.Address = must(resident.ParseAddress("address", "長野県松本市浅間温泉1番"))
		items := c.tell(theCA, wrong)
		want(t, items, "does-not-match")
		c.revoked()
		move := a.change(resident.MoveWithin, at("長野県松本市大手1番1号"))
		want(t, c.tell(nagano, a.kill(), move), "applied", "applied")
		c.revoked(cert.Serial{})
		if c.revocations[0].Version != 2 || c.revocations[0].Code != a.Code {
			t.Errorf("the holder is named with version %s", c.revocations[0].Version)
		}
		if err := c.center.Exchange.Propose(t.Context(), items[0].ID, exchange.Accept, "発行記録と照合した", "operator-ueda"); err != nil {
			t.Fatal(err)
		}
		if err := c.center.Exchange.Confirm(t.Context(), items[0].ID, "operator-egawa"); err != nil {
			t.Fatal(err)
		}
		c.run()
		c.revoked(cert.Serial{}, wrong.Serial)
	})
}

// TestDeadOnArrival: a notice that would be refused for what it says is not, when its certificate is dead already.
func TestDeadOnArrival(t *testing.T) {
	c := newCountry(t, "memory:")
	a := newPerson(t, 1, "松本　花子")
	c.tell(nagano, a.change(resident.MoveIn))
	wrong := a.certified(cert.Signature)
	wrong.Name = must(resident.ParseName("name", "松本　華子"))
	a.change(resident.MoveWithin)
	want(t, c.tell(nagano, a.kill()), "applied")
	want(t, c.tell(theCA, wrong), "applied")
	c.revoked(wrong.Serial)
}

func TestNothingToRevoke(t *testing.T) {
	c := newCountry(t, "memory:")
	a := newPerson(t, 1, "松本　花子")
	want(t, c.tell(nagano, a.change(resident.MoveIn)), "applied")
	want(t, c.tell(nagano, message.ResidentInvalidation{Code: a.Code, Version: 2, Reason: resident.CodeChangeRequested, Since: day, Kills: resident.Effect{Card: true}}), "applied")
	c.revoked()
}

// TestUnreadableAfterInvalidation: the change overtook a notice of issuance that nobody can read. Its holder is named to
// the CA in the transaction that parks it, and so is the holder of one that waits behind it; once for each invalidation.
func TestUnreadableAfterInvalidation(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		a, b := newPerson(t, 1, "松本　花子"), newPerson(t, 2, "髙橋　辰男")
		want(t, c.tell(nagano, a.change(resident.MoveIn), b.change(resident.MoveIn)), "applied", "applied")
		unreadable, behind, alive := a.certified(cert.Signature), a.certified(cert.Signature), b.certified(cert.Signature)
		unreadable.Version, alive.Version = 0, 0 // no version has this number
		want(t, c.tell(theCA, alive), "malformed")
		c.revoked()
		move := a.change(resident.MoveWithin, at("長野県松本市大手1番1号"))
		want(t, c.tell(nagano, a.kill(), move), "applied", "applied")
		c.revoked()
		want(t, c.tell(theCA, unreadable, behind), "malformed", "behind-another")
		c.revoked(cert.Serial{})
		if r := c.revocations[0]; r.Code != a.Code || r.Profile != cert.Signature || r.Version != 2 {
			t.Errorf("the CA was told of %s, version %s", r.Profile, r.Version)
		}
		c.send(theCA, unreadable) // held by the CA itself behind the first
		c.run()
		c.revoked(cert.Serial{})
		says(c, "unread", message.Revocations, theCA, c.revocations...)
		want(t, c.tell(nagano, a.change(resident.Death), a.kill()), "applied", "applied")
		c.revoked(cert.Serial{}, cert.Serial{}, cert.Serial{}) // of both kinds
	})
}
