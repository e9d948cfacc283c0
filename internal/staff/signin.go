package staff

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/passkey"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/resident"
)

// Staff is the directory of an organisation's screens.
var _ access.Directory = (*Staff)(nil)

// Resume returns for whom a session stands: nobody, when it has ended, or its passkey or its authority has.
func (s *Staff) Resume(ctx context.Context, secret string) (p access.Person, err error) {
	if secret == "" {
		return p, nil
	}
	err = s.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		p, err = s.resume(ctx, tx, secret)
		return err
	})
	return p, err
}

func (s *Staff) resume(ctx context.Context, tx *sqlstore.Tx, secret string) (p access.Person, err error) {
	var a Authority
	err = tx.QueryRow(ctx, `SELECT p.id, p.name_ja, p.name_en, p.persona, s.credential, s.verified_at, a.number, a.job, a.state, a.from_at, a.until_at, a.review_at
		FROM staff_session s JOIN staff_person p ON p.id = s.person JOIN staff_credential c ON c.name = s.credential AND c.person = s.person
		JOIN staff_authority a ON a.number = s.authority AND a.person = s.person
		WHERE s.hash = $1 AND s.ends_at > $2 AND c.state = 'live' AND a.state = 'issued'`, hashOf(secret), tx.Now()).
		Scan(&p.ID, &p.Name.JA, &p.Name.EN, &p.Persona, &p.Credential, sqlstore.Time(&p.VerifiedAt), &a.Number, &a.Job, &a.State, sqlstore.Time(&a.From), orNever(&a.Until), sqlstore.Time(&a.Review))
	if noRows(err) || err == nil && !a.Holds(tx.Now()) {
		return access.Person{}, nil
	}
	if err != nil {
		return access.Person{}, err
	}
	p.Job, p.Authority, p.Overdue = a.Job, a.Number, a.Overdue(tx.Now())
	return p.FreshAt(tx.Now()), nil
}

// Ask is what a browser is to ask a passkey: whichever the person chooses, to sign in, or that of the session, to step up.
func (s *Staff) Ask(ctx context.Context, session, bound string) (access.Question, error) {
	if s.Origin == "" {
		return access.Question{}, nil
	}
	if session == "" {
		return s.ask(toSignIn, bound, func(challenge []byte) (string, error) { return s.party.Ask(challenge, nil) })
	}
	var c Credential
	err := s.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		p, err := s.resume(ctx, tx, session)
		if err != nil {
			return err
		}
		c, err = named(ctx, tx, p.Credential)
		return err
	})
	if err != nil {
		return access.Question{}, err
	}
	return s.ask(toStepUp, session, func(challenge []byte) (string, error) { return s.party.Ask(challenge, [][]byte{c.ID}) })
}

func named(ctx context.Context, tx *sqlstore.Tx, name string) (c Credential, err error) {
	err = scanCredential(tx.QueryRow(ctx, "SELECT "+credentialColumns+" FROM staff_credential WHERE name = $1", name).Scan, &c)
	return c, err
}

// SignIn takes the answer of a passkey, and returns the secret of a session.
func (s *Staff) SignIn(ctx context.Context, bound string, a access.Answer) (secret string, err error) {
	challenge, err := s.opened(toSignIn, bound, a.Sealed)
	if err != nil {
		return "", s.notTaken(ctx, "signing in", err)
	}
	id, err := passkey.Which(a.Credential)
	if err != nil {
		return "", s.notTaken(ctx, "signing in", err)
	}
	return s.begin(ctx, passkey.NameOf(id), challenge, func(Person, Credential) (string, error) { return a.Credential, nil })
}

