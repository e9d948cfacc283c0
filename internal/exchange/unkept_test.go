package exchange_test

import (
	"errors"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

// TestReceiptInTheOthersMemory: what one node has signed and not kept yet is not taken for lost when another one is asked for it.
func TestReceiptInTheOthersMemory(t *testing.T) {
	shared(t, func(t *testing.T, url string) {
		d := newDuo(t, exchange.Limits{}, "memory:", url)
		var beside *sqlstore.Store
		if url == "memory:" {
			beside = d.pref.store
		}
		other := d.on(beside, false, pref, city, url, d.net.As(pref))
		line := &stopper{Link: d.link.Link}
		d.link.Link = line
		d.net.Join(pref, d.pref.Exchange)
		d.city.send(t, change(1, 1))
		d.run(time.Minute) // met, and all is kept
		line.after = func() error {
			line.after = nil
			d.net.Join(pref, other.Exchange)
			return errors.New("the line broke")
		}
		d.city.send(t, change(2, 1))
		only := func(m member, wait time.Duration) {
			if err := clock.Drive(t.Context(), d.clk, m.Tasks(), d.clk.Now().Add(wait)); err != nil {
				t.Fatal(err)
			}
		}
		only(d.city, 300*time.Millisecond) // the first node signs, and the answer is lost; the second takes it again, and keeps its own receipt alone
		only(d.pref, time.Second)
		for range 3 {
			only(d.city, 20*time.Second)
			only(other, 20*time.Second)
			only(d.pref, 20*time.Second)
		}
		held, kept := receiptsOf(t, d.city, "out"), receiptsOf(t, d.pref, "in")
		if len(kept) != 3 || len(held) != 3 {
			t.Errorf("the receiver keeps %d receipts and the sender holds %d, want 3", len(kept), len(held))
		}
		if mine, theirs := d.pair(), must(d.pref.Pairs(t.Context()))[0]; mine.OutMissing != 0 || theirs.InMissing != 0 {
			t.Errorf("missing: %+v and %+v", mine, theirs)
		}
	})
}
