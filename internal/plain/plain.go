// Package plain holds the sentences that people read when something is wrong: plain words (平易な文), in Japanese and
// in English, that say what is wrong, where it is, and what to do about it.
//
// It refuses nothing and knows no rule; it only makes sure that every refusal of the program has both languages and a
// place. It imports nothing of ours, so that every package may use it. A sentence is shown on screens and written to
// logs: it names the field, and quotes a value only where that value is no personal data.
package plain

import (
	"errors"
	"strconv"
	"strings"
)

// Lang is a language of the program, as in the lang attribute of HTML.
type Lang string

// The languages that every sentence has. Japanese is the first: it is the language of the law that is applied.
const (
	JA Lang = "ja"
	EN Lang = "en"
)

// Sentence is one statement in both languages. Each is a whole sentence with its full stop.
type Sentence struct{ JA, EN string }

// In returns the sentence in a language; any language but English gets the Japanese one, because a clerk must never be
// shown an empty line.
func (s Sentence) In(l Lang) string {
	if l == EN && s.EN != "" || s.JA == "" {
		return s.EN
	}
	return s.JA
}

// String gives both languages, for logs and for the standard error of commands.
func (s Sentence) String() string {
	switch {
	case s.JA == "":
		return s.EN
	case s.EN == "":
		return s.JA
	}
	return s.EN + " / " + s.JA
}

// Problem is a refusal of input: what is wrong and what to do (Sentence), and where. It is an error.
type Problem struct {
	Field string // the name of the field in the form, the column, or the message; "" when the whole is meant
	Line  int    // line of a file, from 1; 0 when the input has no lines
	Sentence
}

// Bad makes a Problem for one field.
func Bad(field, ja, en string) *Problem {
	return &Problem{Field: field, Sentence: Sentence{JA: ja, EN: en}}
}

// Error gives place and both sentences.
func (p *Problem) Error() string {
	var b strings.Builder
	if p.Line > 0 {
		b.WriteString("line " + strconv.Itoa(p.Line) + ": ")
	}
	if p.Field != "" {
		b.WriteString(p.Field + ": ")
	}
	b.WriteString(p.Sentence.String())
	return b.String()
}

// Problems are several refusals of one input, so that a person corrects all fields at once. It is an error.
type Problems []*Problem

// Error joins the problems, in their order.
func (ps Problems) Error() string {
	texts := make([]string, len(ps))
	for i, p := range ps {
		texts[i] = p.Error()
	}
	return strings.Join(texts, "; ")
}

// Unwrap lets errors.As find the first *Problem.
func (ps Problems) Unwrap() []error {
	errs := make([]error, len(ps))
	for i, p := range ps {
		errs[i] = p
	}
	return errs
}

// Err is nil when there is no problem: an empty Problems stored in an error would not compare equal to nil.
func (ps Problems) Err() error {
	if len(ps) == 0 {
		return nil
	}
	return ps
}

// AsProblems finds the refusals in an error. It returns false for every other error (a full disk, a lost connection):
// those are not for the person who filled in the form.
func AsProblems(err error) (Problems, bool) {
	var ps Problems
	if errors.As(err, &ps) {
		return ps, len(ps) > 0
	}
	var p *Problem
	if errors.As(err, &p) && p != nil {
		return Problems{p}, true
	}
	return nil, false
}
