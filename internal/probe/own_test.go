package probe

import (
	"context"
	"net/http"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
)

// TestOurClockIsSet: what is seen while our clock is wrong is nobody's outage, and nobody's availability, at whatever minute it was.
func TestOurClockIsSet(t *testing.T) {
	for name, by := range map[string]time.Duration{"forward": time.Hour, "back": -time.Hour} {
		t.Run(name, func(t *testing.T) {
			w := open(t, "memory:")
			w.until(3 * time.Minute)
			w.ours.wrong = by
			w.until(7 * time.Minute)
			w.ours.wrong = 0
			w.until(12 * time.Minute)
			for _, s := range Services {
				one := w.month(s, MonthOf(start))
				if one.Failed != 0 || one.OK < 6 || one.OK > 8 {
					t.Errorf("%s: %+v", s, one.Figures)
				}
				var found []minute
				w.view(func(ctx context.Context, tx *sqlstore.Tx) (err error) {
					found, err = sqlstore.List(ctx, tx, func(r *sqlstore.Rows, m *minute) error { return r.Scan(&m.at, (*int64)(&m.outcome)) },
						`SELECT minute, outcome FROM probe_minute WHERE target = $1`, Target{s, cert.Signature}.String())
					return err
				})
				for _, m := range found {
					if at := time.Unix(m.at*60, 0); m.outcome != Unmeasured && (at.Before(start) || at.After(w.true.Now())) {
						t.Errorf("%s: a minute at %v, when our clock was wrong, counts as measured", s, at)
					}
				}
			}
			expect(t, "alarms", w.ringing())
		})
	}
}

// TestOurClockIsPutRight: what confirms the time that was set is measured at once. When nobody answers it is doubted for ten minutes, and
// then counts: the outage of all of them is what must not go unseen.
func TestOurClockIsPutRight(t *testing.T) {
	w := open(t, "memory:")
	w.ours.wrong = -time.Hour
	w.p.confirm()
	w.until(4 * time.Minute)
	w.ours.wrong = 0
	w.until(10 * time.Minute)
	got := w.rows(OCSP)
	expect(t, "OCSP", got[len(got)-5:], slices.Repeat([]string{"ok"}, 5)...)

	w = open(t, "memory:")
	w.until(3 * time.Minute)
	away := func(*http.Request, func() *http.Response) (*http.Response, error) { return nil, errBroken }
	w.wrong[OCSP], w.wrong[CRL] = away, away
	w.ca = func(Question, func() Answer) (Answer, error) { return Answer{}, errBroken }
	w.ours.wrong = time.Hour
	w.until(30 * time.Minute)
	got = w.rows(OCSP)
	expect(t, "nobody answers", got[:4], "ok", "ok", "unmeasured own-clock", "unmeasured own-clock")
	expect(t, "for long", got[len(got)-15:], slices.Repeat([]string{"failed unreachable"}, 15)...)
}

// checks is a checker made of a function.
type checks func(ctx context.Context) (verdict, error)

func (c checks) ask(ctx context.Context, _ *try) (verdict, error) { return c(ctx) }

func (w *world) watchOf(s Service) *watch {
	i := slices.IndexFunc(w.p.watches, func(v *watch) bool { return v.Service == s })
	return w.p.watches[i]
}

