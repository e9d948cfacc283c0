package store

import (
	"context"
	"time"

	"github.com/akashi-id/akashi/internal/sqlstore"
)

// DocumentRecall is that a document that was handed over is void, and what became of its paper.
type DocumentRecall struct {
	Request     string
	At          time.Time
	By, Reason  string
	RecoveredAt time.Time // zero: the paper is not back
	RecoveredBy string
	Sheets      int // that came back
	Proof       string
}

const recallColumns = `request, at, by_whom, reason, recovered_at, recovered_by, sheets, proof`

// AddRecall writes a recall down.
func (tx *Tx) AddRecall(r DocumentRecall) {
	tx.Collect("document_recall", recallColumns, r.Request, r.At, r.By, r.Reason, int64(0), "", int64(0), "")
}

// Recovered writes down that the paper of a recall is back.
func (tx *Tx) Recovered(ctx context.Context, r DocumentRecall) error {
	_, err := tx.Exec(ctx, `UPDATE document_recall SET recovered_at = $2, recovered_by = $3, sheets = $4, proof = $5 WHERE request = $1 AND recovered_at = 0`,
		r.Request, r.RecoveredAt, r.RecoveredBy, int64(r.Sheets), r.Proof)
	return err
}

// RecallOf is the recall of a document.
func (tx *Tx) RecallOf(ctx context.Context, request string) (r DocumentRecall, found bool, err error) {
	all, err := sqlstore.List(ctx, tx.Tx, func(rows *sqlstore.Rows, r *DocumentRecall) error {
		var recovered, sheets int64
		err := rows.Scan(&r.Request, sqlstore.Time(&r.At), &r.By, &r.Reason, &recovered, &r.RecoveredBy, &sheets, &r.Proof)
		r.RecoveredAt, r.Sheets = sqlstore.FromMicrosOrNone(recovered), int(sheets)
		return err
	}, `SELECT `+recallColumns+` FROM document_recall WHERE request = $1`, request)
	if err != nil || len(all) == 0 {
		return r, false, err
	}
	return all[0], true, nil
}

// DocumentsRecalled are those of which the paper is not back, the oldest first, without their bytes.
func (tx *Tx) DocumentsRecalled(ctx context.Context, limit int) ([]Document, error) {
	return tx.documentHeads(ctx, `state = 'recalled' ORDER BY at, request LIMIT $1`, int64(limit))
}
