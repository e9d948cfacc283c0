package store

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/booktable"
	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// Books is where a write shows that a CA's tables show too: what both sides compare, a book for each CA.
type Books struct {
	*reconcile.Books
	CAs     []message.Org
	Issuers map[string]message.Org // whose each key is, by its id
	// Touched is told of each row whose state is written, before the commit: answers are kept outside of the database, and
	// from then on nobody may be told the old state. Nil: nobody answers.
	Touched func(issuer string, serial []byte)
}

// owner is the CA in whose book the certificates of a key stand. What is nobody's, somebody wrote: it is looked for with the first.
func (b Books) owner(issuer string) message.Org {
	if ca, ok := b.Issuers[issuer]; ok || len(b.CAs) == 0 {
		return ca
	}
	return b.CAs[0]
}

// first tells whether a CA's book has what is nobody's, too.
func (b Books) first(ca message.Org) bool { return len(b.CAs) == 0 || b.CAs[0] == ca }

// ids are the ids of a CA's keys, or of all others', in their order.
func (b Books) ids(ca message.Org, others bool) (ids []string) {
	for id, of := range b.Issuers {
		if (of == ca) != others {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// whose is a condition on a column that holds the id of a key: that it is a CA's. Its arguments come behind the first n.
func (b Books) whose(column string, ca message.Org, n int) (clause string, args []any) {
	ids, in, none := b.ids(ca, false), " IN (", "1 = 0"
	if b.first(ca) {
		ids, in, none = b.ids(ca, true), " NOT IN (", "1 = 1"
	}
	if len(ids) == 0 {
		return none, nil
	}
	clause = column + in
	for i, id := range ids {
		if i > 0 {
			clause += ", "
		}
		clause += fmt.Sprintf("$%d", n+i+1)
		args = append(args, id)
	}
	return clause + ")", args
}

// touched is called by the methods that write a state, and by no other, like enter.
func (tx *Tx) touched(issuer string, serial []byte) {
	if tx.books.Touched != nil {
		tx.books.Touched(issuer, serial)
	}
}

// enter writes what a status tells into the book. Only the methods that write the state call it, so that no rule can do
// one without the other.
func (tx *Tx) enter(s message.CertStatus) { tx.books.Apply(tx.Tx, tx.books.owner(s.Issuer), s) }

// Told is a certificate's row, taken apart into the two facts that the CA tells: that it was issued, and that it was
// revoked. Either may have come first, or alone.
type Told struct {
	Issuer  string
	serial  []byte
	state   string
	damaged bool
	good    message.CertStatus // as it was told; At is zero when it was not
	ended   message.CertStatus // when revoked
}

const toldColumns = `SELECT serial, state, issuer, profile, municipality, issued_at, not_after, revoked_at, reason, why FROM status `

func scanTold(r *sqlstore.Rows, t *Told) error {
	var profile, municipality, reason, why string
	var issuedAt, notAfter, revokedAt time.Time
	err := r.Scan(&t.serial, &t.state, &t.Issuer, &profile, &municipality, sqlstore.Time(&issuedAt), sqlstore.Time(&notAfter),
		sqlstore.Time(&revokedAt), &reason, &why)
	if err == nil {
		s := message.CertStatus{Issuer: t.Issuer, At: issuedAt, NotAfter: notAfter}
		var errs [6]error
		s.Serial, errs[0] = cert.SerialFromBytes(t.serial)
		s.Profile, errs[1] = cert.ParseProfile(profile)
		s.Municipality, errs[2] = resident.ParseMunicipalityCode("municipality", municipality)
		t.good, t.ended = s, s
		switch t.state {
		case "revoked":
			t.ended.Revoked, t.ended.At = true, revokedAt
			t.ended.Reason, errs[3] = cert.ParseReason(reason)
			if why != "" {
				t.ended.Why, errs[4] = resident.ParseChangeReason("why", why)
			}
		case "good":
		default:
			errs[5] = errors.New("a state that there is not")
		}
		err = errors.Join(errs[:]...)
	}
	t.damaged = err != nil
	return nil
}

// Good is what was told of the issue; false when it was not told, as of a certificate that is known from a list.
func (t Told) Good() (message.CertStatus, bool) { return t.good, t.good.At.Unix() > 0 }

// Ended is what was told of the revocation.
func (t Told) Ended() (message.CertStatus, bool) { return t.ended, t.ended.Revoked }

// Damaged tells whether the row cannot be read.
func (t Told) Damaged() bool { return t.damaged }

// Is tells whether the row says just what a status tells.
func (t Told) Is(s message.CertStatus) bool {
	e := s.Entries()[0]
	return slices.Contains(t.rows(), reconcile.Row{Key: e.Key, Value: e.Is})
}

// rows are the entries that the row makes; of one that cannot be read they have no value, so that it agrees with nothing
// that was ever told and does not stop the rows behind it.
func (t Told) rows() (rows []reconcile.Row) {
	if t.damaged {
		serial := strings.ToUpper(hex.EncodeToString(t.serial))
		return []reconcile.Row{{Key: serial + "/good"}, {Key: serial + "/revoked"}}
	}
	if s, told := t.Good(); told {
		e := s.Entries()[0]
		rows = append(rows, reconcile.Row{Key: e.Key, Value: e.Is})
	}
	if s, told := t.Ended(); told {
		e := s.Entries()[0]
		rows = append(rows, reconcile.Row{Key: e.Key, Value: e.Is})
	}
	return rows
}

// Facts gives what the rows say of a CA's book, in the order of the keys. after is the last call's next, "" for the first;
// limit counts certificates, of which each makes at most two entries; next is "" at the end.
func (tx *Tx) Facts(ctx context.Context, ca message.Org, after string, limit int) (rows []reconcile.Row, next string, err error) {
	from, err := hex.DecodeString(after)
	if err != nil {
		return nil, "", fmt.Errorf("%q is no cursor: %w", after, err)
	}
	found, err := tx.factsAfter(ctx, ca, from, limit)
	if err != nil {
		return nil, "", fmt.Errorf("couldn't read the book of states: %w", err)
	}
	serials := 0
	for i, t := range found {
		if i == 0 || string(t.serial) != string(found[i-1].serial) {
			serials++
		}
		rows = append(rows, t.rows()...)
	}
	slices.SortStableFunc(rows, func(a, b reconcile.Row) int { return strings.Compare(a.Key, b.Key) })
	if serials == limit {
		next = hex.EncodeToString(found[len(found)-1].serial)
	}
	return rows, next, nil
}

// factsAfter reads the rows of so many of a CA's certificates, by serial.
func (tx *Tx) factsAfter(ctx context.Context, ca message.Org, from []byte, limit int) (found []Told, err error) {
	if tx.books.first(ca) {
		whose, ids := tx.books.whose("issuer", ca, 2)
		return sqlstore.List(ctx, tx.Tx, scanTold, toldColumns+`WHERE serial IN
			(SELECT DISTINCT serial FROM status WHERE serial > $1 AND `+whose+` ORDER BY serial LIMIT $2) AND `+whose+` ORDER BY serial, issuer`,
			append([]any{from, limit}, ids...)...)
	}
	// Key by key, so that a CA with few certificates is not looked for among all others'.
	for _, id := range tx.books.ids(ca, false) {
		some, err := sqlstore.List(ctx, tx.Tx, scanTold, toldColumns+`WHERE issuer = $1 AND serial > $2 ORDER BY serial LIMIT $3`, id, from, limit)
		if err != nil {
			return nil, err
		}
		found = append(found, some...)
	}
	slices.SortStableFunc(found, func(a, b Told) int { return bytes.Compare(a.serial, b.serial) })
	serials := 0
	for i, t := range found {
		if i == 0 || !bytes.Equal(t.serial, found[i-1].serial) {
			if serials++; serials > limit {
				return found[:i], nil
			}
		}
	}
	return found, nil
}

// FactsOf is Facts for some keys; a key that no row makes is not in the answer, and one that two rows make has no
// value, like one that cannot be read.
func (tx *Tx) FactsOf(ctx context.Context, ca message.Org, keys []string) (map[string]message.Hash, error) {
	wanted, values := map[string]bool{}, map[string]message.Hash{}
	var serials [][]byte
	asked := map[string]bool{}
	for _, k := range keys {
		wanted[k] = true
		text, _, _ := strings.Cut(k, "/")
		if serial, err := hex.DecodeString(text); err == nil && !asked[text] {
			asked[text], serials = true, append(serials, serial)
		}
	}
	err := sqlstore.InParts(tx.Tx, 1, serials, func(marks string, part []any) error {
		found, err := sqlstore.List(ctx, tx.Tx, scanTold, toldColumns+`WHERE serial IN (`+marks+`)`, part...)
		for _, t := range found {
			if tx.books.owner(t.Issuer) != ca {
				continue
			}
			for _, r := range t.rows() {
				if !wanted[r.Key] {
					continue
				}
				if _, doubled := values[r.Key]; doubled {
					r.Value = message.Hash{}
				}
				values[r.Key] = r.Value
			}
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("couldn't look states up: %w", err)
	}
	return values, nil
}

// OfSerial lists the rows of a serial: one, unless somebody wrote another.
func (tx *Tx) OfSerial(ctx context.Context, serial cert.Serial) ([]Told, error) {
	return sqlstore.List(ctx, tx.Tx, scanTold, toldColumns+`WHERE serial = $1 ORDER BY issuer`, serial.Bytes())
}

// Correct makes a row say what a status tells, whatever it says, and keeps that as evidence, of a case or of none. A row
// that is revoked stays so.
func (tx *Tx) Correct(ctx context.Context, t Told, s message.CertStatus, of string) (err error) {
	if err := tx.keepEvidence(s.Entries()[0].Key, of, t, s.Revoked); err != nil {
		return err
	}
	if s.Revoked {
		_, err = tx.Exec(ctx, `UPDATE status SET issuer = $3, profile = $4, municipality = $5, not_after = $6, state = 'revoked', revoked_at = $7,
			reason = $8, why = $9, told_at = $10 WHERE issuer = $1 AND serial = $2`,
			t.Issuer, t.serial, s.Issuer, s.Profile.String(), s.Municipality.String(), s.NotAfter, s.At, s.Reason.String(), s.Why.Code(), tx.Now())
	} else {
		_, err = tx.Exec(ctx, `UPDATE status SET issuer = $3, profile = $4, municipality = $5, not_after = $6, issued_at = $7,
			state = CASE WHEN state = 'revoked' OR revoked_at > 0 THEN 'revoked' ELSE 'good' END WHERE issuer = $1 AND serial = $2`,
			t.Issuer, t.serial, s.Issuer, s.Profile.String(), s.Municipality.String(), s.NotAfter, s.At)
	}
	if err != nil {
		return fmt.Errorf("couldn't correct a state: %w", err)
	}
	tx.touched(t.Issuer, t.serial)
	tx.touched(s.Issuer, t.serial)
	return tx.reenter(ctx, s.Serial, t.Issuer, s.Issuer)
}

// StrikeGood takes out of a row that the certificate was issued; a revocation in it stays, and without one the row goes.
func (tx *Tx) StrikeGood(ctx context.Context, t Told, serial cert.Serial, of string) (err error) {
	if err := tx.keepEvidence(serial.String()+"/good", of, t, false); err != nil {
		return err
	}
	if _, revoked := t.Ended(); revoked {
		_, err = tx.Exec(ctx, `UPDATE status SET issued_at = 0 WHERE issuer = $1 AND serial = $2`, t.Issuer, t.serial)
	} else {
		_, err = tx.Exec(ctx, `DELETE FROM status WHERE issuer = $1 AND serial = $2`, t.Issuer, t.serial)
	}
	if err != nil {
		return fmt.Errorf("couldn't take a state out: %w", err)
	}
	tx.touched(t.Issuer, t.serial)
	return tx.reenter(ctx, serial, t.Issuer)
}

// StrikeRow takes a row out whose serial has another row, that of its CA.
func (tx *Tx) StrikeRow(ctx context.Context, t Told, serial cert.Serial, of string) error {
	for _, revoked := range []bool{false, true} {
		if err := tx.keepEvidence(serial.String(), of, t, revoked); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(ctx, `DELETE FROM status WHERE issuer = $1 AND serial = $2`, t.Issuer, t.serial); err != nil {
		return fmt.Errorf("couldn't take a state out: %w", err)
	}
	tx.touched(t.Issuer, t.serial)
	return tx.reenter(ctx, serial, t.Issuer)
}

// reenter makes the books say of a certificate what its rows say: those of the CAs that some keys are of.
func (tx *Tx) reenter(ctx context.Context, serial cert.Serial, issuers ...string) error {
	keys := []string{serial.String() + "/good", serial.String() + "/revoked"}
	for _, issuer := range issuers {
		ca := tx.books.owner(issuer)
		values, err := tx.FactsOf(ctx, ca, keys)
		if err != nil {
			return err
		}
		for _, k := range keys {
			tx.books.Set(tx.Tx, message.Statuses, ca, k, values[k])
		}
	}
	return nil
}

// keepEvidence keeps what a row said of the issue, or of the revocation.
func (tx *Tx) keepEvidence(key, of string, t Told, revocation bool) error {
	was := t.good
	if revocation {
		was = t.ended
	}
	return booktable.Keep(tx.Tx, message.Statuses, key, of, was)
}
