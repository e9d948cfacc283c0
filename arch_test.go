// Package akashi_test holds what is true of the whole repository (全体の決まり): who may import whom, that the
// documents point at what is there, and that every package says what it is.
package akashi_test

import (
	"errors"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

const module = "github.com/akashi-id/akashi"

// Names for groups of units in the rules. Every unit may also import internal/plain, the sentence in two languages.
const vocabulary = "resident cert message "

// rules says which units each unit may import; the first rule whose pattern matches holds.
//
// A unit is a folder with all that is below it: an organisation, a mechanism, a word of the vocabulary. Inside a unit
// the compiler's own rules are enough. A unit that no rule names fails, and so does a rule that names no unit: the
// table always says what is there. A mechanism names the mechanisms it stands on one by one, so that the picture in
// docs/architecture.md stays a picture.
var rules = []struct{ from, may string }{
	{".", ""},    // these tests
	{"docs", ""}, // the runbooks, which the program shows

	{"resident", vocabulary},
	{"cert", vocabulary},
	{"message", vocabulary},
	{"verify", vocabulary + "internal/pki"},

	{"internal/plain", ""},
	{"internal/clock", ""},
	{"internal/leave", ""},
	{"internal/imprint", ""},
	{"internal/document", vocabulary + "internal/imprint"},
	{"internal/printing", "internal/clock"}, // its printingtest waits for printers
	{"internal/heapfloor", ""},
	{"internal/door", ""},
	{"internal/queue", "internal/clock"},
	{"internal/sqlstore", "internal/clock internal/queue"},
	{"internal/pki", vocabulary},
	{"internal/access", vocabulary + "internal/clock"},
	{"internal/passkey", ""},
	{"internal/staff", vocabulary + "internal/access internal/alarm internal/auditlog internal/clock internal/passkey internal/sqlstore"},
	{"internal/webui", vocabulary + "internal/clock internal/access"},
	{"internal/exchange", vocabulary + "internal/clock internal/door internal/leave internal/sqlstore internal/auditlog internal/pki internal/queue"},
	{"internal/statement", vocabulary + "verify internal/clock internal/sqlstore internal/auditlog internal/due internal/exchange internal/pki internal/queue internal/alarm"},
	{"internal/reconcile", vocabulary + "internal/clock internal/sqlstore internal/auditlog internal/exchange internal/queue"},
	{"internal/auditlog", "internal/sqlstore"},
	{"internal/due", vocabulary + "internal/clock internal/leave internal/sqlstore internal/queue"},
	{"internal/keys", vocabulary + "internal/pki"},
	{"internal/hsm", vocabulary + "internal/clock internal/pki"},
	{"internal/alarm", vocabulary + "internal/clock internal/leave internal/sqlstore internal/auditlog internal/due internal/exchange internal/pki internal/queue internal/reconcile"},
	{"internal/halting", vocabulary + "internal/exchange internal/sqlstore"},
	{"internal/stillvalid", vocabulary + "internal/sqlstore internal/alarm internal/due"},
	{"internal/look", vocabulary + "internal/sqlstore internal/auditlog internal/access internal/alarm internal/clock"},
	{"internal/inspection", vocabulary + "internal/access internal/alarm internal/auditlog internal/clock internal/host internal/leave internal/queue internal/sqlstore internal/webui"},
	{"internal/probe", vocabulary + "internal/alarm internal/auditlog internal/clock internal/leave internal/pki internal/sqlstore"},
	{"internal/host", vocabulary + "internal/look internal/clock internal/sqlstore internal/alarm internal/auditlog internal/due internal/exchange internal/reconcile internal/pki internal/staff internal/statement"},
	{"internal/desk", vocabulary + "docs internal/access internal/alarm internal/auditlog internal/due internal/exchange internal/host internal/look internal/reconcile internal/statement internal/sqlstore internal/webui internal/clock"},
	{"internal/auditpage", vocabulary + "internal/access internal/auditlog internal/host internal/sqlstore internal/webui"},
	{"internal/disclosure", vocabulary + "internal/access internal/alarm internal/auditlog internal/due internal/host internal/look internal/pki internal/sqlstore"},
	{"internal/lookpage", vocabulary + "internal/access internal/alarm internal/auditlog internal/host internal/look internal/sqlstore internal/webui"},
	{"internal/staffpage", vocabulary + "internal/access internal/host internal/staff internal/webui"},
	{"internal/tokendesk", vocabulary + "internal/access internal/alarm internal/auditlog internal/clock internal/host internal/hsm internal/sqlstore internal/webui"},
	{"internal/booktable", vocabulary + "internal/sqlstore internal/exchange internal/reconcile"},
	{"internal/match", vocabulary},
	{"internal/provision", vocabulary + "internal/access internal/auditlog internal/host internal/inquiry internal/look internal/match internal/received internal/sqlstore internal/webui"},
	{"internal/errorreport", vocabulary + "internal/access internal/alarm internal/auditlog internal/exchange internal/host internal/look internal/sqlstore internal/webui"},
	{"internal/inquiry", vocabulary + "internal/access internal/auditlog internal/host internal/look internal/match internal/received internal/sqlstore internal/webui"},
	{"internal/received", vocabulary + "internal/match internal/sqlstore internal/exchange internal/reconcile"},
	{"internal/protection", vocabulary + "internal/access internal/alarm internal/host internal/sqlstore internal/exchange internal/reconcile internal/statement internal/webui"},
	{"internal/identity", vocabulary + "internal/access internal/due internal/sqlstore"},
	{"internal/population", vocabulary},

	{"internal/org", vocabulary + mechanisms + "internal/org/*"}, // a test of several together
	{"internal/org/*", vocabulary + "verify " + mechanisms},      // never another organisation

	{"internal/nation", vocabulary + "verify " + mechanisms + "internal/population internal/org/*"},
	{"internal/incident", vocabulary + mechanisms + "internal/org/*"},
	{"internal/simulate", vocabulary + mechanisms + "internal/population internal/org/*"},
	{"internal/conform", vocabulary + mechanisms + "internal/population internal/nation internal/org/*"},
	{"internal/bench", vocabulary + mechanisms + "internal/heapfloor internal/population internal/nation internal/org/*"},
	{"cmd/akashi-token", vocabulary + "internal/hsm"},
	{"cmd/akashi", vocabulary + "verify " + mechanisms + "internal/heapfloor internal/population internal/nation internal/incident internal/simulate internal/bench internal/conform internal/org/*"},
}

// mechanisms are what every organisation may stand on.
const mechanisms = "internal/access internal/alarm internal/auditlog internal/auditpage internal/booktable internal/clock internal/desk internal/disclosure internal/document internal/door internal/due internal/errorreport internal/exchange internal/halting internal/host internal/identity internal/imprint " +
	"internal/hsm internal/inquiry internal/inspection internal/keys internal/leave internal/look internal/lookpage internal/match internal/pki internal/printing internal/probe internal/protection internal/provision internal/queue internal/received internal/reconcile internal/sqlstore internal/staff internal/staffpage internal/statement internal/stillvalid internal/tokendesk internal/webui "

// reserved says that a package is for these units alone, whatever the rules above allow.
var reserved = []struct{ pkg, only string }{
	// The encoding is message's business; the exchange needs the RPC service that stands in the same .proto file.
	{"message/messagepb", "message internal/exchange internal/reconcile internal/incident internal/conform internal/nation"},
}

// onlyPlaceFor says where a piece of technology may be met, so that it can be replaced in one place.
var onlyPlaceFor = []struct{ what, units string }{
	{"modernc.org/sqlite", "internal/sqlstore"},
	{"github.com/jackc/pgx/v5", "internal/sqlstore"},
	{"connectrpc.com/connect", "internal/exchange message"},
	{"google.golang.org/protobuf", "internal/exchange internal/reconcile message"},
	{"github.com/prometheus/client_golang", "internal/alarm"},
	{"github.com/zmap", "internal/pki"},
	{"github.com/go-webauthn", "internal/passkey"},
	{"go.yaml.in/yaml/v3", "internal/nation internal/host cmd/akashi"},
	{"unsafe", "message"}, // the code that protoc generates
	// `go run ./cmd/akashi up` needs no C compiler, and a native module that hangs or crashes is in a process of its own. Nobody
	// loads one another way either.
	{"C", ""},
	{"plugin", ""},
	{"github.com/ebitengine/purego", ""},
	{"github.com/miekg/pkcs11", "cmd/akashi-token"},
	{"filippo.io/age", "internal/hsm"},
	{"rsc.io/qr", "internal/document"},
	// What only tests use stays out of the program (and out of whoever imports our packages).
	{"github.com/anishathalye/porcupine", ""},
	{"github.com/chromedp", ""},
	{"github.com/google/go-cmp", ""},
	{"github.com/rogpeppe/go-internal", ""},
	{"pgregory.net/rapid", ""},
	{"testing", ""},
}

func TestImportDirection(t *testing.T) {
	used := make([]bool, len(rules))
	for _, p := range packages(t) {
		from := unit(p.rel)
		i := slices.IndexFunc(rules, func(r struct{ from, may string }) bool { return matches(r.from, from) })
		if i < 0 {
			t.Errorf("%s: no rule in arch_test.go names the unit %s", p.rel, from)
			continue
		}
		used[i] = true
		check := func(imported string, inTest bool) {
			to, ours := relative(imported)
			if !ours || unit(to) == from {
				return
			}
			for _, r := range reserved {
				if (to == r.pkg || strings.HasPrefix(to, r.pkg+"/")) && !matches(r.only, from) {
					t.Errorf("%s must not import %s: it is for %s", p.rel, to, r.only)
				}
			}
			switch {
			case matches("internal/plain "+rules[i].may, unit(to)):
			case inTest && !strings.HasPrefix(to, "internal/org/") && !strings.HasPrefix(to, "internal/incident"):
				// A test may stand on more than its package does, but never on another organisation.
			default:
				t.Errorf("%s must not import %s (%s may import: internal/plain %s)", p.rel, to, from, rules[i].may)
			}
		}
		for _, imported := range p.Imports {
			check(imported, false)
		}
		for _, imported := range slices.Concat(p.TestImports, p.XTestImports) {
			check(imported, true)
		}
	}
	for i, r := range rules {
		if !used[i] {
			t.Errorf("the rule for %q in arch_test.go matches no package", r.from)
		}
	}
}

func TestTechnologyHasOnePlace(t *testing.T) {
	for _, p := range packages(t) {
		if strings.HasSuffix(p.Name, "test") {
			continue // a package of test helpers is named so and never linked into the program
		}
		for _, imported := range p.Imports {
			for _, o := range onlyPlaceFor {
				if (imported == o.what || strings.HasPrefix(imported, o.what+"/")) && !matches(o.units, unit(p.rel)) {
					t.Errorf("%s must not import %s (only place: %s)", p.rel, imported, orNone(o.units))
				}
			}
		}
	}
}

// machineTime says who may ask the machine for the time, and who may wait in real time, each with its reason. All
// others take their time from internal/clock, which is what makes virtual time possible.
var machineTime = []struct {
	functions, units string
}{
	{"Now Since Until", "internal/clock cmd/*"},
	// sqlstore waits for another process's transaction to end, and that one runs in real time.
	{"Sleep After AfterFunc Tick NewTimer NewTicker", "internal/clock cmd/* internal/sqlstore"},
}

func TestTimeComesFromTheClock(t *testing.T) {
	for _, p := range packages(t) {
		for _, name := range p.GoFiles {
			for _, use := range usesOf(parse(t, filepath.Join(p.Dir, name)), "time") {
				for _, m := range machineTime {
					if matches(m.functions, use.Sel.Name) && !matches(m.units, unit(p.rel)) {
						t.Errorf("%s: time.%s; take the time from internal/clock", position(use.Pos()), use.Sel.Name)
					}
				}
			}
		}
	}
}

// TestNobodySleeps: a test that sleeps is slow where it passes and fails where the machine is slow. In a bubble of
// testing/synctest no time passes, so there it may.
func TestNobodySleeps(t *testing.T) {
	for _, p := range packages(t) {
		for _, name := range slices.Concat(p.TestGoFiles, p.XTestGoFiles) {
			file := parse(t, filepath.Join(p.Dir, name))
			if slices.ContainsFunc(file.Imports, func(i *ast.ImportSpec) bool { return i.Path.Value == `"testing/synctest"` }) {
				continue
			}
			for _, use := range usesOf(file, "time") {
				if use.Sel.Name == "Sleep" {
					t.Errorf("%s: time.Sleep; wait for what you wait for", position(use.Pos()))
				}
			}
		}
	}
}

func TestRulesRefuse(t *testing.T) {
	for _, c := range []struct {
		pattern, unit string
		want          bool
	}{
		{"internal/org/*", "internal/org/ca", true},
		{"internal/org/*", "internal/org", false},
		{"internal/*", "internal/org/ca", false},
		{"resident cert", "cert", true},
		{"", "cert", false},
	} {
		if got := matches(c.pattern, c.unit); got != c.want {
			t.Errorf("matches(%q, %q) = %v", c.pattern, c.unit, got)
		}
	}
	for pkg, want := range map[string]string{
		"message/messagepb":                  "message",
		"internal/sqlstore":                  "internal/sqlstore",
		"internal/org/ca/internal/store":     "internal/org/ca",
		"internal/org/validation":            "internal/org/validation",
		"cmd/akashi/internal/table":          "cmd/akashi",
		".":                                  ".",
		"internal/exchange/wire/wiretest/xx": "internal/exchange",
	} {
		if got := unit(pkg); got != want {
			t.Errorf("unit(%q) = %q, want %q", pkg, got, want)
		}
	}
}

// ── what the tests of this package share ──

type pkg struct {
	*build.Package
	rel string // folder as seen from the root of the module, "." for the root itself
}

// packages finds the packages of the module, once for all tests here. It reads the folders itself and does not ask the
// go command, so that go test sees what these tests depend on and does not answer from its cache when a package comes.
func packages(t *testing.T) []pkg {
	t.Helper()
	list, err := findOnce()
	if err != nil {
		t.Fatal(err)
	}
	return list
}

var findOnce = sync.OnceValues(func() (list []pkg, err error) {
	err = filepath.WalkDir(".", func(dir string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		if name := d.Name(); name == "testdata" || len(name) > 1 && strings.ContainsRune("._", rune(name[0])) {
			return filepath.SkipDir
		}
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil && dir != "." {
			return filepath.SkipDir // a module of its own
		}
		here := build.Default
		here.CgoEnabled = true // the rules hold for all that there is, also where no C compiler is
		p, err := here.ImportDir(dir, 0)
		if noGo := (*build.NoGoError)(nil); errors.As(err, &noGo) {
			return nil
		} else if err != nil {
			return err
		}
		list = append(list, pkg{p, filepath.ToSlash(dir)})
		return nil
	})
	return list, err
})

// relative gives an import path as seen from the root of the module, "." for the root itself.
func relative(importPath string) (rel string, ours bool) {
	if importPath == module {
		return ".", true
	}
	return strings.CutPrefix(importPath, module+"/")
}

// unit gives the folder that the rules speak of: one name at the top, two below internal and cmd, three below
// internal/org.
func unit(rel string) string {
	parts := strings.Split(rel, "/")
	n := 1
	switch {
	case strings.HasPrefix(rel, "internal/org/"):
		n = 3
	case parts[0] == "internal" || parts[0] == "cmd":
		n = 2
	}
	return strings.Join(parts[:min(n, len(parts))], "/")
}

func matches(patterns, unit string) bool {
	return slices.ContainsFunc(strings.Fields(patterns), func(pattern string) bool {
		ok, err := path.Match(pattern, unit)
		return err == nil && ok
	})
}

func orNone(s string) string {
	if s == "" {
		return "tests"
	}
	return s
}

var fset = token.NewFileSet()

func parse(t *testing.T, name string) *ast.File {
	t.Helper()
	f, err := parser.ParseFile(fset, name, nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// usesOf finds where a file names something of an imported package of the standard library.
func usesOf(file *ast.File, name string) (uses []*ast.SelectorExpr) {
	ast.Inspect(file, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := s.X.(*ast.Ident); ok && x.Name == name {
				uses = append(uses, s)
			}
		}
		return true
	})
	return uses
}

func position(p token.Pos) string { return fset.Position(p).String() }
