package reconcile

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/akashi-id/akashi/internal/sqlstore"
)

// shortSum is a sum as it travels below the root: the number and the first two lanes. 124 keyed bits are enough where a
// difference is only looked for.
type shortSum struct {
	n int64
	l [2]uint64
}

func (d Digest) short() shortSum { return shortSum{d.N, [2]uint64{d.L[0], d.L[1]}} }

// with is the sum with something added to it.
func (s shortSum) with(d Digest) shortSum {
	add := d.short()
	s.n += add.n
	for i := range s.l {
		s.l[i] = (s.l[i] + add.l[i]) & laneMask
	}
	return s
}

func (s shortSum) append(b []byte) []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(b, s.l[0]), s.l[1])
}

const shortSize = 16

// packSums writes sums for the way.
func packSums(sums []shortSum) (n []int64, packed []byte) {
	n, packed = make([]int64, len(sums)), make([]byte, 0, shortSize*len(sums))
	for i, s := range sums {
		n[i], packed = s.n, s.append(packed)
	}
	return n, packed
}

var errSums = errors.New("a list of sums has the wrong length")

func unpackSums(n []int64, packed []byte, want int) ([]shortSum, error) {
	if len(n) != want || len(packed) != shortSize*want {
		return nil, errSums
	}
	sums := make([]shortSum, want)
	for i := range sums {
		p := packed[shortSize*i:]
		sums[i] = shortSum{n[i], [2]uint64{binary.BigEndian.Uint64(p), binary.BigEndian.Uint64(p[8:])}}
	}
	return sums, nil
}

// root reads the sum of all entries, which is kept beside the buckets.
func root(ctx context.Context, tx *sqlstore.Tx, pair int64) (Digest, error) {
	rows, err := sqlstore.List(ctx, tx, scanDigest, `SELECT bucket, n, l0, l1, l2, l3 FROM r_digest WHERE pair = $1 AND bucket = -1`, pair)
	if err != nil || len(rows) == 0 {
		return Digest{}, err
	}
	return rows[0].Digest, nil
}

// nodeSums sums the buckets from first to last below the nodes of a level. shift is 8 for the second level and 4 for the
// third; the answer holds those nodes that have buckets. Lanes are summed in halves, as a sum of whole ones would not fit
// into a BIGINT.
func nodeSums(ctx context.Context, tx *sqlstore.Tx, pair int64, shift, first, last int) (map[int]shortSum, error) {
	sums := map[int]shortSum{}
	rows, err := tx.Query(ctx, fmt.Sprintf(`SELECT bucket >> %d, CAST(SUM(n) AS BIGINT),
		CAST(SUM(l0 & 2147483647) AS BIGINT), CAST(SUM(l0 >> 31) AS BIGINT), CAST(SUM(l1 & 2147483647) AS BIGINT), CAST(SUM(l1 >> 31) AS BIGINT)
		FROM r_digest WHERE pair = $1 AND bucket BETWEEN $2 AND $3 GROUP BY bucket >> %d`, shift, shift), pair, int64(first), int64(last))
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		var node int
		var n, low0, high0, low1, high1 int64
		if err := rows.Scan(&node, &n, &low0, &high0, &low1, &high1); err != nil {
			return nil, errors.Join(err, rows.Close())
		}
		sums[node] = shortSum{n, [2]uint64{whole(low0, high0), whole(low1, high1)}}
	}
	return sums, errors.Join(rows.Err(), rows.Close())
}

func whole(low, high int64) uint64 { return (uint64(low) + uint64(high)<<31) & laneMask }

// bucketSums reads the sums of the buckets from first to last.
func bucketSums(ctx context.Context, tx *sqlstore.Tx, pair int64, first, last int) (map[int]Digest, error) {
	rows, err := sqlstore.List(ctx, tx, scanDigest, `SELECT bucket, n, l0, l1, l2, l3 FROM r_digest WHERE pair = $1 AND bucket BETWEEN $2 AND $3`,
		pair, int64(first), int64(last))
	if err != nil {
		return nil, err
	}
	sums := make(map[int]Digest, len(rows))
	for _, r := range rows {
		sums[r.bucket] = r.Digest
	}
	return sums, nil
}

// entriesIn reads the entries of a bucket, in the order of their places.
func entriesIn(ctx context.Context, tx *sqlstore.Tx, pair int64, bucket int) ([]entryRow, error) {
	first, last := bucketEnds(bucket)
	return sqlstore.List(ctx, tx, scanEntry, `SELECT place, skey, value FROM r_entry WHERE pair = $1 AND place BETWEEN $2 AND $3 ORDER BY place, skey`,
		pair, first, last)
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
