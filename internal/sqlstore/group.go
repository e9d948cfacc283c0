package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"sync"
)

// A group is a transaction that several callers of Update share, so that one fsync serves them all. The first caller
// leads: it begins, runs its own function, then lets the callers that have queued up meanwhile run theirs one after the
// other, each in its own goroutine and inside a savepoint, and commits once. So a function that fails or panics takes
// back only its own work, and its panic stays on its own stack.
//
// A group ends at maxMembers callers or maxGroupWrites statements and rows, so that the first does not wait long for
// the last.
const (
	maxMembers     = 64
	maxGroupWrites = 2000
)

// writer is the queue before the one connection that writes.
type writer struct {
	mu    sync.Mutex
	busy  bool // somebody leads
	queue []*member
	conn  *liteConn // only the leader, or the member whose turn it is, may use it
}

// member is one caller of Update.
type member struct {
	turn  chan turn    // capacity 1: the leader, or the one before, calls
	back  chan outcome // capacity 1: the member's function has run
	done  chan error   // capacity 1: the group has ended
	alone bool         // shares no transaction with others
}

type turn int

const (
	lead turn = iota
	follow
)

// outcome is what a follower's turn left behind.
type outcome struct {
	state  state
	writes int
}

type state int

const (
	tookBack state = iota // nothing of it is in the transaction
	joined                // its work is in the transaction and waits for the commit
	wrecked               // the transaction is gone, with everybody's work
)

// errAlone tells a member whose group could not commit to try again with a transaction of its own: one of them may be
// the reason, and the others must not suffer for it.
var errAlone = errors.New("the group could not commit")

// wait stands in the queue until it is this member's turn.
func (w *writer) wait(ctx context.Context, m *member) (turn, error) {
	w.mu.Lock()
	if !w.busy {
		w.busy = true
		w.mu.Unlock()
		return lead, nil
	}
	w.queue = append(w.queue, m)
	w.mu.Unlock()
	select {
	case t := <-m.turn:
		return t, nil
	case <-ctx.Done():
	}
	w.mu.Lock()
	i := slices.Index(w.queue, m)
	if i >= 0 {
		w.queue = slices.Delete(w.queue, i, i+1)
	}
	w.mu.Unlock()
	if i < 0 { // called at the same moment: decline
		if <-m.turn == lead {
			w.pass()
		} else {
			m.back <- outcome{state: tookBack}
		}
	}
	return 0, ctx.Err()
}

// pass makes the next in the queue the leader.
func (w *writer) pass() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.queue) == 0 {
		w.busy = false
		return
	}
	m := w.queue[0]
	w.queue = slices.Delete(w.queue, 0, 1)
	m.turn <- lead
}

// follower takes the next member out of the queue that may share the transaction.
func (w *writer) follower() *member {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.queue) == 0 || w.queue[0].alone {
		return nil
	}
	m := w.queue[0]
	w.queue = slices.Delete(w.queue, 0, 1)
	return m
}

// alone runs fn while nobody writes.
func (w *writer) alone(ctx context.Context, closed <-chan struct{}, fn func() error) error {
	m := &member{turn: make(chan turn, 1), alone: true}
	if _, err := w.wait(ctx, m); err != nil {
		return err
	}
	defer w.pass()
	select {
	case <-closed:
		return ErrClosed
	default:
	}
	return fn()
}

func (s *Store) updateLite(ctx context.Context, fn func(context.Context, *Tx) error) error {
	m := &member{turn: make(chan turn, 1), back: make(chan outcome, 1), done: make(chan error, 1)}
	for {
		t, err := s.lite.writer.wait(ctx, m)
		if err != nil {
			return err
		}
		var tx *Tx
		if t == lead {
			tx, err = s.lead(ctx, m, fn)
		} else {
			tx, err = s.follow(ctx, m, fn)
		}
		if errors.Is(err, errAlone) && !m.alone {
			m.alone = true
			continue
		}
		if tx != nil {
			tx.ended(err)
		}
		return err
	}
}

