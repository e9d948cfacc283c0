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
	"github.com/akashi-id/akashi/internal/webui"
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
	p.Why = "鍵の入った装置が盗まれた"
	id := must[int64](c.t)(c.ProposeMass(as(c.t, first), p))
	c.run(0)
	return id
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

var (
	place     = func(t testing.TB) resident.MunicipalityCode { return person(t, 0, 1).Municipality }
	signature = ca.MassProposal{Profile: cert.Signature}
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
		if m.State != "frozen" || m.Size != 6 || m.Holders != 4 || m.Left != 6 || m.Messages != 6 || len(m.Aside) != 0 || len(m.Parts) != 2 ||
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
				refusedOn(t, err, x.field)
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
		refusedOn(t, c.ConfirmMass(as(t, second), id, seen), "mass") // once
	})
}

// TestMassCriteria: each criterion chooses what it says, and a list is held against what there is.
func TestMassCriteria(t *testing.T) {
	c := newCountry(t, "memory:")
	all := c.city(3) // s0 a0 s1 s2 a2
	c.clk.Set(start.Add(24 * time.Hour))
	late := c.issue("late", cert.Signature, person(t, 50, 1))
	c.send(center, revocation(all[0], 2))
	c.run(time.Second)
	issuer := received[message.CertStatus](c, validation)[0].Issuer
	unknown := must[cert.Serial](t)(cert.ParseSerial("4711"))
	for name, x := range map[string]struct {
		p    ca.MassProposal
		want int64
		out  int
	}{
		"a kind":                        {ca.MassProposal{Profile: cert.Signature}, 3, 0},
		"the other kind":                {ca.MassProposal{Profile: cert.Authentication}, 2, 0},
		"a place":                       {ca.MassProposal{Municipality: place(t)}, 5, 0},
		"a place without any":           {ca.MassProposal{Municipality: must[resident.MunicipalityCode](t)(resident.ParseMunicipalityCode("m", "202053"))}, 0, 0},
		"a time":                        {ca.MassProposal{From: start, Until: start.Add(time.Hour)}, 4, 0},
		"from a moment on":              {ca.MassProposal{From: start.Add(time.Hour)}, 1, 0},
		"until a moment":                {ca.MassProposal{Until: start}, 0, 0},
		"a CA's key":                    {ca.MassProposal{Issuer: issuer}, 3, 0},
		"a CA's key and a time":         {ca.MassProposal{Issuer: issuer, From: start.Add(time.Hour)}, 1, 0},
		"serials":                       {ca.MassProposal{Serials: []cert.Serial{late.Serial, all[1].Serial, late.Serial}}, 2, 0},
		"serials that are none or over": {ca.MassProposal{Serials: []cert.Serial{unknown, all[0].Serial, all[1].Serial}}, 1, 2},
	} {
		m := c.mass(c.propose(x.p))
		if m.State != "frozen" || m.Size != x.want || m.Left != x.want || len(m.Aside) != x.out {
			t.Errorf("%s: %s, %d, left %d, aside %+v", name, m.State, m.Size, m.Left, m.Aside)
		}
		if got := ca.MassNotice(m).Title.EN == "The set is empty"; got != (m.Size == 0) {
			t.Errorf("%s: of %d the page says %+v", name, m.Size, ca.MassNotice(m))
		}
		if x.want == 0 {
			refusedOn(t, c.ConfirmMass(as(t, second), m.ID, ca.MassSeen{Digest: m.Digest}), "mass")
		}
	}
}

