package store

import (
	"context"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

// Answer is what was asked and what was told.
type Answer struct {
	ID        int64 // given when it is first written; 0 before
	AskedAt   time.Time
	Issuer    string
	Serial    cert.Serial
	Answer    string    // good, revoked, unknown
	Fresh     bool      // signed for this question
	Requester string    // who asked, as far as the connection says; ""
	BasedAt   time.Time // when we had learnt of the state that was told; zero of a number that is not known
}

// Keep writes an answer down.
func (tx *Tx) Keep(a Answer) {
	tx.Collect("answer", "id, asked_at, issuer, serial, answer, fresh, requester, based_at",
		a.ID, a.AskedAt, a.Issuer, a.Serial.Bytes(), a.Answer, a.Fresh, a.Requester, a.BasedAt)
}

// Kept tells whether an answer was written: a commit whose reply was lost may have been applied.
func (tx *Tx) Kept(ctx context.Context, id int64) (bool, error) {
	var n int64
	err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM answer WHERE id = $1`, id).Scan(&n)
	return n > 0, err
}

const answerColumns = `SELECT asked_at, issuer, serial, answer, fresh, requester, based_at FROM answer `

// Answers lists the newest.
func (tx *Tx) Answers(ctx context.Context, limit int) ([]Answer, error) {
	return sqlstore.List(ctx, tx.Tx, scanAnswer, answerColumns+`ORDER BY asked_at DESC, id DESC LIMIT $1`, limit)
}

// AnswersOf lists the newest about one certificate.
func (tx *Tx) AnswersOf(ctx context.Context, serial cert.Serial, limit int) ([]Answer, error) {
	return sqlstore.List(ctx, tx.Tx, scanAnswer, answerColumns+`WHERE serial = $1 ORDER BY asked_at DESC, id DESC LIMIT $2`, serial.Bytes(), limit)
}

func scanAnswer(r *sqlstore.Rows, a *Answer) (err error) {
	var serial []byte
	if err := r.Scan(sqlstore.Time(&a.AskedAt), &a.Issuer, &serial, &a.Answer, &a.Fresh, &a.Requester, sqlstore.Time(&a.BasedAt)); err != nil {
		return err
	}
	a.Serial, err = cert.SerialFromBytes(serial)
	return err
}
