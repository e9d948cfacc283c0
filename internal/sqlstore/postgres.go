package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
)

const (
	postgresConns = 16

	// postgresParameters bounds a multi-row INSERT; the protocol's own limit is 65,535 (a 16-bit count in Bind).
	postgresParameters = 8192

	// maxTries bounds the repetition of a transaction that others get in the way of.
	maxTries = 20
)

func openPostgres(ctx context.Context, url string) (*sql.DB, error) {
	db, err := sql.Open("pgx", url)
	if err != nil {
		return nil, plain.Bad("store", "PostgreSQLのURLを読めません。postgres://利用者@ホスト/データベース?search_path=スキーマ の形で書いてください。",
			"The PostgreSQL URL cannot be read. Write postgres://user@host/database?search_path=schema.")
	}
	db.SetMaxOpenConns(postgresConns)
	db.SetMaxIdleConns(postgresConns)
	if err := assertPostgres(ctx, db); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// assertPostgres refuses a server that would not keep what it was told to keep, or that orders text by a locale.
func assertPostgres(ctx context.Context, db *sql.DB) error {
	for _, setting := range []string{"fsync", "full_page_writes", "synchronous_commit"} {
		var value string
		if err := db.QueryRowContext(ctx, "SELECT current_setting($1)", setting).Scan(&value); err != nil {
			return fmt.Errorf("connect to PostgreSQL: %w", err)
		}
		// synchronous_commit has several values that wait for the local disk; only "off" does not.
		if value == "off" {
			return plain.Bad("store",
				"PostgreSQLの設定 "+setting+" が off です。確定した記録が停電で失われるため使えません。on にしてください。",
				"PostgreSQL's setting "+setting+" is off, so that a power cut would lose committed records. Set it to on.")
		}
	}
	var schema sql.NullString
	var encoding, collation string
	err := db.QueryRowContext(ctx, `SELECT current_schema(), current_setting('server_encoding'), datcollate
		FROM pg_database WHERE datname = current_database()`).Scan(&schema, &encoding, &collation)
	if err != nil {
		return err
	}
	if encoding != "UTF8" {
		return plain.Bad("store", "PostgreSQLのデータベースの文字コードが "+encoding+" です。UTF8 で作り直してください。",
			"The PostgreSQL database is encoded in "+encoding+". Create it in UTF8.")
	}
	// The order of a locale changes with the version of the C library, which silently breaks indexes on text; and it
	// differs from SQLite's order of bytes.
	if collation != "C" && collation != "C.UTF-8" && collation != "C.utf8" && collation != "POSIX" {
		return plain.Bad("store", "PostgreSQLのデータベースの照合順序が "+collation+" です。LC_COLLATE 'C' で作り直してください。",
			"The PostgreSQL database sorts by "+collation+". Create it with LC_COLLATE 'C'.")
	}
	if !schema.Valid {
		return plain.Bad("store", "PostgreSQLのスキーマがありません。search_pathのスキーマを作り、利用者に権限を与えてください。",
			"The PostgreSQL schema does not exist. Create the schema of search_path and grant it to the user.")
	}
	return nil
}

// pgTx is a conn on PostgreSQL. The driver keeps prepared statements by itself. Each statement is a way to the server and back, so that
// rows go there together, and the last of them with the commit.
type pgTx struct{ conn *sql.Conn }

func (c pgTx) maxParameters() int { return postgresParameters }

func (c pgTx) insert(g rowGroup, rows int) string { return insertText(g, rows, true) }

func (c pgTx) marks(first, n int) string { return marksText(first, n, true) }

func (c pgTx) insertsAtCommit() bool { return true }

func (c pgTx) exec(ctx context.Context, query string, args []any) (int64, error) {
	res, err := c.conn.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

func (c pgTx) insertAll(ctx context.Context, all []statement) error {
	if len(all) == 0 {
		return nil
	}
	return c.raw(func(pg *pgx.Conn) error { return together(ctx, pg, all, "") })
}

// commit inserts the last rows and commits, in one way there and back. unknown: nobody knows whether it was committed.
func (c pgTx) commit(last []statement) (unknown bool, err error) {
	err = c.raw(func(pg *pgx.Conn) error {
		// Not tied to a caller's context: a commit that is on its way must not be cut off.
		err := together(context.Background(), pg, last, "COMMIT")
		// The server has said what was wrong, or the transaction is still open here: then it is not committed.
		unknown = err != nil && sqlState(err) == "" && (pg.IsClosed() || pg.PgConn().TxStatus() == 'I')
		return err
	})
	return unknown, err
}

func (c pgTx) raw(fn func(*pgx.Conn) error) error {
	return c.conn.Raw(func(driver any) error { return fn(driver.(*stdlib.Conn).Conn()) })
}

// together sends statements without waiting for the answers in between, and at last end, if there is one. After the first that fails the
// server passes over the others, the end too.
func together(ctx context.Context, pg *pgx.Conn, all []statement, end string) (err error) {
	var batch pgx.Batch
	for _, st := range all {
		batch.Queue(st.text, st.args...)
	}
	if end != "" {
		batch.Queue(end)
	}
	answers := pg.SendBatch(ctx, &batch)
	defer func() {
		if e := answers.Close(); err == nil {
			err = e
		}
	}()
	for _, st := range all {
		if _, err := answers.Exec(); err != nil {
			return fmt.Errorf("insert into %s: %w", st.table, err)
		}
	}
	if end != "" {
		_, err = answers.Exec()
	}
	return err
}

func (c pgTx) query(ctx context.Context, query string, args []any) (*sql.Rows, error) {
	return c.conn.QueryContext(ctx, query, args...)
}

func (s *Store) updatePostgres(ctx context.Context, fn func(context.Context, *Tx) error) error {
	for try := 1; ; try++ {
		tx, err := s.inTurn(ctx, try, fn)
		if tx != nil {
			tx.ended(err)
		}
		if err == nil {
			return nil
		}
		asked := again(err) || tx != nil && tx.retry != nil
		if !asked {
			return err
		}
		if try == maxTries {
			return fmt.Errorf("the database asked for this transaction again %d times: %w", try, err)
		}
		if err := s.giveWay(ctx, try); err != nil {
			return err
		}
	}
}

// inTurn tries a transaction, the first time beside all others of this process, and then alone. Those that got in each other's way once,
// because they write to the same rows all the time, would else do so again and again, and the longer one would lose each time.
func (s *Store) inTurn(ctx context.Context, try int, fn func(context.Context, *Tx) error) (*Tx, error) {
	if try == 1 {
		s.turns.RLock()
		defer s.turns.RUnlock()
	} else {
		s.turns.Lock()
		defer s.turns.Unlock()
	}
	return s.tryPostgres(ctx, fn)
}

// giveWay waits a little, at random, so that two transactions that were in each other's way do not meet again. This is
// real time even under a virtual clock: it is the other connection that has to go on, not the story.
func (s *Store) giveWay(ctx context.Context, try int) error {
	most := min(time.Millisecond<<try, 100*time.Millisecond)
	timer := time.NewTimer(rand.N(most))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

func (s *Store) tryPostgres(ctx context.Context, fn func(context.Context, *Tx) error) (*Tx, error) {
	tx, end, err := s.beginPostgres(ctx, "BEGIN ISOLATION LEVEL SERIALIZABLE")
	if err != nil {
		return nil, err
	}
	defer end()
	if err := tx.run(ctx, fn); err != nil {
		return tx, err
	}
	if err := s.beforeCommit(); err != nil {
		return tx, fmt.Errorf("commit: %w", err)
	}
	if unknown, err := tx.conn.(pgTx).commit(tx.inserts(tx.pending...)); unknown {
		return tx, fmt.Errorf("%w: %w", ErrUnknown, err)
	} else if err != nil {
		return tx, fmt.Errorf("commit: %w", err)
	}
	s.commits.Add(1)
	if err := s.afterCommit(); err != nil {
		return tx, fmt.Errorf("%w: %w", ErrUnknown, err)
	}
	return tx, nil
}

func (s *Store) viewPostgres(ctx context.Context, fn func(context.Context, *Tx) error) error {
	tx, end, err := s.beginPostgres(ctx, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
	if err != nil {
		return err
	}
	defer end()
	tx.readOnly = true
	return tx.run(ctx, fn)
}

// beginPostgres waits for a connection as long as the context lasts, but does not tie the transaction to it. end gives the connection
// back and rolls back what was not committed.
func (s *Store) beginPostgres(ctx context.Context, begin string) (_ *Tx, end func(), err error) {
	s.inUse.RLock()
	defer func() {
		if err != nil {
			s.inUse.RUnlock()
		}
	}()
	if s.closed {
		return nil, nil, ErrClosed
	}
	c, err := s.pg.Conn(ctx)
	if err != nil {
		return nil, nil, err
	}
	if _, err := c.ExecContext(context.WithoutCancel(ctx), begin); err != nil {
		return nil, nil, errors.Join(err, c.Close())
	}
	tx := s.newTx(pgTx{c}, false)
	return tx, func() {
		if err := tx.conn.(pgTx).rollback(); err != nil {
			s.opt.Log.Debug("rollback", "error", err) // the driver throws such a connection away
		}
		c.Close()
		s.inUse.RUnlock()
	}, nil
}

// rollback takes back what is not committed.
func (c pgTx) rollback() error {
	return c.raw(func(pg *pgx.Conn) error {
		if pg.IsClosed() || pg.PgConn().TxStatus() == 'I' {
			return nil
		}
		_, err := pg.Exec(context.Background(), "ROLLBACK")
		return err
	})
}
