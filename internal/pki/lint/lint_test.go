package lint

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/zmap/zcrypto/x509"
	zlint "github.com/zmap/zlint/v3/lint"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/pki"
)

func TestWhatIsRightPasses(t *testing.T) {
	for _, s := range specimens(t) {
		if err := judge(s.tbs, s.want, s.kind); err != nil {
			t.Errorf("%s: %v", s.name, err)
		}
		s.want.Generation = 0
		if err := judge(s.tbs, s.want, s.kind); err != nil {
			t.Errorf("%s, of any generation: %v", s.name, err)
		}
		if again := parse(t, s.tbs).der(); !bytes.Equal(again, s.tbs) {
			t.Errorf("%s: the tests' own reading and writing changes it", s.name)
		}
	}
}

// A certificate in which any bit is another one is refused by our own rules alone. The sequence number in the common name is free;
// nothing else is.
func TestEveryBitMatters(t *testing.T) {
	for _, s := range specimens(t) {
		free := -1
		if i := bytes.Index(s.tbs, []byte("20251027101530")); i >= 0 && s.want.Profile == cert.Signature {
			free = i + 14
		}
		on := must[*subject](t)(open(s.tbs, s.want, s.kind))
		for i := range s.tbs {
			for bit := range 8 {
				if s.want.Generation == cert.Today && bit != i%8 {
					continue // RSA's numbers are long, and their bits alike
				}
				changed := bytes.Clone(s.tbs)
				changed[i] ^= 1 << bit
				on.take(changed)
				digit := free >= 0 && i >= free && i < free+5 && '0' <= changed[i] && changed[i] <= '9'
				if refused := len(on.own()) > 0; refused == digit {
					t.Errorf("%s: octet %d, bit %d: refused %v", s.name, i, bit, refused)
				}
			}
		}
	}
}

func names(findings Findings) (all []string) {
	for _, f := range findings {
		all = append(all, f.Rule)
	}
	return all
}

// TestEachRuleAlone: for each of our rules there is a certificate that it alone refuses, of those that are ours. Which RFC lints would also have
// refused it is said, so that it is known what only our rule sees.
func TestEachRuleAlone(t *testing.T) {
	tested := map[string]bool{}
	for _, c := range wrongs(t) {
		tested[c.rule] = true
		s := c.of
		s.want.Generation = c.generation
		root := parse(t, s.tbs)
		if c.change != nil {
			c.change(root, &s.want)
		}
		tbs := root.der()
		if c.bytes != nil {
			tbs = c.bytes(tbs)
		}
		on, err := open(tbs, s.want, s.kind)
		if err != nil {
			t.Errorf("%s: %v", c.rule, err)
			continue
		}
		if got := names(on.own()); !slices.Equal(got, []string{c.rule}) {
			t.Errorf("%s (%s): our rules find %v", c.rule, c.says, got)
		}
		var also []string
		if on.read {
			also = names(rfc(tbs, on.signer, on.kind))
		}
		if got := strings.Join(also, " "); got != c.also {
			t.Errorf("%s (%s): the RFC lints find %q, not %q", c.rule, c.says, got, c.also)
		}
		err = judge(tbs, s.want, s.kind)
		var findings Findings
		if !errors.As(err, &findings) || !slices.Contains(names(findings), c.rule) {
			t.Errorf("%s (%s): the certificate is not refused: %v", c.rule, c.says, err)
		}
	}
	for _, r := range append(rules, structure) {
		if !tested[r.name] {
			t.Errorf("no certificate here is refused by the rule %s alone", r.name)
		}
		if !strings.HasSuffix(r.JA, "。") || !strings.HasSuffix(r.EN, ".") {
			t.Errorf("the rule %s does not say in two sentences what is wrong: %q", r.name, r.Sentence)
		}
	}
}

// Each named RFC lint that does not apply is there and would refuse what we issue: an exemption without need is a hole.
func TestExemptionsAreNeeded(t *testing.T) {
	if n := len(lints()); n != 120 {
		t.Errorf("there are %d RFC lints, not the 120 that were looked at: look at the others", n)
	}
	for _, not := range notForUs {
		name, l := not.name, zlint.GlobalRegistry().CertificateLints().ByName(not.name)
		if l == nil {
			t.Errorf("there is no lint %s", name)
			continue
		}
		refused := kind(0)
		for _, s := range specimens(t) {
			der := must[[]byte](t)(pki.AssembleCertificate(s.tbs, []byte{0}))
			c := must[*x509.Certificate](t)(x509.ParseCertificate(der))
			if l.Execute(c, zlint.NewEmptyConfig()).Status > zlint.Pass {
				refused |= s.kind
			}
		}
		if refused != not.kinds {
			t.Errorf("the lint %s refuses what is right for other kinds than it is left out for", name)
		}
	}
}

func TestWhatIsNotRecordedIsNotJudged(t *testing.T) {
	good := person(t, cert.Signature, cert.Today, nil)
	for name, change := range map[string]func(*Want){
		"no profile": func(w *Want) { w.Profile = 0 }, "no serial": func(w *Want) { w.Serial = cert.Serial{} }, "no key": func(w *Want) { w.Public = nil },
		"no end":    func(w *Want) { w.Until = time.Time{} },
		"no issuer": func(w *Want) { w.Issuer = nil }, "no holder": func(w *Want) { w.Holder = nil }, "an issuer that is none": func(w *Want) { w.Issuer = []byte{0x30, 0} },
	} {
		w := good.want
		change(&w)
		if err := User(good.tbs, w); err == nil || errors.As(err, new(Findings)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
