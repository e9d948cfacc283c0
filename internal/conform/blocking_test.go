package conform

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/queue"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

// little is a small queue over a table, with one fault, or none.
type little struct {
	fault string
	store *sqlstore.Store
	clock clock.Clock
	hang  func()
	bell  clock.Bell
}

var littleSchema = sqlstore.Schema{Name: "little", FS: fstest.MapFS{"0001_little.sql": {Data: []byte(
	"CREATE TABLE little(id BIGINT NOT NULL PRIMARY KEY, body BYTEA NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL);\n")}}}

func littleQueue(fault string) queue.Queue {
	return queue.Queue{Name: "little/" + strings.ReplaceAll(fault, " ", "-"), Shape: queue.Waiting, Settles: time.Minute,
		Items: plain.Sentence{JA: "もの", EN: "things"}, Aside: plain.Sentence{JA: "表", EN: "the table"},
		Bad: []queue.Poison{queue.Undecodable, queue.Panic, queue.Truncated, queue.Hang}, Never: map[queue.Poison]string{queue.Foreign: "it has no keys"},
		Open: func(ctx context.Context, g queue.Ground) (*queue.Rig, error) {
			store, err := sqlstore.Open(ctx, g.Store("little"), sqlstore.Options{Clock: g.Clock, Log: g.Log}, littleSchema)
			if err != nil {
				return nil, err
			}
			l := &little{fault: fault, store: store, clock: g.Clock, hang: g.Hang}
			if err := l.start(ctx); err != nil {
				return nil, errors.Join(err, store.Close())
			}
			l.bell.Ring()
			return &queue.Rig{Tasks: []clock.Task{{Name: "little", Step: l.step, Bell: &l.bell}},
				Plant: l.plant, Good: l.good, Aside: l.aside, Close: store.Close}, nil
		}}
}

// start does what a program does that reads its queue at the start.
func (l *little) start(ctx context.Context) error {
	switch l.fault {
	case "does not start":
		bad, err := l.list(ctx, `state = 'aside'`)
		if err == nil && len(bad) > 0 {
			err = errors.New("an item cannot be read")
		}
		return err
	case "forgets":
		return l.store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
			_, err := tx.Exec(ctx, `DELETE FROM little WHERE state = 'aside'`)
			return err
		})
	}
	return nil
}

type thing struct {
	id     int64
	body   []byte
	reason string
}

func (l *little) list(ctx context.Context, where string) (all []thing, err error) {
	err = l.store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		all, err = sqlstore.List(ctx, tx, func(r *sqlstore.Rows, t *thing) error { return r.Scan(&t.id, &t.body, &t.reason) },
			`SELECT id, body, reason FROM little WHERE `+where+` ORDER BY id`)
		return err
	})
	return all, err
}

// handle is the handler: it knows good items only.
func (l *little) handle(t thing) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	switch string(t.body) {
	case "good":
		return nil
	case "panic":
		panic("planted")
	case "hang":
		if l.fault == "hangs" {
			l.hang()
		}
		return errors.New("its deadline is over") // a healthy queue leaves it behind; see internal/due for how
	}
	return errors.New("it cannot be read")
}

