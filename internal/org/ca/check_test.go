package ca_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/inspection"
	"github.com/akashi-id/akashi/internal/inspection/inspectiontest"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
)

// round is longer than a round of the inspection.
const round = 31 * time.Second

// inspect lets time pass for the inspection alone.
func (c *country) inspect() {
	c.t.Helper()
	if err := clock.Drive(c.t.Context(), c.clk, c.CheckTasks(), c.clk.Now().Add(round)); err != nil {
		c.t.Fatal(err)
	}
}

// inspected gives what the inspection has found, as "way rule".
func (c *country) inspected() []string {
	c.t.Helper()
	return inspectiontest.Open(c.t, c.Store, func(f inspection.Finding) string { return f.Way + " " + f.Rule })
}

func (c *country) byHand(query string, args ...any) {
	c.t.Helper()
	inspectiontest.ByHand(c.t, c.Store, query, args...)
}

func (c *country) octets(query string, args ...any) (b []byte) {
	c.t.Helper()
	if err := c.Store.View(c.t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error { return tx.QueryRow(ctx, query, args...).Scan(&b) }); err != nil {
		c.t.Fatal(err)
	}
	return b
}

// TestStoredIsInspected damages by hand what is stored, one thing after the other. Each damage is found within a round, and its finding ends
// when it is mended.
func TestStoredIsInspected(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		valid := c.issue("r1", cert.Signature, person(t, 1, 1))
		other := c.issue("r2", cert.Authentication, person(t, 1, 1))
		ended := c.issue("r3", cert.Signature, person(t, 2, 1))
		c.send(center, revocation(ended, 2))
		c.run(time.Minute)
		if got := c.inspected(); len(got) > 0 {
			t.Fatalf("nothing is wrong yet, and it found %v", got)
		}
		sign := func(p cert.Profile, tbs []byte) []byte {
			return must[[]byte](t)(pki.AssembleCertificate(tbs, must[[]byte](t)(pki.SignTBS(rand.Reader, c.Key(p), tbs))))
		}
		serial := valid.Serial.Bytes()
		der := c.octets(`SELECT certificate FROM certificate WHERE serial = $1`, serial)
		tbs := must[[]byte](t)(pki.TBSOf(der))
		flipped := slices.Clone(der)
		flipped[len(flipped)-3] ^= 1
		renamed := bytes.Replace(tbs, []byte("Matsumoto-shi CRLDP"), []byte("Matsumota-shi CRLDP"), 1)
		listOf := `issuer = (SELECT issuer FROM certificate WHERE serial = $1)`
		list := c.octets(`SELECT der FROM crl WHERE `+listOf, ended.Serial.Bytes())
		broken := slices.Clone(list)
		broken[len(broken)-3] ^= 1
		for _, x := range []struct {
			finds  string
			damage string // with $1 a serial
			with   any    // $2
			of     cert.Serial
			mend   string
			back   any
		}{
			{"certificates unreadable", `UPDATE certificate SET certificate = $2 WHERE serial = $1`, der[:200], valid.Serial, "", der},
			{"certificates signature", `UPDATE certificate SET certificate = $2 WHERE serial = $1`, flipped, valid.Serial, "", der},
			{"certificates intent", `UPDATE certificate SET certificate = $2 WHERE serial = $1`, sign(cert.Signature, renamed), valid.Serial, "", der},
			{"certificates partition", `UPDATE certificate SET certificate = $2 WHERE serial = $1`, sign(cert.Signature, renamed), valid.Serial, "", der},
			{"certificates issuer", `UPDATE certificate SET certificate = $2 WHERE serial = $1`, c.octets(`SELECT certificate FROM certificate WHERE serial = $1`, other.Serial.Bytes()), valid.Serial, "", der},
			{"certificates serial", `UPDATE certificate SET certificate = $2 WHERE serial = $1`, c.octets(`SELECT certificate FROM certificate WHERE serial = $1`, ended.Serial.Bytes()), valid.Serial, "", der},
			{"certificates key-hash", `UPDATE certificate SET key_hash = $2 WHERE serial = $1`, []byte("another"), valid.Serial, "", c.octets(`SELECT key_hash FROM certificate WHERE serial = $1`, serial)},
			{"certificates validity", `UPDATE certificate SET not_after = not_after + $2 WHERE serial = $1`, int64(1_000_000), valid.Serial, "", int64(-1_000_000)},
			{"certificates profile", `UPDATE certificate SET profile = $2 WHERE serial = $1`, "authentication", ended.Serial, "", "signature"},
			{"certificates extensions", `UPDATE certificate SET profile = $2 WHERE serial = $1`, "authentication", ended.Serial, "", "signature"},
			{"certificates issuer-known", `UPDATE certificate SET issuer = $2 || issuer WHERE serial = $1`, "00", valid.Serial, `UPDATE certificate SET issuer = substr(issuer, 3) WHERE serial = $1`, nil},
			{"certificates partition", `UPDATE certificate SET municipality = $2 WHERE serial = $1`, "202053", valid.Serial, "", "202029"},
			{"certificates state", `UPDATE certificate SET state = $2 WHERE serial = $1`, "revoked", valid.Serial, "", "valid"},
			{"certificates unknown-state", `UPDATE certificate SET state = $2 WHERE serial = $1`, "lost", valid.Serial, "", "valid"},
			{"certificates told-issue", `UPDATE x_out SET kind = $2 WHERE peer = 'nationalcenter' AND kind = 'cert.issuance' AND key1 = (SELECT holder FROM certificate WHERE serial = $1)`, "gone", valid.Serial,
				`UPDATE x_out SET kind = 'cert.issuance' WHERE kind = 'gone' AND key1 = (SELECT holder FROM certificate WHERE serial = $1)`, nil},
			{"certificates told-state", `UPDATE x_out SET kind = $2 WHERE peer = 'validation' AND kind = 'cert.status' AND key1 = upper(CAST($1 AS TEXT))`, "gone", valid.Serial, "text", nil},
			{"lists unreadable", `UPDATE crl SET der = $2 WHERE ` + listOf, list[:len(list)-9], ended.Serial, "", list},
			{"lists signature", `UPDATE crl SET der = $2 WHERE ` + listOf, broken, ended.Serial, "", list},
			{"lists number", `UPDATE crl SET issued = issued + $2 WHERE ` + listOf, int64(1), ended.Serial, "", int64(-1)},
			{"lists times", `UPDATE crl SET next_update = next_update + $2 WHERE ` + listOf, int64(1_000_000), ended.Serial, "", int64(-1_000_000)},
			{"lists count", `UPDATE crl SET entries = entries + $2 WHERE ` + listOf, int64(1), ended.Serial, "", int64(-1)},
			{"lists scope", `UPDATE crl SET municipality_name = $2 WHERE ` + listOf, "Iida-shi", ended.Serial, "", "Matsumoto-shi"},
			{"lists intent", `UPDATE intended SET digest = $2 WHERE kind = 'crl' AND ` + listOf, []byte("another"), ended.Serial, "", c.octets(`SELECT digest FROM intended WHERE kind = 'crl' AND `+listOf+` ORDER BY number DESC LIMIT 1`, ended.Serial.Bytes())},
			{"lists entry", `UPDATE certificate SET reason = $2 WHERE serial = $1`, "superseded", ended.Serial, "", "affiliationChanged"},
			{"lists extra", `UPDATE certificate SET state = $2 WHERE serial = $1`, "valid", ended.Serial, "", "revoked"},
		} {
			if strings.Contains(x.damage, "upper(CAST") { // the key is the serial as text
				q := strings.Replace(x.damage, "upper(CAST($1 AS TEXT))", "$1", 1)
				text := strings.ToUpper(hex.EncodeToString(x.of.Bytes()))
				c.byHand(q, text, x.with)
				c.inspect()
				if got := c.inspected(); !slices.Contains(got, x.finds) {
					t.Errorf("%s: found %v", x.finds, got)
				}
				c.byHand(`UPDATE x_out SET kind = 'cert.status' WHERE kind = 'gone' AND key1 = $1`, text)
			} else {
				c.byHand(x.damage, x.of.Bytes(), x.with)
				c.inspect()
				if got := c.inspected(); !slices.Contains(got, x.finds) {
					t.Errorf("%s: found %v", x.finds, got)
				}
				if x.mend != "" {
					c.byHand(x.mend, x.of.Bytes())
				} else {
					c.byHand(x.damage, x.of.Bytes(), x.back)
				}
			}
			c.inspect()
			if got := c.inspected(); len(got) > 0 {
				t.Fatalf("%s: mended, and still %v", x.finds, got)
			}
		}
	})
}

