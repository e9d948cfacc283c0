package alarm_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
)

// value makes a source of one thing whose value is a function of the time.
func value(code alarm.Code, about string, of func(at time.Duration) int64) script {
	return script{"script", func(_ context.Context, at time.Duration) ([]alarm.Signal, error) {
		if v := of(at); v != 0 {
			return []alarm.Signal{{Code: code, Peer: peer, About: about, Value: v}}, nil
		}
		return nil, nil
	}}
}

// TestOpensAndCloses: an alarm opens at Raise and stays open until it is below Lower, whatever the value does in between.
func TestOpensAndCloses(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		w := open(t, url, alarm.Config{}, value(alarm.MessageLag, "resident.change", func(at time.Duration) int64 {
			switch s := at.Seconds(); {
			case s < 20:
				return 59
			case s < 40:
				return 60
			case s < 60:
				return 11 // less than it takes to open, and not over
			case s < 80:
				return 70
			case s < 100:
				return 9
			}
			return 0
		}))
		w.must(w.until(19 * time.Second))
		w.expect("below the limit")
		w.must(w.until(20 * time.Second))
		w.expect("at the limit", "message-lag prefecture-20 resident.change=60")
		w.must(w.until(59 * time.Second))
		w.expect("between", "message-lag prefecture-20 resident.change=11")
		w.must(w.until(2 * time.Minute))
		w.expect("over")
		if got := fmt.Sprint(w.history()); got != "[message-lag resident.change+20+80]" {
			t.Errorf("history: %s", got)
		}
		v, err := w.View(t.Context(), 1)
		w.must(err)
		if a := v.Closed[0]; a.Worst != 70 || a.Severity != alarm.Warning || a.Peer != peer || !a.SeenAt.Equal(start.Add(75*time.Second)) {
			t.Errorf("closed as %+v", a)
		}
		for _, line := range []string{`msg="alarm opened" alarm=message-lag severity=warning peer=prefecture-20`, `msg="alarm closed" alarm=message-lag`, "lasted=1m0s"} {
			if !strings.Contains(w.log.String(), line) {
				t.Errorf("the journal has no %q:\n%s", line, w.log.String())
			}
		}
	})
}

// TestMustLast: what is over before its time was never an alarm; what a source knows of the beginning counts; and over is
// what has been over for long enough.
func TestMustLast(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		growing := func(from, to, again, end float64) func(time.Duration) int64 {
			return func(at time.Duration) int64 {
				if s := at.Seconds(); s >= from && s < to || s >= again && s < end {
					return 5000
				}
				return 0
			}
		}
		late := start.Add(-time.Hour)
		w := open(t, url, alarm.Config{}, value(alarm.QueueGrowing, "", growing(10, 60, 100, 200)),
			script{"since", func(_ context.Context, at time.Duration) ([]alarm.Signal, error) {
				if at >= 30*time.Second && at != 50*time.Second && at < 70*time.Second {
					return []alarm.Signal{{Code: alarm.QueueGrowing, Peer: "ca", Value: 1000, Since: late}, {Code: alarm.PeerNotAllowed, Peer: "ca", Value: 1}}, nil
				}
				return nil, nil
			}})
		w.must(w.until(5 * time.Minute))
		// The first begins at 10 and is over at 60 without having lasted a minute; it begins again at 100. The other began
		// long ago by its source's own word. Not to be allowed takes a minute to be forgotten, so the gap at 50 is none.
		want := "[queue-growing +30+50 queue-growing +55+70 peer-not-allowed +30+130 queue-growing +160+200]"
		if got := fmt.Sprint(w.history()); got != want {
			t.Errorf("history: %s\nwant:    %s", got, want)
		}
	})
}