// step takes one item. With the fault "retries the head" it is the exchange of 2004: the first item again, until it works.
func (l *little) step(ctx context.Context) (time.Time, error) {
	waiting, err := l.list(ctx, `state = 'waiting'`)
	if err != nil || len(waiting) == 0 {
		return time.Time{}, err
	}
	first := waiting[0]
	state, reason := "done", ""
	if err := l.handle(first); err != nil {
		switch l.fault {
		case "retries the head":
			return l.clock.Now().Add(time.Second), nil
		case "fails at the head":
			return time.Time{}, err
		case "is slow":
			if now := l.clock.Now(); now.Nanosecond() == 0 { // each costs two seconds
				return now.Add(2*time.Second + 1), nil
			}
		}
		state, reason = "aside", "読めません。/"+err.Error()
		if l.fault == "says nothing" {
			reason = "/"
		}
		if l.fault == "drops" {
			state = "gone"
		}
	}
	return l.clock.Now(), l.store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE little SET state = $1, reason = $2 WHERE id = $3`, state, reason, first.id)
		return err
	})
}

func (l *little) plant(ctx context.Context, p queue.Poison, n int) error {
	body := map[queue.Poison]string{queue.Undecodable: "\xff", queue.Panic: "panic", queue.Truncated: "goo", queue.Hang: "hang"}[p]
	return l.store.Update(ctx, func(_ context.Context, tx *sqlstore.Tx) error {
		for range n {
			tx.Collect("little", "id, body, state, reason", tx.Serial(), []byte(body), "waiting", "")
		}
		tx.OnCommit(l.bell.Ring)
		return nil
	})
}

func (l *little) good(ctx context.Context) (func(context.Context) (bool, error), error) {
	var id int64
	err := l.store.Update(ctx, func(_ context.Context, tx *sqlstore.Tx) error {
		id = tx.Serial()
		tx.Collect("little", "id, body, state, reason", id, []byte("good"), "waiting", "")
		tx.OnCommit(l.bell.Ring)
		return nil
	})
	return func(ctx context.Context) (bool, error) {
		done, err := l.list(ctx, fmt.Sprintf("state = 'done' AND id = %d", id))
		return len(done) == 1, err
	}, err
}

func (l *little) aside(ctx context.Context) (queue.Aside, error) {
	all, err := l.list(ctx, `state = 'aside'`)
	a := queue.Aside{Counted: int64(len(all)), Shown: int64(len(all))}
	for _, t := range all {
		ja, en, _ := strings.Cut(t.reason, "/")
		a.Reasons = append(a.Reasons, plain.Sentence{JA: ja, EN: en})
	}
	switch l.fault {
	case "does not count":
		a.Counted = 0
	case "does not show":
		a.Shown = 0
	}
	return a, err
}

// TestKitFindsEachFault: a queue without a fault holds, and each fault is found, and named.
func TestKitFindsEachFault(t *testing.T) {
	for fault, says := range map[string]string{
		"":                  "",
		"retries the head":  "a good item had not come through", // 2004
		"fails at the head": "a good item had not come through",
		"is slow":           "only within",
		"drops":             "0 are counted and 0 are shown",
		"does not count":    "0 are counted and 11 are shown",
		"does not show":     "11 are counted and 0 are shown",
		"says nothing":      "not in both languages",
		"forgets":           "after a restart: of 11 bad items 0 are counted",
		"does not start":    "it could not be started again",
	} {
		t.Run(fault, func(t *testing.T) {
			q := littleQueue(fault)
			q.Bad = []queue.Poison{queue.Undecodable}
			if fault == "" {
				q.Bad = append(q.Bad, queue.Panic, queue.Truncated)
			}
			r := mustTry(t, q, Options{Quick: true})
			for _, c := range r.Cases {
				bad := says != "" && !strings.Contains(c.Case, "no poison")
				if c.OK == bad || bad && !strings.Contains(c.Says, says) {
					t.Errorf("%s: %v, %s; want %q", c.Case, c.OK, c.Says, says)
				}
			}
			if len(r.Cases) != 1+len(q.Bad) || r.Holds() == (says != "") || len(r.CannotBe) != 1 {
				t.Errorf("%+v", r)
			}
		})
	}
}

// TestKitFindsWhoHangs: a queue that waits for a handler which never returns is given up, and what hung is let go.
func TestKitFindsWhoHangs(t *testing.T) {
	q := littleQueue("hangs")
	q.Bad = []queue.Poison{queue.Hang}
	r := mustTry(t, q, Options{Quick: true, patience: 500 * time.Millisecond})
	if c := r.Cases[1]; c.OK || !strings.Contains(c.Says, "it stood still for 500ms") {
		t.Errorf("%+v", c)
	}
	q = littleQueue("")
	q.Bad = []queue.Poison{queue.Hang}
	if r := mustTry(t, q, Options{Quick: true}); !r.Holds() {
		t.Errorf("%+v", r)
	}
}

// TestKitFindsWhoDies: a panic that a queue lets out at its start is its failure, and not the kit's end.
func TestKitFindsWhoDies(t *testing.T) {
	q := littleQueue("")
	open := q.Open
	q.Bad, q.Open = []queue.Poison{queue.Undecodable}, func(ctx context.Context, g queue.Ground) (*queue.Rig, error) {
		rig, err := open(ctx, g)
		if err == nil {
			good := rig.Good
			rig.Good = func(ctx context.Context) (func(context.Context) (bool, error), error) {
				if a, err := rig.Aside(ctx); err != nil || a.Counted > 0 {
					panic("planted")
				}
				return good(ctx)
			}
		}
		return rig, err
	}
	r := mustTry(t, q, Options{Quick: true})
	if c := r.Cases[1]; c.OK || !strings.Contains(c.Says, "would have ended with a panic: planted") {
		t.Errorf("%+v", c)
	}
}

// hasty is a clock of real time on which some work seems to take long.
type hasty struct {
	clock.Clock
	ahead atomic.Int64
}

func (h *hasty) Now() time.Time { return h.Clock.Now().Add(time.Duration(h.ahead.Load())) }

// TestKitTriesTwiceWhatTookLong: what takes long in real time alone is tried once more, and fails when it takes long again,
// but not for what it takes without the poison.
func TestKitTriesTwiceWhatTookLong(t *testing.T) {
	for name, c := range map[string]struct {
		takes func(planted int, bad bool) time.Duration
		ok    bool
		says  string
	}{
		"once":      {func(planted int, bad bool) time.Duration { return pick(bad && planted == 1, 11*time.Second) }, true, "at the second try; at the first: "},
		"always":    {func(_ int, bad bool) time.Duration { return pick(bad, 11*time.Second) }, false, "a good item came through only after 11"},
		"and alone": {func(int, bool) time.Duration { return 11 * time.Second }, true, "of real time"},
	} {
		t.Run(name, func(t *testing.T) {
			slow := &hasty{Clock: clock.System()}
			q, planted := littleQueue(""), 0
			open := q.Open
			q.Bad, q.Open = []queue.Poison{queue.Undecodable}, func(ctx context.Context, g queue.Ground) (*queue.Rig, error) {
				rig, err := open(ctx, g)
				if err != nil {
					return nil, err
				}
				good, first, bad := rig.Good, true, false
				plant := rig.Plant
				rig.Plant = func(ctx context.Context, p queue.Poison, n int) error {
					planted++
					bad = true
					return plant(ctx, p, n)
				}
				rig.Good = func(ctx context.Context) (func(context.Context) (bool, error), error) {
					if first {
						slow.ahead.Add(int64(c.takes(planted, bad)))
					}
					first = false
					return good(ctx)
				}
				return rig, nil
			}
			r := mustTry(t, q, Options{Quick: true, real: slow})
			if got := r.Cases[1]; got.OK != c.ok || !strings.Contains(got.Says, c.says) {
				t.Errorf("%v %s", got.OK, got.Says)
			}
		})
	}
}

func pick(so bool, d time.Duration) time.Duration {
	if so {
		return d
	}
	return 0
}

// TestPlan: what is tried of a queue, in full and in quick, is what design.md promises.
func TestPlan(t *testing.T) {
	names := func(o Options) (names []string) {
		for _, t := range o.plan(littleQueue(""), "sqlite") {
			names = append(names, strings.TrimSuffix(strings.TrimPrefix(t.name(), "little/: "), ", sqlite"))
		}
		return names
	}
	want := []string{"no poison"}
	for _, p := range []string{"undecodable", "panic", "truncated"} {
		for _, n := range []string{"1", "11", "100", "1,000"} {
			want = append(want, p+" × "+n)
		}
		want = append(want, p+" × 11, restarted with it")
	}
	want = append(want, "hang × 1", "hang × 11", "hang × 11, restarted with it")
	if got := names(Options{}); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got := names(Options{Quick: true}); !slices.Equal(got, []string{"no poison", "undecodable × 11", "panic × 11", "truncated × 11", "hang × 1"}) {
		t.Errorf("quick: %q", got)
	}
}

func mustTry(t *testing.T, q queue.Queue, opt Options) *Report {
	t.Helper()
	opt.Dir = t.TempDir()
	r, err := tryAll(t.Context(), []queue.Queue{q}, opt)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
