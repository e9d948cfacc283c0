package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
)

// together runs the functions as one group: a first Update holds the writer until the others stand in the queue, and
// calls then. Its own error must be want.
func together(t *testing.T, s *sqlstore.Store, then func(), want error, fns ...func(ctx, tx) error) []error {
	t.Helper()
	errs := make([]error, len(fns))
	var wg sync.WaitGroup
	first := true
	err := s.Update(t.Context(), func(c ctx, x tx) error {
		if !first {
			return nil // asked again, after the group as a whole could not commit
		}
		first = false
		for i, fn := range fns {
			wg.Go(func() { errs[i] = s.Update(t.Context(), fn) })
			for s.Queued() <= i {
				runtime.Gosched()
			}
		}
		then()
		return nil
	})
	if !errors.Is(err, want) {
		t.Errorf("the first of the group: %v, want %v", err, want)
	}
	wg.Wait()
	return errs
}

// One member fails, one panics, one ends its goroutine, one gives up: the others commit, and nothing of those remains.
func TestGroupMembersDoNotSufferForEachOther(t *testing.T) {
	for _, url := range []string{sqlstoretest.SQLite(t), "memory:"} {
		s := sqlstoretest.Open(t, url, sqlstore.Options{}, testSchema)
		refused := errors.New("refused")
		committed := map[int64]bool{}
		var mu sync.Mutex
		var fns []func(ctx, tx) error
		for k := range int64(40) {
			fns = append(fns, func(c ctx, x tx) error {
				x.OnCommit(func() { mu.Lock(); committed[k] = true; mu.Unlock() })
				x.Collect("item", "k, v", k, "collected")
				if err := put(c, x, 100+k, "written"); err != nil {
					return err
				}
				switch k % 5 {
				case 1:
					return refused
				case 2:
					put(c, x, 100+k, "duplicate") // and forgets the error
				case 3:
					_, err := x.Query(c, "SELECT k FROM item") // and leaves it open
					return errors.Join(err, refused)
				}
				return nil
			})
		}
		for k, err := range together(t, s, func() {}, nil, fns...) {
			if good := k%5 == 0 || k%5 == 4; good != (err == nil) || good != committed[int64(k)] {
				t.Errorf("%s: member %d: %v, on commit %v", url, k, err, committed[int64(k)])
			}
		}
		got := items(t, s)
		for k := range int64(40) {
			want := ""
			if k%5 == 0 || k%5 == 4 {
				want = "collected"
			}
			if got[k] != want || (got[100+k] == "written") != (want != "") {
				t.Errorf("%s: rows of member %d: %q, %q", url, k, got[k], got[100+k])
			}
		}
	}
}

func TestGroupPanicStaysWithItsCaller(t *testing.T) {
	s := sqlstoretest.Open(t, sqlstoretest.SQLite(t), sqlstore.Options{}, testSchema)
	var wg sync.WaitGroup
	first := true
	err := s.Update(t.Context(), func(c ctx, x tx) error {
		if !first {
			t.Error("the panic of another took the first down")
		}
		first = false
		queue := func(i int, run func()) {
			wg.Go(run)
			for s.Queued() < i {
				runtime.Gosched()
			}
		}
		queue(1, func() {
			defer func() {
				if r := recover(); r != "broken rule" {
					t.Errorf("recovered %v", r)
				}
			}()
			s.Update(t.Context(), func(c ctx, x tx) error { put(c, x, 1, "a"); panic("broken rule") })
		})
		queue(2, func() {
			s.Update(t.Context(), func(c ctx, x tx) error { put(c, x, 2, "a"); runtime.Goexit(); return nil })
		})
		queue(3, func() {
			if err := s.Update(t.Context(), func(c ctx, x tx) error { return put(c, x, 3, "a") }); err != nil {
				t.Error(err)
			}
		})
		return put(c, x, 4, "a")
	})
	wg.Wait()
	if got := items(t, s); err != nil || len(got) != 2 || got[3] == "" || got[4] == "" {
		t.Error(err, got)
	}
}

// A constraint that is checked at the commit fails one member only, though the commit is everybody's.
func TestGroupCommitRefusedForOneMember(t *testing.T) {
	schema := sqlstore.Schema{Name: "deferred", FS: fstest.MapFS{"0001_deferred.sql": {Data: []byte(`
CREATE TABLE parent(id BIGINT NOT NULL PRIMARY KEY);
CREATE TABLE child(id BIGINT NOT NULL PRIMARY KEY, parent BIGINT NOT NULL REFERENCES parent(id) DEFERRABLE INITIALLY DEFERRED);
`)}}}
	s := sqlstoretest.Open(t, sqlstoretest.SQLite(t), sqlstore.Options{}, schema)
	child := func(id, parent int64) func(ctx, tx) error {
		return func(c ctx, x tx) error {
			x.Collect("child", "id, parent", id, parent)
			if parent != 0 {
				x.Collect("parent", "id", parent)
			}
			return nil
		}
	}
	errs := together(t, s, func() {}, nil, child(1, 10), child(2, 0), child(3, 30))
	if errs[0] != nil || errs[1] == nil || errs[2] != nil {
		t.Errorf("got %v", errs)
	}
}

