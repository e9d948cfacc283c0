package due_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
)

var start = time.Date(2004, 5, 26, 8, 30, 0, 0, time.UTC)

var doneSchema = sqlstore.Schema{Name: "done", FS: fstest.MapFS{"0001_done.sql": {Data: []byte(
	"CREATE TABLE done(ref TEXT NOT NULL PRIMARY KEY, at BIGINT NOT NULL, result TEXT NOT NULL);\n")}}}

// country is a store with a list of due work, in virtual time.
type country struct {
	*testing.T
	clock  *clock.Virtual
	faults *sqlstoretest.Faults
	store  *sqlstore.Store
}

func open(t *testing.T, url string) *country {
	c := &country{T: t, clock: clock.NewVirtual(start), faults: &sqlstoretest.Faults{}}
	c.store = sqlstoretest.Open(t, url, sqlstore.Options{Clock: c.clock, Faults: c.faults}, due.Schema, doneSchema)
	return c
}

func (c *country) list(rules ...due.Rule) *due.List {
	send := func(context.Context, *sqlstore.Tx, []message.Out) error { return nil }
	return due.New(c.store, c.clock, rules, send, slog.New(slog.DiscardHandler))
}

func (c *country) add(kind string, at time.Duration, refs ...string) {
	c.Helper()
	c.update(func(_ context.Context, tx *sqlstore.Tx) error {
		for _, ref := range refs {
			due.Add(tx, start.Add(at), kind, ref, []byte(ref))
		}
		return nil
	})
}

func (c *country) update(fn func(context.Context, *sqlstore.Tx) error) {
	c.Helper()
	if err := c.store.Update(c.Context(), fn); err != nil {
		c.Fatal(err)
	}
}

func (c *country) drive(l *due.List, until time.Duration) {
	c.Helper()
	if err := clock.Drive(c.Context(), c.clock, l.Tasks(), start.Add(until)); err != nil {
		c.Error(err)
	}
}

// done returns "ref+seconds result" for each effect, in the order of time and ref.
func (c *country) done() (all []string) {
	c.Helper()
	err := c.store.View(c.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		all, err = sqlstore.List(ctx, tx, func(r *sqlstore.Rows, s *string) error {
			var ref, result string
			var at time.Time
			err := r.Scan(&ref, sqlstore.Time(&at), &result)
			*s = fmt.Sprintf("%s+%g %s", ref, at.Sub(start).Seconds(), result)
			return err
		}, "SELECT ref, at, result FROM done ORDER BY at, ref")
		return err
	})
	if err != nil {
		c.Fatal(err)
	}
	return all
}

func (c *country) counts() (n due.Counts) {
	c.Helper()
	err := c.store.View(c.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		n, err = due.Count(ctx, tx)
		return err
	})
	if err != nil {
		c.Fatal(err)
	}
	return n
}

func (c *country) parked() (all []due.ParkedItem) {
	c.Helper()
	err := c.store.View(c.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		all, err = due.Parked(ctx, tx, 0, 2000)
		return err
	})
	if err != nil {
		c.Fatal(err)
	}
	return all
}

func (c *country) wantDone(want ...string) {
	c.Helper()
	if got := c.done(); !slices.Equal(got, want) {
		c.Errorf("done: %v\nwant: %v", got, want)
	}
}

// finish is an effect that can be written once only.
func finish(ctx context.Context, tx *sqlstore.Tx, item due.Item, result any) ([]message.Out, error) {
	_, err := tx.Exec(ctx, "INSERT INTO done(ref, at, result) VALUES ($1, $2, $3)", string(item.Payload), tx.Now(), fmt.Sprint(result))
	return nil, err
}

