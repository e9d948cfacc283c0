package publish_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"math/big"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/pki/crl"
	"github.com/akashi-id/akashi/internal/pki/crl/publish"
)

// provoked gives for each finding an offer that has it and no other.
var provoked = map[publish.Code][]func(t *testing.T, s *scene){
	publish.Unreadable: {
		func(t *testing.T, s *scene) { s.fullBytes = []byte("a proxy's error page") },
		func(t *testing.T, s *scene) { s.fullBytes = append(s.full.der(t), 0) },
		func(t *testing.T, s *scene) { s.rules.Limits.Entries = 3 },
		func(t *testing.T, s *scene) { s.delta.after = func([]byte) []byte { return []byte{0x30, 0} } },
	},
	publish.Algorithm: {func(t *testing.T, s *scene) {
		// The CA's key on another curve: neither the algorithm nor the signature is the CA's, and the first says it.
		key, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
		must(t, err)
		s.full.key, s.full.ca.PublicKey = key, key.Public()
	}},
	publish.Signature: {
		func(t *testing.T, s *scene) {
			key := newKey(t)
			s.full.key, s.full.ca.PublicKey = key, key.Public()
		},
		func(t *testing.T, s *scene) {
			key := newKey(t)
			s.delta.key, s.delta.ca.PublicKey = key, key.Public()
		},
		func(t *testing.T, s *scene) {
			s.fullBytes = s.full.der(t)
			s.fullBytes[bytes.Index(s.fullBytes, []byte("260404030000Z"))+11] ^= 1 // a second that nobody signed
			s.noDelta = true
		},
	},
	publish.Issuer: {func(t *testing.T, s *scene) { s.full.ca.RawSubject = partition("another CA") }},
	publish.Key:    {func(t *testing.T, s *scene) { s.full.ca.SubjectKeyId = []byte("another key") }},
	publish.Scope: {
		func(t *testing.T, s *scene) { s.full.extension(28).Value = crl.ScopeOf(iida) },
		func(t *testing.T, s *scene) { s.delta.extension(28).Value = crl.ScopeOf(iida) },
		func(t *testing.T, s *scene) { s.full.extension(28).Critical = false },
		func(t *testing.T, s *scene) { s.full.template.ExtraExtensions = nil },
	},
	publish.Extension: {
		func(t *testing.T, s *scene) {
			s.full.template.ExtraExtensions = append(s.full.template.ExtraExtensions, extensionOf(46, false, []byte{0x30, 0}))
		},
		func(t *testing.T, s *scene) {
			s.delta.template.ExtraExtensions = append(s.delta.template.ExtraExtensions, extensionOf(46, false, []byte{0x30, 0}))
		},
		func(t *testing.T, s *scene) {
			s.full.template.ExtraExtensions = append(s.full.template.ExtraExtensions, extensionOf(99, false, []byte{5, 0}))
		},
		func(t *testing.T, s *scene) { s.delta.extension(27).Critical = false },
		func(t *testing.T, s *scene) { s.rules.Freshest = []byte{0x30, 0} },
	},
	publish.Number: {
		func(t *testing.T, s *scene) { s.full.template.Number = new(big.Int).Lsh(big.NewInt(1), 63) },
		func(t *testing.T, s *scene) { s.full.template.Number = big.NewInt(0) },
	},
	publish.NumberBack: {func(t *testing.T, s *scene) { s.full.template.Number = big.NewInt(6) }},
	publish.NumberTwice: {func(t *testing.T, s *scene) {
		s.full.template.Number, s.noDelta = big.NewInt(7), true
	}},
	publish.TimeBack: {func(t *testing.T, s *scene) {
		s.full = s.ca.list(12, noon.Add(-time.Second), 0, s.full.template.RevokedCertificateEntries[:2]...)
		s.full.template.RevokedCertificateEntries = append(s.full.template.RevokedCertificateEntries, entry(6, noon.Add(-time.Second), cert.Superseded))
		s.full.template.NextUpdate = s.now.Add(time.Hour)
		s.bases[7] = s.ca.list(7, noon, 0, s.full.template.RevokedCertificateEntries...).der(t)
		s.before.Full, s.noDelta = publish.Bytes(s.bases[7]), true
	}},
	publish.TimeAhead: {func(t *testing.T, s *scene) { s.now, s.noDelta = noon.Add(day-61*time.Second), true }},
	publish.Life: {
		func(t *testing.T, s *scene) { s.full.template.NextUpdate = noon.Add(4*day + time.Second) },
		func(t *testing.T, s *scene) { s.delta.template.NextUpdate = noon.Add(4*day + time.Second) },
		func(t *testing.T, s *scene) { s.full.template.NextUpdate = s.full.template.ThisUpdate },
		func(t *testing.T, s *scene) { s.full.after = without([]byte("\x17\x0d260404030000Z")) },
	},
	publish.Stale: {
		func(t *testing.T, s *scene) { s.full.template.NextUpdate, s.noDelta = s.now, true },
		func(t *testing.T, s *scene) { s.delta.template.NextUpdate = s.now },
	},
	publish.Order: {
		func(t *testing.T, s *scene) {
			e := s.full.template.RevokedCertificateEntries
			e[1], e[2] = e[2], e[1]
		},
		func(t *testing.T, s *scene) {
			e := s.delta.template.RevokedCertificateEntries
			s.delta.template.RevokedCertificateEntries = append(e, e[2])
		},
	},
	publish.Serial: {
		func(t *testing.T, s *scene) { s.first(entry(-3, noon, cert.Superseded)) },
		func(t *testing.T, s *scene) { s.first(entry(0, noon, cert.Superseded)) },
	},
	publish.Reason: {
		func(t *testing.T, s *scene) { // removeFromCRL, with which a delta list makes a certificate good again
			s.full.template.RevokedCertificateEntries[3].ReasonCode, s.noDelta = 8, true
		},
		func(t *testing.T, s *scene) {
			s.full.template.RevokedCertificateEntries[3].ReasonCode, s.noDelta = 9, true
		},
		func(t *testing.T, s *scene) { // an invalidity date
			s.full.template.RevokedCertificateEntries[3].ExtraExtensions = append(s.full.template.RevokedCertificateEntries[3].ExtraExtensions,
				extensionOf(24, false, []byte("\x18\x0f20260401030000Z")))
			s.noDelta = true
		},
	},
	publish.Later: {func(t *testing.T, s *scene) {
		s.full.template.RevokedCertificateEntries[3].RevocationTime, s.noDelta = noon.Add(day+time.Second), true
	}},
	publish.Vanished: {
		func(t *testing.T, s *scene) {
			s.full.template.RevokedCertificateEntries, s.noDelta = s.full.template.RevokedCertificateEntries[1:], true
		},
		func(t *testing.T, s *scene) {
			s.full.template.RevokedCertificateEntries, s.noDelta = nil, true
			s.onlyOnList(t, 4)
		},
		func(t *testing.T, s *scene) { // its term is not known
			s.rules = s.ca.rules(map[int64]time.Time{2: noon.Add(-time.Hour), 4: noon.Add(900 * day)})
		},
		func(t *testing.T, s *scene) { // the published list does not say, and what is known does
			s.before = publish.Before{Revoked: known(7, noon)}
			s.noDelta = true
		},
		func(t *testing.T, s *scene) { // the base knows of one that the published list had lost
			s.bases[3] = s.ca.list(3, noon.Add(-4*day), 0, entry(4, noon.Add(-5*day), cert.CertificateHold), entry(7, noon.Add(-5*day), cert.Superseded)).der(t)
		},
	},
	publish.Date: {func(t *testing.T, s *scene) {
		s.full.template.RevokedCertificateEntries[0].RevocationTime, s.noDelta = noon.Add(-5*day+time.Second), true
	}},
	publish.Earlier: {func(t *testing.T, s *scene) {
		s.full.template.RevokedCertificateEntries[0].RevocationTime, s.noDelta = noon.Add(-5*day-time.Second), true
	}},
	publish.Changed: {func(t *testing.T, s *scene) {
		s.full.template.RevokedCertificateEntries[0].ReasonCode, s.noDelta = cert.KeyCompromise.Code(), true
	}},
	publish.Foreign: {func(t *testing.T, s *scene) {
		e := entry(1001, noon, cert.Superseded)
		s.full.template.RevokedCertificateEntries = append(s.full.template.RevokedCertificateEntries, e)
		s.delta.template.RevokedCertificateEntries = append(s.delta.template.RevokedCertificateEntries, e)
	}},
	publish.DeltaOnly: {
		func(t *testing.T, s *scene) { s.delta.template.Number = big.NewInt(13) },
		func(t *testing.T, s *scene) {
			s.delta.template.ThisUpdate = s.delta.template.ThisUpdate.Add(time.Second)
		},
		func(t *testing.T, s *scene) { s.delta = s.full },
		func(t *testing.T, s *scene) { s.full = s.delta },
	},
	publish.BaseAfter: {func(t *testing.T, s *scene) { s.delta.extension(27).Value = integer(12) }},
	publish.BaseNone:  {func(t *testing.T, s *scene) { s.delta.extension(27).Value = integer(5) }},
	publish.BaseLost: {
		func(t *testing.T, s *scene) { s.bases[3] = s.bases[3][1:] },
		func(t *testing.T, s *scene) { s.bases[3] = s.bases[7] },
		func(t *testing.T, s *scene) { s.bases[3] = newCA(t, newKey(t)).list(3, noon, 0).der(t) },
		func(t *testing.T, s *scene) { // by an older program
			s.bases[3] = s.ca.list(3, noon.Add(-4*day), 0, entry(4, noon.Add(-5*day), cert.CertificateHold), entry(2, noon.Add(-5*day), cert.Superseded)).der(t)
		},
	},
	publish.DeltaLess: {
		func(t *testing.T, s *scene) {
			s.delta.template.RevokedCertificateEntries = s.delta.template.RevokedCertificateEntries[1:]
		},
		func(t *testing.T, s *scene) { // the base has another reason, and the delta does not say so
			s.bases[3] = s.ca.list(3, noon.Add(-4*day), 0, entry(4, noon.Add(-5*day), cert.Superseded)).der(t)
		},
	},
	publish.DeltaMore: {
		func(t *testing.T, s *scene) {
			s.delta.template.RevokedCertificateEntries = append(s.delta.template.RevokedCertificateEntries, entry(10, noon, cert.Superseded))
		},
		func(t *testing.T, s *scene) { s.delta.template.RevokedCertificateEntries[0].ReasonCode = 1 },
		func(t *testing.T, s *scene) {
			s.delta.template.RevokedCertificateEntries[0].RevocationTime = noon.Add(-2 * time.Hour)
		},
		func(t *testing.T, s *scene) {
			s.delta.template.RevokedCertificateEntries = append(s.full.template.RevokedCertificateEntries[:1:1], s.delta.template.RevokedCertificateEntries...)
		},
	},
	publish.DeltaLacks: {func(t *testing.T, s *scene) { // the others are in TestDeltaAlone
		*s = *aloneScene(t)
		s.delta.template.RevokedCertificateEntries = s.delta.template.RevokedCertificateEntries[:1]
	}},
	publish.Damaged: {
		func(t *testing.T, s *scene) { s.before.Full = publish.Bytes(s.bases[7][:99]) },
		func(t *testing.T, s *scene) { s.before.Full = nil },
		func(t *testing.T, s *scene) { s.before.Full = publish.Bytes(s.bases[3]) },
		func(t *testing.T, s *scene) {
			s.before.Full = publish.Bytes(newCA(t, newKey(t)).list(7, noon, 0).der(t))
		},
	},
}

// first puts an entry before all others on the full list, and offers it alone.
func (s *scene) first(e x509.RevocationListEntry) {
	s.full.template.RevokedCertificateEntries, s.noDelta = append([]x509.RevocationListEntry{e}, s.full.template.RevokedCertificateEntries...), true
}

// onlyOnList makes a published list with one entry.
func (s *scene) onlyOnList(t *testing.T, n int64) {
	s.bases[7] = s.ca.list(7, noon, 0, entry(n, noon, cert.Superseded)).der(t)
	s.before.Full = publish.Bytes(s.bases[7])
}