// begin verifies the answer of a passkey and begins a session.
func (s *Staff) begin(ctx context.Context, name string, challenge []byte, answer func(Person, Credential) (string, error)) (string, error) {
	secret, hash, err := s.secret()
	if err != nil {
		return "", err
	}
	var held error
	err = s.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		held = nil
		c, err := named(ctx, tx, name)
		if noRows(err) {
			err = fmt.Errorf("%w: nobody has registered it", passkey.ErrNotTaken)
		}
		if err != nil {
			return err
		}
		p, err := personOf(ctx, tx, c.Person)
		if err != nil {
			return err
		}
		if err := s.verified(ctx, tx, p, c, challenge, answer); errors.Is(err, passkey.ErrCounter) {
			held = heldSince(tx.Now())
			return hold(ctx, tx, c)
		} else if err != nil {
			return err
		}
		a, err := issuedTo(ctx, tx, p.ID)
		if err == nil && !a.Holds(tx.Now()) {
			err = plain.Bad("passkey", "いま有効な操作者IDがないため、ログインできません。操作者の管理者に連絡してください。",
				"You have no authority now, so you cannot sign in: tell the administrator of operators.")
		}
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM staff_session WHERE ends_at < $1`, tx.Now()); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `INSERT INTO staff_session(hash, person, credential, authority, begun_at, verified_at, ends_at) VALUES ($1, $2, $3, $4, $5, $5, $6)`,
			hash, p.ID, c.Name, a.Number, tx.Now(), tx.Now().Add(access.Life))
		record(tx, p.ID, ActSignIn, p.ID, c.Name)
		return err
	})
	if errors.Is(err, passkey.ErrNotTaken) || errors.Is(err, errQuestion) {
		return "", s.notTaken(ctx, "signing in", err)
	}
	if err == nil && held != nil {
		return "", held
	}
	return secret, err
}

// verified verifies the answer of a live passkey, and keeps that it was given: its counter, and that the challenge is spent.
func (s *Staff) verified(ctx context.Context, tx *sqlstore.Tx, p Person, c Credential, challenge []byte, answer func(Person, Credential) (string, error)) error {
	text, err := answer(p, c)
	if err != nil {
		return err
	}
	// First, so that an answer that is sent twice is not taken for that of a copy.
	if err := spend(ctx, tx, challenge); err != nil {
		return err
	}
	counter, err := s.party.Take(p.holder(), c.Credential, challenge, text)
	switch {
	case errors.Is(err, passkey.ErrCounter) && c.State == Live:
		return err
	case err != nil && !errors.Is(err, passkey.ErrCounter):
		return err
	case c.State == Held: // said, as what follows, only to whoever has it in the hand
		return heldSince(c.EndedAt)
	case c.State != Live:
		return plain.Bad("passkey", "このパスキーは、紛失または取消しとして登録されているため、使えません。操作者の管理者に連絡してください。",
			"This passkey was reported lost or taken out of use: tell the administrator of operators.")
	}
	_, err = tx.Exec(ctx, `UPDATE staff_credential SET counter = $2, used_at = $3 WHERE name = $1`, c.Name, int64(counter), tx.Now())
	return err
}

// StepUp takes the answer of the session's passkey: what is dangerous may be done for a while. For a persona whose passkey
// is software, that answers by itself.
func (s *Staff) StepUp(ctx context.Context, session string, a access.Answer) error {
	var challenge []byte
	var err error
	if a != (access.Answer{}) {
		if challenge, err = s.opened(toStepUp, session, a.Sealed); err != nil {
			return s.notTaken(ctx, "stepping up", err)
		}
	}
	var held error
	err = s.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		held = nil
		now, err := s.resume(ctx, tx, session)
		if err != nil {
			return err
		}
		if now.ID == "" {
			return fmt.Errorf("%w: the session is over", passkey.ErrNotTaken)
		}
		c, err := named(ctx, tx, now.Credential)
		if err != nil {
			return err
		}
		p, err := personOf(ctx, tx, now.ID)
		if err != nil {
			return err
		}
		answer := func(Person, Credential) (string, error) { return a.Credential, nil }
		if a == (access.Answer{}) {
			if answer, challenge, err = s.softly(ctx, tx, p); err != nil {
				return err
			}
		} else if id, err := passkey.Which(a.Credential); err != nil || passkey.NameOf(id) != c.Name {
			return fmt.Errorf("%w: another passkey than that of the session", passkey.ErrNotTaken)
		}
		if err := s.verified(ctx, tx, p, c, challenge, answer); errors.Is(err, passkey.ErrCounter) {
			held = heldSince(tx.Now())
			return hold(ctx, tx, c)
		} else if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE staff_session SET verified_at = $2 WHERE hash = $1`, hashOf(session), tx.Now())
		record(tx, p.ID, ActStepUp, p.ID, c.Name)
		return err
	})
	if errors.Is(err, passkey.ErrNotTaken) || errors.Is(err, errQuestion) {
		return s.notTaken(ctx, "stepping up", err)
	}
	if err == nil {
		err = held
	}
	return err
}

// hold takes a passkey out of use whose counter did not grow, in the transaction of the answer: a copy may have answered before it, or be
// answering now (WebAuthn §6.1.1; what to do then §7.2 leaves to us). Resume asks for a live one, so all that was signed in with it is over. Whoever
// has the copy may have an invitation too. An administrator ends it; until then it is an alarm.
func hold(ctx context.Context, tx *sqlstore.Tx, c Credential) error {
	if _, err := tx.Exec(ctx, `UPDATE staff_credential SET state = 'held', ended_at = $2 WHERE name = $1 AND state = 'live'`, c.Name, tx.Now()); err != nil {
		return err
	}
	record(tx, systemActor, ActHold, c.Person, c.Name)
	tx.Ring(alarm.Bell)
	return void(ctx, tx, c.Person)
}

func heldSince(at time.Time) error {
	day := resident.DateOf(at)
	return plain.Bad("passkey",
		fmt.Sprintf("このパスキーは、複製されたおそれがあるため、%sから使えません。装置を持って、操作者の管理者に知らせてください。", day.Wareki()),
		fmt.Sprintf("There may be a copy of this passkey, so it is out of use since %s: take the device to the administrator of operators.", day))
}

// Leave ends a session.
func (s *Staff) Leave(ctx context.Context, secret string) error {
	if secret == "" {
		return nil
	}
	return s.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		p, err := s.resume(ctx, tx, secret)
		if err != nil || p.ID == "" {
			return err
		}
		_, err = tx.Exec(ctx, `DELETE FROM staff_session WHERE hash = $1`, hashOf(secret))
		record(tx, p.ID, ActLeave, p.ID, p.Credential)
		return err
	})
}
