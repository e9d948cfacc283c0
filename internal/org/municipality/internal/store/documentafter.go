package store

import (
	"context"
	"fmt"
	"time"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// DocumentPerson is somebody who stands on a document by the register.
type DocumentPerson struct {
	Request string
	Person  Person
	Version resident.Version
}

// KeepPage writes down who stands on a document, in their order.
func (tx *Tx) KeepPage(request string, page []DocumentPerson) {
	for i, p := range page {
		tx.Collect("document_person", "request, seq, person, version", request, int64(i+1), int64(p.Person), int64(p.Version))
	}
}

// PagesOf are those who stand on some documents, in the order of the requests and of each page. Of a document that an older program took there is
// nobody.
func (tx *Tx) PagesOf(ctx context.Context, requests []string) (all []DocumentPerson, err error) {
	err = sqlstore.InParts(tx.Tx, 1, requests, func(marks string, part []any) error {
		some, err := sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, p *DocumentPerson) error {
			var person, version int64
			err := r.Scan(&p.Request, &person, &version)
			p.Person, p.Version = Person(person), resident.Version(version)
			return err
		}, `SELECT request, person, version FROM document_person WHERE request IN (`+marks+`) ORDER BY request, seq`, part...)
		all = append(all, some...)
		return err
	})
	return all, err
}

// PrintJob is one attempt to print a document.
type PrintJob struct {
	Job    string
	At     time.Time
	State  string // asked, failed, or as the printer says; "": the file was given to who printed it
	Sheets int
	Says   plain.Sentence
	ToldAt time.Time
}

// keepJob writes down how the last job of a document stands, of which more is known now or which is new. A new one that no printer was given has
// nothing to say: what the document says of a printer is of the job before it.
func (tx *Tx) keepJob(ctx context.Context, d Document, isNew bool) error {
	p := d.Print
	if isNew && !p.At.Equal(tx.Now()) {
		p = Print{}
	}
	_, err := tx.Exec(ctx, `INSERT INTO document_print(job, request, at, state, sheets, says_ja, says_en, told_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $3)
		ON CONFLICT (job) DO UPDATE SET state = excluded.state, sheets = excluded.sheets, says_ja = excluded.says_ja, says_en = excluded.says_en, told_at = excluded.told_at`,
		fmt.Sprintf("%s-%d", d.Request, d.Prints), d.Request, tx.Now(), p.State, int64(p.Sheets), p.Says.JA, p.Says.EN)
	return err
}

// PrintsOf are the jobs of a document, the first first.
func (tx *Tx) PrintsOf(ctx context.Context, request string) ([]PrintJob, error) {
	return sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, j *PrintJob) error {
		var sheets int64
		err := r.Scan(&j.Job, sqlstore.Time(&j.At), &j.State, &sheets, &j.Says.JA, &j.Says.EN, sqlstore.Time(&j.ToldAt))
		j.Sheets = int(sheets)
		return err
	}, `SELECT job, at, state, sheets, says_ja, says_en, told_at FROM document_print WHERE request = $1 ORDER BY at, job LIMIT 100`, request)
}

// Inquiry is an inquiry into the documents of a time.
type Inquiry struct {
	ID          string
	At          time.Time
	By, Cause   string
	From, Until time.Time // before Until
}

const inquiryColumns = `inquiry, at, by_whom, cause, from_at, until_at`

func scanInquiry(r *sqlstore.Rows, q *Inquiry) error {
	return r.Scan(&q.ID, sqlstore.Time(&q.At), &q.By, &q.Cause, sqlstore.Time(&q.From), sqlstore.Time(&q.Until))
}

// AddInquiry writes an inquiry down.
func (tx *Tx) AddInquiry(q Inquiry) {
	tx.Collect("document_inquiry", inquiryColumns, q.ID, q.At, q.By, q.Cause, q.From, q.Until)
}

// Inquiry finds one.
func (tx *Tx) Inquiry(ctx context.Context, id string) (q Inquiry, found bool, err error) {
	all, err := sqlstore.List(ctx, tx.Tx, scanInquiry, `SELECT `+inquiryColumns+` FROM document_inquiry WHERE inquiry = $1`, id)
	if err != nil || len(all) == 0 {
		return q, false, err
	}
	return all[0], true, nil
}

// Inquiries are the last ones, the newest first.
func (tx *Tx) Inquiries(ctx context.Context, limit int) ([]Inquiry, error) {
	return sqlstore.List(ctx, tx.Tx, scanInquiry, `SELECT `+inquiryColumns+` FROM document_inquiry ORDER BY at DESC, inquiry DESC LIMIT $1`, int64(limit))
}

// DocumentsIn are those that were at the counter in a time: applied for before its end, and not ended before its beginning; the oldest first, without
// their bytes.
func (tx *Tx) DocumentsIn(ctx context.Context, from, until time.Time, limit int) ([]Document, error) {
	return tx.documentHeads(ctx, `at < $2 AND (ended_at = 0 OR ended_at >= $1) ORDER BY at, request LIMIT $3`, from, until, int64(limit))
}

// CasesAmong are the cases of some documents, the oldest first.
func (tx *Tx) CasesAmong(ctx context.Context, requests []string) (all []DocumentCase, err error) {
	err = sqlstore.InParts(tx.Tx, 1, requests, func(marks string, part []any) error {
		some, err := sqlstore.List(ctx, tx.Tx, scanCase, `SELECT `+caseColumns+` FROM document_case WHERE request IN (`+marks+`) ORDER BY opened_at, job`, part...)
		all = append(all, some...)
		return err
	})
	return all, err
}

// MadeFor finds the documents of some contents, without their bytes, by what was made.
func (tx *Tx) MadeFor(ctx context.Context, contents []message.Hash) (made map[message.Hash]Document, err error) {
	made = map[message.Hash]Document{}
	var keys [][]byte
	for _, c := range contents {
		keys = append(keys, c[:])
	}
	err = sqlstore.InParts(tx.Tx, 1, keys, func(marks string, part []any) error {
		some, err := tx.documentHeads(ctx, `number <> '' AND content IN (`+marks+`)`, part...)
		for _, d := range some {
			made[d.Content] = d
		}
		return err
	})
	return made, err
}

// DocumentsKnown are those among some requests that there are here.
func (tx *Tx) DocumentsKnown(ctx context.Context, requests []string) (known []string, err error) {
	err = sqlstore.InParts(tx.Tx, 1, requests, func(marks string, part []any) error {
		some, err := sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, request *string) error { return r.Scan(request) },
			`SELECT request FROM document_request WHERE request IN (`+marks+`)`, part...)
		known = append(known, some...)
		return err
	})
	return known, err
}
