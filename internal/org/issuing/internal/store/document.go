package store

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// Document is a paper of a request, from when it was decided on.
type Document struct {
	Number   string // 文書番号
	Request  string
	IssuedAt time.Time
	Nonce    [16]byte
	Verify   string // what the QR says
	Binding  string // 綴り番号, as it stands on each page
	Pages    int
	Content  message.Hash
	File     message.Hash // of the signed file; zero: it is not signed
	Bytes    []byte       // the signed file, as long as what became of it is not proven
	Signer   string       // the version of the program that drew, signed and judged it; "": none has, or one that did not say
	Specimen bool
	Ending   message.Ending // empty: nobody knows yet
	EndedAt  time.Time
	EndedBy  string // the operator; empty: a gate
	Findings []string
	Sheets   int
	// A document that was handed over may be declared void afterwards, and its paper may come back.
	RecalledAt, RecoveredAt time.Time
	RecalledBy, RecoveredBy string
}

// LogValue shows nothing of it.
func (d Document) LogValue() slog.Value { return slog.StringValue(d.Number) }

const documentColumns = `number, request, issued_at, nonce, verify, binding, pages, content, file, bytes, specimen, ending, ended_at, ended_by, findings, sheets, recalled_at, recalled_by, recovered_at, recovered_by, signer`

func scanDocument(r *sqlstore.Rows, d *Document) error {
	var nonce, content, file []byte
	var ended, sheets, pages, recalled, recovered int64
	var findings string
	if err := r.Scan(&d.Number, &d.Request, sqlstore.Time(&d.IssuedAt), &nonce, &d.Verify, &d.Binding, &pages, &content, &file, &d.Bytes, &d.Specimen, &d.Ending, &ended, &d.EndedBy, &findings, &sheets, &recalled, &d.RecalledBy, &recovered, &d.RecoveredBy, &d.Signer); err != nil {
		return err
	}
	copy(d.Nonce[:], nonce)
	copy(d.Content[:], content)
	copy(d.File[:], file)
	d.RecalledAt, d.RecoveredAt = sqlstore.FromMicrosOrNone(recalled), sqlstore.FromMicrosOrNone(recovered)
	d.EndedAt, d.Findings, d.Sheets, d.Pages = sqlstore.FromMicrosOrNone(ended), split(findings), int(sheets), int(pages)
	return nil
}

// AddDocument writes down what is to be signed.
func (tx *Tx) AddDocument(d Document) {
	tx.Collect("document", documentColumns, d.Number, d.Request, d.IssuedAt, d.Nonce[:], d.Verify, d.Binding, int64(d.Pages), d.Content[:], []byte{}, []byte{}, d.Specimen, "", int64(0), "", "", int64(0), int64(0), "", int64(0), "", d.Signer)
}

// DocumentOf is the document of a request.
func (tx *Tx) DocumentOf(ctx context.Context, request string) (d Document, found bool, err error) {
	return tx.document(ctx, `request = $1`, request)
}

// DocumentNumbered is the document of a number.
func (tx *Tx) DocumentNumbered(ctx context.Context, number string) (Document, bool, error) {
	return tx.document(ctx, `number = $1`, number)
}

// DocumentOfFile is the document of which a file is the signed one.
func (tx *Tx) DocumentOfFile(ctx context.Context, file message.Hash) (Document, bool, error) {
	return tx.document(ctx, `file <> '' AND file = $1`, file[:])
}

func (tx *Tx) document(ctx context.Context, where string, key any) (d Document, found bool, err error) {
	all, err := sqlstore.List(ctx, tx.Tx, scanDocument, `SELECT `+documentColumns+` FROM document WHERE `+where, key)
	if err != nil || len(all) == 0 {
		return d, false, err
	}
	return all[0], true, nil
}

// Signed keeps the signed file of a document.
func (tx *Tx) Signed(ctx context.Context, number string, file message.Hash, bytes []byte) error {
	_, err := tx.Exec(ctx, `UPDATE document SET file = $2, bytes = $3 WHERE number = $1`, number, file[:], bytes)
	return err
}

