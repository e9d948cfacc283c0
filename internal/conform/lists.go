package conform

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"net/http"
	"time"

	"crypto/x509"

	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/queue"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

// openCame is a validation authority to which lists came that are none, all with higher numbers than the good one.
func openCame(ctx context.Context, g queue.Ground) (*queue.Rig, error) {
	w, err := openAuthorities(ctx, g)
	if err != nil {
		return nil, err
	}
	served := func() (int64, error) {
		der, status := w.get(w.v.Handler(), "/validation/crl/authentication/"+city.Code()+".crl")
		if status != http.StatusOK {
			return 0, nil
		}
		list, err := x509.ParseRevocationList(der)
		if err != nil || list.Number == nil {
			return 0, errors.Join(errors.New("what is served is no list"), err)
		}
		return list.Number.Int64(), nil
	}
	people, planted := 0, uint64(0)
	return &queue.Rig{Tasks: w.tasks(), Close: w.close,
		Plant: func(ctx context.Context, poison queue.Poison, n int) error {
			people++
			if err := w.issueAndRevoke(ctx, people, 1); err != nil { // so that there is a list
				return err
			}
			if err := w.ground.Drive(ctx, 10*time.Second); err != nil {
				return err
			}
			return w.v.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
				var issuer string
				if err := tx.QueryRow(ctx, `SELECT issuer FROM crl WHERE profile = 'authentication'`).Scan(&issuer); err != nil {
					return err
				}
				for range n {
					planted++
					body := binary.BigEndian.AppendUint64(nil, planted)
					digest := sha256.Sum256(body)
					if poison == queue.Truncated {
						body = body[:5] // the parts do not make the list
					}
					if _, err := tx.Exec(ctx, `INSERT INTO list_offer(issuer, municipality, digest, delta, number, base, parts, have, first_at, last_at, state, reason_ja, reason_en, older,
						sender, case_ref) VALUES ($1, $2, $3, FALSE, $4, 0, 1, 1, $5, $5, 'whole', '', '', FALSE, 'ca', '')`, issuer, city.Code(), digest[:], int64(1_000_000+planted), tx.Now()); err != nil {
						return err
					}
					if _, err := tx.Exec(ctx, `INSERT INTO list_part(issuer, municipality, digest, part, body) VALUES ($1, $2, $3, 1, $4)`, issuer, city.Code(), digest[:], body); err != nil {
						return err
					}
				}
				due.Add(tx, tx.Now(), "publish lists", issuer+"/"+city.Code(), nil)
				return nil
			})
		},
		Good: func(ctx context.Context) (func(context.Context) (bool, error), error) {
			before, err := served()
			if err != nil {
				return nil, err
			}
			people++
			if err := w.issueAndRevoke(ctx, goodPerson+int(g.Clock.Now().Sub(begin)/time.Millisecond)+people, 1); err != nil {
				return nil, err
			}
			// A list waits a few seconds for more revocations; after that its time has come.
			if err := w.ground.Drive(ctx, 2900*time.Millisecond); err != nil {
				return nil, err
			}
			return func(context.Context) (bool, error) {
				now, err := served()
				return now > before, err
			}, nil
		},
		Aside: func(context.Context) (queue.Aside, error) {
			page, _ := w.get(w.v.Handler(), "/validation/lists?lang=en")
			return fromPage(page, `are not published \((\d+)\)`, plain.Sentence{JA: "届いて、まだ公表していない失効リスト", EN: "Lists that came and are not published"}), nil
		}}, nil
}
