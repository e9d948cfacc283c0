package staff

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/passkey"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

const (
	// mostPasskeys is how many live ones a person may have: one in use, and spares.
	mostPasskeys = 5

	// mostExcluded is how many passkeys a device is asked about before it makes another.
	mostExcluded = 1000
)

func noRows(err error) bool { return errors.Is(err, sql.ErrNoRows) }

// AskRegister returns whom an invitation is for, and what their browser is to ask a device for. A device that holds a passkey of
// somebody else makes none: one device behind two names would be one person who is two.
func (s *Staff) AskRegister(ctx context.Context, invitation, bound string) (p Person, q access.Question, err error) {
	var others [][]byte
	err = s.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		if p, err = invited(ctx, tx, invitation); err != nil {
			return err
		}
		others, err = excluded(ctx, tx, p.ID)
		return err
	})
	if err != nil {
		return Person{}, q, err
	}
	q, err = s.ask(toRegister, invitation+" "+bound, func(challenge []byte) (string, error) {
		return s.party.AskNew(p.holder(), challenge, others)
	})
	return p, q, err
}

// excluded are the passkeys that a device must not hold already: everybody else's, the ended ones too, and the person's own live ones.
func excluded(ctx context.Context, tx *sqlstore.Tx, person string) ([][]byte, error) {
	return sqlstore.List(ctx, tx, func(r *sqlstore.Rows, id *[]byte) error { return r.Scan(id) },
		`SELECT id FROM staff_credential WHERE person <> $1 OR state IN ('live', 'held') ORDER BY made_at DESC, name LIMIT $2`, person, int64(mostExcluded))
}

// Register takes the passkey that was made for an invitation, which is then used up. The label is what the person calls the device.
func (s *Staff) Register(ctx context.Context, invitation, bound, label string, a access.Answer) error {
	challenge, err := s.opened(toRegister, invitation+" "+bound, a.Sealed)
	if err != nil {
		return s.notTaken(ctx, "registering", err)
	}
	if label, err = text("label", label, "パスキーの呼び名", "a name for the passkey", true); err != nil {
		return err
	}
	var person string
	err = s.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		p, err := invited(ctx, tx, invitation)
		if err != nil {
			return err
		}
		person = p.ID
		c, err := s.party.TakeNew(p.holder(), challenge, a.Credential)
		if err != nil {
			return err
		}
		if err := spend(ctx, tx, challenge); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE staff_invitation SET used_at = $2 WHERE hash = $1`, hashOf(invitation), tx.Now()); err != nil {
			return err
		}
		return keep(ctx, tx, p.ID, p.ID, label, c)
	})
	if isTaken(err) {
		// What was refused changed nothing, and that somebody tried is worth knowing.
		err = errors.Join(err, s.Store.Update(ctx, func(_ context.Context, tx *sqlstore.Tx) error {
			record(tx, systemActor, ActTaken, person, "")
			return nil
		}))
	}
	if errors.Is(err, passkey.ErrNotTaken) || errors.Is(err, errQuestion) {
		return s.notTaken(ctx, "registering", err)
	}
	return err
}

// keep writes a new passkey down. ID and public key are unique over everybody, whatever has become of theirs.
func keep(ctx context.Context, tx *sqlstore.Tx, person, by, label string, c passkey.Credential) error {
	var live int64
	if err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM staff_credential WHERE person = $1 AND state = 'live'`, person).Scan(&live); err != nil {
		return err
	}
	if live >= mostPasskeys {
		return plain.Bad("passkey", fmt.Sprintf("登録できるパスキーは、一人%d個までです。使わないものを、管理者に取り消してもらってください。", mostPasskeys),
			fmt.Sprintf("A person has at most %d passkeys: have the administrator take one out of use.", mostPasskeys))
	}
	n, err := tx.Exec(ctx, `INSERT INTO staff_credential(name, id, public_key, person, label, counter, state, made_at, used_at, ended_at)
		VALUES ($1, $2, $3, $4, $5, $6, 'live', $7, 0, 0) ON CONFLICT DO NOTHING`, c.Name(), c.ID, c.Key, person, label, int64(c.Counter), tx.Now())
	if err == nil && n == 0 {
		err = errTaken
	}
	if err != nil {
		return err
	}
	record(tx, by, ActRegister, person, c.Name())
	return replace(ctx, tx, person, by, c.Name())
}

// replace ends the passkeys of a person that are held: an administrator has invited them to register another in their place.
func replace(ctx context.Context, tx *sqlstore.Tx, person, by, with string) error {
	held, err := sqlstore.List(ctx, tx, func(r *sqlstore.Rows, name *string) error { return r.Scan(name) },
		`SELECT name FROM staff_credential WHERE person = $1 AND state = 'held' ORDER BY name`, person)
	if err != nil || len(held) == 0 {
		return err
	}
	for _, name := range held {
		record(tx, by, ActWithdraw, person, name+": replaced by "+with)
	}
	tx.Ring(alarm.Bell)
	_, err = tx.Exec(ctx, `UPDATE staff_credential SET state = 'revoked', ended_at = $2 WHERE person = $1 AND state = 'held'`, person, tx.Now())
	return err
}