// SignedBy writes down which version of the program drew, signed and judged a document, also one that is not given out.
func (tx *Tx) SignedBy(ctx context.Context, number, program string) error {
	_, err := tx.Exec(ctx, `UPDATE document SET signer = $2 WHERE number = $1`, number, program)
	return err
}

// End writes down what became of a document; false when that was known. The bytes of one that was handed over go, those of every other one stay as
// evidence.
func (tx *Tx) End(ctx context.Context, d Document) (bool, error) {
	bytes := d.Bytes
	if d.Ending == message.Delivered || bytes == nil {
		bytes = []byte{}
	}
	n, err := tx.Exec(ctx, `UPDATE document SET ending = $2, ended_at = $3, ended_by = $4, findings = $5, sheets = $6, bytes = $7 WHERE number = $1 AND ending = ''`,
		d.Number, string(d.Ending), d.EndedAt, d.EndedBy, strings.Join(d.Findings, ","), int64(d.Sheets), bytes)
	return n == 1, err
}

// Recall writes down that a document that was handed over is recalled, or that a recalled one is back; false when it did not stand so.
func (tx *Tx) Recall(ctx context.Context, number string, to message.Ending, by string) (bool, error) {
	set, from := `recalled_at = $3, recalled_by = $4`, message.Delivered
	if to == message.Recovered {
		set, from = `recovered_at = $3, recovered_by = $4`, message.Recalled
	}
	n, err := tx.Exec(ctx, `UPDATE document SET ending = $2, `+set+` WHERE number = $1 AND ending = $5`, number, string(to), tx.Now(), by, string(from))
	return n == 1, err
}

// NextNumber is the next number of a day.
func (tx *Tx) NextNumber(ctx context.Context, day resident.Date) (n int64, err error) {
	if _, err := tx.Exec(ctx, `INSERT INTO numbering(day, last) VALUES ($1, 1) ON CONFLICT (day) DO UPDATE SET last = numbering.last + 1`, day.String()); err != nil {
		return 0, fmt.Errorf("couldn't number a document: %w", err)
	}
	err = tx.QueryRow(ctx, `SELECT last FROM numbering WHERE day = $1`, day.String()).Scan(&n)
	return n, err
}

// Account is what became of the requests of a day (日締め).
type Account struct {
	Requested, Refused, Waiting       int64 // requests
	Issued                            int64 // documents that were signed and given to the counter
	Delivered, Stopped, Voided, Still int64 // what became of these; still: nobody knows yet
}

// Agrees tells whether the day is closed: of everything that was asked for it is known what became of it.
func (a Account) Agrees() bool {
	return a.Requested == a.Refused+a.Issued && a.Issued == a.Delivered+a.Stopped+a.Voided
}

// Account counts the requests that were made in a time.
func (tx *Tx) Account(ctx context.Context, from, until time.Time) (a Account, err error) {
	err = tx.QueryRow(ctx, `SELECT COUNT(*), COALESCE(SUM(CASE WHEN r.state = 'refused' THEN 1 ELSE 0 END), 0), COALESCE(SUM(CASE WHEN r.state IN ('asked', 'ready') THEN 1 ELSE 0 END), 0),
		COALESCE(SUM(CASE WHEN r.state = 'issued' THEN 1 ELSE 0 END), 0),
		COALESCE(SUM(CASE WHEN r.state = 'issued' AND d.ending IN ('delivered', 'recalled', 'recovered') THEN 1 ELSE 0 END), 0),
		COALESCE(SUM(CASE WHEN r.state = 'issued' AND d.ending = 'stopped' THEN 1 ELSE 0 END), 0),
		COALESCE(SUM(CASE WHEN r.state = 'issued' AND d.ending = 'voided' THEN 1 ELSE 0 END), 0),
		COALESCE(SUM(CASE WHEN r.state = 'issued' AND d.ending = '' THEN 1 ELSE 0 END), 0)
		FROM request AS r LEFT JOIN document AS d ON d.request = r.request WHERE r.asked_at >= $1 AND r.asked_at < $2`, from, until).
		Scan(&a.Requested, &a.Refused, &a.Waiting, &a.Issued, &a.Delivered, &a.Stopped, &a.Voided, &a.Still)
	return a, err
}
