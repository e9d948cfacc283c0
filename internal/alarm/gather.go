package alarm

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/akashi-id/akashi/internal/leave"
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

// watched is a source, and whether a call of it did not come back.
type watched struct {
	Source
	left leave.Place
	last reading // the last that had no error
}

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
	ctx, cancel := context.WithTimeout(parent, a.cfg.Deadline)
	defer cancel()
	r, err := leave.Call(ctx, &s.left, func() (reading, error) { return look(ctx, s.Source, now) }, nil)
	var panicked *leave.Panic
	switch {
	case errors.Is(err, leave.ErrFull):
		err = errHangs
	case errors.Is(err, leave.ErrLate):
		err = fmt.Errorf("it did not answer within %v", a.cfg.Deadline)
	case errors.As(err, &panicked): // all of it is for the journal (failures)
		err = fmt.Errorf("%w\n%s", err, panicked.Stack)
	}
	r.source, r.err = s.Name(), err
	return r
}

// look calls a source. What the program must not say is its error.
func look(ctx context.Context, s Source, now time.Time) (r reading, err error) {
	if r.signals, err = s.Signals(ctx, now); err != nil {
		return r, err
	}
	for i := range r.signals {
		if err := fit(&r.signals[i]); err != nil {
			return reading{}, err
		}
	}
	if m, ok := s.(Meter); ok {
		r.figures = m.Figures()
	}
	return r, nil
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
