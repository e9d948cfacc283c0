// Package disclosure is what persons ask an office about themselves (開示請求・訂正等の申出): the request with its clock, the
// answers of the other offices that hold the person, and the answer in writing.
//
// A disclosure is made within thirty days from the day of acceptance (住民基本台帳法30条の38), that day counted; who asks to
// have something corrected is answered after an investigation (30条の40). The office that takes the request asks the
// others who looked at the person there. One that is away is named as missing, and the request stays open until it has
// answered.
//
// What is told of a look is when, at which office, by which operator number, for which purpose, and which items. Not the
// operator's name, and not the case, which may be another person's (docs/decisions/0049).
package disclosure

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

//go:embed schema/*.sql
var files embed.FS

// Schema is the tables of requests and of the answers of others.
var Schema = sqlstore.SchemaIn("disclosure", files)

// Kind is what a person asks for.
type Kind string

// The kinds.
const (
	Disclose Kind = "disclosure" // 開示請求（30条の37）
	Correct  Kind = "correction" // 訂正・追加・削除の申出（30条の40）
)

// Name is what people call the kind.
func (k Kind) Name() plain.Sentence {
	if k == Correct {
		return both("訂正などの申出", "request to correct")
	}
	return both("開示請求", "request for disclosure")
}

func both(ja, en string) plain.Sentence { return plain.Sentence{JA: ja, EN: en} }

// Request is what a person asked for.
type Request struct {
	ID         string
	Kind       Kind
	Person     int64 // number in the office's register
	Codes      []resident.RecordCode
	Wish       string // of a correction; personal data
	Case       string
	Accepted   time.Time
	AcceptedBy string
	Last       resident.Date // on which it must be answered
	Extended   string        // why that is later than the law's day
	Answered   time.Time     // zero: open
	AnsweredBy string
	Outcome    string
}

// Open tells whether the request waits for its answer.
func (r Request) Open() bool { return r.Answered.IsZero() }

// days is the time of 30条の38第1項.
const days = 30

// LastDay is the last day on which a request that was accepted at a time can be answered: 「受理した日から起算して三十日以内」, so
// that the day of acceptance is the first of the thirty, other than by 民法140条.
func LastDay(accepted time.Time) resident.Date { return resident.DateOf(accepted).AddDays(days - 1) }

const maxText = 1000

