package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// List is a published revocation list.
type List struct {
	Issuer       string
	Municipality resident.MunicipalityCode
	Profile      cert.Profile
	Number       int64
	Base         int64 // of a delta list
	ThisUpdate   time.Time
	NextUpdate   time.Time
	Entries      int64
	PublishedAt  time.Time
	Digest       []byte // names its parts
	DER          []byte // of a list that was published before there were parts; else empty
}

// Open reads the list from its start, for as long as the transaction lasts.
func (l List) Open(ctx context.Context, tx *Tx) func() (io.Reader, error) {
	return func() (io.Reader, error) {
		if len(l.DER) > 0 {
			return bytes.NewReader(l.DER), nil
		}
		return tx.Bytes(ctx, l.Issuer, l.Municipality, l.Digest), nil
	}
}

// Published finds the full list of a partition.
func (tx *Tx) Published(ctx context.Context, issuer string, m resident.MunicipalityCode) (List, bool, error) {
	return one(sqlstore.List(ctx, tx.Tx, scanList, `SELECT issuer, municipality, profile, number, 0, this_update, next_update, entries, published_at, digest, der
		FROM crl WHERE issuer = $1 AND municipality = $2`, issuer, m.String()))
}

// Delta finds the published delta list of a partition.
func (tx *Tx) Delta(ctx context.Context, issuer string, m resident.MunicipalityCode) (List, bool, error) {
	return one(sqlstore.List(ctx, tx.Tx, scanList, `SELECT issuer, municipality, profile, number, base, this_update, next_update, entries, published_at, digest, ''
		FROM delta WHERE issuer = $1 AND municipality = $2`, issuer, m.String()))
}

// Base finds a full list that is or was published, by its number, so that it can be read.
func (tx *Tx) Base(ctx context.Context, issuer string, m resident.MunicipalityCode, number int64) (List, bool, error) {
	l, found, err := tx.Published(ctx, issuer, m)
	if err != nil || found && l.Number == number {
		return l, found, err
	}
	offers, err := tx.Offers(ctx, issuer, m)
	if err != nil {
		return l, false, err
	}
	for _, o := range offers {
		if !o.Delta && o.State == PublishedOffer && o.Number == number {
			return List{Issuer: issuer, Municipality: m, Number: number, Digest: o.Digest}, true, nil
		}
	}
	return l, false, nil
}

func one(found []List, err error) (List, bool, error) {
	if err != nil || len(found) == 0 {
		return List{}, false, err
	}
	return found[0], true, nil
}

// Lists gives all full lists, without their bytes.
func (tx *Tx) Lists(ctx context.Context) ([]List, error) {
	return sqlstore.List(ctx, tx.Tx, scanList, `SELECT issuer, municipality, profile, number, 0, this_update, next_update, entries, published_at, digest, ''
		FROM crl ORDER BY municipality, profile DESC, issuer`)
}

// Deltas gives all delta lists.
func (tx *Tx) Deltas(ctx context.Context) ([]List, error) {
	return sqlstore.List(ctx, tx.Tx, scanList, `SELECT issuer, municipality, profile, number, base, this_update, next_update, entries, published_at, digest, ''
		FROM delta ORDER BY municipality, profile DESC, issuer`)
}

func scanList(r *sqlstore.Rows, l *List) (err error) {
	var municipality, profile string
	if err := r.Scan(&l.Issuer, &municipality, &profile, &l.Number, &l.Base, sqlstore.Time(&l.ThisUpdate), sqlstore.Time(&l.NextUpdate), &l.Entries,
		sqlstore.Time(&l.PublishedAt), &l.Digest, &l.DER); err != nil {
		return err
	}
	if l.Municipality, err = resident.ParseMunicipalityCode("municipality", municipality); err != nil {
		return err
	}
	l.Profile, err = cert.ParseProfile(profile)
	return err
}

// Publish puts a list in the place of one with a lower number, and deletes what nobody needs any more: what came before it and was not
// published, and what was, but for the list that somebody may be reading still and the base of the delta list.
func (tx *Tx) Publish(ctx context.Context, l List) error {
	before, had, err := tx.Published(ctx, l.Issuer, l.Municipality)
	if err != nil {
		return err
	}
	was, hadDelta, err := tx.Delta(ctx, l.Issuer, l.Municipality)
	if err != nil {
		return err
	}
	columns, more, arg := `INSERT INTO crl(issuer, municipality, profile, number, this_update, next_update, entries, published_at, digest, der)`, `der = excluded.der`, any([]byte{})
	table := "crl"
	if l.Base != 0 {
		columns, more, arg = `INSERT INTO delta(issuer, municipality, profile, number, this_update, next_update, entries, published_at, digest, base)`, `base = excluded.base`, l.Base
		table = "delta"
	}
	if _, err := tx.Exec(ctx, columns+` VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		ON CONFLICT (issuer, municipality) DO UPDATE SET number = excluded.number, this_update = excluded.this_update,
			next_update = excluded.next_update, entries = excluded.entries, published_at = excluded.published_at, digest = excluded.digest, `+more+`
		WHERE `+table+`.number < excluded.number`,
		l.Issuer, l.Municipality.String(), l.Profile.String(), l.Number, l.ThisUpdate, l.NextUpdate, l.Entries, tx.Now(), l.Digest, arg); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE list_offer SET state = 'published' WHERE issuer = $1 AND municipality = $2 AND digest = $3`, l.Issuer, l.Municipality.String(), l.Digest); err != nil {
		return err
	}
	if l.Base == 0 && len(before.DER) > 0 {
		// It was published before there were parts, and a delta list may come that adds to it.
		digest := sha256.Sum256(before.DER)
		o, _, err := tx.Gather(ctx, Offer{Issuer: l.Issuer, Municipality: l.Municipality, Digest: digest[:], Number: before.Number, Parts: 1, Older: true, Sender: message.Org("")}, 1, before.DER)
		if err != nil {
			return fmt.Errorf("couldn't keep the list before: %w", err)
		}
		if _, err := tx.Exec(ctx, `UPDATE list_offer SET state = 'published' WHERE issuer = $1 AND municipality = $2 AND digest = $3`, o.Issuer, o.Municipality.String(), o.Digest); err != nil {
			return err
		}
	}
	keep := []int64{l.Number}
	if had {
		keep = append(keep, before.Number)
	}
	bases := keep
	switch {
	case l.Base != 0:
		bases = append(slices.Clone(keep), l.Base)
		if hadDelta {
			keep = append(keep, was.Number)
		}
	case hadDelta:
		bases = append(slices.Clone(keep), was.Base)
	}
	offers, err := tx.Offers(ctx, l.Issuer, l.Municipality)
	if err != nil {
		return err
	}
	for _, o := range offers {
		needed := o.Number > l.Number || o.Delta != (l.Base != 0) && o.State != PublishedOffer
		if o.State == PublishedOffer {
			needed = o.Delta && (slices.Contains(keep, o.Number) || l.Base == 0) || !o.Delta && slices.Contains(bases, o.Number)
		} else if o.Number == l.Number {
			needed = !bytes.Equal(o.Digest, l.Digest) // one that contradicts it stays to be looked at
		}
		if !needed {
			if err := tx.Drop(ctx, o); err != nil {
				return err
			}
		}
	}
	return nil
}
