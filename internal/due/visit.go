package due

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/akashi-id/akashi/internal/leave"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

// inside is the most that a Prepare or a Finish may take, in real time. On SQLite nobody writes meanwhile.
const inside = 5 * time.Second

// visit is one transaction's way through items. It knows at which item the rule is, so that one that does not come back
// is known for it, and costs its deadline and nobody else's work.
type visit struct {
	list *List
	mu   sync.Mutex
	at   []*work // whose rule runs, or did not come back
	gone func()  // the list has gone on without it, and counts it as left behind until this is called
	back bool    // what was left behind has come back
}

// errLeft ends the rest of a visit that was left behind.
var errLeft = errors.New("the list has gone on without this visit")

// rule calls a rule's function for items of its kind, under its deadline. What a function does that comes back too late counts
// for nothing.
func (v *visit) rule(tx *sqlstore.Tx, run []*work, fn func() error) error {
	v.mu.Lock()
	v.at = run
	v.mu.Unlock()
	if !tx.Limit(min(run[0].rule.Deadline, inside)) {
		return errLeft
	}
	_, err := leave.Caught(func() (struct{}, error) { return struct{}{}, fn() })
	inTime := tx.Limit(0)
	v.mu.Lock()
	defer v.mu.Unlock()
	if inTime {
		v.at = nil
		return err
	}
	v.back = true
	if v.gone != nil {
		v.gone()
	}
	return errLeft
}

// abandoned tells for which items a rule did not come back, when that is why the transaction failed.
func (v *visit) abandoned(err error) []*work {
	if !errors.Is(err, sqlstore.ErrTaken) {
		return nil
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.at != nil && !v.back {
		v.gone = v.list.left.At(v.at[0].Kind).Leave()
	}
	return v.at
}

// hung notes that a rule did not come back. In the usual lane the others of its kind are left for the slow one, and so are all for
// which it was called together: which of them it was is found out there, where each is alone.
func (l *List) hung(at, batch []*work, slow bool) {
	switch len(at) {
	case 0:
		return
	case 1:
		at[0].err = errDeadline
	}
	l.mark(at[0].Kind, true)
	for _, other := range batch {
		if !slow && other.Kind == at[0].Kind && other.err == nil {
			other.left = true
		}
	}
}

// lane tells whether an item is to go on in this lane; what may not is left for the other, or has failed.
func (l *List) lane(w *work, slow bool) bool {
	isSlow, hangs := l.look(w.Kind)
	switch {
	case w.err != nil || w.left:
		return false
	case isSlow && !slow: // one deadline is all that a batch of the usual lane pays for a kind
		w.left = true
		return false
	case hangs:
		w.err = errHangs
		return false
	}
	return true
}

// settle moves kinds back to the usual lane when their rules have answered, and none of them hung.
func (l *List) settle(batch []*work) {
	hangs, answered := map[string]bool{}, map[string]bool{}
	for _, w := range batch {
		late := errors.Is(w.err, errDeadline) || errors.Is(w.err, errHangs)
		hangs[w.Kind] = hangs[w.Kind] || late
		answered[w.Kind] = answered[w.Kind] || !late && !w.left
	}
	for kind := range answered {
		if answered[kind] && !hangs[kind] {
			l.mark(kind, false)
		}
	}
}

// ready are the items that can go on in this lane.
func (l *List) ready(batch []*work, slow bool) (ready []*work) {
	for _, w := range batch {
		if l.lane(w, slow) {
			ready = append(ready, w)
		}
	}
	return ready
}

// runs cuts a batch where its order lets several items be given to their rule together: those of one kind that follow each other.
// In the slow lane each is alone, because a rule that hangs must hang for one that is known.
func runs(batch []*work, slow bool, joins func(*work) bool) (all [][]*work) {
	for len(batch) > 0 {
		n := 1
		for !slow && n < min(together, len(batch)) && batch[n].Kind == batch[0].Kind && joins(batch[0]) {
			n++
		}
		all, batch = append(all, batch[:n]), batch[n:]
	}
	return all
}

func items(run []*work) []Item {
	all := make([]Item, len(run))
	for i, w := range run {
		all[i] = w.Item
	}
	return all
}

// finish takes the whole batch through one transaction, and item by item when that fails.
func (l *List) finish(ctx context.Context, batch []*work, slow bool) error {
	for {
		ready := l.ready(batch, slow)
		if len(ready) == 0 {
			return nil
		}
		at, err := l.update(ctx, ready, slow)
		if err == nil || ctx.Err() != nil {
			return err
		}
		if at == nil {
			break
		}
		l.hung(at, batch, slow)
	}
	for _, w := range batch {
		if !l.lane(w, slow) {
			continue
		}
		at, err := l.update(ctx, []*work{w}, slow)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case at != nil:
			l.hung(at, batch, slow)
		case err != nil:
			// Its rule's error, or that of its commit, which is its own too: those behind it must not wait for it. When it is
			// the store that fails, nothing can be written down about it, and the step fails.
			w.err = err
		}
	}
	return nil
}
