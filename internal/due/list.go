package due

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/leave"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

const (
	maxBatch = 100 // items of one step
	// slowBatch is small because each item of the slow lane may cost a whole deadline.
	slowBatch = 4

	// together is how many items one call of PrepareAll or FinishAll gets, so that it stays far below its deadline.
	together = 32

	// Deadline is how long a step may take when its Rule says nothing else.
	Deadline = 10 * time.Second
)

// Rule says how the items of a kind are done.
type Rule struct {
	Kind string

	// Prepare (may be nil) reads what the next step needs. It may be called again.
	Prepare func(ctx context.Context, tx *sqlstore.Tx, item Item) (any, error)

	// Outside (may be nil) gets what Prepare returned. No transaction is open. It must return when ctx ends: a call that
	// does not is left behind when its deadline has passed.
	Outside func(ctx context.Context, prepared any) (any, error)

	// Finish gets what the step before returned, nil if there was none. It is a rule as any other: it writes through tx,
	// returns the messages to send, and may be called again.
	Finish func(ctx context.Context, tx *sqlstore.Tx, item Item, result any) ([]message.Out, error)

	// PrepareAll and FinishAll stand in the places of Prepare and Finish for a rule that does several items with fewer
	// statements than one by one. They get items that follow each other on the list, and Prepare's answer or what the step
	// before returned, in the same order. When they fail or hang nothing is held against any of the items: each is then given
	// to them alone, so that what one item comes to must not hang on which others are there.
	PrepareAll func(ctx context.Context, tx *sqlstore.Tx, items []Item) ([]any, error)
	FinishAll  func(ctx context.Context, tx *sqlstore.Tx, items []Item, results []any) ([]message.Out, error)

	// Deadline of each step in real time, because what hangs is a device or a fault of the program; 0 means the constant
	// Deadline. Prepare and Finish have no more than five seconds.
	Deadline time.Duration
}

// none tells whether there is no such rule in this program.
func (r Rule) none() bool { return r.Finish == nil && r.FinishAll == nil }

// List does the due items of one store.
type List struct {
	// Parallel is the number of Outside calls at the same time, from New 2. A replay whose rules draw on one source of
	// randomness sets 1. It must not change while tasks run.
	Parallel int

	// Look is how long the list sleeps at most where other processes work on the same database: what one of them added and did not live to do, rings no bell
	// here. 0: there are none. It must not change while tasks run.
	Look time.Duration

	store *sqlstore.Store
	clock clock.Clock
	rules map[string]Rule
	send  func(ctx context.Context, tx *sqlstore.Tx, outs []message.Out) error
	log   *slog.Logger

	mu   sync.Mutex
	slow map[string]bool // kinds of which a step missed its deadline

	left leave.Places // by kind
}

// New makes the list of a store; send puts the messages of a Finish into its transaction. Two rules of one kind are a
// mistake in the program and panic, as one with two ways to finish or none.
func New(store *sqlstore.Store, c clock.Clock, rules []Rule,
	send func(ctx context.Context, tx *sqlstore.Tx, outs []message.Out) error, log *slog.Logger) *List {
	l := &List{Parallel: 2, store: store, clock: c, rules: map[string]Rule{}, send: send, log: log,
		slow: map[string]bool{}, left: leave.Places{Most: maxLeft}}
	for _, r := range rules {
		if _, twice := l.rules[r.Kind]; twice || (r.Finish == nil) == (r.FinishAll == nil) || r.Prepare != nil && r.PrepareAll != nil {
			panic("due: kind " + r.Kind + " has two rules, or not one Finish")
		}
		if r.Deadline == 0 {
			r.Deadline = Deadline
		}
		l.rules[r.Kind] = r
	}
	return l
}

// Tasks are the loops that do the work: the usual lane, and the one for kinds whose Outside hangs.
func (l *List) Tasks() []clock.Task {
	return []clock.Task{
		{Name: "due", Bell: l.store.Bell(fastBell),
			Step: func(ctx context.Context) (time.Time, error) { return l.step(ctx, false) }},
		{Name: "due (slow kinds)", Bell: l.store.Bell(slowBell),
			Step: func(ctx context.Context) (time.Time, error) { return l.step(ctx, true) }},
	}
}

// work is an item on its way.
type work struct {
	Item
	rule   Rule
	result any
	err    error
	left   bool // for the next step: its kind went to the other lane meanwhile
}

// step does one batch of one lane. It asks to be called again at once until a look finds nothing to do.
func (l *List) step(ctx context.Context, slow bool) (time.Time, error) {
	kinds := l.slowKinds()
	if slow && len(kinds) == 0 {
		return time.Time{}, nil
	}
	batch, next, err := l.claim(ctx, slow, kinds)
	if err != nil || len(batch) == 0 {
		return l.noLater(next), err
	}
	l.outside(ctx, batch, slow)
	if err := ctx.Err(); err != nil {
		return time.Time{}, err // what the end of the program cut off is no failure of the items
	}
	if err := l.finish(ctx, batch, slow); err != nil {
		return time.Time{}, err
	}
	l.settle(batch)
	if err := l.setBack(ctx, batch); err != nil {
		return time.Time{}, err
	}
	return l.clock.Now(), nil
}

