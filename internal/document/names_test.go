package document_test

import (
	"cmp"
	"crypto/sha256"
	_ "embed"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/akashi-id/akashi/internal/document"
	"github.com/akashi-id/akashi/internal/document/documenttest"
	"github.com/akashi-id/akashi/internal/document/font"
	"github.com/akashi-id/akashi/resident"
)

const (
	namesFile      = "testdata/names.tsv"
	difficultNames = 200
)

//go:embed testdata/names.tsv
var namesText string

// difficult is a name that is hard to bring onto paper. beside is what stands beside it: the reading of a Japanese national, the 通称 of a
// foreign one.
type difficult struct {
	line    int
	group   string
	foreign bool
	name    string
	beside  string
}

// readNames reads the fixture. The code points are what counts: an editor that normalised the file would change the text and not them.
func readNames(t testing.TB, text string) (names []difficult) {
	t.Helper()
	n := 0
	for line := range strings.Lines(text) {
		n++
		if line = strings.TrimSuffix(line, "\n"); strings.HasPrefix(line, "#") {
			continue
		}
		c := strings.Split(line, "\t")
		if len(c) != 6 || c[1] != "J" && c[1] != "F" || codePoints(c[3]) != c[2] || codePoints(c[5]) != c[4] {
			t.Fatalf("%s:%d: the text is not that of its code points, or the line has not six columns", namesFile, n)
		}
		names = append(names, difficult{n, c[0], c[1] == "F", c[3], c[5]})
	}
	return names
}

func codePoints(s string) string {
	var list []string
	for _, r := range s {
		list = append(list, fmt.Sprintf("%U", r))
	}
	return strings.Join(list, " ")
}

// row is the line of the fixture.
func (d difficult) row() string {
	kind := "J"
	if d.foreign {
		kind = "F"
	}
	return strings.Join([]string{d.group, kind, codePoints(d.name), d.name, codePoints(d.beside), d.beside}, "\t") + "\n"
}

// person is a resident of household H-1 with this name. A Japanese national has the family name as 旧氏 too, so that it stands in a narrow box.
func (d difficult) person(n int) document.Person {
	if d.foreign {
		p := documenttest.Foreigner(n, d.name)
		p.Record.CommonName = documenttest.Must(resident.ParseName("", d.beside))
		return p
	}
	p := documenttest.Person(n, d.name)
	p.Record.Furigana = documenttest.Must(resident.ParseKana("", d.beside))
	if family, _, two := strings.Cut(d.name, "\u3000"); two {
		p.Record.FormerName = documenttest.Must(resident.ParseFormerName("", family))
	}
	return p
}

