package message

import (
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"

	"github.com/akashi-id/akashi/message/messagepb"
)

// IssuingHalt is that issuing documents is stopped (発行の停止) from a moment on, or, told again with the moment of it, that this stop is lifted. Told twice, or in
// another order, it comes to the same.
type IssuingHalt struct {
	Halt     string // by which everybody names it
	Version  string // of the program that may not issue; "": every program
	From     time.Time
	Reason   string
	By       string    // the operators of the organisation that ordered it
	LiftedAt time.Time // zero: it lasts
	LiftedBy string
	Cause    string // what was found and done, of one that is lifted
}

// MaxHaltWords bounds in characters what is said of a halt.
const MaxHaltWords = 500

// Kind is issuing.halt.
func (IssuingHalt) Kind() Kind { return KindIssuingHalt }

// Keys is the halt.
func (n IssuingHalt) Keys() []string { return []string{"halt/" + n.Halt} }

func (n IssuingHalt) wire() proto.Message {
	w := &messagepb.IssuingHalt{Halt: n.Halt, Version: n.Version, From: n.From.UnixMicro(), Reason: n.Reason, By: n.By, LiftedBy: n.LiftedBy, Cause: n.Cause}
	if !n.LiftedAt.IsZero() {
		w.LiftedAt = n.LiftedAt.UnixMicro()
	}
	return w
}

func issuingHaltFromWire(w *messagepb.IssuingHalt) (IssuingHalt, error) {
	var c check
	n := IssuingHalt{Halt: w.Halt, Version: w.Version, From: time.UnixMicro(w.From).UTC(), Reason: w.Reason, By: w.By, LiftedBy: w.LiftedBy, Cause: w.Cause}
	words := func(s string) bool { return inLines(s) && utf8.RuneCountInString(s) <= MaxHaltWords }
	required(&c, "halt", n.Halt != "" && inLine(n.Halt, maxName))
	required(&c, "version", inLine(n.Version, maxName))
	required(&c, "from", w.From > 0)
	required(&c, "reason", n.Reason != "" && words(n.Reason))
	required(&c, "by", n.By != "" && inLine(n.By, maxPerson))
	required(&c, "lifted", w.LiftedAt >= 0 && (w.LiftedAt > 0) == (n.LiftedBy != "") && inLine(n.LiftedBy, maxPerson) && words(n.Cause))
	if w.LiftedAt > 0 {
		n.LiftedAt = time.UnixMicro(w.LiftedAt).UTC()
	}
	return n, c.err()
}

// IssuingProgram says which version of the program an issuing server runs. The newest word holds.
type IssuingProgram struct {
	Server  Org
	Program string
	At      time.Time
}

// Kind is issuing.program.
func (IssuingProgram) Kind() Kind { return KindIssuingProgram }

// Keys is the server.
func (n IssuingProgram) Keys() []string { return []string{"server/" + string(n.Server)} }

func (n IssuingProgram) wire() proto.Message {
	return &messagepb.IssuingProgram{Server: string(n.Server), Program: n.Program, At: n.At.UnixMicro()}
}

func issuingProgramFromWire(w *messagepb.IssuingProgram) (IssuingProgram, error) {
	var c check
	n := IssuingProgram{Server: Org(w.Server), Program: w.Program, At: time.UnixMicro(w.At).UTC()}
	required(&c, "server", inLine(w.Server, maxName) && n.Server.Role() == Issuing)
	required(&c, "program", n.Program != "" && inLine(n.Program, maxName))
	required(&c, "at", w.At > 0)
	return n, c.err()
}
