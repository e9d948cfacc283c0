package ca_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/org/ca"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

func as(t testing.TB, id string) context.Context {
	t.Helper()
	for _, p := range access.Personas() {
		if p.ID == id {
			return access.With(t.Context(), p)
		}
	}
	t.Fatalf("no persona %s", id)
	return nil
}

const (
	first  = "operator-ueda"
	second = "operator-egawa"
)

// city issues to so many residents of Matsumoto, both kinds to the even ones.
func (c *country) city(n int) (all []message.CertIssued) {
	c.t.Helper()
	for i := range n {
		all = append(all, c.issue(fmt.Sprintf("s%d", i), cert.Signature, person(c.t, uint64(i), 1)))
		if i%2 == 0 {
			all = append(all, c.issue(fmt.Sprintf("a%d", i), cert.Authentication, person(c.t, uint64(i), 1)))
		}
	}
	return all
}

func (c *country) propose(p ca.MassProposal) int64 {
	c.t.Helper()
	if p.Ground == "" {
		p.Ground = cert.CAExposed
	}
	p.Since, p.Why = arose, "鍵の入った装置が盗まれた"
	id := must[int64](c.t)(c.ProposeMass(as(c.t, first), p))
	c.run(c.settles())
	return id
}

// settles is how long a dry run waits for what is being committed.
func (c *country) settles() time.Duration {
	if c.Store.Engine() == sqlstore.Postgres {
		return 10 * time.Second
	}
	return 0
}

func (c *country) mass(id int64) ca.MassRevocation {
	c.t.Helper()
	return must[ca.MassRevocation](c.t)(c.Mass(as(c.t, "auditor-onishi"), id))
}

// ended gives how often the world was told of the end of each certificate, and checks that no other was.
func (c *country) ended(reason cert.RevocationReason) map[cert.Serial]int {
	c.t.Helper()
	told := map[cert.Serial]int{}
	for _, s := range received[message.CertStatus](c, validation) {
		if s.Revoked {
			if told[s.Serial]++; s.Reason != reason {
				c.t.Errorf("%s was told as %s", s.Serial, s.Reason)
			}
			if reason == cert.CACompromise && s.Since != arose {
				c.t.Errorf("%s was told as untrue since %s", s.Serial, s.Since)
			}
		}
	}
	return told
}

func refusedOn(t testing.TB, err error, field string) {
	t.Helper()
	ps, ok := plain.AsProblems(err)
	if !ok || ps[0].Field != field || ps[0].JA == "" || ps[0].EN == "" {
		t.Errorf("want a refusal of %s, got %v", field, err)
	}
}

// refusedSaying is refusedOn, with words of the sentence.
func refusedSaying(t testing.TB, err error, field, words string) {
	t.Helper()
	if refusedOn(t, err, field); err == nil || !strings.Contains(err.Error(), words) {
		t.Errorf("%v, want %q", err, words)
	}
}

var (
	place     = func(t testing.TB) resident.MunicipalityCode { return person(t, 0, 1).Municipality }
	signature = ca.MassProposal{Profile: cert.Signature}
	arose     = resident.MustDate(2026, 3, 20) // the ground, before anything was proposed
)