// TestNamesGolden: the part of the fixture that is chosen by rule is what the rules choose from the official font.
func TestNamesGolden(t *testing.T) {
	documenttest.Official(t)
	b, err := os.ReadFile(font.IPAmj)
	if err != nil {
		t.Fatal(err)
	}
	const ruled = "# By rule"
	head, _, found := strings.Cut(namesText, ruled)
	if !found {
		t.Fatalf("%s has no part %q", namesFile, ruled)
	}
	mark := fmt.Sprintf("%s, from the font with the SHA-256 %x:\n", ruled, sha256.Sum256(b))
	f, err := readFont(b)
	if err != nil {
		t.Fatal(err)
	}
	var made strings.Builder
	made.WriteString(head + mark)
	for _, d := range chosenByRule(f, difficultNames-len(readNames(t, head))) {
		made.WriteString(d.row())
	}
	if os.Getenv("AKASHI_GOLDEN") == "write" {
		if err := os.WriteFile(namesFile, []byte(made.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !strings.Contains(namesText, mark) {
		t.Skip("another release of the official font is installed than the one from which the names were chosen")
	}
	if made.String() != namesText {
		t.Errorf("the rules choose other names than stand in %s; with AKASHI_GOLDEN=write they are written anew", namesFile)
	}
	if names := readNames(t, namesText); len(names) != difficultNames {
		t.Errorf("%d names, want %d", len(names), difficultNames)
	}
}

// chosenByRule are n names of what the font has. Each rule says in its name what it looks for; characters come two to a name, with 田 and 子 behind
// them, so that they stand at the head of a family name and of a given name.
func chosenByRule(f sfnt, n int) (names []difficult) {
	two := func(rule string, texts []string) {
		for pair := range slices.Chunk(texts, 2) {
			name := pair[0] + "田"
			if len(pair) == 2 {
				name += "\u3000" + pair[1] + "子"
			}
			names = append(names, difficult{group: "rule:" + rule, name: name, beside: "キソク　モジ"})
		}
	}
	all := f.sequences()
	text := func(s sequence) string { return string(s.base) + string(s.selector) }

	// The five characters with the most forms, with all of them.
	forms := map[rune][]string{}
	for _, s := range all {
		forms[s.base] = append(forms[s.base], text(s))
	}
	var bases []rune
	for r := range forms {
		bases = append(bases, r)
	}
	slices.SortFunc(bases, func(a, b rune) int { return cmp.Or(cmp.Compare(len(forms[b]), len(forms[a])), cmp.Compare(a, b)) })
	for _, r := range bases[:5] {
		two("forms", forms[r])
	}
	// Of each selector that several characters have, the first and the last: the edges of the font's lists.
	bySelector := map[rune][]sequence{}
	var selectors []rune
	for _, s := range all {
		if bySelector[s.selector] == nil {
			selectors = append(selectors, s.selector)
		}
		bySelector[s.selector] = append(bySelector[s.selector], s)
	}
	for _, v := range selectors {
		if list := bySelector[v]; len(list) > 1 {
			slices.SortFunc(list, func(a, b sequence) int { return cmp.Compare(a.base, b.base) })
			two("selector", []string{text(list[0]), text(list[len(list)-1])})
		}
	}
	// Forms that the character has without a selector too, forms that nothing but a selector gives, and forms of characters beyond U+FFFF.
	bare := map[rune]int{}
	shown := map[int]bool{}
	f.characters(func(r rune, g int) { bare[r], shown[g] = g, true })
	pick := func(rule string, n int, of func(sequence) bool) {
		var list []string
		for _, s := range all {
			if of(s) {
				list = append(list, text(s))
			}
		}
		two(rule, evenly(list, n))
	}
	pick("common", 8, func(s sequence) bool { return s.glyph == 0 || s.glyph == bare[s.base] })
	pick("own", 8, func(s sequence) bool { return s.glyph != 0 && !shown[s.glyph] })
	pick("plane2", 10, func(s sequence) bool { return s.base > 0xFFFF })

	// Ideographs whose ink goes furthest out of the square of a letter, where it could meet a rule or a neighbour, and those with the most strokes.
	type shape struct {
		text                     string
		left, down, right, up, n int
	}
	var shapes []shape
	var ideographs []rune
	f.characters(func(r rune, g int) {
		if !unicode.Is(unicode.Han, r) || !unicode.IsLetter(r) || r < 0x3400 {
			return
		}
		ideographs = append(ideographs, r)
		if left, bottom, right, top, ok := f.ink(g); ok {
			shapes = append(shapes, shape{string(r), -left, -bottom, right - f.advance(g), top, len(f.outline(g))})
		}
	})
	furthest := func(rule string, n int, by func(shape) int) {
		sorted := slices.Clone(shapes)
		slices.SortStableFunc(sorted, func(a, b shape) int { return cmp.Compare(by(b), by(a)) })
		var list []string
		for _, s := range sorted[:n] {
			list = append(list, s.text)
		}
		two(rule, list)
	}
	furthest("left", 4, func(s shape) int { return s.left })
	furthest("down", 4, func(s shape) int { return s.down })
	furthest("right", 4, func(s shape) int { return s.right })
	furthest("up", 4, func(s shape) int { return s.up })
	furthest("strokes", 8, func(s shape) int { return s.n })

	// The first and the last ideograph of each block.
	for _, block := range [][2]rune{{0x3400, 0x4DBF}, {0x4E00, 0x9FFF}, {0xF900, 0xFAFF}, {0x20000, 0x2A6DF}, {0x2A700, 0x2B73F}, {0x2B740, 0x2B81F}, {0x2B820, 0x2CEAF}, {0x2CEB0, 0x2EBEF}} {
		var list []string
		for _, r := range ideographs {
			if block[0] <= r && r <= block[1] {
				list = append(list, string(r))
			}
		}
		if len(list) > 1 {
			two("block", []string{list[0], list[len(list)-1]})
		}
	}
	if len(names) > n {
		return names // one too many is seen by who counts
	}
	pick("any", 2*(n-len(names)), func(sequence) bool { return true })
	return names
}

// evenly takes n of a list at equal distances, the first and the last among them.
func evenly(list []string, n int) (taken []string) {
	for i := range n {
		taken = append(taken, list[i*(len(list)-1)/max(1, n-1)])
	}
	return taken
}

// TestNamesAreDifficult: the fixture has what it says it is for; a name that another change made easy is missed.
func TestNamesAreDifficult(t *testing.T) {
	names := readNames(t, namesText)
	seen := map[string]bool{}
	count := map[string]int{}
	for _, d := range names {
		if seen[d.name] {
			t.Errorf("%s:%d: the name stands there twice", namesFile, d.line)
		}
		seen[d.name] = true
		n, selectors, beyond := 0, 0, 0
		for _, r := range d.name {
			n++
			if font.Selector(r) {
				n--
				selectors++
			} else if r > 0xFFFF {
				beyond++
			}
		}
		add := func(what string, is bool) {
			if is {
				count[what]++
			}
		}
		add("a form", selectors > 0)
		add("beyond U+FFFF", beyond > 0)
		add("compatibility", strings.ContainsFunc(d.name, func(r rune) bool { return 0xF900 <= r && r <= 0xFAFF }))
		add("of the greatest length", n == 100)
		add("one character", n == 1)
		add("foreign", d.foreign)
		add("old kana", strings.ContainsAny(d.name, "ゐゑヰヱ"))
		add("small ヶ", strings.ContainsAny(d.name, "ヶヵ"))
		add("a long reading", len([]rune(d.beside)) == 100)
	}
	for what, least := range map[string]int{"a form": 80, "beyond U+FFFF": 20, "compatibility": 10, "of the greatest length": 6, "one character": 5, "foreign": 25, "old kana": 2,
		"small ヶ": 3, "a long reading": 4} {
		if count[what] < least {
			t.Errorf("%s: %d names, want %d", what, count[what], least)
		}
	}
}

// TestNamesThatARegisterRefuses: what the fixture leaves out no record can hold; the sentence names the character, and the rest of the name is
// not repeated.
func TestNamesThatARegisterRefuses(t *testing.T) {
	for _, c := range []struct{ name, want string }{
		{"葛\U000E0100西　花子", "U+E0100"}, {"葛\U000E0101西　花子", "U+E0101"}, // Adobe-Japan1, another collection
		{"\U000E0102葛西　花子", "U+E0102"}, {"葛\U000E0102\U000E0103西", "U+E0103"}, {"A\U000E0100", "U+E0100"},
		{"ｶｻｲ　花子", "U+FF76"}, {"山田　か\u3099き", "U+3099"}, {"E\u0301MILE", "U+0301"}, {"山田\u00a0花子", "U+00A0"}, {"山\u200d田　花子", "U+200D"},
		{"山田　\uE000", "U+E000"}, {"\uFB01NN", "U+FB01"}, {"赵　敏", "U+8D75"}, {"NGUYỄN", "U+1EC4"},
	} {
		_, err := resident.ParseName("name", c.name)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "花子") {
			t.Errorf("%+q: got %v, want a refusal that names %s and nothing else", c.name, err, c.want)
		}
	}
}
