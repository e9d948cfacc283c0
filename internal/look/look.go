// Package look is who looked at whom, for what (閲覧の記録): one row for each person that a page, a list or an answer showed
// to somebody, written in the transaction that answers.
//
// Nobody looks without a ground: a purpose of the table Purposes, which names the article of law that the work rests on,
// and the number of the case where the purpose asks for one. Who may look at all is decided by package access; a ground
// does not give anybody a right, it is asked for beside it. A look without a ground is refused with a sentence, and since
// the row is in the transaction that answers, what cannot be recorded is not shown.
//
// A look is two rows. The one in the audit log (auditlog.ActLook) says that it was, is never changed or deleted, and is
// all that auditors of everything need. The one here says more, for the person who was looked at and may ask: for which
// purpose, which items, in which way. It is deleted when the time is over for which it must be kept (docs/decisions/0049).
package look

import (
	"context"
	"embed"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

//go:embed schema/*.sql
var files embed.FS

// Schema is the table of looks.
var Schema = sqlstore.SchemaIn("look", files)

// Ground is on what ground somebody looks.
type Ground struct {
	Purpose Purpose
	Case    string // number of the visit, the letter, the fault; in it is no personal data
}

// Look is one look at one person.
type Look struct {
	By      access.Person
	Office  message.Org         // where; its role decides which purposes there are
	Subject resident.RecordCode // at whom …
	Serial  cert.Serial         // … or, where nobody knows at whom, at the holder of which certificate: one of the two
	Ground  Ground
	Items   Items  // what was shown; at least one
	How     string // "search, 2 of 3": in which way, for people, without personal data; at most 100 characters
}

const (
	maxCase = 60
	maxHow  = 100
)

// Record writes a look and its audit entry into the transaction that answers. A look that may not be is refused, with a
// *plain.Problem of the fields "purpose" and "case" or an *access.Refused; then the transaction must not answer.
func Record(tx *sqlstore.Tx, l Look) error {
	if err := l.Ground.Check(l.By, l.Office); err != nil {
		return err
	}
	subject := l.Subject.Reveal()
	switch {
	case l.Subject.Valid() == !l.Serial.IsZero():
		return fmt.Errorf("a look at %s is at a person or at a certificate, and at one of them", l.Office)
	case !l.Serial.IsZero():
		subject = l.Serial.String()
	}
	if l.Items == 0 || l.Items&^all != 0 {
		return fmt.Errorf("a look at %s shows items %b, of which the table knows nothing", l.Office, l.Items)
	}
	if utf8.RuneCountInString(l.How) > maxHow {
		return fmt.Errorf("a look at %s says in more than %d characters how", l.Office, maxHow)
	}
	tx.Collect("look", "at, seq, office, operator, subject, purpose, case_ref, items, how",
		tx.Now(), tx.Serial(), string(l.Office), l.By.ID, subject, string(l.Ground.Purpose), l.Ground.Case, int64(l.Items), l.How)
	auditlog.Write(tx, auditlog.Entry{Actor: l.By.ID, Act: auditlog.ActLook, Subject: subject, Case: l.Ground.Case,
		Detail: strings.TrimSuffix(string(l.Ground.Purpose)+", "+l.How, ", ")})
	return nil
}

// Check returns nil when the person may look on this ground at the organisation: its role has the purpose, the rules
// (access) let the person do what it is for, and there is a case number where the purpose needs one.
func (g Ground) Check(by access.Person, office message.Org) error {
	rule, there := g.Purpose.rule()
	if !there || !rule.at(office.Role()) {
		return plain.Bad("purpose",
			"目的のない閲覧はできません。何の事務で見るのかを、一覧から選んでください。",
			"Nobody is looked at without a purpose: choose from the list what this is for.")
	}
	if err := access.May(by, rule.Act, office.Role()); err != nil {
		return err
	}
	if g.Case == "" && !rule.Case {
		return nil
	}
	return checkCase(g.Case)
}

// checkCase wants a digit in the number of a case, so that neither "test" nor somebody's name passes for one.
func checkCase(number string) error {
	switch {
	case number == "":
		return plain.Bad("case",
			"この目的での閲覧には、受付番号などの番号が必要です。申請書や依頼の文書にある番号を入力してください。",
			"This purpose needs a case number: enter the one on the application or the letter.")
	case utf8.RuneCountInString(number) > maxCase:
		return plain.Bad("case",
			fmt.Sprintf("番号は%d文字以内で入力してください。", maxCase),
			fmt.Sprintf("A case number has at most %d characters.", maxCase))
	case strings.TrimSpace(number) != number || strings.ContainsFunc(number, unicode.IsControl):
		return plain.Bad("case",
			"番号の前後の空白や改行を取り除いてください。",
			"Remove blanks and line breaks around the case number.")
	case !strings.ContainsFunc(number, unicode.IsDigit):
		return plain.Bad("case",
			"番号には数字が含まれます。氏名や用件ではなく、受付番号や文書番号を入力してください。",
			"A case number has a digit in it: enter the number of the visit or the letter, and no name.")
	}
	return nil
}

type contextKey struct{}

// With returns a context of somebody who looks on this ground.
func With(ctx context.Context, g Ground) context.Context {
	return context.WithValue(ctx, contextKey{}, g)
}

// From returns the ground on which somebody looks; the zero Ground, which is refused, when the context has none.
func From(ctx context.Context) Ground {
	g, _ := ctx.Value(contextKey{}).(Ground)
	return g
}

// Row is a look as it was written down.
type Row struct {
	At       time.Time // UTC, microseconds
	Seq      int64
	Office   message.Org
	Operator string
	Subject  string // a record code or a serial, as it stands in the audit log
	Ground   Ground
	Items    Items
	How      string
}

// Filter says which looks are wanted; what is empty does not restrict.
type Filter struct {
	Subject, Operator string
	Since, Until      time.Time // at or after; before
	After             Row       // the last of the page before
	Limit             int       // 1 to 1000; 0 means 100
}

// List returns the newest looks first.
func List(ctx context.Context, tx *sqlstore.Tx, f Filter) ([]Row, error) {
	if f.Limit == 0 {
		f.Limit = 100
	}
	if f.Limit < 1 || f.Limit > 1000 {
		return nil, fmt.Errorf("a page of %d looks was asked for; 1 to 1000 are possible", f.Limit)
	}
	where, args := []string{"1 = 1"}, []any{}
	and := func(column, is string, value any) {
		args = append(args, value)
		where = append(where, fmt.Sprintf("%s %s $%d", column, is, len(args)))
	}
	if f.Subject != "" {
		and("subject", "=", f.Subject)
	}
	if f.Operator != "" {
		and("operator", "=", f.Operator)
	}
	if !f.Since.IsZero() {
		and("at", ">=", f.Since)
	}
	if !f.Until.IsZero() {
		and("at", "<", f.Until)
	}
	if !f.After.At.IsZero() {
		args = append(args, f.After.At, f.After.Seq)
		where = append(where, fmt.Sprintf("(at, seq) < ($%d, $%d)", len(args)-1, len(args)))
	}
	args = append(args, int64(f.Limit))
	return sqlstore.List(ctx, tx, func(r *sqlstore.Rows, l *Row) error {
		return r.Scan(sqlstore.Time(&l.At), &l.Seq, &l.Office, &l.Operator, &l.Subject, &l.Ground.Purpose, &l.Ground.Case, &l.Items, &l.How)
	}, "SELECT at, seq, office, operator, subject, purpose, case_ref, items, how FROM look WHERE "+strings.Join(where, " AND ")+
		fmt.Sprintf(" ORDER BY at DESC, seq DESC LIMIT $%d", len(args)), args...)
}
