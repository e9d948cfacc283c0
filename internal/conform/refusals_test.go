package conform

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
)

// refusing are the packages whose refusals a person at a form reads: the organisations, and what their forms use.
var refusing = []string{"resident", "internal/access", "internal/identity", "internal/look", "internal/inquiry", "internal/protection", "internal/provision",
	"internal/disclosure", "internal/errorreport", "internal/staff", "internal/org"}

// goldens are the folders of text files with which a test compares what a person reads.
var goldens = []string{"cmd/akashi/testdata/script", "internal/org/municipality/testdata"}

const (
	leastSaid = 6 // Japanese characters that a text needs to speak of one refusal
	mostSaid  = 3 // refusals of which one text may speak
)

// refusal is the Japanese sentence of one refusal, as the source has it.
type refusal struct {
	parts []string // what is constant, between what is filled in; "" first or last when something is filled in there
	at    token.Position
}

func (r refusal) text() string { return strings.Join(r.parts, "…") }

func (r refusal) constant() int { return japanese(strings.Join(r.parts, "")) }

func japanese(s string) (n int) {
	for _, c := range s {
		if unicode.In(c, unicode.Han, unicode.Hiragana, unicode.Katakana) {
			n++
		}
	}
	return n
}

// refusals are the sentences of the calls of plain.Bad and of whatever collects by that name (bad), which takes them in front of the English
// ones. One that stands twice is one.
func (s *source) refusals() (all []refusal) {
	known := map[string]bool{}
	for _, dir := range slices.Sorted(maps.Keys(s.files)) {
		if !slices.ContainsFunc(refusing, func(r string) bool { return dir == r || strings.HasPrefix(dir, r+"/") }) {
			continue
		}
		for _, f := range s.files[dir] {
			ast.Inspect(f, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok || len(call.Args) < 3 {
					return true
				}
				switch fun := call.Fun.(type) {
				case *ast.Ident:
					ok = fun.Name == "bad"
				case *ast.SelectorExpr:
					ok = fun.Sel.Name == "bad" || fun.Sel.Name == "Bad"
				default:
					ok = false
				}
				if !ok {
					return true
				}
				r := refusal{s.constants(call.Args[len(call.Args)-2]), s.fset.Position(call.Pos())}
				if japanese(r.text()) > 0 && !known[r.text()] {
					known[r.text()] = true
					all = append(all, r)
				}
				return true
			})
		}
	}
	return all
}

// constants are the constant parts of a text, which is put together by + and fmt.Sprintf.
func (s *source) constants(e ast.Expr) []string {
	if v := s.info.Types[e].Value; v != nil && v.Kind() == constant.String {
		return []string{constant.StringVal(v)}
	}
	switch e := e.(type) {
	case *ast.BasicLit:
		if text, err := strconv.Unquote(e.Value); err == nil {
			return []string{text}
		}
	case *ast.ParenExpr:
		return s.constants(e.X)
	case *ast.BinaryExpr:
		left, right := s.constants(e.X), s.constants(e.Y)
		return append(append(slices.Clone(left[:len(left)-1]), left[len(left)-1]+right[0]), right[1:]...)
	case *ast.CallExpr:
		if fun, ok := e.Fun.(*ast.SelectorExpr); ok && fun.Sel.Name == "Sprintf" && len(e.Args) > 0 {
			if format := s.constants(e.Args[0]); len(format) == 1 {
				return betweenVerbs(format[0])
			}
		}
	}
	return []string{"", ""} // filled in
}

func betweenVerbs(format string) []string {
	parts := []string{""}
	for i := 0; i < len(format); i++ {
		switch {
		case format[i] != '%':
			parts[len(parts)-1] += format[i : i+1]
		case strings.HasPrefix(format[i:], "%%"):
			parts[len(parts)-1] += "%"
			i++
		default:
			for i++; i < len(format)-1 && !unicode.IsLetter(rune(format[i])); i++ {
			}
			parts = append(parts, "")
		}
	}
	return parts
}

