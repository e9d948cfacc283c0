package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"github.com/akashi-id/akashi/internal/plain"
	_ "modernc.org/sqlite" // the driver "sqlite"
)

const (
	readers = 4 // read-only connections to one file

	maxStatements = 256 // compiled and kept per connection
)

// sqliteParameters bounds a multi-row INSERT. SQLite's own limit is 32,766, but the driver's binding takes time in the
// square of the number: beyond some hundred parameters larger statements get slower, not faster (BenchmarkChunk). It is
// a variable for that benchmark alone.
var sqliteParameters = 192

// liteStore is one SQLite file: one connection that writes, some that read, one that copies the log. In memory there is one connection in all,
// because a second one would be another database.
type liteStore struct {
	path   string // "" in memory
	lock   *os.File
	writer writer
	read   chan *liteConn // idle readers; a nil one is not opened yet
	copier *copier        // nil in memory

	using  sync.Mutex
	users  int // Stores that are open on it: more than one in memory alone
	closed chan struct{}
}

// liteConn is a connection with the statements compiled on it. The driver compiles a text anew on every call; kept, a
// short INSERT takes less than half the time (BenchmarkStatement).
type liteConn struct {
	db         *sql.DB
	c          *sql.Conn
	statements map[string]*sql.Stmt
	interrupts bool // whether the end of a context may interrupt a running statement

	large  bool // it keeps many pages
	little int  // commits since much was written
}

func openLite(ctx context.Context, path string, opt Options) (*liteStore, error) {
	l := &liteStore{closed: make(chan struct{}), users: 1}
	if path != "" {
		abs, err := filepath.Abs(path)
		if err != nil {
			return nil, err
		}
		l.path = abs
		if l.lock, err = lockFile(abs + ".lock"); err != nil {
			return nil, err
		}
		// SQLite makes its files readable to all; those beside it take over the mode of this one.
		f, err := os.OpenFile(abs, os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			l.lock.Close()
			return nil, plain.Bad("store",
				fmt.Sprintf("データベース %s を開けません(%v)。場所と権限を確かめてください。", abs, err),
				fmt.Sprintf("The database %s cannot be opened (%v). Check the place and the permissions.", abs, err))
		}
		f.Close()
		l.read = make(chan *liteConn, readers)
		for range readers {
			l.read <- nil
		}
		l.copier = newCopier(func(ctx context.Context) (*liteConn, error) { return l.connect(ctx, false) })
	}
	c, err := l.connect(ctx, false)
	if err == nil {
		err = assertLite(ctx, c.c, path != "")
		if err != nil {
			c.close()
		}
	}
	if err != nil {
		if l.lock != nil {
			l.lock.Close()
		}
		return nil, err
	}
	l.writer.conn = c
	if l.copier != nil {
		go l.copier.run(l.closed, opt.Log)
	}
	return l, nil
}

// connect opens one connection of its own, so that closing it frees all that SQLite keeps for it.
func (l *liteStore) connect(ctx context.Context, readOnly bool) (*liteConn, error) {
	name := ":memory:"
	if l.path != "" {
		name = (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: l.path}).EscapedPath()}).String()
	}
	db, err := sql.Open("sqlite", name)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	c, err := db.Conn(ctx)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	// With recursive_triggers an INSERT OR REPLACE fires the triggers that keep a table append-only.
	pragmas := []string{"busy_timeout=5000", "foreign_keys=ON", "recursive_triggers=ON", "temp_store=MEMORY"}
	switch {
	case l.path == "":
	case readOnly:
		pragmas = append(pragmas, "query_only=ON", "cache_size=-16384")
	default:
		pragmas = append(pragmas, "journal_mode=WAL", fmt.Sprintf("cache_size=-%d", smallCache), "synchronous=FULL", fmt.Sprintf("wal_autocheckpoint=%d", logPages))
	}
	for _, p := range pragmas {
		if _, err := c.ExecContext(ctx, "PRAGMA "+p); err != nil {
			return nil, errors.Join(fmt.Errorf("open %s: %w", l.path, err), c.Close(), db.Close())
		}
	}
	return &liteConn{db: db, c: c, statements: map[string]*sql.Stmt{}, interrupts: readOnly}, nil
}

