package nation

import (
	"slices"
	"strings"
	"testing"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/message"
)

func TestDefaultCountry(t *testing.T) {
	spec, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	for o, want := range map[message.Org][]message.Org{
		"municipality-202029": {"municipality-202053", "municipality-131211", "prefecture-20", "nationalcenter", "ca"},    // and no other prefecture
		"municipality-131211": {"municipality-202029", "municipality-202053", "prefecture-13", "nationalcenter", "ca-13"}, // whose prefecture has a CA of its own
		"prefecture-13":       {"municipality-131211", "nationalcenter", "ca-13", "validation"},
		"prefecture-20":       {"municipality-202029", "municipality-202053", "nationalcenter", "ca", "validation", "verifier-etax"},
		"ca":                  {"municipality-202029", "municipality-202053", "prefecture-20", "nationalcenter", "validation"},
		"ca-13":               {"municipality-131211", "prefecture-13", "nationalcenter", "validation"},
		"validation":          {"prefecture-20", "prefecture-13", "ca", "ca-13", "verifier-etax"},
		"verifier-etax":       {"prefecture-20", "validation"}, // that with which it files
		"municipality-202053": {"municipality-202029", "municipality-131211", "prefecture-20", "nationalcenter", "ca", "issuing-202053"},
		"issuing-202053":      {"municipality-202053"}, // its own, and nobody else
	} {
		if got := spec.Peers(o); !slices.Equal(got, want) {
			t.Errorf("%s exchanges with %v, want %v", o, got, want)
		}
	}
	for _, a := range spec.Organisations {
		for _, b := range spec.Peers(a.ID) {
			if !slices.Contains(spec.Peers(b), a.ID) {
				t.Errorf("%s exchanges with %s, but not the other way", a.ID, b)
			}
		}
	}
}

func TestBadCountryIsRefused(t *testing.T) {
	good := string(defaultNation)
	for name, c := range map[string]struct{ old, new, says string }{
		"a word that means nothing":            {"residents: 240", "resident: 240", "nation.yaml"},
		"no center":                            {"  - id: nationalcenter\n    name: {ja: 全国センター, en: National Center}\n", "", "nationalcenter"},
		"twice":                                {"id: municipality-202053", "id: municipality-202029", "municipality-202029"},
		"no prefecture":                        {"  - id: prefecture-13\n    name: {ja: 東京都, en: Tokyo Metropolis}\n", "", "municipality-131211"},
		"a wrong check digit":                  {"id: municipality-202029", "id: municipality-202028", "municipality-202028"},
		"no CA for all":                        {"  - id: ca\n    name: {ja: 認証局, en: Certification Authority}\n", "", "ca"},
		"a CA of no prefecture":                {"id: ca-13 ", "id: ca-14 ", "ca-14"},
		"a CA that is nobody's":                {"id: ca-13 ", "id: ca-x ", "ca-x"},
		"no English name":                      {"{ja: 長野県, en: Nagano Prefecture}", "{ja: 長野県}", "prefecture-20"},
		"a prefecture's towns":                 {"name: {ja: 長野県, en: Nagano Prefecture}", "towns: true\n    name: {ja: 長野県, en: Nagano Prefecture}", "prefecture-20"},
		"an issuing server of no municipality": {"id: issuing-202053 ", "id: issuing-201006 ", "issuing-201006"},
		"three who check":                      {"checkers: 2", "checkers: 3", "municipality-202053"},
	} {
		t.Run(name, func(t *testing.T) {
			if !strings.Contains(good, c.old) {
				t.Fatalf("the test changes nothing: %q is not in nation.yaml", c.old)
			}
			_, err := parseSpec([]byte(strings.Replace(good, c.old, c.new, 1)))
			problems, ok := plain.AsProblems(err)
			if !ok {
				t.Fatalf("error is %v, want plain sentences", err)
			}
			if !slices.ContainsFunc(problems, func(p *plain.Problem) bool { return p.Field == c.says && p.JA != "" && p.EN != "" }) {
				t.Errorf("nothing is said about %s: %v", c.says, problems)
			}
		})
	}
}

// TestCAOf: a prefecture's own CA serves its municipalities and it, and the plain one all others.
func TestCAOf(t *testing.T) {
	spec, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	for o, want := range map[message.Org]message.Org{"municipality-131211": "ca-13", "prefecture-13": "ca-13", "municipality-202029": "ca", "prefecture-20": "ca"} {
		if got := spec.CAOf(o); got != want {
			t.Errorf("%s: %s, want %s", o, got, want)
		}
		for _, ca := range []message.Org{"ca", "ca-13"} {
			if got := spec.serves(ca, o); got != (ca == want) {
				t.Errorf("%s serves %s: %v", ca, o, got)
			}
		}
	}
	for o, want := range map[message.Org][]message.Org{"municipality-131211": {"ca-13", "ca"}, "municipality-202029": {"ca"}, "validation": {"ca", "ca-13"},
		"verifier-etax": {"ca", "ca-13"}, "ca": nil, "ca-13": nil} {
		if got := spec.CAs(o); !slices.Equal(got, want) {
			t.Errorf("%s knows %v, want %v", o, got, want)
		}
	}
}
