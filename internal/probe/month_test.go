package probe

import (
	"context"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/pki/inspect"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/resident"
)

// minutesOf writes minutes as people draw them: "." ok, "x" failed, "y" failed with another reason, "u" told something untrue, " " not measured.
func minutesOf(picture string) (all []minute) {
	for i, c := range picture {
		m := minute{at: minuteOf(start) + int64(i), outcome: OK, ms: int64(i)}
		switch c {
		case 'x':
			m.outcome, m.reason = Failed, Timeout
		case 'y':
			m.outcome, m.reason = Failed, Nonce
		case 'u':
			m.outcome, m.reason = Failed, Reason(inspect.Good)
		case '?':
			m.outcome, m.reason = Unmeasured, OwnClock
		case ' ':
			continue
		}
		all = append(all, m)
	}
	return all
}

func TestCount(t *testing.T) {
	at := func(n int) time.Time { return start.Add(time.Duration(n) * time.Minute).UTC() }
	for _, x := range []struct {
		name, picture string
		failing       bool
		windows       []Window
		ok, failed    int64
		planned       int64
		outages       []Outage
	}{
		{"nothing", "          ", false, nil, 0, 0, 0, nil},
		{"all good", "..........", false, nil, 10, 0, 0, nil},
		{"one outage", "..xxx.....", false, nil, 7, 3, 0, []Outage{{From: at(2), Until: at(5), Failed: 3, Reason: Timeout}}},
		{"it goes on", ".......xxx", false, nil, 7, 3, 0, []Outage{{From: at(7), Failed: 3, Reason: Timeout}}},
		{"what is not measured does not end it", "..x  ?x...", false, nil, 5, 2, 0, []Outage{{From: at(2), Until: at(7), Failed: 2, Unmeasured: 3, Reason: Timeout}}},
		{"nor begins it", "..  xx....", false, nil, 6, 2, 0, []Outage{{From: at(4), Until: at(6), Failed: 2, Reason: Timeout}}},
		{"two reasons", "xy........", false, nil, 8, 2, 0, []Outage{{From: at(0), Until: at(2), Failed: 2, Reason: Timeout, Others: true}}},
		{"from before", "  x.......", true, nil, 7, 1, 0, []Outage{{From: at(0), Until: at(3), Before: true, Failed: 1, Unmeasured: 2, Reason: Timeout}}},
		{"planned", "..xxx.....", false, []Window{{From: at(1), Until: at(4)}, {Service: OCSP, From: at(4), Until: at(9)}}, 7, 3, 3,
			[]Outage{{From: at(2), Until: at(5), Failed: 3, Planned: 2, Reason: Timeout}}},
		{"withdrawn", "..xxx.....", false, []Window{{From: at(1), Until: at(4), WithdrawnBy: "operator-ueda"}}, 7, 3, 0, []Outage{{From: at(2), Until: at(5), Failed: 3, Reason: Timeout}}},
		{"nobody plans to tell something untrue", "..xux.....", false, []Window{{From: at(1), Until: at(9)}}, 7, 3, 7,
			[]Outage{{From: at(2), Until: at(5), Failed: 3, Planned: 2, Reason: Timeout, Others: true}}},
		{"half a minute is one", "..xxx.....", false, []Window{{From: at(2), Until: at(2).Add(time.Second)}}, 7, 3, 1, []Outage{{From: at(2), Until: at(5), Failed: 3, Planned: 1, Reason: Timeout}}},
	} {
		f, outages, days := count(Target{CRL, cert.Signature}, minutesOf(x.picture), start, at(10), x.windows, x.failing)
		if f.Minutes != 10 || f.OK != x.ok || f.Failed != x.failed || f.PlannedOK+f.PlannedFailed != x.planned || f.Outages != int64(len(x.outages)) {
			t.Errorf("%s: %+v", x.name, f)
		}
		if !reflect.DeepEqual(outages, x.outages) {
			t.Errorf("%s: %+v, want %+v", x.name, outages, x.outages)
		}
		if len(days) != 1 || days[0].OK != x.ok || days[0].Failed != x.failed || days[0].Minutes != 10 {
			t.Errorf("%s: %+v", x.name, days)
		}
	}
	f, _, _ := count(Target{CRL, cert.Signature}, minutesOf("xx..x........xxx..x."), start, at(20), nil, false)
	if f.Longest.From != at(13) || f.P50 != 9*time.Millisecond || f.P99 != 19*time.Millisecond {
		t.Errorf("%+v", f)
	}
}

