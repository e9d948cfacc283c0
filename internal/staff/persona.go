package staff

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/passkey"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

// Enter signs a persona of the test country in. The first time it is made a member of the staff, with an authority and a
// passkey of software; that one is then shown like any other. A persona without authority does not come in, and one whose passkey was lost
// gets another only when somebody has invited it again.
func (s *Staff) Enter(ctx context.Context, persona access.Person) (secret string, err error) {
	if !persona.Persona {
		return "", errors.New("only personas have passkeys of software")
	}
	if err := s.Seed(ctx, persona); err != nil {
		return "", err
	}
	challenge := make([]byte, passkey.MinChallenge)
	if _, err := io.ReadFull(s.Rand, challenge); err != nil {
		return "", err
	}
	var name string
	var soft passkey.Soft
	if err := s.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		soft, name, err = softOf(ctx, tx, persona.ID)
		return err
	}); err != nil {
		return "", err
	}
	return s.begin(ctx, name, challenge, s.show(soft, challenge))
}

// show has a passkey of software answer.
func (s *Staff) show(soft passkey.Soft, challenge []byte) func(Person, Credential) (string, error) {
	return func(p Person, c Credential) (string, error) {
		options, err := s.party.Ask(challenge, [][]byte{c.ID})
		if err != nil {
			return "", err
		}
		answer, err := soft.Show(options, s.party.Origin(), p.handle, c.Counter)
		if err != nil {
			err = fmt.Errorf("%w: %v", passkey.ErrNotTaken, err)
		}
		return answer, err
	}
}

// softly has a persona's software answer a step-up.
func (s *Staff) softly(ctx context.Context, tx *sqlstore.Tx, p Person) (func(Person, Credential) (string, error), []byte, error) {
	if !p.Persona {
		return nil, nil, fmt.Errorf("%w: nothing was shown", passkey.ErrNotTaken)
	}
	soft, _, err := softOf(ctx, tx, p.ID)
	if err != nil {
		return nil, nil, err
	}
	challenge := make([]byte, passkey.MinChallenge)
	if _, err := io.ReadFull(s.Rand, challenge); err != nil {
		return nil, nil, err
	}
	return s.show(soft, challenge), challenge, nil
}

func softOf(ctx context.Context, tx *sqlstore.Tx, person string) (soft passkey.Soft, name string, err error) {
	var seed []byte
	if err = tx.QueryRow(ctx, `SELECT seed FROM staff_persona WHERE person = $1`, person).Scan(&seed); err != nil {
		return soft, "", err
	}
	if soft, err = passkey.NewSoft(seed); err != nil {
		return soft, "", err
	}
	return soft, soft.Name(), nil
}

// Seed makes personas members of the staff that they are not yet.
func (s *Staff) Seed(ctx context.Context, personas ...access.Person) error {
	var missing []access.Person
	if err := s.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		missing = nil
		for _, p := range personas {
			needs, err := needsPasskey(ctx, tx, p.ID)
			if err != nil {
				return err
			}
			if needs {
				missing = append(missing, p)
			}
		}
		return nil
	}); err != nil || len(missing) == 0 {
		return err
	}
	return s.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		for _, p := range missing {
			if err := s.seedOne(ctx, tx, p); err != nil {
				return err
			}
		}
		return nil
	})
}

// needsPasskey tells whether a persona has none, or was invited to register another.
func needsPasskey(ctx context.Context, tx *sqlstore.Tx, person string) (bool, error) {
	var had, invitations int64
	err := tx.QueryRow(ctx, `SELECT (SELECT COUNT(*) FROM staff_persona WHERE person = $1),
		(SELECT COUNT(*) FROM staff_invitation WHERE person = $1 AND used_at = 0 AND ends_at > $2 AND confirmed_by <> '')`, person, tx.Now()).Scan(&had, &invitations)
	return had == 0 || invitations > 0, err
}

func (s *Staff) seedOne(ctx context.Context, tx *sqlstore.Tx, p access.Person) error {
	if needs, err := needsPasskey(ctx, tx, p.ID); err != nil || !needs {
		return err
	}
	handle, seed, challenge := make([]byte, 32), make([]byte, passkey.SeedSize), make([]byte, passkey.MinChallenge)
	for _, b := range [][]byte{handle, seed, challenge} {
		if _, err := io.ReadFull(s.Rand, b); err != nil {
			return err
		}
	}
	made, err := s.makePerson(ctx, tx, p.ID, p.Name, handle, true, systemActor)
	if err != nil {
		return err
	}
	if made {
		number, err := s.issue(ctx, tx, p.ID, Grant{Job: p.Job, Office: "試験国"}, personaReview)
		if err != nil {
			return err
		}
		record(tx, systemActor, ActIssue, p.ID, fmt.Sprintf("%d %s", number, p.Job))
	}
	known, err := personOf(ctx, tx, p.ID)
	if err != nil {
		return err
	}
	if !known.Persona {
		return plain.Bad("persona", "この識別子は、招かれた職員のものです。", "This identifier is that of a member of the staff who was invited.")
	}
	soft, err := passkey.NewSoft(seed)
	if err != nil {
		return err
	}
	options, err := s.party.AskNew(known.holder(), challenge, nil)
	if err != nil {
		return err
	}
	answer, err := soft.Create(options, s.party.Origin())
	if err != nil {
		return err
	}
	c, err := s.party.TakeNew(known.holder(), challenge, answer)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE staff_invitation SET used_at = $2 WHERE person = $1 AND used_at = 0`, p.ID, tx.Now()); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO staff_persona(person, seed) VALUES ($1, $2) ON CONFLICT (person) DO UPDATE SET seed = excluded.seed`, p.ID, seed); err != nil {
		return err
	}
	return keep(ctx, tx, p.ID, systemActor, "ソフトウェア", c)
}
