package store

import (
	"context"
	"fmt"

	"github.com/akashi-id/akashi/resident"
)

// FreeCodes is how many codes of the pool nobody has.
func (tx *Tx) FreeCodes(ctx context.Context) (n int64, err error) {
	err = tx.QueryRow(ctx, `SELECT COUNT(*) FROM code_pool WHERE given_at = 0`).Scan(&n)
	return n, err
}

// Allotted tells whether a code is or was in the pool, and whether it is still free.
func (tx *Tx) Allotted(ctx context.Context, code resident.RecordCode) (known, free bool, err error) {
	var all, open int64
	err = tx.QueryRow(ctx, `SELECT COUNT(*), COUNT(*) FILTER (WHERE given_at = 0) FROM code_pool WHERE code = $1`, code.Reveal()).Scan(&all, &open)
	return all > 0, open > 0, err
}

// AddCode puts an allotted code into the pool.
func (tx *Tx) AddCode(code resident.RecordCode, request string) {
	tx.Collect("code_pool", "code, request, allotted_at, given_at", code.Reveal(), request, tx.Now(), int64(0))
}

// GiveCode takes the free code that stands at a place of the pool, from 0, out of it.
func (tx *Tx) GiveCode(ctx context.Context, place int64) (resident.RecordCode, error) {
	var s string
	if err := tx.QueryRow(ctx, `SELECT code FROM code_pool WHERE given_at = 0 ORDER BY code LIMIT 1 OFFSET $1`, place).Scan(&s); err != nil {
		return resident.RecordCode{}, fmt.Errorf("couldn't take a code from the pool: %w", err)
	}
	if _, err := tx.Exec(ctx, `UPDATE code_pool SET given_at = $2 WHERE code = $1`, s, tx.Now()); err != nil {
		return resident.RecordCode{}, err
	}
	return resident.ParseRecordCode("code", s)
}

// OpenRequests is how many requests for codes the center has not answered.
func (tx *Tx) OpenRequests(ctx context.Context) (n int64, err error) {
	err = tx.QueryRow(ctx, `SELECT COUNT(*) FROM code_request WHERE answered_at = 0`).Scan(&n)
	return n, err
}

// AddRequest writes down that codes were asked for.
func (tx *Tx) AddRequest(request string, codes int64) {
	tx.Collect("code_request", "request, codes, asked_at, answered_at", request, codes, tx.Now(), int64(0))
}

// Answered closes a request for codes. A request that is not known is none: a restored database may have forgotten it.
func (tx *Tx) Answered(ctx context.Context, request string) error {
	_, err := tx.Exec(ctx, `UPDATE code_request SET answered_at = $2 WHERE request = $1`, request, tx.Now())
	return err
}