// TestShare is never rounded up.
func TestShare(t *testing.T) {
	for _, x := range []struct {
		part, of int64
		want     string
	}{{43199, 43200, "99.997"}, {43200, 43200, "100.000"}, {0, 1, "0.000"}, {1, 3, "33.333"}, {1, 20, "5.000"}, {99_999_999, 100_000_000, "99.999"}} {
		if got, ok := shareOf(x.part, x.of); !ok || got.String() != x.want {
			t.Errorf("%d of %d is %s, want %s", x.part, x.of, got, x.want)
		}
	}
	if _, ok := shareOf(0, 0); ok {
		t.Error("nothing of nothing has a share")
	}
}

// TestMonths: a month that is over is written down; its minutes go after thirteen more, and its figures stay as they were. One in which
// nothing was measured is written down as that.
func TestMonths(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		w := open(t, url)
		put := func(days int, o Outcome, r Reason) {
			t.Helper()
			at := start.AddDate(0, 0, days)
			if err := w.p.put(t.Context(), sample{target: Target{CRL, cert.Signature}, at: at, minute: minuteOf(at), outcome: o, reason: r, took: 7 * time.Millisecond}); err != nil {
				t.Fatal(err)
			}
		}
		put(0, OK, "")
		put(3, Failed, Timeout)
		put(4, OK, "")
		put(65, OK, "") // in June, nothing in May
		drive := func(to time.Time) {
			t.Helper()
			w.true.Set(to)
			if err := clock.Drive(t.Context(), w.true, []clock.Task{{Name: "months", Step: w.p.months.step}}, to.Add(2*time.Hour)); err != nil {
				t.Fatal(err)
			}
		}
		stored := func(want ...string) {
			t.Helper()
			var got []string
			w.view(func(ctx context.Context, tx *sqlstore.Tx) (err error) {
				got, err = sqlstore.List(ctx, tx, func(r *sqlstore.Rows, s *string) error {
					var month string
					var minutes, ok, failed int64
					err := r.Scan(&month, &minutes, &ok, &failed)
					*s = fmt.Sprint(month, " ", minutes, " ", ok, " ", failed)
					return err
				}, `SELECT month, minutes, ok, failed FROM probe_month ORDER BY month`)
				return err
			})
			expect(t, "months", got, want...)
		}
		april := Month{resident.MustDate(2026, time.April, 1)}
		drive(start.AddDate(0, 1, 0).Add(-3 * time.Hour))
		stored()
		drive(start.AddDate(0, 1, 0).Add(time.Hour))
		stored("2026-04 43200 2 1")
		was := w.month(CRL, april)
		if was.Gone || len(was.Days) != 30 || len(was.Outage) != 1 {
			t.Errorf("%+v", was)
		}
		drive(start.AddDate(0, 4, 0))
		stored("2026-04 43200 2 1", "2026-05 44640 0 0", "2026-06 43200 1 0", "2026-07 44640 0 0")
		drive(start.AddDate(0, 13, 0).Add(12 * time.Hour)) // in May of the next year: April is the thirteenth before
		if n := len(w.rows(CRL)); n != 4 {
			t.Errorf("%d minutes are left", n)
		}
		drive(start.AddDate(0, 14, 0).Add(12 * time.Hour))
		if n := len(w.rows(CRL)); n != 1 {
			t.Errorf("%d minutes are left", n)
		}
		is := w.month(CRL, april)
		was.Longest.Failed, was.Longest.Unmeasured, was.Longest.Reason = 0, 0, "" // these go with the minutes
		if !is.Gone || !reflect.DeepEqual(is.Figures, was.Figures) {
			t.Errorf("%+v, was %+v", is.Figures, was.Figures)
		}
		var first Month
		w.view(func(ctx context.Context, tx *sqlstore.Tx) (err error) {
			first, _, err = First(ctx, tx)
			return err
		})
		if first != april {
			t.Errorf("the first month is %s", first)
		}
	})
}

func TestParseMonth(t *testing.T) {
	m := must[Month](t)(ParseMonth("month", "2026-12"))
	if m.Next().String() != "2027-01" || m.Before().String() != "2026-11" || !m.End().Equal(m.Next().Start()) {
		t.Errorf("%s, then %s", m, m.Next())
	}
	for _, bad := range []string{"", "2026", "2026-13", "2026-1", "2026-11-01", "令和8年11月"} {
		if _, err := ParseMonth("month", bad); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}
