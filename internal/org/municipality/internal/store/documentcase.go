package store

import (
	"context"
	"fmt"
	"time"

	"github.com/akashi-id/akashi/internal/sqlstore"
)

// The causes of a case.
const (
	CasePrint   = "print"   // a printer did not say that all of it came out
	CaseStopped = "stopped" // it was stopped when it had been printed
	CaseReprint = "reprint" // it was printed once more, and nobody has said what became of the paper before
	CaseSheet   = "sheet"   // a page in the hand bore the number of another document
	CaseAgain   = "again"   // the same was asked for again, and what was printed before was neither handed over nor destroyed
)

// Fate is what became of the paper of an attempt to print.
type Fate string

// The fates. An older program asked for none.
const (
	FateCitizen   Fate = "citizen"   // somebody took it along
	FateCounter   Fate = "counter"   // it lies at the counter, and the document still stands
	FateRecovered Fate = "recovered" // collected, and kept
	FateDestroyed Fate = "destroyed"
	FateNever     Fate = "never" // nothing came out
)

// DocumentCase is an attempt to print of which it must be proven what became of the paper.
type DocumentCase struct {
	Job, Request, Cause string
	OpenedAt, ClosedAt  time.Time // zero: open
	ClosedBy            string    // who confirmed it

	ProposedAt time.Time // zero: nobody has
	ProposedBy string
	Credential string // of who proposed
	Fate       Fate
	Proof      string
}

// Proposal names what was proposed, so that nobody confirms another one than was read; empty: nothing was.
func (c DocumentCase) Proposal() string {
	if c.ProposedAt.IsZero() {
		return ""
	}
	return fmt.Sprintf("%s-%d", c.Job, c.ProposedAt.UnixMicro())
}

const caseColumns = `job, request, cause, opened_at, closed_at, closed_by, proof, fate, proposed_at, proposed_by, credential`

func scanCase(r *sqlstore.Rows, c *DocumentCase) error {
	var closed, proposed int64
	err := r.Scan(&c.Job, &c.Request, &c.Cause, sqlstore.Time(&c.OpenedAt), &closed, &c.ClosedBy, &c.Proof, &c.Fate, &proposed, &c.ProposedBy, &c.Credential)
	c.ClosedAt, c.ProposedAt = sqlstore.FromMicrosOrNone(closed), sqlstore.FromMicrosOrNone(proposed)
	return err
}

// OpenCase opens a case; one of the same cause stays as it is. One that was closed while the paper lay at the counter is opened again, because what became of the
// paper later nobody has proven; what was said then is in the audit log.
func (tx *Tx) OpenCase(ctx context.Context, job, request, cause string) error {
	_, err := tx.Exec(ctx, `INSERT INTO document_case(`+caseColumns+`) VALUES ($1, $2, $3, $4, 0, '', '', '', 0, '', '')
		ON CONFLICT (job, cause) DO UPDATE SET opened_at = excluded.opened_at, closed_at = 0, closed_by = '', proof = '', fate = '', proposed_at = 0, proposed_by = '', credential = ''
		WHERE document_case.closed_at > 0 AND document_case.fate = 'counter'`, job, request, cause, tx.Now())
	return err
}

// IsCase tells whether it is asked what became of the paper of a job, or was proven; that it lay at the counter proves nothing of what became of it later.
func (tx *Tx) IsCase(ctx context.Context, job string) (is bool, err error) {
	var n int64
	err = tx.QueryRow(ctx, `SELECT COUNT(*) FROM document_case WHERE job = $1 AND (closed_at = 0 OR fate <> 'counter')`, job).Scan(&n)
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

// CountCases is how many are open, and of how many of these one person has said what became of the paper.
func (tx *Tx) CountCases(ctx context.Context) (open, proposed int64, err error) {
	err = tx.QueryRow(ctx, `SELECT COUNT(*), COUNT(CASE WHEN proposed_at > 0 THEN 1 END) FROM document_case WHERE closed_at = 0`).Scan(&open, &proposed)
	return open, proposed, err
}

// ProposeCases writes down what became of the paper of a job, for all open cases about it; and says how many there are.
func (tx *Tx) ProposeCases(ctx context.Context, c DocumentCase) (int64, error) {
	return tx.Exec(ctx, `UPDATE document_case SET fate = $3, proof = $4, proposed_at = $5, proposed_by = $6, credential = $7 WHERE request = $1 AND job = $2 AND closed_at = 0`,
		c.Request, c.Job, string(c.Fate), c.Proof, c.ProposedAt, c.ProposedBy, c.Credential)
}

// CloseCases closes those about a job of which this was proposed, and none that was opened since.
func (tx *Tx) CloseCases(ctx context.Context, c DocumentCase, by string) (int64, error) {
	return tx.Exec(ctx, `UPDATE document_case SET closed_at = $4, closed_by = $5 WHERE request = $1 AND job = $2 AND proposed_at = $3 AND closed_at = 0`, c.Request, c.Job, c.ProposedAt, tx.Now(), by)
}

// DocumentsHeld are those that were neither handed over nor destroyed, the oldest first, without their bytes.
func (tx *Tx) DocumentsHeld(ctx context.Context, limit int) ([]Document, error) {
	return tx.documentHeads(ctx, `state = 'held' ORDER BY at, request LIMIT $1`, int64(limit))
}

// LastHeld are those that were neither handed over nor destroyed, the newest first, without their bytes.
func (tx *Tx) LastHeld(ctx context.Context, limit int) ([]Document, error) {
	return tx.documentHeads(ctx, `state = 'held' ORDER BY at DESC, request DESC LIMIT $1`, int64(limit))
}
