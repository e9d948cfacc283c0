package store

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/akashi-id/akashi/internal/received"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// StandingAndClaim reads how a resident stands, nil when none is held under the code, and the code's claim, in one question: it is
// asked for every change. A first state that was put in this transaction is not seen before Flush.
func (tx *Tx) StandingAndClaim(ctx context.Context, code resident.RecordCode) (*received.Standing, Claim, error) {
	var version, builtOn sql.NullInt64
	var hash []byte
	var municipality, reason, toldBy, allotted, successor sql.NullString
	err := tx.QueryRow(ctx, `SELECT r.version, r.built_on, r.hash, r.municipality, r.reason, r.told_by, c.allotted_to, c.successor
		FROM (SELECT CAST($1 AS TEXT) AS code) AS q LEFT JOIN resident AS r ON r.code = q.code LEFT JOIN code AS c ON c.code = q.code`, code.Reveal()).
		Scan(&version, &builtOn, &hash, &municipality, &reason, &toldBy, &allotted, &successor)
	if err != nil {
		return nil, Claim{}, fmt.Errorf("couldn't read how a resident stands: %w", err)
	}
	claim := Claim{AllottedTo: message.Org(allotted.String)}
	if err := read(&claim.Successor, successor.String, resident.ParseRecordCode); err != nil {
		return nil, Claim{}, fmt.Errorf("a stored claim can't be read: %w", err)
	}
	if !version.Valid {
		return nil, claim, nil
	}
	s, err := received.StandingOf(version.Int64, builtOn.Int64, hash, municipality.String, reason.String, toldBy.String)
	return s, claim, err
}

// read gives a stored text its type again; "" is an absent value.
func read[T any](to *T, text string, parse func(field, s string) (T, error)) (err error) {
	if text != "" {
		*to, err = parse("stored", text)
	}
	return err
}
