package ca_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/org/ca"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
)

// device is a key that fails on request, and remembers what it was asked to sign.
type device struct {
	crypto.Signer
	mu     sync.Mutex
	fail   string // failed, answer lost, wrong key
	other  crypto.Signer
	signed int
}

func (d *device) Sign(random io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch d.fail {
	case "failed":
		return nil, errors.New("the device does not answer")
	case "failed, but signed":
		d.signed++
		if _, err := d.Signer.Sign(random, digest, opts); err != nil {
			return nil, err
		}
		return nil, errors.New("the answer of the device was lost")
	case "signed with another key":
		return d.other.Sign(random, digest, opts)
	}
	d.signed++
	return d.Signer.Sign(random, digest, opts)
}

// TestDeviceFaults: whatever the device does, there is one certificate under the serial that was written down, and it
// comes as soon as the device works again.
func TestDeviceFaults(t *testing.T) {
	for _, fault := range []string{"failed", "failed, but signed", "signed with another key"} {
		for _, stopped := range []bool{false, true} {
			name := fault
			if stopped {
				name += ", then stopped"
			}
			t.Run(name, func(t *testing.T) {
				c := newCountry(t, sqlstoretest.SQLite(t))
				d := &device{Signer: c.Key(cert.Signature), fail: fault, other: must[crypto.Signer](t)(pki.GenerateKey(rand.Reader, cert.P256SHA256))}
				c.SetKey(cert.Signature, d)
				c.send(matsumoto, request(t, "r1", cert.Signature, person(t, 1, 1)), request(t, "r2", cert.Authentication, person(t, 1, 1)))
				c.run(10 * time.Second)
				if got := received[message.CertIssued](c, matsumoto); len(got) != 1 || got[0].Profile != cert.Authentication {
					t.Fatalf("while the key for signatures fails, %d were issued", len(got))
				}
				intended := c.state(t)
				if intended.pending == 0 {
					t.Fatal("nothing is written down")
				}
				if stopped {
					c.Close()
					c.open()
				} else {
					c.SetKey(cert.Signature, d.Signer)
				}
				c.run(time.Hour)
				got := received[message.CertIssued](c, matsumoto)
				if len(got) != 2 || got[1].Profile != cert.Signature {
					t.Fatalf("%d were issued", len(got))
				}
				if !intended.serials[got[1].Serial.String()] {
					t.Errorf("the serial %s was not written down before", got[1].Serial)
				}
				if s := c.state(t); s.pending != 0 || s.parked != 0 {
					t.Errorf("%d intents are left, %d parked", s.pending, s.parked)
				}
				if n := len(received[message.CertStatus](c, validation)); n != 2 {
					t.Errorf("%d statuses", n)
				}
			})
		}
	}
}

// TestStoppedBetweenSteps stops the CA after each commit and starts it again: the same step is done again.
func TestStoppedBetweenSteps(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		c.send(matsumoto, request(t, "r1", cert.Signature, person(t, 1, 1)))
		c.runOthers(time.Second) // taken, and not signed
		serials := c.state(t).serials
		c.Close()
		c.open()
		if len(received[message.CertStatus](c, validation)) != 0 {
			t.Fatal("told before it was signed")
		}
		c.net.Join(validation, nil) // signed, and not told
		c.run(time.Second)
		c.Close()
		c.open()
		c.net.Join(validation, c.peers[validation])
		c.run(time.Minute)
		got := received[message.CertIssued](c, matsumoto)
		statuses := received[message.CertStatus](c, validation)
		if len(got) != 1 || len(statuses) != 1 || !serials[got[0].Serial.String()] || statuses[0].Serial != got[0].Serial {
			t.Errorf("%d issued, %d told", len(got), len(statuses))
		}
	})
}

