package exchange_test

import (
	"context"
	"testing"

	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// TestParkedRings: whoever watches hears of a parked message at once, on both sides, and of its resolution.
func TestParkedRings(t *testing.T) {
	d := newDuo(t, exchange.Limits{}, "memory:", "memory:")
	refuse := func(n message.ResidentChange) error {
		if n.After.Version == 1 {
			return exchange.Reject("unreadable", "読めません。", "unreadable")
		}
		return nil
	}
	d.take = func(_ context.Context, _ *sqlstore.Tx, m exchange.Delivery, n message.ResidentChange) error {
		if m.Accepted {
			return nil
		}
		return refuse(n)
	}
	rung := func(when string, city, pref bool) {
		t.Helper()
		if got := d.city.store.Bell(parkedBell).Rung(); got != city {
			t.Errorf("%s: the sender's bell rang: %v", when, got)
		}
		if got := d.pref.store.Bell(parkedBell).Rung(); got != pref {
			t.Errorf("%s: the receiver's bell rang: %v", when, got)
		}
	}
	d.city.send(t, change(3, 3))
	d.run(0)
	rung("a good message", false, false)
	id := d.city.send(t, change(1, 1))[0]
	d.run(0)
	rung("a refused one", true, true)
	damaged := d.city.send(t, change(2, 2))
	d.city.damage(t, damages["cut short"], damaged...)
	d.run(0)
	rung("a damaged one", true, false)
	d.resolve(d.pref, id, exchange.Accept)
	rung("an accepted one", false, true)
}
