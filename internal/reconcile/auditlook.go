package reconcile

import (
	"context"
	"fmt"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// lookAtEntries holds a page of the entries, whole buckets, against the sums and the state tables. The cursor is the first
// bucket of the page.
func (b *Books) lookAtEntries(ctx context.Context, tx *sqlstore.Tx, p *pair, cursor string, s *seen) (audited, error) {
	from := 0
	if cursor != "" {
		if _, err := fmt.Sscanf(cursor, "%d", &from); err != nil {
			from = 0
		}
	}
	entries, to, err := wholeBuckets(ctx, tx, p.id, from)
	if err != nil {
		return audited{}, err
	}
	a := audited{sums: map[int]*Digest{}}
	kept, err := bucketSums(ctx, tx, p.id, from, to)
	if err != nil {
		return a, err
	}
	h := newHasher(p.secret, p.book)
	off := map[int]*Digest{}
	for bucket, d := range kept {
		off[bucket] = &Digest{}
		off[bucket].part(d)
	}
	for _, e := range entries {
		bucket := bucketOf(e.place)
		if off[bucket] == nil {
			off[bucket] = new(Digest)
		}
		off[bucket].add(h.of(e.key, hashOf(e.value)))
	}
	for bucket, d := range off {
		if *d != (Digest{}) {
			a.sums[bucket] = d
		}
	}
	odd, err := oddKeys(ctx, tx, p.id)
	if err != nil {
		return a, err
	}
	fresh, err := unfolded(ctx, tx, p.id)
	if err != nil {
		return a, err
	}
	// The sums are of what is folded; what the book says is that and what is not.
	book := over(entries, fresh, inPlace(fresh), from, to)
	a.rows = int64(len(book))
	keys := make([]string, 0, len(book))
	for _, e := range book {
		if odd[e.key] != unreadable {
			keys = append(keys, e.key)
		}
	}
	if err := b.lookAt(ctx, tx, p, keys, s); err != nil {
		return a, err
	}
	for _, e := range book {
		w := wrongRow{key: e.key, kept: e.value, what: changed}
		if odd[e.key] == unreadable {
			continue // it is told until somebody closes it; the scan sees when it can be read again
		}
		if s.aside[e.key] {
			w.held, w.what = w.kept, unreadable // nobody knows what is held: the entry stays
			a.wrong = append(a.wrong, w)
			continue
		}
		value, there, err := b.lookOne(ctx, tx, p, e.key, s)
		if err != nil {
			return a, err
		}
		w.held = value
		switch {
		case odd[e.key] == doubled && there:
			continue // told already; the scan finds its end
		case !there:
			w.what = gone
		case value == message.Hash{}:
			w.held, w.what = said([]Row{{e.key, value}})
		}
		if w.kept != w.held {
			a.wrong = append(a.wrong, w)
		}
	}
	if to < buckets-1 {
		a.next = fmt.Sprint(to + 1)
		return a, nil
	}
	return a, checkRoot(ctx, tx, p, &a)
}

// wholeBuckets reads entries from a bucket on, about a page, and says up to which bucket.
func wholeBuckets(ctx context.Context, tx *sqlstore.Tx, pair int64, from int) (entries []entryRow, to int, err error) {
	first, _ := bucketEnds(from)
	for limit := auditPage; ; limit *= 8 {
		entries, err = sqlstore.List(ctx, tx, scanEntry, `SELECT place, skey, value FROM r_entry WHERE pair = $1 AND place >= $2 ORDER BY place, skey LIMIT $3`,
			pair, first, int64(limit))
		if err != nil || len(entries) < limit {
			return entries, buckets - 1, err
		}
		// The last bucket may go on behind the limit.
		last := bucketOf(entries[len(entries)-1].place)
		n := len(entries)
		for n > 0 && bucketOf(entries[n-1].place) == last {
			n--
		}
		if n > 0 {
			return entries[:n], last - 1, nil
		}
	}
}

// checkRoot holds the sum of all against the sums of the buckets.
func checkRoot(ctx context.Context, tx *sqlstore.Tx, p *pair, a *audited) error {
	var sum Digest
	for node := range 16 { // in parts: all at once would be a large answer
		part, err := bucketSums(ctx, tx, p.id, node<<12, node<<12+4095)
		if err != nil {
			return err
		}
		for _, d := range part {
			sum.join(d)
		}
	}
	kept, err := root(ctx, tx, p.id)
	if err != nil {
		return err
	}
	sum.part(kept)
	if sum != (Digest{}) {
		a.sums[rootBucket] = &sum
	}
	return nil
}
