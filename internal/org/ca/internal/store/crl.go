package store

import (
	"context"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/resident"
)

// Partition is the part of a CA's revocation list that covers one municipality.
type Partition struct {
	Issuer           string
	Municipality     resident.MunicipalityCode
	Profile          cert.Profile
	PrefectureName   string // as certificates name the partition
	MunicipalityName string
	Number           int64 // the last given out
	Issued           int64 // the last signed; 0: none
	ThisUpdate       time.Time
	NextUpdate       time.Time
	Entries          int64
	Delta            Delta // the newest delta list
	Damaged          int64 // rows that could not be read, or contradict the list, when the last was made
}

// Delta is what the row of a delta list says; Number 0: there is none.
type Delta struct {
	Number, Base, Entries  int64
	ThisUpdate, NextUpdate time.Time
}

// Named is the time up to which what was revoked is on a list, full or delta.
func (p Partition) Named() time.Time {
	if p.Delta.Number > p.Issued {
		return p.Delta.ThisUpdate
	}
	return p.ThisUpdate
}

// AddPartition makes a partition with its names. It reports false when it is there.
func (tx *Tx) AddPartition(ctx context.Context, p Partition) (bool, error) {
	n, err := tx.Exec(ctx, `INSERT INTO crl(issuer, municipality, profile, prefecture_name, municipality_name, number, changed, issued,
		this_update, next_update, entries, der) VALUES ($1, $2, $3, $4, $5, 0, TRUE, 0, 0, 0, 0, $6) ON CONFLICT DO NOTHING`,
		p.Issuer, p.Municipality.String(), p.Profile.String(), p.PrefectureName, p.MunicipalityName, []byte{})
	return n == 1, err
}

// Partition finds one.
func (tx *Tx) Partition(ctx context.Context, issuer string, m resident.MunicipalityCode) (Partition, bool, error) {
	found, err := sqlstore.List(ctx, tx.Tx, scanPartition, partitionColumns+`WHERE c.issuer = $1 AND c.municipality = $2`, issuer, m.String())
	if err != nil || len(found) == 0 {
		return Partition{}, false, err
	}
	return found[0], true, nil
}

// Partitions lists all.
func (tx *Tx) Partitions(ctx context.Context) ([]Partition, error) {
	return sqlstore.List(ctx, tx.Tx, scanPartition, partitionColumns+`ORDER BY c.municipality, c.profile, c.issuer`)
}

const partitionColumns = `SELECT c.issuer, c.municipality, c.profile, c.prefecture_name, c.municipality_name, c.number, c.issued, c.this_update, c.next_update,
	c.entries, c.damaged, COALESCE(d.number, 0), COALESCE(d.base, 0), COALESCE(d.entries, 0), COALESCE(d.this_update, 0), COALESCE(d.next_update, 0)
	FROM crl c LEFT JOIN delta d ON d.issuer = c.issuer AND d.municipality = c.municipality `

func scanPartition(r *sqlstore.Rows, p *Partition) (err error) {
	var municipality, profile string
	if err := r.Scan(&p.Issuer, &municipality, &profile, &p.PrefectureName, &p.MunicipalityName, &p.Number, &p.Issued,
		sqlstore.Time(&p.ThisUpdate), sqlstore.Time(&p.NextUpdate), &p.Entries, &p.Damaged,
		&p.Delta.Number, &p.Delta.Base, &p.Delta.Entries, sqlstore.Time(&p.Delta.ThisUpdate), sqlstore.Time(&p.Delta.NextUpdate)); err != nil {
		return err
	}
	if p.Municipality, err = resident.ParseMunicipalityCode("municipality", municipality); err != nil {
		return err
	}
	p.Profile, err = cert.ParseProfile(profile)
	return err
}

