package sqlstore_test

import (
	"testing"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
)

// Many pages are kept while much is written at once, and for a while after it: what writes a little in between does not drop them.
func TestManyPagesAreKeptWhileMuchIsWritten(t *testing.T) {
	s := sqlstoretest.Open(t, sqlstoretest.SQLite(t), sqlstore.Options{}, testSchema)
	key := int64(0)
	commits := func(n, rows int) {
		t.Helper()
		for range n {
			if err := s.Update(t.Context(), func(c ctx, x tx) error {
				for range rows {
					key++
					x.Collect("item", "k, v", key, "row")
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
		}
	}
	keeps := func(want int) {
		t.Helper()
		if got, err := s.WriterCache(t.Context()); err != nil || got != want {
			t.Errorf("after %d rows the writer keeps %d KiB, %v; want %d", key, got, err, want)
		}
	}
	keeps(sqlstore.SmallCache)
	commits(1, sqlstore.MuchAtOnce-1)
	keeps(sqlstore.SmallCache)
	commits(1, sqlstore.MuchAtOnce)
	keeps(sqlstore.LargeCache)
	commits(sqlstore.LittleLong-1, 1)
	commits(1, sqlstore.MuchAtOnce)
	commits(sqlstore.LittleLong-1, 1)
	keeps(sqlstore.LargeCache)
	commits(1, 1)
	keeps(sqlstore.SmallCache)
	if got := len(items(t, s)); int64(got) != key {
		t.Errorf("%d rows of %d", got, key)
	}
}
