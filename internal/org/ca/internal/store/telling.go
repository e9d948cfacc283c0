package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// CountRefusal counts an application that was refused, by the counter that asked.
func (tx *Tx) CountRefusal(ctx context.Context, counter message.Org, p cert.Profile, why string) error {
	_, err := tx.Exec(ctx, `INSERT INTO refusal(municipality, profile, why, day, n) VALUES ($1, $2, $3, $4, 1)
		ON CONFLICT(municipality, profile, why, day) DO UPDATE SET n = refusal.n + 1`, counter.Code(), p.String(), why, resident.DateOf(tx.Now()).String())
	return err
}

// Refusals is how often applications of a municipality and profile were refused for one reason.
type Refusals struct {
	Municipality resident.MunicipalityCode
	Profile      cert.Profile
	Why          string
	Ever, Fresh  int64 // up to the end of the last day; of these since the first
}

// Refused counts refusals up to the end of a day, those since another in Fresh. What cannot be read is left out.
func (tx *Tx) Refused(ctx context.Context, first, last resident.Date) (all []Refusals, err error) {
	_, err = sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, _ *struct{}) error {
		var n Refusals
		var municipality, profile string
		if err := r.Scan(&municipality, &profile, &n.Why, &n.Ever, &n.Fresh); err != nil {
			return err
		}
		var bad [2]error
		n.Municipality, bad[0] = resident.ParseMunicipalityCode("municipality", municipality)
		if n.Profile, bad[1] = cert.ParseProfile(profile); bad == [2]error{} {
			all = append(all, n)
		}
		return nil
	}, `SELECT municipality, profile, why, CAST(SUM(n) AS BIGINT), CAST(COALESCE(SUM(n) FILTER (WHERE day >= $1), 0) AS BIGINT) FROM refusal WHERE day <= $2
		GROUP BY municipality, profile, why ORDER BY municipality, profile DESC, why`, first.String(), last.String())
	return all, err
}

// Waiting is what of one prefecture waits.
type Waiting struct {
	Prefecture resident.PrefectureCode
	N          int64
	Oldest     time.Time
}

// ApplicationsWaiting counts by prefecture the applications that were taken and are not answered.
func (tx *Tx) ApplicationsWaiting(ctx context.Context) ([]Waiting, error) {
	return tx.waiting(ctx, `SELECT substr(municipality, 1, 2), COUNT(*), MIN(intended_at) FROM certificate WHERE state = 'intended' GROUP BY substr(municipality, 1, 2)`)
}

// ListsWaiting counts by prefecture the revocation lists, full and delta, that were written down and are not signed.
func (tx *Tx) ListsWaiting(ctx context.Context) ([]Waiting, error) {
	return tx.waiting(ctx, `SELECT substr(subject, 1, 2), COUNT(*), MIN(at) FROM intent WHERE kind IN ('crl', 'delta') GROUP BY substr(subject, 1, 2)`)
}

// waiting leaves out what names no prefecture.
func (tx *Tx) waiting(ctx context.Context, query string) (all []Waiting, err error) {
	_, err = sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, _ *struct{}) error {
		var w Waiting
		var prefecture string
		if err := r.Scan(&prefecture, &w.N, sqlstore.Time(&w.Oldest)); err != nil {
			return err
		}
		if p, err := resident.ParsePrefectureCode("prefecture", prefecture); err == nil {
			w.Prefecture = p
			all = append(all, w)
		}
		return nil
	}, query)
	return all, err
}

// BeginCloses writes down from which day on days are closed. It reports false when they are already.
func (tx *Tx) BeginCloses(ctx context.Context, since resident.Date) (bool, error) {
	n, err := tx.Exec(ctx, `INSERT INTO report_close(id, since) VALUES (1, $1) ON CONFLICT(id) DO NOTHING`, since.String())
	return n == 1, err
}

// AskReport notes who wants a report. It reports false when somebody waits already, so that one is on its way.
func (tx *Tx) AskReport(ctx context.Context, prefecture message.Org, by string) (first bool, err error) {
	var waiting int64
	if err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM report_asked`).Scan(&waiting); err != nil {
		return false, err
	}
	_, err = tx.Exec(ctx, `INSERT INTO report_asked(prefecture, asked_by, at) VALUES ($1, $2, $3) ON CONFLICT(prefecture) DO NOTHING`, string(prefecture), by, tx.Now())
	return waiting == 0, err
}

// LastAsked is when figures were last counted because somebody asked; the zero time for never.
func (tx *Tx) LastAsked(ctx context.Context) (at time.Time, err error) {
	err = tx.QueryRow(ctx, `SELECT at FROM report_told ORDER BY at DESC LIMIT 1`).Scan(sqlstore.Time(&at))
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return at, err
}

// TakeAsked gives who wants a report, and notes that each is told.
func (tx *Tx) TakeAsked(ctx context.Context) ([]message.Org, error) {
	who, err := sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, o *message.Org) error { return r.Scan(o) }, `SELECT prefecture FROM report_asked ORDER BY prefecture`)
	if err != nil {
		return nil, err
	}
	for _, o := range who {
		if _, err := tx.Exec(ctx, `INSERT INTO report_told(prefecture, at) VALUES ($1, $2) ON CONFLICT(prefecture) DO UPDATE SET at = excluded.at`, string(o), tx.Now()); err != nil {
			return nil, err
		}
	}
	_, err = tx.Exec(ctx, `DELETE FROM report_asked`)
	return who, err
}
