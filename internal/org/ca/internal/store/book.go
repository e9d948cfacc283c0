package store

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// Books is where a write shows that a peer's tables show too: what both sides compare.
type Books struct {
	*reconcile.Books
	Center, Validation message.Org
}

// enter writes what a message tells into the book with a peer. Only the methods that write the state call it, so that no
// rule can do one without the other.
func (tx *Tx) enter(peer message.Org, told message.Booked) { tx.books.Apply(tx.Tx, peer, told) }

// facts are a certificate's row as the books see it.
type facts struct {
	serial  []byte
	state   State
	issued  time.Time
	damaged bool
	Certificate
}

const factColumns = `SELECT serial, state, issued_at, profile, issuer, holder, version, municipality, not_before, not_after, revoked_at,
	reason, since, why FROM certificate `

func scanFacts(r *sqlstore.Rows, f *facts) error {
	var row certificateRow
	err := r.Scan(&f.serial, &f.state, sqlstore.Time(&f.issued), &row.profile, &row.issuer, &row.holder, &row.version, &row.municipality,
		sqlstore.Time(&row.notBefore), sqlstore.Time(&row.notAfter), sqlstore.Time(&row.revokedAt), &row.reason, &row.since, &row.why)
	if err == nil {
		row.serial, row.state, row.issuedAt = f.serial, f.state, f.issued
		f.Certificate, err = row.read()
	}
	f.damaged = err != nil
	return nil
}

// rows are the entries of a book that the certificate's row makes; of a row that cannot be read they have no value, so that
// it agrees with nothing that was ever told and does not stop the rows behind it.
func (f facts) rows(book message.Book) (rows []reconcile.Row) {
	serial := strings.ToUpper(hex.EncodeToString(f.serial))
	if f.damaged {
		switch book {
		case message.Certificates:
			rows = append(rows, reconcile.Row{Key: serial})
		case message.Statuses:
			rows = append(rows, reconcile.Row{Key: serial + "/good"})
			if f.state == Revoked {
				rows = append(rows, reconcile.Row{Key: serial + "/revoked"})
			}
		}
		return rows
	}
	for _, told := range f.told() {
		for _, e := range told.Entries() {
			if e.Book == book {
				rows = append(rows, reconcile.Row{Key: e.Key, Value: e.Is})
			}
		}
	}
	return rows
}

// told is everything that others were told of a certificate, as far as a book has it.
func (c Certificate) told() (all []message.Booked) {
	if c.Issued() {
		all = append(all, c.Issuance(), c.Good())
	}
	if c.State == Revoked {
		all = append(all, c.Ended())
	}
	return all
}

// Facts gives what the rows of certificates say of a book, in the order of the serials. after is the last call's next, ""
// for the first; limit counts certificates, of which each makes at most two entries of a book; next is "" at the end.
func (tx *Tx) Facts(ctx context.Context, book message.Book, after string, limit int) (rows []reconcile.Row, next string, err error) {
	from, err := hex.DecodeString(after)
	if err != nil {
		return nil, "", fmt.Errorf("%q is no cursor: %w", after, err)
	}
	found, err := sqlstore.List(ctx, tx.Tx, scanFacts, factColumns+`WHERE serial > $1 ORDER BY serial LIMIT $2`, from, limit)
	if err != nil {
		return nil, "", fmt.Errorf("couldn't read the certificates of a book: %w", err)
	}
	for _, f := range found {
		rows = append(rows, f.rows(book)...)
	}
	if len(found) == limit {
		next = hex.EncodeToString(found[limit-1].serial)
	}
	return rows, next, nil
}

// FactsOf is Facts for some keys; a key that no row makes is not in the answer.
func (tx *Tx) FactsOf(ctx context.Context, book message.Book, keys []string) (map[string]message.Hash, error) {
	var serials [][]byte
	wanted := map[string]bool{}
	for _, k := range keys {
		wanted[k] = true
		text, _, _ := strings.Cut(k, "/")
		if serial, err := hex.DecodeString(text); err == nil {
			serials = append(serials, serial)
		}
	}
	values := map[string]message.Hash{}
	err := sqlstore.InParts(tx.Tx, 1, serials, func(marks string, part []any) error {
		found, err := sqlstore.List(ctx, tx.Tx, scanFacts, factColumns+`WHERE serial IN (`+marks+`)`, part...)
		for _, f := range found {
			for _, r := range f.rows(book) {
				if wanted[r.Key] {
					values[r.Key] = r.Value
				}
			}
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("couldn't look certificates of a book up: %w", err)
	}
	return values, nil
}
