package due_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
)

// finishAll is finish for many.
func finishAll(ctx context.Context, tx *sqlstore.Tx, items []due.Item, results []any) ([]message.Out, error) {
	for i, item := range items {
		if _, err := finish(ctx, tx, item, results[i]); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

func refs(items []due.Item) (all []string) {
	for _, i := range items {
		all = append(all, i.Ref)
	}
	return all
}

// TestTogether: what follows each other on the list is done together, in its order and with what was prepared for it, as far as its
// number is bounded.
func TestTogether(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := open(t, url)
		var want []string
		for i := range 70 {
			ref := fmt.Sprintf("s%02d", i)
			c.add("sign", time.Duration(i-100)*time.Second, ref)
			want = append(want, ref)
		}
		c.add("other", -65*time.Second-time.Millisecond, "o") // before s35
		want = slices.Insert(want, 35, "o")
		var order []string
		var prepared, finished []int
		l := c.list(
			due.Rule{Kind: "sign",
				PrepareAll: func(_ context.Context, _ *sqlstore.Tx, items []due.Item) (all []any, _ error) {
					prepared = append(prepared, len(items))
					for _, i := range items {
						all = append(all, i.Ref)
					}
					return all, nil
				},
				Outside: func(_ context.Context, prepared any) (any, error) { return prepared.(string) + " signed", nil },
				FinishAll: func(ctx context.Context, tx *sqlstore.Tx, items []due.Item, results []any) ([]message.Out, error) {
					finished, order = append(finished, len(items)), append(order, refs(items)...)
					for i, item := range items {
						if results[i] != item.Ref+" signed" {
							t.Errorf("%s came with %v", item.Ref, results[i])
						}
					}
					return finishAll(ctx, tx, items, results)
				}},
			due.Rule{Kind: "other", Finish: func(ctx context.Context, tx *sqlstore.Tx, item due.Item, result any) ([]message.Out, error) {
				order = append(order, item.Ref)
				return finish(ctx, tx, item, result)
			}})
		c.drive(l, 0)
		if !slices.Equal(order, want) {
			t.Errorf("order: %v", order)
		}
		if runs := []int{32, 3, 32, 3}; !slices.Equal(prepared, runs) || !slices.Equal(finished, runs) {
			t.Errorf("prepared %v, finished %v", prepared, finished)
		}
		if n := len(c.done()); n != 71 {
			t.Errorf("%d are done", n)
		}
	})
}

// TestOnePoisonedAmongMany: whatever one item does to those with which it is taken, it alone fails, and at the same moment all others
// are done.
func TestOnePoisonedAmongMany(t *testing.T) {
	bad := errors.New("this one cannot be read")
	has := func(items []due.Item) bool {
		return slices.ContainsFunc(items, func(i due.Item) bool { return strings.HasPrefix(i.Ref, "poison") })
	}
	pass := func(_ context.Context, _ *sqlstore.Tx, items []due.Item) ([]any, error) {
		return make([]any, len(items)), nil
	}
	for name, rule := range map[string]due.Rule{
		"prepare fails": {FinishAll: finishAll, PrepareAll: func(ctx context.Context, tx *sqlstore.Tx, items []due.Item) ([]any, error) {
			if has(items) {
				_, err := tx.Query(ctx, "SELECT nothing FROM nowhere")
				return nil, err
			}
			return pass(ctx, tx, items)
		}},
		"prepare panics": {FinishAll: finishAll, PrepareAll: func(ctx context.Context, tx *sqlstore.Tx, items []due.Item) ([]any, error) {
			if has(items) {
				panic("prepare")
			}
			return pass(ctx, tx, items)
		}},
		"prepare answers for others": {FinishAll: finishAll, PrepareAll: func(ctx context.Context, tx *sqlstore.Tx, items []due.Item) ([]any, error) {
			if has(items) {
				return make([]any, len(items)-1), nil
			}
			return pass(ctx, tx, items)
		}},
		"finish fails": {FinishAll: func(ctx context.Context, tx *sqlstore.Tx, items []due.Item, results []any) ([]message.Out, error) {
			if outs, err := finishAll(ctx, tx, items, results); err != nil || !has(items) {
				return outs, err
			}
			return nil, bad
		}},
		"finish panics": {FinishAll: func(ctx context.Context, tx *sqlstore.Tx, items []due.Item, results []any) ([]message.Out, error) {
			if outs, err := finishAll(ctx, tx, items, results); err != nil || !has(items) {
				return outs, err
			}
			panic("finish")
		}},
		"a row is refused": {FinishAll: func(ctx context.Context, tx *sqlstore.Tx, items []due.Item, results []any) ([]message.Out, error) {
			for range map[bool]int{false: 1, true: 2}[has(items)] {
				tx.Collect("done", "ref, at, result", "of "+items[0].Ref, tx.Now(), "")
			}
			return finishAll(ctx, tx, items, results)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			sqlstoretest.Each(t, func(t *testing.T, url string) {
				c := open(t, url)
				for i := range 32 {
					ref := fmt.Sprint("good", i)
					if i == 13 {
						ref = "poison"
					}
					c.add("sign", time.Duration(i-40)*time.Second, ref)
				}
				rule := rule
				rule.Kind = "sign"
				l := c.list(rule)
				c.drive(l, 0)
				good := 0
				for _, d := range c.done() {
					if strings.HasPrefix(d, "good") {
						good++
					} else if !strings.HasPrefix(d, "of good") {
						t.Errorf("done: %s", d)
					}
				}
				if n := c.counts(); good != 31 || n != (due.Counts{Waiting: 1, Overdue: 1, Failing: 1}) {
					t.Errorf("%d good ones are done, left %+v", good, n)
				}
				c.drive(l, 24*time.Hour)
				if p := c.parked(); len(p) != 1 || p[0].Ref != "poison" || p[0].Tries != 8 {
					t.Errorf("%d are parked", len(p))
				}
			})
		})
	}
}

