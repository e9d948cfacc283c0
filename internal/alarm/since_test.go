package alarm_test

import (
	"context"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
)

// TestSince: what is open is told however old it is, what closed when it closed since; no drill, no notice, and no more than asked for.
func TestSince(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		w := open(t, url, alarm.Config{Every: 5 * time.Second}, script{"test", func(_ context.Context, at time.Duration) (all []alarm.Signal, err error) {
			all = append(all, alarm.Signal{Code: alarm.PeerRefused, Peer: peer, Value: 1}, alarm.Signal{Code: alarm.WorkParked, About: "drilled", Value: 1, Drill: true},
				alarm.Signal{Code: alarm.TrendHigh, Peer: peer, About: "usual", Value: 1})
			if at < time.Minute {
				all = append(all, alarm.Signal{Code: alarm.WorkParked, About: "early", Value: 1})
			}
			if at < 10*time.Minute {
				all = append(all, alarm.Signal{Code: alarm.WorkParked, About: "late", Value: 1})
			}
			return all, nil
		}})
		w.must(w.until(20 * time.Minute))
		for _, c := range []struct {
			since time.Duration
			limit int
			want  []string
		}{
			{0, 10, []string{"peer-refused  true", "work-parked late false", "work-parked early false"}},
			{5 * time.Minute, 10, []string{"peer-refused  true", "work-parked late false"}},
			{19 * time.Minute, 10, []string{"peer-refused  true"}},
			{0, 2, []string{"peer-refused  true", "work-parked late false"}},
		} {
			var got []string
			w.must(w.store.View(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
				all, err := alarm.Since(ctx, tx, start.Add(c.since), c.limit)
				for _, a := range all {
					got = append(got, fmt.Sprint(a.Code, " ", a.What, " ", a.ClosedAt.IsZero()))
				}
				return err
			}))
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("since %s, at most %d: %q, want %q", c.since, c.limit, got, c.want)
			}
		}
	})
}
