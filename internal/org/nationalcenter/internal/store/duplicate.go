package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/resident"
)

// Indexed is a resident in force as the duplicate check reads the row: text, whatever it says.
type Indexed struct {
	Code, Number, Municipality string

	Twin        Other  // has the same name but for blanks and variants of characters, date of birth and sex, under a smaller code
	NumberTwin  Other  // has the same individual number, under a smaller code
	Given       string // the individual number that this code was given, when it is another one
	GivenTo     bool   // the number was given to another code
	Retired     bool   // the code was changed for another one
	SameAddress bool   // as the twin
}

// Other is another row.
type Other struct{ Code, Municipality string }

// IndexedAfter lists residents in force by code, from after a code on, with what speaks against each.
func (tx *Tx) IndexedAfter(ctx context.Context, after string, limit int) ([]Indexed, error) {
	return tx.indexed(ctx, `resides AND code > $1 ORDER BY code LIMIT $2`, after, int64(limit))
}

// IndexedOf is one of them; false when nobody is in force under the code. beginning: no more than that is known of the code.
func (tx *Tx) IndexedOf(ctx context.Context, code string, beginning bool) (Indexed, bool, error) {
	all, err := tx.indexed(ctx, `resides AND code >= $1 ORDER BY code LIMIT 1`, code)
	if err != nil || len(all) == 0 || all[0].Code != code && !(beginning && strings.HasPrefix(all[0].Code, code)) {
		return Indexed{}, false, err
	}
	return all[0], true, nil
}

func (tx *Tx) indexed(ctx context.Context, where string, args ...any) ([]Indexed, error) {
	all, err := sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, i *Indexed) error { return r.Scan(&i.Code, &i.Number, &i.Municipality) },
		`SELECT code, number, municipality FROM resident WHERE `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("couldn't read residents for the duplicate check: %w", err)
	}
	at, codes := map[string]*Indexed{}, make([]string, len(all))
	for n := range all {
		at[all[n].Code], codes[n] = &all[n], all[n].Code
	}
	err = sqlstore.InParts(tx.Tx, 1, codes, func(marks string, part []any) error {
		for _, q := range []struct {
			text string
			note func(*Indexed, pair)
		}{
			{`SELECT r.code, o.code, o.municipality, CASE WHEN o.address = r.address THEN 1 ELSE 0 END FROM resident AS r
				JOIN resident AS o ON o.code = (SELECT MIN(x.code) FROM resident AS x WHERE x.birth = r.birth AND x.name_key = r.name_key AND x.name_key <> '' AND x.sex = r.sex AND x.resides)
				WHERE r.resides AND o.code < r.code AND r.code IN (` + marks + `)`, func(i *Indexed, p pair) { i.Twin, i.SameAddress = p.other, p.same }},
			{`SELECT r.code, o.code, o.municipality, 0 FROM resident AS r
				JOIN resident AS o ON o.code = (SELECT MIN(x.code) FROM resident AS x WHERE x.number = r.number AND x.number <> '' AND x.resides)
				WHERE r.resides AND r.number <> '' AND o.code < r.code AND r.code IN (` + marks + `)`, func(i *Indexed, p pair) { i.NumberTwin = p.other }},
			{`SELECT r.code, n.number, '', 0 FROM resident AS r JOIN individual_number AS n ON n.code = r.code AND n.ended_at = 0 AND n.number <> r.number
				WHERE r.number <> '' AND r.code IN (` + marks + `)`, func(i *Indexed, p pair) { i.Given = p.other.Code }},
			{`SELECT r.code, n.code, '', 0 FROM resident AS r JOIN individual_number AS n ON n.number = r.number AND n.code <> r.code
				WHERE r.number <> '' AND r.code IN (` + marks + `)`, func(i *Indexed, _ pair) { i.GivenTo = true }},
			{`SELECT code, successor, '', 0 FROM code WHERE successor <> '' AND code IN (` + marks + `)`, func(i *Indexed, _ pair) { i.Retired = true }},
		} {
			found, err := sqlstore.List(ctx, tx.Tx, scanPair, q.text, part...) // at most one row for each
			if err != nil {
				return fmt.Errorf("couldn't compare residents: %w", err)
			}
			for _, p := range found {
				if i := at[p.code]; i != nil {
					q.note(i, p)
				}
			}
		}
		return nil
	})
	return all, err
}

type pair struct {
	code  string
	other Other
	same  bool
}

func scanPair(r *sqlstore.Rows, p *pair) error {
	var same int64
	err := r.Scan(&p.code, &p.other.Code, &p.other.Municipality, &same)
	p.same = same == 1
	return err
}

// Word is what an operator proposed about a finding.
type Word struct {
	By  string
	At  time.Time
	Why string
}

// WordOn is what is proposed about a finding; false for nothing.
func (tx *Tx) WordOn(ctx context.Context, item, rule string, found time.Time) (w Word, there bool, err error) {
	err = tx.QueryRow(ctx, `SELECT proposed_by, proposed_at, why FROM duplicate_word WHERE item = $1 AND rule = $2 AND found_at = $3`, item, rule, found).
		Scan(&w.By, sqlstore.Time(&w.At), &w.Why)
	if errors.Is(err, sql.ErrNoRows) {
		return Word{}, false, nil
	}
	return w, err == nil, err
}

// PutWord writes a proposal down, in the place of an earlier one.
func (tx *Tx) PutWord(ctx context.Context, item, rule string, found time.Time, by, why string) error {
	_, err := tx.Exec(ctx, `INSERT INTO duplicate_word(item, rule, found_at, proposed_by, proposed_at, why) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT(item, rule, found_at) DO UPDATE SET proposed_by = excluded.proposed_by, proposed_at = excluded.proposed_at, why = excluded.why`,
		item, rule, found, by, tx.Now(), why)
	if err != nil {
		return fmt.Errorf("couldn't write a proposal down: %w", err)
	}
	return nil
}

// Alike are the states of two people, for whoever may look at them.
func (tx *Tx) Alike(ctx context.Context, codes ...string) (all []resident.IdentificationInfo, err error) {
	for _, text := range codes {
		code, err := resident.ParseRecordCode("code", text)
		if err != nil {
			continue // it is no code, which is what was found
		}
		i, there, err := tx.State(ctx, code)
		if err != nil {
			return nil, err
		}
		if there {
			all = append(all, i)
		}
	}
	return all, nil
}
