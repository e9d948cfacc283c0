package akashi_test

import (
	"encoding/json"
	"go/ast"
	"go/version"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// TestPackageDocs: one package doc, in one file, that says in English what the package is and gives the Japanese word
// of the field for it, so that whoever knows either can find it.
func TestPackageDocs(t *testing.T) {
	for _, p := range packages(t) {
		var docs []string
		generated := 0
		for _, name := range slices.Concat(p.GoFiles, p.CgoFiles) {
			file := parse(t, filepath.Join(p.Dir, name))
			if ast.IsGenerated(file) {
				generated++
			} else if file.Doc != nil {
				docs = append(docs, file.Doc.Text())
			}
		}
		if generated == len(p.GoFiles)+len(p.CgoFiles) {
			continue // tests only, or all of it generated: its source says what it is
		}
		if len(docs) != 1 {
			t.Errorf("%s: %d package docs, want one", p.rel, len(docs))
			continue
		}
		opening := "Package " + p.Name + " "
		if p.Name == "main" {
			opening = "Command " + filepath.Base(p.rel) + " "
		}
		first, _, _ := strings.Cut(docs[0], ".")
		latin, japanese := letters(first)
		if !strings.HasPrefix(docs[0], opening) || latin < japanese {
			t.Errorf("%s: the package doc begins %q, want an English sentence that begins %q", p.rel, first, opening)
		}
		if _, japanese := letters(docs[0]); japanese == 0 {
			t.Errorf("%s: the package doc has no Japanese word for what the package is", p.rel)
		}
	}
}

func letters(s string) (latin, japanese int) {
	for _, r := range s {
		switch {
		case unicode.In(r, unicode.Latin):
			latin++
		case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana):
			japanese++
		}
	}
	return latin, japanese
}

// reference is how the documents point into the code: `path:Func`, `path:Type.Method`, where path is a package's folder
// or one of its files.
var reference = regexp.MustCompile("`([A-Za-z0-9_./-]+):([A-Za-z_][A-Za-z0-9_]*(?:\\.[A-Za-z_][A-Za-z0-9_]*)?)`")

func TestReferencesIntoTheCode(t *testing.T) {
	declared := map[string][]string{} // folder or file → what is declared there
	for _, p := range packages(t) {
		for _, name := range slices.Concat(p.GoFiles, p.CgoFiles, p.TestGoFiles, p.XTestGoFiles) {
			for _, d := range declarations(parse(t, filepath.Join(p.Dir, name))) {
				declared[p.rel] = append(declared[p.rel], d)
				declared[filepath.Join(p.rel, name)] = append(declared[filepath.Join(p.rel, name)], d)
			}
		}
	}
	for _, doc := range markdown(t) {
		for i, line := range strings.Split(read(t, doc), "\n") {
			for _, m := range reference.FindAllStringSubmatch(line, -1) {
				if !slices.Contains(declared[filepath.Clean(m[1])], m[2]) {
					t.Errorf("%s:%d: nothing named %s is declared in %s", doc, i+1, m[2], m[1])
				}
			}
		}
	}
}

// TestArchitectureNamesEveryPackage: whoever reads it misses no folder.
func TestArchitectureNamesEveryPackage(t *testing.T) {
	text := read(t, "docs/architecture.md")
	for _, p := range packages(t) {
		name := unit(p.rel)
		if strings.HasPrefix(name, "internal/org/") {
			name = filepath.Base(name)
		}
		if name != "." && name != "docs" && !strings.HasPrefix(name, "cmd/") && name != "internal/org" && !strings.Contains(text, "`"+name+"`") {
			t.Errorf("docs/architecture.md says nothing of %s", p.rel)
		}
	}
}

// declarations names the functions, methods (Type.Method), types, variables and constants of a file.
func declarations(file *ast.File) (names []string) {
	for _, d := range file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			name := d.Name.Name
			if d.Recv != nil {
				name = receiver(d.Recv.List[0].Type) + "." + name
			}
			names = append(names, name)
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch spec := spec.(type) {
				case *ast.TypeSpec:
					names = append(names, spec.Name.Name)
				case *ast.ValueSpec:
					for _, n := range spec.Names {
						names = append(names, n.Name)
					}
				}
			}
		}
	}
	return names
}

func receiver(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return receiver(e.X)
	case *ast.IndexExpr: // a type with a parameter
		return receiver(e.X)
	case *ast.IndexListExpr:
		return receiver(e.X)
	case *ast.Ident:
		return e.Name
	}
	return ""
}

// The last column of docs/sources.md, when nothing carries the line: a later system, or nothing for software to do.
var (
	planned = regexp.MustCompile(`^planned \((exchange|issuance|registry|documents|cards|kiosks|audit)(, (exchange|issuance|registry|documents|cards|kiosks|audit))*\)`)
	notOurs = regexp.MustCompile(`^organisational, not software$`)
	lineID  = regexp.MustCompile(`^\| (00[0-4]-[0-9]{2,3}) \|`)
)

// TestSourcesAreCarried: a line of the sources that is said to be carried names both the code and the test that would
// fail without it.
func TestSourcesAreCarried(t *testing.T) {
	seen := map[string]int{}
	for i, line := range strings.Split(read(t, "docs/sources.md"), "\n") {
		m := lineID.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		if before, twice := seen[m[1]]; twice {
			t.Errorf("docs/sources.md:%d: %s stands in line %d already", i+1, m[1], before)
		}
		seen[m[1]] = i + 1
		cells := strings.Split(strings.Trim(line, "| "), " | ")
		if len(cells) != 4 {
			t.Errorf("docs/sources.md:%d: %d columns, want 4", i+1, len(cells))
			continue
		}
		state := cells[3]
		if planned.MatchString(state) || notOurs.MatchString(state) {
			continue
		}
		var code, test bool
		for _, r := range reference.FindAllStringSubmatch(state, -1) {
			if strings.HasPrefix(r[2], "Test") || strings.HasPrefix(r[2], "Fuzz") {
				test = true
			} else {
				code = true
			}
		}
		if !code || !test {
			t.Errorf("docs/sources.md:%d: %s is carried by %q; name the code and the test, or say planned (…) or organisational, not software", i+1, m[1], state)
		}
	}
	if len(seen) < 150 {
		t.Errorf("docs/sources.md has %d lines of the sources; a line was lost", len(seen))
	}
}

