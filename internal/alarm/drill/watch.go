package drill

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// watch looks where the alarms of a running drill have come through, and ends it when all have, or when it has lasted
// too long.
func (d *Drills) watch(ctx context.Context, r Drill, view alarm.View, now time.Time) error {
	changed := false
	for _, thing := range []struct {
		proof *Proof
		alarm func() (alarm.Code, string)
	}{{&r.Poison, r.poisonAlarm}, {r.Loss, r.lossAlarm}} {
		if thing.proof == nil {
			continue
		}
		saw, err := d.look(thing.proof, r, thing.alarm, view, now)
		if err != nil {
			return err
		}
		changed = changed || saw
	}
	missing := r.Missing()
	switch {
	case len(missing) == 0:
		r.State, r.Ended = Held, now
	case now.Sub(r.Begun) >= d.cfg.Patience:
		r.State, r.Ended = Failed, now
	case !changed:
		return nil
	}
	if err := d.cfg.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		if r.State != Running {
			auditlog.Write(tx, auditlog.Entry{Actor: r.By, Act: "drill." + string(r.State), Case: r.ID, Detail: said(missing).EN})
			tx.Ring(alarm.Bell)
		}
		return r.save(ctx, tx)
	}); err != nil {
		return err
	}
	switch r.State {
	case Held:
		d.cfg.Log.InfoContext(ctx, "drill held: every alarm came through", "drill", r.ID, "peer", string(r.Peer), "took", r.Ended.Sub(r.Begun))
	case Failed:
		d.cfg.Log.ErrorContext(ctx, "drill failed: an alarm did not come through", "drill", r.ID, "peer", string(r.Peer), "missing", said(missing).EN)
	}
	return nil
}

// look sees where one alarm of a drill has come through, and tells whether that is new. The page is taken at its word: a
// page that says that it is old shows nothing.
func (d *Drills) look(p *Proof, r Drill, names func() (alarm.Code, string), view alarm.View, now time.Time) (saw bool, err error) {
	code, what := names()
	see := func(at *time.Time, there bool) {
		if there && at.IsZero() {
			*at, saw = now, true
		}
	}
	for _, a := range view.Open {
		if a.Code == code && a.Peer == r.Peer && a.What == what && !a.OpenedAt.Before(r.Begun) {
			see(&p.Screen, !view.Stale)
			see(&p.Webhook, !a.ToldOpened.IsZero())
		}
	}
	there, err := d.cfg.Alarms.Gathered(code, r.Peer, what)
	see(&p.Metric, there)
	return saw, err
}

// said names what did not come through, for people.
func said(missing map[string][]string) plain.Sentence {
	if len(missing) == 0 {
		return plain.Sentence{}
	}
	var ja, en []string
	for _, thing := range []struct{ name, ja string }{{"poison", "受け入れられない電文"}, {"loss", "電文のない記録"}} {
		if where := missing[thing.name]; len(where) > 0 {
			ja = append(ja, thing.ja+"("+strings.Join(where, "、")+")")
			en = append(en, thing.name+" ("+strings.Join(where, ", ")+")")
		}
	}
	return plain.Sentence{JA: "届かなかったもの: " + strings.Join(ja, "、"), EN: "Not come through: " + strings.Join(en, ", ")}
}

// maxTries is how often a drill withdraws its message. What a receiver refuses so often is for people, as every parked
// message is.
const maxTries = 8

// clear takes away what is left of a drill that has ended.
func (d *Drills) clear(ctx context.Context, r Drill, view alarm.View, now time.Time) error {
	changed := false
	if r.lossLeft {
		// In the transaction that removes the entry from the book, or the self-audit would find one without the other.
		r.lossLeft = false
		if err := d.cfg.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
			d.cfg.Books.Set(tx, message.Drills, r.Peer, r.ID, message.Hash{})
			return r.save(ctx, tx)
		}); err != nil {
			return fmt.Errorf("couldn't remove the entry: %w", err)
		}
	}
	if r.poisonLeft {
		gone, tried, err := d.takeOut(ctx, r)
		if err != nil {
			return fmt.Errorf("couldn't withdraw the message: %w", err)
		}
		if gone || tried {
			r.poisonLeft, changed = !gone, true
			r.tries++
		}
	}
	if !r.poisonLeft && !r.stillRings(view) {
		r.Over, changed = now, true
	}
	if !changed {
		return nil
	}
	return d.cfg.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error { return r.save(ctx, tx) })
}

// stillRings tells whether an alarm of the drill is still open: the next drill's could not be told from it.
func (r Drill) stillRings(view alarm.View) bool {
	for _, a := range view.Open {
		for _, names := range []func() (alarm.Code, string){r.poisonAlarm, r.lossAlarm} {
			if code, what := names(); a.Code == code && a.Peer == r.Peer && a.What == what {
				return true
			}
		}
	}
	return view.Stale
}

// takeOut withdraws the drill's message once it is parked. The rule that two persons resolve a message protects what a
// message tells of; this one tells of nothing, by its kind, and nobody's waits behind it.
func (d *Drills) takeOut(ctx context.Context, r Drill) (gone, tried bool, err error) {
	id, err := message.ParseID(r.poison)
	if err != nil {
		return true, false, nil // a hand wrote this row; nothing can be done about what it does not name
	}
	item, _, _, err := d.cfg.Exchange.Find(ctx, id)
	if _, bad := plain.AsProblems(err); bad {
		return true, false, nil // lost when the database was restored; the receiver's operators close what they have of it
	}
	switch {
	case err != nil:
		return false, false, err
	case item.Kind == message.KindExchangeWithdrawal || item.State == "withdrawn" || item.State == "applied":
		return item.State == "withdrawn" || item.State == "applied", false, nil
	case item.Kind != message.KindExchangeDrill:
		return false, false, fmt.Errorf("the message %s of the drill is a %s; it stays", r.poison, item.Kind)
	case !item.Parked() || r.tries >= maxTries:
		return false, false, nil // on its way, to a peer that is away perhaps
	}
	recorded := func(act string) exchange.With {
		return func(_ context.Context, tx *sqlstore.Tx, _ exchange.Proposal) error {
			auditlog.Write(tx, auditlog.Entry{Actor: "drill", Act: act, Case: r.poison, Detail: "drill " + r.ID})
			return nil
		}
	}
	text := "訓練の終わり。 The drill is over."
	if err := d.cfg.Exchange.Propose(ctx, id, exchange.Withdraw, text, "drill", recorded("message.propose")); err != nil {
		return false, false, err
	}
	err = d.cfg.Exchange.Confirm(ctx, id, "drill (second)", recorded("message.confirm"))
	return false, err == nil, err
}
