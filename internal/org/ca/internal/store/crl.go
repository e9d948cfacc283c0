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
	Damaged          int64 // rows that could not be read, or contradict the list, when the last was made
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
	found, err := sqlstore.List(ctx, tx.Tx, scanPartition, partitionColumns+`WHERE issuer = $1 AND municipality = $2`, issuer, m.String())
	if err != nil || len(found) == 0 {
		return Partition{}, false, err
	}
	return found[0], true, nil
}

// Partitions lists all.
func (tx *Tx) Partitions(ctx context.Context) ([]Partition, error) {
	return sqlstore.List(ctx, tx.Tx, scanPartition, partitionColumns+`ORDER BY municipality, profile, issuer`)
}

const partitionColumns = `SELECT issuer, municipality, profile, prefecture_name, municipality_name, number, issued, this_update, next_update,
	entries, damaged FROM crl `

func scanPartition(r *sqlstore.Rows, p *Partition) (err error) {
	var municipality, profile string
	if err := r.Scan(&p.Issuer, &municipality, &profile, &p.PrefectureName, &p.MunicipalityName, &p.Number, &p.Issued,
		sqlstore.Time(&p.ThisUpdate), sqlstore.Time(&p.NextUpdate), &p.Entries, &p.Damaged); err != nil {
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

// NextNumber gives out the next number of a partition and notes that its list is no longer behind.
func (tx *Tx) NextNumber(ctx context.Context, issuer string, m resident.MunicipalityCode) (number int64, err error) {
	err = tx.QueryRow(ctx, `UPDATE crl SET number = number + 1, changed = FALSE WHERE issuer = $1 AND municipality = $2 RETURNING number`,
		issuer, m.String()).Scan(&number)
	return number, err
}

// PutCRL stores a signed list, unless a later one is stored already.
func (tx *Tx) PutCRL(ctx context.Context, issuer string, m resident.MunicipalityCode, number int64, thisUpdate, nextUpdate time.Time, entries int, der []byte) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE crl SET issued = $3, this_update = $4, next_update = $5, entries = $6, der = $7
		WHERE issuer = $1 AND municipality = $2 AND issued < $3`, issuer, m.String(), number, thisUpdate, nextUpdate, entries, der)
	if err == nil && n == 1 { // only the stored list is held against what was written down
		_, err = tx.Exec(ctx, `DELETE FROM intended WHERE kind = $1 AND issuer = $2 AND subject = $3 AND number < $4`,
			string(RevocationList), issuer, []byte(m.String()), number)
	}
	return n == 1, err
}
