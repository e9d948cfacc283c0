package municipality

import (
	"context"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// clerk returns who acts, or the refusal of somebody who may not.
func clerk(ctx context.Context, act access.Act) (string, error) {
	p := access.From(ctx)
	return p.ID, access.May(p, act, message.Municipality)
}

// act runs a rule of the counter as Host.Act does, and lets it know its trace: the register keeps, with each version,
// where what followed from it is found.
func (o *Municipality) act(ctx context.Context, rule func(ctx context.Context, tx *store.Tx, trace string) ([]message.Out, error)) (string, error) {
	trace, err := o.Exchange.NewTrace()
	if err != nil {
		return "", err
	}
	err = o.answeredTo(ctx, func(ctx context.Context) error {
		_, err := o.Act(ctx, func(ctx context.Context, tx *sqlstore.Tx) ([]message.Out, error) {
			outs, err := rule(ctx, o.in(tx), trace)
			return traced(outs, trace), err
		})
		return err
	})
	return trace, err
}

// traced gives an act's messages its trace, but those that have one of their own.
func traced(outs []message.Out, trace string) []message.Out {
	for i := range outs {
		if outs[i].Trace == "" {
			outs[i].Trace = trace
		}
	}
	return outs
}
