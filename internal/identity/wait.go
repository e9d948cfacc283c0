package identity

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

// WaitsFor is for how long an application waits for the check of another person: its applicant stands at the counter. The term is ours;
// no law names one.
const WaitsFor = time.Hour

// DueLapse is the kind of due work that ends an application for which nobody else has checked.
const DueLapse = "identity.lapse"

// State is how an application stands for which another person is to check.
type State string

// The states.
const (
	Waiting State = "waiting"
	Checked State = "checked" // by as many as the rule wants
	Refused State = "refused" // by one of the staff
	Lapsed  State = "lapsed"  // nobody checked in time
)

// Wait is an application that waits, or has waited, for the check of another person.
type Wait struct {
	Case     string
	Act      access.Act
	Holder   string
	BeganAt  time.Time
	UntilAt  time.Time
	State    State
	ClosedAt time.Time // zero: it waits
	ClosedBy string
	Why      string
	ToldAt   time.Time // of a lapsed one: when the applicant was told; zero: not yet
	ToldBy   string
}

const waitColumns = `case_ref, act, holder, began_at, until_at, state, closed_at, closed_by, why, told_at, told_by`

// Begin has an application wait for another person's check, for a bounded time.
func (t Tables) Begin(act access.Act, ref, holder string) Wait {
	w := Wait{Case: ref, Act: act, Holder: holder, BeganAt: t.tx.Now(), UntilAt: t.tx.Now().Add(WaitsFor), State: Waiting}
	t.tx.Collect("identity_wait", waitColumns, w.Case, string(w.Act), w.Holder, w.BeganAt, w.UntilAt, string(w.State), int64(0), "", "", int64(0), "")
	due.Add(t.tx, w.UntilAt, DueLapse, ref, binary.BigEndian.AppendUint64(nil, uint64(t.tx.Serial())))
	return w
}

var errOver = plain.Bad("case",
	"この申請は、もう確認を待っていません（確認済み、却下、または期限切れです）。申請の画面で状態を確かめてください。",
	"This application waits for no check any more: it was checked, refused or has lapsed. See on its page how it stands.")

// Open finds an application that waits; an error when it does not.
func (t Tables) Open(ctx context.Context, ref string) (Wait, error) {
	w, found, err := t.Wait(ctx, ref)
	// Whoever ends what has lapsed may be late: the time counts, and not the state alone.
	if err == nil && (!found || w.State != Waiting || !t.tx.Now().Before(w.UntilAt)) {
		err = errOver
	}
	return w, err
}

// Wait finds an application that waits or has waited.
func (t Tables) Wait(ctx context.Context, ref string) (Wait, bool, error) {
	found, err := t.waits(ctx, `case_ref = $1`, ref)
	if err != nil || len(found) == 0 {
		return Wait{}, false, err
	}
	return found[0], true, nil
}

// Waits tells whether somebody has an application for the act that waits.
func (t Tables) Waits(ctx context.Context, act access.Act, holder string) (bool, error) {
	found, err := t.waits(ctx, `state = 'waiting' AND act = $1 AND holder = $2`, string(act), holder)
	return len(found) > 0, err
}

// Second finds an application that waits and may be checked by a person, who is another one than whoever has checked it, with another
// passkey. It gives the checks that were made.
func (t Tables) Second(ctx context.Context, ref string, by access.Person) ([]Check, error) {
	if _, err := t.Open(ctx, ref); err != nil {
		return nil, err
	}
	first, err := t.ChecksOf(ctx, ref)
	if err == nil && len(first) == 0 {
		err = fmt.Errorf("the application %s waits for a second check, and has no first one", ref)
	}
	if err != nil {
		return nil, err
	}
	for _, c := range first {
		if err := access.SecondPerson(c.Person(), by); err != nil {
			return nil, err
		}
	}
	return first, nil
}

// Close ends the waiting.
func (t Tables) Close(ctx context.Context, ref string, state State, by, why string) error {
	if _, err := t.tx.Exec(ctx, `UPDATE identity_wait SET state = $2, closed_at = $3, closed_by = $4, why = $5 WHERE case_ref = $1`,
		ref, string(state), t.tx.Now(), by, why); err != nil {
		return err
	}
	if state == Lapsed {
		return nil // by the due work itself
	}
	_, err := due.Remove(ctx, t.tx, DueLapse, ref)
	return err
}

// Told writes down that the applicant of a lapsed application was told.
func (t Tables) Told(ctx context.Context, ref, by string) error {
	w, found, err := t.Wait(ctx, ref)
	if err != nil {
		return err
	}
	if !found || w.State != Lapsed || !w.ToldAt.IsZero() {
		return plain.Bad("case", "この申請は期限切れではないか、本人に伝えたことがすでに記録されています。", "This application has not lapsed, or it is recorded already that the applicant was told.")
	}
	_, err = t.tx.Exec(ctx, `UPDATE identity_wait SET told_at = $2, told_by = $3 WHERE case_ref = $1`, ref, t.tx.Now(), by)
	return err
}

// Queue lists the applications that wait for a check, and those that have lapsed without their applicants having been told, the oldest
// first, at most 200.
func (t Tables) Queue(ctx context.Context) ([]Wait, error) {
	return t.waits(ctx, `state = 'waiting' OR state = 'lapsed' AND told_at = 0`)
}

func (t Tables) waits(ctx context.Context, where string, args ...any) ([]Wait, error) {
	return sqlstore.List(ctx, t.tx, func(r *sqlstore.Rows, w *Wait) error {
		var closed, told int64
		err := r.Scan(&w.Case, &w.Act, &w.Holder, sqlstore.Time(&w.BeganAt), sqlstore.Time(&w.UntilAt), &w.State, &closed, &w.ClosedBy, &w.Why, &told, &w.ToldBy)
		w.ClosedAt, w.ToldAt = sqlstore.FromMicrosOrNone(closed), sqlstore.FromMicrosOrNone(told)
		return err
	}, `SELECT `+waitColumns+` FROM identity_wait WHERE `+where+` ORDER BY began_at, case_ref LIMIT 200`, args...)
}