// is says whether a text is the whole sentence, with something filled in.
func (r refusal) is(text string) bool {
	last := len(r.parts) - 1
	if last == 0 {
		return text == r.parts[0]
	}
	rest, begins := strings.CutPrefix(text, r.parts[0])
	if !begins {
		return false
	}
	for _, p := range r.parts[1:last] {
		_, after, found := strings.Cut(rest, p)
		if !found {
			return false
		}
		rest = after
	}
	return strings.HasSuffix(rest, r.parts[last])
}

// has says whether a text is within the sentence, or says a part of it that only few sentences have.
func (r refusal) has(text string, common map[string]bool) bool {
	return slices.ContainsFunc(r.parts, func(p string) bool {
		return strings.Contains(p, text) || japanese(p) >= leastSaid && !common[p] && strings.Contains(text, p)
	})
}

// spans says how much of a text is constant in the sentence, when it is a piece of it with something filled in; 0: it is none, or has not enough.
func (r refusal) spans(text string) (most int) {
	for i := range r.parts {
		begin := r.parts[i]
		for !strings.HasPrefix(text, begin) {
			begin = begin[1:]
		}
		said, rest := begin, text[len(begin):]
		for _, p := range r.parts[i+1:] {
			end := p
			for !strings.HasSuffix(rest, end) {
				end = end[:len(end)-1]
			}
			if n := japanese(said + end); n >= leastSaid {
				most = max(most, n)
			}
			before, after, found := strings.Cut(rest, p)
			if !found || before == "" {
				break
			}
			said, rest = said+p, after
		}
	}
	return most
}

// said finds of which refusals the texts of the tests speak: the one of which a text is the whole sentence; or those that it is within, or has a
// part of; or those of which it is a piece with something filled in. Of several sentences and pieces those are meant that have the most in
// common with it. What more than mostSaid refusals say speaks of none: another sentence would do as well.
func said(refusals []refusal, texts []string) map[string]bool {
	common := map[string]bool{}
	for _, r := range refusals {
		for _, p := range r.parts {
			n := 0
			for _, other := range refusals {
				if slices.ContainsFunc(other.parts, func(q string) bool { return strings.Contains(q, p) }) {
					n++
				}
			}
			common[p] = n > mostSaid
		}
	}
	found := map[string]bool{}
	for _, text := range texts {
		var within []string
		whole, piece := map[int][]string{}, map[int][]string{} // by how much they have in common
		for _, r := range refusals {
			if r.is(text) {
				whole[r.constant()] = append(whole[r.constant()], r.text())
			} else if r.has(text, common) {
				within = append(within, r.text())
			} else if n := r.spans(text); n > 0 {
				piece[n] = append(piece[n], r.text())
			}
		}
		of := within
		switch {
		case len(whole) > 0:
			of = whole[slices.Max(slices.Collect(maps.Keys(whole)))]
		case len(within) == 0 && len(piece) > 0:
			of = piece[slices.Max(slices.Collect(maps.Keys(piece)))]
		}
		if len(of) <= mostSaid {
			for _, r := range of {
				found[r] = true
			}
		}
	}
	return found
}

