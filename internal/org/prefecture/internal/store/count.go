package store

import (
	"context"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/resident"
)

// Count is the number of residents of a municipality.
type Count struct {
	Municipality resident.MunicipalityCode
	Residents    int64
}

// Counts lists the municipalities that have residents, by code.
func (tx *Tx) Counts(ctx context.Context) ([]Count, error) {
	return sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, c *Count) error {
		var code string
		if err := r.Scan(&code, &c.Residents); err != nil {
			return err
		}
		var err error
		c.Municipality, err = resident.ParseMunicipalityCode("stored", code)
		return err
	}, `SELECT municipality, COUNT(*) FROM resident WHERE resides GROUP BY municipality ORDER BY municipality`)
}
