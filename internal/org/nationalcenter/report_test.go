package nationalcenter_test

import (
	"slices"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// lost is a report that all of a kind is lost, under a code, at a moment.
func lost(code resident.RecordCode, p cert.Profile, at time.Time) message.CertRevoke {
	return message.CertRevoke{Code: code, Profile: p, Version: 1, Reason: cert.Lost.Reason(), Since: day, At: at}
}

func recoded(to uint64) func(*resident.IdentificationInfo) {
	return func(i *resident.IdentificationInfo) { i.Change.OldCode, i.Code = i.Code, resident.RecordCodeOf(to) }
}

// issuedAt is certified, at a moment.
func (p *person) issuedAt(profile cert.Profile, at time.Time) message.CertIssuance {
	n := p.certified(profile)
	n.NotBefore, n.NotAfter = at, at.AddDate(5, 0, 0)
	return n
}

// demandedOf fails unless the CA was told to end exactly these certificates, for the reason.
func (c *country) demandedOf(ca message.Org, reason cert.RevocationReason, all ...message.CertIssuance) {
	c.t.Helper()
	left := map[cert.Serial]message.CertIssuance{}
	for _, n := range all {
		left[n.Serial] = n
	}
	for _, r := range c.told[ca] {
		n, there := left[r.Serial]
		if !there || r.Code != n.Code || r.Profile != n.Profile || r.Reason != reason || r.Why.Valid() {
			c.t.Errorf("%s was told to end %s, %s, for %s", ca, r.Serial, r.Profile, r.Reason)
		}
		delete(left, r.Serial)
	}
	if len(left) > 0 {
		c.t.Errorf("%s was not told to end %d certificates", ca, len(left))
	}
}

// TestLossAfterAnotherCode: the code was changed at another office, so that the one where the loss is reported does not know the code
// under which the CA knows the holder. What was issued before the report ends, whenever we are told of it; what is issued after it lives.
func TestLossAfterAnotherCode(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		a, b := newPerson(t, 1, "松本　花子"), newPerson(t, 2, "髙橋　辰男")
		c.tell(nagano, a.change(resident.MoveIn), b.change(resident.MoveIn))
		old, others, login, late := a.certified(cert.Signature), b.certified(cert.Signature), a.certified(cert.Authentication), a.certified(cert.Signature)
		want(t, c.tell(theCA, old, others, login), "applied", "applied", "applied")
		want(t, c.tell(nagano, a.change(resident.CodeChangeRequested, recoded(7))), "applied")
		at := c.clk.Now()
		report := lost(a.Code, cert.Signature, at)
		want(t, c.tell(matsumoto, report, report), "applied", "applied")
		c.demandedOf(theCA, cert.KeyCompromise, old)
		want(t, c.tell(theCA, late), "applied")
		c.demandedOf(theCA, cert.KeyCompromise, old, late)
		want(t, c.tell(theCA, a.issuedAt(cert.Signature, at.Add(time.Second))), "applied")
		want(t, c.tell(matsumoto, report), "applied")
		c.demandedOf(theCA, cert.KeyCompromise, old, late)
		if r := c.told[theCA][0]; r.Since != day {
			t.Errorf("lost since %s", r.Since)
		}
		says(c, "in the end", message.Revocations, theCA, c.revocations...)
		if dead := c.living(); len(dead) > 0 {
			t.Errorf("may not live, and were not demanded: %v", dead)
		}
		// Somebody took the demands out by hand.
		c.tamper(`DELETE FROM demand`)
		if dead := c.living(); len(dead) < 2 {
			t.Errorf("only %v are missed", dead)
		}
	})
}

