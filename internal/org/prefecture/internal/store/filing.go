package store

import (
	"context"
	"time"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// FilingState is how a filing stands.
type FilingState string

// The states.
const (
	Waiting  FilingState = "waiting"
	Accepted FilingState = "accepted"
	Refused  FilingState = "refused"
	Ended    FilingState = "ended"
	Replaced FilingState = "replaced" // by a later one that was accepted
)

// Filing is what a verifier filed, and what became of it.
type Filing struct {
	Verifier                    message.Org
	Number                      uint64
	Office, Procedures, Address string
	FiledBy                     string
	FiledAt                     time.Time
	State                       FilingState
	// What one person proposed and no second has confirmed: accept, refuse, end; "" for nothing.
	Act        string
	Why        string // of the proposal, then of the decision
	ProposedBy string
	ProposedAt time.Time
	DecidedBy  string
	Second     string
	DecidedAt  time.Time
}

const filingColumns = `verifier, number, office, procedures, address, filed_by, filed_at, state, act, why, proposed_by, proposed_at, decided_by, second, decided_at`

// File writes a filing down. It reports false when the verifier has used the number before.
func (tx *Tx) File(ctx context.Context, f Filing) (bool, error) {
	n, err := tx.Exec(ctx, `INSERT INTO filing(`+filingColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '', $9, '', $10, '', '', $11)
		ON CONFLICT (verifier, number) DO NOTHING`, string(f.Verifier), int64(f.Number), f.Office, f.Procedures, f.Address, f.FiledBy, tx.Now(),
		string(f.State), f.Why, time.Time{}, f.DecidedAt)
	return n == 1, err
}

// Filings lists the newest first.
func (tx *Tx) Filings(ctx context.Context, limit int) ([]Filing, error) {
	return sqlstore.List(ctx, tx.Tx, scanFiling, `SELECT `+filingColumns+` FROM filing ORDER BY filed_at DESC, verifier, number DESC LIMIT $1`, limit)
}

// Filing finds one.
func (tx *Tx) Filing(ctx context.Context, verifier message.Org, number uint64) (f Filing, found bool, err error) {
	all, err := sqlstore.List(ctx, tx.Tx, scanFiling, `SELECT `+filingColumns+` FROM filing WHERE verifier = $1 AND number = $2`, string(verifier), int64(number))
	if err != nil || len(all) == 0 {
		return f, false, err
	}
	return all[0], true, nil
}

// StandingFilings lists what a verifier has filed that is not over: what waits, and what was accepted.
func (tx *Tx) StandingFilings(ctx context.Context, verifier message.Org) ([]Filing, error) {
	return sqlstore.List(ctx, tx.Tx, scanFiling, `SELECT `+filingColumns+` FROM filing WHERE verifier = $1 AND state IN ('waiting', 'accepted') ORDER BY number`, string(verifier))
}

// Propose notes what one person would do with a filing; an earlier proposal gives way.
func (tx *Tx) Propose(ctx context.Context, f Filing, act, why, by string) error {
	_, err := tx.Exec(ctx, `UPDATE filing SET act = $3, why = $4, proposed_by = $5, proposed_at = $6 WHERE verifier = $1 AND number = $2`,
		string(f.Verifier), int64(f.Number), act, why, by, tx.Now())
	return err
}

// Settle ends a proposal, or what the verifier itself has ended, with a state.
func (tx *Tx) Settle(ctx context.Context, f Filing, state FilingState, why, by, second string) error {
	_, err := tx.Exec(ctx, `UPDATE filing SET state = $3, act = '', why = $4, decided_by = $5, second = $6, decided_at = $7 WHERE verifier = $1 AND number = $2`,
		string(f.Verifier), int64(f.Number), string(state), why, by, second, tx.Now())
	return err
}

func scanFiling(r *sqlstore.Rows, f *Filing) error {
	var verifier, state string
	var number int64
	err := r.Scan(&verifier, &number, &f.Office, &f.Procedures, &f.Address, &f.FiledBy, sqlstore.Time(&f.FiledAt), &state, &f.Act, &f.Why,
		&f.ProposedBy, sqlstore.Time(&f.ProposedAt), &f.DecidedBy, &f.Second, sqlstore.Time(&f.DecidedAt))
	f.Verifier, f.Number, f.State = message.Org(verifier), uint64(number), FilingState(state)
	return err
}
