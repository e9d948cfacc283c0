package store

import (
	"context"
	"strings"
	"time"

	"github.com/akashi-id/akashi/internal/sqlstore"
)

// The moments at which the counter holds a document against the register.
const (
	JudgedCame     = "came"      // the server's answer was taken
	JudgedPrint    = "print"     // it was about to be printed
	JudgedHandOver = "hand-over" // it was about to be handed over
)

// Judgement is that the counter held a document against the register.
type Judgement struct {
	At       time.Time
	Moment   string
	Program  string   // the version of the counter's program
	Findings []string // none: it may leave
}

// Judged writes down a judgement of a document, behind those before it.
func (tx *Tx) Judged(ctx context.Context, request string, j Judgement) error {
	var before int64
	if err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM document_judged WHERE request = $1`, request).Scan(&before); err != nil {
		return err
	}
	tx.Collect("document_judged", "request, seq, at, moment, program, findings", request, before+1, tx.Now(), j.Moment, j.Program, strings.Join(j.Findings, ","))
	return nil
}

// JudgementsOf are those of a document, the first first.
func (tx *Tx) JudgementsOf(ctx context.Context, request string) ([]Judgement, error) {
	return sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, j *Judgement) error {
		var findings string
		err := r.Scan(sqlstore.Time(&j.At), &j.Moment, &j.Program, &findings)
		if findings != "" {
			j.Findings = strings.Split(findings, ",")
		}
		return err
	}, `SELECT at, moment, program, findings FROM document_judged WHERE request = $1 ORDER BY seq LIMIT 100`, request)
}

// JudgingPrograms are the versions of the counter's program that have judged some documents, by request.
func (tx *Tx) JudgingPrograms(ctx context.Context, requests []string) (map[string][]string, error) {
	all := map[string][]string{}
	err := sqlstore.InParts(tx.Tx, 1, requests, func(marks string, part []any) error {
		type judged struct{ request, program string }
		some, err := sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, j *judged) error { return r.Scan(&j.request, &j.program) },
			`SELECT DISTINCT request, program FROM document_judged WHERE request IN (`+marks+`) ORDER BY request, program`, part...)
		for _, j := range some {
			all[j.request] = append(all[j.request], j.program)
		}
		return err
	})
	return all, err
}
