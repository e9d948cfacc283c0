// Package provision gives 本人確認情報 to those whom the law lists (本人確認情報の提供・利用): offices of a prefecture at the prefecture (法30条の8),
// national bodies at the national center (法30条の7③, 30条の10).
//
// Nothing is given but under a use: a piece of work of a body, with the article that permits it, the items that may be given, the persons
// of the body who may ask, and the day from which it holds. One person proposes a use and a second one approves it, before it
// works. What a use permits never changes; what has changed is another use. One person ends a use, at once: an end gives nothing away.
//
// What is asked for by code is given; what is asked for by attributes gives candidates, with the degree of match, and never says who
// somebody is. Each person who is given is a row here and a look, in the transaction that answers. The rows are counted for the
// statistics that the law wants at least once a year (法30条の11⑥).
//
// Articles are those of the text of 2013-11-26.
package provision

import (
	"context"
	"embed"
	"fmt"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/host"
	"github.com/akashi-id/akashi/internal/inquiry"
	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/received"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/resident"
)

//go:embed schema/*.sql
var schema embed.FS

// Schema is the tables of uses and of what was given.
var Schema = sqlstore.SchemaIn("provision", schema)

func say(ja, en string) plain.Sentence { return plain.Sentence{JA: ja, EN: en} }

// Office is where an organisation's uses are approved and served.
type Office struct {
	Host    *host.Host
	Inquiry *inquiry.Desk
}

// most is how many candidates one question gives.
const most = 20

// Request is what a body asks for.
type Request struct {
	Use   uint64
	Case  string // the body's number
	Items Items  // 0: all of the use
	inquiry.Question
}

// Answer is what it is given.
type Answer struct {
	Use        Use
	Given      []Given
	More       bool // there are, or may be, others
	Withheld   int  // found, and not given
	Unreadable int
}

// Provide answers a request. by is one of the persons of the body; what is refused is refused with a sentence and gives nothing.
func (o *Office) Provide(ctx context.Context, by access.Person, r Request) (a Answer, err error) {
	err = o.Host.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		u, err := o.permitted(ctx, tx, by, r.Use, r.Items)
		if err != nil {
			return err
		}
		if r.Items == 0 {
			r.Items = u.Items
		}
		if err := r.Question.Check(); err != nil {
			return err
		}
		a, err = o.provide(ctx, tx, by, u, r)
		return err
	})
	return a, err
}

// permitted finds the use and says why it does not permit what is asked.
func (o *Office) permitted(ctx context.Context, tx *sqlstore.Tx, by access.Person, number uint64, wanted Items) (Use, error) {
	if err := access.May(by, access.Provide, o.Host.Self.Role()); err != nil {
		return Use{}, err
	}
	u, found, err := use(ctx, tx, number)
	if err != nil {
		return u, err
	}
	if !found {
		return u, plain.Bad("use", "この事務はありません。一覧から選んでください。", "There is no such use: choose one of the list.")
	}
	return u, u.permits(by, wanted, resident.DateOf(tx.Now()))
}

// permits refuses what the use does not permit.
func (u Use) permits(by access.Person, wanted Items, today resident.Date) error {
	switch {
	case u.State == Waiting:
		return plain.Bad("use", "この事務は、まだ承認されていません。二人目の承認を待ってください。", "This use has not been approved: it waits for a second person.")
	case u.State == Refused:
		return plain.Bad("use", "この事務は承認されませんでした。提供できません。", "This use was refused: nothing can be given under it.")
	case today.Before(u.Begins):
		return plain.Bad("use", fmt.Sprintf("この事務での提供は%sからです。その日まで待ってください。", u.Begins.Wareki()), fmt.Sprintf("Nothing can be given under this use before %s.", u.Begins))
	case u.State == Ended || u.Ends.Valid() && today.After(u.Ends):
		return plain.Bad("use", "この事務での提供は終わりました。続けるには、新しく承認を受けてください。", "This use has ended. To go on, have another one approved.")
	case !u.mayAsk(by.ID):
		return plain.Bad("use", fmt.Sprintf("この事務は「%s」のものです。あなたはその機関の担当者として承認されていません。", u.Body), "This use is another body's: you are not among the persons of it who were approved.")
	case wanted&^u.Items != 0:
		beyond := (wanted &^ u.Items).Name()
		return plain.Bad("items", "この事務で提供できない項目があります（"+beyond.JA+"）。外してください。", "Items that this use does not cover ("+beyond.EN+"): leave them out.")
	}
	return nil
}

func (o *Office) provide(ctx context.Context, tx *sqlstore.Tx, by access.Person, u Use, r Request) (Answer, error) {
	a := Answer{Use: u}
	g := look.Ground{Purpose: u.Purpose, Case: r.Case}
	// Also where nobody is found.
	if err := g.Check(by, o.Host.Self); err != nil {
		return a, err
	}
	way := "attributes"
	var found received.Found
	var err error
	if r.Code.Valid() {
		way = "code"
		found, err = o.Inquiry.States(tx).Known(ctx, r.Code, r.Asked)
	} else {
		found, err = o.Inquiry.States(tx).Find(ctx, r.Asked, most, o.Inquiry.Hides(ctx, tx))
	}
	if err != nil {
		return a, err
	}
	a.More, a.Unreadable = found.More, found.Unreadable
	for _, c := range found.Candidates {
		given, shown, told, err := o.give(ctx, tx, by, u, g, r, c, way)
		if err != nil {
			return Answer{}, err
		}
		if told {
			a.Withheld++
		}
		if !shown {
			continue
		}
		a.Given = append(a.Given, given)
	}
	auditlog.Write(tx, auditlog.Entry{Actor: by.ID, Act: "provide", Subject: u.Subject(), Case: r.Case, Detail: fmt.Sprintf("by %s, %d given, %d withheld", way, len(a.Given), a.Withheld)})
	return a, nil
}

// give gives one person's items, unless that person is withheld, and writes down that it did. told: the body may know that somebody was
// found who is withheld.
func (o *Office) give(ctx context.Context, tx *sqlstore.Tx, by access.Person, u Use, g look.Ground, r Request, c received.Candidate, way string) (given Given, shown, told bool, err error) {
	if shown, told, err = o.Inquiry.Shown(ctx, tx, r.Question, c); err != nil || !shown {
		return given, false, told, err
	}
	wanted := r.Items
	if err := look.Record(tx, look.Look{By: by, Office: o.Host.Self, Subject: c.Code, Ground: g, Items: wanted.looked(), How: fmt.Sprintf("provision under %s by %s", u.Subject(), way)}); err != nil {
		return given, false, false, err
	}
	tx.Collect("provision", "at, seq, day, use_number, operator, case_ref, subject, municipality, items, way", tx.Now(), tx.Serial(),
		resident.DateOf(tx.Now()).String(), int64(u.Number), by.ID, g.Case, c.Code.Reveal(), c.Municipality.String(), int64(wanted), way)
	return wanted.give(c), true, false, nil
}
