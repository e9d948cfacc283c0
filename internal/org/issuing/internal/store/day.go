package store

import (
	"context"
	"time"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// Day is a close (日締め) of a day, as the counter told it.
type Day struct {
	Day                resident.Date
	Version            int
	At                 time.Time
	By                 string // empty: the counter closed it by itself
	Lines, Differences int
}

// AddDay writes a close down.
func (tx *Tx) AddDay(d Day) {
	tx.Collect("day", "day, version, at, by_whom, lines, differences", d.Day.String(), int64(d.Version), d.At, d.By, int64(d.Lines), int64(d.Differences))
}

// LastOfDay is the version by which a day was closed last; 0: it was not.
func (tx *Tx) LastOfDay(ctx context.Context, day resident.Date) (version int, err error) {
	var v int64
	err = tx.QueryRow(ctx, `SELECT COALESCE(MAX(version), 0) FROM day WHERE day = $1`, day.String()).Scan(&v)
	return int(v), err
}

// Days are the last closes, the newest day first, each by its last version.
func (tx *Tx) Days(ctx context.Context, limit int) ([]Day, error) {
	return sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, d *Day) error {
		var day string
		var version, lines, differences int64
		if err := r.Scan(&day, &version, sqlstore.Time(&d.At), &d.By, &lines, &differences); err != nil {
			return err
		}
		d.Version, d.Lines, d.Differences = int(version), int(lines), int(differences)
		var err error
		d.Day, err = resident.ParseDate("stored", day)
		return err
	}, `SELECT day, version, at, by_whom, lines, differences FROM day AS d WHERE version = (SELECT MAX(version) FROM day WHERE day = d.day) ORDER BY day DESC LIMIT $1`, int64(limit))
}

// Ended is how a request stands for the close of its day.
type Ended struct {
	Request string
	State   State
	Ending  message.Ending
	File    message.Hash
}

const endedColumns = `r.request, r.state, COALESCE(d.ending, ''), COALESCE(d.file, $1) FROM request AS r LEFT JOIN document AS d ON d.request = r.request`

func scanEnded(r *sqlstore.Rows, e *Ended) error {
	var file []byte
	err := r.Scan(&e.Request, &e.State, &e.Ending, &file)
	copy(e.File[:], file)
	return err
}

// EndedAmong are those among some requests that there are here.
func (tx *Tx) EndedAmong(ctx context.Context, requests []string) (all []Ended, err error) {
	err = sqlstore.InParts(tx.Tx, 2, requests, func(marks string, part []any) error {
		some, err := sqlstore.List(ctx, tx.Tx, scanEnded, `SELECT `+endedColumns+` WHERE r.request IN (`+marks+`)`, append([]any{[]byte{}}, part...)...)
		all = append(all, some...)
		return err
	})
	return all, err
}

// TakenOn writes down that requests were taken on a day of the counter.
func (tx *Tx) TakenOn(ctx context.Context, day resident.Date, requests []string) error {
	return sqlstore.InParts(tx.Tx, 2, requests, func(marks string, part []any) error {
		_, err := tx.Exec(ctx, `UPDATE request SET closed_day = $1 WHERE request IN (`+marks+`) AND closed_day = ''`, append([]any{day.String()}, part...)...)
		return err
	})
}

// Untaken are the requests of a time of which no close of the counter has told, the oldest first.
func (tx *Tx) Untaken(ctx context.Context, from, until time.Time, limit int) ([]Ended, error) {
	return sqlstore.List(ctx, tx.Tx, scanEnded, `SELECT `+endedColumns+` WHERE r.asked_at >= $2 AND r.asked_at < $3 AND r.closed_day = '' ORDER BY r.asked_at, r.request LIMIT $4`,
		[]byte{}, from, until, int64(limit))
}