// MarkChanged notes that a partition's list is behind. It reports true when that was not noted yet: then a new list has
// to be planned.
func (tx *Tx) MarkChanged(ctx context.Context, issuer string, m resident.MunicipalityCode) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE crl SET changed = TRUE WHERE issuer = $1 AND municipality = $2 AND NOT changed`, issuer, m.String())
	return n == 1, err
}

// NextNumber gives out the next number of a partition and the time of the list that will have it, and notes that its list is no longer
// behind. Neither goes back (RFC 5280 5.2.3), though transactions that began in one order may end in another.
func (tx *Tx) NextNumber(ctx context.Context, issuer string, m resident.MunicipalityCode) (number int64, at time.Time, err error) {
	err = tx.QueryRow(ctx, `UPDATE crl SET number = number + 1, changed = FALSE, taken_at = CASE WHEN taken_at > $3 THEN taken_at ELSE $3 END
		WHERE issuer = $1 AND municipality = $2 RETURNING number, taken_at`, issuer, m.String(), tx.Now().Truncate(time.Second)).Scan(&number, sqlstore.Time(&at))
	return number, at, err
}

// Signed is a list that was signed.
type Signed struct {
	Issuer                 string
	Municipality           resident.MunicipalityCode
	Number, Base           int64 // Base 0: a full list
	ThisUpdate, NextUpdate time.Time
	Entries                int
	Digest                 []byte // SHA-256 of DER
	DER                    []byte
}

// PutCRL stores a signed list, unless a later one of its kind is stored already.
func (tx *Tx) PutCRL(ctx context.Context, l Signed) (stored bool, err error) {
	kind, n := RevocationList, int64(0)
	if l.Base == 0 {
		n, err = tx.Exec(ctx, `UPDATE crl SET issued = $3, this_update = $4, next_update = $5, entries = $6, der = $7, digest = $8
			WHERE issuer = $1 AND municipality = $2 AND issued < $3`, l.Issuer, l.Municipality.String(), l.Number, l.ThisUpdate, l.NextUpdate, l.Entries, l.DER, l.Digest)
	} else {
		kind = DeltaList
		n, err = tx.Exec(ctx, `INSERT INTO delta(issuer, municipality, number, this_update, next_update, entries, der, digest, base) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
			ON CONFLICT (issuer, municipality) DO UPDATE SET number = excluded.number, this_update = excluded.this_update, next_update = excluded.next_update,
				entries = excluded.entries, der = excluded.der, digest = excluded.digest, base = excluded.base WHERE delta.number < excluded.number`,
			l.Issuer, l.Municipality.String(), l.Number, l.ThisUpdate, l.NextUpdate, l.Entries, l.DER, l.Digest, l.Base)
	}
	if err == nil && n == 1 { // only the stored list is held against what was written down
		_, err = tx.Exec(ctx, `DELETE FROM intended WHERE kind = $1 AND issuer = $2 AND subject = $3 AND number < $4`,
			string(kind), l.Issuer, []byte(l.Municipality.String()), l.Number)
	}
	return n == 1, err
}

// Delta is the delta list that was last signed for a partition; found is false when there is none.
func (tx *Tx) Delta(ctx context.Context, issuer string, m resident.MunicipalityCode) (l Signed, found bool, err error) {
	all, err := sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, l *Signed) error {
		return r.Scan(&l.Number, &l.Base, sqlstore.Time(&l.ThisUpdate), sqlstore.Time(&l.NextUpdate), &l.Entries, &l.Digest, &l.DER)
	}, `SELECT number, base, this_update, next_update, entries, digest, der FROM delta WHERE issuer = $1 AND municipality = $2`, issuer, m.String())
	if err != nil || len(all) == 0 {
		return l, false, err
	}
	l = all[0]
	l.Issuer, l.Municipality = issuer, m
	return l, true, nil
}

// Piece gives some bytes of a signed list, its size and its digest; false when a later list of its kind is stored.
func (tx *Tx) Piece(ctx context.Context, issuer string, m resident.MunicipalityCode, delta bool, number, from, length int64) (piece, digest []byte, size int64, found bool, err error) {
	table := `crl WHERE issued = $3`
	if delta {
		table = `delta WHERE number = $3`
	}
	type row struct {
		piece, digest []byte
		size          int64
	}
	all, err := sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, w *row) error { return r.Scan(&w.piece, &w.digest, &w.size) },
		`SELECT SUBSTR(der, $4, $5), digest, LENGTH(der) FROM `+table+` AND issuer = $1 AND municipality = $2`, issuer, m.String(), number, from+1, length)
	if err != nil || len(all) == 0 {
		return nil, nil, 0, false, err
	}
	return all[0].piece, all[0].digest, all[0].size, true, nil
}
