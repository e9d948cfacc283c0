package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
)

var staySchema = sqlstore.Schema{Name: "stay", FS: fstest.MapFS{"0001_stay.sql": {Data: []byte(
	"CREATE TABLE stayed(name TEXT NOT NULL PRIMARY KEY);\n")}}}

func stayed(t *testing.T, s *sqlstore.Store) (names []string) {
	t.Helper()
	err := s.View(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		names, err = sqlstore.List(ctx, tx, func(r *sqlstore.Rows, v *string) error { return r.Scan(v) }, `SELECT name FROM stayed ORDER BY name`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func insert(ctx context.Context, tx *sqlstore.Tx, name string) error {
	_, err := tx.Exec(ctx, `INSERT INTO stayed(name) VALUES ($1)`, name)
	return err
}

// TestTakenFromWhoHangs: whatever a function was doing when it hung, its transaction is rolled back, the others go on,
// and when it comes back after all it can do no harm.
func TestTakenFromWhoHangs(t *testing.T) {
	for name, before := range map[string]func(ctx context.Context, tx *sqlstore.Tx, hang func()) error{
		"after a write": func(ctx context.Context, tx *sqlstore.Tx, hang func()) error {
			if err := insert(ctx, tx, "left"); err != nil {
				return err
			}
			hang()
			return nil
		},
		"in an attempt": func(ctx context.Context, tx *sqlstore.Tx, hang func()) error {
			return tx.Attempt(ctx, func() error {
				tx.Collect("stayed", "name", "left")
				hang()
				return errors.New("and then it fails")
			})
		},
		"between two rows": func(ctx context.Context, tx *sqlstore.Tx, hang func()) error {
			rows, err := tx.Query(ctx, `SELECT name FROM stayed`)
			if err != nil {
				return err
			}
			defer rows.Close()
			for rows.Next() {
				hang()
			}
			return rows.Err()
		},
		"at its limit": func(ctx context.Context, tx *sqlstore.Tx, hang func()) error {
			tx.Limit(time.Millisecond)
			hang()
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			sqlstoretest.Both(t, func(t *testing.T, url string) {
				opt := sqlstore.Options{Stay: 200 * time.Millisecond}
				if name == "at its limit" {
					opt.Stay = 0
				}
				s := sqlstoretest.Open(t, url, opt, staySchema)
				if err := s.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error { return insert(ctx, tx, "before") }); err != nil {
					t.Fatal(err)
				}
				over, back := make(chan struct{}), make(chan error, 2)
				ctx := t.Context()
				err := s.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
					tx.OnCommit(func() { t.Error("the commit of a transaction that was taken away") })
					err := before(ctx, tx, func() { <-over })
					back <- errors.Join(err)
					back <- insert(ctx, tx, "too late")
					return err
				})
				if !errors.Is(err, sqlstore.ErrTaken) {
					t.Fatalf("%v, want ErrTaken", err)
				}
				if err := s.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error { return insert(ctx, tx, "next") }); err != nil {
					t.Fatal(err)
				}
				close(over)
				first := <-back
				if late := <-back; late == nil || name == "in an attempt" && first == nil || name == "between two rows" && first == nil {
					t.Errorf("what was left behind went on as if it had its transaction: %v, %v", first, late)
				}
				if got := fmt.Sprint(stayed(t, s)); got != "[before next]" {
					t.Errorf("in the table: %s", got)
				}
			})
		})
	}
}

// TestGroupOutlivesWhoHangs: those who share a transaction with one that hangs lose nothing but the time.
func TestGroupOutlivesWhoHangs(t *testing.T) {
	s := sqlstoretest.Open(t, sqlstoretest.SQLite(t), sqlstore.Options{Stay: 300 * time.Millisecond}, staySchema)
	over, leads := make(chan struct{}), make(chan struct{})
	defer close(over)
	var all sync.WaitGroup
	all.Go(func() { // it leads, and waits until the others stand in the queue
		err := s.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
			close(leads)
			if err := clock.System().Wait(ctx, clock.System().Now().Add(50*time.Millisecond), nil); err != nil {
				return err
			}
			return insert(ctx, tx, "leader")
		})
		if err != nil {
			t.Error(err)
		}
	})
	<-leads
	for i := range 6 {
		all.Go(func() {
			err := s.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
				if err := insert(ctx, tx, fmt.Sprint(i)); err != nil {
					return err
				}
				if i == 3 {
					<-over
				}
				return nil
			})
			if (i == 3) != errors.Is(err, sqlstore.ErrTaken) || i != 3 && err != nil {
				t.Errorf("%d: %v", i, err)
			}
		})
	}
	all.Wait()
	if got := fmt.Sprint(stayed(t, s)); got != "[0 1 2 4 5 leader]" {
		t.Errorf("in the table: %s", got)
	}
}

// TestStayIsForTheIdle: a function that works on is left its transaction, however long it takes.
func TestStayIsForTheIdle(t *testing.T) {
	s := sqlstoretest.Open(t, "memory:", sqlstore.Options{Stay: 20 * time.Millisecond}, staySchema)
	c := clock.System()
	err := s.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		for until := c.Now().Add(200 * time.Millisecond); c.Now().Before(until); {
			if err := insert(ctx, tx, "again"); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, `DELETE FROM stayed`); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// TestViewThatHangs: a reader that hangs gives its connection back.
func TestViewThatHangs(t *testing.T) {
	sqlstoretest.Both(t, func(t *testing.T, url string) {
		s := sqlstoretest.Open(t, url, sqlstore.Options{Stay: 50 * time.Millisecond}, staySchema)
		over := make(chan struct{})
		defer close(over)
		for range 6 { // more than SQLite has readers
			err := s.View(t.Context(), func(context.Context, *sqlstore.Tx) error { <-over; return nil })
			if !errors.Is(err, sqlstore.ErrTaken) {
				t.Fatalf("%v, want ErrTaken", err)
			}
		}
		if got := stayed(t, s); len(got) != 0 {
			t.Error(got)
		}
	})
}

// TestEndsAsItsFunction: a panic and runtime.Goexit in the function are those of Update's caller, and roll back.
func TestEndsAsItsFunction(t *testing.T) {
	s := sqlstoretest.Open(t, "memory:", sqlstore.Options{}, staySchema)
	func() {
		defer func() {
			if r := recover(); r != "planted" {
				t.Errorf("recovered %v", r)
			}
		}()
		s.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
			if err := insert(ctx, tx, "panic"); err != nil {
				return err
			}
			panic("planted")
		})
	}()
	var ended sync.WaitGroup
	returned := false
	ended.Go(func() {
		inner := &testing.T{}
		s.Update(context.Background(), func(ctx context.Context, tx *sqlstore.Tx) error {
			if err := insert(ctx, tx, "exit"); err != nil {
				return err
			}
			inner.SkipNow() // ends the goroutine
			return nil
		})
		returned = true
	})
	ended.Wait()
	if got := stayed(t, s); len(got) != 0 || returned {
		t.Errorf("in the table: %v; returned: %v", got, returned)
	}
}
