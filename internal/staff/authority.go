package staff

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

// Grant is an authority to give: as what, where, and until when (zero: without an end).
type Grant struct {
	Job    access.Job
	Office string
	Until  time.Time
}

func (g *Grant) check(now time.Time) (err error) {
	if !slices.Contains(access.Jobs(), g.Job) {
		return plain.Bad("job", "職務を選んでください。", "Choose the job.")
	}
	if !g.Until.IsZero() && !g.Until.After(now) {
		return plain.Bad("until", "期限が過ぎています。これからの日を入力してください。", "The end has passed: enter a day to come.")
	}
	g.Office, err = text("office", g.Office, "所属", "the office", true)
	return err
}

// issue gives a person an authority, who must have none.
func (s *Staff) issue(ctx context.Context, tx *sqlstore.Tx, person string, g Grant, review time.Duration) (int64, error) {
	if err := g.check(tx.Now()); err != nil {
		return 0, err
	}
	var number int64
	if err := tx.QueryRow(ctx, `SELECT COALESCE(MAX(number), 0) + 1 FROM staff_authority`).Scan(&number); err != nil {
		return 0, err
	}
	// The database holds that there is one at a time.
	n, err := tx.Exec(ctx, `INSERT INTO staff_authority(number, person, job, office, from_at, until_at, state, review_at, reviewed_at, reviewed_by, ended_at)
		VALUES ($1, $2, $3, $4, $5, $6, 'issued', $7, 0, '', 0) ON CONFLICT DO NOTHING`,
		number, person, string(g.Job), g.Office, tx.Now(), stored(g.Until), tx.Now().Add(review))
	if err == nil && n == 0 {
		err = plain.Bad("person", "この人には、すでに操作者IDがあります。変えるときは、異動にしてください。",
			"This person has an authority already: transfer it.")
	}
	return number, err
}

// end closes the authority that a person has.
func end(ctx context.Context, tx *sqlstore.Tx, person string, state State) (Authority, error) {
	a, err := issuedTo(ctx, tx, person)
	if err == nil && a.Number == 0 {
		err = plain.Bad("person", "この人には、いま操作者IDがありません。", "This person has no authority now.")
	}
	if err != nil {
		return a, err
	}
	if _, err := tx.Exec(ctx, `UPDATE staff_authority SET state = $2, ended_at = $3 WHERE number = $1 AND state = 'issued'`, a.Number, string(state), tx.Now()); err != nil {
		return a, err
	}
	// An invitation was made for the authority that ends: under a later one it would let in whoever kept it.
	return a, void(ctx, tx, person)
}

// Transfer ends the authority that a person has and issues another: sessions under the old one are over.
func (s *Staff) Transfer(ctx context.Context, by access.Person, person string, g Grant, reason string) error {
	return s.manage(ctx, by, person, func(ctx context.Context, tx *sqlstore.Tx) error {
		reason, err := why(reason)
		if err != nil {
			return err
		}
		was, err := end(ctx, tx, person, Transferred)
		if err != nil {
			return err
		}
		number, err := s.issue(ctx, tx, person, g, ReviewEvery)
		record(tx, by.ID, ActTransfer, person, fmt.Sprintf("%d %s to %d %s: %s", was.Number, was.Job, number, g.Job, reason))
		return err
	})
}

// Issue gives a person who is known, and has none, an authority.
func (s *Staff) Issue(ctx context.Context, by access.Person, person string, g Grant) error {
	return s.manage(ctx, by, person, func(ctx context.Context, tx *sqlstore.Tx) error {
		number, err := s.issue(ctx, tx, person, g, ReviewEvery)
		record(tx, by.ID, ActIssue, person, fmt.Sprintf("%d %s", number, g.Job))
		return err
	})
}

// Revoke takes a person's authority away. Their sessions are over.
func (s *Staff) Revoke(ctx context.Context, by access.Person, person, reason string) error {
	return s.manage(ctx, by, person, func(ctx context.Context, tx *sqlstore.Tx) error {
		reason, err := why(reason)
		if err != nil {
			return err
		}
		a, err := end(ctx, tx, person, Revoked)
		record(tx, by.ID, ActRevoke, person, fmt.Sprintf("%d %s: %s", a.Number, a.Job, reason))
		return err
	})
}

// Review says that somebody has looked whether a person still needs the authority, and found that it is right.
func (s *Staff) Review(ctx context.Context, by access.Person, person string) error {
	return s.manage(ctx, by, person, func(ctx context.Context, tx *sqlstore.Tx) error {
		a, err := issuedTo(ctx, tx, person)
		if err != nil {
			return err
		}
		n, err := tx.Exec(ctx, `UPDATE staff_authority SET review_at = $2, reviewed_at = $3, reviewed_by = $4 WHERE number = $1 AND state = 'issued'`,
			a.Number, tx.Now().Add(ReviewEvery), tx.Now(), by.ID)
		if err == nil && n == 0 {
			err = plain.Bad("person", "この人には、いま操作者IDがありません。", "This person has no authority now.")
		}
		record(tx, by.ID, ActReview, person, fmt.Sprintf("%d %s", a.Number, a.Job))
		return err
	})
}

// manage is an administrator's act about a person, who must be there.
func (s *Staff) manage(ctx context.Context, by access.Person, person string, act func(context.Context, *sqlstore.Tx) error) error {
	if err := s.may(by, person); err != nil {
		return err
	}
	return s.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		if _, err := personOf(ctx, tx, person); err != nil {
			if errors.Is(err, errUnknown) {
				err = unknown(person)
			}
			return err
		}
		tx.Ring(alarm.Bell)
		return act(ctx, tx)
	})
}
