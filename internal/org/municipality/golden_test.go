package municipality

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/resident"
)

// TestGoldenMessages writes down what a life at the counter tells the others, message by message.
func TestGoldenMessages(t *testing.T) {
	c := newCountry(t, "memory:")
	var b strings.Builder
	names := map[string]string{}
	codeName := func(c resident.RecordCode) string {
		if _, known := names[c.Reveal()]; !known && c.Valid() {
			names[c.Reveal()] = fmt.Sprintf("code-%d", len(names)+1)
		}
		return names[c.Reveal()]
	}
	hashes := map[resident.StateHash]string{{}: "nothing"}
	step := func(title string, act func()) {
		t.Helper()
		nc, ni, nr, nv := len(c.changes), len(c.invalidations), len(c.certRequests), len(c.revokes)
		act()
		c.run(time.Second)
		fmt.Fprintf(&b, "%s\n", title)
		for _, n := range c.changes[nc:] {
			i := n.After
			hashes[i.StateHash()] = fmt.Sprintf("%s version %d", codeName(i.Code), i.Version)
			fmt.Fprintf(&b, "  %s  %s version %d on %s: %s, %s, %s, %s, %s  arose %s  old %q  in %s\n", n.Kind(), codeName(i.Code), i.Version, hashes[n.Before],
				i.Name.Reveal(), i.Birth, i.Sex, i.Address.Reveal(), i.Change.Reason.Code(), i.Change.Arose, codeName(i.Change.OldCode), i.Municipality)
		}
		for _, n := range c.invalidations[ni:] {
			fmt.Fprintf(&b, "  %s  %s version %d: %s since %s  signature %v, authentication %v, card %v\n", n.Kind(), codeName(n.Code), n.Version, n.Reason.Code(), n.Since,
				n.Kills.Signature, n.Kills.Authentication, n.Kills.Card)
		}
		for _, n := range c.certRequests[nr:] {
			fmt.Fprintf(&b, "  %s  %s version %d: %s at window %s\n", n.Kind(), codeName(n.Holder.Code), n.Holder.Version, n.Profile, n.Window)
		}
		for _, n := range c.revokes[nv:] {
			fmt.Fprintf(&b, "  %s  %s version %d: %s, %s since %s\n", n.Kind(), codeName(n.Code), n.Version, n.Profile, n.Reason, n.Since)
		}
	}
	var who Filed
	file := func(basis string, change func(Filing) Change) func() {
		return func() {
			t.Helper()
			if _, err := c.o.File(as(t, "clerk-aoki"), change(c.filing(who.Person, basis))); err != nil {
				t.Fatal(err)
			}
		}
	}
	key := publicPEM(t, broughtKey.Public())
	var certificate Applied
	step("転入", func() { who = c.register(movedIn()) })
	step("署名用の申請", func() { certificate = c.apply(who.Person, cert.Signature, key) })
	step("軽微な修正", file("rule-21-2-1", func(f Filing) Change { return MinorAmendment{Filing: f, Name: name("高吉 葛子")} }))
	step("転居", file("law-23", func(f Filing) Change {
		return MoveWithin{Filing: f, Address: address("長野県松本市大手4番2号")}
	}))
	step("職権修正", file("family-notice", func(f Filing) Change { return Amendment{Filing: f, Name: name("山﨑 葛子")} }))
	step("利用者証明用の申請", func() { certificate = c.apply(who.Person, cert.Authentication, key) })
	step("失効の申請", func() {
		if _, err := c.o.Revoke(as(t, "clerk-aoki"), Revocation{certificate.Request, cert.Asked}); err != nil {
			t.Fatal(err)
		}
	})
	step("コードの変更", file("law-30-3", func(f Filing) Change { return Recode{Filing: f} }))
	step("転出予定", func() { c.plan(who.Person, today.AddDays(3)) })
	step("転出の日", func() { c.run(3 * 24 * time.Hour) })
	step("再転入", func() {
		r := fromElsewhere(c.now(who.Person).Record.Code, 9)
		r.Record.BecameResident = today.AddDays(3)
		c.register(r)
	})
	step("死亡", file("family-86", func(f Filing) Change { f.Arose = today.AddDays(3); return Death{f} }))
	golden := filepath.Join("testdata", "messages.txt")
	if os.Getenv("AKASHI_GOLDEN") == "write" {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("the messages differ from %s; with AKASHI_GOLDEN=write they are written anew. Got:\n%s", golden, b.String())
	}
}
