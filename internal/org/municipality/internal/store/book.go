package store

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/akashi-id/akashi/internal/booktable"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/received"
	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// Told is what a version of a record tells the prefecture: the change (法30条の5), and what dies by it for each of the
// codes. The messages out and the books both come from here.
//
// A certificate is known elsewhere by the code that its holder had when it was issued. What dies is told for each code that
// the person has had, so that it does not wait for a change of code to be applied.
func (v Version) Told(codes []resident.RecordCode) []message.Booked {
	told := []message.Booked{message.ResidentChange{After: v.Identification(), Before: v.Before}}
	if v.Kills.Nothing() {
		return told
	}
	for _, c := range codes {
		told = append(told, v.invalidation(c))
	}
	return told
}

func (v Version) invalidation(code resident.RecordCode) message.ResidentInvalidation {
	return message.ResidentInvalidation{Code: code, Version: v.Number, Reason: v.Change.Reason, Since: v.Change.Arose, Kills: v.Kills}
}

// keyed reads a key before the columns of a version, and keeps it when those cannot be read.
type keyed struct {
	rows *sqlstore.Rows
	key  *string
}

func (k keyed) Scan(dest ...any) error { return k.rows.Scan(append([]any{k.key}, dest...)...) }

// inForce is a code and the version that the register points at, as the book has them.
type inForce struct{ reconcile.Row }

// Entry is what the row says in the book.
func (r inForce) Entry() reconcile.Row { return r.Row }

// Residents is the book of residents: the records in force.
var Residents = booktable.Table[inForce]{Of: "records in force", Key: "r.code", Where: "r.present = TRUE", Read: readInForce,
	Select: `SELECT r.code, ` + prefixed + ` FROM resident AS r LEFT JOIN record_version AS v ON v.person = r.person AND v.version = r.version`}

func readInForce(r *sqlstore.Rows, row *inForce) error {
	var v Version
	err := scanVersion(keyed{r, &row.Key}, &v)
	if err == nil && v.Present() && v.Record.Code.Reveal() == row.Key {
		row.Value = message.Hash(v.Hash())
	}
	return nil // a row that cannot be read must not keep those behind it from being read
}

// StateUnder is the version that says what is held under a code: the present one of whoever has it, deleted or not, or the
// one by which its holder gave it up; false when the register does not know the code.
func (tx *Tx) StateUnder(ctx context.Context, code resident.RecordCode) (Version, bool, error) {
	holder, found, err := tx.ByCode(ctx, code)
	switch {
	case err != nil || !found:
		return Version{}, false, err
	case !holder.Former:
		return tx.Current(ctx, holder.Person)
	}
	return one(tx.QueryRow(ctx, `SELECT `+versionColumns+` FROM record_version WHERE person = $1 AND old_code = $2
		ORDER BY version DESC LIMIT 1`, int64(holder.Person), code.Reveal()), scanVersion)
}

// ShowResident says what the register holds under a code, without what the person is called.
func (tx *Tx) ShowResident(ctx context.Context, code string) (plain.Sentence, error) {
	found, err := sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, s *received.Shown) error {
		return r.Scan(&s.Version, &s.Reason, &s.Arose, &s.Municipality, &s.Hash, &s.InForce, &s.From, &s.At)
	}, `SELECT v.version, v.reason, v.arose, v.municipality, v.hash, r.present, v.entered_by, v.entered_at
		FROM resident AS r JOIN record_version AS v ON v.person = r.person AND v.version = r.version WHERE r.code = $1`, code)
	if err != nil || len(found) == 0 {
		return received.Nothing, err
	}
	return found[0].Sentence(), nil
}

// killing is a version that killed something, under one of the codes that the person had by then. ok: it could be read.
type killing struct {
	reconcile.Row
	code, person, version string
	enteredAt             int64
	notice                message.ResidentInvalidation
	ok                    bool
}

const killingColumns = `v.person, v.version, v.kills, v.reason, v.arose, v.entered_at`

func scanKilling(r *sqlstore.Rows, k *killing) error {
	var reason, arose string
	var kills int64
	err := r.Scan(&k.code, &k.person, &k.version, &kills, &reason, &arose, &k.enteredAt)
	k.Key = k.code + "/" + k.version
	if err != nil {
		return nil // likewise
	}
	var p parser
	number, err := strconv.ParseUint(k.version, 10, 63)
	v := Version{Number: resident.Version(number), Kills: effectOf(kills),
		Change: resident.ChangeInfo{Reason: read(&p, reason, resident.ParseChangeReason), Arose: read(&p, arose, resident.ParseDate)}}
	k.notice = v.invalidation(read(&p, k.code, resident.ParseRecordCode))
	if k.ok = err == nil && p.err == nil && v.Change.Reason.Valid() && v.Change.Arose.Valid() && !v.Kills.Nothing(); k.ok {
		k.Value = k.notice.Entries()[0].Is
	}
	return nil
}

