package nationalcenter

import (
	"context"

	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/inspection"
	"github.com/akashi-id/akashi/internal/org/nationalcenter/internal/store"
	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
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

// NumberCandidate is a number of a code's sequence.
func NumberCandidate(k NumberKey, code resident.RecordCode, counter uint64) (resident.IndividualNumber, bool) {
	return k.candidate(code, counter)
}

// ForgetNumberKey is a center that was started without its key.
func (o *Center) ForgetNumberKey() { o.numberKey = NumberKey{} }

// DuplicatesAlarm is the alarm of the duplicate check.
func (o *Center) DuplicatesAlarm() alarm.Source { return o.duplicates.Source() }

// IDOfFinding is how addresses of pages name a finding.
func IDOfFinding(f inspection.Finding) string { return FindingID(f) }

// NameOf and Named are how findings call a resident.
func NameOf(k NumberKey, code string) string        { return k.name(code) }
func Named(k NumberKey, name string) (string, bool) { return k.named(name) }

// AsidesAlarm is the alarm about askings that are set aside.
func (o *Center) AsidesAlarm() alarm.Source { return o.asidesAlarm() }
