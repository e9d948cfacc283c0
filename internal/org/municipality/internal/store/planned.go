package store

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"time"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/resident"
)

// Planned is a move away for which the day has not come (転出予定).
type Planned struct {
	Person            Person
	Day               resident.Date
	Place             resident.Address
	Abroad, Continued bool
	Basis             string
	FiledAt           time.Time
	FiledBy           string
	Trace             string
}

// LogValue shows nothing of the person.
func (p Planned) LogValue() slog.Value { return slog.StringValue("planned for " + p.Day.String()) }

// Plan writes a plan down.
func (tx *Tx) Plan(p Planned) {
	tx.touch(p.Person, p.Trace)
	tx.Collect("planned_move_out", "person, day, place, abroad, continued, basis, filed_at, filed_by, trace",
		int64(p.Person), p.Day.String(), p.Place.Reveal(), p.Abroad, p.Continued, p.Basis, p.FiledAt, p.FiledBy, p.Trace)
}

// PlanOf is what somebody plans; false when nothing.
func (tx *Tx) PlanOf(ctx context.Context, who Person) (p Planned, found bool, err error) {
	var day, place string
	err = tx.QueryRow(ctx, `SELECT person, day, place, abroad, continued, basis, filed_at, filed_by, trace FROM planned_move_out WHERE person = $1`, int64(who)).
		Scan(&p.Person, &day, &place, &p.Abroad, &p.Continued, &p.Basis, sqlstore.Time(&p.FiledAt), &p.FiledBy, &p.Trace)
	if errors.Is(err, sql.ErrNoRows) {
		return Planned{}, false, nil
	}
	if err != nil {
		return Planned{}, false, err
	}
	var texts parser
	p.Day, p.Place = read(&texts, day, resident.ParseDate), read(&texts, place, resident.ParseAddress)
	return p, texts.err == nil, texts.err
}

// Unplan takes a plan back.
func (tx *Tx) Unplan(ctx context.Context, who Person) error {
	tx.touch(who, "")
	_, err := tx.Exec(ctx, `DELETE FROM planned_move_out WHERE person = $1`, int64(who))
	return err
}
