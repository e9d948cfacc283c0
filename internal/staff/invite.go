package staff

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

// Newcomer is somebody who is to act here.
type Newcomer struct {
	ID   string // as it will stand in the audit log: "tanaka"
	Name plain.Sentence
	Grant
}

// Invite makes a person, gives them authority, and returns the secret of an invitation to register a passkey. It is good once, for
// InvitationLife, when somebody else has confirmed it (ConfirmInvitation), and kept nowhere.
func (s *Staff) Invite(ctx context.Context, by access.Person, n Newcomer) (secret string, err error) {
	if err := s.may(by, n.ID); err != nil {
		return "", err
	}
	return s.admit(ctx, by, n, func(ctx context.Context, tx *sqlstore.Tx) error { return onlyAdministrators(ctx, tx, by, n.Job) })
}

// InviteFirst is Invite for an administrator, by whoever holds the machine: for as long as no administrator can sign in.
func (s *Staff) InviteFirst(ctx context.Context, n Newcomer) (secret string, err error) {
	if n.Job != access.Administrator {
		return "", plain.Bad("--job", "コマンドで招けるのは、操作者の管理者（administrator）だけです。ほかの人は、管理者が職員の画面から招きます。",
			"The command invites administrators alone. Everybody else is invited by an administrator, on the page of the staff.")
	}
	return s.admit(ctx, access.Person{ID: commandActor}, n, func(ctx context.Context, tx *sqlstore.Tx) error {
		able, err := ableAdministrators(ctx, tx, "", false)
		if err == nil && able > 0 {
			err = plain.Bad("--job", "ログインできる管理者がいます。職員の画面から招いてもらってください。",
				"There is an administrator who can sign in: have them invite, on the page of the staff.")
		}
		return err
	})
}

func (s *Staff) admit(ctx context.Context, by access.Person, n Newcomer, allowed func(context.Context, *sqlstore.Tx) error) (secret string, err error) {
	var problems plain.Problems
	note := func(err error) {
		if ps, ok := plain.AsProblems(err); ok {
			problems = append(problems, ps...)
		}
	}
	note(checkID(n.ID))
	for _, name := range []struct {
		field  string
		value  *string
		ja, en string
	}{{"name_ja", &n.Name.JA, "氏名", "the name in Japanese"}, {"name_en", &n.Name.EN, "ローマ字の氏名", "the name in Roman letters"}} {
		var err error
		*name.value, err = text(name.field, *name.value, name.ja, name.en, true)
		note(err)
	}
	note(n.Grant.check(s.Clock.Now()))
	if err := problems.Err(); err != nil {
		return "", err
	}
	secret, hash, err := s.secret()
	if err != nil {
		return "", err
	}
	handle := make([]byte, 32)
	if _, err := io.ReadFull(s.Rand, handle); err != nil {
		return "", err
	}
	err = s.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		if err := allowed(ctx, tx); err != nil {
			return err
		}
		made, err := s.makePerson(ctx, tx, n.ID, n.Name, handle, false, by.ID)
		if err == nil && !made {
			err = plain.Bad("id", fmt.Sprintf("識別子「%s」は、使われているか、使われていました。別の識別子にしてください。", n.ID),
				fmt.Sprintf("The identifier %q is in use, or was: choose another.", n.ID))
		}
		if err != nil {
			return err
		}
		number, err := s.issue(ctx, tx, n.ID, n.Grant, ReviewEvery)
		if err != nil {
			return err
		}
		record(tx, by.ID, ActIssue, n.ID, fmt.Sprintf("%d %s", number, n.Job))
		tx.Ring(alarm.Bell)
		if err := invite(ctx, tx, by, n.ID, hash); err != nil || by.ID != commandActor {
			return err
		}
		return confirm(ctx, tx, commandActor, n.ID)
	})
	return secret, err
}

