package incident

import (
	"context"
	"flag"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/hsm/faulty"
)

// TestMain lets this test program be what a replay starts: a device's process, or a monitor.
func TestMain(m *testing.M) {
	if len(os.Args) < 3 || !slices.Contains([]string{"device", "monitor"}, os.Args[2]) || os.Args[1] != "replay" {
		os.Exit(m.Run())
	}
	fs := flag.NewFlagSet("replay", flag.ExitOnError)
	bus, dir := fs.String("bus", "", ""), fs.String("keys", "", "")
	fs.Parse(os.Args[3:])
	run := func() error { return faulty.Watch(*bus, os.Stdin, os.Stdout) }
	if os.Args[2] == "device" {
		run = func() error { return faulty.Serve(context.Background(), *bus, *dir) }
	}
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// few is a run with few faults: each of them costs a deadline in real time.
var few = relaySize{stalls: 3, timeouts: 5, aDay: 2}

func relayBoth(t *testing.T, opt Options) *Report {
	t.Helper()
	part := func(ctx context.Context, opt Options, asItWas bool) (*Part, error) {
		return relayPart(ctx, opt, asItWas, few)
	}
	r, err := both(t.Context(), opt, part, relayReport)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestRelayHSM2016: as it was the program stands still and ends, applications wait until somebody restarts it, and nothing tells
// why. Here the other token signs within the deadline, and each anomaly is on record.
func TestRelayHSM2016(t *testing.T) {
	size := few
	if os.Getenv("AKASHI_FULL") != "" {
		size = as2016
	}
	r, err := both(t.Context(), Options{Seed: 1}, func(ctx context.Context, opt Options, asItWas bool) (*Part, error) {
		return relayPart(ctx, opt, asItWas, size)
	}, relayReport)
	if err != nil {
		t.Fatal(err)
	}
	if r.AsItWas.Holds || !r.Akashi.Holds {
		t.Errorf("as it was: %+v\nakashi: %+v", r.AsItWas, r.Akashi)
	}
	met := size.stalls + size.timeouts
	counted(t, r, map[string]int{
		"stalls_as_it_was": size.stalls, "stalls_akashi": size.stalls, "timeouts_as_it_was": size.timeouts, "timeouts_akashi": size.timeouts,
		"evidence_as_it_was": 0, "evidence_akashi": met, "waited_over_a_minute_akashi": 0, "unanswered_akashi": 0, "unanswered_as_it_was": 0,
		"serials_twice_akashi": 0, "without_record_akashi": 0, "intents_left_akashi": 0, "process_starts_akashi": 2 + met,
		"days_to_the_cause_as_it_was": 55, "issued_akashi": r.Counts["applications_as_it_was"],
		"looks_of_the_monitor_akashi": r.Counts["looks_of_the_monitor_as_it_was"],
	})
	// A machine that does much else takes its time; a token that is not given up takes for ever.
	if ms := time.Duration(r.Counts["ms_to_the_other_token_akashi"]) * time.Millisecond; ms < tokenDeadline || ms > 5*tokenDeadline {
		t.Errorf("the other token had signed after %v", ms)
	}
	// From 03-10 on the program of 2016 outlived a timeout.
	if n := r.Counts["restarts_by_hand_as_it_was"]; n <= size.stalls || n >= met {
		t.Errorf("%d restarts for %d faults", n, met)
	}
	stalled := r.Timeline[1]
	if stalled.AsItWas.Waiting != 1 || stalled.Akashi.Waiting != 0 || stalled.Akashi.Alarms != 1 || stalled.Akashi.Evidence != 1 || stalled.AsItWas.Evidence != 0 {
		t.Errorf("when it first stalled: %+v", stalled)
	}
	if later := r.Timeline[2]; later.AsItWas.Waiting < 6 || later.Akashi.Waiting != 0 {
		t.Errorf("three hours later: %+v", later)
	}
}

// TestRelayHSM2016WithoutItsTrigger: on the same input, with the same devices and the same monitor, which looks when nobody signs,
// what failed holds, and ours too.
func TestRelayHSM2016WithoutItsTrigger(t *testing.T) {
	r := relayBoth(t, Options{Seed: 1, NoTrigger: true})
	if !r.AsItWas.Holds || !r.Akashi.Holds {
		t.Errorf("as it was: %+v\nakashi: %+v", r.AsItWas, r.Akashi)
	}
	counted(t, r, map[string]int{"stalls_as_it_was": 0, "stalls_akashi": 0, "evidence_akashi": 0, "process_starts_akashi": 2, "issued_akashi": r.Counts["applications_as_it_was"]})
	if r.Counts["looks_of_the_monitor_akashi"] == 0 {
		t.Error("the monitor did not look")
	}
}

// TestRelayHSM2016Plan: as many faults as asked for, between the days of the sources, and none while a program that met another
// is still down.
func TestRelayHSM2016Plan(t *testing.T) {
	for seed := range uint64(20) {
		met := map[relayFault]int{}
		var up time.Time
		for _, a := range newRelayPlan(seed, true, as2016).asks {
			if a.meets == meetsNothing {
				continue
			}
			met[a.meets]++
			if a.at.Before(up) {
				t.Errorf("seed %d: something goes wrong at %v, before the restart at %v", seed, a.at, up)
			}
			up = restarted(a.at)
		}
		if met[meetsMonitor] != 15 || met[meetsTimeout] != 38 {
			t.Errorf("seed %d: %v", seed, met)
		}
	}
}
