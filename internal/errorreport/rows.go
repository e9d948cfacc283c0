package errorreport

import (
	"context"
	"fmt"
	"time"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// Entry is a report as it stands here.
type Entry struct {
	Report        string
	From, To      message.Org
	Code          resident.RecordCode
	Version       resident.Version
	Attributes    resident.Attributes
	Case, Text    string
	FoundBy       string
	FoundAt       time.Time
	NotedAt       time.Time
	Owner         string
	OwnedAt       time.Time
	Outcome       string // "": open
	AnswerVersion resident.Version
	Answer        string
	AnsweredBy    string
	AnsweredAt    time.Time
}

func (e Entry) same(n message.ErrorAnswer) bool {
	return e.Outcome == n.Outcome && e.AnswerVersion == n.Version && e.Answer == n.Text && e.AnsweredBy == n.By
}

func entryOf(n message.ErrorReport, from, to message.Org, number string) Entry {
	return Entry{Report: n.Report, From: from, To: to, Code: n.Code, Version: n.Version, Attributes: n.Attributes, Case: number, Text: n.Text, FoundBy: n.By, FoundAt: n.FoundAt}
}

const columns = `report, from_org, to_org, code, version, attributes, case_ref, text, found_by, found_at, noted_at, owner, owned_at, outcome, answer_version, answer, answered_by, answered_at`

// note writes a report down; false when one of its name is there.
func note(ctx context.Context, tx *sqlstore.Tx, e Entry) (bool, error) {
	n, err := tx.Exec(ctx, `INSERT INTO error_report(`+columns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, '', $12, '', 0, '', '', $13) ON CONFLICT (report) DO NOTHING`,
		e.Report, string(e.From), string(e.To), e.Code.Reveal(), int64(e.Version), int64(e.Attributes), e.Case, e.Text, e.FoundBy, e.FoundAt, tx.Now(), time.Time{}, time.Time{})
	return n == 1, err
}

func settle(ctx context.Context, tx *sqlstore.Tx, n message.ErrorAnswer) error {
	_, err := tx.Exec(ctx, `UPDATE error_report SET outcome = $2, answer_version = $3, answer = $4, answered_by = $5, answered_at = $6 WHERE report = $1 AND outcome = ''`,
		n.Report, n.Outcome, int64(n.Version), n.Text, n.By, n.AnsweredAt)
	return err
}

func scan(r *sqlstore.Rows, e *Entry) error {
	var code string
	var version, attributes, answered int64
	if err := r.Scan(&e.Report, &e.From, &e.To, &code, &version, &attributes, &e.Case, &e.Text, &e.FoundBy, sqlstore.Time(&e.FoundAt), sqlstore.Time(&e.NotedAt),
		&e.Owner, sqlstore.Time(&e.OwnedAt), &e.Outcome, &answered, &e.Answer, &e.AnsweredBy, sqlstore.Time(&e.AnsweredAt)); err != nil {
		return err
	}
	// A damaged code is none: the report is still listed, and still counts.
	e.Code, _ = resident.ParseRecordCode("stored", code)
	e.Version, e.Attributes, e.AnswerVersion = resident.Version(version), resident.Attributes(attributes), resident.Version(answered)
	return nil
}

func find(ctx context.Context, tx *sqlstore.Tx, report string) (e Entry, found bool, err error) {
	all, err := sqlstore.List(ctx, tx, scan, `SELECT `+columns+` FROM error_report WHERE report = $1`, report)
	if err != nil || len(all) == 0 {
		return e, false, err
	}
	return all[0], true, nil
}

// open finds a report that waits for an answer of ours.
func open(ctx context.Context, tx *sqlstore.Tx, report string) (Entry, error) {
	e, found, err := find(ctx, tx, report)
	switch {
	case err != nil:
	case !found:
		err = plain.Bad("", "この通知はありません。一覧から選び直してください。", "There is no such report: choose one of the list.")
	case e.Outcome != "" || e.To != "":
		err = plain.Bad("", "この通知には、すでに回答したか、ここで回答するものではありません。", "The report has been answered, or is not to be answered here.")
	}
	return e, err
}

// mostListed bounds a list.
const mostListed = 500

// Open lists what is not answered, the oldest first.
func Open(ctx context.Context, tx *sqlstore.Tx) ([]Entry, error) {
	return sqlstore.List(ctx, tx, scan, `SELECT `+columns+fmt.Sprintf(` FROM error_report WHERE outcome = '' ORDER BY noted_at, report LIMIT %d`, mostListed))
}

// answered lists what was, the newest first.
func answered(ctx context.Context, tx *sqlstore.Tx) ([]Entry, error) {
	return sqlstore.List(ctx, tx, scan, `SELECT `+columns+fmt.Sprintf(` FROM error_report WHERE outcome <> '' ORDER BY noted_at DESC, report LIMIT %d`, mostListed))
}