// TestSourceFails: an error, a panic and a hang of one source hide no other, close none of its own alarms, and are an
// alarm by themselves, which is over when the source can be read again.
func TestSourceFails(t *testing.T) {
	for name, fault := range map[string]func(ctx context.Context, release chan struct{}) error{
		"error": func(context.Context, chan struct{}) error { return errors.New("disk I/O error\nat page 4711") },
		"problem": func(context.Context, chan struct{}) error {
			return plain.Bad("", "表が読めません。", "The table cannot be read.")
		},
		"panic":   func(context.Context, chan struct{}) error { panic("no such record: 4711 山田太郎") },
		"unknown": func(context.Context, chan struct{}) error { return nil },
		"hang": func(_ context.Context, release chan struct{}) error {
			<-release // deaf to its context
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			sqlstoretest.Each(t, func(t *testing.T, url string) {
				release := make(chan struct{})
				var calls atomic.Int64
				bad := script{"bad", func(ctx context.Context, at time.Duration) ([]alarm.Signal, error) {
					s := []alarm.Signal{{Code: alarm.PeerRefused, Peer: peer, Value: 1}}
					if at >= 10*time.Second && at < time.Minute {
						calls.Add(1)
						if err := fault(ctx, release); err != nil {
							return nil, err
						}
						if name == "unknown" {
							s = append(s, alarm.Signal{Code: "no-such-alarm", Value: 1})
						}
					}
					return s, nil
				}}
				good := script{"good", func(_ context.Context, at time.Duration) ([]alarm.Signal, error) {
					if at < 30*time.Second {
						return nil, nil
					}
					return []alarm.Signal{{Code: alarm.CaseOpen, Peer: peer, About: "residents", Value: 2}}, nil
				}}
				deadline := 10 * time.Second // no answer that is on its way shall miss it on a busy machine
				if name == "hang" {
					deadline = time.Second
				}
				w := open(t, url, alarm.Config{Deadline: deadline}, bad, good)
				w.must(w.until(15 * time.Second))
				w.expect("before it lasted", "peer-refused prefecture-20=1")
				w.must(w.until(40 * time.Second))
				w.expect("while it fails", "peer-refused prefecture-20=1", "source-failed bad=1", "case-open prefecture-20 residents=2")
				if n := calls.Load(); name == "hang" && n != 1 {
					t.Errorf("a source that hangs was called %d times", n)
				}
				if up := metric(t, w, `akashi_alarm_source_up{organisation="municipality-202029",source="bad"}`); up != "0" {
					t.Errorf("the metric says up=%s", up)
				}
				if strings.Contains(fmt.Sprint(w.View(t.Context(), 0)), "4711") {
					t.Error("the page shows more than the first line of the reason")
				}
				w.must(w.until(59 * time.Second))
				close(release)
				if name == "hang" {
					await(t, w, func() bool { // the call that was left behind is noticed when it is back
						w.must(w.until(w.clock.Now().Add(5 * time.Second).Sub(start)))
						return !strings.Contains(fmt.Sprint(w.open()), "source-failed")
					})
				}
				w.must(w.until(w.clock.Now().Add(2 * time.Minute).Sub(start)))
				w.expect("when it is well again", "peer-refused prefecture-20=1", "case-open prefecture-20 residents=2")
				if got := w.history(); len(got) != 3 || !strings.HasPrefix(got[0], "source-failed bad+20+") {
					t.Errorf("history: %s", got)
				}
			})
		})
	}
}

// await repeats a step of virtual time until it has had its effect in real time.
func await(t *testing.T, w *world, done func() bool) {
	t.Helper()
	for deadline := 0; !done(); deadline++ {
		if deadline == 100_000 {
			t.Fatal("it never came")
		}
	}
}

// TestCommitFails: an evaluation whose commit failed, and one that was applied and whose answer was lost, come to the
// same one row, one line in the journal and one notification.
func TestCommitFails(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		for name, fail := range map[string]func(*sqlstoretest.Faults){
			"failed":                 func(f *sqlstoretest.Faults) { f.FailNext(2) },
			"failed but was applied": func(f *sqlstoretest.Faults) { f.LoseNext(2) },
		} {
			t.Run(name, func(t *testing.T) {
				if strings.HasPrefix(url, "postgres") {
					url = sqlstoretest.Postgres(t)
				} else {
					url = sqlstoretest.SQLite(t)
				}
				r := &receiver{}
				w := open(t, url, alarm.Config{Webhook: alarm.Webhook{URL: "https://hook.example/"}, HTTP: r},
					value(alarm.PeerRefused, "", func(at time.Duration) int64 { return int64(at / (10 * time.Second)) }))
				w.must(w.until(9 * time.Second))
				fail(w.faults)
				w.until(11 * time.Second)
				w.must(w.until(30 * time.Second))
				if got := w.history(); len(got) != 1 {
					t.Errorf("history: %s", got)
				}
				if len(r.got) != 1 {
					t.Errorf("%d notifications", len(r.got))
				}
			})
		}
	})
}

// TestOutlivesTheProgram: what is open stays open over a restart, and what was pending has not to begin again.
func TestOutlivesTheProgram(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		s := script{"script", func(_ context.Context, at time.Duration) ([]alarm.Signal, error) {
			return []alarm.Signal{{Code: alarm.PeerRefused, Peer: peer, Value: 1}, {Code: alarm.QueueGrowing, Peer: peer, Value: 2000}}, nil
		}}
		w := open(t, url, alarm.Config{}, s)
		for i := range 8 { // never up for a minute
			w.must(w.until(time.Duration(i+1) * 20 * time.Second))
			w.restart(alarm.Config{}, s)
		}
		w.must(w.until(161 * time.Second))
		if got := fmt.Sprint(w.history()); got != "[peer-refused +0 queue-growing +60]" {
			t.Errorf("history: %s", got)
		}
		// A part of the program that is gone leaves no alarm behind for ever.
		w.restart(alarm.Config{})
		w.must(w.until(200 * time.Second))
		w.expect("without the source")
	})
}