// TestTargetThatNeverAnswers, whatever becomes of its context, costs its own minutes and one call that is left behind. No other target
// misses a minute. When it answers again it is measured again.
func TestTargetThatNeverAnswers(t *testing.T) {
	w := open(t, "memory:")
	bad := w.watchOf(OCSP)
	right := bad.check
	release := make(chan struct{})
	calls := 0
	bad.check, bad.within = checks(func(context.Context) (verdict, error) {
		calls++
		<-release
		return verdict{outcome: OK}, nil
	}), 20*time.Millisecond
	w.until(20 * time.Minute)
	expect(t, "issuance", w.rows(Issuance), slices.Repeat([]string{"ok"}, 19)...)
	expect(t, "CRL", w.rows(CRL), slices.Repeat([]string{"ok"}, 19)...)
	expect(t, "OCSP", w.rows(OCSP), slices.Repeat([]string{"failed timeout"}, 19)...)
	if calls != 1 || bad.left.Left() != 1 {
		t.Errorf("called %d times, %d left behind", calls, bad.left.Left())
	}
	expect(t, "alarms", w.ringing(), "probe-failed ocsp/signature")
	close(release)
	for bad.left.Left() > 0 {
		runtime.Gosched() // to the goroutine that was left behind
	}
	bad.check, bad.within = right, fetchWithin
	w.until(22 * time.Minute)
	expect(t, "OCSP at last", w.rows(OCSP)[19:], "ok", "ok")
	expect(t, "alarms", w.ringing())
}

// TestErrorOfOurs: a check that fails or panics on our side is our own fault, not an outage, and no other target notices.
func TestErrorOfOurs(t *testing.T) {
	for name, c := range map[string]checks{
		"error": func(context.Context) (verdict, error) { return verdict{}, errBroken },
		"panic": func(context.Context) (verdict, error) { panic("nil map") },
	} {
		w := open(t, "memory:")
		w.watchOf(CRL).check = c
		w.until(20 * time.Minute)
		expect(t, name, w.rows(CRL), slices.Repeat([]string{"unmeasured own-fault"}, 19)...)
		expect(t, name, w.rows(Issuance), slices.Repeat([]string{"ok"}, 19)...)
		expect(t, name, w.ringing())
	}
}

// TestDatabaseFails: what could not be written down is written down when it can be, once, also when it had been.
func TestDatabaseFails(t *testing.T) {
	for name, fault := range map[string]func(*sqlstoretest.Faults){
		"failed":             func(f *sqlstoretest.Faults) { f.FailNext(2) },
		"failed but applied": func(f *sqlstoretest.Faults) { f.LoseNext(2) },
	} {
		t.Run(name, func(t *testing.T) {
			sqlstoretest.Each(t, func(t *testing.T, url string) {
				w := open(t, url)
				w.wrong[OCSP] = func(*http.Request, func() *http.Response) (*http.Response, error) { return nil, errBroken }
				w.until(3 * time.Minute)
				for range 5 {
					fault(w.faults)
					w.until(w.true.Now().Sub(start) + time.Minute)
				}
				for _, s := range Services {
					if n := len(w.rows(s)); n != 7 {
						t.Errorf("%s: %d minutes are written down", s, n)
					}
				}
				w.view(func(ctx context.Context, tx *sqlstore.Tx) error {
					all, err := Standings(ctx, tx)
					for _, v := range all {
						if v.Target.Service == OCSP && v.InRow != 7 || v.Target.Service != OCSP && v.InRow != 0 {
							t.Errorf("%s failed %d times in a row", v.Target, v.InRow)
						}
					}
					return err
				})
			})
		})
	}
}

// TestTheWorseStays: of two probes of one minute, after our clock was set back, the failed one counts.
func TestTheWorseStays(t *testing.T) {
	w := open(t, "memory:")
	put := func(o Outcome, r Reason) {
		t.Helper()
		if err := w.p.put(t.Context(), sample{target: Target{CRL, cert.Signature}, at: start, minute: minuteOf(start), outcome: o, reason: r}); err != nil {
			t.Fatal(err)
		}
	}
	for _, x := range []struct {
		o    Outcome
		r    Reason
		want string
	}{{Unmeasured, OwnClock, "unmeasured own-clock"}, {OK, "", "ok"}, {Unmeasured, OwnClock, "ok"}, {Failed, Timeout, "failed timeout"}, {OK, "", "failed timeout"}, {Failed, Nonce, "failed timeout"}} {
		put(x.o, x.r)
		expect(t, "after "+string(x.r), w.rows(CRL), x.want)
	}
}
