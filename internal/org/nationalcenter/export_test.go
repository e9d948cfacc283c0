package nationalcenter

import (
	"context"

	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/org/nationalcenter/internal/store"
	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// Tables are the center's books.
func (o *Center) Tables() []reconcile.Table { return o.tables() }

// Counts are the figures for the statements.
func (o *Center) Counts(ctx context.Context, tx *sqlstore.Tx, peer message.Org, source bool) ([]message.CountAccount, error) {
	return o.counts(ctx, tx, peer, source)
}

// UndemandedAlarm is the alarm about certificates that are dead and of which the CA was not told.
func (o *Center) UndemandedAlarm() alarm.Source { return o.undemanded() }

// Undemanded looks through a page, as the alarm does.
func (o *Center) Undemanded(ctx context.Context, tx *sqlstore.Tx, cursor string, limit int) ([]store.Undemanded, string, error) {
	return o.in(tx).Undemanded(ctx, cursor, limit)
}

// SettleOld is what a start does after an older program.
func (o *Center) SettleOld(ctx context.Context) error { return o.settleOld(ctx) }
