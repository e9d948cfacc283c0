package pairs

import (
	"fmt"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/exchange"
)

// TestReceipts: receipts that are missing for more than a minute are told by direction, one that was wrong for an hour,
// and those that may come within seconds not at all.
func TestReceipts(t *testing.T) {
	now := time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)
	p := exchange.Pair{Peer: "ca", State: exchange.PairUp}
	s := New(nil)
	raised := func() string {
		var all []string
		for _, one := range s.ofPair(p, now) {
			if d, ok := alarm.DefinitionOf(one.Code); !ok || one.Peer != "ca" {
				t.Errorf("%+v", one)
			} else if one.Value >= d.Raise {
				all = append(all, fmt.Sprintf("%s %s=%d", one.Code, one.About, one.Value))
			}
		}
		return fmt.Sprint(all)
	}
	for _, step := range []struct {
		after  time.Duration
		change func()
		want   string
	}{
		{0, func() {}, "[]"},
		{time.Minute, func() { p.OutMissing, p.OutMissingSince, p.InMissing = 2, now.Add(-59*time.Second), 1 }, "[]"},
		{time.Second, func() {}, "[receipt-missing sent=60]"},
		{time.Second, func() { p.InMissingSince = now.Add(-2 * time.Minute) }, "[receipt-missing sent=61 receipt-missing received=120]"},
		{time.Minute, func() { p.OutMissing, p.InMissing, p.OutWrong = 0, 0, 3 }, "[receipt-wrong =3]"},
		{58 * time.Minute, func() {}, "[receipt-wrong =3]"},
		{10 * time.Minute, func() {}, "[]"},
	} {
		now = now.Add(step.after)
		step.change()
		if got := raised(); got != step.want {
			t.Errorf("at %v: %s, want %s", now, got, step.want)
		}
	}
}

// TestFiguresAreDocumented: what the metrics say of a pair stands in docs/alarms.md.
func TestFiguresAreDocumented(t *testing.T) {
	s := New(nil)
	s.measure(exchange.Pair{Peer: "ca", State: exchange.PairUp}, time.Time{})
	for _, f := range s.Figures() {
		if !alarm.Documented(f) {
			t.Errorf("docs/alarms.md says nothing, or something else, of %+v", f)
		}
	}
	if len(s.Figures()) != 15 {
		t.Errorf("%d figures", len(s.Figures()))
	}
}
