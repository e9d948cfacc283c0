package publish_test

import (
	"context"
	"crypto/x509"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/pki/crl"
	"github.com/akashi-id/akashi/internal/pki/crl/publish"
)

// step is one thing that happens: something is revoked, time passes, what is kept is damaged, or the CA makes a list, which may be faulty.
type step struct {
	what   string
	serial int64
	n      int
	delta  bool
}

var steps = rapid.SliceOfN(rapid.Custom(func(r *rapid.T) step {
	what := "revoke"
	switch k := rapid.IntRange(0, 9).Draw(r, "kind"); {
	case k >= 6:
		what = rapid.SampledFrom(faults).Draw(r, "fault")
	case k >= 4:
		what = "list"
	case k >= 2:
		what = rapid.SampledFrom([]string{"time", "damage", "life", "vanish", "base unknown"}).Draw(r, "other") // some are seen only one after the other
	}
	return step{what, rapid.Int64Range(1, 40).Draw(r, "serial"), rapid.IntRange(0, 1000).Draw(r, "n"), rapid.Bool().Draw(r, "delta")}
}), 1, 60)

// model is a CA that makes lists, the publication step, and what was really published.
type model struct {
	ca      *ca
	rules   publish.Rules
	now     time.Time
	terms   map[int64]time.Time
	revoked map[int64]x509.RevocationListEntry // the CA's records
	number  uint64
	kept    map[uint64][]byte // as the publisher keeps them
	damaged map[uint64]bool
	before  publish.Before
	judge   judge
	// refused is what nobody was shown though nothing but its times was wrong.
	refused map[uint64]map[string]x509.RevocationListEntry
	publisher
}

// publisher is what stands around the step. The zero value is the right one.
type publisher struct {
	blind        bool // publishes whatever the step says
	forgetful    bool // keeps no number: that of the stored list has to do
	ignorant     bool // does not say what is known to be revoked
	careless     bool // believes that every term is over
	credulous    bool // takes every list that was offered for published
	absentMinded bool // compares with the list before the published one
}

func newModel(t testing.TB, c *ca, muted publish.Code, p publisher) *model {
	m := &model{ca: c, now: noon, terms: map[int64]time.Time{}, revoked: map[int64]x509.RevocationListEntry{}, kept: map[uint64][]byte{}, damaged: map[uint64]bool{},
		refused: map[uint64]map[string]x509.RevocationListEntry{}, publisher: p}
	for n := range int64(41) {
		m.terms[n] = noon.Add(time.Duration(n%5) * 20 * day)
		m.terms[1000+n] = noon.Add(400 * day)
	}
	m.rules = publish.Muted(c.rules(m.terms), muted)
	if p.careless {
		m.rules.Certificate = func(_ context.Context, s cert.Serial) (publish.Certificate, error) {
			return publish.Certificate{Known: true, Here: s.Int().Int64() < 1000, NotAfter: noon}, nil
		}
	}
	m.before.Base = func(_ context.Context, number uint64) (publish.Source, bool, error) {
		der, found := m.kept[number]
		return publish.Bytes(der), found, nil
	}
	m.judge = judge{ca: c, terms: m.terms, full: map[uint64]map[string]x509.RevocationListEntry{}}
	return m
}

// run plays a history and gives the first thing that is wrong, "" for none.
func (m *model) run(t testing.TB, history []step) string {
	for n, s := range history {
		if wrong := m.step(t, s); wrong != "" {
			return fmt.Sprintf("step %d, %s: %s", n, s.what, wrong)
		}
	}
	return ""
}

func (m *model) step(t testing.TB, s step) string {
	m.now = m.now.Add(time.Minute)
	switch s.what {
	case "revoke":
		if _, done := m.revoked[s.serial]; !done && m.terms[s.serial].After(m.now) {
			m.revoked[s.serial] = entry(s.serial, m.now.Add(-time.Duration(s.n)*time.Second), cert.Reasons[s.n%len(cert.Reasons)])
		}
		return ""
	case "time":
		m.now = m.now.Add(time.Duration(s.n) * time.Hour / 20)
		return ""
	case "damage":
		if der := m.kept[m.judge.number]; der != nil {
			m.kept[m.judge.number], m.damaged[m.judge.number] = der[:len(der)/2], true
			m.before.Full = publish.Bytes(m.kept[m.judge.number])
		}
		return ""
	}
	return m.offer(t, s)
}

// entries are those of a list: what is revoked, until one list was made after its term (RFC 5280 3.3).
func (m *model) entries() []x509.RevocationListEntry {
	var all []x509.RevocationListEntry
	for n, e := range m.revoked {
		if m.terms[n].After(m.judge.this) {
			all = append(all, e)
		}
	}
	slices.SortFunc(all, func(a, b x509.RevocationListEntry) int { return a.SerialNumber.Cmp(b.SerialNumber) })
	return all
}

