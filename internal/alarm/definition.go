package alarm

import (
	"time"

	"github.com/akashi-id/akashi/internal/plain"
)

// Code names an alarm for machines, for ever: "message-parked". Its runbook is docs/runbooks/CODE.md.
type Code string

// Severity is how soon somebody must look.
type Severity string

// The severities.
const (
	Critical Severity = "critical" // now, at night too: harm is being done, or nobody would learn of it
	Warning  Severity = "warning"  // within the working day: something waits for a person
	Notice   Severity = "notice"   // unusual, and within all limits
)

// Name is what people call the severity.
func (s Severity) Name() plain.Sentence {
	switch s {
	case Critical:
		return plain.Sentence{JA: "重大", EN: "critical"}
	case Warning:
		return plain.Sentence{JA: "警告", EN: "warning"}
	case Notice:
		return plain.Sentence{JA: "気づき", EN: "notice"}
	}
	return plain.Sentence{JA: string(s), EN: string(s)}
}

// Unit is what the value of a signal counts.
type Unit string

// The units.
const (
	Yes          Unit = "yes"          // 1: it is so
	Seconds      Unit = "seconds"      // an age or a delay
	Milliseconds Unit = "milliseconds" // a delay, where a second is much
	Messages     Unit = "messages"
	Items        Unit = "items"
	Cases        Unit = "cases"
)

// Name is what people call the unit.
func (u Unit) Name() plain.Sentence {
	switch u {
	case Seconds:
		return plain.Sentence{JA: "秒", EN: "s"}
	case Milliseconds:
		return plain.Sentence{JA: "ミリ秒", EN: "ms"}
	case Messages:
		return plain.Sentence{JA: "件", EN: "messages"}
	case Items:
		return plain.Sentence{JA: "件", EN: "items"}
	case Cases:
		return plain.Sentence{JA: "件", EN: "cases"}
	}
	return plain.Sentence{}
}

// Definition is one line of the table: when an alarm opens and closes, and what it means.
type Definition struct {
	Code     Code
	Severity Severity
	Name     plain.Sentence // what stands in a list; no full stop
	Means    plain.Sentence // what it says to somebody who has never seen it
	About    plain.Sentence // what Signal.About holds beside the peer; empty: nothing

	Unit  Unit
	Raise int64 // opens at this value and above …
	Lower int64 // … closes below this one; not above Raise, and at least 1, for a source that is silent says 0

	For   time.Duration // how long it must be so before it opens; what a signal says of its beginning counts
	Clear time.Duration // how long it must be over before it closes
}

// Runbook is the name of the file in docs/runbooks that says what to do.
func (d Definition) Runbook() string { return string(d.Code) + ".md" }

var definitions = func() map[Code]Definition {
	m := make(map[Code]Definition, len(Definitions))
	for _, d := range Definitions {
		m[d.Code] = d
	}
	return m
}()

// DefinitionOf finds a line of the table.
func DefinitionOf(c Code) (Definition, bool) {
	d, ok := definitions[c]
	return d, ok
}
