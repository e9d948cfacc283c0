package store

import (
	"context"
	"fmt"
	"time"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// Report is a report of the CA as it is kept.
type Report struct {
	CA         message.Org
	Until, At  time.Time
	Asked      bool
	ReceivedAt time.Time
	Differs    int64 // figures that the report before rules out
	Body       []byte
}

// Read gives what the report says.
func (r Report) Read() (message.CAReport, error) {
	p, err := message.Decode(message.KindCAReport, r.Body)
	if err != nil {
		return message.CAReport{}, plain.Bad("as-of", fmt.Sprintf("保存した報告（%s）が読めません。控えから戻すか、別の日を選んでください。", resident.DateOf(r.Until.Add(-1))),
			fmt.Sprintf("The stored report of %s cannot be read: restore it from a copy, or choose another day.", resident.DateOf(r.Until.Add(-1))))
	}
	return p.(message.CAReport), nil
}

// KeepReport writes a report down. It reports false when it is here already.
func (tx *Tx) KeepReport(ctx context.Context, r Report) (bool, error) {
	n, err := tx.Exec(ctx, `INSERT INTO ca_report(ca, until_at, at, asked, received_at, differs, body) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT(ca, until_at, at) DO NOTHING`, string(r.CA), r.Until, r.At, r.Asked, tx.Now(), r.Differs, r.Body)
	return n == 1, err
}

const reportColumns = `ca, until_at, at, asked, received_at, differs`

// LastReport finds the newest report whose figures are not of after a moment.
func (tx *Tx) LastReport(ctx context.Context, ca message.Org, until time.Time) (r Report, found bool, err error) {
	return tx.oneReport(ctx, `until_at <= $2 ORDER BY until_at DESC, at DESC`, ca, until)
}

// NextReport finds the first report whose figures are of after a moment.
func (tx *Tx) NextReport(ctx context.Context, ca message.Org, after time.Time) (r Report, found bool, err error) {
	return tx.oneReport(ctx, `until_at > $2 ORDER BY until_at, at`, ca, after)
}

func (tx *Tx) oneReport(ctx context.Context, which string, ca message.Org, at time.Time) (r Report, found bool, err error) {
	all, err := sqlstore.List(ctx, tx.Tx, func(rows *sqlstore.Rows, r *Report) error {
		return rows.Scan(&r.CA, sqlstore.Time(&r.Until), sqlstore.Time(&r.At), &r.Asked, sqlstore.Time(&r.ReceivedAt), &r.Differs, &r.Body)
	}, `SELECT `+reportColumns+`, body FROM ca_report WHERE ca = $1 AND `+which+` LIMIT 1`, string(ca), at)
	if err != nil || len(all) == 0 {
		return r, false, err
	}
	return all[0], true, nil
}

// Reports lists the newest, without what they say.
func (tx *Tx) Reports(ctx context.Context, ca message.Org, limit int) ([]Report, error) {
	return sqlstore.List(ctx, tx.Tx, func(rows *sqlstore.Rows, r *Report) error {
		return rows.Scan(&r.CA, sqlstore.Time(&r.Until), sqlstore.Time(&r.At), &r.Asked, sqlstore.Time(&r.ReceivedAt), &r.Differs)
	}, `SELECT `+reportColumns+` FROM ca_report WHERE ca = $1 ORDER BY until_at DESC, at DESC LIMIT $2`, string(ca), limit)
}

// SetDiffers notes how many figures of a report the one before rules out.
func (tx *Tx) SetDiffers(ctx context.Context, r Report, differs int64) error {
	_, err := tx.Exec(ctx, `UPDATE ca_report SET differs = $4 WHERE ca = $1 AND until_at = $2 AND at = $3`, string(r.CA), r.Until, r.At, differs)
	return err
}

// Closes gives the closes after a moment of which there is a report, in order. It reads the key alone as far as the engine can.
func (tx *Tx) Closes(ctx context.Context, ca message.Org, after time.Time) ([]time.Time, error) {
	return sqlstore.List(ctx, tx.Tx, func(rows *sqlstore.Rows, t *time.Time) error { return rows.Scan(sqlstore.Time(t)) },
		`SELECT DISTINCT until_at FROM ca_report WHERE ca = $1 AND until_at > $2 AND NOT asked ORDER BY until_at`, string(ca), after)
}

// Delegation is since when a CA reports, and who last asked it to.
type Delegation struct {
	Since   resident.Date
	AskedBy string
	AskedAt time.Time // 1970: nobody
}

// BeginDelegation notes from which day on reports are expected. It is said once.
func (tx *Tx) BeginDelegation(ctx context.Context, ca message.Org, since resident.Date) error {
	_, err := tx.Exec(ctx, `INSERT INTO delegation(ca, since, asked_by, asked_at) VALUES ($1, $2, '', 0) ON CONFLICT(ca) DO NOTHING`, string(ca), since.String())
	return err
}

// Delegation reads it.
func (tx *Tx) Delegation(ctx context.Context, ca message.Org) (d Delegation, err error) {
	var since string
	if err := tx.QueryRow(ctx, `SELECT since, asked_by, asked_at FROM delegation WHERE ca = $1`, string(ca)).
		Scan(&since, &d.AskedBy, sqlstore.Time(&d.AskedAt)); err != nil {
		return d, err
	}
	d.Since, err = resident.ParseDate("since", since)
	return d, err
}

// NoteAsked notes who asks for a report.
func (tx *Tx) NoteAsked(ctx context.Context, ca message.Org, by string) error {
	_, err := tx.Exec(ctx, `UPDATE delegation SET asked_by = $2, asked_at = $3 WHERE ca = $1`, string(ca), by, tx.Now())
	return err
}