// offer makes a list, with the fault that the step names, and gives it to the publisher. A fault that needs what is not there makes a good list.
func (m *model) offer(t testing.TB, s step) string {
	m.number += 1 + uint64(s.n%3)
	alarm := m.spoilRecords(s)
	entries := m.entries()
	full := m.ca.list(m.number, m.now, 0, slices.Clone(entries)...)
	full.template.NextUpdate = m.now.Add(2 * day)
	spoiled := m.spoil(t, s, full)
	var delta *list
	bases := slices.Sorted(maps.Keys(m.judge.full))
	if len(bases) > 0 && (s.delta || slices.Contains(faults[len(faults)-6:], s.what)) {
		base := bases[s.n%len(bases)]
		switch {
		case s.what == "base damaged":
			m.kept[base], m.damaged[base] = m.kept[base][1:], true
			if base == m.judge.number {
				m.before.Full = publish.Bytes(m.kept[base])
			}
		case m.damaged[base]:
			base = 0
		}
		if base != 0 {
			delta = m.ca.list(m.number, full.template.ThisUpdate, base, difference(m.judge.full[base], entries)...)
			delta.template.NextUpdate = full.template.NextUpdate
			spoiled = m.spoilDelta(s, delta, entries) || spoiled
		}
	}
	der := full.der(t)
	if s.what == "truncated" {
		der, spoiled = der[:len(der)-1], true
	}
	offer := publish.Offer{Full: publish.Bytes(der)}
	var deltaDER []byte
	if delta != nil {
		deltaDER = delta.der(t)
		offer.Delta = publish.Bytes(deltaDER)
	}
	m.before.Revoked = nil
	if !m.ignorant {
		m.before.Revoked = m.known()
	}
	v, err := publish.Check(t.Context(), m.rules, m.before, offer, m.now)
	must(t, err)
	lost := m.damaged[m.judge.number]
	if wrong := m.expect(v, spoiled, alarm || lost); wrong != "" {
		return wrong
	}
	if m.credulous {
		m.kept[m.number] = der
	}
	if !v.Publish() && !m.blind {
		if s.what == "life" {
			m.refused[m.number] = indexed(entries)
		}
		return ""
	}
	wrong := m.judge.published(der, deltaDER, m.now)
	if m.absentMinded && m.before.Number != 0 {
		m.before.Full, m.before.Number = publish.Bytes(m.kept[m.judge.before]), m.judge.before
	} else {
		m.before.Full, m.before.Number = publish.Bytes(der), m.number
	}
	if m.kept[m.number] = der; m.forgetful {
		m.before.Number = 0
	}
	return wrong
}

// expect: a good offer is published and nothing said, an alarm and a fault are told.
func (m *model) expect(v *publish.Verdict, spoiled, alarm bool) string {
	switch {
	case spoiled || alarm:
		if len(v.Findings) == 0 {
			return "nothing was said"
		}
		if !spoiled && !v.Publish() {
			return fmt.Sprintf("the others had to wait for a question of form: %v", v.Findings)
		}
	case len(v.Findings) > 0:
		return fmt.Sprintf("a good list was found faulty: %v", v.Findings)
	}
	return ""
}

func (m *model) known() crl.Entries {
	return func(yield func(crl.Entry, error) bool) {
		for _, n := range slices.Sorted(maps.Keys(m.revoked)) {
			e := m.revoked[n]
			if _, published := m.judge.full[m.judge.number][e.SerialNumber.String()]; n >= 1000 && !published {
				continue // of another municipality, and known there
			}
			s, err := cert.SerialFromInt(e.SerialNumber)
			if !yield(crl.Entry{Serial: s, At: e.RevocationTime, Reason: cert.Reasons[e.ReasonCode]}, err) {
				return
			}
		}
	}
}

// TestModel: whatever is revoked, expires, is damaged and goes wrong at the CA, no relying party is told anything wrong, and no
// good list is kept from it.
func TestModel(t *testing.T) {
	c := newCA(t, newKey(t))
	rapid.Check(t, func(r *rapid.T) {
		if wrong := newModel(t, c, "", publisher{}).run(t, steps.Draw(r, "steps")); wrong != "" {
			r.Fatal(wrong)
		}
	})
}

// TestMutantsOfThePublisherAreFound: with any one check switched off, and with any one mistake around the step, the model fails. So
// it would have noticed.
func TestMutantsOfThePublisherAreFound(t *testing.T) {
	c := newCA(t, newKey(t))
	found := func(muted publish.Code, p publisher) bool {
		for seed := range 300 {
			if newModel(t, c, muted, p).run(t, steps.Example(seed)) != "" {
				return true
			}
		}
		return false
	}
	for _, code := range publish.Codes {
		if code == publish.DeltaLacks { // no list of the model is a delta list alone: TestDeltaAlone
			continue
		}
		if !found(code, publisher{}) {
			t.Errorf("nobody notices that %s is switched off", code)
		}
	}
	for what, p := range map[string]publisher{"blind": {blind: true}, "forgetful": {forgetful: true}, "ignorant": {ignorant: true},
		"careless": {careless: true}, "credulous": {credulous: true}, "absent-minded": {absentMinded: true}} {
		if !found("", p) {
			t.Errorf("nobody notices that the publisher is %s", what)
		}
	}
}
