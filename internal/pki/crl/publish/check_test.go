package publish_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/pki/crl"
	"github.com/akashi-id/akashi/internal/pki/crl/publish"
)

// scene is a partition with one published list, and the next one with its delta list.
type scene struct {
	ca     *ca
	rules  publish.Rules
	before publish.Before
	bases  map[uint64][]byte
	now    time.Time

	full, delta *list
	fullBytes   []byte // instead of full
	noDelta     bool
	alone       bool // the delta list comes alone
}

// newScene: 4, 5 and 6 were revoked when list 7 was made, on base 3, which had 4 and one whose term was over since; 8 and
// 9 came for list 12. The term of 6 is over by now.
func newScene(t testing.TB) *scene {
	c := newCA(t, newKey(t))
	s := &scene{ca: c, now: noon.Add(day + time.Hour), bases: map[uint64][]byte{}}
	terms := map[int64]time.Time{2: noon.Add(-time.Hour), 6: noon.Add(time.Hour), 1001: noon.Add(900 * day)}
	for _, n := range []int64{4, 5, 8, 9} {
		terms[n] = noon.Add(900 * day)
	}
	s.rules = c.rules(terms)
	e4, e5, e6 := entry(4, noon.Add(-5*day), cert.CertificateHold), entry(5, noon.Add(-time.Hour), cert.AffiliationChanged), entry(6, noon, cert.Superseded)
	e8, e9 := entry(8, noon.Add(day), cert.Unspecified), entry(9, noon.Add(day), cert.KeyCompromise)
	s.bases[3] = c.list(3, noon.Add(-4*day), 0, entry(2, noon.Add(-5*day), cert.Superseded), e4).der(t)
	s.bases[7] = c.list(7, noon, 0, e4, e5, e6).der(t)
	s.before = publish.Before{Number: 7, Full: publish.Bytes(s.bases[7]), Base: func(_ context.Context, number uint64) (publish.Source, bool, error) {
		der, found := s.bases[number]
		return publish.Bytes(der), found, nil
	}}
	s.full = c.list(12, noon.Add(day), 0, e4, e5, e8, e9)
	s.delta = c.list(12, noon.Add(day), 3, e5, e8, e9)
	return s
}

func (s *scene) check(t testing.TB) *publish.Verdict {
	t.Helper()
	offer := publish.Offer{}
	if s.fullBytes == nil && !s.alone {
		s.fullBytes = s.full.der(t)
	}
	if !s.alone {
		offer.Full = publish.Bytes(s.fullBytes)
	}
	if !s.noDelta {
		offer.Delta = publish.Bytes(s.delta.der(t))
	}
	v, err := publish.Check(t.Context(), s.rules, s.before, offer, s.now)
	must(t, err)
	return v
}

func TestGoodListsAreFoundGood(t *testing.T) {
	s := newScene(t)
	if v := s.check(t); len(v.Findings) != 0 || !v.Publish() || v.Added != 2 || v.Left != 1 || v.Full.Entries != 4 || v.Delta.Entries != 3 {
		t.Errorf("a good offer: %+v", v)
	}
	s = newScene(t)
	s.noDelta = true
	if v := s.check(t); len(v.Findings) != 0 || !v.Publish() {
		t.Errorf("a good offer without delta: %+v", v)
	}
	s = newScene(t)
	s.before = publish.Before{}
	s.noDelta = true
	if v := s.check(t); len(v.Findings) != 0 || !v.Publish() || v.Added != 4 {
		t.Errorf("the first list: %+v", v)
	}
	// Offered again, also with a signature drawn anew, it is no news.
	s = newScene(t)
	s.noDelta, s.fullBytes = true, s.bases[7]
	if v := s.check(t); len(v.Findings) != 0 || !v.Same || v.Publish() {
		t.Errorf("the published list again: %+v", v)
	}
	// Where the published list is damaged, what is known to be revoked stands in for it, and what came later than the list
	// is not asked of it.
	s = newScene(t)
	s.before.Full = publish.Bytes([]byte("damaged"))
	s.before.Revoked = known(5, noon.Add(-time.Hour+300*time.Millisecond), 100, noon.Add(day+900*time.Millisecond), 101, noon.Add(day+time.Minute))
	if v := s.check(t); !v.Publish() || only(v) != publish.Damaged {
		t.Errorf("the published list is damaged: %+v", v)
	}
}

// TestAdded: what is new to those who had the published list, and everything where that is damaged.
func TestAdded(t *testing.T) {
	s := newScene(t)
	for _, c := range []struct {
		before publish.Before
		want   string
	}{{s.before, "[08 unspecified 09 keyCompromise]"}, {publish.Before{}, "[04 certificateHold 05 affiliationChanged 08 unspecified 09 keyCompromise]"},
		{publish.Before{Number: 7, Full: publish.Bytes([]byte("damaged"))}, "[04 certificateHold 05 affiliationChanged 08 unspecified 09 keyCompromise]"}} {
		var got []any
		must(t, publish.Added(t.Context(), s.rules, c.before, publish.Bytes(s.full.der(t)), func(e crl.Entry) error {
			got = append(got, e.Serial, e.Reason)
			return nil
		}))
		if fmt.Sprint(got) != c.want {
			t.Errorf("added %v, want %s", got, c.want)
		}
	}
}

// known gives what is known to be revoked: serials and times in turn.
func known(pairs ...any) crl.Entries {
	return func(yield func(crl.Entry, error) bool) {
		for i := 0; i < len(pairs); i += 2 {
			s, err := cert.SerialFromInt(big.NewInt(int64(pairs[i].(int))))
			if !yield(crl.Entry{Serial: s, At: pairs[i+1].(time.Time), Reason: cert.AffiliationChanged}, err) {
				return
			}
		}
	}
}

