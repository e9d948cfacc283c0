package provision

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/resident"
)

// State is how a use stands.
type State string

// The states.
const (
	Waiting  State = "waiting" // proposed by one person
	Approved State = "approved"
	Refused  State = "refused"
	Ended    State = "ended"
)

// Use is a piece of work of a body for which it is given 本人確認情報.
type Use struct {
	Number       uint64
	Name         string // the work: 旅券の発給
	Body         string // who is given
	Law          string // article and table that permit it
	Purpose      look.Purpose
	Items        Items
	Staff        []string // identifiers of the persons of the body who ask
	Begins, Ends resident.Date
	State        State
	ProposedBy   string
	ProposedAt   time.Time
	DecidedBy    string
	DecidedAt    time.Time
	EndedBy      string
	EndedAt      time.Time
	Why          string // of a refusal or an end
}

// Subject names the use in records.
func (u Use) Subject() string { return fmt.Sprintf("use-%d", u.Number) }

func (u Use) mayAsk(id string) bool { return id != "" && slices.Contains(u.Staff, id) }

// purposes are what may be given for: of those that persons are looked at for, those that are a body's work.
var purposes = []look.Purpose{look.Provision, look.Passport, look.OwnUse}

const (
	longestWords = 200
	mostStaff    = 50
)

// check says what is wrong with a use that somebody proposes.
func (o *Office) check(u Use) error {
	var ps plain.Problems
	words := func(field, ja, en, v string) {
		switch {
		case v == "":
			ps = append(ps, plain.Bad(field, ja+"を入力してください。", "Enter "+en+"."))
		case utf8.RuneCountInString(v) > longestWords:
			ps = append(ps, plain.Bad(field, fmt.Sprintf("%sは%d文字までにしてください。", ja, longestWords), fmt.Sprintf("Enter %s in at most %d characters.", en, longestWords)))
		case strings.ContainsFunc(v, func(r rune) bool { return r < ' ' }):
			ps = append(ps, plain.Bad(field, ja+"は1行で入力してください。", "Enter "+en+" on one line."))
		}
	}
	words("name", "事務の名前", "the name of the work", u.Name)
	words("body", "提供を受ける機関", "the body", u.Body)
	words("law", "根拠となる法律の条項", "the article of law", u.Law)
	known := slices.ContainsFunc(look.Purposes(o.Host.Self.Role()), func(r look.Rule) bool { return r.Purpose == u.Purpose })
	if !known || !slices.Contains(purposes, u.Purpose) {
		ps = append(ps, plain.Bad("purpose", "事務の種類を選んでください。", "Choose the kind of work."))
	}
	if u.Items == 0 || u.Items&^allItems != 0 {
		ps = append(ps, plain.Bad("items", "提供できる項目を一つ以上選んでください。", "Choose at least one item."))
	}
	if len(u.Staff) == 0 || len(u.Staff) > mostStaff {
		ps = append(ps, plain.Bad("staff", fmt.Sprintf("その機関で照会する人の識別子を、1人から%d人まで入力してください。", mostStaff), fmt.Sprintf("Enter the identifiers of one to %d persons of the body.", mostStaff)))
	}
	if !u.Begins.Valid() {
		ps = append(ps, plain.Bad("begins", "提供を始める日を入力してください。", "Enter the first day."))
	}
	if u.Ends.Valid() && u.Ends.Before(u.Begins) {
		ps = append(ps, plain.Bad("ends", "終わる日は、始まる日以後にしてください。", "The last day must not come before the first."))
	}
	if len(ps) > 0 {
		return ps
	}
	return nil
}

// Propose has one person put a use forward. It permits nothing yet.
func (o *Office) Propose(ctx context.Context, by access.Person, u Use) (number uint64, err error) {
	if err := access.May(by, access.ApproveUse, o.Host.Self.Role()); err != nil {
		return 0, err
	}
	if err := o.check(u); err != nil {
		return 0, err
	}
	err = o.Host.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		var last int64
		if err := tx.QueryRow(ctx, `SELECT COALESCE(MAX(number), 0) FROM provision_use`).Scan(&last); err != nil {
			return err
		}
		u.Number, u.State, u.ProposedBy, u.ProposedAt = uint64(last)+1, Waiting, by.ID, tx.Now()
		number = u.Number
		auditlog.Write(tx, auditlog.Entry{Actor: by.ID, Act: "use.propose", Subject: u.Subject(), Detail: access.Detail(ctx, "from "+u.Begins.String())})
		return insertUse(ctx, tx, u)
	})
	return number, err
}

