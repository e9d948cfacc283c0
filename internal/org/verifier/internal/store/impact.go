package store

import (
	"context"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// Impact is a notice of the validation authority, and that somebody here has taken note of it.
type Impact struct {
	message.ImpactNotice
	TakenAt        time.Time
	AcknowledgedAt time.Time
	AcknowledgedBy string
	Text           string
}

// Take writes a notice down. It reports false when it came before.
func (tx *Tx) Take(ctx context.Context, n message.ImpactNotice) (bool, error) {
	since := ""
	if n.Since.Valid() {
		since = n.Since.String()
	}
	done, err := tx.Exec(ctx, `INSERT INTO impact(notice, issuer, serial, profile, reason, since, wrong_from, revoked_at, told_at, answers, taken_at,
		acknowledged_at, acknowledged_by, text) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, '', '') ON CONFLICT (notice) DO NOTHING`,
		n.Notice, n.Issuer, n.Serial.Bytes(), n.Profile.String(), n.Reason.String(), since, n.WrongFrom, n.RevokedAt, n.ToldAt, int64(n.Count), tx.Now(), time.Time{})
	if err != nil || done == 0 {
		return false, err
	}
	for i, a := range n.Answers {
		tx.Collect("impact_answer", "notice, n, asked_at, based_at", n.Notice, int64(i), a.AskedAt, a.BasedAt)
	}
	return true, nil
}

// Acknowledge writes down that a person has taken note. It reports false when there is no such notice, or somebody has before.
func (tx *Tx) Acknowledge(ctx context.Context, notice, by, text string) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE impact SET acknowledged_at = $2, acknowledged_by = $3, text = $4 WHERE notice = $1 AND acknowledged_by = ''`,
		notice, tx.Now(), by, text)
	return n == 1, err
}

const impactColumns = `SELECT notice, issuer, serial, profile, reason, since, wrong_from, revoked_at, told_at, answers, taken_at, acknowledged_at, acknowledged_by, text FROM impact `

// Impacts lists the notices, those first of which nobody has taken note, then the newest.
func (tx *Tx) Impacts(ctx context.Context, limit int) ([]Impact, error) {
	return sqlstore.List(ctx, tx.Tx, scanImpact, impactColumns+`ORDER BY CASE WHEN acknowledged_by = '' THEN 0 ELSE 1 END, taken_at DESC, notice LIMIT $1`, limit)
}

// Unacknowledged counts the notices of which nobody has taken note.
func (tx *Tx) Unacknowledged(ctx context.Context) (n int64, err error) {
	err = tx.QueryRow(ctx, `SELECT COUNT(*) FROM impact WHERE acknowledged_by = ''`).Scan(&n)
	return n, err
}

// Impact finds a notice with the answers that it names.
func (tx *Tx) Impact(ctx context.Context, notice string) (i Impact, found bool, err error) {
	all, err := sqlstore.List(ctx, tx.Tx, scanImpact, impactColumns+`WHERE notice = $1`, notice)
	if err != nil || len(all) == 0 {
		return i, false, err
	}
	i = all[0]
	i.Answers, err = sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, a *message.ImpactAnswer) error {
		return r.Scan(sqlstore.Time(&a.AskedAt), sqlstore.Time(&a.BasedAt))
	}, `SELECT asked_at, based_at FROM impact_answer WHERE notice = $1 ORDER BY n`, notice)
	return i, true, err
}

func scanImpact(r *sqlstore.Rows, i *Impact) error {
	var serial []byte
	var profile, reason, since string
	var count int64
	err := r.Scan(&i.Notice, &i.Issuer, &serial, &profile, &reason, &since, sqlstore.Time(&i.WrongFrom), sqlstore.Time(&i.RevokedAt),
		sqlstore.Time(&i.ToldAt), &count, sqlstore.Time(&i.TakenAt), sqlstore.Time(&i.AcknowledgedAt), &i.AcknowledgedBy, &i.Text)
	if err != nil {
		return err
	}
	// A row that cannot be read shows what can be read of it, and hides none of the others.
	i.Count = uint64(count)
	i.Serial, _ = cert.SerialFromBytes(serial)
	i.Profile, _ = cert.ParseProfile(profile)
	i.Reason, _ = cert.ParseReason(reason)
	if since != "" {
		i.Since, _ = resident.ParseDate("since", since)
	}
	return nil
}
