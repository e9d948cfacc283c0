package look

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// Idle is how long a visit lasts without a look: somebody else may sit at the desk by then, or stand in front of it.
const Idle = 30 * time.Minute

// Visit is a person at the counter, or a letter on the desk (来庁・案件): what an operator says once and looks under until
// it is closed. Who had to say it forty times a day would say anything.
type Visit struct {
	Operator string
	Ground   Ground
	Opened   time.Time
	Last     time.Time // of the last look under it; Opened when there was none
	Closed   bool      // by its operator
}

// Ends is when the visit is over if nobody looks any more.
func (v Visit) Ends() time.Time { return v.Last.Add(Idle) }

// OpenVisit opens a visit, in the place of the one that the operator had. It is refused as a look would be.
func OpenVisit(ctx context.Context, tx *sqlstore.Tx, by access.Person, office message.Org, g Ground) error {
	if err := g.Check(by, office); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO look_visit(operator, purpose, case_ref, opened_at, closed_at) VALUES ($1, $2, $3, $4, 0)
		ON CONFLICT (operator) DO UPDATE SET purpose = excluded.purpose, case_ref = excluded.case_ref, opened_at = excluded.opened_at, closed_at = 0`,
		by.ID, string(g.Purpose), g.Case, tx.Now())
	auditlog.Write(tx, auditlog.Entry{Actor: by.ID, Act: "visit.open", Case: g.Case, Detail: string(g.Purpose)})
	return err
}

// CloseVisit closes the operator's visit. That there is none is no error.
func CloseVisit(ctx context.Context, tx *sqlstore.Tx, by access.Person) error {
	n, err := tx.Exec(ctx, `UPDATE look_visit SET closed_at = $1 WHERE operator = $2 AND closed_at = 0`, tx.Now(), by.ID)
	if n > 0 {
		auditlog.Write(tx, auditlog.Entry{Actor: by.ID, Act: "visit.close"})
	}
	return err
}

// VisitOf returns the operator's last visit, and whether it is open: neither closed nor idle for too long. The looks
// themselves say when the last one was, so that a look writes nothing but its row.
func VisitOf(ctx context.Context, tx *sqlstore.Tx, operator string) (v Visit, open bool, err error) {
	v.Operator = operator
	var closed, last int64
	err = tx.QueryRow(ctx, `SELECT purpose, case_ref, opened_at, closed_at FROM look_visit WHERE operator = $1`, operator).
		Scan(&v.Ground.Purpose, &v.Ground.Case, sqlstore.Time(&v.Opened), &closed)
	if errors.Is(err, sql.ErrNoRows) {
		return v, false, nil
	}
	if err == nil {
		err = tx.QueryRow(ctx, `SELECT COALESCE(MAX(at), 0) FROM look WHERE operator = $1 AND at >= $2`, operator, v.Opened).Scan(&last)
	}
	if err != nil {
		return v, false, err
	}
	v.Last, v.Closed = v.Opened, closed != 0
	if t := sqlstore.FromMicros(last); last != 0 {
		v.Last = t
	}
	return v, !v.Closed && tx.Now().Before(v.Ends()), nil
}

// GroundOf is the ground on which somebody looks now: that of the context, or else that of the open visit. The zero
// Ground, which Record refuses, when there is neither.
func GroundOf(ctx context.Context, tx *sqlstore.Tx, operator string) (Ground, error) {
	if g := From(ctx); g != (Ground{}) {
		return g, nil
	}
	v, open, err := VisitOf(ctx, tx, operator)
	if err != nil || !open {
		return Ground{}, err
	}
	return v.Ground, nil
}
