package org_test

import (
	"crypto/rand"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/document"
	"github.com/akashi-id/akashi/internal/document/making"
	"github.com/akashi-id/akashi/internal/document/press"
	"github.com/akashi-id/akashi/internal/hsm"
	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/org/municipality"
	"github.com/akashi-id/akashi/internal/org/nationalcenter"
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

// stops has the center stop a version from a moment on, by two operators.
func (v *issuers) stops(version string, from time.Time) (halt string) {
	v.Helper()
	halt, err := v.center.ProposeStop(as(v, "operator-ueda"), nationalcenter.StopProposal{Version: version, From: from, Reason: "別の人の証明書が印刷される。"})
	check(v, err)
	if _, err := v.center.ProposeStop(as(v, "operator-ueda"), nationalcenter.StopProposal{Version: "版1", Reason: "誤り"}); err == nil || !strings.Contains(err.Error(), "プログラムの版を、画面や akashi version に出るとおりに入力してください。") {
		v.Errorf("a version that no program has: %v", err)
	}
	if err := v.center.ApproveStop(as(v, "operator-ueda"), halt, v.seen(halt)); err == nil || !strings.Contains(err.Error(), "自分で確認できません") {
		v.Errorf("who proposed it approves it: %v", err)
	}
	if err := v.center.ApproveStop(as(v, "operator-egawa"), halt, "another"); err == nil {
		v.Error("what nobody has read is approved")
	} else if !strings.Contains(err.Error(), "この停止はないか、画面を開いた後に変わりました。一覧から開き直し、内容を読んでから行ってください。") {
		v.Error(err)
	}
	if err := v.center.ApproveStop(v.clerk, halt, v.seen(halt)); err == nil {
		v.Error("a clerk stops the country")
	}
	check(v, v.center.ApproveStop(as(v, "operator-egawa"), halt, v.seen(halt)))
	return halt
}

func (v *issuers) seen(halt string) string {
	v.Helper()
	orders, _, err := v.center.Halts(v.Context())
	check(v, err)
	for _, o := range orders {
		if o.Halt == halt {
			return o.Seen()
		}
	}
	v.Fatalf("there is no %s", halt)
	return ""
}

// TestVersionIsStopped: the center stops a version by its name. The clerk is told before anything is asked for, what lies at the counter stays there, a server that is
// started with another version goes on, and lifting it gives back what was held.
func TestVersionIsStopped(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, _ string) {
		url := sqlstoretest.SQLite
		if strings.HasSuffix(t.Name(), "postgres") {
			url = sqlstoretest.Postgres
		}
		v := newIssuersAs(t, url, true, issuersAs{random: rand.Reader, program: "v1 abc"})
		head := v.person("松本　一子", "1960-05-01", "世帯主", "")
		v.run(2 * time.Second)
		apply := func() error {
			_, err := v.town.ApplyForDocument(v.clerk, municipality.DocumentApplication{Person: head.Person, Base: v.base(head.Person), Kind: making.IndividualRecord, Applicant: head.Person, Evidence: byCard})
			return err
		}
		held := v.applied(making.IndividualRecord, head.Person, document.Items{})
		v.run(10 * time.Second)
		halt := v.stops("v1", v.clk.Now().Add(time.Hour))
		v.run(10 * time.Second)
		check(t, apply()) // it is not time yet
		v.run(time.Hour)
		office := v.asThird(head.Person)
		office.Ground = municipality.ThirdOffice
		_, third := v.town.AskAsThird(visiting(v.clerk, look.ByOffice), office)
		for what, err := range map[string]error{"to apply": apply(), "to apply as an office": third, "to hand over": v.handOver(held, 1), "to print": func() error { _, err := v.town.PrintDocument(v.clerk, held); return err }()} {
			if err == nil || !strings.Contains(err.Error(), "版v1のプログラムによる証明書の発行が、") || !strings.Contains(err.Error(), "別の人の証明書が印刷される。") || !strings.Contains(err.Error(), "全国センター（operator-ueda, operator-egawa）") {
				t.Errorf("%s while the version is stopped: %v", what, err)
			}
		}
		_, programs, err := v.center.Halts(t.Context())
		check(t, err)
		if len(programs) != 1 || programs[0].Server != server || programs[0].Program != "v1 abc" {
			t.Errorf("the center knows of %v", programs)
		}

		rings := func() (n int64) {
			_, err := v.center.Alarms.Tasks()[0].Step(t.Context())
			check(t, err)
			view, err := v.center.Alarms.View(t.Context(), 0)
			check(t, err)
			for _, a := range view.Open {
				if a.Code == alarm.StoppedVersionRuns {
					n = a.Value
				}
			}
			return n
		}
		if rings() != 1 {
			t.Error("no alarm says that a stopped version runs")
		}

		v.town.Close()
		v.server.Close()
		v.program = "v2 def"
		v.openServer()
		v.open(true)
		v.run(10 * time.Second)
		check(t, apply())
		if _, err := v.town.PrintDocument(v.clerk, held); err == nil {
			t.Error("what the stopped version has signed is printed, because the server is another one by now")
		} else if !strings.Contains(err.Error(), "この証明書は、いま印刷も交付もできません。") {
			t.Error(err)
		}
		v.town.Close()
		v.server.Close()
		v.program = "v1 abc" // started afterwards
		v.openServer()
		v.open(true)
		v.run(10 * time.Second)
		if apply() == nil {
			t.Error("who starts the stopped version afterwards issues")
		}

		check(t, v.center.ProposeLift(as(t, "operator-ueda"), halt, v.seen(halt), "点検した。"))
		if err := v.center.ApproveLift(as(t, "operator-ueda"), halt, v.seen(halt)); err == nil {
			t.Error("who proposed to lift it approves")
		}
		check(t, v.center.ApproveLift(as(t, "operator-egawa"), halt, v.seen(halt)))
		v.run(10 * time.Second)
		check(t, apply())
		_, err = v.town.PrintDocument(v.clerk, held)
		check(t, err)
		check(t, v.handOver(held, 1))
	})
}

// TestCounterHearsOfItsServersStop: what one municipality stops for itself reaches its counter, and so does that it is resumed.
func TestCounterHearsOfItsServersStop(t *testing.T) {
	v := newIssuers(t, inMemory, true)
	head := v.person("松本　一子", "1960-05-01", "世帯主", "")
	v.run(2 * time.Second)
	held := v.applied(making.IndividualRecord, head.Person, document.Items{})
	v.run(10 * time.Second)
	ueda, egawa := as(t, "operator-ueda"), as(t, "operator-egawa")
	check(t, v.server.Stop(ueda, "違う紙が出た。"))
	v.run(10 * time.Second)
	if _, err := v.town.PrintDocument(v.clerk, held); err == nil || !strings.Contains(err.Error(), "違う紙が出た。") || !strings.Contains(err.Error(), "止めた人：証明発行サーバ（operator-ueda）") {
		t.Errorf("the counter prints what its server has stopped: %v", err)
	}
	check(t, v.server.ProposeResuming(ueda, "点検した。"))
	halts, err := v.server.Halts(t.Context())
	check(t, err)
	check(t, v.server.Resume(egawa, halts[0].Proposal()))
	v.run(10 * time.Second)
	_, err = v.town.PrintDocument(v.clerk, held)
	check(t, err)
}
