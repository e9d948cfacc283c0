package validation

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/org/validation/internal/store"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
)

// TestRecorderFaults: a commit that failed, and one that was applied and whose reply was lost. Each answer is kept once, and
// what is asked meanwhile is kept too.
func TestRecorderFaults(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		for name, fault := range map[string]func(*sqlstoretest.Faults){
			"failed":              func(f *sqlstoretest.Faults) { f.FailNext(1) },
			"failed, but applied": func(f *sqlstoretest.Faults) { f.LoseNext(1) },
		} {
			t.Run(name, func(t *testing.T) {
				faults := new(sqlstoretest.Faults)
				clk := clock.NewVirtual(time.Date(2026, 4, 1, 9, 0, 0, 0, cert.JST))
				s := sqlstoretest.Open(t, url, sqlstore.Options{Clock: clk, Faults: faults}, store.Schema)
				r := newRecorder(s, clk, slog.New(slog.DiscardHandler))
				before := rows(t, s)
				serial, err := cert.ParseSerial("4711")
				if err != nil {
					t.Fatal(err)
				}
				ask := func() { r.note(store.Answer{AskedAt: clk.Now(), Serial: serial, Answer: "good"}) }
				ask()
				ask()
				fault(faults)
				if _, err := r.write(t.Context()); !errors.Is(err, sqlstoretest.ErrInjected) {
					t.Fatalf("the fault was not met: %v", err)
				}
				ask()
				if err := r.drain(t.Context()); err != nil {
					t.Fatal(err)
				}
				if got := rows(t, s) - before; got != 3 || r.lost.Load() != 0 {
					t.Errorf("%d kept, %d lost; want 3 and 0", got, r.lost.Load())
				}
			})
		}
	})
}

func rows(t *testing.T, s *sqlstore.Store) (n int64) {
	t.Helper()
	err := s.View(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		return tx.QueryRow(ctx, "SELECT COUNT(*) FROM answer").Scan(&n)
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestAnswerThatCannotBeKept: it is counted among those that were lost, alone; and when nothing can be written, nothing is
// given up.
func TestAnswerThatCannotBeKept(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		faults := new(sqlstoretest.Faults)
		clk := clock.NewVirtual(time.Date(2026, 4, 1, 9, 0, 0, 0, cert.JST))
		s := sqlstoretest.Open(t, url, sqlstore.Options{Clock: clk, Faults: faults}, store.Schema)
		r := newRecorder(s, clk, slog.New(slog.DiscardHandler))
		serial, err := cert.ParseSerial("4711")
		if err != nil {
			t.Fatal(err)
		}
		for _, requester := range []string{"\xff", "a", "b\x00", "c"} {
			r.note(store.Answer{AskedAt: clk.Now(), Serial: serial, Answer: "good", Requester: requester})
		}
		faults.FailNext(100) // of the good ones too
		for range 5 {
			if _, err := r.write(t.Context()); err == nil {
				t.Fatal("it was written though nothing can be")
			}
		}
		faults.FailNext(0)
		if r.lost.Load() != 0 {
			t.Errorf("%d were given up while nothing could be written", r.lost.Load())
		}
		if err := r.drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		if rows(t, s) != 2 || r.lost.Load() != 2 {
			t.Errorf("%d kept, %d lost; want 2 and 2", rows(t, s), r.lost.Load())
		}
	})
}

