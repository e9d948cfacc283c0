package inspect

import (
	"fmt"

	"github.com/akashi-id/akashi/internal/plain"
)

// Rule names a rule. It is stable: findings, alarms and tests use it.
type Rule string

// The rules for a stored certificate.
const (
	Unreadable   Rule = "unreadable"    // the bytes are no certificate, no list, no answer
	IssuerKnown  Rule = "issuer-known"  // the row names a CA whose certificate is here
	Signature    Rule = "signature"     // by the CA's key
	Issuer       Rule = "issuer"        // names the CA, by name and key
	Serial       Rule = "serial"        // the row's is the certificate's
	SerialTwice  Rule = "serial-twice"  // nothing else has it
	KeyHash      Rule = "key-hash"      // the row's is that of the certified key
	Validity     Rule = "validity"      // the row's is the certificate's
	Term         Rule = "term"          // as long as the rules allow
	Profile      Rule = "profile"       // what it is for is what the row says
	Extensions   Rule = "extensions"    // those that the profile has, no more and no less
	Partition    Rule = "partition"     // names the list that its municipality has
	Key          Rule = "key"           // strong enough
	Intent       Rule = "intent"        // what was signed is what was written down before
	State        Rule = "state"         // the row does not contradict itself
	ToldIssue    Rule = "told-issue"    // the center was told, or will be
	ToldState    Rule = "told-state"    // the validation authority was told, or will be
	UnknownState Rule = "unknown-state" // the state is one that there is
)

// The rules for a list. Unreadable, Signature, Issuer, Extensions and Intent apply too.
const (
	Number    Rule = "number"     // the row's is the list's
	Times     Rule = "times"      // the row's are the list's
	Life      Rule = "life"       // as long as the rules allow
	Late      Rule = "late"       // the next one is there when this one ends
	Scope     Rule = "scope"      // the partition's, critically so
	Count     Rule = "count"      // the row's is the list's
	Order     Rule = "order"      // by serial, each once
	Reason    Rule = "reason"     // one that is used
	Missing   Rule = "missing"    // what is revoked stands on it
	Unlisted  Rule = "unlisted"   // what was revoked since does not wait long
	Extra     Rule = "extra"      // what stands on it is revoked
	Entry     Rule = "entry"      // date and reason are those of the revocation
	WentBack  Rule = "went-back"  // neither number nor time goes back
	OtherList Rule = "other-list" // one number is one list
	Base      Rule = "base"       // of a delta list: the full one that it adds to is there, and before it
	Vanished  Rule = "vanished"   // what stood on the list before stays until its term is over
)

// The rules for an answer. Unreadable, Signature, Late and Life apply too.
const (
	Responder Rule = "responder" // signed by whom the CA has certified for it
	About     Rule = "about"     // it answers what was asked
	Good      Rule = "good"      // a revoked certificate is told revoked
	Revoked   Rule = "revoked"   // a good one is told good
	Unknown   Rule = "unknown"   // an issued one is known, one that was never issued is not
	When      Rule = "when"      // date and reason are those of the revocation
	Ahead     Rule = "ahead"     // it is not of the future
)

// Rules for what is fetched.
const (
	Unreachable Rule = "unreachable" // it can be fetched
	Other       Rule = "other"       // it is what should be there
)

// Fault is what a rule found. It quotes nothing of a person.
type Fault struct {
	Rule
	plain.Sentence
}

// bench collects the faults of one thing. off is a rule that is switched off, to see whether the tests notice.
type bench struct {
	off    Rule
	faults []Fault
}

func (b *bench) find(r Rule, ja, en string, values ...any) {
	if r == b.off {
		return
	}
	for _, f := range b.faults {
		if f.Rule == r {
			return // one of a kind is enough to look at the thing
		}
	}
	b.faults = append(b.faults, Fault{r, plain.Sentence{JA: fmt.Sprintf(ja, values...), EN: fmt.Sprintf(en, values...)}})
}
