package store

import (
	"context"
	"time"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// KnownStatus is a row of a status as it lies there.
type KnownStatus struct {
	Issuer                      string
	Serial                      []byte
	State, Reason               string
	RevokedAt, NotAfter, ToldAt time.Time
}

const knownColumns = `SELECT issuer, serial, state, reason, revoked_at, not_after, told_at FROM status `

func (tx *Tx) known(ctx context.Context, where string, args ...any) ([]KnownStatus, error) {
	return sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, s *KnownStatus) error {
		return r.Scan(&s.Issuer, &s.Serial, &s.State, &s.Reason, sqlstore.Time(&s.RevokedAt), sqlstore.Time(&s.NotAfter), sqlstore.Time(&s.ToldAt))
	}, knownColumns+where, args...)
}

// KnownAfter gives statuses behind one, by issuer and serial.
func (tx *Tx) KnownAfter(ctx context.Context, issuer string, serial []byte, limit int) ([]KnownStatus, error) {
	return tx.known(ctx, `WHERE issuer > $1 OR issuer = $1 AND serial > $2 ORDER BY issuer, serial LIMIT $3`, issuer, serial, int64(limit))
}

// ToldAfter gives statuses that took their state after a moment, and behind one of the same moment.
func (tx *Tx) ToldAfter(ctx context.Context, at time.Time, issuer string, serial []byte, limit int) ([]KnownStatus, error) {
	return tx.known(ctx, `WHERE told_at > $1 OR told_at = $1 AND (issuer > $2 OR issuer = $2 AND serial > $3) ORDER BY told_at, issuer, serial LIMIT $4`,
		at, issuer, serial, int64(limit))
}

// KnownOf gives one status; false: nothing is known of the serial.
func (tx *Tx) KnownOf(ctx context.Context, issuer string, serial []byte) (s KnownStatus, found bool, err error) {
	all, err := tx.known(ctx, `WHERE issuer = $1 AND serial = $2`, issuer, serial)
	if err != nil || len(all) == 0 {
		return s, false, err
	}
	return all[0], true, nil
}

// KnownRevoked gives what is revoked in a partition, as it lies there.
func (tx *Tx) KnownRevoked(ctx context.Context, issuer, municipality string) ([]KnownStatus, error) {
	return tx.known(ctx, `WHERE issuer = $1 AND municipality = $2 AND state <> 'good' ORDER BY serial`, issuer, municipality)
}

// ServedList is a published list that somebody outside must find, and what was seen there last.
type ServedList struct {
	Issuer, Municipality, Profile string
	Number, Entries               int64
	ThisUpdate, NextUpdate        time.Time
	FirstSeen                     time.Time // 1970: never
	SeenNumber                    int64
	Seen                          []byte // empty: none
}

// served gives lists of a CA. One address serves its newest list of a municipality for a profile, whichever generation of its keys made it.
func (tx *Tx) served(ctx context.Context, ca message.Org, where string, args ...any) ([]ServedList, error) {
	args = append([]any{[]byte{}}, args...)
	of, ids := tx.books.whose("l.issuer", ca, len(args))
	newer, _ := tx.books.whose("o.issuer", ca, len(args))
	return sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, l *ServedList) error {
		return r.Scan(&l.Issuer, &l.Municipality, &l.Profile, &l.Number, &l.Entries, sqlstore.Time(&l.ThisUpdate), sqlstore.Time(&l.NextUpdate),
			sqlstore.Time(&l.FirstSeen), &l.SeenNumber, &l.Seen)
	}, `SELECT l.issuer, l.municipality, l.profile, l.number, l.entries, l.this_update, l.next_update, COALESCE(s.first_seen, 0), COALESCE(s.number, 0),
		COALESCE(s.der, $1) FROM crl l LEFT JOIN served_list s ON s.issuer = l.issuer AND s.municipality = l.municipality
		WHERE NOT EXISTS (SELECT 1 FROM crl o WHERE o.profile = l.profile AND o.municipality = l.municipality AND o.this_update > l.this_update AND `+newer+`)
		AND `+of+` AND `+where, append(args, ids...)...)
}

// ServedAfter gives a CA's lists behind one, by municipality and profile.
func (tx *Tx) ServedAfter(ctx context.Context, ca message.Org, municipality, profile string, limit int) ([]ServedList, error) {
	return tx.served(ctx, ca, `(l.municipality > $2 OR l.municipality = $2 AND l.profile > $3) ORDER BY l.municipality, l.profile LIMIT $4`, municipality, profile, int64(limit))
}

