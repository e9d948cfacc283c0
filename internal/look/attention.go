package look

import (
	"context"
	"fmt"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// Category says why looks at a person ask for attention (注意対象の区分).
type Category string

// The categories.
const (
	Colleague Category = "colleague" // somebody who works here
	Family    Category = "family"    // an operator, or somebody of the operator's family
	Known     Category = "known"     // somebody of whom the papers write
)

// Categories are all of them, in the order in which people choose.
var Categories = []Category{Colleague, Family, Known}

// Name is what people call the category.
func (c Category) Name() plain.Sentence {
	switch c {
	case Colleague:
		return both("職員・同僚", "colleague")
	case Family:
		return both("操作者の本人・家族", "the operator, or family")
	case Known:
		return both("著名な方", "widely known")
	}
	return both(string(c), string(c))
}

// Attention is one line of the list that an auditor keeps. Family is of one operator; the others are of all.
type Attention struct {
	Subject  resident.RecordCode
	Category Category
	Operator string // whose family; empty for the other categories
}

// Keep puts a person on the list. Somebody who is on it already stays there.
func Keep(ctx context.Context, tx *sqlstore.Tx, by access.Person, office message.Org, a Attention) error {
	if err := access.May(by, access.KeepAttention, office.Role()); err != nil {
		return err
	}
	switch {
	case !a.Subject.Valid():
		return plain.Bad("subject", "住民票コードを11けたで入力してください。", "Enter the record code, eleven digits.")
	case a.Category != Colleague && a.Category != Family && a.Category != Known:
		return plain.Bad("category", "区分を一覧から選んでください。", "Choose a category from the list.")
	case (a.Category == Family) != (a.Operator != ""):
		return plain.Bad("operator",
			"「操作者の本人・家族」のときは操作者IDを入力し、ほかの区分では空けておいてください。",
			"Name the operator for the operator's family, and nobody for the other categories.")
	}
	_, err := tx.Exec(ctx, `INSERT INTO look_attention(subject, category, operator, kept_by, kept_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
		a.Subject.Reveal(), string(a.Category), a.Operator, by.ID, tx.Now())
	auditlog.Write(tx, auditlog.Entry{Actor: by.ID, Act: "attention.keep", Subject: a.Subject.Reveal(), Detail: string(a.Category)})
	return err
}

// Drop takes a person off the list.
func Drop(ctx context.Context, tx *sqlstore.Tx, by access.Person, office message.Org, a Attention) error {
	if err := access.May(by, access.KeepAttention, office.Role()); err != nil {
		return err
	}
	n, err := tx.Exec(ctx, `DELETE FROM look_attention WHERE subject = $1 AND category = $2 AND operator = $3`, a.Subject.Reveal(), string(a.Category), a.Operator)
	if n > 0 {
		auditlog.Write(tx, auditlog.Entry{Actor: by.ID, Act: "attention.drop", Subject: a.Subject.Reveal(), Detail: string(a.Category)})
	}
	return err
}

// mostAttended bounds the list that a page shows.
const mostAttended = 500

// Attended is the list, without names.
func Attended(ctx context.Context, tx *sqlstore.Tx) ([]Attention, error) {
	return sqlstore.List(ctx, tx, func(r *sqlstore.Rows, a *Attention) error {
		var code string
		if err := r.Scan(&code, &a.Category, &a.Operator); err != nil {
			return err
		}
		a.Subject, _ = resident.ParseRecordCode("subject", code) // a code of before its check digit is shown as none
		return nil
	}, `SELECT subject, category, operator FROM look_attention ORDER BY category, operator, subject LIMIT $1`, int64(mostAttended))
}

// Recoded lets the list follow a person whose record code was changed.
func Recoded(ctx context.Context, tx *sqlstore.Tx, was, is resident.RecordCode) error {
	_, err := tx.Exec(ctx, `UPDATE look_attention SET subject = $1 WHERE subject = $2`, is.Reveal(), was.Reveal())
	return err
}

// Unconfirmed reports whether the person is on the list for the operator, who has not said again in the case that it is
// needed: then the record is not opened yet.
func Unconfirmed(ctx context.Context, tx *sqlstore.Tx, operator string, subject resident.RecordCode, number string) (bool, error) {
	var n int64
	err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM look_attention WHERE subject = $1 AND (operator = '' OR operator = $2)
		AND NOT EXISTS (SELECT 1 FROM look_confirmed WHERE operator = $2 AND subject = $1 AND case_ref = $3 AND at >= $4)`,
		subject.Reveal(), operator, number, tx.Now().Add(-confirmedFor)).Scan(&n)
	return n > 0, err
}

// confirmedFor is how long a confirmation is good for one case: a working day, so that a case number that is used for
// months does not open a record for months.
const confirmedFor = access.Life

// NeedsConfirming is the refusal of a look at somebody on the list, before it is confirmed.
type NeedsConfirming struct{ plain.Sentence }

func (n *NeedsConfirming) Error() string { return n.Sentence.String() }

// ErrUnconfirmed is that refusal.
var ErrUnconfirmed = &NeedsConfirming{both(
	"この方の記録は、注意して扱います。開く必要があるかを確かめ、番号をもう一度入力してから開いてください。",
	"This person's record asks for care: make sure that it is needed, and enter the case number once more.")}

// Affirm says for the second time that a look is needed: with the number of the case, typed once more.
func Affirm(ctx context.Context, tx *sqlstore.Tx, by access.Person, office message.Org, subject resident.RecordCode, g Ground, again string) error {
	if err := g.Check(by, office); err != nil {
		return err
	}
	if again != g.Case {
		return plain.Bad("again",
			fmt.Sprintf("いま開いている用件の番号（%s）と違います。用件を確かめ、同じ番号を入力してください。", g.Case),
			fmt.Sprintf("This is not the number of the visit that is open (%s): make sure of the case, and enter the same number.", g.Case))
	}
	_, err := tx.Exec(ctx, `INSERT INTO look_confirmed(operator, subject, case_ref, at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (operator, subject) DO UPDATE SET case_ref = excluded.case_ref, at = excluded.at`, by.ID, subject.Reveal(), g.Case, tx.Now())
	auditlog.Write(tx, auditlog.Entry{Actor: by.ID, Act: "look.confirm", Subject: subject.Reveal(), Case: g.Case, Detail: string(g.Purpose)})
	return err
}
