package reconcile

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// sight is a book as one transaction sees it: what is folded into the entries and their sums, and over it what is not.
type sight struct {
	tx    *sqlstore.Tx
	p     *pair
	fresh map[string]message.Hash // what is not folded; zero: no entry
	order []placed                // the same in the order of the places
	delta map[int]*Digest         // what that does to the sums, by bucket and of all
}

// see looks at a book.
func (p *pair) see(ctx context.Context, tx *sqlstore.Tx) (*sight, error) {
	fresh, err := unfolded(ctx, tx, p.id)
	if err != nil {
		return nil, err
	}
	s := &sight{tx: tx, p: p, fresh: fresh, order: inPlace(fresh), delta: map[int]*Digest{rootBucket: {}}}
	places := make([]int64, len(s.order))
	for i, v := range s.order {
		places[i] = v.place
	}
	was, err := valuesAt(ctx, tx, p.id, places)
	if err != nil {
		return nil, fmt.Errorf("couldn't read what is folded: %w", err)
	}
	h := newHasher(p.secret, p.book)
	for _, v := range s.order {
		h.change(s.delta, v.place, v.key, was[v.entryKey], v.value)
	}
	return s, nil
}

// root is the sum of all entries.
func (s *sight) root(ctx context.Context) (Digest, error) {
	d, err := root(ctx, s.tx, s.p.id)
	d.join(*s.delta[rootBucket])
	return d, err
}

// nodeSums are the sums of the nodes of a level that have buckets from first to last; see nodeSums in sums.go.
func (s *sight) nodeSums(ctx context.Context, shift, first, last int) (map[int]shortSum, error) {
	sums, err := nodeSums(ctx, s.tx, s.p.id, shift, first, last)
	if err != nil {
		return nil, err
	}
	for bucket, d := range s.delta {
		if bucket >= first && bucket <= last && bucket != rootBucket {
			sums[bucket>>shift] = sums[bucket>>shift].with(*d)
		}
	}
	return sums, nil
}

// bucketSums are the sums of the buckets from first to last.
func (s *sight) bucketSums(ctx context.Context, first, last int) (map[int]shortSum, error) {
	kept, err := bucketSums(ctx, s.tx, s.p.id, first, last)
	if err != nil {
		return nil, err
	}
	sums := make(map[int]shortSum, len(kept))
	for bucket, d := range kept {
		sums[bucket] = d.short()
	}
	for bucket := first; bucket <= last; bucket++ {
		if d := s.delta[bucket]; d != nil {
			sums[bucket] = sums[bucket].with(*d)
		}
	}
	return sums, nil
}

// entriesIn are the entries of a bucket, in the order of their places.
func (s *sight) entriesIn(ctx context.Context, bucket int) ([]placed, error) {
	rows, err := entriesIn(ctx, s.tx, s.p.id, bucket)
	if err != nil {
		return nil, err
	}
	return over(rows, s.fresh, s.order, bucket, bucket), nil
}

// over puts what is not folded over the entries of the buckets from first to last.
func over(rows []entryRow, fresh map[string]message.Hash, order []placed, first, last int) []placed {
	all := make([]placed, 0, len(rows))
	for _, r := range rows {
		if _, is := fresh[r.key]; !is {
			all = append(all, placed{entryKey{r.place, r.key}, hashOf(r.value)})
		}
	}
	n := len(all)
	from, _ := bucketEnds(first)
	_, to := bucketEnds(last)
	at, _ := slices.BinarySearchFunc(order, from, func(v placed, place int64) int { return cmp.Compare(v.place, place) })
	for ; at < len(order) && order[at].place <= to; at++ {
		if order[at].value != (message.Hash{}) {
			all = append(all, order[at])
		}
	}
	if len(all) > n {
		slices.SortFunc(all, byPlace)
	}
	return all
}

// valuesOf reads the entries of some keys; one that is not there is not in the map.
func (p *pair) valuesOf(ctx context.Context, tx *sqlstore.Tx, keys []string) (map[string]message.Hash, error) {
	fresh, err := unfolded(ctx, tx, p.id)
	if err != nil {
		return nil, err
	}
	return valuesOver(ctx, tx, p.id, fresh, keys)
}

func (s *sight) valuesOf(ctx context.Context, keys []string) (map[string]message.Hash, error) {
	return valuesOver(ctx, s.tx, s.p.id, s.fresh, keys)
}

func valuesOver(ctx context.Context, tx *sqlstore.Tx, pair int64, fresh map[string]message.Hash, keys []string) (map[string]message.Hash, error) {
	values := make(map[string]message.Hash, len(keys))
	var names []string
	var places []int64
	for _, k := range keys {
		if v, is := fresh[k]; !is {
			names, places = append(names, k), append(places, place(k))
		} else if v != (message.Hash{}) {
			values[k] = v
		}
	}
	found, err := valuesAt(ctx, tx, pair, places)
	for i, k := range names {
		if v, ok := found[entryKey{places[i], k}]; ok {
			values[k] = v
		}
	}
	return values, err
}

// lately is how many rows are looked at first for one key.
const lately = 16

// valueOf reads the entry of one key; the zero value for none. It looks at what was set last first: who asks for one key
// has mostly just set it.
func (p *pair) valueOf(ctx context.Context, tx *sqlstore.Tx, key string) (message.Hash, error) {
	rows, err := sqlstore.List(ctx, tx, scanChange, `SELECT n, changes, body FROM r_change WHERE pair = $1 ORDER BY turn DESC, n DESC LIMIT $2`, p.id, int64(lately))
	if err != nil {
		return message.Hash{}, fmt.Errorf("couldn't read what was set last: %w", err)
	}
	slices.Reverse(rows)
	last, _ := lastOf(rows)
	if v, is := last[key]; is {
		return v, nil
	}
	if len(rows) == lately {
		if last, err = unfolded(ctx, tx, p.id); err != nil {
			return message.Hash{}, err
		}
	}
	values, err := valuesOver(ctx, tx, p.id, last, []string{key})
	return values[key], err
}

// Entries are a book as a transaction of its database sees it, whoever opened it: for those who hold the book against
// something else.
func Entries(ctx context.Context, tx *sqlstore.Tx, book message.Book, peer message.Org) (map[string]message.Hash, error) {
	held := map[string]message.Hash{}
	ids, err := sqlstore.List(ctx, tx, func(r *sqlstore.Rows, id *int64) error { return r.Scan(id) },
		`SELECT id FROM r_pair WHERE book = $1 AND peer = $2`, string(book), string(peer))
	if err != nil || len(ids) == 0 {
		return held, err
	}
	rows, err := sqlstore.List(ctx, tx, scanEntry, `SELECT place, skey, value FROM r_entry WHERE pair = $1`, ids[0])
	if err != nil {
		return held, err
	}
	fresh, err := unfolded(ctx, tx, ids[0])
	for _, e := range over(rows, fresh, inPlace(fresh), 0, buckets-1) {
		held[e.key] = e.value
	}
	return held, err
}
