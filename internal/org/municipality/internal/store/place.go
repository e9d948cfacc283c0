package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/resident"
)

// Place is where somebody stands in a household (世帯と続柄) since a change that the prefecture is not told of. It goes with
// a version of the record and makes none: the versions are what the prefecture and certificates count by.
type Place struct {
	Person    Person
	Seq       int64
	Version   resident.Version
	Household resident.HouseholdID
	Relation  resident.Relation
	Event     string
	Arose     resident.Date
	Basis     string
	EnteredAt time.Time
	EnteredBy string
	Trace     string
}

// LogValue shows nothing of the person.
func (p Place) LogValue() slog.Value { return slog.StringValue(p.Event) }

const placeColumns = `person, seq, version, household, relation, event, arose, basis, entered_at, entered_by, trace`

// present are the columns that scanPresent reads.
var present = prefixed + `, COALESCE(p.seq, 0), COALESCE(p.household, ''), COALESCE(p.relation, '')`

// presentStates is what a register points at: a version, and the place that stands instead of the version's own.
var presentStates = `SELECT ` + present + ` FROM resident r
	JOIN record_version v ON v.person = r.person AND v.version = r.version LEFT JOIN household_place p ON p.person = r.person AND p.seq = r.placed `

// withPlace reads the place behind the columns of a version.
type withPlace struct {
	row                 scanner
	seq                 *int64
	household, relation *string
}

func (w withPlace) Scan(dest ...any) error {
	return w.row.Scan(append(dest, w.seq, w.household, w.relation)...)
}

// scanPresent reads a row of presentStates.
func scanPresent(row scanner, v *Version) error {
	var household, relation string
	var seq int64
	if err := scanVersion(withPlace{row, &seq, &household, &relation}, v); err != nil || seq == 0 {
		return err
	}
	var p parser
	v.Placed, v.Record.Household, v.Record.Relation = seq, resident.HouseholdID(household), read(&p, relation, resident.ParseRelation)
	if p.err != nil {
		return fmt.Errorf("place %d of person %d cannot be read: %w", seq, v.Person, p.err)
	}
	return nil
}

// Settle gives somebody another place. now is the present state; nothing else of it changes.
func (tx *Tx) Settle(ctx context.Context, now Version, p Place) error {
	var last int64
	if err := tx.QueryRow(ctx, `SELECT COALESCE(MAX(seq), 0) FROM household_place WHERE person = $1`, int64(now.Person)).Scan(&last); err != nil {
		return err
	}
	// Written at once: who asks next for the household must see it.
	if _, err := tx.Exec(ctx, `INSERT INTO household_place(`+placeColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		int64(now.Person), last+1, int64(now.Number), string(p.Household), p.Relation.Reveal(), p.Event, p.Arose.String(), p.Basis, p.EnteredAt,
		p.EnteredBy, p.Trace); err != nil {
		return fmt.Errorf("couldn't write a place down: %w", err)
	}
	tx.touch(now.Person, p.Trace)
	record := now.Record
	record.Household, record.Relation = p.Household, p.Relation
	hash := record.StateHash()
	n, err := tx.Exec(ctx, `UPDATE resident SET household = $2, placed = $3, record_hash = $4 WHERE person = $1 AND version = $5 AND placed = $6`,
		int64(now.Person), string(p.Household), last+1, hash[:], int64(now.Number), now.Placed)
	if err == nil && n != 1 {
		err = fmt.Errorf("the place does not follow on what the register holds of person %d", now.Person)
	}
	return err
}

// Places are all places that somebody was given so, the newest first.
func (tx *Tx) Places(ctx context.Context, who Person) ([]Place, error) {
	return sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, p *Place) error {
		var version int64
		var household, relation, arose string
		if err := r.Scan(&p.Person, &p.Seq, &version, &household, &relation, &p.Event, &arose, &p.Basis, sqlstore.Time(&p.EnteredAt), &p.EnteredBy, &p.Trace); err != nil {
			return err
		}
		var texts parser
		p.Version, p.Household = resident.Version(version), resident.HouseholdID(household)
		p.Relation, p.Arose = read(&texts, relation, resident.ParseRelation), read(&texts, arose, resident.ParseDate)
		return texts.err
	}, `SELECT `+placeColumns+` FROM household_place WHERE person = $1 ORDER BY seq DESC`, int64(who))
}

// Headless is a household that people live in and that has no head.
type Headless struct {
	Household resident.HouseholdID
	OpenedAt  time.Time
	Owner     string // who has to see to it
	Person    Person // the head that is gone
	Trace     string
}

// LogValue shows the household and nobody.
func (h Headless) LogValue() slog.Value { return slog.StringValue(string(h.Household)) }

// OpenHeadless writes down that a household has no head; it stays as it was when it was written down before.
func (tx *Tx) OpenHeadless(ctx context.Context, h Headless) error {
	_, err := tx.Exec(ctx, `INSERT INTO headless_household(household, opened_at, owner, person, trace) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
		string(h.Household), h.OpenedAt, h.Owner, int64(h.Person), h.Trace)
	return err
}

// CloseHeadless strikes a household off: it has a head, or nobody is in it any more.
func (tx *Tx) CloseHeadless(ctx context.Context, id resident.HouseholdID) error {
	_, err := tx.Exec(ctx, `DELETE FROM headless_household WHERE household = $1`, string(id))
	return err
}

// TakeHeadless makes somebody the owner; false when the household is not on the list.
func (tx *Tx) TakeHeadless(ctx context.Context, id resident.HouseholdID, owner string) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE headless_household SET owner = $2 WHERE household = $1`, string(id), owner)
	return n == 1, err
}

// HeadGone is the head whom a household on the list has lost; 0 when it is not on the list.
func (tx *Tx) HeadGone(ctx context.Context, id resident.HouseholdID) (who Person, err error) {
	err = tx.QueryRow(ctx, `SELECT person FROM headless_household WHERE household = $1`, string(id)).Scan(&who)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return who, err
}

// StandTo keeps to which head somebody stood who has left a household; 0: it had none.
func (tx *Tx) StandTo(ctx context.Context, who Person, household resident.HouseholdID, head Person) error {
	_, err := tx.Exec(ctx, `INSERT INTO stood_to(person, household, head) VALUES ($1, $2, $3)
		ON CONFLICT(person, household) DO UPDATE SET head = excluded.head`, int64(who), string(household), int64(head))
	return err
}

// StoodTo is the head to whom somebody stood who has left a household; false when that was not kept.
func (tx *Tx) StoodTo(ctx context.Context, who Person, household resident.HouseholdID) (head Person, known bool, err error) {
	err = tx.QueryRow(ctx, `SELECT head FROM stood_to WHERE person = $1 AND household = $2`, int64(who), string(household)).Scan(&head)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, false, nil
	}
	return head, err == nil, err
}

// Headless are the households without a head, the oldest first, at most limit.
func (tx *Tx) Headless(ctx context.Context, limit int) ([]Headless, error) {
	return sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, h *Headless) error {
		var household string
		err := r.Scan(&household, sqlstore.Time(&h.OpenedAt), &h.Owner, &h.Person, &h.Trace)
		h.Household = resident.HouseholdID(household)
		return err
	}, `SELECT household, opened_at, owner, person, trace FROM headless_household ORDER BY opened_at, household LIMIT $1`, int64(limit))
}