// TestMassSetThatChanged: what ends otherwise between the dry run and the confirmation is shown, and confirmed as it is shown; what a
// hand has changed is refused.
func TestMassSetThatChanged(t *testing.T) {
	c := newCountry(t, "memory:")
	all := c.city(4)
	id := c.propose(signature)
	m := c.mass(id)
	c.send(center, revocation(all[0], 2))
	c.run(time.Second)
	refusedOn(t, c.ConfirmMass(as(t, second), id, ca.MassSeen{Digest: m.Digest, Left: m.Left}), "left")
	again := c.mass(id)
	if again.Digest != m.Digest || again.Size != 4 || again.Left != 3 {
		t.Errorf("shown: %+v", again)
	}
	for name, hand := range map[string]string{
		"one less": `DELETE FROM mass_item WHERE mass = $1 AND serial = (SELECT MIN(serial) FROM mass_item WHERE mass = $1)`,
		"one more": `INSERT INTO mass_item(mass, serial, municipality, profile, outcome, reason_ja, reason_en)
			SELECT $1, MIN(serial), '', '', '', '', '' FROM certificate WHERE profile = 'authentication'`,
		"another": `UPDATE mass_item SET serial = (SELECT MIN(serial) FROM certificate WHERE profile = 'authentication')
			WHERE mass = $1 AND serial = (SELECT MAX(serial) FROM mass_item WHERE mass = $1)`,
	} {
		other := c.mass(c.propose(signature))
		c.spoil(hand, other.ID)
		err := c.ConfirmMass(as(t, second), other.ID, ca.MassSeen{Digest: other.Digest, Left: c.mass(other.ID).Left})
		if refusedOn(t, err, "mass"); err == nil || !strings.Contains(err.Error(), "書き換えられ") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := c.ConfirmMass(as(t, second), id, ca.MassSeen{Digest: m.Digest, Left: 3}); err != nil {
		t.Fatal(err)
	}
	c.run(10 * time.Second)
	if m = c.mass(id); m.State != "done" || m.Revoked != 3 || m.Before != 1 {
		t.Errorf("%+v", m)
	}
	if s := received[message.CertStatus](c, validation); len(s) != len(all)+4 {
		t.Errorf("%d were told", len(s))
	}
}

// TestMassPauseAndRestart: it stops when an officer says so, goes on when one says so, and goes on where it was when the program was
// killed in between.
func TestMassPauseAndRestart(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		c.SetMassPages(1, 1)
		all := c.city(6)
		id := c.propose(signature)
		refusedOn(t, c.MoveMass(as(t, first), id, "resume"), "mass")
		refusedOn(t, c.MoveMass(as(t, first), id, "stop"), "act")
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
		c.shows("/", "一括失効: 停止中") // nobody forgets it
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
	refusedOn(t, c.ConfirmMass(as(t, second), 99, ca.MassSeen{}), "mass")
	if _, err := c.Mass(as(t, "clerk-aoki"), id); err == nil {
		t.Error("a clerk looks at it")
	}
}

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
	id := must[int64](t)(c.ProposeMass(as(t, first), ca.MassProposal{Profile: cert.Signature, Ground: cert.CAExposed, Why: "鍵"}))
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
	id := must[int64](t)(c.ProposeMass(as(t, first), ca.MassProposal{Profile: cert.Signature, Ground: cert.CAExposed, Why: "鍵"}))
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

// TestMassProposalsThatCannotBe name what is wrong.
func TestMassProposalsThatCannotBe(t *testing.T) {
	c := newCountry(t, "memory:")
	good := ca.MassProposal{Profile: cert.Signature, Ground: cert.CAExposed, Why: "鍵"}
	serial := must[cert.Serial](t)(cert.ParseSerial("4711"))
	for field, spoil := range map[string]func(*ca.MassProposal){
		"municipality": func(p *ca.MassProposal) { p.Profile = 0 },
		"serials":      func(p *ca.MassProposal) { p.Serials = []cert.Serial{serial} },
		"issuer":       func(p *ca.MassProposal) { p.Issuer = "ab" },
		"until":        func(p *ca.MassProposal) { p.From, p.Until = start, start },
		"ground":       func(p *ca.MassProposal) { p.Ground = cert.Renewed },
		"why":          func(p *ca.MassProposal) { p.Why = " " },
	} {
		p := good
		spoil(&p)
		_, err := c.ProposeMass(as(t, first), p)
		refusedOn(t, err, field)
	}
	for _, who := range []string{"clerk-aoki", "auditor-onishi"} {
		if _, err := c.ProposeMass(as(t, who), good); err == nil {
			t.Errorf("%s has proposed one", who)
		}
	}
	many := make([]cert.Serial, ca.MaxListed+1)
	_, err := c.ProposeMass(as(t, first), ca.MassProposal{Serials: many, Ground: cert.CAExposed, Why: "鍵"})
	refusedOn(t, err, "serials")
	if all := must[[]ca.MassRevocation](t)(c.Masses(as(t, first), 10)); len(all) != 0 {
		t.Errorf("%+v", all)
	}
}

// TestReadSerials as people keep them.
func TestReadSerials(t *testing.T) {
	got, err := ca.ReadSerials("serials", []byte("\ufeff4711\r\n\n  # a remark\nserial=0A:0B # of the counter\n"))
	if err != nil || len(got) != 2 || got[0].String() != "4711" || got[1].String() != "0A0B" {
		t.Errorf("%v, %v", got, err)
	}
	_, err = ca.ReadSerials("serials", []byte("4711\nxyz\n-1\n"))
	ps, ok := plain.AsProblems(err)
	if !ok || len(ps) != 2 || ps[0].Line != 2 || ps[1].Line != 3 {
		t.Errorf("%v", err)
	}
	for _, none := range []string{"", "\n", "# to be written\n"} {
		_, err := ca.ReadSerials("serials", []byte(none))
		refusedOn(t, err, "serials")
	}
	for text, want := range map[string]time.Time{
		"":                          {},
		"2026-04-01":                start.Add(-9 * time.Hour),
		"2026-04-01T09:00":          start,
		"2026-04-01T00:00:00Z":      start,
		"2026-04-01T09:00:00+09:00": start,
	} {
		if at, err := ca.ReadMoment("from", text); err != nil || !at.Equal(want) {
			t.Errorf("%q is %s, %v", text, at, err)
		}
	}
	_, err = ca.ReadMoment("from", "yesterday")
	refusedOn(t, err, "from")
}
