package exchange

import (
	"context"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// Rule is what a Route does with a message.
type Rule func(ctx context.Context, tx *sqlstore.Tx, d Delivery, p message.Payload) ([]message.Out, error)

// Rule is the route's, for a model that delivers messages in the place of an exchange.
func (r Route) Rule() Rule { return r.rule }

// Instead puts another rule in the place of the route's, which it may call: to try what the others notice of a rule that
// is wrong, hangs or says that it is done when it is not.
func (r Route) Instead(rule func(ctx context.Context, tx *sqlstore.Tx, d Delivery, p message.Payload, really Rule) ([]message.Out, error)) Route {
	really := Rule(r.rule)
	r.rule = func(ctx context.Context, tx *sqlstore.Tx, d Delivery, p message.Payload) ([]message.Out, error) {
		return rule(ctx, tx, d, p, really)
	}
	return r
}
