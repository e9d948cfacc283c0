package store

import (
	"context"
	"time"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// Verifier is a signature verifier that has filed with its prefecture.
type Verifier struct {
	ID                          message.Org
	Prefecture                  message.Org
	Filing                      uint64
	Served                      bool
	Office, Procedures, Address string
	Since                       time.Time // of the present state
	FirstAt                     time.Time // when it was first served
}

// Register makes a verifier what its prefecture says, and reports whether that changed anything. A filing before the one that
// counts does not; each prefecture counts its own, so that the number of another's says nothing. One that serves nobody any more
// (the rule has checked it) gives way to whoever serves next, and to nobody's end.
func (tx *Tx) Register(ctx context.Context, from message.Org, n message.VerifierRegistration) (bool, error) {
	done, err := tx.Exec(ctx, `INSERT INTO verifier(id, prefecture, filing, served, office, procedures, address, since, first_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)
		ON CONFLICT (id) DO UPDATE SET prefecture = excluded.prefecture, filing = excluded.filing, served = excluded.served, office = excluded.office,
			procedures = excluded.procedures, address = excluded.address, since = excluded.since
			WHERE CASE WHEN verifier.prefecture = excluded.prefecture THEN verifier.filing <= excluded.filing ELSE excluded.served END`,
		string(n.Verifier), string(from), int64(n.Number), n.Served, n.Office, n.Procedures, n.Address, tx.Now())
	return done == 1, err
}

const verifierColumns = `SELECT id, prefecture, filing, served, office, procedures, address, since, first_at FROM verifier `

// Verifier finds one.
func (tx *Tx) Verifier(ctx context.Context, id message.Org) (v Verifier, found bool, err error) {
	all, err := sqlstore.List(ctx, tx.Tx, scanVerifier, verifierColumns+`WHERE id = $1`, string(id))
	if err != nil || len(all) == 0 {
		return v, false, err
	}
	return all[0], true, nil
}

// Verifiers lists them by name.
func (tx *Tx) Verifiers(ctx context.Context, limit int) ([]Verifier, error) {
	return sqlstore.List(ctx, tx.Tx, scanVerifier, verifierColumns+`ORDER BY id LIMIT $1`, limit)
}

func scanVerifier(r *sqlstore.Rows, v *Verifier) error {
	var id, prefecture string
	var filing int64
	err := r.Scan(&id, &prefecture, &filing, &v.Served, &v.Office, &v.Procedures, &v.Address, sqlstore.Time(&v.Since), sqlstore.Time(&v.FirstAt))
	v.ID, v.Prefecture, v.Filing = message.Org(id), message.Org(prefecture), uint64(filing)
	return err
}

// Asked is how often a verifier has asked since a time, and when last.
type Asked struct {
	N    int64
	Last time.Time
}

// AskedBy counts what a verifier was told since a time.
func (tx *Tx) AskedBy(ctx context.Context, id message.Org, since time.Time) (a Asked, err error) {
	var last int64
	err = tx.QueryRow(ctx, `SELECT COUNT(*), COALESCE(MAX(asked_at), 0) FROM answer WHERE requester = $1 AND asked_at >= $2`, string(id), since).Scan(&a.N, &last)
	if a.N > 0 {
		a.Last = sqlstore.FromMicros(last)
	}
	return a, err
}

// Expire deletes at most limit answers of before a time, the oldest first, and reports how many.
func (tx *Tx) Expire(ctx context.Context, before time.Time, limit int) (int64, error) {
	return tx.Exec(ctx, `DELETE FROM answer WHERE id IN (SELECT id FROM answer WHERE asked_at < $1 ORDER BY asked_at, id LIMIT $2)`, before, limit)
}
