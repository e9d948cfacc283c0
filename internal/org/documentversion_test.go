package org_test

import (
	"crypto/rand"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/document"
	"github.com/akashi-id/akashi/internal/document/making"
	"github.com/akashi-id/akashi/internal/document/press"
	"github.com/akashi-id/akashi/internal/hsm"
	"github.com/akashi-id/akashi/internal/org/municipality"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
)

// busyPress signs nothing as long as its token is busy.
type busyPress struct {
	press.Machine
	busy bool
}

func (b *busyPress) Sign(p document.Paper, random io.Reader) ([]byte, error) {
	if b.busy {
		return nil, fmt.Errorf("a test: %w", hsm.ErrNoneReady)
	}
	return b.Machine.Sign(p, random)
}

// TestVersionOfEachStep: one version decides and another one signs, and each is written down for what it did; an inquiry by the counter's version finds what that one
// has judged.
func TestVersionOfEachStep(t *testing.T) {
	busy := &busyPress{busy: true}
	v := newIssuersAs(t, sqlstoretest.SQLite, true, issuersAs{random: rand.Reader, machine: func(m press.Machine) press.Machine { busy.Machine = m; return busy }})
	head := v.person("松本　一子", "1960-05-01", "世帯主", "")
	v.run(2 * time.Second)
	id := v.applied(making.IndividualRecord, head.Person, document.Items{})
	v.run(2 * time.Second)
	if c, s := v.traced(id); s.Program != "test 1" || s.Signer != "" || c.Server != "" {
		t.Errorf("before it is signed: decided by %q, signed by %q, of which the counter knows %q", s.Program, s.Signer, c.Server)
	}
	v.town.Close()
	v.server.Close()
	v.program, busy.busy = "test 2", false
	v.openServer()
	v.open(true)
	v.run(10 * time.Second)
	c, s := v.traced(id)
	if s.Program != "test 1" || s.Signer != "test 2" || c.Server != "test 2" || c.State != "held" {
		t.Errorf("decided by %q, signed by %q, of which the counter knows %q: %s", s.Program, s.Signer, c.Server, c.State)
	}
	q, err := municipality.ParseInquiry(v.today().String(), v.today().String(), "試験")
	check(t, err)
	q, err = v.town.InquireDocuments(v.clerk, q)
	check(t, err)
	for version, want := range map[string]int{"counter": 1, "counter 1": 1, "counter 2": 0, "": 0} {
		a, err := v.town.Affected(v.clerk, municipality.AffectedQuery{Inquiry: q.ID, Not: []string{id}, Version: version})
		if err != nil || len(a.Documents) != want || a.LeftOut != 1-want {
			t.Errorf("of the counter's version %q: %d, and %d left out: %v", version, len(a.Documents), a.LeftOut, err)
		}
	}
}
