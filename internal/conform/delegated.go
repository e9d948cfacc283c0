package conform

import (
	"context"
	"errors"
	"time"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/queue"
	"github.com/akashi-id/akashi/message"
)

// openReport is a CA of whose certificates some rows were damaged so that nothing says any more where they belong, and a prefecture that asks
// how the CA stands.
func openReport(ctx context.Context, g queue.Ground) (*queue.Rig, error) {
	w, err := openAuthorities(ctx, g, pref)
	if err != nil {
		return nil, err
	}
	var told []message.CAReport
	x, store, err := scripted(ctx, g, w.net, pref, theCA, routeOf(func(n message.CAReport) { told = append(told, n) }))
	if err != nil {
		return nil, errors.Join(err, w.close())
	}
	w.stores[pref], w.closers = store, append(w.closers, store.Close)
	issued := func() (n int64) {
		for _, p := range told[len(told)-1].Places {
			n += p.Issued
		}
		return n
	}
	return &queue.Rig{Tasks: append(w.tasks(), x.Tasks()...), Close: w.close,
		Plant: func(ctx context.Context, poison queue.Poison, n int) error {
			if err := w.issue(ctx, 0, n); err != nil {
				return err
			}
			set := map[queue.Poison]string{queue.Undecodable: `municipality = 'よめない'`, queue.Foreign: `municipality = '999999'`, queue.Truncated: `municipality = substr(municipality, 1, 4)`}[poison]
			return byHand(ctx, w.ca.Store, `UPDATE certificate SET `+set)
		},
		Good: func(ctx context.Context) (func(context.Context) (bool, error), error) {
			if err := w.issue(ctx, goodPerson+int(g.Clock.Now().Sub(begin)/time.Millisecond), 1); err != nil {
				return nil, err
			}
			// Who has asked within the minute is answered by the next count.
			if err := w.ground.Drive(ctx, time.Minute); err != nil {
				return nil, err
			}
			ask := func() error {
				return w.send(ctx, pref, x, []message.Out{{To: theCA, Body: message.CAReportRequest{Prefecture: 20, By: "operator"}}})
			}
			before, want := len(told), int64(1)
			if before > 0 {
				want += issued()
			}
			return func(context.Context) (bool, error) {
				return len(told) > before && (issued() == want || before == 0 && issued() > 0), nil
			}, ask()
		},
		Aside: func(context.Context) (queue.Aside, error) {
			page, _ := w.get(w.ca.Handler(), "/ca/issuance?lang=en")
			return fromPage(page, `(\d+) records cannot be read`, plain.Sentence{JA: "読めない記録があります", EN: "records cannot be read: compare them with the backup"}), nil
		}}, nil
}
