package protection

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// bookFrom is the book in which we hold the copy of what a peer tells.
func bookFrom(teller message.Org) message.Book {
	if teller.Role() == message.NationalCenter {
		return message.ProtectionsElsewhere
	}
	return message.Protections
}

// rows are the entries of a row in a book: its version, and its end when it has ended. A row that cannot be read has no value.
func (v flagRow) rows(book message.Book) []reconcile.Row {
	key := v.code + "/" + v.owner + "/" + v.version
	if !v.ok {
		return []reconcile.Row{{Key: key}}
	}
	all := []reconcile.Row{entryIn(book, v.ResidentProtection)}
	if v.Ended() {
		all = append(all, entryIn(book, v.End()))
	}
	return all
}

func entryIn(book message.Book, told message.Booked) reconcile.Row {
	for _, e := range told.Entries() {
		if e.Book == book {
			return reconcile.Row{Key: e.Key, Value: e.Is}
		}
	}
	return reconcile.Row{}
}

// enter shows in the books what the table holds of a version.
func (t Flags) enter(ctx context.Context, code resident.RecordCode, owner message.Org, version resident.Version) error {
	if t.shared.Books == nil {
		return nil
	}
	v, found, err := t.row(ctx, code.Reveal(), string(owner), version.String())
	if err != nil || !found || !v.ok {
		return err // what a row says that cannot be read, the self-audit says
	}
	return t.show(ctx, v, func(r reconcile.Row) message.Hash { return r.Value })
}

// show puts the entries of a row into every book that it belongs to.
func (t Flags) show(ctx context.Context, v flagRow, value func(reconcile.Row) message.Hash) error {
	put := func(book message.Book, peer message.Org) {
		for _, r := range v.rows(book) {
			t.shared.Books.Set(t.tx, book, peer, r.Key, value(r))
		}
	}
	if v.ToldBy != "" {
		put(bookFrom(v.ToldBy), v.ToldBy)
	}
	if t.shared.Upward != "" && v.ToldBy.Role() != message.NationalCenter {
		put(message.Protections, t.shared.Upward)
	}
	peers, err := t.reached(ctx, v.code, v.owner)
	for _, peer := range peers {
		put(message.ProtectionsElsewhere, peer)
	}
	return err
}

func scanRow(r *sqlstore.Rows, v *flagRow) error { return v.scan(r) }

func (t Flags) row(ctx context.Context, code, owner, version string) (v flagRow, found bool, err error) {
	all, err := sqlstore.List(ctx, t.tx, scanRow, `SELECT `+flagColumns+` FROM protection_flag WHERE code = $1 AND owner = $2 AND CAST(version AS TEXT) = $3`, code, owner, version)
	if err != nil {
		return v, false, fmt.Errorf("couldn't read a flag of protection: %w", err)
	}
	if len(all) == 0 {
		return v, false, nil
	}
	return all[0], true, nil
}

// which are the rows of a book with a peer: of a copy those that the peer told, of a source those that we tell it. $1 is the peer.
func (t Flags) which(book message.Book, peer message.Org) string {
	switch {
	case book == message.Protections && peer == t.shared.Upward:
		return `told_by <> 'nationalcenter' AND $1 <> ''`
	case book == message.ProtectionsElsewhere && peer.Role() != message.NationalCenter:
		return `EXISTS (SELECT 1 FROM protection_reach AS h WHERE h.peer = $1 AND h.code = protection_flag.code AND h.owner = protection_flag.owner)`
	}
	return `told_by = $1`
}

