package exchange

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// Delivery is what a rule may know of a message beside its payload.
type Delivery struct {
	message.ID
	Attempt   uint32
	Kind      message.Kind
	Keys      []string
	Trace     string
	CreatedAt time.Time
	// Accepted is set when two persons of this organisation decided to take the message as it is. A rule may then
	// pass over a check that protects form, never one that protects a person.
	Accepted bool
}

// Rejected is a rule's refusal of a message: it parks on both sides until a person resolves it.
type Rejected struct {
	Code string // stable, for machines: "unreadable-address"
	plain.Sentence
	gap   bool
	later bool
	holds *message.SnapshotRequest // of a gap: what the receiver holds
}

func (r *Rejected) Error() string { return "rejected (" + r.Code + "): " + r.EN }

// Reject refuses a message, with what is wrong and what to do, in both languages.
func Reject(code, ja, en string) *Rejected {
	return &Rejected{Code: code, Sentence: plain.Sentence{JA: ja, EN: en}}
}

// Missing refuses a message because one before it never came: the versions do not join. Holding adds what would help.
func Missing(ja, en string) *Rejected {
	return &Rejected{Code: "gap", Sentence: plain.Sentence{JA: ja, EN: en}, gap: true}
}

// Later refuses a message for now: it lacks what another message may be about to tell, on another way. It is offered again after growing
// pauses, and parks with this reason when that did not help.
func Later(code, ja, en string) *Rejected {
	r := Reject(code, ja, en)
	r.later = true
	return r
}

// codeAwaits is the code of what waits for another message for as long as its rule says.
const codeAwaits = "awaits-another"

// Await refuses a message for now as Later does, and is not counted: what it lacks is on its way from a third organisation, which may be down
// for a while. The rule says itself, by the message's age, when it has waited long enough, and then refuses it for good.
func Await(ja, en string) *Rejected { return Later(codeAwaits, ja, en) }

func (r *Rejected) outcome() message.Outcome {
	switch {
	case r.gap:
		return message.Gap
	case r.later:
		return message.Deferred
	}
	return message.Rejected
}

// refusal turns an error of reading a payload into a Rejected: what cannot be read today cannot be read tomorrow.
func refusal(err error) *Rejected {
	if errors.Is(err, message.ErrUnknownKind) {
		return Reject("unknown-kind",
			"この種類の電文は、受信側のプログラムが知りません。受信側の版を確かめてください。",
			"the receiver's program does not know this kind of message: check its version")
	}
	if problems, ok := plain.AsProblems(err); ok && len(problems) > 0 {
		p := problems[0]
		return Reject("malformed", "項目「"+p.Field+"」: "+p.JA, "field "+p.Field+": "+p.EN)
	}
	return Reject("malformed",
		"電文の内容が読めません。送信側で内容を直し、再送してください。",
		"the payload cannot be read: correct it at the sender and send it again")
}

// Route is an organisation's answer to one kind of message.
type Route struct {
	Kind message.Kind
	rule func(ctx context.Context, tx *sqlstore.Tx, d Delivery, p message.Payload) ([]message.Out, error)
	wait func(ctx context.Context, tx *sqlstore.Tx, d Delivery) ([]message.Out, error) // see WhenWaiting; may be nil
}

// On makes a Route of a rule. Tx is the organisation's own view of the transaction; in makes one.
func On[P message.Payload, Tx any](in func(*sqlstore.Tx) Tx, rule func(context.Context, Tx, Delivery, P) ([]message.Out, error)) Route {
	var zero P
	return Route{Kind: zero.Kind(), rule: func(ctx context.Context, tx *sqlstore.Tx, d Delivery, p message.Payload) ([]message.Out, error) {
		typed, ok := p.(P)
		if !ok {
			return nil, fmt.Errorf("payload of %s is a %T", d.Kind, p)
		}
		return rule(ctx, in(tx), d, typed)
	}}
}
