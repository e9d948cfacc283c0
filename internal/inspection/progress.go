package inspection

import (
	"context"
	"time"

	"github.com/akashi-id/akashi/internal/sqlstore"
)

// progress is where a way stands.
type progress struct {
	place                         string
	began, ended                  time.Time
	took                          time.Duration
	looked, items, rounds, untold int64
}

func (r *round) readProgress(ctx context.Context, tx *sqlstore.Tx) (p progress, err error) {
	type row struct {
		progress
		took int64
	}
	rows, err := sqlstore.List(ctx, tx, func(rs *sqlstore.Rows, v *row) error {
		return rs.Scan(&v.place, sqlstore.Time(&v.began), &v.looked, sqlstore.Time(&v.ended), &v.took, &v.items, &v.rounds, &v.untold)
	}, `SELECT place, began, looked, ended, took, items, rounds, untold FROM i_way WHERE way = $1`, r.Name)
	if err != nil || len(rows) == 0 {
		return progress{}, err
	}
	p = rows[0].progress
	p.took = time.Duration(rows[0].took) * time.Microsecond
	return p, nil
}

func (r *round) writeProgress(ctx context.Context, tx *sqlstore.Tx, p progress) error {
	_, err := tx.Exec(ctx, `INSERT INTO i_way(way, place, began, looked, ended, took, items, rounds, untold) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (way) DO UPDATE SET place = excluded.place, began = excluded.began, looked = excluded.looked, ended = excluded.ended,
			took = excluded.took, items = excluded.items, rounds = excluded.rounds, untold = excluded.untold`,
		r.Name, p.place, orNever(p.began), p.looked, orNever(p.ended), p.took.Microseconds(), p.items, p.rounds, p.untold)
	return err
}

// orNever writes the zero time as 0.
func orNever(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// after is where the way stands behind a piece.
func (p progress) after(looked int, next string, now time.Time) progress {
	if p.place == "" {
		p.began, p.looked, p.untold = now, 0, 0
	}
	p.looked += int64(looked)
	p.place = next
	if next == "" {
		p.ended, p.took, p.items = now, now.Sub(p.began), p.looked
		p.rounds++
	}
	return p
}
