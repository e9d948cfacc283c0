package reconcile

import (
	"context"

	"github.com/akashi-id/akashi/internal/queue"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

// openFoldRig: a good item is an entry that a transaction has set. It has come through when it is in its place.
func openFoldRig(ctx context.Context, g queue.Ground) (*queue.Rig, error) {
	r, err := openRig(ctx, g, seldom, seldom, rigPeer)
	if err != nil {
		return nil, err
	}
	p := r.books.pairs[pairName{rigBook, rigPeer}]
	plant := func(ctx context.Context, bad queue.Poison, n int) error {
		return r.store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
			for i := range n {
				body := []byte{0xff, 0x00}
				if bad == queue.Truncated {
					e := fact(uint64(i + 1)).Entries()[0]
					body = pack([]*change{{key: e.Key, value: e.Is}})[:20]
				}
				tx.Collect("r_change", "pair, n, changes, body", p.id, tx.Serial(), int64(1), body)
			}
			return nil
		})
	}
	good := func(ctx context.Context) (func(context.Context) (bool, error), error) {
		var key string
		err := r.store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
			key, err = r.put(ctx, tx, r.next(), nil, "")
			return err
		})
		// As when there is enough to be folded.
		p.mu.Lock()
		p.folding.due = g.Clock.Now()
		p.mu.Unlock()
		r.store.Bell(foldBell).Ring()
		return func(ctx context.Context) (in bool, err error) {
			err = r.store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
				found, err := valuesAt(ctx, tx, p.id, []int64{place(key)})
				in = len(found) > 0
				return err
			})
			return in, err
		}, err
	}
	return &queue.Rig{Tasks: r.books.Tasks(), Plant: plant, Good: good, Aside: r.aside, Close: r.store.Close}, nil
}
