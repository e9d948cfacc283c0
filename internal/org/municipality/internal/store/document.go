package store

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// DocumentState is where a document stands at the counter.
type DocumentState string

// The states of a document.
const (
	DocumentApplied   DocumentState = "applied"   // the issuing server was asked
	DocumentRefused   DocumentState = "refused"   // there is none
	DocumentHeld      DocumentState = "held"      // it has come, and is what the register says
	DocumentStopped   DocumentState = "stopped"   // it has come, and is not
	DocumentDelivered DocumentState = "delivered" // handed over
	DocumentVoided    DocumentState = "voided"    // nothing of it left the counter
	DocumentRecalled  DocumentState = "recalled"  // handed over, and declared void since: the paper is asked back
	DocumentRecovered DocumentState = "recovered" // recalled, and the paper is back
)

// Document is a document that somebody asked for, and what became of it.
type Document struct {
	Request   string
	Person    Person
	Code      resident.RecordCode
	Kind      string
	Items     []string
	As        string
	Requester string
	At        time.Time
	By        string
	Trace     string

	State    DocumentState
	Reasons  []string
	Number   string
	IssuedAt time.Time
	Nonce    [16]byte
	Verify   string
	Content  message.Hash // of all but the signature, as the server said
	Came     message.Hash // the same of the file as it came; zero: an older program took it
	File     message.Hash
	Bytes    []byte

	EndedAt time.Time
	EndedBy string
	Sheets  int
	Prints  int    // how many jobs a printer was given
	Print   Print  // how the last one stands
	Proof   string // of what became of the paper, when nothing was handed over
	Server  string // the version of the server's program that signed or refused it, as it said
}

// Print is how a job at a printer stands.
type Print struct {
	State  string // asked, failed, or as the printer says (package printing); "": there was none
	Sheets int    // that came out, as far as the printer says
	Says   plain.Sentence
	At     time.Time // when it was asked for
}

// LogValue names the request only.
func (d Document) LogValue() slog.Value { return slog.StringValue(d.Request) }

const documentColumns = `request, person, code, kind, items, asked_as, requester, at, by_whom, trace, state, reasons, number, issued_at, nonce, verify, content, file, bytes, ended_at, ended_by, sheets, proof, prints, print_state, print_sheets, print_ja, print_en, print_at, came, server_program`

func scanDocument(r *sqlstore.Rows, d *Document) error {
	var person, issued, ended, sheets, prints, printSheets, printAt int64
	var code, items, reasons string
	var nonce, content, file, came []byte
	if err := r.Scan(&d.Request, &person, &code, &d.Kind, &items, &d.As, &d.Requester, sqlstore.Time(&d.At), &d.By, &d.Trace, &d.State, &reasons, &d.Number, &issued,
		&nonce, &d.Verify, &content, &file, &d.Bytes, &ended, &d.EndedBy, &sheets, &d.Proof, &prints, &d.Print.State, &printSheets, &d.Print.Says.JA, &d.Print.Says.EN, &printAt, &came, &d.Server); err != nil {
		return err
	}
	d.Person, d.IssuedAt, d.EndedAt, d.Sheets = Person(person), sqlstore.FromMicrosOrNone(issued), sqlstore.FromMicrosOrNone(ended), int(sheets)
	d.Prints, d.Print.Sheets, d.Print.At = int(prints), int(printSheets), sqlstore.FromMicrosOrNone(printAt)
	d.Items, d.Reasons = listed(items), listed(reasons)
	copy(d.Nonce[:], nonce)
	copy(d.Content[:], content)
	copy(d.File[:], file)
	copy(d.Came[:], came)
	var err error
	d.Code, err = resident.ParseRecordCode("stored", code)
	return err
}

func listed(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ",")
}

// AddDocument writes an application for a document down.
func (tx *Tx) AddDocument(d Document) {
	tx.Collect("document_request", documentColumns, d.Request, int64(d.Person), d.Code.Reveal(), d.Kind, strings.Join(d.Items, ","), d.As, d.Requester, d.At, d.By, d.Trace,
		string(d.State), "", "", int64(0), []byte{}, "", []byte{}, []byte{}, []byte{}, int64(0), "", int64(0), "", int64(0), "", int64(0), "", "", int64(0), []byte{}, d.Server)
}

// Document finds one.
func (tx *Tx) Document(ctx context.Context, request string) (d Document, found bool, err error) {
	all, err := sqlstore.List(ctx, tx.Tx, scanDocument, `SELECT `+documentColumns+` FROM document_request WHERE request = $1`, request)
	if err != nil || len(all) == 0 {
		return d, false, err
	}
	return all[0], true, nil
}

// Documents are the last ones of a person, the newest first, without their bytes.
func (tx *Tx) Documents(ctx context.Context, who Person, limit int) ([]Document, error) {
	return tx.documentHeads(ctx, `person = $1 ORDER BY at DESC, request DESC LIMIT $2`, int64(who), int64(limit))
}

// documentHeads reads documents without their bytes: the digest is read in their place.
func (tx *Tx) documentHeads(ctx context.Context, where string, args ...any) ([]Document, error) {
	return sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, d *Document) error {
		err := scanDocument(r, d)
		d.Bytes = nil
		return err
	}, `SELECT `+strings.Replace(documentColumns, " bytes,", " file,", 1)+` FROM document_request WHERE `+where, args...)
}

// MoveDocument writes down how a document stands now; false when it did not stand as was thought.
func (tx *Tx) MoveDocument(ctx context.Context, from DocumentState, d Document) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE document_request SET state = $3, reasons = $4, number = $5, issued_at = $6, nonce = $7, verify = $8, content = $9, file = $10, bytes = $11,
		ended_at = $12, ended_by = $13, sheets = $14, proof = $15, came = $16, server_program = $17 WHERE request = $1 AND state = $2`,
		d.Request, string(from), string(d.State), strings.Join(d.Reasons, ","), d.Number, sqlstore.MicrosOrNone(d.IssuedAt), d.Nonce[:], d.Verify, d.Content[:], d.File[:],
		orEmpty(d.Bytes), sqlstore.MicrosOrNone(d.EndedAt), d.EndedBy, int64(d.Sheets), d.Proof, orNone(d.Came), d.Server)
	return n == 1, err
}

// KeepPrint writes down how the job of a document stands.
func (tx *Tx) KeepPrint(ctx context.Context, d Document) error {
	var before int64
	if err := tx.QueryRow(ctx, `SELECT prints FROM document_request WHERE request = $1`, d.Request).Scan(&before); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `UPDATE document_request SET prints = $2, print_state = $3, print_sheets = $4, print_ja = $5, print_en = $6, print_at = $7 WHERE request = $1`,
		d.Request, int64(d.Prints), d.Print.State, int64(d.Print.Sheets), d.Print.Says.JA, d.Print.Says.EN, sqlstore.MicrosOrNone(d.Print.At))
	if err != nil {
		return err
	}
	return tx.keepJob(ctx, d, before != int64(d.Prints))
}

func orEmpty(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// orNone is a digest that there may be none of.
func orNone(h message.Hash) []byte {
	if h == (message.Hash{}) {
		return []byte{}
	}
	return h[:]
}
