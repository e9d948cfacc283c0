package sqlstore_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
)

var testSchema = sqlstore.Schema{Name: "test", FS: fstest.MapFS{
	"0001_rows.sql": {Data: []byte(`-- rows of the tests
CREATE TABLE item(k BIGINT NOT NULL PRIMARY KEY, v TEXT NOT NULL);
CREATE TABLE event(n BIGINT NOT NULL PRIMARY KEY, at BIGINT NOT NULL, data BYTEA);
`)},
}}

type (
	ctx = context.Context
	tx  = *sqlstore.Tx
)

func put(c ctx, t tx, k int64, v string) error {
	_, err := t.Exec(c, "INSERT INTO item(k, v) VALUES ($1, $2)", k, v)
	return err
}

func items(t *testing.T, s *sqlstore.Store) map[int64]string {
	t.Helper()
	all := map[int64]string{}
	err := s.View(t.Context(), func(c ctx, t tx) error {
		rows, err := t.Query(c, "SELECT k, v FROM item ORDER BY k")
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var k int64
			var v string
			if err := rows.Scan(&k, &v); err != nil {
				return err
			}
			all[k] = v
		}
		return rows.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// each runs a test on the engines and in memory.
func each(t *testing.T, test func(t *testing.T, url string)) {
	sqlstoretest.Both(t, test)
	t.Run("memory", func(t *testing.T) { test(t, "memory:") })
}

func TestUpdateAndView(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		at := time.Date(2004, 5, 26, 8, 30, 0, 123456789, time.UTC)
		s := sqlstoretest.Open(t, url, sqlstore.Options{Clock: clock.NewVirtual(at)}, testSchema)
		var order []string
		err := s.Update(t.Context(), func(c ctx, t tx) error {
			t.OnCommit(func() { order = append(order, "committed") })
			_, err := t.Exec(c, "INSERT INTO event(n, at, data) VALUES ($1, $2, $3)", 1, t.Now(), []byte{0, 255})
			order = append(order, "written")
			return err
		})
		if err != nil || !slices.Equal(order, []string{"written", "committed"}) {
			t.Fatal(err, order)
		}
		err = s.View(t.Context(), func(c ctx, x tx) error {
			var got time.Time
			var data []byte
			if err := x.QueryRow(c, "SELECT at, data FROM event WHERE n=$1", 1).Scan(sqlstore.Time(&got), &data); err != nil {
				return err
			}
			if want := at.Truncate(time.Microsecond); !got.Equal(want) || string(data) != "\x00\xff" {
				t.Errorf("got %v %x, want %v 00ff", got, data, want)
			}
			err := x.QueryRow(c, "SELECT at FROM event WHERE n=$1", 2).Scan(&data)
			if !errors.Is(err, sql.ErrNoRows) {
				t.Errorf("no row: got %v", err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestViewCannotWrite(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		s := sqlstoretest.Open(t, url, sqlstore.Options{}, testSchema)
		for name, fn := range map[string]func(ctx, tx) error{
			"exec":    func(c ctx, t tx) error { return put(c, t, 1, "a") },
			"collect": func(c ctx, t tx) error { t.Collect("item", "k, v", 1, "a"); return nil },
			"query": func(c ctx, t tx) error {
				var k int64
				return t.QueryRow(c, "INSERT INTO item(k, v) VALUES (1, 'a') RETURNING k").Scan(&k)
			},
		} {
			if err := s.View(t.Context(), fn); err == nil {
				t.Errorf("%s: the view wrote", name)
			}
		}
		if got := items(t, s); len(got) != 0 {
			t.Errorf("rows: %v", got)
		}
	})
}

// A statement that failed must not leave half a transaction behind, even when the caller forgets the error.
func TestFailedStatementFailsTheTransaction(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		s := sqlstoretest.Open(t, url, sqlstore.Options{}, testSchema)
		err := s.Update(t.Context(), func(c ctx, x tx) error {
			if err := put(c, x, 1, "a"); err != nil {
				return err
			}
			put(c, x, 1, "again")
			if err := put(c, x, 2, "b"); err == nil {
				t.Error("a statement ran after a failed one")
			}
			return nil
		})
		if !sqlstore.IsDuplicate(err) {
			t.Errorf("got %v, want the duplicate", err)
		}
		err = s.Update(t.Context(), func(c ctx, x tx) error {
			if err := put(c, x, 1, "a"); err != nil {
				return err
			}
			err := x.Attempt(c, func() error { return put(c, x, 1, "again") })
			if !sqlstore.IsDuplicate(err) {
				t.Errorf("attempt: got %v", err)
			}
			return put(c, x, 2, "b")
		})
		if err != nil || len(items(t, s)) != 2 {
			t.Error(err, items(t, s))
		}
	})
}

func TestRefusedArguments(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		s := sqlstoretest.Open(t, url, sqlstore.Options{}, testSchema)
		for _, bad := range []string{"a\x00b", "a\xffb"} {
			if err := s.Update(t.Context(), func(c ctx, x tx) error { return put(c, x, 1, bad) }); err == nil {
				t.Errorf("%q was stored", bad)
			}
			if err := s.Update(t.Context(), func(c ctx, x tx) error { x.Collect("item", "k,v", 1, bad); return nil }); err == nil {
				t.Errorf("%q was collected", bad)
			}
		}
		if err := s.Update(t.Context(), func(c ctx, x tx) error { x.Collect("item", "k,v", 1); return nil }); err == nil {
			t.Error("a row without its last value was collected")
		}
		// 葛 with an ideographic variation selector, and a character outside the basic plane, come back as they went in.
		const name = "葛\U000E0100𠮷"
		if err := s.Update(t.Context(), func(c ctx, x tx) error { return put(c, x, 1, name) }); err != nil {
			t.Fatal(err)
		}
		if got := items(t, s)[1]; got != name {
			t.Errorf("got %+q, want %+q", got, name)
		}
	})
}

func TestOpenRowsAreRefusedAlike(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		s := sqlstoretest.Open(t, url, sqlstore.Options{}, testSchema)
		err := s.Update(t.Context(), func(c ctx, x tx) error {
			for k := range int64(3) {
				x.Collect("item", "k, v", k, "v")
			}
			if err := x.Flush(c); err != nil {
				return err
			}
			rows, err := x.Query(c, "SELECT k FROM item")
			if err != nil {
				return err
			}
			rows.Next()
			if err := rows.Close(); err != nil {
				return err
			}
			if _, err = x.Query(c, "SELECT k FROM item"); err != nil {
				return err
			}
			return put(c, x, 9, "while rows are open")
		})
		if err == nil || !strings.Contains(err.Error(), "rows are still open") {
			t.Errorf("got %v", err)
		}
		if len(items(t, s)) != 0 {
			t.Error("something was committed")
		}
	})
}

