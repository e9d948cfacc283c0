package exchange_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/exchange"
)

// TestRestoredReceiverUnderLoad: the receiver is restored while its sender is idle, and the sender's next batch is larger
// than what was lost, so that the receiver's count alone would not show it.
func TestRestoredReceiverUnderLoad(t *testing.T) {
	dir := t.TempDir()
	d := newDuo(t, exchange.Limits{}, "memory:", "sqlite:"+dir+"/a.db")
	for i := range uint64(20) {
		d.city.send(t, change(i+1, i+1))
	}
	d.run(time.Second)
	if err := d.pref.store.Backup(t.Context(), dir+"/b.db"); err != nil {
		t.Fatal(err)
	}
	for i := range uint64(5) {
		d.city.send(t, change(i+30, i+30))
	}
	d.run(time.Second)
	d.applied = nil
	d.pref = d.open(pref, city, "sqlite:"+dir+"/b.db", d.net.As(pref))
	for i := range uint64(50) {
		d.city.send(t, change(i+100, i+100))
	}
	// Only the sender's task runs, as when the receiver has nothing to say.
	if err := clock.Drive(t.Context(), d.clk, d.city.Tasks(), d.clk.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if p := d.pair(); len(d.applied) != 55 || p.Open != 0 {
		t.Errorf("%d applied by the restored receiver, want the 5 that it lost and 50 new: %+v", len(d.applied), p)
	}
}

// TestRestoredSender: a restored sender gives numbers a second time while it cannot reach its peer. None of its messages
// is taken for a duplicate, and their order holds.
func TestRestoredSender(t *testing.T) {
	dir := t.TempDir()
	d := newDuo(t, exchange.Limits{}, "sqlite:"+dir+"/a.db", "memory:")
	d.city.send(t, change(1, 1), change(2, 2))
	d.run(time.Second)
	if err := d.city.store.Backup(t.Context(), dir+"/b.db"); err != nil {
		t.Fatal(err)
	}
	d.city.send(t, change(1, 3), change(2, 4), change(3, 5))
	d.run(time.Second)
	d.applied = nil
	d.city = d.open(city, pref, "sqlite:"+dir+"/b.db", d.link)
	d.link.cut = errors.New("no route to host")
	for v := range uint64(6) { // more than were lost: the next number says nothing
		d.city.send(t, change(1, v+10))
	}
	d.run(time.Second)
	d.link.cut = nil
	d.run(time.Minute)
	var versions []string
	for _, a := range d.applied {
		versions = append(versions, a[strings.Index(a, "/")+1:])
	}
	if fmt.Sprint(versions) != "[10 11 12 13 14 15]" {
		t.Errorf("applied after the restore: %v", versions)
	}
	if ids := d.city.send(t, change(9, 99)); ids[0].Epoch != 2 {
		t.Errorf("the epoch is %d, want 2", ids[0].Epoch)
	}
}
