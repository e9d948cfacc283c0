package issuing

import (
	"context"

	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/halting"
	"github.com/akashi-id/akashi/internal/org/issuing/internal/store"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// onIssuingHalt hears an order of the national center, which the municipality hands on. It binds from this transaction on.
func (o *Issuing) onIssuingHalt(ctx context.Context, tx *store.Tx, d exchange.Delivery, n message.IssuingHalt) ([]message.Out, error) {
	if d.Sender != o.municipality {
		return nil, errNotOurs
	}
	act := "issuing.halt-heard"
	if !n.LiftedAt.IsZero() {
		act = "issuing.lift-heard"
	}
	auditlog.Write(tx.Tx, auditlog.Entry{Actor: string(d.Sender), Act: act, Case: n.Halt, Detail: n.By + ": " + n.Version + " " + n.Reason})
	return nil, halting.Heard(ctx, tx.Tx, d.Sender, n)
}

// stopped tells whether this program may issue nothing now: its own operators have stopped it, or an order binds the version that it is.
func (o *Issuing) stopped(ctx context.Context, tx *store.Tx) (bool, error) {
	if _, halted, err := tx.Halted(ctx); err != nil || halted {
		return halted, err
	}
	_, bound, err := halting.Binding(ctx, tx.Tx, o.program)
	return bound, err
}

// The kinds of due items by which the counter is told.
const (
	dueTellHalt    = "issuing.tell-halt"
	dueTellProgram = "issuing.tell-program"
)

// tells are the rules by which the counter is told. They are due work and no part of the act, because a stop must not fail when the messages to the counter wait.
func (o *Issuing) tells() []due.Rule {
	return []due.Rule{{Kind: dueTellHalt, Finish: o.tellHalt}, {Kind: dueTellProgram, Finish: o.tellProgram}}
}

// haltName is how everybody names a halt of this server's own operators.
func (o *Issuing) haltName(h Halt) string { return string(o.Self) + "-" + h.Name() }

// tellHalt tells the counter how a halt of the server's own operators stands.
func (o *Issuing) tellHalt(ctx context.Context, raw *sqlstore.Tx, item due.Item, _ any) ([]message.Out, error) {
	h, found, err := o.in(raw).HaltNamed(ctx, item.Ref)
	if err != nil || !found {
		return nil, err
	}
	n := message.IssuingHalt{Halt: o.haltName(h), From: h.At, Reason: h.Reason, By: h.By}
	if !h.ResumedAt.IsZero() {
		n.LiftedAt, n.LiftedBy, n.Cause = h.ResumedAt, h.ProposedBy+", "+h.ResumedBy, h.Cause
	}
	return []message.Out{{To: o.municipality, Body: n}}, nil
}

// beginProgram has it told which version runs, when that is another one than was told last.
func (o *Issuing) beginProgram(ctx context.Context, raw *sqlstore.Tx) error {
	told, err := halting.ProgramOf(ctx, raw, o.Self)
	if err != nil || o.program == "" || told == o.program {
		return err
	}
	due.Add(raw, raw.Now(), dueTellProgram, string(o.Self), nil)
	return halting.Runs(ctx, raw, halting.Program{Server: o.Self, Program: o.program, At: raw.Now()})
}

func (o *Issuing) tellProgram(_ context.Context, raw *sqlstore.Tx, _ due.Item, _ any) ([]message.Out, error) {
	return []message.Out{{To: o.municipality, Body: message.IssuingProgram{Server: o.Self, Program: o.program, At: raw.Now()}}}, nil
}
