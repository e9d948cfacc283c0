package exchange

import (
	"context"
	"errors"
	"fmt"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// WhenWaiting adds to a route what must not wait with the message: fn runs in the transaction that decides that a message of
// this kind is not applied now, whatever the reason, and each time that this is decided anew. It knows of the message
// what the sender has signed outside of the payload, its keys above all; the payload may be no payload. When fn fails,
// the decision stands without it.
func (r Route) WhenWaiting(fn func(ctx context.Context, tx *sqlstore.Tx, d Delivery) ([]message.Out, error)) Route {
	r.wait = fn
	return r
}

// whenWaiting calls what a route does for a message that waits.
func (in *intake) whenWaiting(ctx context.Context, e *message.Envelope) error {
	route, ok := in.x.routes[e.Kind]
	if !ok || route.wait == nil || !message.MaySend(e.Kind, e.Sender, e.Receiver) {
		return nil
	}
	lane := laneOf(e.Kind, true)
	if in.slow(lane) {
		return nil
	}
	within, cancel := context.WithTimeout(ctx, in.x.cfg.Limits.RuleDeadline)
	defer cancel()
	call := func() ([]message.Out, error) {
		return in.bounded(e, lane, func() ([]message.Out, error) { return callWaiting(within, in.tx, route, e) })
	}
	if !in.singly {
		outs, err := call()
		if errors.Is(err, errLeft) {
			return err
		}
		if err != nil {
			in.overran(ctx, within, lane)
			return errSingly
		}
		in.outs = append(in.outs, outs...)
		return nil
	}
	err := in.tx.Attempt(within, func() error {
		outs, err := call()
		if err == nil {
			_, err = in.x.Send(within, in.tx, outs, e.Trace)
		}
		if err == nil {
			err = in.tx.Flush(within)
		}
		return err
	})
	switch {
	case err == nil:
		in.x.slow.recovered(lane)
	case !errors.Is(err, errLeft) && ctx.Err() == nil:
		in.overran(ctx, within, lane)
		in.x.cfg.Log.ErrorContext(ctx, "what a waiting message needs failed", "message", e.ID.String(), "kind", e.Kind, "error", err)
		return nil
	}
	return err
}

func callWaiting(ctx context.Context, tx *sqlstore.Tx, r Route, e *message.Envelope) (outs []message.Out, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("what a waiting %s needs panicked: %v", e.Kind, p)
		}
	}()
	d := Delivery{ID: e.ID, Attempt: e.Attempt, Kind: e.Kind, Keys: e.Keys, Trace: e.Trace, CreatedAt: e.CreatedAt}
	outs, err = r.wait(ctx, tx, d)
	for i := range outs {
		if outs[i].Trace == "" {
			outs[i].Trace = e.Trace
		}
	}
	return outs, err
}
