package inspection

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/akashi-id/akashi/internal/leave"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

const (
	// share is how much of the time one piece may take of the machine: one that took t is followed by a pause of (share-1)·t.
	share = 10
	// mostRest bounds that pause. A piece that takes this long waits for an address that does not answer, and takes nothing of the
	// machine.
	mostRest = time.Minute
	// writeEvery is how long where a way stands is kept in memory, while nothing is found.
	writeEvery = time.Minute
)

// step goes along one piece of the way.
func (r *round) step(ctx context.Context) (time.Time, error) {
	clk := r.in.cfg.Clock
	began := clk.Now()
	r.mu.Lock()
	if r.stepped.IsZero() {
		r.stepped = began
	}
	r.mu.Unlock()
	p, err := r.piece(ctx, began)
	now := clk.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		r.trouble = err.Error()
		return time.Time{}, err
	}
	r.trouble, r.stepped = "", now
	pieces := time.Duration(max(p.items, p.looked)/int64(r.Page) + 1)
	return now.Add(max(r.Round/pieces, r.Pause, min((share-1)*now.Sub(began), mostRest))), nil
}

// piece reads some items, judges them, and writes down what changed.
func (r *round) piece(ctx context.Context, began time.Time) (progress, error) {
	r.mu.Lock()
	at, written := r.at, r.written
	r.mu.Unlock()
	var p progress
	var items, more []Item
	var next, last string
	var k known
	err := r.in.cfg.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		if at != nil {
			p = *at
		} else if p, err = r.readProgress(ctx, tx); err != nil {
			return err
		}
		if k, err = knownOf(ctx, tx, r.Name); err != nil {
			return err
		}
		if items, next, err = r.Read(ctx, tx, p.place, r.Page); err != nil {
			return err
		}
		more, last, err = r.openAgain(ctx, tx, k, items)
		return err
	})
	if err != nil {
		return p, err
	}
	var changed []judged
	for _, i := range slices.Concat(items, more) {
		faults, err := r.judge(ctx, i)
		fresh, ended := r.differs(k, i, faults)
		if err == nil && fresh { // what is known already needs no second look
			if i, faults, err = r.again(ctx, i, faults); err == nil {
				fresh, ended = r.differs(k, i, faults)
			}
		}
		if errors.Is(err, ErrPutOff) {
			continue
		}
		if err != nil {
			return p, err
		}
		j := judged{item: i, faults: faults}
		if i.Learnt != nil {
			j.learnt = i.Learnt()
		}
		if fresh || ended || j.learnt != nil {
			changed = append(changed, j)
		}
	}
	now := r.in.cfg.Clock.Now()
	p = p.after(len(items), next, now)
	if len(changed) > 0 || at == nil || now.Sub(written) >= writeEvery {
		base := p
		err := r.in.cfg.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
			p = base
			for _, j := range changed {
				untold, err := r.set(ctx, tx, j.item.Key, j.item.Print(), j.faults)
				if err == nil && j.learnt != nil {
					err = j.learnt(ctx, tx)
				}
				if err != nil {
					return err
				}
				p.untold += untold
			}
			return r.writeProgress(ctx, tx, p)
		})
		if err != nil {
			return p, err
		}
		written = now
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.at, r.written, r.relooked = &p, written, last
	r.judged += int64(len(items))
	return p, nil
}

// relook is how many items of open findings one piece looks at again: so a finding ends soon after its cause, however long a round is.
const relook = 20

// openAgain reads the next items of open findings that are not in the piece anyway. What is not there any more stays as it is.
func (r *round) openAgain(ctx context.Context, tx *sqlstore.Tx, k known, items []Item) (more []Item, last string, err error) {
	r.mu.Lock()
	last = r.relooked
	r.mu.Unlock()
	var keys []string
	for _, key := range slices.Sorted(maps.Keys(k)) {
		if k.open(key) {
			keys = append(keys, key)
		}
	}
	from, _ := slices.BinarySearch(keys, last+"\x00")
	keys = slices.Concat(keys[from:], keys[:from])
	for _, key := range keys[:min(relook, len(keys))] {
		last = key
		if slices.ContainsFunc(items, func(i Item) bool { return i.Key == key }) {
			continue
		}
		i, there, err := r.Look(ctx, tx, key)
		if err != nil {
			return nil, "", err
		}
		if there {
			more = append(more, i)
		}
	}
	return more, last, nil
}

// judged is an item of which there is something to write down.
type judged struct {
	item   Item
	faults []Fault
	learnt func(context.Context, *sqlstore.Tx) error
}

// judge gives what is wrong with an item. An error is the end of the program, or ErrPutOff: what a judge cannot do is a fault of the item.
func (r *round) judge(ctx context.Context, i Item) ([]Fault, error) {
	faults, err := leave.Caught(func() ([]Fault, error) { return i.Judge(ctx) })
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err == nil || errors.Is(err, ErrPutOff) {
		return faults, err
	}
	var panicked *leave.Panic
	why := "error"
	if errors.As(err, &panicked) {
		why = "panic\n" + string(panicked.Stack)
	}
	r.in.cfg.Log.ErrorContext(ctx, "inspection: an item could not be judged", "way", r.Name, "item", i.Key, "error", err, "why", why)
	return []Fault{{Rule: Unjudged, Sure: true, Sentence: plain.Sentence{
		JA: "点検できないため、別に置きました。記録（ログ）を見て、点検できない原因を除いてください。",
		EN: "It could not be inspected and was set aside: look at the log, and remove the cause."}}}, nil
}

// again looks at an item a second time, and keeps of its faults those that it still has and those that are sure.
func (r *round) again(ctx context.Context, i Item, first []Fault) (Item, []Fault, error) {
	var kept []Fault
	open := false
	for _, f := range first {
		if f.Sure {
			kept = append(kept, f)
		} else {
			open = true
		}
	}
	if !open {
		return i, kept, nil
	}
	var now Item
	there := false
	err := r.in.cfg.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		now, there, err = r.Look(ctx, tx, i.Key)
		return err
	})
	if err != nil {
		return i, nil, err
	}
	if !there {
		return i, kept, nil
	}
	second, err := r.judge(ctx, now)
	if err != nil {
		return i, nil, err
	}
	had := map[string]bool{}
	for _, f := range first {
		had[f.Rule] = true
	}
	for _, f := range kept {
		had[f.Rule] = false
	}
	for _, f := range second {
		if f.Sure && !has(kept, f.Rule) || had[f.Rule] {
			kept = append(kept, f)
			had[f.Rule] = false
		}
	}
	return now, kept, nil
}

func has(faults []Fault, rule string) bool {
	for _, f := range faults {
		if f.Rule == rule {
			return true
		}
	}
	return false
}
