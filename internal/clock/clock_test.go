package clock_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
)

var start = time.Date(2004, 5, 26, 8, 30, 0, 0, time.UTC)

func TestVirtualWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := clock.NewVirtual(start)
		done := make(chan error, 1)
		go func() { done <- v.Wait(t.Context(), start.Add(time.Hour), nil) }()
		synctest.Wait()
		v.Set(start.Add(59 * time.Minute))
		synctest.Wait()
		if len(done) != 0 {
			t.Fatal("the wait ended before its time")
		}
		v.Set(start.Add(time.Hour))
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		v.Set(start) // time does not go back
		if got := v.Now(); !got.Equal(start.Add(time.Hour)) {
			t.Errorf("the clock went back to %v", got)
		}
	})
}

func TestWaitEndsByBellOrContext(t *testing.T) {
	for name, c := range map[string]clock.Clock{"system": clock.System(), "virtual": clock.NewVirtual(start)} {
		t.Run(name, func(t *testing.T) {
			var bell clock.Bell
			bell.Ring()
			bell.Ring()
			if err := c.Wait(t.Context(), time.Time{}, bell.C()); err != nil {
				t.Errorf("bell: %v", err)
			}
			if bell.Rung() {
				t.Error("two rings before the look must be one")
			}
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			if err := c.Wait(ctx, time.Time{}, bell.C()); !errors.Is(err, context.Canceled) {
				t.Errorf("context: got %v", err)
			}
			if err := c.Wait(t.Context(), c.Now(), nil); err != nil {
				t.Errorf("a time that has come: %v", err)
			}
		})
	}
}

// The order of events in virtual time is fixed by the times, and among equals by the order of the tasks.
func TestDriveOrder(t *testing.T) {
	v := clock.NewVirtual(start)
	var events []string
	note := func(name string) {
		events = append(events, fmt.Sprintf("%s@%s", name, v.Now().Sub(start)))
	}
	var bell clock.Bell
	tick := clock.Task{Name: "tick", Step: func(context.Context) (time.Time, error) {
		note("tick")
		if v.Now().Sub(start) == 2*time.Minute {
			bell.Ring()
		}
		return v.Now().Add(time.Minute), nil
	}}
	left := 2
	again := clock.Task{Name: "again", Step: func(context.Context) (time.Time, error) {
		note("again")
		if left--; left > 0 {
			return v.Now(), nil
		}
		return time.Time{}, nil
	}}
	rung := clock.Task{Name: "rung", Bell: &bell, Step: func(context.Context) (time.Time, error) {
		note("rung")
		return time.Time{}, nil
	}}
	if err := clock.Drive(t.Context(), v, []clock.Task{rung, tick, again}, start.Add(3*time.Minute+time.Second)); err != nil {
		t.Fatal(err)
	}
	want := []string{"rung@0s", "tick@0s", "again@0s", "again@0s", "tick@1m0s", "tick@2m0s", "rung@2m0s", "tick@3m0s"}
	if !slices.Equal(events, want) {
		t.Errorf("got  %v\nwant %v", events, want)
	}
	if got := v.Now().Sub(start); got != 3*time.Minute+time.Second {
		t.Errorf("the clock was left at +%v", got)
	}
}

