package nationalcenter

import (
	"context"

	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// settlePage is how many certificates one transaction goes through.
const settlePage = 1000

// settleOld demands, once, what an older program did not: it knew of no certificate that takes another one's place under another code. Else
// each of them would be an alarm until its term is over, and the older one alive. Where the CA has ended it already, nothing changes there.
func (o *Center) settleOld(ctx context.Context) error {
	for more := true; more; {
		if err := o.Store.Update(ctx, func(ctx context.Context, raw *sqlstore.Tx) error {
			tx := o.in(raw)
			after, left, err := tx.Unsettled(ctx)
			if more = left; err != nil || !left {
				return err
			}
			found, next, err := tx.Undemanded(ctx, after, settlePage)
			if err != nil {
				return err
			}
			var outs []message.Out
			for _, u := range found {
				// One holder whose rows cannot be read keeps no other's from being gone through; the alarm about what was not demanded names it.
				if err := raw.Attempt(ctx, func() error {
					holder, there, err := tx.HolderOf(ctx, u.Serial)
					if err != nil || !there {
						return err
					}
					demands, err := o.revokeAll(ctx, tx, holder)
					if err != nil {
						return err
					}
					outs = append(outs, demands...)
					auditlog.Write(raw, auditlog.Entry{Actor: string(o.Self), Act: "settle", Subject: holder.Reveal(), Detail: u.Serial.String()})
					return nil
				}); ctx.Err() != nil {
					return ctx.Err()
				} else if err != nil {
					o.Log.ErrorContext(ctx, "what an older program wrote down of one holder could not be gone through", "serial", u.Serial, "error", err)
				}
			}
			if _, err := o.Exchange.Send(ctx, raw, outs, ""); err != nil {
				return err
			}
			more = next != ""
			return tx.SettledUntil(ctx, next)
		}); err != nil {
			return err
		}
	}
	return nil
}
