package ca_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/org/ca"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// TestMassOfWhatCannotBeRead: a damaged certificate ends like the others, and one of which nothing can be made out is set aside,
// shown and counted, and stops none behind it.
func TestMassOfWhatCannotBeRead(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		c.SetMassPages(3, 3)
		all := c.city(len(damages) + 1)
		var serials []cert.Serial
		for _, n := range all {
			serials = append(serials, n.Serial)
		}
		k := 0
		for _, damage := range damages {
			c.spoilOne(damage, serials[k])
			k++
		}
		lost := serials[k]
		c.spoilOne(`UPDATE certificate SET certificate = '', issuer = '', profile = ''`, lost)
		id := c.propose(ca.MassProposal{Serials: serials})
		m := c.mass(id)
		if m.Size != int64(len(serials)) {
			t.Fatalf("%d of %d: %+v", m.Size, len(serials), m.Aside)
		}
		if err := c.ConfirmMass(as(t, second), id, ca.MassSeen{Digest: m.Digest, Left: m.Left}); err != nil {
			t.Fatal(err)
		}
		c.run(20 * time.Second)
		told := c.ended(cert.CACompromise)
		m = c.mass(id)
		if m.State != "done" || m.SetAside != 1 || m.Revoked != int64(len(serials)-1) || len(m.Aside) != 1 || m.Aside[0].Serial != lost.String() ||
			!strings.Contains(m.Aside[0].Why.JA, "壊れて") || m.Left != 0 {
			t.Errorf("%+v", m)
		}
		if got := ca.MassNotice(m); got.Kind != webui.Bad || !strings.Contains(got.Title.EN, "1 are not revoked") {
			t.Errorf("the page says %+v", got)
		}
		var aside bytes.Buffer
		if err := c.MassSetAside(as(t, second), id, &aside); err != nil || strings.Count(aside.String(), "\n") != 2 || !strings.Contains(aside.String(), lost.String()+",failed,") {
			t.Errorf("aside: %q, %v", aside.String(), err)
		}
		err := c.Store.View(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
			taken, err := auditlog.List(ctx, tx, auditlog.Filter{Subject: fmt.Sprintf("mass-%d", id), Act: auditlog.ActLook})
			if len(taken) != 1 || taken[0].Actor != second || taken[0].Detail != "set aside" {
				t.Errorf("who took the list: %+v", taken)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
		for _, s := range serials {
			if want := map[bool]int{true: 0, false: 1}[s == lost]; told[s] != want {
				t.Errorf("%s was told %d times", s, told[s])
			}
		}
	})
}

func (c *country) spoilOne(statement string, serial cert.Serial) {
	c.t.Helper()
	c.spoil(statement+` WHERE serial = $1`, serial.Bytes())
}

// TestMassEndsWhatIsUnderWay: an application whose certificate waits for its signature is answered, and leads to none.
func TestMassEndsWhatIsUnderWay(t *testing.T) {
	c := newCountry(t, "memory:")
	c.city(1)
	c.send(matsumoto, request(t, "r9", cert.Signature, person(t, 9, 1)))
	c.runOthers(time.Second)
	c.clk.Set(c.clk.Now().Add(time.Second))
	id := must[int64](t)(c.ProposeMass(as(t, first), ca.MassProposal{Profile: cert.Signature, Ground: cert.CAExposed, Since: arose, Why: "鍵"}))
	// The device does not answer: what is intended stays so while the officers agree.
	c.SetKey(cert.Signature, &device{Signer: c.Key(cert.Signature), fail: "failed"})
	c.run(time.Second)
	m := c.mass(id)
	if m.Size != 2 {
		t.Fatalf("%+v", m)
	}
	if err := c.ConfirmMass(as(t, second), id, ca.MassSeen{Digest: m.Digest, Left: 2}); err != nil {
		t.Fatal(err)
	}
	c.run(time.Second)
	if no := received[message.CertRefused](c, matsumoto); len(no) != 1 || no[0].Request != "r9" || no[0].Why != "ended-before-issue" {
		t.Errorf("refused: %+v", no)
	}
	if m = c.mass(id); m.Revoked != 2 || len(c.ended(cert.CACompromise)) != 2 {
		t.Errorf("%+v", m)
	}
}