// TestMassRevocation: what two officers have seen and agreed on ends, each certificate once, and nothing else does.
func TestMassRevocation(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		c.SetMassPages(2, 2)
		all := c.city(4)
		elsewhere := person(t, 100, 1)
		elsewhere.Municipality = must[resident.MunicipalityCode](t)(resident.ParseMunicipalityCode("m", "202053"))
		c.send(iida, request(t, "i1", cert.Signature, elsewhere))
		c.run(time.Second)
		id := c.propose(ca.MassProposal{Municipality: place(t)})
		c.issue("later", cert.Signature, person(t, 50, 1)) // after the dry run

		m := c.mass(id)
		if m.State != "frozen" || m.Size != 6 || m.Holders != 4 || m.Left != 6 || m.Messages != 6 || m.Since != arose.String() || m.Cut == nil || len(m.Aside) != 0 || len(m.Parts) != 2 ||
			m.Parts[0].Profile != "signature" || m.Parts[0].Certificates != 4 || m.Parts[1].Certificates != 2 {
			t.Fatalf("the dry run says %+v", m)
		}
		var list bytes.Buffer
		if err := c.MassSerials(as(t, second), id, &list); err != nil {
			t.Fatal(err)
		}
		if sum := sha256.Sum256(list.Bytes()); hex.EncodeToString(sum[:]) != m.Digest || strings.Count(list.String(), "\n") != 6 {
			t.Errorf("the digest %s is not that of the list:\n%s", m.Digest, list.String())
		}
		if len(c.ended(0)) != 0 {
			t.Fatal("the dry run has ended something")
		}

		seen := ca.MassSeen{Digest: m.Digest, Left: 6}
		for _, x := range []struct {
			who   string
			seen  ca.MassSeen
			field string // empty: refused for the job
		}{
			{first, seen, "confirmer"},
			{second, ca.MassSeen{Digest: strings.Repeat("0", 64), Left: 6}, "digest"},
			{second, ca.MassSeen{Left: 6}, "digest"},
			{second, ca.MassSeen{Digest: m.Digest, Left: 5}, "left"},
			{"clerk-aoki", seen, ""},
			{"auditor-onishi", seen, ""},
		} {
			err := c.ConfirmMass(as(t, x.who), id, x.seen)
			if x.field != "" {
				refusedSaying(t, err, x.field, map[string]string{"digest": "見た対象と、確定した対象が違います"}[x.field])
			} else if err == nil {
				t.Errorf("%s has confirmed", x.who)
			}
		}
		if c.run(time.Second); len(c.ended(0)) != 0 {
			t.Fatal("what nobody has confirmed has begun")
		}
		if err := c.ConfirmMass(as(t, second), id, seen); err != nil {
			t.Fatal(err)
		}
		c.run(20 * time.Second)
		told := c.ended(cert.CACompromise)
		for _, n := range all {
			if told[n.Serial] != 1 {
				t.Errorf("%s was told %d times", n.Serial, told[n.Serial])
			}
		}
		if m = c.mass(id); len(told) != 6 || m.State != "done" || m.Revoked != 6 || m.Before != 0 || m.SetAside != 0 || m.Left != 0 || m.EndedAt == nil ||
			m.ProposedBy != first || m.ConfirmedBy != second || !m.Parts[0].Followed || m.Parts[0].Revoked != 4 {
			t.Errorf("%d told; the statement says %+v", len(told), m)
		}
		listed := map[string]bool{}
		for _, l := range c.fullLists() {
			for _, e := range must[*x509.RevocationList](t)(x509.ParseRevocationList(l.CRL)).RevokedCertificateEntries {
				listed[e.SerialNumber.String()] = true
			}
		}
		if len(listed) != 6 || len(c.stuck()) > 0 {
			t.Errorf("%d listed; parked %v", len(listed), c.stuck())
		}
		var acts []string
		err := c.Store.View(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
			records, err := auditlog.List(ctx, tx, auditlog.Filter{Subject: fmt.Sprintf("mass-%d", id)})
			for _, r := range records {
				acts = append(acts, r.Actor+" "+r.Act)
			}
			return err
		})
		if want := []string{"ca mass.done", second + " mass.confirm", second + " look", first + " mass.propose"}; err != nil || !slices.Equal(acts, want) {
			t.Errorf("the audit log says %q, %v", acts, err)
		}
		refusedSaying(t, c.ConfirmMass(as(t, second), id, seen), "mass", "この一括失効は、承認を待っていません") // once
	})
}

// TestMassPauseAndRestart: it stops when an officer says so, goes on when one says so, and goes on where it was when the program was
// killed in between.
func TestMassPauseAndRestart(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		c.SetMassPages(1, 1)
		all := c.city(6)
		id := c.propose(signature)
		refusedSaying(t, c.MoveMass(as(t, first), id, "resume"), "mass", "今の状態では、その操作はできません")
		refusedSaying(t, c.MoveMass(as(t, first), id, "stop"), "act", "一括失効の操作は、停止（pause）・再開（resume）・取下げ（drop）のいずれかです")
		m := c.mass(id)
		if err := c.ConfirmMass(as(t, second), id, ca.MassSeen{Digest: m.Digest, Left: m.Left}); err != nil {
			t.Fatal(err)
		}
		step := func() {
			t.Helper()
			if _, err := c.Due.Tasks()[0].Step(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		step()
		step()
		if m = c.mass(id); m.State != "running" || m.Revoked != 2 || m.Left != 4 {
			t.Fatalf("after two steps: %+v", m)
		}
		if err := c.MoveMass(as(t, "auditor-onishi"), id, "pause"); err == nil {
			t.Error("an auditor has paused it")
		}
		if err := c.MoveMass(as(t, first), id, "pause"); err != nil {
			t.Fatal(err)
		}
		c.run(time.Minute)
		refusedOn(t, c.MoveMass(as(t, first), id, "drop"), "mass") // what has begun is not dropped
		if m = c.mass(id); m.State != "paused" || m.Revoked != 2 || m.StoppedBy != first {
			t.Fatalf("paused: %+v", m)
		}
		c.shows("/", "一括失効 1: 停止中") // nobody forgets it
		if err := c.MoveMass(as(t, second), id, "resume"); err != nil {
			t.Fatal(err)
		}
		step()
		if strings.HasPrefix(url, "memory:") {
			t.Fatal("this test needs a database that outlives the program")
		}
		c.Close() // killed: what was not committed is not there
		c.open()
		c.SetMassPages(1, 1)
		if m = c.mass(id); m.State != "running" || m.Revoked != 3 {
			t.Fatalf("after the restart: %+v", m)
		}
		c.run(time.Minute)
		told := c.ended(cert.CACompromise)
		if m = c.mass(id); m.State != "done" || m.Revoked != 6 || len(told) != 6 {
			t.Errorf("%d told; %+v", len(told), m)
		}
		for serial, n := range told {
			if n != 1 {
				t.Errorf("%s was told %d times", serial, n)
			}
		}
		if len(all) != 9 || len(c.stuck()) > 0 {
			t.Errorf("%d issued, parked %v", len(all), c.stuck())
		}
	})
}

