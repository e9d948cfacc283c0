package ca

import (
	"context"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/org/ca/internal/store"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/resident"
)

// IssuanceRow is how many certificates were issued in a municipality.
type IssuanceRow struct {
	Municipality              resident.MunicipalityCode // zero in the total
	Signature, Authentication int64
	Revoked                   int64 // of both kinds, up to the same moment
}

// Issued is both kinds together.
func (r IssuanceRow) Issued() int64 { return r.Signature + r.Authentication }

// Issuance counts what was issued up to the end of a day in Japan, by municipality in the order of the codes, and in all:
// the table in which the organisations of 2004 saw what they had issued.
func (o *CA) Issuance(ctx context.Context, asOf resident.Date) (rows []IssuanceRow, total IssuanceRow, err error) {
	return issuance(ctx, o.Store, asOf)
}

// IssuanceIn counts as Issuance does, in the database of a CA that does not run: one that a replay has left, or a copy.
func IssuanceIn(ctx context.Context, storeURL string, c clock.Clock, asOf resident.Date) (rows []IssuanceRow, total IssuanceRow, err error) {
	s, err := sqlstore.Open(ctx, storeURL, sqlstore.Options{Clock: c}, store.Schema)
	if err != nil {
		return nil, IssuanceRow{}, err
	}
	defer s.Close()
	return issuance(ctx, s, asOf)
}

func issuance(ctx context.Context, s *sqlstore.Store, asOf resident.Date) (rows []IssuanceRow, total IssuanceRow, err error) {
	err = s.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		rows, total = nil, IssuanceRow{}
		counts, err := store.In(tx, store.Books{}).IssuedBefore(ctx, asOf.AddDays(1).Start())
		for _, c := range counts {
			if len(rows) == 0 || rows[len(rows)-1].Municipality != c.Municipality {
				rows = append(rows, IssuanceRow{Municipality: c.Municipality})
			}
			rows[len(rows)-1].add(c)
			total.add(c)
		}
		return err
	})
	return rows, total, err
}

func (r *IssuanceRow) add(c store.Count) {
	if c.Profile == cert.Signature {
		r.Signature += c.Issued
	} else {
		r.Authentication += c.Issued
	}
	r.Revoked += c.Revoked
}
