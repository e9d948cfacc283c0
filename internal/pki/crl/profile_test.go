package crl_test

import (
	"bytes"
	"crypto/rand"
	"crypto/x509"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/pki/crl"
	"github.com/akashi-id/akashi/internal/pki/jpki"
	"github.com/akashi-id/akashi/internal/pki/jpki/jpkitest"
)

// TestSameAsTheProfile: with a CA of the profile, the full list is byte for byte the one that is built for tests by other code.
func TestSameAsTheProfile(t *testing.T) {
	for _, p := range cert.Profiles {
		for _, a := range cert.Algorithms {
			c := newCA(t, a)
			first, err := cert.ParseSerial("01")
			must(t, err)
			tbs, err := jpki.CATBS(p, c.key.Public(), first, noon)
			must(t, err)
			signature, err := pki.SignTBS(rand.Reader, c.key, tbs)
			must(t, err)
			der, err := pki.AssembleCertificate(tbs, signature)
			must(t, err)
			issuer, err := jpki.OpenIssuer(der)
			must(t, err)
			c.certificate, err = x509.ParseCertificate(der)
			must(t, err)
			c.authority, err = crl.AuthorityOf(c.certificate)
			must(t, err)
			part := jpki.Partition{Prefecture: "Nagano-ken", Municipality: "Matsumoto-shi"}
			l := jpkitest.CRL{Partition: part, Number: 130, ThisUpdate: noon, NextUpdate: noon.Add(48 * time.Hour)}
			for e, err := range many(9) {
				must(t, err)
				l.Revoked = append(l.Revoked, jpkitest.Revocation{Serial: e.Serial, At: e.At, Reason: e.Reason})
			}
			want, err := jpkitest.CRLTBS(issuer, l)
			must(t, err)
			h := c.head(130)
			h.Partition, err = part.Name(p).DER()
			must(t, err)
			var got bytes.Buffer
			d, err := crl.NewDraft(t.Context(), h, many(9))
			must(t, err)
			_, err = d.WriteTBS(t.Context(), &got)
			must(t, err)
			if !bytes.Equal(got.Bytes(), want) {
				t.Errorf("%s, %s: wrote %x, the profile %x", p, a, got.Bytes(), want)
			}
		}
	}
}
