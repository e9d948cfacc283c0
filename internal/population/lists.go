package population

import (
	_ "embed"
	"iter"
	"strconv"
	"strings"
	"sync"

	"github.com/akashi-id/akashi/resident"
)

//go:embed surnames.txt
var surnamesText string

//go:embed givennames.txt
var givenNamesText string

//go:embed towns.txt
var townsText string

//go:embed townkana.txt
var townKanaText string

//go:embed foreign.txt
var foreignText string

// The lists are read once, on first use: the other commands of the program do not pay for them.
var (
	surnames      = sync.OnceValue(func() map[string]*bag[written] { return readNames(surnamesText) })
	givenNames    = sync.OnceValue(readGivenNames)
	townKana      = sync.OnceValue(readTownKana)
	towns         = sync.OnceValue(readTowns)
	nationsAbroad = sync.OnceValue(readForeign)
)

// written is a name or a part of one: how it is written, and how it is read, in katakana.
type written struct{ text, kana string }

// section is a part of a list: what stands between [ ] above it, and its lines.
type section struct {
	head  string
	lines []string
}

func sections(text string) iter.Seq[section] {
	return func(yield func(section) bool) {
		var s section
		for line := range strings.Lines(text) {
			line = strings.TrimSpace(line)
			switch {
			case line == "" || line[0] == '#':
			case line[0] == '[':
				if s.lines != nil && !yield(s) {
					return
				}
				s = section{head: strings.Trim(line, "[]")}
			default:
				s.lines = append(s.lines, line)
			}
		}
		yield(s)
	}
}

// entries are the entries of a section, each split at its blanks into exactly three words.
func (s section) entries() iter.Seq[[3]string] {
	return func(yield func([3]string) bool) {
		for _, line := range s.lines {
			for entry := range strings.SplitSeq(line, ",") {
				words := strings.Fields(entry)
				if len(words) != 3 {
					panic("population: entry of three words wanted: " + entry) // embedded: a broken build
				}
				if !yield([3]string(words)) {
					return
				}
			}
		}
	}
}

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		panic("population: number wanted: " + s) // embedded: a broken build
	}
	return n
}

// selectors writes {E0102} as the variation selector. In the lists it stands in letters, because a reader of the list
// could not see it.
func selectors(s string) string {
	before, rest, found := strings.Cut(s, "{")
	if !found {
		return s
	}
	hex, after, _ := strings.Cut(rest, "}")
	r, err := strconv.ParseInt(hex, 16, 32)
	if err != nil {
		panic("population: variation selector wanted: " + s) // embedded: a broken build
	}
	return before + string(rune(r)) + selectors(after)
}

func readNames(text string) map[string]*bag[written] {
	lists := map[string]*bag[written]{}
	for s := range sections(text) {
		names := &bag[written]{}
		for e := range s.entries() {
			names.add(written{selectors(e[0]), e[1]}, number(e[2]))
		}
		lists[s.head] = names
	}
	return lists
}

// generation is the given names of those born from a year on.
type generation struct {
	from  int
	names bag[written]
}

// readGivenNames gives the generations by sex, 男 or 女, the oldest first.
func readGivenNames() map[string][]generation {
	bySex := map[string][]generation{}
	for s := range sections(givenNamesText) {
		sex, from, _ := strings.Cut(s.head, " ")
		g := generation{from: number(from)}
		for e := range s.entries() {
			g.names.add(written{e[0], e[1]}, number(e[2]))
		}
		bySex[sex] = append(bySex[sex], g)
	}
	return bySex
}

// town is a 町丁 or 大字.
type town struct {
	name   string
	blocks bool // 住居表示: blocks and house numbers; otherwise lots
	chome  int  // how many 丁目
}

// readTownKana gives the readings of towns by their names.
func readTownKana() map[string]string {
	kana := map[string]string{}
	for s := range sections(townKanaText) {
		for _, line := range s.lines {
			for word := range strings.FieldsSeq(line) {
				name, reading, _ := strings.Cut(word, "=")
				kana[name] = reading
			}
		}
	}
	return kana
}

// readTowns gives the towns by municipality code; "" and "町村" are for those without a list.
func readTowns() map[string]*bag[town] {
	lists := map[string]*bag[town]{}
	for s := range sections(townsText) {
		list := &bag[town]{}
		for e := range s.entries() {
			t := town{name: e[0]}
			if e[1] != "地" {
				t.blocks, t.chome = true, number(e[1])
			}
			list.add(t, number(e[2]))
		}
		lists[s.head] = list
	}
	return lists
}

// nation is a nationality or region with the names of its people.
type nation struct {
	name        resident.Nationality
	commonNames int // permille with a 通称
	families    []string
	men, women  []written
}

func readForeign() *bag[*nation] {
	all := &bag[*nation]{}
	for s := range sections(foreignText) {
		head := strings.Fields(s.head)
		if len(head) != 3 || len(s.lines) != 3 {
			panic("population: section of a nationality wanted: " + s.head) // embedded: a broken build
		}
		n := &nation{
			name:        must(resident.ParseNationality("nationality", head[0])),
			commonNames: number(head[2]),
			men:         latin(s.lines[1]), women: latin(s.lines[2]),
		}
		for family := range strings.FieldsSeq(s.lines[0]) {
			n.families = append(n.families, strings.ReplaceAll(family, "@", " "))
		}
		all.add(n, number(head[1]))
	}
	return all
}

// latin reads NAME=カナ words; @ stands for a blank inside a name.
func latin(line string) []written {
	var names []written
	for word := range strings.FieldsSeq(line) {
		text, kana, _ := strings.Cut(word, "=")
		names = append(names, written{strings.ReplaceAll(text, "@", " "), kana})
	}
	return names
}
