// Package inquiry is the search for a person in the 本人確認情報 that a prefecture or the national center holds (本人確認情報の照会): by the
// resident record code, or by attributes, with the degree of match of each and the reasons.
//
// What it answers are candidates, never an identity: a person is named by the 住民票コード and by nothing else. An answer is bounded;
// each candidate that it shows is a look with purpose and case (package look), in the transaction that answers.
//
// The 本人確認情報 has no reading of a name (氏名の振り仮名), so that nothing is searched by kana here; a municipality's search does.
package inquiry

import (
	"context"
	"embed"
	"fmt"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/host"
	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/match"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/received"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/resident"
)

//go:embed schema/*.sql
var schema embed.FS

// Schema is the table of searches.
var Schema = sqlstore.SchemaIn("inquiry", schema)

// most is how many candidates an answer shows. Who gets more must ask more precisely.
const most = 20

// Desk is where an organisation's staff search.
type Desk struct {
	Host   *host.Host
	States func(*sqlstore.Tx) received.States
	// Withheld tells whether a person may not be shown here, whoever asks (支援措置). Nil: nobody is withheld. It is the one place where
	// that is decided for searches and for what is provided.
	Withheld func(ctx context.Context, tx *sqlstore.Tx, code resident.RecordCode) (bool, error)
}

// Question is who is looked for: under a code, or by attributes of which the name or the date of birth is one. Attributes that are
// given beside a code are compared with whoever has it.
type Question struct {
	Code  resident.RecordCode
	Asked resident.BasicFour
}

// Check says what is missing.
func (q Question) Check() error {
	given := 0
	for _, there := range []bool{q.Asked.Name.Valid(), q.Asked.Birth.Valid(), q.Asked.Address.Valid()} {
		if there {
			given++
		}
	}
	switch {
	case q.Code.Valid():
		return nil
	case given == 0 && !q.Asked.Sex.Valid():
		return plain.Bad("code", "住民票コードか、氏名・生年月日・住所のうち二つ以上を入力してください。", "Enter a record code, or two of name, date of birth and address.")
	case given < 2 || !q.Asked.Name.Valid() && !q.Asked.Birth.Valid():
		return plain.Bad("name", "氏名・生年月日・住所のうち二つ以上を入力してください。一つだけでは、関係のない人まで見ることになります。",
			"Enter two of name, date of birth and address: one alone would show people who have nothing to do with it.")
	}
	return nil
}

// Answer is what a question found.
type Answer struct {
	received.Found
	Withheld int // found, and not shown
}

// Ask answers a question. by must be allowed to look at persons here, on the ground given; what is refused is refused with a
// sentence and shows nobody.
func (d *Desk) Ask(ctx context.Context, by access.Person, g look.Ground, q Question) (a Answer, err error) {
	err = d.Host.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		a, err = d.AskIn(ctx, tx, by, g, q)
		return err
	})
	return a, err
}

// AskIn is Ask within a transaction.
func (d *Desk) AskIn(ctx context.Context, tx *sqlstore.Tx, by access.Person, g look.Ground, q Question) (a Answer, err error) {
	if err := access.May(by, access.LookAtPerson, d.Host.Self.Role()); err != nil {
		return a, err
	}
	// Also where nobody is found: that nobody is there is an answer too.
	if err := g.Check(by, d.Host.Self); err != nil {
		return a, err
	}
	if err := q.Check(); err != nil {
		return a, err
	}
	way := "attributes"
	var found received.Found
	if q.Code.Valid() {
		way = "code"
		found, err = d.States(tx).Known(ctx, q.Code, q.Asked)
	} else {
		found, err = d.States(tx).Find(ctx, q.Asked, most, d.Hides(ctx, tx))
	}
	if err != nil {
		return a, err
	}
	a = Answer{Found: received.Found{More: found.More, Unreadable: found.Unreadable}}
	for _, c := range found.Candidates {
		shown, told, err := d.Shown(ctx, tx, q, c)
		if err != nil {
			return Answer{}, err
		}
		if told {
			a.Withheld++
		}
		if !shown {
			continue
		}
		a.Candidates = append(a.Candidates, c)
	}
	for i, c := range a.Candidates {
		items := look.Four | look.Code
		if c.CommonName.Valid() {
			items |= look.CommonName
		}
		if err := look.Record(tx, look.Look{By: by, Office: d.Host.Self, Subject: c.Code, Ground: g, Items: items,
			How: fmt.Sprintf("search by %s, %d of %d", way, i+1, len(a.Candidates))}); err != nil {
			return Answer{}, err
		}
	}
	auditlog.Write(tx, auditlog.Entry{Actor: by.ID, Act: "search", Case: g.Case, Detail: fmt.Sprintf("by %s, %d candidates, %d withheld", way, len(a.Candidates), a.Withheld)})
	tx.Collect("inquiry", "at, seq, operator, purpose, way, shown, withheld", tx.Now(), tx.Serial(), by.ID, string(g.Purpose), way, int64(len(a.Candidates)), int64(a.Withheld))
	return a, nil
}

// Hides is Withheld for a search that has to know it before it chooses whom it lists.
func (d *Desk) Hides(ctx context.Context, tx *sqlstore.Tx) func(resident.RecordCode) (bool, error) {
	if d.Withheld == nil {
		return nil
	}
	return func(code resident.RecordCode) (bool, error) { return d.Withheld(ctx, tx, code) }
}

// Shown tells whether somebody whom a question found may be shown here at all and, if not, whether it may be told that somebody was
// found. An address that was asked with does not count for that: it would tell whether a guess is right.
func (d *Desk) Shown(ctx context.Context, tx *sqlstore.Tx, q Question, c received.Candidate) (shown, told bool, err error) {
	if d.Withheld == nil {
		return true, false, nil
	}
	withheld, err := d.Withheld(ctx, tx, c.Code)
	if err != nil || !withheld {
		return err == nil, false, err
	}
	q.Asked.Address = resident.Address{}
	return false, q.Code.Valid() || match.Compare(q.Asked, c.IdentificationInfo).Likely(), nil
}

// Why is the reasons of a result in one sentence, an attribute after the other.
func Why(r match.Result) (s plain.Sentence) {
	for _, f := range r {
		name, degree := attributeNames[f.Attribute], f.Degree.Name()
		if s.JA != "" {
			s.EN += " "
		}
		s.JA += name.JA + "は" + degree.JA + "。"
		s.EN += name.EN + ": " + degree.EN + "."
		if f.Degree != match.Same && f.Degree != match.Differs {
			s.JA += f.Why.JA
			s.EN += " " + f.Why.EN
		}
	}
	return s
}

var attributeNames = map[resident.Attributes]plain.Sentence{
	resident.AttrName: {JA: "氏名", EN: "Name"}, resident.AttrBirth: {JA: "生年月日", EN: "Birth"},
	resident.AttrSex: {JA: "性別", EN: "Sex"}, resident.AttrAddress: {JA: "住所", EN: "Address"},
}
