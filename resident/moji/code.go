package moji

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/akashi-id/akashi/internal/plain"
)

// ByCode finds a form by what a code table calls it:
//
//	MJ022335        its name in the list
//	J+B9D5          住基ネット統一文字コード
//	KS000010        戸籍統一文字番号
//	U+845B          a character alone
//	U+845B_E0103    a character with its selector
//
// Full-width letters and digits are the same. Bad input is a *plain.Problem.
func ByCode(code string) (Form, error) {
	code = strings.ToUpper(strings.TrimSpace(halfWidth(code)))
	t := load()
	one := func(at []int32) (Form, error) {
		if len(at) == 0 {
			return Form{}, unknown(code)
		}
		return t.forms[at[0]], nil
	}
	if n, ok := numbered(code, "MJ", 10, 6, 6); ok {
		f, found := ByNumber(uint32(n))
		if !found {
			return Form{}, unknown(code)
		}
		return f, nil
	}
	if n, ok := numbered(code, "J+", 16, 4, 4); ok {
		return one(t.with(t.juki, func(f Form) uint32 { return uint32(f.Juki) }, uint32(n)))
	}
	if n, ok := numbered(code, "KS", 10, 6, 6); ok {
		return one(t.with(t.koseki, func(f Form) uint32 { return f.Koseki }, uint32(n)))
	}
	if n, ok := numbered(code, "U+", 16, 4, 5); ok {
		return one(t.withBare(rune(n)))
	}
	if char, selector, ok := strings.Cut(code, "_"); ok {
		n, isChar := numbered(char, "U+", 16, 4, 5)
		s, isSelector := numbered(selector, "", 16, 4, 5)
		if isChar && isSelector {
			if f, ok := Of(rune(n), rune(s)); ok && s != 0 {
				return f, nil
			}
			return Form{}, plain.Bad("", code+"という字形は文字情報基盤（Moji_Johoコレクション）にありません。別のコレクション（Adobe-Japan1など）の番号かもしれません。「文字を探す」で字形を選んでください。",
				"The collection Moji_Joho has no shape "+code+"; the number may be of another collection (Adobe-Japan1). Choose the shape on the page that finds characters.")
		}
	}
	return Form{}, plain.Bad("", "文字のコードではありません。MJ022335、J+B9D5、KS000010、U+845B、U+845B_E0103 のように入力してください。",
		"This is no code of a character. Type it like MJ022335, J+B9D5, KS000010, U+845B or U+845B_E0103.")
}

// ByNumber finds a form by the number in its name.
func ByNumber(mj uint32) (Form, bool) {
	forms := load().forms
	at, found := slices.BinarySearchFunc(forms, mj, func(f Form, n uint32) int { return cmp.Compare(f.MJ, n) })
	if !found {
		return Form{}, false
	}
	return forms[at], true
}

// numbered reads a prefix and the digits behind it.
func numbered(code, prefix string, base, least, most int) (n uint64, ok bool) {
	s, ok := strings.CutPrefix(code, prefix)
	if !ok || len(s) < least || len(s) > most || strings.Trim(s, "0123456789ABCDEF") != "" {
		return 0, false
	}
	n, err := strconv.ParseUint(s, base, 32)
	return n, err == nil
}

func unknown(code string) *plain.Problem {
	return plain.Bad("", code+"という文字は文字情報基盤の一覧にありません。番号を確かめるか、「文字を探す」で選んでください。",
		"The list of characters has no "+code+". Check the number, or choose on the page that finds characters.")
}

// The codes of a form, empty where it has none.

// JukiCode is the form's code in the resident registry network.
func (f Form) JukiCode() string {
	if f.Juki == 0 {
		return ""
	}
	return fmt.Sprintf("J+%04X", f.Juki)
}

// KosekiNumber is the form's number in family registers.
func (f Form) KosekiNumber() string {
	if f.Koseki == 0 {
		return ""
	}
	return fmt.Sprintf("KS%06d", f.Koseki)
}

// Sequence is what Text writes, in numbers.
func (f Form) Sequence() string {
	runes := []rune(f.Text())
	switch len(runes) {
	case 0:
		return ""
	case 1:
		return fmt.Sprintf("U+%04X", runes[0])
	}
	return fmt.Sprintf("U+%04X_%04X", runes[0], runes[1])
}

// Notation is how the form is typed where its character cannot be: &MJ022335;.
func (f Form) Notation() string { return "&" + f.Name() + ";" }

// halfWidth turns full-width letters, digits and signs into ASCII, as an input method may leave them.
func halfWidth(s string) string {
	return strings.Map(func(r rune) rune {
		if 0xFF01 <= r && r <= 0xFF5E {
			return r - 0xFF01 + '!'
		}
		return r
	}, s)
}
