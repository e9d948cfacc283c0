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

// Agreement is a question to the center about attaching a record code, and what became of it.
type Agreement struct {
	Request    string
	Code       resident.RecordCode
	AskedAt    time.Time
	AskedBy    string
	State      string // asked, agreed, refused
	Text       []byte // the answer
	AnsweredAt time.Time
	Person     Person // whom it was used for; 0: nobody yet
	Version    resident.Version
	UsedAt     time.Time
}

// The states of an agreement.
const (
	AttachAsked   = "asked"
	AttachAgreed  = "agreed"
	AttachRefused = "refused"
)

// OpenAgreement is the request under which just this was asked and not answered yet; "" for none.
func (tx *Tx) OpenAgreement(ctx context.Context, person message.Hash) (request string, err error) {
	err = tx.QueryRow(ctx, `SELECT request FROM attach_agreement WHERE person_hash = $1 AND state = 'asked' ORDER BY asked_at DESC, request LIMIT 1`, person[:]).
		Scan(&request)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("couldn't look for an open question: %w", err)
	}
	return request, nil
}

// AskAgreement writes a question down before it is asked.
func (tx *Tx) AskAgreement(request string, code resident.RecordCode, person message.Hash, by string) {
	tx.Collect("attach_agreement", `request, code, person_hash, asked_at, asked_by, state, text, signature, certificate, answered_at, person, version, used_at`,
		request, code.Reveal(), person[:], tx.Now(), by, AttachAsked, []byte{}, []byte{}, []byte{}, int64(0), int64(0), int64(0), int64(0))
}

// KeepAgreement writes the center's answer down.
func (tx *Tx) KeepAgreement(ctx context.Context, a *message.SignedAttachAnswer) error {
	state := AttachRefused
	if a.Answer.Agrees() {
		state = AttachAgreed
	}
	_, err := tx.Exec(ctx, `UPDATE attach_agreement SET state = $2, text = $3, signature = $4, certificate = $5, answered_at = $6 WHERE request = $1`,
		a.Answer.Request, state, a.Raw, a.Signature, a.Certificate, tx.Now())
	if err != nil {
		return fmt.Errorf("couldn't keep the center's answer: %w", err)
	}
	return nil
}

// UseAgreement notes for whom an answer was used. false: it was used before, or is none that agrees.
func (tx *Tx) UseAgreement(ctx context.Context, request string, who Person, version resident.Version) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE attach_agreement SET person = $2, version = $3, used_at = $4 WHERE request = $1 AND state = 'agreed' AND used_at = 0`,
		request, int64(who), int64(version), tx.Now())
	if err != nil {
		return false, fmt.Errorf("couldn't note the use of the center's answer: %w", err)
	}
	return n == 1, nil
}

// AgreementOf is the answer on which a person was last registered under a code from elsewhere; false when there was none.
func (tx *Tx) AgreementOf(ctx context.Context, who Person) (a Agreement, found bool, err error) {
	var code string
	var version, answered, used int64
	err = tx.QueryRow(ctx, `SELECT request, code, asked_at, asked_by, state, text, answered_at, person, version, used_at FROM attach_agreement
		WHERE person = $1 ORDER BY used_at DESC, request LIMIT 1`, int64(who)).
		Scan(&a.Request, &code, sqlstore.Time(&a.AskedAt), &a.AskedBy, &a.State, &a.Text, &answered, &a.Person, &version, &used)
	if errors.Is(err, sql.ErrNoRows) {
		return Agreement{}, false, nil
	}
	var p parser
	a.Code, a.Version, a.AnsweredAt, a.UsedAt = read(&p, code, resident.ParseRecordCode), resident.Version(version), sqlstore.FromMicros(answered), sqlstore.FromMicros(used)
	return a, err == nil, errors.Join(err, p.err)
}
