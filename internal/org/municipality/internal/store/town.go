package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/resident"
)

// The states of a renaming.
const (
	RenameCounting  = "counting"  // who lives there is being counted
	RenameCounted   = "counted"   // a second person is to decide
	RenameConfirmed = "confirmed" // waits for its day, and is then spread
	RenameSpread    = "spread"    // everybody concerned has an item of their own
	RenameDropped   = "dropped"
)

// Rename is the renaming of a town or street.
type Rename struct {
	ID           int64
	Municipality resident.MunicipalityCode
	Old, New     string
	Kana         string // how the new name is read; may be empty
	Day          resident.Date
	Basis        string
	State        string
	Place        Person // the last that was looked at
	Found        int64  // by the count before it was decided
	Given        int64  // on the day
	Changed      int64
	ProposedAt   time.Time
	ProposedBy   string
	DecidedAt    time.Time // zero: not yet
	DecidedBy    string
	Trace        string
}

const renameColumns = `id, municipality, old_name, new_name, day, basis, state, place, found, given, changed,
	proposed_at, proposed_by, decided_at, decided_by, trace, kana`

// AddRename writes a new one down.
func (tx *Tx) AddRename(r Rename) {
	tx.Collect("town_rename", renameColumns, r.ID, r.Municipality.String(), r.Old, r.New, r.Day.String(), r.Basis, r.State, int64(r.Place), r.Found,
		r.Given, r.Changed, r.ProposedAt, r.ProposedBy, sqlstore.MicrosOrNone(r.DecidedAt), r.DecidedBy, r.Trace, r.Kana)
}

// SetRename writes down how one goes on; its count of changed records has a way of its own.
func (tx *Tx) SetRename(ctx context.Context, r Rename) error {
	_, err := tx.Exec(ctx, `UPDATE town_rename SET state = $2, place = $3, found = $4, given = $5, decided_at = $6, decided_by = $7 WHERE id = $1`,
		r.ID, r.State, int64(r.Place), r.Found, r.Given, sqlstore.MicrosOrNone(r.DecidedAt), r.DecidedBy)
	return err
}

// RenamedOne counts a record that has the new name.
func (tx *Tx) RenamedOne(ctx context.Context, id int64) error {
	_, err := tx.Exec(ctx, `UPDATE town_rename SET changed = changed + 1 WHERE id = $1`, id)
	return err
}

// Rename finds one; false when there is none.
func (tx *Tx) Rename(ctx context.Context, id int64) (Rename, bool, error) {
	found, err := sqlstore.List(ctx, tx.Tx, scanRename, `SELECT `+renameColumns+` FROM town_rename WHERE id = $1`, id)
	if err != nil || len(found) == 0 {
		return Rename{}, false, err
	}
	return found[0], true, nil
}

// OpenRenames wait for a decision, for their day, or for their last record: the newest first.
func (tx *Tx) OpenRenames(ctx context.Context, limit int) ([]Rename, error) {
	return sqlstore.List(ctx, tx.Tx, scanReadable, `SELECT `+renameColumns+` FROM town_rename WHERE state IN ('counting', 'counted', 'confirmed') OR state = 'spread' AND changed < given
		ORDER BY id DESC LIMIT $1`, int64(limit))
}

// Renames are all of them, the newest first, and how many there are.
func (tx *Tx) Renames(ctx context.Context, skip, limit int) (all []Rename, total int64, err error) {
	if err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM town_rename`).Scan(&total); err != nil {
		return nil, 0, err
	}
	all, err = sqlstore.List(ctx, tx.Tx, scanReadable, `SELECT `+renameColumns+` FROM town_rename ORDER BY id DESC LIMIT $1 OFFSET $2`, int64(limit), int64(skip))
	return all, total, err
}

// RenamesOf are those that were not dropped by which a town of a municipality lost or got one of some names, the newest first. Every change of
// an address asks them, so that there is no end to how far back they go.
func (tx *Tx) RenamesOf(ctx context.Context, of resident.MunicipalityCode, names []string) (all []Rename, err error) {
	if err := tx.Flush(ctx); err != nil {
		return nil, err
	}
	for part := range slices.Chunk(names, 100) {
		args := []any{of.String(), RenameDropped}
		for _, n := range part {
			args = append(args, n)
		}
		for _, column := range []string{"old_name", "new_name"} {
			found, err := sqlstore.List(ctx, tx.Tx, scanReadable, `SELECT `+renameColumns+` FROM town_rename
				WHERE municipality = $1 AND state <> $2 AND `+column+` IN (`+tx.Marks(3, len(part))+`)`, args...)
			if err != nil {
				return nil, fmt.Errorf("couldn't read the renamings of a town: %w", err)
			}
			all = append(all, found...)
		}
	}
	slices.SortFunc(all, func(a, b Rename) int { return cmp.Compare(b.ID, a.ID) })
	return slices.CompactFunc(all, func(a, b Rename) bool { return a.ID == b.ID }), nil
}

// scanReadable reads a renaming as far as it can be: a damaged one keeps no notice and no page back.
func scanReadable(r *sqlstore.Rows, v *Rename) error {
	var damaged *plain.Problem
	if err := scanRename(r, v); err != nil && !errors.As(err, &damaged) {
		return err
	}
	return nil
}

// Lives is where somebody lives who is present.
type Lives struct {
	Person       Person
	Municipality string
	Address      string
}

// LivesAfter lists where people live, from the one after a person on.
func (tx *Tx) LivesAfter(ctx context.Context, after Person, limit int) ([]Lives, error) {
	return sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, l *Lives) error { return r.Scan(&l.Person, &l.Municipality, &l.Address) },
		`SELECT r.person, v.municipality, v.address FROM resident r JOIN record_version v ON v.person = r.person AND v.version = r.version
		WHERE r.person > $1 AND r.present = TRUE ORDER BY r.person LIMIT $2`, int64(after), int64(limit))
}

func scanRename(r *sqlstore.Rows, v *Rename) error {
	var municipality, day string
	var decided int64
	if err := r.Scan(&v.ID, &municipality, &v.Old, &v.New, &day, &v.Basis, &v.State, &v.Place, &v.Found, &v.Given, &v.Changed,
		sqlstore.Time(&v.ProposedAt), &v.ProposedBy, &decided, &v.DecidedBy, &v.Trace, &v.Kana); err != nil {
		return err
	}
	var p parser
	v.Municipality, v.Day, v.DecidedAt = read(&p, municipality, resident.ParseMunicipalityCode), read(&p, day, resident.ParseDate), sqlstore.FromMicrosOrNone(decided)
	return p.err
}
