package reconcile

import (
	"context"
	"errors"
	"math/bits"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// entryRow is one row of r_entry.
type entryRow struct {
	place int64
	key   string
	value []byte
}

func scanEntry(r *sqlstore.Rows, e *entryRow) error { return r.Scan(&e.place, &e.key, &e.value) }

// digestRow is one row of r_digest.
type digestRow struct {
	bucket int
	Digest
}

func scanDigest(r *sqlstore.Rows, d *digestRow) error {
	var l [lanes]int64
	if err := r.Scan(&d.bucket, &d.N, &l[0], &l[1], &l[2], &l[3]); err != nil {
		return err
	}
	for i := range l {
		d.L[i] = uint64(l[i]) & laneMask
	}
	return nil
}

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