// TestStoreFaults makes the store refuse the row of each step once: failed. That a commit was applied and its answer lost
// is the same as a stop after it, above.
func TestStoreFaults(t *testing.T) {
	for _, statement := range []string{
		"CREATE TRIGGER fault BEFORE INSERT ON intent BEGIN SELECT RAISE(ABORT, 'fault'); END",
		"CREATE TRIGGER fault BEFORE UPDATE OF certificate ON certificate BEGIN SELECT RAISE(ABORT, 'fault'); END",
		"CREATE TRIGGER fault BEFORE DELETE ON intent BEGIN SELECT RAISE(ABORT, 'fault'); END",
		"CREATE TRIGGER fault BEFORE INSERT ON x_out BEGIN SELECT RAISE(ABORT, 'fault'); END",
		"CREATE TRIGGER fault BEFORE UPDATE OF number ON crl BEGIN SELECT RAISE(ABORT, 'fault'); END",
	} {
		c := newCountry(t, "memory:")
		c.exec(t, statement)
		c.send(matsumoto, request(t, "r1", cert.Signature, person(t, 1, 1)))
		c.run(3 * time.Second)
		c.exec(t, "DROP TRIGGER fault")
		c.run(time.Hour)
		got := received[message.CertIssued](c, matsumoto)
		if len(got) != 1 || len(received[message.CertStatus](c, validation)) != 1 || len(received[message.CertIssuance](c, center)) != 1 ||
			len(c.fullLists()) != 1 {
			t.Errorf("%s: %d issued, then %d, %d, %d", statement, len(got), len(received[message.CertStatus](c, validation)),
				len(received[message.CertIssuance](c, center)), len(c.fullLists()))
		}
		if s := c.state(t); s.pending != 0 || s.parked != 0 {
			t.Errorf("%s: %d intents are left, %d parked", statement, s.pending, s.parked)
		}
	}
}

func (c *country) exec(t *testing.T, statement string) {
	t.Helper()
	err := c.Store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		_, err := tx.Exec(ctx, statement)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

type state struct {
	pending, parked int64
	serials         map[string]bool // of certificates, issued or intended
}

func (c *country) state(t *testing.T) state {
	t.Helper()
	s := state{serials: map[string]bool{}}
	err := c.Store.View(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		counts, err := due.Count(ctx, tx)
		if err != nil {
			return err
		}
		s.parked = counts.Parked
		if err := tx.QueryRow(ctx, "SELECT COUNT(*) FROM intent").Scan(&s.pending); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, "SELECT serial FROM certificate")
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var b []byte
			if err := rows.Scan(&b); err != nil {
				return err
			}
			serial, err := cert.SerialFromBytes(b)
			if err != nil {
				return err
			}
			s.serials[serial.String()] = true
		}
		return rows.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestFoundIsDoneOnce(t *testing.T) {
	c := newCountry(t, "memory:")
	again := must[[][]byte](t)(ca.Found(rand.Reader, start.Add(time.Hour), c.keys, cert.P256SHA256))
	for i, p := range cert.Profiles {
		if had := must[[][]byte](t)(c.keys.Certificates("ca-" + p.String())); len(again) != 2 || string(again[i]) != string(had[0]) {
			t.Errorf("the %s was founded twice", p)
		}
		x := must[*x509.Certificate](t)(x509.ParseCertificate(again[i]))
		if x.Subject.Organization[0] != "JPKI-TEST" || x.SerialNumber.Int64() != 1 {
			t.Errorf("%s", x.Subject)
		}
	}
	// A ceremony that was cut short before the certificate goes on with its key; one that lost the key does not go on.
	half := c.keys
	if err := os.Remove(filepath.Join(string(half), "ca-signature.crt")); err != nil {
		t.Fatal(err)
	}
	next := must[[][]byte](t)(ca.Found(rand.Reader, start, half, cert.P256SHA256))
	x, y := must[*x509.Certificate](t)(x509.ParseCertificate(again[0])), must[*x509.Certificate](t)(x509.ParseCertificate(next[0]))
	if string(x.RawSubjectPublicKeyInfo) != string(y.RawSubjectPublicKeyInfo) {
		t.Error("the ceremony made another key")
	}
	if err := os.Remove(filepath.Join(string(half), "ca-signature.key")); err != nil {
		t.Fatal(err)
	}
	if _, err := ca.Found(rand.Reader, start, half, cert.P256SHA256); err == nil {
		t.Error("a CA without its key was founded")
	}
}
