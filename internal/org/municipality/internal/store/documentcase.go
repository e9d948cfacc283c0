package store

import (
	"context"
	"time"

	"github.com/akashi-id/akashi/internal/sqlstore"
)

// The causes of a case.
const (
	CasePrint   = "print"   // a printer did not say that all of it came out
	CaseStopped = "stopped" // it was stopped when it had been printed
	CaseReprint = "reprint" // it was printed once more, and nobody has said what became of the paper before
	CaseAgain   = "again"   // the same was asked for again, and what was printed before was neither handed over nor destroyed
)

// DocumentCase is an attempt to print of which it must be proven what became of the paper.
type DocumentCase struct {
	Job, Request, Cause string
	OpenedAt, ClosedAt  time.Time // zero: open
	ClosedBy, Proof     string
}

const caseColumns = `job, request, cause, opened_at, closed_at, closed_by, proof`

func scanCase(r *sqlstore.Rows, c *DocumentCase) error {
	var closed int64
	err := r.Scan(&c.Job, &c.Request, &c.Cause, sqlstore.Time(&c.OpenedAt), &closed, &c.ClosedBy, &c.Proof)
	c.ClosedAt = sqlstore.FromMicrosOrNone(closed)
	return err
}

// OpenCase opens a case; one of the same cause stays as it is.
func (tx *Tx) OpenCase(ctx context.Context, job, request, cause string) error {
	_, err := tx.Exec(ctx, `INSERT INTO document_case(`+caseColumns+`) VALUES ($1, $2, $3, $4, 0, '', '') ON CONFLICT (job, cause) DO NOTHING`, job, request, cause, tx.Now())
	return err
}

// IsCase tells whether a job is a case, or was one.
func (tx *Tx) IsCase(ctx context.Context, job string) (is bool, err error) {
	var n int64
	err = tx.QueryRow(ctx, `SELECT COUNT(*) FROM document_case WHERE job = $1`, job).Scan(&n)
	return n > 0, err
}

// NumberTaken tells whether a document of another request has a number.
func (tx *Tx) NumberTaken(ctx context.Context, number, request string) (taken bool, err error) {
	var n int64
	err = tx.QueryRow(ctx, `SELECT COUNT(*) FROM document_request WHERE number = $1 AND request <> $2`, number, request).Scan(&n)
	return n > 0, err
}

// CasesOf are the cases of a document, the oldest first.
func (tx *Tx) CasesOf(ctx context.Context, request string) ([]DocumentCase, error) {
	return sqlstore.List(ctx, tx.Tx, scanCase, `SELECT `+caseColumns+` FROM document_case WHERE request = $1 ORDER BY opened_at, job, cause LIMIT 100`, request)
}

// OpenCases are those that are open, the oldest first.
func (tx *Tx) OpenCases(ctx context.Context, limit int) ([]DocumentCase, error) {
	return sqlstore.List(ctx, tx.Tx, scanCase, `SELECT `+caseColumns+` FROM document_case WHERE closed_at = 0 ORDER BY opened_at, job, cause LIMIT $1`, int64(limit))
}

// CountCases is how many are open.
func (tx *Tx) CountCases(ctx context.Context) (n int64, err error) {
	err = tx.QueryRow(ctx, `SELECT COUNT(*) FROM document_case WHERE closed_at = 0`).Scan(&n)
	return n, err
}

// CloseCases closes those of a document that are open, or the one of a job; and says how many.
func (tx *Tx) CloseCases(ctx context.Context, request, job, by, proof string) (int64, error) {
	return tx.Exec(ctx, `UPDATE document_case SET closed_at = $3, closed_by = $4, proof = $5 WHERE request = $1 AND (job = $2 OR $2 = '') AND closed_at = 0`, request, job, tx.Now(), by, proof)
}

// DocumentsHeld are those that were neither handed over nor destroyed, the oldest first, without their bytes.
func (tx *Tx) DocumentsHeld(ctx context.Context, limit int) ([]Document, error) {
	return tx.documentHeads(ctx, `state = 'held' ORDER BY at, request LIMIT $1`, int64(limit))
}