var (
	link        = regexp.MustCompile(`\]\(([^)\s]+)\)|(?:src|href)="([^"]+)"`)
	heading     = regexp.MustCompile(`(?m)^#{1,6} +(.+?) *$`)
	fence       = regexp.MustCompile("(?ms)^```.*?^```")
	inlineCode  = regexp.MustCompile("`[^`\n]*`")
	machinePath = regexp.MustCompile(`(^|[\s("'=` + "`" + `])(/(home|root|Users|mnt|work|workspace|builds)/|[A-Z]:\\)`)
)

func TestDocumentsPointAtWhatIsThere(t *testing.T) {
	for _, doc := range markdown(t) {
		text := fence.ReplaceAllString(read(t, doc), "")
		text = inlineCode.ReplaceAllString(text, "")
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			target := m[1] + m[2]
			if strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
				continue
			}
			file, fragment, _ := strings.Cut(target, "#")
			if strings.HasPrefix(file, "/") {
				t.Errorf("%s: the link %s is not relative", doc, target)
				continue
			}
			to := doc
			if file != "" {
				to = filepath.Join(filepath.Dir(doc), file)
			}
			if _, err := os.Stat(to); err != nil {
				t.Errorf("%s: the link %s leads nowhere", doc, target)
				continue
			}
			if fragment != "" && strings.HasSuffix(to, ".md") && !slices.Contains(anchors(read(t, to)), fragment) {
				t.Errorf("%s: %s has no heading #%s", doc, to, fragment)
			}
		}
	}
}

func TestDocumentsNameNoMachine(t *testing.T) {
	for _, doc := range markdown(t) {
		for i, line := range strings.Split(read(t, doc), "\n") {
			if m := machinePath.FindString(line); m != "" {
				t.Errorf("%s:%d: %q is a path of somebody's machine", doc, i+1, strings.TrimSpace(m))
			}
		}
	}
}

func TestDecisionsAreComplete(t *testing.T) {
	files, err := filepath.Glob("docs/decisions/*.md")
	if err != nil || len(files) == 0 {
		t.Fatalf("docs/decisions: %d files, %v", len(files), err)
	}
	name := regexp.MustCompile(`^\d{4}-[a-z0-9-]+\.md$`)
	for _, f := range files {
		if !name.MatchString(filepath.Base(f)) {
			t.Errorf("%s: want a name as 0001-what-it-is-about.md", f)
		}
		text := read(t, f)
		for _, part := range []string{"## Context", "## Decision", "## Consequence"} {
			if !strings.Contains(text, "\n"+part+"\n") {
				t.Errorf("%s has no %q", f, part)
			}
		}
	}
}

// TestDependenciesHaveReasons: a module that we require directly has its line, and a line its module.
func TestDependenciesHaveReasons(t *testing.T) {
	const doc = "docs/decisions/0006-dependencies.md"
	var rows []string
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\| Go module").FindAllStringSubmatch(read(t, doc), -1) {
		rows = append(rows, m[1])
	}
	for _, r := range required(t, "go.mod") {
		if i := slices.Index(rows, r.Path); i >= 0 {
			rows = slices.Delete(rows, i, i+1)
		} else if !r.Indirect {
			t.Errorf("%s says nothing of %s", doc, r.Path)
		}
	}
	for _, gone := range rows {
		t.Errorf("%s has a row for %s, which go.mod does not require", doc, gone)
	}
}

// TestPeersFollowOurVersions: a peer is built with our packages, so its go.mod may not stay behind ours; only `make full` builds it.
func TestPeersFollowOurVersions(t *testing.T) {
	ours := map[string]string{}
	for _, r := range required(t, "go.mod") {
		ours[r.Path] = r.Version
	}
	goVersion := func(v string) string { return "go" + strings.TrimPrefix(v, "v") } // what has no plain number is equal to all such
	for _, r := range required(t, "bench/go.mod") {
		if v, shared := ours[r.Path]; shared && version.Compare(goVersion(r.Version), goVersion(v)) < 0 {
			t.Errorf("bench/go.mod requires %s %s, and go.mod %s; run: go -C bench mod tidy", r.Path, r.Version, v)
		}
	}
}

type requirement struct {
	Path, Version string
	Indirect      bool
}

func required(t *testing.T, file string) []requirement {
	t.Helper()
	read(t, file) // what a child reads does not count for the cache of test results
	out, err := exec.Command("go", "mod", "edit", "-json", file).Output()
	if err != nil {
		t.Fatal(err)
	}
	var mod struct{ Require []requirement }
	if err := json.Unmarshal(out, &mod); err != nil {
		t.Fatal(err)
	}
	return mod.Require
}

// anchors gives the fragments that a renderer makes of a document's headings.
func anchors(text string) (names []string) {
	for _, m := range heading.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
		names = append(names, strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r):
				return unicode.ToLower(r)
			}
			return -1
		}, m[1]))
	}
	return names
}

// markdown lists the documents: those at the root and all below docs.
func markdown(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("*.md")
	if err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir("docs", func(path string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".md") {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
