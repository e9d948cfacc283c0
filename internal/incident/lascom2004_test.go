package incident

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/resident"
)

// small is a country with few certificates, so that variations of the replay are cheap; 長野県 is whole.
var small = size{first: 1_900, last: 2_200}

// part runs one variant on the small country.
func part(what fault) func(context.Context, Options, bool) (*Part, error) {
	return func(ctx context.Context, opt Options, asItWas bool) (*Part, error) {
		return lascomPart(ctx, what, opt, asItWas, small)
	}
}

func onSmall(t *testing.T, what fault, opt Options) *Report {
	t.Helper()
	join := lascomReport
	if what == lostRows {
		join = lostRowsReport
	}
	r, err := both(t.Context(), opt, part(what), join)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// counted compares some of the counts of a report.
func counted(t *testing.T, r *Report, want map[string]int) {
	t.Helper()
	for name, n := range want {
		if got, known := r.Counts[name]; !known || got != n {
			t.Errorf("%s: %s is %d (%v), want %d", r.Name, name, got, known, n)
		}
	}
}

// soon is within what both sides must have seen what went wrong: an organisation's own times, of the look, the comparison
// and the round of the self-audit.
func soon(t *testing.T, r *Report, name string, within time.Duration) {
	t.Helper()
	if s, known := r.Counts[name]; !known || time.Duration(s)*time.Second > within {
		t.Errorf("%s: %s is %d (%v), want at most %v", r.Name, name, s, known, within)
	}
}

// closesOfTheOutage are what 62 daily closes came to on both sides.
func closesOfTheOutage(agreed, explained int) map[string]int {
	n := map[string]int{}
	for _, side := range []string{"ca", "nationalcenter"} {
		n["days_agreed_"+side], n["days_explained_"+side], n["days_unexplained_"+side], n["days_missing_"+side] = agreed, explained, 0, 0
	}
	return n
}

// TestLascom2004 replays the failure in its whole size, with the sources' figures.
func TestLascom2004(t *testing.T) {
	if os.Getenv("AKASHI_FULL") == "" {
		t.Skip("takes minutes: AKASHI_FULL=1 runs it; TestLascom2004Golden replays it in a small country")
	}
	r, err := lascom2004.Run(t.Context(), Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	asInTheSources(t, r, asReported)
}

// asInTheSources: ours holds and the design that failed does not, and what the sources report is counted from the run. Here both
// sides see at once what nobody saw for 61 days; the close of that one day is explained by the message that is parked, those
// of the others agree.
func asInTheSources(t *testing.T, r *Report, nation size) {
	t.Helper()
	if r.AsItWas.Holds || !r.Akashi.Holds {
		t.Errorf("as it was: %+v\nakashi: %+v", r.AsItWas, r.Akashi)
	}
	counted(t, r, map[string]int{
		"issued": nation.last, "issued_as_it_was": nation.last, "issued_1027": nation.first, "issued_nagano_1027": 357, "issued_nagano_1130": 482,
		"late_as_it_was": 26, "late_akashi": 0, "resolved_by_two_persons": 1, "most_unsent_akashi": 1,
		"impact_certificates_as_it_was": 26, "impact_answers_as_it_was": 52, "impact_verifiers_as_it_was": len(offices), "impact_acknowledged_as_it_was": r.Counts["impact_notices_as_it_was"],
		"impact_certificates_akashi": 0, "impact_answers_akashi": 0, "impact_verifiers_akashi": 0, "impact_notices_akashi": 0,
		"days_to_discovery_as_it_was": 61, "cases_ca": 0, "cases_nationalcenter": 0, "comparisons_that_differed": 0,
	})
	counted(t, r, closesOfTheOutage(61, 1))
	soon(t, r, "s_to_first_sign", lookEvery)
	soon(t, r, "s_to_alarm", lookEvery)
	if len(r.Timeline) == 0 || r.Timeline[len(r.Timeline)-1].AsItWas.Late != 26 {
		t.Errorf("the timeline does not end with what was late: %+v", r.Timeline)
	}
}

// TestLostRowsGolden: the center loses rows of 26 holders behind its own back. As it was, their certificates stay valid after
// they have moved. Here both sides name just these rows within a minute, the rows are sent again, and nobody's stays valid.
func TestLostRowsGolden(t *testing.T) {
	if os.Getenv("AKASHI_FULL") == "" {
		t.Skip("a second outage takes as long again as that of TestLascom2004Golden, which runs in any case: AKASHI_FULL=1 runs it")
	}
	r := onSmall(t, lostRows, Options{Seed: 1})
	if r.AsItWas.Holds || !r.Akashi.Holds {
		t.Errorf("as it was: %+v\nakashi: %+v", r.AsItWas, r.Akashi)
	}
	counted(t, r, map[string]int{
		"late_as_it_was": 26, "days_to_discovery_as_it_was": 61, "late_akashi": 0, "rows_lost": 26, "found_by_self_audit": 26,
		"named_ca": 26, "named_nationalcenter": 26, "named_wrongly": 0, "cases_ca": 26, "cases_nationalcenter": 26,
		"sent_again_by_policy": 26, "sent_again_by_two_persons": 0, "cases_open_at_the_end": 0,
	})
	counted(t, r, closesOfTheOutage(62, 0))
	soon(t, r, "s_to_first_sign", auditEvery)
	soon(t, r, "s_to_all_named", time.Minute)
	soon(t, r, "s_to_all_closed", watched)
	golden(t, r)
}

// TestLascom2004Golden replays it in a small country, and shows that the figures are counted and not written down: they follow
// the seed and what is asked for.
func TestLascom2004Golden(t *testing.T) {
	r := onSmall(t, refusedNotice, Options{Seed: 1})
	asInTheSources(t, r, small)
	golden(t, r)
	if os.Getenv("AKASHI_FULL") == "" {
		return // a second seed takes as long again; AKASHI_FULL=1 runs it
	}
	other, err := part(refusedNotice)(t.Context(), Options{Seed: 2, Late: 31}, true)
	if err != nil {
		t.Fatal(err)
	}
	if other.Outcome.Holds || other.Counts["late"] != 31 {
		t.Errorf("31 are late, and the run has %+v", other.Counts)
	}
	if other.Counts["impact_certificates"] != 31 || other.Counts["impact_acknowledged"] != other.Counts["impact_notices"] || other.Counts["impact_notices"] < 31 {
		t.Errorf("31 are late, and of whom verifiers were told wrongly the run has %+v", other.Counts)
	}
	if other.Counts["most_unsent"] == r.Counts["most_unsent_as_it_was"] {
		t.Error("two seeds left the same number of notices unsent: the figure does not come from the run")
	}
}

// TestLascom2004WithoutItsTrigger shows that what failed is no straw man: on the same input, without the one notice that is refused,
// or with all rows in their place, it holds. So does ours, and says nothing.
func TestLascom2004WithoutItsTrigger(t *testing.T) {
	if os.Getenv("AKASHI_FULL") == "" {
		t.Skip("NOT SHOWN, THAT BOTH HOLD WITHOUT THE TRIGGER: it takes the outage twice more; AKASHI_FULL=1 runs it")
	}
	was, err := part(refusedNotice)(t.Context(), Options{Seed: 1, NoTrigger: true}, true)
	if err != nil {
		t.Fatal(err)
	}
	r := onSmall(t, lostRows, Options{Seed: 1, NoTrigger: true})
	if !was.Outcome.Holds || !r.AsItWas.Holds || !r.Akashi.Holds {
		t.Errorf("as it was: %+v and %+v\nakashi: %+v", was, r.AsItWas, r.Akashi)
	}
	counted(t, r, map[string]int{"cases_ca": 0, "cases_nationalcenter": 0, "comparisons_that_differed": 0})
	counted(t, r, closesOfTheOutage(62, 0))
	for _, m := range r.Timeline {
		if m.Akashi.Alarms+m.Akashi.Cases+m.Akashi.Parked > 0 {
			t.Errorf("nothing is wrong, and %v shows %+v", m.At, m.Akashi)
		}
	}
}

// TestLascom2004Plan: whom the fault is about are as many as asked for, and none of them in 長野県, where nothing is issued before its
// service began (sources 000 and 001).
func TestLascom2004Plan(t *testing.T) {
	for seed := range uint64(5) {
		for _, what := range []fault{refusedNotice, lostRows} {
			p, err := newPlan(what, seed, defaultLate, true, small)
			if err != nil {
				t.Fatal(err)
			}
			if len(p.late) != defaultLate || p.struck.IsZero() {
				t.Errorf("seed %d: %d are late, struck %v", seed, len(p.late), p.struck)
			}
			for n, i := range p.issuances {
				nagano := i.place.code.Prefecture() == 20
				if nagano && (p.late[n] || i.trigger) {
					t.Errorf("seed %d: the fault is about a certificate of %s", seed, i.place.name)
				}
				if nagano && resident.DateOf(i.at).Before(naganoBegan) {
					t.Errorf("seed %d: %s issues on %v", seed, i.place.name, i.at)
				}
			}
		}
	}
}

// golden compares the timeline, and what is no matter of seconds, with testdata.
func golden(t *testing.T, r *Report) {
	t.Helper()
	var b strings.Builder
	for _, m := range r.Timeline {
		fmt.Fprintf(&b, "%s %s / %s\n", m.At.In(resident.JST).Format("2006-01-02 15:04"), m.What.JA, m.What.EN)
		for _, side := range []struct {
			name string
			View
		}{{"as it was", m.AsItWas}, {"akashi", m.Akashi}} {
			fmt.Fprintf(&b, "  %s: unsent %d, parked %d, cases %d, alarms %d, late %d", side.name, side.Unsent, side.Parked, side.Cases, side.Alarms, side.Late)
			if side.ToldGood != nil {
				fmt.Fprintf(&b, ", told good %d", *side.ToldGood)
			}
			b.WriteString("\n")
			for _, who := range slices.Sorted(maps.Keys(side.Sees)) {
				fmt.Fprintf(&b, "    %s: %s\n", who, side.Sees[who])
			}
		}
	}
	path := filepath.Join("testdata", r.Name+".txt")
	if os.Getenv("AKASHI_GOLDEN") == "write" {
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil || b.String() != string(want) {
		t.Errorf("the timeline differs from %s (%v); with AKASHI_GOLDEN=write it is written anew. Got:\n%s", path, err, b.String())
	}
}
