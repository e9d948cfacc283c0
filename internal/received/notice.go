package received

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// Notices is the table of invalidations that we were told of (失効の通知), in a transaction.
type Notices struct {
	tx     *sqlstore.Tx
	shared Shared
}

// NoticesIn is the table in a transaction.
func NoticesIn(tx *sqlstore.Tx, shared Shared) Notices { return Notices{tx, shared} }

const noticeColumns = `told_by, code, version, signature, authentication, card, reason, since, at`

// Note writes down an invalidation. first: this organisation had not told it. What was told first under a key stays: a
// fact is not taken back.
func (t Notices) Note(ctx context.Context, toldBy message.Org, n message.ResidentInvalidation) (first bool, err error) {
	rows, err := t.tx.Exec(ctx, `INSERT INTO invalidation_notice(`+noticeColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING`,
		string(toldBy), n.Code.Reveal(), int64(n.Version), n.Kills.Signature, n.Kills.Authentication, n.Kills.Card, n.Reason.Code(), n.Since.String(), t.tx.Now())
	if err != nil {
		return false, fmt.Errorf("couldn't write an invalidation down: %w", err)
	}
	if rows == 0 {
		return false, nil
	}
	return true, t.enter(ctx, toldBy, n.Entries()[0].Key)
}

// enter shows in the books what the table holds under a key. The same fact told by two is one for those whom we tell.
func (t Notices) enter(ctx context.Context, toldBy message.Org, key string) error {
	for _, book := range []struct{ peer, teller message.Org }{{toldBy, toldBy}, {t.shared.Onward, ""}} {
		if book.peer == "" {
			continue
		}
		now, err := t.Look(ctx, book.teller, []string{key})
		if err != nil {
			return err
		}
		// What a row says that cannot be read, the self-audit says.
		if value, there := now[key]; !there || value != (message.Hash{}) {
			t.shared.set(t.tx, message.Invalidations, book.peer, key, value)
		}
	}
	return nil
}

// noticeRow is a stored notice; version is text, so that a row that holds something else can be named.
type noticeRow struct {
	reconcile.Row
	code, version string
	at            int64
	notice        message.ResidentInvalidation
	ok            bool
}

const noticeRead = `code, version, reason, since, signature, authentication, card, at`

func scanNotice(r *sqlstore.Rows, v *noticeRow) error {
	var reason, since string
	err := r.Scan(&v.code, &v.version, &reason, &since, &v.notice.Kills.Signature, &v.notice.Kills.Authentication, &v.notice.Kills.Card, &v.at)
	v.Key = v.code + "/" + v.version
	if err != nil {
		return nil // it must not keep the rows behind it from being read
	}
	version, err := strconv.ParseUint(v.version, 10, 63)
	v.notice.Version = resident.Version(version)
	if errors.Join(err, read(&v.notice.Code, v.code, resident.ParseRecordCode), read(&v.notice.Reason, reason, resident.ParseChangeReason),
		read(&v.notice.Since, since, resident.ParseDate)) == nil && v.notice.Reason.Valid() && v.notice.Since.Valid() {
		e := v.notice.Entries()[0]
		v.Row, v.ok = reconcile.Row{Key: e.Key, Value: e.Is}, true
	}
	return nil
}

// Rows lists the notices by code and version, from after a key on: those of one teller, or each fact once when it is "".
func (t Notices) Rows(ctx context.Context, toldBy message.Org, after string, limit int) (rows []reconcile.Row, next string, err error) {
	code, version, _ := strings.Cut(after, "/")
	from, _ := strconv.ParseInt(version, 10, 64)
	query, args := `SELECT `+noticeRead+` FROM invalidation_notice WHERE (code, version) > ($1, $2) ORDER BY code, version, told_by LIMIT $3`, []any{code, from, int64(limit)}
	if toldBy != "" {
		query = `SELECT ` + noticeRead + ` FROM invalidation_notice WHERE told_by = $4 AND (code, version) > ($1, $2) ORDER BY code, version LIMIT $3`
		args = append(args, string(toldBy))
	}
	found, err := sqlstore.List(ctx, t.tx, scanNotice, query, args...)
	if err != nil {
		return nil, "", fmt.Errorf("couldn't read the invalidations of a book: %w", err)
	}
	for i, v := range found {
		if i > 0 && found[i-1].Key == v.Key || v.Key == after {
			continue
		}
		rows = append(rows, v.Row)
	}
	if len(found) == limit {
		next = found[limit-1].code + "/" + found[limit-1].version
	}
	return rows, next, nil
}

// Look is Rows for some keys.
func (t Notices) Look(ctx context.Context, toldBy message.Org, keys []string) (map[string]message.Hash, error) {
	found, err := t.find(ctx, toldBy, keys)
	held := map[string]message.Hash{}
	for key, v := range found {
		held[key] = v.Value
	}
	return held, err
}

func (t Notices) find(ctx context.Context, toldBy message.Org, keys []string) (map[string]noticeRow, error) {
	wanted, codes := map[string]bool{}, make([]string, 0, len(keys))
	for _, k := range keys {
		code, _, _ := strings.Cut(k, "/")
		wanted[k], codes = true, append(codes, code)
	}
	held := map[string]noticeRow{}
	err := sqlstore.InParts(t.tx, 2, codes, func(marks string, part []any) error {
		where, order := `told_by = $1`, `code, version`
		if toldBy == "" {
			where, order = `$1 = ''`, `code, version, told_by`
		}
		found, err := sqlstore.List(ctx, t.tx, scanNotice, `SELECT `+noticeRead+` FROM invalidation_notice WHERE `+where+` AND code IN (`+marks+`) ORDER BY `+order,
			append([]any{string(toldBy)}, part...)...)
		for _, v := range found {
			if _, twice := held[v.Key]; wanted[v.Key] && !twice {
				held[v.Key] = v
			}
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("couldn't look invalidations of a book up: %w", err)
	}
	return held, nil
}

// Count is how many there are: those of one teller, or each fact once when it is "".
func (t Notices) Count(ctx context.Context, toldBy message.Org) (n int64, err error) {
	query, args := `SELECT COUNT(*) FROM (SELECT DISTINCT code, version FROM invalidation_notice) AS fact`, []any(nil)
	if toldBy != "" {
		query, args = `SELECT COUNT(*) FROM invalidation_notice WHERE told_by = $1`, []any{string(toldBy)}
	}
	err = t.tx.QueryRow(ctx, query, args...).Scan(&n)
	return n, err
}

// Snapshot is the notice held under a key; nil for none.
func (t Notices) Snapshot(ctx context.Context, toldBy message.Org, key string) (message.Payload, error) {
	found, err := t.find(ctx, toldBy, []string{key})
	v, there := found[key]
	if err != nil || !there {
		return nil, err
	}
	if !v.ok {
		return nil, plain.Bad("key",
			"この通知の行は、プログラムを通さずに書き換えられていて読めません。送信元にもう一度送るよう頼んでください。",
			"this row was changed behind the program's back and cannot be read: ask whoever told it to send it again")
	}
	return v.notice, nil
}

// Show says what is held under a key.
func (t Notices) Show(ctx context.Context, toldBy message.Org, key string) (plain.Sentence, error) {
	found, err := t.find(ctx, toldBy, []string{key})
	v, there := found[key]
	switch {
	case err != nil:
		return plain.Sentence{}, err
	case !there:
		return Nothing, nil
	case !v.ok:
		return plain.Sentence{JA: "プログラムを通さずに書き換えられた、読めない行です。", EN: "A row that was changed behind the program's back and cannot be read."}, nil
	}
	return DescribeInvalidation(v.notice, sqlstore.FromMicros(v.at).In(resident.JST).Format("2006-01-02 15:04:05")), nil
}

// DescribeInvalidation says what an invalidation kills, and when it was written down.
func DescribeInvalidation(n message.ResidentInvalidation, at string) plain.Sentence {
	var ja, en []string
	for _, k := range []struct {
		dies   bool
		ja, en string
	}{{n.Kills.Signature, "署名用", "signature certificate"}, {n.Kills.Authentication, "利用者証明用", "authentication certificate"}, {n.Kills.Card, "カード", "card"}} {
		if k.dies {
			ja, en = append(ja, k.ja), append(en, k.en)
		}
	}
	return plain.Sentence{
		JA: fmt.Sprintf("第%s版（%s、%s）による失効: %s。%sに記録。", n.Version, n.Reason.In(plain.JA), n.Since, strings.Join(ja, "・"), at),
		EN: fmt.Sprintf("Killed by version %s (%s, %s): %s. Written down %s.", n.Version, n.Reason.In(plain.EN), n.Since, strings.Join(en, ", "), at),
	}
}

// Take makes what is held under a key what the snapshot of its source says: a notice that was missing is noted, one that
// reads otherwise is replaced, and one that the source does not know is put out of force. What leaves the table stays as
// evidence. changed: something was written; replaced: what stood there before is gone.
func (t Notices) Take(ctx context.Context, from message.Org, n message.Snapshot, told *message.ResidentInvalidation) (changed, replaced bool, err error) {
	found, err := t.find(ctx, from, []string{n.Key})
	if err != nil {
		return false, false, err
	}
	held, there := found[n.Key]
	switch {
	case told == nil && !there, told != nil && there && held.Value == told.Entries()[0].Is:
		return false, false, t.enter(ctx, from, n.Key)
	case there:
		if err := t.strikeOut(ctx, from, held, n.Case); err != nil {
			return false, false, err
		}
	}
	if told == nil {
		return true, true, t.enter(ctx, from, n.Key)
	}
	_, err = t.Note(ctx, from, *told)
	return true, there, err
}

func (t Notices) strikeOut(ctx context.Context, from message.Org, held noticeRow, of string) error {
	// The row's own text of the version: a damaged one is not a number.
	const where = ` FROM invalidation_notice WHERE told_by = $1 AND code = $2 AND CAST(version AS TEXT) = $3`
	if _, err := t.tx.Exec(ctx, `INSERT INTO invalidation_notice_struck(id, struck_at, case_ref, `+noticeColumns+`)
		SELECT CAST($4 AS BIGINT), CAST($5 AS BIGINT), CAST($6 AS TEXT), `+noticeColumns+where,
		string(from), held.code, held.version, t.tx.Serial(), t.tx.Now(), of); err != nil {
		return fmt.Errorf("couldn't keep an invalidation as evidence: %w", err)
	}
	if _, err := t.tx.Exec(ctx, `DELETE`+where, string(from), held.code, held.version); err != nil {
		return fmt.Errorf("couldn't put an invalidation out of force: %w", err)
	}
	return nil
}

// InvalidationsBook is ResidentsBook for the book of invalidations. What is missing at the copy protects somebody and is
// sent again without a person.
func InvalidationsBook(below func(message.Org) bool, onward message.Org, in func(*sqlstore.Tx) Notices, take Take) reconcile.Table {
	teller := func(peer message.Org) message.Org {
		if peer == onward {
			return ""
		}
		return peer
	}
	return reconcile.Table{
		Book: message.Invalidations, Source: func(o message.Org) bool { return o == onward }, Copy: below, Safe: true,
		Scan: func(ctx context.Context, tx *sqlstore.Tx, peer message.Org, cursor string, limit int) ([]reconcile.Row, string, error) {
			return in(tx).Rows(ctx, teller(peer), cursor, limit)
		},
		Look: func(ctx context.Context, tx *sqlstore.Tx, peer message.Org, keys []string) (map[string]message.Hash, error) {
			return in(tx).Look(ctx, teller(peer), keys)
		},
		Show: func(ctx context.Context, tx *sqlstore.Tx, peer message.Org, key string) (plain.Sentence, error) {
			return in(tx).Show(ctx, teller(peer), key)
		},
		Snapshot: func(ctx context.Context, tx *sqlstore.Tx, peer message.Org, key string) (message.Payload, error) {
			return in(tx).Snapshot(ctx, teller(peer), key)
		},
		Take: take,
	}
}
