package ca_test

import (
	"context"
	"crypto/x509"
	"flag"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// TestReasons: whoever asks, in whatever order and on whatever ground, what ends is told to the world once, under the first reason,
// which is never a hold, and no later list or status takes it back.
func TestReasons(t *testing.T) {
	c := newCountry(t, "memory:") // one for all: whoever ended before must stay ended
	people := uint64(0)
	first := map[cert.Serial]cert.RevocationReason{}
	listed := map[string]int{}
	if f := flag.Lookup("rapid.checks"); !full() && f.Value.String() == f.DefValue {
		f.Value.Set("25")
		defer f.Value.Set(f.DefValue)
	}
	rapid.Check(t, func(r *rapid.T) {
		var issued []message.CertIssued
		for range rapid.IntRange(1, 3).Draw(r, "certificates") {
			people++
			issued = append(issued, c.issue(fmt.Sprintf("r%d", people), cert.Signature, person(t, people, 1)))
		}
		for range rapid.IntRange(1, 6).Draw(r, "revocations") {
			n := revocation(rapid.SampledFrom(issued).Draw(r, "of"), 2)
			n.Reason = rapid.SampledFrom(cert.Reasons).Draw(r, "reason")
			serial := n.Serial
			if rapid.Bool().Draw(r, "by the holder alone") {
				n.Serial = cert.Serial{}
			}
			if rapid.Bool().Draw(r, "at the counter") {
				c.send(matsumoto, message.CertRevoke(n))
			} else {
				c.send(center, n)
			}
			c.run(5 * time.Second)
			if _, there := first[serial]; !there {
				first[serial] = n.Reason
			}
			lists := c.fullLists()
			list := must[*x509.RevocationList](t)(x509.ParseRevocationList(lists[len(lists)-1].CRL))
			now := map[string]int{}
			for _, e := range list.RevokedCertificateEntries {
				now[e.SerialNumber.String()] = e.ReasonCode
				if e.ReasonCode == cert.CertificateHold.Code() || e.ReasonCode == 8 {
					r.Fatalf("a list has the reason %d", e.ReasonCode)
				}
			}
			for s, code := range listed {
				if now[s] != code {
					r.Fatalf("%s was listed with the reason %d, and then %d", s, code, now[s])
				}
			}
			if listed = now; len(listed) != len(first) {
				r.Fatalf("%d listed, %d revoked", len(listed), len(first))
			}
		}
		told := map[cert.Serial]int{}
		for _, s := range received[message.CertStatus](c, validation) {
			if told[s.Serial] > 0 && !s.Revoked {
				r.Fatal("it is good again")
			}
			if s.Revoked {
				if told[s.Serial]++; told[s.Serial] > 1 || s.Reason == cert.CertificateHold || s.Reason != first[s.Serial].Final() {
					r.Fatalf("told %d times, %s for %s", told[s.Serial], s.Reason, first[s.Serial])
				}
			}
		}
		if codes := c.stuck(); len(told) != len(first) || len(codes) > 0 {
			r.Fatalf("%d told, %d revoked; parked %v", len(told), len(first), codes)
		}
	})
}

// damages are hands in the table, each of which makes another part of a row unreadable. Whoever demands the end of such a certificate
// is heard all the same.
var damages = map[string]string{
	"certificate":  `UPDATE certificate SET certificate = 'no certificate'`,
	"no bytes":     `UPDATE certificate SET certificate = ''`,
	"half of it":   `UPDATE certificate SET certificate = substr(certificate, 1, 300)`,
	"holder":       `UPDATE certificate SET holder = '123'`,
	"profile":      `UPDATE certificate SET profile = 'seal'`,
	"issuer":       `UPDATE certificate SET issuer = 'nobody'`,
	"municipality": `UPDATE certificate SET municipality = '999999'`,
	"end":          `UPDATE certificate SET not_after = 0`,
	"state":        `UPDATE certificate SET state = '?'`,
	"why":          `UPDATE certificate SET why = 'because'`,
	"all but the certificate": `UPDATE certificate SET holder = '', profile = '', issuer = '', municipality = '', not_after = 0, state = '', why = '?',
		reason = '?', since = '?'`,
}

// TestRevokeWhatCannotBeRead by its serial alone.
func TestRevokeWhatCannotBeRead(t *testing.T) {
	for what, damage := range damages {
		t.Run(what, func(t *testing.T) {
			sqlstoretest.Each(t, func(t *testing.T, url string) {
				c := newCountry(t, url)
				n := c.issue("r1", cert.Signature, person(t, 1, 1))
				good := received[message.CertStatus](c, validation)[0]
				c.spoil(damage)
				c.send(center, revocation(n, 2))
				c.run(10 * time.Second)
				s := received[message.CertStatus](c, validation)
				if len(s) != 2 || !s[1].Revoked || s[1].Serial != n.Serial || s[1].Issuer != good.Issuer || s[1].Municipality != good.Municipality ||
					s[1].Profile != good.Profile || s[1].Reason != cert.AffiliationChanged {
					t.Fatalf("told %+v; parked %v", s, c.stuck())
				}
				lists := c.fullLists()
				list := must[*x509.RevocationList](t)(x509.ParseRevocationList(lists[len(lists)-1].CRL))
				if e := list.RevokedCertificateEntries; len(e) != 1 || e[0].SerialNumber.Cmp(n.Serial.Int()) != 0 || e[0].ReasonCode != 3 {
					t.Errorf("the list names %+v", e)
				}
			})
		})
	}
}

// TestRevokeByHolderWhatCannotBeRead: the holder's own application ends it, unless nothing says any more whose it is.
func TestRevokeByHolderWhatCannotBeRead(t *testing.T) {
	for what, damage := range damages {
		t.Run(what, func(t *testing.T) {
			c := newCountry(t, "memory:")
			n := c.issue("r1", cert.Signature, person(t, 1, 1))
			c.spoil(damage)
			c.send(matsumoto, message.CertRevoke{Code: n.Code, Serial: n.Serial, Profile: n.Profile, Version: 1, Reason: cert.Asked.Reason(), Since: resident.MustDate(2026, 4, 1)})
			c.run(time.Second)
			s, codes := received[message.CertStatus](c, validation), c.stuck()
			if what == "holder" || what == "all but the certificate" {
				if len(s) != 1 || len(codes) != 1 || codes[0] != "holder-unreadable" {
					t.Errorf("told %+v, parked %v", s, codes)
				}
				return
			}
			if len(s) != 2 || !s[1].Revoked || len(codes) > 0 {
				t.Errorf("told %+v, parked %v", s, codes)
			}
		})
	}
}

// spoil lets a hand write into the CA's tables.
func (c *country) spoil(statement string, args ...any) {
	c.t.Helper()
	err := c.Store.Update(c.t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		n, err := tx.Exec(ctx, statement, args...)
		if err == nil && n == 0 {
			err = fmt.Errorf("nothing was changed by %s", statement)
		}
		return err
	})
	if err != nil {
		c.t.Fatal(err)
	}
}
