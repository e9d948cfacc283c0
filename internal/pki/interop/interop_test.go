package interop

import (
	"strings"
	"testing"

	"github.com/akashi-id/akashi/cert"
)

var generations = []cert.Generation{cert.Today, cert.Next}

// TestAccepted: what the CA issues, in both profiles and both generations, with its lists and answers, is accepted by all.
func TestAccepted(t *testing.T) {
	b := newBench(t)
	for _, g := range generations {
		w := newWorld(t, g)
		for _, p := range cert.Profiles {
			for _, m := range methods {
				s := w.good(p, m)
				s.policy, s.login = p.Policy().String(), p == cert.Authentication
				b.accepted(w, s)
				if m == byAnswer && s.answer.asked < len(tools) {
					t.Errorf("%s, %s: only %d programs asked for the answer", g, s.name, s.answer.asked)
				}
			}
		}
	}
}

// TestAcceptedBeneathAnother: the chains that TestRefused spoils are accepted as they are, so that it is the spoiling that is refused.
func TestAcceptedBeneathAnother(t *testing.T) {
	b := newBench(t)
	for _, g := range generations {
		w := newWorld(t, g)
		for name, change := range map[string]func(*scenario){
			"a CA between":        func(s *scenario) { w.beneath(s, func(*fields) {}) },
			"two CAs, as allowed": func(s *scenario) { w.beneathTwo(s, 1) },
			otherNames: func(s *scenario) {
				w.beneath(s, func(f *fields) { f.set(extension{idNameConstraints, true, w.excludes("US")}) })
			},
		} {
			s := w.good(cert.Signature, alone)
			s.name = name
			change(s)
			b.accepted(w, s)
		}
	}
}

const otherNames = "a CA that may not issue under other names"

// accepted has all programs accept a scenario, but those that cannot.
func (b *bench) accepted(w *world, s *scenario) {
	b.Helper()
	f := s.files(w)
	for i, x := range tools {
		word, limited := limits[limit{x.name, s.name}]
		if accepts, said := tools[i].judge(b, s, f); accepts == limited || !strings.Contains(said, word) {
			b.Errorf("%s, %s, %s accepts: %v %s\n%s", w.generation, s.name, x.name, accepts, word, said)
		}
	}
}

// limit is a scenario, by name, that a program cannot judge.
type limit struct{ tool, scenario string }

// limits are what a program refuses, with all right, in these words; noScope and noNames say why.
var limits = map[limit]string{
	{"NSS", "list, signature"}:            "CRL_UNKNOWN_CRITICAL_EXTENSION",
	{"NSS", "list, authentication"}:       "CRL_UNKNOWN_CRITICAL_EXTENSION",
	{"NSS", "delta list, signature"}:      "CRL_UNKNOWN_CRITICAL_EXTENSION",
	{"NSS", "delta list, authentication"}: "CRL_UNKNOWN_CRITICAL_EXTENSION",
	{"GnuTLS", otherNames}:                "violates the signer's constraints",
}

// TestRefused: of each wrong thing every program says what the table says.
func TestRefused(t *testing.T) {
	b := newBench(t)
	refused := [len(tools)]int{}
	for _, g := range generations {
		w := newWorld(t, g)
		for _, x := range wrongs {
			s := w.good(max(x.profile, cert.Signature), x.method)
			x.change(w, s)
			f := s.files(w)
			for i, y := range tools {
				want := x.says[i]
				if !want.asked {
					continue
				}
				switch accepts, said := y.judge(b, s, f); {
				case accepts && want.refuses():
					t.Errorf("%s: %s, and %s accepts it:\n%s", g, x.name, y.name, said)
				case !accepts && !want.refuses():
					t.Errorf("%s: %s, and %s, of which the table says that %s, refuses it: say so in the table\n%s", g, x.name, y.name, want.why, said)
				case !strings.Contains(said, want.word):
					t.Errorf("%s: %s, and %s refuses it, but not with %q:\n%s", g, x.name, y.name, want.word, said)
				case want.refuses():
					refused[i]++
				}
			}
		}
	}
	for i, y := range tools {
		t.Logf("%s refuses %d of %d, in %d generations", y.name, refused[i], len(wrongs)*len(generations), len(generations))
	}
}

// TestTable: whatever is in the table is refused by one program at least, and what a program does not see has a reason.
func TestTable(t *testing.T) {
	if len(wrongs) < 20 {
		t.Errorf("%d cases", len(wrongs))
	}
	for _, x := range wrongs {
		refusing := 0
		for i, v := range x.says {
			if v.refuses() {
				refusing++
			} else if v.why == "" {
				t.Errorf("%s: why does %s not refuse it?", x.name, tools[i].name)
			}
		}
		if refusing == 0 {
			t.Errorf("nobody refuses: %s", x.name)
		}
	}
}
