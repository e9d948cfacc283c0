package store

import (
	"context"
	"time"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// DocumentDay is a close (日締め) of a day: requested = refused + issued, and issued = delivered + stopped + voided when everything has ended.
type DocumentDay struct {
	Day     resident.Date `json:"day"`
	Version int           `json:"version"`
	At      time.Time     `json:"closed_at"`
	By      string        `json:"closed_by,omitempty"` // empty: closed by itself

	Requested int64 `json:"requested"`
	Refused   int64 `json:"refused"`
	Waiting   int64 `json:"waiting"`
	Held      int64 `json:"held"`
	Delivered int64 `json:"delivered"`
	Stopped   int64 `json:"stopped"`
	Voided    int64 `json:"voided"`
	Recalled  int64 `json:"recalled"` // of those delivered
	Sheets    int64 `json:"sheets"`   // that a printer put out, as was written down at each end
	Cases     int64 `json:"open_cases"`

	AnsweredAt  time.Time                      `json:"answered_at,omitzero"` // zero: the server has not answered
	Agrees      bool                           `json:"agrees"`               // everything has ended, and the server says the same
	Differences []message.IssuingDayDifference `json:"differences"`
}

// Issued is how many documents came to the counter.
func (d DocumentDay) Issued() int64 { return d.Held + d.Delivered + d.Stopped + d.Voided }

// Ended tells whether of everything that was applied for it is known what became of it.
func (d DocumentDay) Ended() bool { return d.Waiting == 0 && d.Held == 0 && d.Cases == 0 }

const dayColumns = `day, version, at, by_whom, requested, refused, waiting, held, delivered, stopped, voided, recalled, sheets, cases, answered_at, agrees`

func scanDay(r *sqlstore.Rows, d *DocumentDay) error {
	var day string
	var version, answered int64
	if err := r.Scan(&day, &version, sqlstore.Time(&d.At), &d.By, &d.Requested, &d.Refused, &d.Waiting, &d.Held, &d.Delivered, &d.Stopped, &d.Voided, &d.Recalled, &d.Sheets, &d.Cases,
		&answered, &d.Agrees); err != nil {
		return err
	}
	d.Version, d.AnsweredAt = int(version), sqlstore.FromMicrosOrNone(answered)
	var err error
	d.Day, err = resident.ParseDate("stored", day)
	return err
}

// AddDay writes a close down, in the place of the one before.
func (tx *Tx) AddDay(ctx context.Context, d DocumentDay) error {
	if _, err := tx.Exec(ctx, `UPDATE document_day SET current = FALSE WHERE day = $1`, d.Day.String()); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO document_day(`+dayColumns+`, current) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 0, FALSE, TRUE)`, d.Day.String(), int64(d.Version), d.At, d.By,
		d.Requested, d.Refused, d.Waiting, d.Held, d.Delivered, d.Stopped, d.Voided, d.Recalled, d.Sheets, d.Cases)
	return err
}

// AnswerDay writes down what the server says of a close; false when it has said so already, or there is no such close.
func (tx *Tx) AnswerDay(ctx context.Context, d DocumentDay) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE document_day SET answered_at = $3, agrees = $4 WHERE day = $1 AND version = $2 AND answered_at = 0`, d.Day.String(), int64(d.Version), d.AnsweredAt, d.Agrees)
	if err != nil || n == 0 {
		return false, err
	}
	for i, one := range d.Differences {
		tx.Collect("document_day_difference", "day, version, seq, request, code, server", d.Day.String(), int64(d.Version), int64(i+1), one.Request, string(one.Code), string(one.Server))
	}
	return true, nil
}

// Day is a close of a day with its differences, by its version; 0: the last one.
func (tx *Tx) Day(ctx context.Context, day resident.Date, version int) (d DocumentDay, found bool, err error) {
	where, args := `current`, []any{day.String()}
	if version > 0 {
		where, args = `version = $2`, append(args, int64(version))
	}
	all, err := sqlstore.List(ctx, tx.Tx, scanDay, `SELECT `+dayColumns+` FROM document_day WHERE day = $1 AND `+where, args...)
	if err != nil || len(all) == 0 {
		return d, false, err
	}
	d = all[0]
	d.Differences, err = sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, d *message.IssuingDayDifference) error {
		return r.Scan(&d.Request, &d.Code, &d.Server)
	},
		`SELECT request, code, server FROM document_day_difference WHERE day = $1 AND version = $2 ORDER BY seq`, day.String(), int64(d.Version))
	return d, true, err
}

// Days are the last ones, the newest first, each by its last version and without its differences.
func (tx *Tx) Days(ctx context.Context, limit int) ([]DocumentDay, error) {
	return sqlstore.List(ctx, tx.Tx, scanDay, `SELECT `+dayColumns+` FROM document_day WHERE current ORDER BY day DESC LIMIT $1`, int64(limit))
}

// OpenDays is how many days before a day do not agree; one that the server was asked about since a moment may still be answered.
func (tx *Tx) OpenDays(ctx context.Context, before resident.Date, since time.Time) (n int64, err error) {
	err = tx.QueryRow(ctx, `SELECT COUNT(*) FROM document_day WHERE current AND NOT agrees AND day < $1 AND (answered_at > 0 OR at < $2)`, before.String(), since).Scan(&n)
	return n, err
}

// DayLine is an application of a day.
type DayLine struct {
	Request string
	State   DocumentState
	File    message.Hash
	Sheets  int64
	Cases   int64 // that are open
}

// DayLines are the applications of a time, the oldest first.
func (tx *Tx) DayLines(ctx context.Context, from, until time.Time, limit int) ([]DayLine, error) {
	return sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, l *DayLine) error {
		var file []byte
		err := r.Scan(&l.Request, &l.State, &file, &l.Sheets, &l.Cases)
		copy(l.File[:], file)
		return err
	}, `SELECT request, state, file, sheets, (SELECT COUNT(*) FROM document_case AS c WHERE c.request = d.request AND c.closed_at = 0)
		FROM document_request AS d WHERE at >= $1 AND at < $2 ORDER BY at, request LIMIT $3`, from, until, int64(limit))
}