// assertLite refuses a database that would not keep what it was told to keep.
func assertLite(ctx context.Context, c *sql.Conn, durable bool) error {
	var version, journal, encoding string
	var synchronous int
	for query, dest := range map[string]any{
		"SELECT sqlite_version()": &version, "PRAGMA journal_mode": &journal, "PRAGMA synchronous": &synchronous,
		"PRAGMA encoding": &encoding,
	} {
		if err := c.QueryRowContext(ctx, query).Scan(dest); err != nil {
			return err
		}
	}
	// Versions 3.7.0 to 3.51.2 can corrupt a database in WAL mode when a checkpoint meets a reset of the WAL.
	if !atLeast(version, 3, 51, 3) {
		return plain.Bad("store",
			"SQLite "+version+" にはデータベースを壊すおそれのある不具合があります。3.51.3以降で組み直してください。",
			"SQLite "+version+" has a fault that can corrupt the database. Build with 3.51.3 or later.")
	}
	if encoding != "UTF-8" {
		return plain.Bad("store", "データベースの文字コードがUTF-8ではありません。新しく作り直してください。",
			"The database is not encoded in UTF-8. Create a new one.")
	}
	if durable && (journal != "wal" || synchronous != 2) {
		return plain.Bad("store",
			fmt.Sprintf("SQLiteが耐久設定になっていません(journal_mode=%s、synchronous=%d)。WALとFULLが使える場所(ローカルディスク)に置いてください。", journal, synchronous),
			fmt.Sprintf("SQLite is not durable (journal_mode=%s, synchronous=%d). Put the file where WAL and FULL work, on a local disk.", journal, synchronous))
	}
	return nil
}

// atLeast compares dotted numbers.
func atLeast(version string, want ...int) bool {
	parts := strings.Split(version, ".")
	for i, w := range want {
		n := 0
		if i < len(parts) {
			n, _ = strconv.Atoi(parts[i])
		}
		if n != w {
			return n > w
		}
	}
	return true
}

func (c *liteConn) maxParameters() int { return sqliteParameters }

func (c *liteConn) insert(g rowGroup, rows int) string { return insertText(g, rows, false) }

func (c *liteConn) marks(first, n int) string { return marksText(first, n, false) }

