package store

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/akashi-id/akashi/internal/sqlstore"
)

// Halt is a time in which nothing is issued.
type Halt struct {
	ID         int64
	At         time.Time
	By, Reason string
	ProposedAt time.Time // that it be resumed; zero: nobody has
	ProposedBy string
	Credential string // of who proposed
	Cause      string // what was found and done
	ResumedAt  time.Time
	ResumedBy  string
}

// Proposal names what was proposed, so that nobody approves another one than was read; empty: nothing was.
func (h Halt) Proposal() string {
	if h.ProposedAt.IsZero() {
		return ""
	}
	return fmt.Sprintf("%d-%d", h.ID, h.ProposedAt.UnixMicro())
}

const haltColumns = `id, at, by_whom, reason, proposed_at, proposed_by, credential, cause, resumed_at, resumed_by`

func scanHalt(r *sqlstore.Rows, h *Halt) error {
	var proposed, resumed int64
	err := r.Scan(&h.ID, sqlstore.Time(&h.At), &h.By, &h.Reason, &proposed, &h.ProposedBy, &h.Credential, &h.Cause, &resumed, &h.ResumedBy)
	h.ProposedAt, h.ResumedAt = sqlstore.FromMicrosOrNone(proposed), sqlstore.FromMicrosOrNone(resumed)
	return err
}

// Halted is the halt that lasts; false: it is issued.
func (tx *Tx) Halted(ctx context.Context) (h Halt, found bool, err error) {
	all, err := sqlstore.List(ctx, tx.Tx, scanHalt, `SELECT `+haltColumns+` FROM halt WHERE resumed_at = 0 LIMIT 1`)
	if err != nil || len(all) == 0 {
		return h, false, err
	}
	return all[0], true, nil
}

// Halts are the last ones, the newest first.
func (tx *Tx) Halts(ctx context.Context, limit int) ([]Halt, error) {
	return sqlstore.List(ctx, tx.Tx, scanHalt, `SELECT `+haltColumns+` FROM halt ORDER BY at DESC, id DESC LIMIT $1`, int64(limit))
}

// Halt begins one.
func (tx *Tx) Halt(by, reason string) Halt {
	h := Halt{ID: tx.Serial(), At: tx.Now(), By: by, Reason: reason}
	tx.Collect("halt", haltColumns, h.ID, h.At, by, reason, int64(0), "", "", "", int64(0), "")
	return h
}

// Name names a halt among those of the server.
func (h Halt) Name() string { return strconv.FormatInt(h.ID, 10) }

// HaltNamed is the halt of a name.
func (tx *Tx) HaltNamed(ctx context.Context, name string) (h Halt, found bool, err error) {
	id, err := strconv.ParseInt(name, 10, 64)
	if err != nil {
		return h, false, nil
	}
	all, err := sqlstore.List(ctx, tx.Tx, scanHalt, `SELECT `+haltColumns+` FROM halt WHERE id = $1`, id)
	if err != nil || len(all) == 0 {
		return h, false, err
	}
	return all[0], true, nil
}

// MoveHalt writes down how a halt stands.
func (tx *Tx) MoveHalt(ctx context.Context, h Halt) error {
	_, err := tx.Exec(ctx, `UPDATE halt SET proposed_at = $2, proposed_by = $3, credential = $4, cause = $5, resumed_at = $6, resumed_by = $7 WHERE id = $1`,
		h.ID, sqlstore.MicrosOrNone(h.ProposedAt), h.ProposedBy, h.Credential, h.Cause, sqlstore.MicrosOrNone(h.ResumedAt), h.ResumedBy)
	return err
}
