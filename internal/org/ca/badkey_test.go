package ca_test

import (
	"context"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/pki/subjectkey/subjectkeytest"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// rows counts what was written down about certificates.
func (c *country) rows() (certificates, intents int64) {
	c.t.Helper()
	err := c.Store.View(c.t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		if err := tx.QueryRow(ctx, "SELECT COUNT(*) FROM certificate").Scan(&certificates); err != nil {
			return err
		}
		return tx.QueryRow(ctx, "SELECT COUNT(*) FROM intent WHERE kind = 'certificate'").Scan(&intents)
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return certificates, intents
}

// TestBadKeys: each bad key is refused by its name before a serial is taken, and none keeps the application behind it from being
// answered.
func TestBadKeys(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		want := map[string]string{}
		var batch []message.Payload
		add := func(key []byte, code string) {
			n := len(batch)
			r := request(t, fmt.Sprintf("b%d", n), cert.Signature, person(t, uint64(n+1), 1))
			r.PublicKey, want[r.Request] = key, code
			batch = append(batch, r)
		}
		for _, l := range subjectkeytest.RSALiars() {
			if l.Code != "key-prime" { // found out at the counter: it takes too long for a transaction
				add(l.Key.SPKI(), l.Code)
			}
		}
		off := request(t, "x", cert.Signature, person(t, 1, 1)).PublicKey
		off[len(off)-1] ^= 1
		add(off, "key-off-curve")
		add(append(subjectkeytest.Good().SPKI(), 0), "der-trailing")
		good := request(t, "good", cert.Signature, person(t, 999, 1))
		c.send(matsumoto, append(batch, good)...)
		c.runOthers(time.Second)
		if certificates, intents := c.rows(); certificates != 1 || intents != 1 {
			t.Errorf("%d certificates and %d intents are written down, want those of the good key", certificates, intents)
		}
		c.run(time.Second)
		refused := received[message.CertRefused](c, matsumoto)
		for _, r := range refused {
			if r.Why != want[r.Request] || r.Reason.JA == "" || r.Reason.EN == "" {
				t.Errorf("%s is refused as %s, want %s", r.Request, r.Why, want[r.Request])
			}
		}
		if issued := received[message.CertIssued](c, matsumoto); len(refused) != len(want) || len(issued) != 1 || issued[0].Request != "good" {
			t.Errorf("%d of %d refused, %d issued", len(refused), len(want), len(issued))
		}
		if codes := c.stuck(); len(codes) > 0 {
			t.Errorf("parked: %v", codes)
		}
	})
}

// TestKeyHasOneHolder: a key is one person's for one kind of certificate, or a responder's, and stays so when the certificate has
// ended.
func TestKeyHasOneHolder(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		root := must[*x509.Certificate](t)(x509.ParseCertificate(must[[][]byte](t)(c.keys.Certificates("ca-signature"))[0]))
		first := request(t, "first", cert.Signature, person(t, 1, 1))
		responders := message.ResponderRequest{Issuer: hex.EncodeToString(root.SubjectKeyId), PublicKey: request(t, "x", cert.Signature, person(t, 2, 1)).PublicKey}
		c.send(matsumoto, first)
		c.send(validation, responders)
		c.run(time.Minute)

		with := func(number string, p cert.Profile, n uint64, key []byte) message.CertRequest {
			r := request(t, number, p, person(t, n, 1))
			r.PublicKey = key
			return r
		}
		c.send(matsumoto, with("of another", cert.Signature, 3, first.PublicKey), with("of another kind", cert.Authentication, 1, first.PublicKey),
			with("of a responder", cert.Signature, 4, responders.PublicKey))
		c.run(time.Minute)
		issued := received[message.CertIssued](c, matsumoto)
		if len(issued) != 1 {
			t.Fatalf("%d certificates", len(issued))
		}
		c.send(matsumoto, message.CertRevoke{Code: first.Holder.Code, Profile: cert.Signature, Version: 1, Serial: issued[0].Serial, Reason: cert.CessationOfOperation,
			Since: resident.MustDate(2026, 4, 1)})
		c.run(time.Minute)
		c.send(matsumoto, with("after its end", cert.Signature, 1, first.PublicKey))
		c.run(time.Minute)
		var why []string
		for _, r := range received[message.CertRefused](c, matsumoto) {
			why = append(why, r.Request+" "+r.Why)
		}
		if got := fmt.Sprint(why); got != "[of another key-in-use of another kind key-in-use of a responder key-in-use after its end key-in-use]" {
			t.Errorf("refused: %s", got)
		}
		// A holder's key answers for nobody.
		responders.PublicKey = first.PublicKey
		c.send(validation, responders)
		c.run(time.Minute)
		if codes := c.stuck(); len(codes) != 1 || codes[0] != "key-in-use" || len(received[message.ResponderIssued](c, validation)) != 1 {
			t.Errorf("parked: %v", codes)
		}
	})
}
