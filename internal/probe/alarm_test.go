package probe

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/pki/inspect"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
)

func (w *world) break1(s Service) {
	w.wrong[s] = func(*http.Request, func() *http.Response) (*http.Response, error) { return nil, errBroken }
}

// TestAlarm rings at the third failure in a row, for the target that failed, and ends by itself with the first that did not.
func TestAlarm(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		w := open(t, url)
		w.until(2 * time.Minute)
		w.break1(CRL)
		w.until(4 * time.Minute)
		expect(t, "after two", w.ringing())
		delete(w.wrong, CRL)
		w.until(5 * time.Minute)
		w.break1(CRL)
		w.until(7 * time.Minute)
		expect(t, "two again, with a good one between", w.ringing())
		w.until(8*time.Minute + 15*time.Second)
		expect(t, "three", w.ringing(), "probe-failed crl/signature")
		v := must[[]string](t)(w.said())
		expect(t, "says", v, "失効リスト（CRL）・署名用: つながらない。 CRL, signature: cannot be reached.")
		delete(w.wrong, CRL)
		w.until(10 * time.Minute)
		expect(t, "it works again", w.ringing())
	})
}

func (w *world) said() (all []string, err error) {
	v, err := w.alarms.View(w.Context(), 0)
	for _, a := range v.Open {
		all = append(all, a.Detail.JA+" "+a.Detail.EN)
	}
	return all, err
}

// TestNothingIsMeasured rings, whatever the cause: here our own database is the cause of nothing, and the clock is doubted.
func TestNothingIsMeasured(t *testing.T) {
	w := open(t, "memory:")
	for _, v := range w.p.watches {
		v.check = checks(func(context.Context) (verdict, error) { return verdict{}, errBroken })
	}
	w.until(9 * time.Minute)
	expect(t, "not long", w.ringing())
	w.until(11 * time.Minute)
	expect(t, "long", w.ringing(), "probe-missing")
}

// TestPlanned: an outage that was entered before rings nothing while it is planned, and at once when it lasts longer. The figures are
// given with it and without.
func TestPlanned(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		w := open(t, url)
		window := Window{Service: CRL, From: start.Add(10 * time.Minute), Until: start.Add(20 * time.Minute), Why: "ディスクの交換", By: "operator-ueda"}
		if err := w.update(func(ctx context.Context, tx *sqlstore.Tx) error { return Plan(ctx, tx, window) }); err != nil {
			t.Fatal(err)
		}
		w.until(10 * time.Minute)
		w.break1(CRL)
		w.until(19 * time.Minute)
		expect(t, "as planned", w.ringing())
		w.until(21 * time.Minute)
		expect(t, "it lasts longer", w.ringing(), "probe-failed crl/signature")
		w.until(25 * time.Minute)
		delete(w.wrong, CRL)
		w.until(30 * time.Minute)
		expect(t, "over", w.ringing())
		one := w.month(CRL, MonthOf(start))
		all, _ := one.Availability()
		without, _ := one.Unplanned()
		if one.OK != 14 || one.Failed != 15 || one.PlannedFailed != 10 || all.String() != "48.275" || without.String() != "73.684" {
			t.Errorf("%+v, %s with it, %s without", one.Figures, all, without)
		}
		if other := w.month(OCSP, MonthOf(start)); other.PlannedOK+other.PlannedFailed != 0 {
			t.Errorf("planned for CRL, and OCSP has %+v", other.Figures)
		}
	})
}

// TestUntrueIsNotPlanned: who tells that what is revoked is good does not stand still as planned, and rings.
func TestUntrueIsNotPlanned(t *testing.T) {
	for why, want := range map[Reason][]string{Unreachable: nil, Reason(inspect.Good): {"probe-failed ocsp/signature"}} {
		w := open(t, "memory:")
		window := Window{From: start.Add(time.Minute), Until: start.Add(time.Hour), Why: "更新", By: "operator-ueda"}
		if err := w.update(func(ctx context.Context, tx *sqlstore.Tx) error { return Plan(ctx, tx, window) }); err != nil {
			t.Fatal(err)
		}
		for _, v := range w.p.watches {
			if v.Target.Service == OCSP && v.Target.Profile == cert.Signature {
				v.check = checks(func(context.Context) (verdict, error) { return failed(why), nil })
			}
		}
		w.until(6 * time.Minute)
		expect(t, string(why), w.ringing(), want...)
	}
}

