package reconcile

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// An entry has its place by the hash of its key, so a transaction of a hundred changes would write to some two hundred
// pages all over the tables. Instead it adds its changes, as they are, as one row at the end of r_change. The fold brings
// them to their places later, many at a time (fold.go). Whoever reads a book reads both, in one transaction: what is folded,
// and over it what is not (sight.go). So it is exact at every moment, and no reader has to know how far the fold is.

// change is one call of Set, kept until the transaction writes its books.
type change struct {
	pair  *pair
	key   string
	value message.Hash // zero: no entry
	err   error        // of a call that cannot be done
}

// Set makes value what we hold of a book with a peer under a key, the zero value that we hold nothing. It belongs into
// the transaction that changes the state itself, and costs one row per transaction and book, not per call. A transaction
// sees its own entries after Flush.
func (b *Books) Set(tx *sqlstore.Tx, book message.Book, peer message.Org, key string, value message.Hash) {
	c := &change{pair: b.pairs[pairName{book, peer}], key: key, value: value}
	switch {
	case c.pair == nil:
		c.err = fmt.Errorf("%s holds no book %q with %s: no Table says so", b.cfg.Self, book, peer)
	case key == "":
		c.err = fmt.Errorf("an entry of the book %q has no key", book)
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

// WriteKept writes what a transaction has set.
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
	slices.SortFunc(order, func(a, b *pair) int { return cmp.Compare(a.id, b.id) })
	rows := make([]any, 0, 4*len(order))
	for _, p := range order {
		rows = append(rows, p.id, tx.Serial(), int64(len(byPair[p])), pack(byPair[p]))
	}
	if err := tx.InsertRows(ctx, "r_change", "pair, n, changes, body", 4, rows, ""); err != nil {
		return err
	}
	for _, p := range order {
		n := int64(len(byPair[p]))
		if p.waits(n) > b.most {
			// The fold does not keep up, or does not run. Whoever writes waits for it then, so that reading stays cheap.
			if err := b.foldIn(ctx, tx, p); err != nil {
				return fmt.Errorf("book %s with %s: %w", p.book, p.peer, err)
			}
			continue
		}
		tx.OnCommit(func() { b.wrote(p, n) })
	}
	return nil
}

// pack writes changes, in their order: the length of the key, the key, a byte that tells whether a value follows, the value.
func pack(changes []*change) []byte {
	size := 0
	for _, c := range changes {
		size += binary.MaxVarintLen16 + len(c.key) + 1 + len(c.value)
	}
	b := make([]byte, 0, size)
	for _, c := range changes {
		b = append(binary.AppendUvarint(b, uint64(len(c.key))), c.key...)
		if c.value == (message.Hash{}) {
			b = append(b, 0)
			continue
		}
		b = append(append(b, 1), c.value[:]...)
	}
	return b
}

var errPacked = errors.New("changes that cannot be read")

// unpack calls fn with each change, once it knows that all can be read.
func unpack(b []byte, count int64, fn func(key []byte, value message.Hash)) error {
	for pass := range 2 {
		rest, n := b, int64(0)
		for ; len(rest) > 0; n++ {
			length, w := binary.Uvarint(rest)
			if w <= 0 || length == 0 || length >= uint64(len(rest)-w) {
				return errPacked
			}
			key := rest[w : w+int(length)]
			rest = rest[w+int(length):]
			var value message.Hash
			switch {
			case rest[0] == 0:
				rest = rest[1:]
			case rest[0] == 1 && len(rest) > len(value):
				value, rest = message.Hash(rest[1:]), rest[1+len(value):]
			default:
				return errPacked
			}
			if pass == 1 {
				fn(key, value)
			}
		}
		if n != count {
			return errPacked
		}
	}
	return nil
}

// changeRow is one row of r_change.
type changeRow struct {
	n, changes int64
	body       []byte
}

func scanChange(r *sqlstore.Rows, v *changeRow) error { return r.Scan(&v.n, &v.changes, &v.body) }

// changesOf reads what is not folded yet, the oldest first.
func changesOf(ctx context.Context, tx *sqlstore.Tx, pair int64) ([]changeRow, error) {
	rows, err := sqlstore.List(ctx, tx, scanChange,
		`SELECT n, changes, body FROM r_change WHERE pair = $1 ORDER BY turn, n`, pair)
	if err != nil {
		return nil, fmt.Errorf("couldn't read what is not folded yet: %w", err)
	}
	return rows, nil
}

// unfolded is what was last set under each key and is not folded yet. A row that cannot be read has changed nothing: the
// fold tells of it, and the self-audit finds what it lacked.
func unfolded(ctx context.Context, tx *sqlstore.Tx, pair int64) (map[string]message.Hash, error) {
	rows, err := changesOf(ctx, tx, pair)
	if err != nil {
		return nil, err
	}
	last, _ := lastOf(rows)
	return last, nil
}

// lastOf is what some rows set last under each key, and the rows that cannot be read.
func lastOf(rows []changeRow) (last map[string]message.Hash, bad []changeRow) {
	last = map[string]message.Hash{}
	for _, r := range rows {
		if unpack(r.body, r.changes, func(key []byte, value message.Hash) { last[string(key)] = value }) != nil {
			bad = append(bad, r)
		}
	}
	return last, bad
}
