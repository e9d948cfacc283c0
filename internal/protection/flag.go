package protection

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

//go:embed schema/*.sql
var files embed.FS

// Schema is the tables of flags, measures, releases and lists.
var Schema = sqlstore.SchemaIn("protection", files)

// Shared says which books show what is written here.
type Shared struct {
	Books  *reconcile.Books
	Upward message.Org // whom we tell of what municipalities decide; "": nobody
}

// Flags is the table of flags, in a transaction.
type Flags struct {
	tx     *sqlstore.Tx
	shared Shared
}

// In is the table in a transaction. For questions alone Shared may be zero.
func In(tx *sqlstore.Tx, shared Shared) Flags { return Flags{tx, shared} }

// Flag is one version of an owner's flag.
type Flag struct {
	message.ResidentProtection // without its places
	ToldBy                     message.Org
	At                         time.Time
	EndedAt                    time.Time // zero: this version has not ended
}

// Ended tells whether this version has ended. A later one may be in force.
func (f Flag) Ended() bool { return !f.EndedAt.IsZero() }

// End is the end of this version.
func (f Flag) End() message.ResidentProtectionEnd {
	return message.ResidentProtectionEnd{Code: f.Code, Owner: f.Owner, Version: f.Version}
}

const flagColumns = `code, owner, version, measure, state, until_day, told_by, at, ended_at`

// scanFlag reads a row, or says that it cannot be read: for a gate that is a refusal.
func scanFlag(r *sqlstore.Rows, f *Flag) error {
	v := flagRow{}
	if err := v.scan(r); err != nil {
		return err
	}
	if !v.ok {
		return errDamaged
	}
	*f = v.Flag
	return nil
}

var errDamaged = errors.New("a stored flag of protection can't be read")

// flagRow is a row whatever stands in it: columns as texts, so that one that cannot be read can be named.
type flagRow struct {
	Flag
	code, owner, version string
	ok                   bool
}

func (v *flagRow) scan(r *sqlstore.Rows) error {
	var measure, state, until, toldBy, at, ended string
	if err := r.Scan(&v.code, &v.owner, &v.version, &measure, &state, &until, &toldBy, &at, &ended); err != nil {
		return err
	}
	f := Flag{ToldBy: message.Org(toldBy)}
	number, err := strconv.ParseUint(v.version, 10, 63)
	atMicros, atErr := strconv.ParseInt(at, 10, 64)
	endedMicros, endedErr := strconv.ParseInt(ended, 10, 64)
	code, codeErr := resident.ParseRecordCode("stored", v.code)
	f.ResidentProtection = message.ResidentProtection{Code: code, Owner: message.Org(v.owner), Version: resident.Version(number), Measure: measure, Provisional: state == "provisional"}
	var untilErr error
	if until != "" {
		f.Until, untilErr = resident.ParseDate("stored", until)
	}
	if endedMicros != 0 {
		f.EndedAt = sqlstore.FromMicros(endedMicros)
	}
	f.At = sqlstore.FromMicros(atMicros)
	known := state == "provisional" || state == "in-force"
	v.Flag, v.ok = f, errors.Join(err, atErr, endedErr, codeErr, untilErr) == nil && known && message.Readable(f.ResidentProtection) == nil
	return nil
}

func stateOf(n message.ResidentProtection) (state, until string) {
	if n.Provisional {
		return "provisional", ""
	}
	return "in-force", n.Until.String()
}

// of reads the flags of a code, every version, by owner and version.
func (t Flags) of(ctx context.Context, code resident.RecordCode) ([]Flag, error) {
	all, err := sqlstore.List(ctx, t.tx, scanFlag, `SELECT `+flagColumns+` FROM protection_flag WHERE code = $1 ORDER BY owner, version`, code.Reveal())
	if err != nil {
		return nil, fmt.Errorf("couldn't read whether somebody is protected: %w", err)
	}
	return all, nil
}

// last are the last versions of a list that is in the order of owner and version.
func last(all []Flag) (each []Flag) {
	for i, f := range all {
		if i+1 == len(all) || all[i+1].Owner != f.Owner {
			each = append(each, f)
		}
	}
	return each
}

