package moji

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"github.com/akashi-id/akashi/internal/plain"
)

// Find looks for forms by a character, whose family they are; by a code, of which likewise; or by a reading in kana. more is true
// when there are more than most. Bad input is a *plain.Problem; it quotes nothing, for people paste whole names.
func Find(q string, most int) (found []Form, more bool, err error) {
	q = strings.TrimSpace(q)
	if typed, code, ended := notation(q); ended && typed == q {
		q = code
	}
	runes := []rune(q)
	switch {
	case q == "":
		return nil, false, plain.Bad("q", "文字、読み、コードのどれかを入力してください。", "Type a character, a reading, or a code.")
	case isKana(runes):
		found = read(q)
	case len(runes) == 1 || len(runes) == 2 && IsSelector(runes[1]):
		var selector rune
		if len(runes) == 2 {
			selector = runes[1]
		}
		f, ok := Of(runes[0], selector)
		if !ok {
			f, ok = Of(runes[0], 0)
		}
		if found = Family(runes[0]); ok && f.UCS != runes[0] { // a compatibility character stands with its own
			found = Family(f.UCS)
		}
		found = first(found, f)
		if len(found) == 0 {
			return nil, false, plain.Bad("q", "この文字は文字情報基盤の一覧にありません。別の字か、読みで探してください。", "The list has no such character: try another, or a reading.")
		}
	case runes[0] < 0x80 || 0xFF01 <= runes[0] && runes[0] <= 0xFF5E:
		f, err := ByCode(q)
		if err != nil {
			problems, _ := plain.AsProblems(err)
			return nil, false, plain.Bad("q", problems[0].JA, problems[0].EN)
		}
		if found = []Form{f}; f.UCS != 0 {
			found = first(Family(f.UCS), f)
		}
	default:
		return nil, false, plain.Bad("q", "漢字は1文字だけ入力してください。氏名の全体は入力しません。", "Type one character only, never a whole name.")
	}
	if len(found) > most {
		return found[:most], true, nil
	}
	return found, false, nil
}

// first moves the form that was asked for to the front.
func first(all []Form, f Form) []Form {
	if i := slices.IndexFunc(all, func(g Form) bool { return g.MJ == f.MJ }); i > 0 {
		all = append([]Form{f}, slices.Delete(slices.Clone(all), i, i+1)...)
	}
	return all
}

// read finds forms by a reading: everyday characters first, then by strokes.
func read(reading string) (found []Form) {
	t := load()
	wanted := katakana(reading)
	for _, f := range t.forms {
		if s := t.more[f.readings.from:f.readings.to]; s == "" {
			continue
		} else {
			for one := range strings.SplitSeq(s, "・") {
				if katakana(one) == wanted {
					found = append(found, f)
					break
				}
			}
		}
	}
	slices.SortStableFunc(found, func(a, b Form) int {
		if a.Everyday != b.Everyday {
			if a.Everyday {
				return -1
			}
			return 1
		}
		return cmp.Compare(a.Strokes, b.Strokes)
	})
	return found
}

func isKana(runes []rune) bool {
	for _, r := range runes {
		if !unicode.In(r, unicode.Hiragana, unicode.Katakana) && r != 'ー' {
			return false
		}
	}
	return len(runes) > 0
}

// katakana writes hiragana as katakana. It is for finding a character, never for comparing names.
func katakana(s string) string {
	return strings.Map(func(r rune) rune {
		if 'ぁ' <= r && r <= 'ゖ' {
			return r + 'ァ' - 'ぁ'
		}
		return r
	}, s)
}
