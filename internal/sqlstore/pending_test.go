package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"testing"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
)

// total keeps what the numbers kept for it come to, in rows of item; each call of WriteKept is noted.
type total struct {
	calls [][]int64
	fail  error
}

func (w *total) WriteKept(c context.Context, t *sqlstore.Tx, kept []any) error {
	if w.fail != nil {
		return w.fail
	}
	var sum int64
	var call []int64
	for _, k := range kept {
		sum += k.(int64)
		call = append(call, k.(int64))
	}
	w.calls = append(w.calls, call)
	was := "0"
	if err := t.QueryRow(c, "SELECT COALESCE(MAX(v), '0') FROM item WHERE k = 1").Scan(&was); err != nil {
		return err
	}
	n, err := strconv.ParseInt(was, 10, 64)
	if err != nil {
		return err
	}
	return t.InsertRows(c, "item", "k, v", 2, []any{int64(1), strconv.FormatInt(n+sum, 10)}, "ON CONFLICT (k) DO UPDATE SET v = excluded.v")
}

var errNo = errors.New("no")

func TestKeptWorkIsWrittenOnceBeforeTheCommit(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		s := sqlstoretest.Open(t, url, sqlstore.Options{}, testSchema)
		w := new(total)
		err := s.Update(t.Context(), func(c ctx, t tx) error {
			t.Keep(w, int64(1))
			t.Keep(w, int64(2))
			t.Collect("item", "k, v", int64(7), "seven")
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := items(t, s); got[1] != "3" || got[7] != "seven" || len(w.calls) != 1 {
			t.Errorf("%v after %v", got, w.calls)
		}
	})
}

// TestKeptForTheEndIsWrittenOnceAtTheEnd: a flush before the end writes nothing of it, and what an Attempt kept goes with it.
func TestKeptForTheEndIsWrittenOnceAtTheEnd(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		s := sqlstoretest.Open(t, url, sqlstore.Options{}, testSchema)
		w := new(total)
		err := s.Update(t.Context(), func(c ctx, t tx) error {
			t.KeepLast(w, int64(1))
			if err := t.Flush(c); err != nil || len(w.calls) != 0 {
				return fmt.Errorf("after a flush: %v, %v", w.calls, err)
			}
			if err := t.Attempt(c, func() error { t.KeepLast(w, int64(10)); return errNo }); !errors.Is(err, errNo) {
				return err
			}
			t.KeepLast(w, int64(2))
			t.Collect("item", "k, v", int64(7), "seven")
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := items(t, s); got[1] != "3" || got[7] != "seven" || len(w.calls) != 1 {
			t.Errorf("%v after %v", got, w.calls)
		}
		w.fail = errNo
		if err := s.Update(t.Context(), func(c ctx, t tx) error {
			t.Collect("item", "k, v", int64(8), "eight")
			t.KeepLast(w, int64(1))
			return nil
		}); !errors.Is(err, errNo) || items(t, s)[8] != "" {
			t.Errorf("what fails at the end fails nothing: %v", err)
		}
	})
}

// What an Attempt kept goes with it, also when it was written inside; what was kept before comes back, and is written
// once.
func TestAttemptTakesBackWhatItKept(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		s := sqlstoretest.Open(t, url, sqlstore.Options{}, testSchema)
		for _, flush := range []bool{false, true} {
			w := new(total)
			err := s.Update(t.Context(), func(c ctx, t tx) error {
				if _, err := t.Exec(c, "DELETE FROM item"); err != nil {
					return err
				}
				t.Keep(w, int64(1))
				writes := t.Writes()
				err := t.Attempt(c, func() error {
					t.Keep(w, int64(10))
					if flush {
						if err := t.Flush(c); err != nil {
							return err
						}
					}
					t.Keep(w, int64(20))
					return errNo
				})
				if !errors.Is(err, errNo) || t.Writes() != writes {
					return errors.Join(err, errors.New("the attempt left something"))
				}
				if err := t.Attempt(c, func() error { t.Keep(w, int64(100)); return nil }); err != nil {
					return err
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if got := items(t, s); !maps.Equal(got, map[int64]string{1: "101"}) {
				t.Errorf("flush %v: %v after %v", flush, got, w.calls)
			}
			if last := w.calls[len(w.calls)-1]; !slices.Equal(last, []int64{1, 100}) {
				t.Errorf("flush %v: written last: %v", flush, last)
			}
		}
	})
}

func TestFailedKeeperFailsTheTransaction(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		s := sqlstoretest.Open(t, url, sqlstore.Options{}, testSchema)
		w := &total{fail: errNo}
		err := s.Update(t.Context(), func(c ctx, t tx) error {
			t.Keep(w, int64(1))
			return put(c, t, 5, "five")
		})
		if got := items(t, s); !errors.Is(err, errNo) || len(got) != 0 {
			t.Errorf("%v, %v", err, got)
		}
		err = s.View(t.Context(), func(c ctx, t tx) error { t.Keep(w, int64(1)); return nil })
		if err == nil {
			t.Error("a view kept work")
		}
	})
}

func TestInsertRowsInChunks(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		s := sqlstoretest.Open(t, url, sqlstore.Options{}, testSchema)
		const n = 1000
		for _, v := range []string{"a", "b"} {
			var args []any
			for k := range int64(n) {
				args = append(args, k, v)
			}
			err := s.Update(t.Context(), func(c ctx, t tx) error {
				if err := t.InsertRows(c, "item", "k, v", 2, args, "ON CONFLICT (k) DO UPDATE SET v = item.v || excluded.v"); err != nil {
					return err
				}
				rows, err := sqlstore.List(c, t, func(r *sqlstore.Rows, k *int64) error { return r.Scan(k) },
					"SELECT k FROM item WHERE k >= $1 AND k IN ("+t.Marks(2, 3)+")", int64(5), int64(4), int64(5), int64(n-1))
				if err == nil && !slices.Equal(rows, []int64{5, n - 1}) {
					return errors.New("the list of placeholders found something else")
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		if got := items(t, s); len(got) != n || got[n-1] != "ab" {
			t.Errorf("%d rows, the last %q", len(got), got[n-1])
		}
	})
}
