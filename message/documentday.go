package message

import (
	"errors"
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"

	"github.com/akashi-id/akashi/message/messagepb"
	"github.com/akashi-id/akashi/resident"
)

// MaxDayLines bounds the applications of one day of a counter, and so what fits into an envelope.
const MaxDayLines = 8000

// How a document stands that has not ended; otherwise its outcome is an Ending.
const (
	DayWaiting Ending = "waiting" // the server was asked, and has not answered
	DayRefused Ending = "refused" // there is none
	DayHeld    Ending = "held"    // it lies at the counter
)

var dayOutcomes = []Ending{DayWaiting, DayRefused, DayHeld, Delivered, Stopped, Voided, Recalled, Recovered}

// IssuingDay is the close (日締め) of a day by a counter: each application of the day, and what became of it. The server answers it with an IssuingDayAnswer.
type IssuingDay struct {
	Day     resident.Date
	Version int    // from 1: a day is closed anew when something of it has changed
	By      string // the operator; empty: the counter closed it by itself
	Lines   []IssuingDayLine
}

// IssuingDayLine is one application.
type IssuingDayLine struct {
	Request string
	Outcome Ending
	File    Hash // of the signed file that came; zero: none did
}

// Kind is issuing.day.
func (IssuingDay) Kind() Kind { return KindIssuingDay }

// Keys is the day.
func (n IssuingDay) Keys() []string { return []string{"issuing-day/" + n.Day.String()} }

func (n IssuingDay) wire() proto.Message {
	w := &messagepb.IssuingDay{Day: n.Day.String(), Version: uint32(n.Version), By: n.By}
	for _, l := range n.Lines {
		one := &messagepb.IssuingDayLine{Request: l.Request, Outcome: string(l.Outcome)}
		if l.File != (Hash{}) {
			one.File = l.File[:]
		}
		w.Lines = append(w.Lines, one)
	}
	return w
}

func issuingDayFromWire(w *messagepb.IssuingDay) (IssuingDay, error) {
	var c check
	n := IssuingDay{Day: field(&c, "day", w.Day, resident.ParseDate), Version: int(w.Version), By: w.By}
	required(&c, "version", w.Version > 0 && w.Version <= maxDayVersion)
	required(&c, "by", inLine(n.By, maxName))
	if len(w.Lines) > MaxDayLines {
		c.note("lines", fmt.Errorf("%d, more than %d", len(w.Lines), MaxDayLines))
		return n, c.err()
	}
	seen := map[string]bool{}
	for _, l := range w.Lines {
		one := IssuingDayLine{Request: l.Request, Outcome: Ending(l.Outcome)}
		if len(l.File) > 0 {
			one.File = Hash(hash(&c, "file", l.File))
		}
		required(&c, "request", one.Request != "" && inLine(one.Request, maxName) && !seen[one.Request])
		required(&c, "outcome", slices.Contains(dayOutcomes, one.Outcome))
		seen[one.Request] = true
		n.Lines = append(n.Lines, one)
	}
	return n, c.err()
}

// maxDayVersion bounds how often a day is closed.
const maxDayVersion = 1_000_000

// DayDifference is what is not the same on both sides of a day.
type DayDifference string

// The differences.
const (
	DayNotAsked     DayDifference = "not-asked"             // the counter says that it asked, and the server was not
	DayNotAtCounter DayDifference = "counter-knows-nothing" // the server was asked, and not by the counter
	DayFile         DayDifference = "file"                  // the counter has another file than the one that was signed
	DayOutcome      DayDifference = "outcome"               // the two do not say the same of what became of it
)

// IssuingDayAnswer says where the server's records of a day are others than the counter's.
type IssuingDayAnswer struct {
	Day         resident.Date
	Version     int
	Differences []IssuingDayDifference
}

// IssuingDayDifference is one request of which the two do not say the same.
type IssuingDayDifference struct {
	Request string        `json:"request"`
	Code    DayDifference `json:"code"`
	Server  Ending        `json:"server,omitempty"` // the outcome by the server; empty: it knows nothing
}

// Kind is issuing.day.answer.
func (IssuingDayAnswer) Kind() Kind { return KindIssuingDayAnswer }

// Keys is the day.
func (n IssuingDayAnswer) Keys() []string { return []string{"issuing-day/" + n.Day.String()} }

func (n IssuingDayAnswer) wire() proto.Message {
	w := &messagepb.IssuingDayAnswer{Day: n.Day.String(), Version: uint32(n.Version)}
	for _, d := range n.Differences {
		w.Differences = append(w.Differences, &messagepb.IssuingDayDifference{Request: d.Request, Code: string(d.Code), Server: string(d.Server)})
	}
	return w
}

func issuingDayAnswerFromWire(w *messagepb.IssuingDayAnswer) (IssuingDayAnswer, error) {
	var c check
	n := IssuingDayAnswer{Day: field(&c, "day", w.Day, resident.ParseDate), Version: int(w.Version)}
	required(&c, "version", w.Version > 0 && w.Version <= maxDayVersion)
	if len(w.Differences) > 2*MaxDayLines {
		c.note("differences", errors.New("more than a day can have"))
		return n, c.err()
	}
	for _, d := range w.Differences {
		one := IssuingDayDifference{d.Request, DayDifference(d.Code), Ending(d.Server)}
		required(&c, "request", one.Request != "" && inLine(one.Request, maxName))
		required(&c, "code", slices.Contains([]DayDifference{DayNotAsked, DayNotAtCounter, DayFile, DayOutcome}, one.Code))
		required(&c, "server", (one.Server == "") == (one.Code == DayNotAsked) && (one.Server == "" || slices.Contains(dayOutcomes, one.Server)))
		n.Differences = append(n.Differences, one)
	}
	return n, c.err()
}
