package store

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"unicode"

	"github.com/akashi-id/akashi/internal/match"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/resident"
)

// nameKey is what a name is found by: without blanks, variation selectors and the width and case of letters, and with each character
// replaced by the one that stands for its variants, because a clerk who types 高吉 looks for 髙𠮷 too. It is never shown and never compared as
// an identity.
func nameKey(name string) []byte { return []byte(match.Key(name)) }

// searchKey is what a reading and a town are found by: itself without blanks and without variation selectors.
func searchKey(s string) []byte {
	return []byte(strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r), 0xFE00 <= r && r <= 0xFE0F, 0xE0100 <= r && r <= 0xE01EF:
			return -1
		}
		return r
	}, s))
}

// SameName tells whether two names are found by one another: they differ in blanks and shapes at most. It is no identity.
func SameName(a, b resident.Name) bool {
	return bytes.Equal(searchKey(a.Reveal()), searchKey(b.Reveal()))
}

// Query says who is looked for. Empty parts do not restrict; at least one must be given. Name and Kana are beginnings.
type Query struct {
	Name, Kana string
	Birth      resident.PartialDate
}

// Search finds people, those who have left among them, at most limit, by name.
func (tx *Tx) Search(ctx context.Context, q Query, limit int) ([]Version, error) {
	var where []string
	var args []any
	prefix := func(column string, key []byte) {
		if len(key) > 0 {
			// 0xFF is no byte of UTF-8: everything that begins with the key lies below it.
			args = append(args, key, append(append([]byte(nil), key...), 0xFF))
			where = append(where, fmt.Sprintf("r.%s >= $%d AND r.%s < $%d", column, len(args)-1, column, len(args)))
		}
	}
	prefix("name_key", nameKey(q.Name))
	prefix("kana_key", searchKey(q.Kana))
	if q.Birth.Valid() {
		args = append(args, q.Birth.String())
		where = append(where, fmt.Sprintf("r.birth = $%d", len(args)))
	}
	if len(where) == 0 {
		return nil, nil
	}
	args = append(args, int64(limit))
	return sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, v *Version) error { return scanPresent(r, v) },
		presentStates+`WHERE `+strings.Join(where, " AND ")+fmt.Sprintf(` ORDER BY r.name_key, r.birth, r.person LIMIT $%d`, len(args)), args...)
}

// FillNameKeys makes the keys of at most limit names whose keys a migration has emptied, and reports how many they were. A damaged row that
// has no name gets a mark, so that it is not met again.
func (tx *Tx) FillNameKeys(ctx context.Context, limit int) (int, error) {
	type named struct {
		person int64
		name   string
	}
	rows, err := sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, n *named) error { return r.Scan(&n.person, &n.name) },
		`SELECT r.person, COALESCE(v.name, '') FROM resident r LEFT JOIN record_version v ON v.person = r.person AND v.version = r.version
		WHERE r.name_key = $1 LIMIT $2`, []byte{}, int64(limit))
	if err != nil {
		return 0, fmt.Errorf("couldn't look for names without a key: %w", err)
	}
	for _, n := range rows {
		key := nameKey(n.name)
		if len(key) == 0 {
			key = []byte("?")
		}
		if _, err := tx.Exec(ctx, `UPDATE resident SET name_key = $1 WHERE person = $2`, key, n.person); err != nil {
			return 0, fmt.Errorf("couldn't write the key of a name: %w", err)
		}
	}
	return len(rows), nil
}

// Population is how many people are present.
func (tx *Tx) Population(ctx context.Context) (n int64, err error) {
	err = tx.QueryRow(ctx, `SELECT COUNT(*) FROM resident WHERE present = TRUE`).Scan(&n)
	return n, err
}

// Tally is how many changes of one reason were entered.
type Tally struct {
	Reason string
	Basis  string
	Count  int64
}

// EnteredSince counts the changes that were entered since a moment, in microseconds, by reason and legal ground.
func (tx *Tx) EnteredSince(ctx context.Context, since int64) ([]Tally, error) {
	return sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, t *Tally) error { return r.Scan(&t.Reason, &t.Basis, &t.Count) },
		`SELECT reason, basis, COUNT(*) FROM record_version WHERE entered_at >= $1 GROUP BY reason, basis ORDER BY reason, basis`, since)
}