// TestCommitFaultsTogether: a commit of many that fails, or fails though it was applied, leaves each done once.
func TestCommitFaultsTogether(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		for name, inject := range map[string]func(f *sqlstoretest.Faults, n int){
			"failed": (*sqlstoretest.Faults).FailNext, "failed but applied": (*sqlstoretest.Faults).LoseNext,
		} {
			for n := 1; n <= 3; n++ {
				t.Run(fmt.Sprint(name, n), func(t *testing.T) {
					c := open(t, sqlstoretestURL(t, url))
					c.add("good", 0, "a", "b", "c", "d", "e")
					signed := map[string]int{}
					var mu sync.Mutex
					l := c.list(due.Rule{Kind: "good",
						PrepareAll: func(_ context.Context, _ *sqlstore.Tx, items []due.Item) (all []any, _ error) {
							for _, i := range items {
								all = append(all, i.Ref)
							}
							return all, nil
						},
						Outside: func(_ context.Context, ref any) (any, error) {
							mu.Lock()
							defer mu.Unlock()
							signed[ref.(string)]++
							return nil, nil
						}, FinishAll: finishAll})
					inject(c.faults, n)
					c.drive(l, time.Minute)
					if got := len(c.done()); got != 5 || c.counts() != (due.Counts{}) {
						t.Errorf("%d are done, left %+v", got, c.counts())
					}
					for ref, times := range signed {
						if times != 1 && (name != "failed" || n == 1) { // of several failures, some are those of one alone
							t.Errorf("the step outside was taken %d times for %s", times, ref)
						}
					}
				})
			}
		}
	})
}

// TestRemovedAmongMany: of items that are finished together, one that was removed meanwhile, or that a person has started again, is
// left out.
func TestRemovedAmongMany(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := open(t, url)
		c.add("sign", 0, "x", "y", "z")
		var once sync.Once
		var got []string
		c.drive(c.list(due.Rule{Kind: "sign",
			Outside: func(context.Context, any) (any, error) {
				once.Do(func() {
					c.update(func(ctx context.Context, tx *sqlstore.Tx) error {
						if _, err := tx.Exec(ctx, "UPDATE due SET tries = 1, at = $1 WHERE ref = 'z'", start.Add(time.Hour)); err != nil {
							return err
						}
						_, err := due.Remove(ctx, tx, "sign", "y")
						return err
					})
				})
				return nil, nil
			},
			FinishAll: func(ctx context.Context, tx *sqlstore.Tx, items []due.Item, results []any) ([]message.Out, error) {
				got = append(got, refs(items)...)
				return finishAll(ctx, tx, items, results)
			}}), time.Minute)
		if !slices.Equal(got, []string{"x"}) {
			t.Errorf("finished: %v", got)
		}
		if n := c.counts(); n.Waiting != 1 {
			t.Errorf("left: %+v", n)
		}
	})
}

// TestHangingTogetherCostsOneDeadline: a rule that hangs over one of many is found out in the slow lane, where each is alone, and
// the others' tries are not spent on it.
func TestHangingTogetherCostsOneDeadline(t *testing.T) {
	for _, step := range []string{"prepare", "finish"} {
		t.Run(step, func(t *testing.T) {
			sqlstoretest.Each(t, func(t *testing.T, url string) {
				c := open(t, url)
				for i := range 40 {
					c.add("hang", -time.Second, fmt.Sprintf("h%02d", i))
				}
				c.add("good", 0, "good")
				var calls atomic.Int32
				hung := make(chan struct{})
				var free sync.Once
				defer free.Do(func() { close(hung) })
				hang := func(items []due.Item) {
					if slices.Contains(refs(items), "h05") {
						calls.Add(1)
						<-hung
					}
				}
				rule := due.Rule{Kind: "hang", FinishAll: finishAll, Deadline: 50 * time.Millisecond}
				if step == "prepare" {
					rule.PrepareAll = func(_ context.Context, _ *sqlstore.Tx, items []due.Item) ([]any, error) {
						hang(items)
						return make([]any, len(items)), nil
					}
				} else {
					rule.FinishAll = func(ctx context.Context, tx *sqlstore.Tx, items []due.Item, results []any) ([]message.Out, error) {
						hang(items)
						return finishAll(ctx, tx, items, results)
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
				if n := c.counts(); n.Failing != 0 {
					t.Errorf("%d items have failed before one was known", n.Failing)
				}
				c.drive(l, 0)
				if n := c.counts(); n.Failing != 1 || len(c.done()) != 40 {
					t.Errorf("%d items have failed, %d are done", n.Failing, len(c.done()))
				}
				free.Do(func() { close(hung) })
				c.drive(l, 24*time.Hour)
				if n := len(c.done()); n != 41 {
					t.Errorf("%d items done, and %+v", n, c.counts())
				}
			})
		})
	}
}

// TestOneWayToFinish: a rule with two ways to finish, or none, is a mistake in the program.
func TestOneWayToFinish(t *testing.T) {
	for name, rule := range map[string]due.Rule{"none": {}, "two": {Finish: finish, FinishAll: finishAll}} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("was taken")
				}
			}()
			rule.Kind = "x"
			open(t, "memory:").list(rule)
		})
	}
}