// TestManyAreOne: a fault that touches a thousand things rings a bounded number of times, and goes on naming the same.
func TestManyAreOne(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		dice := rand.New(rand.NewPCG(1, 2))
		s := script{"script", func(_ context.Context, at time.Duration) (all []alarm.Signal, _ error) {
			if at > 30*time.Second {
				return nil, nil
			}
			for i := range 1000 {
				all = append(all, alarm.Signal{Code: alarm.CaseOpen, Peer: peer, About: fmt.Sprint("case ", i), Value: 1 + dice.Int64N(1000)})
			}
			dice.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
			return all, nil
		}}
		w := open(t, url, alarm.Config{}, s)
		w.must(w.until(30 * time.Second))
		v, err := w.View(t.Context(), 10)
		w.must(err)
		if len(v.Open) != 101 || len(v.Closed) != 0 {
			t.Fatalf("%d are open, %d were closed", len(v.Open), len(v.Closed))
		}
		found := false
		for _, a := range v.Open {
			found = found || a.What == "others" && strings.Contains(a.Detail.EN, "900 more")
		}
		if !found {
			t.Error("nothing stands for the others")
		}
		w.must(w.until(40 * time.Second))
		w.expect("over")
	})
}

// TestDamagedRows: rows that somebody wrote or cut off by hand end, and stop no other. Only SQLite lets such be written.
func TestDamagedRows(t *testing.T) {
	w := open(t, sqlstoretest.SQLite(t), alarm.Config{}, value(alarm.PeerRefused, "", func(time.Duration) int64 { return 1 }))
	w.must(w.until(time.Second))
	w.must(w.store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		for i, stmt := range []string{
			`INSERT INTO alarm SELECT 1, source, 'peer-ref', peer, about, drill, severity, state, since, opened_at, seen_at, gone_at, closed_at, value, worst, '', '', '', 0, 0 FROM alarm LIMIT 1`,
			`INSERT INTO alarm SELECT 2, x'ff00fe', code, peer, about, 'maybe', '', 'op', 'long ago', 'x', x'00', 'never', '', 'many', 'more', '', '', '', 0, 0 FROM alarm LIMIT 1`,
			`INSERT INTO alarm SELECT 3, source, code, peer, about, drill, severity, state, since, opened_at, seen_at, gone_at, closed_at, value, worst, '', '', '', 0, 0 FROM alarm WHERE id > 3`,
		} {
			if n, err := tx.Exec(ctx, stmt); err != nil || n != 1 {
				return fmt.Errorf("statement %d: %d rows, %w", i, n, err)
			}
		}
		return nil
	}))
	w.must(w.until(time.Minute))
	w.expect("after a minute", "peer-refused prefecture-20=1")
	if n := metric(t, w, `akashi_alarm_damaged_rows_total{organisation="municipality-202029"}`); n != "3" {
		t.Errorf("%s rows are counted", n)
	}
	v, err := w.View(t.Context(), 10)
	w.must(err)
	for _, a := range v.Closed {
		if !strings.Contains(a.Detail.EN, "could not be read") {
			t.Errorf("shown as %+v", a)
		}
	}
	if len(v.Closed) != 3 {
		t.Errorf("%d are shown", len(v.Closed))
	}
}

// TestBellIsHeard: what rings is evaluated at once, and however often it rings, no more than once a second.
func TestBellIsHeard(t *testing.T) {
	looks := 0
	w := open(t, "memory:", alarm.Config{}, script{"script", func(context.Context, time.Duration) ([]alarm.Signal, error) {
		looks++
		return nil, nil
	}})
	w.must(w.until(1500 * time.Millisecond))
	for i := range 100 {
		w.must(w.store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error { tx.Ring(alarm.Bell); return nil }))
		w.must(w.until(1500*time.Millisecond + time.Duration(i)*time.Millisecond))
	}
	w.must(w.until(3 * time.Second))
	if looks != 3 { // at the start, when it first rang, and a second later for all others
		t.Errorf("looked %d times", looks)
	}
}

// TestOldOnesGo: closed alarms are kept for a good year and then removed.
func TestOldOnesGo(t *testing.T) {
	w := open(t, "memory:", alarm.Config{Every: 8 * time.Hour}, value(alarm.PeerRefused, "", func(at time.Duration) int64 {
		if at < 16*time.Hour {
			return 1
		}
		return 0
	}))
	w.must(w.until(400 * 24 * time.Hour))
	if len(w.history()) != 1 {
		t.Fatal("it is gone too early")
	}
	w.must(w.until(402 * 24 * time.Hour))
	if got := w.history(); len(got) != 0 {
		t.Errorf("still there: %s", got)
	}
}