// TestReportOvertakesTheCode: the report under the new code comes before anybody has said whose code that is. It waits, and then ends what
// was issued under the old one.
func TestReportOvertakesTheCode(t *testing.T) {
	c := newCountry(t, "memory:")
	a := newPerson(t, 1, "松本　花子")
	c.tell(nagano, a.change(resident.MoveIn))
	old := a.certified(cert.Signature)
	c.tell(theCA, old)
	change := a.change(resident.CodeChangeRequested, recoded(7))
	ids := c.send(matsumoto, lost(a.Code, cert.Signature, start))
	c.runFor(5 * time.Second)
	c.demandedOf(theCA, cert.KeyCompromise)
	want(t, c.tell(nagano, change), "applied")
	c.demandedOf(theCA, cert.KeyCompromise, old)
	if i, _, _, err := c.center.Exchange.Find(t.Context(), ids[0]); err != nil || i.State != string(message.Applied) {
		t.Errorf("the report is %s, %v", i.State, err)
	}

	// The issuer may speak before it is known that both codes are one person's: what it says holds then.
	b := newPerson(t, 2, "髙橋　辰男")
	c.tell(nagano, b.change(resident.MoveIn))
	first := b.certified(cert.Authentication)
	c.tell(naganosCA, first)
	change = b.change(resident.CodeChangeRequested, recoded(8))
	own := b.issuedAt(cert.Authentication, start.Add(-time.Hour))
	c.tell(theCA, own)
	want(t, c.tell(matsumoto, lost(b.Code, cert.Authentication, start)), "applied")
	c.demandedOf(naganosCA, cert.KeyCompromise)
	want(t, c.tell(nagano, change), "applied")
	c.demandedOf(naganosCA, cert.KeyCompromise, first)

	// And the report under a code that is changed afterwards, before we are told of the certificate.
	d := newPerson(t, 3, "飯田　一郎")
	c.tell(nagano, d.change(resident.MoveIn))
	late := d.certified(cert.Signature)
	want(t, c.tell(matsumoto, lost(d.Code, cert.Signature, c.clk.Now())), "applied")
	want(t, c.tell(nagano, d.change(resident.CodeChangeRequested, recoded(9))), "applied")
	want(t, c.tell(theCA, late), "applied")
	c.demandedOf(theCA, cert.KeyCompromise, old, own, late)
}

// TestWhoMayReport: the office that keeps the record and those that issued, and nobody else, whoever accepts it.
func TestWhoMayReport(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		a := newPerson(t, 1, "松本　花子")
		c.tell(nagano, a.change(resident.MoveIn))
		login, paper := a.certified(cert.Authentication), a.certified(cert.Signature)
		c.tell(theCA, login, paper)
		for _, stranger := range []message.Org{iida, adachi} {
			want(t, c.tell(stranger, lost(a.Code, cert.Authentication, c.clk.Now())), "neither-home-nor-issuer")
		}
		want(t, c.tell(matsumoto, lost(resident.RecordCodeOf(99), cert.Authentication, c.clk.Now())), "neither-home-nor-issuer") // nobody's code
		c.demandedOf(theCA, cert.KeyCompromise)

		// Moved to 足立区, which reports in the moment in which the notice of moving in is on its way.
		c.tell(nagano, a.change(resident.MoveOut))
		c.send(adachi, lost(a.Code, cert.Authentication, c.clk.Now()))
		c.runFor(5 * time.Second)
		c.demandedOf(theCA, cert.KeyCompromise)
		a.last = resident.StateHash{}
		want(t, c.tell(tokyo, a.change(resident.MoveIn, in("131211", "東京都足立区中央本町1丁目17番1号"))), "applied")
		c.demandedOf(theCA, cert.KeyCompromise, login)
		// The office that issued may still: the holder stands there, and the card is lost.
		want(t, c.tell(matsumoto, lost(a.Code, cert.Signature, c.clk.Now())), "applied")
		c.demandedOf(theCA, cert.KeyCompromise, login, paper)
		want(t, c.tell(iida, lost(a.Code, cert.Signature, c.clk.Now())), "neither-home-nor-issuer")
	})
}

// TestReportOfOne ends that one, of whomever the code is, and no stranger's.
func TestReportOfOne(t *testing.T) {
	c := newCountry(t, "memory:")
	a, b := newPerson(t, 1, "松本　花子"), newPerson(t, 2, "髙橋　辰男")
	c.tell(nagano, a.change(resident.MoveIn), b.change(resident.MoveIn))
	one, other, strangers, late := a.certified(cert.Signature), a.certified(cert.Authentication), b.certified(cert.Signature), b.certified(cert.Authentication)
	c.tell(theCA, one, other, strangers)
	report := func(who *person, n message.CertIssuance) message.CertRevoke {
		r := lost(who.Code, n.Profile, c.clk.Now())
		r.Serial, r.Reason = n.Serial, cert.Asked.Reason()
		return r
	}
	want(t, c.tell(matsumoto, report(a, one), report(a, strangers), report(b, late)), "applied", "not-the-holder", "applied")
	c.demandedOf(theCA, cert.CessationOfOperation, one)
	want(t, c.tell(theCA, late), "applied")
	c.demandedOf(theCA, cert.CessationOfOperation, one, late)
	c.tamper(`DELETE FROM demand`)
	if dead := c.living(); len(dead) != 2 {
		t.Errorf("without a demand are missed %v, want two", dead)
	}
}

