package message

import (
	"errors"
	"fmt"

	"google.golang.org/protobuf/proto"

	"github.com/akashi-id/akashi/message/messagepb"
)

// Payload is what a message carries: one of the types of this package, one per kind.
type Payload interface {
	Kind() Kind
	// Keys are the order keys: order is kept among messages that share one. They are derived from the payload,
	// so that a sender cannot pass an earlier message by naming another key.
	Keys() []string
	wire() proto.Message
}

// Rebaser is a payload that builds on the one before it. When that one is withdrawn, the payload is made to build
// on what that one had built on; ok is false when it did not build on it.
type Rebaser interface {
	Payload
	Rebase(withdrawn Payload) (rebased Payload, ok bool)
}

// Out is a message that a rule wants sent. The exchange numbers, signs, sends, counts and parks it.
type Out struct {
	To   Org
	Body Payload
	// Trace is common to all that follows from one act; empty: that of the message or act being processed.
	Trace string
}

// Encode returns a payload's bytes.
func Encode(p Payload) ([]byte, error) {
	return proto.MarshalOptions{Deterministic: true}.Marshal(p.wire())
}

// ErrUnknownKind means that this version of the program does not know the kind.
var ErrUnknownKind = errors.New("unknown message kind")

// Decode reads a payload of a kind. Each field is checked as it would be at a counter: a code's check digit, a
// date's existence, a name's characters. The error says which field is wrong, and does not hold its value.
func Decode(k Kind, body []byte) (Payload, error) {
	read, ok := readers[k]
	if !ok {
		return nil, fmt.Errorf("%w: %s", ErrUnknownKind, k)
	}
	return read(body)
}

// Readable tells whether whoever gets a payload can read it, as Decode does: what a person wrote may hold what the wire does not
// take, and nobody behind the person could mend it. The error is Decode's.
func Readable(p Payload) error {
	body, err := Encode(p)
	if err == nil {
		_, err = Decode(p.Kind(), body)
	}
	return err
}

// reader makes a Decode entry out of a wire type and the function that checks it.
func reader[W any, PW interface {
	*W
	proto.Message
}, P Payload](check func(PW) (P, error)) func([]byte) (Payload, error) {
	return func(body []byte) (Payload, error) {
		w := PW(new(W))
		if err := proto.Unmarshal(body, w); err != nil {
			return nil, fmt.Errorf("couldn't read the payload: %w", err)
		}
		return check(w)
	}
}

// readers is filled by init: a snapshot's reader decodes the payload that it carries.
var readers map[Kind]func([]byte) (Payload, error)

func init() {
	readers = map[Kind]func([]byte) (Payload, error){
		KindResidentChange:        reader(residentChangeFromWire),
		KindResidentInvalidation:  reader(residentInvalidationFromWire),
		KindCodeRequest:           reader(codeRequestFromWire),
		KindCodeAllotment:         reader(codeAllotmentFromWire),
		KindNumberRequest:         reader(numberRequestFromWire),
		KindNumberAssignment:      reader(numberAssignmentFromWire),
		KindCertRequest:           reader(certRequestFromWire),
		KindIdentityRule:          reader(identityRuleFromWire),
		KindCertIssued:            reader(certIssuedFromWire),
		KindCertRefused:           reader(certRefusedFromWire),
		KindCertIssuance:          reader(certIssuanceFromWire),
		KindResidentProtection:    reader(protectionFromWire),
		KindResidentProtectionEnd: reader(protectionEndFromWire),
		KindCertRevocation: reader(func(w *messagepb.CertRevocation) (CertRevocation, error) {
			n, err := revocationFromWire(w)
			return CertRevocation(n), err
		}),
		KindCertRevoke: reader(func(w *messagepb.CertRevocation) (CertRevoke, error) {
			n, err := revocationFromWire(w)
			return CertRevoke(n), err
		}),
		KindCertStatus:           reader(certStatusFromWire),
		KindCertCRL:              reader(certCRLFromWire),
		KindResponderRequest:     reader(responderRequestFromWire),
		KindResponderIssued:      reader(responderIssuedFromWire),
		KindVerifierFiling:       reader(verifierFilingFromWire),
		KindVerifierDecision:     reader(verifierDecisionFromWire),
		KindVerifierRegistration: reader(verifierRegistrationFromWire),
		KindImpactNotice:         reader(impactNoticeFromWire),
		KindImpactAcknowledged:   reader(impactAcknowledgedFromWire),
		KindCAReport:             reader(caReportFromWire),
		KindCAReportRequest:      reader(caReportRequestFromWire),
		KindMoveOut:              reader(moveOutFromWire),
		KindMoveIn:               reader(moveInFromWire),
		KindErrorReport:          reader(errorReportFromWire),
		KindErrorAnswer:          reader(errorAnswerFromWire),
		KindIssuingRecord:        reader(issuingRecordFromWire),
		KindIssuingQuestion:      reader(issuingQuestionFromWire),
		KindIssuingAnswer:        reader(issuingAnswerFromWire),
		KindIssuingApplication:   reader(issuingApplicationFromWire),
		KindIssuingDocument:      reader(issuingDocumentFromWire),
		KindIssuingOutcome:       reader(issuingOutcomeFromWire),
		KindIssuingDay:           reader(issuingDayFromWire),
		KindIssuingDayAnswer:     reader(issuingDayAnswerFromWire),
		KindIssuingHalt:          reader(issuingHaltFromWire),
		KindIssuingProgram:       reader(issuingProgramFromWire),
		KindExchangeNote:         reader(noteFromWire),
		KindExchangeWithdrawal:   reader(withdrawalFromWire),
		KindExchangeStatement:    reader(statementFromWire),
		KindExchangeDrill:        reader(drillFromWire),
		KindSnapshotRequest:      reader(snapshotRequestFromWire),
		KindSnapshot:             reader(snapshotFromWire),
		KindReconcileCase:        reader(caseFromWire),
	}
}
