package store

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// OfferState is what has become of a list that came.
type OfferState string

// The states.
const (
	Collecting     OfferState = "collecting" // parts are missing
	Whole          OfferState = "whole"      // it waits to be published
	PublishedOffer OfferState = "published"
	Refused        OfferState = "refused" // and set aside
)

// Offer is a list that came, in parts.
type Offer struct {
	Issuer       string
	Municipality resident.MunicipalityCode
	Place        string // the municipality's code as it lies there
	Digest       []byte // of the whole list
	Delta        bool
	Number, Base int64
	Parts, Have  int64
	First, Last  time.Time // when the first part came, and the last
	State        OfferState
	Reason       plain.Sentence // why it was refused
	Older        bool           // an older program sent it
	Sender       message.Org
	Case         string
}

const offerColumns = `SELECT issuer, municipality, digest, delta, number, base, parts, have, first_at, last_at, state, reason_ja, reason_en, older, sender, case_ref FROM list_offer `

func scanOffer(r *sqlstore.Rows, o *Offer) (err error) {
	if err := r.Scan(&o.Issuer, &o.Place, &o.Digest, &o.Delta, &o.Number, &o.Base, &o.Parts, &o.Have, sqlstore.Time(&o.First), sqlstore.Time(&o.Last),
		&o.State, &o.Reason.JA, &o.Reason.EN, &o.Older, &o.Sender, &o.Case); err != nil {
		return err
	}
	// One of no municipality keeps no other from being shown.
	o.Municipality, _ = resident.ParseMunicipalityCode("municipality", o.Place)
	return nil
}

// Offers gives the lists of a partition that came and are kept, the full ones first, the newest first.
func (tx *Tx) Offers(ctx context.Context, issuer string, m resident.MunicipalityCode) ([]Offer, error) {
	return sqlstore.List(ctx, tx.Tx, scanOffer, offerColumns+`WHERE issuer = $1 AND municipality = $2 ORDER BY delta, number DESC, digest`, issuer, m.String())
}

// NextOffer is the list of a partition that came as a whole and is to be looked at next: the newest full one, and where there is none the
// newest delta list whose base is not newer than the published one.
func (tx *Tx) NextOffer(ctx context.Context, issuer string, m resident.MunicipalityCode, published int64) (Offer, bool, error) {
	return oneOffer(sqlstore.List(ctx, tx.Tx, scanOffer, offerColumns+`WHERE issuer = $1 AND municipality = $2 AND state = 'whole' AND (delta = FALSE OR base <= $3)
		ORDER BY delta, number DESC, digest LIMIT 1`, issuer, m.String(), published))
}

// Offer finds a list of a partition that came, by its digest.
func (tx *Tx) Offer(ctx context.Context, issuer string, m resident.MunicipalityCode, digest []byte) (Offer, bool, error) {
	return oneOffer(sqlstore.List(ctx, tx.Tx, scanOffer, offerColumns+`WHERE issuer = $1 AND municipality = $2 AND digest = $3`, issuer, m.String(), digest))
}

func oneOffer(found []Offer, err error) (Offer, bool, error) {
	if err != nil || len(found) == 0 {
		return Offer{}, false, err
	}
	return found[0], true, nil
}

// OpenOffersAfter gives lists that are not published, behind a place.
func (tx *Tx) OpenOffersAfter(ctx context.Context, issuer, municipality string, digest []byte, limit int) ([]Offer, error) {
	return sqlstore.List(ctx, tx.Tx, scanOffer, offerColumns+`WHERE state <> 'published' AND (issuer > $1 OR issuer = $1 AND (municipality > $2 OR municipality = $2 AND digest > $3))
		ORDER BY issuer, municipality, digest LIMIT $4`, issuer, municipality, digest, int64(limit))
}

// OpenOffers counts the lists that are not published.
func (tx *Tx) OpenOffers(ctx context.Context) (n int64, err error) {
	err = tx.QueryRow(ctx, `SELECT COUNT(*) FROM list_offer WHERE state <> 'published'`).Scan(&n)
	return n, err
}