func TestItemsAreDoneAtTheirTimes(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := open(t, url)
		c.add("plan", 20*time.Second, "c")
		c.add("plan", 10*time.Second, "b")
		c.add("plan", -time.Hour, "a")
		var order []string
		l := c.list(due.Rule{Kind: "plan", Finish: func(ctx context.Context, tx *sqlstore.Tx, item due.Item, result any) ([]message.Out, error) {
			order = append(order, item.Ref)
			if item.Ref == "b" { // the next step of a long affair, earlier than what is already waiting
				due.Add(tx, tx.Now().Add(time.Second), "plan", "b2", []byte("b2"))
			}
			return finish(ctx, tx, item, result)
		}})
		c.drive(l, 15*time.Second)
		c.wantDone("a+0 <nil>", "b+10 <nil>", "b2+11 <nil>")
		c.drive(l, time.Minute)
		c.wantDone("a+0 <nil>", "b+10 <nil>", "b2+11 <nil>", "c+20 <nil>")
		if n := c.counts(); n != (due.Counts{}) {
			t.Errorf("left over: %+v", n)
		}
	})
}

func TestThreeSteps(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := open(t, url)
		c.add("sign", 0, "x", "y", "z")
		l := c.list(due.Rule{Kind: "sign",
			Prepare: func(ctx context.Context, tx *sqlstore.Tx, item due.Item) (any, error) {
				var n int64
				err := tx.QueryRow(ctx, "SELECT count(*) FROM due").Scan(&n)
				return fmt.Sprint(item.Ref, "/", n), err
			},
			Outside: func(_ context.Context, prepared any) (any, error) { return "signed " + prepared.(string), nil },
			Finish:  finish,
		})
		c.drive(l, 0)
		c.wantDone("x+0 signed x/3", "y+0 signed y/3", "z+0 signed z/3")
	})
}

func TestAThousandPoisonItemsDoNotHoldUpTheNext(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := open(t, url)
		for i := range 1000 {
			c.add([]string{"outside", "finish", "unknown", "prepare"}[i%4], time.Duration(i-2000)*time.Millisecond, fmt.Sprint("poison", i))
		}
		c.add("good", 0, "good")
		bad := errors.New("item cannot be read")
		l := c.list(
			due.Rule{Kind: "good", Finish: finish},
			due.Rule{Kind: "prepare", Finish: finish, Prepare: func(ctx context.Context, tx *sqlstore.Tx, _ due.Item) (any, error) {
				_, err := tx.Query(ctx, "SELECT nothing FROM nowhere")
				return nil, err
			}},
			due.Rule{Kind: "outside", Finish: finish, Outside: func(context.Context, any) (any, error) { return nil, bad }},
			due.Rule{Kind: "finish", Finish: func(ctx context.Context, tx *sqlstore.Tx, item due.Item, _ any) ([]message.Out, error) {
				if _, err := finish(ctx, tx, item, "half done"); err != nil {
					return nil, err
				}
				return nil, bad
			}})
		c.drive(l, 0)
		c.wantDone("good+0 <nil>")
		if n := c.counts(); n != (due.Counts{Waiting: 1000, Overdue: 1000, Failing: 1000}) {
			t.Errorf("after the first tries: %+v", n)
		}
		c.drive(l, 24*time.Hour)
		c.wantDone("good+0 <nil>")
		if n := c.counts(); n != (due.Counts{Parked: 1000}) {
			t.Errorf("in the end: %+v", n)
		}
		for _, p := range c.parked() {
			if p.Tries != 8 || p.Reason.JA == "" || p.Reason.EN == "" {
				t.Fatalf("parked without reason or tries: %+v", p)
			}
		}
	})
}

