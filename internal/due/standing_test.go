package due_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
)

// TestStandings: what is late and what was set aside is told by kind, and what waits for its day is not.
func TestStandings(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := open(t, url)
		broken := func(kind string) due.Rule {
			return due.Rule{Kind: kind, Finish: func(context.Context, *sqlstore.Tx, due.Item, any) ([]message.Out, error) {
				return nil, errors.New("the device is away")
			}}
		}
		l := c.list(broken("seal"), broken("stamp"))
		standings := func() (all []due.Standing) {
			if err := c.store.View(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
				all, err = due.Standings(ctx, tx)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			return all
		}
		c.add("seal", 0, "a", "b")
		c.add("stamp", 24*time.Hour, "c")
		c.drive(l, time.Minute)
		if got := fmt.Sprint(standings()); got != fmt.Sprint([]due.Standing{{Kind: "seal", Late: 2, Oldest: start}}) {
			t.Errorf("after a minute: %s", got)
		}
		c.drive(l, 25*time.Hour)
		want := []due.Standing{{Kind: "stamp", Late: 1, Oldest: start.Add(24 * time.Hour)}, {Kind: "seal", Parked: 2, OldestParked: start}}
		if got := fmt.Sprint(standings()); got != fmt.Sprint(want) {
			t.Errorf("after a day: %s, want %v", got, want)
		}
		c.update(func(ctx context.Context, tx *sqlstore.Tx) error {
			if n, err := due.Number(ctx, tx, "seal"); err != nil || n != 2 {
				t.Errorf("%d seals are on the list, %v", n, err)
			}
			if n, err := due.RemoveOldest(ctx, tx, "seal", 1); err != nil || n != 1 {
				t.Errorf("%d seals were removed, %v", n, err)
			}
			if left, err := due.Parked(ctx, tx, 0, 10); err != nil || len(left) != 1 || left[0].Ref != "b" {
				t.Errorf("left are %v, %v", left, err)
			}
			return nil
		})
	})
}

// TestStandingsReadLittle: they are asked for every few seconds, beside items that wait for years.
func TestStandingsReadLittle(t *testing.T) {
	store := sqlstoretest.Open(t, "memory:", sqlstore.Options{}, due.Schema)
	for query, want := range due.StandingQueries() {
		if err := store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
			rows, err := tx.Query(ctx, "EXPLAIN QUERY PLAN "+query, []any{int64(1), int64(1), int64(1)}[:strings.Count(query, "$")]...)
			if err != nil {
				return err
			}
			defer rows.Close()
			var plan strings.Builder
			for rows.Next() {
				var a, b, c int64
				var detail string
				if err := rows.Scan(&a, &b, &c, &detail); err != nil {
					return err
				}
				plan.WriteString(detail + "; ")
			}
			if !strings.Contains(plan.String(), want) {
				t.Errorf("%s\nplan: %s\nwant: %s", query, plan.String(), want)
			}
			return rows.Err()
		}); err != nil {
			t.Error(err)
		}
	}
}
