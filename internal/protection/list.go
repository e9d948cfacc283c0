package protection

import (
	"context"
	"fmt"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// List is a list of flags to be ended (終了の一覧): made by one person, applied by another. Between the two a flag may have been set
// again; each line holds the version that it was made from, and ends that one or nothing.
type List struct {
	ID        int64
	Reason    string
	MadeBy    string
	MadeAt    time.Time
	AppliedBy string // "" until then
	AppliedAt time.Time
	Lines     []Line
}

// Line is one flag of a list.
type Line struct {
	Line    int64
	Measure string
	Holder  string
	Code    resident.RecordCode
	Version resident.Version
	Outcome string // waiting, ended, changed
}

// Applied tells whether a second person has applied the list.
func (l List) Applied() bool { return l.AppliedBy != "" }

// MakeList writes down which of our flags are to be ended, as they are now.
func (t Flags) MakeList(ctx context.Context, l List) (List, error) {
	l.ID, l.MadeAt = t.tx.Serial(), t.tx.Now()
	if _, err := t.tx.Exec(ctx, `INSERT INTO protection_list(id, reason, made_by, made_at, applied_by, applied_at) VALUES ($1, $2, $3, $4, '', 0)`,
		l.ID, l.Reason, l.MadeBy, l.MadeAt); err != nil {
		return l, fmt.Errorf("couldn't write a list down: %w", err)
	}
	for i := range l.Lines {
		l.Lines[i].Line, l.Lines[i].Outcome = int64(i+1), "waiting"
		v := l.Lines[i]
		tx := t.tx
		if _, err := tx.Exec(ctx, `INSERT INTO protection_line(list, line, measure, holder, code, version, outcome) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			l.ID, v.Line, v.Measure, v.Holder, v.Code.Reveal(), int64(v.Version), v.Outcome); err != nil {
			return l, fmt.Errorf("couldn't write a line of a list down: %w", err)
		}
	}
	return l, nil
}

var errListOver = plain.Bad("list", "この一覧は、ないか、すでに適用されています。", "There is no such list, or it has been applied.")

// Apply ends what a list names, line by line, for the second person: each flag that is still what the list was made from. The others
// are set aside, and go on. It gives the messages that tell of the ends.
func (t Flags) Apply(ctx context.Context, owner message.Org, id int64, by access.Person) (List, []message.ResidentProtectionEnd, error) {
	l, found, err := t.List(ctx, id)
	switch {
	case err != nil:
		return l, nil, err
	case !found || l.Applied():
		return l, nil, errListOver
	}
	if err := access.SecondPerson(access.Person{ID: l.MadeBy}, by); err != nil {
		return l, nil, err
	}
	var ends []message.ResidentProtectionEnd
	for i := range l.Lines {
		v := &l.Lines[i]
		end := message.ResidentProtectionEnd{Code: v.Code, Owner: owner, Version: v.Version}
		switch err := t.EndExactly(ctx, end); err {
		case nil:
			v.Outcome, ends = "ended", append(ends, end)
		case ErrChanged:
			v.Outcome = "changed"
		default:
			return l, nil, err
		}
		if _, err := t.tx.Exec(ctx, `UPDATE protection_line SET outcome = $3 WHERE list = $1 AND line = $2`, id, v.Line, v.Outcome); err != nil {
			return l, nil, fmt.Errorf("couldn't write down what became of a line: %w", err)
		}
	}
	l.AppliedBy, l.AppliedAt = by.ID, t.tx.Now()
	_, err = t.tx.Exec(ctx, `UPDATE protection_list SET applied_by = $2, applied_at = $3 WHERE id = $1`, id, l.AppliedBy, l.AppliedAt)
	return l, ends, err
}

func scanList(r *sqlstore.Rows, l *List) error {
	return r.Scan(&l.ID, &l.Reason, &l.MadeBy, sqlstore.Time(&l.MadeAt), &l.AppliedBy, sqlstore.Time(&l.AppliedAt))
}

// List reads a list with its lines; false: there is none.
func (t Flags) List(ctx context.Context, id int64) (List, bool, error) {
	found, err := sqlstore.List(ctx, t.tx, scanList, `SELECT id, reason, made_by, made_at, applied_by, applied_at FROM protection_list WHERE id = $1`, id)
	if err != nil || len(found) == 0 {
		if err != nil {
			err = fmt.Errorf("couldn't read a list: %w", err)
		}
		return List{}, false, err
	}
	l := found[0]
	l.Lines, err = sqlstore.List(ctx, t.tx, func(r *sqlstore.Rows, v *Line) error {
		var code string
		var version int64
		err := r.Scan(&v.Line, &v.Measure, &v.Holder, &code, &version, &v.Outcome)
		if err == nil {
			v.Version = resident.Version(version)
			v.Code, err = resident.ParseRecordCode("stored", code)
		}
		return err
	}, `SELECT line, measure, holder, code, version, outcome FROM protection_line WHERE list = $1 ORDER BY line`, id)
	if err != nil {
		return l, false, fmt.Errorf("couldn't read the lines of a list: %w", err)
	}
	return l, true, nil
}

// Lists are the last lists, without their lines, the newest first.
func (t Flags) Lists(ctx context.Context) ([]List, error) {
	all, err := sqlstore.List(ctx, t.tx, scanList, `SELECT id, reason, made_by, made_at, applied_by, applied_at FROM protection_list ORDER BY made_at DESC, id DESC LIMIT 50`)
	if err != nil {
		return nil, fmt.Errorf("couldn't read the lists: %w", err)
	}
	return all, nil
}
