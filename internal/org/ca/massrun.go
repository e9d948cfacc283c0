package ca

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/org/ca/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// massRevokeRule ends the next page of a mass revocation, and puts the step after it on the due list in the same transaction: whatever
// stops the program, it goes on where it was, and no certificate is ended twice.
func (o *CA) massRevokeRule() due.Rule {
	return due.Rule{Kind: dueMassRevoke, Finish: func(ctx context.Context, tx *sqlstore.Tx, item due.Item, _ any) ([]message.Out, error) {
		id, err := strconv.ParseInt(item.Ref, 10, 64)
		if err != nil {
			return nil, err
		}
		m, found, err := o.in(tx).Mass(ctx, id)
		if err != nil || !found || m.State != store.MassRunning {
			return nil, err
		}
		over, err := o.massStep(ctx, o.in(tx), m)
		switch {
		case errors.As(err, new(*exchange.WindowFull)):
			// Counters have to be told of applications under way that end too, and do not keep up: no fault of this work.
			due.Add(tx, tx.Now().Add(massPause), dueMassRevoke, item.Ref, nil)
			return nil, nil
		case err == nil && !over:
			due.Add(tx, tx.Now(), dueMassRevoke, item.Ref, nil)
		}
		return nil, err
	}}
}

// massPause is how long a step waits for counters that do not keep up.
const massPause = 5 * time.Second

// massStep ends a page of certificates. All of it is taken back when its messages cannot be sent.
func (o *CA) massStep(ctx context.Context, tx *store.Tx, m store.Mass) (over bool, err error) {
	err = tx.Attempt(ctx, func() error {
		left, err := tx.MassLeft(ctx, m.ID, o.revokePage)
		if err != nil {
			return err
		}
		var n struct{ revoked, before, failed int64 }
		var outs []message.Out
		for _, i := range left {
			more, err := o.massOne(ctx, tx, m, &i)
			if err != nil {
				return err
			}
			switch i.Outcome {
			case "revoked":
				n.revoked++
			case "failed":
				n.failed++
			default:
				n.before++
			}
			if err := tx.MassOutcome(ctx, m.ID, i); err != nil {
				return err
			}
			outs = append(outs, more...)
		}
		if over = len(left) < o.revokePage; over {
			auditlog.Write(tx.Tx, auditlog.Entry{Actor: string(o.Self), Act: "mass.done", Subject: massName(m.ID), Case: m.Trace,
				Detail: fmt.Sprintf("%d revoked, %d ended before, %d set aside", m.Revoked+n.revoked, m.Before+n.before, m.Failed+n.failed)})
		}
		if err := tx.MassDone(ctx, m.ID, n.revoked, n.before, n.failed, over); err != nil {
			return err
		}
		_, err = o.Exchange.Send(ctx, tx.Tx, outs, m.Trace)
		return err
	})
	return over, err
}

// massOne ends one certificate and says what became of it. One that cannot be ended is set aside with the reason: it keeps none of the
// others from ending.
func (o *CA) massOne(ctx context.Context, tx *store.Tx, m store.Mass, i *store.MassItem) (outs []message.Out, err error) {
	i.Outcome = "before"
	err = tx.Attempt(ctx, func() (err error) {
		defer func() {
			if r := recover(); r != nil {
				err = fmt.Errorf("it panicked: %v", r)
			}
		}()
		c, err := o.bySerial(ctx, tx, i.Key)
		if err != nil {
			return err
		}
		outs, err = o.end(ctx, tx, act{m.ConfirmedBy, massName(m.ID)}, c, store.Revocation{Reason: m.Ground.Reason(), Since: resident.DateOf(m.ProposedAt), By: o.Self})
		if err == nil && len(outs) > 0 {
			i.Outcome = "revoked"
		}
		if err == nil {
			err = tx.Flush(ctx) // so that a row that is refused is known as this certificate's
		}
		return err
	})
	if err == nil {
		return outs, nil
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	i.Outcome, i.Reason = "failed", plain.Sentence{JA: "失効させられませんでした(" + err.Error() + ")。", EN: "It could not be ended (" + err.Error() + ")."}
	var rejected *exchange.Rejected
	if ps, ok := plain.AsProblems(err); ok {
		i.Reason = ps[0].Sentence
	} else if errors.As(err, &rejected) {
		i.Reason = rejected.Sentence
	}
	o.Log.ErrorContext(ctx, "a certificate of a mass revocation could not be ended", "mass", m.ID, "serial", i.Serial(), "error", err)
	return nil, nil
}
