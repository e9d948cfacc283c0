package municipality

import (
	"context"

	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/resident"
)

// heldTowns is the master of a municipality as an import has read it last.
type heldTowns struct {
	stamp int64
	book  *townBook // nil: it keeps none
}

// inTown says what is wrong with the town of a resident who is imported; nil when nothing is. The master is read again when it has changed.
func (i *importer) inTown(ctx context.Context, tx *store.Tx, l candidate) (*plain.Problem, error) {
	code := l.record.Municipality
	stamp, asked := i.asked[code]
	if !asked {
		var err error
		if stamp, err = tx.TownsStamp(ctx, code); err != nil {
			return nil, err
		}
		i.asked[code] = stamp
	}
	held, known := i.towns[code]
	if !known || held.stamp != stamp {
		held = heldTowns{stamp: stamp}
		if stamp > 0 {
			of, err := resident.Lookup("市区町村コード", code, i.today)
			if err != nil {
				return nil, err
			}
			rows, err := tx.Towns(ctx, code)
			if err != nil {
				return nil, err
			}
			held.book = newTownBook(of, rows)
		}
		i.towns[code] = held
	}
	if held.book == nil {
		return nil, nil
	}
	bad := held.book.check("住所", l.record.Address.Reveal(), i.today, i.today)
	if bad != nil {
		bad.Line = l.number
	}
	return bad, nil
}
