package ca_test

import (
	"context"
	"crypto/x509"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

func full() bool { return os.Getenv("AKASHI_FULL") != "" }

// strike sends the load and waits until the CA was killed at a point.
func (m *mortal) strike(point string, hit int, load func()) {
	m.t.Helper()
	waits := -1
	for i, p := range inTransaction {
		if p.point == point && !strings.HasPrefix(m.cfg.URL, "sqlite:") {
			waits = i
		}
	}
	switch {
	case waits >= 0:
		defer m.lock(m.cfg.Lock + int64(waits))()
		load()
	case point == signing || point == signingBoth:
		if err := os.WriteFile(filepath.Join(m.cfg.Dir, fmt.Sprint("at-", point, "-", hit)), nil, 0o600); err != nil {
			m.t.Fatal(err)
		}
		load()
	case point == arrived:
		left := hit
		m.mu.Lock()
		process := m.cmd.Process
		m.on = func(p message.Payload) { // of two municipalities at the same time
			if _, it := p.(message.CertIssued); it && left > 0 {
				if left--; left == 0 {
					process.Kill()
				}
			}
		}
		m.mu.Unlock()
		load()
	default:
		m.tell("arm", point, hit)
		m.hear("armed")
		load()
	}
	m.ended(true)
	m.mu.Lock()
	m.on = nil
	m.mu.Unlock()
}

// lock has PostgreSQL wait at a point: once somebody does, the CA is killed. The server lets go of its transaction when it finds that
// nobody is there any more.
func (m *mortal) lock(key int64) (release func()) {
	m.t.Helper()
	db := must[*sql.DB](m.t)(sql.Open("pgx", m.cfg.URL))
	holder := must[*sql.Conn](m.t)(db.Conn(m.t.Context()))
	if _, err := holder.ExecContext(m.t.Context(), "SELECT pg_advisory_lock($1)", key); err != nil {
		m.t.Fatal(err)
	}
	process, ended := m.cmd.Process, make(chan struct{})
	go func() {
		defer close(ended)
		if now, waits := m.within(time.Minute, func() (waits bool, _ string) {
			err := db.QueryRowContext(context.Background(), "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = $1 AND NOT granted)", key).Scan(&waits)
			return waits, fmt.Sprint(err)
		}); !waits {
			m.t.Errorf("nobody came to the point: %s", now)
		}
		process.Kill()
	}()
	return func() {
		<-ended
		holder.Close()
		db.Close()
	}
}

// evidenceOf wants the evidence that calls were under way when the CA died.
func (m *mortal) evidenceOf(point string) {
	m.t.Helper()
	if point != signing && point != signingBoth {
		return
	}
	files := must[[]string](m.t)(filepath.Glob(filepath.Join(m.cfg.Dir, "evidence", "hsm-1-*-left.txt")))
	if len(files) == 0 {
		m.t.Errorf("%s: no evidence says that the device was asked", point)
		return
	}
	text := string(must[[]byte](m.t)(os.ReadFile(files[len(files)-1])))
	for _, digest := range m.record().asked {
		if strings.Contains(text, "digest "+digest) {
			return
		}
	}
	m.t.Errorf("%s: the evidence does not say what the device was asked: %s", point, text)
}

// TestKilledWhileIssuing kills the CA's process at each step of issuance, with applications on their way, and starts it again as
// after any stop. Whatever was asked for is then issued or refused by name, once; all that the device has signed has its record.
func TestKilledWhileIssuing(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		m := newMortal(t, url)
		m.start()
		points := crashPoints
		if !full() && !strings.HasPrefix(url, "sqlite:") {
			points = []string{deciding, signed, storing, written, stored} // where the engine matters
		}
		for i, point := range points {
			m.strike(point, 1+i%2, func() { m.load(2) })
			m.start()
			m.evidenceOf(point)
			m.settled()
		}
		o := m.judge()
		for _, f := range o.findings {
			t.Error(f)
		}
		t.Logf("killed at %d points: %v", len(points), o)
	})
}

