package statement

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/queue"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// Queues are what takes items one after another here.
func Queues() []queue.Queue {
	return []queue.Queue{{
		Name:  "statement/accounts",
		Shape: queue.Waiting,
		Items: plain.Sentence{JA: "作る締めの計算書", EN: "accounts to be made for a close"},
		Aside: plain.Sentence{JA: "概況の「保留中の仕事」", EN: "the overview, under work set aside"},
		Loops: []string{"internal/statement:Statements.turn", "internal/statement:Statements.turnSpan", "internal/statement:list", "internal/statement:find",
			"internal/statement:lastCut"},
		Bad: []queue.Poison{queue.Undecodable, queue.Truncated},
		Never: map[queue.Poison]string{
			queue.Foreign: "work about an organisation that is no peer is dropped: there is nobody whom it could be told",
			queue.Panic:   "what may panic, the figures of the business, is left out of an account after three failures; the rest is due work, and tried there",
			queue.Hang:    "the one thing that may hang, the key's device, is called by due work under its deadline, and tried there",
		},
		Settles: 2 * time.Hour, // eight tries of due work
		Open:    openRig,
	}}
}

// The two peers of the rig: what cannot be answered is the first's.
const (
	rigSelf = message.Org("nationalcenter")
	rigBad  = message.Org("municipality-202029")
	rigGood = message.Org("municipality-202053")
)

type rig struct {
	*Statements
	store *sqlstore.Store
	peer  exchange.Signer // the good peer's
}

func openRig(ctx context.Context, g queue.Ground) (*queue.Rig, error) {
	store, err := sqlstore.Open(ctx, g.Store("statements"), sqlstore.Options{Clock: g.Clock, Log: g.Log}, auditlog.Schema, due.Schema, exchange.Schema(), Schema)
	if err != nil {
		return nil, err
	}
	r := &rig{store: store}
	if err := r.join(g); err != nil {
		store.Close()
		return nil, err
	}
	list := due.New(store, g.Clock, r.Due(), func(context.Context, *sqlstore.Tx, []message.Out) error { return nil }, g.Log)
	return &queue.Rig{Tasks: append(list.Tasks(), r.Tasks()...), Plant: r.plant, Good: r.good, Aside: due.Aside(store), Close: store.Close}, nil
}

// join makes the organisation of the rig, and the key of its good peer.
func (r *rig) join(g queue.Ground) error {
	now := g.Clock.Now()
	ca, err := pki.NewInfrastructureCA(g.Rand, now.AddDate(0, 0, -1))
	if err != nil {
		return err
	}
	trust, err := pki.NewTrust(ca.Certificate())
	if err != nil {
		return err
	}
	signers := map[message.Org]exchange.Signer{}
	for _, org := range []message.Org{rigSelf, rigGood} {
		signer, err := ca.NewIdentity(g.Rand, now.AddDate(0, 0, -1), string(org), pki.ForSigning)
		if err != nil {
			return err
		}
		signers[org] = signer
	}
	r.peer = signers[rigGood]
	r.Statements = New(Config{Self: rigSelf, Peers: []message.Org{rigBad, rigGood}, Store: r.store, Clock: g.Clock, Rand: g.Rand,
		Signer: signers[rigSelf], Trust: trust, Log: g.Log})
	return nil
}

// account is a peer's account of the last day, of a time that no other has.
func (r *rig) account(tx *sqlstore.Tx, peer message.Org) *message.Account {
	until := LastClose(message.Day, tx.Now())
	return &message.Account{Sender: peer, Node: "1", Receiver: rigSelf, Side: message.BySender, Span: message.Day, Since: until.AddDate(0, 0, -1),
		Until: until, MadeAt: tx.Now().Add(time.Duration(tx.Serial()%int64(time.Minute/time.Microsecond)) * time.Microsecond)}
}

func (r *rig) plant(ctx context.Context, p queue.Poison, n int) error {
	return r.store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		at := tx.Now().Add(-time.Hour) // before everything else
		for i := range n {
			ref := fmt.Sprintf("poison/%d", i)
			switch p {
			case queue.Undecodable:
				due.Add(tx, at, []string{closeKind, answerKind}[i%2], ref, []byte{0xff, 0x00, byte(i)})
			case queue.Truncated:
				a := r.account(tx, rigBad)
				raw, err := a.Encode()
				if err != nil {
					return err
				}
				if err := r.keep(ctx, tx, rigBad, in, a, message.ExchangeStatement{Account: raw[:len(raw)/2], Signature: []byte{0}, Certificate: []byte{0}}); err != nil {
					return err
				}
				due.Add(tx, at, answerKind, ref, encodeJob(job{Peer: rigBad, Span: a.Span, Close: a.Until, MadeAt: a.MadeAt}))
			default:
				return errors.New("the rig does not know this poison")
			}
		}
		return nil
	})
}

// good lets the good peer's account come, as a message does; it is through when our own answers it.
func (r *rig) good(ctx context.Context) (func(context.Context) (bool, error), error) {
	var k Key
	err := r.store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		a := r.account(tx, rigGood)
		k = Key{rigGood, false, a.Span, a.Until}
		n, err := a.Sign(r.cfg.Rand, r.peer.Key, r.peer.Certificate)
		if err != nil {
			return err
		}
		_, err = r.onAccount(ctx, tx, exchange.Delivery{ID: message.ID{Sender: rigGood, Node: "1", Epoch: 1, Receiver: rigSelf, Seq: 1}}, n)
		return err
	})
	return func(ctx context.Context) (done bool, err error) {
		err = r.store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
			st, err := r.Find(ctx, tx, k)
			done = st.Receiver != nil
			return err
		})
		return done, err
	}, err
}