func only(v *publish.Verdict) publish.Code {
	if len(v.Findings) != 1 {
		return ""
	}
	return v.Findings[0].Code
}

// TestEachFindingAlone: each is found, alone, in both languages, and stops the list or lets it go as it should.
func TestEachFindingAlone(t *testing.T) {
	for _, code := range publish.Codes {
		if len(provoked[code]) == 0 {
			t.Errorf("%s: nothing provokes it", code)
		}
		for n, provoke := range provoked[code] {
			s := newScene(t)
			provoke(t, s)
			v := s.check(t)
			if only(v) != code {
				t.Errorf("%s (%d): found %v", code, n, v.Findings)
				continue
			}
			f := v.Findings[0]
			if v.Publish() == code.Stops() {
				t.Errorf("%s (%d): published %v", code, n, v.Publish())
			}
			if strings.ContainsAny(f.JA+f.EN, "%") || strings.Contains(f.JA+f.EN, "LIST") || strings.Contains(f.JA+f.EN, "SERIAL") || !strings.HasSuffix(f.JA, "。") || !strings.HasSuffix(f.EN, ".") {
				t.Errorf("%s (%d): says %q, %q", code, n, f.JA, f.EN)
			}
			if !f.Serial.IsZero() && !strings.Contains(f.JA, f.Serial.String()) {
				t.Errorf("%s (%d): is about %s, and does not say so: %s", code, n, f.Serial, f.JA)
			}
			// And the check is the one that finds it.
			s = newScene(t)
			provoke(t, s)
			if s.rules = publish.Muted(s.rules, code); len(s.check(t).Findings) != 0 {
				t.Errorf("%s (%d): found by another check too", code, n)
			}
		}
	}
}

// TestManyFindings: a list of somebody else's does not make as many findings as it has entries, and stops all the same.
func TestManyFindings(t *testing.T) {
	s := newScene(t)
	for n := range 150 {
		s.full.template.RevokedCertificateEntries = append(s.full.template.RevokedCertificateEntries, entry(int64(2000+n), noon, cert.Superseded))
	}
	s.noDelta = true
	terms := map[int64]time.Time{6: noon}
	for n := range 150 {
		terms[int64(2000+n)] = noon.Add(day)
	}
	s.rules = s.ca.rules(terms)
	if v := s.check(t); len(v.Findings) != 100 || v.More != 50 || !v.Publish() {
		t.Errorf("150 strangers: %d findings and %d, %v", len(v.Findings), v.More, v.Publish())
	}
	s.fullBytes = nil
	s.full.template.RevokedCertificateEntries = s.full.template.RevokedCertificateEntries[1:]
	s.before.Full = publish.Bytes(s.ca.list(7, noon, 0, entry(3000, noon, cert.Superseded)).der(t))
	if v := s.check(t); v.Publish() {
		t.Error("a certificate became good again behind a hundred findings")
	}
}

// TestNothingIsDecidedFromNothing: where a source or the records fail, there is no verdict to act on.
func TestNothingIsDecidedFromNothing(t *testing.T) {
	gone := errors.New("the database is gone")
	fails := func() (io.Reader, error) { return nil, gone }
	breaks := func() (io.Reader, error) { return iotest.ErrReader(gone), nil }
	for what, spoil := range map[string]func(s *scene, o *publish.Offer){
		"the offer cannot be opened":    func(s *scene, o *publish.Offer) { o.Full = fails },
		"the offer breaks off":          func(s *scene, o *publish.Offer) { o.Full = breaks },
		"the delta breaks off":          func(s *scene, o *publish.Offer) { o.Delta = breaks },
		"the published list breaks off": func(s *scene, o *publish.Offer) { s.before.Full = breaks },
		"the base breaks off": func(s *scene, o *publish.Offer) {
			s.before.Base = func(context.Context, uint64) (publish.Source, bool, error) { return breaks, true, nil }
		},
		"the bases are gone": func(s *scene, o *publish.Offer) {
			s.before.Base = func(context.Context, uint64) (publish.Source, bool, error) { return nil, false, gone }
		},
		"the records of certificates": func(s *scene, o *publish.Offer) {
			s.rules.Certificate = func(context.Context, cert.Serial) (publish.Certificate, error) { return publish.Certificate{}, gone }
		},
		"what is known to be revoked breaks": func(s *scene, o *publish.Offer) {
			s.before = publish.Before{Revoked: func(yield func(crl.Entry, error) bool) { yield(crl.Entry{}, gone) }}
		},
	} {
		s := newScene(t)
		o := publish.Offer{Full: publish.Bytes(s.full.der(t)), Delta: publish.Bytes(s.delta.der(t))}
		spoil(s, &o)
		if _, err := publish.Check(t.Context(), s.rules, s.before, o, s.now); !errors.Is(err, gone) {
			t.Errorf("%s: %v", what, err)
		}
	}
	// A list that is another one the second time is none.
	s := newScene(t)
	good, other := s.full.der(t), s.ca.list(12, noon.Add(day), 0).der(t)
	n := 0
	changing := func() (io.Reader, error) {
		if n++; n == 1 {
			return bytes.NewReader(good), nil
		}
		return bytes.NewReader(other), nil
	}
	if _, err := publish.Check(t.Context(), s.rules, publish.Before{}, publish.Offer{Full: changing}, s.now); err == nil || !strings.Contains(fmt.Sprint(err), "changed") {
		t.Errorf("a list that changes: %v", err)
	}
}
