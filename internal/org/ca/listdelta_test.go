package ca_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// sent is a list that went out.
type sent struct {
	message.CertCRL
	*x509.RevocationList
	of map[string]int // reasons by serial
}

// lists joins the parts of the lists that went out, in the order of their last parts.
func (c *country) lists() (all []sent) {
	c.t.Helper()
	parts := map[string][]message.CertCRL{}
	for _, n := range received[message.CertCRL](c, validation) {
		of := string(n.Digest)
		parts[of] = append(parts[of], n)
		if len(parts[of]) < int(n.Parts) {
			continue
		}
		slices.SortFunc(parts[of], func(a, b message.CertCRL) int { return int(a.Part) - int(b.Part) })
		var der []byte
		for k, p := range parts[of] {
			if int(p.Part) != k+1 || len(p.CRL) > 256<<10 {
				c.t.Errorf("part %d of %d of the list %d has %d bytes", p.Part, p.Parts, p.Number, len(p.CRL))
			}
			der = append(der, p.CRL...)
		}
		if sum := sha256.Sum256(der); !bytes.Equal(sum[:], n.Digest) {
			c.t.Errorf("the parts of the list %d do not make it", n.Number)
		}
		n.CRL = der
		s := sent{n, must[*x509.RevocationList](c.t)(x509.ParseRevocationList(der)), map[string]int{}}
		for _, e := range s.RevokedCertificateEntries {
			s.of[must[cert.Serial](c.t)(cert.SerialFromInt(e.SerialNumber)).String()] = e.ReasonCode
		}
		all = append(all, s)
	}
	return all
}

// base is what a list says that it adds to; 0: it is a full one. The extensions are read with the standard library.
func (s sent) base(t testing.TB) (n int64) {
	t.Helper()
	for _, e := range s.Extensions {
		if e.Id.String() == "2.5.29.27" {
			if _, err := asn1.Unmarshal(e.Value, &n); err != nil || !e.Critical {
				t.Errorf("the base of the list %d: %v, critical %v", s.CertCRL.Number, err, e.Critical)
			}
		}
	}
	return n
}

