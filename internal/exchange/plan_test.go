package exchange_test

import (
	"context"
	"strings"
	"testing"

	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

// TestNoQueryReadsAll: what is done for each batch must not grow with the messages that were ever sent. SQLite's planner
// is asked, because it has taken the wrong index before.
func TestNoQueryReadsAll(t *testing.T) {
	store := must(sqlstore.Open(t.Context(), "memory:", sqlstore.Options{}, exchange.Schema()))
	defer store.Close()
	for query, want := range exchange.HotQueries() {
		err := store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
			args := make([]any, strings.Count(query, "$"))
			for i := range args {
				args[i] = int64(1)
			}
			n := 0
			for n < len(args) && strings.Contains(query, "$"+string(rune('1'+n))) {
				n++
			}
			rows, err := tx.Query(ctx, "EXPLAIN QUERY PLAN "+query, args[:n]...)
			if err != nil {
				return err
			}
			defer rows.Close()
			var plan []string
			for rows.Next() {
				var a, b, c int64
				var detail string
				if err := rows.Scan(&a, &b, &c, &detail); err != nil {
					return err
				}
				plan = append(plan, detail)
			}
			if got := strings.Join(plan, "; "); !strings.Contains(got, want) {
				t.Errorf("%s\nplan: %s\nwant: %s", query, got, want)
			}
			return rows.Err()
		})
		if err != nil {
			t.Error(err)
		}
	}
}
