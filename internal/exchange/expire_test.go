package exchange_test

import (
	"context"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
)

// TestExpiry: the bytes of what has ended go when their time is over; hash, kind and verdict stay, and what is parked
// stays whole.
func TestExpiry(t *testing.T) {
	sqlstoretest.Both(t, func(t *testing.T, url string) {
		d := newDuo(t, exchange.Limits{Retention: 24 * time.Hour}, url, "memory:")
		d.take = func(_ context.Context, _ *sqlstore.Tx, _ exchange.Delivery, n message.ResidentChange) error {
			if n.After.Version == 3 {
				return exchange.Reject("unreadable", "読めません。", "unreadable")
			}
			return nil
		}
		ids := d.city.send(t, change(1, 1), change(2, 2), change(3, 3))
		d.run(23 * time.Hour)
		if n := d.kept(); n != 3 {
			t.Errorf("%d whole messages within the retention, want 3", n)
		}
		d.run(48 * time.Hour)
		if n := d.kept(); n != 1 {
			t.Errorf("%d whole messages after it, want the parked one", n)
		}
		var hash []byte
		err := d.city.store.View(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
			return tx.QueryRow(ctx, `SELECT hash FROM x_out WHERE seq = 1`).Scan(&hash)
		})
		if err != nil || len(hash) != 32 {
			t.Errorf("its hash is %x, %v", hash, err)
		}
		item, _, _, err := d.city.Find(t.Context(), ids[0])
		if err != nil || item.State != "applied" || item.Kind != message.KindResidentChange {
			t.Errorf("an expired message is shown as %+v, %v", item, err)
		}
	})
}

func (d *duo) kept() (n int64) {
	err := d.city.store.View(d.t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		return tx.QueryRow(ctx, `SELECT COUNT(*) FROM x_out WHERE length(envelope) > 0`).Scan(&n)
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return n
}
