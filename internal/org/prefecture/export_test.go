package prefecture

import (
	"context"

	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// DelegationAlarms are the signals about the CA's reports, for tests.
func (o *Prefecture) DelegationAlarms() alarm.Source { return o.delegationAlarms() }

// Tables are the books, for tests.
func (o *Prefecture) Tables() []reconcile.Table { return o.books() }

// Counts are the figures for a statement, for tests.
func (o *Prefecture) Counts(ctx context.Context, tx *sqlstore.Tx, peer message.Org, source bool) ([]message.CountAccount, error) {
	return o.counts(ctx, tx, peer, source)
}

// Take applies a message as the exchange does, without the exchange.
func (o *Prefecture) Take(ctx context.Context, tx *sqlstore.Tx, d exchange.Delivery, p message.Payload) ([]message.Out, error) {
	switch n := p.(type) {
	case message.ResidentChange:
		return o.onResidentChange(ctx, o.in(tx), d, n)
	case message.ResidentInvalidation:
		return o.onResidentInvalidation(ctx, o.in(tx), d, n)
	case message.Snapshot:
		state, err := n.State()
		if err != nil {
			return nil, err
		}
		for _, t := range o.books() {
			if t.Book == n.Book {
				return t.Take(ctx, tx, d, n, state)
			}
		}
	}
	panic("a kind that no test sends")
}
