package store

import (
	"context"
	"crypto/sha256"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

// writeDown keeps the digest of an intent for as long as what becomes of it.
func (tx *Tx) writeDown(i Intent) {
	subject := []byte(i.Subject)
	if serial, err := cert.ParseSerial(i.Subject); err == nil && !i.Kind.IsList() {
		subject = serial.Bytes()
	}
	digest := sha256.Sum256(i.TBS)
	tx.Collect("intended", "kind, issuer, subject, number, digest", string(i.Kind), i.Issuer, subject, i.Number, digest[:])
}

// StoredCertificate is a row of a certificate as it lies there: nothing in it was checked, and nothing keeps it from being read.
type StoredCertificate struct {
	Serial, KeyHash, DER                                        []byte
	Profile, Issuer, Holder, Municipality, Reason               string
	State                                                       State
	NotBefore, NotAfter, IntendedAt, IssuedAt, RevokedAt, Until time.Time
	PrefectureName, MunicipalityName                            string // of its partition; empty: there is none
	Intended                                                    []byte // empty: nothing was written down
	Others                                                      int64  // responders' certificates with its serial
}

const storedColumns = `SELECT c.serial, c.key_hash, c.certificate, c.profile, c.issuer, c.holder, c.municipality, c.reason, c.state, c.not_before, c.not_after,
	c.intended_at, c.issued_at, c.revoked_at, COALESCE(l.prefecture_name, ''), COALESCE(l.municipality_name, ''), COALESCE(i.digest, $1),
	(SELECT COUNT(*) FROM responder r WHERE r.serial = c.serial), (SELECT COALESCE(MAX(until), 0) FROM intended_since WHERE issuer = '' AND subject = '')
	FROM certificate c LEFT JOIN crl l ON l.issuer = c.issuer AND l.municipality = c.municipality
	LEFT JOIN intended i ON i.kind = 'certificate' AND i.issuer = c.issuer AND i.subject = c.serial AND i.number = 0 `

func scanStored(r *sqlstore.Rows, s *StoredCertificate) error {
	return r.Scan(&s.Serial, &s.KeyHash, &s.DER, &s.Profile, &s.Issuer, &s.Holder, &s.Municipality, &s.Reason, &s.State,
		sqlstore.Time(&s.NotBefore), sqlstore.Time(&s.NotAfter), sqlstore.Time(&s.IntendedAt), sqlstore.Time(&s.IssuedAt), sqlstore.Time(&s.RevokedAt),
		&s.PrefectureName, &s.MunicipalityName, &s.Intended, &s.Others, sqlstore.Time(&s.Until))
}

// StoredAfter gives certificates behind a serial, in the order of their octets.
func (tx *Tx) StoredAfter(ctx context.Context, serial []byte, limit int) ([]StoredCertificate, error) {
	return sqlstore.List(ctx, tx.Tx, scanStored, storedColumns+`WHERE c.serial > $2 ORDER BY c.serial LIMIT $3`, []byte{}, serial, int64(limit))
}

// StoredOf gives the row of one serial; false: there is none.
func (tx *Tx) StoredOf(ctx context.Context, serial []byte) (s StoredCertificate, found bool, err error) {
	all, err := sqlstore.List(ctx, tx.Tx, scanStored, storedColumns+`WHERE c.serial = $2`, []byte{}, serial)
	if err != nil || len(all) == 0 {
		return s, false, err
	}
	return all[0], true, nil
}

// StoredList is a row of a partition as it lies there.
type StoredList struct {
	Issuer, Municipality, Profile    string
	PrefectureName, MunicipalityName string
	Number, Issued, Entries          int64
	ThisUpdate, NextUpdate           time.Time
	DER, Intended, Delta             []byte // Delta: the delta list on it; empty: none
	Until                            int64  // up to this number nothing was written down
}

const storedListColumns = `SELECT l.issuer, l.municipality, l.profile, l.prefecture_name, l.municipality_name, l.number, l.issued, l.entries, l.this_update,
	l.next_update, l.der, COALESCE((SELECT until FROM intended_since s WHERE s.issuer = l.issuer AND s.subject = l.municipality), 0),
	COALESCE((SELECT d.der FROM delta d WHERE d.issuer = l.issuer AND d.municipality = l.municipality AND d.base = l.issued), '') FROM crl l `

func (tx *Tx) storedLists(ctx context.Context, where string, args ...any) ([]StoredList, error) {
	all, err := sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, l *StoredList) error {
		return r.Scan(&l.Issuer, &l.Municipality, &l.Profile, &l.PrefectureName, &l.MunicipalityName, &l.Number, &l.Issued, &l.Entries,
			sqlstore.Time(&l.ThisUpdate), sqlstore.Time(&l.NextUpdate), &l.DER, &l.Until, &l.Delta)
	}, storedListColumns+where, args...)
	for i := range all {
		if err == nil {
			all[i].Intended, err = tx.intendedOf(ctx, RevocationList, all[i].Issuer, all[i].Municipality, all[i].Issued)
		}
	}
	return all, err
}

