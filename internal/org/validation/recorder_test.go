package validation

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
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
