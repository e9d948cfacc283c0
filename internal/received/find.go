package received

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/akashi-id/akashi/internal/match"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/resident"
)

// Candidate is somebody whom a search may have meant, and how far what was asked agrees. It is never an answer to the question who
// somebody is.
type Candidate struct {
	resident.IdentificationInfo
	match.Result
}

// Found is what a search found, the closest first.
type Found struct {
	Candidates []Candidate
	More       bool // there are, or may be, others
	Unreadable int  // rows that somebody changed so that they are no state any more: the self-audit names them
}

// How many rows of one name, and of one birthday, a search goes through. A birthday alone is asked for with an address: of a
// country of 125 million, some 3,400 have the same.
const (
	mostNamed = 500
	mostBorn  = 5000
	mostKeys  = 64 // names that a name may be written as; their questions are of one statement
)

// Find lists at most limit candidates for the attributes that are asked for, of which the name or the date of birth is one. Those
// agree in two or more of name, date of birth and address. It is found whoever has the name, whatever is known of the birth, and
// whoever has the birthday exactly as it is asked for.
//
// Of somebody who is withheld (支援措置) no address is compared: else one that was guessed would bring them among those who are listed, in the
// place of another, and that would tell. A nil withheld withholds nobody.
func (t States) Find(ctx context.Context, asked resident.BasicFour, limit int, withheld func(resident.RecordCode) (bool, error)) (f Found, err error) {
	seen := map[resident.RecordCode]bool{}
	for _, q := range questionsOf(asked) {
		rows, err := sqlstore.List(ctx, t.tx, scanReadable, fmt.Sprintf(`SELECT `+Identification+` FROM resident WHERE `+q.where+` ORDER BY birth, code LIMIT %d`, q.most), q.args...)
		if err != nil {
			return f, fmt.Errorf("couldn't look for candidates: %w", err)
		}
		f.More = f.More || len(rows) == q.most
		for _, r := range rows {
			if !r.ok {
				f.Unreadable++
				continue
			}
			if seen[r.Code] {
				continue
			}
			seen[r.Code] = true
			result := match.Compare(asked, r.IdentificationInfo)
			if !result.Likely() {
				continue
			}
			if withheld != nil && asked.Address.Valid() {
				if hidden, err := withheld(r.Code); err != nil {
					return f, err
				} else if hidden {
					without := asked
					without.Address = resident.Address{}
					if result = match.Compare(without, r.IdentificationInfo); !result.Likely() {
						continue
					}
				}
			}
			f.Candidates = append(f.Candidates, Candidate{r.IdentificationInfo, result})
		}
	}
	slices.SortFunc(f.Candidates, func(a, b Candidate) int {
		return cmp.Or(b.Score()-a.Score(), cmp.Compare(a.Code.Reveal(), b.Code.Reveal()))
	})
	if len(f.Candidates) > limit {
		f.Candidates, f.More = f.Candidates[:limit], true
	}
	return f, nil
}

// question asks for rows, at most so many.
type question struct {
	where string
	most  int
	args  []any
}

// questionsOf are the questions that find whoever may agree.
func questionsOf(asked resident.BasicFour) (all []question) {
	if exact := bothAgree(asked); exact != nil {
		return exact
	}
	born := mostBorn
	if asked.Name.Valid() {
		born = mostNamed
		key := match.Key(asked.Name.Reveal())
		if asked.Birth.Valid() {
			// First, so that neither of the bounds below can hide them.
			all = append(all, question{`name_key = $1 AND birth = $2`, mostNamed, []any{key, asked.Birth.String()}})
		}
		all = append(all, question{`name_key = $1`, mostNamed, []any{key}},
			question{`common_key = $1 AND common_key <> ''`, mostNamed, []any{key}})
	}
	if asked.Birth.Valid() {
		all = append(all, question{`birth = $1`, born, []any{asked.Birth.String()}})
	}
	return all
}