// Rows lists a page of a book, by code, owner and version; limit counts versions.
func (t Flags) Rows(ctx context.Context, book message.Book, peer message.Org, after string, limit int) (rows []reconcile.Row, next string, err error) {
	code, owner, version := parts(after)
	number, _ := strconv.ParseInt(version, 10, 64)
	found, err := sqlstore.List(ctx, t.tx, scanRow, `SELECT `+flagColumns+` FROM protection_flag WHERE `+t.which(book, peer)+` AND (code, owner, version) > ($2, $3, $4)
		ORDER BY code, owner, version LIMIT $5`, string(peer), code, owner, number, int64(limit))
	if err != nil {
		return nil, "", fmt.Errorf("couldn't read the flags of a book: %w", err)
	}
	for _, v := range found {
		rows = append(rows, v.rows(book)...)
	}
	if len(found) == limit {
		v := found[limit-1]
		next = v.code + "/" + v.owner + "/" + v.version
	}
	return rows, next, nil
}

// parts are what a key of the books names.
func parts(key string) (code, owner, version string) {
	code, rest, _ := strings.Cut(key, "/")
	owner, version, _ = strings.Cut(rest, "/")
	return code, owner, strings.TrimSuffix(version, "/end")
}

// Look is Rows for some keys.
func (t Flags) Look(ctx context.Context, book message.Book, peer message.Org, keys []string) (map[string]message.Hash, error) {
	codes := make([]string, 0, len(keys))
	for _, k := range keys {
		code, _, _ := parts(k)
		codes = append(codes, code)
	}
	slices.Sort(codes)
	held := map[string]message.Hash{}
	err := sqlstore.InParts(t.tx, 2, slices.Compact(codes), func(marks string, part []any) error {
		found, err := sqlstore.List(ctx, t.tx, scanRow, `SELECT `+flagColumns+` FROM protection_flag WHERE `+t.which(book, peer)+` AND code IN (`+marks+`)`,
			append([]any{string(peer)}, part...)...)
		for _, v := range found {
			for _, r := range v.rows(book) {
				if slices.Contains(keys, r.Key) {
					held[r.Key] = r.Value
				}
			}
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("couldn't look flags of a book up: %w", err)
	}
	return held, nil
}

// Show says what is held under a key, and names nobody.
func (t Flags) Show(ctx context.Context, key string) (plain.Sentence, error) {
	code, owner, version := parts(key)
	v, found, err := t.row(ctx, code, owner, version)
	nothing := plain.Sentence{JA: "何も保有していません。", EN: "Nothing is held."}
	if err != nil || !found || strings.HasSuffix(key, "/end") && v.ok && !v.Ended() {
		return nothing, err
	}
	if !v.ok {
		return plain.Sentence{JA: "行がありますが、読めません。支援措置中として扱います。", EN: "There is a row that cannot be read; the person counts as protected."}, nil
	}
	s := plain.Sentence{JA: "支援措置（" + owner + "の第" + version + "版", EN: "Protected (version " + version + " of " + owner}
	if v.Provisional {
		s.JA, s.EN = s.JA+"、仮の措置", s.EN+", provisional"
	} else {
		s.JA, s.EN = s.JA+"、"+v.Until.String()+"まで", s.EN+", until "+v.Until.String()
	}
	if v.Ended() {
		s.JA, s.EN = s.JA+"、終了", s.EN+", ended"
	}
	return plain.Sentence{JA: s.JA + "）。", EN: s.EN + ")."}, nil
}

// Snapshot is the message that carries what is held under a key; nil for nothing.
func (t Flags) Snapshot(ctx context.Context, key string) (message.Payload, error) {
	code, owner, version := parts(key)
	v, found, err := t.row(ctx, code, owner, version)
	switch {
	case err != nil || !found:
		return nil, err
	case !v.ok:
		return nil, plain.Bad("key", "支援措置の行が書き換えられていて読めません。決めた市区町村の記録から戻してください。",
			"a row of protection was changed by hand and cannot be read: restore it from the records of the municipality that decided")
	case !strings.HasSuffix(key, "/end"):
		return v.ResidentProtection, nil
	case v.Ended():
		return v.End(), nil
	}
	return nil, nil
}

// TakeSnapshot makes what is held under a key what its source says. What the source does not know, which two persons there have
// confirmed, is taken out and kept as evidence; the end of a version is not taken back.
func (t Flags) TakeSnapshot(ctx context.Context, from message.Org, n message.Snapshot, p message.Payload) (changed bool, err error) {
	switch told := p.(type) {
	case message.ResidentProtection:
		code, owner, version := parts(n.Key)
		v, found, err := t.row(ctx, code, owner, version)
		if err != nil {
			return false, err
		}
		if found && (!v.ok || entryIn(n.Book, v.ResidentProtection) != entryIn(n.Book, told)) {
			if err := t.strike(ctx, n, v); err != nil {
				return false, err
			}
		}
		return t.Note(ctx, from, told)
	case message.ResidentProtectionEnd:
		changed, _, err = t.Close(ctx, told)
		return changed, err
	case nil:
		code, owner, version := parts(n.Key)
		v, found, err := t.row(ctx, code, owner, version)
		if err != nil || !found || strings.HasSuffix(n.Key, "/end") {
			return false, err
		}
		if err := t.strike(ctx, n, v); err != nil {
			return false, err
		}
		return true, nil
	}
	return false, fmt.Errorf("a snapshot of the %s carries a %T", n.Book, p)
}

func (t Flags) strike(ctx context.Context, n message.Snapshot, v flagRow) error {
	const where = ` FROM protection_flag WHERE code = $1 AND owner = $2 AND CAST(version AS TEXT) = $3`
	if _, err := t.tx.Exec(ctx, `INSERT INTO protection_struck(id, struck_at, case_ref, code, owner, version, measure, state, until_day, told_by, at, ended_at)
		SELECT CAST($4 AS BIGINT), CAST($5 AS BIGINT), CAST($6 AS TEXT), code, owner, CAST(version AS TEXT), measure, state, until_day, told_by, at, ended_at`+where,
		v.code, v.owner, v.version, t.tx.Serial(), t.tx.Now(), n.Case); err != nil {
		return fmt.Errorf("couldn't keep a flag of protection as evidence: %w", err)
	}
	if _, err := t.tx.Exec(ctx, `DELETE`+where, v.code, v.owner, v.version); err != nil {
		return fmt.Errorf("couldn't take a flag of protection out: %w", err)
	}
	if t.shared.Books == nil {
		return nil
	}
	return t.show(ctx, v, func(reconcile.Row) message.Hash { return message.Hash{} })
}

// Take is reconcile.Table.Take.
type Take = func(context.Context, *sqlstore.Tx, exchange.Delivery, message.Snapshot, message.Payload) ([]message.Out, error)

// Book is how an organisation holds one of the books. source and copied say with whom; in gives its view of a transaction; take takes a
// snapshot, where there is a copy.
func Book(book message.Book, source, copied func(message.Org) bool, in func(*sqlstore.Tx) Flags, take Take) reconcile.Table {
	return reconcile.Table{
		// What is missing at the copy protects somebody, and is sent again without a person.
		Book: book, Source: source, Copy: copied, Safe: true, Take: take,
		Scan: func(ctx context.Context, tx *sqlstore.Tx, peer message.Org, cursor string, limit int) ([]reconcile.Row, string, error) {
			return in(tx).Rows(ctx, book, peer, cursor, limit)
		},
		Look: func(ctx context.Context, tx *sqlstore.Tx, peer message.Org, keys []string) (map[string]message.Hash, error) {
			return in(tx).Look(ctx, book, peer, keys)
		},
		Show: func(ctx context.Context, tx *sqlstore.Tx, _ message.Org, key string) (plain.Sentence, error) {
			return in(tx).Show(ctx, key)
		},
		Snapshot: func(ctx context.Context, tx *sqlstore.Tx, _ message.Org, key string) (message.Payload, error) {
			return in(tx).Snapshot(ctx, key)
		},
	}
}