// InviteAgain invites a person who is there to register another passkey: for a spare one, or in the place of one that was
// lost. An invitation that they had is over.
func (s *Staff) InviteAgain(ctx context.Context, by access.Person, person string) (secret string, err error) {
	secret, hash, err := s.secret()
	if err != nil {
		return "", err
	}
	return secret, s.manage(ctx, by, person, func(ctx context.Context, tx *sqlstore.Tx) error {
		a, err := issuedTo(ctx, tx, person)
		if err == nil && a.Number == 0 {
			err = plain.Bad("person", "操作者IDがない人は、招けません。先に操作者IDを発行してください。", "Somebody without authority is not invited: issue it first.")
		}
		if err != nil {
			return err
		}
		return invite(ctx, tx, by, person, hash)
	})
}

// void ends the invitation that a person has: what follows on it takes another one.
func void(ctx context.Context, tx *sqlstore.Tx, person string) error {
	_, err := tx.Exec(ctx, `UPDATE staff_invitation SET used_at = $2 WHERE person = $1 AND used_at = 0`, person, tx.Now())
	return err
}

func invite(ctx context.Context, tx *sqlstore.Tx, by access.Person, person string, hash []byte) error {
	if err := void(ctx, tx, person); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO staff_invitation(hash, person, made_by, made_with, made_at, ends_at, used_at) VALUES ($1, $2, $3, $4, $5, $6, 0)`,
		hash, person, by.ID, by.Credential, tx.Now(), tx.Now().Add(InvitationLife))
	record(tx, by.ID, ActInvite, person, "")
	return err
}

// makePerson tells whether the person was not there yet.
func (s *Staff) makePerson(ctx context.Context, tx *sqlstore.Tx, id string, name plain.Sentence, handle []byte, persona bool, by string) (bool, error) {
	n, err := tx.Exec(ctx, `INSERT INTO staff_person(id, name_ja, name_en, handle, persona, made_at, made_by) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`,
		id, name.JA, name.EN, handle, persona, tx.Now(), by)
	return n == 1, err
}

var errInvitation = plain.Bad("invitation", "この招待は、使われたか、期限が過ぎたか、取り消されています。操作者の管理者に、招待し直してもらってください。",
	"This invitation was used, has run out, or was withdrawn: ask the administrator of operators for another.")

// errUnconfirmed is said to whoever holds the secret of an invitation that waits.
var errUnconfirmed = plain.Bad("invitation", "この招待は、もう一人の管理者の確認を待っています。招いた管理者とは別の管理者に会って、確認してもらってから、もう一度開いてください。",
	"This invitation waits for a second administrator: meet one who did not invite you, have them confirm it, then open it again.")

// invited is the person whom an invitation is for, who has authority.
func invited(ctx context.Context, tx *sqlstore.Tx, secret string) (p Person, err error) {
	var confirmed string
	err = scanPerson(func(to ...any) error {
		return tx.QueryRow(ctx, `SELECT p.id, p.name_ja, p.name_en, p.handle, p.persona, p.made_at, p.made_by, i.confirmed_by FROM staff_invitation i JOIN staff_person p ON p.id = i.person
		WHERE i.hash = $1 AND i.used_at = 0 AND i.ends_at > $2
		AND EXISTS (SELECT 1 FROM staff_authority a WHERE a.person = p.id AND a.state = 'issued' AND (a.until_at = 0 OR a.until_at > $2))`,
			hashOf(secret), tx.Now()).Scan(append(to, &confirmed)...)
	}, &p)
	switch {
	case noRows(err):
		return p, errInvitation
	case err == nil && confirmed == "":
		return Person{}, errUnconfirmed
	}
	return p, err
}

// errTaken is for a passkey that somebody else has, or had.
var errTaken = plain.Bad("passkey", "このパスキーは、すでに登録されています。一つのパスキーは、一人のものです。自分の、まだ登録していない装置を使ってください。",
	"This passkey is registered already. One passkey is one person's: use a device of your own that is not registered.")

// isTaken tells errTaken from other refusals.
func isTaken(err error) bool { return errors.Is(err, errTaken) }
