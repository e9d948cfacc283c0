package store

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/resident"
)

// TestPlaces: a place stands instead of the version's own until the next version, whatever reads the present state; the version's hash
// stays; a place does not follow on a state that is over; and places are append-only.
func TestPlaces(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		s := sqlstoretest.Open(t, url, sqlstore.Options{Clock: clock.NewVirtual(time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC))}, Schema)
		write := func(fn func(context.Context, *Tx) error) error {
			return s.Update(t.Context(), func(ctx context.Context, raw *sqlstore.Tx) error { return fn(ctx, In(raw, Books{})) })
		}
		try := func(fn func(context.Context, *Tx) error) {
			t.Helper()
			if err := write(fn); err != nil {
				t.Fatal(err)
			}
		}
		first := sample(t)
		try(func(ctx context.Context, tx *Tx) error { return tx.put(ctx, first, true) })
		place := Place{Household: "H2", Relation: resident.Head, Event: "household-split", Arose: resident.MustDate(2026, 4, 1), Basis: "law-25",
			EnteredAt: first.EnteredAt, EnteredBy: "clerk-aoki", Trace: "t2"}
		var stale Version
		try(func(ctx context.Context, tx *Tx) (err error) {
			if stale, _, err = tx.Current(ctx, first.Person); err != nil {
				return err
			}
			return tx.Settle(ctx, stale, place)
		})
		look := func(household resident.HouseholdID, placed int64) {
			t.Helper()
			try(func(ctx context.Context, tx *Tx) error {
				now, _, err := tx.Current(ctx, first.Person)
				if err != nil {
					return err
				}
				members, err := tx.Household(ctx, household)
				if err != nil {
					return err
				}
				found, err := tx.Search(ctx, Query{Birth: first.Record.Birth}, 10)
				if err != nil {
					return err
				}
				if len(members) != 1 || len(found) != 1 || members[0] != now || found[0] != now || now.Record.Household != household || now.Placed != placed || now.Hash() != first.Hash() && now.Number == 1 {
					t.Errorf("household %s, place %d; found %d in it", now.Record.Household, now.Placed, len(members))
				}
				return nil
			})
		}
		look("H2", 1)
		if err := write(func(ctx context.Context, tx *Tx) error { return tx.Settle(ctx, stale, place) }); err == nil || !strings.Contains(err.Error(), "does not follow") {
			t.Errorf("a place on a state that is over: %v", err)
		}
		try(func(ctx context.Context, tx *Tx) error {
			next, _, err := tx.Current(ctx, first.Person)
			if err != nil {
				return err
			}
			next.Before, next.Number = next.Hash(), 2
			return tx.put(ctx, next, false)
		})
		look("H2", 0)
		try(func(ctx context.Context, tx *Tx) error {
			places, err := tx.Places(ctx, first.Person)
			want := place
			want.Person, want.Seq, want.Version = first.Person, 1, 1
			if len(places) != 1 || places[0] != want {
				t.Errorf("read %+v", places)
			}
			return err
		})
		for _, statement := range []string{"UPDATE household_place SET household = 'H3'", "DELETE FROM household_place"} {
			err := write(func(ctx context.Context, tx *Tx) error {
				_, err := tx.Exec(ctx, statement)
				return err
			})
			if err == nil || !strings.Contains(err.Error(), "append-only") {
				t.Errorf("%s: got %v", statement, err)
			}
		}
	})
}