// TestDeltaListsAreWhatWasRevokedSince: whatever happens in whatever order, after each list that goes out the newest full list with the
// newest delta list, added to the base that it names, say exactly what was revoked at the time of the later one. Numbers are shared and rise.
func TestDeltaListsAreWhatWasRevokedSince(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		var issued []message.CertIssued
		for i := range uint64(40) {
			issued = append(issued, c.issue(fmt.Sprint("r", i), cert.Signature, person(t, i, 1)))
		}
		seed := rand.Uint64()
		random := rand.New(rand.NewPCG(seed, 1))
		c.t.Logf("seed %d", seed)
		c.SetDeltas(-1, 0)
		left, alone := issued, 0
		for len(left) > 0 {
			switch random.IntN(6) {
			case 0: // the daily full list, now and then of a share
				c.SetDeltas(-1, int64(random.IntN(2)))
				c.clk.Set(c.clk.Now().Add(24 * time.Hour))
			case 1: // a list that nothing asks for
				if err := c.IntendList(t.Context(), cert.Signature, "202029"); err != nil {
					t.Fatal(err)
				}
			default:
				for n := range 1 + random.IntN(min(3, len(left))) {
					c.send(center, revocation(left[n], 2))
					left = slices.Delete(left, n, n+1)
					if len(left) <= n+1 {
						break
					}
				}
			}
			c.run(time.Duration(random.IntN(8000)) * time.Millisecond)
		}
		c.run(10 * time.Second)
		all := c.lists()
		revoked := map[string]time.Time{}
		for _, s := range received[message.CertStatus](c, validation) {
			if s.Revoked {
				revoked[s.Serial.String()] = s.At
			}
		}
		var full, delta sent
		fulls := map[uint64]sent{}
		for _, l := range all {
			base := l.base(t)
			if uint64(base) != l.Base || l.RevocationList.Number.Uint64() != l.CertCRL.Number {
				t.Fatalf("seed %d: the message says %d on %d, the list %d on %d", seed, l.CertCRL.Number, l.Base, l.RevocationList.Number, base)
			}
			sum, at := map[string]int{}, l.ThisUpdate
			if l.Base == 0 {
				if full.RevocationList != nil && l.CertCRL.Number <= full.CertCRL.Number {
					t.Errorf("seed %d: full list %d after %d", seed, l.CertCRL.Number, full.CertCRL.Number)
				}
				full, fulls[l.CertCRL.Number] = l, l
				maps.Copy(sum, l.of)
			} else {
				on, there := fulls[l.Base]
				if !there || delta.RevocationList != nil && l.CertCRL.Number <= delta.CertCRL.Number || l.CertCRL.Number < full.CertCRL.Number {
					t.Errorf("seed %d: delta list %d on %d after full list %d", seed, l.CertCRL.Number, l.Base, full.CertCRL.Number)
				}
				for serial := range l.of {
					if _, twice := on.of[serial]; twice {
						t.Errorf("seed %d: delta list %d repeats %s", seed, l.CertCRL.Number, serial)
					}
				}
				maps.Copy(sum, on.of)
				maps.Copy(sum, l.of)
				if delta = l; l.CertCRL.Number > full.CertCRL.Number {
					alone++
				}
			}
			for serial, when := range revoked {
				_, there := sum[serial]
				if before := when.Truncate(time.Second).Before(at); before && !there {
					t.Errorf("seed %d: list %d on %d of %s does not tell of %s, revoked %s", seed, l.CertCRL.Number, l.Base, at, serial, when)
				} else if when.Truncate(time.Second).After(at) && there {
					t.Errorf("seed %d: list %d on %d of %s tells of %s, revoked %s", seed, l.CertCRL.Number, l.Base, at, serial, when)
				}
			}
			for serial, reason := range sum {
				if _, there := revoked[serial]; !there || reason == 8 { // RFC 5280 5.3.1: removeFromCRL
					t.Errorf("seed %d: list %d on %d tells of %s for the reason %d, which nobody revoked so", seed, l.CertCRL.Number, l.Base, serial, reason)
				}
			}
		}
		if len(revoked) != len(issued) || alone == 0 || full.CertCRL.Number < 3 {
			t.Errorf("seed %d: %d revoked, %d delta lists between full ones, %d full", seed, len(revoked), alone, len(fulls))
		}
	})
}

// TestFullOrDelta: a short list is made anew as a whole for each revocation; a long one gets delta lists, until these have grown, or a day
// is over, also where full lists are made once a month.
func TestFullOrDelta(t *testing.T) {
	c := newCountry(t, "memory:")
	c.SetListDays(30)
	var issued []message.CertIssued
	for i := range uint64(12) {
		issued = append(issued, c.issue(fmt.Sprint("r", i), cert.Signature, person(t, i, 1)))
	}
	revoke := func(n int) (alone bool) {
		t.Helper()
		before := len(c.fullLists())
		c.send(center, revocation(issued[n], 2))
		c.run(10 * time.Second)
		l := c.lists()
		if last := l[len(l)-1]; last.of == nil || last.Base == 0 {
			t.Fatalf("after revocation %d no delta list is the last", n)
		}
		return len(c.fullLists()) == before
	}
	for n := range 6 {
		if revoke(n) {
			t.Errorf("revocation %d of a short list made a delta list alone", n)
		}
	}
	c.SetDeltas(5, 2) // six are on the list: it is long now
	for n, alone := range []bool{true, true, true, false} {
		if got := revoke(6 + n); got != alone {
			t.Errorf("revocation %d made a delta list alone: %v", 6+n, got)
		}
	}
	c.SetDeltas(5, 0)
	revoke(10)
	before := len(c.fullLists())
	c.clk.Set(time.Date(2026, 4, 2, 0, 4, 0, 0, cert.JST))
	c.run(2 * time.Minute)
	if l := c.fullLists(); len(l) != before+1 {
		t.Errorf("who knows no delta lists waits for longer than a day: %d full lists, then %d", before, len(l))
	}
	c.clk.Set(time.Date(2026, 4, 3, 0, 4, 0, 0, cert.JST))
	c.run(2 * time.Minute)
	if l := c.fullLists(); len(l) != before+1 {
		t.Errorf("nothing was revoked, and the month is not over: %d full lists", len(l))
	}
}

