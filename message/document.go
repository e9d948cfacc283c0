package message

import (
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/akashi-id/akashi/message/messagepb"
	"github.com/akashi-id/akashi/resident"
)

// IssuingApplication is somebody's application (申請) for a document, as a counter of the municipality took it.
type IssuingApplication struct {
	Request   string // by which both name it
	Document  string // the kind, by the name of its form
	Subject   resident.RecordCode
	Items     []string // asked for beside what is always shown: relation, domicile, number, code
	Requester string   // what the requester was recognised by: the number of an identity check
	As        string   // self, household, other
	By        string   // the operator at the counter
}

// Kind is issuing.application.
func (IssuingApplication) Kind() Kind { return KindIssuingApplication }

// Keys is the request.
func (n IssuingApplication) Keys() []string { return []string{"request/" + n.Request} }

func (n IssuingApplication) wire() proto.Message {
	return &messagepb.IssuingApplication{Request: n.Request, Document: n.Document, Subject: n.Subject.Reveal(), Items: n.Items, Requester: n.Requester, As: n.As, By: n.By}
}

// issuingItems are those that may be asked for (住民基本台帳法12条, 12条の3).
var issuingItems = []string{"relation", "domicile", "number", "code"}

func issuingApplicationFromWire(w *messagepb.IssuingApplication) (IssuingApplication, error) {
	var c check
	n := IssuingApplication{Request: w.Request, Document: w.Document, Subject: field(&c, "subject", w.Subject, resident.ParseRecordCode), Items: w.Items,
		Requester: w.Requester, As: w.As, By: w.By}
	required(&c, "request", n.Request != "" && inLine(n.Request, maxName))
	required(&c, "document", n.Document != "" && inLine(n.Document, maxName))
	required(&c, "requester", n.Requester != "" && inLine(n.Requester, maxName))
	required(&c, "by", n.By != "" && inLine(n.By, maxName))
	required(&c, "as", slices.Contains([]string{"self", "household", "other"}, n.As))
	for i, item := range n.Items {
		required(&c, "items", slices.Contains(issuingItems, item) && !slices.Contains(n.Items[:i], item))
	}
	return n, c.err()
}

// IssuingDocument is what became of an application: a signed document, or why there is none.
type IssuingDocument struct {
	Request string
	Program string   // the version of the server's program that signed it, or that found that there is none; "": it does not say
	Reasons []string // why there is none; what follows is then empty

	Number   string // 文書番号
	IssuedAt time.Time
	Nonce    [16]byte
	Verify   string // what the QR says
	Content  Hash   // of all but the signature
	File     []byte // the signed PDF
}

// MaxDocument bounds a document, which has to fit into a batch with others: a household of a hundred has half of it.
const MaxDocument = 3 << 20

const maxReasons = 20

// String shows nothing of the document, nor do Format and LogValue.
func (n IssuingDocument) String() string { return "証明書 " + n.Request }

// Format redacts under every verb.
func (n IssuingDocument) Format(f fmt.State, _ rune) { io.WriteString(f, n.String()) }

// LogValue redacts.
func (n IssuingDocument) LogValue() slog.Value { return slog.StringValue(n.String()) }

// Kind is issuing.document.
func (IssuingDocument) Kind() Kind { return KindIssuingDocument }

// Keys is the request.
func (n IssuingDocument) Keys() []string { return []string{"request/" + n.Request} }

func (n IssuingDocument) wire() proto.Message {
	w := &messagepb.IssuingDocument{Request: n.Request, Program: n.Program, Reasons: n.Reasons}
	if len(n.Reasons) == 0 {
		w.Number, w.IssuedAt, w.Nonce, w.Verify, w.Content, w.File = n.Number, n.IssuedAt.UnixMicro(), n.Nonce[:], n.Verify, n.Content[:], n.File
	}
	return w
}

func issuingDocumentFromWire(w *messagepb.IssuingDocument) (IssuingDocument, error) {
	var c check
	n := IssuingDocument{Request: w.Request, Program: w.Program, Reasons: w.Reasons}
	required(&c, "program", inLine(n.Program, maxName))
	required(&c, "request", n.Request != "" && inLine(n.Request, maxName))
	for _, r := range n.Reasons {
		required(&c, "reasons", r != "" && inLine(r, maxName) && len(n.Reasons) <= maxReasons)
	}
	if len(n.Reasons) > 0 {
		required(&c, "file", len(w.File) == 0 && w.Number == "")
		return n, c.err()
	}
	n.Number, n.IssuedAt, n.Verify, n.Content, n.File = w.Number, time.UnixMicro(w.IssuedAt).UTC(), w.Verify, Hash(hash(&c, "content", w.Content)), w.File
	required(&c, "number", n.Number != "" && inLine(n.Number, maxName))
	required(&c, "issued at", w.IssuedAt > 0)
	required(&c, "nonce", copy(n.Nonce[:], w.Nonce) == len(n.Nonce) && len(w.Nonce) == len(n.Nonce))
	required(&c, "verify", n.Verify != "" && inLine(n.Verify, maxPerson))
	required(&c, "file", len(n.File) > 0 && len(n.File) <= MaxDocument)
	return n, c.err()
}

// Ending is what became of a document.
type Ending string

// The endings.
const (
	Delivered Ending = "delivered" // handed over
	Stopped   Ending = "stopped"   // a gate kept it back
	Voided    Ending = "voided"    // nothing of it left: not printed, or printed and destroyed
	Recalled  Ending = "recalled"  // handed over, and declared void since: its paper is asked back
	Recovered Ending = "recovered" // recalled, and its paper is back
)

// IssuingOutcome is what became of a document: of each that was issued there is one in the end, and after a hand-over there may be a recall and its end.
type IssuingOutcome struct {
	Request  string
	Number   string
	Outcome  Ending
	Findings []string // of a gate that stopped it
	Sheets   int      // that a printer put out
	By       string   // the operator; empty: the gate
}

// Kind is issuing.outcome.
func (IssuingOutcome) Kind() Kind { return KindIssuingOutcome }

// Keys is the request.
func (n IssuingOutcome) Keys() []string { return []string{"request/" + n.Request} }

func (n IssuingOutcome) wire() proto.Message {
	return &messagepb.IssuingOutcome{Request: n.Request, Number: n.Number, Outcome: string(n.Outcome), Findings: n.Findings, Sheets: uint32(n.Sheets), By: n.By}
}

func issuingOutcomeFromWire(w *messagepb.IssuingOutcome) (IssuingOutcome, error) {
	var c check
	n := IssuingOutcome{Request: w.Request, Number: w.Number, Outcome: Ending(w.Outcome), Findings: w.Findings, Sheets: int(w.Sheets), By: w.By}
	required(&c, "request", n.Request != "" && inLine(n.Request, maxName))
	required(&c, "number", n.Number != "" && inLine(n.Number, maxName))
	required(&c, "outcome", slices.Contains([]Ending{Delivered, Stopped, Voided, Recalled, Recovered}, n.Outcome) && (n.Outcome == Stopped) == (len(n.Findings) > 0))
	required(&c, "by", inLine(n.By, maxName) && (n.Outcome == Stopped || n.By != ""))
	required(&c, "sheets", w.Sheets <= 1000)
	for _, f := range n.Findings {
		required(&c, "findings", f != "" && inLine(f, maxName) && len(n.Findings) <= maxReasons)
	}
	return n, c.err()
}