// TestBehind: what was asked before a time is written down at some point, however much is asked without an end since. Who waits
// for that must not wait for an empty queue.
func TestBehind(t *testing.T) {
	faults := new(sqlstoretest.Faults)
	clk := clock.NewVirtual(time.Date(2026, 4, 1, 9, 0, 0, 0, cert.JST))
	s := sqlstoretest.Open(t, "memory:", sqlstore.Options{Clock: clk, Faults: faults}, store.Schema)
	var journal bytes.Buffer
	r := newRecorder(s, clk, slog.New(slog.NewTextHandler(&journal, nil)))
	serial, err := cert.ParseSerial("4711")
	if err != nil {
		t.Fatal(err)
	}
	ask := func(n int) {
		for range n {
			r.note(store.Answer{AskedAt: clk.Now(), Serial: serial, Answer: "good"})
		}
	}
	told := clk.Now()
	if r.behind(told) {
		t.Error("nothing was asked")
	}
	ask(1)
	if !r.behind(told) {
		t.Error("one waits in the queue")
	}
	faults.FailNext(1)
	if _, err := r.write(t.Context()); err == nil {
		t.Fatal("the fault was not met")
	}
	if !r.behind(told) {
		t.Error("one is taken from the queue and not written")
	}
	clk.Set(told.Add(time.Minute))
	ask(3 * maxKept)
	for i := range 3 {
		if more, err := r.write(t.Context()); err != nil || !more && i < 2 {
			t.Fatal(more, err)
		}
		ask(maxKept)
	}
	if len(r.queue) == 0 || r.behind(told) {
		t.Errorf("%d wait, all asked later than %v, and it is behind: %v", len(r.queue), told, r.behind(told))
	}
	ask(maxQueued)
	for range 3 {
		if _, err := r.write(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if r.lost.Load() == 0 || strings.Count(journal.String(), "not in the record") != 1 {
		t.Errorf("%d were lost, and the journal says: %s", r.lost.Load(), journal.String())
	}
	if err := r.drain(t.Context()); err != nil || r.behind(clk.Now()) {
		t.Errorf("all is written down: %v", err)
	}
}

// TestOneAskerLeavesRoom: whoever asks more than can be written down fills no more than its share of the second half, so that what others
// are told is in the record; and an alarm says that answers were lost, until some minutes after the last.
func TestOneAskerLeavesRoom(t *testing.T) {
	clk := clock.NewVirtual(time.Date(2026, 4, 1, 9, 0, 0, 0, cert.JST))
	s := sqlstoretest.Open(t, "memory:", sqlstore.Options{Clock: clk}, store.Schema)
	r := newRecorder(s, clk, slog.New(slog.DiscardHandler))
	u := unrecorded{&Validation{recorder: r}}
	signals := func() []alarm.Signal {
		t.Helper()
		all, err := u.Signals(t.Context(), clk.Now())
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	serial, err := cert.ParseSerial("4711")
	if err != nil {
		t.Fatal(err)
	}
	ask := func(who string, n int) {
		for range n {
			r.note(store.Answer{AskedAt: clk.Now(), Serial: serial, Answer: "good", Requester: who})
		}
	}
	kept := func(who string) (n int) {
		t.Helper()
		if err := s.View(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
			return tx.QueryRow(ctx, "SELECT COUNT(*) FROM answer WHERE requester = $1", who).Scan(&n)
		}); err != nil {
			t.Fatal(err)
		}
		return n
	}
	ask("verifier-greedy", crowded)
	if len(signals()) > 0 {
		t.Error("nothing is lost yet")
	}
	ask("verifier-greedy", maxQueued)
	ask("verifier-other", 300)
	if got := signals(); len(got) != 1 || got[0].Code != alarm.AnswersUnrecorded || got[0].Value != maxQueued-maxShare || !strings.Contains(got[0].Detail.EN, "verifier-greedy") {
		t.Errorf("of the loss it says %+v", got)
	}
	for more := true; more; {
		if more, err = r.write(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if greedy, other := kept("verifier-greedy"), kept("verifier-other"); greedy != crowded+maxShare || other != 300 {
		t.Errorf("kept are %d and %d", greedy, other)
	}
	ask("verifier-greedy", crowded+maxShare) // everybody has a whole share again
	if got := signals(); got[0].Value != maxQueued-maxShare {
		t.Errorf("lost are %d", got[0].Value)
	}
	clk.Set(clk.Now().Add(lossOver + time.Second))
	if len(signals()) > 0 {
		t.Error("it does not end")
	}
}
