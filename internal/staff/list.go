package staff

import (
	"context"
	"errors"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

// mostListed is how many persons one page shows.
const mostListed = 1000

// Member is a person with what they may act as: the authority that holds, or the last one.
type Member struct {
	Person
	Authority
	Passkeys int64 // live ones
	Held     int64 // those of which there may be a copy
	Invited  bool  // an invitation is open
	Waits    bool  // … and waits for a second administrator
}

// Members are an organisation's staff, those with authority first. Who looks must be allowed to.
func (s *Staff) Members(ctx context.Context, by access.Person) (all []Member, err error) {
	if err := access.May(by, access.ViewStaff, s.Self.Role()); err != nil {
		return nil, err
	}
	err = s.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		all, err = sqlstore.List(ctx, tx, func(r *sqlstore.Rows, m *Member) error {
			a := &m.Authority
			return r.Scan(&m.ID, &m.Name.JA, &m.Name.EN, &m.Persona, sqlstore.Time(&m.MadeAt), &m.MadeBy,
				&a.Number, &a.Job, &a.Office, sqlstore.Time(&a.From), orNever(&a.Until), &a.State, sqlstore.Time(&a.Review), orNever(&a.ReviewedAt), &a.ReviewedBy, orNever(&a.EndedAt),
				&m.Passkeys, &m.Held, &m.Invited, &m.Waits)
		}, `SELECT p.id, p.name_ja, p.name_en, p.persona, p.made_at, p.made_by,
			a.number, a.job, a.office, a.from_at, a.until_at, a.state, a.review_at, a.reviewed_at, a.reviewed_by, a.ended_at,
			(SELECT COUNT(*) FROM staff_credential c WHERE c.person = p.id AND c.state = 'live'),
			(SELECT COUNT(*) FROM staff_credential c WHERE c.person = p.id AND c.state = 'held'),
			EXISTS (SELECT 1 FROM staff_invitation i WHERE i.person = p.id AND i.used_at = 0 AND i.ends_at > $1),
			EXISTS (SELECT 1 FROM staff_invitation i WHERE i.person = p.id AND i.used_at = 0 AND i.ends_at > $1 AND i.confirmed_by = '')
			FROM staff_person p JOIN staff_authority a ON a.number = (SELECT MAX(number) FROM staff_authority l WHERE l.person = p.id)
			ORDER BY CASE WHEN a.state = 'issued' THEN 0 ELSE 1 END, a.number LIMIT $2`, tx.Now(), int64(mostListed))
		return err
	})
	return all, err
}

// Record is a line of the history.
type Record struct {
	At                         time.Time
	Actor, Act, Person, Detail string
}

// Whole is all that is known of a person here.
type Whole struct {
	Person
	Authorities []Authority // the newest first
	Passkeys    []Credential
	History     []Record    // the newest first
	Invitation  *Invitation // that is open; nil for none
}

// Now is the authority that the person has; zero when there is none.
func (w Whole) Now() Authority {
	for _, a := range w.Authorities {
		if a.State == Issued {
			return a
		}
	}
	return Authority{}
}

// mostHistory is how many lines of the history one page shows.
const mostHistory = 100

// Member is one person of the staff with passkeys, authorities and history. Who looks must be allowed to.
func (s *Staff) Member(ctx context.Context, by access.Person, id string) (w Whole, err error) {
	if err := access.May(by, access.ViewStaff, s.Self.Role()); err != nil {
		return w, err
	}
	err = s.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		if w.Person, err = personOf(ctx, tx, id); err != nil {
			if errors.Is(err, errUnknown) {
				err = unknown(id)
			}
			return err
		}
		if w.Authorities, err = sqlstore.List(ctx, tx, func(r *sqlstore.Rows, a *Authority) error { return scanAuthority(r.Scan, a) },
			"SELECT "+authorityColumns+" FROM staff_authority WHERE person = $1 ORDER BY number DESC LIMIT $2", id, int64(mostHistory)); err != nil {
			return err
		}
		if w.Passkeys, err = sqlstore.List(ctx, tx, func(r *sqlstore.Rows, c *Credential) error { return scanCredential(r.Scan, c) },
			"SELECT "+credentialColumns+" FROM staff_credential WHERE person = $1 ORDER BY made_at DESC, name LIMIT $2", id, int64(mostHistory)); err != nil {
			return err
		}
		if i, found, err := openInvitation(ctx, tx, id); err != nil {
			return err
		} else if found {
			w.Invitation = &i
		}
		w.History, err = sqlstore.List(ctx, tx, func(r *sqlstore.Rows, l *Record) error {
			return r.Scan(sqlstore.Time(&l.At), &l.Actor, &l.Act, &l.Person, &l.Detail)
		}, `SELECT at, actor, act, person, detail FROM staff_history WHERE person = $1 ORDER BY at DESC, seq DESC LIMIT $2`, id, int64(mostHistory))
		return err
	})
	return w, err
}
