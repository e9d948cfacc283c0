package simulate

import (
	"context"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
)

// TestWhatOnlyLooksWorksInTheEvening: a task that would work all the time does so within its hours, and the self-audit for longer than a round takes.
func TestWhatOnlyLooksWorksInTheEvening(t *testing.T) {
	for name, want := range map[string]span{
		"ca self-audit": auditing, "nationalcenter inspection of duplicates": auditing, "ca inspection of certificates": watching,
		"answers-ahead": answering, "ca alarms": alarming, "ca expiry": {0, 24*time.Hour - time.Minute},
	} {
		clk := clock.NewVirtual(begins.Start())
		var first, last time.Time
		steps := 0
		task := evening(clk, clock.Task{Name: name, Step: func(context.Context) (time.Time, error) {
			if steps++; steps == 1 {
				return clk.Now().Add(time.Minute), nil // it has begun
			}
			if first.IsZero() {
				first = clk.Now()
			}
			last = clk.Now()
			return clk.Now().Add(time.Minute), nil
		}})
		if err := clock.Drive(t.Context(), clk, []clock.Task{task}, begins.AddDays(1).Start().Add(-time.Second)); err != nil {
			t.Fatal(err)
		}
		from, to := first.Sub(begins.Start()), last.Sub(begins.Start())
		if from > want.from+time.Minute || from < want.from || to > want.to || to < want.to-time.Minute {
			t.Errorf("%s works from %s to %s", name, from, to)
		}
	}
	if auditing.to-auditing.from < auditCycle+time.Minute || auditing.to > alarming.from-time.Minute {
		t.Error("the self-audit does not come round, or what it finds is not compared before the alarms look")
	}
}