// TestDamagedReport: somebody has made what a holder reported unreadable. It ends what it is about all the same, as a loss.
func TestDamagedReport(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		a := newPerson(t, 1, "松本　花子")
		c.tell(nagano, a.change(resident.MoveIn))
		n := a.certified(cert.Signature)
		report := lost(a.Code, cert.Signature, c.clk.Now())
		report.Reason = cert.Asked.Reason()
		want(t, c.tell(matsumoto, report), "applied")
		c.tamper(`UPDATE report SET reason = 'no reason', since = 'no day', version = 0`)
		want(t, c.tell(theCA, n), "applied")
		c.demandedOf(theCA, cert.KeyCompromise, n)
	})
}

// TestReportByAFastClock is about nothing that will be issued.
func TestReportByAFastClock(t *testing.T) {
	c := newCountry(t, "memory:")
	a := newPerson(t, 1, "松本　花子")
	c.tell(nagano, a.change(resident.MoveIn))
	want(t, c.tell(matsumoto, lost(a.Code, cert.Signature, c.clk.Now().AddDate(1, 0, 0))), "applied")
	want(t, c.tell(theCA, a.issuedAt(cert.Signature, c.clk.Now())), "applied")
	c.demandedOf(theCA, cert.KeyCompromise)
	before := a.certified(cert.Authentication)
	want(t, c.tell(matsumoto, lost(a.Code, cert.Authentication, time.Time{})), "applied") // of a program that does not say when
	want(t, c.tell(theCA, before), "applied")
	c.demandedOf(theCA, cert.KeyCompromise, before)
}

// TestReportOfWhatCannotBeRead: a CA's notice of issuance waits for a person, so that nobody knows the serial. The report is passed on to that
// CA under the code of its notice, whichever of the two comes first, and when it comes out afterwards that they are of one person.
func TestReportOfWhatCannotBeRead(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		a, b, d := newPerson(t, 1, "松本　花子"), newPerson(t, 2, "髙橋　辰男"), newPerson(t, 3, "飯田　一郎")
		c.tell(nagano, a.change(resident.MoveIn), b.change(resident.MoveIn), d.change(resident.MoveIn))
		unread := func(p *person) message.CertIssuance {
			n := p.certified(cert.Authentication)
			n.Version = 0
			return n
		}
		passed := func(of ...message.CertRevoke) {
			t.Helper()
			if !slices.Equal(c.passed[naganosCA], of) || len(c.passed[theCA]) > 0 {
				t.Errorf("passed on: %+v, want %+v", c.passed, of)
			}
		}
		first := lost(a.Code, cert.Authentication, c.clk.Now())
		want(t, c.tell(naganosCA, unread(a)), "malformed")
		passed()
		want(t, c.tell(matsumoto, first), "applied")
		passed(first)
		second := lost(b.Code, cert.Authentication, c.clk.Now())
		want(t, c.tell(matsumoto, second), "applied")
		want(t, c.tell(naganosCA, unread(b)), "malformed")
		passed(first, second)

		old := d.Code
		c.tell(theCA, d.certified(cert.Signature))
		want(t, c.tell(naganosCA, unread(d)), "malformed")
		change := d.change(resident.CodeChangeRequested, recoded(7))
		c.tell(theCA, d.certified(cert.Signature)) // by which it may speak for the new code
		third := lost(d.Code, cert.Authentication, c.clk.Now())
		want(t, c.tell(matsumoto, third), "applied")
		passed(first, second)
		want(t, c.tell(nagano, change), "applied")
		third.Code = old
		passed(first, second, third)
	})
}