// testTexts are the texts in the tests of the module, and the lines of what tests compare, that are Japanese and long enough.
func testTexts(root string) ([]string, error) {
	texts := map[string]bool{}
	keep := func(text string) {
		if text = strings.TrimSpace(text); japanese(text) >= leastSaid {
			texts[text] = true
		}
	}
	fset := token.NewFileSet()
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		dir := path.Dir(filepath.ToSlash(rel))
		golden := slices.Contains(goldens, dir) && path.Ext(name) != ".png"
		switch {
		case d.IsDir():
			if n := d.Name(); name != root && strings.HasPrefix(n, ".") {
				return filepath.SkipDir
			}
			if _, err := os.Stat(filepath.Join(name, "go.mod")); err == nil && name != root {
				return filepath.SkipDir
			}
		case golden:
			b, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			for _, line := range strings.FieldsFunc(string(b), func(c rune) bool { return strings.ContainsRune("\n\"<>", c) }) {
				keep(line)
			}
		case strings.HasSuffix(name, "_test.go") && !(dir == "internal/conform" && strings.HasPrefix(d.Name(), "refusals")):
			f, err := parser.ParseFile(fset, name, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			ast.Inspect(f, func(n ast.Node) bool {
				if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
					if text, err := strconv.Unquote(lit.Value); err == nil {
						keep(text)
					}
				}
				return true
			})
		}
		return nil
	})
	return slices.Sorted(maps.Keys(texts)), err
}

// TestEveryRefusalIsInATest: whatever a form refuses is provoked by a test, which knows its sentence; what no form can bring about is excepted,
// with the reason.
func TestEveryRefusalIsInATest(t *testing.T) {
	p, err := program()
	if err != nil {
		t.Fatal(err)
	}
	texts, err := testTexts(p.root)
	if err != nil {
		t.Fatal(err)
	}
	refusals := p.refusals()
	if len(refusals) < 400 || len(texts) < 500 {
		t.Fatalf("%d refusals and %d texts were found: this does not look at the program", len(refusals), len(texts))
	}
	found := said(refusals, texts)
	waits := map[string]bool{}
	for _, r := range refusals {
		if !found[r.text()] {
			waits[r.text()] = true
		}
	}
	listed := map[string]bool{}
	for _, e := range refusalExceptions {
		for _, s := range e.sentences {
			switch {
			case listed[s]:
				t.Errorf("%s: %q stands twice", e.why, s)
			case !waits[s]:
				t.Errorf("%s: %q is in a test now, or in the program no more: take it out", e.why, s)
			}
			listed[s] = true
		}
	}
	for _, r := range refusals {
		if waits[r.text()] && !listed[r.text()] {
			at, _ := filepath.Rel(p.root, r.at.Filename)
			t.Errorf("%s:%d: no test knows the sentence %q: provoke it in the tests of its form, or except it with the reason", at, r.at.Line, r.text())
		}
	}
	t.Logf("%d refusals, %d without a test", len(refusals), len(waits))
}

// TestRefusalsAreToldApart: a text of a test speaks of the sentence that it has, and a phrase that many have of none.
func TestRefusalsAreToldApart(t *testing.T) {
	var refusals []refusal
	for i, format := range []string{"氏名を、一覧から選んでください。", "町名を、一覧から選んでください。", "続柄を、一覧から選んでください。", "区を、一覧から選んでください。",
		"%sを入力してください。", "生年月日を入力してください。", "%d字を超えています。%sは短く書いてください。"} {
		refusals = append(refusals, refusal{parts: betweenVerbs(format), at: token.Position{Line: i}})
	}
	for _, c := range []struct {
		text string
		want []int
	}{
		{"一覧から選んでください。", nil},
		{"氏名を、一覧から選んでください。", []int{0}},
		{"氏名を、一覧から選", []int{0}},
		{"<p>町名を、一覧から選んでください。</p>", []int{1}},
		{"生年月日を入力してください。", []int{5}},
		{"住所を入力してください。", []int{4}},
		{"30字を超えています。氏名は短く書いてください。", []int{6}},
		{"30字を超えています。氏名は", []int{6}},
		{"超えています。氏名は短く", []int{6}},
		{"ます。氏名は短", nil},
		{"別の文がここにあります。", nil},
	} {
		var got []int
		for text := range said(refusals, []string{c.text}) {
			got = append(got, slices.IndexFunc(refusals, func(r refusal) bool { return r.text() == text }))
		}
		if fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%q speaks of %v, want %v", c.text, got, c.want)
		}
	}
}
