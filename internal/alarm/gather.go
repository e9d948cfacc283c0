package alarm

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/akashi-id/akashi/message"
)

const (
	maxAbout  = 100 // bytes of Signal.About
	maxDetail = 500 // characters of each language of Signal.Detail
	maxHref   = 200
)

// reading is what a source said, or why it said nothing.
type reading struct {
	source  string
	signals []Signal
	figures []Figure
	err     error
}

// watched is a source, and the call of it that did not come back.
type watched struct {
	Source
	left chan struct{} // closed when a call that was left behind returns; nil: none was
	last reading       // the last that had no error
}

// errPanic begins what a panic comes to. What follows may be anything that the program held at that moment, a person's
// record too: it is for the journal, and goes to no screen and no receiver.
var errPanic = errors.New("panic")

var errHangs = errors.New("an earlier look has not come back")

// gather asks all sources, one after the other, in the order in which they were added. An error of one is its reading.
func (a *Alarms) gather(ctx context.Context, now time.Time) []reading {
	readings := make([]reading, 0, len(a.sources))
	for _, s := range a.sources {
		r := a.ask(ctx, s, now)
		if r.err == nil {
			s.last = r
		}
		readings = append(readings, r)
	}
	return readings
}

// ask calls a source and does not wait for it beyond the deadline. While a call that was left behind has not returned,
// the source is not called again, so that a part that hangs costs one deadline and one goroutine, once.
func (a *Alarms) ask(parent context.Context, s *watched, now time.Time) reading {
	r := reading{source: s.Name()}
	if s.left != nil {
		select {
		case <-s.left:
			s.left = nil
		default:
			r.err = errHangs
			return r
		}
	}
	ctx, cancel := context.WithTimeout(parent, a.cfg.Deadline)
	defer cancel()
	answered := make(chan reading, 1) // not read when it comes too late
	left := make(chan struct{})
	go func() {
		defer close(left)
		answered <- look(ctx, s.Source, now)
	}()
	select {
	case r = <-answered:
	case <-ctx.Done():
		s.left = left
		r.err = fmt.Errorf("it did not answer within %v", a.cfg.Deadline)
	}
	return r
}

// look calls a source and turns its panic, and what the program must not say, into its error.
func look(ctx context.Context, s Source, now time.Time) (r reading) {
	r.source = s.Name()
	defer func() {
		if p := recover(); p != nil {
			r = reading{source: r.source, err: fmt.Errorf("%w: %v\n%s", errPanic, p, debug.Stack())}
		}
	}()
	if r.signals, r.err = s.Signals(ctx, now); r.err != nil {
		return r
	}
	for i := range r.signals {
		if err := fit(&r.signals[i]); err != nil {
			return reading{source: r.source, err: err}
		}
	}
	if m, ok := s.(Meter); ok {
		r.figures = m.Figures()
	}
	return r
}

// fit makes a signal storable. What cannot be an alarm is a mistake of the source.
func fit(s *Signal) error {
	if _, ok := DefinitionOf(s.Code); !ok {
		return fmt.Errorf("the source speaks of %q, of which the table of alarms knows nothing", s.Code)
	}
	s.Peer = message.Org(cut(string(s.Peer), maxAbout))
	s.About, s.Href = cut(s.About, maxAbout), cut(s.Href, maxHref)
	s.Detail.JA, s.Detail.EN = shorten(s.Detail.JA), shorten(s.Detail.EN)
	return nil
}

// shorten makes any text fit for a row, so that the words of a failure cannot keep it from being written down.
func shorten(text string) string {
	clean := make([]rune, 0, min(len(text), maxDetail))
	for _, r := range strings.ReplaceAll(text, "\x00", "") { // broken UTF-8 comes as U+FFFD
		clean = append(clean, harmless(r))
		if len(clean) == maxDetail {
			break
		}
	}
	return string(clean)
}

// harmless is the character, or a space for one that is an order to whatever shows it: a line break, what a terminal obeys,
// what turns the direction of writing. A peer chooses the words in which it refuses us, and they stand in our alarm.
func harmless(r rune) rune {
	if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029' {
		return ' '
	}
	return r
}

// cut shortens a name by bytes, at the border of a character.
func cut(name string, most int) string {
	name = strings.Map(harmless, strings.ReplaceAll(strings.ToValidUTF8(name, "\uFFFD"), "\x00", ""))
	for len(name) > most {
		_, n := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-n]
	}
	return name
}