func TestParkedItemsGoOnAfterRetry(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := open(t, url)
		c.add("sign", 0, "x")
		broken := true
		l := c.list(due.Rule{Kind: "sign", Finish: finish, Outside: func(context.Context, any) (any, error) {
			if broken {
				return nil, errors.New("token is gone")
			}
			return "ok", nil
		}})
		c.drive(l, 24*time.Hour)
		p := c.parked()
		if len(p) != 1 || !strings.Contains(p[0].Reason.EN, "token is gone") {
			t.Fatalf("parked: %+v", p)
		}
		broken = false
		c.drive(l, 25*time.Hour)
		c.wantDone() // only a person lets it go on
		retry := func(ctx context.Context, tx *sqlstore.Tx) error { return due.Retry(ctx, tx, p[0].ID) }
		c.update(retry)
		c.drive(l, 25*time.Hour)
		c.wantDone("x+90000 ok")
		if err := c.store.Update(t.Context(), retry); err == nil || !strings.Contains(err.Error(), "保留されていません") {
			t.Errorf("retry of an item that is done: %v", err)
		}
	})
}

func TestPanicIsOneItemsFailure(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := open(t, url)
		c.add("prepare", 0, "1")
		c.add("outside", 0, "2")
		c.add("finish", 0, "3")
		c.add("good", 0, "4")
		l := c.list(
			due.Rule{Kind: "good", Finish: finish},
			due.Rule{Kind: "prepare", Finish: finish, Prepare: func(context.Context, *sqlstore.Tx, due.Item) (any, error) { panic("prepare\x00") }},
			due.Rule{Kind: "outside", Finish: finish, Outside: func(context.Context, any) (any, error) { panic("outside") }},
			due.Rule{Kind: "finish", Finish: func(ctx context.Context, tx *sqlstore.Tx, item due.Item, _ any) ([]message.Out, error) {
				finish(ctx, tx, item, "half done")
				panic("finish")
			}})
		c.drive(l, 24*time.Hour)
		c.wantDone("4+0 <nil>")
		if n := c.counts(); n.Parked != 3 {
			t.Errorf("%+v", n)
		}
	})
}

// Each commit of the way fails once, and fails once though it was applied: the effect is there once all the same.
func TestCommitFaults(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		for name, inject := range map[string]func(f *sqlstoretest.Faults, n int){
			"failed": (*sqlstoretest.Faults).FailNext, "failed but applied": (*sqlstoretest.Faults).LoseNext,
		} {
			for n := 1; n <= 4; n++ {
				t.Run(fmt.Sprint(name, n), func(t *testing.T) {
					c := open(t, sqlstoretestURL(t, url))
					c.add("good", 0, "a", "b", "c")
					c.add("once", 0, "d")
					tries := 0
					l := c.list(due.Rule{Kind: "good", Finish: finish},
						due.Rule{Kind: "once", Finish: finish, Outside: func(context.Context, any) (any, error) {
							if tries++; tries == 1 {
								return nil, errors.New("first time")
							}
							return nil, nil
						}})
					inject(c.faults, n)
					c.drive(l, time.Minute)
					var refs []string
					for _, d := range c.done() {
						refs = append(refs, d[:1])
					}
					slices.Sort(refs)
					if !slices.Equal(refs, []string{"a", "b", "c", "d"}) {
						t.Errorf("done: %v", refs)
					}
					if n := c.counts(); n != (due.Counts{}) {
						t.Errorf("left over: %+v", n)
					}
				})
			}
		}
	})
}

// sqlstoretestURL gives each subtest a database of its own, of the engine of url.
func sqlstoretestURL(t *testing.T, url string) string {
	if strings.HasPrefix(url, "sqlite:") {
		return sqlstoretest.SQLite(t)
	}
	return sqlstoretest.Postgres(t)
}

func TestStopBetweenOutsideAndFinish(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := open(t, url)
		c.add("sign", 0, "x")
		ctx, stop := context.WithCancel(t.Context())
		calls := 0
		rule := due.Rule{Kind: "sign", Finish: finish, Outside: func(context.Context, any) (any, error) {
			calls++
			stop()
			return "signature", nil
		}}
		if err := clock.Drive(ctx, c.clock, c.list(rule).Tasks(), start); err == nil {
			t.Error("the first run was not stopped")
		}
		c.wantDone()
		c.drive(c.list(rule), 0) // the program starts again
		c.wantDone("x+0 signature")
		if calls != 2 {
			t.Errorf("Outside was called %d times", calls)
		}
	})
}

