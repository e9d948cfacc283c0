package reconcile

import (
	"context"
	"fmt"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// Held reads a book, and says where its sums are not those of its entries.
func (b *Books) Held(ctx context.Context, book message.Book, peer message.Org) (map[string]message.Hash, string, error) {
	p := b.pairs[pairName{book, peer}]
	held, wrong := map[string]message.Hash{}, ""
	err := b.cfg.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		sums := map[int]*Digest{rootBucket: {}}
		h := newHasher(p.secret, p.book)
		rows, err := sqlstore.List(ctx, tx, func(r *sqlstore.Rows, v *entryRow) error { return r.Scan(&v.place, &v.key, &v.value) },
			`SELECT place, skey, value FROM r_entry WHERE pair = $1`, p.id)
		if err != nil {
			return err
		}
		for _, v := range rows {
			held[v.key] = hashOf(v.value)
			bucket := bucketOf(v.place)
			if sums[bucket] == nil {
				sums[bucket] = new(Digest)
			}
			e := h.of(v.key, hashOf(v.value))
			sums[bucket].add(e)
			sums[rootBucket].add(e)
		}
		kept, err := sqlstore.List(ctx, tx, scanDigest, `SELECT bucket, n, l0, l1, l2, l3 FROM r_digest WHERE pair = $1`, p.id)
		if err != nil {
			return err
		}
		for _, k := range kept {
			s := sums[k.bucket]
			if s == nil {
				s = new(Digest)
			}
			if *s != k.Digest {
				wrong = fmt.Sprintf("bucket %d: %+v is kept, %+v is there", k.bucket, k.Digest, *s)
			}
			delete(sums, k.bucket)
		}
		for bucket, s := range sums {
			if *s != (Digest{}) {
				wrong = fmt.Sprintf("bucket %d has no sum", bucket)
			}
		}
		return nil
	})
	return held, wrong, err
}
