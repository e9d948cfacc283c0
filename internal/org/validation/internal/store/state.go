package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

// State is a certificate's row as answers are made from it.
type State struct {
	Serial    []byte
	Damaged   bool // it cannot be read: nothing is answered from it
	Revoked   bool // else good
	RevokedAt time.Time
	Reason    cert.RevocationReason
	ToldAt    time.Time // when it was learnt
}

const stateColumns = `SELECT serial, state, revoked_at, reason, told_at FROM status WHERE issuer = $1 AND `

// scanState never fails over a row, so that one that was damaged stops none behind it.
func scanState(r *sqlstore.Rows, s *State) error {
	var state, reason string
	err := r.Scan(&s.Serial, &state, sqlstore.Time(&s.RevokedAt), &reason, sqlstore.Time(&s.ToldAt))
	switch {
	case err != nil:
	case state == "revoked":
		s.Revoked = true
		s.Reason, err = cert.ParseReason(reason)
	case state != "good":
		err = errors.New("a state that there is not")
	}
	if _, e := cert.SerialFromBytes(s.Serial); e != nil || s.Serial[0] == 0 {
		s.Serial, err = nil, errors.New("no serial")
	}
	s.Damaged = err != nil
	return nil
}

// States lists a CA's rows by serial, from the one after a serial on, at most so many. next is where to go on, nil at the
// end. A row without a serial that can be read has none.
func (tx *Tx) States(ctx context.Context, issuer string, after []byte, limit int) (all []State, next []byte, err error) {
	all, err = sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, s *State) error {
		err := scanState(r, s)
		if next = s.Serial; next == nil { // the cursor goes by what stands in the row
			err = errors.Join(err, r.Scan(&next, new(any), new(any), new(any), new(any)))
		}
		return err
	}, stateColumns+`serial > $2 ORDER BY serial LIMIT $3`, issuer, after, int64(limit))
	if err != nil {
		return nil, nil, fmt.Errorf("couldn't read the states of certificates: %w", err)
	}
	if len(all) < limit {
		next = nil
	}
	return all, next, nil
}

// StatesOf is States for some serials; of one that no row has, nothing is in the answer.
func (tx *Tx) StatesOf(ctx context.Context, issuer string, serials [][]byte) (all []State, err error) {
	err = sqlstore.InParts(tx.Tx, 2, serials, func(marks string, part []any) error {
		found, err := sqlstore.List(ctx, tx.Tx, scanState, stateColumns+`serial IN (`+marks+`)`, append([]any{issuer}, part...)...)
		all = append(all, found...)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("couldn't look states up: %w", err)
	}
	return all, nil
}

// Pulse writes the row that shows that writing works.
func (tx *Tx) Pulse(ctx context.Context) error {
	_, err := tx.Exec(ctx, `INSERT INTO pulse(id, at) VALUES (1, $1) ON CONFLICT (id) DO UPDATE SET at = excluded.at`, tx.Now())
	return err
}