// TestKilledAtEachHit takes a CA of its own for each point, and kills it the first, second … time that it comes there, and again while
// it recovers.
func TestKilledAtEachHit(t *testing.T) {
	if !full() {
		t.Skip("long: AKASHI_FULL=1 kills at every point, each time it is come to, on both engines")
	}
	for _, point := range crashPoints {
		hits := 4
		if point == stored {
			hits = 2 // batches
		}
		for hit := 1; hit <= hits; hit++ {
			t.Run(fmt.Sprint(point, hit), func(t *testing.T) {
				sqlstoretest.Each(t, func(t *testing.T, url string) {
					m := newMortal(t, url)
					m.start()
					m.strike(point, hit, func() { m.load(6) })
					m.start()
					m.strike(signed, hit, func() { m.load(2) })
					m.start()
					m.settled()
					o := m.judge()
					for _, f := range o.findings {
						t.Error(f)
					}
					t.Log(o)
				})
			})
		}
	}
}

// TestKilledWhileListing kills the CA when a list that names a revocation is written and not committed. The list comes out all the
// same, with its number and its entry.
func TestKilledWhileListing(t *testing.T) {
	if !full() {
		t.Skip("long, because a list waits some seconds for more: AKASHI_FULL=1")
	}
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		m := newMortal(t, url)
		m.start()
		m.load(1)
		m.settled()
		c := all[message.CertIssued](m, matsumoto)[0]
		m.strike(listing, 1, func() {
			m.send(center, message.CertRevocation{Code: c.Code, Serial: c.Serial, Profile: c.Profile, Version: 2, Reason: cert.AffiliationChanged,
				Since: resident.MustDate(2026, 4, 1), Why: resident.MoveWithin})
		})
		m.start()
		m.settled()
		o := m.judge()
		for _, f := range o.findings {
			t.Error(f)
		}
		lists := all[message.CertCRL](m, validation)
		list := must[*x509.RevocationList](t)(x509.ParseRevocationList(lists[len(lists)-1].CRL))
		if len(list.RevokedCertificateEntries) != 1 || must[cert.Serial](t)(cert.SerialFromInt(list.RevokedCertificateEntries[0].SerialNumber)) != c.Serial {
			t.Errorf("the last of %d lists names %v, want %s", len(lists), list.RevokedCertificateEntries, c.Serial)
		}
	})
}

// TestVoidedAfterKill: the device has signed, the CA was killed, and before it comes to what was left the center says that the record
// has changed. The certificate is voided: the applicant hears why, everybody else that the serial is revoked, and what was signed
// reaches nobody.
func TestVoidedAfterKill(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		m := newMortal(t, url)
		m.start()
		holder := person(t, 1, 1)
		m.n = 1
		m.strike(signed, 1, func() { m.send(matsumoto, m.apply("refused", cert.Signature, holder)) })
		m.cfg.Hold = true
		m.start()
		m.send(center, message.CertRevocation{Code: holder.Code, Profile: cert.Signature, Version: 2, Reason: cert.AffiliationChanged,
			Since: resident.MustDate(2026, 4, 1), Why: resident.MoveWithin})
		m.eventually("the applicant hears of it", func() (bool, string) { return len(all[message.CertRefused](m, matsumoto)) == 1, "not yet" })
		m.tell("go")
		m.settled()
		o := m.judge()
		for _, f := range o.findings {
			t.Error(f)
		}
		if o.voided != 1 || o.issued != 0 || o.signatures == 0 {
			t.Errorf("%v", o)
		}
		if no := all[message.CertRefused](m, matsumoto); no[0].Why != "record-changed" {
			t.Errorf("refused as %s", no[0].Why)
		}
	})
}

// TestSignedBeforeStored: a CA that signs and then stores, killed in between, is found out by what these tests look at.
func TestSignedBeforeStored(t *testing.T) {
	m := newMortal(t, sqlstoretest.SQLite(t))
	m.cfg.AsItWas = true
	m.start()
	m.n = 1
	m.strike(signed, 1, func() { m.send(matsumoto, m.apply("issued", cert.Signature, person(t, 1, 1))) }) // one certificate, whichever comes first
	m.cfg.AsItWas = false
	m.start()
	m.settled()
	o := m.judge()
	if len(o.findings) != 1 || !strings.Contains(o.findings[0], "of which there is no record") {
		t.Errorf("as it was: %q", o.findings)
	}
}
