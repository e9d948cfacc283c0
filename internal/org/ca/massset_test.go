package ca_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/org/ca"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

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
			refusedSaying(t, c.ConfirmMass(as(t, second), m.ID, ca.MassSeen{Digest: m.Digest}), "mass", "対象が1件もありません")
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
	refusedSaying(t, c.ConfirmMass(as(t, second), id, ca.MassSeen{Digest: m.Digest, Left: m.Left}), "left", "画面を開いた後に、対象の一部が別の理由で失効しました")
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

// TestMassCountsWhatCameLate: in the set is what was issued until the count made its cut, also what was committed behind its back,
// and its digest is that of all of them in their order.
func TestMassCountsWhatCameLate(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		c.SetMassPages(1, 50)
		all := c.city(3)
		// As a transaction that began before the count and is not committed yet: nobody sees what it writes.
		hidden := slices.MinFunc(all, func(a, b message.CertIssued) int { return bytes.Compare(a.Serial.Bytes(), b.Serial.Bytes()) })
		c.spoilOne(`UPDATE certificate SET state = 'revoked'`, hidden.Serial)
		id := must[int64](t)(c.ProposeMass(as(t, first), ca.MassProposal{Municipality: place(t), Ground: cert.CAExposed, Since: arose, Why: "鍵"}))
		c.clk.Set(c.clk.Now().Add(time.Second))
		step := func() {
			t.Helper()
			if _, err := c.Due.Tasks()[0].Step(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		step()
		// Issued while it counts.
		c.send(matsumoto, request(t, "meanwhile", cert.Signature, person(t, 70, 1)))
		c.runOthers(time.Second)
		for c.mass(id).Cut == nil {
			step()
		}
		if m := c.mass(id); m.State != "counting" || m.Digest != "" {
			t.Fatalf("at the cut: %+v", m)
		}
		c.spoilOne(`UPDATE certificate SET state = 'valid'`, hidden.Serial)
		c.run(c.settles())
		later := c.issue("later", cert.Signature, person(t, 71, 1))
		m := c.mass(id)
		var list bytes.Buffer
		if err := c.MassSerials(as(t, second), id, &list); err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(list.Bytes())
		if n := ca.MassNotice(m); m.IssuedSince != 1 || !strings.Contains(n.Text.EN, "1 that meet the conditions were issued") {
			t.Errorf("of what was issued since, %d, it says %+v", m.IssuedSince, n)
		}
		if m.State != "frozen" || m.Size != int64(len(all)+1) || m.Holders != 4 || m.Digest != hex.EncodeToString(sum[:]) ||
			strings.Count(list.String(), "\n") != len(all)+1 {
			t.Errorf("of %d: %+v\n%s", len(all)+1, m, list.String())
		}
		if lines := strings.Fields(list.String()); !slices.IsSorted(lines) || !slices.Contains(lines, hidden.Serial.String()) || slices.Contains(lines, later.Serial.String()) {
			t.Errorf("they are not in their order, %s is not among them, or %s is:\n%s", hidden.Serial, later.Serial, list.String())
		}
		if err := c.ConfirmMass(as(t, second), id, ca.MassSeen{Digest: m.Digest, Left: m.Left}); err != nil {
			t.Error(err)
		}
	})
}
