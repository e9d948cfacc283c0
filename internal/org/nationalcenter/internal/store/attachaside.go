package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// AttachAside is a code about which an asker gets no answer before the center's staff have looked into it.
type AttachAside struct {
	ID         string
	AskedBy    message.Org
	Code       resident.RecordCode
	Why        string // AsideRefused or AsideProtected
	OpenedAt   time.Time
	Tries      int64
	ProposedBy string // who would let them ask again; empty: nobody
	ProposedAt time.Time
	Proposal   string
	LetBy      string
	LetAt      time.Time // zero: it is open
}

// Why an asking is set aside.
const (
	AsideRefused   = "refused"   // the asker was refused too often about the code
	AsideProtected = "protected" // the person is protected, and nobody has said that she goes there
)

const asideColumns = `id, asked_by, code, why, opened_at, tries, proposed_by, proposed_at, proposed_why, let_by, let_at`

func scanAside(r scanner, a *AttachAside) error {
	var by, code string
	if err := r.Scan(&a.ID, &by, &code, &a.Why, sqlstore.Time(&a.OpenedAt), &a.Tries, &a.ProposedBy, sqlstore.Time(&a.ProposedAt), &a.Proposal,
		&a.LetBy, sqlstore.Time(&a.LetAt)); err != nil {
		return err
	}
	a.AskedBy = message.Org(by)
	return read(&a.Code, code, resident.ParseRecordCode)
}

// RefusedQuestions counts the different questions about a code that an asker was refused since a moment. One that is put again, because somebody
// waits for a moving out, says nothing new and is one.
func (tx *Tx) RefusedQuestions(ctx context.Context, by message.Org, code resident.RecordCode, since time.Time) (n int64, err error) {
	err = tx.QueryRow(ctx, `SELECT COUNT(DISTINCT person) FROM attach_answer WHERE code = $1 AND asked_by = $2 AND at > $3 AND NOT agreed`,
		code.Reveal(), string(by), since).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("couldn't count the questions refused about a code: %w", err)
	}
	return n, nil
}

// OpenAside counts a try at what is set aside of an asker and a code; false when nothing is.
func (tx *Tx) OpenAside(ctx context.Context, by message.Org, code resident.RecordCode) (bool, error) {
	rows, err := tx.Exec(ctx, `UPDATE attach_aside SET tries = tries + 1 WHERE asked_by = $1 AND code = $2 AND let_at = 0`, string(by), code.Reveal())
	if err != nil {
		return false, fmt.Errorf("couldn't look whether an asking is set aside: %w", err)
	}
	return rows > 0, nil
}

// SetAside begins to.
func (tx *Tx) SetAside(ctx context.Context, a AttachAside) error {
	_, err := tx.Exec(ctx, `INSERT INTO attach_aside(`+asideColumns+`) VALUES ($1, $2, $3, $4, $5, 1, '', 0, '', '', 0)`, a.ID, string(a.AskedBy), a.Code.Reveal(), a.Why, tx.Now())
	if err != nil {
		return fmt.Errorf("couldn't set an asking aside: %w", err)
	}
	return nil
}

// LetSince is when staff have last let an asker ask about a code again; zero for never.
func (tx *Tx) LetSince(ctx context.Context, by message.Org, code resident.RecordCode) (at time.Time, err error) {
	var micros int64
	if err := tx.QueryRow(ctx, `SELECT COALESCE(MAX(let_at), 0) FROM attach_aside WHERE asked_by = $1 AND code = $2`, string(by), code.Reveal()).Scan(&micros); err != nil {
		return at, fmt.Errorf("couldn't read whether somebody may ask again: %w", err)
	}
	if micros == 0 {
		return at, nil
	}
	return sqlstore.FromMicros(micros), nil
}

// Asides lists what is set aside, the oldest first, or what no longer is, the newest first.
func (tx *Tx) Asides(ctx context.Context, open bool, limit int) ([]AttachAside, error) {
	where := `let_at = 0 ORDER BY opened_at, id`
	if !open {
		where = `let_at <> 0 ORDER BY let_at DESC, id`
	}
	return sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, a *AttachAside) error { return scanAside(r, a) },
		`SELECT `+asideColumns+` FROM attach_aside WHERE `+where+` LIMIT $1`, int64(limit))
}

// CountAsides counts what is set aside.
func (tx *Tx) CountAsides(ctx context.Context) (n int64, first time.Time, err error) {
	var micros int64
	err = tx.QueryRow(ctx, `SELECT COUNT(*), COALESCE(MIN(opened_at), 0) FROM attach_aside WHERE let_at = 0`).Scan(&n, &micros)
	return n, sqlstore.FromMicros(micros), err
}

// Aside is what is set aside under a name; false when nothing is, or not any more.
func (tx *Tx) Aside(ctx context.Context, id string) (a AttachAside, found bool, err error) {
	err = scanAside(tx.QueryRow(ctx, `SELECT `+asideColumns+` FROM attach_aside WHERE id = $1 AND let_at = 0`, id), &a)
	if errors.Is(err, sql.ErrNoRows) {
		return AttachAside{}, false, nil
	}
	return a, err == nil, err
}

// ProposeToLet writes down who would let the asker ask again, in the place of an earlier word.
func (tx *Tx) ProposeToLet(ctx context.Context, id, by, why string) error {
	_, err := tx.Exec(ctx, `UPDATE attach_aside SET proposed_by = $2, proposed_at = $3, proposed_why = $4 WHERE id = $1 AND let_at = 0`, id, by, tx.Now(), why)
	return err
}

// Let ends it: the asker may ask again.
func (tx *Tx) Let(ctx context.Context, id, by string) error {
	_, err := tx.Exec(ctx, `UPDATE attach_aside SET let_by = $2, let_at = $3 WHERE id = $1 AND let_at = 0`, id, by, tx.Now())
	return err
}

// AttachesOf lists the last answers about a code, the newest first.
func (tx *Tx) AttachesOf(ctx context.Context, code resident.RecordCode, limit int) ([]Attach, error) {
	return sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, a *Attach) error { return scanAttach(r, a) },
		`SELECT `+attachColumns+` FROM attach_answer WHERE code = $1 ORDER BY at DESC, asked_by, request LIMIT $2`, code.Reveal(), int64(limit))
}
