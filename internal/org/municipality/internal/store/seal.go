package store

import (
	"context"
	"log/slog"
	"time"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/resident"
)

// The states of a seal.
const (
	SealInquired   = "inquired"   // a letter asks the person whether it is their will
	SealRegistered = "registered" // 登録
	SealEnded      = "ended"      // 廃止, 抹消
)

// Seal is a seal that somebody has registered, or asked to register (印鑑登録).
type Seal struct {
	ID        int64
	Person    Person
	State     string
	Text      string // what is cut into it
	Imprint   []byte // as imprint.Imprint.PNG
	Way       string
	Guarantor Person // 0: none
	Card      int64  // number of the registration card; 0 before it is registered

	AppliedAt    time.Time
	AppliedBy    string
	AnswerUntil  resident.Date // of an inquiry; zero: there was none
	RegisteredAt time.Time     // zero: it never was
	RegisteredBy string
	EndedAt      time.Time
	EndedBy      string
	Ground       string
	Trace        string
}

// LogValue shows nothing of the person.
func (s Seal) LogValue() slog.Value {
	return slog.GroupValue(slog.Int64("seal", s.ID), slog.String("state", s.State))
}

const sealColumns = `id, person, state, text, imprint, way, guarantor, card, applied_at, applied_by, answer_until,
	registered_at, registered_by, ended_at, ended_by, ground, trace`

// AddSeal writes a new one down. That a person has another that has not ended fails.
func (tx *Tx) AddSeal(ctx context.Context, s Seal) error {
	tx.touch(s.Person, s.Trace)
	_, err := tx.Exec(ctx, `INSERT INTO seal(`+sealColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`,
		s.ID, int64(s.Person), s.State, s.Text, s.Imprint, s.Way, int64(s.Guarantor), s.Card, s.AppliedAt, s.AppliedBy, s.AnswerUntil.String(),
		sqlstore.MicrosOrNone(s.RegisteredAt), s.RegisteredBy, sqlstore.MicrosOrNone(s.EndedAt), s.EndedBy, s.Ground, s.Trace)
	return err
}

// SetSeal writes down what has become of one.
func (tx *Tx) SetSeal(ctx context.Context, s Seal) error {
	tx.touch(s.Person, "")
	_, err := tx.Exec(ctx, `UPDATE seal SET state = $2, card = $3, registered_at = $4, registered_by = $5, ended_at = $6, ended_by = $7, ground = $8
		WHERE id = $1`, s.ID, s.State, s.Card, sqlstore.MicrosOrNone(s.RegisteredAt), s.RegisteredBy, sqlstore.MicrosOrNone(s.EndedAt), s.EndedBy, s.Ground)
	return err
}

// Seals are a person's seals, the newest first, at most 100.
func (tx *Tx) Seals(ctx context.Context, who Person) ([]Seal, error) {
	return sqlstore.List(ctx, tx.Tx, scanSeal, `SELECT `+sealColumns+` FROM seal WHERE person = $1 ORDER BY id DESC LIMIT 100`, int64(who))
}

// LiveSeal is a person's seal that is asked for or registered; false when there is none.
func (tx *Tx) LiveSeal(ctx context.Context, who Person) (Seal, bool, error) {
	return oneSeal(sqlstore.List(ctx, tx.Tx, scanSeal, `SELECT `+sealColumns+` FROM seal WHERE person = $1 AND state <> $2`, int64(who), SealEnded))
}

// SealOf finds one by its number.
func (tx *Tx) SealOf(ctx context.Context, id int64) (Seal, bool, error) {
	return oneSeal(sqlstore.List(ctx, tx.Tx, scanSeal, `SELECT `+sealColumns+` FROM seal WHERE id = $1`, id))
}

// NextCard is the next number of a registration card. Numbers are never given twice.
func (tx *Tx) NextCard(ctx context.Context) (next int64, err error) {
	err = tx.QueryRow(ctx, `SELECT COALESCE(MAX(card), 0) + 1 FROM seal`).Scan(&next)
	return next, err
}

func oneSeal(found []Seal, err error) (Seal, bool, error) {
	if err != nil || len(found) == 0 {
		return Seal{}, false, err
	}
	return found[0], true, nil
}

func scanSeal(r *sqlstore.Rows, s *Seal) error {
	var until string
	var registered, ended int64
	if err := r.Scan(&s.ID, &s.Person, &s.State, &s.Text, &s.Imprint, &s.Way, &s.Guarantor, &s.Card, sqlstore.Time(&s.AppliedAt), &s.AppliedBy, &until,
		&registered, &s.RegisteredBy, &ended, &s.EndedBy, &s.Ground, &s.Trace); err != nil {
		return err
	}
	s.RegisteredAt, s.EndedAt = sqlstore.FromMicrosOrNone(registered), sqlstore.FromMicrosOrNone(ended)
	// A last day that cannot be read is none: the due item has the day, and a damaged row must keep no change of its holder's record back.
	s.AnswerUntil, _ = resident.ParseDate("answer_until", until)
	return nil
}
