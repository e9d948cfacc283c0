package validation

import (
	"context"

	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// Answer answers a question without the network.
func (o *Validation) Answer(der []byte) []byte { return o.answer(context.Background(), der, "test") }

// Lost counts the answers that were not written down.
func (o *Validation) Lost() int64 { return o.recorder.lost.Load() }

// Table is the book.
func (o *Validation) Table() reconcile.Table { return o.tables()[0] }

// Counts are the figures for the statements.
func (o *Validation) Counts(ctx context.Context, tx *sqlstore.Tx, peer message.Org, source bool) ([]message.CountAccount, error) {
	return o.counts(ctx, tx, peer, source)
}

// KeptFor is for how long answers are kept when nobody says otherwise.
const KeptFor = keepAnswers

// Expire deletes what is over, one step.
func (o *Validation) Expire(ctx context.Context) (int64, error) { return o.expire(ctx) }
