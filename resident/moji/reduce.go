package moji

import (
	"cmp"
	"slices"
	"strings"

	"github.com/akashi-id/akashi/internal/plain"
)

// Kind is the list of the MJ縮退マップ by which a character is replaced.
type Kind byte

// The kinds, in the order of the map. The notices on family registers stand in it as one; here the two notices come before the
// characters of family registers, whose way over several characters is longer.
const (
	Unification Kind = 'u' // JIS包摂規準・UCS統合規則
	Notice5202  Kind = 't' // 民二5202号通知別表 正字・俗字等対照表
	Notice2842  Kind = 's' // 民一2842号通達別表 誤字俗字・正字一覧表, without 別字
	KosekiHead  Kind = 'k' // 戸籍統一文字情報 親字・正字
	Notice582   Kind = 'n' // 法務省告示582号別表第四の一
	Notice582b  Kind = 'm' // 法務省告示582号別表第四の二
	Mistaken    Kind = 'b' // 民一2842号通達別表, 別字: written in place of another character
	Related     Kind = 'd' // 辞書類等による関連字
	Alike       Kind = 'r' // 読み・字形による類推
)

// kinds is their order of preference, with their names.
var kinds = []struct {
	kind Kind
	one  bool
	name plain.Sentence
}{
	{Unification, true, plain.Sentence{JA: "JIS包摂規準・UCS統合規則", EN: "JIS and UCS unification"}},
	{Notice5202, true, plain.Sentence{JA: "民二5202号 正字俗字等対照表", EN: "notice 民二5202"}},
	{Notice2842, true, plain.Sentence{JA: "民一2842号 誤字俗字正字一覧表", EN: "notice 民一2842"}},
	{KosekiHead, true, plain.Sentence{JA: "戸籍統一文字の親字・正字", EN: "characters of family registers"}},
	{Notice582, true, plain.Sentence{JA: "法務省告示582号別表第四の一", EN: "Ministry of Justice notice 582, list 1"}},
	{Notice582b, false, plain.Sentence{JA: "法務省告示582号別表第四の二", EN: "Ministry of Justice notice 582, list 2"}},
	{Mistaken, false, plain.Sentence{JA: "民一2842号 別字", EN: "notice 民一2842, characters taken for others"}},
	{Related, false, plain.Sentence{JA: "辞書類等による関連字", EN: "related by dictionaries"}},
	{Alike, false, plain.Sentence{JA: "読み・字形による類推", EN: "alike in reading or shape"}},
}

func (k Kind) rank() int {
	for i, each := range kinds {
		if each.kind == k {
			return i
		}
	}
	return len(kinds)
}

// One tells whether the list says that both are the same character, and not only that they are related, or look or read alike.
func (k Kind) One() bool { r := k.rank(); return r < len(kinds) && kinds[r].one }

// Name is the list's name.
func (k Kind) Name() plain.Sentence {
	if r := k.rank(); r < len(kinds) {
		return kinds[r].name
	}
	return plain.Sentence{}
}

// Target is a character by which the map replaces a form.
type Target struct {
	To   rune
	Kind Kind
	Step uint8 // the order within the list: its 順位, or how many characters lie between (ホップ数); 0 where it has none
}

// Targets are the replacements of a form, those to be preferred first.
func (f Form) Targets() []Target { return load().targets(f) }

// targets reads u5409 k9AD8.1 n5902.2: the list, the character and the order within the list.
func (t *table) targets(f Form) []Target {
	var all []Target
	for one := range strings.FieldsSeq(t.more[f.targets.from:f.targets.to]) {
		char, step, _ := strings.Cut(one[1:], ".")
		all = append(all, Target{To: rune(number(char, 16)), Kind: Kind(one[0]), Step: uint8(number(step, 10))})
	}
	slices.SortStableFunc(all, func(a, b Target) int {
		return cmp.Or(cmp.Compare(a.Kind.rank(), b.Kind.rank()), cmp.Compare(a.Step, b.Step))
	})
	return all
}

// Reduction is what stands for a character in a smaller set. The zero value is that nothing does.
type Reduction struct {
	To      rune   // 0: there is none, or there are several
	Kind    Kind   // the list that says so
	Several []rune // the first list that names any in the set names these, and none before the other: nobody may guess
}

// Reduce finds the character of a set (in) that stands for one outside it, with its selector or 0. Only lists that say that both are
// one character count, in their order: the first that names a character of the set decides, and when it names several with equal
// right, there is no answer. What only looks or reads alike would be another name.
func Reduce(char, selector rune, in func(rune) bool) Reduction {
	f, ok := Of(char, selector)
	if !ok {
		f, ok = Of(char, 0)
	}
	if !ok {
		return Reduction{}
	}
	if f.UCS != 0 && f.UCS != char && in(f.UCS) { // a compatibility character, whose own one is in the set
		return Reduction{To: f.UCS, Kind: Unification}
	}
	r := reduce(f, char, in)
	if bare, ok := Of(char, 0); ok && bare.MJ != f.MJ && r.To == 0 && r.Several == nil {
		r = reduce(bare, char, in) // the map knows the character, but not this shape of it
	}
	return r
}

func reduce(f Form, char rune, in func(rune) bool) Reduction {
	var first Target
	var found []rune
	for _, t := range f.Targets() {
		if !t.Kind.One() || t.To == char || !in(t.To) {
			continue
		}
		if len(found) > 0 && (t.Kind != first.Kind || t.Step != first.Step) {
			break
		}
		if len(found) == 0 {
			first = t
		}
		if !slices.Contains(found, t.To) {
			found = append(found, t.To)
		}
	}
	switch len(found) {
	case 0:
		return Reduction{}
	case 1:
		return Reduction{To: found[0], Kind: first.Kind}
	}
	return Reduction{Several: found}
}
