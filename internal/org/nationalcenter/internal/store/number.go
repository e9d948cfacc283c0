package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// Number is an individual number that was given.
type Number struct {
	Number      resident.IndividualNumber
	Code        resident.RecordCode // the holder's present code
	DerivedFrom resident.RecordCode
	Counter     uint64
	KeyID       string
	AskedBy     message.Org
}

// NumberOf is the number that a person has now; false when none was given.
func (tx *Tx) NumberOf(ctx context.Context, holder resident.RecordCode) (n resident.IndividualNumber, found bool, err error) {
	var number string
	err = tx.QueryRow(ctx, `SELECT number FROM individual_number WHERE code = $1 AND ended_at = 0`, holder.Reveal()).Scan(&number)
	if errors.Is(err, sql.ErrNoRows) {
		return n, false, nil
	}
	if err != nil {
		return n, false, fmt.Errorf("couldn't look for a person's individual number: %w", err)
	}
	return n, true, read(&n, number, resident.ParseIndividualNumber)
}

// NumberStated is the number that a person's record came with, as one that was imported does; false when it states none, or nobody has the
// code. The center did not give it.
func (tx *Tx) NumberStated(ctx context.Context, holder resident.RecordCode) (n resident.IndividualNumber, found bool, err error) {
	var number string
	err = tx.QueryRow(ctx, `SELECT number FROM resident WHERE code = $1 AND number <> ''`, holder.Reveal()).Scan(&number)
	if errors.Is(err, sql.ErrNoRows) {
		return n, false, nil
	}
	if err != nil {
		return n, false, fmt.Errorf("couldn't look for the individual number of a record: %w", err)
	}
	return n, true, read(&n, number, resident.ParseIndividualNumber)
}

// NumberOfAnother tells whether a number is or was somebody's, other than holder's present one: given by the center, or stated by a record.
func (tx *Tx) NumberOfAnother(ctx context.Context, n resident.IndividualNumber, holder resident.RecordCode) (bool, error) {
	var rows int64
	if err := tx.QueryRow(ctx, `SELECT (SELECT COUNT(*) FROM individual_number WHERE number = $1 AND (code <> $2 OR ended_at <> 0))
		+ (SELECT COUNT(*) FROM resident WHERE number = $1 AND number <> '' AND code <> $2)`, n.Reveal(), holder.Reveal()).Scan(&rows); err != nil {
		return false, fmt.Errorf("couldn't look for an individual number: %w", err)
	}
	return rows > 0, nil
}

// PutNumber writes down that a number was given. A second row for a number, or a second number for a code, fails the transaction.
func (tx *Tx) PutNumber(ctx context.Context, n Number) error {
	_, err := tx.Exec(ctx, `INSERT INTO individual_number(number, code, derived_from, counter, key_id, asked_by, at, ended_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		n.Number.Reveal(), n.Code.Reveal(), n.DerivedFrom.Reveal(), int64(n.Counter), n.KeyID, string(n.AskedBy), tx.Now(), int64(0))
	if err != nil {
		return fmt.Errorf("couldn't write an individual number down: %w", err)
	}
	return nil
}

// CarryNumber lets a person's number follow a change of code (法30条の3): it is the person's for life. When the new code has one, because it
// was asked for under that before the change came, the old row stays, and the duplicate check names it.
func (tx *Tx) CarryNumber(ctx context.Context, old, now resident.RecordCode) error {
	_, err := tx.Exec(ctx, `UPDATE individual_number SET code = $1 WHERE code = $2 AND ended_at = 0
		AND NOT EXISTS (SELECT 1 FROM individual_number AS n WHERE n.code = $1 AND n.ended_at = 0)`, now.Reveal(), old.Reveal())
	if err != nil {
		return fmt.Errorf("couldn't carry an individual number over to the new code: %w", err)
	}
	return nil
}
