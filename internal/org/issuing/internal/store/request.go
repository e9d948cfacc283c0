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

// State is where a request stands.
type State string

// The states.
const (
	Asked   State = "asked"   // the register was asked about everybody on the page, and has not answered
	Ready   State = "ready"   // a document may be made of exactly these versions, and waits to be signed
	Issued  State = "issued"  // it was signed, found right, and sent to who hands it over
	Refused State = "refused" // nothing is given out; the reasons say why
)

// Request is somebody's application for a document.
type Request struct {
	ID         string
	Kind       string
	Subject    resident.RecordCode
	Household  resident.HouseholdID // whose whole the page shows; empty: the subject alone
	State      State
	Reasons    []string
	AskedAt    time.Time
	AskedBy    string
	AnsweredAt time.Time // zero: it waits
	RegisterAt time.Time // as of when the register answered; zero: it did not
	Trace      string
	Items      []string // asked for beside what is always shown
	Requester  string   // what the requester was recognised by
	As         string   // self, household, other
	Program    string   // the version of the program that decided; "": none has, or one that did not say
	Persons    []OnPage // of Request alone, not of lists
}

// OnPage is a person of a request.
type OnPage struct {
	Code       resident.RecordCode
	Version    resident.Version // of the copy; 0: it holds nobody
	Hash       message.Hash
	Protection uint64
	Reasons    []string
	Release    string // the decision that this document may be given out though the person is protected
	Beside     bool   // not on the page: the head of the household, whose name is
}

// LogValue shows nobody.
func (r Request) LogValue() slog.Value {
	return slog.GroupValue(slog.String("request", r.ID), slog.String("state", string(r.State)))
}

const requestColumns = `request, kind, subject, household, state, reasons, asked_at, asked_by, answered_at, register_at, trace, items, requester, asked_as, program`

func scanRequest(r *sqlstore.Rows, q *Request) error {
	var subject, household, reasons, items string
	var answered, register int64
	if err := r.Scan(&q.ID, &q.Kind, &subject, &household, &q.State, &reasons, sqlstore.Time(&q.AskedAt), &q.AskedBy, &answered, &register, &q.Trace, &items, &q.Requester, &q.As, &q.Program); err != nil {
		return err
	}
	q.Subject, _ = resident.ParseRecordCode("stored", subject) // of a damaged row: nobody
	q.Household, q.Reasons, q.Items = resident.HouseholdID(household), split(reasons), split(items)
	q.AnsweredAt, q.RegisterAt = sqlstore.FromMicrosOrNone(answered), sqlstore.FromMicrosOrNone(register)
	return nil
}

func split(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ",")
}

// AddRequest writes a request down with who is on its page.
func (tx *Tx) AddRequest(r Request) {
	tx.Collect("request", requestColumns, r.ID, r.Kind, r.Subject.Reveal(), string(r.Household), string(r.State), strings.Join(r.Reasons, ","), r.AskedAt, r.AskedBy,
		sqlstore.MicrosOrNone(r.AnsweredAt), sqlstore.MicrosOrNone(r.RegisterAt), r.Trace, strings.Join(r.Items, ","), r.Requester, r.As, r.Program)
	for i, p := range r.Persons {
		tx.Collect("request_person", "request, seq, code, version, hash, protection, reasons, beside, release", r.ID, int64(i+1), p.Code.Reveal(), int64(p.Version), p.Hash[:], int64(p.Protection),
			strings.Join(p.Reasons, ","), p.Beside, p.Release)
	}
}

// Decide writes down what has become of a request that waits; false when it does not wait any more.
func (tx *Tx) Decide(ctx context.Context, r Request) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE request SET state = $2, reasons = $3, answered_at = $4, register_at = $5, program = $6 WHERE request = $1 AND state = 'asked'`,
		r.ID, string(r.State), strings.Join(r.Reasons, ","), sqlstore.MicrosOrNone(r.AnsweredAt), sqlstore.MicrosOrNone(r.RegisterAt), r.Program)
	if err != nil || n != 1 {
		return false, err
	}
	for i, p := range r.Persons {
		if _, err := tx.Exec(ctx, `UPDATE request_person SET version = $3, hash = $4, protection = $5, reasons = $6, release = $7 WHERE request = $1 AND seq = $2`,
			r.ID, int64(i+1), int64(p.Version), p.Hash[:], int64(p.Protection), strings.Join(p.Reasons, ","), p.Release); err != nil {
			return false, fmt.Errorf("couldn't write down how a person of a request stands: %w", err)
		}
	}
	return true, nil
}

// Settle writes down what came of a request of which a document was to be made; false when it is not ready any more.
func (tx *Tx) Settle(ctx context.Context, id string, state State, reasons []string) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE request SET state = $2, reasons = $3 WHERE request = $1 AND state = 'ready'`, id, string(state), strings.Join(reasons, ","))
	return n == 1, err
}