// TestDeltaListsAreInspected: what stands on a delta list counts as listed, and the stored delta list is held against the rows.
func TestDeltaListsAreInspected(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		n := c.issue("r1", cert.Signature, person(t, 1, 1))
		other := c.issue("r2", cert.Signature, person(t, 2, 1))
		c.run(time.Minute)
		c.SetDeltas(-1, 0)
		c.send(center, revocation(n, 2))
		c.run(5 * time.Second)
		c.clk.Set(c.clk.Now().Add(11 * time.Minute))
		c.inspect()
		if got := c.inspected(); len(got) > 0 {
			t.Fatalf("nothing is wrong, and it finds %v", got)
		}
		for _, x := range []struct{ damage, mend, finds string }{
			{`UPDATE delta SET der = substr(der, 1, 99)`, ``, "delta-lists unreadable"},
			{`UPDATE delta SET entries = 7`, `UPDATE delta SET entries = 1`, "delta-lists count"},
		} {
			der := c.octets(`SELECT der FROM delta WHERE municipality = $1`, "202029")
			c.byHand(x.damage)
			c.inspect()
			if got := c.inspected(); !slices.Contains(got, x.finds) {
				t.Errorf("%s: found %v, want %s", x.damage, got, x.finds)
			}
			c.byHand(`UPDATE delta SET der = $1`, der)
			if x.mend != "" {
				c.byHand(x.mend)
			}
			c.inspect()
			if got := c.inspected(); len(got) > 0 {
				t.Errorf("%s: mended, and still %v", x.damage, got)
			}
		}
		// Revoked behind the program's back, before the delta list was made: it is on neither list.
		c.byHand(`UPDATE certificate SET state = 'revoked', reason = 'superseded', revoked_at = $1 WHERE serial = $2`, start.Add(time.Second), other.Serial.Bytes())
		c.inspect()
		if got := c.inspected(); !slices.Contains(got, "delta-lists missing") {
			t.Errorf("revoked, and on neither: %v", got)
		}
	})
}