// noLater is when to look next when there is nothing before a time; zero: nothing at all.
func (l *List) noLater(next time.Time) time.Time {
	if look := l.clock.Now().Add(l.Look); l.Look > 0 && (next.IsZero() || look.Before(next)) {
		return look
	}
	return next
}

// claim reads the items whose time has come and prepares them; when there are none it tells when the next one comes.
// Nothing is marked: that an item is still there and unchanged is asked again when it is finished.
func (l *List) claim(ctx context.Context, slow bool, kinds []string) (batch []*work, next time.Time, err error) {
	lane, args := "", []any{l.clock.Now()}
	for i, k := range kinds {
		lane += fmt.Sprintf(", $%d", i+2)
		args = append(args, k)
	}
	limit := maxBatch
	if slow {
		lane, limit = "AND kind IN ("+strings.TrimPrefix(lane, ", ")+")", slowBatch
	} else if lane != "" {
		lane = "AND kind NOT IN (" + strings.TrimPrefix(lane, ", ") + ")"
	}
	v := &visit{list: l}
	err = l.store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		batch = nil
		items, err := sqlstore.List(ctx, tx, func(r *sqlstore.Rows, i *Item) error {
			return r.Scan(&i.ID, &i.Kind, &i.Ref, &i.Payload, sqlstore.Time(&i.At), &i.Tries)
		}, fmt.Sprintf(`SELECT id, kind, ref, payload, due_at, tries FROM due
			WHERE state = 'waiting' AND at <= $1 %s ORDER BY at, id LIMIT %d`, lane, limit), args...)
		if err != nil {
			return err
		}
		for _, item := range items {
			batch = append(batch, &work{Item: item, rule: l.rules[item.Kind]})
		}
		if len(batch) == 0 {
			next, err = l.next(ctx, tx, lane, args[1:])
			return err
		}
		for _, w := range batch {
			if w.rule.none() {
				w.err = noRule(w.Kind)
			}
		}
		for _, run := range runs(batch, slow, func(w *work) bool { return w.rule.PrepareAll != nil }) {
			if run = l.ready(run, slow); len(run) > 0 && !l.prepare(ctx, tx, v, run) {
				return errPrepare
			}
		}
		return nil
	})
	at := v.abandoned(err)
	l.hung(at, batch, slow)
	if at != nil || errors.Is(err, errPrepare) {
		err = l.prepareEach(ctx, batch, slow)
	}
	if err != nil {
		return nil, time.Time{}, err
	}
	return batch, next, nil
}

// errPrepare ends a read transaction in which a Prepare failed: its error may have spoiled it for the others.
var errPrepare = errors.New("the items must be prepared one by one")

func (l *List) next(ctx context.Context, tx *sqlstore.Tx, lane string, kinds []any) (time.Time, error) {
	for i := range kinds { // $1 is not used here
		lane = strings.Replace(lane, fmt.Sprintf("$%d", i+2), fmt.Sprintf("$%d", i+1), 1)
	}
	var at *int64
	err := tx.QueryRow(ctx, "SELECT min(at) FROM due WHERE state = 'waiting' "+lane, kinds...).Scan(&at)
	if err != nil || at == nil {
		return time.Time{}, err
	}
	return sqlstore.FromMicros(*at), nil
}

// prepareEach prepares every item in a transaction of its own.
func (l *List) prepareEach(ctx context.Context, batch []*work, slow bool) error {
	for _, w := range batch {
		if !errors.Is(w.err, errDeadline) && !w.rule.none() {
			w.result, w.err = nil, nil
		}
		if !l.lane(w, slow) {
			continue
		}
		v := &visit{list: l}
		err := l.store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
			l.prepare(ctx, tx, v, []*work{w})
			return nil
		})
		if at := v.abandoned(err); at != nil {
			l.hung(at, batch, slow)
		} else if err != nil && w.err == nil {
			return err
		}
	}
	return nil
}

// prepare reports false when that failed, for several together or for one alone, whose error it is then.
func (l *List) prepare(ctx context.Context, tx *sqlstore.Tx, v *visit, run []*work) bool {
	rule := run[0].rule
	var results []any
	var err error
	switch {
	case rule.PrepareAll != nil:
		err = v.rule(tx, run, func() (err error) {
			results, err = rule.PrepareAll(ctx, tx, items(run))
			if err == nil && len(results) != len(run) {
				err = fmt.Errorf("the rule of %s prepared %d items of %d", run[0].Kind, len(results), len(run))
			}
			return err
		})
	case rule.Prepare != nil:
		results = make([]any, 1)
		err = v.rule(tx, run, func() (err error) { results[0], err = rule.Prepare(ctx, tx, run[0].Item); return err })
	default:
		return true
	}
	switch {
	case errors.Is(err, errLeft):
		return false
	case err != nil:
		if len(run) == 1 {
			run[0].result, run[0].err = nil, err
		}
		return false
	}
	for i, w := range run {
		w.result = results[i]
	}
	return true
}
