package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
)

// conn runs statements in one open transaction of one engine.
type conn interface {
	exec(ctx context.Context, query string, args []any) (int64, error)
	query(ctx context.Context, query string, args []any) (*sql.Rows, error)
	maxParameters() int // that one multi-row INSERT should have at most
	insert(g rowGroup, rows int) string
	insertAll(ctx context.Context, all []statement) error // in their order, up to the first that fails
	insertsAtCommit() bool                                // the last of them go with the commit
	marks(first, n int) string
}

var errOver = errors.New("the transaction is over")

// Tx is an open transaction. It belongs to the function it was given to, and to one goroutine.
type Tx struct {
	store *Store

	// mu keeps a function that was left behind from using what was taken away from it (stay.go).
	mu    sync.Mutex
	uses  int         // of the connection
	until time.Time   // Limit; zero: none
	watch *time.Timer // of the function that runs

	conn     conn
	now      time.Time
	readOnly bool
	depth    int // of Attempt
	writes   int
	pending  []rowGroup
	kept     []keptWork
	last     []keptWork // for the end
	onCommit []afterwards
	open     *Rows // not yet closed
	failed   error // a statement failed and was not taken back
	retry    error // the database asks for the whole transaction again
	over     bool
}

func (s *Store) newTx(c conn, readOnly bool) *Tx {
	return &Tx{store: s, conn: c, now: s.opt.Clock.Now().UTC().Truncate(time.Microsecond), readOnly: readOnly}
}

// Now is the clock's time, read once at the start of the transaction, in UTC, in whole microseconds.
func (tx *Tx) Now() time.Time { return tx.now }

// Writes counts the statements that may have written and the rows collected. Equal values before and after a piece of
// code mean that it wrote nothing; what a failed Attempt took back is not counted.
func (tx *Tx) Writes() int { return tx.writes }

// OnCommit has fn called after the transaction is durable, in the goroutine of Update's caller. It is not called when
// the transaction, or the Attempt in which it was given, fails.
func (tx *Tx) OnCommit(fn func()) {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	if !tx.over {
		tx.onCommit = append(tx.onCommit, afterwards{fn: fn})
	}
}

// Ring rings Store.Bell(name) after the commit, and also when its answer was lost (ErrUnknown): whoever is rung looks for
// himself, and what was committed must not lie there until something else rings.
func (tx *Tx) Ring(name string) {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	if !tx.over {
		tx.onCommit = append(tx.onCommit, afterwards{fn: tx.store.Bell(name).Ring, perhaps: true})
	}
}

// afterwards is what is called at the end of a transaction.
type afterwards struct {
	fn      func()
	perhaps bool // also when nobody knows whether it was committed
}

// Serial is a number that no other call gets in this database, now or later; larger in later calls of this Store. It is
// for keys of rows that need no meaning. Transactions do not wait for each other over it, so there are gaps, and on a
// PostgreSQL schema that several processes share the numbers are not in the order of time. A database that was restored
// from a backup gives the numbers again that it gave after the backup, so they must not leave the organisation.
func (tx *Tx) Serial() int64 { return tx.store.serial.Add(1) }

// Exec runs a statement and returns the number of rows it changed.
//
// Arguments are int64, string, []byte, bool, types of those kinds, and time.Time, which is stored as microseconds.
func (tx *Tx) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	if tx.readOnly {
		return 0, tx.fail(errors.New("a view cannot write"))
	}
	if err := tx.ready(ctx); err != nil {
		return 0, err
	}
	args, err := portable(args)
	if err != nil {
		return 0, tx.fail(err)
	}
	tx.writes++
	n, err := tx.conn.exec(ctx, query, args)
	if err != nil {
		return 0, tx.fail(err)
	}
	return n, nil
}

// Query runs a statement that returns rows. They must be read to the end or closed before the next statement: one
// PostgreSQL connection carries one answer at a time, and SQLite is held to the same rule.
func (tx *Tx) Query(ctx context.Context, query string, args ...any) (*Rows, error) {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	if err := tx.ready(ctx); err != nil {
		return nil, err
	}
	args, err := portable(args)
	if err != nil {
		return nil, tx.fail(err)
	}
	if !reads(query) {
		if tx.readOnly {
			return nil, tx.fail(errors.New("a view cannot write"))
		}
		tx.writes++
	}
	rows, err := tx.conn.query(ctx, query, args)
	if err != nil {
		return nil, tx.fail(err)
	}
	tx.open = &Rows{rows: rows, tx: tx}
	return tx.open, nil
}

// QueryRow runs a statement of which one row is wanted. Row.Scan returns sql.ErrNoRows when there is none; that is an
// answer and does not fail the transaction.
func (tx *Tx) QueryRow(ctx context.Context, query string, args ...any) *Row {
	rows, err := tx.Query(ctx, query, args...)
	return &Row{rows: rows, err: err}
}

