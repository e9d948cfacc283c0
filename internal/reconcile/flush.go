package reconcile

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/bits"
	"slices"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// change is one call of Set, kept until the transaction writes its books.
type change struct {
	pair  *pair
	place int64
	key   string
	value message.Hash // zero: no entry
	err   error        // of a call that cannot be done
}

// Set makes value what we hold of a book with a peer under a key, the zero value that we hold nothing. It belongs into
// the transaction that changes the state itself, and costs three statements per transaction, not per call. A transaction
// sees its own entries after Flush.
func (b *Books) Set(tx *sqlstore.Tx, book message.Book, peer message.Org, key string, value message.Hash) {
	c := &change{pair: b.pairs[pairName{book, peer}], key: key, value: value}
	switch {
	case c.pair == nil:
		c.err = fmt.Errorf("%s holds no book %q with %s: no Table says so", b.cfg.Self, book, peer)
	case key == "":
		c.err = fmt.Errorf("an entry of the book %q has no key", book)
	default:
		c.place = place(key)
	}
	tx.Keep(b, c)
}

// Apply sets what a message changes: every entry becomes what the message says that the copy holds after it. Both sides
// call it, the sender where it sends the message and the receiver where it applies it.
func (b *Books) Apply(tx *sqlstore.Tx, peer message.Org, p message.Booked) {
	for _, e := range p.Entries() {
		b.Set(tx, e.Book, peer, e.Key, e.Is)
	}
}

// WriteKept writes the entries that a transaction has set, and what that does to the digests.
func (b *Books) WriteKept(ctx context.Context, tx *sqlstore.Tx, kept []any) error {
	byPair := map[*pair][]*change{}
	var order []*pair
	for _, k := range kept {
		c, ok := k.(*change)
		if !ok {
			return fmt.Errorf("something else than a change was kept: %T", k)
		}
		if c.err != nil {
			return c.err
		}
		if byPair[c.pair] == nil {
			order = append(order, c.pair)
		}
		byPair[c.pair] = append(byPair[c.pair], c)
	}
	// Always in one order: two transactions that wait for each other's rows would both have to begin again.
	slices.SortFunc(order, func(a, b *pair) int { return cmp.Compare(a.id, b.id) })
	for _, p := range order {
		if err := b.write(ctx, tx, p, byPair[p]); err != nil {
			return fmt.Errorf("book %s with %s: %w", p.book, p.peer, err)
		}
	}
	return nil
}

// lastOfEach leaves the last change of each key, in the order of the places.
func lastOfEach(changes []*change) []*change {
	slices.SortStableFunc(changes, func(a, b *change) int { return cmp.Or(cmp.Compare(a.place, b.place), cmp.Compare(a.key, b.key)) })
	last := changes[:0]
	for i, c := range changes {
		if i+1 < len(changes) && changes[i+1].key == c.key {
			continue
		}
		last = append(last, c)
	}
	return last
}

func (b *Books) write(ctx context.Context, tx *sqlstore.Tx, p *pair, changes []*change) error {
	changes = lastOfEach(changes)
	places := make([]int64, len(changes))
	for i, c := range changes {
		places[i] = c.place
	}
	was, err := valuesAt(ctx, tx, p.id, places)
	if err != nil {
		return fmt.Errorf("couldn't read what was there: %w", err)
	}
	h := newHasher(p.secret, p.book)
	deltas := map[int]*Digest{rootBucket: {}}
	var rows []any
	for _, c := range changes {
		old := was[entryKey{c.place, c.key}]
		if old == c.value {
			continue
		}
		bucket := bucketOf(c.place)
		d := deltas[bucket]
		if d == nil {
			d = new(Digest)
			deltas[bucket] = d
		}
		if old != (message.Hash{}) {
			e := h.of(c.key, old)
			d.take(e)
			deltas[rootBucket].take(e)
		}
		if c.value == (message.Hash{}) {
			if _, err := tx.Exec(ctx, `DELETE FROM r_entry WHERE pair = $1 AND place = $2 AND skey = $3`, p.id, c.place, c.key); err != nil {
				return err
			}
			continue
		}
		e := h.of(c.key, c.value)
		d.add(e)
		deltas[rootBucket].add(e)
		rows = append(rows, p.id, c.place, c.key, c.value[:])
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

// addDigests adds deltas to the digests, by bucket.
func addDigests(ctx context.Context, tx *sqlstore.Tx, pair int64, deltas map[int]*Digest) error {
	order := make([]int, 0, len(deltas))
	for bucket := range deltas {
		order = append(order, bucket)
	}
	slices.Sort(order)
	args := make([]any, 0, 7*len(order))
	for _, bucket := range order {
		d := deltas[bucket]
		args = append(args, pair, int64(bucket), d.N, int64(d.L[0]), int64(d.L[1]), int64(d.L[2]), int64(d.L[3]))
	}
	return tx.InsertRows(ctx, "r_digest", "pair, bucket, n, l0, l1, l2, l3", 7, args, addDigest)
}

const addDigest = `ON CONFLICT (pair, bucket) DO UPDATE SET n = r_digest.n + excluded.n,
	l0 = (r_digest.l0 + excluded.l0) & 4611686018427387903, l1 = (r_digest.l1 + excluded.l1) & 4611686018427387903,
	l2 = (r_digest.l2 + excluded.l2) & 4611686018427387903, l3 = (r_digest.l3 + excluded.l3) & 4611686018427387903`

type entryKey struct {
	place int64
	key   string
}

// valuesAt reads the entries at some places. The list is filled up to a power of two with its last place, so that the
// number of different statements stays small.
func valuesAt(ctx context.Context, tx *sqlstore.Tx, pair int64, places []int64) (map[entryKey]message.Hash, error) {
	found := make(map[entryKey]message.Hash, len(places))
	most := 1 << (bits.Len(uint(tx.MaxMarks())) - 1)
	for len(places) > 0 {
		n := min(len(places), most)
		padded := 1 << bits.Len(uint(n-1))
		args := make([]any, 1, padded+1)
		args[0] = pair
		for i := range padded {
			args = append(args, places[min(i, n-1)])
		}
		rows, err := tx.Query(ctx, `SELECT place, skey, value FROM r_entry WHERE pair = $1 AND place IN (`+tx.Marks(2, padded)+`)`, args...)
		if err != nil {
			return nil, err
		}
		for rows.Next() {
			var k entryKey
			var value []byte
			if err := rows.Scan(&k.place, &k.key, &value); err != nil {
				return nil, errors.Join(err, rows.Close())
			}
			found[k] = hashOf(value)
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return nil, err
		}
		places = places[n:]
	}
	return found, nil
}

// hashOf reads a value. What was put into the column by hand and is no hash is one that no entry has.
func hashOf(b []byte) (h message.Hash) {
	if len(b) != len(h) {
		h[0] = 0xff
	}
	copy(h[:], b)
	return h
}
