package ca_test

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/keys"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// load applies for persons who were not there before: for both certificates of each, and for some that must be refused, from two
// municipalities at the same time; and has the key of an OCSP signer certified.
func (m *mortal) load(persons int) {
	m.t.Helper()
	m.keys++
	root := must[*x509.Certificate](m.t)(x509.ParseCertificate(must[[][]byte](m.t)(keys.Dir(filepath.Join(m.cfg.Dir, "keys")).Certificates(caKeyNames[m.keys%2]))[0]))
	key := must[crypto.Signer](m.t)(pki.GenerateKey(rand.Reader, cert.P256SHA256))
	m.send(validation, message.ResponderRequest{Issuer: hex.EncodeToString(root.SubjectKeyId), PublicKey: must[[]byte](m.t)(x509.MarshalPKIXPublicKey(key.Public()))})
	for range persons {
		m.n++
		holder, at := person(m.t, uint64(m.n), 1), matsumoto
		if m.n%3 == 0 {
			at = iida
			holder.Municipality = must[resident.MunicipalityCode](m.t)(resident.ParseMunicipalityCode("municipality", "202053"))
		}
		m.send(at, m.apply("issued", cert.Signature, holder), m.apply("issued", cert.Authentication, holder))
		switch m.n % 4 {
		case 0: // the counter was too quick: there is one, or one is on its way
			m.send(at, m.apply("refused", cert.Signature, holder))
		case 1:
			m.n++
			child := holder
			child.Code = resident.RecordCodeOf(1_000_000_000 + uint64(m.n))
			child.Birth = must[resident.PartialDate](m.t)(resident.ParsePartialDate("birth", clock.System().Now().Add(-10*365*24*time.Hour).Format("2006-01-02")))
			m.send(at, m.apply("refused", cert.Signature, child))
		}
	}
}

// apply makes an application, with what it must come to.
func (m *mortal) apply(outcome string, p cert.Profile, holder resident.IdentificationInfo) message.CertRequest {
	m.t.Helper()
	r := request(m.t, fmt.Sprint("r", len(m.asked)), p, holder)
	m.asked[r.Request] = outcome
	return r
}

// settled waits until everything that was asked for has an answer, and nothing is left to be done about it.
func (m *mortal) settled() {
	m.t.Helper()
	m.eventually("every application is answered", func() (bool, string) {
		n := 0
		for _, o := range []message.Org{matsumoto, iida} {
			n += len(all[message.CertIssued](m, o)) + len(all[message.CertRefused](m, o))
		}
		signers := len(all[message.ResponderIssued](m, validation))
		return n >= len(m.asked) && signers >= m.keys, fmt.Sprintf("%d of %d, and %d of %d OCSP signers", n, len(m.asked), signers, m.keys)
	})
	m.eventually("nothing is left to be done", func() (bool, string) {
		m.tell("open")
		open := m.hear("open")
		for o, x := range m.peers {
			pairs, err := x.Pairs(m.t.Context())
			if err != nil || pairs[0].Open > 0 || pairs[0].InParked > 0 {
				return false, fmt.Sprintf("%s: %+v %v", o, pairs, err)
			}
		}
		return open == "0", open + " at the CA"
	})
}
