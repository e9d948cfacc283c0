package municipality

import (
	"context"
	"testing"

	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
)

// TestOldNamesGetTheirKeys: rows of before names were found by their variants are found so after a start; a row without a name, which somebody has
// damaged, is not met for ever.
func TestOldNamesGetTheirKeys(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		who, other := c.register(movedIn()).Person, c.register(movedIn()).Person
		change := func(sql string, args ...any) {
			t.Helper()
			if err := c.o.Store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
				_, err := tx.Exec(ctx, sql, args...)
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		found := func(name string) (n int) {
			t.Helper()
			c.view(func(ctx context.Context, tx *store.Tx) error {
				all, err := tx.Search(ctx, store.Query{Name: name}, 10)
				n = len(all)
				return err
			})
			return n
		}
		change(`UPDATE resident SET name_key = substr(name_key, 1, 0)`) // as the migration does
		change(`UPDATE resident SET version = version + 100 WHERE person = $1`, int64(other))
		if found("高吉") != 0 {
			t.Fatal("found without a key")
		}
		for range 2 {
			if err := c.o.fillNameKeys(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		change(`UPDATE resident SET version = version - 100 WHERE person = $1`, int64(other))
		if found("高吉") != 1 || found("髙𠮷") != 1 || found("?") != 1 {
			t.Errorf("found 高吉 %d, 髙𠮷 %d, the damaged one %d", found("高吉"), found("髙𠮷"), found("?"))
		}
		if n, err := c.o.Look(as(t, "clerk-aoki"), who, "record"); err != nil || n.Now.Record.Name.Reveal() == "" {
			t.Errorf("the record: %v", err)
		}
	})
}
