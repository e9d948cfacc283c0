// Package runbooks holds what an alarm asks of the operator (手順書), so that it is one click away in the running program
// and not in a document that nobody finds at night.
//
// The files are written to be read as they are. One that belongs to an alarm is named by its code and has one form, which
// Of reads: for each language what it means, what to look at, what to do.
package runbooks

import (
	"embed"
	"fmt"
	"regexp"
	"strings"
)

//go:embed *.md
var files embed.FS

// Runbook is what an alarm asks of the operator.
type Runbook struct {
	Title  string // in both languages
	JA, EN Part
}

// Part is a runbook in one language.
type Part struct {
	Means Line
	Look  []Line // what to look at, in this order
	Do    []Line // what to do, in this order
}

// Line is a sentence or some.
type Line []Span

// Span is a piece of a line. Href is the name of another file here, empty for plain text.
type Span struct {
	Text string
	Code bool // a command, a path, a name: as it is typed
	Href string
}

// String gives the line without its marks.
func (l Line) String() string {
	var b strings.Builder
	for _, s := range l {
		b.WriteString(s.Text)
	}
	return b.String()
}

// Text gives a whole file, as it is written: "parked-message.md".
func Text(file string) (string, bool) {
	b, err := files.ReadFile(file)
	return string(b), err == nil
}

var (
	mark   = regexp.MustCompile("`([^`]+)`|\\[([^\\]]+)\\]\\(([^)]+)\\)|\\*([^*]+)\\*")
	number = regexp.MustCompile(`^[1-9]\. `)
)

// Of reads the runbook of an alarm.
func Of(code string) (Runbook, error) {
	text, ok := Text(code + ".md")
	if !ok {
		return Runbook{}, fmt.Errorf("there is no runbook for the alarm %q", code)
	}
	title, rest, _ := strings.Cut(text, "\n")
	japanese, english, ok := strings.Cut(rest, "\n## English\n")
	if _, japanese, ok2 := strings.Cut(japanese, "\n## 日本語\n"); ok && ok2 {
		r := Runbook{Title: strings.TrimPrefix(title, "# ")}
		var err error
		if r.JA, err = part(japanese, "**意味。** ", "**見るところ。**", "**すること。**"); err == nil {
			r.EN, err = part(english, "**What it means.** ", "**What to look at.**", "**What to do.**")
		}
		if err != nil {
			return Runbook{}, fmt.Errorf("docs/runbooks/%s.md: %w", code, err)
		}
		return r, nil
	}
	return Runbook{}, fmt.Errorf("docs/runbooks/%s.md has no two languages", code)
}

func part(text, means, look, do string) (p Part, err error) {
	var to *[]Line
	for _, line := range strings.Split(text, "\n") {
		switch {
		case line == "":
		case strings.HasPrefix(line, means):
			p.Means = spans(strings.TrimPrefix(line, means))
		case line == look:
			to = &p.Look
		case line == do:
			to = &p.Do
		case to != nil && number.MatchString(line):
			*to = append(*to, spans(line[3:]))
		default:
			return p, fmt.Errorf("the line %q has no place", line)
		}
	}
	if len(p.Means) == 0 || len(p.Look) == 0 || len(p.Do) == 0 {
		return p, fmt.Errorf("one of %q, %q, %q is missing", means, look, do)
	}
	return p, nil
}

func spans(text string) (l Line) {
	for text != "" {
		m := mark.FindStringSubmatchIndex(text)
		if m == nil {
			return append(l, Span{Text: text})
		}
		if m[0] > 0 {
			l = append(l, Span{Text: text[:m[0]]})
		}
		switch {
		case m[2] >= 0:
			l = append(l, Span{Text: text[m[2]:m[3]], Code: true})
		case m[4] >= 0:
			l = append(l, Span{Text: text[m[4]:m[5]], Href: text[m[6]:m[7]]})
		default: // the name of a page or field
			l = append(l, Span{Text: text[m[8]:m[9]]})
		}
		text = text[m[1]:]
	}
	return l
}