func TestNestedIsRefused(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		s := sqlstoretest.Open(t, url, sqlstore.Options{}, testSchema)
		nothing := func(ctx, tx) error { return nil }
		for name, outer := range map[string]func(ctx, func(ctx, tx) error) error{"update": s.Update, "view": s.View} {
			for inner, fn := range map[string]func(ctx, func(ctx, tx) error) error{"update": s.Update, "view": s.View} {
				err := outer(t.Context(), func(c ctx, _ tx) error { return fn(c, nothing) })
				if !errors.Is(err, sqlstore.ErrNested) {
					t.Errorf("%s in %s: got %v", inner, name, err)
				}
			}
		}
	})
}

func TestPanicRollsBackAndGoesOn(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		s := sqlstoretest.Open(t, url, sqlstore.Options{}, testSchema)
		for _, run := range []func(ctx, func(ctx, tx) error) error{s.Update, s.View} {
			func() {
				defer func() {
					if r := recover(); r != "broken rule" {
						t.Errorf("recovered %v", r)
					}
				}()
				run(t.Context(), func(c ctx, x tx) error {
					if _, err := x.Query(c, "SELECT k FROM item"); err != nil {
						t.Error(err)
					}
					panic("broken rule")
				})
				t.Error("the panic was swallowed")
			}()
		}
		if err := s.Update(t.Context(), func(c ctx, x tx) error { return put(c, x, 1, "a") }); err != nil {
			t.Error(err)
		}
	})
}