// A caller who gives up in the queue neither writes nor holds up the queue.
func TestGivingUpInTheQueue(t *testing.T) {
	s := sqlstoretest.Open(t, sqlstoretest.SQLite(t), sqlstore.Options{}, testSchema)
	gone, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	err := s.Update(t.Context(), func(ctx, tx) error {
		go func() { done <- s.Update(gone, func(c ctx, x tx) error { return put(c, x, 1, "a") }) }()
		for s.Queued() < 1 {
			runtime.Gosched()
		}
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		return nil
	})
	if err != nil || len(items(t, s)) != 0 {
		t.Error(err, items(t, s))
	}
}

// Each fault of the commit twice: failed, and failed but applied; alone and in a group.
func TestCommitFaults(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		f := &sqlstoretest.Faults{}
		s := sqlstoretest.Open(t, url, sqlstore.Options{Faults: f}, testSchema)
		on := 0
		one := func(k int64) func(ctx, tx) error {
			return func(c ctx, x tx) error { x.OnCommit(func() { on++ }); x.Ring("bell"); return put(c, x, k, "a") }
		}
		bell := s.Bell("bell")
		f.FailNext(1)
		err := s.Update(t.Context(), one(1))
		if !errors.Is(err, sqlstoretest.ErrInjected) || errors.Is(err, sqlstore.ErrUnknown) || on != 0 || bell.Rung() || len(items(t, s)) != 0 {
			t.Errorf("failed: %v, %d on commit, %v", err, on, items(t, s))
		}
		f.LoseNext(1)
		err = s.Update(t.Context(), one(2))
		if !errors.Is(err, sqlstore.ErrUnknown) || on != 0 || !bell.Rung() || len(items(t, s)) != 1 {
			t.Errorf("failed but applied: %v, %d on commit, and it rang or not; %v", err, on, items(t, s))
		}
		if err := s.Update(t.Context(), one(3)); err != nil || on != 1 || !bell.Rung() {
			t.Errorf("afterwards: %v", err)
		}
	})
	for name, c := range map[string]struct {
		inject func(f *sqlstoretest.Faults, n int)
		want   error
		rows   int
	}{
		// The group is asked again one by one, and only then does the fault have a bearer.
		"group failed":             {(*sqlstoretest.Faults).FailNext, nil, 3},
		"group failed but applied": {(*sqlstoretest.Faults).LoseNext, sqlstore.ErrUnknown, 3},
	} {
		t.Run(name, func(t *testing.T) {
			f := &sqlstoretest.Faults{}
			s := sqlstoretest.Open(t, sqlstoretest.SQLite(t), sqlstore.Options{Faults: f}, testSchema)
			var fns []func(ctx, tx) error
			for k := range int64(3) {
				fns = append(fns, func(c ctx, x tx) error { return put(c, x, k, fmt.Sprint(k)) })
			}
			errs := together(t, s, func() { c.inject(f, 1) }, c.want, fns...)
			for i, err := range errs {
				if !errors.Is(err, c.want) {
					t.Errorf("member %d: %v", i, err)
				}
			}
			if got := items(t, s); len(got) != c.rows {
				t.Errorf("rows: %v", got)
			}
		})
	}
}

// When the transaction itself is lost, the members whose work was in it are asked again.
func TestGroupLosesItsTransaction(t *testing.T) {
	s := sqlstoretest.Open(t, sqlstoretest.SQLite(t), sqlstore.Options{Log: slog.New(slog.DiscardHandler)}, testSchema)
	errs := together(t, s, func() {}, nil,
		func(c ctx, x tx) error { return put(c, x, 1, "a") },
		func(c ctx, x tx) error { s.LoseConnection(); return put(c, x, 2, "a") },
		func(c ctx, x tx) error { return put(c, x, 3, "a") })
	if errs[0] != nil || errs[1] == nil || errs[2] != nil {
		t.Errorf("got %v", errs)
	}
	if got := items(t, s); len(got) != 2 || got[1] == "" || got[3] == "" {
		t.Errorf("rows: %v", got)
	}
}

func TestLostConnectionIsOpenedAgain(t *testing.T) {
	s := sqlstoretest.Open(t, sqlstoretest.SQLite(t), sqlstore.Options{Log: slog.New(slog.DiscardHandler)}, testSchema)
	for k := range int64(3) {
		if err := s.Update(t.Context(), func(c ctx, x tx) error { return put(c, x, k, "a") }); err != nil {
			t.Error(err)
		}
		err := s.Update(t.Context(), func(c ctx, x tx) error {
			s.LoseConnection()
			return put(c, x, 100+k, "never")
		})
		if err == nil {
			t.Error("committed without a connection")
		}
	}
	if got := items(t, s); len(got) != 3 {
		t.Errorf("rows: %v", got)
	}
}