// Last is the last version of an owner's flag; false: the owner never set one.
func (t Flags) Last(ctx context.Context, owner message.Org, code resident.RecordCode) (Flag, bool, error) {
	all, err := t.of(ctx, code)
	if err != nil {
		return Flag{}, false, err
	}
	for _, f := range last(all) {
		if f.Owner == owner {
			return f, true, nil
		}
	}
	return Flag{}, false, nil
}

// Every lists all versions of all owners' flags of a code.
func (t Flags) Every(ctx context.Context, code resident.RecordCode) ([]Flag, error) {
	return t.of(ctx, code)
}

// Decide sets the next version of our own flag, and gives the message that tells of it.
func (t Flags) Decide(ctx context.Context, n message.ResidentProtection) (message.ResidentProtection, error) {
	before, found, err := t.Last(ctx, n.Owner, n.Code)
	if err != nil {
		return n, err
	}
	if n.Version = 1; found {
		n.Version = before.Version + 1
	}
	_, err = t.Note(ctx, "", n)
	return n, err
}

// Note writes a version down that somebody told; toldBy "" for our own. first: it was not known. What was told first stays: a fact is
// not taken back.
func (t Flags) Note(ctx context.Context, toldBy message.Org, n message.ResidentProtection) (first bool, err error) {
	state, until := stateOf(n)
	rows, err := t.tx.Exec(ctx, `INSERT INTO protection_flag(`+flagColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0) ON CONFLICT DO NOTHING`,
		n.Code.Reveal(), string(n.Owner), int64(n.Version), n.Measure, state, until, string(toldBy), t.tx.Now())
	if err != nil {
		return false, fmt.Errorf("couldn't write a flag of protection down: %w", err)
	}
	if rows == 0 {
		return false, nil
	}
	return true, t.enter(ctx, n.Code, n.Owner, n.Version)
}

// errUnset puts the end of a version off that is not known here. The comparison of the books brings what is missing.
var errUnset = exchange.Later("protection-not-known",
	"終わりを知らせた支援措置の版が、まだ届いていません。届いてから適用します。",
	"the version of the protection that this ends has not come yet: it is applied when it has")

// Close ends the version of a flag that the end names, and no other. ended: it had not ended before. overtaken: a later version
// is there, and goes on as it is. It is refused for now when the version is not known here.
func (t Flags) Close(ctx context.Context, n message.ResidentProtectionEnd) (ended, overtaken bool, err error) {
	all, err := t.of(ctx, n.Code)
	if err != nil {
		return false, false, err
	}
	known := false
	for _, f := range all {
		if f.Owner == n.Owner {
			known = known || f.Version == n.Version
			overtaken = overtaken || f.Version > n.Version
		}
	}
	if !known {
		return false, overtaken, errUnset
	}
	rows, err := t.tx.Exec(ctx, `UPDATE protection_flag SET ended_at = $4 WHERE code = $1 AND owner = $2 AND version = $3 AND ended_at = 0`,
		n.Code.Reveal(), string(n.Owner), int64(n.Version), t.tx.Now())
	if err != nil {
		return false, overtaken, fmt.Errorf("couldn't end a flag of protection: %w", err)
	}
	if rows == 0 {
		return false, overtaken, nil
	}
	return true, overtaken, t.enter(ctx, n.Code, n.Owner, n.Version)
}

// ErrChanged is that a flag is not any more what was to be ended.
var ErrChanged = plain.Bad("version",
	"一覧を作った後に、この支援措置は変わっています（再設定・延長など）。終了しませんでした。今の措置を確かめてください。",
	"This protection has changed since the list was made (set again, or renewed). It was not ended: look at it as it is now.")

// EndExactly ends our own flag if its last version is the one given and has not ended (compare and set). Else ErrChanged, and nothing is done.
func (t Flags) EndExactly(ctx context.Context, n message.ResidentProtectionEnd) error {
	now, found, err := t.Last(ctx, n.Owner, n.Code)
	if err != nil {
		return err
	}
	if !found || now.Version != n.Version || now.Ended() {
		return ErrChanged
	}
	_, _, err = t.Close(ctx, n)
	return err
}

// Ending says for the audit log what an end has done.
func Ending(n message.ResidentProtectionEnd, ended, overtaken bool) string {
	what := "ended"
	switch {
	case overtaken:
		what = "ended; a later version goes on"
	case !ended:
		what = "had ended before"
	}
	return fmt.Sprintf("version %s of %s %s", n.Version, n.Owner, what)
}