// TestDamagedRowsStopNoDeltaList: a row that somebody cut by hand takes nothing off a delta list that is out.
func TestDamagedRowsStopNoDeltaList(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		c.SetDeltas(-1, 0)
		var issued []message.CertIssued
		for i := range uint64(4) {
			issued = append(issued, c.issue(fmt.Sprint("r", i), cert.Signature, person(t, i, 1)))
		}
		for n, set := range []string{"", "serial = substr(serial, 1, 5)", "municipality = substr(municipality, 1, 4)", "reason = substr(reason, 1, 3)"} {
			if n > 0 {
				if err := c.Store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
					_, err := tx.Exec(ctx, `UPDATE certificate SET `+set+` WHERE serial = $1`, issued[n-1].Serial.Bytes())
					return err
				}); err != nil {
					t.Fatal(err)
				}
			}
			c.send(center, revocation(issued[n], 2))
			c.run(10 * time.Second)
			all := c.lists()
			last := all[len(all)-1]
			for _, i := range issued[:n+1] {
				if reason, there := last.of[i.Serial.String()]; !there || reason != cert.AffiliationChanged.Code() {
					t.Errorf("after %q the delta list %d names %s: %v, for the reason %d", set, last.CertCRL.Number, i.Serial, there, reason)
				}
			}
		}
	})
}

// TestLateRevocationIsOnTheDeltaList: a revocation that was begun before the base was made, and ended after it, stands on no list with a time
// after its own yet; the next delta list names it.
func TestLateRevocationIsOnTheDeltaList(t *testing.T) {
	c := newCountry(t, "memory:")
	late, other := c.issue("r1", cert.Signature, person(t, 1, 1)), c.issue("r2", cert.Signature, person(t, 2, 1))
	c.run(time.Minute)
	c.SetDeltas(-1, 0)
	c.byHand(`UPDATE certificate SET state = 'revoked', reason = 'superseded', revoked_at = $1 WHERE serial = $2`, start.Add(-time.Minute), late.Serial.Bytes())
	c.send(center, revocation(other, 2))
	c.run(10 * time.Second)
	all := c.lists()
	last := all[len(all)-1]
	if _, there := last.of[late.Serial.String()]; last.Base == 0 || !there || len(last.of) != 2 {
		t.Errorf("the list %d on %d names %v", last.CertCRL.Number, last.Base, last.of)
	}
}

// TestDeltaListOfItsOwnBase: full lists are signed between the taking of a number and the making of its delta list, as when a step had hung.
// Whoever adds a delta list to the base that it names knows all that was revoked.
func TestDeltaListOfItsOwnBase(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		one, two := c.issue("r1", cert.Signature, person(t, 1, 1)), c.issue("r2", cert.Signature, person(t, 2, 1))
		c.run(time.Minute)
		c.SetDeltas(-1, 0)
		full := func() {
			t.Helper()
			if err := c.IntendList(t.Context(), cert.Signature, "202029"); err != nil {
				t.Fatal(err)
			}
		}
		slow := func(meanwhile func()) {
			t.Helper()
			if err := c.SlowList(t.Context(), cert.Signature, "202029", false, meanwhile); err != nil {
				t.Fatal(err)
			}
			c.runDue()
		}
		c.send(center, revocation(one, 2))
		c.runOthers(time.Second)
		full()
		slow(c.runDue) // the number before is signed
		c.send(center, revocation(two, 2))
		c.runOthers(time.Second)
		slow(func() { full(); c.runDue() }) // the number after
		c.run(time.Second)
		fulls, deltas := map[uint64]sent{}, 0
		for _, l := range c.lists() {
			if l.Base == 0 {
				fulls[l.CertCRL.Number] = l
				continue
			}
			deltas++
			for _, i := range []message.CertIssued{one, two} {
				_, before := fulls[l.Base].of[i.Serial.String()]
				_, since := l.of[i.Serial.String()]
				if late := i.Serial == two.Serial && l.CertCRL.Number < 4; !before && !since && !late {
					t.Errorf("the delta list %d on %d does not tell of %s", l.CertCRL.Number, l.Base, i.Serial)
				}
			}
		}
		if len(fulls) < 3 || deltas < 2 {
			t.Errorf("%d full lists and %d delta lists", len(fulls), deltas)
		}
	})
}

