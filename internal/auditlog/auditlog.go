// Package auditlog is the record of who did what to whom and why (監査記録), written in the transaction of the act itself.
//
// An act that did not commit has no entry, and no act commits without the entry that its rule wrote. Every look at a
// person is an act too (ActLook), so a screen that shows a person opens an Update, not a View. Triggers on both engines
// refuse to change or delete an entry.
//
// An entry names a person by the key under which the organisation holds him or her (Subject) and by nothing else: no
// name, address, birth date or number goes into Detail, because entries are kept longer than the data they are about and
// are read by people who may not see that data. Actor is the operator's or the organisation's identifier.
//
// Entries of one transaction keep their order. Those of different transactions are in the order of their times. Whoever
// owns the database file can still replace it as a whole; a Merkle log over these rows, with its heads kept by other
// organisations, is what makes that visible, and numbers the entries without gaps when it seals them.
package auditlog

import (
	"context"
	"embed"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/akashi-id/akashi/internal/sqlstore"
)

//go:embed schema/*.sql
var files embed.FS

// Schema is the table audit.
var Schema = sqlstore.SchemaIn("auditlog", files)

// ActLook is the act of seeing a person's data.
const ActLook = "look"

// Entry is one act.
type Entry struct {
	Actor   string // who: an operator, or the organisation whose message it was; never empty
	Act     string // what, one of the acts that the organisation lists; never empty
	Subject string // about whom or what: a key; "" for an act about nobody
	Case    string // on what ground: a case number, a request, a message id
	Detail  string // at most 1,000 characters, without personal data
}

// LogValue leaves out the subject: the log of the program is not the audit log.
func (e Entry) LogValue() slog.Value {
	return slog.GroupValue(slog.String("actor", e.Actor), slog.String("act", e.Act), slog.String("case", e.Case))
}

// Write adds an entry to the transaction, under its time. A faulty entry (no actor, no act, too long a detail) fails the
// transaction: what cannot be recorded must not happen.
func Write(tx *sqlstore.Tx, e Entry) {
	tx.Collect("audit", "at, seq, actor, act, subject, case_ref, detail",
		tx.Now(), tx.Serial(), e.Actor, e.Act, e.Subject, e.Case, e.Detail)
}

// Record is an entry as it was written.
type Record struct {
	Position
	Entry
}

// LogValue leaves out the subject.
func (r Record) LogValue() slog.Value { return r.Entry.LogValue() }

// Position is the place of a record in the log.
type Position struct {
	At  time.Time // UTC, microseconds
	Seq int64
}

// Filter says which records are wanted. Empty fields do not restrict.
type Filter struct {
	Subject, Actor, Act, Case string
	Since                     time.Time // at or after
	Before                    Position  // records older than this one: the last of the page before
	Limit                     int       // 1 to 1000; 0 means 100
}

// List returns the newest matching records first.
func List(ctx context.Context, tx *sqlstore.Tx, f Filter) ([]Record, error) {
	if f.Limit == 0 {
		f.Limit = 100
	}
	if f.Limit < 1 || f.Limit > 1000 {
		return nil, fmt.Errorf("a page of %d audit records was asked for; 1 to 1000 are possible", f.Limit)
	}
	var where []string
	var args []any
	and := func(condition string, values ...any) {
		for _, v := range values {
			args = append(args, v)
			condition = strings.Replace(condition, "?", fmt.Sprintf("$%d", len(args)), 1)
		}
		where = append(where, condition)
	}
	if f.Subject != "" {
		// The second half lets the partial index serve.
		and("subject = ? AND subject <> ''", f.Subject)
	}
	if f.Actor != "" {
		and("actor = ?", f.Actor)
	}
	if f.Act != "" {
		and("act = ?", f.Act)
	}
	if f.Case != "" {
		and("case_ref = ?", f.Case)
	}
	if !f.Since.IsZero() {
		and("at >= ?", f.Since)
	}
	if f.Before != (Position{}) {
		and("(at, seq) < (?, ?)", f.Before.At, f.Before.Seq)
	}
	if len(where) == 0 {
		where = append(where, "1 = 1")
	}
	args = append(args, f.Limit)
	return sqlstore.List(ctx, tx, func(rows *sqlstore.Rows, r *Record) error {
		return rows.Scan(sqlstore.Time(&r.At), &r.Seq, &r.Actor, &r.Act, &r.Subject, &r.Case, &r.Detail)
	}, "SELECT at, seq, actor, act, subject, case_ref, detail FROM audit WHERE "+strings.Join(where, " AND ")+
		fmt.Sprintf(" ORDER BY at DESC, seq DESC LIMIT $%d", len(args)), args...)
}