func TestDriverStepsOnlyWhoIsCalled(t *testing.T) {
	v := clock.NewVirtual(start)
	steps := make([]int, 300)
	bells := make([]clock.Bell, 300)
	var tasks []clock.Task
	for i := range steps {
		tasks = append(tasks, clock.Task{Name: fmt.Sprint(i), Bell: &bells[i],
			Step: func(context.Context) (time.Time, error) { steps[i]++; return time.Time{}, nil }})
	}
	d := clock.NewDriver(v, tasks)
	for i := range 100 {
		bells[7].Ring()
		if err := d.Until(t.Context(), start.Add(time.Duration(i)*time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	for i, n := range steps {
		want := 1
		if i == 7 {
			want = 100
		}
		if n != want {
			t.Errorf("task %d was stepped %d times, want %d", i, n, want)
		}
	}
}

func TestDriveBacksOffAndTellsWhatStillFails(t *testing.T) {
	v := clock.NewVirtual(start)
	broken := errors.New("disk full")
	var at []time.Duration
	var bell clock.Bell
	task := clock.Task{Name: "writer", Bell: &bell, Step: func(context.Context) (time.Time, error) {
		at = append(at, v.Now().Sub(start))
		if len(at) < 4 {
			bell.Ring() // must not turn the fault into a busy loop
		}
		switch len(at) {
		case 1, 2:
			return time.Time{}, broken
		case 3:
			panic("index out of range")
		case 5: // the ring that was kept while it backed off
			return time.Time{}, nil
		}
		return v.Now().Add(time.Hour), nil
	}}
	d := clock.NewDriver(v, []clock.Task{task})
	if err := d.Until(t.Context(), start.Add(200*time.Millisecond)); !errors.Is(err, broken) {
		t.Errorf("got %v, want the error that lasts", err)
	}
	err := d.Until(t.Context(), start.Add(300*time.Millisecond))
	if err == nil || !strings.Contains(err.Error(), "index out of range") {
		t.Errorf("got %v, want the panic as an error", err)
	}
	if err := d.Until(t.Context(), start.Add(time.Second)); err != nil {
		t.Errorf("got %v after it worked again", err)
	}
	want := []time.Duration{0, 100 * time.Millisecond, 300 * time.Millisecond, 700 * time.Millisecond}
	if len(at) < 4 || !slices.Equal(at[:4], want) {
		t.Errorf("stepped at %v, want %v …", at, want)
	}
}

func TestDriveSaysWhenTimeStandsStill(t *testing.T) {
	v := clock.NewVirtual(start)
	task := clock.Task{Name: "greedy", Step: func(context.Context) (time.Time, error) { return v.Now(), nil }}
	err := clock.Drive(t.Context(), v, []clock.Task{task}, start.Add(time.Second))
	if err == nil || !strings.Contains(err.Error(), "greedy") {
		t.Errorf("got %v, want a sentence that names the task", err)
	}
}

func TestRunOutlivesErrorsAndPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		var bell clock.Bell
		var at []time.Duration
		begin := time.Now()
		ctx, cancel := context.WithCancel(t.Context())
		task := clock.Task{Name: "sender", Bell: &bell, Step: func(context.Context) (time.Time, error) {
			at = append(at, time.Since(begin))
			switch len(at) {
			case 1:
				return time.Time{}, errors.New("refused")
			case 2:
				panic("nil map")
			case 3:
				return time.Now().Add(time.Minute), nil
			case 4:
				return time.Time{}, nil
			}
			cancel()
			return time.Time{}, nil
		}}
		done := make(chan error, 1)
		go func() { done <- clock.Run(ctx, clock.System(), task, slog.New(slog.NewTextHandler(&log, nil))) }()
		time.Sleep(2 * time.Hour) // of the bubble: the task now waits for its bell alone
		bell.Ring()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		want := []time.Duration{0, 100 * time.Millisecond, 300 * time.Millisecond, time.Minute + 300*time.Millisecond, 2 * time.Hour}
		if !slices.Equal(at, want) {
			t.Errorf("stepped at %v, want %v", at, want)
		}
		for _, s := range []string{"refused", "nil map", "task works again"} {
			if !strings.Contains(log.String(), s) {
				t.Errorf("the log does not say %q:\n%s", s, &log)
			}
		}
	})
}

// TestRunSaysWhatHangs: a step that does not come back is heard of, once.
func TestRunSaysWhatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		ctx, cancel := context.WithCancel(t.Context())
		over := make(chan struct{})
		done := make(chan error, 1)
		task := clock.Task{Name: "hanging", Step: func(context.Context) (time.Time, error) { <-over; return time.Time{}, nil }}
		go func() { done <- clock.Run(ctx, clock.System(), task, slog.New(slog.NewTextHandler(&log, nil))) }()
		time.Sleep(time.Hour)
		synctest.Wait()
		if n := strings.Count(log.String(), "task does not come back"); n != 1 || !strings.Contains(log.String(), "hanging") {
			t.Errorf("said %d times:\n%s", n, &log)
		}
		close(over)
		cancel()
		<-done
	})
}

func BenchmarkDriverQuietTasks(b *testing.B) {
	v := clock.NewVirtual(start)
	bells := make([]clock.Bell, 500)
	var tasks []clock.Task
	for i := range bells {
		tasks = append(tasks, clock.Task{Bell: &bells[i], Step: func(context.Context) (time.Time, error) { return time.Time{}, nil }})
	}
	d := clock.NewDriver(v, tasks)
	b.ReportAllocs()
	for i := range b.N {
		bells[i%500].Ring()
		if err := d.Until(b.Context(), start); err != nil {
			b.Fatal(err)
		}
	}
}
