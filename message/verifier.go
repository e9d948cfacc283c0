package message

import (
	"slices"

	"google.golang.org/protobuf/proto"

	"github.com/akashi-id/akashi/message/messagepb"
)

// What a verifier says of itself is shown to people and printed on lists; it is bounded as they are.
const (
	maxOffice = 200  // bytes
	maxFiled  = 2000 // bytes of the procedures, and of the address
)

// VerifierFiling is a signature verifier's filing with its prefecture (署名検証者の届出, 公的個人認証法17条): who it is, for which
// procedures it relies on certificates, and where these are made. Or the end of it, which says only whose.
type VerifierFiling struct {
	Verifier   Org
	Number     uint64 // of its filings, from 1; an end has a number of its own
	Act        string // file, end
	Office     string // 省庁等名
	Procedures string // 手続
	Address    string // where they are made
	By         string // a person of the office
}

// Kind is verifier.filing.
func (VerifierFiling) Kind() Kind { return KindVerifierFiling }

// Keys is the verifier.
func (n VerifierFiling) Keys() []string { return []string{string(n.Verifier)} }

func (n VerifierFiling) wire() proto.Message {
	return &messagepb.VerifierFiling{Verifier: string(n.Verifier), Number: n.Number, Act: n.Act, Office: n.Office, Procedures: n.Procedures,
		Address: n.Address, By: n.By}
}

func verifierFilingFromWire(w *messagepb.VerifierFiling) (VerifierFiling, error) {
	var c check
	n := VerifierFiling{Verifier: verifierOf(&c, w.Verifier), Number: w.Number, Act: w.Act, Office: w.Office, Procedures: w.Procedures,
		Address: w.Address, By: w.By}
	required(&c, "number", n.Number > 0 && n.Number>>63 == 0)
	required(&c, "act", n.Act == "file" || n.Act == "end")
	filedWords(&c, n.Act == "file", n.Office, n.Procedures, n.Address)
	required(&c, "by", n.By != "" && inLine(n.By, maxPerson))
	return n, c.err()
}

// verifierOf reads the name of an organisation that must be a verifier.
func verifierOf(c *check, s string) Org {
	o, err := ParseOrg(s)
	c.note("verifier", err)
	if err == nil {
		required(c, "verifier", o.Role() == Verifier)
	}
	return o
}

func filedWords(c *check, needed bool, office, procedures, address string) {
	required(c, "office", (office != "") == needed && inLine(office, maxOffice))
	required(c, "procedures", (procedures != "") == needed && len(procedures) <= maxFiled && inLines(procedures))
	required(c, "address", (address != "") == needed && inLine(address, maxFiled))
}

// VerifierDecision is what the prefecture made of a filing. A refusal and an end say why.
type VerifierDecision struct {
	Verifier Org
	Number   uint64
	Decision string // one of VerifierDecisions
	Reason   string
	By       string
	Second   string // empty where the office itself ended its filing
}

// VerifierDecisions are what a prefecture may decide, in the words of the wire.
var VerifierDecisions = []string{"accepted", "refused", "ended"}

// Kind is verifier.decision.
func (VerifierDecision) Kind() Kind { return KindVerifierDecision }

// Keys is the verifier.
func (n VerifierDecision) Keys() []string { return []string{string(n.Verifier)} }

func (n VerifierDecision) wire() proto.Message {
	return &messagepb.VerifierDecision{Verifier: string(n.Verifier), Number: n.Number, Decision: n.Decision, Reason: n.Reason, By: n.By, Second: n.Second}
}

func verifierDecisionFromWire(w *messagepb.VerifierDecision) (VerifierDecision, error) {
	var c check
	n := VerifierDecision{Verifier: verifierOf(&c, w.Verifier), Number: w.Number, Decision: w.Decision, Reason: w.Reason, By: w.By, Second: w.Second}
	required(&c, "number", n.Number > 0 && n.Number>>63 == 0)
	required(&c, "decision", slices.Contains(VerifierDecisions, n.Decision))
	required(&c, "reason", (n.Reason != "" || n.Decision == "accepted") && len(n.Reason) <= 4000 && inLines(n.Reason))
	required(&c, "by", n.By != "" && inLine(n.By, maxPerson))
	// Whom the law serves and whom it does not is not for one person to decide; an office may end its own filing.
	required(&c, "second", n.Second != n.By && inLine(n.Second, maxPerson) && (n.Second != "" || n.Decision == "ended"))
	return n, c.err()
}

// VerifierRegistration tells the validation authority whom to serve, and whom no longer (公的個人認証法18条).
type VerifierRegistration struct {
	Verifier   Org
	Number     uint64 // of the filing
	Served     bool
	Office     string
	Procedures string
	Address    string
}

// Kind is verifier.registration.
func (VerifierRegistration) Kind() Kind { return KindVerifierRegistration }

// Keys is the verifier.
func (n VerifierRegistration) Keys() []string { return []string{string(n.Verifier)} }

func (n VerifierRegistration) wire() proto.Message {
	w := &messagepb.VerifierRegistration{Verifier: string(n.Verifier), Number: n.Number, State: "ended", Office: n.Office, Procedures: n.Procedures, Address: n.Address}
	if n.Served {
		w.State = "served"
	}
	return w
}

func verifierRegistrationFromWire(w *messagepb.VerifierRegistration) (VerifierRegistration, error) {
	var c check
	n := VerifierRegistration{Verifier: verifierOf(&c, w.Verifier), Number: w.Number, Served: w.State == "served", Office: w.Office,
		Procedures: w.Procedures, Address: w.Address}
	required(&c, "number", n.Number > 0 && n.Number>>63 == 0)
	required(&c, "state", n.Served || w.State == "ended")
	filedWords(&c, true, n.Office, n.Procedures, n.Address)
	return n, c.err()
}
