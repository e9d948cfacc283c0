package staff

import (
	"context"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

// Lose takes a passkey out of use at once, because it was lost or stolen, or there may be a copy of it (Held). All that was signed in with it is over.
func (s *Staff) Lose(ctx context.Context, by access.Person, person, name, reason string) error {
	return s.endPasskey(ctx, by, person, name, reason, Lost, ActLost)
}

// Withdraw takes a passkey out of use because it is not used any more. All that was signed in with it is over.
func (s *Staff) Withdraw(ctx context.Context, by access.Person, person, name, reason string) error {
	return s.endPasskey(ctx, by, person, name, reason, Revoked, ActWithdraw)
}

func (s *Staff) endPasskey(ctx context.Context, by access.Person, person, name, reason string, state State, act string) error {
	return s.manage(ctx, by, person, func(ctx context.Context, tx *sqlstore.Tx) error {
		reason, err := why(reason)
		if err != nil {
			return err
		}
		n, err := tx.Exec(ctx, `UPDATE staff_credential SET state = $3, ended_at = $4 WHERE name = $1 AND person = $2 AND state IN ('live', 'held')`, name, person, string(state), tx.Now())
		if err == nil && n == 0 {
			err = plain.Bad("passkey", "このパスキーは、この人の使用中のものではありません。画面を開き直して、選び直してください。",
				"This is not a passkey that the person uses: open the page again and choose.")
		}
		if err == nil && state == Lost { // who has the passkey may have the invitation too
			err = void(ctx, tx, person)
		}
		// Resume asks for a live passkey: what was signed in with this one is over with the commit.
		record(tx, by.ID, act, person, name+": "+reason)
		return err
	})
}
