package due

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/queue"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// Queues are what takes items one after another here.
func Queues() []queue.Queue {
	return []queue.Queue{{
		Name:    "due/list",
		Shape:   queue.Waiting,
		Items:   plain.Sentence{JA: "期日の来た仕事", EN: "work that is due"},
		Aside:   plain.Sentence{JA: "概況の「保留中の仕事」", EN: "the overview, under work set aside"},
		Loops:   []string{"internal/due:List.Tasks", "internal/due:List.outside", "internal/due:List.outsideOne", "internal/due:List.claim", "internal/due:remove"},
		Bad:     queue.Poisons,
		Settles: 2 * time.Hour, // eight tries, the last an hour after the one before
		Open:    openRig,
	}}
}

// rig is a list with rules that do what rules do: read a payload, and fail over it in every way.
type rig struct {
	store *sqlstore.Store
	list  *List
	mu    sync.Mutex
	done  map[string]bool
	goods int
}

// The kinds of the rig. Each step of a rule has one that panics and one that hangs in it.
const (
	rigGood = "rig.good"
)

var steps = []string{"outside", "finish", "prepare"}

func openRig(ctx context.Context, g queue.Ground) (*queue.Rig, error) {
	store, err := sqlstore.Open(ctx, g.Store("due"), sqlstore.Options{Clock: g.Clock, Log: g.Log}, Schema)
	if err != nil {
		return nil, err
	}
	r := &rig{store: store, done: map[string]bool{}}
	rules := []Rule{{Kind: rigGood, Finish: r.finish}}
	for _, step := range steps {
		rules = append(rules,
			r.broken("rig.panics."+step, step, g.Deadline, func() { panic("planted by the conformance kit") }),
			r.broken("rig.hangs."+step, step, g.Deadline, g.Hang))
	}
	r.list = New(store, g.Clock, rules, func(context.Context, *sqlstore.Tx, []message.Out) error { return nil }, g.Log)
	return &queue.Rig{Tasks: r.list.Tasks(), Plant: r.plant, Good: r.good, Aside: Aside(store), Close: store.Close}, nil
}

// payload is what the rig's items carry.
type payload struct {
	Of string `json:"of"`
}

func (r *rig) finish(_ context.Context, tx *sqlstore.Tx, item Item, _ any) ([]message.Out, error) {
	var p payload
	if err := json.Unmarshal(item.Payload, &p); err != nil {
		return nil, fmt.Errorf("couldn't read the payload: %w", err)
	}
	tx.OnCommit(func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.done[p.Of] = true
	})
	return nil, nil
}

// broken is a rule of which one step breaks.
func (r *rig) broken(kind, step string, deadline time.Duration, with func()) Rule {
	rule := Rule{Kind: kind, Finish: r.finish, Deadline: deadline}
	switch step {
	case "prepare":
		rule.Prepare = func(context.Context, *sqlstore.Tx, Item) (any, error) { with(); return nil, nil }
	case "outside":
		rule.Outside = func(context.Context, any) (any, error) { with(); return nil, nil }
	case "finish":
		rule.Finish = func(context.Context, *sqlstore.Tx, Item, any) ([]message.Out, error) { with(); return nil, nil }
	}
	return rule
}

func (r *rig) plant(ctx context.Context, p queue.Poison, n int) error {
	return r.store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		at := tx.Now().Add(-time.Hour) // before everything else
		whole, err := json.Marshal(payload{Of: "poison"})
		if err != nil {
			return err
		}
		for i := range n {
			step, ref := steps[i%len(steps)], fmt.Sprintf("poison/%d", i)
			switch p {
			case queue.Undecodable:
				Add(tx, at, rigGood, ref, []byte{0xff, 0x00, byte(i)})
			case queue.Foreign: // a kind for which this program has no rule
				Add(tx, at, "somebody-else's", ref, whole)
			case queue.Panic:
				Add(tx, at, "rig.panics."+step, ref, whole)
			case queue.Hang:
				Add(tx, at, "rig.hangs."+step, ref, whole)
			case queue.Truncated:
				Add(tx, at, rigGood, ref, whole)
			default:
				return errors.New("the rig does not know this poison")
			}
		}
		if p != queue.Truncated {
			return nil
		}
		if err := tx.Flush(ctx); err != nil {
			return err
		}
		// Somebody cuts every second row in its payload and the others in their kind.
		if _, err := tx.Exec(ctx, `UPDATE due SET payload = substr(payload, 1, 3) WHERE ref LIKE 'poison/%' AND id % 2 = 0`); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE due SET kind = substr(kind, 1, 3) WHERE ref LIKE 'poison/%' AND id % 2 = 1`)
		return err
	})
}

func (r *rig) good(ctx context.Context) (func(context.Context) (bool, error), error) {
	r.goods++
	of := fmt.Sprintf("good/%d", r.goods)
	whole, err := json.Marshal(payload{Of: of})
	if err != nil {
		return nil, err
	}
	err = r.store.Update(ctx, func(_ context.Context, tx *sqlstore.Tx) error {
		Add(tx, tx.Now(), rigGood, of, whole)
		return nil
	})
	return func(context.Context) (bool, error) {
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.done[of], nil
	}, err
}

// Aside is the Aside of a rig whose items are due work: what of it was set aside in a store, as it is counted and as it is
// listed page by page.
func Aside(store *sqlstore.Store) func(context.Context) (queue.Aside, error) {
	return func(ctx context.Context) (a queue.Aside, err error) {
		err = store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
			a = queue.Aside{} // a view may be tried again
			c, err := Count(ctx, tx)
			if err != nil {
				return err
			}
			a.Counted = c.Parked
			const page = 300
			for after := int64(0); ; {
				items, err := Parked(ctx, tx, after, page)
				if err != nil {
					return err
				}
				for _, i := range items {
					a.Shown++
					a.Reasons = append(a.Reasons, i.Reason)
					after = i.ID
				}
				if len(items) < page {
					return nil
				}
			}
		})
		return a, err
	}
}
