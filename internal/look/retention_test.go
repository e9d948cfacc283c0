package look_test

import (
	"context"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

func TestYearsAreThoseOfThePrefecture(t *testing.T) {
	for o, want := range map[message.Org]int{"municipality-202029": 7, "prefecture-20": 7, "prefecture-46": 5, "municipality-462012": 5, "nationalcenter": 7, "ca": 7, "ca-13": 7} {
		if got := look.YearsAt(o); got != want {
			t.Errorf("%s keeps looks for %d years, want %d", o, got, want)
		}
	}
}

// TestLooksGoAtTheEndOfTheirTime: to the day, on leap days too, more than one transaction of them; the audit log keeps that
// they were, and a pass that fails, or whose answer is lost, deletes nothing that must stay.
func TestLooksGoAtTheEndOfTheirTime(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		o := open(t, url)
		noon := func(y, m, d int) time.Time { return time.Date(y, time.Month(m), d, 12, 0, 0, 0, resident.JST) }
		o.clock.Set(noon(2028, 2, 29))
		var all []look.Look
		for range 1001 {
			all = append(all, good())
		}
		if err := o.record(all...); err != nil {
			t.Fatal(err)
		}
		o.clock.Set(noon(2028, 3, 1))
		if err := o.record(good()); err != nil {
			t.Fatal(err)
		}
		left := func() int {
			var n int64
			if err := o.store.View(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
				return tx.QueryRow(ctx, `SELECT COUNT(*) FROM look`).Scan(&n)
			}); err != nil {
				t.Fatal(err)
			}
			return int(n)
		}
		for _, step := range []struct {
			at   time.Time
			left int
			do   func()
		}{
			{noon(2033, 2, 28), 1002, func() {}},
			{noon(2033, 3, 1), 1, func() { o.faults.FailNext(1) }},
			{noon(2033, 3, 1).Add(time.Hour), 1, func() {}},
			{noon(2033, 3, 2), 0, func() { o.faults.LoseNext(1) }},
		} {
			o.clock.Set(step.at)
			step.do()
			d := clock.NewDriver(o.clock, []clock.Task{look.NewWatch(o.store, o.clock, look.Limits{Years: 5}).Expiry()})
			o.run(d, step.at.Add(time.Minute))
			if got := left(); got != step.left {
				t.Errorf("on %v %d looks are left, want %d", step.at, got, step.left)
			}
		}
		if err := o.store.View(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
			entries, err := auditlog.List(ctx, tx, auditlog.Filter{Subject: code.Reveal(), Limit: 1000})
			if len(entries) != 1000 || entries[0].Act != auditlog.ActLook {
				t.Errorf("the audit log has %d", len(entries))
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	})
}

// TestALookIsOneRowMore than it was before looks had rows of their own.
func TestALookIsOneRowMore(t *testing.T) {
	o := open(t, "memory:")
	o.update(func(_ context.Context, tx *sqlstore.Tx) error {
		before := tx.Writes()
		auditlog.Write(tx, auditlog.Entry{Actor: "clerk-aoki", Act: auditlog.ActLook})
		alone := tx.Writes() - before
		if err := look.Record(tx, good()); err != nil {
			return err
		}
		if got := tx.Writes() - before - alone; got != alone+1 {
			t.Errorf("a look writes %d rows, an entry alone %d", got, alone)
		}
		return nil
	})
}
