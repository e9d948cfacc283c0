package store

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/resident"
)

// The states of a third person's request.
const (
	ThirdAsked   = "asked" // another clerk is to decide
	ThirdGranted = "granted"
	ThirdRefused = "refused"
)

// ThirdRequest is what somebody who is neither the person nor of the household has asked for.
type ThirdRequest struct {
	ID      string
	Person  Person
	Code    resident.RecordCode
	Article string

	Applicant, Place string   // who asks, and where they are
	Came, Authority  string   // who has come for them, and by what that was checked
	Purpose, Proof   string   // what it is used for, and what was shown of it
	Items            []string // beyond what is given out without a reason of its own
	ItemsWhy         string

	Checked        int64 // the check of who has come
	At             time.Time
	By, Credential string
	Trace          string

	State          string
	DecidedAt      time.Time // zero: nobody has
	DecidedBy, Why string
	Granted        []string // of the items
	Request        string   // the application to the issuing server; "": there is none
}

// LogValue names the request only.
func (t ThirdRequest) LogValue() slog.Value { return slog.StringValue(t.ID) }

const thirdColumns = `id, person, code, article, applicant, place, came, authority, purpose, proof, items, items_why, checked, at, by_whom, credential, trace, state, decided_at, decided_by, why, granted, request`

func scanThird(r *sqlstore.Rows, t *ThirdRequest) error {
	var person, decided int64
	var code, items, granted string
	if err := r.Scan(&t.ID, &person, &code, &t.Article, &t.Applicant, &t.Place, &t.Came, &t.Authority, &t.Purpose, &t.Proof, &items, &t.ItemsWhy, &t.Checked,
		sqlstore.Time(&t.At), &t.By, &t.Credential, &t.Trace, &t.State, &decided, &t.DecidedBy, &t.Why, &granted, &t.Request); err != nil {
		return err
	}
	t.Person, t.Items, t.Granted, t.DecidedAt = Person(person), listed(items), listed(granted), sqlstore.FromMicrosOrNone(decided)
	var err error
	t.Code, err = resident.ParseRecordCode("stored", code)
	return err
}

// AddThird writes one down.
func (tx *Tx) AddThird(t ThirdRequest) {
	tx.Collect("third_request", thirdColumns, t.ID, int64(t.Person), t.Code.Reveal(), t.Article, t.Applicant, t.Place, t.Came, t.Authority, t.Purpose, t.Proof, strings.Join(t.Items, ","), t.ItemsWhy, t.Checked,
		t.At, t.By, t.Credential, t.Trace, t.State, sqlstore.MicrosOrNone(t.DecidedAt), t.DecidedBy, t.Why, strings.Join(t.Granted, ","), t.Request)
}

// DecideThird writes down what was decided; false when that was done already.
func (tx *Tx) DecideThird(ctx context.Context, t ThirdRequest) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE third_request SET state = $2, decided_at = $3, decided_by = $4, why = $5, granted = $6, request = $7 WHERE id = $1 AND state = 'asked'`,
		t.ID, t.State, t.DecidedAt, t.DecidedBy, t.Why, strings.Join(t.Granted, ","), t.Request)
	return n == 1, err
}

// Third finds one.
func (tx *Tx) Third(ctx context.Context, id string) (t ThirdRequest, found bool, err error) {
	return tx.third(ctx, `id = $1`, id)
}

// ThirdOf finds that of which an application to the issuing server comes.
func (tx *Tx) ThirdOf(ctx context.Context, request string) (t ThirdRequest, found bool, err error) {
	return tx.third(ctx, `request = $1 AND request <> ''`, request)
}

func (tx *Tx) third(ctx context.Context, where, key string) (t ThirdRequest, found bool, err error) {
	all, err := sqlstore.List(ctx, tx.Tx, scanThird, `SELECT `+thirdColumns+` FROM third_request WHERE `+where, key)
	if err != nil || len(all) == 0 {
		return t, false, err
	}
	return all[0], true, nil
}

// ThirdsAsked are those that wait for a decision, the oldest first.
func (tx *Tx) ThirdsAsked(ctx context.Context, limit int) ([]ThirdRequest, error) {
	return sqlstore.List(ctx, tx.Tx, scanThird, `SELECT `+thirdColumns+` FROM third_request WHERE state = 'asked' ORDER BY at, id LIMIT $1`, int64(limit))
}

// CountThirds is how many wait for a decision.
func (tx *Tx) CountThirds(ctx context.Context) (n int64, err error) {
	err = tx.QueryRow(ctx, `SELECT COUNT(*) FROM third_request WHERE state = 'asked'`).Scan(&n)
	return n, err
}
