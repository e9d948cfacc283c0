package nation

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

//go:embed nation.yaml
var defaultNation []byte

// Spec is a country: nation.yaml.
type Spec struct {
	Organisations []Entry `yaml:"organisations"`
}

// Entry is one organisation of the country.
type Entry struct {
	ID        message.Org `yaml:"id"`        // "municipality-202029"
	Name      Name        `yaml:"name"`      // how people call it
	Store     string      `yaml:"store"`     // where its rows are; empty: SQLite in its own directory
	Residents int         `yaml:"residents"` // municipality: how many invented residents the country starts with
	// Prefecture is with whom a verifier files; empty: the first in the file.
	Prefecture message.Org `yaml:"prefecture,omitempty"`
	Filing     Filing      `yaml:"filing,omitempty"` // verifier: what it files at the start
}

// Name is an organisation's name in both languages.
type Name struct {
	JA string `yaml:"ja"`
	EN string `yaml:"en"`
}

// Sentence is the name as screens take it.
func (n Name) Sentence() plain.Sentence { return plain.Sentence{JA: n.JA, EN: n.EN} }

// Default is the test country that the program brings along.
func Default() (*Spec, error) { return parseSpec(defaultNation) }

// Load reads a nation.yaml.
func Load(path string) (*Spec, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("couldn't read the country's file: %w", err)
	}
	return parseSpec(text)
}

func parseSpec(text []byte) (*Spec, error) {
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	var s Spec
	if err := d.Decode(&s); err != nil && !errors.Is(err, io.EOF) {
		return nil, plain.Bad("nation.yaml",
			"読めない行があります。書き方を確かめてください: "+err.Error(),
			"it cannot be read: "+err.Error())
	}
	s.place()
	return &s, s.check()
}

// place gives each verifier the prefecture with which it files.
func (s *Spec) place() {
	i := slices.IndexFunc(s.Organisations, func(e Entry) bool { return e.ID.Role() == message.Prefecture })
	for n := range s.Organisations {
		if e := &s.Organisations[n]; e.ID.Role() == message.Verifier && e.Prefecture == "" && i >= 0 {
			e.Prefecture = s.Organisations[i].ID
		}
	}
}

// check refuses a country that could not run: center, CA and validation authority exactly once,
// every municipality with its prefecture.
func (s *Spec) check() error {
	var problems plain.Problems
	seen := map[message.Org]bool{}
	roles := map[message.Role]int{}
	for _, e := range s.Organisations {
		if _, err := message.ParseOrg(string(e.ID)); err != nil {
			ps, _ := plain.AsProblems(err)
			problems = append(problems, ps...)
			continue
		}
		if seen[e.ID] {
			problems = append(problems, plain.Bad(string(e.ID), "同じ団体が二度書かれています。一方を消してください。", "the organisation stands twice: remove one"))
		}
		seen[e.ID] = true
		roles[e.ID.Role()]++
		if e.Name.JA == "" || e.Name.EN == "" {
			problems = append(problems, plain.Bad(string(e.ID), "名前を日本語と英語で書いてください。", "give its name in Japanese and English"))
		}
		if e.ID.Role() == message.Municipality {
			if _, err := resident.ParseMunicipalityCode(string(e.ID), e.ID.Code()); err != nil {
				ps, _ := plain.AsProblems(err)
				problems = append(problems, ps...)
			}
		}
	}
	for _, r := range []message.Role{message.NationalCenter, message.CA, message.Validation} {
		if roles[r] != 1 {
			problems = append(problems, plain.Bad(string(r), "この役割の団体は、ちょうど一つ必要です。", "there must be exactly one organisation of this role"))
		}
	}
	for _, e := range s.Organisations {
		if e.Prefecture != "" && (e.ID.Role() != message.Verifier || e.Prefecture.Role() != message.Prefecture || !seen[e.Prefecture]) {
			problems = append(problems, plain.Bad(string(e.ID), "届け出る都道府県（prefecture）は、署名検証者だけが、この国にある都道府県から選べます。",
				"only a verifier files with a prefecture, and with one of this country: correct its line prefecture"))
		}
	}
	for o := range seen {
		if o.Role() == message.Municipality && !seen[PrefectureOf(o)] {
			problems = append(problems, plain.Bad(string(o), "属する都道府県（"+string(PrefectureOf(o))+"）がありません。", "its prefecture, "+string(PrefectureOf(o))+", is missing"))
		}
	}
	if len(problems) > 0 {
		return problems
	}
	return nil
}

// PrefectureOf is the prefecture that a municipality belongs to: the first two digits of its code.
func PrefectureOf(o message.Org) message.Org {
	code := o.Code()
	return message.Org(string(message.Prefecture) + "-" + code[:min(2, len(code))])
}

// Entry finds an organisation.
func (s *Spec) Entry(o message.Org) (Entry, bool) {
	for _, e := range s.Organisations {
		if e.ID == o {
			return e, true
		}
	}
	return Entry{}, false
}

// Peers are those with whom an organisation exchanges: the table of kinds lets one send to the other, and a
// municipality knows its own prefecture only.
func (s *Spec) Peers(o message.Org) []message.Org {
	var peers []message.Org
	for _, e := range s.Organisations {
		if e.ID != o && s.exchange(o, e.ID) {
			peers = append(peers, e.ID)
		}
	}
	return peers
}

func (s *Spec) exchange(a, b message.Org) bool {
	as, bs := a.Role(), b.Role() // once: in a country of a thousand there are a million pairs
	if as == message.Prefecture && bs == message.Municipality {
		a, as, b, bs = b, bs, a, as
	}
	if as == message.Municipality && bs == message.Prefecture && PrefectureOf(a) != b {
		return false
	}
	if as == message.Verifier && bs == message.Prefecture {
		a, as, b, bs = b, bs, a, as
	}
	if as == message.Prefecture && bs == message.Verifier {
		e, _ := s.Entry(b)
		return e.Prefecture == a
	}
	if as == message.Prefecture && bs == message.CA || as == message.CA && bs == message.Prefecture {
		return true // a prefecture asks the CA to which it delegated, for a probe of issuance
	}
	for _, k := range message.Kinds {
		for _, h := range k.Hops {
			if h == (message.Hop{From: as, To: bs}) || h == (message.Hop{From: bs, To: as}) {
				return true
			}
		}
	}
	return false
}