// TestPlan: what is past cannot be planned, and what has begun not be withdrawn.
func TestPlan(t *testing.T) {
	w := open(t, "memory:")
	w.until(time.Hour)
	now := w.true.Now()
	right := Window{From: now.Add(time.Hour), Until: now.Add(2 * time.Hour), Why: "更新", By: "operator-ueda"}
	for name, change := range map[string]func(*Window){
		"from":  func(v *Window) { v.From = now.Add(-time.Minute) },
		"until": func(v *Window) { v.Until = v.From },
		"why":   func(v *Window) { v.Why = " " },
	} {
		v := right
		change(&v)
		err := w.update(func(ctx context.Context, tx *sqlstore.Tx) error { return Plan(ctx, tx, v) })
		if ps, ok := plain.AsProblems(err); !ok || len(ps) != 1 || ps[0].Field != name {
			t.Errorf("%s: %v", name, err)
		}
	}
	unseen := right
	unseen.Why = "更新\u202e"
	if err := w.update(func(ctx context.Context, tx *sqlstore.Tx) error { return Plan(ctx, tx, unseen) }); err == nil || !strings.Contains(err.Error(), "3文字目に、表示されない制御文字（U+202E）") {
		t.Errorf("a mark for writing leftwards: %v", err)
	}
	for name, change := range map[string]func(*Window){
		"for a month": func(v *Window) { v.Until = v.From.AddDate(0, 1, 0) },
		"in two years": func(v *Window) {
			v.From, v.Until = v.From.AddDate(2, 0, 0), v.Until.AddDate(2, 0, 0)
		},
		"an escape": func(v *Window) { v.Why = "更新\x1b[2J" },
	} {
		v := right
		change(&v)
		if err := w.update(func(ctx context.Context, tx *sqlstore.Tx) error { return Plan(ctx, tx, v) }); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	if err := w.update(func(ctx context.Context, tx *sqlstore.Tx) error { return Plan(ctx, tx, right) }); err != nil {
		t.Fatal(err)
	}
	var all []Window
	look := func() Window {
		w.view(func(ctx context.Context, tx *sqlstore.Tx) (err error) {
			all, err = Windows(ctx, tx, start, start.AddDate(1, 0, 0))
			return err
		})
		return all[0]
	}
	id := look().ID
	withdraw := func() error {
		return w.update(func(ctx context.Context, tx *sqlstore.Tx) error { return Withdraw(ctx, tx, id, "operator-egawa") })
	}
	if err := withdraw(); err != nil {
		t.Fatal(err)
	}
	if got := look(); len(all) != 1 || got.WithdrawnBy != "operator-egawa" || got.covers(OCSP, minuteOf(right.From)) {
		t.Errorf("%+v", all)
	}
	if withdraw() == nil {
		t.Error("it was withdrawn twice")
	}
	var acts []string
	w.view(func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		acts, err = sqlstore.List(ctx, tx, func(r *sqlstore.Rows, s *string) error { return r.Scan(s) }, `SELECT act FROM audit ORDER BY at, seq`)
		return err
	})
	if !slices.Equal(acts, []string{"maintenance.plan", "maintenance.withdraw"}) {
		t.Errorf("the audit log has %v", acts)
	}
	if err := w.update(func(ctx context.Context, tx *sqlstore.Tx) error { return Plan(ctx, tx, right) }); err != nil {
		t.Fatal(err)
	}
	look()
	id = all[1].ID
	w.until(3 * time.Hour)
	if withdraw() == nil {
		t.Error("one that has been was withdrawn")
	}
}