// TestMassEndsWhatNobodyCanBeToldOf: of an application under way of which nothing says any more who made it nobody is told. It ends, as
// those behind it do.
func TestMassEndsWhatNobodyCanBeToldOf(t *testing.T) {
	c := newCountry(t, "memory:")
	c.city(2)
	c.send(matsumoto, request(t, "r9", cert.Signature, person(t, 9, 1)))
	c.runOthers(time.Second)
	c.clk.Set(c.clk.Now().Add(time.Second))
	id := must[int64](t)(c.ProposeMass(as(t, first), ca.MassProposal{Profile: cert.Signature, Ground: cert.CAExposed, Since: arose, Why: "鍵"}))
	c.SetKey(cert.Signature, &device{Signer: c.Key(cert.Signature), fail: "failed"})
	c.run(time.Second)
	c.spoil(`UPDATE certificate SET requester = 'よめない' WHERE state = 'intended'`)
	m := c.mass(id)
	if err := c.ConfirmMass(as(t, second), id, ca.MassSeen{Digest: m.Digest, Left: 3}); err != nil {
		t.Fatal(err)
	}
	c.run(20 * time.Second)
	if m = c.mass(id); m.State != "done" || m.Revoked != 3 || m.SetAside != 0 || len(c.ended(cert.CACompromise)) != 3 {
		t.Errorf("%s: %d revoked, %d set aside, %d told", m.State, m.Revoked, m.SetAside, len(c.ended(cert.CACompromise)))
	}
}

// TestNoEndWithoutAList: of a damaged row it may be guessed that it belongs to a municipality that has no list. Whoever relies on lists
// would never hear of its end, so that it is set aside and not counted as revoked.
func TestNoEndWithoutAList(t *testing.T) {
	c := newCountry(t, "memory:")
	all := c.city(1)
	c.spoilOne(`UPDATE certificate SET municipality = '', requester = 'municipality-202053'`, all[0].Serial)
	id := c.propose(signature)
	if err := c.ConfirmMass(as(t, second), id, ca.MassSeen{Digest: c.mass(id).Digest, Left: 1}); err != nil {
		t.Fatal(err)
	}
	c.run(10 * time.Second)
	if m := c.mass(id); m.State != "done" || m.SetAside != 1 || m.Revoked != 0 || len(c.ended(0)) != 0 {
		t.Errorf("%s: %d revoked, %d set aside; told %v", m.State, m.Revoked, m.SetAside, c.ended(0))
	}
}

// TestMassGoesAroundACounter: applications under way end too, and their counter is told. One whose window is full keeps none of the
// others from ending; its own end when it takes messages again. Nor do more of its applications than one step looks at.
func TestMassGoesAroundACounter(t *testing.T) {
	t.Run("few", func(t *testing.T) { massGoesAround(t, 3, 500) })
	t.Run("more than a step looks at", func(t *testing.T) { massGoesAround(t, 1, 1) })
}

func massGoesAround(t *testing.T, page, ahead int) {
	c := newCountry(t, "memory:")
	c.limits.Open = 2
	c.renew()
	c.SetMassPages(10, page)
	c.SetMassAhead(ahead)
	c.city(3)
	var away []message.CertRequest
	for n := range uint64(4) {
		holder := person(t, 200+n, 1)
		holder.Municipality = must[resident.MunicipalityCode](t)(resident.ParseMunicipalityCode("m", "202053"))
		away = append(away, request(t, fmt.Sprint("i", n), cert.Signature, holder))
	}
	c.net.Join(iida, nil) // it sends, and cannot be reached
	c.send(iida, away[0], away[1])
	c.run(time.Second)
	c.SetKey(cert.Signature, &device{Signer: c.Key(cert.Signature), fail: "failed"})
	c.send(iida, away[2], away[3])
	c.send(matsumoto, request(t, "m9", cert.Signature, person(t, 9, 1)))
	c.run(2 * time.Second)
	id := c.propose(signature)
	m := c.mass(id)
	if m.Size != 3+2+3 {
		t.Fatalf("the set has %d", m.Size)
	}
	if err := c.ConfirmMass(as(t, second), id, ca.MassSeen{Digest: m.Digest, Left: m.Left}); err != nil {
		t.Fatal(err)
	}
	c.run(30 * time.Second)
	if m = c.mass(id); m.State != "running" || m.Revoked != 6 || m.Left != 2 || m.SetAside != 0 {
		t.Errorf("while a counter takes no messages: %+v", m)
	}
	if no := received[message.CertRefused](c, matsumoto); len(no) != 1 || no[0].Request != "m9" {
		t.Errorf("the other counter is told %+v", no)
	}
	c.net.Join(iida, c.peers[iida])
	c.run(2 * time.Minute)
	if m = c.mass(id); m.State != "done" || m.Revoked != 8 || m.Left != 0 || len(received[message.CertRefused](c, iida)) != 2 {
		t.Errorf("when it takes them again: %+v, told %v", m, received[message.CertRefused](c, iida))
	}
	for serial, n := range c.ended(cert.CACompromise) {
		if n != 1 {
			t.Errorf("%s was told %d times", serial, n)
		}
	}
}