// TestListsLate: a list of which no newer one comes, and a revocation that gets on no list, are found. The key's device is away.
func TestListsLate(t *testing.T) {
	c := newCountry(t, "memory:")
	n := c.issue("r1", cert.Signature, person(t, 1, 1))
	c.run(time.Minute)
	c.SetKey(cert.Signature, &device{Signer: c.Key(cert.Signature), fail: "failed"})
	c.send(center, revocation(n, 2))
	c.run(5 * time.Second)
	c.clk.Set(c.clk.Now().Add(11 * time.Minute))
	c.inspect()
	if got := c.inspected(); !slices.Equal(got, []string{"lists unlisted"}) {
		t.Errorf("found %v", got)
	}
	c.clk.Set(c.clk.Now().Add(49 * time.Hour))
	c.inspect()
	if got := c.inspected(); !slices.Contains(got, "lists late") {
		t.Errorf("after two days found %v", got)
	}
}

// TestMissingIsFound: a revoked certificate that a list signed later does not name.
func TestMissingIsFound(t *testing.T) {
	c := newCountry(t, "memory:")
	n := c.issue("r1", cert.Signature, person(t, 1, 1))
	c.run(time.Minute)
	c.byHand(`UPDATE certificate SET state = 'revoked', reason = 'superseded', revoked_at = issued_at - 5000000 WHERE serial = $1`, n.Serial.Bytes())
	c.run(round)
	if got := c.inspected(); !slices.Contains(got, "lists missing") {
		t.Errorf("found %v", got)
	}
}

// TestInspectionAlarms: what is found is an alarm.
func TestInspectionAlarms(t *testing.T) {
	c := newCountry(t, "memory:")
	n := c.issue("r1", cert.Signature, person(t, 1, 1))
	c.byHand(`UPDATE certificate SET key_hash = $2 WHERE serial = $1`, n.Serial.Bytes(), []byte("another"))
	c.run(2 * time.Minute)
	v := must[alarm.View](t)(c.Alarms.View(t.Context(), 10))
	found := false
	for _, a := range v.Open {
		if a.Code == alarm.CertificateWrong {
			found = a.Value == 1 && a.Href == "/inspection" && strings.Contains(a.Detail.EN, n.Serial.String())
		}
	}
	if !found {
		t.Errorf("open are %+v", v.Open)
	}
}

// TestOlderThanTheDigests: certificates that were issued before their digests were written down are inspected without.
func TestOlderThanTheDigests(t *testing.T) {
	c := newCountry(t, "memory:")
	c.issue("r1", cert.Signature, person(t, 1, 1))
	c.byHand(`DELETE FROM intended`)
	c.run(time.Minute)
	if got := c.inspected(); !slices.Contains(got, "certificates intent") || !slices.Contains(got, "lists intent") {
		t.Errorf("without their digests found %v", got)
	}
	c.byHand(`UPDATE intended_since SET until = $1`, c.clk.Now().UnixMicro())
	c.byHand(`INSERT INTO intended_since(issuer, subject, until) SELECT issuer, municipality, number FROM crl`)
	c.run(round)
	if got := c.inspected(); len(got) > 0 {
		t.Errorf("of before found %v", got)
	}
}
