package ca_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
)

// TestDamagedRowsStopNoList: rows of revoked certificates that somebody cut by hand neither stop the list of their
// municipality nor take a revocation back that was published, and are counted where people see it.
func TestDamagedRowsStopNoList(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		base := c.serve(t)
		var issued []message.CertIssued
		for i := range uint64(6) {
			issued = append(issued, c.issue(string('a'+rune(i)), cert.Signature, person(t, i, 1)))
		}
		last := func() map[string]bool {
			t.Helper()
			c.run(10 * time.Second)
			lists := c.fullLists()
			named := map[string]bool{}
			for _, e := range must[*x509.RevocationList](t)(x509.ParseRevocationList(lists[len(lists)-1].CRL)).RevokedCertificateEntries {
				named[must[cert.Serial](t)(cert.SerialFromInt(e.SerialNumber)).String()] = true
			}
			return named
		}
		for _, i := range issued[:4] {
			c.send(center, revocation(i, 2))
		}
		if n := last(); len(n) != 4 {
			t.Fatalf("%d entries before the damage", len(n))
		}
		c.send(center, revocation(issued[4], 2)) // on no list yet
		c.run(time.Second)
		for i, set := range []string{"serial = substr(serial, 1, 5)", "municipality = substr(municipality, 1, 4)", "reason = substr(reason, 1, 3)", "holder = ''", "serial = substr(serial, 1, 5)"} {
			if err := c.Store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
				n, err := tx.Exec(ctx, `UPDATE certificate SET `+set+` WHERE serial = $1`, issued[i].Serial.Bytes())
				if n != 1 {
					t.Errorf("%d rows", n)
				}
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		c.send(center, revocation(issued[5], 2))
		named := last()
		for i, n := range issued {
			if !named[n.Serial.String()] {
				t.Errorf("certificate %d is on the list no more", i)
			}
		}
		if len(named) != 6 {
			t.Errorf("%d entries, want the six", len(named))
		}
		// Of those the holder is not the list's business; the other four contradict it.
		page := must[*http.Response](t)(http.Get(base + "/lists?lang=en"))
		defer page.Body.Close()
		if text := string(must[[]byte](t)(io.ReadAll(page.Body))); !strings.Contains(text, fmt.Sprintf("%d records cannot be read", 4)) {
			t.Errorf("the screen does not say that 4 records are damaged:\n%s", text)
		}
		// The term of a certificate goes by: what its row no longer says, the list before it goes on saying.
		c.clk.Set(start.AddDate(6, 0, 0))
		c.renew()
		c.got[validation] = nil
		c.run(time.Minute)
		c.clk.Set(c.clk.Now().Add(25 * time.Hour))
		if n := last(); len(n) == 0 || len(n) > 2 || !n[issued[0].Serial.String()] {
			t.Errorf("after the expiry the list names %v", n)
		}
	})
}

// TestNoListIsSignedThatTheLintRefuses: a fault in the bytes of one list stops that list before the key is asked, and no other; the next one of
// the municipality goes out.
func TestNoListIsSignedThatTheLintRefuses(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		n := c.issue("r1", cert.Signature, person(t, 1, 1))
		c.issue("r2", cert.Authentication, person(t, 1, 1))
		c.run(time.Minute)
		before := len(c.fullLists())
		w := &witness{Signer: c.Key(cert.Signature)}
		c.SetKey(cert.Signature, w)
		c.send(center, revocation(n, 2))
		c.runOthers(time.Second)
		c.clk.Set(c.clk.Now().Add(4 * time.Second))
		if err := c.IntendList(t.Context(), cert.Signature, "202029"); err != nil {
			t.Fatal(err)
		}
		if err := c.Store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
			var tbs []byte
			if err := tx.QueryRow(ctx, "SELECT tbs FROM intent WHERE kind = 'crl'").Scan(&tbs); err != nil {
				return err
			}
			wrong := bytes.Replace(tbs, []byte("Matsumoto-shi CRLDP"), []byte("Matsumota-shi CRLDP"), 1)
			_, err := tx.Exec(ctx, "UPDATE intent SET tbs = $1 WHERE kind = 'crl'", wrong)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		c.run(500 * time.Millisecond)
		if says := c.troubles(t); len(says) != 1 || !strings.Contains(says[0], "失効リストに署名していません") || !strings.Contains(says[0], "scope") {
			t.Errorf("what is said: %q", says)
		}
		c.run(10 * time.Second) // the list that the revocation itself has planned
		lists := c.fullLists()
		if len(lists) != before+1 || lists[before].Municipality.String() != "202029" {
			t.Errorf("%d lists went out", len(lists)-before)
		}
		if len(w.asked) != 3 { // for the delta list of the refused number, and for the next full one with its own
			t.Errorf("the key was asked %d times", len(w.asked))
		}
	})
}