// lead runs a group. Whatever happens, it leaves the connection without a transaction and passes the lead on.
func (s *Store) lead(ctx context.Context, m *member, fn func(context.Context, *Tx) error) (*Tx, error) {
	w := &s.lite.writer
	defer w.pass()
	select {
	case <-s.lite.closed:
		return nil, ErrClosed
	default:
	}
	if err := s.begin(ctx); err != nil {
		return nil, err
	}
	inside := true
	defer func() {
		if inside { // a failure, or a panic of fn
			s.rollback()
		}
	}()

	tx := s.newTx(w.conn, false)
	if err := tx.run(ctx, fn); err != nil {
		return nil, err // alone in the transaction: no savepoint was needed
	}
	var group []*member
	end := func(err error) error {
		for _, f := range group {
			f.done <- err
		}
		return err
	}
	writes := tx.writes
	for !m.alone && len(group) < maxMembers && writes < maxGroupWrites {
		f := w.follower()
		if f == nil {
			break
		}
		f.turn <- follow
		switch o := <-f.back; o.state {
		case joined:
			group = append(group, f)
			writes += o.writes
		case wrecked:
			return nil, end(errAlone)
		}
	}
	err := s.commitLite(len(group) > 0)
	if err == nil || errors.Is(err, ErrUnknown) {
		inside = false
		if s.lite.copier != nil {
			s.lite.copier.wrote(writes)
			if err := w.conn.wrote(context.Background(), writes); err != nil {
				s.opt.Log.Warn("the writer's cache could not be fitted to what is written", "store", s.lite.path, "error", err)
			}
		}
	}
	return tx, end(err)
}

// follow runs one member's function in the transaction of the leader, and waits for the commit.
func (s *Store) follow(ctx context.Context, m *member, fn func(context.Context, *Tx) error) (*Tx, error) {
	tx := s.newTx(s.lite.writer.conn, false)
	err := s.join(ctx, m, tx, fn)
	if err != nil {
		return nil, err
	}
	// From here on the context does not count: the work is in the transaction, and its end is near.
	return tx, <-m.done
}

// join gives the turn back to the leader in every case, a panic of fn among them.
func (s *Store) join(ctx context.Context, m *member, tx *Tx, fn func(context.Context, *Tx) error) error {
	o := outcome{state: tookBack}
	defer func() { m.back <- o }()
	background := context.Background()
	if err := tx.control(background, "SAVEPOINT member"); err != nil {
		o.state = wrecked
		return errAlone
	}
	defer func() {
		if o.state == joined {
			return
		}
		// A full disk or an I/O error ends the whole transaction by itself; then this fails, and the others go again.
		_, err := tx.conn.exec(background, "ROLLBACK TO SAVEPOINT member", nil)
		if err == nil {
			_, err = tx.conn.exec(background, "RELEASE SAVEPOINT member", nil)
		}
		if err != nil {
			o.state = wrecked
		}
	}()
	if err := tx.run(ctx, fn); err != nil {
		return err
	}
	if err := tx.control(background, "RELEASE SAVEPOINT member"); err != nil {
		return err
	}
	o = outcome{state: joined, writes: tx.writes}
	return nil
}

// begin opens the transaction, on a new connection if the old one is lost.
func (s *Store) begin(ctx context.Context) error {
	w := &s.lite.writer
	_, err := w.conn.exec(ctx, "BEGIN IMMEDIATE", nil)
	if err == nil || s.engine == Memory || !errors.Is(err, driver.ErrBadConn) && !errors.Is(err, sql.ErrConnDone) {
		return err
	}
	s.opt.Log.Warn("the database connection was lost and is opened again", "store", s.lite.path, "error", err)
	fresh, err := s.lite.connect(context.WithoutCancel(ctx), false)
	if err != nil {
		return err
	}
	w.conn.close()
	w.conn = fresh
	_, err = w.conn.exec(ctx, "BEGIN IMMEDIATE", nil)
	return err
}

func (s *Store) rollback() {
	if _, err := s.lite.writer.conn.exec(context.Background(), "ROLLBACK", nil); err != nil {
		// SQLite has already done so itself, after a full disk for example.
		s.opt.Log.Debug("rollback", "store", s.lite.path, "error", err)
	}
}

// commitLite commits; a group that cannot is to go again one by one.
func (s *Store) commitLite(group bool) error {
	err := s.beforeCommit()
	if err == nil {
		_, err = s.lite.writer.conn.exec(context.Background(), "COMMIT", nil)
	}
	if err != nil {
		if group {
			return errAlone
		}
		return fmt.Errorf("commit: %w", err)
	}
	s.commits.Add(1)
	if err := s.afterCommit(); err != nil {
		return fmt.Errorf("%w: %w", ErrUnknown, err)
	}
	return nil
}