func TestCancelledContextLeavesTheStoreUsable(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		s := sqlstoretest.Open(t, url, sqlstore.Options{}, testSchema)
		for _, run := range []func(ctx, func(ctx, tx) error) error{s.Update, s.View} {
			c, cancel := context.WithCancel(t.Context())
			err := run(c, func(c ctx, x tx) error {
				if _, err := x.Query(c, "SELECT k FROM item"); err != nil {
					return err
				}
				cancel()
				return nil
			})
			if err == nil {
				t.Error("committed after the context had ended")
			}
			c, cancel = context.WithCancel(t.Context())
			err = run(c, func(c ctx, x tx) error {
				cancel()
				return x.QueryRow(c, "SELECT count(*) FROM item").Scan(new(int64))
			})
			if !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
			if err := run(c, func(ctx, tx) error { t.Error("was called"); return nil }); !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
		}
		if err := s.Update(t.Context(), func(c ctx, x tx) error { return put(c, x, 1, "a") }); err != nil {
			t.Error(err)
		}
		if got := items(t, s); len(got) != 1 {
			t.Error(got)
		}
	})
}

func TestCollectKeepsOrderAndWritesAll(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		s := sqlstoretest.Open(t, url, sqlstore.Options{}, testSchema)
		const n = 20_011 // more than either engine takes in one statement
		err := s.Update(t.Context(), func(c ctx, x tx) error {
			for k := range int64(n) {
				x.Collect("item", "k, v", k, fmt.Sprint("v", k))
			}
			if x.Writes() != n {
				t.Errorf("writes: %d", x.Writes())
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		got := items(t, s)
		if len(got) != n || got[0] != "v0" || got[n-1] != fmt.Sprint("v", n-1) {
			t.Errorf("%d rows", len(got))
		}
	})
}

// The last rows may go to the database together with the commit. What is wrong with one of them is told, is never taken for a commit of which nobody
// knows what became, and leaves nothing of the transaction behind.
func TestRowsThatAreRefusedAtTheEnd(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		s := sqlstoretest.Open(t, url, sqlstore.Options{}, testSchema)
		for name, bad := range map[string]func(tx){
			"a key twice":          func(x tx) { x.Collect("item", "k, v", int64(2), "b"); x.Collect("item", "k, v", int64(2), "c") },
			"no such table":        func(x tx) { x.Collect("nowhere", "k", int64(1)) },
			"nothing where needed": func(x tx) { x.Collect("event", "n, at", int64(1), nil) },
		} {
			err := s.Update(t.Context(), func(c ctx, x tx) error {
				x.Collect("event", "n, at", int64(7), int64(7))
				x.Collect("item", "k, v", int64(1), "a")
				bad(x)
				return nil
			})
			if err == nil || errors.Is(err, sqlstore.ErrUnknown) {
				t.Errorf("%s: %v", name, err)
			}
			if got := items(t, s); len(got) != 0 {
				t.Errorf("%s: %d rows are left", name, len(got))
			}
		}
		if err := s.Update(t.Context(), func(c ctx, x tx) error { return put(c, x, 1, "a") }); err != nil {
			t.Error(err)
		}
	})
}

func TestViewIsOneSnapshot(t *testing.T) {
	sqlstoretest.Both(t, func(t *testing.T, url string) {
		s := sqlstoretest.Open(t, url, sqlstore.Options{}, testSchema)
		count := func(c ctx, x tx) (n int64) {
			if err := x.QueryRow(c, "SELECT count(*) FROM item").Scan(&n); err != nil {
				t.Error(err)
			}
			return n
		}
		err := s.View(t.Context(), func(c ctx, x tx) error {
			before := count(c, x)
			if err := s.Update(t.Context(), func(c ctx, x tx) error { return put(c, x, 1, "a") }); err != nil {
				return err
			}
			if after := count(c, x); after != before {
				t.Errorf("the view saw %d rows, then %d", before, after)
			}
			return nil
		})
		if err != nil || len(items(t, s)) != 1 {
			t.Error(err)
		}
	})
}

// Two transactions that each read what the other writes cannot both commit as they are: a sum stays right.
func TestUpdatesAreSerializable(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		s := sqlstoretest.Open(t, url, sqlstore.Options{}, testSchema)
		if err := s.Update(t.Context(), func(c ctx, x tx) error { return put(c, x, 0, "0") }); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		const writers, each = 4, 10
		for range writers {
			wg.Go(func() {
				for range each {
					err := s.Update(t.Context(), func(c ctx, x tx) error {
						var v int
						if err := x.QueryRow(c, "SELECT v FROM item WHERE k=0").Scan(&v); err != nil {
							return err
						}
						_, err := x.Exec(c, "UPDATE item SET v=$1 WHERE k=0", fmt.Sprint(v+1))
						return err
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		if got := items(t, s)[0]; got != fmt.Sprint(writers*each) {
			t.Errorf("got %s, want %d", got, writers*each)
		}
	})
}
