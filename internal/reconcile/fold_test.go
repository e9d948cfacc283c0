package reconcile_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/reconcile/reconciletest"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

func set(t testing.TB, store *sqlstore.Store, b *reconcile.Books, key string, v message.Hash) {
	t.Helper()
	if err := store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		b.Set(tx, message.Residents, pref, key, v)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

// holds fails unless the book has these values, and sums that are theirs.
func holds(t testing.TB, b *reconcile.Books, when string, want map[string]message.Hash) {
	t.Helper()
	got, wrong, err := b.Held(t.Context(), message.Residents, pref)
	if err != nil || wrong != "" {
		t.Fatalf("%s: %v %s", when, err, wrong)
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("%s: %x, not %x", when, got, want)
	}
}

// unfolded counts the rows that wait.
func unfolded(t testing.TB, store *sqlstore.Store) (n int64) {
	t.Helper()
	if err := store.View(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		return tx.QueryRow(ctx, `SELECT COUNT(*) FROM r_change`).Scan(&n)
	}); err != nil {
		t.Fatal(err)
	}
	return n
}

// A fold that was held up must not bring an older value over one that another has folded meanwhile.
func TestLateFold(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		store, b := openBooks(t, url, sqlstore.Options{})
		set(t, store, b, "a", value(1))
		set(t, store, b, "b", value(1))
		err := b.FoldLate(t.Context(), message.Residents, pref, func() {
			set(t, store, b, "a", value(2))
			if err := b.Fold(t.Context()); err != nil {
				t.Error(err)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		holds(t, b, "late", map[string]message.Hash{"a": value(2), "b": value(1)})
	})
}

// What is set while it is folded stays, in whatever slice its key is.
func TestSetWhileItIsFolded(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		store, b := openBooks(t, url, sqlstore.Options{})
		b.FoldBy(1, 1000)
		for _, k := range []string{"a", "b", "c"} {
			set(t, store, b, k, value(1))
		}
		err := b.FoldLate(t.Context(), message.Residents, pref, func() { set(t, store, b, "b", message.Hash{}) })
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]message.Hash{"a": value(1), "c": value(1)}
		holds(t, b, "before it is folded", want)
		if n := unfolded(t, store); n != 1 {
			t.Errorf("%d rows wait", n)
		}
		if err := b.Fold(t.Context()); err != nil {
			t.Fatal(err)
		}
		holds(t, b, "folded", want)
	})
}

// oneCommit lets one commit fail, or its answer be lost: the one before which so many others come.
type oneCommit struct {
	before, after int // negative: none
}

func (c *oneCommit) BeforeCommit() error { return c.count(&c.before) }
func (c *oneCommit) AfterCommit() error  { return c.count(&c.after) }

func (c *oneCommit) count(n *int) error {
	*n--
	if *n == -1 {
		return sqlstoretest.ErrInjected
	}
	return nil
}

// A fold whose commit fails, in whatever slice, has done no harm, and goes on where its answer was lost.
func TestFoldThatFails(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		commit := &oneCommit{-1, -1}
		store, b := openBooks(t, url, sqlstore.Options{Faults: commit})
		b.FoldBy(1, 1000)
		const keys = 4
		for try := range 2 * keys {
			want := map[string]message.Hash{}
			for i := range keys {
				want[fmt.Sprint("k", i)] = value(try + 2)
				set(t, store, b, fmt.Sprint("k", i), value(try+2))
			}
			if *commit = (oneCommit{try % keys, -1}); try >= keys {
				*commit = oneCommit{-1, try % keys}
			}
			if err := b.Fold(t.Context()); !errors.Is(err, sqlstoretest.ErrInjected) && !errors.Is(err, sqlstore.ErrUnknown) {
				t.Fatal(err)
			}
			holds(t, b, "failed", want)
			if err := b.Fold(t.Context()); err != nil {
				t.Fatal(err)
			}
			holds(t, b, "folded", want)
			if n := unfolded(t, store); n != 0 {
				t.Errorf("%d rows wait", n)
			}
		}
	})
}

// Whoever writes folds when too much waits, so that reading a book does not get slower and slower without its task.
func TestWritersFoldWhatWaits(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		store, b := openBooks(t, url, sqlstore.Options{})
		b.FoldBy(100, 10)
		want := map[string]message.Hash{}
		for i := range 35 {
			k := fmt.Sprint("k", i)
			want[k] = value(1)
			set(t, store, b, k, value(1))
			if n := unfolded(t, store); n > 10 {
				t.Fatalf("%d rows wait", n)
			}
		}
		holds(t, b, "written", want)
	})
}

