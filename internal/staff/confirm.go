package staff

import (
	"context"
	"encoding/hex"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

// Who invites sees the link, and could register a device of their own with it: one person with two devices would be two operators, and
// whatever asks for two persons would be done by one. So an invitation is good only when a second administrator has confirmed it, who has
// seen the person. Where there is no second one, whoever holds the machine confirms.

// Invitation is one that is open: neither used nor run out, nor withdrawn.
type Invitation struct {
	Mark      string // tells it from an earlier and a later one; no secret
	MadeBy    string
	MadeAt    time.Time
	Confirmed bool

	madeWith string
}

// openInvitation is the one that a person has; false for none.
func openInvitation(ctx context.Context, tx *sqlstore.Tx, person string) (i Invitation, found bool, err error) {
	var hash []byte
	var confirmed string
	err = tx.QueryRow(ctx, `SELECT hash, made_by, made_with, made_at, confirmed_by FROM staff_invitation WHERE person = $1 AND used_at = 0 AND ends_at > $2`, person, tx.Now()).
		Scan(&hash, &i.MadeBy, &i.madeWith, sqlstore.Time(&i.MadeAt), &confirmed)
	if noRows(err) {
		return i, false, nil
	}
	if err != nil {
		return i, false, err
	}
	i.Mark, i.Confirmed = hex.EncodeToString(hash[:8]), confirmed != ""
	return i, true, nil
}

var errNothingToConfirm = plain.Bad("person", "この人には、確認を待っている招待がありません。使われたか、期限が過ぎたか、作り直されています。画面を開き直してください。",
	"No invitation of this person waits to be confirmed: it was used, has run out, or was made anew. Open the page again.")

// ConfirmInvitation makes the open invitation of a person good. It takes another administrator than the one who made it, with another passkey;
// mark says which invitation they have seen.
func (s *Staff) ConfirmInvitation(ctx context.Context, by access.Person, person, mark string) error {
	return s.manage(ctx, by, person, func(ctx context.Context, tx *sqlstore.Tx) error {
		i, found, err := openInvitation(ctx, tx, person)
		if err == nil && (!found || i.Confirmed || i.Mark != mark) {
			err = errNothingToConfirm
		}
		if err != nil {
			return err
		}
		if err := access.SecondPerson(access.Person{ID: i.MadeBy, Credential: i.madeWith}, by); err != nil {
			return err
		}
		return confirm(ctx, tx, by.ID, person)
	})
}

// ConfirmFromMachine is ConfirmInvitation by whoever holds the machine, for as long as no two administrators can sign in.
func (s *Staff) ConfirmFromMachine(ctx context.Context, person string) error {
	return s.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		i, found, err := openInvitation(ctx, tx, person)
		if err == nil && (!found || i.Confirmed) {
			err = plain.Bad("--id", "この識別子の人には、確認を待っている招待がありません。", "No invitation of this identifier waits to be confirmed.")
		}
		if err != nil {
			return err
		}
		able, err := ableAdministrators(ctx, tx, "", false)
		if err == nil && able > 1 {
			err = plain.Bad("--id", "ログインできる管理者が二人以上います。招いた人とは別の管理者に、職員の画面で確認してもらってください。",
				"Two administrators can sign in: have the one who did not invite confirm it, on the page of the staff.")
		}
		if err != nil {
			return err
		}
		return confirm(ctx, tx, commandActor, person)
	})
}

func confirm(ctx context.Context, tx *sqlstore.Tx, by, person string) error {
	_, err := tx.Exec(ctx, `UPDATE staff_invitation SET confirmed_by = $2, confirmed_at = $3 WHERE person = $1 AND used_at = 0 AND confirmed_by = ''`, person, by, tx.Now())
	record(tx, by, ActConfirm, person, "")
	return err
}

// ableAdministrators counts those who can sign in and manage, but one. Personas are nobody, but in the test country to one another.
func ableAdministrators(ctx context.Context, tx *sqlstore.Tx, but string, personas bool) (n int64, err error) {
	err = tx.QueryRow(ctx, `SELECT COUNT(*) FROM staff_authority a JOIN staff_person p ON p.id = a.person
		WHERE a.state = 'issued' AND a.job = $1 AND (a.until_at = 0 OR a.until_at > $2) AND a.review_at > $2 AND p.id <> $3 AND (NOT p.persona OR $4)
		AND EXISTS (SELECT 1 FROM staff_credential c WHERE c.person = p.id AND c.state = 'live')`, string(access.Administrator), tx.Now(), but, personas).Scan(&n)
	return n, err
}

// Alone tells whether somebody is the only administrator who can sign in, or nobody is.
func (s *Staff) Alone(ctx context.Context, by access.Person) (alone bool, err error) {
	if err := access.May(by, access.ViewStaff, s.Self.Role()); err != nil {
		return false, err
	}
	err = s.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		able, err := ableAdministrators(ctx, tx, "", by.Persona)
		alone = able < 2
		return err
	})
	return alone, err
}

// onlyAdministrators refuses an invitation that nobody but the inviter could watch over: who is alone invites another administrator first.
func onlyAdministrators(ctx context.Context, tx *sqlstore.Tx, by access.Person, job access.Job) error {
	if job == access.Administrator {
		return nil
	}
	others, err := ableAdministrators(ctx, tx, by.ID, by.Persona)
	if err == nil && others == 0 {
		err = plain.Bad("job", "ログインできる管理者が一人だけの間は、管理者だけを招けます。先に、もう一人の管理者を招いてください。その招待は、この団体の機械で `akashi staff confirm` により確認します。",
			"While only one administrator can sign in, only another administrator is invited: invite one first. That invitation is confirmed on this organisation's machine, with `akashi staff confirm`.")
	}
	return err
}