// ServedOf gives one; false: none is published.
func (tx *Tx) ServedOf(ctx context.Context, ca message.Org, municipality, profile string) (l ServedList, found bool, err error) {
	all, err := tx.served(ctx, ca, `l.municipality = $2 AND l.profile = $3`, municipality, profile)
	if err != nil || len(all) == 0 {
		return l, false, err
	}
	return all[0], true, nil
}

// SeeList keeps a list that was seen outside, unless a later one was.
func (tx *Tx) SeeList(ctx context.Context, issuer, municipality string, number int64, der []byte) error {
	_, err := tx.Exec(ctx, `INSERT INTO served_list(issuer, municipality, first_seen, number, der) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (issuer, municipality) DO UPDATE SET number = excluded.number, der = excluded.der WHERE served_list.number <= excluded.number`,
		issuer, municipality, tx.Now(), number, der)
	return err
}

// ServedDelta is a published delta list that somebody outside must find, and what was seen there last.
type ServedDelta struct {
	Issuer, Municipality, Profile string
	Number, Base, Entries         int64
	ThisUpdate, NextUpdate        time.Time
	FirstSeen                     time.Time // of the partition's full list; 1970: never
	SeenNumber                    int64
	Seen                          []byte // empty: none
}

// servedDeltas gives delta lists of a CA, as served does the full ones.
func (tx *Tx) servedDeltas(ctx context.Context, ca message.Org, where string, args ...any) ([]ServedDelta, error) {
	args = append([]any{[]byte{}}, args...)
	of, ids := tx.books.whose("l.issuer", ca, len(args))
	newer, _ := tx.books.whose("o.issuer", ca, len(args))
	return sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, l *ServedDelta) error {
		return r.Scan(&l.Issuer, &l.Municipality, &l.Profile, &l.Number, &l.Base, &l.Entries, sqlstore.Time(&l.ThisUpdate), sqlstore.Time(&l.NextUpdate),
			sqlstore.Time(&l.FirstSeen), &l.SeenNumber, &l.Seen)
	}, `SELECT l.issuer, l.municipality, l.profile, l.number, l.base, l.entries, l.this_update, l.next_update, COALESCE(f.first_seen, 0), COALESCE(s.number, 0), COALESCE(s.der, $1)
	FROM delta l LEFT JOIN served_delta s ON s.issuer = l.issuer AND s.municipality = l.municipality LEFT JOIN served_list f ON f.issuer = l.issuer AND f.municipality = l.municipality
	WHERE NOT EXISTS (SELECT 1 FROM delta o WHERE o.profile = l.profile AND o.municipality = l.municipality AND o.this_update > l.this_update AND `+newer+`)
	AND `+of+` AND `+where, append(args, ids...)...)
}

// ServedDeltasAfter gives a CA's delta lists behind one, by municipality and profile.
func (tx *Tx) ServedDeltasAfter(ctx context.Context, ca message.Org, municipality, profile string, limit int) ([]ServedDelta, error) {
	return tx.servedDeltas(ctx, ca, `(l.municipality > $2 OR l.municipality = $2 AND l.profile > $3) ORDER BY l.municipality, l.profile LIMIT $4`, municipality, profile, int64(limit))
}

// ServedDeltaOf gives one; false: none is published.
func (tx *Tx) ServedDeltaOf(ctx context.Context, ca message.Org, municipality, profile string) (l ServedDelta, found bool, err error) {
	all, err := tx.servedDeltas(ctx, ca, `l.municipality = $2 AND l.profile = $3`, municipality, profile)
	if err != nil || len(all) == 0 {
		return l, false, err
	}
	return all[0], true, nil
}

// SeeDelta keeps a delta list that was seen outside, unless a later one was.
func (tx *Tx) SeeDelta(ctx context.Context, issuer, municipality string, number int64, der []byte) error {
	_, err := tx.Exec(ctx, `INSERT INTO served_delta(issuer, municipality, number, der) VALUES ($1, $2, $3, $4)
		ON CONFLICT (issuer, municipality) DO UPDATE SET number = excluded.number, der = excluded.der WHERE served_delta.number <= excluded.number`,
		issuer, municipality, number, der)
	return err
}