// shows fetches a page that everybody may see, and looks for words on it.
func (c *country) shows(path, words string) {
	c.t.Helper()
	w := httptest.NewRecorder()
	c.Handler().ServeHTTP(w, httptest.NewRequest("GET", "http://127.0.0.1/ca"+path, nil))
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), words) {
		c.t.Errorf("%s answers %d, without %q", path, w.Code, words)
	}
}

// TestMassDropped: nothing of it happens any more.
func TestMassDropped(t *testing.T) {
	c := newCountry(t, "memory:")
	c.city(2)
	early := must[int64](t)(c.ProposeMass(as(t, first), ca.MassProposal{Profile: cert.Signature, Ground: cert.CAExposed, Since: arose, Why: "鍵"}))
	refusedSaying(t, c.ConfirmMass(as(t, second), early, ca.MassSeen{}), "mass", "試行がまだ終わっていません")
	if err := c.MoveMass(as(t, second), early, "drop"); err != nil {
		t.Fatal(err)
	}
	id := c.propose(signature)
	m := c.mass(id)
	if err := c.MoveMass(as(t, second), id, "drop"); err != nil {
		t.Fatal(err)
	}
	refusedOn(t, c.ConfirmMass(as(t, second), id, ca.MassSeen{Digest: m.Digest, Left: m.Left}), "mass")
	if c.run(time.Minute); len(c.ended(0)) != 0 || c.mass(id).State != "dropped" {
		t.Errorf("%+v", c.mass(id))
	}
	if got := ca.ListBadge(c.mass(id), m.Parts[0]); got.Text.EN != "unchanged" {
		t.Errorf("of a list it says %q", got.Text.EN)
	}
	_, err := c.Mass(as(t, first), 99)
	refusedOn(t, err, "mass")
	refusedSaying(t, c.ConfirmMass(as(t, second), 99, ca.MassSeen{}), "mass", "その番号の一括失効はありません")
	if _, err := c.Mass(as(t, "clerk-aoki"), id); err == nil {
		t.Error("a clerk looks at it")
	}
}

// TestMassIsSeenBeforeItIsConfirmed: without the tick that the set and its digest were seen, nothing begins.
func TestMassIsSeenBeforeItIsConfirmed(t *testing.T) {
	c := newCountry(t, "memory:")
	c.city(1)
	id := c.propose(signature)
	m := c.mass(id)
	base := c.serve(t)
	officer := c.signedIn(base, second)
	form := url.Values{"digest": {m.Digest}, "left": {fmt.Sprint(m.Left)}}
	for lang, says := range map[string]string{"ja": "対象とダイジェストを見てから、印を付けてください。", "en": "Look at the set and its digest, then tick the box."} {
		status, page := c.read(officer.PostForm(fmt.Sprintf("%s/revocations/%d/confirm?lang=%s", base, id, lang), form))
		if status != http.StatusUnprocessableEntity || !strings.Contains(page, says) || c.mass(id).State != "frozen" {
			t.Errorf("it answers %d, and is %s:\n%s", status, c.mass(id).State, page)
		}
	}
	form.Set("seen", "yes")
	if status, page := c.read(officer.PostForm(fmt.Sprintf("%s/revocations/%d/confirm", base, id), form)); status != http.StatusOK || c.mass(id).State == "frozen" {
		t.Errorf("ticked, it answers %d, and is %s:\n%s", status, c.mass(id).State, page)
	}
}

// TestMassPagesWhenTheDatabaseFails: that a mass revocation cannot be read now is not that there is none.
func TestMassPagesWhenTheDatabaseFails(t *testing.T) {
	c := newCountry(t, "memory:")
	c.city(1)
	c.propose(signature)
	base := c.serve(t)
	officer := c.signedIn(base, first)
	status := func(path string) int {
		t.Helper()
		status, _ := c.read(officer.Get(base + path))
		return status
	}
	for path, want := range map[string]int{"/revocations/1": 200, "/revocations/2": 404, "/revocations/x": 404} {
		if got := status(path); got != want {
			t.Errorf("%s: %d", path, got)
		}
	}
	c.spoil(`ALTER TABLE mass_item RENAME TO mass_gone`)
	for _, path := range []string{"/revocations/1", "/revocations/1/part", "/revocations/1/aside.csv"} {
		if got := status(path); got < 500 {
			t.Errorf("%s of a database that cannot be read: %d", path, got)
		}
	}
}
