package drill

import (
	"context"
	"fmt"
	"time"

	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/queue"
	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// Queues are what takes items one after another here.
func Queues() []queue.Queue {
	return []queue.Queue{{
		Name:  "alarm/drills",
		Shape: queue.Scan,
		Items: plain.Sentence{JA: "終わっていない訓練", EN: "drills that are not over"},
		Aside: plain.Sentence{JA: "訓練の一覧の、相手のない「失敗」", EN: "the list of drills, as failed and with nobody"},
		Loops: []string{"internal/alarm/drill:Drills.step", "internal/alarm/drill:Drills.rowsIn", "internal/alarm/drill:Drills.lastOfEach"},
		Bad:   []queue.Poison{queue.Undecodable, queue.Truncated},
		Never: map[queue.Poison]string{
			queue.Foreign: "of a drill with an organisation that is no peer any more nothing is left, and it ends",
			queue.Panic:   "no handler runs over a drill: what it calls are the exchange and the books, which are tried for themselves",
			queue.Hang:    "no handler runs over a drill: what it calls are the exchange and the books, which are tried for themselves",
		},
		Settles: time.Minute,
		Open:    openRig,
	}}
}

const (
	rigSelf = message.Org("nationalcenter")
	rigPeer = message.Org("prefecture-20")
)

// rig is an organisation whose peer is away.
type rig struct {
	*Drills
	alarms *alarm.Alarms
	n      int
}

func openRig(ctx context.Context, g queue.Ground) (*queue.Rig, error) {
	store, err := sqlstore.Open(ctx, g.Store("drills"), sqlstore.Options{Clock: g.Clock, Log: g.Log},
		auditlog.Schema, due.Schema, exchange.Schema(), reconcile.Schema(), alarm.Schema, Schema)
	if err != nil {
		return nil, err
	}
	r := &rig{}
	if err := r.join(ctx, g, store); err != nil {
		store.Close()
		return nil, err
	}
	return &queue.Rig{Tasks: append(r.alarms.Tasks(), r.Tasks()...), Close: store.Close,
		Plant: func(ctx context.Context, p queue.Poison, n int) error { return r.plant(ctx, p, n) },
		Good:  r.good, Aside: r.shown}, nil
}

func (r *rig) join(ctx context.Context, g queue.Ground, store *sqlstore.Store) error {
	now := g.Clock.Now()
	ca, err := pki.NewInfrastructureCA(g.Rand, now.AddDate(0, 0, -1))
	if err != nil {
		return err
	}
	trust, err := pki.NewTrust(ca.Certificate())
	if err != nil {
		return err
	}
	signer, err := ca.NewIdentity(g.Rand, now, string(rigSelf), pki.ForSigning)
	if err != nil {
		return err
	}
	peers := []message.Org{rigPeer}
	books, err := reconcile.New(ctx, reconcile.Config{Self: rigSelf, Store: store, Clock: g.Clock, Peers: peers, Log: g.Log})
	if err != nil {
		return err
	}
	x, err := exchange.New(ctx, exchange.Config{Self: rigSelf, Store: store, Clock: g.Clock, Rand: g.Rand, Trust: trust, Log: g.Log,
		Signer: signer, Link: new(exchange.Memory).As(rigSelf), Peers: peers, Routes: []exchange.Route{Route()}})
	if err != nil {
		return err
	}
	books.Join(x)
	if r.alarms, err = alarm.New(alarm.Config{Self: rigSelf, Store: store, Clock: g.Clock, Log: g.Log}); err != nil {
		return err
	}
	r.Drills = New(Config{Self: rigSelf, Store: store, Clock: g.Clock, Rand: g.Rand, Exchange: x, Books: books, Alarms: r.alarms, Peers: peers, Every: -1, Log: g.Log})
	r.alarms.Add(r.Drills)
	return nil
}

// ended writes a drill down that has ended, and of whose message nobody knows any more.
func (r *rig) ended(ctx context.Context, tx *sqlstore.Tx, id, state string) error {
	poison := message.ID{Sender: rigSelf, Node: "1", Epoch: 1, Receiver: rigPeer, Seq: 4711}
	_, err := tx.Exec(ctx, `INSERT INTO alarm_drill(id, peer, by_person, begun_at, ended_at, state, webhook, poison, poison_screen, poison_metric, poison_webhook,
		poison_left, tries, loss, loss_screen, loss_metric, loss_webhook, loss_left, over_at)
		VALUES ($1, $2, 'kit', $3, $3, $4, FALSE, $5, 0, 0, 0, TRUE, 0, FALSE, 0, 0, 0, FALSE, 0)`, id, string(rigPeer), tx.Now(), state, poison.String())
	tx.Ring(bell)
	return err
}

func (r *rig) plant(ctx context.Context, p queue.Poison, n int) error {
	return r.cfg.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		for i := range n {
			state := string(Held)
			if p == queue.Undecodable {
				state = "\u0001\ufffd"
			}
			if err := r.ended(ctx, tx, fmt.Sprintf("0-poison-%04d", i), state); err != nil {
				return err
			}
		}
		if p != queue.Truncated {
			return nil
		}
		_, err := tx.Exec(ctx, `UPDATE alarm_drill SET state = substr(state, 1, 2) WHERE id LIKE '0-poison-%'`)
		return err
	})
}

func (r *rig) good(ctx context.Context) (func(context.Context) (bool, error), error) {
	r.n++
	id := fmt.Sprintf("1-good-%d-%d", r.cfg.Clock.Now().UnixMicro(), r.n)
	err := r.cfg.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error { return r.ended(ctx, tx, id, string(Held)) })
	return func(ctx context.Context) (bool, error) {
		d, err := r.Find(ctx, id)
		return !d.Over.IsZero(), err
	}, err
}

func (r *rig) shown(ctx context.Context) (a queue.Aside, err error) {
	all, err := r.Last(ctx, 10_000)
	if err != nil {
		return a, err
	}
	for _, d := range all {
		if d.Peer == "" && d.State == Failed {
			a.Shown, a.Reasons = a.Shown+1, []plain.Sentence{d.Reason()}
		}
	}
	return a, r.cfg.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		a.Counted, err = aside(ctx, tx)
		return err
	})
}
