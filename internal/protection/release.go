package protection

import (
	"context"
	"fmt"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

// Purpose is what a release is for.
type Purpose string

// The purposes.
const (
	Look     Purpose = "look"     // to see the record, and file what the person came for, at one visit
	Document Purpose = "document" // likewise, and to issue one document or certificate
)

// For how long a release waits, and is open. These are ours; the law names none.
const (
	AskedFor   = time.Hour        // an unanswered request lapses
	GrantedFor = 30 * time.Minute // a grant that nobody uses lapses
	OpenFor    = 15 * time.Minute // from its first use on
)

// Release opens one person's record to one clerk, once (一時解除).
type Release struct {
	ID        int64
	Holder    string
	Purpose   Purpose
	Reason    string
	AskedBy   string
	AskedAt   time.Time
	DecidedBy string
	DecidedAt time.Time
	State     string // asked, granted, refused, open, over
	ExpiresAt time.Time
	UsedFor   string // the document that was issued on it
}

// Alive tells whether the release opens anything at a time, or may yet. What the row's state says is not enough: whoever relocks it may be late.
func (r Release) Alive(now time.Time) bool {
	return (r.State == "asked" || r.State == "granted" || r.State == "open") && now.Before(r.ExpiresAt)
}

const releaseColumns = `id, holder, purpose, reason, asked_by, asked_at, decided_by, decided_at, state, expires_at, used_for`

func scanRelease(r *sqlstore.Rows, v *Release) error {
	return r.Scan(&v.ID, &v.Holder, &v.Purpose, &v.Reason, &v.AskedBy, sqlstore.Time(&v.AskedAt), &v.DecidedBy, sqlstore.Time(&v.DecidedAt), &v.State,
		sqlstore.Time(&v.ExpiresAt), &v.UsedFor)
}

// Ask writes a request for a release down.
func (t Flags) Ask(ctx context.Context, r Release) (Release, error) {
	r.ID, r.State, r.AskedAt, r.ExpiresAt = t.tx.Serial(), "asked", t.tx.Now(), t.tx.Now().Add(AskedFor)
	if _, err := t.tx.Exec(ctx, `INSERT INTO protection_release(`+releaseColumns+`) VALUES ($1, $2, $3, $4, $5, $6, '', 0, $7, $8, '')`,
		r.ID, r.Holder, string(r.Purpose), r.Reason, r.AskedBy, r.AskedAt, r.State, r.ExpiresAt); err != nil {
		return r, fmt.Errorf("couldn't write a request for a release down: %w", err)
	}
	return r, nil
}

var errNoRelease = plain.Bad("release",
	"この一時解除の依頼は、もうありません（期限が過ぎたか、すでに決まっています）。必要なら、もう一度依頼してください。",
	"This request for a release is over: it has lapsed, or was decided. Ask again if it is needed.")

// DecideRelease grants or refuses what another person asked for.
func (t Flags) DecideRelease(ctx context.Context, id int64, by access.Person, grant bool) (Release, error) {
	found, err := t.releases(ctx, `id = $1`, id)
	if err != nil {
		return Release{}, err
	}
	if len(found) == 0 || found[0].State != "asked" || !found[0].Alive(t.tx.Now()) {
		return Release{}, errNoRelease
	}
	r := found[0]
	if grant {
		if err := access.SecondPerson(access.Person{ID: r.AskedBy}, by); err != nil {
			return Release{}, err
		}
	}
	r.State, r.DecidedBy, r.DecidedAt, r.ExpiresAt = "granted", by.ID, t.tx.Now(), t.tx.Now().Add(GrantedFor)
	if !grant {
		r.State = "refused"
	}
	_, err = t.tx.Exec(ctx, `UPDATE protection_release SET state = $2, decided_by = $3, decided_at = $4, expires_at = $5 WHERE id = $1`,
		r.ID, r.State, r.DecidedBy, r.DecidedAt, r.ExpiresAt)
	return r, err
}

// Opened finds what opens somebody's record to a clerk now, and begins its use. false: nothing does. begun: this is its first use.
func (t Flags) Opened(ctx context.Context, holder, clerk string) (r Release, begun, open bool, err error) {
	found, err := t.releases(ctx, `holder = $1 AND asked_by = $2 AND state IN ('open', 'granted') ORDER BY state DESC, purpose, id`, holder, clerk)
	if err != nil {
		return r, false, false, err
	}
	now := t.tx.Now()
	for _, r := range found {
		if !r.Alive(now) {
			continue // nobody has relocked it yet
		}
		if r.State == "open" {
			return r, false, true, nil
		}
		r.State, r.ExpiresAt = "open", now.Add(OpenFor)
		if _, err := t.tx.Exec(ctx, `UPDATE protection_release SET state = 'open', expires_at = $2 WHERE id = $1`, r.ID, r.ExpiresAt); err != nil {
			return r, false, false, fmt.Errorf("couldn't begin a release: %w", err)
		}
		return r, true, true, nil
	}
	return r, false, false, nil
}

// Spend uses the release for the one document that it is for; false: no release of this clerk is for a document that was not issued yet.
func (t Flags) Spend(ctx context.Context, holder, clerk, document string) (bool, error) {
	found, err := t.releases(ctx, `holder = $1 AND asked_by = $2 AND state IN ('open', 'granted') AND purpose = 'document' AND used_for = '' ORDER BY id`, holder, clerk)
	if err != nil {
		return false, err
	}
	for _, r := range found {
		if r.Alive(t.tx.Now()) {
			_, err := t.tx.Exec(ctx, `UPDATE protection_release SET state = 'open', expires_at = $2, used_for = $3 WHERE id = $1`, r.ID, t.tx.Now().Add(OpenFor), document)
			return err == nil, err
		}
	}
	return false, nil
}

// Spent tells whether a document was issued on a release of the clerk's that has not locked again: it may be handed over.
func (t Flags) Spent(ctx context.Context, holder, clerk, document string) (bool, error) {
	found, err := t.releases(ctx, `holder = $1 AND asked_by = $2 AND state = 'open' AND used_for = $3`, holder, clerk, document)
	for _, r := range found {
		if r.Alive(t.tx.Now()) {
			return true, nil
		}
	}
	return false, err
}

// Relock ends a release whose time is over; false: it is over already, or its time is not. The zero time: it has none.
func (t Flags) Relock(ctx context.Context, id int64) (r Release, locked bool, err error) {
	found, err := t.releases(ctx, `id = $1`, id)
	if err != nil || len(found) == 0 || found[0].State == "over" || found[0].State == "refused" || found[0].Alive(t.tx.Now()) {
		if len(found) > 0 {
			r = found[0]
		}
		return r, false, err
	}
	_, err = t.tx.Exec(ctx, `UPDATE protection_release SET state = 'over' WHERE id = $1`, id)
	return found[0], err == nil, err
}

// Asked lists the requests that wait for a second person, the oldest first.
func (t Flags) Asked(ctx context.Context) ([]Release, error) {
	return t.releases(ctx, `state = 'asked' AND expires_at > $1 ORDER BY asked_at, id LIMIT 200`, t.tx.Now())
}

// ReleasesOf lists the releases of somebody's record, the newest first.
func (t Flags) ReleasesOf(ctx context.Context, holder string) ([]Release, error) {
	return t.releases(ctx, `holder = $1 ORDER BY asked_at DESC, id DESC LIMIT 100`, holder)
}

func (t Flags) releases(ctx context.Context, where string, args ...any) ([]Release, error) {
	all, err := sqlstore.List(ctx, t.tx, scanRelease, `SELECT `+releaseColumns+` FROM protection_release WHERE `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("couldn't read releases: %w", err)
	}
	return all, nil
}
