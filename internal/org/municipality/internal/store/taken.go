package store

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/resident"
)

// Taken is what was filed at the counter and waits for another person's check of who has filed it.
type Taken struct {
	Case    string // its trace, from the taking on
	Kind    string // which form it came by
	Subject string // what of that form; may be empty
	Person  Person // 0: somebody who is not in the register yet
	Code    resident.RecordCode
	Version resident.Version  // of the record when the first person checked; 0: none
	Typed   map[string]string // the form, as it was typed; empty: forgotten
	Picture []byte
	TakenAt time.Time
	TakenBy string
}

// LogValue names the case only.
func (t Taken) LogValue() slog.Value { return slog.StringValue(t.Case) }

// Holder is whose it is, as checks of identity name them; of somebody who is not in the register yet the case stands for them.
func (t Taken) Holder() string {
	if t.Person == 0 {
		return t.Case
	}
	return t.Person.String()
}

const takenColumns = `case_ref, kind, subject, person, code, version, typed, picture, taken_at, taken_by`

// Take writes one down.
func (tx *Tx) Take(t Taken) error {
	typed, err := json.Marshal(t.Typed)
	if err != nil {
		return fmt.Errorf("couldn't keep what was typed: %w", err)
	}
	tx.Collect("taken_filing", takenColumns, t.Case, t.Kind, t.Subject, int64(t.Person), t.Code.Reveal(), int64(t.Version), string(typed), notNil(t.Picture), t.TakenAt, t.TakenBy)
	return nil
}

// TakenOf finds one; false when there is none.
func (tx *Tx) TakenOf(ctx context.Context, ref string) (Taken, bool, error) {
	found, err := sqlstore.List(ctx, tx.Tx, scanTaken, `SELECT `+takenColumns+` FROM taken_filing WHERE case_ref = $1`, ref)
	if err != nil || len(found) == 0 {
		return Taken{}, false, err
	}
	return found[0], true, nil
}

// TakenFrom are those of a person since a time, the newest first, at most 100.
func (tx *Tx) TakenFrom(ctx context.Context, who Person, since time.Time) ([]Taken, error) {
	return sqlstore.List(ctx, tx.Tx, scanTaken, `SELECT `+takenColumns+` FROM taken_filing WHERE person = $1 AND taken_at >= $2
		ORDER BY taken_at DESC, case_ref LIMIT 100`, int64(who), since)
}

// DoneTaken writes down that it was done, and on whose page it stands, and forgets what was typed.
func (tx *Tx) DoneTaken(ctx context.Context, ref string, who Person) error {
	_, err := tx.Exec(ctx, `UPDATE taken_filing SET person = $2, typed = '', picture = $3 WHERE case_ref = $1`, ref, int64(who), []byte{})
	return err
}

// ForgetTyped forgets what was typed.
func (tx *Tx) ForgetTyped(ctx context.Context, ref string) error {
	_, err := tx.Exec(ctx, `UPDATE taken_filing SET typed = '', picture = $2 WHERE case_ref = $1`, ref, []byte{})
	return err
}

func scanTaken(r *sqlstore.Rows, t *Taken) error {
	var code, typed string
	var version int64
	err := r.Scan(&t.Case, &t.Kind, &t.Subject, &t.Person, &code, &version, &typed, &t.Picture, sqlstore.Time(&t.TakenAt), &t.TakenBy)
	if err != nil {
		return err
	}
	t.Version = resident.Version(version)
	if code != "" {
		if t.Code, err = resident.ParseRecordCode("stored", code); err != nil {
			return err
		}
	}
	if typed != "" {
		err = json.Unmarshal([]byte(typed), &t.Typed)
	}
	return err
}
