package reconcile

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// The fold (折込み) brings what transactions have set to its place among the entries, and adds it to the sums. It goes in
// the order of the places, a slice in each transaction, so that it writes a page once for many changes and nobody waits for
// it long. Nothing has to be kept of how far it is: until the rows of r_change are taken away, with the last slice, readers
// see their values whether they have been brought over or not.

const (
	foldAt    = 1 << 14          // changes of a book that are folded at once
	foldMost  = 4 * foldAt       // beyond which the writers fold themselves
	foldAfter = 10 * time.Second // and how long fewer may wait
	foldSlice = 2048             // changes in one transaction
	foldFirst = 256              // beyond which a comparison folds first: it would reckon with each of them, up to three times
)

// folding is what the fold keeps of one book; guarded by the pair's mu.
type folding struct {
	waiting int64 // changes, about: what is known for sure is in the database
	due     time.Time
}

// wrote counts changes that are durable now.
func (b *Books) wrote(p *pair, n int64) {
	p.mu.Lock()
	before := p.folding.waiting
	p.folding.waiting += n
	ring := before == 0
	if before < foldAt && before+n >= foldAt {
		p.folding.due, ring = b.cfg.Clock.Now(), true
	} else if before == 0 {
		p.folding.due = b.cfg.Clock.Now().Add(foldAfter)
	}
	wake := p.asleep
	p.asleep = false
	p.mu.Unlock()
	if wake {
		b.cfg.Store.Bell(bellOf(p.peer)).Ring()
	}
	if ring {
		b.cfg.Store.Bell(foldBell).Ring()
	}
}

// folded counts changes that have been folded.
func (b *Books) folded(p *pair, n int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.folding.waiting = max(0, p.folding.waiting-n)
	p.folding.due = b.cfg.Clock.Now().Add(foldAfter)
	if p.folding.waiting >= foldAt {
		p.folding.due = b.cfg.Clock.Now().Add(time.Second)
	}
}

// waits is how many changes wait with n more.
func (p *pair) waits(n int64) int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.folding.waiting + n
}

// countUnfolded counts what an earlier run has left.
func (b *Books) countUnfolded(ctx context.Context) error {
	type row struct{ pair, changes int64 }
	return b.cfg.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		rows, err := sqlstore.List(ctx, tx, func(r *sqlstore.Rows, v *row) error { return r.Scan(&v.pair, &v.changes) },
			`SELECT pair, CAST(SUM(changes) AS BIGINT) FROM r_change GROUP BY pair`)
		if err != nil {
			return fmt.Errorf("couldn't count what is not folded yet: %w", err)
		}
		for _, v := range rows {
			for _, p := range b.order {
				if p.id == v.pair {
					p.folding = folding{waiting: max(1, v.changes), due: b.started}
				}
			}
		}
		return nil
	})
}

// foldStep folds the books whose time has come.
func (b *Books) foldStep(ctx context.Context) (next time.Time, err error) {
	now := b.cfg.Clock.Now()
	for _, p := range b.order {
		p.mu.Lock()
		f := p.folding
		p.mu.Unlock()
		if f.waiting == 0 {
			continue
		}
		if !f.due.After(now) {
			if err := b.fold(ctx, p); err != nil {
				if ctx.Err() != nil {
					return time.Time{}, ctx.Err()
				}
				b.notFolded(ctx, p, err)
			}
			p.mu.Lock()
			f = p.folding
			p.mu.Unlock()
		}
		if f.waiting > 0 && (next.IsZero() || f.due.Before(next)) {
			next = f.due
		}
	}
	return next, nil
}

// notFolded puts a fold off. Nothing is wrong with the book meanwhile, but reading it takes longer.
func (b *Books) notFolded(ctx context.Context, p *pair, err error) {
	p.mu.Lock()
	p.folding.due = b.cfg.Clock.Now().Add(foldAfter)
	p.mu.Unlock()
	b.cfg.Log.ErrorContext(ctx, "the changes of a book could not be folded", "book", p.book, "peer", p.peer, "error", err)
}

// foldFew folds before a look at the whole book that would reckon with what is not folded. It does not when that would take
// longer than the look: then the task is at it, and somebody waits for the answer.
func (b *Books) foldFew(ctx context.Context, p *pair) {
	if n := p.waits(0); n <= foldFirst || n > foldAt || !p.alone.TryLock() {
		return
	}
	defer p.alone.Unlock()
	if err := b.foldAlone(ctx, p); err != nil && ctx.Err() == nil {
		b.notFolded(ctx, p, err)
	}
}