// intendedOf is the digest of what was written down for a list.
func (tx *Tx) intendedOf(ctx context.Context, kind Kind, issuer, municipality string, number int64) ([]byte, error) {
	found, err := sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, d *[]byte) error { return r.Scan(d) },
		`SELECT digest FROM intended WHERE kind = $1 AND issuer = $2 AND subject = $3 AND number = $4`, string(kind), issuer, []byte(municipality), number)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return found[0], nil
}

// StoredListsAfter gives partitions behind one.
func (tx *Tx) StoredListsAfter(ctx context.Context, issuer, municipality string, limit int) ([]StoredList, error) {
	return tx.storedLists(ctx, `WHERE l.issuer > $1 OR l.issuer = $1 AND l.municipality > $2 ORDER BY l.issuer, l.municipality LIMIT $3`, issuer, municipality, int64(limit))
}

// StoredListOf gives one partition; false: there is none.
func (tx *Tx) StoredListOf(ctx context.Context, issuer, municipality string) (l StoredList, found bool, err error) {
	all, err := tx.storedLists(ctx, `WHERE l.issuer = $1 AND l.municipality = $2`, issuer, municipality)
	if err != nil || len(all) == 0 {
		return l, false, err
	}
	return all[0], true, nil
}

// StoredDelta is a row of a delta list as it lies there, with its base.
type StoredDelta struct {
	Issuer, Municipality             string
	PrefectureName, MunicipalityName string
	Number, Base, Entries            int64
	ThisUpdate, NextUpdate           time.Time
	DER, BaseDER, Intended           []byte
}

// storedDeltas gives those whose base is the stored full list: that of one that came with a full list has been replaced by it.
func (tx *Tx) storedDeltas(ctx context.Context, where string, args ...any) ([]StoredDelta, error) {
	all, err := sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, l *StoredDelta) error {
		return r.Scan(&l.Issuer, &l.Municipality, &l.PrefectureName, &l.MunicipalityName, &l.Number, &l.Base, &l.Entries,
			sqlstore.Time(&l.ThisUpdate), sqlstore.Time(&l.NextUpdate), &l.DER, &l.BaseDER)
	}, `SELECT d.issuer, d.municipality, l.prefecture_name, l.municipality_name, d.number, d.base, d.entries, d.this_update, d.next_update, d.der, l.der
		FROM delta d JOIN crl l ON l.issuer = d.issuer AND l.municipality = d.municipality AND l.issued = d.base `+where, args...)
	for i := range all {
		if err == nil {
			all[i].Intended, err = tx.intendedOf(ctx, DeltaList, all[i].Issuer, all[i].Municipality, all[i].Number)
		}
	}
	return all, err
}

// StoredDeltasAfter gives delta lists behind one.
func (tx *Tx) StoredDeltasAfter(ctx context.Context, issuer, municipality string, limit int) ([]StoredDelta, error) {
	return tx.storedDeltas(ctx, `WHERE d.issuer > $1 OR d.issuer = $1 AND d.municipality > $2 ORDER BY d.issuer, d.municipality LIMIT $3`, issuer, municipality, int64(limit))
}

// StoredDeltaOf gives that of one partition; false: there is none on the stored full list.
func (tx *Tx) StoredDeltaOf(ctx context.Context, issuer, municipality string) (l StoredDelta, found bool, err error) {
	all, err := tx.storedDeltas(ctx, `WHERE d.issuer = $1 AND d.municipality = $2`, issuer, municipality)
	if err != nil || len(all) == 0 {
		return l, false, err
	}
	return all[0], true, nil
}

// StoredRevocation is a revoked row as it lies there.
type StoredRevocation struct {
	Serial       []byte
	At, NotAfter time.Time
	Reason       string
}

// RevokedIn gives every revoked row of a partition, also of certificates whose term is over.
func (tx *Tx) RevokedIn(ctx context.Context, issuer, municipality string) ([]StoredRevocation, error) {
	return sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, v *StoredRevocation) error {
		return r.Scan(&v.Serial, sqlstore.Time(&v.At), sqlstore.Time(&v.NotAfter), &v.Reason)
	}, `SELECT serial, revoked_at, not_after, reason FROM certificate WHERE issuer = $1 AND municipality = $2 AND state = 'revoked' ORDER BY serial`, issuer, municipality)
}
