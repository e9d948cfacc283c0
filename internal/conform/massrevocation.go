package conform

import (
	"context"
	"encoding/csv"
	"strings"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/org/ca"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/queue"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/resident"
)

// openMass is a CA of whose certificates some rows were damaged so that nothing says any more which of its keys signed them, and two
// officers who have all of a municipality's revoked.
func openMass(ctx context.Context, g queue.Ground) (*queue.Rig, error) {
	w, err := openAuthorities(ctx, g)
	if err != nil {
		return nil, err
	}
	officers := access.Personas()[2:4]
	return &queue.Rig{Tasks: w.tasks(), Close: w.close,
		Plant: func(ctx context.Context, poison queue.Poison, n int) error {
			if err := w.issue(ctx, 0, n); err != nil {
				return err
			}
			set := `certificate = '', issuer = 'よめない', profile = 'よめない'`
			if poison == queue.Foreign {
				set = `certificate = '', issuer = '00000000000000000000000000000000000000ff', profile = ''`
			}
			return byHand(ctx, w.ca.Store, `UPDATE certificate SET `+set)
		},
		Good: func(ctx context.Context) (func(context.Context) (bool, error), error) {
			if err := w.issue(ctx, goodPerson+int(g.Clock.Now().Sub(begin)/time.Millisecond), 1); err != nil {
				return nil, err
			}
			place, err := resident.ParseMunicipalityCode("municipality", city.Code())
			if err != nil {
				return nil, err
			}
			id, err := w.ca.ProposeMass(access.With(ctx, officers[0]), ca.MassProposal{Municipality: place, Until: g.Clock.Now().Add(time.Second), Ground: cert.CAExposed, Since: resident.DateOf(g.Clock.Now()), Why: "適合試験"})
			if err != nil {
				return nil, err
			}
			settles := time.Duration(0)
			if w.ca.Store.Engine() == sqlstore.Postgres {
				settles = 10 * time.Second // of what the dry run waits for
			}
			if err := w.ground.Drive(ctx, settles); err != nil {
				return nil, err
			}
			m, err := w.ca.Mass(access.With(ctx, officers[1]), id)
			if err != nil {
				return nil, err
			}
			serial := w.issued[0].Serial
			return func(ctx context.Context) (bool, error) {
				var n int64
				err := w.ca.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
					return tx.QueryRow(ctx, `SELECT COUNT(*) FROM certificate WHERE serial = $1 AND state = 'revoked'`, serial.Bytes()).Scan(&n)
				})
				return n == 1, err
			}, w.ca.ConfirmMass(access.With(ctx, officers[1]), id, ca.MassSeen{Digest: m.Digest, Left: m.Left})
		},
		Aside: func(ctx context.Context) (a queue.Aside, err error) {
			all, err := w.ca.Masses(access.With(ctx, officers[0]), 1)
			if err != nil || len(all) == 0 {
				return a, err
			}
			a.Counted = all[0].SetAside
			var text strings.Builder
			if err := w.ca.MassSetAside(access.With(ctx, officers[0]), all[0].ID, &text); err != nil {
				return a, err
			}
			rows, err := csv.NewReader(strings.NewReader(text.String())).ReadAll()
			for _, r := range rows[min(1, len(rows)):] {
				a.Shown++
				if len(a.Reasons) == 0 {
					a.Reasons = append(a.Reasons, plain.Sentence{JA: r[2], EN: r[3]})
				}
			}
			return a, err
		}}, nil
}