// Request finds one, with who is on its page.
func (tx *Tx) Request(ctx context.Context, id string) (q Request, found bool, err error) {
	all, err := sqlstore.List(ctx, tx.Tx, scanRequest, `SELECT `+requestColumns+` FROM request WHERE request = $1`, id)
	if err != nil || len(all) == 0 {
		return q, false, err
	}
	q = all[0]
	q.Persons, err = sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, p *OnPage) error {
		var code, reasons string
		var version, protection int64
		var hash []byte
		if err := r.Scan(&code, &version, &hash, &protection, &reasons, &p.Beside, &p.Release); err != nil {
			return err
		}
		p.Version, p.Protection, p.Reasons = resident.Version(version), uint64(protection), split(reasons)
		copy(p.Hash[:], hash)
		var err error
		p.Code, err = resident.ParseRecordCode("stored", code)
		return err
	}, `SELECT code, version, hash, protection, reasons, beside, release FROM request_person WHERE request = $1 ORDER BY seq`, id)
	return q, err == nil, err
}

// Requests are the last ones, the newest first.
func (tx *Tx) Requests(ctx context.Context, limit int) ([]Request, error) {
	return sqlstore.List(ctx, tx.Tx, scanRequest, `SELECT `+requestColumns+` FROM request ORDER BY asked_at DESC, request DESC LIMIT $1`, int64(limit))
}

// Waiting is how many requests wait for the register, and since when the oldest does; zero: none.
func (tx *Tx) Waiting(ctx context.Context) (n int64, since time.Time, err error) {
	var oldest int64
	err = tx.QueryRow(ctx, `SELECT COUNT(*), COALESCE(MIN(asked_at), 0) FROM request WHERE state = 'asked'`).Scan(&n, &oldest)
	return n, sqlstore.FromMicrosOrNone(oldest), err
}

// ByState counts the requests since a time.
func (tx *Tx) ByState(ctx context.Context, since time.Time) (map[State]int64, error) {
	type count struct {
		state State
		n     int64
	}
	all, err := sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, c *count) error { return r.Scan(&c.state, &c.n) },
		`SELECT state, COUNT(*) FROM request WHERE asked_at >= $1 GROUP BY state`, since)
	counts := map[State]int64{}
	for _, c := range all {
		counts[c.state] = c.n
	}
	return counts, err
}

// Answered is as of when the register answered last; zero: it never did.
func (tx *Tx) Answered(ctx context.Context) (time.Time, error) {
	var at int64
	err := tx.QueryRow(ctx, `SELECT COALESCE(MAX(register_at), 0) FROM request`).Scan(&at)
	return sqlstore.FromMicrosOrNone(at), err
}

// Decided is a request of a time, with what was made of it.
type Decided struct {
	Request
	Number string
	File   message.Hash // zero: nothing was signed
	Signer string       // the version that signed it
	Ending message.Ending
}

// RequestsIn are those that were asked for before the end of a time and of which it was not known before its beginning what became; the oldest first.
func (tx *Tx) RequestsIn(ctx context.Context, from, until time.Time, limit int) ([]Decided, error) {
	return sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, d *Decided) error {
		var answered int64
		var file []byte
		err := r.Scan(&d.ID, &d.Kind, &d.State, sqlstore.Time(&d.AskedAt), &answered, &d.Program, &d.Number, &file, &d.Ending, &d.Signer)
		copy(d.File[:], file)
		d.AnsweredAt = sqlstore.FromMicrosOrNone(answered)
		return err
	}, `SELECT r.request, r.kind, r.state, r.asked_at, r.answered_at, r.program, COALESCE(d.number, ''), COALESCE(d.file, $4), COALESCE(d.ending, ''), COALESCE(d.signer, '')
		FROM request AS r LEFT JOIN document AS d ON d.request = r.request
		WHERE r.asked_at < $2 AND (r.state IN ('asked', 'ready') OR r.state = 'refused' AND r.answered_at >= $1 OR r.state = 'issued' AND (d.ending = '' OR d.ended_at >= $1))
		ORDER BY r.asked_at, r.request LIMIT $3`, from, until, int64(limit), []byte{})
}
