package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/resident"
)

// Town is what a town (町字) is from a day on.
type Town struct {
	Municipality       resident.MunicipalityCode
	ID                 string // 町字ID
	Version            int64
	From               resident.Date // zero: as long as anybody knows
	Ended              bool
	Oaza, Chome, Koaza string
	Kana               string
	Blocks             bool  // 住居表示
	Change, Rename     int64 // what brought it
	EnteredAt          time.Time
	EnteredBy, Trace   string
}

// Name is how addresses in it go on behind the municipality's name.
func (t Town) Name() string { return t.Oaza + t.Chome + t.Koaza }

// Key is what its name is compared by.
func (t Town) Key() string { key, _ := TownKey(t.Name()); return key }

const townColumns = `municipality, town, version, from_day, ended, oaza, chome, koaza, kana, blocks, name_key, kana_key, change, rename, entered_at, entered_by, trace`

// AddTown writes down what a town is from a day on.
func (tx *Tx) AddTown(t Town) {
	tx.Collect("town", townColumns, t.Municipality.String(), t.ID, t.Version, dayText(t.From), t.Ended, t.Oaza, t.Chome, t.Koaza, t.Kana, t.Blocks, []byte(t.Key()),
		[]byte(KanaKey(t.Kana)), t.Change, t.Rename, t.EnteredAt, t.EnteredBy, t.Trace)
}

func dayText(d resident.Date) string {
	if !d.Valid() {
		return ""
	}
	return d.String()
}

// listTowns reads rows of the master. One that is damaged is passed over, and keeps no notice back.
func (tx *Tx) listTowns(ctx context.Context, query string, args ...any) ([]Town, error) {
	all, err := sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, t *Town) error {
		var damaged *plain.Problem
		err := scanTown(r, t)
		if errors.As(err, &damaged) {
			t.ID, err = "", nil
		}
		return err
	}, query, args...)
	return slices.DeleteFunc(all, func(t Town) bool { return t.ID == "" }), err
}

func scanTown(r *sqlstore.Rows, t *Town) error {
	var municipality, from string
	var name, kana []byte
	if err := r.Scan(&municipality, &t.ID, &t.Version, &from, &t.Ended, &t.Oaza, &t.Chome, &t.Koaza, &t.Kana, &t.Blocks, &name, &kana, &t.Change, &t.Rename,
		sqlstore.Time(&t.EnteredAt), &t.EnteredBy, &t.Trace); err != nil {
		return err
	}
	var p parser
	t.Municipality, t.From = read(&p, municipality, resident.ParseMunicipalityCode), read(&p, from, resident.ParseDate)
	return p.err
}

