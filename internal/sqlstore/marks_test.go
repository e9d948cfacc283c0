package sqlstore_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
)

// TestInParts: a list that is longer than a statement takes comes back whole, also where the statement has the part twice.
func TestInParts(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		s := sqlstoretest.Open(t, url, sqlstore.Options{}, testSchema)
		err := s.Update(t.Context(), func(c ctx, t tx) error {
			var rows []any
			for k := range int64(5 * t.MaxMarks()) {
				rows = append(rows, k, "x")
			}
			return t.InsertRows(c, "item", "k, v", 2, rows, "")
		})
		if err != nil {
			t.Fatal(err)
		}
		err = s.View(t.Context(), func(c ctx, tx tx) error {
			var wanted, got []int64
			for k := range int64(2 * tx.MaxMarks()) {
				wanted = append(wanted, 2*k+1) // every other
			}
			parts := 0
			err := sqlstore.InParts(tx, 2, wanted, func(marks string, part []any) error {
				parts++
				args := append(append([]any{int64(0)}, part...), part...)
				found, err := sqlstore.List(c, tx, func(r *sqlstore.Rows, k *int64) error { return r.Scan(k) },
					`SELECT k FROM item WHERE k > $1 AND k IN (`+marks+`) AND k IN (`+tx.Marks(2+len(part), len(part))+`) ORDER BY k`, args...)
				got = append(got, found...)
				return err
			})
			if !slices.Equal(got, wanted) || parts < 2 {
				t.Errorf("%d of %d keys in %d parts", len(got), len(wanted), parts)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}

		stop, calls := errors.New("stop"), 0
		err = s.View(t.Context(), func(c ctx, tx tx) error {
			return sqlstore.InParts(tx, 1, make([]string, 2*tx.MaxMarks()), func(string, []any) error { calls++; return stop })
		})
		if !errors.Is(err, stop) || calls != 1 {
			t.Errorf("%v after %d parts", err, calls)
		}
	})
}
