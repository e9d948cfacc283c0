package moji

import (
	"fmt"
	"iter"
	"slices"
	"strings"
)

// Valid tells whether it is a form at all.
func (f Form) Valid() bool { return f.MJ != 0 }

// Name is the form's name in the list: MJ022335.
func (f Form) Name() string { return fmt.Sprintf("MJ%06d", f.MJ) }

// Text writes the form: with the selector that names it when there is one, so that no other program's font decides about the
// shape, else as the character alone. It is empty for the few forms that have no character.
func (f Form) Text() string {
	switch {
	case f.UCS != 0 && f.Selector != 0:
		return string([]rune{f.UCS, f.Selector})
	case f.Bare != 0:
		return string(f.Bare)
	case f.UCS != 0 && f.Standard != 0:
		return string([]rune{f.UCS, f.Standard})
	}
	return ""
}

// Readings are how the form is read, in katakana and hiragana as the list has them.
func (f Form) Readings() []string {
	s := load().more[f.readings.from:f.readings.to]
	if s == "" {
		return nil
	}
	return strings.Split(s, "・")
}

// Of finds the form that a character has with a selector, or alone (selector 0).
func Of(char, selector rune) (Form, bool) {
	t := load()
	if selector == 0 {
		if at := t.withBare(char); len(at) > 0 {
			return t.forms[at[0]], true
		}
		return Form{}, false
	}
	for _, i := range t.withUCS(char) {
		if f := t.forms[i]; f.Selector == selector || f.Standard == selector {
			return f, true
		}
	}
	return Form{}, false
}

// IsBare tells whether a selector names the form that the character has alone, so that nothing is lost without it.
func IsBare(char, selector rune) bool {
	f, ok := Of(char, selector)
	return ok && f.Bare == char
}

// Forms are the shapes of a character, in the order of the list.
func Forms(char rune) []Form {
	t := load()
	var fs []Form
	for _, i := range t.withUCS(char) {
		fs = append(fs, t.forms[i])
	}
	return fs
}

// Written is one character of a text as a reader counts them: with its selector, if it has one.
type Written struct {
	Char, Selector rune
	Form           Form // not valid: not in the list, as kana and signs are
}

// Text is the character as it stands in the text.
func (w Written) Text() string {
	if w.Selector == 0 {
		return string(w.Char)
	}
	return string([]rune{w.Char, w.Selector})
}

// Unusual tells whether somebody who compares two papers should look at the shape: a selector names it, or it is outside the
// everyday characters.
func (w Written) Unusual() bool { return w.Form.Valid() && (w.Selector != 0 || !w.Form.Everyday) }

// Read goes through the characters of a text. A selector that follows no character is one by itself.
func Read(text string) iter.Seq[Written] {
	return func(yield func(Written) bool) {
		runes := []rune(text)
		for i := 0; i < len(runes); i++ {
			w := Written{Char: runes[i]}
			if i+1 < len(runes) && IsSelector(runes[i+1]) && !IsSelector(runes[i]) {
				i++
				w.Selector = runes[i]
			}
			w.Form, _ = Of(w.Char, w.Selector)
			if !yield(w) {
				return
			}
		}
	}
}

// IsSelector tells whether a code point is a variation selector, standardised or ideographic.
func IsSelector(r rune) bool { return 0xFE00 <= r && r <= 0xFE0F || 0xE0100 <= r && r <= 0xE01EF }

// Family are the forms of a character, then those of the characters that are one with it after replacement by a list that
// says so: each replaces the other, or one replaces both.
func Family(char rune) []Form {
	t := load()
	var others []rune
	add := func(r rune) {
		if r != char && !slices.Contains(others, r) {
			others = append(others, r)
		}
	}
	for _, i := range t.withUCS(char) {
		for _, to := range t.targets(t.forms[i]) {
			if to.Kind.One() {
				add(to.To)
			}
		}
	}
	near := slices.Clone(others)
	for _, r := range append(near, char) {
		from, _ := slices.BinarySearchFunc(t.replaced, r, func(e reverse, r rune) int { return int(e.to) - int(r) })
		for ; from < len(t.replaced) && t.replaced[from].to == r; from++ {
			add(t.replaced[from].from)
		}
	}
	slices.Sort(others[len(near):])
	fs := Forms(char)
	for _, r := range others {
		fs = append(fs, Forms(r)...)
	}
	return fs
}
