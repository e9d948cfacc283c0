package match

import (
	_ "embed"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/resident/moji"
)

//go:embed variants.txt
var variantsText string

// edge says that a character is replaced by another, and by which tables: a letter each.
type edge struct {
	to     rune
	tables string
}

// variants are the edges of each character, and for each character that has any the one that stands for all that are joined.
type variants struct {
	edges map[rune][]edge
	from  map[rune][]rune // whom a character replaces: the edges the other way
	keys  map[rune]rune
}

// tables are what the letters of variants.txt stand for. Their order is how much they are trusted when a character has several
// replacements: the notices on registers first.
var tables = []struct {
	letter string
	name   plain.Sentence
}{
	{"t", plain.Sentence{JA: "民二5202号 正字俗字等対照表", EN: "notice 民二5202"}},
	{"s", plain.Sentence{JA: "民一2842号 誤字俗字正字一覧表", EN: "notice 民一2842"}},
	{"u", plain.Sentence{JA: "JIS包摂規準・UCS統合規則", EN: "JIS and UCS unification"}},
	{"k", plain.Sentence{JA: "戸籍統一文字の親字・正字", EN: "characters of family registers"}},
	{"n", plain.Sentence{JA: "法務省告示582号", EN: "Ministry of Justice notice 582"}},
}

func rank(letters string) int {
	return slices.IndexFunc(tables, func(t struct {
		letter string
		name   plain.Sentence
	}) bool {
		return strings.Contains(letters, t.letter)
	})
}

var load = sync.OnceValue(func() *variants {
	v := &variants{edges: make(map[rune][]edge, 15000), from: make(map[rune][]rune, 8000), keys: make(map[rune]rune, 18000)}
	parent := map[rune]rune{}
	var root func(rune) rune
	root = func(r rune) rune {
		p, joined := parent[r]
		if !joined || p == r {
			return r
		}
		top := root(p)
		parent[r] = top
		return top
	}
	for line := range strings.Lines(variantsText) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		from, list, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ":")
		char := codePoint(from)
		best := edge{}
		for one := range strings.SplitSeq(list, ",") {
			to, letters, _ := strings.Cut(one, "/")
			e := edge{codePoint(to), letters}
			v.edges[char] = append(v.edges[char], e)
			v.from[e.to] = append(v.from[e.to], char)
			if best.to == 0 || rank(e.tables) < rank(best.tables) {
				best = e // the lower code point when the tables are the same: the file is in order
			}
		}
		// Only the best replacement joins: two that a third may be replaced by are not for that one character.
		a, b := root(char), root(best.to)
		parent[max(a, b)] = min(a, b)
		parent[min(a, b)] = min(a, b)
	}
	for r := range parent {
		v.keys[r] = root(r)
	}
	v.joinCompatibility()
	return v
})

// joinCompatibility joins the compatibility characters of the list (靖, U+FA1C) with their own (U+9756) and with what replaces them.
// variants.txt has all of it under their own character. They get edges and no key, because keys are stored; near finds both.
func (v *variants) joinCompatibility() {
	for _, block := range [][2]rune{{0xF900, 0xFAFF}, {0x2F800, 0x2FA1F}} {
		for r := block[0]; r <= block[1]; r++ {
			f, ok := moji.Of(r, 0)
			if !ok || f.UCS == r || f.UCS == 0 {
				continue
			}
			for _, t := range append(f.Targets(), moji.Target{To: f.UCS, Kind: moji.Unification}) {
				if !t.Kind.One() || t.To == r || slices.ContainsFunc(v.edges[r], func(e edge) bool { return e.to == t.To }) {
					continue
				}
				v.edges[r] = append(v.edges[r], edge{t.To, string(rune(t.Kind))})
				v.from[t.To] = append(v.from[t.To], r)
			}
		}
	}
}

func codePoint(s string) rune {
	n, err := strconv.ParseUint(s, 16, 32)
	if err != nil {
		panic("match: variants.txt: " + err.Error()) // embedded: a broken build
	}
	return rune(n)
}

// key is the character that stands for all those that a search takes together.
func (v *variants) key(r rune) rune {
	if k, joined := v.keys[r]; joined {
		return k
	}
	return r
}

// near are the keys of all characters that are one with a character after replacement, as joined tells; its own first.
func (v *variants) near(r rune) []rune {
	all := []rune{v.key(r)}
	add := func(other rune) {
		if k := v.key(other); !slices.Contains(all, k) {
			all = append(all, k)
		}
	}
	for _, s := range v.from[r] {
		add(s)
	}
	for _, e := range v.edges[r] {
		add(e.to)
		for _, s := range v.from[e.to] {
			add(s)
		}
	}
	return all
}

// joined tells whether two different characters are one after replacement, and by which table: one replaces the other, one
// character replaces both, or they are of one group.
func (v *variants) joined(a, b rune) (table plain.Sentence, ok bool) {
	letters := ""
	for _, e := range v.edges[a] {
		if e.to == b {
			letters += e.tables
		}
		for _, f := range v.edges[b] {
			if f.to == e.to {
				letters += e.tables
			}
		}
	}
	for _, f := range v.edges[b] {
		if f.to == a {
			letters += f.tables
		}
	}
	if letters == "" && v.key(a) != v.key(b) {
		return table, false
	}
	if letters == "" {
		return plain.Sentence{JA: "縮退マップ", EN: "the map of replacements"}, true // by way of a third
	}
	return tables[rank(letters)].name, true
}
