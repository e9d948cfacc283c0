package drill

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"slices"

	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// Begin holds a drill with a peer: message, entry, audit entry and row in one transaction. by is a person, or "schedule".
// Find tells how it ends. It refuses while a drill with the peer is not over: its alarms would be taken for the new ones.
func (d *Drills) Begin(ctx context.Context, peer message.Org, by string) (Drill, error) {
	var random [4]byte
	if _, err := io.ReadFull(d.cfg.Rand, random[:]); err != nil {
		return Drill{}, fmt.Errorf("couldn't name the drill: %w", err)
	}
	trace, err := d.cfg.Exchange.NewTrace()
	if err != nil {
		return Drill{}, err
	}
	view, err := d.cfg.Alarms.View(ctx, 0)
	if err != nil {
		return Drill{}, err
	}
	id := d.cfg.Clock.Now().UTC().Format("20060102T150405Z") + "-" + hex.EncodeToString(random[:])
	standings, err := d.cfg.Books.Standings(ctx)
	if err != nil {
		return Drill{}, err
	}
	loss := slices.ContainsFunc(standings, func(s reconcile.Standing) bool { return s.Book == message.Drills && s.Peer == peer })
	err = d.cfg.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		left, err := d.rowsIn(ctx, tx, notOver+` AND peer = $1 LIMIT 1`, string(peer))
		if err != nil {
			return err
		}
		if len(left) > 0 {
			return plain.Bad("peer",
				"「"+string(peer)+"」との前の訓練「"+left[0].ID+"」がまだ片付いていません。片付いてから行ってください。",
				"the drill "+left[0].ID+" with "+string(peer)+" is not over yet: hold another one when it is")
		}
		sent, err := d.cfg.Exchange.Send(ctx, tx, []message.Out{{To: peer, Body: message.ExchangeDrill{Drill: id}}}, trace)
		if err != nil {
			return err
		}
		if loss {
			d.cfg.Books.Set(tx, message.Drills, peer, id, message.EntryValue(message.Drills, id))
		}
		tx.Collect("alarm_drill", `id, peer, by_person, begun_at, ended_at, state, webhook, poison, poison_screen, poison_metric, poison_webhook,
			poison_left, tries, loss, loss_screen, loss_metric, loss_webhook, loss_left, over_at`,
			id, string(peer), by, tx.Now(), int64(0), string(Running), view.Webhook, sent[0].String(), int64(0), int64(0), int64(0),
			true, int64(0), loss, int64(0), int64(0), int64(0), loss, int64(0))
		auditlog.Write(tx, auditlog.Entry{Actor: by, Act: "drill.begin", Case: id, Detail: string(peer)})
		tx.Ring(bell)
		return nil
	})
	if err != nil {
		return Drill{}, err
	}
	return d.Find(ctx, id)
}

// Route refuses the message of a drill, always. Every organisation that exchanges has it.
func Route() exchange.Route {
	return exchange.On(func(tx *sqlstore.Tx) *sqlstore.Tx { return tx },
		func(_ context.Context, _ *sqlstore.Tx, _ exchange.Delivery, n message.ExchangeDrill) ([]message.Out, error) {
			return nil, exchange.Reject("drill",
				"訓練「"+n.Drill+"」の電文です。受け入れられることはなく、送信側が自分で取り下げます。何もしなくてかまいません。",
				"This is the message of the drill "+n.Drill+". It is never taken, and its sender withdraws it by itself. Nothing need be done.")
		})
}