// Invalidations lists what versions have killed, by person and version, from after a cursor on; limit counts versions, of
// which each has an entry for every code that the person had; next is "" at the end.
func (tx *Tx) Invalidations(ctx context.Context, after string, limit int) (rows []reconcile.Row, next string, err error) {
	person, version, _ := strings.Cut(after, "/")
	p, _ := strconv.ParseInt(person, 10, 64) // "" is before everybody
	n, _ := strconv.ParseInt(version, 10, 64)
	found, err := sqlstore.List(ctx, tx.Tx, scanKilling, `SELECT DISTINCT w.code, `+killingColumns+`
		FROM (SELECT person, version, kills, reason, arose, entered_at FROM record_version WHERE kills <> 0 AND (person, version) > ($1, $2)
			ORDER BY person, version LIMIT $3) AS v
		JOIN record_version AS w ON w.person = v.person AND w.version <= v.version ORDER BY v.person, v.version, w.code`, p, n, int64(limit))
	if err != nil {
		return nil, "", fmt.Errorf("couldn't read the invalidations of a book: %w", err)
	}
	versions := map[string]bool{}
	for _, k := range found {
		rows, next = append(rows, k.Row), k.person+"/"+k.version
		versions[next] = true
	}
	if len(versions) < limit {
		next = ""
	}
	return rows, next, nil
}

// InvalidationsOf is Invalidations for some keys.
func (tx *Tx) InvalidationsOf(ctx context.Context, keys []string) (map[string]message.Hash, error) {
	found, err := tx.killings(ctx, keys)
	held := map[string]message.Hash{}
	for key, k := range found {
		held[key] = k.Value
	}
	return held, err
}

func (tx *Tx) killings(ctx context.Context, keys []string) (map[string]killing, error) {
	wanted, codes := map[string]bool{}, make([]string, 0, len(keys))
	for _, k := range keys {
		code, _, _ := strings.Cut(k, "/")
		wanted[k], codes = true, append(codes, code)
	}
	held := map[string]killing{}
	err := sqlstore.InParts(tx.Tx, 1, codes, func(marks string, part []any) error {
		found, err := sqlstore.List(ctx, tx.Tx, scanKilling, `SELECT h.code, `+killingColumns+`
			FROM (SELECT code, person FROM resident WHERE code IN (`+marks+`) UNION SELECT code, person FROM former_code WHERE code IN (`+tx.Marks(len(part)+1, len(part))+`)) AS h
			JOIN record_version AS v ON v.person = h.person AND v.kills <> 0
			WHERE EXISTS (SELECT 1 FROM record_version AS w WHERE w.person = v.person AND w.version <= v.version AND w.code = h.code)`,
			append(part[:len(part):len(part)], part...)...)
		for _, k := range found {
			if wanted[k.Key] {
				held[k.Key] = k
			}
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("couldn't look invalidations of a book up: %w", err)
	}
	return held, nil
}

// Filed is how many versions of records were entered, and how many invalidations they make.
func (tx *Tx) Filed(ctx context.Context) (versions, killed int64, err error) {
	if err = tx.QueryRow(ctx, `SELECT COUNT(*) FROM record_version`).Scan(&versions); err != nil {
		return 0, 0, err
	}
	err = tx.QueryRow(ctx, `SELECT COUNT(*) FROM (SELECT DISTINCT v.person, v.version, w.code FROM record_version AS v
		JOIN record_version AS w ON w.person = v.person AND w.version <= v.version WHERE v.kills <> 0) AS fact`).Scan(&killed)
	return versions, killed, err
}

// Killing is the invalidation that a key of the book names; false when no version of the register made one.
func (tx *Tx) Killing(ctx context.Context, key string) (message.ResidentInvalidation, bool, error) {
	found, err := tx.killings(ctx, []string{key})
	k := found[key]
	return k.notice, k.ok, err
}

// ShowKilling says what the register holds under a key of the book of invalidations.
func (tx *Tx) ShowKilling(ctx context.Context, key string) (plain.Sentence, error) {
	found, err := tx.killings(ctx, []string{key})
	k := found[key]
	if err != nil || !k.ok {
		return received.Nothing, err
	}
	return received.DescribeInvalidation(k.notice, sqlstore.FromMicros(k.enteredAt).In(resident.JST).Format("2006-01-02 15:04:05")), nil
}