// reads says whether a statement only reads. Statements that change data inside a WITH are not portable.
func reads(query string) bool {
	q := strings.TrimLeft(query, " \t\n(")
	return len(q) >= 6 && strings.EqualFold(q[:6], "SELECT") || len(q) >= 4 && strings.EqualFold(q[:4], "WITH")
}

// ready refuses a statement that could not run, for the same reasons on both engines. Its caller has the lock, as that
// of fail.
func (tx *Tx) ready(ctx context.Context) error {
	tx.uses++
	switch {
	case tx.over:
		return errOver
	case tx.failed != nil:
		return fmt.Errorf("an earlier statement of this transaction failed: %w", tx.failed)
	case tx.open != nil:
		return tx.fail(errors.New("rows are still open: read them to the end or close them before the next statement"))
	case ctx.Err() != nil:
		return tx.fail(ctx.Err())
	}
	return nil
}

// fail remembers an error of the database, so that a caller who swallows it cannot commit half of its work: PostgreSQL
// would not let it, SQLite would.
func (tx *Tx) fail(err error) error {
	if tx.failed == nil {
		tx.failed = err
	}
	if tx.retry == nil && again(err) {
		tx.retry = err
	}
	return err
}

// Attempt runs fn and, when it returns an error, takes back everything that it wrote, collected and asked for on
// commit, and returns that error; the transaction goes on. Attempts may be nested. A panic is not held up.
func (tx *Tx) Attempt(ctx context.Context, fn func() error) error {
	if tx.readOnly {
		return fn()
	}
	tx.mu.Lock()
	if err := tx.ready(ctx); err != nil {
		tx.mu.Unlock()
		return err
	}
	// What is pending here is not yet in the database, so a rollback to this point has to bring it back even when fn
	// flushed it: the savepoint and this copy are the two halves of one state.
	pending, kept, last, callbacks, writes := savedGroups(tx.pending), savedKept(tx.kept), savedKept(tx.last), len(tx.onCommit), tx.writes
	tx.depth++
	name := fmt.Sprintf("attempt%d", tx.depth)
	err := tx.control(ctx, "SAVEPOINT "+name)
	tx.mu.Unlock()
	defer func() {
		tx.mu.Lock()
		defer tx.mu.Unlock()
		tx.depth--
	}()
	if err != nil {
		return err
	}
	err = fn()
	tx.mu.Lock()
	defer tx.mu.Unlock()
	if tx.over { // taken away meanwhile
		return errors.Join(err, errOver)
	}
	if err == nil {
		err = tx.ready(ctx)
	}
	if err == nil {
		return tx.control(ctx, "RELEASE SAVEPOINT "+name)
	}
	if tx.retry != nil {
		return err // the database will take back the whole transaction; only Update can go on
	}
	if tx.open != nil {
		tx.open.close()
	}
	tx.failed = nil
	tx.pending, tx.kept, tx.last, tx.onCommit, tx.writes = pending, kept, last, tx.onCommit[:callbacks], writes
	// The way back must not depend on whether the caller still waits.
	ctx = context.WithoutCancel(ctx)
	if e := tx.control(ctx, "ROLLBACK TO SAVEPOINT "+name); e != nil {
		return errors.Join(err, e)
	}
	if e := tx.control(ctx, "RELEASE SAVEPOINT "+name); e != nil {
		return errors.Join(err, e)
	}
	return err
}

// control runs a statement that steers the transaction and is no write.
func (tx *Tx) control(ctx context.Context, query string) error {
	if _, err := tx.conn.exec(ctx, query, nil); err != nil {
		return tx.fail(err)
	}
	return nil
}

// run calls fn and brings the transaction to the point where only the commit is missing.
func (tx *Tx) run(ctx context.Context, fn func(context.Context, *Tx) error) error {
	defer func() {
		tx.mu.Lock()
		defer tx.mu.Unlock()
		if tx.open != nil { // after an error or a panic of fn; no rollback is possible before
			tx.open.close()
		}
		tx.over = true
	}()
	return tx.call(ctx, func(ctx context.Context, tx *Tx) error {
		if err := fn(ctx, tx); err != nil {
			return err
		}
		tx.mu.Lock()
		err := tx.ready(ctx)
		tx.mu.Unlock()
		if err != nil {
			return err
		}
		return tx.finish(ctx)
	})
}

// ended calls what waits for the end, of which err tells.
func (tx *Tx) ended(err error) {
	unknown := errors.Is(err, ErrUnknown)
	for _, a := range tx.onCommit {
		if err == nil || unknown && a.perhaps {
			a.fn()
		}
	}
}