// Fold folds all that has been set in all books.
func (b *Books) Fold(ctx context.Context) error {
	for _, p := range b.order {
		if err := b.fold(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// errFolded means that somebody else has folded meanwhile.
var errFolded = errors.New("what was to be folded is not there any more")

// fold folds a book.
func (b *Books) fold(ctx context.Context, p *pair) error {
	p.alone.Lock() // a second fold would only find that the first has been there
	defer p.alone.Unlock()
	return b.foldAlone(ctx, p)
}

func (b *Books) foldAlone(ctx context.Context, p *pair) error {
	var rows []changeRow
	err := b.cfg.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		rows, err = changesOf(ctx, tx, p.id)
		return err
	})
	if err != nil {
		return err
	}
	return b.foldRows(ctx, p, rows)
}

// foldRows folds all that somebody has read a moment ago.
func (b *Books) foldRows(ctx context.Context, p *pair, rows []changeRow) error {
	if len(rows) == 0 {
		b.folded(p, p.waits(0)) // a transaction whose end was unknown has folded
		return nil
	}
	last, bad := lastOf(rows)
	todo := inPlace(last)
	for done := false; !done; {
		some := todo[:min(len(todo), b.slice)]
		todo = todo[len(some):]
		done = len(todo) == 0
		err := b.cfg.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
			// An older value must not come over a newer one that somebody else has folded meanwhile.
			if err := stillThere(ctx, tx, p, rows); err != nil {
				return err
			}
			if err := bring(ctx, tx, p, some); err != nil {
				return err
			}
			if !done {
				return nil
			}
			return b.takeAway(ctx, tx, p, rows, bad)
		})
		if errors.Is(err, errFolded) {
			b.folded(p, 0)
			return nil
		}
		if err != nil {
			return fmt.Errorf("couldn't fold what was set: %w", err)
		}
	}
	return nil
}

// foldIn folds a book within a transaction of the caller's, which then sees all of it among the entries.
func (b *Books) foldIn(ctx context.Context, tx *sqlstore.Tx, p *pair) error {
	rows, err := changesOf(ctx, tx, p.id)
	if err != nil || len(rows) == 0 {
		return err
	}
	last, bad := lastOf(rows)
	if err := bring(ctx, tx, p, inPlace(last)); err != nil {
		return err
	}
	return b.takeAway(ctx, tx, p, rows, bad)
}

// placed is a value that a key is to have.
type placed struct {
	entryKey
	value message.Hash
}

func inPlace(values map[string]message.Hash) []placed {
	all := make([]placed, 0, len(values))
	for k, v := range values {
		all = append(all, placed{entryKey{place(k), k}, v})
	}
	slices.SortFunc(all, byPlace)
	return all
}

func byPlace(a, b placed) int {
	return cmp.Or(cmp.Compare(a.place, b.place), cmp.Compare(a.key, b.key))
}

func stillThere(ctx context.Context, tx *sqlstore.Tx, p *pair, rows []changeRow) error {
	upTo := int64(0)
	for _, r := range rows {
		upTo = max(upTo, r.n)
	}
	var n int64
	if err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM r_change WHERE pair = $1 AND n <= $2`, p.id, upTo).Scan(&n); err != nil {
		return err
	}
	if n != int64(len(rows)) {
		return errFolded
	}
	return nil
}

// takeAway removes rows that have been folded, and tells of those that could not be read.
func (b *Books) takeAway(ctx context.Context, tx *sqlstore.Tx, p *pair, rows, bad []changeRow) error {
	upTo, changes := int64(0), int64(0)
	for _, r := range rows {
		upTo = max(upTo, r.n)
		changes += max(0, r.changes)
	}
	if _, err := tx.Exec(ctx, `DELETE FROM r_change WHERE pair = $1 AND n <= $2`, p.id, upTo); err != nil {
		return err
	}
	for _, r := range bad {
		w := wrongRow{key: fmt.Sprintf("r_change %d", r.n), what: lost}
		if err := b.find(ctx, tx, p, progress{}, w); err != nil {
			return err
		}
	}
	tx.OnCommit(func() { b.folded(p, changes) })
	return nil
}

// bring makes values those of the entries, and adds what that changes to the sums.
func bring(ctx context.Context, tx *sqlstore.Tx, p *pair, values []placed) error {
	places := make([]int64, len(values))
	for i, v := range values {
		places[i] = v.place
	}
	was, err := valuesAt(ctx, tx, p.id, places)
	if err != nil {
		return fmt.Errorf("couldn't read what was there: %w", err)
	}
	h := newHasher(p.secret, p.book)
	deltas := map[int]*Digest{rootBucket: {}}
	var rows []any
	for i := range values {
		v := &values[i]
		old := was[v.entryKey]
		if !h.change(deltas, v.place, v.key, old, v.value) {
			continue
		}
		if v.value == (message.Hash{}) {
			if _, err := tx.Exec(ctx, `DELETE FROM r_entry WHERE pair = $1 AND place = $2 AND skey = $3`, p.id, v.place, v.key); err != nil {
				return err
			}
			continue
		}
		rows = append(rows, p.id, v.place, v.key, v.value[:])
	}
	if len(deltas) == 1 {
		return nil
	}
	if err := tx.InsertRows(ctx, "r_entry", "pair, place, skey, value", 4, rows,
		"ON CONFLICT (pair, place, skey) DO UPDATE SET value = excluded.value"); err != nil {
		return err
	}
	return addDigests(ctx, tx, p.id, deltas)
}