// bothAgree are the questions for a name and a whole date of birth without an address, so that both must agree: of a million, some
// hundred have the name or the birthday and one or two have both. Reading all those grows with the country, and of more than the
// bounds allow somebody was hidden. Nil: not of that kind, or of too many names.
func bothAgree(asked resident.BasicFour) []question {
	day, whole := asked.Birth.Whole()
	if !asked.Name.Valid() || !whole || asked.Address.Valid() {
		return nil
	}
	keys, ok := match.Keys(asked.Name.Reveal(), mostKeys)
	if !ok {
		return nil
	}
	// Dates of which a part is unknown agree in the rest (match.Compare).
	y, m, d := day.Year(), int(day.Month()), day.Day()
	var args []any
	list := func(texts []string) string {
		marks := make([]string, len(texts))
		for i, t := range texts {
			args = append(args, t)
			marks[i] = fmt.Sprintf("$%d", len(args))
		}
		return strings.Join(marks, ", ")
	}
	named := list(keys)
	born := list([]string{fmt.Sprintf("%04d-%02d-%02d", y, m, d), fmt.Sprintf("%04d-%02d-00", y, m), fmt.Sprintf("%04d-00-%02d", y, d), fmt.Sprintf("%04d-00-00", y)})
	return []question{{`name_key IN (` + named + `) AND birth IN (` + born + `)`, mostNamed, args},
		{`common_key IN (` + named + `) AND common_key <> '' AND birth IN (` + born + `)`, mostNamed, args}}
}

// readable is a row that may be damaged: one that cannot be read keeps nobody else from being found.
type readable struct {
	resident.IdentificationInfo
	ok bool
}

func scanReadable(r *sqlstore.Rows, one *readable) error {
	var v row
	if err := r.Scan(v.columns()...); err != nil {
		return err
	}
	i, err := v.identification()
	one.IdentificationInfo, one.ok = i, err == nil && i.Code.Valid()
	return nil
}

// keyOf is the key of a stored name. A damaged row's that has none gets a mark, so that it is not asked for again and again.
func keyOf(name string) string { return cmp.Or(match.Key(name), "?") }

// fillKeys makes the keys of up to limit rows that were there before keys were kept, or whose keys a migration has emptied. It reports
// how many they were.
func (t States) fillKeys(ctx context.Context, limit int) (int, error) {
	type named struct{ code, name, common string }
	rows, err := sqlstore.List(ctx, t.tx, func(r *sqlstore.Rows, n *named) error { return r.Scan(&n.code, &n.name, &n.common) },
		`SELECT code, name, common_name FROM resident WHERE name_key = '' LIMIT $1`, limit)
	if err != nil {
		return 0, fmt.Errorf("couldn't look for names without a key: %w", err)
	}
	for _, n := range rows {
		if _, err := t.tx.Exec(ctx, `UPDATE resident SET name_key = $1, common_key = $2 WHERE code = $3`, keyOf(n.name), match.Key(n.common), n.code); err != nil {
			return 0, fmt.Errorf("couldn't write the key of a name: %w", err)
		}
	}
	return len(rows), nil
}

// Known finds whoever has a code, and compares what else is asked for with that record.
func (t States) Known(ctx context.Context, code resident.RecordCode, asked resident.BasicFour) (f Found, err error) {
	rows, err := sqlstore.List(ctx, t.tx, scanReadable, `SELECT `+Identification+` FROM resident WHERE code = $1`, code.Reveal())
	if err != nil {
		return f, fmt.Errorf("couldn't look for a code: %w", err)
	}
	for _, r := range rows {
		if !r.ok {
			f.Unreadable++
			continue
		}
		f.Candidates = append(f.Candidates, Candidate{r.IdentificationInfo, match.Compare(asked, r.IdentificationInfo)})
	}
	return f, nil
}

// FillKeys makes the keys of all rows that have none, at a start after an older program. A transaction stays short.
func FillKeys(ctx context.Context, store *sqlstore.Store, in func(*sqlstore.Tx) States) error {
	const atOnce = 1000
	for n := atOnce; n == atOnce; {
		if err := store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
			n, err = in(tx).fillKeys(ctx, atOnce)
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}
