package alarm_test

import (
	"context"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
)

// TestPatrol: what a round finds is said until a later round does not find it, through all the looks in between, and a
// round that finds more says so before its end.
func TestPatrol(t *testing.T) {
	store := sqlstoretest.Open(t, sqlstoretest.SQLite(t), sqlstore.Options{})
	pages := [][]int{{30}, nil, {10}} // of a round: when each thing that is wrong began, in minutes
	next := map[string]string{"": "b", "b": "c", "c": ""}
	p := alarm.Patrol(store, alarm.Patrolled[int]{
		Name: "table",
		Look: func(_ context.Context, _ *sqlstore.Tx, cursor string, _ int) ([]int, string, error) {
			return pages[map[string]int{"": 0, "b": 1, "c": 2}[cursor]], next[cursor], nil
		},
		Since: func(m int) time.Time { return time.Unix(int64(m)*60, 0) },
		Says:  func([]int) alarm.Signal { return alarm.Signal{Code: alarm.RowChanged} },
	})
	says := func(n, minutes int64) {
		t.Helper()
		signals, err := p.Signals(t.Context(), time.Time{})
		var value, since int64
		for _, s := range signals {
			value, since = s.Value, s.Since.Unix()/60
		}
		if err != nil || value != n || since != minutes {
			t.Errorf("it says %d since minute %d, %v; want %d since %d", value, since, err, n, minutes)
		}
	}
	says(1, 30) // at once, though the round is not over
	says(1, 30)
	says(2, 10)
	pages = make([][]int, 3) // mended: known when the whole round has been
	says(2, 10)
	says(2, 10)
	says(0, 0)
	says(0, 0)
}
