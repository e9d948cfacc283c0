package ca_test

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"slices"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
)

// TestStoredRespondersAreInspected: the certificates of the keys that sign answers are gone through as holders' are.
func TestStoredRespondersAreInspected(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		holder := c.issue("r1", cert.Signature, person(t, 1, 1))
		issuer := received[message.CertStatus](c, validation)[0].Issuer
		c.send(validation, message.ResponderRequest{Issuer: issuer, PublicKey: request(t, "x", cert.Signature, person(t, 2, 1)).PublicKey})
		c.run(time.Minute)
		if got := c.inspected(); len(got) > 0 || len(received[message.ResponderIssued](c, validation)) != 1 {
			t.Fatalf("nothing is wrong yet, and it found %v", got)
		}
		serial := c.octets(`SELECT serial FROM responder`)
		der := c.octets(`SELECT certificate FROM responder`)
		holders := c.octets(`SELECT certificate FROM certificate WHERE serial = $1`, holder.Serial.Bytes())
		flipped := slices.Clone(der)
		flipped[len(flipped)-3] ^= 1
		// One that the CA's key has signed, and that nobody has written down: good for more than answers.
		tbs := must[[]byte](t)(pki.TBSOf(der))
		ocspSigning, clientAuth := must[[]byte](t)(hex.DecodeString("2b06010505070309")), must[[]byte](t)(hex.DecodeString("2b06010505070302"))
		other := bytes.Replace(tbs, ocspSigning, clientAuth, 1)
		signed := must[[]byte](t)(pki.AssembleCertificate(other, must[[]byte](t)(pki.SignTBS(rand.Reader, c.Key(cert.Signature), other))))
		if bytes.Equal(other, tbs) {
			t.Fatal("it is not for signing answers")
		}
		certificate := `UPDATE responder SET certificate = $2 WHERE serial = $1`
		for _, x := range []struct {
			finds, damage string
			with, back    any
		}{
			{"responders unreadable", certificate, der[:100], der},
			{"responders signature", certificate, flipped, der},
			{"responders responder", certificate, signed, der},
			{"responders intent", certificate, signed, der},
			{"responders responder", certificate, holders, der},
			{"responders serial", certificate, holders, der},
			{"responders key-hash", `UPDATE responder SET key_hash = $2 WHERE serial = $1`, []byte("another"), c.octets(`SELECT key_hash FROM responder`)},
			{"responders validity", `UPDATE responder SET not_after = not_after + $2 WHERE serial = $1`, int64(1_000_000), int64(-1_000_000)},
			{"responders issuer-known", `UPDATE responder SET issuer = $2 WHERE serial = $1`, "00", issuer},
		} {
			c.byHand(x.damage, serial, x.with)
			c.inspect()
			if got := c.inspected(); !slices.Contains(got, x.finds) {
				t.Errorf("%s: found %v", x.finds, got)
			}
			c.byHand(x.damage, serial, x.back)
			if c.inspect(); len(c.inspected()) > 0 {
				t.Fatalf("%s: mended, and still %v", x.finds, c.inspected())
			}
		}
		c.byHand(`UPDATE responder SET serial = $1`, holder.Serial.Bytes())
		c.inspect()
		if got := c.inspected(); !slices.Contains(got, "responders serial-twice") || !slices.Contains(got, "certificates serial-twice") {
			t.Errorf("one serial twice: found %v", got)
		}
	})
}