func (c *liteConn) exec(ctx context.Context, query string, args []any) (int64, error) {
	st, err := c.prepare(query)
	if err != nil {
		return 0, err
	}
	res, err := st.ExecContext(c.context(ctx), args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// insertsAtCommit: a group has one commit for many, and each of them writes in its savepoint.
func (c *liteConn) insertsAtCommit() bool { return false }

func (c *liteConn) insertAll(ctx context.Context, all []statement) error {
	for _, st := range all {
		if _, err := c.exec(ctx, st.text, st.args); err != nil {
			return fmt.Errorf("insert into %s: %w", st.table, err)
		}
	}
	return nil
}

func (c *liteConn) query(ctx context.Context, query string, args []any) (*sql.Rows, error) {
	st, err := c.prepare(query)
	if err != nil {
		return nil, err
	}
	return st.QueryContext(c.context(ctx), args...)
}

// context keeps the end of a caller's context away from the writing connection: SQLite answers an interrupted write by
// rolling back the whole transaction, with the work of others in it. Tx looks at the context before each statement.
func (c *liteConn) context(ctx context.Context) context.Context {
	if c.interrupts {
		return ctx
	}
	return context.Background()
}

// unlooked keeps SQLite from planning by the value of a limit: a statement of which it looked at a parameter when it was prepared is prepared anew each time
// that one is bound, which is four times the work of a short one. Behind a sign it does not look.
func unlooked(query string) string { return strings.ReplaceAll(query, "LIMIT $", "LIMIT +$") }

// unnumbered writes ? for $1, $2, …, where these stand in their order and each once. The driver looks a numbered parameter up among all
// arguments by its text: of a list of five hundred that is a hundred thousand comparisons of strings for each time it is asked.
func unnumbered(query string) string {
	var b strings.Builder
	next, rest, quoted := 1, query, false
	for {
		at := strings.IndexAny(rest, "'$")
		if at < 0 {
			b.WriteString(rest)
			return b.String()
		}
		b.WriteString(rest[:at])
		sign := rest[at]
		rest = rest[at+1:]
		if sign == '\'' || quoted {
			quoted = quoted != (sign == '\'')
			b.WriteByte(sign)
			continue
		}
		digits := len(rest) - len(strings.TrimLeft(rest, "0123456789"))
		if rest[:digits] != strconv.Itoa(next) {
			return query
		}
		b.WriteByte('?')
		next, rest = next+1, rest[digits:]
	}
}

func (c *liteConn) prepare(query string) (*sql.Stmt, error) {
	if st := c.statements[query]; st != nil {
		return st, nil
	}
	if len(c.statements) >= maxStatements {
		c.forget()
	}
	st, err := c.c.PrepareContext(context.Background(), unnumbered(unlooked(query)))
	if err != nil {
		return nil, err
	}
	c.statements[query] = st
	return st, nil
}

func (c *liteConn) forget() {
	for _, st := range c.statements {
		st.Close()
	}
	clear(c.statements)
}

func (c *liteConn) close() error {
	c.forget()
	err := c.c.Close()
	if errors.Is(err, sql.ErrConnDone) { // lost, and not opened again since
		err = nil
	}
	return errors.Join(err, c.db.Close())
}

func (s *Store) viewLite(ctx context.Context, fn func(context.Context, *Tx) error) error {
	l := s.lite
	if l.path == "" {
		return l.writer.alone(ctx, l.closed, func() error { return s.viewOn(ctx, l.writer.conn, fn) })
	}
	var c *liteConn
	select {
	case <-l.closed:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	case c = <-l.read:
	}
	defer func() { l.read <- c }()
	if c == nil {
		fresh, err := l.connect(ctx, true)
		if err != nil {
			return err
		}
		c = fresh
	}
	// A reader costs little to open again, so one that cannot even roll back is thrown away. This also runs when fn
	// panics.
	whole := false
	defer func() {
		if !whole {
			c.close()
			c = nil
		}
	}()
	err := s.viewOn(ctx, c, fn)
	whole = !errors.Is(err, errBroken)
	return err
}

// errBroken marks a connection that must not be used again.
var errBroken = errors.New("the connection is broken")

func (s *Store) viewOn(ctx context.Context, c *liteConn, fn func(context.Context, *Tx) error) (err error) {
	ended := context.WithoutCancel(ctx)
	if _, err := c.exec(ended, "BEGIN", nil); err != nil {
		return errors.Join(err, errBroken)
	}
	tx := s.newTx(c, true)
	defer func() {
		if _, e := c.exec(ended, "ROLLBACK", nil); e != nil {
			err = errors.Join(err, e, errBroken)
		}
	}()
	return tx.run(ctx, fn)
}

// again is the same database for one more Store.
func (l *liteStore) again() (*liteStore, error) {
	l.using.Lock()
	defer l.using.Unlock()
	if l.users == 0 {
		return nil, ErrClosed
	}
	l.users++
	return l, nil
}

// close waits for the transactions that are open; the last Store closes the database.
func (l *liteStore) close() (err error) {
	l.using.Lock()
	l.users--
	others := l.users > 0
	l.using.Unlock()
	if others {
		return l.writer.alone(context.Background(), nil, func() error { return nil })
	}
	err = l.writer.alone(context.Background(), nil, func() error {
		close(l.closed)
		if l.copier != nil {
			<-l.copier.done
		}
		return l.writer.conn.close()
	})
	for range cap(l.read) {
		if c := <-l.read; c != nil {
			err = errors.Join(err, c.close())
		}
	}
	if l.lock != nil {
		err = errors.Join(err, l.lock.Close())
	}
	return err
}
