package received

import (
	"context"
	"fmt"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// entryRow is a row in force as the book sees it. Its value is zero when somebody changed it behind the program's back so
// that it is no state any more.
type entryRow struct {
	reconcile.Row
	toldBy message.Org
}

// The teller and the key stand first: they are read even when what follows is no longer of its type.
const entryColumns = `told_by, ` + Identification + `, hash`

func scanEntry(r *sqlstore.Rows, e *entryRow) error {
	var v row
	var hash []byte
	err := r.Scan(append(append([]any{&e.toldBy}, v.columns()...), &hash)...)
	e.Key = v.code
	if err != nil {
		return nil // it must not keep the rows behind it from being read
	}
	i, err := v.identification()
	if h := i.StateHash(); err == nil && !i.Deleted() && string(h[:]) == string(hash) {
		e.Value = message.Hash(h)
	}
	return nil
}

// Rows lists the records in force by code, from after a code on: those that one organisation told us of, or all when it
// is "".
func (t States) Rows(ctx context.Context, toldBy message.Org, after string, limit int) (rows []reconcile.Row, next string, err error) {
	found, err := t.entries(ctx, toldBy, after, limit)
	if err != nil {
		return nil, "", fmt.Errorf("couldn't read the records of a book: %w", err)
	}
	for _, e := range found {
		rows = append(rows, e.Row)
	}
	if len(found) == limit {
		next = found[limit-1].Key
	}
	return rows, next, nil
}

func (t States) entries(ctx context.Context, toldBy message.Org, after string, limit int) ([]entryRow, error) {
	if toldBy == "" {
		return sqlstore.List(ctx, t.tx, scanEntry, `SELECT `+entryColumns+` FROM resident WHERE resides AND code > $1 ORDER BY code LIMIT $2`,
			after, int64(limit))
	}
	return sqlstore.List(ctx, t.tx, scanEntry, `SELECT `+entryColumns+` FROM resident WHERE told_by = $1 AND resides AND code > $2
		ORDER BY code LIMIT $3`, string(toldBy), after, int64(limit))
}

// Look is Rows for some codes.
func (t States) Look(ctx context.Context, toldBy message.Org, codes []string) (map[string]message.Hash, error) {
	held := map[string]message.Hash{}
	err := sqlstore.InParts(t.tx, 1, codes, func(marks string, part []any) error {
		found, err := sqlstore.List(ctx, t.tx, scanEntry, `SELECT `+entryColumns+` FROM resident WHERE code IN (`+marks+`) AND resides`, part...)
		for _, e := range found {
			if toldBy == "" || e.toldBy == toldBy {
				held[e.Key] = e.Value
			}
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("couldn't look records of a book up: %w", err)
	}
	return held, nil
}

// Snapshot is the change that carries what is held under a code, deleted or not, or that gave the code up for another one; nil
// when nothing is known of it.
func (t States) Snapshot(ctx context.Context, code string) (message.Payload, error) {
	for _, where := range []string{`code = $1`, `old_code = $1 AND old_code <> ''`} {
		found, err := sqlstore.List(ctx, t.tx, Scan, `SELECT `+Identification+` FROM resident WHERE `+where+` ORDER BY code LIMIT 1`, code)
		if err != nil {
			return nil, fmt.Errorf("couldn't read the state held under a code: %w", err)
		}
		if len(found) > 0 {
			return message.ResidentChange{After: found[0]}, nil
		}
	}
	return nil, nil
}

// Show says what is held under a code, without what the person is called.
func (t States) Show(ctx context.Context, toldBy message.Org, code string) (plain.Sentence, error) {
	found, err := sqlstore.List(ctx, t.tx, scanShown, `SELECT version, reason, arose, municipality, hash, resides, told_by, at FROM resident WHERE code = $1`, code)
	switch {
	case err != nil:
		return plain.Sentence{}, fmt.Errorf("couldn't read what is held under a code: %w", err)
	case len(found) == 0 || toldBy != "" && found[0].From != string(toldBy):
		return Nothing, nil
	}
	return found[0].Sentence(), nil
}

// Nothing says that nothing is held under a key.
var Nothing = plain.Sentence{JA: "何も保有していません。", EN: "Nothing is held."}

// Shown is what a case's page says of a record: its columns as they are stored, whatever they are.
type Shown struct {
	Version                     int64
	Reason, Arose, Municipality string
	Hash                        []byte
	InForce                     bool
	From                        string // who told of it, or entered it
	At                          int64  // microseconds
}

func scanShown(r *sqlstore.Rows, v *Shown) error {
	return r.Scan(&v.Version, &v.Reason, &v.Arose, &v.Municipality, &v.Hash, &v.InForce, &v.From, &v.At)
}

// Sentence tells one state from another and names nobody.
func (v Shown) Sentence() plain.Sentence {
	ja, en := v.Reason, v.Reason
	if reason, err := resident.ParseChangeReason("stored", v.Reason); err == nil {
		ja, en = reason.In(plain.JA), reason.In(plain.EN)
	}
	force := plain.Sentence{JA: "有効", EN: "in force"}
	if !v.InForce {
		force = plain.Sentence{JA: "消除済み", EN: "deleted"}
	}
	at := sqlstore.FromMicros(v.At).In(resident.JST).Format("2006-01-02 15:04:05")
	return plain.Sentence{
		JA: fmt.Sprintf("第%d版（%s、%s、市区町村%s、%s）。ハッシュ%.8x。%sに%sから。", v.Version, ja, v.Arose, v.Municipality, force.JA, v.Hash, at, v.From),
		EN: fmt.Sprintf("Version %d (%s, %s, municipality %s, %s). Hash %.8x. Written down %s, from %s.", v.Version, en, v.Arose, v.Municipality, force.EN, v.Hash, at, v.From),
	}
}

// ResidentsBook is how an organisation holds the book of residents: the copy of those below it, the source towards those
// whom it tells in its turn. in gives its view of a transaction; take makes what is held what a snapshot says.
func ResidentsBook(below func(message.Org) bool, onward message.Org, in func(*sqlstore.Tx) States, take Take) reconcile.Table {
	teller := func(peer message.Org) message.Org {
		if peer == onward {
			return ""
		}
		return peer
	}
	return reconcile.Table{
		Book: message.Residents, Source: func(o message.Org) bool { return o == onward }, Copy: below,
		Scan: func(ctx context.Context, tx *sqlstore.Tx, peer message.Org, cursor string, limit int) ([]reconcile.Row, string, error) {
			return in(tx).Rows(ctx, teller(peer), cursor, limit)
		},
		Look: func(ctx context.Context, tx *sqlstore.Tx, peer message.Org, keys []string) (map[string]message.Hash, error) {
			return in(tx).Look(ctx, teller(peer), keys)
		},
		Show: func(ctx context.Context, tx *sqlstore.Tx, peer message.Org, key string) (plain.Sentence, error) {
			return in(tx).Show(ctx, teller(peer), key)
		},
		Snapshot: func(ctx context.Context, tx *sqlstore.Tx, _ message.Org, key string) (message.Payload, error) {
			return in(tx).Snapshot(ctx, key)
		},
		Take: take,
	}
}
