package exchange_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/message"
)

// TestIdlePair: with a peer with which one seldom exchanges nothing happens, and nothing is shown, until the first message; then, and after a
// restart, it is a pair like any other.
func TestIdlePair(t *testing.T) {
	url := "sqlite:" + filepath.Join(t.TempDir(), "city.db")
	d := (&duo{t: t, cityURL: url, prefURL: "memory:", seldom: func(message.Org) bool { return true }}).found()
	d.run(time.Hour)
	for name, x := range map[string]member{"the one": d.city, "the other": d.pref} {
		if pairs := must(x.Pairs(t.Context())); len(pairs) != 0 {
			t.Errorf("%s shows %+v", name, pairs)
		}
	}
	d.city.send(t, change(1, 1))
	d.run(time.Minute)
	if p := d.pair(); p.Applied != 1 || p.State != exchange.PairUp {
		t.Errorf("%+v", p)
	}
	if len(must(d.pref.Pairs(t.Context()))) != 1 {
		t.Error("the receiver still takes it for idle")
	}
	if err := d.city.store.Close(); err != nil {
		t.Fatal(err)
	}
	again := d.open(city, pref, url, d.link)
	if again.Idle(pref) || again.Idle("municipality-000000") {
		t.Error("after a restart it is idle again")
	}
}
