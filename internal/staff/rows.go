package staff

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/passkey"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

// Person is somebody who may act, or could.
type Person struct {
	ID      string
	Name    plain.Sentence
	Persona bool
	MadeAt  time.Time
	MadeBy  string

	handle []byte
}

// State is where a passkey or an authority stands.
type State string

// The states. Of a passkey: live, held, lost, revoked. Of an authority: issued, transferred, revoked.
const (
	Live        State = "live"
	Held        State = "held" // there may be a copy of it: nobody signs in with it before an administrator has ended it
	Lost        State = "lost"
	Revoked     State = "revoked"
	Issued      State = "issued"
	Transferred State = "transferred"
)

// Credential is a passkey of a person.
type Credential struct {
	Name, Person, Label string
	State               State
	MadeAt              time.Time
	UsedAt, EndedAt     time.Time // zero: not yet. Of one that is held, since when

	passkey.Credential
}

// Authority is what a person may act as (操作者ID).
type Authority struct {
	Number     int64
	Person     string
	Job        access.Job
	Office     string
	From       time.Time
	Until      time.Time // zero: without an end
	State      State
	Review     time.Time // by when it must be reviewed
	ReviewedAt time.Time // zero: never
	ReviewedBy string
	EndedAt    time.Time // zero: not yet
}

// Overdue tells whether the review is.
func (a Authority) Overdue(now time.Time) bool { return a.State == Issued && !now.Before(a.Review) }

// Holds tells whether somebody may act under it.
func (a Authority) Holds(now time.Time) bool {
	return a.State == Issued && !now.Before(a.From) && (a.Until.IsZero() || now.Before(a.Until))
}

// orNever is a time of which 0 says that it has not come.
func orNever(t *time.Time) sql.Scanner { return never{t} }

type never struct{ t *time.Time }

func (n never) Scan(src any) error {
	if us, ok := src.(int64); ok && us == 0 {
		*n.t = time.Time{}
		return nil
	}
	return sqlstore.Time(n.t).Scan(src)
}

func stored(t time.Time) any {
	if t.IsZero() {
		return int64(0)
	}
	return t
}

const personColumns = "id, name_ja, name_en, handle, persona, made_at, made_by"

func scanPerson(scan func(...any) error, p *Person) error {
	return scan(&p.ID, &p.Name.JA, &p.Name.EN, &p.handle, &p.Persona, sqlstore.Time(&p.MadeAt), &p.MadeBy)
}

const credentialColumns = "name, person, label, state, made_at, used_at, ended_at, id, public_key, counter"

func scanCredential(scan func(...any) error, c *Credential) error {
	var counter int64
	err := scan(&c.Name, &c.Person, &c.Label, &c.State, sqlstore.Time(&c.MadeAt), orNever(&c.UsedAt), orNever(&c.EndedAt), &c.ID, &c.Key, &counter)
	c.Counter = uint32(counter)
	return err
}

const authorityColumns = "number, person, job, office, from_at, until_at, state, review_at, reviewed_at, reviewed_by, ended_at"

func scanAuthority(scan func(...any) error, a *Authority) error {
	return scan(&a.Number, &a.Person, &a.Job, &a.Office, sqlstore.Time(&a.From), orNever(&a.Until), &a.State, sqlstore.Time(&a.Review), orNever(&a.ReviewedAt), &a.ReviewedBy, orNever(&a.EndedAt))
}

func personOf(ctx context.Context, tx *sqlstore.Tx, id string) (p Person, err error) {
	err = scanPerson(tx.QueryRow(ctx, "SELECT "+personColumns+" FROM staff_person WHERE id = $1", id).Scan, &p)
	if errors.Is(err, sql.ErrNoRows) {
		err = errUnknown
	}
	return p, err
}

// issuedTo is the authority that a person has now; zero when there is none.
func issuedTo(ctx context.Context, tx *sqlstore.Tx, person string) (a Authority, err error) {
	err = scanAuthority(tx.QueryRow(ctx, "SELECT "+authorityColumns+" FROM staff_authority WHERE person = $1 AND state = 'issued'", person).Scan, &a)
	if errors.Is(err, sql.ErrNoRows) {
		return Authority{}, nil
	}
	return a, err
}
