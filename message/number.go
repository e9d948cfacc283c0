package message

import (
	"log/slog"

	"google.golang.org/protobuf/proto"

	"github.com/akashi-id/akashi/message/messagepb"
	"github.com/akashi-id/akashi/resident"
)

// NumberRequest asks the national center for the individual number (個人番号) of somebody whom a municipality has entered: the
// center derives it from the record code (番号法7条, 8条). Asked again, it answers with the same number.
type NumberRequest struct {
	Request string
	Code    resident.RecordCode
}

// Kind is number.request.
func (NumberRequest) Kind() Kind { return KindNumberRequest }

// Keys is the resident's code.
func (n NumberRequest) Keys() []string { return []string{n.Code.Reveal()} }

// LogValue names nobody.
func (n NumberRequest) LogValue() slog.Value { return slog.StringValue(n.Request) }

func (n NumberRequest) wire() proto.Message {
	return &messagepb.NumberRequest{Request: n.Request, Code: n.Code.Reveal()}
}

func numberRequestFromWire(w *messagepb.NumberRequest) (NumberRequest, error) {
	var c check
	n := NumberRequest{w.Request, field(&c, "code", w.Code, resident.ParseRecordCode)}
	required(&c, "request", isWord(w.Request))
	return n, c.err()
}

// NumberAssignment tells the individual number of whoever has a record code: one number for a person, for life.
type NumberAssignment struct {
	Request string
	Code    resident.RecordCode
	Number  resident.IndividualNumber
}

// Kind is number.assignment.
func (NumberAssignment) Kind() Kind { return KindNumberAssignment }

// Keys is the resident's code.
func (n NumberAssignment) Keys() []string { return []string{n.Code.Reveal()} }

// LogValue names nobody.
func (n NumberAssignment) LogValue() slog.Value { return slog.StringValue(n.Request) }

func (n NumberAssignment) wire() proto.Message {
	return &messagepb.NumberAssignment{Request: n.Request, Code: n.Code.Reveal(), Number: n.Number.Reveal()}
}

func numberAssignmentFromWire(w *messagepb.NumberAssignment) (NumberAssignment, error) {
	var c check
	n := NumberAssignment{w.Request, field(&c, "code", w.Code, resident.ParseRecordCode), field(&c, "number", w.Number, resident.ParseIndividualNumber)}
	required(&c, "request", isWord(w.Request))
	return n, c.err()
}
