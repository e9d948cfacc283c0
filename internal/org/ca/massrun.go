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
		step := o.in(tx)
		over, err := o.massStep(ctx, step, m)
		at, place := tx.Now(), []byte(nil)
		if errors.As(err, new(*exchange.WindowFull)) {
			// A counter has to be told of applications under way that end too, and does not keep up: no fault of this work, and none of
			// the other counters'. The payload is how far the step before looked: there may be more of such than one step looks at.
			var ended int
			if ended, place, over, err = o.massStepAround(ctx, step, m, item.Payload); ended == 0 {
				at = at.Add(massPause)
			}
		}
		if err == nil && !over {
			due.Add(tx, at, dueMassRevoke, item.Ref, place)
		}
		return nil, err
	}}
}

const (
	// massPause is how long a step waits when it can end nothing for counters that do not keep up.
	massPause = 5 * time.Second
	// massAhead is how many certificates a step looks at to find some whose counters do.
	massAhead = 500
)

// massStep ends a page of certificates. All of it is taken back when its messages cannot be sent.
func (o *CA) massStep(ctx context.Context, tx *store.Tx, m store.Mass) (over bool, err error) {
	err = tx.Attempt(ctx, func() error {
		left, err := tx.MassLeft(ctx, m.ID, nil, o.revokePage)
		if err != nil {
			return err
		}
		var n massTally
		var outs []message.Out
		for _, i := range left {
			more, err := o.massOne(ctx, tx, m, &i)
			if err != nil {
				return err
			}
			n.add(i.Outcome)
			if err := tx.MassOutcome(ctx, m.ID, i); err != nil {
				return err
			}
			outs = append(outs, more...)
		}
		over = len(left) < o.revokePage
		if err := o.massDone(ctx, tx, m, n, over); err != nil {
			return err
		}
		_, err = o.Exchange.Send(ctx, tx.Tx, outs, m.Trace)
		return err
	})
	return over, err
}

// massStepAround ends a page of certificates whose messages can be sent, one by one, and passes over those that wait for a counter. It
// begins after a key, and gives that after which the next step goes on; nil: at the front.
func (o *CA) massStepAround(ctx context.Context, tx *store.Tx, m store.Mass, after []byte) (ended int, place []byte, over bool, err error) {
	var n massTally
	front := len(after) == 0
	looked, passed := 0, 0
	for looked < o.massAhead && n.all() < o.revokePage && !over {
		left, err := tx.MassLeft(ctx, m.ID, after, o.revokePage)
		if err != nil {
			return 0, nil, false, err
		}
		for _, i := range left {
			after = i.Key
			looked++
			err := tx.Attempt(ctx, func() error {
				outs, err := o.massOne(ctx, tx, m, &i)
				if err == nil {
					err = tx.MassOutcome(ctx, m.ID, i)
				}
				if err == nil {
					_, err = o.Exchange.Send(ctx, tx.Tx, outs, m.Trace)
				}
				return err
			})
			switch {
			case errors.As(err, new(*exchange.WindowFull)):
				passed++
			case err != nil:
				return 0, nil, false, err
			default:
				n.add(i.Outcome)
			}
		}
		if over = len(left) < o.revokePage; over && (passed > 0 || !front) {
			return n.all(), nil, false, o.massDone(ctx, tx, m, n, false)
		}
	}
	return n.all(), after, over, o.massDone(ctx, tx, m, n, over)
}

// massTally counts what became of certificates.
type massTally struct{ revoked, before, failed int64 }

func (n *massTally) add(outcome string) {
	switch outcome {
	case "revoked":
		n.revoked++
	case "failed":
		n.failed++
	default:
		n.before++
	}
}

func (n massTally) all() int { return int(n.revoked + n.before + n.failed) }

// massDone writes down what a step did; over: there is nothing left.
func (o *CA) massDone(ctx context.Context, tx *store.Tx, m store.Mass, n massTally, over bool) error {
	if over {
		auditlog.Write(tx.Tx, auditlog.Entry{Actor: string(o.Self), Act: "mass.done", Subject: massName(m.ID), Case: m.Trace,
			Detail: fmt.Sprintf("%d revoked, %d ended before, %d set aside", m.Revoked+n.revoked, m.Before+n.before, m.Failed+n.failed)})
	}
	return tx.MassDone(ctx, m.ID, n.revoked, n.before, n.failed, over)
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
		outs, err = o.end(ctx, tx, act{m.ConfirmedBy, massName(m.ID)}, c, store.Revocation{Reason: m.Ground.Reason(), Since: m.Since, By: o.Self})
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