// Gather keeps a part of a list, and the list when this is its first. The offer says how many of its parts are there; same is false when
// other bytes came as this part before.
func (tx *Tx) Gather(ctx context.Context, o Offer, part int64, body []byte) (now Offer, same bool, err error) {
	if _, err := tx.Exec(ctx, `INSERT INTO list_offer(issuer, municipality, digest, delta, number, base, parts, have, first_at, last_at, state, reason_ja, reason_en, older, sender, case_ref)
		VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8, $8, 'collecting', '', '', $9, $10, $11) ON CONFLICT DO NOTHING`,
		o.Issuer, o.Municipality.String(), o.Digest, o.Delta, o.Number, o.Base, o.Parts, tx.Now(), o.Older, string(o.Sender), o.Case); err != nil {
		return o, false, err
	}
	n, err := tx.Exec(ctx, `INSERT INTO list_part(issuer, municipality, digest, part, body) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
		o.Issuer, o.Municipality.String(), o.Digest, part, body)
	if err != nil {
		return o, false, err
	}
	same = n == 1
	if !same {
		err = tx.QueryRow(ctx, `SELECT body = $5 FROM list_part WHERE issuer = $1 AND municipality = $2 AND digest = $3 AND part = $4`,
			o.Issuer, o.Municipality.String(), o.Digest, part, body).Scan(&same)
		if err != nil || !same {
			return o, false, err
		}
	} else if _, err := tx.Exec(ctx, `UPDATE list_offer SET have = have + 1, last_at = $4, state = CASE WHEN have + 1 = parts THEN 'whole' ELSE state END
		WHERE issuer = $1 AND municipality = $2 AND digest = $3`, o.Issuer, o.Municipality.String(), o.Digest, tx.Now()); err != nil {
		return o, false, err
	}
	now, found, err := tx.Offer(ctx, o.Issuer, o.Municipality, o.Digest)
	if err != nil || !found {
		return o, false, err
	}
	return now, true, nil
}

// mostRefused is of how many refused lists of a partition and kind the bytes are kept, to be looked at. A CA whose every list is refused goes
// on making them, of up to 49 MB each; of the others the row and the reason are enough.
const mostRefused = 4

// Refuse sets a list aside.
func (tx *Tx) Refuse(ctx context.Context, o Offer, why plain.Sentence) error {
	if _, err := tx.Exec(ctx, `UPDATE list_offer SET state = 'refused', reason_ja = $4, reason_en = $5 WHERE issuer = $1 AND municipality = $2 AND digest = $3`,
		o.Issuer, o.Municipality.String(), o.Digest, why.JA, why.EN); err != nil {
		return err
	}
	// One more is refused than before, so that at most one has to go: this one, or the one that was the last of the newest.
	newest, err := sqlstore.List(ctx, tx.Tx, scanOffer, offerColumns+`WHERE issuer = $1 AND municipality = $2 AND state = 'refused' AND delta = $3
		ORDER BY number DESC, digest LIMIT $4`, o.Issuer, o.Municipality.String(), o.Delta, int64(mostRefused+1))
	if err != nil {
		return err
	}
	gone := o.Digest
	if at := slices.IndexFunc(newest, func(of Offer) bool { return bytes.Equal(of.Digest, o.Digest) }); 0 <= at && at < mostRefused {
		if len(newest) <= mostRefused {
			return nil
		}
		gone = newest[mostRefused].Digest
	}
	_, err = tx.Exec(ctx, `DELETE FROM list_part WHERE issuer = $1 AND municipality = $2 AND digest = $3`, o.Issuer, o.Municipality.String(), gone)
	return err
}

// Drop deletes a list and its parts.
func (tx *Tx) Drop(ctx context.Context, o Offer) error {
	for _, table := range []string{"list_offer", "list_part"} {
		if _, err := tx.Exec(ctx, `DELETE FROM `+table+` WHERE issuer = $1 AND municipality = $2 AND digest = $3`, o.Issuer, o.Municipality.String(), o.Digest); err != nil {
			return err
		}
	}
	return nil
}

// PartSizes gives the lengths of the parts of a list.
func (tx *Tx) PartSizes(ctx context.Context, issuer string, m resident.MunicipalityCode, digest []byte) ([]int64, error) {
	return sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, n *int64) error { return r.Scan(n) },
		`SELECT LENGTH(body) FROM list_part WHERE issuer = $1 AND municipality = $2 AND digest = $3 ORDER BY part`, issuer, m.String(), digest)
}

// Part gives one part, io.EOF behind the last.
func (tx *Tx) Part(ctx context.Context, issuer string, m resident.MunicipalityCode, digest []byte, part int64) ([]byte, error) {
	all, err := sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, b *[]byte) error { return r.Scan(b) },
		`SELECT body FROM list_part WHERE issuer = $1 AND municipality = $2 AND digest = $3 AND part = $4`, issuer, m.String(), digest, part)
	if err != nil {
		return nil, fmt.Errorf("couldn't read a part of a revocation list: %w", err)
	}
	if len(all) == 0 {
		return nil, io.EOF
	}
	return all[0], nil
}

// Bytes reads a list from its parts, one at a time, for as long as the transaction lasts.
func (tx *Tx) Bytes(ctx context.Context, issuer string, m resident.MunicipalityCode, digest []byte) io.Reader {
	return &partReader{ctx: ctx, tx: tx, issuer: issuer, m: m, digest: digest}
}

type partReader struct {
	ctx    context.Context
	tx     *Tx
	issuer string
	m      resident.MunicipalityCode
	digest []byte
	part   int64
	rest   []byte
}

func (p *partReader) Read(b []byte) (int, error) {
	for len(p.rest) == 0 {
		var err error
		if p.rest, err = p.tx.Part(p.ctx, p.issuer, p.m, p.digest, p.part+1); err != nil {
			return 0, err
		}
		p.part++
	}
	n := copy(b, p.rest)
	p.rest = p.rest[n:]
	return n, nil
}