// What an earlier run has left is folded at the start.
func TestFoldAfterARestart(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		store, b := openBooks(t, url, sqlstore.Options{})
		set(t, store, b, "a", value(1))
		again, err := reconcile.New(t.Context(), reconcile.Config{Self: city, Store: store, Peers: []message.Org{pref},
			Tables: []reconcile.Table{(&end{self: city, peer: pref}).table(message.Residents)}, Secrets: reconciletest.Secrets(city)})
		if err != nil {
			t.Fatal(err)
		}
		if next, err := again.FoldStep(t.Context()); err != nil || !next.IsZero() {
			t.Errorf("folded until %v, %v", next, err)
		}
		if n := unfolded(t, store); n != 0 {
			t.Errorf("%d rows wait", n)
		}
		holds(t, again, "after a restart", map[string]message.Hash{"a": value(1)})
	})
}

// Two processes that share a database: what counts is who wrote last, and not who was opened last.
func TestTheLastProcessCounts(t *testing.T) {
	url := sqlstoretest.Postgres(t)
	first, b := openBooks(t, url, sqlstore.Options{})
	second, c := openBooks(t, url, sqlstore.Options{})
	set(t, second, c, "a", value(2))
	set(t, first, b, "a", value(1))
	want := map[string]message.Hash{"a": value(1)}
	holds(t, c, "written", want)
	if err := c.Fold(t.Context()); err != nil {
		t.Fatal(err)
	}
	holds(t, b, "folded", want)
}

// One key is found whether it was set just now, long ago or never, and as it was set last.
func TestOneKeyOfMany(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		store, b := openBooks(t, url, sqlstore.Options{})
		set(t, store, b, "folded", value(1))
		set(t, store, b, "gone", value(1))
		if err := b.Fold(t.Context()); err != nil {
			t.Fatal(err)
		}
		set(t, store, b, "gone", message.Hash{})
		set(t, store, b, "old", value(1))
		set(t, store, b, "old", value(2))
		for i := range 40 {
			set(t, store, b, fmt.Sprint("k", i), value(1))
		}
		set(t, store, b, "new", value(1))
		set(t, store, b, "new", value(2))
		for key, want := range map[string]message.Hash{"folded": value(1), "gone": {}, "old": value(2), "new": value(2), "never": {}} {
			if got, err := b.ValueOf(t.Context(), message.Residents, pref, key); err != nil || got != want {
				t.Errorf("%s is %x, not %x (%v)", key, got, want, err)
			}
		}
	})
}

// The fold comes by itself, and after a few seconds also for little.
func TestFoldComesByItself(t *testing.T) {
	w := forTest(t, wiring{})
	for k := range 3 {
		w.file(k, resident.MoveWithin)
	}
	w.run(100 * time.Millisecond)
	for _, e := range []*end{w.city, w.pref} {
		if unfolded(t, e.store) == 0 {
			t.Errorf("%s: nothing waits", e.self)
		}
	}
	w.run(15 * time.Second)
	for _, e := range []*end{w.city, w.pref} {
		if n := unfolded(t, e.store); n > 0 {
			t.Errorf("%s: %d rows wait", e.self, n)
		}
	}
	w.run(time.Minute)
	w.agree(t)
}

// What was set and is damaged before it is folded is taken out and told of, and the self-audit makes it anew.
func TestDamagedChanges(t *testing.T) {
	w := forTest(t, wiring{})
	for k := range 3 {
		w.file(k, resident.MoveWithin)
	}
	w.run(100 * time.Millisecond)
	whole := append([]byte{1, 'a', 1}, make([]byte, len(message.Hash{}))...)
	whole[len(whole)-1] = 1
	for i, body := range [][]byte{{}, {0xff}, {3, 'a', 'b'}, {1, 'a', 2}, {1, 'a', 1, 0}, append(whole, whole...), append(whole, 0xff)} {
		n := w.pref.byHand(`UPDATE r_change SET body = $1 WHERE n = (SELECT MIN(n) FROM r_change)`, body)
		if i == 0 && n != 1 {
			t.Fatal("nothing waits")
		}
		if held, wrong, err := w.pref.books.Held(t.Context(), message.Residents, city); err != nil || wrong != "" || held["a"] != (message.Hash{}) {
			t.Errorf("%x: %v %s %v", body, err, wrong, held)
		}
	}
	w.run(2 * time.Minute)
	if s := w.city.standing(message.Residents); s.Outcome != reconcile.Agreed || s.OpenCases != 0 || s.Entries != 3 {
		t.Errorf("%+v", s)
	}
	lost := 0
	found, err := w.pref.books.Findings(t.Context(), true, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		if f.What == "lost" {
			lost++
		}
	}
	if lost != 1 {
		t.Errorf("%d of %d findings tell of it: %+v", lost, len(found), found)
	}
}
