package incident

import (
	"context"
	"os"
	"testing"
)

// takesLong leaves a replay to the long run.
func takesLong(t *testing.T) {
	t.Helper()
	if os.Getenv("AKASHI_FULL") == "" {
		t.Skip("a replay of most of a year takes minutes; AKASHI_FULL=1 runs it")
	}
}

// small is a country with few certificates, so that variations of the replay are cheap; 長野県 is whole.
var small = size{first: 1_900, last: 2_200}

func onSmall(t *testing.T, opt Options) (*Report, error) {
	return both(t.Context(), opt, func(ctx context.Context, opt Options, asItWas bool) (*Part, error) {
		return lascomPart(ctx, opt, asItWas, small)
	}, lascomReport)
}

// TestLascom2004 replays the failure with the sources' figures: ours holds and the design that failed does not, and what
// the sources report is counted from the run.
func TestLascom2004(t *testing.T) {
	takesLong(t)
	r, err := lascom2004.Run(t.Context(), Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	if r.AsItWas.Holds || !r.Akashi.Holds {
		t.Errorf("as it was: %+v\nakashi: %+v", r.AsItWas, r.Akashi)
	}
	for name, want := range map[string]int{
		"issued": 57_751, "issued_as_it_was": 57_751, "issued_1027": 51_979, "issued_nagano_1027": 357, "issued_nagano_1130": 482,
		"late_as_it_was": 26, "late_akashi": 0, "resolved_by_two_persons": 1, "most_unsent_akashi": 1,
	} {
		if r.Counts[name] != want {
			t.Errorf("%s is %d, want %d", name, r.Counts[name], want)
		}
	}
	if len(r.Timeline) == 0 || r.Timeline[len(r.Timeline)-1].AsItWas.Late != 26 {
		t.Errorf("the timeline does not end with what was late: %+v", r.Timeline)
	}
}

// TestLascom2004CountsTheRun shows that the figures are counted and not written down: they follow the seed and what is
// asked for.
func TestLascom2004CountsTheRun(t *testing.T) {
	takesLong(t)
	moves := map[int]bool{}
	for _, c := range []struct {
		seed uint64
		late int
	}{{1, 5}, {2, 31}} {
		r, err := onSmall(t, Options{Seed: c.seed, Late: c.late})
		if err != nil {
			t.Fatal(err)
		}
		if r.Counts["late_as_it_was"] != c.late || r.Counts["late_akashi"] != 0 || r.AsItWas.Holds || !r.Akashi.Holds {
			t.Errorf("seed %d, late %d: %+v", c.seed, c.late, r.Counts)
		}
		if r.Counts["issued"] != small.last {
			t.Errorf("%d issued, want %d", r.Counts["issued"], small.last)
		}
		moves[r.Counts["most_unsent_as_it_was"]] = true
	}
	if len(moves) != 2 {
		t.Error("two seeds left the same number of notices unsent: the figure does not come from the run")
	}
}

// TestLascom2004WithoutItsTrigger shows that the design that failed is no straw man: on the same input, without the one
// notice that is refused, it holds.
func TestLascom2004WithoutItsTrigger(t *testing.T) {
	takesLong(t)
	r, err := onSmall(t, Options{Seed: 1, NoTrigger: true})
	if err != nil {
		t.Fatal(err)
	}
	if !r.AsItWas.Holds || !r.Akashi.Holds {
		t.Errorf("as it was: %+v\nakashi: %+v", r.AsItWas, r.Akashi)
	}
}
