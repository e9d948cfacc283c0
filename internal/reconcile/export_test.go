package reconcile

import (
	"context"
	"fmt"
	"time"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// Held reads a book, and says where its sums are not those of its entries: of what is folded, and of all.
func (b *Books) Held(ctx context.Context, book message.Book, peer message.Org) (held map[string]message.Hash, wrong string, err error) {
	p := b.pairs[pairName{book, peer}]
	err = b.cfg.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		h := newHasher(p.secret, p.book)
		sums := func(entries map[string]message.Hash) map[int]*Digest {
			all := map[int]*Digest{rootBucket: {}}
			for k, v := range entries {
				h.change(all, place(k), k, message.Hash{}, v)
			}
			return all
		}
		rows, err := sqlstore.List(ctx, tx, scanEntry, `SELECT place, skey, value FROM r_entry WHERE pair = $1`, p.id)
		if err != nil {
			return err
		}
		folded := map[string]message.Hash{}
		for _, v := range rows {
			folded[v.key] = hashOf(v.value)
		}
		kept, err := sqlstore.List(ctx, tx, scanDigest, `SELECT bucket, n, l0, l1, l2, l3 FROM r_digest WHERE pair = $1`, p.id)
		if err != nil {
			return err
		}
		there := sums(folded)
		for _, k := range kept {
			s := there[k.bucket]
			if s == nil {
				s = new(Digest)
			}
			if *s != k.Digest {
				wrong = fmt.Sprintf("bucket %d: %+v is kept, %+v is there", k.bucket, k.Digest, *s)
			}
			delete(there, k.bucket)
		}
		for bucket, s := range there {
			if *s != (Digest{}) {
				wrong = fmt.Sprintf("bucket %d has no sum", bucket)
			}
		}
		if held, err = Entries(ctx, tx, book, peer); err != nil {
			return err
		}
		differs, err := p.seesWrong(ctx, tx, held, sums(held))
		if differs != "" {
			wrong = differs
		}
		return err
	})
	return held, wrong, err
}

// seesWrong says where the sums and entries that a comparison would see are not the right ones.
func (p *pair) seesWrong(ctx context.Context, tx *sqlstore.Tx, held map[string]message.Hash, right map[int]*Digest) (string, error) {
	s, err := p.see(ctx, tx)
	if err != nil {
		return "", err
	}
	if d, err := s.root(ctx); err != nil || d != *right[rootBucket] {
		return fmt.Sprintf("the sum of all is told as %+v, it is %+v", d, *right[rootBucket]), err
	}
	level, err := s.nodeSums(ctx, 8, 0, buckets-1)
	if err != nil {
		return "", err
	}
	for bucket, d := range right {
		if bucket == rootBucket {
			continue
		}
		leaves, err := s.bucketSums(ctx, bucket, bucket)
		if err != nil || leaves[bucket] != d.short() {
			return fmt.Sprintf("bucket %d is told as %+v, it is %+v", bucket, leaves[bucket], d.short()), err
		}
		entries, err := s.entriesIn(ctx, bucket)
		if err != nil || int64(len(entries)) != d.N {
			return fmt.Sprintf("bucket %d is told to have %d entries, it has %d", bucket, len(entries), d.N), err
		}
		for _, e := range entries {
			if held[e.key] != e.value {
				return fmt.Sprintf("%s is told as %x, it is %x", e.key, e.value, held[e.key]), nil
			}
		}
		node := level[bucket>>8]
		node.n -= d.N
		for i := range node.l {
			node.l[i] = (node.l[i] - d.L[i]) & laneMask
		}
		level[bucket>>8] = node
	}
	for node, rest := range level {
		if rest != (shortSum{}) {
			return fmt.Sprintf("the node %d is told with %+v too much", node, rest), nil
		}
	}
	return "", nil
}

// FoldIn folds all books in the caller's transaction.
func (b *Books) FoldIn(ctx context.Context, tx *sqlstore.Tx) error {
	for _, p := range b.order {
		if err := b.foldIn(ctx, tx, p); err != nil {
			return err
		}
	}
	return nil
}

// FoldBy has the fold go in slices of so many changes, and the writers fold beyond so many that wait.
func (b *Books) FoldBy(slice int, most int64) { b.slice, b.most = slice, most }

// FoldLate folds a book of which it has read before something else happened.
func (b *Books) FoldLate(ctx context.Context, book message.Book, peer message.Org, between func()) error {
	p := b.pairs[pairName{book, peer}]
	var rows []changeRow
	err := b.cfg.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		rows, err = changesOf(ctx, tx, p.id)
		return err
	})
	if err != nil {
		return err
	}
	between()
	return b.foldRows(ctx, p, rows)
}

// FoldStep is what the fold's task does.
func (b *Books) FoldStep(ctx context.Context) (time.Time, error) { return b.foldStep(ctx) }

// ValueOf reads the entry of one key.
func (b *Books) ValueOf(ctx context.Context, book message.Book, peer message.Org, key string) (value message.Hash, err error) {
	err = b.cfg.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		value, err = b.pairs[pairName{book, peer}].valueOf(ctx, tx, key)
		return err
	})
	return value, err
}

// AuditStep has the self-audit look at the next page of a book.
func (b *Books) AuditStep(ctx context.Context, book message.Book, peer message.Org) (time.Duration, error) {
	return b.auditPage(ctx, b.pairs[pairName{book, peer}])
}
