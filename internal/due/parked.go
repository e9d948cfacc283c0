package due

import (
	"context"
	"time"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

// ParkedItem is an item that was set aside, or that has failed and will be tried again.
type ParkedItem struct {
	Item
	Reason plain.Sentence // of the last failure
	Next   time.Time      // the next try; for a parked item, when it was parked
}

// Parked lists the items that were set aside, oldest first, at most limit of them after the id after (0 for the first
// page).
func Parked(ctx context.Context, tx *sqlstore.Tx, after int64, limit int) ([]ParkedItem, error) {
	return troubled(ctx, tx, "state = 'parked'", after, limit)
}

// Failing lists the items that failed and are still tried, in the same way.
func Failing(ctx context.Context, tx *sqlstore.Tx, after int64, limit int) ([]ParkedItem, error) {
	return troubled(ctx, tx, "state = 'waiting' AND tries > 0", after, limit)
}

func troubled(ctx context.Context, tx *sqlstore.Tx, which string, after int64, limit int) ([]ParkedItem, error) {
	return sqlstore.List(ctx, tx, func(r *sqlstore.Rows, p *ParkedItem) error {
		return r.Scan(&p.ID, &p.Kind, &p.Ref, &p.Payload, sqlstore.Time(&p.At), &p.Tries, sqlstore.Time(&p.Next), &p.Reason.JA, &p.Reason.EN)
	}, `SELECT id, kind, ref, payload, due_at, tries, at, reason_ja, reason_en FROM due
		WHERE `+which+` AND id > $1 ORDER BY id LIMIT $2`, after, limit)
}

// Counts is the state of a list.
type Counts struct {
	Waiting int64 // all that are not parked
	Overdue int64 // of those, the ones whose time has come
	Failing int64 // of those, the ones that failed at least once
	Parked  int64
}

// Count counts the items as of the transaction's time.
func Count(ctx context.Context, tx *sqlstore.Tx) (c Counts, err error) {
	err = tx.QueryRow(ctx, `SELECT count(*) FILTER (WHERE state = 'waiting'),
			count(*) FILTER (WHERE state = 'waiting' AND due_at <= $1),
			count(*) FILTER (WHERE state = 'waiting' AND tries > 0),
			count(*) FILTER (WHERE state = 'parked') FROM due`, tx.Now()).
		Scan(&c.Waiting, &c.Overdue, &c.Failing, &c.Parked)
	return c, err
}

// Retry lets an item try again at once, with all its tries, because a person has removed the cause. It refuses when no
// item with this id is parked or failing.
func Retry(ctx context.Context, tx *sqlstore.Tx, id int64) error {
	n, err := tx.Exec(ctx, "UPDATE due SET state = 'waiting', tries = 0, at = $1 WHERE id = $2 AND tries > 0", tx.Now(), id)
	if err != nil {
		return err
	}
	if n == 0 {
		return plain.Bad("id", "この仕事は保留されていません。既に再開されたか、終わっています。一覧を開き直してください。",
			"This item is not set aside: it was started again or is done. Reload the list.")
	}
	ring(tx)
	return nil
}