// Approve has a second person make a proposed use hold, or refuse it and say why.
func (o *Office) Approve(ctx context.Context, by access.Person, number uint64, approve bool, why string) error {
	if err := access.May(by, access.ApproveUse, o.Host.Self.Role()); err != nil {
		return err
	}
	state, act := Approved, "use.approve"
	if !approve {
		if state, act = Refused, "use.refuse"; why == "" {
			return plain.Bad("why", "承認しないわけを入力してください。", "Enter why it is refused.")
		}
	}
	return o.decide(ctx, by, number, why, func(u Use) error {
		if u.State != Waiting {
			return moved()
		}
		// Also a refusal: what one proposed another has looked at.
		return access.SecondPerson(access.Person{ID: u.ProposedBy}, by)
	}, act, `UPDATE provision_use SET state = $2, decided_by = $3, decided_at = $4, why = $5 WHERE number = $1 AND state = 'waiting'`, state)
}

// End has one person end a use at once, and say why.
func (o *Office) End(ctx context.Context, by access.Person, number uint64, why string) error {
	if err := access.May(by, access.ApproveUse, o.Host.Self.Role()); err != nil {
		return err
	}
	if why == "" {
		return plain.Bad("why", "終えるわけを入力してください。", "Enter why it ends.")
	}
	return o.decide(ctx, by, number, why, func(u Use) error {
		if u.State != Approved {
			return moved()
		}
		return nil
	}, "use.end", `UPDATE provision_use SET state = $2, ended_by = $3, ended_at = $4, why = $5 WHERE number = $1 AND state = 'approved'`, Ended)
}

func (o *Office) decide(ctx context.Context, by access.Person, number uint64, why string, may func(Use) error, act, update string, to State) error {
	if utf8.RuneCountInString(why) > longestWords {
		return plain.Bad("why", fmt.Sprintf("わけは%d文字までにしてください。", longestWords), fmt.Sprintf("Write at most %d characters.", longestWords))
	}
	return o.Host.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		u, found, err := use(ctx, tx, number)
		if err != nil {
			return err
		}
		if !found {
			return plain.Bad("", "この事務はありません。一覧から選び直してください。", "There is no such use: choose one of the list.")
		}
		if err := may(u); err != nil {
			return err
		}
		auditlog.Write(tx, auditlog.Entry{Actor: by.ID, Act: act, Subject: u.Subject(), Detail: access.Detail(ctx, "proposed by "+u.ProposedBy)})
		n, err := tx.Exec(ctx, update, int64(number), string(to), by.ID, tx.Now(), why)
		if err == nil && n != 1 {
			err = moved()
		}
		return err
	})
}

func moved() error {
	return plain.Bad("", "この事務は、その間に変わりました。いまの内容を確かめて、もう一度行ってください。", "The use has changed meanwhile: look at it as it is now and do it again.")
}

const useColumns = `number, name, body, law, purpose, items, staff, begins, ends, state, proposed_by, proposed_at, decided_by, decided_at, ended_by, ended_at, why`

func insertUse(ctx context.Context, tx *sqlstore.Tx, u Use) error {
	_, err := tx.Exec(ctx, `INSERT INTO provision_use(`+useColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, '', $13, '', $14, '')`,
		int64(u.Number), u.Name, u.Body, u.Law, string(u.Purpose), int64(u.Items), strings.Join(u.Staff, " "), u.Begins.String(), u.Ends.String(), string(u.State),
		u.ProposedBy, u.ProposedAt, time.Time{}, time.Time{})
	return err
}

func scanUse(r *sqlstore.Rows, u *Use) error {
	var staff, begins, ends string
	var number, set int64
	if err := r.Scan(&number, &u.Name, &u.Body, &u.Law, &u.Purpose, &set, &staff, &begins, &ends, &u.State, &u.ProposedBy, sqlstore.Time(&u.ProposedAt),
		&u.DecidedBy, sqlstore.Time(&u.DecidedAt), &u.EndedBy, sqlstore.Time(&u.EndedAt), &u.Why); err != nil {
		return err
	}
	u.Number, u.Items, u.Staff = uint64(number), Items(set)&allItems, strings.Fields(staff)
	var err error
	if u.Begins, err = resident.ParseDate("begins", begins); err != nil {
		u.Begins = resident.MustDate(9999, 12, 31) // a damaged row permits nothing
	}
	if ends != "" {
		if u.Ends, err = resident.ParseDate("ends", ends); err != nil {
			u.State = Ended
		}
	}
	return nil
}

// use finds one.
func use(ctx context.Context, tx *sqlstore.Tx, number uint64) (u Use, found bool, err error) {
	all, err := sqlstore.List(ctx, tx, scanUse, `SELECT `+useColumns+` FROM provision_use WHERE number = $1`, int64(number))
	if err != nil || len(all) == 0 {
		return u, false, err
	}
	return all[0], true, nil
}

// mostUses bounds a list. A prefecture has some dozens.
const mostUses = 500

// Uses lists the newest first.
func Uses(ctx context.Context, tx *sqlstore.Tx) ([]Use, error) {
	return sqlstore.List(ctx, tx, scanUse, `SELECT `+useColumns+fmt.Sprintf(` FROM provision_use ORDER BY number DESC LIMIT %d`, mostUses))
}
