package message

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/akashi-id/akashi/message/messagepb"
	"github.com/akashi-id/akashi/resident"
)

// ErrorReport tells whoever keeps a record that an error was found in what it told (記録の誤りの通知, 住民基本台帳法30条の11⑤, 12条の5).
type ErrorReport struct {
	Report     string // named by the organisation that found it, and the same on the whole way
	Code       resident.RecordCode
	Version    resident.Version    // of the record in which it was found
	Attributes resident.Attributes // what is doubted; none: that the record is there at all
	Text       string              // what was found and how; may name the person
	By         string              // the person who found it
	FoundAt    time.Time
}

// Kind is resident.error.report.
func (ErrorReport) Kind() Kind { return KindErrorReport }

// Keys is the resident's code.
func (n ErrorReport) Keys() []string { return []string{n.Code.Reveal()} }

// LogValue leaves out whom it is about and what people wrote.
func (n ErrorReport) LogValue() slog.Value { return slog.GroupValue(slog.String("report", n.Report)) }

// Format leaves out whom it is about and what people wrote.
func (n ErrorReport) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "error report %s", n.Report) }

func (n ErrorReport) wire() proto.Message {
	return &messagepb.ErrorReport{Report: n.Report, Code: n.Code.Reveal(), Version: uint64(n.Version), Attributes: uint32(n.Attributes),
		Text: n.Text, By: n.By, FoundAt: n.FoundAt.Unix()}
}

const allAttributes = resident.AttrName | resident.AttrBirth | resident.AttrSex | resident.AttrAddress

func errorReportFromWire(w *messagepb.ErrorReport) (ErrorReport, error) {
	var c check
	n := ErrorReport{Report: w.Report, Code: field(&c, "code", w.Code, resident.ParseRecordCode), Version: version(&c, w.Version),
		Attributes: resident.Attributes(w.Attributes), Text: w.Text, By: w.By, FoundAt: seconds(w.FoundAt)}
	reportNamed(&c, n.Report)
	written(&c, n.Text, n.By)
	if w.Attributes&^uint32(allAttributes) != 0 {
		c.note("attributes", errors.New("attributes that nobody knows"))
	}
	return n, c.err()
}

// The outcomes of an investigation.
const (
	ErrorCorrected = "corrected" // in the version that the answer names
	ErrorNone      = "right"     // the record is right as it is
)

// ErrorAnswer says what whoever keeps the record has found out, and done (調査の回答).
type ErrorAnswer struct {
	Report     string
	Code       resident.RecordCode // as the report named the resident
	Outcome    string
	Version    resident.Version // that is right
	Text       string
	By         string
	AnsweredAt time.Time
}

// Kind is resident.error.answer.
func (ErrorAnswer) Kind() Kind { return KindErrorAnswer }

// Keys is the resident's code.
func (n ErrorAnswer) Keys() []string { return []string{n.Code.Reveal()} }

// LogValue leaves out whom it is about and what people wrote.
func (n ErrorAnswer) LogValue() slog.Value { return slog.GroupValue(slog.String("report", n.Report)) }

// Format leaves out whom it is about and what people wrote.
func (n ErrorAnswer) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "answer to the error report %s", n.Report)
}

func (n ErrorAnswer) wire() proto.Message {
	return &messagepb.ErrorAnswer{Report: n.Report, Code: n.Code.Reveal(), Outcome: n.Outcome, Version: uint64(n.Version), Text: n.Text, By: n.By,
		AnsweredAt: n.AnsweredAt.Unix()}
}

func errorAnswerFromWire(w *messagepb.ErrorAnswer) (ErrorAnswer, error) {
	var c check
	n := ErrorAnswer{Report: w.Report, Code: field(&c, "code", w.Code, resident.ParseRecordCode), Outcome: w.Outcome, Version: version(&c, w.Version),
		Text: w.Text, By: w.By, AnsweredAt: seconds(w.AnsweredAt)}
	reportNamed(&c, n.Report)
	written(&c, n.Text, n.By)
	required(&c, "outcome", n.Outcome == ErrorCorrected || n.Outcome == ErrorNone)
	return n, c.err()
}

// maxReport is how many bytes a report's name has. It is the number under which it is looked at, which must be short.
const maxReport = 40

// reportNamed checks a report's name.
func reportNamed(c *check, report string) {
	required(c, "report", report != "" && inLine(report, maxReport))
}

// written checks what a person wrote, and that it was a person.
func written(c *check, text, by string) {
	required(c, "text", text != "" && len(text) <= 4000 && inLines(text))
	required(c, "by", by != "" && by != System && inLine(by, maxPerson))
}