// Accept writes a request down for the operator, and has the other offices asked. r.Kind, Person, Codes and Wish are given.
func Accept(ctx context.Context, tx *sqlstore.Tx, by access.Person, office message.Org, g look.Ground, r Request, others []message.Org) (Request, error) {
	if err := MayDeal(by, office, g, r.Kind); err != nil {
		return r, err
	}
	switch {
	case len(r.Codes) == 0:
		return r, fmt.Errorf("a request is about somebody without a record code")
	case r.Kind == Correct && r.Wish == "":
		return r, plain.Bad("wish", "どこを、どう直してほしいかを、本人の申出書のとおりに入力してください。", "Enter what is to be corrected and how, as in the person's letter.")
	case utf8.RuneCountInString(r.Wish) > maxText:
		return r, plain.Bad("wish", "1,000文字以内で入力してください。", "Enter at most 1,000 characters.")
	}
	day := resident.DateOf(tx.Now()).String()
	var n int64
	if err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM disclosure WHERE id LIKE $1`, "D-"+day+"-%").Scan(&n); err != nil {
		return r, err
	}
	r.ID, r.Case, r.Accepted, r.AcceptedBy, r.Last = fmt.Sprintf("D-%s-%d", day, n+1), g.Case, tx.Now(), by.ID, LastDay(tx.Now())
	codes := make([]string, len(r.Codes))
	for i, c := range r.Codes {
		codes[i] = c.Reveal()
	}
	_, err := tx.Exec(ctx, `INSERT INTO disclosure(id, kind, person, codes, wish, case_ref, accepted_at, accepted_by, last_day, extended, answered_at, answered_by, outcome)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, '', 0, '', '')`, r.ID, string(r.Kind), r.Person, strings.Join(codes, " "), r.Wish, r.Case, r.Accepted, by.ID, r.Last.String())
	if err != nil {
		return r, err
	}
	if r.Kind == Disclose {
		for _, other := range others {
			if _, err := tx.Exec(ctx, `INSERT INTO disclosure_part(request, office, got_at, answer) VALUES ($1, $2, 0, $3)`, r.ID, string(other), []byte{}); err != nil {
				return r, err
			}
			if err := askSoon(tx, r.ID, other); err != nil {
				return r, err
			}
		}
	}
	auditlog.Write(tx, auditlog.Entry{Actor: by.ID, Act: "disclosure.accept", Subject: codes[0], Case: r.ID, Detail: string(r.Kind)})
	tx.Ring(alarm.Bell)
	return r, nil
}

// MayDeal lets only those deal with a request, or read it, who look for that.
func MayDeal(by access.Person, office message.Org, g look.Ground, k Kind) error {
	if err := g.Check(by, office); err != nil {
		return err
	}
	if g.Purpose == look.Disclosure || k == Correct && g.Purpose == look.Correction {
		return nil
	}
	return plain.Bad("purpose",
		"開示と訂正は、その目的で開いた用件で行います。いまの用件を終え、「本人への開示」または「訂正などの申出の調査」を選んで開き直してください。",
		"This is done in a visit that was opened for it: end this one, and open one to disclose or to look into a correction.")
}

// Answer closes a request for the operator, with what the person is told.
func Answer(ctx context.Context, tx *sqlstore.Tx, by access.Person, office message.Org, g look.Ground, id, outcome string) error {
	r, parts, err := Find(ctx, tx, id)
	if err == nil {
		err = MayDeal(by, office, g, r.Kind)
	}
	if err != nil {
		return err
	}
	for _, p := range parts {
		if !p.Got() {
			return plain.Bad("outcome",
				"まだ答えていない団体があります。答えが届いてから回答してください。期限に間に合わないときは、期限の延長を本人に通知してください。",
				"An office has not answered yet: answer when it has, or extend the time and tell the person.")
		}
	}
	switch {
	case !r.Open():
		return errAnswered
	case outcome == "":
		return plain.Bad("outcome", "本人に何と回答したかを入力してください。", "Enter what the person was told.")
	case utf8.RuneCountInString(outcome) > maxText:
		return plain.Bad("outcome", "1,000文字以内で入力してください。", "Enter at most 1,000 characters.")
	}
	auditlog.Write(tx, auditlog.Entry{Actor: by.ID, Act: "disclosure.reply", Subject: r.Codes[0].Reveal(), Case: r.ID, Detail: string(r.Kind)})
	tx.Ring(alarm.Bell)
	_, err = tx.Exec(ctx, `UPDATE disclosure SET answered_at = $1, answered_by = $2, outcome = $3 WHERE id = $4`, tx.Now(), by.ID, outcome, id)
	return err
}

var errAnswered = plain.Bad("outcome", "この請求には、すでに回答しています。画面を開き直してください。", "This was answered already: open the page again.")

// Extend puts the last day off, within the time that is still running, for a reason of which the person is told in writing
// (30条の38第2項).
func Extend(ctx context.Context, tx *sqlstore.Tx, by access.Person, office message.Org, g look.Ground, id string, last resident.Date, reason string) error {
	r, _, err := Find(ctx, tx, id)
	if err == nil {
		err = MayDeal(by, office, g, r.Kind)
	}
	if err != nil {
		return err
	}
	switch {
	case !r.Open():
		return errAnswered
	case r.Kind != Disclose:
		return plain.Bad("last", "期限を延ばせるのは開示だけです。訂正などの申出は、遅滞なく調べて回答してください。", "Only a disclosure can be put off: a correction is looked into and answered without delay.")
	case resident.DateOf(tx.Now()).After(r.Last):
		return plain.Bad("last", "期限を過ぎてからは延長できません。すぐに開示し、遅れた理由を本人に伝えてください。", "The time is over and cannot be extended: disclose at once, and tell the person why it is late.")
	case !last.Valid() || !last.After(r.Last):
		return plain.Bad("last", "いまの期限より後の日を入力してください。", "Enter a day after the present last day.")
	case reason == "":
		return plain.Bad("reason", "期間内に開示できない理由を入力してください。本人に書面で通知します。", "Enter why it cannot be done in time; the person is told in writing.")
	case utf8.RuneCountInString(reason) > maxText:
		return plain.Bad("reason", "1,000文字以内で入力してください。", "Enter at most 1,000 characters.")
	}
	auditlog.Write(tx, auditlog.Entry{Actor: by.ID, Act: "disclosure.extend", Subject: r.Codes[0].Reveal(), Case: r.ID, Detail: last.String()})
	tx.Ring(alarm.Bell)
	_, err = tx.Exec(ctx, `UPDATE disclosure SET last_day = $1, extended = $2 WHERE id = $3`, last.String(), reason, id)
	return err
}

const columns = `id, kind, person, codes, wish, case_ref, accepted_at, accepted_by, last_day, extended, answered_at, answered_by, outcome`

type scanner interface{ Scan(...any) error }

func scan(r scanner, v *Request) error {
	var codes, last string
	var answered int64
	err := r.Scan(&v.ID, &v.Kind, &v.Person, &codes, &v.Wish, &v.Case, sqlstore.Time(&v.Accepted), &v.AcceptedBy, &last, &v.Extended, &answered, &v.AnsweredBy, &v.Outcome)
	if err != nil {
		return err
	}
	for _, s := range strings.Fields(codes) {
		c, err := resident.ParseRecordCode("codes", s)
		if err != nil {
			return fmt.Errorf("the request %s has a record code that can't be read", v.ID)
		}
		v.Codes = append(v.Codes, c)
	}
	if v.Last, err = resident.ParseDate("last_day", last); err != nil || len(v.Codes) == 0 {
		return fmt.Errorf("the request %s can't be read", v.ID)
	}
	if answered != 0 {
		v.Answered = sqlstore.FromMicros(answered)
	}
	return nil
}

// Find gives a request and what the other offices have answered.
func Find(ctx context.Context, tx *sqlstore.Tx, id string) (r Request, parts []Part, err error) {
	err = scan(tx.QueryRow(ctx, `SELECT `+columns+` FROM disclosure WHERE id = $1`, id), &r)
	if errors.Is(err, sql.ErrNoRows) {
		return r, nil, plain.Bad("", "この番号の請求はありません。一覧から選び直してください。", "There is no such request: choose from the list.")
	}
	if err != nil {
		return r, nil, err
	}
	parts, err = partsOf(ctx, tx, id)
	return r, parts, err
}

// mostListed bounds a list.
const mostListed = 200

// List gives the requests, those first that are open and whose last day is near. One that can't be read is named by its
// number alone, and hides no other.
func List(ctx context.Context, tx *sqlstore.Tx) ([]Request, error) {
	return sqlstore.List(ctx, tx, func(rows *sqlstore.Rows, r *Request) error {
		if err := scan(rows, r); err != nil && r.ID == "" {
			return err
		}
		return nil
	}, `SELECT `+columns+` FROM disclosure ORDER BY CASE WHEN answered_at = 0 THEN 0 ELSE 1 END, last_day, id LIMIT $1`, int64(mostListed))
}

// near is how many days before the last one a request asks for somebody.
const near = 7

// Source tells of requests that must be answered soon, and of those whose time is over.
func Source(store *sqlstore.Store) alarm.Source {
	return alarm.InView("disclosures", store, func(ctx context.Context, tx *sqlstore.Tx, now time.Time) (all []alarm.Signal, err error) {
		today := resident.DateOf(now)
		count := func(code alarm.Code, from, to string) error {
			var n int64
			// A day is written so that the order of the text is that of time.
			err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM disclosure WHERE answered_at = 0 AND last_day >= $1 AND last_day < $2`, from, to).Scan(&n)
			if n > 0 {
				all = append(all, alarm.Signal{Code: code, Value: n, Href: "/disclosures"})
			}
			return err
		}
		if err := count(alarm.DisclosureLate, "", today.String()); err != nil {
			return nil, err
		}
		return all, count(alarm.DisclosureDue, today.String(), today.AddDays(near).String())
	})
}
