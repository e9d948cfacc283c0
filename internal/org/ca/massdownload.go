package ca

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/org/ca/internal/store"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

// massTaken records that somebody takes a list of a mass revocation out of the house.
func (o *CA) massTaken(ctx context.Context, id int64, what string) error {
	who, err := o.officer(ctx, access.LookAtCertificate)
	if err != nil {
		return err
	}
	return o.onMass(ctx, id, func(_ context.Context, tx *store.Tx, m store.Mass) error {
		auditlog.Write(tx.Tx, auditlog.Entry{Actor: who.ID, Act: auditlog.ActLook, Subject: massName(id), Case: m.Trace, Detail: what})
		return nil
	})
}

// MassSerials writes the serials of a set, a line for each: what its digest is the SHA-256 of. That somebody took them is recorded.
func (o *CA) MassSerials(ctx context.Context, id int64, w io.Writer) error {
	if err := o.massTaken(ctx, id, "serials"); err != nil {
		return err
	}
	const page = 5000
	for after, n := []byte(nil), page; n == page; {
		var items []store.MassItem
		err := o.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
			items, err = o.in(tx).MassSerials(ctx, id, after, page)
			return err
		})
		if err != nil {
			return err
		}
		for _, i := range items {
			if _, err := fmt.Fprintln(w, i.Serial()); err != nil {
				return err
			}
			after = i.Key
		}
		n = len(items)
	}
	return nil
}

// MassSetAside writes all that was named and is not in the set, and all that could not be ended, as CSV. Its first column, cut out, is
// the list for another mass revocation when the rows were mended. That somebody took it is recorded.
func (o *CA) MassSetAside(ctx context.Context, id int64, w io.Writer) error {
	if err := o.massTaken(ctx, id, "set aside"); err != nil {
		return err
	}
	if _, err := fmt.Fprintln(w, "serial,what,why_ja,why_en"); err != nil {
		return err
	}
	const page = 5000
	for after, n := []byte(nil), page; n == page; {
		var items []store.MassItem
		err := o.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
			items, err = o.in(tx).MassAside(ctx, id, after, page)
			return err
		})
		if err != nil {
			return err
		}
		for _, i := range items {
			why := asideWhy(i)
			if _, err := fmt.Fprintf(w, "%s,%s,%s,%s\n", i.Serial(), i.Outcome, quoted(why.JA), quoted(why.EN)); err != nil {
				return err
			}
			after = i.Key
		}
		n = len(items)
	}
	return nil
}

// quoted is a field of CSV.
func quoted(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }
