package moji

import (
	"strings"

	"github.com/akashi-id/akashi/internal/plain"
)

// Replaced is a code that stood in a text, and the form that it stands for.
type Replaced struct {
	Code string // as it was typed: &MJ022335;
	Text string // what stands there now
	Form Form
}

// longestCode is that of U+20BB7_E0100, with room for a slip of the finger.
const longestCode = 16

// Expand puts characters in the place of their codes. A code stands between & and ;, which no name and no address has around
// letters and digits without a blank: 葛 may be typed &MJ022335; or &J+B9D5;. A code that there is not, and one without its ;,
// are refused, so that no code is ever taken for a name.
func Expand(text string) (out string, replaced []Replaced, wrong *plain.Sentence) {
	if !strings.ContainsAny(text, "&＆") {
		return text, nil, nil
	}
	var b strings.Builder
	for text != "" {
		typed, code, ended := notation(text)
		switch {
		case typed == "": // no code begins here
			r := []rune(text[:min(len(text), 4)])[0]
			n := len(string(r))
			b.WriteString(text[:n])
			text = text[n:]
			continue
		case !ended:
			return "", nil, &plain.Sentence{
				JA: "「" + typed + "」の後ろに ; がありません。文字のコードなら「" + typed + ";」と入力してください。",
				EN: "There is no ; after " + typed + ". If it is the code of a character, type " + typed + ";."}
		}
		f, err := ByCode(code)
		if err != nil {
			problems, _ := plain.AsProblems(err) // it refuses with nothing else
			return "", nil, &plain.Sentence{JA: "「" + typed + "」: " + problems[0].JA, EN: typed + ": " + problems[0].EN}
		}
		if f.Text() == "" {
			return "", nil, &plain.Sentence{
				JA: typed + "には、まだUnicodeの符号がありません。この字形では記録できないので、文字の同定を依頼してください。",
				EN: "There is no Unicode character for " + typed + " yet, so that it cannot be recorded. Have it identified."}
		}
		b.WriteString(written(code, f))
		replaced = append(replaced, Replaced{typed, written(code, f), f})
		text = text[len(typed):]
	}
	return b.String(), replaced, nil
}

// written is the text of a form that was asked for by a code: as Text writes it, but alone when the code is of the character alone.
func written(code string, f Form) string {
	if !strings.Contains(code, "_") && (code[0] == 'U' || code[0] == 'u') {
		return string(f.Bare)
	}
	return f.Text()
}

// HasNotation tells whether codes stand in a text where characters should.
func HasNotation(text string) bool {
	for i, r := range text {
		if r == '&' || r == '＆' {
			if typed, _, _ := notation(text[i:]); typed != "" {
				return true
			}
		}
	}
	return false
}

// notation reads the code with which a text begins: as it was typed, and without the signs around it. typed is empty when none
// begins there; ended is false when it looks like one and has no ; behind it.
func notation(text string) (typed, code string, ended bool) {
	var b strings.Builder
	n := 0
	for i, r := range text {
		ascii := []rune(halfWidth(string(r)))[0]
		switch {
		case i == 0 && ascii != '&':
			return "", "", false
		case i == 0:
			continue
		case ascii == ';' && n > 0:
			return text[:i+len(string(r))], b.String(), true
		case n < longestCode && (ascii == '+' || ascii == '_' || '0' <= ascii && ascii <= '9' || 'A' <= ascii && ascii <= 'Z' || 'a' <= ascii && ascii <= 'z'):
			n++
			b.WriteRune(ascii)
			continue
		}
		return open(text[:i], b.String())
	}
	return open(text, b.String())
}

// open is a notation that did not end: a code when it begins like one.
func open(typed, code string) (string, string, bool) {
	upper := strings.ToUpper(code)
	for _, prefix := range []string{"MJ", "J+", "KS", "U+"} {
		if rest, ok := strings.CutPrefix(upper, prefix); ok && rest != "" && strings.Trim(rest, "0123456789ABCDEF_") == "" {
			return typed, code, false
		}
	}
	return "", "", false
}
