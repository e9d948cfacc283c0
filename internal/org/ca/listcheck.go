package ca

import (
	"context"
	"strings"

	"github.com/akashi-id/akashi/internal/inspection"
	"github.com/akashi-id/akashi/internal/org/ca/internal/store"
	"github.com/akashi-id/akashi/internal/pki/inspect"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

// deltasToCheck gives the delta lists on the stored full lists. One that came with a full list, on the one before, is inspected by the
// validation authority, which keeps that one.
func (o *CA) deltasToCheck(ctx context.Context, raw *sqlstore.Tx, place string, limit int) (items []inspection.Item, next string, err error) {
	issuer, municipality, _ := strings.Cut(place, "/")
	tx := o.in(raw)
	rows, err := tx.StoredDeltasAfter(ctx, issuer, municipality, limit)
	if err != nil {
		return nil, "", err
	}
	for _, r := range rows {
		i, err := o.deltaItem(ctx, tx, r)
		if err != nil {
			return nil, "", err
		}
		items = append(items, i)
	}
	if len(rows) == limit {
		next = rows[limit-1].Issuer + "/" + rows[limit-1].Municipality
	}
	return items, next, nil
}

// deltaToCheck reads one again. A partition whose delta list has no base here any more has one that is in order, for what is inspected here.
func (o *CA) deltaToCheck(ctx context.Context, raw *sqlstore.Tx, key string) (i inspection.Item, there bool, err error) {
	issuer, municipality, _ := strings.Cut(key, "/")
	tx := o.in(raw)
	r, there, err := tx.StoredDeltaOf(ctx, issuer, municipality)
	if err != nil {
		return i, false, err
	}
	if !there {
		_, there, err = tx.StoredListOf(ctx, issuer, municipality)
		return inspection.Item{Key: key, Print: printOf(key), Judge: func(context.Context) ([]inspection.Fault, error) { return nil, nil }}, there, err
	}
	i, err = o.deltaItem(ctx, tx, r)
	return i, true, err
}

func (o *CA) deltaItem(ctx context.Context, tx *store.Tx, r store.StoredDelta) (inspection.Item, error) {
	revoked, err := tx.RevokedIn(ctx, r.Issuer, r.Municipality)
	if err != nil {
		return inspection.Item{}, err
	}
	l := inspect.List{DER: r.DER, Number: r.Number, BaseNumber: r.Base, Base: r.BaseDER, ThisUpdate: r.ThisUpdate, NextUpdate: r.NextUpdate, Entries: r.Entries,
		Issuer: o.certificateOf(r.Issuer), Prefecture: r.PrefectureName, District: r.MunicipalityName, Intent: r.Intended}
	for _, v := range revoked {
		l.Revoked = append(l.Revoked, inspect.Revocation{Serial: v.Serial, At: v.At, Reason: v.Reason, NotAfter: v.NotAfter})
	}
	now := tx.Now()
	return inspection.Item{Key: r.Issuer + "/" + r.Municipality, Print: printOf(r), Judge: func(context.Context) ([]inspection.Fault, error) {
		return faults(inspect.DeltaList(l, now)), nil
	}}, nil
}
