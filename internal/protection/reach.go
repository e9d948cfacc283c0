package protection

import (
	"context"
	"fmt"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// reached lists whom we tell of an owner's flag beside whoever is above us.
func (t Flags) reached(ctx context.Context, code, owner string) ([]message.Org, error) {
	all, err := sqlstore.List(ctx, t.tx, func(r *sqlstore.Rows, o *message.Org) error { return r.Scan(o) },
		`SELECT peer FROM protection_reach WHERE code = $1 AND owner = $2 ORDER BY peer`, code, owner)
	if err != nil {
		return nil, fmt.Errorf("couldn't read who is told of a protection: %w", err)
	}
	return all, nil
}

// Reached lists whom we tell of an owner's flag beside whoever is above us.
func (t Flags) Reached(ctx context.Context, code resident.RecordCode, owner message.Org) ([]message.Org, error) {
	return t.reached(ctx, code.Reveal(), string(owner))
}

// Reach begins to tell a peer of an owner's flag, and gives all that the peer has to be told: each version, and its end. Nothing when
// the peer is told already.
func (t Flags) Reach(ctx context.Context, peer message.Org, code resident.RecordCode, owner message.Org) ([]message.Booked, error) {
	rows, err := t.tx.Exec(ctx, `INSERT INTO protection_reach(peer, code, owner, at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
		string(peer), code.Reveal(), string(owner), t.tx.Now())
	if err != nil {
		return nil, fmt.Errorf("couldn't write down who is told of a protection: %w", err)
	}
	if rows == 0 {
		return nil, nil
	}
	all, err := t.of(ctx, code)
	if err != nil {
		return nil, err
	}
	var told []message.Booked
	for _, f := range all {
		if f.Owner != owner {
			continue
		}
		told = append(told, f.ResidentProtection)
		if f.Ended() {
			told = append(told, f.End())
		}
		if err := t.enter(ctx, f.Code, f.Owner, f.Version); err != nil {
			return nil, err
		}
	}
	return told, nil
}

// Remember writes down where somebody's record has been.
func (t Flags) Remember(ctx context.Context, code resident.RecordCode, m resident.MunicipalityCode) error {
	if _, err := t.tx.Exec(ctx, `INSERT INTO protection_place(code, municipality, at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
		code.Reveal(), m.String(), t.tx.Now()); err != nil {
		return fmt.Errorf("couldn't write down where a record was: %w", err)
	}
	return nil
}

// Places lists where somebody's record has been.
func (t Flags) Places(ctx context.Context, code resident.RecordCode) ([]resident.MunicipalityCode, error) {
	all, err := sqlstore.List(ctx, t.tx, func(r *sqlstore.Rows, m *resident.MunicipalityCode) error {
		var s string
		if err := r.Scan(&s); err != nil {
			return err
		}
		var err error
		*m, err = resident.ParseMunicipalityCode("stored", s)
		return err
	}, `SELECT municipality FROM protection_place WHERE code = $1 ORDER BY municipality`, code.Reveal())
	if err != nil {
		return nil, fmt.Errorf("couldn't read where a record was: %w", err)
	}
	return all, nil
}

// ReachedKey is Reached for the flag that a key of the books names.
func (t Flags) ReachedKey(ctx context.Context, key string) ([]message.Org, error) {
	code, owner, _ := parts(key)
	return t.reached(ctx, code, owner)
}
