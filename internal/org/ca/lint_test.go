package ca_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/keys"
	"github.com/akashi-id/akashi/internal/org/ca"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/pki/jpki"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
)

// witness is a key that remembers what it was asked to sign.
type witness struct {
	crypto.Signer
	mu    sync.Mutex
	asked [][]byte
}

func (w *witness) Sign(random io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked = append(w.asked, bytes.Clone(digest))
	return w.Signer.Sign(random, digest, opts)
}

// rewrite changes the bytes of the intent, as a fault of the builder would have, and gives what they are then.
func (c *country) rewrite(t *testing.T, was, is []byte) (tbs []byte) {
	t.Helper()
	err := c.Store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		var id int64
		if err := tx.QueryRow(ctx, "SELECT id, tbs FROM intent WHERE kind <> 'crl'").Scan(&id, &tbs); err != nil {
			return err
		}
		if !bytes.Contains(tbs, was) {
			t.Fatal("what is to be changed is not in the bytes")
		}
		tbs = bytes.ReplaceAll(tbs, was, is)
		_, err := tx.Exec(ctx, "UPDATE intent SET tbs = $1 WHERE id = $2", tbs, id)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return tbs
}

// troubles gives the sentences of what has failed.
func (c *country) troubles(t *testing.T) (all []string) {
	t.Helper()
	err := c.Store.View(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		items, err := due.Failing(ctx, tx, 0, 100)
		for _, i := range items {
			all = append(all, i.Reason.String())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestNothingIsSignedThatTheLintRefuses: a fault in the bytes that were written down stops that certificate before the key is
// asked, says why, and stops no other.
func TestNothingIsSignedThatTheLintRefuses(t *testing.T) {
	nonRepudiation, alone := []byte{3, 2, 6, 0xc0}, []byte{3, 2, 7, 0x80}
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		w := &witness{Signer: c.Key(cert.Signature)}
		c.SetKey(cert.Signature, w)
		c.send(matsumoto, request(t, "r1", cert.Signature, person(t, 1, 1)))
		c.runOthers(time.Second)
		wrong := c.rewrite(t, nonRepudiation, alone)
		c.send(matsumoto, request(t, "r2", cert.Authentication, person(t, 1, 1)))
		c.run(10 * time.Second)
		if got := received[message.CertIssued](c, matsumoto); len(got) != 1 || got[0].Profile != cert.Authentication {
			t.Fatalf("%d were issued", len(got))
		}
		if sum := sha256.Sum256(wrong); slices.ContainsFunc(w.asked, func(asked []byte) bool { return bytes.Equal(asked, sum[:]) }) {
			t.Error("the key was asked to sign it")
		}
		if says := c.troubles(t); len(says) != 1 || !strings.Contains(says[0], "key usage") || !strings.Contains(says[0], "鍵用途") {
			t.Errorf("what is said: %q", says)
		}
		if s := c.state(t); s.pending != 1 {
			t.Errorf("%d intents are left as evidence", s.pending)
		}
		c.rewrite(t, alone, nonRepudiation)
		c.run(time.Hour)
		if got := received[message.CertIssued](c, matsumoto); len(got) != 2 {
			t.Errorf("%d were issued when the bytes were right again", len(got))
		}
	})
}

// A CA of a card's generation certifies keys that cards have, and answers others; an OCSP signer's key is on no card.
func TestKeyOfNoCardIsRefused(t *testing.T) {
	c := newCountry(t, "memory:")
	c.keys = keys.Dir(t.TempDir())
	if _, err := ca.Found(rand.Reader, start, c.keys, cert.Today.Algorithm()); err != nil {
		t.Fatal(err)
	}
	c.renew()
	key := must[crypto.Signer](t)(pki.GenerateKey(rand.Reader, cert.P256SHA256))
	n := request(t, "r1", cert.Signature, person(t, 1, 1))
	n.PublicKey = must[[]byte](t)(x509.MarshalPKIXPublicKey(key.Public()))
	c.send(matsumoto, n)
	root := must[*x509.Certificate](t)(x509.ParseCertificate(must[[][]byte](t)(c.keys.Certificates("ca-signature"))[0]))
	c.send(validation, message.ResponderRequest{Issuer: hex.EncodeToString(root.SubjectKeyId), PublicKey: n.PublicKey})
	c.run(10 * time.Second)
	if got := received[message.CertRefused](c, matsumoto); len(got) != 1 || got[0].Why != "key-curve" {
		t.Errorf("the key of no card: %+v", got)
	}
	if got := received[message.ResponderIssued](c, validation); len(got) != 1 {
		t.Errorf("%d certificates for an OCSP signer: %q", len(got), c.troubles(t))
	}
}

// The founding ceremony signs no root that is not what was meant.
func TestRootIsLinted(t *testing.T) {
	key := must[crypto.Signer](t)(pki.GenerateKey(rand.Reader, cert.Next.Algorithm()))
	first, other := must[cert.Serial](t)(cert.ParseSerial("01")), must[cert.Serial](t)(cert.ParseSerial("02"))
	tbs := must[[]byte](t)(jpki.CATBS(cert.Signature, key.Public(), first, start))
	if err := ca.LintRoot(cert.Signature, jpki.Operator{}, key, first, start, tbs); err != nil {
		t.Error(err)
	}
	if ca.LintRoot(cert.Authentication, jpki.Operator{}, key, first, start, tbs) == nil || ca.LintRoot(cert.Signature, jpki.Operator{}, key, other, start, tbs) == nil {
		t.Error("a root of another profile or serial was let through")
	}
}