func TestRemovedWhileOutsideRuns(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := open(t, url)
		c.add("sign", 0, "x")
		c.drive(c.list(due.Rule{Kind: "sign", Finish: finish, Outside: func(context.Context, any) (any, error) {
			c.update(func(ctx context.Context, tx *sqlstore.Tx) error {
				n, err := due.Remove(ctx, tx, "sign", "x")
				if n != 1 {
					t.Errorf("removed %d", n)
				}
				return err
			})
			return nil, nil
		}}), time.Hour)
		c.wantDone()
		if n := c.counts(); n != (due.Counts{}) {
			t.Errorf("%+v", n)
		}
	})
}

// A device that hangs costs one deadline; then its kind stands in its own lane, and comes back when it answers.
func TestHangingOutsideCostsOneDeadline(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := open(t, url)
		for i := range 50 {
			c.add("hang", -time.Second, fmt.Sprint("h", i))
		}
		c.add("good", 0, "good")
		var calls atomic.Int32
		hung := make(chan struct{})
		var free sync.Once
		defer free.Do(func() { close(hung) })
		l := c.list(due.Rule{Kind: "good", Finish: finish},
			due.Rule{Kind: "hang", Finish: finish, Deadline: 20 * time.Millisecond,
				Outside: func(context.Context, any) (any, error) {
					calls.Add(1)
					<-hung // and does not even look at its context
					return nil, nil
				}})
		l.Parallel = 1
		fast := l.Tasks()[0]
		for range 3 {
			if _, err := fast.Step(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		c.wantDone("good+0 <nil>")
		if n := calls.Load(); n != 1 {
			t.Errorf("the usual lane called the hanging device %d times", n)
		}
		c.drive(l, 0)
		if n := calls.Load(); n > 5 {
			t.Errorf("%d calls were left behind before one device", n)
		}
		free.Do(func() { close(hung) })
		c.drive(l, 24*time.Hour)
		if n := len(c.done()); n != 51 {
			t.Errorf("%d items done, and %+v", n, c.counts())
		}
	})
}

// TestLater: what waits for somebody who is not there is never parked, is tried soon after it has come back, and does not count what was
// before; what fails of itself is parked as ever.
func TestLater(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := open(t, url)
		c.add("sign", 0, "x", "y")
		away := errors.New("no token is ready")
		tries := map[string]int{}
		there := false
		l := c.list(due.Rule{Kind: "sign", Finish: finish,
			Prepare: func(_ context.Context, _ *sqlstore.Tx, item due.Item) (any, error) { return item.Ref, nil },
			Outside: func(_ context.Context, prepared any) (any, error) {
				tries[prepared.(string)]++
				switch {
				case !there:
					return nil, fmt.Errorf("couldn't sign: %w", due.Later(away))
				case prepared == "y":
					return nil, away
				}
				return "signed", nil
			}})
		l.Parallel = 1
		c.drive(l, 24*time.Hour)
		c.wantDone()
		if n := c.counts(); n != (due.Counts{Waiting: 2, Overdue: 2}) {
			t.Errorf("a day without a token: %+v", n)
		}
		if n := tries["x"]; n < 24*60 || n > 24*60*2+20 {
			t.Errorf("tried %d times in a day", n)
		}
		there = true
		c.drive(l, 24*time.Hour+30*time.Second)
		if done := c.done(); len(done) != 1 || !strings.HasPrefix(done[0], "x+") {
			t.Errorf("done: %v", done)
		}
		c.drive(l, 48*time.Hour)
		if p := c.parked(); len(p) != 1 || p[0].Ref != "y" || p[0].Tries != 8 {
			t.Errorf("parked: %+v", p)
		}
	})
}