// TestAskedListIsMade: a full list that a person asks for is made though a delta list is planned at the same time, also where full lists are
// rare.
func TestAskedListIsMade(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		c.SetListDays(30)
		one := c.issue("r1", cert.Signature, person(t, 1, 1))
		c.run(time.Minute)
		c.SetDeltas(-1, 0)
		c.send(center, revocation(one, 2))
		c.runOthers(5 * time.Second)
		before := len(c.fullLists())
		if _, err := c.MakeLists(as(t, first), place(t), cert.Signature, " "); err == nil || !strings.Contains(err.Error(), "わけを書いてください。監査人が読みます") {
			t.Errorf("a list made for nothing: %v", err)
		}
		if _, err := c.MakeLists(as(t, first), must[resident.MunicipalityCode](t)(resident.ParseMunicipalityCode("municipality", "131211")), 0, "x"); err == nil || !strings.Contains(err.Error(), "この市区町村の失効リストは、まだありません") {
			t.Errorf("a list of a municipality that has none: %v", err)
		}
		if _, err := c.MakeLists(as(t, first), must[resident.MunicipalityCode](t)(resident.ParseMunicipalityCode("municipality", "202029")), cert.Signature, "it was refused where it is published"); err != nil {
			t.Fatal(err)
		}
		c.run(10 * time.Second)
		if n := len(c.fullLists()); n != before+1 {
			t.Errorf("%d full lists, then %d", before, n)
		}
	})
}

// TestOpenSSLOnDeltas: openssl adds our delta list to our full one.
func TestOpenSSLOnDeltas(t *testing.T) {
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("SKIPPED: the openssl program is missing, so nothing foreign has added a delta list to its base")
	}
	c := newCountry(t, "memory:")
	old, lately, good := c.issue("r1", cert.Signature, person(t, 1, 1)), c.issue("r2", cert.Signature, person(t, 2, 1)), c.issue("r3", cert.Signature, person(t, 3, 1))
	c.send(center, revocation(old, 2))
	c.run(10 * time.Second)
	c.SetDeltas(-1, 0)
	c.send(center, revocation(lately, 2))
	c.run(10 * time.Second)
	all := c.lists()
	delta := all[len(all)-1]
	if delta.Base == 0 || len(delta.of) != 1 {
		t.Fatalf("the last list is %d on %d with %d entries", delta.CertCRL.Number, delta.Base, len(delta.of))
	}
	dir := t.TempDir()
	pemOf := func(name, kind string, der []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path+".der", der, 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command(openssl, kind, "-inform", "DER", "-in", path+".der", "-out", path).CombinedOutput(); err != nil {
			t.Fatalf("%s: %s", name, out)
		}
		return path
	}
	var full string
	for _, l := range all {
		if l.CertCRL.Number == delta.Base && l.Base == 0 {
			full = pemOf("full.pem", "crl", l.CRL)
		}
	}
	more := pemOf("delta.pem", "crl", delta.CRL)
	for _, x := range []struct {
		name   string
		of     message.CertIssued
		deltas bool
		want   string
	}{{"on the full list", old, true, "error 23"}, {"on the delta list", lately, true, "error 23"}, {"on the delta list, by who knows none", lately, false, "OK"},
		{"on neither", good, true, "OK"}} {
		args := []string{"verify", "-x509_strict", "-attime", strconv.FormatInt(c.clk.Now().Unix(), 10), "-crl_check", "-extended_crl", "-CAfile",
			filepath.Join(string(c.keys), "ca-signature.crt"), "-CRLfile", full}
		if x.deltas {
			args = append(args, "-use_deltas", "-CRLfile", more)
		}
		path := filepath.Join(dir, "user.pem")
		if err := os.WriteFile(path, pki.EncodeCertificates(x.of.Certificate), 0o600); err != nil {
			t.Fatal(err)
		}
		out, _ := exec.Command(openssl, append(args, path)...).CombinedOutput()
		if !strings.Contains(string(out), x.want) {
			t.Errorf("%s: %s, want %s", x.name, out, x.want)
		}
	}
}
