package reconcile

import (
	"github.com/akashi-id/akashi/internal/sqlstore"
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
