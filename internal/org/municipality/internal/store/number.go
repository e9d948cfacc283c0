package store

import (
	"context"
	"fmt"
	"time"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/resident"
)

// NumberRequest is a request for somebody's individual number, and the notice about it.
type NumberRequest struct {
	Request    string
	Person     Person
	Code       resident.RecordCode
	AskedAt    time.Time
	Trace      string
	Answered   bool
	AnsweredAt time.Time
	Version    resident.Version // in which it was entered; 0: none
	SentAt     time.Time        // of the notice; meaningful when Sent
	Sent       bool
	SentBy     string
}

// AskNumber writes a request down.
func (tx *Tx) AskNumber(request string, who Person, code resident.RecordCode, trace string) {
	tx.Collect("number_request", "request, person, code, asked_at, trace, answered_at, version, sent_at, sent_by",
		request, int64(who), code.Reveal(), tx.Now(), trace, int64(0), int64(0), int64(0), "")
}

// NumberAnswered closes a request; version is that in which the number was entered, 0 for none. A request that is not known is none: a
// restored database may have forgotten it.
func (tx *Tx) NumberAnswered(ctx context.Context, request string, version resident.Version) error {
	if _, err := tx.Exec(ctx, `UPDATE number_request SET answered_at = $2, version = $3 WHERE request = $1 AND answered_at = 0`, request, tx.Now(), int64(version)); err != nil {
		return fmt.Errorf("couldn't close a request for a number: %w", err)
	}
	return nil
}

// OpenNumbers is how many requests for a person's number are open.
func (tx *Tx) OpenNumbers(ctx context.Context, who Person) (n int64, err error) {
	err = tx.QueryRow(ctx, `SELECT COUNT(*) FROM number_request WHERE person = $1 AND answered_at = 0`, int64(who)).Scan(&n)
	return n, err
}

// NumbersOf are a person's requests, the newest first.
func (tx *Tx) NumbersOf(ctx context.Context, who Person) ([]NumberRequest, error) {
	return sqlstore.List(ctx, tx.Tx, scanNumber, `SELECT `+numberColumns+` FROM number_request WHERE person = $1 ORDER BY asked_at DESC, request LIMIT 20`, int64(who))
}

// NoticesToSend are the requests of which a notice has to go to the person, the oldest first.
func (tx *Tx) NoticesToSend(ctx context.Context, limit int) ([]NumberRequest, error) {
	return sqlstore.List(ctx, tx.Tx, scanNumber, `SELECT `+numberColumns+` FROM number_request WHERE version <> 0 AND sent_at = 0 ORDER BY answered_at, request LIMIT $1`, int64(limit))
}

// CountNotices is how many these are.
func (tx *Tx) CountNotices(ctx context.Context) (n int64, err error) {
	err = tx.QueryRow(ctx, `SELECT COUNT(*) FROM number_request WHERE version <> 0 AND sent_at = 0`).Scan(&n)
	return n, err
}

// NoticeSent notes that a notice went to the person; false when it had gone before, or there is none to send.
func (tx *Tx) NoticeSent(ctx context.Context, request, by string) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE number_request SET sent_at = $2, sent_by = $3 WHERE request = $1 AND version <> 0 AND sent_at = 0`, request, tx.Now(), by)
	if err != nil {
		return false, fmt.Errorf("couldn't note that a notice was sent: %w", err)
	}
	return n == 1, nil
}

const numberColumns = `request, person, code, asked_at, trace, answered_at, version, sent_at, sent_by`

func scanNumber(r *sqlstore.Rows, n *NumberRequest) error {
	var code string
	var answered, version, sent int64
	if err := r.Scan(&n.Request, &n.Person, &code, sqlstore.Time(&n.AskedAt), &n.Trace, &answered, &version, &sent, &n.SentBy); err != nil {
		return err
	}
	n.Answered, n.AnsweredAt, n.Version = answered != 0, sqlstore.FromMicros(answered), resident.Version(version)
	n.Sent, n.SentAt = sent != 0, sqlstore.FromMicros(sent)
	var p parser
	n.Code = read(&p, code, resident.ParseRecordCode)
	return p.err
}
