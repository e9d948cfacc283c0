package exchange_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// TestSettledByAnotherProcess: what another process has settled while this one waited for the verdict is not counted twice, and a verdict from before that does not
// take it back.
func TestSettledByAnotherProcess(t *testing.T) {
	for name, late := range map[string]int{"the same verdict": 2, "an earlier one": 1} {
		t.Run(name, func(t *testing.T) {
			shared(t, func(t *testing.T, url string) { settleTwice(t, url, late) })
		})
	}
}

// settleTwice has a message put off once and then applied. The answer to a try comes late, when another process has made all that are needed.
func settleTwice(t *testing.T, url string, late int) {
	d := newDuo(t, exchange.Limits{}, url, "memory:")
	d.take = func(context.Context, *sqlstore.Tx, exchange.Delivery, message.ResidentChange) error {
		if d.clk.Now().Equal(start) {
			return errors.New("not now")
		}
		return nil
	}
	var beside *sqlstore.Store
	if url == "memory:" {
		beside = d.city.store
	}
	d.city.send(t, change(1, 1))
	line := &stopper{Link: d.link.Link}
	other := d.on(beside, false, city, pref, url, d.link.Link)
	d.net.Join(city, d.city.Exchange)
	answers := 0
	line.after = func() error {
		if answers++; answers < late {
			return nil
		}
		line.after = nil
		return clock.Drive(t.Context(), d.clk, other.Tasks(), d.clk.Now().Add(time.Minute))
	}
	d.link.Link = line
	// It says that somebody else was there, and goes on.
	if err := clock.Drive(t.Context(), d.clk, d.city.Tasks(), d.clk.Now().Add(time.Minute)); err != nil {
		t.Log(err)
	}
	d.run(time.Minute)
	var open, bytes int64
	var state string
	d.city.view(t, func(ctx context.Context, tx *sqlstore.Tx) error {
		return errors.Join(tx.QueryRow(ctx, `SELECT out_open, out_open_bytes FROM x_peer`).Scan(&open, &bytes), tx.QueryRow(ctx, `SELECT state FROM x_out`).Scan(&state))
	})
	if line.after != nil || len(d.applied) != 1 || open != 0 || bytes != 0 || state != "applied" {
		t.Errorf("applied %v, %d messages of %d bytes are open, and the message is %s", d.applied, open, bytes, state)
	}
}
