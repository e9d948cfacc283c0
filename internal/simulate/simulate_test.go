package simulate_test

import (
	"os"
	"testing"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/simulate"
)

// holds runs a country and fails with what was found.
func holds(t *testing.T, opt simulate.Options) *simulate.Report {
	t.Helper()
	r, err := simulate.Run(t.Context(), opt)
	if err != nil {
		t.Fatalf("seed %d: %v", opt.Seed, err)
	}
	for i, d := range r.Findings {
		if i < 20 {
			t.Errorf("seed %d: %s, %s: %s %s %s", opt.Seed, d.Where, d.By, d.What, d.Key, d.Says.EN)
		}
	}
	if !r.Held {
		t.Errorf("seed %d did not hold; nobody had %v", opt.Seed, r.Skipped)
	}
	t.Logf("seed %d: %v, arrived %d, refused %d, messages %d, %.1f s", opt.Seed, r.Events, r.Arrived, r.Refused, r.Messages, r.Seconds)
	return r
}

// TestCountryHolds: every kind of event, at a pace at which several of each come in a day, and nothing is found.
func TestCountryHolds(t *testing.T) {
	r := holds(t, simulate.Options{Days: 2, Seed: 1, Residents: 200, Pace: 50})
	for _, k := range simulate.Kinds() {
		if r.Events[k] == 0 {
			t.Errorf("no %s", k)
		}
	}
	if r.Messages == 0 || r.Present == 0 || len(r.ByDay) != 2 || r.Digest == "" {
		t.Errorf("%d messages, %d residents, %d days", r.Messages, r.Present, len(r.ByDay))
	}
}

// country is how many live in the long run.
const country = 200_000

// TestMonth is a month of a country of that size.
func TestMonth(t *testing.T) {
	if os.Getenv("AKASHI_FULL") == "" {
		t.Skip("half an hour and 6 GB; AKASHI_FULL=1 runs it")
	}
	r := holds(t, simulate.Options{Days: 30, Seed: 1, Residents: country, Pace: 1, Progress: t.Output()})
	if r.Arrived == 0 || r.Present < country*9/10 {
		t.Errorf("%d have moved, and %d are left", r.Arrived, r.Present)
	}
}

// TestSameSeedSameCourse: what happened can be played again.
func TestSameSeedSameCourse(t *testing.T) {
	opt := simulate.Options{Days: 1, Seed: 2, Residents: 200, Pace: 20}
	a, b := holds(t, opt), holds(t, opt)
	if a.Digest != b.Digest {
		t.Error("another digest of the registers with the same seed")
	}
	for _, k := range simulate.Kinds() {
		if a.Events[k] != b.Events[k] {
			t.Errorf("%s: %d and %d", k, a.Events[k], b.Events[k])
		}
	}
}

// TestOptions: what cannot be run is refused in both languages, by the name of its flag.
func TestOptions(t *testing.T) {
	good := simulate.Options{Days: 1, Residents: 100, Pace: 1}
	for field, change := range map[string]func(*simulate.Options){
		"--days":      func(o *simulate.Options) { o.Days = 0 },
		"--residents": func(o *simulate.Options) { o.Residents = 1 },
		"--pace":      func(o *simulate.Options) { o.Pace = 0 },
		"--fault":     func(o *simulate.Options) { o.Fault = "no such fault" },
	} {
		o := good
		change(&o)
		ps, ok := plain.AsProblems(o.Check())
		if !ok || len(ps) != 1 || ps[0].Field != field || ps[0].JA == "" || ps[0].EN == "" {
			t.Errorf("%s: %v", field, o.Check())
		}
	}
	if err := good.Check(); err != nil {
		t.Error(err)
	}
	if n := len(simulate.Faults()); n != 11 {
		t.Errorf("%d faults", n)
	}
}
