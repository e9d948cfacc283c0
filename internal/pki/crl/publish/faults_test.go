package publish_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"maps"
	"math/big"
	"slices"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/pki/crl"
)

// faults are what can be wrong with what a CA offers.
var faults = []string{"truncated", "algorithm", "signature", "issuer", "key", "scope", "uncritical", "extension", "zero", "back", "twice", "earlier list", "ahead", "life", "stale",
	"order", "serial", "reason", "later", "vanish", "date later", "date earlier", "change", "foreign", "delta number", "base after", "base unknown", "base damaged",
	"delta less", "delta more"}

// spoilRecords makes the CA's own records wrong, in a way that may be published and must be told; so must a list that comes late.
func (m *model) spoilRecords(s step) (alarm bool) {
	if s.what == "stale" {
		return true
	}
	if s.what == "foreign" {
		if _, there := m.revoked[1000+s.serial]; !there {
			m.revoked[1000+s.serial] = entry(1000+s.serial, m.now, cert.Superseded)
			return true
		}
		return false
	}
	last := m.judge.full[m.judge.number]
	for _, e := range m.entries() {
		if _, published := last[e.SerialNumber.String()]; !published || m.damaged[m.judge.number] {
			continue
		}
		switch s.what {
		case "date earlier":
			e.RevocationTime = e.RevocationTime.Add(-time.Second)
		case "change":
			e.ReasonCode = (e.ReasonCode + 1) % len(cert.Reasons)
		default:
			return false
		}
		m.revoked[e.SerialNumber.Int64()] = e
		return true
	}
	return false
}

func (m *model) spoil(t testing.TB, s step, l *list) bool {
	e := &l.template.RevokedCertificateEntries
	published := m.judge.full[m.judge.number]
	switch s.what {
	case "algorithm":
		key, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
		must(t, err)
		l.key, l.ca.PublicKey = key, key.Public()
	case "signature":
		key := newKey(t)
		l.key, l.ca.PublicKey = key, key.Public()
	case "issuer":
		l.ca.RawSubject = iida
	case "key":
		l.ca.SubjectKeyId = []byte{1}
	case "scope":
		l.extension(28).Value = crl.ScopeOf(iida)
	case "uncritical":
		l.extension(28).Critical = false
	case "extension":
		l.template.ExtraExtensions = append(l.template.ExtraExtensions, extensionOf(99, s.n%2 == 0, []byte{5, 0}))
	case "zero":
		l.template.Number = new(big.Int)
	case "back":
		if m.judge.number < 2 {
			return false
		}
		l.template.Number = new(big.Int).SetUint64(m.judge.number - 1)
	case "twice":
		if m.judge.number == 0 {
			return false
		}
		l.template.Number = new(big.Int).SetUint64(m.judge.number)
	case "earlier list":
		if m.judge.number == 0 || m.damaged[m.judge.number] {
			return false
		}
		l.template.ThisUpdate = m.judge.this.Add(-time.Second)
	case "ahead":
		l.template.ThisUpdate = m.now.Add(61 * time.Second)
	case "life":
		l.template.NextUpdate = m.now.Add(3*day + time.Second)
	case "stale":
		l.template.ThisUpdate, l.template.NextUpdate = m.now.Add(-10*time.Second), m.now
		return false // and yet told
	case "order":
		if len(*e) < 2 {
			return false
		}
		*e = append((*e)[1:], (*e)[0])
	case "serial":
		*e = append([]x509.RevocationListEntry{entry(-s.serial, m.now, cert.Superseded)}, *e...)
	case "reason":
		if len(*e) == 0 {
			return false
		}
		(*e)[s.n%len(*e)].ReasonCode = 8 + s.n%3
	case "later":
		*e = append(*e, entry(600+s.serial, m.now.Add(time.Second), cert.Superseded))
		slices.SortFunc(*e, func(a, b x509.RevocationListEntry) int { return a.SerialNumber.Cmp(b.SerialNumber) })
	case "vanish", "date later":
		// One that the published list names, and whose term still runs.
		for k, x := range *e {
			if _, there := published[x.SerialNumber.String()]; !there || !m.terms[x.SerialNumber.Int64()].After(m.now) {
				continue
			}
			if s.what == "vanish" {
				*e = slices.Delete(*e, k, k+1)
			} else {
				(*e)[k].RevocationTime = x.RevocationTime.Add(time.Second)
			}
			return true
		}
		return false
	default:
		return false
	}
	return true
}

func (m *model) spoilDelta(s step, l *list, entries []x509.RevocationListEntry) bool {
	e := &l.template.RevokedCertificateEntries
	switch s.what {
	case "delta number":
		l.template.Number = new(big.Int).SetUint64(m.number + 1)
	case "base after":
		l.extension(27).Value = integer(m.number + uint64(s.n%2))
	case "base unknown":
		if numbers := slices.Sorted(maps.Keys(m.refused)); len(numbers) > 0 {
			base := numbers[len(numbers)-1]
			l.extension(27).Value, *e = integer(base), difference(m.refused[base], entries)
			return true
		}
		for n := m.number - 1; n > 0; n-- {
			if m.judge.full[n] == nil {
				l.extension(27).Value = integer(n)
				return true
			}
		}
		return false
	case "base damaged":
	case "delta less":
		if len(*e) == 0 {
			return false
		}
		*e = (*e)[1:]
	case "delta more":
		*e = append(*e, entry(5000, m.now, cert.Superseded))
	default:
		return false
	}
	return true
}
