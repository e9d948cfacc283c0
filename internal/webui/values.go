package webui

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/resident/moji"
)

// A cell of a Table, and a value of a Term, is one of: string, plain.Sentence, Name, Spelled, Code, Badge, Link, Day, time.Time,
// time.Duration, a whole number, Count, a fmt.Stringer, or nil for "there is none".

// Name is a name as it is written in the register. It is Japanese whatever the language of the page.
type Name string

// Spelled is a Name with the shapes in it that a reader might take for others, and what the list of characters calls them.
type Spelled struct {
	Text   string
	Shapes []Shape
}

// Shape is a character and its name in the list: MJ022335.
type Shape struct{ Text, Name string }

// Spell is a name or an address as a value: a Spelled when a shape in it is worth a look, else a Name. nil is nothing.
func Spell(text string) any {
	if text == "" {
		return nil
	}
	s := Spelled{Text: text}
	for w := range moji.Read(text) {
		if one := (Shape{w.Text(), w.Form.Name()}); w.Unusual() && !slices.Contains(s.Shapes, one) {
			s.Shapes = append(s.Shapes, one)
		}
	}
	if s.Shapes == nil {
		return Name(text)
	}
	return s
}

// Code is an identifier that people compare by eye: a number, a serial, a hash.
type Code string

// Count is a number with what it counts: 3件, 3 messages.
type Count struct {
	N  int64
	Of plain.Sentence // in English the plural
}

// In writes it out.
func (c Count) In(lang plain.Lang) string {
	n, _ := thousands(c.N) // a whole number
	if lang == plain.JA {
		return n + c.Of.JA
	}
	if c.N == 1 {
		return n + " " + strings.TrimSuffix(c.Of.EN, "s")
	}
	return n + " " + c.Of.EN
}

// Day is a date without a time of day, in Japan.
type Day time.Time

// Link leads somewhere. Href is an address (UI.URL).
type Link struct {
	Href string
	Text any // string, plain.Sentence, Name or Code
}

// BadgeKind is what a status means for the reader. Each has a shape as well as a colour.
type BadgeKind string

// The kinds of status.
const (
	OK   BadgeKind = "ok"   // done, valid: a disc with a tick
	Wait BadgeKind = "wait" // under way, held: an hourglass
	Warn BadgeKind = "warn" // parked, late: a triangle
	Bad  BadgeKind = "bad"  // refused, revoked: an octagon with a cross
	Info BadgeKind = "info" // neither good nor bad: a square
	Off  BadgeKind = "off"  // ended, not in use: a dash
)

// Badge is a status: its kind and its words.
type Badge struct {
	Kind BadgeKind
	Text plain.Sentence
}

// Term is one line of a definition list.
type Term struct {
	Label plain.Sentence
	Value any
}

// Notice is a banner: its kind, a headline, and what to do.
type Notice struct {
	Kind  BadgeKind
	Title plain.Sentence
	Text  plain.Sentence
	Link  *Link
}

// Step is one of a list that shows how far somebody has come.
type Step struct {
	Name  plain.Sentence
	State StepState
}

// StepState is where a step stands.
type StepState string

// The states of a step.
const (
	Done StepState = "done"
	Now  StepState = "now"
	Todo StepState = "todo"
)

// Empty says that there is nothing to show, and what to do about it.
type Empty struct {
	Text plain.Sentence
	Link *Link
}

// Enter is a button that takes a persona along to another organisation: a form that is posted to its /session.
type Enter struct {
	Base    string // "/municipality-202029"
	Next    string // where to go on, below that base: "/register"; "" for its front page
	Persona string // the persona's ID
	Text    plain.Sentence
}

// Confirm shows what is about to be done, before it is done. The values travel in the form.
type Confirm struct {
	Action  string // address that the form is posted to
	Items   []Term
	Values  map[string]string // hidden fields, all values of the form that is confirmed
	Yes, No plain.Sentence    // the buttons' words: what is done, and how to go back
	Back    string            // address that the entries are posted to when they are to be changed: the form's own
	Danger  bool              // what cannot be undone
}

// kindOf names how a value is shown.
func kindOf(v any) (string, error) {
	switch v := v.(type) {
	case nil:
		return "none", nil
	case string:
		if v == "" {
			return "none", nil
		}
		return "text", nil
	case plain.Sentence:
		return "sentence", nil
	case Name:
		return "name", nil
	case Spelled:
		return "spelled", nil
	case Code:
		return "code", nil
	case Badge:
		return "badge", nil
	case Link, *Link:
		return "link", nil
	case Day:
		return "day", nil
	case time.Time:
		return "instant", nil
	case time.Duration:
		return "duration", nil
	case int, int32, int64, uint, uint32, uint64:
		return "number", nil
	case Count:
		return "count", nil
	case fmt.Stringer:
		return "stringer", nil
	}
	return "", fmt.Errorf("a value of type %T has no way to be shown", v)
}

// slug is an id made of a caption, unique enough within a page.
func slug(s plain.Sentence) string {
	return strings.Trim(strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '-'
	}, s.EN), "-")
}
