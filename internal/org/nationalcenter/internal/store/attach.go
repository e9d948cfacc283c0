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

// Attach is a question about attaching a record code, and its answer.
type Attach struct {
	AskedBy     message.Org
	Request     string
	Code        resident.RecordCode
	Person      message.Hash
	Agreed      bool
	Why         string // as in the text
	Version     resident.Version
	At, Until   time.Time
	Text        []byte
	Signature   []byte // empty until it is signed
	Certificate []byte
}

const attachColumns = `asked_by, request, code, person, agreed, why, version, at, until, text, signature, certificate`

// PutAttach writes an answer down before it is signed.
func (tx *Tx) PutAttach(a Attach) {
	tx.Collect("attach_answer", attachColumns, string(a.AskedBy), a.Request, a.Code.Reveal(), a.Person[:], a.Agreed, a.Why, int64(a.Version), a.At, a.Until,
		a.Text, []byte{}, []byte{})
}

// SignAttach writes an answer's signature down; the first one stays.
func (tx *Tx) SignAttach(ctx context.Context, by message.Org, request string, signature, certificate []byte) error {
	_, err := tx.Exec(ctx, `UPDATE attach_answer SET signature = $3, certificate = $4 WHERE asked_by = $1 AND request = $2 AND LENGTH(signature) = 0`,
		string(by), request, signature, certificate)
	if err != nil {
		return fmt.Errorf("couldn't keep the signature of an answer: %w", err)
	}
	return nil
}

// AttachOf is the answer to a question; false when it is new.
func (tx *Tx) AttachOf(ctx context.Context, by message.Org, request string) (a Attach, found bool, err error) {
	err = scanAttach(tx.QueryRow(ctx, `SELECT `+attachColumns+` FROM attach_answer WHERE asked_by = $1 AND request = $2`, string(by), request), &a)
	if errors.Is(err, sql.ErrNoRows) {
		return Attach{}, false, nil
	}
	if err != nil {
		return Attach{}, false, fmt.Errorf("couldn't read an answer: %w", err)
	}
	return a, true, nil
}

// Promised tells whether another organisation has been agreed with about a code, on the state of a version, and may still
// register the person.
func (tx *Tx) Promised(ctx context.Context, code resident.RecordCode, version resident.Version, but message.Org) (bool, error) {
	var n int64
	err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM attach_answer WHERE code = $1 AND agreed AND until > $2 AND version = $3 AND asked_by <> $4`,
		code.Reveal(), tx.Now(), int64(version), string(but)).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("couldn't look for other answers about a code: %w", err)
	}
	return n > 0, nil
}

// Attaches lists the last answers, the newest first.
func (tx *Tx) Attaches(ctx context.Context, limit int) ([]Attach, error) {
	return sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, a *Attach) error { return scanAttach(r, a) },
		`SELECT `+attachColumns+` FROM attach_answer ORDER BY at DESC, asked_by, request LIMIT $1`, int64(limit))
}

type scanner interface{ Scan(dest ...any) error }

func scanAttach(r scanner, a *Attach) error {
	var by, code string
	var person []byte
	var version int64
	if err := r.Scan(&by, &a.Request, &code, &person, &a.Agreed, &a.Why, &version, sqlstore.Time(&a.At), sqlstore.Time(&a.Until), &a.Text,
		&a.Signature, &a.Certificate); err != nil {
		return err
	}
	a.AskedBy, a.Version = message.Org(by), resident.Version(version)
	copy(a.Person[:], person)
	return read(&a.Code, code, resident.ParseRecordCode)
}
