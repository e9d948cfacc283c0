package due_test

import (
	"context"
	"fmt"
	"log/slog"
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

// A rule that hangs inside a transaction costs one deadline; then its kind stands in its own lane, with the transaction
// rolled back, and comes back when it answers.
func TestHangingRuleCostsOneDeadline(t *testing.T) {
	for _, step := range []string{"prepare", "finish"} {
		t.Run(step, func(t *testing.T) {
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
				rule := due.Rule{Kind: "hang", Finish: finish, Deadline: 50 * time.Millisecond}
				if step == "prepare" {
					rule.Prepare = func(context.Context, *sqlstore.Tx, due.Item) (any, error) {
						calls.Add(1)
						<-hung
						return nil, nil
					}
				} else {
					rule.Finish = func(ctx context.Context, tx *sqlstore.Tx, i due.Item, r any) ([]message.Out, error) {
						calls.Add(1)
						outs, err := finish(ctx, tx, i, r)
						<-hung
						return outs, err
					}
				}
				l := c.list(due.Rule{Kind: "good", Finish: finish}, rule)
				fast := l.Tasks()[0]
				for range 3 {
					if _, err := fast.Step(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
				c.wantDone("good+0 <nil>")
				if n := calls.Load(); n != 1 {
					t.Errorf("the usual lane called the hanging rule %d times", n)
				}
				c.drive(l, 0)
				if n := calls.Load(); n > 5 {
					t.Errorf("%d calls were left behind", n)
				}
				free.Do(func() { close(hung) })
				c.drive(l, 24*time.Hour)
				if n := len(c.done()); n != 51 {
					t.Errorf("%d items done, and %+v", n, c.counts())
				}
			})
		})
	}
}

var promiseSchema = sqlstore.Schema{Name: "promise", FS: fstest.MapFS{"0001_promise.sql": {Data: []byte(
	`CREATE TABLE promised(id BIGINT NOT NULL PRIMARY KEY);
CREATE TABLE promise(id BIGINT NOT NULL PRIMARY KEY, of BIGINT NOT NULL REFERENCES promised(id) DEFERRABLE INITIALLY DEFERRED);
`)}}}

// Items whose rules are content, but whose commits the database refuses, hold up nobody: neither those of their own batch
// nor, however many they are, the batches behind them.
func TestCommitThatIsRefusedIsOneItemsFailure(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		clk := clock.NewVirtual(start)
		store := sqlstoretest.Open(t, url, sqlstore.Options{Clock: clk}, due.Schema, doneSchema, promiseSchema)
		c := &country{T: t, clock: clk, store: store}
		l := due.New(store, clk, []due.Rule{{Kind: "good", Finish: finish}, {Kind: "broken promise",
			Finish: func(ctx context.Context, tx *sqlstore.Tx, i due.Item, _ any) ([]message.Out, error) {
				_, err := tx.Exec(ctx, `INSERT INTO promise(id, of) VALUES ($1, $2)`, i.ID, i.ID)
				return nil, err
			}}},
			func(context.Context, *sqlstore.Tx, []message.Out) error { return nil }, slog.New(slog.DiscardHandler))
		const bad = 150 // more than a batch
		for i := range bad {
			c.add("broken promise", -time.Second, fmt.Sprint(i))
		}
		c.add("good", 0, "good")
		c.drive(l, 0)
		c.wantDone("good+0 <nil>")
		c.drive(l, 24*time.Hour)
		if n := c.counts(); n != (due.Counts{Parked: bad}) {
			t.Errorf("%+v", n)
		}
	})
}
