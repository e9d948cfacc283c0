package org_test

import (
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/message"
)

// has fails unless a certificate has ended for that reason by that organisation; no reason: it lives.
func (v *offices) has(what string, g *given, reason cert.RevocationReason, by message.Org) {
	v.Helper()
	if g == nil {
		v.Fatalf("%s was not issued", what)
	}
	if g.ended != reason || g.by != by {
		v.Errorf("%s has ended for %q by %q, want %q by %q", what, g.ended, g.by, reason, by)
	}
}

// TestLossAfterACodeOfElsewhere: the code was changed in 足立区, and 松本市, where the loss is reported, has never heard of the one under
// which the CA knows the holder. What the holder gets afterwards lives, and so does everybody else's.
func TestLossAfterACodeOfElsewhere(t *testing.T) {
	v := newOffices(t, theCA)
	p, q := v.resident(1), v.resident(2)
	old, others := p.apply(cert.Authentication), q.apply(cert.Authentication)
	p.recode()
	p.move()
	v.has("the old one, after the move", old, 0, "")
	p.reportLoss()
	v.has("the old one", old, cert.KeyCompromise, center)
	v.has("somebody else's", others, 0, "")
	next := p.apply(cert.Authentication)
	v.has("the next", next, 0, "")
	p.reportLoss()
	v.has("the next, lost too", next, cert.KeyCompromise, matsumoto)
}

// TestRenewalAfterACodeOfElsewhere: the CA knows nobody of the new code, and issues beside the old one.
func TestRenewalAfterACodeOfElsewhere(t *testing.T) {
	v := newOffices(t, theCA)
	p := v.resident(1)
	old := p.apply(cert.Authentication)
	p.recode()
	p.move()
	next := p.apply(cert.Authentication)
	v.has("the old one", old, cert.Superseded, center)
	v.has("the next", next, 0, "")
}

// TestMovedToAnotherCA: an authentication certificate survives a domestic move, so that it is another CA's than that of the office. A new
// one at the office takes its place; a loss that is reported there ends it; and the office of before may still report it.
func TestMovedToAnotherCA(t *testing.T) {
	v := newOffices(t, tokyosCA)
	renews, loses, asks := v.resident(1), v.resident(2), v.resident(3)
	a, b, c := renews.apply(cert.Authentication), loses.apply(cert.Authentication), asks.apply(cert.Authentication)
	if len(v.cas[tokyosCA].issued) != 3 {
		t.Fatalf("Tokyo's CA has issued %d", len(v.cas[tokyosCA].issued))
	}
	before := asks.person
	for _, p := range []*somebody{renews, loses, asks} {
		p.move()
	}
	v.has("what a move does not end", a, 0, "")
	next := renews.apply(cert.Authentication)
	v.has("what the new one replaces", a, cert.Superseded, center)
	v.has("the new one", next, 0, "")
	loses.reportLoss()
	v.has("what was lost", b, cert.KeyCompromise, center)
	asks.home, asks.person = adachi, before
	asks.reportLoss()
	v.has("what was lost on a visit", c, cert.KeyCompromise, adachi)
}

// TestOneWayOfTwo: the office's own CA waits for nobody, and what one of the two ways loses the other one brings.
func TestOneWayOfTwo(t *testing.T) {
	v := newOffices(t, tokyosCA)
	p, q := v.resident(1), v.resident(2)
	old, heard := p.apply(cert.Authentication), q.apply(cert.Authentication)
	p.move()
	paper := p.apply(cert.Signature)
	v.net.Join(center, nil)
	p.reportLoss()
	v.has("the office's own, with the center away", paper, cert.KeyCompromise, matsumoto)
	v.has("the other CA's, with the center away", old, 0, "")
	next := p.apply(cert.Signature)
	v.has("the next, with the center away", next, 0, "")
	v.join()
	v.run(time.Minute)
	v.has("the other CA's", old, cert.KeyCompromise, center)
	v.has("the next, of which the center hears with the report", next, 0, "")

	v.cas[tokyosCA].deaf = true
	q.reportLoss()
	v.has("what the CA did not take of the office", heard, cert.KeyCompromise, center)
}
