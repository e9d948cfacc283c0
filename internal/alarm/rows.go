package alarm

import (
	"context"
	"embed"
	"fmt"
	"time"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

//go:embed schema/*.sql
var files embed.FS

// Schema is the table of alarms; every organisation has it in its own database.
var Schema = sqlstore.SchemaIn("alarm", files)

const (
	columns = `id, source, code, peer, about, drill, severity, state, since, opened_at, seen_at, gone_at, closed_at,
		value, worst, detail_ja, detail_en, href, told_opened_at, told_closed_at`
	// The condition of the partial index alarm_active, letter for letter: SQLite would else read all alarms of all times.
	isActive = `state <> 'closed'`
	isClosed = `state = 'closed'`

	// maxActive is how many rows are read: more than the sources can have made, so that only a hand can go beyond it. What
	// is beyond is read when those before it have closed.
	maxActive = 10_000
)

// active reads the alarms that are not closed.
func active(ctx context.Context, tx *sqlstore.Tx) ([]row, error) {
	rows, err := sqlstore.List(ctx, tx, scanRow, `SELECT `+columns+` FROM alarm WHERE `+isActive+` ORDER BY id LIMIT $1`, int64(maxActive))
	if err != nil {
		return nil, fmt.Errorf("couldn't read the alarms: %w", err)
	}
	return rows, nil
}

// scanRow takes whatever stands in the columns. SQLite keeps text in a column of numbers when a hand puts it there; such
// a row must not stop the others, and becomes an alarm that no source speaks of, or an unknown one, and so ends.
func scanRow(r *sqlstore.Rows, n *row) error {
	defer func() { n.written = n.seen }()
	return r.Scan(number{&n.id}, text[string]{&n.source}, text[Code]{&n.code}, text[message.Org]{&n.peer}, text[string]{&n.about},
		truth{&n.drill}, text[Severity]{&n.severity}, text[State]{&n.state},
		moment{&n.since}, moment{&n.opened}, moment{&n.seen}, moment{&n.gone}, moment{&n.closed},
		number{&n.value}, number{&n.worst}, text[string]{&n.detail.JA}, text[string]{&n.detail.EN}, text[string]{&n.href},
		moment{&n.toldOpened}, moment{&n.toldClosed})
}

type number struct{ to *int64 }

func (n number) Scan(src any) error {
	*n.to, _ = src.(int64)
	return nil
}

type moment struct{ to *time.Time }

func (m moment) Scan(src any) error {
	*m.to = time.Time{}
	if us, ok := src.(int64); ok && us != 0 {
		*m.to = sqlstore.FromMicros(us)
	}
	return nil
}

type text[T ~string] struct{ to *T }

func (t text[T]) Scan(src any) error {
	switch v := src.(type) {
	case string:
		*t.to = T(shorten(v))
	case []byte:
		*t.to = T(shorten(string(v)))
	}
	return nil
}

type truth struct{ to *bool }

func (b truth) Scan(src any) error {
	switch v := src.(type) {
	case bool:
		*b.to = v
	case int64:
		*b.to = v != 0
	}
	return nil
}

// write puts one change into the table. It returns the id of the row.
func (c change) write(ctx context.Context, tx *sqlstore.Tx) (int64, error) {
	if c.id == 0 {
		id := tx.Serial()
		tx.Collect("alarm", columns, id, c.source, string(c.code), string(c.peer), c.about, c.drill, string(c.severity), string(c.state),
			sqlstore.MicrosOrNone(c.since), sqlstore.MicrosOrNone(c.opened), sqlstore.MicrosOrNone(c.seen), sqlstore.MicrosOrNone(c.gone), sqlstore.MicrosOrNone(c.closed), c.value, c.worst,
			c.detail.JA, c.detail.EN, c.href, sqlstore.MicrosOrNone(c.toldOpened), sqlstore.MicrosOrNone(c.toldClosed))
		return id, nil
	}
	var err error
	if c.act == drop {
		_, err = tx.Exec(ctx, `DELETE FROM alarm WHERE id = $1`, c.id)
	} else {
		_, err = tx.Exec(ctx, `UPDATE alarm SET source = $1, state = $2, opened_at = $3, seen_at = $4, gone_at = $5, closed_at = $6, value = $7,
			worst = $8, detail_ja = $9, detail_en = $10, href = $11 WHERE id = $12`,
			c.source, string(c.state), sqlstore.MicrosOrNone(c.opened), sqlstore.MicrosOrNone(c.seen), sqlstore.MicrosOrNone(c.gone), sqlstore.MicrosOrNone(c.closed), c.value, c.worst,
			c.detail.JA, c.detail.EN, c.href, c.id)
	}
	return c.id, err
}

const (
	// retention is how long a closed alarm can be looked at.
	retention = 400 * 24 * time.Hour
	cleanEach = 100
)

// clean removes alarms that closed long ago, some at a time.
func clean(ctx context.Context, tx *sqlstore.Tx, now time.Time) error {
	_, err := tx.Exec(ctx, `DELETE FROM alarm WHERE id IN (SELECT id FROM alarm WHERE `+isClosed+` AND closed_at < $1 ORDER BY closed_at, id LIMIT $2)`,
		now.Add(-retention), int64(cleanEach))
	return err
}

// rowsDamaged counts the rows that were set aside.
const rowsDamaged = "rows damaged"

// count adds to a number that outlives the program, and counted reads it.
func count(ctx context.Context, tx *sqlstore.Tx, what string, n int64) error {
	_, err := tx.Exec(ctx, `INSERT INTO alarm_count(name, n) VALUES ($1, $2) ON CONFLICT(name) DO UPDATE SET n = alarm_count.n + excluded.n`, what, n)
	return err
}

func counted(ctx context.Context, tx *sqlstore.Tx, what string) (n int64, err error) {
	err = tx.QueryRow(ctx, `SELECT COALESCE(MAX(n), 0) FROM alarm_count WHERE name = $1`, what).Scan(&n)
	return n, err
}