// KeepsTowns tells whether a municipality keeps a master.
func (tx *Tx) KeepsTowns(ctx context.Context, of resident.MunicipalityCode) (bool, error) {
	if err := tx.Flush(ctx); err != nil {
		return false, err
	}
	var n int64
	err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM (SELECT 1 AS one FROM town WHERE municipality = $1 LIMIT 1) t`, of.String()).Scan(&n)
	return n > 0, err
}

// TownsStamp differs whenever the master of a municipality differs.
func (tx *Tx) TownsStamp(ctx context.Context, of resident.MunicipalityCode) (n int64, err error) {
	err = tx.QueryRow(ctx, `SELECT COUNT(*) FROM town WHERE municipality = $1`, of.String()).Scan(&n)
	return n, err
}

// Towns is the whole master of a municipality, each town's rows together.
func (tx *Tx) Towns(ctx context.Context, of resident.MunicipalityCode) ([]Town, error) {
	if err := tx.Flush(ctx); err != nil {
		return nil, err
	}
	return tx.listTowns(ctx, `SELECT `+townColumns+` FROM town WHERE municipality = $1 ORDER BY town, version`, of.String())
}

// TownsNamed are all rows of the towns that have, had or will have one of some names, given by their keys.
func (tx *Tx) TownsNamed(ctx context.Context, of resident.MunicipalityCode, keys []string) (all []Town, err error) {
	if err := tx.Flush(ctx); err != nil {
		return nil, err
	}
	for part := range slices.Chunk(keys, 100) {
		args := []any{of.String()}
		for _, k := range part {
			args = append(args, []byte(k))
		}
		found, err := tx.listTowns(ctx, `SELECT `+townColumns+` FROM town WHERE municipality = $1
			AND town IN (SELECT n.town FROM town n WHERE n.municipality = $1 AND n.name_key IN (`+tx.Marks(2, len(part))+`)) ORDER BY town, version`, args...)
		if err != nil {
			return nil, fmt.Errorf("couldn't read the towns of an address: %w", err)
		}
		all = append(all, found...)
	}
	return all, nil
}

// TownByID are the rows of one town.
func (tx *Tx) TownByID(ctx context.Context, of resident.MunicipalityCode, id string) ([]Town, error) {
	if err := tx.Flush(ctx); err != nil {
		return nil, err
	}
	return tx.listTowns(ctx, `SELECT `+townColumns+` FROM town WHERE municipality = $1 AND town = $2 ORDER BY version`, of.String(), id)
}

// FindTowns are the ids of the towns whose name or reading begins so, at any time, from the nth on; and how many there are.
func (tx *Tx) FindTowns(ctx context.Context, of resident.MunicipalityCode, begins string, skip, limit int) (ids []string, total int64, err error) {
	where, args := `municipality = $1`, []any{of.String()}
	if begins != "" {
		name, _ := TownKey(begins)
		kana := KanaKey(begins)
		where += ` AND (name_key >= $2 AND name_key < $3 OR kana_key >= $4 AND kana_key < $5)`
		args = append(args, []byte(name), append([]byte(name), 0xFF), []byte(kana), append([]byte(kana), 0xFF))
	}
	if err := tx.QueryRow(ctx, `SELECT COUNT(DISTINCT town) FROM town WHERE `+where, args...).Scan(&total); err != nil {
		return nil, 0, err
	}
	marks := fmt.Sprintf(` LIMIT $%d OFFSET $%d`, len(args)+1, len(args)+2)
	ids, err = sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, id *string) error { return r.Scan(id) },
		`SELECT DISTINCT town FROM town WHERE `+where+` ORDER BY town`+marks, append(args, int64(limit), int64(skip))...)
	return ids, total, err
}

// The states of what is proposed for the master.
const (
	TownProposed  = "proposed"
	TownConfirmed = "confirmed"
	TownDropped   = "dropped"
)

// TownChange is what is proposed for the master.
type TownChange struct {
	ID                                     int64
	Kind                                   string // import, add, end, found
	State                                  string
	File                                   string
	Added, Changed, Same, Rejected, Others int64
	ProposedAt                             time.Time
	ProposedBy                             string
	DecidedAt                              time.Time // zero: not yet
	DecidedBy                              string
	Trace                                  string
}

const townChangeColumns = `id, kind, state, file, added, changed, same, rejected, others, proposed_at, proposed_by, decided_at, decided_by, trace`

// AddTownChange writes a proposal down.
func (tx *Tx) AddTownChange(c TownChange) {
	tx.Collect("town_change", townChangeColumns, c.ID, c.Kind, c.State, c.File, c.Added, c.Changed, c.Same, c.Rejected, c.Others, c.ProposedAt, c.ProposedBy,
		sqlstore.MicrosOrNone(c.DecidedAt), c.DecidedBy, c.Trace)
}

// SetTownChange writes down how it was decided.
func (tx *Tx) SetTownChange(ctx context.Context, c TownChange) error {
	_, err := tx.Exec(ctx, `UPDATE town_change SET state = $2, added = $3, changed = $4, same = $5, rejected = $6, decided_at = $7, decided_by = $8 WHERE id = $1`,
		c.ID, c.State, c.Added, c.Changed, c.Same, c.Rejected, sqlstore.MicrosOrNone(c.DecidedAt), c.DecidedBy)
	return err
}

func scanTownChange(r *sqlstore.Rows, c *TownChange) error {
	var decided int64
	err := r.Scan(&c.ID, &c.Kind, &c.State, &c.File, &c.Added, &c.Changed, &c.Same, &c.Rejected, &c.Others, sqlstore.Time(&c.ProposedAt), &c.ProposedBy, &decided, &c.DecidedBy, &c.Trace)
	c.DecidedAt = sqlstore.FromMicrosOrNone(decided)
	return err
}

// TownChange finds one; false when there is none.
func (tx *Tx) TownChange(ctx context.Context, id int64) (TownChange, bool, error) {
	found, err := sqlstore.List(ctx, tx.Tx, scanTownChange, `SELECT `+townChangeColumns+` FROM town_change WHERE id = $1`, id)
	if err != nil || len(found) == 0 {
		return TownChange{}, false, err
	}
	return found[0], true, nil
}

// OpenTownChanges wait for a second person, the newest first.
func (tx *Tx) OpenTownChanges(ctx context.Context, limit int) ([]TownChange, error) {
	return sqlstore.List(ctx, tx.Tx, scanTownChange, `SELECT `+townChangeColumns+` FROM town_change WHERE state = 'proposed' ORDER BY id DESC LIMIT $1`, int64(limit))
}

// TownChanges are all of them, the newest first, and how many there are.
func (tx *Tx) TownChanges(ctx context.Context, skip, limit int) (all []TownChange, total int64, err error) {
	if err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM town_change`).Scan(&total); err != nil {
		return nil, 0, err
	}
	all, err = sqlstore.List(ctx, tx.Tx, scanTownChange, `SELECT `+townChangeColumns+` FROM town_change ORDER BY id DESC LIMIT $1 OFFSET $2`, int64(limit), int64(skip))
	return all, total, err
}

