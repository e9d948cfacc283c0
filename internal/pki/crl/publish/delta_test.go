package publish_test

import (
	"crypto/x509"
	"math/big"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/pki/crl/publish"
)

// aloneScene: the full list 7 is published and delta list 9 on it, which names 8; delta list 12 comes and names 8 and 9.
func aloneScene(t testing.TB) *scene {
	s := newScene(t)
	s.alone = true
	e8, e9 := entry(8, noon.Add(day-2*time.Hour), cert.Unspecified), entry(9, noon.Add(day-time.Hour), cert.KeyCompromise)
	s.before.DeltaNumber, s.before.Delta = 9, publish.Bytes(s.ca.list(9, noon.Add(day-time.Hour), 7, e8).der(t))
	s.before.Revoked = known(4, noon.Add(-5*day), 5, noon.Add(-time.Hour), 8, noon.Add(day-2*time.Hour), 9, noon.Add(day-time.Hour), 100, noon.Add(day))
	s.delta = s.ca.list(12, noon.Add(day), 7, e8, e9)
	return s
}

// TestDeltaAlone: what is wrong with a delta list that comes between two full ones is found, alone, and the check that finds it is the
// one that is named.
func TestDeltaAlone(t *testing.T) {
	entries := func(s *scene) *[]x509.RevocationListEntry { return &s.delta.template.RevokedCertificateEntries }
	for name, x := range map[string]struct {
		want  publish.Code
		spoil func(s *scene)
	}{
		"nothing is wrong": {"", func(*scene) {}},
		"nothing was revoked since": {"", func(s *scene) {
			s.before.DeltaNumber, s.before.Delta, s.before.Revoked = 0, nil, nil
			*entries(s) = nil
		}},
		"on an older base": {"", func(s *scene) {
			s.delta = s.ca.list(12, noon.Add(day), 3, append([]x509.RevocationListEntry{entry(5, noon.Add(-time.Hour), cert.AffiliationChanged)}, *entries(s)...)...)
		}},
		"the published delta list is damaged": {"", func(s *scene) { s.before.Delta = publish.Bytes([]byte("damaged")) }},
		"beside the published full list":      {"", func(s *scene) { s.beside(t) }},
		"beside it, and says less":            {publish.DeltaLess, func(s *scene) { s.beside(t); *entries(s) = (*entries(s))[1:] }},
		"beside it, of another time":          {publish.DeltaOnly, func(s *scene) { s.beside(t); s.delta.template.ThisUpdate = noon.Add(day - time.Second) }},
		"older than the full list": {publish.NumberBack, func(s *scene) {
			s.delta.template.Number, s.before.DeltaNumber = big.NewInt(6), 0
			s.delta.extension(27).Value = integer(3)
		}},
		"older than the published delta list": {publish.NumberBack, func(s *scene) { s.delta.template.Number = big.NewInt(8) }},
		"the number of the published one":     {publish.NumberTwice, func(s *scene) { s.delta.template.Number = big.NewInt(9) }},
		"made before the published one": {publish.TimeBack, func(s *scene) {
			s.delta = s.ca.list(12, noon.Add(day-time.Hour-time.Second), 7, entry(8, noon.Add(day-2*time.Hour), cert.Unspecified))
		}},
		"what the published one names is not there": {publish.Vanished, func(s *scene) { *entries(s) = (*entries(s))[1:]; s.before.Revoked = nil }},
		"revoked since later":                       {publish.Date, func(s *scene) { (*entries(s))[0].RevocationTime = noon.Add(day - 90*time.Minute) }},
		"another reason":                            {publish.Changed, func(s *scene) { (*entries(s))[0].ReasonCode = 1 }},
		"what the base has": {publish.DeltaMore, func(s *scene) {
			*entries(s) = append([]x509.RevocationListEntry{entry(5, noon.Add(-time.Hour), cert.AffiliationChanged)}, *entries(s)...)
		}},
		"what is revoked is not there":    {publish.DeltaLacks, func(s *scene) { *entries(s) = (*entries(s))[:1] }},
		"a base that was never published": {publish.BaseNone, func(s *scene) { s.delta.extension(27).Value = integer(5) }},
		"a base that is damaged":          {publish.BaseLost, func(s *scene) { s.delta.extension(27).Value = integer(3); s.bases[3] = s.bases[3][1:] }},
		"a full list in its place":        {publish.DeltaOnly, func(s *scene) { s.delta = s.full }},
	} {
		s := aloneScene(t)
		x.spoil(s)
		v := s.check(t)
		if x.want == "" {
			if len(v.Findings) > 0 || !v.Publish() {
				t.Errorf("%s: %v", name, v.Findings)
			}
			continue
		}
		if only(v) != x.want || v.Publish() == x.want.Stops() {
			t.Errorf("%s: found %v, want %s", name, v.Findings, x.want)
		}
		s = aloneScene(t)
		x.spoil(s)
		if s.rules = publish.Muted(s.rules, x.want); len(s.check(t).Findings) != 0 {
			t.Errorf("%s: found by another check too", name)
		}
	}
	s := aloneScene(t)
	s.before.DeltaNumber, s.before.Delta = 12, publish.Bytes(s.delta.der(t))
	if v := s.check(t); !v.Same || v.Publish() || len(v.Findings) > 0 {
		t.Errorf("the published one again: %+v", v)
	}
}

// beside publishes the full list 12, to which the delta list 12 on base 7 belongs.
func (s *scene) beside(t testing.TB) {
	e := s.delta.template.RevokedCertificateEntries
	full := s.ca.list(12, noon.Add(day), 0, append([]x509.RevocationListEntry{entry(4, noon.Add(-5*day), cert.CertificateHold), entry(5, noon.Add(-time.Hour), cert.AffiliationChanged)}, e...)...)
	s.before.Number, s.before.Full = 12, publish.Bytes(full.der(t))
}

// TestFullAfterDelta: what a delta list has told may not vanish from the full list that comes after it; a full list that was made before it
// and comes late need not name it.
func TestFullAfterDelta(t *testing.T) {
	for name, x := range map[string]struct {
		delta uint64
		made  time.Time
		want  publish.Code
	}{"it comes after": {9, noon.Add(day - time.Hour), publish.Vanished}, "it was made before": {13, noon.Add(day + time.Minute), ""}} {
		s := newScene(t)
		s.noDelta = true
		s.before.DeltaNumber = x.delta
		s.before.Delta = publish.Bytes(s.ca.list(x.delta, x.made, 7, entry(11, x.made.Add(-time.Second), cert.Superseded)).der(t))
		s.rules = s.ca.rules(map[int64]time.Time{6: noon, 8: noon.Add(900 * day), 9: noon.Add(900 * day), 11: noon.Add(900 * day)})
		v := s.check(t)
		if x.want != "" && (only(v) != x.want || v.Publish()) || x.want == "" && (len(v.Findings) > 0 || !v.Publish()) {
			t.Errorf("%s: %v", name, v.Findings)
		}
	}
}
