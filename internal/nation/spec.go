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

	"github.com/akashi-id/akashi/internal/org/municipality"
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
	// Checkers: municipality: how many of the staff check who an applicant for a certificate is, by the rule that it begins with; 0: one.
	Checkers int `yaml:"checkers,omitempty"`
	// Towns: municipality: it starts with a master of towns (町字マスター), that of its invented residents' addresses.
	Towns bool `yaml:"towns,omitempty"`
	// Printer: municipality with an issuing server: where its counter prints documents, as ServeConfig.Printer.
	Printer string `yaml:"printer,omitempty"`
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

// check refuses a country that could not run: center, the CA and validation authority exactly once,
// every municipality with its prefecture, and every other CA too.
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
		if e.ID.Role() != message.CA || e.ID == theCA {
			roles[e.ID.Role()]++
		}
		if e.Name.JA == "" || e.Name.EN == "" {
			problems = append(problems, plain.Bad(string(e.ID), "名前を日本語と英語で書いてください。", "give its name in Japanese and English"))
		}
		if e.ID.Role() == message.Municipality {
			if _, err := resident.ParseMunicipalityCode(string(e.ID), e.ID.Code()); err != nil {
				ps, _ := plain.AsProblems(err)
				problems = append(problems, ps...)
			}
		}
		if e.Towns && e.ID.Role() != message.Municipality {
			problems = append(problems, plain.Bad(string(e.ID), "町字マスター（towns）は、市区町村だけが持ちます。この行を消してください。", "only a municipality has a master of towns: remove the line towns"))
		}
		if e.Printer != "" && e.ID.Role() != message.Municipality {
			problems = append(problems, plain.Bad(string(e.ID), "プリンター（printer）は、市区町村の窓口だけが持ちます。この行を消してください。", "only the counter of a municipality has a printer: remove the line printer"))
		}
		if e.Checkers < 0 || e.Checkers > municipality.MostCheckers || e.Checkers > 0 && e.ID.Role() != message.Municipality {
			problems = append(problems, plain.Bad(string(e.ID), "本人確認をする職員の人数（checkers）は、市区町村に1か2を書いてください。",
				"how many of the staff check identity (checkers) is 1 or 2, and of a municipality"))
		}
	}
	for _, r := range []message.Role{message.NationalCenter, message.CA, message.Validation} {
		if roles[r] != 1 && r == message.CA {
			problems = append(problems, plain.Bad(string(r), "認証局「ca」が、ちょうど一つ必要です。自分の認証局を持たない都道府県の市区町村に発行します。",
				"there must be exactly one ca: it issues for the municipalities of all prefectures without a CA of their own"))
		} else if roles[r] != 1 {
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
		if home := PrefectureOf(o); o.Role() == message.CA && o != theCA && (o.Code() != home.Code() || !seen[home]) {
			problems = append(problems, plain.Bad(string(o), "都道府県の認証局は、この国にある都道府県の符号で「ca-13」のように書いてください。",
				"a prefecture's own CA is named for a prefecture of this country, such as ca-13"))
		}
		if home := message.Org(string(message.Municipality) + "-" + o.Code()); o.Role() == message.Issuing && !seen[home] {
			problems = append(problems, plain.Bad(string(o), "証明発行サーバは、この国にある市区町村の符号で「issuing-202029」のように書いてください。",
				"an issuing server is named for a municipality of this country, such as issuing-202029"))
		}
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

// theCA is the CA of all prefectures that have none of their own.
const theCA = message.Org(message.CA)

// CAOf is the CA that issues for the residents of a municipality: its prefecture's own, where there is one.
func (s *Spec) CAOf(o message.Org) message.Org {
	own := message.Org(string(message.CA) + "-" + PrefectureOf(o).Code())
	if _, ok := s.Entry(own); ok {
		return own
	}
	return theCA
}

// serves tells whether one of the country's CAs is that of a prefecture, or of a municipality.
func (s *Spec) serves(ca, o message.Org) bool {
	if ca != theCA { // of which no other prefecture has anything; the country's file need not be gone through
		return ca.Code() == PrefectureOf(o).Code()
	}
	return s.CAOf(o) == ca
}

// CAs are the CAs whose certificates an organisation has to know, its own first: a municipality those that have issued for its residents, now
// or before its prefecture had one of its own, and all others every one. A CA knows none but itself, and an issuing server none.
func (s *Spec) CAs(o message.Org) (all []message.Org) {
	switch o.Role() {
	case message.CA, message.Issuing:
		return nil
	case message.Municipality:
		if own := s.CAOf(o); own != theCA {
			all = append(all, own)
		}
		return append(all, theCA)
	}
	all = append(all, theCA)
	for _, e := range s.Organisations {
		if e.ID.Role() == message.CA && e.ID != theCA {
			all = append(all, e.ID)
		}
	}
	return all
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

// Peers are those with whom an organisation exchanges: the table of kinds lets one send to the other, a
// municipality knows its own prefecture and its own CA only, and a CA the prefectures that it serves.
func (s *Spec) Peers(o message.Org) []message.Org {
	var peers []message.Org
	for _, e := range s.Organisations {
		if e.ID != o && s.exchange(o, e.ID) {
			peers = append(peers, e.ID)
		}
	}
	return peers
}

// Asks are those whom an organisation asks though it exchanges no messages with them: a municipality asks the validation authority
// whether a certificate that a change has ended is still good.
func (s *Spec) Asks(o message.Org) (asked []message.Org) {
	for _, e := range s.Organisations {
		if o.Role() == message.Municipality && e.ID.Role() == message.Validation {
			asked = append(asked, e.ID)
		}
	}
	return asked
}

// homes are the prefectures with which verifiers file.
func (s *Spec) homes() map[message.Org]message.Org {
	all := map[message.Org]message.Org{}
	for _, e := range s.Organisations {
		if e.Prefecture != "" {
			all[e.ID] = e.Prefecture
		}
	}
	return all
}

func (s *Spec) exchange(a, b message.Org) bool {
	as, bs := a.Role(), b.Role() // once: in a country of a thousand there are a million pairs
	if as == message.Prefecture && bs == message.Municipality {
		a, as, b, bs = b, bs, a, as
	}
	if as == message.Municipality && bs == message.Prefecture && PrefectureOf(a) != b {
		return false
	}
	if as == message.CA && (bs == message.Municipality || bs == message.Prefecture) {
		a, as, b, bs = b, bs, a, as
	}
	if bs == message.CA && (as == message.Municipality || as == message.Prefecture) && !s.serves(b, a) {
		return false
	}
	if as == message.Verifier && bs == message.Prefecture {
		a, as, b, bs = b, bs, a, as
	}
	if (as == message.Issuing || bs == message.Issuing) && a.Code() != b.Code() { // a municipality and its own
		return false
	}
	if as == message.Prefecture && bs == message.Verifier {
		e, _ := s.Entry(b)
		return e.Prefecture == a
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
