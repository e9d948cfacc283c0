package protection

import (
	"context"
	"fmt"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// Tally is how many an organisation holds with a peer, or in all. It names nobody.
type Tally struct {
	Set, Ended           int64 // versions set, and of these ended: what the messages told
	Provisional, InForce int64 // flags that hold
}

// Count counts what a book holds with a peer.
func (t Flags) Count(ctx context.Context, book message.Book, peer message.Org) (Tally, error) {
	return t.count(ctx, t.which(book, peer), string(peer))
}

// All counts all flags that are held here.
func (t Flags) All(ctx context.Context) (Tally, error) { return t.count(ctx, `$1 = ''`, "") }

// count counts in the database, so that a row that cannot be read is counted with the others: one that is in force by the look of it.
func (t Flags) count(ctx context.Context, which, peer string) (n Tally, err error) {
	err = t.tx.QueryRow(ctx, `SELECT COUNT(*), COALESCE(SUM(ended), 0), COALESCE(SUM(provisional), 0), COALESCE(SUM(held), 0) FROM (
		SELECT CASE WHEN ended_at <> 0 THEN 1 ELSE 0 END AS ended,
			CASE WHEN ended_at = 0 AND latest = version THEN CASE WHEN state = 'provisional' THEN 1 ELSE 0 END ELSE 0 END AS provisional,
			CASE WHEN ended_at = 0 AND latest = version THEN 1 ELSE 0 END AS held
		FROM (SELECT version, state, ended_at, (SELECT MAX(version) FROM protection_flag AS o WHERE o.code = protection_flag.code AND o.owner = protection_flag.owner) AS latest
			FROM protection_flag WHERE `+which+`) AS f) AS counted`, peer).Scan(&n.Set, &n.Ended, &n.Provisional, &n.InForce)
	n.InForce -= n.Provisional
	if err != nil {
		return n, fmt.Errorf("couldn't count who is protected: %w", err)
	}
	return n, nil
}

// countNames begin the names of the figures in a statement.
const countNames = "protections"

// Counts are the figures for the statements with a peer, of a book that is held with it. Both sides count the versions that messages
// told of, so that what is under way explains a difference, and nothing else does.
func (t Flags) Counts(ctx context.Context, book message.Book, peer message.Org) ([]message.CountAccount, error) {
	n, err := t.Count(ctx, book, peer)
	return []message.CountAccount{
		{Name: countNames, Kind: message.KindResidentProtection, Title: plain.Sentence{JA: "支援措置の設定", EN: "protections set"}, N: n.Set},
		{Name: countNames + "-ended", Kind: message.KindResidentProtectionEnd, Title: plain.Sentence{JA: "支援措置の終了", EN: "protections ended"}, N: n.Ended},
	}, err
}

// OurOwn lists our own flags that hold, the earliest end of a term first and the provisional before those.
func (t Flags) OurOwn(ctx context.Context, limit int) ([]Flag, error) {
	all, err := sqlstore.List(ctx, t.tx, scanFlag, `SELECT `+flagColumns+` FROM protection_flag WHERE told_by = '' AND ended_at = 0
		AND version = (SELECT MAX(version) FROM protection_flag AS o WHERE o.code = protection_flag.code AND o.owner = protection_flag.owner)
		ORDER BY until_day, measure, code LIMIT $1`, int64(limit))
	if err != nil {
		return nil, fmt.Errorf("couldn't list the protections decided here: %w", err)
	}
	return all, nil
}