// The outcomes of a row.
const (
	TownAdded    = "added"
	TownChanged  = "changed"
	TownSame     = "same"
	TownRejected = "rejected"
)

// TownRow is one row of what is proposed.
type TownRow struct {
	Change     int64
	Line       int64
	Town       Town
	Until      resident.Date // from which it is no town; zero: not known
	EndOnly    bool
	Outcome    string
	Raw        string
	WhyJA, Why string
}

const townRowColumns = `change, line, municipality, town, from_day, until_day, ended, oaza, chome, koaza, kana, blocks, outcome, raw, why_ja, why_en`

// AddTownRow writes one down.
func (tx *Tx) AddTownRow(r TownRow) {
	of := ""
	if r.Town.Municipality.Valid() {
		of = r.Town.Municipality.String()
	}
	tx.Collect("town_change_row", townRowColumns, r.Change, r.Line, of, r.Town.ID, dayText(r.Town.From), dayText(r.Until), r.EndOnly, r.Town.Oaza, r.Town.Chome, r.Town.Koaza,
		r.Town.Kana, r.Town.Blocks, r.Outcome, strings.ToValidUTF8(r.Raw, "\uFFFD"), r.WhyJA, r.Why)
}

// SetTownRow writes down what became of one when the proposal was confirmed.
func (tx *Tx) SetTownRow(ctx context.Context, r TownRow) error {
	_, err := tx.Exec(ctx, `UPDATE town_change_row SET outcome = $3, why_ja = $4, why_en = $5 WHERE change = $1 AND line = $2`, r.Change, r.Line, r.Outcome, r.WhyJA, r.Why)
	return err
}

// TownRows are the rows of a proposal with one of some outcomes, by line, from the nth on.
func (tx *Tx) TownRows(ctx context.Context, change int64, outcomes []string, skip, limit int) ([]TownRow, error) {
	args := []any{change}
	for _, o := range outcomes {
		args = append(args, o)
	}
	args = append(args, int64(limit), int64(skip))
	return sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, v *TownRow) error {
		var of, from, until string
		if err := r.Scan(&v.Change, &v.Line, &of, &v.Town.ID, &from, &until, &v.EndOnly, &v.Town.Oaza, &v.Town.Chome, &v.Town.Koaza, &v.Town.Kana, &v.Town.Blocks,
			&v.Outcome, &v.Raw, &v.WhyJA, &v.Why); err != nil {
			return err
		}
		var p parser
		v.Town.Municipality, v.Town.From, v.Until = read(&p, of, resident.ParseMunicipalityCode), read(&p, from, resident.ParseDate), read(&p, until, resident.ParseDate)
		return p.err
	}, `SELECT `+townRowColumns+` FROM town_change_row WHERE change = $1 AND outcome IN (`+tx.Marks(2, len(outcomes))+`) ORDER BY line`+
		fmt.Sprintf(` LIMIT $%d OFFSET $%d`, len(args)-1, len(args)), args...)
}
