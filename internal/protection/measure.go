package protection

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// Measure is a case of protection (措置) as its owner keeps it: who applied and who is protected with them. Whether it holds is said by
// the flags of its members, and by nothing here.
type Measure struct {
	Number      string
	Provisional bool
	Until       resident.Date // the last day of the term; zero while provisional
	AppliedOn   resident.Date
	AppliedAt   time.Time
	AppliedBy   string
	Places      []resident.MunicipalityCode
	TakenOver   message.Org // whose measure this one goes on from; "": nobody's
	Trace       string
	Members     []Member
}

// Member is somebody whom a measure protects.
type Member struct {
	Holder    string // how the owner's register names the person
	Applicant bool   // 申出者; else 同伴者
}

// Term is the last day of a measure that is decided or renewed on a day: a year (from memory), which ends on the day before the
// same date, and where there is no such date on the last of the month (民法143条).
func Term(from resident.Date) resident.Date {
	same, err := resident.ParseDate("until", fmt.Sprintf("%04d-%02d-%02d", from.Year()+1, from.Month(), from.Day()))
	if err != nil { // only 02-29 is missing in another year
		same, _ = resident.ParseDate("until", fmt.Sprintf("%04d-03-01", from.Year()+1))
	}
	return same.AddDays(-1)
}

// Open writes a measure and its members down.
func (t Flags) Open(ctx context.Context, m Measure) error {
	state, until := stateOf(message.ResidentProtection{Provisional: m.Provisional, Until: m.Until})
	if _, err := t.tx.Exec(ctx, `INSERT INTO protection_measure(measure, state, until_day, applied_on, applied_at, applied_by, places, taken_over, trace)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, m.Number, state, until, m.AppliedOn.String(), m.AppliedAt, m.AppliedBy, joined(m.Places), string(m.TakenOver), m.Trace); err != nil {
		return fmt.Errorf("couldn't write a measure down: %w", err)
	}
	for _, who := range m.Members {
		if _, err := t.tx.Exec(ctx, `INSERT INTO protection_member(measure, holder, applicant) VALUES ($1, $2, $3)`, m.Number, who.Holder, who.Applicant); err != nil {
			return fmt.Errorf("couldn't write down whom a measure protects: %w", err)
		}
	}
	return nil
}

// Change writes the state, the term and the places of a measure down.
func (t Flags) Change(ctx context.Context, m Measure) error {
	state, until := stateOf(message.ResidentProtection{Provisional: m.Provisional, Until: m.Until})
	if _, err := t.tx.Exec(ctx, `UPDATE protection_measure SET state = $2, until_day = $3, places = $4 WHERE measure = $1`, m.Number, state, until, joined(m.Places)); err != nil {
		return fmt.Errorf("couldn't change a measure: %w", err)
	}
	return nil
}

func joined(places []resident.MunicipalityCode) string {
	var all []string
	for _, p := range places {
		all = append(all, p.String())
	}
	return strings.Join(all, " ")
}

const measureColumns = `m.measure, m.state, m.until_day, m.applied_on, m.applied_at, m.applied_by, m.places, m.taken_over, m.trace`

func scanMeasure(r *sqlstore.Rows, m *Measure) error {
	var state, until, on, places string
	err := r.Scan(&m.Number, &state, &until, &on, sqlstore.Time(&m.AppliedAt), &m.AppliedBy, &places, &m.TakenOver, &m.Trace)
	if err != nil {
		return err
	}
	m.Provisional = state == "provisional"
	if until != "" {
		if m.Until, err = resident.ParseDate("stored", until); err != nil {
			return err
		}
	}
	for _, p := range strings.Fields(places) {
		code, err := resident.ParseMunicipalityCode("stored", p)
		if err != nil {
			return err
		}
		m.Places = append(m.Places, code)
	}
	m.AppliedOn, err = resident.ParseDate("stored", on)
	return err
}

// Measure reads a measure of ours; false: there is none of this number.
func (t Flags) Measure(ctx context.Context, number string) (Measure, bool, error) {
	return t.measure(ctx, `FROM protection_measure AS m WHERE m.measure = $1`, number)
}

// MeasureOf reads the last measure of ours that protects somebody; false: there is none.
func (t Flags) MeasureOf(ctx context.Context, holder string) (Measure, bool, error) {
	return t.measure(ctx, `FROM protection_measure AS m JOIN protection_member AS w ON w.measure = m.measure WHERE w.holder = $1 ORDER BY m.applied_at DESC, m.measure DESC LIMIT 1`, holder)
}

func (t Flags) measure(ctx context.Context, from, of string) (Measure, bool, error) {
	found, err := sqlstore.List(ctx, t.tx, scanMeasure, `SELECT `+measureColumns+` `+from, of)
	if err != nil || len(found) == 0 {
		if err != nil {
			err = fmt.Errorf("couldn't read a measure: %w", err)
		}
		return Measure{}, false, err
	}
	m := found[0]
	m.Members, err = sqlstore.List(ctx, t.tx, func(r *sqlstore.Rows, w *Member) error { return r.Scan(&w.Holder, &w.Applicant) },
		`SELECT holder, applicant FROM protection_member WHERE measure = $1 ORDER BY applicant DESC, holder`, m.Number)
	if err != nil {
		return m, false, fmt.Errorf("couldn't read whom a measure protects: %w", err)
	}
	return m, true, nil
}
