package ca

import (
	"context"
	"crypto"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/org/ca/internal/store"
	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// SetKey puts another signer in the place of a CA's key.
func (o *CA) SetKey(p cert.Profile, key crypto.Signer) { o.byProfile[p].key = key }

// Key is a CA's key.
func (o *CA) Key(p cert.Profile) crypto.Signer { return o.byProfile[p].key }

// SetMassPages makes the steps of a mass revocation small.
func (o *CA) SetMassPages(count, revoke int) { o.countPage, o.revokePage = count, revoke }

// SetMassAhead has a step look at few certificates to find some that it can end.
func (o *CA) SetMassAhead(n int) { o.massAhead = n }

// MassNotice is at the top of its page.
var MassNotice = massNotice

// ListBadge says what a mass revocation does to a list.
var ListBadge = listBadge

// LastStatements picks what a report tells of the closes.
var LastStatements = lastStatements

// LintRoot is the judge of the founding ceremony.
var LintRoot = lintRoot

// Tables are the CA's books.
func (o *CA) Tables() []reconcile.Table { return o.tables() }

// Counts are the figures for the statements.
func (o *CA) Counts(ctx context.Context, tx *sqlstore.Tx, peer message.Org, source bool) ([]message.CountAccount, error) {
	return o.counts(ctx, tx, peer, source)
}

// UnheededAlarm is the alarm about notices without effect.
func (o *CA) UnheededAlarm() alarm.Source { return o.unheeded() }

// Unheeded looks through a page, as the alarm does.
func (o *CA) Unheeded(ctx context.Context, tx *sqlstore.Tx, cursor string, limit int) ([]store.Unheeded, string, error) {
	return o.in(tx).Unheeded(ctx, cursor, limit)
}

// CheckTasks are the loops of the inspection alone.
func (o *CA) CheckTasks() []clock.Task { return o.checks.Tasks() }

// IntendList writes down the next full list of a municipality, and the delta list that goes with it.
func (o *CA) IntendList(ctx context.Context, p cert.Profile, municipality string) error {
	n, err := o.makeLists(ctx, o.byProfile[p].id+"/"+municipality, true)
	if err != nil {
		return err
	}
	return o.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error { return o.intendLists(ctx, o.in(tx), n) })
}

// SetDeltas has delta lists made of short lists too: full lists are those of up to small entries, and those of which a share has come since.
func (o *CA) SetDeltas(small, share int64) { o.smallList, o.deltaShare = small, share }

// SetListDays makes full lists that nothing asks for rare.
func (o *CA) SetListDays(n int) { o.cfg.ListDays = n }

// SlowList makes lists as a step does in which something happens after the number was taken.
func (o *CA) SlowList(ctx context.Context, p cert.Profile, municipality string, full bool, meanwhile func()) error {
	var t taken
	if err := o.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		t, err = o.take(ctx, o.in(tx), o.byProfile[p].id+"/"+municipality, full)
		return err
	}); err != nil {
		return err
	}
	meanwhile()
	n, _, err := o.fill(ctx, t)
	if err != nil {
		return err
	}
	return o.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error { return o.intendLists(ctx, o.in(tx), n) })
}
